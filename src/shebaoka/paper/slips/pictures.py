"""Pictures on the window's papers: the QR code, the holder's photo, a signature. Each is checked before it is set."""

import re
from io import BytesIO

import segno
from PIL import Image

from shebaoka.records import BadInput

QUIET = 4
"""Modules left white around a QR code; readers need them."""
PHOTO_BYTES_MAX = 2 << 20
PHOTO_SIDE_MAX = 4000
SIGNATURE_MAX = 200_000
_LENGTH = r"[1-9]\d{0,4}(?:\.\d{1,3})?"
_SHEET = (
    r'\s+(?:xmlns="http://www\.w3\.org/2000/svg"|version="1\.[012]"'
    rf'|viewBox="-?\d{{1,4}} -?\d{{1,4}} {_LENGTH} {_LENGTH}"|(?:width|height)="{_LENGTH}(?:px)?"'
    r'|(?:fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[\w#.]*")'
)
_STROKE = (
    r"\s+(?:d|points|width|height|[xyr][12]?|c[xy]|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)"
    r'="[\w\s#.,%+\-]*"'
)
_STROKES = re.compile(
    rf"\s*<svg(?:{_SHEET})+\s*>(?:\s*<(?:path|polyline|line|circle|rect)(?:{_STROKE})*\s*/>)*\s*</svg>\s*"
)


def qr_of(address: str) -> str:
    """A QR code of level M or better as SVG, with its white border."""
    drawing = BytesIO()
    made = segno.make(address, error="m", micro=False)
    made.save(drawing, kind="svg", xmldecl=False, nl=False, border=QUIET, omitsize=True, dark="#000")
    return drawing.getvalue().decode()


def photo_of(data: bytes) -> list[int]:
    """A JPEG as the template takes it. `BadInput` if it is none that can be read, or too large to print."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            coloured = image.mode in ("RGB", "L")
            fits = len(data) <= PHOTO_BYTES_MAX and max(image.size) <= PHOTO_SIDE_MAX
            if fits and coloured:
                image.load()
    except (OSError, SyntaxError, ValueError) as e:
        raise BadInput("photo: this is not a JPEG that can be read; take or upload the photo again.") from e
    if not coloured:
        raise BadInput(f"photo: its colours are {image.mode}, and only RGB or grey can be printed.")
    if not fits:
        raise BadInput(f"photo: at most {PHOTO_SIDE_MAX} pixels a side and {PHOTO_BYTES_MAX >> 20} MB can be printed.")
    return list(data)


def signature_of(svg: str) -> str:
    """The SVG of a signature: strokes and nothing else. `BadInput` for any other drawing."""
    if len(svg) > SIGNATURE_MAX or not _STROKES.fullmatch(svg):
        raise BadInput("signature: only an SVG of plain strokes can be printed; have it signed again.")
    return svg
