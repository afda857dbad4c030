"""Bookings of a call (预约咨询): somebody says what their question is about, and when the hotline may call them (5.2).

The telephone is for this call alone: whole for whoever takes the booking, in part for everybody else. On the day that
was promised when it was made, or when whoever made it withdraws it, the row is deleted. Called by the public page and
the operator's desk. How the number of a booking is made: `slipcode.py`.
"""

import datetime as dt
import hashlib
import re
from typing import Any

import msgspec

from shebaoka.desk.fresh import Clock, draw_slip_code, is_once, now
from shebaoka.desk.listplaces import FIRST, LAST, LAST_ID, behind, place_of
from shebaoka.desk.plaintext import mask_call_number, read_call_number
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.notice import LANGUAGES, Notices, Parameters, add_term, answers_at, open_days, spans_on
from shebaoka.records import BadInput, Broken, FieldFault, FormUnfit, NotFound
from shebaoka.slipcode import read_slip_code
from shebaoka.store import Views
from shebaoka.store import bookings as sql

QUESTIONS = (
    *("old_card", "which_card", "applying", "activation", "fees"),
    *("at_the_window", "in_hospital", "pin_and_lock", "loss", "other"),
)
"""What a question is about, in the order of the notice's own headings."""
STEP = dt.timedelta(minutes=30)
"""How far apart the times are that a page offers."""
DAYS = 10
"""How many days a page offers."""
LISTED = 100
"""Rows of a list that are read at once, unless somebody says otherwise."""
DRAWS = 5
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Wish(msgspec.Struct, frozen=True):
    """What somebody typed. `once` was drawn for their browser, and makes the same sent twice from it one booking."""

    kind: str = ""
    telephone: str = ""
    day: str = ""
    time: str = ""
    language: str = "zh-Hans"
    once: str = ""


class Booking(msgspec.Struct, frozen=True):
    """One booking. `telephone` is in part but for its owner; `deleted_on` is the day on which nothing of it is left."""

    id: int
    code: str
    kind: str
    telephone: str
    language: str
    wished_at: dt.datetime
    due_at: dt.datetime
    made_at: dt.datetime
    deleted_on: dt.date
    state: str
    tries: int
    owner: str
    owners: list[str]
    ended_at: dt.datetime | None

    @property
    def place(self) -> str:
        """Behind which the list goes on, as long as it stands there."""
        return place_of(self.ended_at, self.id) if self.ended_at else place_of(self.due_at, self.wished_at, self.id)


