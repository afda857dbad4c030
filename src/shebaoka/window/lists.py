"""Employers' lists: a file is uploaded and checked row by row, and its good rows are applied for, so many at a time.

Nothing counts before the clerk has seen the check. Each press of the key asks for the next rows and shows how far it
is; the result is a file that says of each row what became of it, and by which clause.
"""

import csv
import io
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.cells import as_text
from shebaoka.desk import ROWS_MAX, EmployerList, ListRow, Outcome, Right, Staff
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import HEADERS, Asked, front_of, moved_to
from shebaoka.records import Ask, BadInput, Material, NotFound
from shebaoka.web import Front
from shebaoka.window.frame import Page
from shebaoka.window.listfile import read_list
from shebaoka.window.listphotos import Photos, take_photos
from shebaoka.window.stepping import agent_of, uploaded

SHOWN = 100
"""Rows on a page."""
GO_ON = 1000
"""Rows that one press of the key applies for."""
_ID = re.compile(r"l[0-9a-f]{16}")
_N = re.compile(r"[0-9]{1,9}")


class RowShown(msgspec.Struct, frozen=True):
    """A row as a page or a file shows it: its state in words, whether that is a yes, and what to do."""

    row: ListRow
    number: str
    name: str
    state: str
    yes: bool
    clause: str
    says: list[str]


def must_serve_at_a_window(connection: Any, _: object) -> None:
    """A guard behind `must_be_known`: the role serves at a window. `NotAllowed`."""
    staff: Staff = connection.state.staff
    staff.must(Right.SERVE_AT_WINDOW)


def asked_of(page: Page) -> tuple[Material, ...]:
    """What the notice asks to be brought for the rows of a list, the photo left out: each row has its own (4.2)."""
    found: dict[Material, None] = {}
    for service in ("apply_for_card", "register_person"):
        materials = page.notice.materials.get(service)
        if materials is not None:
            found |= dict.fromkeys((*materials.holder, *materials.agent_adds))
    return tuple(m for m in found if m is not Material.PHOTO)


@get("/lists")
async def get_lists(request: Asked) -> Response[bytes]:
    """The latest lists, and the form for a new one."""
    return await _lists_page(request)


async def _lists_page(request: Asked, *, fault: str = "", typed: dict[str, str] | None = None) -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        return page.show_at_once(
            "lists.html",
            status=400 if fault else 200,
            lists=page.front.lists.latest(staff),
            zone=page.front.notices.zone,
            materials=asked_of(page),
            list_id=f"l{secrets.token_hex(8)}",
            rows_max=ROWS_MAX,
            fault=fault,
            typed=typed or {},
        )

    return await to_thread.run_sync(show)


@post("/lists", status_code=200)
async def post_list(request: Asked) -> Response[bytes]:
    """Take a list in and check it. What was typed is still there if it cannot be taken; the file is chosen anew."""
    form, files = await uploaded(request)
    page, front, staff = Page(request), front_of(request), request.state.staff

    def take() -> str:
        agent = agent_of(form, page.on)
        shows = [m for m in asked_of(page) if form.get(f"shows_{m}") == "yes"]
        rows = read_list(files.get("file", [b""])[-1])
        named = form.get("file_name", "")
        listed = front.lists.add(staff, form.get("list", ""), form.get("employer", ""), agent, shows, named, rows)
        front.lists.check(staff, listed.id, at_the_desk(front))
        return listed.id

    try:
        list_id = await to_thread.run_sync(take)
    except BadInput as e:
        return await _lists_page(request, fault=page.fault(e), typed=form)
    return moved_to(f"/lists/{list_id}")


def at_the_desk(front: Front) -> Callable[[Sequence[Ask], bool], list[Outcome]]:
    """How many asks are put to the desk: in line with everybody else, a tray at a time."""

    def submit(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        return front.counter.submit(asks, dry_run=dry_run).result()

    return submit


def _list_id(request: Asked) -> str:
    list_id = str(request.path_params["list_id"])
    if not _ID.fullmatch(list_id):
        raise NotFound("There is no such list.")
    return list_id


@get("/lists/{list_id:str}")
async def get_list(request: Asked) -> Response[bytes]:
    """A list: how far it is, the key that goes on with it, and its rows."""
    return await _list_page(request)


async def _list_page(request: Asked, *, photos: Photos | None = None, fault: str = "") -> Response[bytes]:
    page, staff, list_id = Page(request), request.state.staff, _list_id(request)
    after, show = request.query_params.get("after", "0"), request.query_params.get("show", "")
    if not _N.fullmatch(after):
        raise BadInput("after: give the number of a row.")

    def shown() -> Response[bytes]:
        listed = page.front.lists.get(staff, list_id)
        only_bad = show == "bad" or (show != "all" and bool(listed.held_back or listed.refused))
        rows = page.front.lists.rows(staff, list_id, after=int(after), only_bad=only_bad, limit=SHOWN + 1)
        return page.show_at_once(
            "list.html",
            status=400 if fault else 200,
            fault=fault,
            photos=photos,
            lack_photos=len(page.front.lists.without_photo(staff, list_id)),
            listed=listed,
            added_at=listed.added_at.astimezone(page.front.notices.zone),
            agent_name=mask_name(listed.agent.name),
            agent_number=mask(listed.agent.number),
            rows=[_shown(page, row) for row in rows[:SHOWN]],
            more=rows[SHOWN - 1].n if len(rows) > SHOWN else 0,
            only_bad=only_bad,
            at_once=GO_ON,
            going=request.query_params.get("going", "") == "1",
        )

    return await to_thread.run_sync(shown)


@get([f"/lists/{{list_id:str}}/{form}" for form in ("check", "photos", "apply")])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form, asked for again as a page: in another language, or after signing in. The list is shown."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/lists/{_list_id(request)}{asked}")


