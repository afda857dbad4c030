"""A map of the city's windows, drawn by ourselves from data: places, numbered windows, a scale bar, north.

It says nothing that the list beside it does not say. Shapes tell things apart, not colours. `places` shows it.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec

from shebaoka.coordinates import Point, metres_between

WIDTH = 360
HEIGHT_MIN, HEIGHT_MAX = 220, 460
MARGIN, BAND = 36, 54
"""Pixels at the sides, for what lies at the edge; above and below, for north and the scale as well."""
SPAN_MIN_M = 2_000
"""A map shows at least so much, or a single window would be a map of its doormat."""
_LETTER, _SIGN, _DOT = 14, 20, 5
_RING, _RING_AROUND = 9, 19
_BARS = tuple(n * 10**e for e in range(6) for n in (1, 2, 5))


class Sign(msgspec.Struct, frozen=True):
    """Something on the map, in pixels from its upper left corner, with what is written there."""

    x: float
    y: float
    text: str = ""


class Label(msgspec.Struct, frozen=True):
    """A place: its dot, and its name beside it, which ends or begins at `text_x`. A name without room is left out."""

    x: float
    y: float
    text: str
    text_x: float
    text_y: float
    anchor: str


class CityMap(msgspec.Struct, frozen=True):
    """A map ready to be drawn. `west`, `north`, `per_x` and `per_y` turn degrees into pixels, for a position.

    `ring` is the outer radius of the start's double ring, which goes around a sign that stands where one starts.
    """

    width: int
    height: int
    windows: tuple[Sign, ...]
    places: tuple[Label, ...]
    start: Sign | None
    ring: int
    line: tuple[Sign, Sign] | None
    bar: float
    bar_m: int
    west: float
    north: float
    per_x: float
    per_y: float

    def at(self, point: Point) -> tuple[float, float]:
        """Where a point is, in pixels."""
        return (point.longitude - self.west) * self.per_x, (self.north - point.latitude) * self.per_y


def city_map(
    windows: Sequence[tuple[int, Point]], places: Iterable[tuple[str, Point]], start: Point | None = None
) -> CityMap | None:
    """The map of windows, each with its number, and of places; None where there is nothing to be drawn.

    With a start the map shows it and those windows, and not the whole city; the first window is joined with it.
    """
    named = list(places)
    shown = [p for _, p in windows] + ([start] if start else [p for _, p in named])
    if not shown:
        return None
    bare = _framed(shown)
    inside = [(text, p) for text, p in named if _is_inside(bare, p)]
    signs = _together((number, bare.at(p)) for number, p in windows)
    begin = Sign(*bare.at(start)) if start else None
    covered = begin is not None and any(math.dist((s.x, s.y), (begin.x, begin.y)) < _SIGN for s in signs)
    ring = _RING_AROUND if covered else _RING
    taken = [_box(s.x, s.y, _SIGN * max(1, len(s.text) * 0.45), _SIGN) for s in signs]
    if begin:
        taken.append(_box(begin.x, begin.y, 2 * ring, 2 * ring))
    labels = [Label(*bare.at(p), "", 0, 0, "start") for _, p in inside]
    taken += [_box(one.x, one.y, _DOT * 2, _DOT * 2) for one in labels]
    return msgspec.structs.replace(
        bare,
        windows=tuple(signs),
        places=tuple(_labelled(text, one, bare, taken) for (text, _), one in zip(inside, labels, strict=True)),
        start=begin,
        ring=ring,
        line=(begin, Sign(*bare.at(windows[0][1]))) if begin and windows else None,
    )


def _framed(shown: Sequence[Point]) -> CityMap:
    """An empty map on which all of these lie, true to scale in its middle."""
    south, north = min(p.latitude for p in shown), max(p.latitude for p in shown)
    west, east = min(p.longitude for p in shown), max(p.longitude for p in shown)
    middle = Point((south + north) / 2, (west + east) / 2)
    degree_y = metres_between(Point(middle.latitude - 0.5, 0), Point(middle.latitude + 0.5, 0))
    degree_x = max(1.0, degree_y * math.cos(math.radians(middle.latitude)))
    wide, high = max((east - west) * degree_x, SPAN_MIN_M), max((north - south) * degree_y, SPAN_MIN_M)
    within = WIDTH - 2 * MARGIN
    metre = min(within / wide, (HEIGHT_MAX - 2 * BAND) / high)
    height = max(HEIGHT_MIN, math.ceil(high * metre) + 2 * BAND)
    per_x, per_y = metre * degree_x, metre * degree_y
    bar_m = max((n for n in _BARS if n * metre <= WIDTH / 3), default=_BARS[0])
    return CityMap(
        width=WIDTH,
        height=height,
        windows=(),
        places=(),
        start=None,
        ring=_RING,
        line=None,
        bar=bar_m * metre,
        bar_m=bar_m,
        west=middle.longitude - WIDTH / 2 / per_x,
        north=middle.latitude + height / 2 / per_y,
        per_x=per_x,
        per_y=per_y,
    )


def _is_inside(drawn: CityMap, point: Point) -> bool:
    x, y = drawn.at(point)
    return _DOT < x < drawn.width - _DOT and _DOT < y < drawn.height - _DOT


def _together(numbered: Iterable[tuple[int, tuple[float, float]]]) -> list[Sign]:
    """A sign for each number; those that would cover each other are one, with all their numbers."""
    apart: dict[tuple[float, float], list[int]] = {}
    for number, at in numbered:
        near = next((there for there in apart if math.dist(there, at) < _SIGN), at)
        apart.setdefault(near, []).append(number)
    return [Sign(*at, _listed(numbers)) for at, numbers in apart.items()]


def _listed(numbers: Sequence[int]) -> str:
    """Numbers in short: `1`, `2–4`, `1·3`."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return "·".join(map(str, numbers))


Box = tuple[float, float, float, float]


def _box(x: float, y: float, wide: float, high: float) -> Box:
    """Left, top, right and bottom of what is so large around a point."""
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2


def _labelled(text: str, dot: Label, drawn: CityMap, taken: list[Box]) -> Label:
    """A place with its name where there is room: right of its dot, left, above, below, beyond a sign; else without."""
    long = sum(_LETTER if ord(c) > 0x2E80 else _LETTER * 0.56 for c in text)
    near, far = _DOT + 4, _SIGN // 2 + 4
    for anchor, text_x, text_y in (
        ("start", dot.x + near, dot.y + 5),
        ("end", dot.x - near, dot.y + 5),
        ("middle", dot.x, dot.y - near),
        ("middle", dot.x, dot.y + near + 11),
        ("start", dot.x + far, dot.y + 5),
        ("end", dot.x - far, dot.y + 5),
    ):
        left = text_x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
        box = (left, text_y - 12, left + long, text_y + 3)
        room = box[0] >= 2 and box[2] <= drawn.width - 2 and box[1] >= 2 and box[3] <= drawn.height - 26
        if room and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return Label(dot.x, dot.y, text, text_x, text_y, anchor)
    return dot


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