class Bookings:
    """Takes bookings, shows them to the operators, and deletes them. Safe for many threads."""

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._clock = clock

    # the public's

    def offered(self) -> list[tuple[dt.date, list[dt.time]]]:
        """The days on which one can be called, each with its times; what has passed today is left out."""
        return _offered(self._parameters(), self._here())

    def kept_until(self) -> dt.date:
        """The day on which a booking that is made now is deleted."""
        return add_term(self._here().date(), self._parameters().bookings_kept)

    def book(self, wish: Wish) -> Booking:
        """Keep a booking; the same from one browser again is that booking. `FormUnfit` says what of it cannot be."""
        p, here = self._parameters(), self._here()
        number, faults = _read(wish, p, here)
        if faults:
            raise FormUnfit(faults)
        day, at = dt.date.fromisoformat(wish.day), dt.time.fromisoformat(wish.time)
        last = max(day, add_term(here.date(), p.called_back_within))
        wished_at = dt.datetime.combine(day, at, self._notices.zone)
        row = {
            "once": once_of(wish.once, wish.kind, number, wish.day, wish.time),
            "kind": wish.kind,
            "telephone": number,
            "language": wish.language if wish.language in LANGUAGES else LANGUAGES[0],
            "wished_at": wished_at,
            "due_at": due_at(p, last, self._notices.zone),
            "deleted_on": self.kept_until(),
            "at": here,
        }
        return _hidden(Booking(*kept_once(self._views, sql.BOOK, sql.BOOKING_ONCE, row)))

    def by_code(self, code: str) -> Booking | None:
        """The booking of a number, in part; None if there is none, or none any more. `BadInput` for no such number."""
        asked = {"code": read_slip_code(code), "today": self._here().date()}
        rows = self._views.rows(sql.BOOKING_BY_CODE, asked)
        return _hidden(Booking(*rows[0])) if rows else None

    def withdraw(self, code: str) -> bool:
        """Delete a booking now, because whoever made it says so; whether there was one."""
        return bool(self._views.write(sql.WITHDRAW_BOOKING, {"code": read_slip_code(code)}))

    # the operators'

    def waiting(self, staff: Staff, *, after: str = "", limit: int = LISTED) -> list[Booking]:
        """Who waits to be called, what is due soonest first, behind the `place` of another."""
        due_at, wished_at, id_ = behind(after, (FIRST, FIRST, 0))
        key = {"due_at": due_at, "wished_at": wished_at, "id": id_}
        return self._listed(staff, sql.BOOKINGS_WAITING, key, limit)

    def ended(self, staff: Staff, *, after: str = "", limit: int = LISTED) -> list[Booking]:
        """Who was called, or could not be reached, the latest first, behind the `place` of another."""
        ended_at, id_ = behind(after, (LAST, LAST_ID))
        return self._listed(staff, sql.BOOKINGS_ENDED, {"ended_at": ended_at, "id": id_}, limit)

    def count_waiting(self, staff: Staff) -> tuple[int, int]:
        """How many wait to be called, and how many of them are overdue."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        here = self._here()
        waiting, overdue = self._views.rows(sql.COUNT_BOOKINGS_WAITING, {"at": here, "today": here.date()})[0]
        return waiting, overdue

    def count_ended(self, staff: Staff) -> int:
        """How many have ended and are still kept."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        return int(self._views.rows(sql.COUNT_BOOKINGS_ENDED, {"today": self._here().date()})[0][0])

    def one(self, staff: Staff, id_: int) -> Booking:
        """One booking; the telephone is whole as long as it is the asker's own to call. `NotFound`."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        rows = self._views.rows(sql.BOOKING, {"id": id_, "today": self._here().date()})
        if not rows:
            raise NotFound("There is no such booking; it was withdrawn, or its days are over.")
        found = Booking(*rows[0])
        mine = found.owner == staff.name and found.state == "waiting" and staff.may(Right.SERVE_CALLERS)
        return found if mine else _hidden(found)

    def take(self, staff: Staff, id_: int, owner: str = "") -> None:
        """Become a booking's owner: nobody's, or that of whom the page showed. `BadInput` if it changed since."""
        self._change(staff, sql.TAKE_BOOKING, id_, owner=owner)

    def leave(self, staff: Staff, id_: int) -> None:
        """Be its owner no more; somebody else calls."""
        self._change(staff, sql.LEAVE_BOOKING, id_)

    def missed(self, staff: Staff, id_: int) -> None:
        """Nobody answered; it goes back to those who wait, and is tried again."""
        self._change(staff, sql.MISS_BOOKING, id_)

    def end(self, staff: Staff, id_: int, *, reached: bool) -> None:
        """The call was made, or is given up; from now on the telephone is whole for nobody."""
        self._change(staff, sql.END_BOOKING, id_, state="reached" if reached else "not_reached")

    def delete_due(self) -> int:
        """Delete every booking whose day has come; how many there were."""
        return self._views.write(sql.DELETE_BOOKINGS, {"today": self._here().date()})

    def _listed(self, staff: Staff, statement: str, key: dict[str, Any], limit: int) -> list[Booking]:
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        asked = key | {"limit": limit, "today": self._here().date()}
        return [_hidden(Booking(*row)) for row in self._views.rows(statement, asked)]

    def _change(self, staff: Staff, statement: str, id_: int, **said: Any) -> None:
        staff.must(Right.SERVE_CALLERS)
        if not self._views.write(statement, {"id": id_, "by": staff.name, "at": self._clock(), **said}):
            must_be_mine(self.one(staff, id_).owner, staff)

    def _parameters(self) -> Parameters:
        return self._notices.on(self._here().date()).p

    def _here(self) -> dt.datetime:
        return self._clock().astimezone(self._notices.zone)


def due_at(p: Parameters, day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """When what is due on a day is late: as the hotline closes then, or on the next day on which it answers."""
    first = next(open_days(p, day, day + dt.timedelta(days=366)), day)
    closes = max((closes for _, closes in spans_on(p, first)), default=dt.time.max)
    return dt.datetime.combine(first, closes, zone)


def once_of(once: str, *said: str) -> str:
    """What makes a form and its content one: of a form that brought no drawn word, nothing is the same."""
    drawn = once if is_once(once) else draw_slip_code()
    return hashlib.sha256("\0".join((drawn, *said)).encode()).hexdigest()


def kept_once(views: Views, insert: str, found: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """The row as it is kept under a number that was drawn; if the same was kept before, that one."""
    for _ in range(DRAWS):
        views.write(insert, row | {"code": draw_slip_code()})
        if rows := views.rows(found, {"once": row["once"]}):
            return rows[0]
    raise Broken("No number could be drawn that nobody has.")


def must_be_mine(owner: str, staff: Staff) -> None:
    """`BadInput` that says whose it is, for whoever wanted to change what is not theirs, or has ended."""
    if owner and owner != staff.name:
        raise BadInput(f"owner: {owner} has it now.", code="is_anothers")
    raise BadInput("owner: take it first; one that has ended stays as it is.", code="is_nobodys")


def _read(wish: Wish, p: Parameters, here: dt.datetime) -> tuple[str, list[FieldFault]]:
    """The number that is called, and a fault for each field that cannot be taken."""
    faults = [] if wish.kind in QUESTIONS else [FieldFault("kind", "choose")]
    number, wrong = read_call_number(wish.telephone)
    faults += [wrong] if wrong else []
    day, unfit = _read_day(wish.day, p, here)
    faults += [unfit] if unfit else []
    if not _TIME.fullmatch(wish.time):
        faults.append(FieldFault("time", "choose"))
    elif day is not None:
        at = dt.time.fromisoformat(wish.time)
        if dt.datetime.combine(day, at, here.tzinfo) < here:
            faults.append(FieldFault("time", "past"))
        elif not answers_at(p, day, at):
            faults.append(FieldFault("time", "closed", {"on": day.isoformat()}))
    return number, faults


def _read_day(text: str, p: Parameters, here: dt.datetime) -> tuple[dt.date | None, FieldFault | None]:
    """The day of a call, or what is wrong with it."""
    try:
        day = dt.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    days = [day for day, _ in _offered(p, here)]
    if day is None:
        return None, FieldFault("day", "choose")
    if day < here.date():
        return None, FieldFault("day", "past")
    if not spans_on(p, day):
        return None, FieldFault("day", "closed", {"on": day.isoformat()})
    if days and day > days[-1]:
        return None, FieldFault("day", "too_late", {"last_on": days[-1].isoformat()})
    return day, None


def _offered(p: Parameters, here: dt.datetime) -> list[tuple[dt.date, list[dt.time]]]:
    """The next days on which the hotline answers, and on which a booking that is made now is still there."""
    days: list[tuple[dt.date, list[dt.time]]] = []
    last = add_term(here.date(), p.bookings_kept) - dt.timedelta(days=1)
    for day in open_days(p, here.date(), last):
        times = [t for t in _times(p, day) if dt.datetime.combine(day, t, here.tzinfo) >= here]
        if times and len(days) < DAYS:
            days.append((day, times))
    return days


def _times(p: Parameters, day: dt.date) -> list[dt.time]:
    """The times that a page offers on a day: from the first minute of each of its hours, half an hour apart."""
    times = []
    for opens, closes in spans_on(p, day):
        at = dt.datetime.combine(day, opens)
        while at.time() < closes and at.date() == day:
            times.append(at.time())
            at += STEP
    return times


def _hidden(booking: Booking) -> Booking:
    return msgspec.structs.replace(booking, telephone=mask_call_number(booking.telephone))
