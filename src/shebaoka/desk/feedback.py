"""Feedback (意见反馈): what somebody says of the service, the application or payment, in at most 500 signs.

Whoever gives it gets a number with which to read the answer. It is text and stays text. Like a booking it is deleted on
the day that was promised. Called by the public page and the operator's desk.
"""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.desk.bookings import LISTED, due_at, kept_once, must_be_mine, once_of
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.listplaces import FIRST, LAST, LAST_ID, behind, place_of
from shebaoka.desk.plaintext import has_number, mask_call_number, read_call_number, read_text
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.notice import LANGUAGES, Notices, Parameters, add_term
from shebaoka.records import FieldFault, FormUnfit, NotFound
from shebaoka.slipcode import read_slip_code
from shebaoka.store import Views
from shebaoka.store import bookings as sql

FEEDBACK_KINDS = ("service", "application", "payment", "other")
SAID_MOST, ANSWER_MOST = 500, 1000
"""Signs, as people count them."""


class Opinion(msgspec.Struct, frozen=True):
    """What somebody filled in, as they typed it; the telephone may be left out."""

    kind: str = ""
    said: str = ""
    telephone: str = ""
    language: str = "zh-Hans"
    once: str = ""


class Feedback(msgspec.Struct, frozen=True):
    """One feedback with its answer, if there is one. `telephone` is in part but for its owner."""

    id: int
    code: str
    kind: str
    said: str
    telephone: str
    language: str
    made_at: dt.datetime
    due_at: dt.datetime
    deleted_on: dt.date
    owner: str
    owners: list[str]
    answer: str
    answered_by: str
    answered_at: dt.datetime | None

    @property
    def place(self) -> str:
        """Behind which the list goes on, as long as it stands there."""
        return place_of(self.answered_at or self.due_at, self.id)


