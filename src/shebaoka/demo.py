"""The main job, shown: a city's old accounts come in, its people's cards and money live a year, a page tells of it.

`make demo` runs it. The people and institutions are invented and the clock is moved by the play; everything else is
the real house.
"""

import datetime as dt
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shebaoka.app import Settings
from shebaoka.city import Resident, invent_city, write_old_export
from shebaoka.desk import BankLine, Difference
from shebaoka.hall import WRITES, add_windows, entry_slip, holder_of, open_hall
from shebaoka.importer import sign
from shebaoka.importer.mapping import ready_mapping
from shebaoka.ledger import PERSONAL
from shebaoka.moving import move_of, tools_of
from shebaoka.notice import Speech
from shebaoka.notice.speech import yuan
from shebaoka.records import BadInput, RunReport
from shebaoka.scenes import SCENES, Tills
from shebaoka.stage import Stage, open_stage
from shebaoka.tills import Till
from shebaoka.workshop import Workshop
from shebaoka.year import Year

Out = Callable[[str], None]
BEGAN_DAYS_AGO = 400
CUTOVER_AFTER_DAYS = 3
CAST = 60
"""How many of the people keep for today's scenes; what the calendar does to the others, it does to them today."""
PEOPLE_MIN = 30
SEED = 20130625
STAFF = (
    ("clerk-wang", "clerk", "window-3"),
    ("head-chen", "supervisor", "window-3"),
    ("audit-sun", "auditor", ""),
    ("production-zhao", "production", "card-workshop"),
    ("operator-bai", "operator", "hotline"),
    (WRITES.name, str(WRITES.role), ""),
)
"""Whom a visitor may sign in as: name, role, window."""
SIGNERS = ("migration-li", "migration-wu")
"""Who signs the move off."""
EVERY_CYCLE = 100_000
TOLD = ("pin_is_wrong", "balance_is_too_small", "first_pin_must_be_changed", "card_is_reported_lost")
"""The refusals of charges that are told one by one."""


