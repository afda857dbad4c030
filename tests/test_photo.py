"""A photo for the card: each miss at its limit, what is no photo, what is mended, and what is drawn."""

import io
import random
import re
import struct
import threading
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shebaoka.cli import main
from shebaoka.notice import LANGUAGES
from shebaoka.photo import Box, Face, Finding, Miss, Range, Seen, Verdict, check, judge, mend, photo_words, picture_of
from shebaoka.photo.decoding import BYTES_MAX, SCANS_MAX, decoded
from shebaoka.portraits import Portrait, saved
from shebaoka.records import BadInput, NotFound

ANY = Range()
GOOD = Portrait()
FITS = Seen(
    bytes=20_000, width=358, height=441, dpi=(350, 350), bits=24, white_percent=100, spot=Box(0, 0, 0, 0),
    faces=(Box(66, 64, 227, 227),), face=Face(Box(76, 64, 207, 255), 14, 151),
)  # fmt: skip
"""What is seen of a photo that misses nothing."""


def misses(data: bytes) -> list[Miss]:
    """What a file misses, whatever its size."""
    return list(check(data, ANY).misses)


def with_face(width: int = 207, hair_top: int = 14, eye_line: int = 151) -> Seen:
    """The same, with another face."""
    return msgspec.structs.replace(FITS, face=Face(Box(76, 64, width, 255), hair_top, eye_line))


def seen(**named: Any) -> Seen:
    """The same, with something else about it."""
    return msgspec.structs.replace(FITS, **named)


LIMITS = [
    (Miss.FILE_TOO_SMALL, seen(bytes=14_000), seen(bytes=13_999)),
    (Miss.FILE_TOO_LARGE, seen(bytes=40_000), seen(bytes=40_001)),
    (Miss.WIDTH_DIFFERS, FITS, seen(width=357)),
    (Miss.WIDTH_DIFFERS, FITS, seen(width=359)),
    (Miss.HEIGHT_DIFFERS, FITS, seen(height=440)),
    (Miss.HEIGHT_DIFFERS, FITS, seen(height=442)),
    (Miss.RESOLUTION_DIFFERS, FITS, seen(dpi=(349, 350))),
    (Miss.RESOLUTION_DIFFERS, FITS, seen(dpi=(350, 351))),
    (Miss.RESOLUTION_DIFFERS, FITS, seen(dpi=(0, 0))),
    (Miss.COLOUR_DIFFERS, FITS, seen(bits=8)),
    (Miss.COLOUR_DIFFERS, FITS, seen(bits=32)),
    (Miss.BACKGROUND_NOT_WHITE, seen(white_percent=95), seen(white_percent=94)),
    (Miss.NO_FACE, FITS, seen(faces=(), face=None)),
    (Miss.SEVERAL_FACES, FITS, seen(faces=FITS.faces * 2, face=None)),
    (Miss.FACE_TOO_NARROW, with_face(width=193), with_face(width=192)),
    (Miss.FACE_TOO_WIDE, with_face(width=221), with_face(width=222)),
    (Miss.HAIR_TOO_HIGH, with_face(hair_top=7), with_face(hair_top=6)),
    (Miss.HAIR_TOO_LOW, with_face(hair_top=21), with_face(hair_top=22)),
    (Miss.EYES_TOO_LOW, with_face(eye_line=234), with_face(eye_line=235)),
]


@pytest.mark.parametrize(("miss", "within", "beyond"), LIMITS)
def test_each_limit_is_held_on_both_sides(miss: Miss, within: Seen, beyond: Seen) -> None:
    """At its very limit nothing is missed; one beyond it exactly this is."""
    file_size = Range(14_000, 40_000)
    assert judge(within, file_size).misses == ()
    assert judge(beyond, file_size).misses == (miss,)
    (finding,) = judge(beyond, file_size).findings
    assert not finding.allowed.holds(finding.measured)


