"""Photos of card holders in a folder or a zip, each named by a social security number. A run's taking in calls it.

A photo is taken in only if it is a whole JPEG or PNG of a bearable size. What is odd is named by its entry, and no
archive, however made, unpacks to more than one photo at a time.
"""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePosixPath

import msgspec
from PIL import Image, UnidentifiedImageError

from shebaoka import numbers
from shebaoka.records import BadInput

PHOTO_BYTES_MAX = 5 << 20
RATIO_MAX = 100
"""A photo is compressed already: what a zip makes a hundred times smaller is none."""
SIDE_MAX, SIDE_MIN = 6_000, 50
PIXELS_MAX = 25_000_000
TOTAL_RATIO_MAX = 20
"""All photos of a zip together: more can only be entries that share their bytes."""
ENTRIES_MAX = 5_000_000
FORMATS = ("JPEG", "PNG")
SUFFIXES = (".jpg", ".jpeg", ".png")
_NUMBER = re.compile(r"[0-9]{17}[0-9Xx]")
_LEFT_ALONE = ("thumbs.db", "desktop.ini", ".ds_store")


class PhotoReason(StrEnum):
    """Why an entry is no photo that can be taken in."""

    NAME_IS_NO_NUMBER = "photo_name_is_no_number"
    NUMBER_STANDS_TWICE = "photo_stands_twice"
    PATH_LEADS_OUT = "photo_path_leads_out"
    IS_ENCRYPTED = "photo_is_encrypted"
    IS_TOO_LARGE = "photo_is_too_large"
    IS_A_BOMB = "photo_is_a_bomb"
    IS_NO_PICTURE = "photo_is_no_picture"
    IS_TRUNCATED = "photo_is_truncated"
    IS_DAMAGED = "photo_is_damaged"


class Photo(msgspec.Struct, frozen=True):
    """One person's photo: whose, the file's bytes as they came, JPEG or PNG, pixels, and its entry's name."""

    number: str
    data: bytes
    format: str
    width: int
    height: int
    entry: str

    def __repr__(self) -> str:
        return f"Photo(format={self.format!r}, width={self.width}, height={self.height}, number, entry, data=hidden)"


class OddPhoto(msgspec.Struct, frozen=True):
    """An entry that is no photo that can be taken in: its place from 1, its name, why, and what to do."""

    line: int
    reason: str
    sentence: str
    entry: str

    def __repr__(self) -> str:
        return f"OddPhoto(line={self.line}, reason={self.reason!r}, sentence={self.sentence!r}, entry=hidden)"


class _Entry(msgspec.Struct):
    """An entry of a folder or zip, before it is read: its name and size, and what is wrong with it already."""

    name: str
    size: int
    fault: tuple[PhotoReason, str] | None = None
    info: zipfile.ZipInfo | None = None


Reader = Callable[[_Entry], bytes]