def demo(
    settings: Settings,
    people: int = 5000,
    host: str = "127.0.0.1",
    port: int = 8000,
    serve: bool = True,
    out: Out = print,
) -> int:
    """Play the whole of it, tell what happened, and serve the page until it is stopped. The exit code.

    `BadInput` if there are too few people for today's scenes.
    """
    if people < PEOPLE_MIN:
        raise BadInput(f"people: invent at least {PEOPLE_MIN}, so that there is somebody for each of today's scenes.")
    told = _Told(out)
    now = dt.datetime.now(dt.UTC)
    began_at = now - dt.timedelta(days=BEGAN_DAYS_AGO)
    cutover_on = began_at.date() + dt.timedelta(days=CUTOVER_AFTER_DAYS)
    with open_stage(settings, "demo", began_at, cutover_on) as stage:
        told.at("an empty house is open: embedded PostgreSQL, a key file of its own, a first PIN drawn;")
        told.more(f"its people are invented, its clock is moved by the play from {began_at:%Y-%m-%d} to today")
        with _seldom_collected():
            whole, holder = _play(stage, settings, people, now, told)
        out("`shebaoka journal verify --play demo --replay` decides all of it again from the journal\n")
        if not serve:
            return 0 if whole else 1
        from shebaoka.serving import serve as serve_house  # loaded only where there is something to serve

        yesterday = now.astimezone(stage.house.notices.zone).date() - dt.timedelta(days=1)
        told.at(f"yesterday's reconciliation is at http://{host}:{port}/evening?on={yesterday}")
        told.at(f"open http://{host}:{port}/ for the public page, /today for the office (Ctrl+C ends it;")
        told.more("everybody in it is invented)")
        stage.clock.run()
        _tell_holder(stage, holder, host, port, told)
        _tell_staff(stage, host, port, told)
        serve_house(stage.house, host, port, workers=1, open_to_all=True, carrier=stage.house.carrier(out))
    return 0


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Records come and go by the hundred thousand, none in a circle: looking for circles was a quarter of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(1_000_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _play(stage: Stage, settings: Settings, people: int, now: dt.datetime, told: "_Told") -> tuple[bool, str]:
    """From the old accounts to today; whether everything adds up, and the number of a holder with card and money."""
    folder = settings.home / "demo"
    residents = invent_city(people, SEED, stage.desk.today())
    report = _carry_over(stage, residents, folder / "old-system", told)
    numbers = _carried(stage, residents)
    year = Year(stage, residents, numbers, CAST, folder / "evenings")
    _live(stage, year, now, told)
    _today(stage, year, numbers, now, told)
    _make_cards(stage, settings, folder / "workshop", told)
    _open_hall(stage, told)
    whole = _tell(stage, report, told) and report.state == "sign_off"
    return whole, holder_of(stage, numbers)


class _Told:
    """The printed story: lines with the seconds since the start before them."""

    def __init__(self, out: Out) -> None:
        self.out = out
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def at(self, line: str) -> None:
        """What has happened by now."""
        self.out(f"[{self.seconds:5.1f} s] {line}")

    def more(self, line: str) -> None:
        """More about the line before."""
        self.out(f"            {line}")


def _tell_holder(stage: Stage, number: str, host: str, port: int, told: _Told) -> None:
    """A holder to sign in as, with a slip from a window, which is good once."""
    told.at(
        f"to see a holder's own card: http://{host}:{port}/my/slip with the slip that a window gave them, good once,"
    )
    told.more(f"number {number}   slip {entry_slip(stage, number)}")


def _tell_staff(stage: Stage, host: str, port: int, told: _Told) -> None:
    """Where to sign in as one of the staff, and a password for each that is good once, to enrol with."""
    told.at(f"to sign in: enrol at http://{host}:{port}/enrol with one of these, each good once within 24 hours,")
    told.more("and an authenticator app; then sign in at /sign-in with the password of your own choice")
    for name, role, place in STAFF:
        told.more(f"{role:<20} {name:<15} {stage.house.staff.add_person(name, role, place)}")


def _carry_over(stage: Stage, residents: Sequence[Resident], folder: Path, told: _Told) -> RunReport:
    """The old system's export is written, and taken in like any city's."""
    folder.mkdir(parents=True, exist_ok=True)
    written = write_old_export(residents, folder, SEED)
    told.at(
        f"the old system's export is there: {written.rows:,} accounts in GB18030, "
        f"{sum(written.broken.values())} of them broken on purpose"
    )
    move = move_of(stage.house, folder, ready_mapping("invented"), by="migration-chen", processes=1)
    report = move.to("prove")
    for signer in SIGNERS:
        if not report.differences:
            report = sign(tools_of(stage.house, by=signer, processes=1), report.run)
    accounts, records = report.files
    proof = report.proof
    told.at(
        f"carried over {accounts.carried_over:,} accounts, {yuan(accounts.carried_over_fen)} yuan, with "
        f"{records.carried_over:,} records of this year; held back {accounts.held_back}; left {records.left:,} records "
        "of the year before"
    )
    for reason in report.reasons:
        if reason.file == accounts.name:
            told.more(f"held back: {reason.rows:>3} {reason.reason}")
    told.more(
        f"{proof.people:,} people beside the files, {proof.differing} differ; signed off by {' and '.join(SIGNERS)}"
        if proof is not None and report.state == "sign_off"
        else "NOT PROVED"
    )
    return report


def _carried(stage: Stage, residents: Sequence[Resident]) -> list[str]:
    """The social security numbers of everybody who came in."""
    numbers = [r.number for r in residents]
    known = stage.cards_of(numbers)
    return [n for n in numbers if n in known]


def _live(stage: Stage, year: Year, now: dt.datetime, told: _Told) -> None:
    """The year up to yesterday evening."""
    today = now.astimezone(stage.house.notices.zone).date()
    asked = stage.asked
    year.cards()
    told.at(f"the city goes over: {stage.asked - asked:,} requests, card upon card applied for, made, collected, used")
    asked = stage.asked
    year.months(today)
    told.at(
        f"a year of money: {year.credited:,} contributions credited, and {stage.asked - asked - year.credited:,} "
        f"messages of {len(year.tills)} hospitals and pharmacies"
    )
    till, differences, paid = year.last_days(today)
    counted = year.charges.counted
    told.more(f"refused: {', '.join(f'{counted[g]:,} {g}' for g in TOLD)}")
    told.more(
        f"taken back: {counted['cancelled']:,} cancelled, {counted['reversed']:,} reversed; "
        f"{counted['repeated']:,} sent again; "
        f"{counted['message_was_reversed']:,} stopped, for their reversal came first"
    )
    told.at(f"{year.evenings.compared:,} comparisons in the evenings; by the last, {_paid(paid)}")
    _tell_difference(stage, till, differences, told)


def _paid(paid: Sequence[BankLine]) -> str:
    """What the bank's file of a day comes to."""
    owed = sum(line.sum_fen for line in paid)
    return f"the bank pays {len(paid)} institutions {yuan(owed)} yuan"


def _tell_difference(stage: Stage, till: Till, differences: Sequence[Difference], told: _Told) -> None:
    """What the hospital's book had otherwise, as the house names it."""
    left = stage.house.evening.line(till.cycle).unexplained
    found = Counter(d.difference for d in differences)
    told.more(
        f"yesterday {till.about.name} differs: {', '.join(f'{n} {what}' for what, n in sorted(found.items()))}; "
        f"{len(differences) - left} explained, {left} left open"
        if differences
        else f"yesterday {till.about.name} is equal too, and not closed yet"
    )


def _today(stage: Stage, year: Year, numbers: Sequence[str], now: dt.datetime, told: _Told) -> None:
    """Today, at the window and elsewhere: every clause says yes at least once, and no at least once."""
    asked = stage.asked
    year.today(now)
    stage.clock.to(now)
    cast, at = reversed(numbers[-CAST:]), Tills(year.hospital, year.pharmacy)
    for scene in SCENES:
        scene(stage, cast, at)
    told.at(f"today ({stage.desk.today()}): {stage.asked - asked} requests, every clause tried with a yes and a no")


def _make_cards(stage: Stage, settings: Settings, folder: Path, told: _Told) -> None:
    """Applications with photos go to a maker and a bank, both played here, and come back as cards."""
    add_windows(stage)
    made = Workshop(stage, settings, folder).makes_cards()
    told.at(
        f"a batch of {made.ordered} cards with photos, {made.package_bytes:,} bytes signed and encrypted, to a "
        f"SIMULATED maker; {made.held} applications held back"
    )
    told.more(
        f"{made.rejected} came back rejected and were remade free in {made.remade_in}; {made.collected} collected, "
        f"{made.to_tell} notifications wait in the outbox"
    )
    told.more(
        f"{made.blanks_used} blanks used up, {made.blanks_expected} must be left, {made.blanks_counted} counted: "
        f"{_equal(made.blanks_expected == made.blanks_counted)}"
    )


def _open_hall(stage: Stage, told: _Told) -> None:
    """The public page is approved and signed off by two; somebody books a call, and somebody writes."""
    heard = open_hall(stage)
    told.at(
        f"the public page is signed off by two, {heard.signed} things of it, {heard.articles} articles among them; "
        f"{heard.bookings} booking of a call and {heard.feedback} feedback wait for operators"
    )


def _tell(stage: Stage, report: RunReport, told: _Told) -> bool:
    """What happened, in numbers that the house itself was asked for; whether all of it adds up."""
    screens, today, out = stage.house.screens, stage.desk.today(), told.out
    speech: Speech = stage.house.speech(stage.house.notices.on(today).id, "en")
    out(f"\npeople:   {screens.people_by_standing()}")
    for kind, states in screens.cards_by_state(today).items():
        out(f"cards:    {kind}: {states}")
    out(f"making:   {screens.applications_by_making()}")
    whole = _tell_money(stage, told)
    out(f"\ntoday, by clause{'yes':>8}{'no':>5}")
    for clause, tally in screens.clauses_of_day(today).items():
        title = speech.notice.wording["en"].clauses[clause].title
        out(f"  {clause:<6} {tally.accepted:>13} {tally.refused:>4}   {title}")
    audit = stage.house.auditor.verify()
    out(
        f"\njournal:  {audit.entries:,} entries of {audit.people:,} people, "
        f"{'every chain is whole' if not audit.faults else audit.faults[0]}"
    )
    decided, seconds = stage.asked + report.files[0].carried_over, told.seconds
    told.at(f"{decided:,} requests decided, {decided / seconds:,.0f} a second from start to now\n")
    return whole and not audit.faults


def _tell_money(stage: Stage, told: _Told) -> bool:
    """The accounts, the settlements, and what is owed for them, each added up from two sides."""
    sums, evening = stage.house.screens.sums(), stage.house.evening
    lines = evening.cycles(limit=EVERY_CYCLE)
    totals = [line.totals for line in lines]
    charged, back = [t.positive for t in totals], [t.reverse for t in totals]
    parts = {
        name: sum(getattr(s, f"{part}_fen") for s in charged) - sum(getattr(s, f"{part}_fen") for s in back)
        for name, part in (("accounts", "account"), ("pooled fund", "pooled"), ("cash", "cash"))
    }
    told.out(
        f"settled:  {sum(s.count for s in charged):,} charges, {sum(s.count for s in back):,} taken back; "
        + ", ".join(f"{name} {yuan(fen)}" for name, fen in parts.items())
        + " yuan"
    )
    told.out(
        f"accounts: {sums.accounts:,}, balances {yuan(sums.balance_fen)} yuan, "
        f"entries of {PERSONAL!r} {yuan(sums.entries_fen)} yuan: {_equal(sums.balance_fen == sums.entries_fen)}"
    )
    faults = [*evening.check(), *stage.house.till.check()]
    told.out(f"clearing: owed for settlements {yuan(sum(t.owed_fen for t in totals))} yuan, {len(faults)} faults")
    told.out(f"cycles:   {dict(sorted(Counter(line.state for line in lines).items()))}")
    return sums.balance_fen == sums.entries_fen and not faults


def _equal(alike: bool) -> str:
    return "equal" if alike else "NOT EQUAL"
