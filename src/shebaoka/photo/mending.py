"""A photo is mended where scaling, cropping and padding are enough, and checked again by the same check.

What goes on file is always what comes from here, never the upload: pixels alone, in a JPEG of our own making.
"""

from io import BytesIO

import msgspec
import numpy as np
from PIL import Image

from shebaoka.photo.checking import check, seen_in
from shebaoka.photo.decoding import Decoded, Pixels, decoded
from shebaoka.photo.measuring import background_of
from shebaoka.photo.standard import DPI, FACE_WIDTH, HEIGHT, WIDTH, Face, Miss, Range, Verdict, judge

_FACE_AIM, _HAIR_AIM = 207, 14
_SPARE = 3
"""Pixels by which a mended face stays within its limits, so that measuring it again cannot put it outside."""
_ENLARGED_MAX = 1.3
"""A photo that is enlarged more than that is blurred on the card."""
_QUALITIES = (95, 92, 89, 86, 83, 80, 76, 72, 68, 64, 60)
_FINER = (97, 99, 100)
_NOT_MENDED = {Miss.BACKGROUND_NOT_WHITE, Miss.NO_FACE, Miss.SEVERAL_FACES}
"""No crop mends these: another photo must be taken."""
_PLACED = {
    Miss.WIDTH_DIFFERS, Miss.HEIGHT_DIFFERS, Miss.FACE_TOO_NARROW, Miss.FACE_TOO_WIDE, Miss.HAIR_TOO_HIGH,
    Miss.HAIR_TOO_LOW, Miss.EYES_TOO_LOW,
}  # fmt: skip
"""These are mended by another scale or crop; the others by writing the same pixels anew."""
_CLEAN = 0.02
"""How much of an edge may differ from the background where the photo is widened beyond it."""


class Mended(msgspec.Struct, frozen=True):
    """A photo for the card: a JPEG of 24 bits at 350 dpi without metadata, and its own verdict, which passes."""

    data: bytes
    verdict: Verdict

    def __repr__(self) -> str:
        return f"Mended(bytes={len(self.data)}, hidden)"


def mend(data: bytes, file_size: Range) -> Mended | None:
    """An upload made fit for the card, or nothing where another photo must be taken. `file_size` is in bytes.

    A photo that passes comes back with the same pixels, in a new file. `BadInput` as in `check`.
    """
    photo = decoded(data)
    return mended(photo, judge(seen_in(photo, len(data)), file_size), file_size)


def mended(photo: Decoded, verdict: Verdict, file_size: Range) -> Mended | None:
    """The same of a photo that is decoded and judged already."""
    if _NOT_MENDED & set(verdict.misses) or verdict.seen.face is None:
        return None
    if not _PLACED & set(verdict.misses):
        return _written(photo.pixels, file_size)
    face_aim, hair_aim = _FACE_AIM, _HAIR_AIM
    for _ in range(3):
        placed = _placed(photo, verdict.seen.face, face_aim, hair_aim)
        if placed is None:
            return None
        seen = seen_in(Decoded(placed, (DPI, DPI), 24), 0)
        if seen.face is not None and not judge(seen, Range()).findings:
            return _written(placed, file_size)
        if seen.face is None:
            return None
        face_aim += _FACE_AIM - seen.face.box.width
        hair_aim += _HAIR_AIM - seen.face.hair_top
    return None


def _placed(photo: Decoded, face: Face, face_aim: int, hair_aim: int) -> Pixels | None:
    """The photo scaled and cropped so that face and hair are in place; padded where only background is missing."""
    pixels = photo.pixels
    height, width = pixels.shape[:2]
    if face.hair_top < 1:
        return None
    background = background_of(pixels)
    middle = face.box.left + face.box.width / 2
    scale = max(face_aim / face.box.width, (HEIGHT - hair_aim) / (height - face.hair_top))
    for room, edge in ((middle, pixels[:, 0]), (width - middle, pixels[:, -1])):
        if not _is_background(edge, background):
            scale = max(scale, WIDTH / 2 / max(room, 1))
    widest = (FACE_WIDTH.most or 0) - _SPARE
    if scale > min(_ENLARGED_MAX, widest / face.box.width):
        return None
    left, top = middle - WIDTH / 2 / scale, face.hair_top - hair_aim / scale
    right, bottom = left + WIDTH / scale, min(top + HEIGHT / scale, height)
    before = (max(0, int(np.ceil(-top))), max(0, int(np.ceil(-left))))
    after = max(0, int(np.ceil(right - width)))
    framed = np.empty((height + before[0], width + before[1] + after, 3), np.uint8)
    framed[:] = background
    framed[before[0] :, before[1] : before[1] + width] = pixels
    box = (left + before[1], top + before[0], right + before[1], bottom + before[0])
    return np.asarray(Image.fromarray(framed).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, box=box))


def _is_background(edge: Pixels, background: Pixels) -> bool:
    """Whether an edge of the photo shows nothing but background."""
    return bool((np.abs(edge.astype(np.int16) - background.astype(np.int16)).max(axis=1) > 28).mean() <= _CLEAN)


def _written(pixels: Pixels, file_size: Range) -> Mended | None:
    """Pixels as a file of the size that is allowed, if it passes; the finest that fits."""
    qualities = list(_QUALITIES)
    if file_size.least is not None and len(_jpeg(pixels, _QUALITIES[0])) < file_size.least:
        qualities = list(_FINER)
    for quality in qualities:
        data = _jpeg(pixels, quality)
        if file_size.holds(len(data)):
            verdict = check(data, file_size)
            return Mended(data, verdict) if verdict.passes else None
    return None


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    """A JPEG of 24 bits at 350 dpi, without metadata."""
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling=0, optimize=True, dpi=(DPI, DPI))
    return out.getvalue()
