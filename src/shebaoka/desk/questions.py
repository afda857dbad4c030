"""By what questions a caller is known: drawn from what the dossier tells, and answered before anything is said.

No question is about what an operator reads out afterwards: who overheard one call must not pass the next. An answer is
held against the dossier here, so that the operator never sees the right one. What is asked of a number that nobody has,
or that there is too little to ask about, is found in `desk/askable.py`. Clause 5.2. Called by `desk/calls.py`.
"""

import datetime as dt
import hashlib
import random
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from shebaoka.desk.callanswers import told_cards
from shebaoka.desk.journal import Row, decoded
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.telephones import Telephone
from shebaoka.numbers import region_name
from shebaoka.records import BadInput, CardKind, Life, Making, Standing


class Question(StrEnum):
    """What a caller may be asked."""

    LAST_USE = "last_use"
    LAST_WINDOW = "last_window"
    CARDS_BEFORE = "cards_before"
    APPLIED_ON = "applied_on"
    INSURED_SINCE = "insured_since"
    COUNTY = "county"
    TELEPHONE_END = "telephone_end"


ASKED = 3
"""Questions of a round; every one must be answered rightly."""
HARD = frozenset({Question.APPLIED_ON, Question.INSURED_SINCE, Question.TELEPHONE_END})
"""Those that a stranger hardly guesses, unless many people here have the same answer. Each round has one at least: the
others are soon tried through.
"""
DAYS_OFF = 7
"""By so many days somebody may be mistaken about the day of their application."""
ANSWER_MAX = 100
USES = ("use_card", "settle_charge", "admit_patient")
_MONTH = re.compile(r"([12][0-9]{3})[-./年 ]{0,2}(0?[1-9]|1[0-2])月?")
_DAY = re.compile(r"([12][0-9]{3})(?:(\d{2})(\d{2})|[-./年 ]{1,2}(\d{1,2})[-./月 ]{1,2}(\d{1,2})日?)")
_DIGITS = re.compile(r"[0-9]{4}")
_CHANCE = random.SystemRandom()

Known = Mapping[Question, str]
"""The right answer to each question that can be asked about somebody. It leaves this room in no way."""


def known_of(
    screen: PersonScreen | None,
    rows: Sequence[Row],
    telephone: Telephone | None,
    windows: Collection[str],
    zone: dt.tzinfo,
) -> dict[Question, str]:
    """What can be asked about somebody, with the right answers; nothing about nobody, and about who cannot call.

    `rows` are the journal's last entry of each service that tells of a use of the card or of a window; `windows` are
    the codes of all windows.
    """
    person = screen.dossier.person if screen is not None else None
    if screen is None or person is None or person.standing is Standing.DEAD:
        return {}
    known = {Question.INSURED_SINCE: f"{person.insured_on:%Y-%m}"}
    if person.region != person.number[:6]:
        # Else whoever has the number could read it there.
        known[Question.COUNTY] = person.region
    if telephone is not None and telephone.number:
        known[Question.TELEPHONE_END] = telephone.number[-4:]
    applications = screen.dossier.applications
    collected = [row.at.astimezone(zone).date() for row in rows if row.service == "collect_card"]
    # Until it is collected a day is read out that follows from it, and so it is where the journal has no collection.
    if applications and applications[-1].making is Making.COLLECTED and collected:
        applied_on = applications[-1].applied_on
        if abs((collected[0] - applied_on).days) > DAYS_OFF:
            known[Question.APPLIED_ON] = applied_on.isoformat()
    before = {c.kind for c in screen.dossier.cards if c.life is Life.ENDED}
    if before and before.isdisjoint(c.kind for c in told_cards(screen) if c.life is Life.ENDED):
        known[Question.CARDS_BEFORE] = ",".join(sorted(before))
    return known | _from_journal(screen, rows, windows, zone)


