"""The notice, alive: every clause with its values, why each is so, and what each version changed.

`/notice` is the whole of it, `/notice/9.4` one clause, `/notice/history` what changed, `/notice/on` a day's. Every word
comes from the city's folder, so that a page and a decision cannot differ.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Response, get

from shebaoka.notice import LANGUAGES, Notice, ParameterChange, Version, history_of
from shebaoka.notice.schema import ClauseWords
from shebaoka.pages import Asked, Said
from shebaoka.portal.finding import Findable
from shebaoka.portal.frame import Page, typed
from shebaoka.portal.labels import LABELS
from shebaoka.portal.shelf import Family, PublishedPage
from shebaoka.records import NoNotice
from shebaoka.web import Front

ROOT = "/notice"


class Value(msgspec.Struct, frozen=True):
    """A parameter as a page shows it: its name, its value a line each, and why it is so where it is a reading."""

    code: str
    name: str
    lines: list[str]
    why: str


class Clause(msgspec.Struct, frozen=True):
    """A clause as a page shows it."""

    id: str
    title: str
    text: str
    values: list[Value]


class Change(msgspec.Struct, frozen=True):
    """What a version changed about a clause: what it is, what was, what is now. A reading explained anew has texts."""

    kind: str
    clause: str
    name: str
    was: list[str]
    now: list[str]


class Step(msgspec.Struct, frozen=True):
    """A version in words: when it is in force, where it comes from, what it changed."""

    when: str
    standing: str
    source: str
    first: bool
    changes: list[Change]


def clauses_of(notice: Notice, said: Said) -> list[Clause]:
    """Every clause of a version in words."""
    wording = notice.wording[said.words.language]
    values: dict[str, list[Value]] = {}
    for name, clause in notice.clause_of_parameter.items():
        lines = said.value(getattr(notice.p, name), name)
        value = Value(name, said.words.parameters[name], lines, wording.readings.get(name, ""))
        values.setdefault(clause, []).append(value)
    return [Clause(c, wording.clauses[c].title, wording.clauses[c].text, values.get(c, [])) for c in notice.clauses]


# What changed --------------------------------------------------------------------------------------------------------


def _steps(page: Page, clause: str = "") -> list[Step]:
    """The versions in words, the newest first; of one clause those that touched it, and the first."""
    return [
        _step(page, version, clause)
        for version in history_of(page.front.notices)
        if not clause or version.before is None or version.touches(clause)
    ]


def _step(page: Page, version: Version, clause: str) -> Step:
    notice, t = version.notice, page.labels
    first, last = notice.in_force_from, notice.in_force_until
    until = t["version_until"].format(page.said.day(first), page.said.day(last)) if last else ""
    standing = "to_come" if page.on < first else "past" if last is not None and last < page.on else "now"
    changes = [change for change in _changes(page, version) if clause in ("", change.clause)]
    when = until or t["version_from"].format(page.said.day(first))
    return Step(when, standing, notice.source_in(page.language), version.before is None, changes)


def _changes(page: Page, version: Version) -> Iterator[Change]:
    if version.before is None:
        return
    now, was = version.notice, version.before
    for kind, clauses in (("added", version.added), ("reworded", version.reworded), ("removed", version.removed)):
        for clause in clauses:
            before, after = (_words(page, n, clause) for n in (was, now))
            title = (after or before or [clause])[0]
            yield Change(f"clause_{kind}", clause, title, before, after)
    for change in version.parameters:
        yield _value_change(page, was, now, change)


def _words(page: Page, notice: Notice, clause: str) -> list[str]:
    found: ClauseWords | None = notice.wording[page.language].clauses.get(clause)
    return [found.title, found.text] if found else []


def _value_change(page: Page, was: Notice, now: Notice, change: ParameterChange) -> Change:
    name = page.said.words.parameters[change.name]
    if change.was == change.now:
        whys = [[n.wording[page.language].readings.get(change.name, page.labels["is_laid_down"])] for n in (was, now)]
        return Change("why_changed", change.clause, name, *whys)
    lines = (page.said_of(n.id).value(v, change.name) for n, v in ((was, change.was), (now, change.now)))
    return Change("value_changed", change.clause, name, *lines)


# Published pages -----------------------------------------------------------------------------------------------------


def _addresses(front: Front) -> list[str]:
    try:
        notice = front.notices.on(front.screens.today())
    except NoNotice:
        return [ROOT, f"{ROOT}/history"]
    return [ROOT, f"{ROOT}/history", *(f"{ROOT}/{clause}" for clause in notice.clauses)]


def _made(page: PublishedPage, path: str) -> str:
    below = path[len(ROOT) + 1 :]
    if not below:
        return page.printed("notice.html", **_whole(page, page.notice))
    if below == "history":
        return page.printed("history.html", **_history(page))
    clauses = clauses_of(page.notice, page.said)
    at = page.notice.clauses.index(below)
    return page.printed(
        "clause.html",
        clause=clauses[at],
        before=clauses[at - 1] if at else None,
        after=clauses[at + 1] if at + 1 < len(clauses) else None,
        steps=_steps(page, below),
    )


def _whole(page: Page, notice: Notice, day: dt.date | None = None) -> dict[str, Any]:
    """A whole version; of a `day` that somebody asked for, or the one in force."""
    title = notice.wording[page.language].title
    return {"clauses": clauses_of(notice, page.said_of(notice.id)), "of_day": notice, "title": title, "day": day}


def _history(page: Page, asked: str = "", fault: str = "") -> dict[str, Any]:
    return {"steps": _steps(page), "typed": asked, "fault": fault}


def findable(front: Front) -> Iterator[Findable]:
    """Every clause and every parameter of the notice in force, in every language."""
    try:
        notice = front.notices.on(front.screens.today())
    except NoNotice:
        return
    said = {language: Said(front.speech(notice.id, language), LABELS[language]) for language in LANGUAGES}
    every = {language: clauses_of(notice, one) for language, one in said.items()}
    for place, clause in enumerate(notice.clauses):
        told = {language: clauses[place] for language, clauses in every.items()}
        titles = {language: f"{clause} {one.title}" for language, one in told.items()}
        yield Findable("clause", f"{ROOT}/{clause}", titles, {language: one.text for language, one in told.items()})
        for n, value in enumerate(told[LANGUAGES[0]].values):
            values = {language: one.values[n] for language, one in told.items()}
            texts = {k: " ".join((*v.lines, v.why)).strip() for k, v in values.items()}
            names = {k: v.name for k, v in values.items()}
            yield Findable("parameter", f"{ROOT}/{clause}#{value.code}", names, texts)


FAMILY = Family(
    root=ROOT,
    routes=(ROOT, f"{ROOT}/history", f"{ROOT}/{{clause:str}}"),
    addresses=_addresses,
    made=_made,
    findable=findable,
)


# A day's notice ------------------------------------------------------------------------------------------------------


@get(f"{ROOT}/on")
async def get_notice_on(request: Asked) -> Response[bytes]:
    """The notice as it is in force on a day. What is no day, or a day that has none, is told beside the field."""
    page = Page(request)
    asked = typed(request, "day")[:20]
    try:
        day = dt.date(*map(int, re.findall(r"[0-9]+", unicodedata.normalize("NFKC", asked))))
        notice = page.front.notices.on(day)
    except (ValueError, TypeError, OverflowError):
        fault = page.labels["no_such_day"]
    except NoNotice:
        first = page.front.notices.versions[0].in_force_from
        fault = page.labels["none_that_day"].format(page.said.day(day), page.said.day(first))
    else:
        return await page.show("notice.html", **_whole(page, notice, day))
    return await page.show("history.html", status=400, **_history(page, asked, fault))
