"""Pages that are scanned or photographed: written anew, upright, no larger than A4 at 200 dpi; and what is no page."""

import io
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from shebaoka.photo import photo_words, rescanned, scanning
from shebaoka.photo.decoding import SCANS_MAX
from shebaoka.photo.scanning import BYTES_MAX, PIXELS_MAX, SIDE_MAX
from shebaoka.records import BadInput
from test_photo import png

NOTE = b"<script>alert(1)</script> 140702197912030028"


def page(width: int = 1_240, height: int = 1_754) -> Image.Image:
    """A page: white, with a black bar near its upper left corner."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[height // 20 : height // 10, width // 20 : width // 2] = 0
    return Image.fromarray(pixels).convert("L" if width > 2_400 else "RGB")


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def seen(data: bytes) -> Image.Image:
    """What goes on file, opened by somebody else."""
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return image


def bar_is_upper_left(image: Image.Image) -> bool:
    """Whether the page stands as it was written."""
    grey = np.asarray(image.convert("L"))
    height, width = grey.shape
    dark = grey < 100
    return bool(dark[: height // 8, : width // 2].any() and not dark[height // 2 :].any())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_form_becomes_a_plain_jpeg(form: str) -> None:
    """Whatever it comes as, pixels alone go on: same size, and nothing of what stood beside them."""
    scan = rescanned(saved(page(), form))
    assert (scan.width, scan.height) == (1_240, 1_754) == seen(scan.data).size
    assert bar_is_upper_left(seen(scan.data))
    assert "hidden" in repr(scan)


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, NOTE.decode()
    return exif


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270),
     (2, Image.Transpose.FLIP_LEFT_RIGHT)],
)  # fmt: skip
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_page_that_lies_turned_stands_upright(form: str, orientation: int, turn: Image.Transpose) -> None:
    """A telephone writes how it was held; what goes on file is turned, and says nothing any more."""
    scan = rescanned(saved(page().transpose(turn), form, exif=_exif(orientation)))
    assert (scan.width, scan.height) == (1_240, 1_754)
    assert bar_is_upper_left(seen(scan.data))
    assert NOTE not in scan.data


@pytest.mark.parametrize(
    ("size", "kept"),
    [((2_480, 3_508), (1_654, 2_339)), ((3_508, 2_480), (2_339, 1_654)), ((4_960, 7_016), (1_654, 2_339)),
     ((4_032, 3_024), (2_205, 1_654)), ((1_654, 2_339), (1_654, 2_339)), ((300, 7_200), (97, 2_339)),
     ((856, 540), (856, 540))],
)  # fmt: skip
def test_a_page_is_kept_at_200_dpi_at_most(size: tuple[int, int], kept: tuple[int, int]) -> None:
    """Scaled as a whole and never made larger, lying or standing; one of 600 dpi is just taken."""
    scan = rescanned(saved(page(*size), "JPEG"))
    assert abs(scan.width - kept[0]) <= 1
    assert abs(scan.height - kept[1]) <= 1
    assert len(scan.data) < 300_000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_colour_is_read(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """Black and white, grey, palettes, what can be seen through, and sixteen bits: the same page comes of it."""
    monkeypatch.setattr(scanning, "LONG_SIDE", 400)  # so that small pages are scaled too
    monkeypatch.setattr(scanning, "SHORT_SIDE", 300)
    if mode.startswith("I"):
        pixels = np.asarray(page(450, 600).convert("L")).astype(np.uint16 if mode == "I;16" else np.int32) * 257
        image = Image.fromarray(pixels)
    else:
        image = page(450, 600).convert(mode)
    scan = rescanned(saved(image, "TIFF" if mode in {"CMYK", "I", "F"} else "PNG", compress_level=1))
    assert bar_is_upper_left(seen(scan.data))
    assert np.asarray(seen(scan.data))[-1, -1].min() > 250


def test_the_first_page_of_many_is_taken() -> None:
    """Of a TIFF with several pages the first is read, and no other."""
    white = Image.new("RGB", (800, 1_100), "white")
    data = saved(page(800, 1_100), "TIFF", save_all=True, append_images=[white] * 3)
    assert bar_is_upper_left(seen(rescanned(data).data))


def test_what_was_hidden_in_a_picture_is_gone() -> None:
    """Comments, text chunks, and whatever was hung on behind: none of it is on file."""
    jpeg = saved(page(), "JPEG", comment=NOTE) + NOTE + b"PK\x03\x04" + NOTE
    assert NOTE in jpeg
    assert NOTE not in rescanned(jpeg).data
    zipped = saved(page(), "PNG") + b"PK\x03\x04%PDF" + NOTE
    assert b"PK\x03\x04" not in rescanned(zipped).data


def webp(kind: bytes, body: bytes) -> bytes:
    """The head of a WebP, and nothing more."""
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def tiff(width: int, height: int) -> bytes:
    """A TIFF that says a size, and holds one strip of nothing."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[256], tags[257], tags[258], tags[259], tags[262], tags[277] = width, height, 8, 1, 1, 1
    tags[273], tags[278], tags[279] = 8, height, 99
    return b"II*\0" + struct.pack("<I", 8 + 100) + bytes(100) + tags.tobytes(108)


