"""Where a face is in a photo: found by OpenCV's cascades, then measured by its colours. Lengths are pixels.

A cascade says where a face is within some pixels. Its width is measured from cheek to cheek: each pixel in the rows of
the cheeks is skin, hair or background, whichever it is nearest to. The hair ends where the background above it begins.
"""

from collections import deque
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shebaoka.photo.decoding import Pixels
from shebaoka.photo.standard import Box, Face

Mask = NDArray[np.bool_]
SIDE_LOOKED_AT = 900
"""A larger photo is looked at in this size: what that costs is bounded, and it is finer than the card's own pixels."""
_FACE, _EYE = "haarcascade_frontalface_alt2.xml", "haarcascade_eye.xml"
_STEP, _FINER_STEP = 1.1, 1.05
"""From one size of faces to the next; the finer one where no face is found, since it takes twice the time."""
_SIDE_MIN = 48
"""Smaller than this nobody can be recognized."""
_CHEEKS = 0.92
"""Width from cheek to cheek, as a part of the box that the cascade draws."""
_EYE_LINE = 0.38
"""The row of the eyes in that box, where the eyes are not found one by one."""
_STANDS_OUT = 28
"""A colour that differs from the background's by more than that in one of red, green and blue is not background."""
_SHADE = 1.5
"""Skin in the shade comes near to hair: it may be that many times farther from the one colour than from the other."""
_WHITE, _TINGE = 232, 20
"""White is at least that bright in each of red, green and blue, and they differ by no more than that."""
_idle: deque[tuple[Any, Any]] = deque()
"""Cascades that nobody is using: one must not be used by two at once, and reading one takes as long as a photo."""


def faces_in(pixels: Pixels) -> tuple[Box, ...]:
    """The boxes of all faces in pixels (height × width × 3), the largest first, in those pixels."""
    looked_at, scale = _looked_at(pixels)
    height, width = looked_at.shape[:2]
    if min(height, width) < _SIDE_MIN:
        return ()
    grey = cv2.equalizeHist(cv2.cvtColor(looked_at, cv2.COLOR_RGB2GRAY))
    sides = min(height, width) // 7, height
    found = _detected(0, grey, _STEP, 4, sides) or _detected(0, grey, _FINER_STEP, 4, sides)
    boxes = [_scaled(Box(*(int(n) for n in box)), 1 / scale) for box in found]
    return tuple(sorted(boxes, key=lambda b: (-b.width, b.left, b.top)))


