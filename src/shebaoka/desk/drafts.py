"""Drafts: services begun at a window, kept until they are confirmed, so that any window can take one up.

A draft changes by its version: whoever comes with an older one is told who changed what, and nothing of theirs is kept
or lost by it. Nothing counts until the draft is confirmed: then it becomes one request to the desk, under an id that
follows from the draft, so that a double click does one thing. A refusal leaves the draft open, to be gone on with.
"""

import datetime as dt
import re
import secrets
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from shebaoka.desk.fresh import Clock, draw_slip_code, now
from shebaoka.desk.rights import CHANNEL_OF, Right
from shebaoka.desk.screens import JournalLine, PersonScreen, Screens
from shebaoka.desk.staff import Staff
from shebaoka.desk.steps import WINDOW, Content, Flow, Step, fields_of
from shebaoka.notice import Materials, Notice
from shebaoka.records import (
    SERVICES,
    AnyRequest,
    Ask,
    BadInput,
    CardKind,
    Channel,
    Digits,
    DraftChanged,
    Means,
    NotAllowed,
    NotFound,
    Receipt,
    Sender,
    Tender,
)
from shebaoka.store import Views
from shebaoka.store import drafts as sql

SHOWN = 200
"""Drafts in a list, at most."""
REASON_MAX = 200
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


class Draft(msgspec.Struct, frozen=True):
    """A draft as it is on file. `entry` is the journal's entry of the last answer; `attempt` counts the answers."""

    id: str
    number: str
    person_id: int | None
    service: str
    card: str
    slip_code: str
    state: Literal["open", "done", "left"]
    version: int
    attempt: int
    content: Content
    base_seq: int
    opened_by: str
    place: str
    opened_at: dt.datetime
    changed_by: str
    changed_at: dt.datetime
    changed_step: str
    approval: Literal["", "asked", "given", "denied"]
    approved_by: str | None
    approval_reason: str | None
    approved_at: dt.datetime | None
    entry: str | None


class DraftEvent(msgspec.Struct, frozen=True):
    """A change of a draft: which version came of it, who made it where, and which step it was about."""

    version: int
    at: dt.datetime
    by: str
    place: str
    what: str