def test_every_miss_has_its_limit_tested() -> None:
    """No miss is on the list without a case above."""
    assert {miss for miss, _, _ in LIMITS} == set(Miss)


DRAWN = [
    (Portrait(), []),
    (Portrait(face_width=193), []),
    (Portrait(face_width=192), [Miss.FACE_TOO_NARROW]),
    (Portrait(face_width=221, hair_top=7), []),
    (Portrait(face_width=222), [Miss.FACE_TOO_WIDE]),
    (Portrait(hair_top=7), []),
    (Portrait(hair_top=6), [Miss.HAIR_TOO_HIGH]),
    (Portrait(hair_top=21), []),
    (Portrait(hair_top=22), [Miss.HAIR_TOO_LOW]),
    (Portrait(hair_top=92), [Miss.HAIR_TOO_LOW]),
    (Portrait(hair_top=104), [Miss.HAIR_TOO_LOW, Miss.EYES_TOO_LOW]),
    (Portrait(background=(236, 236, 236)), []),
    (Portrait(background=(225, 225, 225)), [Miss.BACKGROUND_NOT_WHITE]),
    (Portrait(background=(67, 142, 219)), [Miss.BACKGROUND_NOT_WHITE]),
    (Portrait(width=357), [Miss.WIDTH_DIFFERS]),
    (Portrait(width=359), [Miss.WIDTH_DIFFERS]),
    (Portrait(height=440), [Miss.HEIGHT_DIFFERS]),
    (Portrait(height=442), [Miss.HEIGHT_DIFFERS]),
]


@pytest.mark.parametrize(("portrait", "missed"), DRAWN)
def test_a_drawn_portrait_is_measured_to_the_pixel(portrait: Portrait, missed: list[Miss]) -> None:
    """Width of the face and first row of hair are those that were drawn, and the eyes are found within five pixels."""
    verdict = check(portrait.saved("PNG"), ANY)
    assert list(verdict.misses) == missed
    face = verdict.seen.face
    assert face is not None
    assert (face.box.width, face.hair_top) == (portrait.face_width, portrait.hair_top)
    assert abs(face.eye_line - portrait.eye_line) <= 5


@pytest.mark.parametrize(
    "portrait",
    [
        Portrait(skin=(245, 222, 205)), Portrait(skin=(120, 80, 58)), Portrait(skin=(84, 56, 42)),
        Portrait(glasses=True), Portrait(long_hair=True), Portrait(hair=(190, 190, 190)), Portrait(grain=12),
    ],
)  # fmt: skip
def test_many_people_pass(portrait: Portrait) -> None:
    """Whatever the skin, the hair, glasses or the grain of the camera, as a JPEG: the photo is measured the same."""
    verdict = check(portrait.saved(), ANY)
    assert verdict.passes
    assert verdict.seen.face is not None
    assert abs(verdict.seen.face.box.width - 207) <= 2


def test_a_shadow_on_the_background_is_found_where_it_is() -> None:
    """The box of what is not white is the shadow's."""
    pixels = GOOD.pixels()
    pixels[30:140, 312:350] = 205
    (finding,) = check(saved(pixels, "PNG"), ANY).findings
    assert finding.miss is Miss.BACKGROUND_NOT_WHITE
    assert finding.where == Box(312, 30, 38, 110)


