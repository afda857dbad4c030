"""Photos for the rows of an employer's list: a zip in which each is named by its holder's number (4.2).

Each is held against the standard and kept sealed for its row alone, as at the window. What is not taken is told by the
row with what it misses; sending the same zip again goes on where it stopped. `lists` has the page.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import msgspec

from shebaoka.desk import Staff, draft_of
from shebaoka.records import BadInput, Material
from shebaoka.window.frame import Page

ENTRIES_MAX = 10_000
PHOTO_BYTES_MAX = 2 << 20
_ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What is raised where a zip is not what it says."""


class PhotoTold(msgspec.Struct, frozen=True):
    """A photo that was not taken: the row that it is for, and why."""

    n: int
    says: str


class Photos(msgspec.Struct, frozen=True):
    """What became of a zip: photos taken, those not taken, and how many are named by nobody who waits for one."""

    taken: int
    told: list[PhotoTold]
    others: int


def take_photos(page: Page, staff: Staff, list_id: str, content: bytes, *, crop: bool) -> Photos:
    """Take the photos of a zip in for the rows that wait for one; `crop` lets a crop mend one. `BadInput`."""
    waiting = page.front.lists.without_photo(staff, list_id)
    taken, told, others = 0, list[PhotoTold](), 0
    for number, photo in _photos(content, waiting):
        if photo is None:
            others += 1
            continue
        n = waiting[number]
        try:
            page.front.papers.add(staff, draft_of(list_id, n), Material.PHOTO, photo, number=number, crop=crop)
            taken += 1
        except BadInput as e:
            told.append(PhotoTold(n, _why(page, photo, e)))
    return Photos(taken, sorted(told, key=lambda t: t.n), others)


def _why(page: Page, photo: bytes, trouble: BadInput) -> str:
    """What a photo misses, in the page's language; of one that cannot be read at all, why."""
    if trouble.code != "photo_does_not_fit":
        return page.fault(trouble)
    missed = page.front.papers.fit_photo(photo, page.language).missed
    return " ".join(m.sentence for m in missed) or page.fault(trouble)


def _photos(content: bytes, waiting: Mapping[str, int]) -> Iterator[tuple[str, bytes | None]]:
    """Each photo of a zip by the number that it is named by; None for one that nobody waits for."""
    seen: set[str] = set()
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGE:
        raise BadInput("photos: it is no zip archive, or damaged.", code="photos_cannot_be_read") from None
    with archive:
        for part in archive.infolist()[:ENTRIES_MAX]:
            name = PurePosixPath(part.filename)
            if part.is_dir() or name.suffix.lower() not in _ENDINGS or name.name.startswith("."):
                continue
            number = name.stem.strip().upper()
            if number not in waiting or number in seen:
                yield number, None
                continue
            seen.add(number)
            try:
                with archive.open(part) as file:
                    photo = file.read(PHOTO_BYTES_MAX)
            except _DAMAGE:
                raise BadInput("photos: the archive is damaged or locked.", code="photos_cannot_be_read") from None
            yield number, photo