class Unfit(Exception):  # noqa: N818 - the verdict on one entry, not trouble
    """Why an entry cannot be taken in."""

    def __init__(self, reason: PhotoReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def photos(path: Path, *, after: int = 0) -> Iterator[Photo | OddPhoto]:
    """Each photo in a folder or zip, and each entry that is none, in the order of the names. One at a time in memory.

    The first `after` entries are passed over, and not looked at. `BadInput` if there is no such folder, or the zip
    cannot be opened. Folders within, and what systems leave behind such as Thumbs.db, are no entries.
    """
    if path.is_dir():
        yield from _judged(_in_folder(path), lambda e: (path / e.name).read_bytes(), after)
        return
    with _opened(path) as archive:
        entries = _in_zip(archive)
        total = sum(e.size for e in entries if e.fault is None)
        if total > TOTAL_RATIO_MAX * path.stat().st_size + PHOTO_BYTES_MAX:
            raise BadInput(
                f"{path.name} would unpack to {total // 2**20} MB, which is no archive of photos; pack it again."
            )
        yield from _judged(entries, lambda e: _unpacked(archive, e), after)


def photos_named(path: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of entries that `photos` gave as photos before, by name, in the order of the names.

    `BadInput` if one is not there any more, or cannot be read.
    """
    if not names:
        return
    try:
        if path.is_dir():
            for name in names:
                yield name, (path / name).read_bytes()
            return
        with _opened(path) as archive:
            there = {e.name: e for e in _in_zip(archive)}
            for name in names:
                yield name, _unpacked(archive, there[name])
    except (OSError, KeyError, Unfit):
        raise BadInput(f"{path.name} has changed since it was taken in: a photo cannot be read any more.") from None


def _opened(path: Path) -> zipfile.ZipFile:
    """A zip of photos."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not in the folder; put the photos there, in a folder or a zip.") from None
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise BadInput(f"{path.name} is no zip, or was cut off; copy it again, or unpack it into a folder.") from None
    if len(archive.infolist()) > ENTRIES_MAX:
        archive.close()
        raise BadInput(f"{path.name} has more than {ENTRIES_MAX} entries; divide it.")
    return archive


def _judged(entries: list[_Entry], read: Reader, after: int) -> Iterator[Photo | OddPhoto]:
    """Each entry as a photo, or as what is odd about it. Of two with one number neither is taken."""
    seen: dict[str, int] = {}
    for entry in entries:
        number = _number_of(entry.name)
        seen[number] = seen.get(number, 0) + 1
    for line, entry in islice(enumerate(entries, 1), after, None):
        try:
            yield _photo(entry, seen, read)
        except Unfit as e:
            yield OddPhoto(line, e.reason.value, str(e), entry.name)


def _photo(entry: _Entry, seen: dict[str, int], read: Reader) -> Photo:
    """An entry as a photo; `Unfit` says why it is none."""
    if entry.fault is not None:
        raise Unfit(*entry.fault)
    number = _number_of(entry.name)
    if not number:
        raise Unfit(
            PhotoReason.NAME_IS_NO_NUMBER,
            "The file's name is not a social security number of 18 characters with a right check digit; name the "
            "photo by its holder's number.",
        )
    if seen[number] > 1:
        raise Unfit(
            PhotoReason.NUMBER_STANDS_TWICE,
            f"{seen[number]} photos have the same number; find out which one is right, and keep that one alone.",
        )
    if entry.size > PHOTO_BYTES_MAX:
        raise Unfit(
            PhotoReason.IS_TOO_LARGE,
            f"The photo has {entry.size // 2**20} MB, and {PHOTO_BYTES_MAX // 2**20} are allowed; save it smaller.",
        )
    try:
        data = read(entry)
    except OSError as e:
        raise Unfit(PhotoReason.IS_DAMAGED, f"The file cannot be read: {e.strerror}. Copy it again.") from None
    form, width, height = _looked_at(data)
    return Photo(number, data, form, width, height, entry.name)


def _looked_at(data: bytes) -> tuple[str, int, int]:
    """A picture's format and size, after all of it was decoded; `Unfit` if it cannot be."""
    no_picture = Unfit(PhotoReason.IS_NO_PICTURE, "The file is neither JPEG nor PNG; save the photo as one of the two.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if max(width, height) > SIDE_MAX or width * height > PIXELS_MAX:
                    raise Unfit(
                        PhotoReason.IS_TOO_LARGE,
                        f"The photo has {width} × {height} pixels, and a side may have {SIDE_MAX}; save it smaller.",
                    )
                if min(width, height) < SIDE_MIN:
                    raise Unfit(
                        PhotoReason.IS_NO_PICTURE,
                        f"The photo has {width} × {height} pixels, too few for a face; take another one.",
                    )
                image.load()
                return str(image.format), width, height
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unfit(PhotoReason.IS_A_BOMB, "The picture would unpack to too many pixels; take another photo.") from None
    except UnidentifiedImageError:
        raise no_picture from None
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error) as e:
        if "truncated" in str(e):
            raise Unfit(PhotoReason.IS_TRUNCATED, "The picture was cut off before its end; copy it again.") from None
        raise Unfit(PhotoReason.IS_DAMAGED, "The picture is damaged within; copy it again.") from None


def _number_of(name: str) -> str:
    """The social security number that an entry's name is, with a capital X; none if it is none."""
    file = PurePosixPath(name)
    stem = file.stem.upper()
    if file.suffix.lower() not in SUFFIXES or not _NUMBER.fullmatch(stem):
        return ""
    return stem if numbers.with_check_digit(stem[:17]) == stem else ""


def _in_folder(path: Path) -> list[_Entry]:
    """The files in a folder, those of the folders within too. A link that leads out is odd."""
    inside = path.resolve()
    entries = []
    for file in sorted(p for p in path.rglob("*") if p.is_symlink() or p.is_file()):
        name = file.relative_to(path).as_posix()
        if file.name.lower() in _LEFT_ALONE:
            continue
        if not file.resolve().is_relative_to(inside) or not file.exists():
            entries.append(_Entry(name, 0, _leads_out()))
        else:
            entries.append(_Entry(name, file.stat().st_size))
    return entries


def _in_zip(archive: zipfile.ZipFile) -> list[_Entry]:
    """The entries of a zip, those that must not be unpacked with what is wrong."""
    entries = []
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        if info.is_dir() or PurePosixPath(name).name.lower() in _LEFT_ALONE or name.startswith("__MACOSX/"):
            continue
        entries.append(_Entry(name, info.file_size, _fault_of(info, name), info))
    return sorted(entries, key=lambda e: e.name)


def _fault_of(info: zipfile.ZipInfo, name: str) -> tuple[PhotoReason, str] | None:
    """Why a zip's entry must not even be unpacked."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
        return _leads_out()
    if info.flag_bits & 1:
        return PhotoReason.IS_ENCRYPTED, "The entry is protected by a password; pack the photos without one."
    if info.file_size > RATIO_MAX * max(1, info.compress_size):
        return (
            PhotoReason.IS_A_BOMB,
            f"The entry would unpack to more than {RATIO_MAX} times its size, which no photo does; pack it again.",
        )
    return None


def _leads_out() -> tuple[PhotoReason, str]:
    return PhotoReason.PATH_LEADS_OUT, "The entry's path leads out of the folder; pack the photos by their names alone."


def _unpacked(archive: zipfile.ZipFile, entry: _Entry) -> bytes:
    """An entry's bytes; never more than its header states, and that was looked at."""
    if entry.info is None:
        return b""
    try:
        with archive.open(entry.info) as file:
            return file.read(PHOTO_BYTES_MAX + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Unfit(PhotoReason.IS_DAMAGED, "The entry cannot be unpacked; pack the photos again.") from None
