"""A run's report brought up to date out of the staging database: files, rows held back and why, batches."""

from pathlib import Path

from msgspec.structs import replace

from shebaoka.desk import Moving
from shebaoka.importer import accounting, albums
from shebaoka.importer.control import Total
from shebaoka.importer.held import write_held
from shebaoka.importer.staging import Staging
from shebaoka.importer.tools import HELD_BACK_FOLDER, STAGING_FILE, Tools
from shebaoka.records import ReasonCount, RunReport


def with_files(report: RunReport, staging: Staging, stated: dict[str, Total] | None = None) -> RunReport:
    """The report with its files as they stand now; what was stated of them is kept where nothing is stated anew."""
    before = {(f.name, f.kind): f for f in report.files}
    files = []
    found = list(accounting.outcomes(staging) if staging.said("match") is not None else accounting.waiting(staging))
    also_accounts = {f.name for f in found if f.kind == "accounts"}
    for file in found:
        old, total = before.get((file.name, file.kind)), (stated or {}).get(file.name)
        rows, fen = (old.stated_rows, old.stated_fen) if old else (None, None)
        if total is not None:
            summed = file.kind == "accounts" or (file.kind == "records" and file.name not in also_accounts)
            rows, fen = total.rows, total.sum_fen if summed else None
        files.append(replace(file, stated_rows=rows, stated_fen=fen))
    return replace(report, files=tuple(files))


def with_held(report: RunReport, staging: Staging, place: Path) -> RunReport:
    """The report with the rows held back counted by reason; they are written out to be corrected and taken in again."""
    by_now = accounting.turned(staging)
    told = sum(r.rows for r in report.reasons) == sum(f.held_back for f in report.files)
    if told and staging.said("held_back") == by_now:
        return report
    reasons = write_held(place / HELD_BACK_FOLDER, staging)
    staging.mark("held_back", by_now)
    return with_reasons(report, staging, reasons)


def with_reasons(report: RunReport, staging: Staging, reasons: tuple[ReasonCount, ...]) -> RunReport:
    """The report with why rows are held back, and what is odd and was taken in all the same."""
    warnings = [*accounting.warnings(staging), *accounting.unstated(report.files)]
    return replace(report, reasons=reasons, warnings=tuple(warnings))


def accounted(report: RunReport, moving: Moving, tools: Tools) -> RunReport:
    """The report with what became of every row by now. What was proved before counts no more."""
    batches, place = moving.batches(), tools.work / report.run
    with Staging(place / STAGING_FILE, writing=True) as staging:
        accounting.settle_fates(staging, batches, moving.years_carried(batches))
        albums.settle(staging, moving)
        report = with_held(with_files(report, staging), staging, place)
    return replace(
        report,
        batches=len(batches),
        batches_carried=sum(b.is_carried and not b.is_undone for b in batches),
        batches_undone=sum(b.is_undone for b in batches),
        proof=None,
    )
