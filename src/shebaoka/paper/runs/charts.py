"""Bars as SVG that stands alone: no style sheet, no script, nothing from elsewhere. `pictures` says what they show.

The parts of a bar differ by pattern as well as by colour, the numbers stand beside them, and title and description are
read out. Attributes alone dress it, so that a page's policy needs no exception; Typst sets the same text on paper.
"""

import unicodedata
from html import escape

import msgspec

WIDTH = 720
"""Of a chart, in its own units; a letter of `SIZE` is read well where the chart is as wide as a page."""
SIZE = 11
_ROW, _ABOVE, _BAR, _GAP = 22, 17, 12, 14
_INK, _SOFT, _LINE = "#1b2428", "#4d5a61", "#c9d2d6"
PATTERNS = {
    "carried": ("#17623a", ""),
    "already": ("#cfdde5", '<circle cx="2.5" cy="2.5" r="1.1" fill="#1d4459"/>'),
    "held": ("#fff4d6", '<path d="M-1 6L6 -1M-1 1L1 -1M4 6L6 4" stroke="#8a6100" stroke-width="1.4"/>'),
    "left": ("#eef2f3", '<path d="M0 2.5H5" stroke="#4d5a61" stroke-width="1"/>'),
    "waiting": ("#ffffff", ""),
}
"""Kind of part → its ground, and what is drawn on a square of five units of it."""


class Bar(msgspec.Struct, frozen=True):
    """A bar: its parts by kind, and the words at its end."""

    parts: tuple[tuple[str, int], ...]
    said: str


class Row(msgspec.Struct, frozen=True):
    """A label with a bar for each column."""

    label: str
    bars: tuple[Bar, ...]


class Chart(msgspec.Struct, frozen=True):
    """A chart of bars; `name` begins its ids. Each column has a scale of its own; `above` puts labels over the bars."""

    name: str
    title: str
    described: str
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str], ...]
    heads: tuple[str, ...] = ("",)
    above: bool = False

    @property
    def height(self) -> int:
        """In the same units as `WIDTH`."""
        return self._top() + len(self.rows) * self._row() + 6

    def svg(self, family: str = "") -> str:
        """The drawing, in a font family, or in that of the page around it."""
        name = self.name
        font = f' font-family="{escape(family)}"' if family else ""
        return "".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" role="img" '
                f'aria-labelledby="{name}-title {name}-text" font-size="{SIZE}" fill="{_INK}"{font}>',
                f'<title id="{name}-title">{escape(self.title)}</title>',
                f'<desc id="{name}-text">{escape(self.described)}</desc>',
                f"<defs>{''.join(self._pattern(kind) for kind, _ in self.legend)}</defs>",
                *self._legend(),
                *self._bars(),
                "</svg>",
            ]
        )

    def _row(self) -> int:
        return _ROW + (_ABOVE if self.above else 0)

    def _top(self) -> int:
        return 24 + (18 if any(self.heads) else 0)

    def _pattern(self, kind: str) -> str:
        ground, drawn = PATTERNS[kind]
        return (
            f'<pattern id="{self.name}-{kind}" width="5" height="5" patternUnits="userSpaceOnUse">'
            f'<rect width="5" height="5" fill="{ground}"/>{drawn}</pattern>'
        )

    def _rect(self, kind: str, x: float, y: float, width: float, height: float) -> str:
        dashes = ' stroke-dasharray="2 2"' if kind == "waiting" else ""
        fill = f"url(#{self.name}-{kind})" if PATTERNS[kind][1] else PATTERNS[kind][0]
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{fill}" stroke="{_INK}" '
            f'stroke-width="0.6"{dashes}/>'
        )

    def _legend(self) -> list[str]:
        drawn, x = [], 1.0
        for kind, words in self.legend:
            drawn += [self._rect(kind, x, 4, 18, 10), _text(x + 23, 13, words, _SOFT)]
            x += 23 + _width(words) + 18
        return drawn

    def _bars(self) -> list[str]:
        columns = len(self.heads)
        labels = 0.0 if self.above else min(190.0, max((_width(r.label) for r in self.rows), default=0) + 10)
        room = (WIDTH - labels - _GAP * (columns - 1)) / columns
        drawn = []
        for n, head in enumerate(self.heads):
            left = labels + n * (room + _GAP)
            said = max((_width(r.bars[n].said) for r in self.rows), default=0) + 8
            most = max((sum(v for _, v in r.bars[n].parts) for r in self.rows), default=0) or 1
            if head:
                drawn.append(_text(left, self._top() - 6, head, _SOFT))
            for i, row in enumerate(self.rows):
                y = self._top() + i * self._row() + (_ABOVE if self.above else 0)
                drawn += self._bar(row.bars[n], left, y, (room - said - 2) / most)
        for i, row in enumerate(self.rows):
            y = self._top() + i * self._row() + 11
            drawn.append(_text(0, y, _cut(row.label, WIDTH if self.above else labels - 8)))
        return drawn

    def _bar(self, bar: Bar, left: float, y: float, scale: float) -> list[str]:
        """The parts one after the other; a part that is there at all can be seen."""
        x, drawn = left, []
        for kind, value in bar.parts:
            if value > 0:
                width = max(1.5, value * scale)
                drawn.append(self._rect(kind, x, y, width, _BAR))
                x += width
        base = f'<path d="M{left:.1f} {y - 2}V{y + _BAR + 2}" stroke="{_LINE}"/>'
        return [base, *drawn, _text(x + 6, y + 10, bar.said)]


def _text(x: float, y: float, words: str, fill: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y}"{f" fill={chr(34)}{fill}{chr(34)}" if fill else ""}>{escape(words)}</text>'


def _width(text: str) -> float:
    """How wide a text is about, in units: a Chinese character is a square."""
    return sum(SIZE if unicodedata.east_asian_width(c) in "WFA" else SIZE * 0.58 for c in text)


def _cut(text: str, room: float) -> str:
    """A text that fits into a room; the table beside the chart has it whole."""
    if _width(text) <= room:
        return text
    while text and _width(text) + SIZE > room:
        text = text[:-1]
    return f"{text}…"