class Drafts:
    """Begins, changes, approves and confirms drafts. Safe for many threads. Rights are asked here."""

    def __init__(self, views_: Views, screens: Screens, clock: Clock = now) -> None:
        self._views = views_
        self._screens = screens
        self._clock = clock

    def open(
        self, staff: Staff, number: str, service: str, card: str = "", screen: PersonScreen | None = None
    ) -> Draft:
        """A new draft, or the open one of the same person, service and card, to be taken up.

        `screen` is the person's, where they are registered. `BadInput` for what no window does, `NotAllowed`.
        """
        _must_serve(staff)
        return self._open(number, service, card, screen, self._by(staff))

    def hand_over(self, staff: Staff, number: str, service: str, card: str, screen: PersonScreen, place: str) -> Draft:
        """A draft for the window where a caller will come, by an operator: its clerk finds it begun, and empty.

        One that is open already is what is found there. `BadInput`, `NotAllowed` as for `open`.
        """
        staff.must(Right.SERVE_CALLERS)
        return self._open(number, service, card, screen, self._by(staff) | {"place": place})

    def _open(self, number: str, service: str, card: str, screen: PersonScreen | None, by: Mapping[str, Any]) -> Draft:
        if service not in WINDOW:
            raise BadInput("service: this is not done at a window; choose one of the services on the person's page.")
        if "card" not in SERVICES[service.partition(".")[0]].__struct_fields__:
            card = ""
        elif card not in tuple(CardKind):
            raise BadInput("card: choose which card it is about.")
        values = dict(by) | {
            "id": f"d{secrets.token_hex(8)}",
            "number": number,
            "person_id": screen.person_id if screen else None,
            "service": service,
            "card": card,
            "slip_code": draw_slip_code(),
            "content": _encoded(Content()),
            "base_seq": screen.entries if screen else 0,
        }
        with self._views.together() as run:
            made = run(sql.ADD, values)
            if made:
                run(sql.NOTE, values | {"version": 1, "what": "opened"})
        return draft_of(made[0] if made else self._views.rows(sql.OPEN_LIKE, values)[0])

    def get(self, staff: Staff, draft_id: str) -> Draft:
        """A draft. `NotFound`, `NotAllowed`."""
        _must_see(staff)
        rows = self._views.rows(sql.DRAFT, {"id": draft_id})
        if not rows:
            raise NotFound("There is no such draft.")
        return draft_of(rows[0])

    def as_shown(self, staff: Staff, draft_id: str, version: str) -> Draft:
        """A draft at the version that a page showed, for what is done from that page: overtaken, it is refused."""
        draft = self.get(staff, draft_id)
        if not _VERSION.fullmatch(version):
            raise BadInput("version: open the page again and send the form from there.")
        return msgspec.structs.replace(draft, version=int(version))

    def by_slip(self, code: str) -> Draft | None:
        """The draft whose slips bear a code, for whoever looks up what became of it."""
        rows = self._views.rows(sql.BY_SLIP, {"code": code})
        return draft_of(rows[0]) if rows else None

    def open_of(self, number: str) -> list[Draft]:
        """The open drafts of a person, the last changed first."""
        return [draft_of(row) for row in self._views.rows(sql.OPEN_OF, {"number": number})]

    def all_open(self, staff: Staff) -> list[Draft]:
        """Everybody's open drafts, the last changed first."""
        _must_see(staff)
        return [draft_of(row) for row in self._views.rows(sql.OPEN, {"limit": SHOWN})]

    def waiting(self, staff: Staff) -> list[Draft]:
        """Drafts that wait for an approval, the longest first."""
        _must_see(staff)
        return [draft_of(row) for row in self._views.rows(sql.WAITING, {"limit": SHOWN})]

    def count_waiting(self, staff: Staff) -> int:
        """How many drafts wait for an approval."""
        _must_see(staff)
        return int(self._views.rows(sql.COUNT_WAITING)[0][0])

    def events(self, draft_id: str) -> list[DraftEvent]:
        """Every change of a draft, in order."""
        return [DraftEvent(*row) for row in self._views.rows(sql.EVENTS, {"id": draft_id})]

    def change(self, staff: Staff, draft: Draft, step: Step, content: Content) -> Draft:
        """The draft with other content; an approval is asked for anew. `DraftChanged` if somebody was faster."""
        _must_serve(staff)
        values = {"content": _encoded(content), "step": step.value}
        return self._changed(staff, draft, sql.CHANGE, values, step.value)

    def ask_approval(self, staff: Staff, draft: Draft) -> Draft:
        """Put the draft before a second person. `DraftChanged`."""
        _must_serve(staff)
        return self._changed(staff, draft, sql.ASK_APPROVAL, {}, "approval_asked")

    def approve(self, staff: Staff, draft: Draft, *, given: bool, reason: str) -> Draft:
        """A second person approves the draft as it is, or denies it with a reason. `NotAllowed`, `DraftChanged`."""
        staff.must(Right.APPROVE_DRAFTS)
        if staff.name in (draft.opened_by, draft.changed_by):
            raise NotAllowed("Nobody approves what they did themselves; let another person look at it.")
        if not given and not reason.strip():
            raise BadInput("reason: say why it is not approved, for whoever goes on with it.")
        if len(reason) > REASON_MAX or not reason.isprintable():
            raise BadInput(f"reason: at most {REASON_MAX} characters on one line.")
        values = {"approval": "given" if given else "denied", "reason": reason.strip()}
        return self._changed(staff, draft, sql.APPROVE, values, "approved" if given else "denied")

    def set_aside(self, staff: Staff, draft: Draft) -> Draft:
        """The draft is not gone on with; it stays on file. `DraftChanged`."""
        _must_serve(staff)
        return self._changed(staff, draft, sql.SET_ASIDE, {}, "set_aside")

    def news(self, draft: Draft) -> list[JournalLine]:
        """What happened to the person since whoever works on the draft was last told; looks are left out."""
        if draft.person_id is None:
            return []
        lines = self._screens.journal_of(draft.person_id, limit=50)
        return [line for line in lines if line.seq > draft.base_seq and line.service != "look_up_person"]

    def told(self, staff: Staff, draft: Draft, seq: int) -> None:
        """Whoever works on the draft has been told of everything up to an entry."""
        _must_serve(staff)
        self._views.write(sql.TOLD, {"id": draft.id, "seq": seq})

    def answered(self, staff: Staff, draft: Draft, receipt: Receipt) -> Draft:
        """The desk answered the draft's request: a yes closes the draft, a no leaves it open.

        Twice the same answer is put down once: who comes second gets the draft as the first one left it.
        """
        accepted = receipt.answer.outcome == "accepted"
        person_id, _, seq = receipt.entry.partition("-")
        values = self._by(staff) | {
            "id": draft.id,
            "attempt": draft.attempt,
            "entry": receipt.entry,
            "person_id": int(person_id),
            "seq": int(seq),
            "state": "done" if accepted else "open",
        }
        with self._views.together() as run:
            rows = run(sql.ANSWERED, values)
            if rows:
                done = draft_of(rows[0])
                run(sql.NOTE, values | {"version": done.version, "what": receipt.answer.outcome})
                return done
        return self.get(staff, draft.id)

    def _changed(self, staff: Staff, draft: Draft, statement: str, values: Mapping[str, Any], what: str) -> Draft:
        said = self._by(staff) | {"id": draft.id, "version": draft.version} | dict(values)
        with self._views.together() as run:
            rows = run(statement, said)
            if rows:
                changed = draft_of(rows[0])
                run(sql.NOTE, said | {"version": changed.version, "what": what})
                return changed
        there = self.get(staff, draft.id)
        at = there.changed_at.astimezone(self._screens.notices.zone)
        raise DraftChanged(
            f"{there.changed_by} changed this at {at:%H:%M:%S} (step {there.changed_step}). Look at what is there now, "
            "and go on from it."
        )

    def _by(self, staff: Staff) -> dict[str, Any]:
        return {"by": staff.name, "place": staff.place or staff.role.value, "at": self._clock()}


