"""Files of any bytes: a reader takes them in and holds what every source must hold, or says in words why not."""

import contextlib
import csv
import random
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shebaoka.importer.files import lines as lines_room
from shebaoka.importer.files import photos
from shebaoka.importer.files.encodings import is_utf8_chinese
from shebaoka.records import BadInput
from source_case import HEADER, LI, MA, SPEC, WANG, take
from test_photos import LI as LI_NUMBER
from test_photos import packed, picture
from test_source_tables import FIXED, dbf, fixed, record, xls

replace = msgspec.structs.replace
ANYTHING = replace(SPEC, columns={})
PIECES = st.sampled_from(
    [
        *(b",", b"\n", b"\r\n", b"\r", b'"', b'""', b"\0", b"\x1a", b" ", b"\t", b"|", b"\x1f", b"1", b"abc"),
        *(b"\xff", b"\x80", b"\x81", b"\x81\x30", b"\x81\x30\x81", b"\xed", b"\xed\xa0\x80", b"\xfe", b"\xe6"),
        *("李".encode(), "李".encode("gbk"), "王芳".encode(), "王芳".encode("gbk"), "𬭸".encode()),
        *("𬭸".encode("gb18030"), b"\xef\xbb\xbf"),
        *(b"\x83\x36\xc7\x38", b"\x84\x31\xa4\x36", "\u2028".encode(), "\u2028".encode("gb18030"), "\x85".encode()),
    ]
)  # fmt: skip
BODIES = st.lists(PIECES, max_size=60).map(b"".join)
many = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def as_read_line_by_line(body: bytes, encoding: str) -> list[list[str] | None]:
    """What a plain reader makes of the lines below the header: the values, or nothing where a line is odd."""
    found: list[list[str] | None] = []
    for raw in body.removesuffix(b"\n").split(b"\n") if body else []:
        line = raw.rstrip(b"\r\x1a")
        values = None
        if line.strip(b"\x1a\r\n \t") and not (b"\0" in line or b"\r" in line):
            with contextlib.suppress(UnicodeDecodeError, UnicodeEncodeError, csv.Error):
                text = line.decode(encoding)
                text.encode()
                if encoding == "utf-8" or not is_utf8_chinese(line):
                    values = next(csv.reader([text], strict=True)) if '"' in text else text.split(",")
        found.append(values if values is not None and len(values) == len(HEADER) else None)
    return found


@many
@given(BODIES, st.sampled_from(["gb18030", "utf-8"]), st.integers(1, 80))
def test_csv_is_read_as_if_line_by_line(tmp_path: Path, body: bytes, encoding: str, size: int) -> None:
    """Taking a block at once gives what a plain reader gives for each line by itself, wherever blocks are cut."""
    assume(body.count(0) < 5)  # a file with many zero bytes is no text
    assume(b"\t" not in body)  # tabs around a value are taken off, which a plain reader does not
    path = tmp_path / "people.csv"
    path.write_bytes(",".join(HEADER).encode(encoding) + b"\n" + body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_room, "BLOCK_BYTES", size)
        taken = take(path)
    assert taken.source.encoding == encoding
    expected = dict(enumerate(as_read_line_by_line(body, encoding), 2))
    assert taken.rows == {n: v for n, v in expected.items() if v is not None}


@many
@given(BODIES, st.sampled_from([",", "|", "\t", ";", "\x1f"]), st.sampled_from(["auto", "gbk", "utf-8"]), st.booleans())
def test_any_bytes_as_text(tmp_path: Path, body: bytes, delimiter: str, encoding: str, header: bool) -> None:
    """With any separator, encoding, and with or without a header."""
    (tmp_path / "any.csv").write_bytes(body)
    with contextlib.suppress(BadInput):
        take(tmp_path / "any.csv", replace(ANYTHING, delimiter=delimiter, encoding=encoding, header=header))


def changed(sound: bytes, seed: int, head: int) -> bytes:
    """The same with some bytes changed, cut away or added; half of them in its first bytes."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(sound)
    for _ in range(rng.randint(0, 5)):
        content[rng.randrange(len(content)) if rng.random() < 0.5 else rng.randrange(head)] = rng.randrange(256)
    if rng.random() < 0.2:
        del content[rng.randrange(len(content)) :]
    return bytes(content)


@many
@given(st.integers(0, 2**32))
def test_fixed_width_and_dbf_with_changed_bytes(tmp_path: Path, seed: int) -> None:
    """A table of which some bytes are wrong is read but for the rows that they stand in, or is refused in words."""
    (tmp_path / "a.txt").write_bytes(changed(fixed(LI, WANG, MA), seed, 40))
    (tmp_path / "a.dbf").write_bytes(changed(dbf([record(LI), record(WANG, b"*"), record(MA)]), seed, 130))
    for name, spec in (("a.txt", FIXED), ("a.dbf", replace(ANYTHING, format="dbf"))):
        with contextlib.suppress(BadInput):
            take(tmp_path / name, spec)


def test_workbooks_and_archives_with_changed_bytes(tmp_path: Path) -> None:
    """Excel and zips of which some bytes are wrong are read or refused in words, and nothing else happens."""
    book = openpyxl.Workbook()
    for row in (HEADER, LI, WANG, MA):
        book.active.append(row)
    book.save(tmp_path / "sound.xlsx")
    xls(tmp_path / "sound.xls", HEADER, LI, WANG, MA)
    packed(tmp_path / "sound.zip", {f"{LI_NUMBER}.jpg": picture(size=(60, 60)), "x.png": picture("PNG", (60, 60))})
    for name, head in (("xlsx", 2000), ("xls", 3000), ("zip", 200)):
        sound = (tmp_path / f"sound.{name}").read_bytes()
        for seed in range(150):
            path = tmp_path / f"changed.{name}"
            path.write_bytes(changed(sound, seed, head))
            with contextlib.suppress(BadInput):
                if name == "zip":
                    list(photos(path))
                else:
                    take(path, replace(SPEC, format="excel"))
