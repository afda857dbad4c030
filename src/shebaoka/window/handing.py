"""Handing over a tray of cards: one field that a card reader types into, one key that hands over, the list below.

A scan is Enter, and Enter again hands over; or card or number of the same person is scanned once more, to be sure. What
cannot go is told at once, with its clause or what to do, by a mark and words. Nobody's number stands in an address.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Found, HandoverLine, HandoverTray, Key, KeyKind, Staff, read_as
from shebaoka.numbers import mask, mask_name
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, Material, NotFound
from shebaoka.web import looked_up
from shebaoka.window.frame import Page
from shebaoka.window.lists import at_the_desk
from shebaoka.window.stepping import agent_of

SHOWN = 50
"""Scans on the page, the latest first; the list has all."""
PRINTED = 2000
_ID = re.compile(r"t[0-9a-f]{16}")
_LINE = re.compile(r"[1-9][0-9]{0,17}")


class LineShown(msgspec.Struct, frozen=True):
    """A scan as a page shows it, number and name masked; `yes` where the card was handed over, `no` where not."""

    line: HandoverLine
    at: str
    number: str
    name: str
    yes: bool
    no: bool
    state: str
    clause: str
    says: list[str]


def asked_of(page: Page) -> tuple[Material, ...]:
    """What the notice asks whoever collects a card to show, an agent's own papers among it (7.2)."""
    materials = page.notice.materials.get("collect_card")
    return () if materials is None else tuple(dict.fromkeys((*materials.holder, *materials.agent_adds)))


@get("/handing-over")
async def get_trays(request: Asked) -> Response[bytes]:
    """The latest trays, and the form that begins one."""
    return await _trays_page(request)


async def _trays_page(request: Asked, *, fault: str = "", typed: dict[str, str] | None = None) -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        return page.show_at_once(
            "trays.html",
            status=400 if fault else 200,
            trays=page.front.handing.latest(staff),
            zone=page.front.notices.zone,
            materials=asked_of(page),
            agent_materials=page.notice.materials["collect_card"].agent_adds,
            tray_id=f"t{secrets.token_hex(8)}",
            fault=fault,
            typed=typed or {},
        )

    return await to_thread.run_sync(show)


@post("/handing-over", status_code=200)
async def post_tray(request: Asked) -> Response[bytes]:
    """Begin a tray: who collects, and what was shown."""
    form = await form_of(request)
    page, front, staff = Page(request), front_of(request), request.state.staff

    def begin() -> str:
        who = form.get("presenter", "")
        if who not in ("holder", "agent"):
            raise BadInput("presenter: choose who collects.", code="presenter")
        agent = agent_of(form, page.on) if who == "agent" else None
        shows = [m for m in asked_of(page) if form.get(f"shows_{m}") == "yes"]
        return front.handing.open(staff, form.get("tray", ""), agent, shows).id

    try:
        tray_id = await to_thread.run_sync(begin)
    except BadInput as e:
        return await _trays_page(request, fault=page.fault(e), typed=form)
    return moved_to(f"/handing-over/{tray_id}")


def _tray_of(request: Asked) -> HandoverTray:
    """The tray that the address names. `NotFound`, `NotAllowed`."""
    tray_id, staff = str(request.path_params["tray_id"]), request.state.staff
    if not _ID.fullmatch(tray_id):
        raise NotFound("There is no such tray.")
    return front_of(request).handing.get(staff, tray_id)


@get("/handing-over/{tray_id:str}")
async def get_tray(request: Asked) -> Response[bytes]:
    """A tray: the field, what was just scanned, and the list below."""
    return await _tray_page(request)


async def _tray_page(request: Asked, *, fault: str = "", typed: str = "") -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        tray = _tray_of(request)
        room = page.front.handing
        pending = room.pending(staff, tray.id) if tray.closed_at is None else None
        lines = [_shown(page, line) for line in room.lines(staff, tray.id, limit=SHOWN)]
        values = _tray_values(page, tray) | {
            "pending": _shown(page, pending) if pending else None,
            "lines": lines,
            "fault": fault,
            "typed": typed,
        }
        return page.show_at_once("tray.html", status=400 if fault else 200, **values)

    return await to_thread.run_sync(show)


def _tray_values(page: Page, tray: HandoverTray) -> dict[str, Any]:
    """A tray's heading."""
    return {
        "tray": tray,
        "opened_at": tray.opened_at.astimezone(page.front.notices.zone),
        "agent_name": mask_name(tray.agent.name) if tray.agent else "",
        "agent_number": mask(tray.agent.number) if tray.agent else "",
    }


@get("/handing-over/{tray_id:str}/list")
async def get_list(request: Asked) -> Response[bytes]:
    """Everything that was handed over, with room for signatures, to be printed and signed."""
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        tray = _tray_of(request)
        lines = page.front.handing.lines(staff, tray.id, limit=PRINTED)
        shown = [_shown(page, line) for line in reversed(lines) if line.state == "accepted"]
        return page.show_at_once("tray_list.html", lines=shown, **_tray_values(page, tray))

    return await to_thread.run_sync(show)


