"""People's telephones: the number, whether they agreed to be told by message, and in which language they are told.

It is said at a window, where the look at the person stands in the journal first; each change is kept with who made it.
No rule asks for it, so it is no part of the dossier. Called by the window and the command line; the outbox sends there.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask_telephone
from shebaoka.records import BadInput
from shebaoka.store import Views
from shebaoka.store import holders as holders_sql
from shebaoka.store import outbox as outbox_sql
from shebaoka.store import telephones as sql

HOLDER, PORTAL_PLACE = "holder", "my"
"""As whom, and from where, a holder asks at the public page."""
_APART = re.compile(r"[\s()-]+")
_NUMBER = re.compile(r"1[3-9][0-9]{9}")


class Telephone(msgspec.Struct, frozen=True):
    """Somebody's telephone. The number is empty where it was taken away; `agreed` is to be told by message."""

    person_id: int
    number: str
    agreed: bool
    language: str
    changed_at: dt.datetime
    changed_by: str

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return mask_telephone(self.number)


class TelephoneEvent(msgspec.Struct, frozen=True):
    """One change: who made it, when and where, and what was said then; the number in part."""

    n: int
    at: dt.datetime
    by: str
    place: str
    number: str
    agreed: bool
    language: str


class Telephones:
    """Keeps telephones. Safe for many threads. Whoever asks has looked the person up before."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def of(self, person_id: int) -> Telephone | None:
        """Somebody's telephone; None if none was ever said."""
        return telephone_from(self._views.rows(sql.OF, {"person_id": person_id}))

    def events(self, person_id: int) -> list[TelephoneEvent]:
        """What was said of somebody's telephone, the latest first."""
        return [TelephoneEvent(*row) for row in self._views.rows(sql.EVENTS, {"person_id": person_id})]

    def keep(self, staff: Staff, person_id: int, number: str, *, agreed: bool, language: str) -> bool:
        """Keep what the holder said; whether that is something new. An empty number takes the one on file away.

        With another number every session that the holder has at the public page ends: who has the old telephone may
        have begun it.
        `BadInput` names the field: a number that no message reaches, agreeing without a number, another language.
        """
        staff.must(Right.SERVE_AT_WINDOW)
        place = staff.place or staff.role.value
        return self._keep(person_id, number, agreed=agreed, language=language, by=staff.name, place=place)

    def keep_of_holder(
        self, person_id: int, number: str, *, agreed: bool, language: str, tells: Mapping[str, object] | None = None
    ) -> bool:
        """The same, said by a holder who is signed in at the public page; the number was shown to be theirs.

        `tells` is a notification that is kept with it, or neither is.
        """
        said = {"agreed": agreed, "language": language, "by": HOLDER, "place": PORTAL_PLACE}
        return self._keep(person_id, number, **said, tells=tells)  # type: ignore[arg-type]

    def _keep(
        self,
        person_id: int,
        number: str,
        *,
        agreed: bool,
        language: str,
        by: str,
        place: str,
        tells: Mapping[str, object] | None = None,
    ) -> bool:
        read = read_telephone(number)
        if agreed and not read:
            raise _bad("telephone", "give the number of the mobile telephone to which messages go.")
        if language not in LANGUAGES:
            raise _bad("language", f"give one of {', '.join(LANGUAGES)}.")
        said = {"person_id": person_id, "agreed": agreed, "language": language, "at": self._clock(), "by": by}
        with self._views.together() as run:
            before = telephone_from(run(sql.OF, {"person_id": person_id}))
            kept = run(sql.KEEP, said | {"number": read})
            if kept:
                if by != HOLDER and before is not None and before.number != read:
                    run(holders_sql.END_OTHERS, {**said, "digest": b"", "why": "telephone"})
                seen = {"n": kept[0][0], "number": mask_telephone(read), "place": place}
                run(sql.NOTE, said | seen)
                if tells is not None:
                    run(holders_sql.SEND, tells)
                if agreed:
                    run(outbox_sql.TELL_NOW, {"person_id": person_id, "at": said["at"]})
        return bool(kept)


def telephone_from(rows: list[tuple[object, ...]]) -> Telephone | None:
    """A telephone from what its statement found."""
    return Telephone(*rows[0]) if rows else None  # type: ignore[arg-type]


def read_telephone(text: str) -> str:
    """The eleven digits of a mobile telephone, however they were typed; nothing for nothing. `BadInput`."""
    number = _APART.sub("", unicodedata.normalize("NFKC", text)).removeprefix("+86").removeprefix("0086")
    if number and not _NUMBER.fullmatch(number):
        raise _bad(
            "telephone", "eleven digits of a mobile telephone, the first two from 13 to 19, such as 13800000000."
        )
    return number


def _bad(field: str, sentence: str) -> BadInput:
    bad = BadInput(f"{field}: {sentence}", code=f"{field}_unfit")
    bad.field = field
    return bad
