"""Taking in the old medical card system's export from the command line: the importer face, and its report in words."""

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import TROUBLE, desk_of, json_option
from shebaoka.cli.inspecting import inspect
from shebaoka.cli.layout import named, say, say_json
from shebaoka.cli.reporting import add_to as add_report
from shebaoka.notice.speech import yuan
from shebaoka.records import Channel, NotAllowed

if TYPE_CHECKING:
    from shebaoka.importer import ImportReport


def add_to(main: click.Group) -> None:
    """Put the command into the command line."""
    main.add_command(import_)
    import_.add_command(inspect)
    add_report(import_)


@click.group("import")
def import_() -> None:
    """Take in the old system's export (1.2, 8.1)."""


@import_.command("run")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--held-back",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the rows that are held back, with the reason of each.",
)
@json_option
@click.pass_context
def run(ctx: click.Context, folder: Path, held_back: Path, as_json: bool) -> None:
    """Take in the old system's export in FOLDER (1.2, 8.1). Needs a token of the role migration.

    Taking the same files in again is safe. Exit code 1 if the sums do not reconcile.
    """
    from shebaoka.importer import import_old_accounts

    with ctx.obj.signed_in() as (house, staff), desk_of(house) as desk:
        if staff.sender().channel is not Channel.IMPORTER:
            raise NotAllowed(f"The role {staff.role} may not take in an export; it takes the role migration.")
        began = time.monotonic()
        report = import_old_accounts(folder, desk.submit, sender_by=staff.name, on=desk.today(), output=held_back)
        took = dt.timedelta(seconds=round(time.monotonic() - began))
        house.runs.keep(report.digest, _filed(report))
    if as_json:
        say_json(_document(report))
    else:
        _show(report, held_back, took)
    if not report.reconciled:
        ctx.exit(TROUBLE)


def _document(report: "ImportReport") -> dict[str, Any]:
    """The report by names, without the rows' bytes: they hold full numbers and names."""
    fields: dict[str, Any] = named({f: getattr(report, f) for f in report.__struct_fields__ if "held_back" not in f})
    for name in ("held_back", "records_held_back"):
        fields[name] = [{"line": h.line, "reason": h.reason, "sentence": h.sentence} for h in getattr(report, name)]
    return {**fields, "held_back_by_reason": report.held_back_by_reason}


def _filed(report: "ImportReport") -> str:
    """The report as the office keeps it."""
    import msgspec

    return msgspec.json.encode(_document(report)).decode()


def _show(report: "ImportReport", held_back: Path, took: dt.timedelta) -> None:
    say(f"{'✓' if report.reconciled else '✗'} {report.rows_in} rows in {took}, file {report.digest[:12]}")
    say(f"carried over: {report.carried_over}, {yuan(report.balance_carried_fen)} yuan", first="  ")
    say(f"there already: {report.already_there}, {yuan(report.balance_already_there_fen)} yuan", first="  ")
    say(f"held back: {len(report.held_back)}, {yuan(report.balance_held_fen)} yuan", first="  ")
    for reason, count in sorted(report.held_back_by_reason.items(), key=lambda item: (-item[1], item[0])):
        say(f"{reason.replace('_', ' ')}: {count}", first="    ")
    say(
        f"records: {report.records_in} in, {report.records_carried} carried over, {report.records_left} left behind, "
        f"{len(report.records_held_back)} held back",
        first="  ",
    )
    if report.control_balance_fen is not None:
        stated = f"{report.control_rows} rows, {yuan(report.control_balance_fen)} yuan"
        say(f"the old system states: {stated}", first="  ")
    for warning, count in report.warnings.items():
        say(f"{warning} ({count})", first="  ! ")
    for difference in report.differences:
        say(difference, first="  ✗ ")
    if report.held_back or report.records_held_back:
        say(f"The rows held back are in {held_back}, those to correct and take in again in its folder to_correct.")
    say("Every row and every fen is accounted for." if report.reconciled else "The import does not reconcile.")