@post("/handing-over/{tray_id:str}/scan", status_code=200)
async def post_scan(request: Asked) -> Response[bytes]:
    """A card or a person was scanned; what was found stands on the tray's page."""
    form = await form_of(request)
    page, front, staff = Page(request), front_of(request), request.state.staff
    tray, text = await to_thread.run_sync(_tray_of, request), form.get("text", "")
    try:
        found: Found = await to_thread.run_sync(front.finding.find, staff, text)
        screen = None
        if len(found.people) == 1:
            screen, _ = await looked_up(front, staff, found.people[0].number, f"handing over {tray.id}")
        key = next((k for k in read_as(text) if k.kind is found.kind), read_as(text)[0])

        def scan() -> None:
            front.handing.scan(staff, tray, key, screen, len(found.people) > 1, at_the_desk(front))

        await to_thread.run_sync(scan)
    except BadInput as e:
        return await _tray_page(request, fault=page.fault(e), typed=text)
    return moved_to(f"/handing-over/{tray.id}")


@get([f"/handing-over/{{tray_id:str}}/{form}" for form in ("scan", "hand-over", "leave", "close")])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form, asked for again as a page: in another language, or after signing in. The tray is shown."""
    tray = await to_thread.run_sync(_tray_of, request)
    asked = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/handing-over/{tray.id}{asked}")


def _line_id(form: dict[str, str]) -> int:
    if not _LINE.fullmatch(form.get("line", "")):
        raise NotFound("There is no such scan.")
    return int(form["line"])


def _checked(text: str) -> Key | None:
    """What was scanned a second time: a whole number or card, or nothing."""
    if not text.strip():
        return None
    kinds = (KeyKind.NUMBER, KeyKind.CARD_NUMBER, KeyKind.CARD_SERIAL)
    key = next((k for k in read_as(text) if k.kind in kinds), None)
    if key is None:
        raise BadInput("check: scan the card or the number.", code="card_of_another")
    return key


@post("/handing-over/{tray_id:str}/hand-over", status_code=200)
async def post_hand_over(request: Asked) -> Response[bytes]:
    """Hand over what was scanned. Pressed twice, it is handed over once."""
    form = await form_of(request)
    page, front, staff = Page(request), front_of(request), request.state.staff

    def hand_over() -> str:
        tray, line = _tray_of(request), _line_id(form)
        hands_in = form.get("hands_in") == "yes"
        check = _checked(form.get("check", ""))
        front.handing.hand_over(staff, tray, line, check, hands_in=hands_in, submit=at_the_desk(front))
        return tray.id

    try:
        tray_id = await to_thread.run_sync(hand_over)
    except BadInput as e:
        return await _tray_page(request, fault=page.fault(e))
    return moved_to(f"/handing-over/{tray_id}")


@post("/handing-over/{tray_id:str}/leave", status_code=200)
async def post_leave(request: Asked) -> Response[bytes]:
    """What was scanned is not handed over now."""
    form = await form_of(request)
    return await _done(request, lambda staff, tray: front_of(request).handing.leave(staff, tray, _line_id(form)))


@post("/handing-over/{tray_id:str}/close", status_code=200)
async def post_close(request: Asked) -> Response[bytes]:
    """Nothing more is scanned into the tray."""
    await form_of(request)
    return await _done(request, lambda staff, tray: front_of(request).handing.close(staff, tray.id))


async def _done(request: Asked, act: Any) -> Response[bytes]:
    """Do something to the tray, and show it."""
    staff: Staff = request.state.staff

    def do() -> str:
        tray = _tray_of(request)
        act(staff, tray)
        return tray.id

    return moved_to(f"/handing-over/{await to_thread.run_sync(do)}")


def _shown(page: Page, line: HandoverLine) -> LineShown:
    """A scan in words."""
    t, says, clause = page.labels, list[str](), ""
    yes, no = line.state == "accepted", line.state in ("told", "refused")
    if line.fault:
        says = [t[f"hand_fault_{line.fault}"]]
    elif line.answer is not None:
        said = page.said_of(line.answer.notice).speech
        clause = line.answer.clause
        says = [said.says(line.answer), *_todo(said.do(line.answer), yes=yes)]
    return LineShown(
        line=line,
        at=f"{line.at.astimezone(page.front.notices.zone):%H:%M:%S}",
        number=mask(line.number) if line.number else line.scanned,
        name=mask_name(line.name) if line.name else "—",
        yes=yes,
        no=no,
        state=t[f"hand_{line.state}"],
        clause=clause,
        says=says,
    )


def _todo(steps: Sequence[str], *, yes: bool) -> Sequence[str]:
    """What to bring or do after a no; after a yes the list stays short."""
    return [] if yes else steps
