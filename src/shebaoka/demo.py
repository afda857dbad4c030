"""The main job, shown: a city's old accounts come in, its people's cards live their lives, and a page tells of it.

`make demo` runs it. The people are invented and the clock is moved by the play; everything else is the real house.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from shebaoka.app import Settings
from shebaoka.city import Resident, invent_city, write_old_export
from shebaoka.importer import ImportReport, import_old_accounts
from shebaoka.ledger import PERSONAL
from shebaoka.notice import Speech
from shebaoka.notice.speech import yuan
from shebaoka.records import (
    ActivateCard,
    ApplyForCard,
    ApplyForTemporaryCard,
    Channel,
    CollectCard,
    EndLossReport,
    PutInBatch,
    Receipt,
    RecordMade,
    RecordReady,
    RecordRejected,
    ReplaceCard,
    ReportLoss,
    Request,
    StopOldCard,
    UseCard,
)
from shebaoka.scenes import SCENES
from shebaoka.stage import Stage, open_stage

Out = Callable[[str], None]
BEGAN_DAYS_AGO = 400
CUTOVER_AFTER_DAYS = 3
CAST = 60
"""How many of the people keep for today's scenes; what the calendar does to the others, it does to them today."""
SEED = 20130625


def demo(
    settings: Settings,
    people: int = 5000,
    host: str = "127.0.0.1",
    port: int = 8000,
    serve: bool = True,
    out: Out = print,
) -> int:
    """Play the whole of it, tell what happened, and serve the page until it is stopped. The exit code."""
    started = time.monotonic()
    now = dt.datetime.now(dt.UTC)
    began_at = now - dt.timedelta(days=BEGAN_DAYS_AGO)
    cutover_on = began_at.date() + dt.timedelta(days=CUTOVER_AFTER_DAYS)
    with open_stage(settings, "demo", began_at, cutover_on) as stage:
        out(f"{_clock(started)} an empty house is open: embedded PostgreSQL, a key file of its own, a first PIN drawn;")
        out(f"            its people are invented, its clock is moved by the play from {began_at:%Y-%m-%d} to today")
        residents = invent_city(people, SEED, stage.desk.today())
        report = _carry_over(stage, residents, settings.home / "demo" / "old-system", out, started)
        carried = _carried(stage, residents)
        asked = _crowd(stage, carried, out, started)
        stage.clock.to(now)
        asked += _today(stage, carried, out, started)
        _tell(stage, report, asked, out, started)
        out("`shebaoka journal verify --play demo --replay` decides all of it again from the journal\n")
        if not serve:
            return 0 if report.reconciled else 1
        from shebaoka.serving import serve as serve_house  # loaded only where there is something to serve

        out(f"{_clock(started)} open http://{host}:{port}/ (Ctrl+C ends it; everybody in it is invented)")
        serve_house(stage.house, host, port, workers=1, open_to_all=True)
    return 0


def _clock(started: float) -> str:
    return f"[{time.monotonic() - started:5.1f} s]"


def _carry_over(stage: Stage, residents: Sequence[Resident], folder: Path, out: Out, started: float) -> ImportReport:
    """The old system's export is written, and taken in like any city's."""
    folder.mkdir(parents=True, exist_ok=True)
    written = write_old_export(residents, folder, SEED)
    out(
        f"{_clock(started)} the old system's export is there: {written.rows:,} accounts in GB18030, "
        f"{sum(written.broken.values())} of them broken on purpose"
    )
    report = import_old_accounts(
        folder, stage.desk.submit, sender_by="migration-chen", on=stage.desk.today(), output=folder / "held-back"
    )
    hidden = tuple(msgspec.structs.replace(h, raw=b"") for h in report.held_back)
    kept = msgspec.structs.replace(report, held_back=hidden)
    stage.house.runs.keep(f"import-{report.digest[:12]}", msgspec.json.encode(kept).decode())
    out(
        f"{_clock(started)} carried over {report.carried_over:,} accounts, {yuan(report.balance_carried_fen)} yuan; "
        f"held back {len(report.held_back)}; {'reconciled to the fen' if report.reconciled else 'NOT RECONCILED'}"
    )
    for reason, count in sorted(report.held_back_by_reason.items()):
        out(f"            held back: {count:>3} {reason}")
    return report


