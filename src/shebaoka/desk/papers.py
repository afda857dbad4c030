"""Papers kept sealed: scanned pages, photos for the card, signatures (4.2, 7.2). The window's pages call it.

What comes in is written anew and sealed by the vault at once; what it came as is nowhere. A paper is a draft's until
that is confirmed, and then a person's, with the place of the entry. Its content is given out only after a look-up, with
a reason, stands in the journal. A person's photo is shown along with them, on the look-up that their page has made.
"""

import datetime as dt
import hashlib
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from shebaoka.desk.fold import Outcome
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import decoded
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.notice import Notices
from shebaoka.photo import Range, read_signature, signature_bytes
from shebaoka.records import Ask, BadInput, Broken, LookUpPerson, Material, NotAllowed, NotFound, Trouble
from shebaoka.records.requests import Number, Reason
from shebaoka.store import Views, views
from shebaoka.store import papers as sql
from shebaoka.vault import Vault

if TYPE_CHECKING:
    from shebaoka.photo import PhotoResult

PaperKind = Material | Literal["signature"]
"""What a paper is: a copy of what is shown at the window, the photo, or a signature."""
SIGNATURE: Literal["signature"] = "signature"
PAPERS_MAX = 40
"""As many papers as a draft may have, those set aside among them."""
REASON_MAX = 120
AT_ONCE = 2
"""A picture of the largest size takes some hundred megabytes while it is read: so many at a time, and others wait."""
_DECODING = threading.BoundedSemaphore(AT_ONCE)
_DRAFT = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_JPEG, _STROKES = "image/jpeg", "application/json"
_NOBODY = "person_is_not_registered"


class PaperLine(msgspec.Struct, frozen=True):
    """A paper as a list shows it, without its content.

    `format` is the media type of what is sealed; `size` its bytes; width and height its pixels, or a signature's units.
    `person_id` and `entry`, the place in the journal, are there once the draft is confirmed.
    """

    id: str
    draft: str
    kind: PaperKind
    format: str
    width: int
    height: int
    size: int
    digest: str
    added_by: str
    place: str
    added_at: dt.datetime
    set_aside_at: dt.datetime | None
    set_aside_by: str | None
    person_id: int | None
    entry: str

    @property
    def counts(self) -> bool:
        """Whether it was not set aside."""
        return self.set_aside_at is None


class Opened(msgspec.Struct, frozen=True):
    """A paper's content, its media type, and the place of the look-up that stands in the journal."""

    content: bytes
    media_type: str
    line: PaperLine
    entry: str

    def __repr__(self) -> str:
        return f"Opened({self.line.id!r}, {self.entry!r}, content=hidden)"


class PersonPhoto(msgspec.Struct, frozen=True):
    """A person's photo: content, media type, SHA-256; `paper` is empty where it was moved over from the old system."""

    content: bytes
    media_type: str
    digest: str
    paper: str

    def __repr__(self) -> str:
        return f"PersonPhoto({self.paper!r}, content=hidden)"