def _from_journal(
    screen: PersonScreen, rows: Sequence[Row], windows: Collection[str], zone: dt.tzinfo
) -> dict[Question, str]:
    """The month of the last use, and the window where the holder was last; not one that is read out as a place, and
    not the only one of the city.
    """
    known = {}
    if uses := [row.at for row in rows if row.service in USES]:
        known[Question.LAST_USE] = f"{max(uses).astimezone(zone):%Y-%m}"
    served = max((row for row in rows if row.service not in USES), key=lambda row: row.seq, default=None)
    if served is not None and len(windows) > 1:
        place = decoded(served.body).sender.place
        told = {a.collect_at for a in screen.dossier.applications[-1:]}
        if place in windows and place not in told:
            known[Question.LAST_WINDOW] = place
    return known


def drawn(
    able: Sequence[Question], hard: Collection[Question], before: Collection[Question], count: int = ASKED
) -> tuple[Question, ...]:
    """The questions of a round, one hard one at least; others than were asked before as far as there are any."""
    fresh = [q for q in able if q not in before]
    first = _CHANCE.choice([q for q in fresh if q in hard] or [q for q in able if q in hard])
    others = [q for q in fresh if q is not first]
    _CHANCE.shuffle(others)
    older = [q for q in able if q is not first and q not in fresh]
    _CHANCE.shuffle(older)
    round_ = [first, *(others + older)[: count - 1]]
    _CHANCE.shuffle(round_)
    return tuple(round_)


def enough(able: Collection[Question], hard: Collection[Question]) -> bool:
    """Whether somebody can be known by these, of which some are hard to guess."""
    return len(able) >= ASKED and not set(able).isdisjoint(hard)


def of_nobody(seed: bytes) -> list[Question]:
    """What is asked where there is nobody yet of whom enough can be asked: always the same by the same seed."""
    chance = random.Random(hashlib.sha256(seed).digest())  # noqa: S311 - no secret
    able: list[Question] = []
    while not enough(able, HARD):
        able = chance.sample(list(Question), ASKED + 1)
    return able


def read_answer(question: Question, typed: str) -> str:
    """An answer as it is compared; nothing where the caller did not know. `BadInput` for what cannot be one."""
    said = unicodedata.normalize("NFKC", typed).strip()
    if len(said) > ANSWER_MAX or any(unicodedata.category(c) in ("Cc", "Cs") for c in said):
        raise _unfit(question, f"give at most {ANSWER_MAX} characters on one line.")
    if not said:
        return ""
    if question in (Question.LAST_USE, Question.INSURED_SINCE):
        found = _MONTH.fullmatch(said)
        if found is None:
            raise _unfit(question, "give a year and a month, such as 2013-05.")
        return f"{found[1]}-{int(found[2]):02}"
    if question is Question.APPLIED_ON:
        return _day(said)
    if question is Question.TELEPHONE_END and not _DIGITS.fullmatch(said):
        raise _unfit(question, "give the last four digits.")
    if question is Question.CARDS_BEFORE:
        kinds = sorted({kind.strip() for kind in said.split(",") if kind.strip()})
        if not set(kinds) <= set(CardKind):
            raise _unfit(question, "choose kinds of card.")
        return ",".join(kinds)
    return said


def _day(said: str) -> str:
    found = _DAY.fullmatch(said)
    try:
        parts = [int(part) for part in found.groups() if part] if found else []
        return dt.date(*parts).isoformat()
    except (TypeError, ValueError):
        raise _unfit(Question.APPLIED_ON, "give a day such as 2013-05-20.") from None


def is_right(question: Question, known: Known, answer: str) -> bool:
    """Whether an answer that was read is the right one; never where there is none."""
    right = known.get(question, "")
    if not right or not answer:
        return False
    if question is Question.APPLIED_ON:
        return abs((dt.date.fromisoformat(answer) - dt.date.fromisoformat(right)).days) <= DAYS_OFF
    if question is Question.COUNTY:
        return answer == right or _names(answer, region_name(right) or "")
    return answer == right


def _names(said: str, name: str) -> bool:
    """Whether somebody said the name of a county, with what is above it or without, and with 县 or without."""
    short = name[:-1] if name.endswith(("县", "區", "区", "市")) else name
    return bool(name) and (said in (name, short) or said.endswith(name))


def _unfit(question: Question, sentence: str) -> BadInput:
    bad = BadInput(f"{question}: {sentence}", code=f"call_{question}_unfit")
    bad.field = question.value
    return bad
