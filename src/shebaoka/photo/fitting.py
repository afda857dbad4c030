"""The photo's step at the window: what an upload misses in words and where, and what may go on file of it.

Nothing of the upload itself is given back: what is shown, and what goes on file, are pixels written anew.
"""

from io import BytesIO

import msgspec
from PIL import Image

from shebaoka.photo.checking import seen_in
from shebaoka.photo.decoding import Pixels, decoded
from shebaoka.photo.drawing import picture_of
from shebaoka.photo.mending import Mended, mended
from shebaoka.photo.standard import Miss, Range, Verdict, judge
from shebaoka.photo.words import photo_words

_SHOWN_MAX = 882
"""The longer side of what is shown: twice the card's."""
WRITTEN_ANEW = frozenset({Miss.FILE_TOO_LARGE, Miss.RESOLUTION_DIFFERS, Miss.COLOUR_DIFFERS})
"""What a file misses and its pixels do not: writing it anew is enough, and nobody need look at it again.

A file that is too small is not among them: pixels that were pressed too hard stay poor in a larger file.
"""


class Missed(msgspec.Struct, frozen=True):
    """A miss in words, and where: left, top, width and height in the upright photo's pixels."""

    miss: Miss
    sentence: str
    where: tuple[int, int, int, int]


class PhotoResult(msgspec.Struct, frozen=True):
    """What the check of an upload came to.

    `picture` draws where it misses, as SVG; `shown` is the upload as a JPEG of our own, upright, to be looked at.
    `final` is what may go on file where the pixels are as they should be; else `crop` is, where a crop mends them and
    whoever is at the window agrees.
    """

    verdict: Verdict
    missed: tuple[Missed, ...]
    picture: bytes
    shown: bytes
    crop: Mended | None
    final: Mended | None

    @property
    def reason(self) -> str:
        """What is to be told first where the upload cannot go on file as it is: the miss that weighs most."""
        weighing = [m.sentence for m in self.missed if m.miss not in WRITTEN_ANEW | {Miss.FILE_TOO_SMALL}]
        return (weighing or [m.sentence for m in self.missed] or [""])[0]

    def __repr__(self) -> str:
        return f"PhotoResult(misses={self.verdict.misses}, hidden)"


def fit_photo(data: bytes, file_size: Range, language: str) -> PhotoResult:
    """Check an upload, and make what may go on file of it. `file_size` in bytes is the notice's.

    `BadInput` as in `check`; `NotFound` for a language that there is not.
    """
    words, photo = photo_words(language), decoded(data)
    verdict = judge(seen_in(photo, len(data)), file_size)
    written = mended(photo, verdict, file_size)
    fits = WRITTEN_ANEW.issuperset(verdict.misses)
    return PhotoResult(
        verdict=verdict,
        missed=tuple(Missed(f.miss, words.sentence(f), msgspec.structs.astuple(f.where)) for f in verdict.findings),
        picture=picture_of(verdict, language).encode(),
        shown=_shown(photo.pixels),
        crop=None if fits else written,
        final=written if fits else None,
    )


def _shown(pixels: Pixels) -> bytes:
    """The upload to be looked at: a small JPEG without metadata."""
    image, out = Image.fromarray(pixels), BytesIO()
    image.thumbnail((_SHOWN_MAX, _SHOWN_MAX))
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