def flow_of(
    draft: Draft, notice: Notice, screen: PersonScreen | None, *, pin: bool = False, new_pin: bool = False
) -> Flow:
    """A draft with what its steps ask about it; `pin` and `new_pin` tell whether the holder has entered them."""
    materials, fee_fen = _asked_by_the_notice(draft, notice, screen)
    return Flow(
        key=draft.service,
        card=draft.card,
        content=draft.content,
        notice=notice,
        materials=materials,
        fee_fen=fee_fen,
        pin_given=pin,
        new_pin_given=new_pin,
        approved=draft.approval == "given",
    )


def _asked_by_the_notice(draft: Draft, notice: Notice, screen: PersonScreen | None) -> tuple[Materials | None, int]:
    """Papers and fee of exactly this service in exactly this case."""
    for offer in screen.offers if screen else ():
        if offer.service == draft.service and (not draft.card or offer.card == draft.card):
            return offer.materials, offer.fee_fen
    service = draft.service.partition(".")[0]
    return notice.materials.get(draft.service) or notice.materials.get(service), 0


def ask_of_draft(
    draft: Draft,
    flow: Flow,
    staff: Staff,
    *,
    pin: Digits | None = None,
    new_pin: Digits | None = None,
    blank: str = "",
) -> Ask:
    """The request that a draft has become. `BadInput` names what was chosen and cannot be."""
    _must_serve(staff)
    content = draft.content
    service, _, variant = draft.service.partition(".")
    request_type = SERVICES[service]
    said: dict[str, Any] = {
        "id": f"draft-{draft.id}-{draft.attempt}",
        "person": draft.number,
        "shows": [str(m) for m in flow.shows],
        "paid_fen": content.paid.amount_fen if content.paid else 0,
    }
    if content.presenter == "agent" and content.agent is not None:
        said["agent"] = msgspec.to_builtins(content.agent)
    if draft.card and "card" in request_type.__struct_fields__:
        said["card"] = draft.card
    if variant:
        said["kind" if service == "report_loss" else "why"] = variant
    if content.photo and "photo" in request_type.__struct_fields__:
        said["photo"] = content.photo
    said |= chosen_of(draft.service, draft.card, content.chosen or {})
    try:
        request: AnyRequest = msgspec.convert(said, request_type, strict=False)  # type: ignore[assignment]
    except msgspec.ValidationError as e:
        raise BadInput(f"{e}. Correct it in the step where it was chosen.") from None
    approved_by = draft.approved_by or "" if draft.approval == "given" else ""
    place = staff.place or staff.role.value
    sender = Sender(by=staff.name, channel=CHANNEL_OF.get(staff.role, Channel.WINDOW), place=place)
    paid = content.paid
    tender = staff.takes(Tender(Means(paid.means), paid.reference, paid.handed_over_fen)) if paid else None
    return Ask(request, sender, pin, new_pin, approved_by=approved_by, tender=tender, blank=blank)


def chosen_of(service: str, card: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    """The request's own fields as it takes them: a yes is a yes, and what was left empty is left out."""
    said: dict[str, Any] = {}
    for name in fields_of(service, card):
        value = chosen.get(name, "").strip()
        if name.startswith("hands_in_"):
            said[name] = value == "yes"
        elif value:
            said[name] = value
    return said


def _must_serve(staff: Staff) -> None:
    """`NotAllowed` unless somebody begins, confirms or sets aside services at a window."""
    staff.must(Right.SERVE_AT_WINDOW)


def _must_see(staff: Staff) -> None:
    staff.must(Right.SEE_PEOPLE)


def _encoded(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def draft_of(row: tuple[Any, ...]) -> Draft:
    """A row of the statements about drafts as a draft."""
    values = dict(zip(Draft.__struct_fields__, row, strict=True))
    values["content"] = msgspec.json.decode(values["content"], type=Content)
    return Draft(**values)
