"""What do I do? Questions and answers for pages, programs and the command line: the rules' course, told in words.

A course is worked out by the rules on an invented holder (`rules/matters.py`): nothing is read, nobody is looked up.
`cards_beside` is the three cards beside each other.
"""

import datetime as dt
import functools
import string
from collections.abc import Iterable, Mapping

import msgspec

from shebaoka.desk.answering import Answering
from shebaoka.notice import Notice, Notices, Speech, Term, add_term
from shebaoka.notice.speech import yuan
from shebaoka.records import (
    ASKED,
    QUESTIONS,
    Answer,
    BadInput,
    Card,
    CardKind,
    Channel,
    Ending,
    Life,
    Loss,
    Making,
    Material,
    Matter,
    NewPin,
    NotFound,
    PinCheck,
    Question,
    Step,
)
from shebaoka.rules import BesideCell, BesideRow, Course, Move, beside, course_of, questions_of

_KEPT = 512
PUBLIC_CHANNELS = (Channel.WINDOW, Channel.PHONE, Channel.PORTAL, Channel.TERMINAL)
"""The ways that people go themselves; what production, bank and calendar do is no way of theirs."""
_LATER: Mapping[Step, str] = {
    Step.WAIT_FOR_THE_CARD: "collect_card",
    Step.ACTIVATE_THE_CARD: "activate_card",
    Step.CHANGE_THE_FIRST_PIN: "activate_card",
    Step.APPLY_FOR_A_CARD: "apply_for_card",
    Step.REPLACE_THE_LOST_CARD: "replace_card",
    Step.REPORT_FORMALLY_BEFORE_IT_ENDS: "report_loss",
    Step.RESET_THE_PIN_IF_FORGOTTEN: "reset_pin",
    Step.HAND_IN_THE_TEMPORARY_CARD: "collect_card",
}
"""What need not be told after a step if the guide itself leads on to that service."""
_IN_OTHER_WORDS = frozenset({Step.REFUND_THE_FEE, Step.KEEP_THE_PIN_SAFE})
"""What a remark tells: of a fee that goes back, and of a PIN that is chosen."""


_ENDS: Mapping[str, str] = {Ending.HANDED_IN: "hands_in", Ending.REPLACED: "replaced"}
"""How a card that ends with a step is spoken of."""


class OptionTold(msgspec.Struct, frozen=True):
    """What may be answered: its code, and its words."""

    option: str
    words: str


class AskedTold(msgspec.Struct, frozen=True):
    """A question in words, with what may be answered, and what was: empty if nothing yet."""

    code: str
    question: str
    options: tuple[OptionTold, ...]
    answered: str


class StepTold(msgspec.Struct, frozen=True):
    """One step: what, when, who goes where, with what, for how much, why, and what follows.

    `service` is its row of the service table. `on` is the first day on which it can be. `possible` is whether the
    rules let it pass; if not, `do` says what to do instead. `visit` counts journeys to the window; 0 is none.
    `fee_clause` says what it costs, or that it is free; "" where the notice names no fee for it.
    """

    service: str
    name: str
    card: str
    possible: bool
    on: dt.date
    visit: int
    goes: str
    channels: tuple[str, ...]
    where: str
    papers: tuple[str, ...]
    papers_told: tuple[str, ...]
    fee_fen: int
    fee_clause: str
    ground: str
    clause: str
    clause_title: str
    sentence: str
    before: tuple[str, ...]
    remarks: tuple[str, ...]
    do: tuple[str, ...]
    readings: tuple[str, ...]


class VisitTold(msgspec.Struct, frozen=True):
    """One journey to the window: its day, its steps by their places, all that is to be brought, and what is paid."""

    visit: int
    on: dt.date
    steps: tuple[int, ...]
    bring: tuple[str, ...]
    fee_fen: int


class GuideTold(msgspec.Struct, frozen=True):
    """A matter with its questions and, once all are answered, the way to go."""

    matter: str
    title: str
    text: str
    notice: str
    on: dt.date
    language: str
    questions: tuple[AskedTold, ...]
    answers: dict[str, str]
    open: tuple[str, ...]
    remarks: tuple[str, ...]
    steps: tuple[StepTold, ...]
    visits: tuple[VisitTold, ...]
    fee_fen: int


class MatterTold(msgspec.Struct, frozen=True):
    """What people may come with."""

    matter: str
    title: str
    text: str