_GOOD = saved(page(), "JPEG")
REFUSED = [
    ("nothing", b"", "page_no_picture"),
    ("a text", b"hello" * 99, "page_no_picture"),
    ("a GIF", saved(page(), "GIF"), "page_no_picture"),
    ("a BMP", saved(page(), "BMP"), "page_no_picture"),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "page_no_picture"),
    ("a PDF", saved(page(), "PDF"), "page_is_a_pdf"),
    ("a PDF after some bytes", b"\n" * 99 + saved(page(), "PDF"), "page_is_a_pdf"),
    ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "page_is_heic"),
    ("a JPEG cut off", _GOOD[:-3_000], "page_damaged"),
    ("a beginning alone", b"\xff\xd8\xff", "page_damaged"),
    ("a TIFF's beginning alone", b"II*\0", "page_damaged"),
    ("a WebP's beginning alone", b"RIFF\x04\0\0\0WEBP", "page_damaged"),
    ("a WebP cut off", saved(page(), "WEBP")[:-200], "page_damaged"),
    ("a TIFF cut off", saved(page(), "TIFF")[:-50_000], "page_damaged"),
    ("a PNG without its rows", png(1_000, 1_000, b"\0" * 99), "page_damaged"),
    ("too many scans", _GOOD + b"\xff\xda" * SCANS_MAX, "page_damaged"),
    ("50 megapixels", png(7_100, 7_100, b"\0" * 99), "page_has_too_many_pixels"),
    ("a PNG bomb", png(60_000, 60_000, b"\0" * 99), "page_has_too_many_pixels"),
    ("a TIFF bomb", tiff(60_000, 60_000), "page_has_too_many_pixels"),
    ("a WebP bomb", webp(b"VP8X", bytes(4) + b"\xfe\x3f\0\xfe\x3f\0"), "page_has_too_many_pixels"),
    ("a lossless WebP bomb", webp(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + bytes(9)),
     "page_has_too_many_pixels"),
    ("a lossy WebP bomb", webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"), "page_has_too_many_pixels"),
    ("a side too long", png(SIDE_MAX + 1, 400, b"\0" * 99), "page_has_too_many_pixels"),
    ("too few pixels", saved(page(299, 2_000), "PNG"), "page_too_small"),
    ("too many bytes", _GOOD + bytes(BYTES_MAX), "page_too_large"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it is about to refuse
@pytest.mark.parametrize(("data", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_page_is_bad_input(data: bytes, code: str) -> None:
    """Each says what it is and what to do, and it is refused before memory is taken for its pixels."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=r"^page: ") as caught:
            rescanned(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == code
    assert all(code in photo_words(language).troubles for language in ("zh-Hans", "zh-Hant", "en"))
    assert peak < 4 * len(data) + 2_000_000 < PIXELS_MAX * 3


SEEDS = [
    saved(page(320, 400), form, **options)
    for form, options in (
        ("JPEG", {}), ("JPEG", {"progressive": True, "exif": _exif(6)}), ("PNG", {}), ("WEBP", {}),
        ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg"}), ("TIFF", {"compression": "tiff_adobe_deflate"}),
    )
]  # fmt: skip
"""Small pages of every form, to be spoilt."""
_WHERE = st.one_of(st.integers(0, 80), st.integers(0, 700), st.integers(0, 10**6))


@pytest.mark.filterwarnings("ignore")  # Pillow warns of much that it reads all the same
@given(st.sampled_from(SEEDS), st.lists(st.tuples(_WHERE, st.integers(0, 255)), max_size=12), st.integers(0, 10**6))
def test_whatever_comes_it_is_a_page_or_bad_input(seed: bytes, spoilt: list[tuple[int, int]], ends: int) -> None:
    """Law: with bytes changed anywhere, or the end cut off, a page of our own comes of it, or a sentence."""
    data = bytearray(seed)
    for place, value in spoilt:
        data[place % len(data)] = value
    try:
        scan = rescanned(bytes(data[: ends or None]))
    except BadInput as e:
        assert e.code in photo_words("en").troubles  # noqa: PT017 - either of the two is right
    else:
        assert seen(scan.data).size == (scan.width, scan.height)
