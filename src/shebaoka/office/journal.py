"""The journal's pages: searching it, with the state of its chains, and everything that happened to one dossier.

A number travels in a form, never in an address. Each look at one person is kept in the journal first.
"""

import csv
import io
import re
from typing import Any

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.cells import as_text
from shebaoka.desk import ChainState, JournalLine, JournalState, Sought, Staff, must_see_accounts
from shebaoka.numbers import mask
from shebaoka.office.frame import Page
from shebaoka.pages import HEADERS, Asked, day_asked, form_of, front_of, moved_to
from shebaoka.pages.wording import Line
from shebaoka.records import SERVICES, BadInput, NotFound
from shebaoka.web import looked_up

LINES = 50
"""Journal entries on a page."""
OF_A_PERSON = 100
"""Entries of a dossier's history on a page."""
ALL = 1_000_000
REASON = "journal search"
ID_MAX = 2**63 - 1
_PLACE = re.compile(r"[1-9][0-9]{0,17}-[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_SEQ = re.compile(r"[1-9][0-9]{0,17}")
_FIELDS = ("clause", "outcome", "service", "by", "place", "on", "person", "before")


def _known(page: Page) -> dict[str, list[str]]:
    """What may be chosen of."""
    clauses = list(dict.fromkeys(c for notice in page.front.notices.versions for c in notice.clauses))
    return {"clause": clauses, "outcome": ["accepted", "refused"], "service": list(SERVICES)}


def _sought(page: Page, asked: dict[str, str]) -> Sought:
    """What an address asks for. `BadInput` names the field."""
    for key, values in _known(page).items():
        if asked[key] and asked[key] not in values:
            raise BadInput(f"{key}: choose one of the values on the page.")
    if asked["before"] and not _PLACE.fullmatch(asked["before"]):
        raise BadInput("before: give the place of an entry, such as 1001-7.")
    for key in ("by", "place"):
        if len(asked[key]) > 64 or not asked[key].isprintable():
            raise BadInput(f"{key}: give at most 64 printable characters.")
    return Sought(
        clause=asked["clause"],
        outcome=asked["outcome"],
        service=asked["service"],
        by=asked["by"],
        place=asked["place"],
        on=day_asked(asked["on"], page.on) if asked["on"] else None,
        person_id=_person(asked["person"]) if asked["person"] else None,
    )


def _person(asked: str) -> int:
    if not _SEQ.fullmatch(asked) or int(asked) > ID_MAX:
        raise NotFound("There is no such person.")
    return int(asked)


async def _searched(request: Asked, *, status: int = 200, fault: str = "") -> Response[bytes]:
    page, staff = Page(request), request.state.staff
    front = page.front
    query = request.query_params if status == 200 else {}
    asked = {key: query.get(key, "").strip() for key in _FIELDS}
    sought = _sought(page, asked)
    number = ""
    if sought.person_id is not None:
        number = await to_thread.run_sync(front.screens.number_of, sought.person_id)
        await looked_up(front, staff, number, REASON)

    def read() -> tuple[list[JournalLine], ChainState | None, JournalState]:
        after = front.screens.line(asked["before"]) if asked["before"] else None
        room = front.journal
        chain = room.chain_of(staff, sought.person_id) if sought.person_id is not None else None
        return room.search(staff, sought, limit=LINES + 1, before=after), chain, room.state(staff)

    found, chain, state = await to_thread.run_sync(read)
    kept = {key: value for key, value in asked.items() if value and key != "before"}
    return await page.show(
        "journal.html",
        status=status,
        fault=fault,
        lines=page.lines(found[:LINES]),
        asked=asked,
        kept=kept,
        known=_known(page),
        more=found[LINES - 1].place if len(found) > LINES else "",
        number=mask(number) if number else "",
        chain=chain,
        state=state,
        zone=front.notices.zone,
        by_sender=page.sees_accounts,
        lately=bool((sought.by or sought.place) and sought.on is None and sought.person_id is None),
    )


@get("/journal")
async def get_journal(request: Asked) -> Response[bytes]:
    """Entries, newest first, by what is searched for, and the state of the chains; a page goes on after an entry."""
    return await _searched(request)


@post("/journal")
async def post_journal_person(request: Asked) -> Response[bytes]:
    """To the entries of a person. The number comes in a form, so that no log and no history holds it."""
    form, staff = await form_of(request), request.state.staff
    number = form.get("number", "").strip().upper()
    page = Page(request)
    front = page.front
    if not _NUMBER.fullmatch(number):
        return await _searched(request, status=400, fault=page.labels["number_has_18"])
    try:
        screen = await to_thread.run_sync(front.person, number)
    except NotFound:
        screen = None
    if screen is None or screen.dossier.person is None:
        await _keep_the_look(request, staff, number)
        return await _searched(request, status=404, fault=page.labels["not_registered"])
    return moved_to(f"/journal?person={screen.person_id}")


async def _keep_the_look(request: Asked, staff: Staff, number: str) -> None:
    """A search for somebody who is not on file is journalled too."""
    try:
        await looked_up(front_of(request), staff, number, REASON)
    except NotFound:
        return


# Everything that happened to a dossier -------------------------------------------------------------------------------


async def _whose(request: Asked) -> tuple[int, str]:
    """Whom the address names: id and masked number, after the look-up is in the journal. `NotFound`."""
    person_id = int(request.path_params["person_id"])
    if not 0 < person_id <= ID_MAX:
        raise NotFound("There is no such person.")
    front = front_of(request)
    number = await to_thread.run_sync(front.screens.number_of, person_id)
    await looked_up(front, request.state.staff, number, "dossier history")
    return person_id, mask(number)


@get("/persons/{person_id:int}/history")
async def get_history(request: Asked) -> Response[bytes]:
    """Every entry of a dossier with its answer, who asked and where, and whether the chain is whole."""
    before = request.query_params.get("before", "")
    if before and not _SEQ.fullmatch(before):
        raise BadInput("before: give the number of an entry.")
    page, staff = Page(request), request.state.staff
    person_id, number = await _whose(request)

    def read() -> tuple[list[JournalLine], ChainState]:
        limit = OF_A_PERSON + 1
        found = page.front.screens.journal_of(person_id, limit=limit, before=int(before) if before else 2**62)
        return found, page.front.journal.chain_of(staff, person_id)

    found, chain = await to_thread.run_sync(read)
    return await page.show(
        "history.html",
        person_id=person_id,
        number=number,
        lines=page.lines(found[:OF_A_PERSON]),
        more=found[OF_A_PERSON - 1].seq if len(found) > OF_A_PERSON else 0,
        chain=chain,
    )


@get("/persons/{person_id:int}/history/file")
async def get_history_file(request: Asked) -> Response[bytes]:
    """The whole history as CSV, for who reads whole accounts; number and name are in none of it."""
    must_see_accounts(request.state.staff)
    page = Page(request)
    person_id, _ = await _whose(request)

    def read() -> bytes:
        return _csv(page.lines(page.front.screens.journal_of(person_id, limit=ALL)), page.labels)

    headers: dict[str, Any] = {**HEADERS, "Content-Disposition": f'attachment; filename="history-{person_id}.csv"'}
    return Response(await to_thread.run_sync(read), media_type="text/csv", headers=headers)


def _csv(lines: list[Line], labels: dict[str, str]) -> bytes:
    """Entries as a file for a spreadsheet; texts stay the texts that they are."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(
        [
            *(labels["entry"], labels["time"], labels["service"], labels["yes_no"], labels["clause"]),
            *(labels["answer"], labels["steps"], labels["by"], labels["channels"], labels["asked_from"]),
        ]
    )
    for line in lines:
        verdict = labels["yes"] if line.yes else labels["no"]
        said = [
            line.service,
            verdict,
            line.clause,
            line.sentence,
            " ".join(line.steps),
            line.by,
            line.channel,
            line.where,
        ]
        writer.writerow([as_text(line.place), f"{line.at:%Y-%m-%d %H:%M:%S}", *map(as_text, said)])
    return sheet.getvalue().encode("utf-8-sig")