class FeedbackRoom:
    """Takes feedback, lets operators answer it, and deletes it. Safe for many threads."""

    def __init__(self, views_: Views, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._notices = notices
        self._clock = clock

    # the public's

    def kept_until(self) -> dt.date:
        """The day on which feedback that is given today is deleted."""
        return add_term(self._today(), self._parameters().feedback_kept)

    def answered_by(self) -> dt.datetime:
        """By when feedback that is given now is answered."""
        p = self._parameters()
        return due_at(p, add_term(self._today(), p.feedback_answered_within), self._notices.zone)

    def give(self, opinion: Opinion) -> Feedback:
        """Keep it; the same sent again from one browser is the same feedback. `FormUnfit` says what of it cannot be."""
        said, faults = _read(opinion)
        if faults:
            raise FormUnfit(faults)
        number, _ = read_call_number(opinion.telephone)
        row = {
            "once": once_of(opinion.once, opinion.kind, number, said),
            "kind": opinion.kind,
            "said": said,
            "telephone": number,
            "language": opinion.language if opinion.language in LANGUAGES else LANGUAGES[0],
            "at": self._clock(),
            "due_at": self.answered_by(),
            "deleted_on": self.kept_until(),
        }
        return _hidden(Feedback(*kept_once(self._views, sql.GIVE, sql.FEEDBACK_ONCE, row)))

    def by_code(self, code: str) -> Feedback | None:
        """The feedback of a number; None if there is none, or none any more. `BadInput` for no such number."""
        rows = self._views.rows(sql.FEEDBACK_BY_CODE, {"code": read_slip_code(code), "today": self._today()})
        return _hidden(Feedback(*rows[0])) if rows else None

    def withdraw(self, code: str) -> bool:
        """Delete it now, because whoever gave it says so; whether there was one."""
        return bool(self._views.write(sql.WITHDRAW_FEEDBACK, {"code": read_slip_code(code)}))

    # the operators'

    def waiting(self, staff: Staff, *, after: str = "", limit: int = LISTED) -> list[Feedback]:
        """What waits for an answer, what is due soonest first, behind the `place` of another."""
        due, id_ = behind(after, (FIRST, 0))
        return self._listed(staff, sql.FEEDBACK_WAITING, {"due_at": due, "id": id_}, limit)

    def answered(self, staff: Staff, *, after: str = "", limit: int = LISTED) -> list[Feedback]:
        """What was answered, the latest first, behind the `place` of another."""
        answered_at, id_ = behind(after, (LAST, LAST_ID))
        return self._listed(staff, sql.FEEDBACK_ANSWERED, {"answered_at": answered_at, "id": id_}, limit)

    def count_waiting(self, staff: Staff) -> tuple[int, int]:
        """How much waits for an answer, and how much of it is overdue."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        asked = {"at": self._clock(), "today": self._today()}
        waiting, overdue = self._views.rows(sql.COUNT_FEEDBACK_WAITING, asked)[0]
        return waiting, overdue

    def count_answered(self, staff: Staff) -> int:
        """How much was answered and is still kept."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        return int(self._views.rows(sql.COUNT_FEEDBACK_ANSWERED, {"today": self._today()})[0][0])

    def one(self, staff: Staff, id_: int) -> Feedback:
        """One feedback; the telephone is whole as long as it is the asker's own to answer. `NotFound`."""
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        rows = self._views.rows(sql.FEEDBACK, {"id": id_, "today": self._today()})
        if not rows:
            raise NotFound("There is no such feedback; it was withdrawn, or its days are over.")
        found = Feedback(*rows[0])
        mine = found.owner == staff.name and found.answered_at is None and staff.may(Right.SERVE_CALLERS)
        return found if mine else _hidden(found)

    def take(self, staff: Staff, id_: int, owner: str = "") -> None:
        """Become its owner: nobody's, or that of whom the page showed. `BadInput` if it changed since."""
        self._change(staff, sql.TAKE_FEEDBACK, id_, owner=owner)

    def leave(self, staff: Staff, id_: int) -> None:
        """Be its owner no more; somebody else answers."""
        self._change(staff, sql.LEAVE_FEEDBACK, id_)

    def answer(self, staff: Staff, id_: int, text: str) -> None:
        """Answer it, once. Whoever has the number reads it. `FormUnfit` if it is empty or too long."""
        staff.must(Right.SERVE_CALLERS)
        answer, wrong = read_text(text, "answer", ANSWER_MOST)
        if wrong:
            raise FormUnfit([wrong])
        self._change(staff, sql.ANSWER, id_, answer=answer)

    def delete_due(self) -> int:
        """Delete whatever feedback's day has come; how much there was."""
        return self._views.write(sql.DELETE_FEEDBACK, {"today": self._today()})

    def _listed(self, staff: Staff, statement: str, key: dict[str, Any], limit: int) -> list[Feedback]:
        staff.must_either(Right.SERVE_CALLERS, Right.SEE_CALLS)
        asked = key | {"limit": limit, "today": self._today()}
        return [_hidden(Feedback(*row)) for row in self._views.rows(statement, asked)]

    def _change(self, staff: Staff, statement: str, id_: int, **said: Any) -> None:
        staff.must(Right.SERVE_CALLERS)
        if not self._views.write(statement, {"id": id_, "by": staff.name, "at": self._clock(), **said}):
            must_be_mine(self.one(staff, id_).owner, staff)

    def _parameters(self) -> Parameters:
        return self._notices.on(self._today()).p

    def _today(self) -> dt.date:
        return self._clock().astimezone(self._notices.zone).date()


def _read(opinion: Opinion) -> tuple[str, list[FieldFault]]:
    """The text as it is kept, and a fault for each field that cannot be taken."""
    faults = [] if opinion.kind in FEEDBACK_KINDS else [FieldFault("kind", "choose")]
    said, wrong = read_text(opinion.said, "said", SAID_MOST)
    if not wrong and has_number(said):
        wrong = FieldFault("said", "has_number")
    faults += [wrong] if wrong else []
    if opinion.telephone.strip():
        _, unfit = read_call_number(opinion.telephone)
        faults += [unfit] if unfit else []
    return said, faults


def _hidden(feedback: Feedback) -> Feedback:
    return msgspec.structs.replace(feedback, telephone=mask_call_number(feedback.telephone))