class CellTold(msgspec.Struct, frozen=True):
    """What is so of one card, in words, and the clause that says so."""

    text: str
    clause: str


class BesideTold(msgspec.Struct, frozen=True):
    """One fact about the social security card, the temporary card and the old medical card, in that order."""

    fact: str
    name: str
    cells: tuple[CellTold, ...]


class Guide:
    """Answers what to do. Reads no database. Safe for many threads."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._course = functools.lru_cache(_KEPT)(self._worked_out)

    def _worked_out(self, notice_id: str, matter: Matter, answers: tuple[tuple[str, str], ...], on: dt.date) -> Course:
        return course_of(matter, dict(answers), self._notices.by_id(notice_id), on)

    def told(self, matter: str, answers: Mapping[str, str], on: dt.date, speech: Speech) -> GuideTold:
        """A matter with the questions that these answers lead to, and the way to go if all of them are answered.

        `NotFound` for a matter that there is not, `BadInput` for an answer that cannot be given to its question.
        """
        asked = matter_of(matter)
        notice = self._notices.on(on)
        checked(asked, answers)
        questions, counted = questions_of(asked, answers, notice)
        words = speech.words.guide
        left = tuple(q.code for q in questions if q.code not in counted)
        course = None if left else self._course(notice.id, asked, tuple(sorted(counted.items())), on)
        steps = () if course is None else tuple(_steps(course, speech))
        visits = () if course is None else tuple(_visits(course, steps, speech))
        return GuideTold(
            matter=asked.value,
            title=words.matters[asked].title,
            text=words.matters[asked].text,
            notice=notice.id,
            on=on,
            language=speech.words.language,
            questions=tuple(_asked(q, counted, speech) for q in questions),
            answers=counted,
            open=left,
            remarks=tuple(_of_the_matter(asked, course, speech)),
            steps=steps,
            visits=visits,
            fee_fen=sum(s.fee_fen for s in steps if s.possible),
        )


def matters(speech: Speech) -> tuple[MatterTold, ...]:
    """What people may come with, in order."""
    said = speech.words.guide.matters
    return tuple(MatterTold(m.value, said[m].title, said[m].text) for m in Matter)


def matter_of(code: str) -> Matter:
    """The matter with this code. `NotFound`."""
    try:
        return Matter(code)
    except ValueError:
        raise NotFound(f"The guide knows no such matter; it knows {', '.join(Matter)}.") from None


def checked(matter: Matter, answers: Mapping[str, str]) -> None:
    """`BadInput` for an answer that cannot be given to a question of this matter; others' questions do not matter."""
    for question in QUESTIONS[matter]:
        given = answers.get(question.code)
        if given and given not in question.options:
            fault = BadInput(f"{question.code}: answer one of {', '.join(question.options)}.")
            fault.field = question.code
            raise fault