class Papers:
    """Takes papers in, lists them, hands them to their person, and opens them for a reason. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, notices: Notices, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._notices = notices
        self._clock = clock

    def fit_photo(self, content: bytes, language: str) -> "PhotoResult":
        """What an uploaded photo misses, in words and where, and what of it may go on file; nothing is kept."""
        from shebaoka.photo import fit_photo  # loads what reads pixels

        with _DECODING:
            return fit_photo(content, self._file_size(), language)

    def add(
        self, staff: Staff, draft: str, kind: PaperKind, content: bytes, *, number: str, crop: bool = False
    ) -> PaperLine:
        """Take a paper in for a draft about the person of this social security number, written anew and sealed.

        A photo must be fit; with `crop` a corrected crop will do. A signature comes as strokes. `BadInput`, with a code
        that `photo_words` words, for what cannot be taken.
        """
        staff.must(Right.KEEP_PAPERS)
        if not _DRAFT.fullmatch(draft):
            raise BadInput("draft: give the id of a draft, 1 to 64 letters, digits or . _ : -")
        number, kind = _checked("number", Number, number), _kind(kind)
        written, media_type, width, height = self._written(kind, content, crop=crop)
        at, paper = self._clock(), f"paper-{secrets.token_hex(16)}"
        digest = hashlib.sha256(written).digest()
        key, wrapped = self._key_of(at)
        row = {
            "id": paper, "draft": draft, "number": number, "kind": kind, "format": media_type, "width": width,
            "height": height, "size": len(written), "digest": digest, "data_key": key, "by": staff.name,
            "place": staff.place, "at": at,
            "sealed": self._vault.seal_content(
                key, wrapped, written, _beside(paper, draft, number, kind, media_type, digest)
            ),
        }  # fmt: skip
        with self._views.together() as run:
            run(sql.LOCK_DRAFT, {"draft": draft})
            if run(sql.PAPERS_IN_DRAFT, {"draft": draft})[0][0] >= PAPERS_MAX:
                raise BadInput(
                    f"draft: it has {PAPERS_MAX} papers already; begin a draft of its own.", code="too_many_papers"
                )
            run(sql.ADD, row)
        return self.line(paper)

    def line(self, paper: str) -> PaperLine:
        """A paper without its content. `NotFound`."""
        rows = self._views.rows(sql.PAPER, {"id": paper})
        if not rows:
            raise NotFound("There is no such paper.")
        return _line(rows[0])

    def of_draft(self, draft: str) -> list[PaperLine]:
        """A draft's papers in the order in which they came, those set aside too."""
        return [_line(row) for row in self._views.rows(sql.OF_DRAFT, {"draft": draft})]

    def of_person(self, person_id: int) -> list[PaperLine]:
        """A person's confirmed papers, the newest first."""
        return [_line(row) for row in self._views.rows(sql.OF_PERSON, {"person_id": person_id})]

    def set_aside(self, staff: Staff, paper: str) -> PaperLine:
        """A page that was scanned wrongly ceases to count; it is kept. `BadInput` if its draft is confirmed already."""
        staff.must(Right.KEEP_PAPERS)
        values = {"id": paper, "at": self._clock(), "by": staff.name}
        with self._views.together() as run:
            run(sql.SET_ASIDE, values)
        line = self.line(paper)
        if line.counts:
            raise BadInput(
                "paper: it is on file with a service that was done; bring in a new one with the next service.",
                code="paper_is_confirmed",
            )
        return line

    def attach(self, draft: str, person_id: int, entry: str) -> list[PaperLine]:
        """Hand a confirmed draft's papers to their person, with the place of the accepted entry; they are returned.

        Doing it again changes nothing. `Broken` if a paper is about somebody else, or there is no such entry.
        """
        of, _, seq = entry.partition("-")
        if of != str(person_id) or not re.fullmatch(r"[0-9]{1,18}", seq):
            raise Broken("Papers were handed over with the place of another person's entry.")
        values = {"draft": draft, "person_id": person_id, "seq": int(seq)}
        with self._views.together() as run:
            run(sql.ATTACH, values)
            if run(sql.NOT_ATTACHED, values):
                raise Broken("A draft's papers do not belong to the person or entry that they were handed to.")
        return [line for line in self.of_draft(draft) if line.counts]

    def open(self, staff: Staff, paper: str, reason: str, ask: Callable[[Ask], Outcome]) -> Opened:
        """A paper's content, for a reason in words, after the look-up of its person stands in the journal.

        `ask` puts it to the desk. `NotAllowed` for another role, and where the notice does not answer the enquiry;
        `VaultTrouble` if what is sealed was changed.
        """
        staff.must(Right.SEE_PAPERS)
        reason = reason.strip()
        if not 2 <= len(reason) <= REASON_MAX:
            raise BadInput(f"reason: say in 2 to {REASON_MAX} characters why the paper is opened.")
        line = self.line(paper)
        ((number,),) = self._views.rows(sql.NUMBER_OF, {"id": paper})
        said = _checked("reason", Reason, f"{paper}: {reason}")
        look = LookUpPerson(id=f"open-{uuid.uuid4()}", person=number, reason=said)
        receipt = ask(Ask(look, staff.sender(look)))
        if isinstance(receipt, Trouble):
            raise receipt
        if receipt.answer.outcome == "refused" and receipt.answer.ground != _NOBODY:
            raise NotAllowed(f"The notice does not answer this enquiry here (clause {receipt.answer.clause}).")
        self._must_stand_in_the_journal(receipt.entry, look)
        return Opened(self._content(paper), line.format, line, receipt.entry)

    def photo_of(self, staff: Staff, person_id: int) -> PersonPhoto | None:
        """The newest confirmed photo of a person, else the one moved over; to be shown along with who was looked up."""
        staff.must(Right.SEE_PHOTOS)
        rows = self._views.rows(sql.PHOTO_OF, {"person_id": person_id})
        if rows:
            line = self.line(rows[0][0])
            return PersonPhoto(self._content(line.id), line.format, line.digest, line.id)
        for form, digest, image in self._views.rows(sql.MOVED_PHOTO_OF, {"person_id": person_id}):
            if hashlib.sha256(image).digest() != digest:
                raise Broken("The photo on file is not the one that was moved over.")
            return PersonPhoto(bytes(image), f"image/{form.lower()}", digest.hex(), "")
        return None

    def _file_size(self) -> Range:
        """How many bytes a photo's file may have, by the notice in force."""
        p = self._notices.on(self._clock().astimezone(self._notices.zone).date()).p
        return Range(*(None if kb is None else kb * 1024 for kb in (p.photo_file_kb_min, p.photo_file_kb_max)))

    def _written(self, kind: PaperKind, content: bytes, *, crop: bool) -> tuple[bytes, str, int, int]:
        """What goes on file of what came in: bytes of our own making, media type, width and height."""
        if kind == SIGNATURE:
            signature = read_signature(content)
            return signature_bytes(signature), _STROKES, signature.width, signature.height
        if kind != Material.PHOTO:
            from shebaoka.photo import rescanned  # loads what reads pixels

            with _DECODING:
                scan = rescanned(content)
            return scan.data, _JPEG, scan.width, scan.height
        fit = self.fit_photo(content, "en")
        written = fit.final or (fit.crop if crop else None)
        if written is None:
            said = fit.reason or "no file of the size that the notice asks for can be made of it; take another one."
            raise BadInput(f"photo: {said}", code="photo_does_not_fit")
        return written.data, _JPEG, written.verdict.seen.width, written.verdict.seen.height

    def _key_of(self, at: dt.datetime) -> tuple[str, bytes]:
        """The data key of the day; the first paper of a day draws it. Two that are drawn at once do no harm."""
        day = at.astimezone(self._notices.zone).date()
        rows = self._views.rows(sql.KEY_OF_DAY, {"day": day})
        if rows:
            return rows[0][0], bytes(rows[0][1])
        key = secrets.token_hex(16)
        wrapped = self._vault.draw_data_key(key)
        self._views.write(sql.ADD_KEY, {"id": key, "day": day, "wrapped": wrapped, "at": at})
        return key, wrapped

    def _must_stand_in_the_journal(self, entry: str, look: LookUpPerson) -> None:
        """`Broken` unless this very look-up is in the journal where its receipt says."""
        person_id, _, seq = entry.partition("-")
        where = {"person_id": int(person_id), "seq": int(seq)} if entry else {}
        rows = self._views.rows(views.ENTRY_AT, where) if where else []
        if not rows or decoded(rows[0][8]).request != look:
            raise Broken("A paper was to be opened and its look-up is not in the journal; it stays closed.")

    def _content(self, paper: str) -> bytes:
        (sealed,) = self._views.rows(sql.SEALED, {"id": paper})
        return self.unsealed(*sealed)

    def unsealed(
        self,
        paper: str,
        draft: str,
        number: str,
        kind: str,
        form: str,
        digest: bytes,
        sealed: bytes,
        key: str,
        wrapped: bytes,
    ) -> bytes:
        """What is sealed, opened. `VaultTrouble` if it was changed, or stands where another belongs.

        Whoever calls this has seen to it that a look-up, or what else it is opened for, stands in the journal.
        """
        beside = _beside(paper, draft, number, kind, form, bytes(digest))
        return self._vault.open_content(key, bytes(wrapped), bytes(sealed), beside)


