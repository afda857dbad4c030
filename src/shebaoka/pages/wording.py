"""Decisions, services and parameters in words, ready for a page. The page modules of the faces call it."""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.desk import JournalLine, Offer, PersonScreen
from shebaoka.notice import Speech, Term
from shebaoka.notice.schema import LossReport
from shebaoka.notice.speech import FACTS_OF_A_CASE, yuan
from shebaoka.paper import reason_in
from shebaoka.records import SERVICES, Answer, Facts

NOBODY = frozenset({"person_is_not_registered", "identity_number_is_not_valid", "birth_date_is_in_the_future"})
"""Grounds of answers about somebody who is not on file, and so has no dossier to link to."""

_OPEN: Facts = dict.fromkeys(FACTS_OF_A_CASE, "…")
"""For a sentence that is shown without a case: what the case would tell is left open."""


def _open_but(card: str) -> Facts:
    """All facts left open but for the kind of card, where it is known."""
    return _OPEN | ({"card": card} if card else {})


class Line(msgspec.Struct, frozen=True):
    """A journal entry as a page shows it."""

    place: str
    person_id: int
    at: dt.datetime
    service: str
    by: str
    channel: str
    yes: bool
    clause: str
    title: str
    sentence: str
    steps: list[str]
    on_file: bool
    where: str


class Possible(msgspec.Struct, frozen=True):
    """A service for one kind of card as a page shows it."""

    name: str
    yes: bool
    where: str
    fee: str
    holder: str
    agent: str
    agent_may_act: bool
    clause: str
    sentence: str


