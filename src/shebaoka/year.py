"""A year of the demonstration's city in the order of the calendar: cards, contributions, days of business, evenings.

`demo` calls it between the carry-over of the old accounts and today. One day of business a month is played, and the
last days one by one; each has business cycles of its own.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shebaoka.charges import Charges
from shebaoka.city import Resident, invent_institutions
from shebaoka.crowd import Crowd
from shebaoka.desk import BankLine, Difference
from shebaoka.evenings import Evenings
from shebaoka.records import ApproveCorrection, ProposeCorrection, Receipt
from shebaoka.stage import Holder, Stage
from shebaoka.tills import Till

MONTHS = 12
"""So many months' contributions are credited, up to the present one."""
CREDITED_ON, ADMISSIONS_ON, BUSINESS_ON = 3, 9, 15
"""The days of a month on which contributions come, patients come into hospital, and business is played."""
LAST_DAYS = 4
"""So many days before today are played one by one."""
VISITS, VISITS_OF_LAST_DAYS, VISITS_TODAY = 0.5, 0.2, 0.1
"""Out of so many card holders one comes on a day of business; some come more than once."""
TIMES, TIMES_OF_LAST_DAYS = 6, 24
"""How often in a day messages are sent."""
PATIENTS = 1 / 150
SEED = 20140101
CLERK_TOO = "clerk-wang"
TOO_MUCH_FEN = 10_00


class Year:
    """The year as it is played, with what the demonstration tells of it."""

    def __init__(
        self, stage: Stage, residents: Sequence[Resident], numbers: Sequence[str], cast: int, folder: Path
    ) -> None:
        patients = {r.number: r.in_hospital_since for r in residents if r.in_hospital_since}
        self.credited = 0
        self.tills = [Till(stage, about) for about in invent_institutions()]
        self.charges = Charges(stage, self.tills, SEED)
        self.evenings = Evenings(stage, self.tills, folder)
        self._stage = stage
        self._numbers = numbers
        self._since: Mapping[str, dt.date] = {n: patients[n] for n in numbers if n in patients}
        self._crowd = Crowd(stage, numbers, cast, tuple(self._since))
        self._holders: list[Holder] = []

    def cards(self) -> None:
        """The first two months: the city goes over to the new card."""
        crowd = self._crowd
        crowd.begins()
        self._stage.clock.days(1)
        self.charges.carried_over(list(crowd.holders_of_temporary_cards(crowd.with_temporary_card)), self._since)
        self.evenings.reconcile(self._hospitals)
        crowd.goes_on()
        self._holders = list(crowd.holders())
        waiting = set(crowd.waiting_for_new_card)
        self.charges.carried_over([h for h in self._holders if h.number in waiting], self._since)
        self.evenings.reconcile(self._hospitals)

    def months(self, today: dt.date) -> None:
        """The months up to the last days: contributions for everybody, and a day of business in each."""
        first_of_last_days = today - dt.timedelta(days=LAST_DAYS)
        credited: list[Receipt] = []
        for month in _months_before(today):
            if month.replace(day=CREDITED_ON) >= first_of_last_days:
                break
            self._stage.clock.to(self._midnight(month.replace(day=CREDITED_ON)) + dt.timedelta(hours=9))
            credited = self._crowd.month(month)
            self.credited += len(credited)
            if month.replace(day=BUSINESS_ON) >= first_of_last_days:
                break
            self._stage.clock.to(self._midnight(month.replace(day=ADMISSIONS_ON)))
            taking = self.charges.admissions(self._holders, int(len(self._holders) * PATIENTS) + 1)
            self.evenings.reconcile(taking)
            self._business(month.replace(day=BUSINESS_ON), VISITS, TIMES)
            self.evenings.reconcile(self.tills)
            self.evenings.pay(month.replace(day=BUSINESS_ON))
        if credited:
            self._correct(credited[0], self._numbers[0])

    def last_days(self, today: dt.date) -> tuple[Till, tuple[Difference, ...], list[BankLine]]:
        """The days before today: all is closed, and all but yesterday paid; then the busiest hospital's book differs.

        That hospital, its comparison, and the last payments.
        """
        paid: list[BankLine] = []
        for n in range(LAST_DAYS, 0, -1):
            on = today - dt.timedelta(days=n)
            self._stage.clock.to(self._midnight(on))
            self.charges.admissions(self._holders, 3)
            self._business(on, VISITS_OF_LAST_DAYS, TIMES_OF_LAST_DAYS)
            if n > 1:
                self.evenings.reconcile(self.tills)
                paid = self.evenings.pay(on)
        differs = max(self._hospitals, key=lambda till: len(till.stated(till.cycle)))
        self.evenings.reconcile([till for till in self.tills if till is not differs])
        return differs, self.evenings.differ(differs), paid

    def today(self, now: dt.datetime) -> None:
        """The business of today so far; nobody has closed anything yet."""
        # Yesterday's cycles began at midnight, and the last of them ends a few moments after it.
        opens = self._midnight(now.astimezone(self._stage.house.notices.zone).date()) + dt.timedelta(minutes=1)
        self._stage.clock.to(opens)
        visits = int(len(self._holders) * VISITS_TODAY)
        self.charges.day(self._holders, visits, opens, max(opens, now), TIMES_OF_LAST_DAYS)

    @property
    def hospital(self) -> Till:
        """A hospital for today's scenes: people stay long in it, and the account may pay a part."""
        return self.tills[2]

    @property
    def pharmacy(self) -> Till:
        """A pharmacy for today's scenes, where the account pays whole or not at all."""
        return next(t for t in self.tills if t.about.kinds == ("pharmacy",) and not t.about.part_payment)

    @property
    def _hospitals(self) -> list[Till]:
        return [till for till in self.tills if "inpatient" in till.about.kinds]

    def _business(self, on: dt.date, share: float, times: int) -> None:
        midnight = self._midnight(on)
        self._stage.clock.to(midnight)
        opens, closes = midnight + dt.timedelta(hours=8), midnight + dt.timedelta(hours=20)
        self.charges.day(self._holders, int(len(self._holders) * share), opens, closes, times)
        self._stage.clock.to(midnight + dt.timedelta(hours=21))

    def _midnight(self, on: dt.date) -> dt.datetime:
        return dt.datetime.combine(on, dt.time(), self._stage.house.notices.zone).astimezone(dt.UTC)

    def _correct(self, credited: Receipt, number: str) -> None:
        """A contribution was ten yuan too high: a clerk proposes what is right, and another approves it."""
        right_fen = int(credited.answer.facts["amount_fen"]) - TOO_MUCH_FEN
        said: dict[str, Any] = {"entry": credited.entry, "right_fen": right_fen}
        proposed = self._stage.ask(ProposeCorrection, number, reason="单位申报金额有误", **said)
        self._stage.ask(ApproveCorrection, number, by=CLERK_TOO, proposal=proposed.entry, **said)


def _months_before(today: dt.date) -> Iterator[dt.date]:
    """The first days of the last months, the present one being the last."""
    for n in range(MONTHS - 1, -1, -1):
        months = today.year * 12 + today.month - 1 - n
        yield dt.date(months // 12, months % 12 + 1, 1)