def face_in(pixels: Pixels, box: Box) -> Face:
    """A face measured, where a box of `faces_in` says that it is; in the same pixels (height × width × 3)."""
    looked_at, scale = _looked_at(pixels)
    near = _scaled(box, scale)
    eye_line = _eye_line(looked_at, near)
    background = background_of(looked_at)
    hair_top = _hair_top(looked_at, near, background)
    left, right = _cheeks(looked_at, near, eye_line, hair_top, background)
    top, bottom = near.top, min(near.bottom + near.height // 8, looked_at.shape[0])
    measured = _scaled(Box(left, top, right - left, bottom - top), 1 / scale)
    return Face(measured, round(hair_top / scale), round(eye_line / scale))


def whiteness(pixels: Pixels, face: Face | None) -> tuple[int, Box]:
    """How much of the background is white, in whole percent, and a box in pixels around what is not.

    Of pixels, height × width × 3, that is what is beside the head and above it; without a head, both upper sides.
    """
    looked_at, scale = _looked_at(pixels)
    looked_at = np.asarray(cv2.medianBlur(looked_at, 5), dtype=np.uint8)
    height, width = looked_at.shape[:2]
    region = np.zeros((height, width), bool)
    if face is None:
        strip = max(1, width // 10)
        region[: max(1, height * 2 // 5), :strip] = region[: max(1, height * 2 // 5), -strip:] = True
    else:
        box, eye_line = _scaled(face.box, scale), round(face.eye_line * scale)
        apart = box.width // 8
        region[:eye_line, : max(0, box.left - apart)] = region[:eye_line, box.right + apart :] = True
        region[: max(0, round(face.hair_top * scale) - 2)] = True
        region &= ~_hair(looked_at, box, round(face.hair_top * scale))
    bright, dim = looked_at.max(axis=2), looked_at.min(axis=2)
    off = region & ~((dim >= _WHITE) & (bright - dim <= _TINGE))
    of = int(region.sum())
    if not of:
        return 0, Box(0, 0, pixels.shape[1], pixels.shape[0])
    return 100 - -(-100 * int(off.sum()) // of), _scaled(_bounds(off), 1 / scale)


def _looked_at(pixels: Pixels) -> tuple[Pixels, float]:
    """A photo in a size that can be looked at, and its scale."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE_LOOKED_AT / max(height, width))
    if scale == 1.0:
        return pixels, scale
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _scaled(box: Box, by: float) -> Box:
    left, top = round(box.left * by), round(box.top * by)
    return Box(left, top, round(box.right * by) - left, round(box.bottom * by) - top)


def _detected(which: int, grey: NDArray[Any], step: float, votes: int, size: tuple[int, int]) -> list[Any]:
    """Boxes that a cascade finds: 0 faces, 1 eyes. Sides of `size` pixels, least and most."""
    try:
        cascades = _idle.pop()
    except IndexError:
        folder = cv2.data.haarcascades  # type: ignore[attr-defined]
        cascades = cv2.CascadeClassifier(folder + _FACE), cv2.CascadeClassifier(folder + _EYE)
    least, most = (max(1, side) for side in size)
    found = cascades[which].detectMultiScale(grey, step, votes, minSize=(least, least), maxSize=(most, most))
    _idle.append(cascades)
    return sorted(tuple(int(n) for n in box) for box in found)


def _eye_line(pixels: Pixels, box: Box) -> int:
    """The row of the eyes: between two that are found, or of the one; else where eyes are in a face."""
    usual = box.top + round(_EYE_LINE * box.height)
    top, bottom = usual - box.height // 4, usual + box.height // 4
    part = pixels[max(0, top) : max(0, bottom), max(0, box.left) : box.right]
    if min(part.shape[:2]) < 24:
        return usual
    found = _detected(1, cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), 1.05, 4, (box.width // 8, box.width // 3))
    rows = [max(0, top) + y + h / 2 for _, y, _, h in found]
    near = [row for row in rows if abs(row - usual) < 0.08 * box.height]
    return round(float(np.median(near))) if near else usual


def background_of(pixels: Pixels) -> Pixels:
    """The background's colour, 3 values from 0 to 255: the middle one of both upper corners."""
    height, width = pixels.shape[:2]
    rows, columns = max(1, height // 5), max(1, width // 12)
    corners = np.concatenate([pixels[:rows, :columns].reshape(-1, 3), pixels[:rows, -columns:].reshape(-1, 3)])
    return np.asarray(np.median(corners, axis=0), dtype=np.uint8)


def _hair_top(pixels: Pixels, box: Box, background: Pixels) -> int:
    """The first row of the head, going up from the forehead until the background begins; 0 if it is cut off."""
    part = pixels[:, max(0, box.left) : box.right].astype(np.int16)
    stands_out = (np.abs(part - background.astype(np.int16)).max(axis=2) > _STANDS_OUT).sum(axis=1)
    enough = stands_out >= max(3, round(0.06 * box.width))
    row = max(0, min(box.top + box.height // 4, len(enough) - 1))
    while row > 0 and enough[row - 1]:
        row -= 1
    return row


def _hair_colour(pixels: Pixels, box: Box, hair_top: int) -> NDArray[np.float64]:
    """The colour of the hair below its first row, that of its darker part: at the cheeks hair is in the shade."""
    third = box.width // 3
    part = pixels[hair_top + 1 : hair_top + max(3, box.width // 5), box.left + third : box.right - third]
    return np.percentile(part.reshape(-1, 3), 25, axis=0).astype(np.float64) if part.size else np.zeros(3)


def _skin_colour(pixels: Pixels, box: Box, eye_line: int) -> NDArray[np.float64]:
    """The middle colour of both cheeks."""
    top, bottom = eye_line + box.height // 8, eye_line + box.height // 4
    fifth = box.width // 5
    return _middle(pixels[top:bottom, box.left + fifth : box.right - fifth])


def _middle(part: Pixels) -> NDArray[np.float64]:
    return np.median(part.reshape(-1, 3), axis=0).astype(np.float64) if part.size else np.zeros(3)


def _apart(part: Pixels, colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far pixels are from a colour."""
    return np.asarray(np.sqrt(((part.astype(np.float64) - colour) ** 2).sum(axis=2)))


def _hair(pixels: Pixels, box: Box, hair_top: int) -> Mask:
    """Where the hair is, or what is nearer to its colour than to white."""
    colour = _hair_colour(pixels, box, hair_top)
    return np.asarray(_apart(pixels, colour) < _apart(pixels, np.array([255.0, 255.0, 255.0])) / 2)


def _cheeks(pixels: Pixels, box: Box, eye_line: int, hair_top: int, background: Pixels) -> tuple[int, int]:
    """The face's first column and the first one beside it, ears included where they are seen."""
    height, width = pixels.shape[:2]
    middle, usual = box.left + box.width / 2, _CHEEKS * box.width
    top, bottom = eye_line + round(0.1 * box.height), eye_line + round(0.31 * box.height)
    rows = pixels[max(0, top) : min(bottom, height)]
    skin, hair = _skin_colour(pixels, box, eye_line), _hair_colour(pixels, box, hair_top)
    is_skin = _apart(rows, skin) < _apart(rows, background.astype(np.float64))
    if np.linalg.norm(skin - hair) > 30:
        is_skin &= _apart(rows, skin) < _SHADE * _apart(rows, hair)
    start_left, start_right = (int(np.clip(middle + side * 0.35 * usual, 0, width - 1)) for side in (-1, 1))
    lefts = sorted(start_left + 1 - n for n in _runs(is_skin[:, start_left::-1]))
    rights = sorted((start_right + n for n in _runs(is_skin[:, start_right:])), reverse=True)
    left = lefts[2] if len(lefts) > 4 else round(middle - usual / 2)
    right = rights[2] if len(rights) > 4 else round(middle + usual / 2)
    if not 0.75 * usual < right - left < 1.3 * usual:
        return max(0, round(middle - usual / 2)), min(width, round(middle + usual / 2))
    return left, right


def _runs(rows: Mask) -> list[int]:
    """How many pixels from its beginning each row is skin; rows that do not begin with skin are left out."""
    return [int(np.argmin(row)) if not row.all() else len(row) for row in rows if len(row) and row[0]]


def _bounds(mask: Mask) -> Box:
    """The box around what is set."""
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return Box(0, 0, 0, 0)
    left, top = int(xs.min()), int(ys.min())
    return Box(left, top, int(xs.max()) + 1 - left, int(ys.max()) + 1 - top)