class Said:
    """One notice and a face's labels in one language."""

    def __init__(self, speech: Speech, labels: dict[str, str]) -> None:
        self.speech = speech
        self.words = speech.words
        self.labels = labels

    def money(self, fen: int) -> str:
        """Fen as an amount of yuan for reading."""
        return self.labels["yuan"].format(yuan(fen))

    def day(self, day: dt.date | None) -> str:
        """A day, or a dash."""
        return self.speech.date(day) if day else "—"

    def state(self, code: str) -> str:
        """The one line that people read about a card or a standing."""
        return self.words.states.get(code, code)

    def title(self, clause: str) -> str:
        """A clause's title, in the version that this speech is of."""
        found = self.speech.notice.wording[self.words.language].clauses.get(clause)
        return found.title if found else clause

    def grounds(self, clause: str) -> tuple[list[str], list[str]]:
        """The sentences of the grounds that rest on a clause: those for a yes, those for a no."""
        grounds = [g for g, c in self.speech.notice.clause_of.items() if c == clause]
        notice = self.speech.notice.id
        bases, refusals = self.words.bases, self.words.refusals
        yes = [self.speech.says(Answer("accepted", g, clause, notice, facts=_OPEN)) for g in grounds if g in bases]
        no = [self.speech.says(Answer("refused", g, clause, notice, facts=_OPEN)) for g in grounds if g in refusals]
        return yes, no

    def refusal(self, ground: str, clause: str, card: str = "") -> str:
        """The sentence of a ground that refuses, without a case; a ground that is no more is shown as it is."""
        if ground not in self.words.refusals:
            return ground.replace("_", " ")
        return self.speech.says(Answer("refused", ground, clause, self.speech.notice.id, facts=_open_but(card)))

    def refusal_do(self, ground: str, card: str = "") -> str:
        """What to do instead, without a case; nothing for a ground that is no more."""
        if ground not in self.words.refusals:
            return ""
        return " ".join(self.speech.do(Answer("refused", ground, "", self.speech.notice.id, facts=_open_but(card))))

    def offer(self, offer: Offer, screen: PersonScreen) -> Possible:
        """A service that is possible now, or by which clause it is not."""
        speech, words, papers = self.speech, self.words, offer.materials
        sentence = ""
        if not offer.possible:
            facts = self._facts_of(offer, screen)
            sentence = speech.says(Answer("refused", offer.ground, offer.clause, speech.notice.id, facts=facts))
        return Possible(
            name=self._offer_name(offer),
            yes=offer.possible,
            where=speech.names(offer.channels, words.channels),
            fee=self.money(offer.fee_fen) if offer.fee_fen else self.labels["free"],
            holder=speech.names(papers.holder, words.materials) if papers else "",
            agent=speech.names(papers.agent_adds, words.materials) if papers else "",
            agent_may_act=papers.agent_may_act if papers else True,
            clause=offer.clause,
            sentence=sentence,
        )

    def _facts_of(self, offer: Offer, screen: PersonScreen) -> Facts:
        """What a refusal's sentence may speak of, as far as the dossier tells it."""
        facts: Facts = {"card": offer.card.value, "fee_fen": offer.fee_fen, "paid_fen": 0}
        if self.speech.notice.p.unlocks_max is not None:
            facts["limit"] = self.speech.notice.p.unlocks_max
        if screen.dossier.person:
            facts["insured_on"] = screen.dossier.person.insured_on.isoformat()
        held = [shown.card for shown in screen.cards if shown.card.kind is offer.card]
        if held and (last_on := held[-1].valid_until):
            facts["valid_until_on"] = last_on.isoformat()
        return facts

    def reason(self, code: str) -> str:
        """Why a row of an import is held back, in a few words: the importer's reason, or the desk's ground."""
        return reason_in(self.speech, code)

    def account(self, code: str) -> str:
        """What an account of the ledger, or what a posting is for, is called."""
        return self.labels.get(f"ledger_{code}", code.replace("_", " "))

    def _offer_name(self, offer: Offer) -> str:
        return self.service_of("use_card.social" if offer.service == "use_card" else offer.service, offer.card)

    def service_of(self, key: str, card: str) -> str:
        """What a row of the service table is called, with the kind of card where it is about one."""
        name = self.service(key)
        if not card or "card" not in SERVICES[key.partition(".")[0]].__struct_fields__:
            return name
        return self.named(name, self.words.cards[card])

    def service(self, key: str) -> str:
        """What a row of the service table is called: its service, and its variant if it has one."""
        service, _, variant = key.partition(".")
        name, words = self.words.services[service], self.words
        if not variant:
            return name
        said = words.whys.get(variant) or words.functions.get(variant) or self.labels[variant]
        return said if name in said else name + self.beside(said)

    def value(self, value: Any, name: str = "") -> list[str]:
        """A parameter's value in words, a line each."""
        labels = self.labels
        if value is None or value == ():
            return [labels["nothing"]]
        if isinstance(value, bool):
            return [labels["is"] if value else labels["is_not"]]
        if isinstance(value, dt.date):
            return [self.speech.date(value)]
        if isinstance(value, int) and name.endswith("_fen"):
            return [self.money(value) if value else labels["free"]]
        if isinstance(value, Term):
            units = [(unit, n) for unit in value.__struct_fields__ if (n := getattr(value, unit))]
            parts = [labels[f"one_{unit}" if n == 1 else unit].format(n) for unit, n in units]
            return [self.words.list_separator.join(parts)]
        if isinstance(value, tuple):
            return [self.words.list_separator.join(self._label(str(v)) for v in value)]
        if isinstance(value, msgspec.Struct):
            fields = {f: getattr(value, f) for f in value.__struct_fields__}
            if isinstance(value, LossReport) and value.lasts is None:
                fields.pop("then")  # nothing comes after what has no end
            return self._listed({self._label(k, kinds_of_loss=name == "loss_reports"): v for k, v in fields.items()})
        if isinstance(value, dict):
            return self._listed(self._together(value))
        return [self._label(str(value))]

    def _together(self, value: dict[str, Any]) -> dict[str, Any]:
        """The keys that have the same value, as one."""
        keys: dict[str, list[str]] = {}
        for key, inner in value.items():
            keys.setdefault(repr(inner), []).append(key)
        separator = self.words.list_separator
        return {separator.join(self._label(k) for k in same): value[same[0]] for same in keys.values()}

    def _listed(self, value: dict[str, Any]) -> list[str]:
        """Names with their values, a line each; what is within a value stands below its name."""
        lines = []
        for name, inner in value.items():
            first, *more = self.value(inner)
            lines += [name, *(f"· {line}" for line in (first, *more))] if more else [self.named(name, first)]
        return lines

    def named(self, name: str, value: object) -> str:
        """A name and its value, as this language puts them beside each other."""
        return self.labels["named"].format(name, value)

    def beside(self, remark: object) -> str:
        """A remark in brackets."""
        return self.labels["in_brackets"].format(remark)

    def _label(self, code: str, *, kinds_of_loss: bool = False) -> str:
        """What a code is called; a code without a name is shown as it is."""
        words = self.words
        if kinds_of_loss:
            return self.labels.get(code, code)
        if code.partition(".")[0] in words.services:
            return self.service(code)
        for names in (words.channels, words.materials, words.cards, words.functions, words.applications, self.labels):
            if code in names:
                return names[code]
        return code.replace("_", " ")


def line_of(line: JournalLine, said: Said, zone: dt.tzinfo) -> Line:
    """A journal entry in words; `said` must be of the notice that decided it."""
    words, answer = said.words, line.answer
    return Line(
        place=line.place,
        person_id=line.person_id,
        at=line.at.astimezone(zone),
        service=words.services.get(line.service, line.service),
        by=line.by,
        channel=words.channels.get(line.channel, line.channel),
        yes=answer.outcome == "accepted",
        clause=answer.clause,
        title=said.title(answer.clause),
        sentence=said.speech.says(answer, brief=line.brief),
        steps=said.speech.do(answer, brief=line.brief),
        on_file=answer.ground not in NOBODY,
        where=line.where,
    )
