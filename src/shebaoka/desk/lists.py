"""An employer's list of applications (单位名单): checked row by row, then applied for at the desk. Clauses 4.1, 4.2.

A row is asked for under an id that follows from list and row, and by whoever asked first: a second click, a resend, a
kill in the middle, or another clerk who goes on, do each row once. What was shown is ticked once for all rows, as an
employer brings it (docs/decisions); a photo is each row's own. Called by the window's pages.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from shebaoka.desk.fold import Outcome
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.listcheck import EmployerList, ListRow, OnFile, checked, draft_of, requests_of
from shebaoka.desk.papers import Papers
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.desk.windows import Windows
from shebaoka.notice import Notices
from shebaoka.numbers import fault_of
from shebaoka.records import (
    Agent,
    Answer,
    Ask,
    BadInput,
    Channel,
    Given,
    Material,
    NotFound,
    Receipt,
    Sender,
    Trouble,
)
from shebaoka.store import Views
from shebaoka.store import lists as sql

ROWS_MAX = 5000
"""As many rows as a list may have."""
TRAY = 100
"""Rows that go to the desk together; two requests each where somebody is registered too."""
AT_ONCE = 1000
"""Rows that are asked for before the page says how far it is."""
SHOWN = 100
_ID = re.compile(r"l[0-9a-f]{16}")
_EMPLOYER_MAX, _FILE_MAX = 100, 100
Submit = Callable[[Sequence[Ask], bool], list[Outcome]]
"""Puts asks to the desk, for real or as a dry run, and waits for the outcomes."""


class NewRow(msgspec.Struct, frozen=True):
    """A row as it was read from a file: its number there, its texts, and what was wrong with reading it."""

    n: int
    number: str
    name: str
    region: str = ""
    insured_on: str = ""
    collect_at: str = ""
    ethnic_group: str = ""
    fault: str = ""


class Lists:
    """Takes lists in, checks their rows and goes on with them. Safe for many threads. Rights are asked here."""

    def __init__(self, views_: Views, notices: Notices, windows: Windows, papers: Papers, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._windows = windows
        self._papers = papers
        self._clock = clock

    def add(
        self,
        staff: Staff,
        list_id: str,
        employer: str,
        agent: Agent,
        shows: Sequence[Material],
        file_name: str,
        rows: Sequence[NewRow],
    ) -> EmployerList:
        """Take a list in; nothing is checked yet. The same id again is the list that is there. `BadInput` by code."""
        staff.must(Right.SERVE_AT_WINDOW)
        employer = " ".join(employer.split())
        self._must_be_fit(list_id, employer, agent, rows)
        first: dict[str, int] = {}
        twice = [first.setdefault(row.number, row.n) for row in rows]
        values = {
            "id": list_id,
            "employer": employer,
            "agent": msgspec.json.encode(agent).decode(),
            "shows": ",".join(shows),
            "file_name": "".join(c for c in file_name if c.isprintable())[:_FILE_MAX],
            "rows": len(rows),
            "by": staff.name,
            "place": _place(staff),
            "at": self._clock(),
        }
        columns = {
            "ns": [row.n for row in rows],
            "numbers": [row.number for row in rows],
            "names": [row.name for row in rows],
            "regions": [row.region for row in rows],
            "days": [row.insured_on for row in rows],
            "windows": [row.collect_at for row in rows],
            "ethnic_groups": [row.ethnic_group for row in rows],
            "faults": [row.fault for row in rows],
            "fault_rows": [n if n != row.n and row.number else None for n, row in zip(twice, rows, strict=True)],
        }
        with self._views.together() as run:
            if run(sql.ADD, values):
                run(sql.ADD_ROWS, {"id": list_id} | columns)
        return self.get(staff, list_id)

    def _must_be_fit(self, list_id: str, employer: str, agent: Agent, rows: Sequence[NewRow]) -> None:
        if not _ID.fullmatch(list_id):
            raise BadInput("list: open the page again and send the form from there.", code="list_id")
        if not 0 < len(employer) <= _EMPLOYER_MAX or not employer.isprintable():
            raise BadInput(f"employer: give the employer's name, at most {_EMPLOYER_MAX} characters.", code="employer")
        if fault_of(agent.number, self._today()) is not None:
            raise BadInput(
                "agent_number: not a valid ID number; compare the 18 characters with the ID card.", code="agent_number"
            )
        if not 0 < len(rows) <= ROWS_MAX:
            raise BadInput(f"file: a list has 1 to {ROWS_MAX} rows.", code="list_rows")

    def get(self, staff: Staff, list_id: str) -> EmployerList:
        """A list with its counts. `NotFound`, `NotAllowed`."""
        staff.must(Right.SERVE_AT_WINDOW)
        rows = self._views.rows(sql.LIST, {"id": list_id})
        if not rows:
            raise NotFound("There is no such list.")
        return self._counted(rows)[0]

    def latest(self, staff: Staff, limit: int = 50) -> list[EmployerList]:
        """Everybody's lists, the latest first."""
        staff.must(Right.SERVE_AT_WINDOW)
        return self._counted(self._views.rows(sql.LISTS, {"limit": limit}))

    def rows(
        self, staff: Staff, list_id: str, *, after: int = 0, only_bad: bool = False, limit: int = SHOWN
    ) -> list[ListRow]:
        """Rows of a list in the file's order, those behind one; all, or those that were held back or refused."""
        staff.must(Right.SERVE_AT_WINDOW)
        values = {"id": list_id, "after": after, "limit": limit}
        return [_row(row) for row in self._views.rows(sql.BAD_ROWS if only_bad else sql.ROWS, values)]

    def check(self, staff: Staff, list_id: str, submit: Submit) -> EmployerList:
        """Hold every row that was not asked for against what is on file, and foretell the desk's answer.

        Nothing counts by it. `submit` puts dry runs to the desk.
        """
        listed, sender = self.get(staff, list_id), _sender(staff.name, _place(staff))
        at = self._clock()
        given = Given(at=at, on=at.astimezone(self._notices.zone).date(), channel=sender.channel)
        notice, windows = self._notices.on(given.on), {w.code for w in self._windows.in_use()}
        after = 0
        while rows := self._open(sql.TO_CHECK, list_id, after):
            people = self._on_file({row.number for row in rows})
            photos = self._photos(list_id, rows)
            found = [
                checked(row, listed, people.get(row.number), photos.get(row.n, ""), windows, notice, given)
                for row in rows
            ]
            known = [n for n, row in enumerate(found) if row.verdict == "good" and not row.registers]
            asks = [Ask(requests_of(found[n], listed)[-1], sender) for n in known]
            for n, outcome in zip(known, submit(asks, True) if asks else [], strict=True):
                found[n] = _foretold(found[n], outcome)
            self._views.write(sql.CHECKED, {"id": list_id} | _checks(found))
            after = rows[-1].n
        return self.get(staff, list_id)

    def go_on(self, staff: Staff, list_id: str, submit: Submit, *, at_once: int = AT_ONCE) -> EmployerList:
        """Ask for the next so many good rows that have no answer yet; each stays answered once it is.

        Call it until nobody is `waiting`. A `Trouble` of all leaves rows without an answer, to be gone on with.
        """
        listed, after = self.get(staff, list_id), 0
        for _ in range(0, at_once, TRAY):
            values = {"id": list_id, "after": after, "limit": TRAY, "by": staff.name, "place": _place(staff)}
            with self._views.together() as run:
                run(sql.CLAIM, values)
                rows = [_row(row) for row in run(sql.CLAIMED, values)]
            if not rows:
                break
            self._ask(listed, rows, submit)
            after = rows[-1].n
        return self.get(staff, list_id)

    def _ask(self, listed: EmployerList, rows: Sequence[ListRow], submit: Submit) -> None:
        """Put rows to the desk in one tray, and put down what it answered to each."""
        asks, last = list[Ask](), dict[int, int]()
        for row in rows:
            sender = _sender(row.asked_by or "", row.asked_place or "")
            asks += [Ask(request, sender) for request in requests_of(row, listed)]
            last[row.n] = len(asks) - 1
        outcomes = submit(asks, False)
        answered = [(n, outcome) for n, at in last.items() if isinstance(outcome := outcomes[at], Receipt)]
        self._attach(listed, rows, dict(answered))
        values = {
            "id": listed.id,
            "ns": [n for n, _ in answered],
            "outcomes": [receipt.answer.outcome for _, receipt in answered],
            "answers": [msgspec.json.encode(receipt.answer).decode() for _, receipt in answered],
            "entries": [receipt.entry for _, receipt in answered],
        }
        self._views.write(sql.ANSWERED, values)
        if not answered and (trouble := next((o for o in outcomes if isinstance(o, Trouble)), None)) is not None:
            raise trouble

    def _attach(self, listed: EmployerList, rows: Sequence[ListRow], answered: Mapping[int, Receipt]) -> None:
        """The photos of accepted rows become their people's. Doing it again changes nothing."""
        for row in rows:
            receipt = answered.get(row.n)
            if row.paper and receipt is not None and receipt.answer.outcome == "accepted":
                person_id = int(receipt.entry.partition("-")[0])
                self._papers.attach(draft_of(listed.id, row.n), person_id, receipt.entry)

    def _photos(self, list_id: str, rows: Sequence[ListRow]) -> dict[int, str]:
        """The photos that came with a list, by row."""
        of = {draft_of(list_id, row.n): row.n for row in rows}
        return {of[draft]: paper for draft, paper in self._views.rows(sql.ROW_PHOTOS, {"drafts": list(of)})}

    def without_photo(self, staff: Staff, list_id: str) -> dict[str, int]:
        """The rows for which a photo can still come, by the number of their people. `NotFound`, `NotAllowed`."""
        listed = self.get(staff, list_id)
        rows = {number: int(n) for number, n in self._views.rows(sql.WITHOUT_PHOTO, {"id": listed.id})}
        there = self._views.rows(sql.ROW_PHOTOS, {"drafts": [draft_of(list_id, n) for n in rows.values()]})
        have = {draft for draft, _ in there}
        return {number: n for number, n in rows.items() if draft_of(list_id, n) not in have}

    def _open(self, statement: str, list_id: str, after: int) -> list[ListRow]:
        values = {"id": list_id, "after": after, "limit": 2 * TRAY}
        return [_row(row) for row in self._views.rows(statement, values)]

    def _on_file(self, numbers: set[str]) -> dict[str, OnFile]:
        return {row[0]: OnFile(*row[1:]) for row in self._views.rows(sql.ON_FILE, {"numbers": sorted(numbers)})}

    def _counted(self, rows: Sequence[tuple[Any, ...]]) -> list[EmployerList]:
        counts = {row[0]: row[1:] for row in self._views.rows(sql.COUNTS, {"lists": [row[0] for row in rows]})}
        return [_list(row, counts.get(row[0], ())) for row in rows]

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()


