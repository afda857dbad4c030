"""In which encoding a text is, found from its beginning: GB18030 with GBK and GB2312, or UTF-8. Readers call it."""

import codecs
from pathlib import Path

import msgspec

from shebaoka.importer.files.shape import GB18030_AS_CALLED
from shebaoka.records import BadInput

SAMPLE_BYTES = 1 << 22
GB18030, UTF8 = "gb18030", "utf-8"
CALLED = {GB18030: GB18030_AS_CALLED, UTF8: "UTF-8"}
BOMS = {codecs.BOM_UTF8: UTF8, "\ufeff".encode("gb18030"): GB18030}
_ASCII = bytes(range(128))
_CHINESE_TEXT_BEGINS = frozenset(bytes([b]) for b in (0xC2, *range(0xE2, 0xEA), 0xEF, *range(0xF0, 0xF5)))
"""What the first byte beyond ASCII is where Chinese stands in UTF-8: a character, a middle dot or punctuation."""
_LINES_LOOKED_AT = 5_000
_FEW_CHARACTERS = 4


class Found(msgspec.Struct, frozen=True):
    """An encoding, how it was found out, and what is doubtful about it."""

    encoding: str
    by: str
    doubts: tuple[str, ...] = ()


def sample_of(path: Path) -> bytes:
    """The beginning of a file: its whole lines in the first megabytes. `BadInput` if it cannot be read or is empty."""
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE_BYTES)
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not in the folder; put the old system's export there.") from None
    except OSError as e:
        raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
    if not sample.strip(b"\r\n \t\x1a"):
        raise BadInput(f"{path.name} is empty; export it again.")
    if len(sample) == SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    return sample


def encoding_of(sample: bytes, declared: str, name: str) -> Found:
    """The encoding of a text. `BadInput` if it is no text that can be read, or not in what the mapping declares.

    The first line decides where it has Chinese, else the greater part of the lines: a damaged row changes nothing.
    """
    _must_be_text(sample, name)
    found = _found(sample, name)
    called = GB18030 if declared in ("gbk", "gb2312", GB18030) else declared
    if called in ("auto", found.encoding):
        return found
    if sample.isascii():
        return Found(called, "the mapping says so, and what was looked at is ASCII")
    raise BadInput(
        f"{name} is declared as {CALLED[called]} and is {CALLED[found.encoding]}; write `encoding: {found.encoding}` "
        f"in the mapping, or leave the encoding out."
    )


def is_utf8_chinese(raw: bytes) -> bool:
    """Whether bytes are UTF-8 with at least one Chinese character; GB18030 text is that by chance only."""
    if raw.translate(None, _ASCII)[:1] not in _CHINESE_TEXT_BEGINS:
        return False  # as GB18030 mostly is: nothing need be tried
    try:
        return max(raw.decode("utf-8"), default="") >= "\u4e00"
    except UnicodeDecodeError:
        return False


def _found(sample: bytes, name: str) -> Found:
    for mark, encoding in BOMS.items():
        if sample.startswith(mark):
            return Found(encoding, "it begins with a byte order mark", ("It begins with a byte order mark.",))
    if sample.isascii():
        return Found(GB18030, "all of what was looked at is ASCII, which GB18030 and UTF-8 write alike")
    lines = [line for line in sample.splitlines()[:_LINES_LOOKED_AT] if not line.isascii()]
    if not lines:
        lines = [line for line in sample.splitlines() if not line.isascii()][:_LINES_LOOKED_AT]
    fit = {UTF8: sum(map(is_utf8_chinese, lines))}
    fit[GB18030] = sum(_is(line, GB18030) and not is_utf8_chinese(line) for line in lines)
    first = sample.split(b"\n", 1)[0]
    encoding = max(fit, key=lambda e: fit[e])
    if not first.isascii():
        if is_utf8_chinese(first):
            encoding = UTF8
        elif _is(first, GB18030):
            encoding = GB18030
    if not fit[encoding]:
        if all(_is(line, UTF8) for line in lines):
            encoding, fit[UTF8] = UTF8, len(lines)
        else:
            raise BadInput(f"{name} is neither GB18030 (GBK) nor UTF-8; save it in one of the two.")
    doubts = []
    if fit[encoding] < len(lines):
        doubts.append(
            f"{len(lines) - fit[encoding]} of the first {len(lines)} lines with Chinese are not {CALLED[encoding]}."
        )
    elif sum(b >= 0x80 for b in sample[:1000]) < _FEW_CHARACTERS * 2 and len(lines) < _FEW_CHARACTERS:
        doubts.append("It has very few characters beyond ASCII; look whether the names are right.")
    return Found(encoding, f"{fit[encoding]} of {len(lines)} lines with Chinese are {CALLED[encoding]}", tuple(doubts))


def _is(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _must_be_text(sample: bytes, name: str) -> None:
    """`BadInput` for what is no text, and for UTF-16: of two bytes of its ASCII one is zero, always the same one."""
    begins = sample[:4000]
    if begins.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadInput(f"{name} is an Excel workbook or an archive, and no text; write `format: excel` in the mapping.")
    if begins.lstrip().startswith(b"<"):
        raise BadInput(f"{name} is a web page or XML, whatever its name says; open it in Excel and save it as xlsx.")
    even, odd = begins[::2].count(0), begins[1::2].count(0)
    few, many = sorted((even, odd))
    if begins.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or (many > len(begins) * 0.2 and few < many / 10):
        raise BadInput(f"{name} is in UTF-16 (a spreadsheet calls it Unicode text); save it as CSV UTF-8 or GB18030.")
    if few + many > len(begins) * 0.2:
        raise BadInput(
            f"{name} is no text: much of it is zero bytes. Name its format in the mapping, or export it again."
        )