def test_not_a_face_and_two_faces() -> None:
    """A blank, noise and a landscape have no face; two people side by side have two, each with a box."""
    blank = np.full((441, 358, 3), 255, np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (441, 358, 3), dtype=np.uint8)
    hills = np.linspace(0, 255, 441 * 358 * 3).reshape(441, 358, 3).astype(np.uint8)
    for pixels in (blank, noise, hills):
        assert Miss.NO_FACE in misses(saved(pixels))
        assert mend(saved(pixels), ANY) is None
    one = Portrait(width=300, face_width=150, hair_top=60).pixels()
    verdict = check(saved(np.concatenate([one, one], axis=1)), ANY)
    (finding,) = [f for f in verdict.findings if f.miss is Miss.SEVERAL_FACES]
    assert (finding.measured, len(verdict.seen.faces)) == (2, 2)
    assert finding.where.width > 300


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (8, 8), (47, 60), (60, 47), (2, 6000), (6000, 2)])
def test_a_tiny_photo_is_judged(size: tuple[int, int]) -> None:
    """However few pixels, a picture has a verdict, and no face."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    for form in ("JPEG", "PNG"):
        assert {Miss.WIDTH_DIFFERS, Miss.HEIGHT_DIFFERS, Miss.NO_FACE} <= set(misses(saved(pixels, form)))


def png(width: int, height: int, data: bytes, depth: int = 8, kind: int = 2) -> bytes:
    """A PNG put together by hand: it says that size, and holds that."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


REFUSED = [
    ("nothing", b"", "neither JPEG nor PNG"),
    ("a text", b"hello" * 99, "neither JPEG nor PNG"),
    ("a GIF", saved(GOOD.pixels(), "GIF"), "neither JPEG nor PNG"),
    ("a web page", b"<html>404</html>", "neither JPEG nor PNG"),
    ("a beginning alone", b"\xff\xd8\xff", "damaged or was cut off"),
    ("a PNG's beginning alone", b"\x89PNG\r\n\x1a\n", "damaged or was cut off"),
    ("a JPEG cut off", GOOD.saved()[:-3000], "damaged or was cut off"),
    ("a PNG cut off", GOOD.saved("PNG")[:9000], "damaged or was cut off"),
    ("a PNG without its rows", png(358, 441, b"\0" * 99), "damaged or was cut off"),
    ("a bomb", png(60_000, 60_000, b"\0" * 99), "too many pixels"),
    ("a side too long", png(6_001, 10, b"\0" * 99), "too many pixels"),
    ("too many pixels", png(5_999, 5_000, b"\0" * 99), "too many pixels"),
    ("too many bytes", GOOD.saved() + bytes(BYTES_MAX), "more than 5 MB"),
    ("too many scans", GOOD.saved() + b"\xff\xda" * SCANS_MAX, "too many layers"),
]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it is about to refuse
@pytest.mark.parametrize(("data", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_photo_is_bad_input(data: bytes, said: str) -> None:
    """Each says what it is and what to do, and no decoder's error comes out."""
    with pytest.raises(BadInput, match=said):
        check(data, ANY)
    with pytest.raises(BadInput, match=said):
        mend(data, ANY)


def test_a_progressive_photo_is_one_like_others() -> None:
    """The many scans of an honest progressive JPEG, in three colours or four, are fewer than are refused."""
    assert misses(GOOD.saved(progressive=True)) == []
    assert misses(GOOD.saved(mode="CMYK", progressive=True)) == [Miss.COLOUR_DIFFERS]


def test_a_huge_photo_is_bounded() -> None:
    """As many pixels as may be are looked at in a size that bounds the time, and measured by their proportion."""
    pixels = cv2.resize(GOOD.pixels(), (4_296, 5_292), interpolation=cv2.INTER_LINEAR)
    data = saved(np.asarray(pixels))
    assert check(data, ANY).misses == (Miss.WIDTH_DIFFERS, Miss.HEIGHT_DIFFERS)
    better = mend(data, ANY)
    assert better is not None
    assert better.verdict.passes


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (GOOD.saved(mode="L"), 8), (GOOD.saved(mode="CMYK"), 32), (GOOD.saved("PNG", "RGBA"), 32),
        (GOOD.saved("PNG", "LA"), 16), (GOOD.saved("PNG", "L"), 8), (GOOD.saved("PNG", "P"), 8),
    ],
    ids=["grey", "CMYK", "alpha", "grey with alpha", "grey PNG", "palette"],
)  # fmt: skip
def test_other_colours_are_told_and_mended(data: bytes, bits: int) -> None:
    """CMYK, alpha, grey and palettes miss the 24 bits alone; the mended photo has them."""
    (finding,) = check(data, ANY).findings
    assert (finding.miss, finding.measured) == (Miss.COLOUR_DIFFERS, bits)
    better = mend(data, ANY)
    assert better is not None
    assert decoded(better.data).bits == 24


