"""Signatures as they are drawn: what is one, what is kept of it, and how it is drawn again."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shebaoka.paper.slips.pictures import signature_of
from shebaoka.photo import photo_words, read_signature, signature_bytes, signature_from, signature_svg
from shebaoka.photo.strokes import BYTES_MAX, POINTS_MAX, STROKES_MAX, UNITS
from shebaoka.records import BadInput

SIGNED = [[[100 + 8 * i, 50 + 3 * (i % 4), 1000.5 + 16 * i] for i in range(30)], [[220, 40, 1600], [230, 95.25, 1700]]]


def sent(strokes: Any) -> bytes:
    """Strokes as a canvas sends them."""
    return json.dumps(strokes).encode()


def test_a_signature_is_brought_to_one_size_and_comes_back() -> None:
    """It begins at nought in place and time, its longer side is 1,000 units, and sealed bytes are read as the same."""
    signature = read_signature(sent(SIGNED))
    points = [p for s in signature.strokes for p in s]
    assert min(x for x, _, _ in points) == min(y for _, y, _ in points) == points[0][2] == 0
    assert max(x for x, _, _ in points) == signature.width == UNITS
    assert max(y for _, y, _ in points) == signature.height == 238
    assert signature_from(signature_bytes(signature)) == signature
    assert "hidden" in repr(signature)


def test_where_it_was_drawn_and_how_large_makes_no_difference() -> None:
    """The same strokes elsewhere on a canvas of another resolution are the same signature."""
    moved = [[[2 * x + 300, 2 * y + 70, t + 9] for x, y, t in stroke] for stroke in SIGNED]
    assert read_signature(sent(moved)) == read_signature(sent(SIGNED))


@settings(max_examples=40)
@given(st.lists(st.lists(st.tuples(*[st.integers(0, 10_000)] * 2), min_size=1, max_size=12), min_size=1, max_size=8))
def test_a_drawing_is_numbers_alone(strokes: list[list[tuple[int, int]]]) -> None:
    """Whatever was drawn, the SVG has a path a stroke, made of digits and the letters of a path, within its box."""
    times = iter(range(1_000))
    data = sent([[[x, y, next(times)] for x, y in stroke] for stroke in strokes])
    try:
        signature = read_signature(data)
    except BadInput as e:
        assert e.code == "signature_too_short"  # noqa: PT017 - hardly anything drawn is the one way not to be taken
        return
    svg = signature_svg(signature)
    paths = re.findall(r'<path d="([^"]*)"/>', svg)
    assert len(paths) == len(strokes)
    assert all(re.fullmatch(r"M\d+ \d+(L\d+ \d+)+", path) for path in paths)
    assert all(0 <= int(n) <= UNITS for path in paths for n in re.findall(r"\d+", path))
    assert not re.search(r"script|style|href|text|on\w+=", svg)


def test_every_drawing_can_be_printed() -> None:
    """The papers of the window take it as it is, with as many strokes and points as there may be."""
    longest = [[[20 * j + i % 7, (37 * i) % 9_999, 20 * j + i] for i in range(20)] for j in range(STROKES_MAX)]
    for strokes in (SIGNED, longest):
        svg = signature_svg(read_signature(sent(strokes)))
        assert signature_of(svg) == svg


LINE = [[10 + 10 * i, 50, i] for i in range(12)]
WRONG = [
    ("no JSON", b"{", "signature_not_one"),
    ("not UTF-8", b'["\xff"]', "signature_not_one"),
    ("an object", sent({"strokes": SIGNED}), "signature_not_one"),
    ("words", sent([[["a", "b", "c"]] * 9]), "signature_not_one"),
    ("two numbers a point", sent([[[1, 2]] * 9]), "signature_not_one"),
    ("four numbers a point", sent([[[1, 2, 3, 4]] * 9]), "signature_not_one"),
    ("not a number", b"[[[NaN, 1, 1]]]", "signature_not_one"),
    ("beyond all numbers", b"[[[1e999, 1, 1]]]", "signature_not_one"),
    ("beside the canvas", sent([[*LINE, [-1, 5, 99]]]), "signature_not_one"),
    ("beyond the canvas", sent([[*LINE, [10_001, 5, 99]]]), "signature_not_one"),
    ("time that goes back", sent([LINE, [[5, 5, 3]]]), "signature_not_one"),
    ("longer than ten minutes", sent([[*LINE, [5, 5, 600_001]]]), "signature_not_one"),
    ("deep", b"[" * 9_999, "signature_not_one"),
    ("nothing", b"", "signature_not_one"),
    ("no stroke", sent([]), "signature_too_short"),
    ("empty strokes", sent([[], []]), "signature_too_short"),
    ("a dot", sent([[[5, 5, i] for i in range(40)]]), "signature_too_short"),
    ("a slip of the pen", sent([[[5 + i, 5, i] for i in range(15)]]), "signature_too_short"),
    ("far apart and not drawn", sent([[[1 + 50 * i, 5, i]] for i in range(9)]), "signature_too_short"),
    ("too many strokes", sent([[[5, 5, 1]]] * (STROKES_MAX + 1)), "signature_too_much"),
    ("too many points", sent([[[5, 5, 1]] * (POINTS_MAX + 1)]), "signature_too_much"),
    ("too many bytes", b" " * (BYTES_MAX + 1), "signature_too_much"),
]


@pytest.mark.parametrize(("data", "code"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_no_signature_is_told(data: bytes, code: str) -> None:
    """Each has its code, which is worded in three languages, and the sentence repeats nothing of what came."""
    with pytest.raises(BadInput, match=r"^signature: ") as caught:
        read_signature(data)
    assert caught.value.code == code
    assert all(code in photo_words(language).troubles for language in ("zh-Hans", "zh-Hant", "en"))


def test_what_was_not_kept_as_a_signature_is_told() -> None:
    """Other bytes than a kept signature's are none."""
    for content in (b"", b"{}", sent(SIGNED), b'{"width":1,"height":1,"strokes":[["<"]]}'):
        with pytest.raises(BadInput, match="no signature"):
            signature_from(content)
