"""Decisions in words: the sentences of one notice in one language, with the facts of the case put in."""

import datetime as dt
import string
from collections.abc import Iterable, Mapping

from shebaoka.notice.schema import SERVICE_NAMES, Notice, Parameters, Saying, Words
from shebaoka.records import (
    ASKED,
    CELLS_BESIDE,
    FACTS_BESIDE,
    GUIDE_NOTES,
    GUIDE_STEPS,
    OPTIONS,
    Answer,
    Basis,
    BatchFault,
    CardKind,
    Channel,
    Facts,
    Function,
    Making,
    Material,
    Matter,
    Refusal,
    ResultFault,
    Step,
    Why,
)

# What a sentence may speak of. Facts of a decision lose their unit on the way: `fee_fen` is spoken as `{fee}`, in yuan.
FACTS_OF_A_NOTICE = frozenset({"hotline", "pin_length", "pin_tries_max", "cutover"})
FACTS_OF_A_CASE = frozenset(
    {
        "account", "admitted", "amount", "application", "balance", "batch", "birth", "card", "card_number", "cash",
        "channels", "collect_until", "discharged", "ended", "entry", "fee", "insured", "limit", "loss_until",
        "missing", "month", "paid", "parts", "pooled", "reason", "records_carried", "records_left", "right", "stay",
        "total", "tries_left", "unlocks_left", "valid_until",
    }
)  # fmt: skip
FACTS_OF_A_WHEREABOUTS = frozenset({"since", "expected", "place", "papers"})
"""What the words about where a card is may speak of, beside those of the notice."""
FACTS_OF_A_NOTIFICATION = frozenset(
    {"name", "expected", "place", "papers", "city", "until", "code", "minutes", "telephone", "n"}
)
"""What notifications to holders may speak of, beside those of the notice; never a number."""
FACTS_OF_A_GUIDE = frozenset({"expected", "until", "card", "fee", "term", "day", "names", "n"})
"""What the guide's remarks may speak of, beside those of the notice."""
FACTS_OF_A_CALL = frozenset({"card", "papers", "channels", "state", "loss_until", "valid_until"})
"""What the hotline's sentences may speak of, beside those of the notice; never a number."""
CALLS = (
    *("activated", "not_activated", "activation_not_needed", "no_card", "ended"),
    *("where_late", "where_returned", "where_posted", "where_collected"),
    *("activated_not_now", "not_activated_not_now", "activation_not_needed_not_now"),
    *("lost_formal", "lost_temporary", "loss_lifts", "loss_cancels_the_card", "loss_can_be_cancelled"),
    *("loss_cannot_be_cancelled", "not_lost", "locked", "not_locked", "temporary_until"),
)
"""What the hotline reads out to a holder who was identified, beside where the card is."""
STAGES = ("none", *Making)
"""Where a card can be; `none` is that there was never one to make."""
POSTED = "posted"
"""How the stage `ready` is spoken of where the card is sent by post."""
CODES_TOLD = ("sign_in_code", "telephone_code", "telephone_changed", "credential_ended")
"""What is said to a telephone that follows no decision."""
NOTIFICATIONS = ("ready", POSTED, "remade", "uncollected", "returned", *CODES_TOLD)
FACTS_OF_A_WINDOW = frozenset({"day", "first", "last", "hours", "time", "opens", "closes", "distance"})
"""What the words about when windows are open and how far they are may speak of."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WINDOW_WORDS = (
    *WEEKDAYS,
    *("days", "every_day", "span", "day_hours", "closed_day", "groups_separator"),
    *("open_until", "opens_today", "opens_tomorrow", "opens_on", "closed", "metres", "kilometres"),
)
_PLACE = {"site": "", "name": "", "address": "", "hours": ""}

DONE = [
    "person_registered",
    "person_returned",
    "account_carried_over",
    "application_made",
    "application_amended",
    "application_withdrawn",
    "put_in_batch",
    "card_made",
    "card_rejected",
    "card_ready",
    "card_returned",
    "card_collected",
    "temporary_card_issued",
    "temporary_card_replaced",
    "card_activated",
    "card_used",
    "loss_reported",
    "loss_report_made_formal",
    "loss_report_cancelled",
    "loss_report_ended",
    "bank_answer_recorded",
    "wrong_pin_counted",
    "card_locked",
    "card_unlocked",
    "pin_changed",
    "pin_reset",
    "first_pin_set",
    "replacement_applied_for",
    "card_handed_in",
    "card_ended",
    "temporary_card_expired",
    "temporary_card_extended",
    "old_card_stopped",
    "card_cancelled",
    "person_died",
    "person_left",
    "extended_application_added",
    "extended_application_removed",
    "person_looked_up",
    "fee_taken",
    "fee_refunded",
    "bank_asked_to_stop",
    "bank_asked_to_resume",
    "stay_settled",
    "contribution_credited",
    "correction_proposed",
    "correction_made",
    "carry_over_undone",
    "charge_settled",
    "settlement_taken_back",
    "message_stopped",
    "patient_admitted",
    "stay_amended",
    "admission_cancelled",
    "patient_discharged",
    "discharge_cancelled",
]
STATES = [
    "none",
    "sealed",
    "in_use",
    "lost_temporary",
    "lost_formal",
    "locked",
    "locked_lost_temporary",
    "locked_lost_formal",
    "sealed_lost_temporary",
    "sealed_lost_formal",
    "sealed_locked",
    "sealed_locked_lost_temporary",
    "sealed_locked_lost_formal",
    "ended_replaced",
    "ended_handed_in",
    "ended_expired",
    "ended_cancelled",
    "ended_superseded",
    "ended_stopped",
    "insured",
    "left",
    "dead",
    "not_registered",
    "financial_absent",
    "financial_active",
    "financial_stop_asked",
    "financial_stopped",
]


def faults_of_words(words: Words) -> list[str]:
    """Sentences for what a language lacks, has too much, or speaks of without there being such a fact."""
    tables: dict[str, tuple[Mapping[str, object], Iterable[str]]] = {
        "refusals": (words.refusals, Refusal),
        "bases": (words.bases, Basis),
        "steps": (words.steps, Step),
        "done": (words.done, DONE),
        "brief": (words.brief, ("accepted", "refused")),
        "services": (words.services, SERVICE_NAMES),
        "materials": (words.materials, Material),
        "channels": (words.channels, Channel),
        "cards": (words.cards, CardKind),
        "states": (words.states, STATES),
        "makings": (words.makings, (*Making, POSTED)),
        "notifications": (words.notifications, NOTIFICATIONS),
        "windows": (words.windows, WINDOW_WORDS),
        "whereabouts": (words.whereabouts, (*STAGES, POSTED, "late")),
        "calls": (words.calls, CALLS),
        "functions": (words.functions, Function),
        "whys": (words.whys, Why),
        "parameters": (words.parameters, Parameters.__struct_fields__),
        "batch_faults": (words.batch_faults, BatchFault),
        "result_faults": (words.result_faults, ResultFault),
        "guide.matters": (words.guide.matters, Matter),
        "guide.questions": (words.guide.questions, ASKED),
        "guide.answers": (words.guide.answers, OPTIONS),
        "guide.steps": (words.guide.steps, GUIDE_STEPS),
        "guide.notes": (words.guide.notes, GUIDE_NOTES),
        "guide.beside": (words.guide.beside, FACTS_BESIDE),
        "guide.cells": (words.guide.cells, CELLS_BESIDE),
    }
    faults = []
    try:
        words.date.format(y=2013, m=7, d=1)
    except (LookupError, ValueError, AttributeError):
        faults.append("date: must be put together from {y}, {m} and {d}.")
    try:
        words.place.format(**_PLACE)
    except (LookupError, ValueError, AttributeError):
        faults.append("place: must be put together from {site}, {name}, {address} and {hours}.")
    for table, (has, needs) in tables.items():
        needed = {str(n) for n in needs}
        faults += [f"{table}.{k}: is missing." for k in sorted(needed - set(has))]
        faults += [f"{table}.{k}: nothing has this code." for k in sorted(set(has) - needed)]
    sentences = _both_halves("refusals", words.refusals)
    sentences += [(f"bases.{k}", s) for k, s in words.bases.items()]
    sentences += [(f"steps.{k}", s) for k, s in words.steps.items()]
    faults += _unspeakable(sentences, FACTS_OF_A_CASE)
    faults += _unspeakable(_both_halves("whereabouts", words.whereabouts), FACTS_OF_A_WHEREABOUTS)
    guided = [(f"guide.notes.{k}", s) for k, s in words.guide.notes.items()]
    faults += _unspeakable(guided + [(f"guide.cells.{k}", s) for k, s in words.guide.cells.items()], FACTS_OF_A_GUIDE)
    faults += _unspeakable([(f"windows.{k}", s) for k, s in words.windows.items()], FACTS_OF_A_WINDOW)
    faults += _unspeakable(_both_halves("calls", words.calls), FACTS_OF_A_CALL)
    told = [(f"notifications.{k}", s) for k, s in words.notifications.items()]
    return faults + _unspeakable(told, FACTS_OF_A_NOTIFICATION)


def _both_halves(table: str, sayings: Mapping[str, Saying]) -> list[tuple[str, str]]:
    """The sentences of a table that says something and what to do, each by its key."""
    said = [(f"{table}.{k}.says", s.says) for k, s in sayings.items()]
    return said + [(f"{table}.{k}.do", s.do) for k, s in sayings.items()]


def _unspeakable(sentences: Iterable[tuple[str, str]], facts: frozenset[str]) -> list[str]:
    """Sentences for what is spoken of without there being such a fact, beside those of a notice."""
    faults = []
    for key, sentence in sentences:
        try:
            spoken = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
        except ValueError as e:
            faults.append(f"{key}: {e}.")
            continue
        faults += [f"{key}: there is no fact {{{name}}}." for name in sorted(spoken - facts - FACTS_OF_A_NOTICE)]
    return faults


def yuan(fen: int) -> str:
    """Fen as yuan for reading: `28`, `28.50`, `12,345.60`."""
    whole, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:02d}" if rest else "")


class _Facts(dict[str, str]):
    """A fact that a case does not have is spoken as a dash, so that no answer ever fails for its words."""

    def __missing__(self, key: str) -> str:
        return "—"


class Speech:
    """One notice spoken in one language."""

    def __init__(self, notice: Notice, words: Words) -> None:
        self.notice = notice
        self.words = words
        self._of_notice = {
            "hotline": notice.p.hotline,
            "pin_length": str(notice.p.pin_length),
            "pin_tries_max": str(notice.p.pin_tries_max),
            "cutover": self.date(notice.p.cutover_on) if notice.p.cutover_on else "—",
        }

    def date(self, day: dt.date) -> str:
        """A day as this language writes it."""
        return self.words.date.format(y=day.year, m=day.month, d=day.day)

    def names(self, codes: Iterable[str], table: Mapping[str, str]) -> str:
        """Several codes as one list of names."""
        return self.words.list_separator.join(table.get(c, c) for c in codes)

    def says(self, answer: Answer, *, brief: bool = False) -> str:
        """The sentence of a decision: the ground of a yes, or of a no; briefly, that it was one or the other."""
        if brief:
            return self.words.brief[answer.outcome]
        if answer.outcome == "refused":
            return self.words.refusals[answer.ground].says.format_map(self._facts(answer))
        return self.words.bases[answer.ground].format_map(self._facts(answer))

    def do(self, answer: Answer, *, brief: bool = False) -> list[str]:
        """What to bring or do next, a sentence each; nothing of what is told briefly."""
        if brief:
            return []
        said = (
            [self.words.refusals[answer.ground].do]
            if answer.outcome == "refused"
            else [self.words.steps[s] for s in answer.next]
        )
        facts = self._facts(answer) if said else {}
        return [sentence.format_map(facts) for sentence in said]

    def where(self, stage: str, facts: Facts, *, late: bool = False, refusal: str = "") -> tuple[str, str]:
        """Where somebody's card is, and what to do next: a sentence or two each.

        `late` is that its day has passed; `refusal` the ground on which nothing can be applied for.
        """
        said, known = self.words.whereabouts[stage], self._known(facts)
        known.setdefault("place", self.words.channels[Channel.WINDOW])
        says, do = said.says, said.do
        if late:
            # Latin sentences have a space between them; where there is one after a comma, there is one after a stop.
            says += " " * (self.words.list_separator[-1] == " ") + self.words.whereabouts["late"].says
            do = self.words.whereabouts["late"].do
        elif refusal:
            do = self.words.refusals[refusal].do
        return says.format_map(known), do.format_map(known)

    def call(self, key: str, facts: Facts) -> tuple[str, str]:
        """What an operator reads out to a holder, and what to do next: a sentence or two each."""
        said, known = self.words.calls[key], self._known(facts)
        return said.says.format_map(known), said.do.format_map(known)

    def notification(self, about: str, facts: Facts) -> str:
        """What a holder is told by message."""
        known = self._known(facts) | {"city": self.notice.wording[self.words.language].city}
        known.setdefault("place", self.words.channels[Channel.WINDOW])
        return self.words.notifications[about].format_map(_Facts(known))

    def remark(self, sentence: str, facts: Facts) -> str:
        """A sentence of the guide with its facts."""
        return sentence.format_map(_Facts(self._known(facts)))

    def place(self, site: str, name: str, address: str, hours: str) -> str:
        """Where a window is, and when it is open."""
        return self.words.place.format(site=site, name=name, address=address, hours=hours)

    def clause(self, clause: str) -> str:
        """A clause's own wording."""
        return self.notice.wording[self.words.language].clauses[clause].text

    def readings(self, answer: Answer) -> list[str]:
        """Why each reading that a decision used is as it is."""
        return self.readings_of(answer.readings)

    def readings_of(self, parameters: Iterable[str]) -> list[str]:
        """Why each of some parameters is as it is; nothing of one that the notice itself says."""
        said = self.notice.wording[self.words.language].readings
        return [said[r] for r in parameters if r in said]

    def _facts(self, answer: Answer) -> dict[str, str]:
        facts = self._known(answer.facts)
        facts["fee"] = facts.get("fee") or yuan(answer.fee_fen)
        if answer.missing:
            facts["missing"] = self.names(answer.missing, self.words.materials)
        return facts

    def _known(self, known: Facts) -> dict[str, str]:
        """Facts as this language says them, beside those of the notice."""
        facts = _Facts(self._of_notice)
        for name, value in known.items():
            if name.endswith("_fen"):
                facts[name[:-4]] = yuan(int(value))
            elif name.endswith("_on"):
                facts[name[:-3]] = self.date(dt.date.fromisoformat(str(value)))
            elif name == "card":
                facts[name] = self.words.cards.get(str(value), str(value))
            elif name == "channels":
                facts[name] = self.names(str(value).split(","), self.words.channels)
            elif name == "papers":
                facts[name] = self.names(str(value).split(","), self.words.materials)
            elif name == "application":
                facts[name] = self.words.applications.get(str(value), str(value))
            else:
                facts[name] = str(value)
        return facts
