"""The people of a whole invented city, worked out one by one from their place in it; `old_city` writes their export.

Nothing is held of them but who is broken and how, so that 3.4 million need no memory. Numbers differ because they
follow from the place without a collision, not because those taken are remembered.
"""

import datetime as dt
import functools
import itertools
import math
import random
from enum import StrEnum

import msgspec

from shebaoka.city import (
    BALANCE_MAX_FEN,
    BROKEN_SHARE,
    COUNTIES,
    TAIGU_CHANGED_IN,
    Fault,
    break_row,
    invent_name,
    region_in,
)
from shebaoka.records import Sex

OLD_NUMBER_SHARE, STAY_SHARE, YEAR_BEFORE_SHARE = 0.001, 0.003, 0.03
RECORDS_AT_ONCE = 40_000
RECORD_FAULT_ONE_IN = 100_000
"""So many records for each broken one of each kind; one of each at the least."""
NAMES = 1 << 16
BIRTH_DAYS = 365 * 90
ORDERS = 49
"""Orders of birth in each slot of a county; the county with most people has 20 slots of the 999 orders."""
SCHEME_BEGAN_ON = dt.date(2001, 1, 1)
FIRST_PERSONAL_NUMBER = 1_400_000_000
_CHECK_DIGITS = "10X98765432"


class RecordFault(StrEnum):
    """The ways in which a row of `records.csv` is broken. But for the last, each keeps a person's account back."""

    IMPOSSIBLE_DATE = "impossible_date"
    AMOUNT_IS_NO_NUMBER = "amount_is_no_number"
    ACCOUNT_ABOVE_TOTAL = "account_above_total"
    HAS_NO_ACCOUNT = "has_no_account"


class Made(msgspec.Struct, frozen=True):
    """What a city is made from; it follows from these whole."""

    people: int
    seed: int
    on: dt.date
    records: int