def _carried(stage: Stage, residents: Sequence[Resident]) -> list[str]:
    """The social security numbers of everybody who came in."""
    numbers = [r.number for r in residents]
    with stage.house.store() as store:
        known: set[str] = set()
        for start in range(0, len(numbers), 1000):
            known |= store.load(numbers[start : start + 1000], []).people.keys()
    return [n for n in numbers if n in known]


def _crowd(stage: Stage, numbers: Sequence[str], out: Out, started: float) -> int:
    """What a city's people do in a year: most apply, some take a temporary card, cards are made, lost and found."""
    asked = 0

    def everybody(service: type[Request], whom: Sequence[str], **fields: Any) -> list[Receipt]:
        nonlocal asked
        asked += len(whom)
        return stage.submit(stage.made(service, n, **fields) for n in whom)

    a_third, half = numbers[: len(numbers) // 3], numbers[: len(numbers) // 2]
    everybody(ApplyForCard, half, collect_at="window-3", photo="photo")
    everybody(ApplyForTemporaryCard, half[::25], new_pin="472093")
    everybody(UseCard, numbers[::100], card="old_medical")
    stage.clock.days(1)
    everybody(PutInBatch, a_third, batch="B-0001")
    stage.clock.days(3)
    everybody(StopOldCard, numbers[:-CAST], channel=Channel.CALENDAR)
    stage.clock.days(9)
    everybody(RecordMade, a_third)
    everybody(RecordRejected, a_third[::40], reason="photo unclear")
    everybody(PutInBatch, a_third[::40], batch="B-0002")
    stage.clock.days(9)
    everybody(RecordMade, a_third[::40])
    everybody(RecordReady, a_third)
    stage.clock.days(5)
    everybody(CollectCard, a_third[::2], hands_in_temporary_card=True)
    everybody(ActivateCard, a_third[::4])
    everybody(ActivateCard, a_third[2::8], new_pin="593816")
    stage.clock.days(20)
    everybody(UseCard, a_third[2::8], pin="593816")
    everybody(ReportLoss, a_third[::32], kind="temporary")
    everybody(ReportLoss, a_third[4::64])
    everybody(ReplaceCard, a_third[4::64], why="loss", paid_fen=2800)
    stage.clock.days(9)
    everybody(EndLossReport, a_third[::32])
    out(f"{_clock(started)} a year of the city: {asked:,} requests, card upon card applied for, made, collected, used")
    return asked


def _today(stage: Stage, numbers: Sequence[str], out: Out, started: float) -> int:
    """Today, at the window and elsewhere: every clause says yes at least once, and no at least once."""
    before = stage.clock.at
    cast = iter(numbers[-CAST:])
    asked = sum(scene(stage, cast) for scene in SCENES)
    out(f"{_clock(started)} today ({before:%Y-%m-%d}): {asked} requests, every clause tried with a yes and a no")
    return asked


def _tell(stage: Stage, report: ImportReport, asked: int, out: Out, started: float) -> None:
    """What happened, in numbers that the house itself was asked for."""
    screens, today = stage.house.screens, stage.desk.today()
    speech: Speech = stage.house.speech(stage.house.notices.on(today).id, "en")
    sums = screens.sums()
    out(f"\npeople:   {screens.people_by_standing()}")
    for kind, states in screens.cards_by_state(today).items():
        out(f"cards:    {kind}: {states}")
    out(f"making:   {screens.applications_by_making()}")
    equal = "equal" if sums.balance_fen == sums.entries_fen else "NOT EQUAL"
    out(
        f"accounts: {sums.accounts:,}, balances {yuan(sums.balance_fen)} yuan, "
        f"entries of {PERSONAL!r} {yuan(sums.entries_fen)} yuan: {equal}"
    )
    out(f"\ntoday, by clause{'yes':>8}{'no':>5}")
    for clause, tally in screens.clauses_of_day(today).items():
        title = speech.notice.wording["en"].clauses[clause].title
        out(f"  {clause:<6} {tally.accepted:>13} {tally.refused:>4}   {title}")
    audit = stage.house.auditor.verify()
    out(
        f"\njournal:  {audit.entries:,} entries of {audit.people:,} people, "
        f"{'every chain is whole' if not audit.faults else audit.faults[0]}"
    )
    decided, seconds = asked + 2 * report.carried_over, time.monotonic() - started
    out(f"{_clock(started)} {decided:,} requests decided, {decided / seconds:,.0f} a second from start to now\n")
