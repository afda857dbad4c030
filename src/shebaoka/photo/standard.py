"""What a photo for the card must be, and where one misses it: the standard for second-generation identity photos.

`judge` holds what was seen of a photo against it; it looks at numbers alone.
"""

from enum import StrEnum

import msgspec


class Range(msgspec.Struct, frozen=True):
    """What is allowed, both ends included; without an end where there is none. The unit is that of what is measured."""

    least: int | None = None
    most: int | None = None

    def holds(self, measured: int) -> bool:
        """Whether a value is allowed."""
        return (self.least is None or measured >= self.least) and (self.most is None or measured <= self.most)


class Box(msgspec.Struct, frozen=True):
    """A place in a photo that stands upright, in its own pixels, from the upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beside it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height


class Miss(StrEnum):
    """What of the standard a photo misses."""

    FILE_TOO_SMALL = "file_too_small"
    FILE_TOO_LARGE = "file_too_large"
    WIDTH_DIFFERS = "width_differs"
    HEIGHT_DIFFERS = "height_differs"
    RESOLUTION_DIFFERS = "resolution_differs"
    COLOUR_DIFFERS = "colour_differs"
    BACKGROUND_NOT_WHITE = "background_not_white"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_NARROW = "face_too_narrow"
    FACE_TOO_WIDE = "face_too_wide"
    HAIR_TOO_HIGH = "hair_too_high"
    HAIR_TOO_LOW = "hair_too_low"
    EYES_TOO_LOW = "eyes_too_low"


WIDTH, HEIGHT = 358, 441
"""Pixels of the whole photo."""
DPI = 350
BITS = 24
"""Of colour, a pixel."""
FACE_WIDTH = Range(193, 221)
"""207 ± 14 pixels, across the cheeks."""
HAIR_TOP = Range(7, 21)
"""Pixels between the upper edge and the hair."""
EYES_ABOVE = Range(207)
"""Pixels between the eyes and the lower edge."""
WHITE_PERCENT = Range(95, 100)
"""How much of the background beside the head must be white."""


class Face(msgspec.Struct, frozen=True):
    """Where somebody is in a photo, in its pixels: the face cheek to cheek, the first row of hair, the row of eyes."""

    box: Box
    hair_top: int
    eye_line: int


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a photo that stands upright: bytes of its file, pixels, dots an inch, bits a pixel; faces.

    `dpi` is 0 where the file does not say it. `face` is measured where there is exactly one. `white_percent` is of the
    background beside and above the head, and `spot` encloses what of it is not white.
    """

    bytes: int
    width: int
    height: int
    dpi: tuple[int, int]
    bits: int
    white_percent: int
    spot: Box
    faces: tuple[Box, ...]
    face: Face | None


class Finding(msgspec.Struct, frozen=True):
    """A miss: what was measured, what is allowed, and where, in the photo's pixels.

    Bytes of a file, dots an inch, bits a pixel, percent of the background, number of faces; lengths in pixels of the
    standard's photo, which is as if this one were scaled to 358 pixels across.
    """

    miss: Miss
    measured: int
    allowed: Range
    where: Box


class Verdict(msgspec.Struct, frozen=True):
    """What was seen of a photo, and all that it misses, in the order of `Miss`."""

    seen: Seen
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether it misses nothing."""
        return not self.findings

    @property
    def misses(self) -> tuple[Miss, ...]:
        """What it misses, without where."""
        return tuple(f.miss for f in self.findings)


def judge(seen: Seen, file_size: Range) -> Verdict:
    """What a photo misses, by what was seen of it; `file_size` in bytes is the notice's."""
    whole = Box(0, 0, seen.width, seen.height)
    found = _either(Miss.FILE_TOO_SMALL, Miss.FILE_TOO_LARGE, seen.bytes, file_size, whole)
    found += _one(Miss.WIDTH_DIFFERS, seen.width, Range(WIDTH, WIDTH), whole)
    found += _one(Miss.HEIGHT_DIFFERS, seen.height, Range(HEIGHT, HEIGHT), whole)
    off = max(seen.dpi, key=lambda dpi: abs(dpi - DPI))
    found += _one(Miss.RESOLUTION_DIFFERS, off, Range(DPI, DPI), whole)
    found += _one(Miss.COLOUR_DIFFERS, seen.bits, Range(BITS, BITS), whole)
    found += _one(Miss.BACKGROUND_NOT_WHITE, seen.white_percent, WHITE_PERCENT, seen.spot)
    found += _either(Miss.NO_FACE, Miss.SEVERAL_FACES, len(seen.faces), Range(1, 1), _around(seen.faces) or whole)
    if seen.face is not None:
        found += _of_the_face(seen, seen.face)
    return Verdict(seen, tuple(found))


def _of_the_face(seen: Seen, face: Face) -> list[Finding]:
    """What a face misses. Lengths are compared as if the photo were scaled to the standard's width."""
    scale = WIDTH / seen.width
    box = face.box
    above = Box(box.left, 0, box.width, face.hair_top)
    below = Box(box.left, face.eye_line, box.width, seen.height - face.eye_line)
    return [
        *_either(Miss.FACE_TOO_NARROW, Miss.FACE_TOO_WIDE, round(box.width * scale), FACE_WIDTH, box),
        *_either(Miss.HAIR_TOO_HIGH, Miss.HAIR_TOO_LOW, round(face.hair_top * scale), HAIR_TOP, above),
        *_one(Miss.EYES_TOO_LOW, round(below.height * scale), EYES_ABOVE, below),
    ]


def _either(below: Miss, above: Miss, measured: int, allowed: Range, where: Box) -> list[Finding]:
    """One miss for less than is allowed, another for more."""
    return _one(below if allowed.least is not None and measured < allowed.least else above, measured, allowed, where)


def _one(miss: Miss, measured: int, allowed: Range, where: Box) -> list[Finding]:
    return [] if allowed.holds(measured) else [Finding(miss, measured, allowed, where)]


def _around(boxes: tuple[Box, ...]) -> Box | None:
    """The box around all of them."""
    if not boxes:
        return None
    left, top = min(b.left for b in boxes), min(b.top for b in boxes)
    return Box(left, top, max(b.right for b in boxes) - left, max(b.bottom for b in boxes) - top)
