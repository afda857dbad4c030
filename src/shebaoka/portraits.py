"""Portraits of nobody: faces drawn by numbers, so that it is known to the pixel where hair, cheeks and eyes are.

The demonstration's people are drawn so, and whoever tests how photos are checked draws one with a fault.
"""

import io
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]
WIDTH, HEIGHT = 358, 441
INK = (38, 30, 28)


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody who does not exist is drawn. Lengths are pixels, colours RGB."""

    width: int = WIDTH
    height: int = HEIGHT
    face_width: int = 207
    hair_top: int = 14
    centre: int | None = None
    skin: tuple[int, int, int] = (225, 182, 152)
    hair: tuple[int, int, int] = (34, 29, 28)
    coat: tuple[int, int, int] = (40, 52, 84)
    background: tuple[int, int, int] = (255, 255, 255)
    long_hair: bool = False
    glasses: bool = False
    grain: int = 0

    @property
    def eye_line(self) -> int:
        """The row of the pupils."""
        return self.hair_top + round(0.66 * self.face_width)

    def pixels(self) -> Pixels:
        """The portrait, height × width × 3, of 8 bits each."""
        return drawn(self)

    def saved(self, form: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
        """The portrait as a file, at 350 dpi where nothing else is said."""
        return saved(self.pixels(), form, mode, **options)


_SKINS = ((225, 182, 152), (214, 170, 138), (232, 194, 168), (203, 158, 126))
_HAIRS = ((34, 29, 28), (22, 20, 22), (58, 46, 40), (92, 88, 86))
_COATS = ((40, 52, 84), (96, 34, 40), (44, 80, 62), (70, 66, 74), (28, 30, 36))


def portrait_of(n: int) -> bytes:
    """The n-th of many portraits, each another's, that a card may bear: a JPEG of 358 by 441 pixels."""
    return Portrait(
        skin=_SKINS[n % len(_SKINS)],
        hair=_HAIRS[n // 2 % len(_HAIRS)],
        coat=_COATS[n % len(_COATS)],
        hair_top=12 + n % 5,
        long_hair=n % 2 == 1,
        grain=4,
    ).saved()


def saved(pixels: Pixels, form: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """Pixels as a file of this form and mode."""
    out = io.BytesIO()
    with_dpi = {"dpi": (350, 350)} | ({"quality": 92} if form == "JPEG" else {}) | options
    Image.fromarray(pixels).convert(mode).save(out, form, **with_dpi)
    return out.getvalue()


def drawn(of: Portrait) -> Pixels:
    """The pixels of a portrait: background, coat, neck, hair, face, and what is in a face."""
    y, x = np.mgrid[0 : of.height, 0 : of.width].astype(np.float64)
    middle = of.centre if of.centre is not None else of.width // 2
    unit = of.face_width
    between = 0.5 if unit % 2 == 0 else 0.0
    u, v = (x + between - middle) / unit, (y + 0.5 - of.eye_line) / unit
    out = np.empty((of.height, of.width, 3))
    out[:] = of.background
    _fill(out, (np.abs(u) ** 2.4 / 0.98**2.4 + np.maximum(0, 1.55 - v) ** 2.4 / 0.55**2.4) < 1, of.coat)
    _fill(out, (np.abs(u) < 0.29) & (v > 0.3) & (v < 1.12 - 0.5 * np.abs(u)), tuple(int(c * 0.8) for c in of.skin))
    top = of.hair_top
    cap = (np.abs(u / 0.545) ** 3 + np.abs((v + 0.06) / ((of.eye_line - top) / unit - 0.06)) ** 3 < 1) & (v < 0.0)
    cap[: top + 1] = False
    cap[top, max(0, middle - unit // 8) : middle + unit // 8] = True
    _fill(out, cap, of.hair)
    if of.long_hair:
        _fill(out, (np.abs(u) < 0.545) & (v > -0.1) & (v < 0.95) & (np.abs(u) > 0.3), of.hair)
    face = (np.abs(u / 0.5) ** 2.5 + np.abs((v - 0.12) / np.where(v < 0.12, 0.56, 0.64)) ** 2.5 < 1) | (
        (np.abs(u) < 0.5) & (np.abs(v - 0.14) < 0.03)
    )
    fringe = v < -0.30 + 0.35 * u**2
    _shaded(out, face & ~fringe, of.skin, u, v)
    _features(out, face, of, u, v)
    if of.grain:
        out += np.random.default_rng(7).normal(0, of.grain, out.shape)
    return np.clip(out, 0, 255).astype(np.uint8)


def _fill(out: Pixels, where: Pixels, colour: tuple[int, ...]) -> None:
    out[where] = colour


def _spot(u: Pixels, v: Pixels, at: tuple[float, float], wide: float, high: float) -> Pixels:
    """A soft spot, 1 in its middle."""
    return np.exp(-(((u - at[0]) / wide) ** 2 + ((v - at[1]) / high) ** 2))


def _shaded(out: Pixels, where: Pixels, skin: tuple[int, int, int], u: Pixels, v: Pixels) -> None:
    """Skin with light on brow, nose and cheeks, and shade in the sockets, below the nose and at the edge."""
    light = 1.0 - 0.10 * np.abs(u * 2) ** 4
    for side in (-1, 1):
        light -= 0.30 * _spot(u, v, (side * 0.20, -0.03), 0.14, 0.075)
        light += 0.07 * _spot(u, v, (side * 0.24, 0.18), 0.14, 0.10)
        light -= 0.10 * _spot(u, v, (side * 0.075, 0.08), 0.03, 0.14)
    light += 0.10 * _spot(u, v, (0, 0.12), 0.035, 0.16) + 0.06 * _spot(u, v, (0, -0.22), 0.25, 0.12)
    light -= 0.22 * _spot(u, v, (0, 0.30), 0.11, 0.03) + 0.14 * _spot(u, v, (0, 0.555), 0.13, 0.03)
    out[where] = (np.array(skin) * light[..., None])[where]


def _features(out: Pixels, face: Pixels, of: Portrait, u: Pixels, v: Pixels) -> None:
    """Brows, eyes, nostrils and mouth; glasses where they are worn."""
    for side in (-1, 1):
        w = u - side * 0.205
        _fill(out, face & (np.abs(w) < 0.125) & (np.abs(v + 0.135 - 0.5 * w**2 * 2) < 0.021), INK)
        _fill(out, face & ((w / 0.095) ** 2 + (v / 0.042) ** 2 < 1), (240, 236, 232))
        _fill(out, face & (w**2 + v**2 < 0.043**2), (48, 34, 28))
        _fill(out, face & ((w - 0.012) ** 2 + (v + 0.012) ** 2 < 0.009**2), (250, 250, 250))
        _fill(out, face & (np.abs(w) < 0.1) & (np.abs(v + 0.042 - 1.5 * w**2) < 0.013), INK)
        _fill(out, face & (((u - side * 0.055) / 0.026) ** 2 + ((v - 0.29) / 0.014) ** 2 < 1), (96, 60, 52))
        if of.glasses:
            ring = np.maximum(np.abs(w) / 0.15, np.abs(v - 0.01) / 0.1)
            _fill(out, face & (ring < 1) & (ring > 0.88), INK)
    if of.glasses:
        _fill(out, face & (np.abs(u) < 0.06) & (np.abs(v + 0.03) < 0.012), INK)
    mouth = (np.abs(u / 0.155) ** 2 + np.abs((v - 0.44) / 0.052) ** 2) < 1
    _fill(out, face & mouth, (176, 92, 88))
    _fill(out, face & (np.abs(u) < 0.15) & (np.abs(v - 0.44 + 0.3 * u**2) < 0.008), (96, 44, 44))
