"""Makers of cards, banks and the keys of their files: the system administrator's page. An auditor reads.

The room of the desk holds who may. What is shown of a key is its public half.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import FileKey, Partner, Right
from shebaoka.office.configured import fault_in, happened, local
from shebaoka.office.frame import Page
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotFound

TYPED = ("code", "name", "format", "partner", "pem", "until", "from", "own_until")


class KeyShown(msgspec.Struct, frozen=True):
    """A key as the page shows it: how it stands in words, and its public half as PEM."""

    key: FileKey
    use: str
    state: str
    text: str


def _shown(key: FileKey, labels: dict[str, str], today: dt.date) -> KeyShown:
    if key.ended_at is not None:
        state = labels["was_ended"]
    elif today > key.until_on:
        state = labels["key_is_expired"]
    elif today < key.from_on:
        state = labels["key_not_yet"]
    else:
        state = labels["key_expires_soon" if key.expires_soon(today) else "key_good"]
    return KeyShown(key, labels[f"use_{key.use}"], state, key.text())


async def _partners(
    request: Asked, *, status: int = 200, fault: str = "", typed: dict[str, str] | None = None
) -> Response[bytes]:
    page, staff = Page(request), request.state.staff
    labels = page.labels

    def show() -> Response[bytes]:
        room = page.front.partners
        today = room.today()

        def kind(partner: Partner) -> str:
            return labels[f"partner_{partner.kind}"]

        return page.show_at_once(
            "partners.html",
            status=status,
            partners=room.everybody(seen_by=staff),
            kind=kind,
            own=[_shown(key, labels, today) for key in room.own_keys()],
            theirs=[_shown(key, labels, today) for key in room.public_keys(seen_by=staff)],
            formats={name: f"{name} · {format_.title}" for name, format_ in room.formats.items()},
            events=happened(page, room.events(seen_by=staff)),
            keeps=staff.may(Right.KEEP_PARTNERS),
            fault=fault,
            typed=dict.fromkeys(TYPED, "") | (typed or {}),
            at=lambda at: local(page, at),
        )

    return await to_thread.run_sync(show)


async def _done(request: Asked, act: Callable[[], object], typed: dict[str, str]) -> Response[bytes]:
    """Do it and show the page; what cannot be is told with its field, and what was typed is still there."""
    labels = Page(request).labels
    try:
        await to_thread.run_sync(act)
    except (BadInput, NotFound) as e:
        names = {
            "code": labels["partner_code"],
            "name": labels["its_name"],
            "format": labels["file_format"],
            "key": labels["pem"],
            "until": labels["valid_until"],
            "from": labels["valid_from"],
        }
        return await _partners(request, status=e.status, fault=fault_in(labels, e, names), typed=typed)
    return moved_to("/partners")


@get("/partners")
async def get_partners(request: Asked) -> Response[bytes]:
    """All partners and keys, and what was done to them."""
    return await _partners(request)


@post("/partners")
async def post_partner(request: Asked) -> Response[bytes]:
    """A new maker or bank."""
    form = await form_of(request)
    said = [form.get(field, "").strip() for field in ("code", "name", "format")]
    return await _done(request, partial(front_of(request).partners.add, *said, by=request.state.staff), form)


@post("/partners/end")
async def post_partner_ended(request: Asked) -> Response[bytes]:
    """A partner ends."""
    form = await form_of(request)
    end = partial(front_of(request).partners.end, form.get("code", ""), by=request.state.staff)
    return await _done(request, end, {})


@post("/partners/keys")
async def post_key(request: Asked) -> Response[bytes]:
    """A partner's public key."""
    form = await form_of(request)
    staff, room = request.state.staff, front_of(request).partners
    staff.must(Right.KEEP_PARTNERS)

    def add() -> None:
        from_on = _day("from", form) if form.get("from", "").strip() else None
        room.add_key(form.get("partner", ""), form.get("pem", ""), _day("until", form), from_on, by=staff)

    # A private key that somebody pasted by mistake is not sent back to where others may see it.
    typed = {**form, "pem": ""} if "PRIVATE" in form.get("pem", "") else form
    return await _done(request, add, typed)


@post("/partners/keys/end")
async def post_key_ended(request: Asked) -> Response[bytes]:
    """A key is used no more."""
    form = await form_of(request)
    end = partial(front_of(request).partners.end_key, form.get("key_id", ""), by=request.state.staff)
    return await _done(request, end, {})


@post("/partners/our-keys")
async def post_own_keys(request: Asked) -> Response[bytes]:
    """New keys of ours."""
    form = await form_of(request)
    staff, room = request.state.staff, front_of(request).partners
    staff.must(Right.KEEP_PARTNERS)
    return await _done(request, lambda: room.new_keys(_day("until", form, "own_until"), by=staff), form)


def _day(named: str, form: dict[str, str], field: str = "") -> dt.date:
    try:
        return dt.date.fromisoformat(form.get(field or named, "").strip())
    except ValueError:
        raise BadInput(f"{named}: give a day.") from None
