"""A signature as it was drawn on the screen: checked, brought to one size, and drawn again. The desk calls it.

It comes as JSON: a list of strokes, each a list of points `[x, y, t]`, in the canvas's pixels and in milliseconds.
"""

import math
from itertools import pairwise

import msgspec

from shebaoka.records import BadInput

BYTES_MAX = 256 << 10
STROKES_MAX, POINTS_MAX, POINTS_MIN = 300, 6_000, 6
SIDE_MAX, MS_MAX = 10_000, 600_000
LENGTH_MIN, WIDTH_MIN = 80, 20
"""Pixels that a signature is long at least, all its strokes together, and wide or high: less is a slip of the pen."""
UNITS = 1_000
"""The longer side of a signature as it is kept."""
_MARGIN, _PEN = 20, 8
_INK = "#1b2428"

Point = tuple[int, int, int]


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature as it is kept: strokes of whole numbers within width and height, and milliseconds from its begin."""

    width: int
    height: int
    strokes: tuple[tuple[Point, ...], ...]

    def __repr__(self) -> str:
        return f"Signature(strokes={len(self.strokes)}, hidden)"


def read_signature(data: bytes) -> Signature:
    """A signature from what a canvas sent. `BadInput` for what is none, what is too much, and what is hardly drawn."""
    strokes = _strokes(data)
    points = [point for stroke in strokes for point in stroke]
    if len(points) < POINTS_MIN:
        raise _too_short()
    left, top = min(p[0] for p in points), min(p[1] for p in points)
    wide, high = max(p[0] for p in points) - left, max(p[1] for p in points) - top
    drawn = sum(math.dist(a[:2], b[:2]) for s in strokes for a, b in pairwise(s))
    if drawn < LENGTH_MIN or max(wide, high) < WIDTH_MIN:
        raise _too_short()
    scale, begun = UNITS / max(wide, high), points[0][2]
    kept = tuple(
        _without_repeats(
            [(round((x - left) * scale), round((y - top) * scale), round(t - begun)) for x, y, t in stroke]
        )
        for stroke in strokes
    )
    return Signature(max(1, round(wide * scale)), max(1, round(high * scale)), kept)


def signature_bytes(signature: Signature) -> bytes:
    """A signature as it is sealed: JSON of numbers."""
    return msgspec.json.encode(signature)


def signature_from(content: bytes) -> Signature:
    """A signature that was kept. `BadInput` if it is none."""
    try:
        return msgspec.json.decode(content, type=Signature)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise _not_one() from None


def signature_svg(signature: Signature) -> str:
    """A signature drawn as SVG: paths of numbers, and not a word that somebody typed."""
    paths = "".join(f'<path d="{_path(stroke)}"/>' for stroke in signature.strokes)
    box = f"{-_MARGIN} {-_MARGIN} {signature.width + 2 * _MARGIN} {signature.height + 2 * _MARGIN}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="none" stroke="{_INK}" stroke-width="{_PEN}" '
        f'stroke-linecap="round" stroke-linejoin="round">{paths}</svg>'
    )


def _path(stroke: tuple[Point, ...]) -> str:
    """A stroke as a path; a dot is a line without length, which a round cap makes visible."""
    (x, y, _), *others = stroke
    return f"M{x:d} {y:d}" + ("".join(f"L{a:d} {b:d}" for a, b, _ in others) or f"L{x:d} {y:d}")


def _strokes(data: bytes) -> list[list[tuple[float, float, float]]]:
    """Strokes whose every number is within what a canvas can send, and whose time only goes on."""
    if len(data) > BYTES_MAX:
        raise _too_much()
    try:
        strokes = msgspec.json.decode(data, type=list[list[tuple[float, float, float]]])
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
        raise _not_one() from None
    strokes = [stroke for stroke in strokes if stroke]
    if len(strokes) > STROKES_MAX or sum(map(len, strokes)) > POINTS_MAX:
        raise _too_much()
    points = [point for stroke in strokes for point in stroke]
    if any(not (0 <= x <= SIDE_MAX and 0 <= y <= SIDE_MAX and math.isfinite(t)) for x, y, t in points):
        raise _not_one()
    times = [t for _, _, t in points]
    if times and (times != sorted(times) or times[-1] - times[0] > MS_MAX):
        raise _not_one()
    return strokes


def _without_repeats(stroke: list[Point]) -> tuple[Point, ...]:
    """A stroke without points that stand where the one before stands."""
    return tuple(p for i, p in enumerate(stroke) if i == 0 or p[:2] != stroke[i - 1][:2])


def _not_one() -> BadInput:
    return BadInput("signature: what came is no signature; clear it and sign again.", code="signature_not_one")


def _too_much() -> BadInput:
    return BadInput("signature: there are too many strokes; clear it and sign again.", code="signature_too_much")


def _too_short() -> BadInput:
    return BadInput("signature: hardly anything is drawn; sign with the whole name.", code="signature_too_short")
