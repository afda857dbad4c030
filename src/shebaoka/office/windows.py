"""Windows, institutions and terminals: the system administrator's pages. An auditor reads; anybody sees the windows.

The rooms of the desk hold who may. A terminal's keys are shown once, in the answer to the form itself.
"""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import CARES, EVERY_WINDOW, RIGHTS, NewTerminal, Right, Staff, spoken_day, spoken_week
from shebaoka.office.configured import fault_in, happened, local
from shebaoka.office.frame import Page
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotFound

ALGORITHMS = ("hmac-sha256", "hmac-sm3", "ed25519")
CIPHERS = ("aes", "sm4")
FIELDS = ("code", "name", "site", "address", "hours", "coordinates")
DAY_FIELDS = ("of", "first", "last", "how", "hours", "why")
TYPED = ("code", "name", "key_id", "institution", "algorithm", "pin_cipher", "public_key")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")


# Windows -------------------------------------------------------------------------------------------------------------


async def _windows(
    request: Asked,
    *,
    status: int = 200,
    fault: str = "",
    typed: dict[str, str] | None = None,
    day: dict[str, str] | None = None,
) -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        room = page.front.windows
        windows = room.everybody()
        of = request.query_params.get("change", "") if status == 200 else ""
        chosen = next((w for w in windows if w.code == of and w.ended_at is None), None)
        placed: dict[str, list[str]] = {}
        if staff.may(Right.SEE_STAFF):
            for account in page.front.staff.everybody(seen_by=staff):
                if account.ended_at is None:
                    placed.setdefault(account.place, []).append(account.name)
        sees = staff.may(Right.SEE_CONFIGURATION)
        return page.show_at_once(
            "windows.html",
            status=status,
            windows=windows,
            placed=placed if staff.may(Right.SEE_STAFF) else None,
            events=happened(page, room.events(seen_by=staff)) if sees else [],
            keeps=staff.may(Right.KEEP_WINDOWS),
            chosen=chosen,
            typed=typed or ({f: getattr(chosen, f) for f in FIELDS} if chosen else dict.fromkeys(FIELDS, "")),
            weeks={w.code: spoken_week(w.week, page.said.words) if w.week else "" for w in windows},
            days=[(d, spoken_day(d, page.said.speech)) for d in room.days(page.on)],
            day=day or dict.fromkeys(DAY_FIELDS, "") | {"how": "closed"},
            every=EVERY_WINDOW,
            waits=page.front.shown_windows.waiting(page.on),
            signs=staff.may(Right.SEE_CONFIGURATION) or staff.may(Right.APPROVE_ARTICLES),
            fault=fault,
            at=lambda at: local(page, at),
        )

    return await to_thread.run_sync(show)


@get("/windows")
async def get_windows(request: Asked) -> Response[bytes]:
    """All windows, and what was done to them."""
    return await _windows(request)


async def _kept(request: Asked, act: Callable[..., None], form: dict[str, str]) -> Response[bytes]:
    """Do it and show the windows; what cannot be is told with its field, and what was typed is still there."""
    labels = Page(request).labels
    said = {field: form.get(field, "") for field in FIELDS}
    try:
        await to_thread.run_sync(partial(act, **said, by=request.state.staff))
    except (BadInput, NotFound) as e:
        names = {
            "code": labels["window_code"],
            "name": labels["its_name"],
            "site": labels["site"],
            "address": labels["address"],
            "hours": labels["opening_hours"],
            "coordinates": labels["coordinates"],
        }
        return await _windows(request, status=e.status, fault=fault_in(labels, e, names), typed=said)
    return moved_to("/windows")


@post("/windows")
async def post_window(request: Asked) -> Response[bytes]:
    """A new window."""
    form = await form_of(request)
    return await _kept(request, front_of(request).windows.add, form)


@post("/windows/change")
async def post_window_changed(request: Asked) -> Response[bytes]:
    """Other words about a window."""
    form = await form_of(request)
    return await _kept(request, front_of(request).windows.change, form)


@post("/windows/days")
async def post_window_days(request: Asked) -> Response[bytes]:
    """Days on which a window, or every one, is open otherwise, closed, or as in the week again."""
    form = await form_of(request)
    request.state.staff.must(Right.KEEP_WINDOWS)  # before a field is found wrong
    labels = Page(request).labels
    said = {field: form.get(field, "") for field in DAY_FIELDS}
    try:
        first, last = (_day_in(said, field) for field in ("first", "last" if said["last"] else "first"))
        act = partial(front_of(request).windows.say_days, said["of"], first, last, _hours_in(said), said["why"])
        await to_thread.run_sync(partial(act, by=request.state.staff))
    except (BadInput, NotFound) as e:
        names = {
            "first": labels["day_from"],
            "last": labels["day_to"],
            "hours": labels["opening_hours"],
            "why": labels["day_why"],
        }
        return await _windows(request, status=e.status, fault=fault_in(labels, e, names), day=said)
    return moved_to("/windows")


def _hours_in(said: dict[str, str]) -> str | None:
    """The hours of the form's days: none where they are closed, None where they are as usual again. `BadInput`."""
    if said["how"] == "hours" and not said["hours"].strip():
        raise BadInput("hours: say from when to when.")
    return {"closed": "", "usual": None}.get(said["how"], said["hours"])


