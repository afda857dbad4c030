"""The evening of money at the command line: cycles, comparing, closing, the bank's file; and crediting contributions.

What changes something is asked in the name of the staff token's holder; only `money check` is the administrator's.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import TROUBLE, Caller, desk_of, json_option
from shebaoka.cli.forms import Day
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.notice.speech import yuan
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import Amounts, Comparison, CycleLine, Difference, Explanation, Side
    from shebaoka.importer import CreditReport

# As the desk has them, which is too heavy to be imported for a help text; a test holds them together.
DIFFERENCES = ("ours_only", "theirs_only", "amount")
UNITS = ("yuan", "fen")
cycle_argument = click.argument("cycle", type=click.IntRange(1, 2**62))


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(money)


@click.group()
def money() -> None:
    """The evening of money: business cycles compared, closed and paid; contributions credited."""


@money.command()
@click.option("--institution", help="Only this institution's, by its code.")
@click.option("--open", "open_only", is_flag=True, help="Only cycles that are not closed.")
@click.option("--on", type=Day(), help="Only cycles that were opened on this day.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@json_option
@click.pass_obj
def cycles(
    caller: Caller, institution: str | None, open_only: bool, on: dt.date | None, limit: int, as_json: bool
) -> None:
    """List business cycles, the latest first, each with how far its reconciliation is."""
    with caller.signed_in() as (house, _):
        if on is None:
            lines = house.evening.cycles(institution, open_only=open_only, limit=limit)
        else:
            lines = [
                line
                for line in house.evening.days(on)
                if institution in (None, line.cycle.institution) and not (open_only and line.cycle.closed_at)
            ][:limit]
        if as_json:
            say_json({"cycles": [_document(line) for line in lines]})
            return
        table(
            (
                line.cycle.id,
                line.cycle.institution,
                local(house, line.cycle.opened_at)[:16],
                line.state.replace("_", " "),
                f"{line.totals.positive.count} − {line.totals.reverse.count}, {yuan(line.totals.owed_fen)} yuan owed",
            )
            for line in lines
        )
        if not lines:
            say("There are no such cycles.")


def _document(line: "CycleLine") -> dict[str, Any]:
    """A cycle by names, without what was compared."""
    document: dict[str, Any] = named(line.cycle)
    return {
        **document,
        "name": line.name,
        "state": line.state,
        "totals": line.totals,
        "owed_fen": line.totals.owed_fen,
        "unexplained": line.unexplained,
    }


@money.command()
@cycle_argument
@json_option
@click.pass_obj
def totals(caller: Caller, cycle: int, as_json: bool) -> None:
    """Show a business cycle: its totals, how far it is, what differs and how that is explained."""
    with caller.signed_in() as (house, _):
        line = house.evening.line(cycle)
        explained = house.evening.explanations(cycle)
        compared = line.comparison
        found = house.evening.differences(compared.id) if compared and compared.differences else []
        if as_json:
            differences = [d.difference for d in found]
            document = {"comparison": compared, "differences": differences, "explanations": explained}
            say_json({**_document(line), **document})
            return
        say(f"{cycle}  {line.cycle.institution} {line.name}: {line.state.replace('_', ' ')}")
        say(f"opened {local(house, line.cycle.opened_at)} by {line.cycle.opened_by}", first="  ")
        _say_side("positive", line.totals.positive)
        _say_side("reverse", line.totals.reverse)
        say(f"owed to the institution: {yuan(line.totals.owed_fen)} yuan", first="  ")
        if compared is not None:
            _say_comparison(house, compared, [d.difference for d in found])
        for e in explained:
            say(f"{_difference(e)}: {e.reason} — {e.by}", first="    ")
        if line.cycle.closed_at is not None:
            say(f"closed {local(house, line.cycle.closed_at)} by {line.cycle.closed_by}", first="  ")
        if line.cycle.paid_on is not None:
            say(f"in the bank's file of {line.cycle.paid_on}", first="  ")


def _say_side(name: str, side: "Side") -> None:
    parts = f"pooled {yuan(side.pooled_fen)}, account {yuan(side.account_fen)}, cash {yuan(side.cash_fen)}"
    say(f"{name}: {side.count}, {yuan(side.total_fen)} yuan ({parts})", first="  ")


def _say_comparison(house: "House", comparison: "Comparison", differences: "Sequence[Difference]") -> None:
    """What was compared, and every difference by name."""
    what = "totals" if comparison.differences is None else "details"
    by = f"{what} compared {local(house, comparison.at)} by {comparison.by}"
    if comparison.equal:
        say(f"✓ {by}: equal")
        return
    say(f"✗ {by}: {len(differences)} differences" if differences else f"✗ {by}: {', '.join(comparison.fields)} differ")
    for d in differences:
        say(_difference(d), first="    ")


def _difference(d: "Difference | Explanation") -> str:
    return f"{d.message_id} {d.difference.replace('_', ' ')}: ours {_amounts(d.ours)}, theirs {_amounts(d.theirs)}"


def _amounts(amounts: "Amounts | None") -> str:
    if amounts is None:
        return "none"
    parts = (amounts.pooled_fen, amounts.account_fen, amounts.cash_fen)
    return f"{yuan(amounts.total_fen)} ({' + '.join(map(yuan, parts))})"


@money.command()
@cycle_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def compare(ctx: click.Context, cycle: int, file: Path, as_json: bool) -> None:
    """Hold an institution's FILE of details against CYCLE, message by message. Exit code 1 if they differ.

    Needs a token of the role clerk.
    """
    from shebaoka.desk import must_reconcile, read_details

    with ctx.obj.signed_in() as (house, staff):
        must_reconcile(staff)
        found, differences = house.evening.compare_details(cycle, read_details(file.read_bytes()), staff)
        if as_json:
            say_json({"cycle": cycle, "equal": found.equal, "comparison": found, "differences": differences})
        else:
            _say_comparison(house, found, differences)
    if not found.equal:
        ctx.exit(TROUBLE)


@money.command()
@cycle_argument
@click.argument("message_id")
@click.option("--difference", required=True, type=click.Choice(DIFFERENCES), help="Which difference it is.")
@click.option("--reason", required=True, help="Why it is so, in words.")
@click.pass_obj
def explain(caller: Caller, cycle: int, message_id: str, difference: str, reason: str) -> None:
    """Say why a message of CYCLE is not alike on both sides; said once, it stays. Needs a token of the role clerk."""
    from shebaoka.desk import must_reconcile

    with caller.signed_in() as (house, staff):
        must_reconcile(staff)
        house.evening.explain(cycle, message_id, difference, reason, staff)
        left = house.evening.line(cycle).unexplained
    say(f"{message_id} is explained; {left} differences of the cycle {cycle} are left.")


@money.command()
@cycle_argument
@click.pass_obj
def close(caller: Caller, cycle: int) -> None:
    """Close a business cycle that is reconciled. Needs a token of the role clerk."""
    from shebaoka.desk import must_reconcile

    with caller.signed_in() as (house, staff):
        must_reconcile(staff)
        closed = house.evening.close(cycle, staff)
        at = local(house, closed.closed_at) if closed.closed_at else ""
    say(f"The cycle {cycle} is closed since {at}, by {closed.closed_by}.")


@money.command("bank-file")
@click.argument("day", type=Day())
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it into this new file, instead of to stdout."
)
@click.pass_obj
def bank_file(caller: Caller, day: dt.date, out: Path | None) -> None:
    """Make the bank's file of DAY: every cycle closed by then and not paid yet, which is paid from now on.

    Asked again, the same day gives the same file, and says who made it. Needs a token of the role clerk or bank.
    """
    from shebaoka.desk import must_pay

    with caller.signed_in() as (house, staff):
        must_pay(staff)
        if out is not None and out.exists():
            raise BadInput(f"--out: {out} exists already; name a new file.")
        file = house.evening.bank_file(day, staff)
        made = house.evening.made(day)
        by = f"Made {local(house, made.made_at)} by {made.by}, SHA-256 {made.digest.hex()}." if made else ""
    if out is None:
        click.echo(file, nl=False)
        click.echo(by, err=True, nl=bool(by))
        return
    with out.open("xb") as target:
        target.write(file)
    say(f"The bank's file of {day} is in {out}. {by}")


@money.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check that institutions are owed what they settled, that cycles are in order, and so are receipts for fees."""
    with ctx.obj.house() as house:
        faults = [*house.evening.check(), *house.till.check()]
        institutions = len(house.institutions.everybody())
    say(f"{'✗' if faults else '✓'} {institutions} institutions: {len(faults)} faults")
    for fault in faults:
        click.echo(fault)
    if faults:
        ctx.exit(TROUBLE)


