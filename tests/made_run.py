"""A made-up run of moving a city over, with everything that its report can show; and one that is still empty."""

import datetime as dt
from typing import Any

from msgspec.structs import replace

from shebaoka.records import County, FileOutcome, Proof, ReasonCount, RunReport, RunStep, Signature

BEGAN = dt.datetime(2013, 6, 29, 1, 30, tzinfo=dt.UTC)
CHECKSUM = "9f" * 32
RUN = "0a1b2c3d4e5f"
COUNTIES = (
    "140702",
    "140721",
    "140722",
    "140723",
    "140724",
    "140725",
    "140726",
    "140727",
    "140728",
    "140729",
    "140781",
)
REASONS = (
    ("accounts.csv", "duplicate_row", 310, 4_530_021),
    ("accounts.csv", "identity_number_is_not_valid", 120, 1_200_345),
    ("accounts.csv", "account_was_already_carried_over", 12, 99_900),
    ("records.csv", "record_has_no_account", 845, 12_345_678),
    ("records.csv", "amount_is_not_a_number", 3, 0),
)
WARNING = "Region 142401 (晋中地区) was retired after 1999; the numbers given out under it stay valid."


def counties() -> tuple[County, ...]:
    """Eleven counties; in the first, 442 people are missing here."""
    made = []
    for n, code in enumerate(COUNTIES):
        people = 62_000 - n * 4_900
        here = people - (442 if n == 0 else 0)
        made.append(
            County(
                code, people, people * 123_45, people * 8, people * 8 * 45_00,
                here, here * 123_45, here * 8, here * 8 * 45_00,
            )
        )  # fmt: skip
    return tuple(made)


def files() -> tuple[FileOutcome, ...]:
    """Two files with control totals that agree, one without any; every row and fen accounted for."""
    held = [sum(r[2] for r in REASONS if r[0] == name) for name in ("accounts.csv", "records.csv")]
    fen = [sum(r[3] for r in REASONS if r[0] == name) for name in ("accounts.csv", "records.csv")]
    people, records = sum(c.proved for c in counties()), sum(c.proved_records for c in counties())
    opening, spent = sum(c.proved_opening_fen for c in counties()), sum(c.proved_records_fen for c in counties())
    return (
        FileOutcome(
            "accounts.csv", "accounts", "a1" * 32, "GB18030", 81_234_567, people + held[0] + 25, people, 25, held[0],
            sum_fen=opening + 5_000 + fen[0], carried_over_fen=opening, already_there_fen=5_000,
            held_back_fen=fen[0], stated_rows=people + held[0] + 25, stated_fen=opening + 5_000 + fen[0],
        ),
        FileOutcome(
            "records.csv", "records", "b2" * 32, "GBK", 412_345_678, records + held[1] + 90_000, records, 0, held[1],
            90_000, sum_fen=spent + fen[1] + 777, carried_over_fen=spent, held_back_fen=fen[1], left_fen=777,
            stated_rows=records + held[1] + 90_000, stated_fen=spent + fen[1] + 777,
        ),
        FileOutcome("住院<在院>&.xlsx", "stays", "c3" * 32, "xlsx", 12_345, 14, 14),
    )  # fmt: skip


def proof(**changed: Any) -> Proof:
    """A proof of what the counties hold."""
    here = counties()
    made = Proof(
        at=BEGAN + dt.timedelta(hours=2),
        by="auditor-1",
        source="files",
        people=sum(c.proved for c in here),
        old_opening_fen=sum(c.proved_opening_fen for c in here),
        new_opening_fen=sum(c.proved_opening_fen for c in here),
        old_records=sum(c.proved_records for c in here),
        new_records=sum(c.proved_records for c in here),
        old_records_fen=sum(c.proved_records_fen for c in here),
        new_records_fen=sum(c.proved_records_fen for c in here),
        differing=0,
        differences=(),
        checksum=CHECKSUM,
        compared=("opening_money", "records_count", "records_sum", "each photo"),
        proved=True,
    )
    return replace(made, **changed)


def steps() -> tuple[RunStep, ...]:
    """All steps up to the proof."""
    names = ("take_in", "check", "match", "dry_run", "carry_over", "prove")
    return tuple(
        RunStep(name, BEGAN + dt.timedelta(minutes=10 * n), 0.4 + 40 * n, f"Step {n} came to its end.")
        for n, name in enumerate(names)
    )


def made_run(**changed: Any) -> RunReport:
    """A run that is proved and has one signature."""
    made = RunReport(
        run=RUN,
        city="晋中市",
        mapping="shanxi",
        state="prove",
        rehearsal=False,
        began_at=BEGAN,
        on=dt.date(2013, 7, 1),
        files=files(),
        counties=counties(),
        reasons=tuple(ReasonCount(*r) for r in REASONS),
        warnings=((WARNING, 1_234), ("<b>Odd</b> & strange.", 2)),
        dry_run=(("old_account_carries_over", 412_000), ("account_was_already_carried_over", 12)),
        steps=steps(),
        batches=207,
        batches_carried=206,
        batches_undone=1,
        proof=proof(),
        signatures=(Signature("欧阳明珠<局长>", BEGAN + dt.timedelta(hours=3), CHECKSUM),),
        seconds=7_384.2,
    )
    return replace(made, **changed)


def empty_run() -> RunReport:
    """A run that has only begun."""
    return RunReport(RUN, "晋中市", "shanxi", "take_in", rehearsal=False, began_at=BEGAN, on=dt.date(2013, 7, 1))