def _beside(paper: str, draft: str, number: str, kind: str, form: str, digest: bytes) -> bytes:
    """What is authenticated beside a sealed paper: which it is, its draft, whose, its kind, format and digest."""
    return b"shebaoka/paper/1\0" + msgspec.json.encode((paper, draft, number, str(kind), form, digest.hex()))


def _line(row: Sequence[Any]) -> PaperLine:
    """A row of a list."""
    *_, digest, by, place, at, aside_at, aside_by, person_id, seq = row
    paper, draft, kind, form, width, height, size = row[:7]
    entry = "" if person_id is None else f"{person_id}-{seq}"
    return PaperLine(
        *(paper, draft, _kind(kind), form, width, height, size, bytes(digest).hex()),
        *(by, place, at, aside_at, aside_by, person_id, entry),
    )


def _kind(kind: str) -> PaperKind:
    """A kind of paper. `BadInput` for a word that is none."""
    if kind == SIGNATURE:
        return SIGNATURE
    if kind not in set(Material):
        raise BadInput(f"kind: a paper is one of {', '.join(Material)} or {SIGNATURE}.")
    return Material(kind)


def _checked(field: str, kind: Any, text: str) -> str:
    """A text as its type asks for it. `BadInput` naming the field, and not the text."""
    try:
        return str(msgspec.convert(text, kind))
    except msgspec.ValidationError:
        raise BadInput(f"{field}: it cannot be taken like this; check it.") from None
