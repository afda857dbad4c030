"""A scanned or photographed page of paper becomes a picture of our own making: upright, of A4 at 200 dpi at most.

What came in is never kept: pixels alone go on, into a JPEG without metadata. The room of papers calls it.
"""

from io import BytesIO

import msgspec
import numpy as np
from PIL import Image

from shebaoka.photo.decoding import OF_DECODERS, SCANS_MAX, in_colour, turned_upright
from shebaoka.records import BadInput

BYTES_MAX = 20 << 20
SIDE_MAX, PIXELS_MAX = 7_200, 36_000_000
"""A4 at 600 dpi just fits; more is refused before anything is decoded."""
LONG_SIDE, SHORT_SIDE = 2_339, 1_654
"""Pixels of A4 at 200 dpi, at which print of six points can be read."""
SIDE_MIN = 300
"""With fewer pixels across, nothing on an identity card can be read."""
_QUALITY = 82
_JPEG, _PNG, _TIFF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", (b"II*\0", b"MM\0*")
_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
"""Brands of the format that some telephones keep pictures in; no decoder of ours reads it."""


class Scan(msgspec.Struct, frozen=True):
    """A page as it goes on file: a JPEG without metadata, and its pixels across and down."""

    data: bytes
    width: int
    height: int

    def __repr__(self) -> str:
        return f"Scan(width={self.width}, height={self.height}, data=hidden)"


def rescanned(data: bytes) -> Scan:
    """A page written anew from an upload: a JPEG, PNG or WebP picture, or the first page of a TIFF.

    `BadInput` with what to do if it is something else, damaged, or has more bytes or pixels than can be borne.
    """
    if len(data) > BYTES_MAX:
        raise BadInput(
            f"page: the file has more than {BYTES_MAX >> 20} MB; scan it as JPEG at 300 dpi.", code="page_too_large"
        )
    _must_be_a_picture(data)
    if data.startswith(_JPEG) and data.count(b"\xff\xda") > SCANS_MAX:
        raise _damaged()
    if max(_webp_size(data)) > SIDE_MAX:
        raise _too_many_pixels()
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP", "TIFF")) as image:
            return _read(image)
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except OF_DECODERS:
        raise _damaged() from None


def _must_be_a_picture(data: bytes) -> None:
    """`BadInput` for what none of the decoders reads, with what to do instead."""
    if b"%PDF-" in data[:1024]:
        raise BadInput("page: this is a PDF; scan the page as a picture (JPEG or PNG).", code="page_is_a_pdf")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise BadInput(
            "page: this is a HEIC picture; set the telephone's camera to JPEG (most compatible), and take it again.",
            code="page_is_heic",
        )
    if not data.startswith((_JPEG, _PNG, *_TIFF)) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise BadInput(
            "page: the file is no picture; scan the page as JPEG, PNG, WebP or TIFF.", code="page_no_picture"
        )


def _webp_size(data: bytes) -> tuple[int, int]:
    """What a WebP says of its size. Its decoder makes room for all of it when it opens, so it is read here before."""
    if data[:4] != b"RIFF" or len(data) < 30:
        return 0, 0
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _read(image: Image.Image) -> Scan:
    """An opened picture, written anew; it is not decoded before its size was looked at, and scaled before all else."""
    if max(image.size) > SIDE_MAX or image.width * image.height > PIXELS_MAX:
        raise _too_many_pixels()
    if min(image.size) < SIDE_MIN:
        raise BadInput(
            f"page: the picture has fewer than {SIDE_MIN} pixels across; scan it at 200 dpi.", code="page_too_small"
        )
    long, short = LONG_SIDE, SHORT_SIDE
    within = (long, short) if image.width > image.height else (short, long)
    if image.format in {"JPEG", "MPO"}:
        # The decoder scales by itself while it decodes, to no less than twice what is kept.
        image.draft(None, (2 * within[0], 2 * within[1]))
    image.load()
    # Made of pixels alone: a picture that was opened carries comments along, and they would be written too.
    upright = Image.fromarray(np.asarray(turned_upright(image, _scaled(image, within))))
    out = BytesIO()
    upright.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Scan(out.getvalue(), upright.width, upright.height)


def _scaled(image: Image.Image, within: tuple[int, int]) -> Image.Image:
    """The picture in colour, no larger than what is kept."""
    if image.mode in {"1", "P", "PA"}:
        image = in_colour(image)
    elif image.mode.startswith("I"):
        image = image.convert("I")
    scale = min(within[0] / image.width, within[1] / image.height, 1)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    return in_colour(image)


def _too_many_pixels() -> BadInput:
    return BadInput(
        f"page: the picture has too many pixels, {PIXELS_MAX // 10**6} million are taken and {SIDE_MAX} a side; "
        "scan it at 300 dpi, or set the camera to fewer.",
        code="page_has_too_many_pixels",
    )


def _damaged() -> BadInput:
    return BadInput("page: the picture is damaged or was cut off; scan it again.", code="page_damaged")