def _place(staff: Staff) -> str:
    return staff.place or staff.role.value


def _sender(by: str, place: str) -> Sender:
    return Sender(by=by, channel=Channel.WINDOW, place=place)


def _foretold(row: ListRow, outcome: Outcome) -> ListRow:
    """A row with what the desk would answer. A trouble alone of it is raised: nothing is known of the row."""
    if isinstance(outcome, Trouble):
        raise outcome
    verdict: Literal["good", "no"] = "good" if outcome.answer.outcome == "accepted" else "no"
    return msgspec.structs.replace(row, verdict=verdict, foretold=outcome.answer)


def _checks(rows: Sequence[ListRow]) -> dict[str, list[Any]]:
    """The columns of what was found out about rows."""
    return {
        "ns": [row.n for row in rows],
        "verdicts": [row.verdict for row in rows],
        "faults": [row.fault for row in rows],
        "foretold": [msgspec.json.encode(row.foretold).decode() if row.foretold else "" for row in rows],
        "registers": [row.registers for row in rows],
        "photographed": [row.photographed for row in rows],
        "papers": [row.paper for row in rows],
    }


def _answer(text: str) -> Answer | None:
    return msgspec.json.decode(text, type=Answer) if text else None


def _row(row: tuple[Any, ...]) -> ListRow:
    values = dict(zip(ListRow.__struct_fields__, row, strict=True))
    return ListRow(**values | {"foretold": _answer(values["foretold"]), "answer": _answer(values["answer"])})


def _list(row: tuple[Any, ...], counts: tuple[int, ...]) -> EmployerList:
    head, employer, agent, shows, *rest = row
    materials = tuple(Material(m) for m in shows.split(",") if m)
    return EmployerList(head, employer, msgspec.json.decode(agent, type=Agent), materials, *rest, *counts)
