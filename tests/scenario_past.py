"""What was asked earlier in a scenario, so that the rules alone can be asked to undo, cancel or approve it.

The desk finds the same on the database by `desk/undo.py`; every scenario is held against both.
"""

from msgspec.structs import replace

from shebaoka.records import (
    SERVICE_OF,
    Accepted,
    AnyRequest,
    ApproveCorrection,
    CancelSettlement,
    CarryOverAccount,
    Decision,
    Original,
    Proposal,
    ProposeCorrection,
    ReverseMessage,
    SettleCharge,
    UndoCarryOver,
)


class Past:
    """The earlier requests of one scenario with their decisions, by their numbers in the person's journal."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[AnyRequest, str, Decision]] = {}
        self._undone: dict[int, int] = {}
        self._stopped: dict[str, int] = {}

    def note(self, seq: int, request: AnyRequest, clerk: str, decision: Decision) -> None:
        """An earlier request, who asked it, and what came of it."""
        self._entries[seq] = (request, clerk, decision)
        if isinstance(decision, Accepted):
            self._undone.update(dict.fromkeys(decision.undoes, seq))
            if decision.stops:
                self._stopped[decision.stops] = seq

    def original(self, request: AnyRequest) -> Original | None:
        """The earlier entry that a request wants undone; None if there is none."""
        if isinstance(request, CancelSettlement):
            return self._at(self._standing(_seq(request.settlement)))
        if isinstance(request, (ProposeCorrection, ApproveCorrection, UndoCarryOver)):
            return self._at(_seq(request.entry))
        if not isinstance(request, ReverseMessage):
            return None
        if (seq := self._stopped.get(request.message)) is not None:
            return Original(seq, True, "reverse_message", False)
        named = [n for n, (earlier, _, _) in self._entries.items() if earlier.id == request.message]
        if not named:
            return None
        if not isinstance(self._entries[named[0]][0], SettleCharge):
            return self._at(named[0])
        standing = self._at(self._standing(named[0]))
        return standing and replace(standing, service=SERVICE_OF[SettleCharge])

    def proposal(self, request: AnyRequest) -> Proposal | None:
        """The proposal that a request approves; None if there is none."""
        if not isinstance(request, ApproveCorrection):
            return None
        seq = _seq(request.proposal)
        proposed, clerk, decision = self._entries.get(seq, (None, "", None))
        if not isinstance(proposed, ProposeCorrection) or not isinstance(decision, Accepted):
            return None
        return Proposal(clerk, proposed.entry, proposed.right_fen, seq, seq in self._undone, proposed.reason)

    def _standing(self, seq: int) -> int:
        """The entry that stands now, where a cancel was itself undone."""
        while (by := self._undone.get(seq)) is not None and (again := self._undone.get(by)) is not None:
            decision = self._entries[again][2]
            if not isinstance(decision, Accepted) or decision.settlement is None:
                break
            seq = again
        return seq

    def _cancelled_by(self, seq: int) -> int:
        by = self._undone.get(seq, 0)
        cancels = by in self._entries and isinstance(self._entries[by][0], CancelSettlement)
        return by if cancels and by not in self._undone else 0

    def _at(self, seq: int) -> Original | None:
        if seq not in self._entries:
            return None
        request, _, decision = self._entries[seq]
        yes = decision if isinstance(decision, Accepted) else None
        return Original(
            seq=seq,
            person=True,
            service=SERVICE_OF[type(request)],
            accepted=yes is not None,
            undone=seq in self._undone,
            settlement=yes.settlement if yes else None,
            postings=yes.postings if yes else (),
            cancelled_by=self._cancelled_by(seq),
            before_fen=before_fen(request, yes) if yes else 0,
        )


def before_fen(request: AnyRequest, yes: Accepted) -> int:
    """The account's balance before a carry-over; 0 before anything else."""
    account = yes.after.account
    if not isinstance(request, CarryOverAccount) or account is None:
        return 0
    return account.balance_fen - request.balance_fen


def _seq(place: str) -> int:
    return int(place.partition("-")[2])
