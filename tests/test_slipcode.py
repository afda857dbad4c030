"""Slip codes: drawn, printed, and read again from what people type and scanners send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebaoka.desk.fresh import draw_slip_code
from shebaoka.records import BadInput, Broken
from shebaoka.slipcode import SIGNS, SLIP_CODE_BITS, grouped_slip_code, read_slip_code, slip_address, slip_code_of

CODES = st.integers(0, (1 << SLIP_CODE_BITS) - 1).map(slip_code_of)


def test_drawn_codes_are_short_and_differ() -> None:
    """A code has twelve signs that nobody mistakes, and ten thousand draws never give the same."""
    drawn = [draw_slip_code() for _ in range(10_000)]
    assert len(set(drawn)) == len(drawn)
    assert all(len(code) == 12 and set(code) <= set(SIGNS) and read_slip_code(code) == code for code in drawn[:200])
    assert not set("ILOU") & set(SIGNS)


@given(code=CODES, data=st.data())
def test_whatever_people_make_of_a_code_is_read(code: str, data: st.DataObject) -> None:
    """Law: lower case, blanks, hyphens, O for 0, I and L for 1, full-width signs, the whole address all give it."""
    typed = data.draw(st.sampled_from([code, grouped_slip_code(code), slip_address("https://a.example/b/", code)]))
    head, found, tail = typed.rpartition("/slip/")
    if data.draw(st.booleans()):
        tail = tail.replace("0", "O").replace("1", data.draw(st.sampled_from("IlL")))
    if data.draw(st.booleans()):
        tail = tail.lower()
    if data.draw(st.booleans()):
        tail = "".join(chr(ord(c) + 0xFEE0) for c in tail)
    spaced = data.draw(st.sampled_from(["", " ", "　", "\t"]))
    assert read_slip_code(head + found + spaced + spaced.join(tail) + "\r\n") == code


@given(code=CODES, data=st.data())
def test_one_wrong_sign_is_told(code: str, data: st.DataObject) -> None:
    """Law: with one sign another one, or any two exchanged, a code is never somebody else's."""
    at = data.draw(st.integers(0, 11))
    other = data.draw(st.sampled_from([s for s in SIGNS if s != code[at]]))
    with pytest.raises(BadInput, match="one character at least is wrong"):
        read_slip_code(code[:at] + other + code[at + 1 :])
    to = data.draw(st.integers(0, 11))
    if code[at] != code[to]:
        signs = list(code)
        signs[at], signs[to] = signs[to], signs[at]
        with pytest.raises(BadInput, match="one character at least is wrong"):
            read_slip_code("".join(signs))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "it is empty"),
        (" - ", "it is empty"),
        ("https://a.example/slip/", "it is empty"),
        ("2KJX-R575-VGA", "11 were given"),
        ("2KJX-R575-VGAN2", "13 were given"),
        ("2KJX-R575-VGAU", "'U' is in no slip code"),
        ("2KJX-R575-VGA\x00", r"'\\x00' is in no slip code"),
        ("查询码", "'查' is in no slip code"),
        ("2KJXR575VGAN" * 10_000, "were given"),
    ],
)
def test_what_is_no_code_is_told(typed: str, told: str) -> None:
    """Nothing, too little, too much, or a sign that no code has: each is said as what it is."""
    with pytest.raises(BadInput, match=f"^Slip code: .*{told}"):
        read_slip_code(typed)


@pytest.mark.parametrize(
    "base", ["", "a.example", "ftp://a.example", "https://", "https://a b", "https://" + "a" * 120]
)
def test_an_address_that_is_none_is_told(base: str) -> None:
    """A base that no browser opens is refused before anything is printed with it."""
    with pytest.raises(BadInput, match="public page's address"):
        slip_address(base, "2KJXR575VGAN")


@pytest.mark.parametrize("drawn", [-1, 1 << SLIP_CODE_BITS])
def test_a_code_is_made_of_55_bits(drawn: int) -> None:
    """More, or less than nothing, is the program's fault."""
    with pytest.raises(Broken):
        slip_code_of(drawn)