def _day_in(said: dict[str, str], field: str) -> dt.date:
    """A day of the form. `BadInput` names its field."""
    try:
        return dt.date.fromisoformat(said[field])
    except ValueError:
        raise BadInput(f"{field}: give a day such as 2013-10-01.") from None


@post("/windows/end")
async def post_window_ended(request: Asked) -> Response[bytes]:
    """The window is used no more."""
    form = await form_of(request)
    room = front_of(request).windows
    try:
        await to_thread.run_sync(partial(room.end, form.get("code", ""), by=request.state.staff))
    except NotFound:
        return await _windows(request, status=404, fault=Page(request).labels["is_not_in_use"])
    return moved_to("/windows")


# Institutions and terminals ------------------------------------------------------------------------------------------


async def _institutions(
    request: Asked,
    *,
    status: int = 200,
    fault: str = "",
    typed: dict[str, str] | None = None,
    made: NewTerminal | None = None,
) -> Response[bytes]:
    page, staff = Page(request), request.state.staff
    labels = page.labels

    def show() -> Response[bytes]:
        room = page.front.institutions
        return page.show_at_once(
            "institutions.html",
            status=status,
            institutions=room.everybody(seen_by=staff),
            terminals=room.terminals(seen_by=staff),
            events=happened(page, room.events(seen_by=staff)),
            keeps=staff.may(Right.KEEP_INSTITUTIONS),
            fault=fault,
            typed=dict.fromkeys(TYPED, "") | (typed or {}),
            made=made,
            kinds=dict(zip(CARES, (labels["outpatient"], labels["pharmacy"], labels["inpatient"]), strict=True)),
            rights={
                "enquire": labels["may_enquire"],
                "settle": labels["may_settle"],
                "stay": labels["may_register_stays"],
                "reconcile": labels["may_reconcile"],
            },
            algorithms=ALGORITHMS,
            ciphers=CIPHERS,
            at=lambda at: local(page, at),
        )

    return await to_thread.run_sync(show)


async def _refused(request: Asked, e: BadInput | NotFound, typed: dict[str, str]) -> Response[bytes]:
    labels = Page(request).labels
    names = {
        "code": labels["institution_code"],
        "name": labels["its_name"],
        "kinds": labels["may_settle_kinds"],
        "key_id": labels["key_id"],
        "institution": labels["institution_code"],
        "public_key": labels["public_key"],
        "may": labels["terminal_may"],
        "algorithm": labels["algorithm"],
        "pin_cipher": labels["pin_cipher"],
    }
    return await _institutions(request, status=e.status, fault=fault_in(labels, e, names), typed=typed)


@get("/institutions")
async def get_institutions(request: Asked) -> Response[bytes]:
    """All institutions and terminals, and what was done to them."""
    return await _institutions(request)


@post("/institutions")
async def post_institution(request: Asked) -> Response[bytes]:
    """A new institution."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    kinds = [care for care in CARES if f"kind_{care}" in form]
    add = partial(
        front_of(request).institutions.add,
        form.get("code", "").strip(),
        form.get("name", "").strip(),
        kinds,
        part_payment="part_payment" in form,
        by=staff,
    )
    try:
        await to_thread.run_sync(add)
    except BadInput as e:
        return await _refused(request, e, form)
    return moved_to("/institutions")


@post("/institutions/end")
async def post_institution_ended(request: Asked) -> Response[bytes]:
    """An institution ends, with its terminals."""
    form = await form_of(request)
    end = partial(front_of(request).institutions.end, form.get("code", ""), by=request.state.staff)
    try:
        await to_thread.run_sync(end)
    except NotFound as e:
        return await _refused(request, e, {})
    return moved_to("/institutions")


@post("/institutions/terminals", status_code=200)
async def post_terminal(request: Asked) -> Response[bytes]:
    """A new terminal, and its keys this one time."""
    form = await form_of(request)
    staff: Staff = request.state.staff
    staff.must(Right.KEEP_INSTITUTIONS)
    public_key = form.get("public_key", "").strip()

    def add() -> NewTerminal:
        if not _HEX.fullmatch(public_key):
            raise BadInput("public_key: give 64 hexadecimal digits.")
        return front_of(request).institutions.add_terminal(
            form.get("key_id", "").strip(),
            form.get("institution", "").strip(),
            algorithm=form.get("algorithm", ""),  # type: ignore[arg-type] # the room says what there is
            pin_cipher=form.get("pin_cipher", ""),  # type: ignore[arg-type]
            may=[right for right in RIGHTS if f"may_{right}" in form],
            public_key=bytes.fromhex(public_key),
            by=staff,
        )

    try:
        made = await to_thread.run_sync(add)
    except BadInput as e:
        return await _refused(request, e, form)
    return await _institutions(request, made=made)


@post("/institutions/terminals/end")
async def post_terminal_ended(request: Asked) -> Response[bytes]:
    """A terminal ends."""
    form = await form_of(request)
    end = partial(front_of(request).institutions.end_terminal, form.get("key_id", ""), by=request.state.staff)
    try:
        await to_thread.run_sync(end)
    except NotFound as e:
        return await _refused(request, e, {})
    return moved_to("/institutions")
