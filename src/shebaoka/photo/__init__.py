"""Pictures that come in: a photo for the card, a scanned page, a signature. Command line and desk call it.

A photo is held against the standard for second-generation identity photos: what is missed, what was measured, what is
allowed, and where. Where scaling, cropping and padding are enough, a photo that passes is offered beside it. Nothing
that came in goes on as it came: pixels and strokes alone do, written anew.

What reads pixels loads OpenCV and NumPy, a quarter of a second for each process; so it is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shebaoka.photo.standard import Box as Box
from shebaoka.photo.standard import Face as Face
from shebaoka.photo.standard import Finding as Finding
from shebaoka.photo.standard import Miss as Miss
from shebaoka.photo.standard import Range as Range
from shebaoka.photo.standard import Seen as Seen
from shebaoka.photo.standard import Verdict as Verdict
from shebaoka.photo.standard import judge as judge
from shebaoka.photo.strokes import Signature as Signature
from shebaoka.photo.strokes import read_signature as read_signature
from shebaoka.photo.strokes import signature_bytes as signature_bytes
from shebaoka.photo.strokes import signature_from as signature_from
from shebaoka.photo.strokes import signature_svg as signature_svg
from shebaoka.photo.words import PhotoWords as PhotoWords
from shebaoka.photo.words import photo_words as photo_words

if TYPE_CHECKING:
    from shebaoka.photo.checking import check as check
    from shebaoka.photo.drawing import picture_of as picture_of
    from shebaoka.photo.fitting import Missed as Missed
    from shebaoka.photo.fitting import PhotoResult as PhotoResult
    from shebaoka.photo.fitting import fit_photo as fit_photo
    from shebaoka.photo.mending import Mended as Mended
    from shebaoka.photo.mending import mend as mend
    from shebaoka.photo.scanning import Scan as Scan
    from shebaoka.photo.scanning import rescanned as rescanned

_READS_PIXELS = {
    **dict.fromkeys(("Missed", "PhotoResult", "fit_photo"), "fitting"),
    **dict.fromkeys(("Mended", "mend"), "mending"),
    **dict.fromkeys(("Scan", "rescanned"), "scanning"),
    "check": "checking",
    "picture_of": "drawing",
}


def __getattr__(name: str) -> Any:
    """What reads pixels, at its first use (PEP 562)."""
    if name not in _READS_PIXELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_READS_PIXELS[name]}"), name)
