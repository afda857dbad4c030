"""Social security numbers: what is sound, what is read from them, what only warns, and what is hidden."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from shebaoka import numbers
from shebaoka.records import BadInput, Refusal, Sex

ON = dt.date(2013, 7, 1)
NOT_VALID = Refusal.IDENTITY_NUMBER_IS_NOT_VALID

days = st.dates(min_value=dt.date(1900, 1, 1), max_value=ON)


@st.composite
def sound_numbers(draw: st.DrawFn) -> str:
    """Numbers that somebody could have on the day of the tests."""
    region = draw(st.sampled_from(["140702", "140726", "110101", "142401", "999999"]))
    born_on = draw(days)
    return numbers.with_check_digit(f"{region}{born_on:%Y%m%d}{draw(st.integers(1, 999)):03d}")


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_digit_is_the_standards(first17: str) -> None:
    """Our check digit agrees with GB 11643's weights, 2**(17-i) mod 11, worked out by hand."""
    total = sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(first17))
    assert numbers.with_check_digit(first17)[17] == "10X98765432"[total % 11]
    assert ric.calc_check_digit(first17 + "0") == "10X98765432"[total % 11]


@given(sound_numbers())
def test_a_sound_number_has_no_fault_in_any_region(number: str) -> None:
    """Check digit and birth date decide; a retired or unknown region is no fault."""
    assert numbers.fault_of(number, ON) is None


@given(sound_numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_changed_character_is_always_noticed(number: str, at: int, character: str) -> None:
    """A single mistyped character makes a sound number invalid, wherever it stands."""
    changed = number[:at] + character + number[at + 1 :]
    if changed != number:
        assert numbers.fault_of(changed, ON) is not None


@given(sound_numbers(), st.integers(0, 16))
def test_two_swapped_neighbours_are_noticed(number: str, at: int) -> None:
    """Swapping two neighbouring characters makes a sound number invalid."""
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped != number:
        assert numbers.fault_of(swapped, ON) is NOT_VALID


@pytest.mark.parametrize(
    "number",
    [
        "",
        "14070219800101001",
        "140702800101001",
        "1407021980010100134",
        "14070219800101001x",
        " 14070219800101001",
        "１４０７０２１９８００１０１００１１",
        "1407021980010100²1",
        "X40702198001010011",
        "14070219800101_011",
        "140702198001010A11",
    ],
)
def test_a_wrong_shape_is_not_valid(number: str) -> None:
    """Wrong length, a small x, spaces, full-width digits and letters are refused without an error."""
    assert numbers.fault_of(number, ON) is NOT_VALID


@pytest.mark.parametrize("day", ["20130231", "19000229", "19801301", "19800100", "00000101", "20130431"])
def test_a_day_that_the_calendar_lacks_is_not_valid(day: str) -> None:
    """A right check digit does not save a birth date that never was."""
    number = numbers.with_check_digit(f"140702{day}001")
    assert numbers.fault_of(number, ON) is NOT_VALID
    with pytest.raises(BadInput, match=day):
        numbers.birth_date(number)


def test_the_edges_of_a_birth_date() -> None:
    """Born today is sound, born tomorrow lies in the future, born 151 years ago is not valid, 29 February counts."""
    tomorrow = ON + dt.timedelta(days=1)
    assert numbers.fault_of(numbers.with_check_digit(f"140702{ON:%Y%m%d}001"), ON) is None
    ahead = numbers.with_check_digit(f"140702{tomorrow:%Y%m%d}001")
    assert numbers.fault_of(ahead, ON) is Refusal.BIRTH_DATE_IS_IN_THE_FUTURE
    assert numbers.fault_of(ahead, tomorrow) is None
    assert numbers.fault_of(numbers.with_check_digit("14070218630101001"), ON) is None
    assert numbers.fault_of(numbers.with_check_digit("14070218621231001"), ON) is NOT_VALID
    assert numbers.fault_of(numbers.with_check_digit("14070220120229001"), ON) is None


@given(days, st.integers(0, 999))
def test_birth_date_and_sex_are_read_from_the_number(born_on: dt.date, order: int) -> None:
    """Digits 7 to 14 are the birth date; an odd 17th digit is male."""
    number = numbers.with_check_digit(f"140702{born_on:%Y%m%d}{order:03d}")
    assert numbers.birth_date(number) == born_on
    assert numbers.sex(number) is (Sex.MALE if order % 2 else Sex.FEMALE)


@pytest.mark.parametrize("ask", [numbers.birth_date, numbers.sex, numbers.with_check_digit])
def test_asking_of_something_that_is_no_number_says_so(ask: object) -> None:
    """Reading from a wrong shape is bad input with a sentence, not a stray error."""
    assert callable(ask)
    with pytest.raises(BadInput, match="seventeen digits"):
        ask("1407021980")


def test_a_region_only_warns() -> None:
    """Today's regions are silent; retired and unknown ones are named, without the number."""
    today = numbers.with_check_digit("14070219800101001")
    retired = numbers.with_check_digit("14072619800101001")
    former = numbers.with_check_digit("14240119800101001")
    unknown = numbers.with_check_digit("99999919800101001")
    assert numbers.region_warning(today) is None
    assert "140726 (太谷县) was retired after 2018" in (numbers.region_warning(retired) or "")
    assert "142401 (榆次市) was retired after 1998" in (numbers.region_warning(former) or "")
    assert "no list of regions" in (numbers.region_warning(unknown) or "")
    for number in (retired, former, unknown):
        assert number not in (numbers.region_warning(number) or "")


@given(st.text("0123456789X", max_size=20))
def test_a_masked_number_never_shows_its_middle(number: str) -> None:
    """Of 18 characters region and last four stay; anything else is hidden whole, and the length stays."""
    masked = numbers.mask(number)
    assert len(masked) == len(number)
    if len(number) == 18:
        assert masked == number[:6] + "*" * 8 + number[14:]
    else:
        assert set(masked) <= {"*"}


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("李娜", "李*"),
        ("王小明", "王**"),
        ("买买提·吐尔逊", "买**·***"),
        ("赵𬭸", "赵*"),
        ("李", "*"),
        ("", ""),
    ],
)
def test_a_masked_name_shows_its_first_character(name: str, masked: str) -> None:
    """The first character and the middle dots stay, four-byte characters count as one."""
    assert numbers.mask_name(name) == masked
