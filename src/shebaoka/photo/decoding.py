"""An upload becomes pixels that stand upright, or is refused: only JPEG and PNG, and never more than can be borne.

Nothing else of the file goes on: what its metadata say is read for resolution and orientation, and left behind.
"""

import struct
import zlib
from io import BytesIO
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shebaoka.records import BadInput

Pixels = NDArray[np.uint8]
"""Height × width × 3: red, green and blue, 0 to 255, from the upper left corner."""
BYTES_MAX = 5 << 20
SIDE_MAX, PIXELS_MAX = 6_000, 25_000_000
SCANS_MAX = 24
"""A progressive JPEG has 10 scans, 18 in four colours, and each may cost as much as the whole picture."""
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""A PNG's type of colour → values a pixel."""
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What the EXIF orientation says → what makes the picture stand upright."""
OF_DECODERS = (
    OSError, SyntaxError, ValueError, EOFError, zlib.error, struct.error, ArithmeticError, LookupError, TypeError,
    AttributeError, MemoryError,
)  # fmt: skip
"""What Pillow raises at files that are damaged, or made to harm."""


class Decoded(msgspec.Struct, frozen=True):
    """A photo as it stands upright: pixels; dots an inch across and down, 0 if not said; bits a pixel in the file."""

    pixels: Pixels
    dpi: tuple[int, int]
    bits: int


def decoded(data: bytes) -> Decoded:
    """An upload's pixels, upright.

    `BadInput` if it is no whole JPEG or PNG, or has more bytes, pixels or scans than can be borne.
    """
    if len(data) > BYTES_MAX:
        raise BadInput(f"The photo has more than {BYTES_MAX >> 20} MB; save it smaller.", code="photo_too_large")
    if not data.startswith((_JPEG, _PNG)):
        raise BadInput("The file is neither JPEG nor PNG; save the photo as one of the two.", code="photo_no_picture")
    if data.startswith(_JPEG) and data.count(b"\xff\xda") > SCANS_MAX:
        raise BadInput(
            "The picture is put together from too many layers; save it again as a plain JPEG.",
            code="photo_too_many_layers",
        )
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
            return _read(image, data)
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except OF_DECODERS:
        raise BadInput("The picture is damaged or was cut off; save or copy it again.", code="photo_damaged") from None


def _too_many_pixels() -> BadInput:
    return BadInput(
        f"The picture has too many pixels, and a side may have {SIDE_MAX}; save it smaller.",
        code="photo_has_too_many_pixels",
    )


def _read(image: Image.Image, data: bytes) -> Decoded:
    """What an opened picture holds; it is not decoded before its size was looked at."""
    if max(image.size) > SIDE_MAX or image.width * image.height > PIXELS_MAX:
        raise _too_many_pixels()
    image.load()
    upright = turned_upright(image, in_colour(image))
    across, down = _dpi(image.info.get("dpi"))
    lies = _orientation(image) >= 5
    return Decoded(np.asarray(upright), (down, across) if lies else (across, down), _bits(image, data))


def turned_upright(image: Image.Image, pixels: Image.Image) -> Image.Image:
    """Pixels of an opened picture, turned as its EXIF says that they lie."""
    turn = _orientation(image)
    return pixels.transpose(_TURNS[turn]) if turn in _TURNS else pixels


def _orientation(image: Image.Image) -> int:
    """How the picture lies, 1 to 8, by its EXIF; 1 where that is missing or cannot be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except OF_DECODERS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _dpi(said: Any) -> tuple[int, int]:
    """Dots an inch across and down; 0 where nothing of sense is said."""
    try:
        across, down = (min(round(float(v)), 1 << 30) for v in said)
    except OF_DECODERS:
        return 0, 0
    return max(across, 0), max(down, 0)


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits of a pixel as the file keeps it."""
    if data.startswith(_PNG):
        depth, kind = data[24], data[25]
        return depth * _CHANNELS[kind]
    return 8 * len(image.getbands())


def in_colour(image: Image.Image) -> Image.Image:
    """The same in red, green and blue, 8 bits each; what can be seen through is laid on white."""
    if image.mode.startswith("I"):
        wide = np.asarray(image.convert("I"), dtype=np.int64)
        image = Image.fromarray((np.clip(wide, 0, 65535) // 257).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, (255, 255, 255, 255)), seen)
    return image.convert("RGB")
