"""A photo for the card, checked against the standard for second-generation identity photos. The command line calls it.

Bytes come in, and a verdict goes out: what is missed, what was measured, what is allowed, and where. Where scaling,
cropping and padding are enough, a photo that passes is offered beside it.
"""

from shebaoka.photo.checking import check as check
from shebaoka.photo.drawing import picture_of as picture_of
from shebaoka.photo.mending import Mended as Mended
from shebaoka.photo.mending import mend as mend
from shebaoka.photo.standard import Box as Box
from shebaoka.photo.standard import Face as Face
from shebaoka.photo.standard import Finding as Finding
from shebaoka.photo.standard import Miss as Miss
from shebaoka.photo.standard import Range as Range
from shebaoka.photo.standard import Seen as Seen
from shebaoka.photo.standard import Verdict as Verdict
from shebaoka.photo.standard import judge as judge
from shebaoka.photo.words import PhotoWords as PhotoWords
from shebaoka.photo.words import photo_words as photo_words