@post("/lists/{list_id:str}/check", status_code=200)
async def post_check(request: Asked) -> Response[bytes]:
    """Check every row again that was not applied for: a photo may have come, or another window been opened."""
    await uploaded(request)
    front, staff, list_id = front_of(request), request.state.staff, _list_id(request)
    await to_thread.run_sync(front.lists.check, staff, list_id, at_the_desk(front))
    return moved_to(f"/lists/{list_id}")


@post("/lists/{list_id:str}/photos", status_code=200)
async def post_photos(request: Asked) -> Response[bytes]:
    """Take a zip of photos in for the rows that lack one, and check these again."""
    form, files = await uploaded(request)
    page, front, staff, list_id = Page(request), front_of(request), request.state.staff, _list_id(request)

    def take() -> Photos:
        content, crop = files.get("photos", [b""])[-1], form.get("crop") == "yes"
        photos = take_photos(page, staff, list_id, content, crop=crop)
        front.lists.check(staff, list_id, at_the_desk(front))
        return photos

    try:
        photos = await to_thread.run_sync(take)
    except BadInput as e:
        return await _list_page(request, fault=page.fault(e))
    return await _list_page(request, photos=photos)


@post("/lists/{list_id:str}/apply", status_code=200)
async def post_apply(request: Asked) -> Response[bytes]:
    """Apply for the next rows. Pressed twice, or by two clerks, each row is done once."""
    await uploaded(request)
    front, staff, list_id = front_of(request), request.state.staff, _list_id(request)

    def go_on() -> EmployerList:
        return front.lists.go_on(staff, list_id, at_the_desk(front), at_once=GO_ON)

    listed = await to_thread.run_sync(go_on)
    return moved_to(f"/lists/{list_id}" + ("?going=1" if listed.waiting else ""))


@get("/lists/{list_id:str}/result.csv")
async def get_result(request: Asked) -> Response[bytes]:
    """Every row with what became of it, in the page's language; the texts are the employer's own."""
    page, staff, list_id = Page(request), request.state.staff, _list_id(request)

    def made() -> bytes:
        t, text = page.labels, io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(
            [t["list_row"], t["number"], t["field_name"], t["list_state"], t["clause"], t["list_says"], t["entry"]]
        )
        after = 0
        while rows := page.front.lists.rows(staff, list_id, after=after, limit=1000):
            for row in rows:
                s = _shown(page, row)
                said = [as_text(x) for x in (row.number, row.name, s.state, s.clause, " ".join(s.says), row.entry)]
                writer.writerow([row.n, *said])
            after = rows[-1].n
        return text.getvalue().encode("utf-8-sig")

    await to_thread.run_sync(page.front.lists.get, staff, list_id)
    content = await to_thread.run_sync(made)
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{list_id}.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


def _shown(page: Page, row: ListRow) -> RowShown:
    """A row in words; number and name masked."""
    t = page.labels
    answer, says, clause = row.answer or row.foretold, list[str](), ""
    if row.outcome:
        state, yes = t[f"row_{row.outcome}"], row.outcome == "accepted"
    elif row.asked_by:
        state, yes = t["row_asked"], True
    else:
        state, yes = t[f"row_{row.verdict or 'unchecked'}"], row.verdict == "good"
    if row.fault:
        says = [t[f"row_fault_{row.fault}"].format(row.fault_row)]
    elif answer is not None and (not yes or row.outcome):
        said = page.said_of(answer.notice).speech
        clause, says = answer.clause, [said.says(answer), *([] if yes else said.do(answer))]
    elif row.registers and yes:
        says = [t["row_registers"]]
    return RowShown(row, mask(row.number), mask_name(row.name), state, yes, clause, says)