class _Numbers:
    """A social security number for each place, a different one: place → slot in a long stride → county, birth, order.

    Counties have slots by their share of the people. The check digit is put together from sums worked out beforehand.
    """

    def __init__(self, seed: int, on: dt.date) -> None:
        last = dt.date(on.year - 2, 12, 31)
        self.days = [last - dt.timedelta(days=n) for n in range(BIRTH_DAYS)]
        self.counties = [county for county, weight in COUNTIES.items() for _ in range(weight)]
        self._texts = [(f"{day:%Y%m%d}", _weighed(f"{day:%Y%m%d}", 6)) for day in self.days]
        self._heads = [[(code, _weighed(code, 0)) for code in self._codes(year)] for year in (1990, TAIGU_CHANGED_IN)]
        self._new_until = sum(day.year >= TAIGU_CHANGED_IN for day in self.days)
        orders = [f"{n:03d}" for weight in COUNTIES.values() for n in range(1, weight * ORDERS + 1)]
        self.orders = [(order, _weighed(order, 14)) for order in orders]
        self._size = len(self.orders) * BIRTH_DAYS
        self._stride = next(n for n in itertools.count(int(self._size * 0.618034)) if math.gcd(n, self._size) == 1)
        self._start = seed % self._size

    def _codes(self, year: int) -> list[str]:
        return [region_in(year, county) for county in self.counties]

    def slot(self, i: int) -> tuple[int, int]:
        """Where a place's order stands among all orders of all counties, and its day among the days of birth."""
        return divmod((self._start + i * self._stride) % self._size, BIRTH_DAYS)

    def of(self, i: int) -> str:
        """The number of 18 characters."""
        slot, day = divmod((self._start + i * self._stride) % self._size, BIRTH_DAYS)
        head, by_head = self._heads[day < self._new_until][slot // ORDERS]
        birth, by_birth = self._texts[day]
        order, by_order = self.orders[slot]
        return f"{head}{birth}{order}{_CHECK_DIGITS[(by_head + by_birth + by_order) % 11]}"


def _weighed(digits: str, at: int) -> int:
    """What digits at a place of a number add to the sum that its check digit comes from (GB 11643)."""
    return sum(int(digit) * 2 ** (17 - n) for n, digit in enumerate(digits, at)) % 11


class People:
    """Everybody, and who of them is broken. The same for the same `Made`, in whatever process."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.numbers = _Numbers(made.seed, made.on)
        rng = random.Random(f"{made.seed}:people")
        self._names = [[invent_name(rng, sex) for _ in range(NAMES)] for sex in (Sex.FEMALE, Sex.MALE)]
        kinds = rng.sample(list(Fault), len(Fault))
        chosen = rng.sample(range(made.people), round(made.people * BROKEN_SHARE))
        self.faults = {i: kinds[n % len(kinds)] for n, i in enumerate(chosen)}
        self.shown: dict[int, str] = {}
        """Numbers that the old system does not have with 18 sound characters."""
        for i, fault in self.faults.items():
            if fault in (Fault.WRONG_CHECK_DIGIT, Fault.SEVENTEEN_DIGITS):
                self.shown[i] = self.broken(i)[1]
        self.waits: set[int] = set()
        """Whose account is sound, and one of their records is not."""
        self.broken_records: list[tuple[RecordFault, int]] = []
        self._break_records(rng)
        for i in rng.sample(range(made.people), round(made.people * OLD_NUMBER_SHARE)):
            number = self.numbers.of(i)
            if number[6:8] == "19" and i not in self.faults:
                self.shown[i] = number[:6] + number[8:17]
        twins = {Fault.EXACT_DUPLICATE, Fault.CONFLICTING_DUPLICATE}
        self.twins = [i for i in chosen if self.faults[i] in twins]
        """Who stands in the accounts twice."""
        self.held = {i for i, fault in self.faults.items() if fault is not Fault.EXACT_DUPLICATE} | self.waits

    def _break_records(self, rng: random.Random) -> None:
        nobody = itertools.count(self.made.people)
        for fault in RecordFault:
            for _ in range(max(1, self.made.records // RECORD_FAULT_ONE_IN)):
                i = next(nobody)
                if fault is not RecordFault.HAS_NO_ACCOUNT:
                    i = rng.randrange(self.made.people)
                    while i in self.faults or i in self.waits:
                        i = rng.randrange(self.made.people)
                    self.waits.add(i)
                self.broken_records.append((fault, i))

    def number(self, i: int) -> str:
        """The number as the old system has it."""
        return self.shown.get(i) or self.numbers.of(i)

    def own(self, i: int) -> random.Random:
        """For what must come out the same whenever it is asked of one person."""
        return random.Random(f"{self.made.seed}:{i}")

    def fields(self, i: int, rng: random.Random, number: str = "") -> tuple[list[str], int]:
        """A sound row of `accounts.csv`, and the balance in it in fen."""
        slot, day = self.numbers.slot(i)
        number = number or self.numbers.of(i)
        birth_on, male, on = self.numbers.days[day], int(self.numbers.orders[slot][0]) % 2, self.made.on
        draw, drawn = rng.random(), rng.getrandbits(64)
        county = self.numbers.counties[slot // ORDERS]
        if draw < 0.05:
            county = self.numbers.counties[drawn % len(self.numbers.counties)]
        region = region_in(on.year, county)
        age = on.year - birth_on.year
        balance_fen = 0 if draw > 0.95 else min(int(rng.expovariate(1 / 900_00)), BALANCE_MAX_FEN)
        stays = (drawn >> 40) / (1 << 24) < STAY_SHARE
        fields = [
            str(FIRST_PERSONAL_NUMBER + i),
            number,
            self._names[male][drawn & NAMES - 1],
            "男" if male else "女",
            number[6:14] if len(number) == 18 else f"{birth_on:%Y%m%d}",
            f"{county[4:]}{i:08d}{drawn % 10}",
            f"YZ{i:08d}",
            f"{region}{drawn % 2000:04d}",
            "41" if age < 18 else "21" if age >= 60 else "31" if drawn & 3 == 0 else "11",
            "1" if stays else "0",
            f"{balance_fen // 100}.{balance_fen % 100:02d}",
            str(on.year),
            _insured_on(max(birth_on, SCHEME_BEGAN_ON), dt.date(on.year - 2, 12, 31), draw),
            region,
            f"{on - dt.timedelta(days=1 + drawn % 40):%Y%m%d}" if stays else "",
        ]
        return fields, balance_fen

    def broken(self, i: int) -> list[str]:
        """The row of somebody whose row is broken, as far as text can be."""
        rng = self.own(i)
        fields, _ = self.fields(i, rng)
        break_row(rng, fields, self.faults[i])
        return fields


def _insured_on(first: dt.date, last: dt.date, share: float) -> str:
    """Some day between two days, YYYYMMDD."""
    return _day_text(first.toordinal() + int((last - first).days * share))


@functools.cache
def _day_text(ordinal: int) -> str:
    return f"{dt.date.fromordinal(ordinal):%Y%m%d}"


def days_with_records(made: Made) -> list[tuple[dt.date, int]]:
    """The days of the records, and how many each has: the year's up to `on`, and 3 in 100 in the December before.

    A day that has very many stands there more than once, with a part of them each time.
    """
    before = [dt.date(made.on.year - 1, 12, day) for day in range(1, 32)]
    first = dt.date(made.on.year, 1, 1)
    within = [first + dt.timedelta(days=n) for n in range((made.on - first).days + 1)]
    early = round(made.records * YEAR_BEFORE_SHARE)
    whole = (*_spread(early, before), *_spread(made.records - early, within))
    parts = ((day, min(RECORDS_AT_ONCE, many - n)) for day, many in whole for n in range(0, many, RECORDS_AT_ONCE))
    return list(parts)


def _spread(many: int, days: list[dt.date]) -> list[tuple[dt.date, int]]:
    """So many, over the days as evenly as can be."""
    return [(day, many * (n + 1) // len(days) - many * n // len(days)) for n, day in enumerate(days)]