def test_what_can_be_seen_through_lies_on_white() -> None:
    """A portrait cut out of its background passes as one on white."""
    pixels = GOOD.pixels()
    clear = (pixels == 255).all(axis=2)
    cut_out = np.dstack([np.where(clear[..., None], 0, pixels), np.where(clear, 0, 255)]).astype(np.uint8)
    assert misses(saved(cut_out, "PNG", "RGBA")) == [Miss.COLOUR_DIFFERS]


def test_sixteen_bits_a_colour_are_told_and_seen_right() -> None:
    """A PNG of 48 bits, and a grey one of 16, show the same portrait."""
    wide = (GOOD.pixels().astype(np.uint16) * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    grey = b"".join(b"\0" + row[:, 0].tobytes() for row in wide)
    for data, bits in ((png(358, 441, rows, 16, 2), 48), (png(358, 441, grey, 16, 0), 16)):
        verdict = check(data, ANY)
        assert verdict.misses == (Miss.RESOLUTION_DIFFERS, Miss.COLOUR_DIFFERS)
        assert (verdict.seen.bits, verdict.seen.dpi) == (bits, (0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_turned_by_exif_stands_upright(orientation: int) -> None:
    """However the camera was held, what people see is what is judged, and what is mended needs no EXIF."""
    undo: dict[int, Any] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    image = Image.fromarray(GOOD.pixels())
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = np.asarray(image.transpose(undo[orientation]) if orientation in undo else image)
    data = saved(lying, exif=exif)
    assert misses(data) == []
    if orientation > 4:
        assert Miss.NO_FACE in misses(saved(lying))
    better = mend(data, ANY)
    assert better is not None
    assert np.abs(decoded(better.data).pixels.astype(int) - GOOD.pixels().astype(int)).mean() < 2


def test_nothing_but_pixels_goes_on() -> None:
    """The mended photo has no EXIF, no comment, no profile and no text of the upload, but its 350 dpi."""
    exif = Image.Exif()
    exif[0x010E] = "where she lives"
    data = GOOD.saved(exif=exif, comment=b"where she lives", icc_profile=b"where she lives")
    assert data.count(b"where she lives") == 3
    better = mend(data, ANY)
    assert better is not None
    assert b"where she lives" not in better.data
    with Image.open(io.BytesIO(better.data)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (358, 441))
        assert set(image.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
        assert image.info["dpi"] == (350, 350)


MENDED = [
    Portrait(width=1000, height=1232, face_width=560, hair_top=60),
    Portrait(width=716, height=882, face_width=414, hair_top=28),
    Portrait(width=600, height=600, face_width=200, hair_top=80),
    Portrait(width=700, height=900, face_width=300, hair_top=150, centre=330),
    Portrait(width=358, height=441, face_width=170, hair_top=40, long_hair=True),
    Portrait(width=500, height=560, face_width=250, hair_top=2),
    Portrait(hair_top=5),
    Portrait(width=400, height=441, face_width=190, hair_top=30, glasses=True, skin=(120, 80, 58)),
]


@pytest.mark.parametrize("portrait", MENDED)
def test_the_mended_photo_passes(portrait: Portrait) -> None:
    """A photo that only lies wrong is offered right: checked by the same check, with a file of the allowed size."""
    file_size = Range(8_000, 40_000)
    data = portrait.saved(dpi=(72, 72))
    assert not check(data, file_size).passes
    better = mend(data, file_size)
    assert better is not None
    assert check(better.data, file_size) == better.verdict
    assert better.verdict.passes
    again = mend(better.data, file_size)
    assert again is not None
    assert again.verdict.passes


NOT_MENDED = [
    Portrait(background=(67, 142, 219)),
    Portrait(face_width=260, hair_top=10),
    Portrait(hair_top=0),
    Portrait(width=180, height=222, face_width=104, hair_top=7),
    Portrait(hair_top=104),
]


@pytest.mark.parametrize(
    "portrait", NOT_MENDED, ids=["blue background", "too near", "head cut", "too small", "too low"]
)
def test_what_no_crop_mends_is_not_offered(portrait: Portrait) -> None:
    """Another background, a head or shoulders that are not in the photo, or too few pixels: nothing is made up."""
    data = portrait.saved()
    assert not check(data, ANY).passes
    assert mend(data, ANY) is None


def test_the_mended_file_keeps_the_size() -> None:
    """The finest file that fits is offered; where none does, none is."""
    data = Portrait(grain=9).saved()
    sizes = [len(better.data) for most in (60_000, 50_000, 45_000) if (better := mend(data, Range(None, most)))]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes) == 3
    assert mend(data, Range(None, 2_000)) is None
    assert mend(GOOD.saved(), Range(4_000_000)) is None


GOOD_JPEG, GOOD_PNG = GOOD.saved(), GOOD.saved("PNG")


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A photo with bytes changed, taken out, or put in."""
    data = bytearray(draw(st.sampled_from([GOOD_JPEG, GOOD_PNG])))
    for _ in range(draw(st.integers(1, 6))):
        # Where the headers are is changed as often as all the rest.
        at = draw(st.one_of(st.integers(0, 700), st.integers(0, len(data) - 1)))
        at = min(at, len(data) - 1)
        how = draw(st.integers(0, 3))
        if how == 0:
            data[at] = draw(st.integers(0, 255))
        elif how == 1:
            del data[at : at + draw(st.integers(1, 2000))]
        elif how == 2:
            data[at:at] = draw(st.binary(min_size=1, max_size=40))
        else:
            data[at : at + 4] = draw(st.binary(min_size=4, max_size=4))
        if not data:
            break
    return bytes(data)


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it is about to refuse
@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        broken(),
        st.binary(max_size=400),
        st.binary(max_size=400).map(lambda b: b"\xff\xd8\xff" + b),
        st.binary(max_size=400).map(lambda b: b"\x89PNG\r\n\x1a\n" + b),
    )
)
def test_whatever_comes_in_is_a_verdict_or_bad_input(data: bytes) -> None:
    """No bytes make the check fail in another way, nor the drawing of what it found."""
    try:
        verdict = check(data, Range(14_000, 40_000))
    except BadInput:
        return
    ET.fromstring(picture_of(verdict, "zh-Hans"))  # noqa: S314 - our own text
    for finding in verdict.findings:
        assert photo_words("en").sentence(finding)


@settings(deadline=None, max_examples=12)
@given(
    st.builds(
        lambda unit, above, off, long_hair: Portrait(
            width=3 * unit, height=4 * unit, face_width=round(1.1 * unit), hair_top=above, centre=3 * unit // 2 + off,
            long_hair=long_hair,
        ),
        st.integers(160, 400), st.integers(1, 120), st.integers(-40, 40), st.booleans(),
    )
)  # fmt: skip
def test_whatever_is_offered_passes(portrait: Portrait) -> None:
    """Wherever somebody stands in a photo, what is offered passes the same check."""
    better = mend(portrait.saved(), ANY)
    if better is not None:
        assert check(better.data, ANY).passes


def test_the_same_photo_has_the_same_verdict_from_many_at_once() -> None:
    """Checks that run beside each other share no cascade."""
    data, verdicts = GOOD.saved(), list[Verdict]()
    threads = [threading.Thread(target=lambda: verdicts.append(check(data, ANY))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [check(data, ANY)] * 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_miss_is_said_in_every_language(language: str) -> None:
    """Each sentence tells what was measured, what is allowed and what to do, and nothing is left open."""
    words = photo_words(language)
    assert set(words.misses) == set(Miss)
    assert set(words.texts) == set(photo_words("en").texts)
    for miss in Miss:
        said = words.sentence(Finding(miss, 123456, Range(77, 88), Box(0, 0, 1, 1)))
        assert miss is Miss.NO_FACE or "123456" in said
        assert "None" not in said
        assert "{" not in said
        assert re.search(r"[Pp]lease|请|請", said)


def test_a_language_that_there_is_not() -> None:
    """Another language is not found, and the sentence says which there are."""
    with pytest.raises(NotFound, match="zh-Hans, zh-Hant, en"):
        photo_words("fr")


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_where() -> None:
    """Outline, allowed bands, measured boxes, a numbered box for each miss with its sentence; no style, no script."""
    verdict = check(Portrait(face_width=230, hair_top=3).saved(dpi=(72, 72)), ANY)
    assert verdict.misses == (Miss.RESOLUTION_DIFFERS, Miss.FACE_TOO_WIDE, Miss.HAIR_TOO_HIGH)
    text = picture_of(verdict, "en")
    drawn = ET.fromstring(text)  # noqa: S314 - our own text
    assert drawn.get("viewBox") == "0 0 358 441"
    boxes = [tuple(r.get(k) for k in ("x", "y", "width", "height")) for r in drawn.iter(f"{SVG}rect")]
    for finding in verdict.findings:
        where = finding.where
        assert tuple(map(str, (where.left, where.top, where.width, where.height))) in boxes
    assert ("0", "7", "358", "14") in boxes
    numbers = [t.text for t in drawn.iter(f"{SVG}text") if (t.text or "").isdigit()]
    assert numbers == ["1", "2", "3"]
    described = drawn.findtext(f"{SVG}desc") or ""
    assert all(photo_words("en").sentence(f) in described for f in verdict.findings)
    assert not re.search(r"style|script|href|<image", text)


def test_the_picture_of_a_photo_that_passes() -> None:
    """It says so, and has no number."""
    drawn = ET.fromstring(picture_of(check(GOOD.saved(), ANY), "zh-Hant"))  # noqa: S314 - our own text
    assert drawn.findtext(f"{SVG}desc") == "相片符合要求。"
    assert not list(drawn.iter(f"{SVG}circle"))


def test_a_photo_is_checked_from_the_command_line(tmp_path: Any) -> None:
    """What it misses is said, drawn, and mended into files of their owner's alone; nothing is overwritten."""
    file, picture, mended = tmp_path / "a.jpg", tmp_path / "a.svg", tmp_path / "b.jpg"
    file.write_bytes(Portrait(hair_top=5).saved())
    words = ["photo", "check", str(file), "--language", "en", "--picture", str(picture), "--mended", str(mended)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "The hair ends 5 pixels below the upper edge" in result.output
    assert check(mended.read_bytes(), ANY).passes
    assert picture.read_text().startswith("<svg")
    assert {p.stat().st_mode & 0o777 for p in (picture, mended)} == {0o600}
    assert "is there already; name a new file" in CliRunner().invoke(main, words).output
    passes = CliRunner().invoke(main, ["photo", "check", str(mended), "--language", "zh-Hans"])
    assert (passes.exit_code, passes.output) == (0, "✓ 相片符合要求。\n")
    as_json = CliRunner().invoke(main, ["photo", "check", str(file), "--json"])
    assert msgspec.json.decode(as_json.stdout)["verdict"]["findings"][0]["miss"] == "hair_too_high"
    file.write_bytes(random.Random(1).randbytes(99))  # noqa: S311 - no secret
    assert "[photo_no_picture]" in CliRunner().invoke(main, words[:3]).output
