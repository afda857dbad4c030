"""Decisions told in the journal's codes, each with the clause that its ground rests on."""

from shebaoka.notice import Notice
from shebaoka.records import Accepted, Answer, Basis, Decision


class Answering:
    """Answers under one version of the notice."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice
        self._clauses: dict[tuple[Basis, tuple[Basis, ...]], tuple[str, tuple[str, ...]]] = {}

    def of(self, decision: Decision) -> Answer:
        """The decision in the journal's codes, with its clause."""
        notice = self._notice
        readings = decision.readings and tuple(dict.fromkeys(r for r in decision.readings if r in notice.readings))
        if isinstance(decision, Accepted):
            grounds = (decision.ground, decision.also)
            if grounds not in self._clauses:
                clause = notice.clause_of[decision.ground]
                also = dict.fromkeys(notice.clause_of[g] for g in decision.also)
                also.pop(clause, None)
                self._clauses[grounds] = clause, tuple(also)
            clause, others = self._clauses[grounds]
            return Answer(
                outcome="accepted",
                ground=decision.ground,
                clause=clause,
                notice=notice.id,
                also=others,
                done=decision.done,
                next=decision.next,
                readings=readings,
                fee_fen=decision.fee_fen,
                facts=decision.facts,
            )
        return Answer(
            outcome="refused",
            ground=decision.ground,
            clause=notice.clause_of[decision.ground],
            notice=notice.id,
            done=decision.done,
            missing=decision.missing,
            readings=readings,
            facts=decision.facts,
        )