@money.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unit", required=True, type=click.Choice(UNITS), help="What the file's amounts are in.")
@click.option(
    "--held-back",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the rows that are held back, with the reason of each.",
)
@json_option
@click.pass_context
def credit(ctx: click.Context, file: Path, unit: str, held_back: Path, as_json: bool) -> None:
    """Credit the contributions in FILE, a row for each person and month. Needs a token of the role migration.

    Taking the same file in again is safe. Exit code 1 if the sums do not reconcile.
    """
    from shebaoka.desk import Right
    from shebaoka.importer import credit_contributions

    with ctx.obj.signed_in() as (house, staff), desk_of(house) as desk:
        staff.must(Right.CREDIT)
        report = credit_contributions(
            file,
            desk.submit,
            house.accounts.undone,
            sender_by=staff.name,
            on=desk.today(),
            unit="yuan" if unit == "yuan" else "fen",
            output=held_back,
        )
    if as_json:
        # Without the rows' bytes: they hold full numbers and names.
        fields = {f: getattr(report, f) for f in report.__struct_fields__ if f != "held_back"}
        held = [{"line": h.line, "reason": h.reason, "sentence": h.sentence} for h in report.held_back]
        say_json({**fields, "held_back": held})
    else:
        _show(report, held_back)
    if not report.reconciled:
        ctx.exit(TROUBLE)


def _show(report: "CreditReport", held_back: Path) -> None:
    say(f"{'✓' if report.reconciled else '✗'} {report.rows_in} rows, file {report.digest[:12]}")
    say(f"credited: {report.credited}, {yuan(report.credited_fen)} yuan", first="  ")
    say(f"there already: {report.already_there}, {yuan(report.already_there_fen)} yuan", first="  ")
    say(f"held back: {len(report.held_back)}, {yuan(report.held_fen)} yuan", first="  ")
    for reason, count in report.held_back_by_reason.items():
        say(f"{reason.replace('_', ' ')}: {count}", first="    ")
    if report.control_fen is not None:
        say(f"stated: {report.control_rows} rows, {yuan(report.control_fen)} yuan", first="  ")
    for difference in report.differences:
        say(difference, first="  ✗ ")
    if report.held_back:
        say(f"The rows held back are in {held_back}, those to correct and take in again in its folder to_correct.")
    say("Every row and every fen is accounted for." if report.reconciled else "The file does not reconcile.")
