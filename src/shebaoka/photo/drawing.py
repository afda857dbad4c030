"""A picture of where a photo misses the standard: its outline, what is allowed, and what was measured, as SVG.

Nobody's photo is in it. Attributes alone dress it, so that a page's policy needs no exception; each miss has the number
of its sentence, and title and description are read out.
"""

from html import escape

from shebaoka.photo.standard import EYES_ABOVE, FACE_WIDTH, HAIR_TOP, WIDTH, Box, Verdict
from shebaoka.photo.words import PhotoWords, photo_words

_INK, _PAPER, _ALLOWED, _MISSED = "#1b2428", "#ffffff", "#17623a", "#a3262a"


def picture_of(verdict: Verdict, language: str) -> str:
    """The drawing of a verdict, in the photo's own pixels. `NotFound` for a language that there is not."""
    words, seen = photo_words(language), verdict.seen
    unit = seen.width / WIDTH
    said = [f"{n}. {words.sentence(f)}" for n, f in enumerate(verdict.findings, 1)] or [words.texts["passes"]]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {seen.width} {seen.height}" role="img" '
            f'aria-labelledby="photo-title photo-text" font-size="{_number(11 * unit)}" fill="{_INK}">',
            f'<title id="photo-title">{escape(words.texts["title"])}</title>',
            f'<desc id="photo-text">{escape(" ".join(said))}</desc>',
            _rect(Box(0, 0, seen.width, seen.height), _INK, unit, fill=_PAPER),
            *_allowed(verdict, words, unit),
            *_measured(verdict, words, unit),
            *_missed(verdict, unit),
            "</svg>",
        ]
    )


def _allowed(verdict: Verdict, words: PhotoWords, unit: float) -> list[str]:
    """Where hair, eyes and cheeks may be: a band across, a line across, and a band at either side of the face."""
    seen = verdict.seen
    least, most = HAIR_TOP.least or 0, HAIR_TOP.most or 0
    eyes = seen.height - (EYES_ABOVE.least or 0) * unit
    drawn = [
        _band(0, least * unit, seen.width, (most - least) * unit, words.texts["hair_band"]),
        f'<line x1="0" y1="{_number(eyes)}" x2="{seen.width}" y2="{_number(eyes)}" stroke="{_ALLOWED}" '
        f'stroke-width="{_number(1.5 * unit)}" stroke-dasharray="{_number(8 * unit)} {_number(4 * unit)}"/>',
        _text(4 * unit, eyes + 12 * unit, words.texts["eyes_band"], _ALLOWED),
        _text(4 * unit, (most + 12) * unit, words.texts["hair_band"], _ALLOWED),
    ]
    if seen.face is None:
        return drawn
    box = seen.face.box
    middle, near, far = box.left + box.width / 2, (FACE_WIDTH.least or 0) / 2, (FACE_WIDTH.most or 0) / 2
    said = words.texts["face_band"]
    sides = (middle - far * unit, middle + near * unit)
    return drawn + [_band(left, box.top, (far - near) * unit, box.height, said) for left in sides]


def _measured(verdict: Verdict, words: PhotoWords, unit: float) -> list[str]:
    """The faces, and of one alone hair and eyes."""
    seen = verdict.seen
    if seen.face is None:
        return [_rect(box, _INK, unit) for box in seen.faces]
    box = seen.face.box
    lines = [
        f'<line x1="{box.left}" y1="{row}" x2="{box.right}" y2="{row}" stroke="{_INK}" stroke-width="{_number(unit)}"/>'
        for row in (seen.face.hair_top, seen.face.eye_line)
    ]
    return [_rect(box, _INK, unit, said=words.texts["face"]), *lines]


def _missed(verdict: Verdict, unit: float) -> list[str]:
    """A box with a number for each miss, the numbers of those that share a box side by side."""
    drawn, at = [], dict[Box, int]()
    for n, finding in enumerate(verdict.findings, 1):
        box = finding.where
        place = at.get(box, 0)
        at[box] = place + 1
        if not place:
            drawn.append(_rect(box, _MISSED, 2 * unit, dashed=f"{_number(4 * unit)} {_number(2 * unit)}"))
        x, down = _number(box.left + (12 + 20 * place) * unit), box.top + 12 * unit
        drawn.append(
            f'<circle cx="{x}" cy="{_number(down)}" r="{_number(8 * unit)}" fill="{_MISSED}"/>'
            f'<text x="{x}" y="{_number(down + 4 * unit)}" text-anchor="middle" fill="{_PAPER}">{n}</text>'
        )
    return drawn


def _rect(box: Box, stroke: str, wide: float, *, fill: str = "none", dashed: str = "", said: str = "") -> str:
    """A box, drawn by its edge."""
    dashes = f' stroke-dasharray="{dashed}"' if dashed else ""
    title = f"<title>{escape(said)}</title>" if said else ""
    return (
        f'<rect x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{_number(wide)}"{dashes}>{title}</rect>'
    )


def _band(left: float, top: float, width: float, height: float, said: str) -> str:
    """A place that is allowed."""
    return (
        f'<rect x="{_number(left)}" y="{_number(top)}" width="{_number(width)}" height="{_number(height)}" '
        f'fill="{_ALLOWED}" fill-opacity="0.2"><title>{escape(said)}</title></rect>'
    )


def _text(left: float, base: float, said: str, colour: str) -> str:
    return f'<text x="{_number(left)}" y="{_number(base)}" fill="{colour}">{escape(said)}</text>'


def _number(value: float) -> str:
    """A length, in hundredths at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
