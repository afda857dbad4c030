"""What keeps a card out of its batch, found before it is frozen: photo, name, duplicates, a card that is there already.

Pure: what is on file is handed in, card by card, in the order of the batch. `desk/batches.py` calls it. Clauses 2.1,
2.4, 4.2.
"""

import datetime as dt
import unicodedata
from collections.abc import Collection

import msgspec

from shebaoka.names import EXTENSION_BYTES, NAME_BYTES, parted
from shebaoka.photo.standard import HEIGHT, WIDTH
from shebaoka.records import FOR_AN_EYE, BatchFault

_EXTENSION_A = range(0x3400, 0x4DB6)
_PRIVATE = ("Co", "Cn", "Cs")


class Found(msgspec.Struct, frozen=True):
    """A fault of a card, and what it is about: a number in the batch, a character, a size."""

    fault: BatchFault
    about: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """A card as the check sees it: whose, what the application says, the photo of now.

    `paper` is the confirmed photo; the rest of the photo's fields are those of one that was moved over. `has_card` is
    whether a social security card stands in the way that the new one does not replace.
    """

    n: int
    number: str
    name: str
    birth_on: dt.date
    standing: str
    making: str
    ethnic_group: str
    collect_at: str
    seen_by: str
    paper: str | None
    paper_digest: bytes | None
    format: str | None
    width: int | None
    height: int | None
    size: int | None
    digest: bytes | None
    has_card: bool


class Checking:
    """Checks the cards of one batch, one after the other; what was seen of those before is kept for duplicates."""

    def __init__(self, windows: Collection[str], kb_min: int | None, kb_max: int | None) -> None:
        self._windows = windows
        self._kb_min, self._kb_max = kb_min or 0, kb_max
        self._photos: dict[bytes, int] = {}
        self._people: dict[tuple[str, dt.date], int] = {}

    def faults_of(self, card: Candidate) -> list[Found]:
        """Everything that keeps this card out; what somebody has looked at and let through is not among it."""
        found = [*self._of_person(card), *self._of_photo(card), *_of_name(card.name)]
        if not card.ethnic_group:
            found.append(Found(BatchFault.ETHNIC_GROUP_IS_MISSING))
        if self._windows and card.collect_at and card.collect_at not in self._windows:
            found.append(Found(BatchFault.WINDOW_IS_NOT_IN_USE, card.collect_at))
        return [one for one in found if not (card.seen_by and one.fault in FOR_AN_EYE)]

    def _of_person(self, card: Candidate) -> list[Found]:
        found = []
        if card.standing == "dead":
            found.append(Found(BatchFault.PERSON_HAS_DIED))
        elif card.standing != "insured":
            found.append(Found(BatchFault.PERSON_HAS_LEFT))
        if card.making not in ("applied", "rejected"):
            found.append(Found(BatchFault.APPLICATION_IS_NOT_WAITING))
        if card.has_card:
            found.append(Found(BatchFault.HOLDER_HAS_A_CARD))
        first = self._people.setdefault((card.name, card.birth_on), card.n)
        if first != card.n:
            found.append(Found(BatchFault.SAME_NAME_AND_BIRTHDAY, str(first)))
        return found

    def _of_photo(self, card: Candidate) -> list[Found]:
        """One that was confirmed at a window was held against the standard there; one moved over may be anything."""
        digest = card.paper_digest if card.paper else card.digest
        if digest is None:
            return [Found(BatchFault.PHOTO_IS_MISSING)]
        found = []
        first = self._photos.setdefault(bytes(digest), card.n)
        if first != card.n:
            found.append(Found(BatchFault.PHOTO_IS_OF_ANOTHER_TOO, str(first)))
        if not card.paper:
            kb = (card.size or 0) / 1024
            if (card.width, card.height) != (WIDTH, HEIGHT):
                found.append(Found(BatchFault.PHOTO_DOES_NOT_FIT, f"{card.width}×{card.height}"))
            elif card.format != "JPEG":
                found.append(Found(BatchFault.PHOTO_DOES_NOT_FIT, str(card.format)))
            elif kb < self._kb_min or (self._kb_max is not None and kb > self._kb_max):
                found.append(Found(BatchFault.PHOTO_DOES_NOT_FIT, f"{kb:.1f} KB"))
        return found


def _of_name(name: str) -> list[Found]:
    """Whether the card can bear the name: characters with a code of their own, fonts that have them, bytes."""
    bad = [c for c in name if unicodedata.category(c) in _PRIVATE]
    if bad:
        return [Found(BatchFault.NAME_CANNOT_BE_WRITTEN, ", ".join(f"U+{ord(c):04X}" for c in bad))]
    found = []
    rare = [c for c in name if _is_rare(c)]
    if rare:
        found.append(Found(BatchFault.NAME_HAS_A_RARE_CHARACTER, " ".join(f"{c} (U+{ord(c):04X})" for c in rare)))
    if not card_name_fits(name):
        found.append(Found(BatchFault.NAME_IS_TOO_LONG, str(len(name.encode("gb18030")))))
    return found


def _is_rare(character: str) -> bool:
    """Whether GB 18030-2005 asks no font for it: four bytes, and not of the first extension of the ideographs."""
    return len(character.encode("gb18030")) > 2 and ord(character) not in _EXTENSION_A


def card_name_fits(name: str) -> bool:
    """Whether a name goes into a card's two places; a character is never cut in two."""
    return len(parted(name, NAME_BYTES)[1].encode("gb18030")) <= EXTENSION_BYTES
