"""Photos from a folder or a zip: each is one person's whole picture, or is named with what is wrong and what to do."""

import io
import random
import re
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from shebaoka.importer.files import OddPhoto, Photo, PhotoReason, photos
from shebaoka.importer.files.photos import PHOTO_BYTES_MAX
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput

LI, WANG = with_check_digit("14070219800101001"), with_check_digit("14070219850101002")
MA = next(n for n in (with_check_digit(f"65010219790203{k:03d}") for k in range(100)) if n.endswith("X"))


def noise(length: int, seed: int = 1) -> bytes:
    """Bytes that no archive makes smaller."""
    return random.Random(seed).randbytes(length)  # noqa: S311 - no secret


def picture(form: str = "JPEG", size: tuple[int, int] = (120, 150), seed: int = 1) -> bytes:
    """A picture of noise, which no archive makes smaller."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, noise(size[0] * size[1] * 3, seed)).save(out, form)
    return out.getvalue()


def damaged(data: bytes) -> bytes:
    """The same with ten bytes in its middle zero."""
    return data[:9000] + bytes(10) + data[9010:]


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def packed(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of these entries."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, entries: dict[str, bytes]) -> Path:
    """A folder of these files."""
    for name, data in entries.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def test_photos_of_a_zip_and_of_a_folder_are_the_same(tmp_path: Path) -> None:
    """JPEG and PNG, in folders within, with a small x or a capital suffix; what systems leave behind is no photo."""
    entries = {
        f"{LI}.jpg": picture(), f"b/{WANG}.PNG": picture("PNG"), f"c/{MA.lower()}.JPEG": picture(), "b/Thumbs.db": b"x",
        "__MACOSX/._x": b"y",
    }  # fmt: skip
    from_zip = list(photos(packed(tmp_path / "a.zip", entries)))
    del entries["__MACOSX/._x"]
    assert from_zip == list(photos(unpacked(tmp_path / "a", entries)))
    assert [(p.number, p.format, p.width, p.height) for p in from_zip if isinstance(p, Photo)] == [
        (LI, "JPEG", 120, 150), (WANG, "PNG", 120, 150), (MA, "JPEG", 120, 150)
    ]  # fmt: skip
    assert [p.data for p in from_zip if isinstance(p, Photo)] == [picture(), picture("PNG"), picture()]
    assert all(LI not in repr(p) for p in from_zip)


WRONG_DIGIT = LI[:17] + ("1" if LI[17] != "1" else "2")
ODD = [
    ("a name", "李伟.jpg", picture(), PhotoReason.NAME_IS_NO_NUMBER, "not a social security number of 18 characters"),
    ("a wrong check digit", f"{WRONG_DIGIT}.jpg", picture(), PhotoReason.NAME_IS_NO_NUMBER, "right check digit"),
    ("fifteen digits", "140702800101001.jpg", picture(), PhotoReason.NAME_IS_NO_NUMBER, "name the photo by"),
    ("another suffix", f"{LI}.gif", picture(), PhotoReason.NAME_IS_NO_NUMBER, "not a social security number"),
    ("no picture", f"{LI}.jpg", b"hello" * 100, PhotoReason.IS_NO_PICTURE, "neither JPEG nor PNG"),
    ("empty", f"{LI}.jpg", b"", PhotoReason.IS_NO_PICTURE, "neither JPEG nor PNG"),
    ("a web page", f"{LI}.jpg", b"<html>404</html>", PhotoReason.IS_NO_PICTURE, "save the photo as one of the two"),
    ("a GIF called jpg", f"{LI}.jpg", picture("GIF"), PhotoReason.IS_NO_PICTURE, "neither JPEG nor PNG"),
    ("a truncated JPEG", f"{LI}.jpg", picture()[:-3000], PhotoReason.IS_TRUNCATED, "cut off before its end"),
    ("a truncated PNG", f"{LI}.png", picture("PNG")[:9000], PhotoReason.IS_TRUNCATED, "cut off before its end"),
    (
        "a damaged PNG",
        f"{LI}.png",
        damaged(picture("PNG")),
        PhotoReason.IS_DAMAGED,
        "damaged within",
    ),
    ("a picture bomb", f"{LI}.png", png_that_says(60_000, 60_000), PhotoReason.IS_A_BOMB, "too many pixels"),
    ("too many pixels", f"{LI}.png", png_that_says(6_500, 100), PhotoReason.IS_TOO_LARGE, "6500 × 100 pixels"),
    ("too few pixels", f"{LI}.jpg", picture(size=(20, 20)), PhotoReason.IS_NO_PICTURE, "too few for a face"),
    ("too many bytes", f"{LI}.jpg", noise(PHOTO_BYTES_MAX + 1), PhotoReason.IS_TOO_LARGE, "5 MB"),
]


@pytest.mark.parametrize(("name", "data", "reason", "words"), [c[1:] for c in ODD], ids=[c[0] for c in ODD])
def test_what_is_no_photo_is_named(tmp_path: Path, name: str, data: bytes, reason: PhotoReason, words: str) -> None:
    """In a zip as in a folder, with its place, reason and what to do; the photo beside it is taken in."""
    entries = {f"000/{WANG}.jpg": picture(seed=2), name: data}
    for path in (packed(tmp_path / "a.zip", entries), unpacked(tmp_path / "a", entries)):
        good, odd = photos(path)
        assert isinstance(good, Photo)
        assert isinstance(odd, OddPhoto)
        assert (odd.line, odd.reason, odd.entry) == (2, reason, name)
        assert words in odd.sentence
        assert not re.search(r"\d{12}", odd.sentence + repr(odd))


@pytest.mark.parametrize("name", [f"/{LI}.jpg", f"../{LI}.jpg", f"a/../../{LI}.jpg", f"C:/{LI}.jpg", f"..\\{LI}.jpg"])
def test_a_path_that_leads_out_of_the_folder_is_odd(tmp_path: Path, name: str) -> None:
    """An archive's path is never followed."""
    path = packed(tmp_path / "a.zip", {name: picture()})
    (odd,) = photos(path)
    assert isinstance(odd, OddPhoto)
    assert odd.reason == PhotoReason.PATH_LEADS_OUT


