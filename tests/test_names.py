"""The words that a name is found by: initials by every reading, and what names are compared without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebaoka.names import COMBINATIONS_MAX, PREFIX_MAX, begins, folded, initials_of, parted, words_of

READ = {
    "李娜": {"ln"},
    "单雄信": {"sxx", "dxx"},
    "曾国藩": {"zgf", "cgf"},
    "解珍": {"xz", "jz"},
    "仇英": {"qy"},
    "查良镛": {"zly"},
    "区伟": {"ow"},
    "尉迟恭": {"ycg"},
    "万俟雪": {"mqx"},
    "长孙无忌": {"zswj"},
    "乐毅": {"yy", "ly"},
    "翟秀兰": {"zxl"},
    "盖文": {"gw"},
    "缪斯": {"ms"},
    "朴海": {"ph"},
    "𬎆琳": {"yl"},
    "买买提·吐尔逊": {"mmtt"},
}
"""Names with initials that they must be found by."""


@pytest.mark.parametrize("name", READ)
def test_a_name_has_the_initials_that_people_read_it_with(name: str) -> None:
    """Surnames are read as surnames, and by their common reading too; rare characters are read."""
    found = initials_of(name)
    assert all(any(one.startswith(read) for one in found) for read in READ[name]), found
    assert len(found) <= COMBINATIONS_MAX


def test_a_surname_of_many_people_has_its_own_reading_alone() -> None:
    """Nobody called Wang stands under a reading that the character has elsewhere."""
    assert [initials_of(name + "丽")[0] for name in "王李张刘陈杨赵黄周吴"] == [f"{letter}l" for letter in "wlzlcyzhzw"]
    assert all(len(initials_of(name + "丽")) == 1 for name in "王李张刘陈杨赵黄周吴")


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("John Smith", "js"),
        ("O'Brien Élodie", "oe"),
        ("Ｌｉ Na", "ln"),
        ("J.Smith", "js"),
        ("Anne-Marie", "a"),
        ("é", "e"),
    ],
)
def test_a_latin_name_goes_by_the_first_letters_of_its_words(name: str, initials: str) -> None:
    """Width, case, accents and apostrophes do not matter."""
    assert initials_of(name) == (initials,)


@pytest.mark.parametrize("name", ["%_", "·", " ", "123", "\U0010fffd", "\ue000", "ᠮᠣ", "'; drop table", "<b>"])
def test_a_name_without_readings_has_words_all_the_same(name: str) -> None:
    """Nothing that may stand as a name breaks; it is found by itself."""
    assert words_of(name)
    assert folded(name)[:PREFIX_MAX] in words_of(name)
    assert begins(name, folded(name))


def test_dots_blanks_width_and_case_do_not_matter() -> None:
    """However the dot of a name is typed, it is the same name."""
    same = ("阿依古丽·买买提", "阿依古丽•买买提", "阿依古丽 买买提", "阿依古丽买买提", "阿依古丽．买买提")
    assert len(set(map(folded, same))) == 1
    assert folded("Ｌｉ　Na") == folded("li na") == "lina"


NAMES = st.text(st.sampled_from("李单曾尉迟乐重行𬎆%_<'\\ anX·"), min_size=1, max_size=16)


@given(NAMES, NAMES)
def test_words_are_what_a_name_begins_with(name: str, other: str) -> None:
    """Each of the words begins the name or its initials; what is no word and not longer than words are does not."""
    assert all(begins(name, word) for word in words_of(name))
    said = folded(other)
    if len(said) <= PREFIX_MAX:
        assert begins(name, said) == (said in words_of(name))
    else:
        assert not begins(name, said) or said[:PREFIX_MAX] in words_of(name)


@given(NAMES, st.integers(0, 50), st.sampled_from(("gb18030", "utf-8")))
def test_a_name_is_parted_between_characters(name: str, width: int, encoding: str) -> None:
    """The first part fits, the first character of the rest would not any more, and nothing is lost."""
    first, rest = parted(name, width, encoding)
    assert first + rest == name
    assert len(first.encode(encoding)) <= width
    assert not rest or len((first + rest[0]).encode(encoding)) > width
