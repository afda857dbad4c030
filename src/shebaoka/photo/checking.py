"""A photo is checked: decoded, its face found and measured, and what was seen is held against the standard."""

from shebaoka.photo.decoding import Decoded, decoded
from shebaoka.photo.measuring import face_in, faces_in, whiteness
from shebaoka.photo.standard import Range, Seen, Verdict, judge


def check(data: bytes, file_size: Range) -> Verdict:
    """What an uploaded photo misses of the standard, and where. `file_size` in bytes is the notice's.

    `BadInput` if it is no whole JPEG or PNG, or has more bytes or pixels than can be borne.
    """
    return judge(seen_in(decoded(data), len(data)), file_size)


def seen_in(photo: Decoded, size: int) -> Seen:
    """All that can be seen of a photo whose file has `size` bytes; places are in its pixels as it stands upright."""
    height, width = photo.pixels.shape[:2]
    faces = faces_in(photo.pixels)
    face = face_in(photo.pixels, faces[0]) if len(faces) == 1 else None
    white, spot = whiteness(photo.pixels, face)
    return Seen(size, width, height, photo.dpi, photo.bits, white, spot, faces, face)