def answers_in(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The answers among what a form or an address says: the first to each question; all else is left."""
    found: dict[str, str] = {}
    for code, value in said:
        if code in ASKED and value:
            found.setdefault(code, value)
    return found


def fitting(matter: str, answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that can be given to this matter's questions; what cannot is left, and so asked again. `NotFound`."""
    allowed = {question.code: question.options for question in QUESTIONS[matter_of(matter)]}
    return {code: answer for code, answer in answers.items() if answer in allowed.get(code, ())}


def _asked(question: Question, answers: Mapping[str, str], speech: Speech) -> AskedTold:
    words = speech.words.guide
    options = tuple(OptionTold(o, words.answers[f"{question.code}.{o}"]) for o in question.options)
    return AskedTold(question.code, words.questions[question.code], options, answers.get(question.code, ""))


def _of_the_matter(matter: Matter, course: Course | None, speech: Speech) -> Iterable[str]:
    """What is told of a matter as a whole; of an example's last day that it is one."""
    notes = {Matter.CHILD: "child", Matter.WORKING_ELSEWHERE: "elsewhere"}
    if matter in notes:
        yield _note(speech, notes[matter])
    if course is not None:
        last_on = _supposed(course)
        if last_on is not None:
            yield _note(speech, "supposed", until_on=last_on.isoformat())


def _supposed(course: Course) -> dt.date | None:
    """The last day of the example's temporary card, where something that is told follows from it."""
    live = (c for c in course.steps[0].before.cards if c.life is not Life.ENDED)
    last_on = next((c.valid_until for c in live if c.kind is CardKind.TEMPORARY), None)
    known = {c.n for c in course.steps[0].before.cards}
    kept = any(c.n not in known and c.valid_until == last_on for c in course.steps[-1].after.cards)
    return last_on if course.matter is Matter.TEMPORARY_ENDS or kept else None


def _note(speech: Speech, note: str, **facts: str | int) -> str:
    return speech.remark(speech.words.guide.notes[note], facts)


def _steps(course: Course, speech: Speech) -> Iterable[StepTold]:
    """Every step in words. Steps that the window sees on one day are one visit."""
    answering = Answering(speech.notice)
    visit, last_on = 0, None
    services = [move.key.partition(".")[0] for move in course.steps]
    for n, move in enumerate(course.steps):
        goes_there = move.accepted and Channel.WINDOW in move.channels
        if goes_there and move.given.on != last_on:
            visit, last_on = visit + 1, move.given.on
        yield _step(move, answering.of(move.decision), visit if goes_there else 0, services[n + 1 :], speech)


def _step(move: Move, answer: Answer, visit: int, later: list[str], speech: Speech) -> StepTold:
    words = speech.words
    channels = tuple(c for c in move.channels if c in PUBLIC_CHANNELS)
    return StepTold(
        service=move.key,
        name=words.guide.steps[move.key],
        card="" if move.kind is None else move.kind.value,
        possible=move.accepted,
        on=move.given.on,
        visit=visit,
        goes=move.goes,
        channels=channels,
        where=speech.names(channels, words.channels),
        papers=move.papers,
        papers_told=tuple(_paper(m, move, speech) for m in move.papers),
        fee_fen=move.fee_fen,
        fee_clause=speech.notice.clause_of_parameter[move.fee_parameter] if move.fee_parameter else "",
        ground=answer.ground,
        clause=answer.clause,
        clause_title=speech.notice.wording[words.language].clauses[answer.clause].title,
        sentence=speech.says(answer),
        before=tuple(_before(move, speech)),
        remarks=tuple(_remarks(move, speech)) if move.accepted else (),
        do=tuple(_do(move, answer, later, speech)),
        readings=tuple(speech.readings(answer)),
    )


def _paper(material: Material, move: Move, speech: Speech) -> str:
    """A paper by name; the card by its kind."""
    if material is Material.CARD:
        return speech.words.cards[move.kind or CardKind.SOCIAL_SECURITY]
    return speech.words.materials[material]


def _do(move: Move, answer: Answer, later: list[str], speech: Speech) -> Iterable[str]:
    """What to do after a yes, as far as the guide does not lead there itself; what to do instead after a no."""
    if answer.outcome == "accepted":
        # One that ended before is asked for by no later step.
        gone = all(c.kind is not CardKind.TEMPORARY or c.life is Life.ENDED for c in move.after.cards)
        told = {Step.HAND_IN_THE_TEMPORARY_CARD} if gone else set()
        led = {s for s in answer.next if _LATER.get(Step(s)) in later and Step(s) not in told}
        left = [s for s in answer.next if Step(s) not in _IN_OTHER_WORDS and s not in led]
        answer = msgspec.structs.replace(answer, next=tuple(left))
    return speech.do(answer)


def _before(move: Move, speech: Speech) -> Iterable[str]:
    """What comes to pass before a step."""
    if move.awaits:
        yield _note(speech, move.awaits, expected_on=move.given.on.isoformat())


def _remarks(move: Move, speech: Speech) -> Iterable[str]:
    """PIN, approval, cards that end or are handed in, and what lapses on which day."""
    if move.alone:
        yield _note(speech, "alone")
    if move.key in speech.notice.p.approval_needed_for:
        yield _note(speech, "approval")
    if move.given.pin is PinCheck.RIGHT:
        yield _note(speech, "enter")
    if move.given.new_pin is NewPin.FIT:
        yield _note(speech, "choose")
    held = {card.n: card for card in move.before.cards}
    for card in move.after.cards:
        was = held.get(card.n)
        if was != card:
            yield from _of_a_card(was, card, speech)
    yield from _of_an_application(move, speech)


def _of_a_card(was: Card | None, card: Card, speech: Speech) -> Iterable[str]:
    """What a step does to a card: it ends or is handed in, or has a last day."""
    if card.life is Life.ENDED:
        note = _ENDS.get(card.ending or "", "ends")
        if card.ending is Ending.REPLACED and was is not None and was.loss is not Loss.NONE:
            note = "was_lost"
        yield _note(speech, note, card=card.kind.value)
        return
    if card.loss_until is not None and (was is None or was.loss_until != card.loss_until):
        kinds = speech.notice.p.loss_reports
        terms = kinds.temporary if card.loss is Loss.TEMPORARY else kinds.formal
        cancels = terms is not None and terms.then == "cancels_the_card"
        yield _note(speech, "loss_cancels" if cancels else "loss_lifts", until_on=card.loss_until.isoformat())
    if card.valid_until is not None and (was is None or was.valid_until != card.valid_until):
        yield _note(speech, "temporary_ends", until_on=card.valid_until.isoformat())


def _of_an_application(move: Move, speech: Speech) -> Iterable[str]:
    """Until when a card waits to be collected, and a fee that goes back with what was applied for."""
    open_before = {a.n: a for a in move.before.applications}
    for application in move.after.applications:
        was = open_before.get(application.n)
        if was is None or was.making == application.making:
            continue
        if application.making is Making.COLLECTED and was.ready_on is not None:
            until = add_term(was.ready_on, speech.notice.p.uncollected_after)
            yield _note(speech, "uncollected", until_on=until.isoformat())
        if application.making is Making.WITHDRAWN and "fee_refunded" in move.decision.done:
            yield _note(speech, "refund", fee_fen=application.fee_fen)


def _visits(course: Course, steps: tuple[StepTold, ...], speech: Speech) -> Iterable[VisitTold]:
    """Each journey to the window, with all that must be brought: what its steps ask for, and cards that stay there.

    A card that is handed over in the same visit need not be brought.
    """
    for visit in sorted({s.visit for s in steps if s.visit}):
        chosen = [(n, s, m) for n, (s, m) in enumerate(zip(steps, course.steps, strict=True)) if s.visit == visit]
        held = {c.n for c in chosen[0][2].before.cards if c.life is not Life.ENDED}
        bring: dict[str, None] = {}
        for _, _, move in chosen:
            for material in move.papers:
                if material is not Material.CARD or held & _meant(move):
                    bring[_paper(material, move, speech)] = None
            for card in move.after.cards:
                if card.ending is Ending.HANDED_IN and card.n in held:
                    bring[speech.words.cards[card.kind]] = None
        yield VisitTold(
            visit=visit,
            on=chosen[0][1].on,
            steps=tuple(n for n, _, _ in chosen),
            bring=tuple(bring),
            fee_fen=sum(s.fee_fen for _, s, _ in chosen),
        )


def _meant(move: Move) -> set[int]:
    """The cards that a step is about, by their `n`."""
    return {
        c.n for c in move.before.cards if c.kind is (move.kind or CardKind.SOCIAL_SECURITY) and c.life is not Life.ENDED
    }


def cards_beside(notice: Notice, on: dt.date) -> tuple[BesideRow, ...]:
    """The social security card, the temporary card and the old medical card beside each other, fact by fact."""
    return beside(notice, on)


def beside_told(rows: Iterable[BesideRow], speech: Speech) -> tuple[BesideTold, ...]:
    """The same in words: for each card a text, and the clause that says so."""
    said = speech.words.guide
    return tuple(
        BesideTold(
            row.fact, said.beside[row.fact], tuple(CellTold(_cell(cell, speech), cell.clause) for cell in row.cells)
        )
        for row in rows
    )


def _cell(cell: BesideCell, speech: Speech) -> str:
    words, value = speech.words, cell.value
    if cell.refusal:
        says = words.refusals[cell.refusal].says
        # A sentence that speaks of one holder's own days or amounts says nothing about the card as such.
        if {name for _, name, _, _ in string.Formatter().parse(says) if name} <= {"card"}:
            return speech.says(Answer("refused", cell.refusal, cell.clause, speech.notice.id, facts={"card": value}))
    facts: dict[str, str] = {}
    if isinstance(value, Term):
        units = [(unit, n) for unit in value.__struct_fields__ if (n := getattr(value, unit))]
        facts["term"] = words.list_separator.join(words.guide.cells[unit].format(n=n) for unit, n in units)
    elif isinstance(value, dt.date):
        facts["day"] = speech.date(value)
    elif isinstance(value, tuple):
        facts["names"] = speech.names(value, {**words.materials, **words.functions})
    elif isinstance(value, int):
        facts["fee"] = yuan(value)
    return speech.remark(words.guide.cells[cell.word], dict(facts))