def test_a_link_that_leads_out_of_the_folder_is_odd(tmp_path: Path) -> None:
    """A link to a file outside, and one to nothing, are named; a link within the folder is a file."""
    (tmp_path / "secret.jpg").write_bytes(picture())
    folder = unpacked(tmp_path / "a", {f"x/{LI}.jpg": picture()})
    (folder / f"{WANG}.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / f"{MA}.jpg").symlink_to(folder / "nothing.jpg")
    assert [getattr(p, "reason", "taken") for p in photos(folder)] == ["photo_path_leads_out"] * 2 + ["taken"]


def test_two_photos_of_one_person_are_both_odd(tmp_path: Path) -> None:
    """Nobody knows which one is right, whatever their suffixes and folders."""
    path = packed(
        tmp_path / "a.zip", {f"{MA}.jpg": picture(), f"b/{MA.lower()}.png": picture("PNG"), f"{LI}.jpg": picture()}
    )
    assert [getattr(p, "reason", "taken") for p in photos(path)] == [
        "taken",
        "photo_stands_twice",
        "photo_stands_twice",
    ]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(f"{LI}.jpg", picture())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(f"{LI}.jpg", picture(seed=2))
    assert [getattr(p, "reason", "taken") for p in photos(tmp_path / "b.zip")] == ["photo_stands_twice"] * 2


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """An entry that says it is a thousand times larger is odd unread; one that lies about its size is damaged."""
    path = packed(tmp_path / "a.zip", {f"{LI}.jpg": b"\0" * (4 << 20), f"{WANG}.jpg": picture()})
    odd, good = photos(path)
    assert isinstance(odd, OddPhoto)
    assert odd.reason == PhotoReason.IS_A_BOMB
    assert "more than 100 times its size" in odd.sentence
    assert isinstance(good, Photo)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = raw.index(signature) + offset
        raw[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(raw)
    odd = next(photos(path))
    assert isinstance(odd, OddPhoto)
    assert odd.reason == PhotoReason.IS_DAMAGED


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """A zip of which every entry is bearable, and all together are not, is no archive of photos."""
    shared = bytes(60_000) + noise(1000)
    numbers = [with_check_digit(f"14070219800101{n:03d}") for n in range(300)]
    path = packed(tmp_path / "a.zip", {f"{n}.jpg": shared for n in numbers})
    with pytest.raises(BadInput, match="would unpack to 17 MB, which is no archive of photos"):
        list(photos(path))


def test_an_encrypted_or_damaged_entry_is_odd(tmp_path: Path) -> None:
    """The flag of a password, and bytes that are not what their checksum says, are told apart."""
    path = packed(tmp_path / "a.zip", {f"{LI}.jpg": picture(), f"{WANG}.jpg": picture(seed=3)}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    at = raw.rindex(b"PK\x03\x04")
    raw[at + 200] ^= 0xFF
    path.write_bytes(raw)
    assert [getattr(p, "reason", "taken") for p in photos(path)] == ["photo_is_encrypted", "photo_is_damaged"]


def test_what_is_no_zip_says_so(tmp_path: Path) -> None:
    """A missing one, another file, and one that was cut off."""
    whole = packed(tmp_path / "a.zip", {f"{LI}.jpg": picture()})
    with pytest.raises(BadInput, match=r"b\.zip is not in the folder; put the photos there"):
        list(photos(tmp_path / "b.zip"))
    of_years_to_come = whole.read_bytes().replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xbb")
    assert of_years_to_come != whole.read_bytes()
    for content in (b"hello", whole.read_bytes()[:-30], of_years_to_come, b""):
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(BadInput, match=r"b\.zip is no zip, or was cut off"):
            list(photos(tmp_path / "b.zip"))
