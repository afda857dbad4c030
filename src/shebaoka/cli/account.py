"""A person's account at the command line: a year's statement shown or written as CSV or PDF, and any day's balance.

Each look is first asked of the desk, as those of `people`. Corrections of any account that wait to be approved are
listed beside it. Clause 1.2.
"""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import Caller, json_option, language_option, without_numbers
from shebaoka.cli.forms import Day, number_argument
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.office import show_lines
from shebaoka.cli.people import looked_up, reason_option
from shebaoka.cli.showing import labels
from shebaoka.notice.speech import Speech
from shebaoka.numbers import mask
from shebaoka.records import BadInput

if TYPE_CHECKING:
    import datetime as dt

    from shebaoka.app import House
    from shebaoka.desk import AccountStatement, BriefAccount, Staff, StatementLine
    from shebaoka.paper.labels import Labels

new_file = partial(click.option, type=click.Path(dir_okay=False, path_type=Path))


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    group_of(main, "account").add_command(account_show)
    group_of(main, "correction").add_command(correction_waiting)


@click.command("show")
@number_argument
@reason_option
@click.option("--year", type=click.IntRange(1900, 2999), help="The statement's year; else the present one.")
@click.option("--on", type=Day(), help="Only the balance at the end of this day.")
@new_file("--csv", help="Write the statement as CSV into this new file, which only its owner may read.")
@new_file("--pdf", help="Write the statement as PDF into this new file, which only its owner may read.")
@click.option("--unmasked", is_flag=True, help="Number and name in full; only for the role clerk.")
@language_option
@json_option
@click.pass_context
def account_show(ctx: click.Context, /, **asked: Any) -> None:
    """Show a person's account in a year: every record, what it came to, and the old card's records.

    With a token of the role operator: the balance and the latest records.
    """
    form, path = _file(asked)
    on = asked["on"]
    if on is not None and (path or asked["year"] is not None or asked["unmasked"]):
        raise click.UsageError("--on shows a balance; it takes neither --year, --unmasked, --csv nor --pdf.")
    with looked_up(ctx, asked, partial(_must, asked, path)) as (house, staff, screen, speech):
        if on is not None:
            _show_balance(house, asked, on, speech)
            return
        from shebaoka.desk import may_see_accounts

        if not may_see_accounts(staff):
            _show_brief(house.accounts.brief(asked["number"]), speech, as_json=asked["as_json"])
            return
        year = asked["year"] or screen.on.year
        statement = house.accounts.statement(asked["number"], year, masked=not asked["unmasked"])
        if path is not None:
            from shebaoka.paper import statement_as

            _write(path, form, statement_as(form, statement, speech, house.settings.fonts), speech)
        elif asked["as_json"]:
            from shebaoka.paper import statement_json

            say_json(msgspec.json.decode(statement_json(statement)))
        else:
            _show(statement, speech, screen.on)


@click.command("waiting")
@language_option
@json_option
@click.pass_obj
def correction_waiting(caller: Caller, language: str, as_json: bool) -> None:
    """List the corrections that wait for a second person: entry, amounts and reason of each, newest first.

    Needs a token of the role clerk or auditor.
    """
    from shebaoka.desk import must_see_accounts

    with caller.signed_in() as (house, staff):
        must_see_accounts(staff)
        lines = house.screens.waiting_corrections()
        if as_json:
            say_json({"entries": lines})
            return
        show_lines(house, lines, language)


def _file(asked: dict[str, Any]) -> tuple[str, Path | None]:
    """The form and the file that are asked for, if one is; what is there already is refused before the look."""
    if sum(map(bool, (asked["csv"], asked["pdf"], asked["as_json"]))) > 1:
        raise click.UsageError("Give one of --csv, --pdf and --json.")
    form = "csv" if asked["csv"] else "pdf"
    path: Path | None = asked[form]
    if path is not None and os.path.lexists(path):
        raise _taken(form, path)
    return form, path


def _taken(form: str, path: Path) -> BadInput:
    return BadInput(f"--{form}: {path} exists already; name a new file.")


def _must(asked: dict[str, Any], path: Path | None, staff: "Staff") -> None:
    """`NotAllowed` for what the role may not see of an account; asked before the look."""
    from shebaoka.desk import must_see_accounts, must_see_unmasked

    if asked["unmasked"]:
        must_see_unmasked(staff)
    if asked["year"] is not None or path is not None:
        must_see_accounts(staff)


def _write(path: Path, form: str, content: bytes, speech: Speech) -> None:
    """Put a statement into a new file of its owner's alone."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _taken(form, path) from None
    try:
        with os.fdopen(file, "wb") as target:
            os.fchmod(file, 0o600)
            target.write(content)
    except OSError:
        path.unlink()  # half a statement is none
        raise
    say(without_numbers(labels(speech)["written"].format(path)))


def _show_balance(house: "House", asked: dict[str, Any], on: "dt.date", speech: Speech) -> None:
    """Print the balance at the end of a day."""
    from shebaoka.paper import grouped

    number, balance_fen = mask(asked["number"]), house.accounts.balance_on(asked["number"], on)
    if asked["as_json"]:
        say_json({"number": number, "on": on, "balance_fen": balance_fen})
        return
    said = labels(speech)
    say(f"{number}  {speech.date(on)}  {said['balance']}{said['yuan'].format(grouped(balance_fen))}")


def _show_brief(brief: "BriefAccount", speech: Speech, *, as_json: bool) -> None:
    """Print what the hotline is told."""
    from shebaoka.paper import grouped, labels_in, signed

    if as_json:
        say_json(brief)
        return
    said, words = labels(speech), labels_in(speech.words.language)
    balance = said["yuan"].format(grouped(brief.balance_fen))
    say(f"{brief.number}  {brief.name}  {speech.date(brief.on)}  {said['balance']}{balance}")
    table((f"  {r.on}", signed(r.account_fen), words.whats[r.what]) for r in brief.latest)


def _show(statement: "AccountStatement", speech: Speech, today: "dt.date") -> None:
    """Print a year's statement."""
    from shebaoka.paper import grouped, labels_in, signed

    words = labels_in(speech.words.language)
    first_on = today.replace(year=statement.year, month=1, day=1)
    last_on = min(first_on.replace(month=12, day=31), today)
    say(f"{statement.number}  {statement.name}  {statement.year}  {words.unit}")
    table(
        (f"  {label}", grouped(fen))
        for label, fen in (
            (words.opening.format(day=speech.date(first_on)), statement.opening_fen),
            (words.credited, statement.credited_fen),
            (words.paid, statement.paid_fen),
            (words.closing.format(day=speech.date(last_on)), statement.closing_fen),
        )
    )
    if not statement.lines:
        say(words.no_moves)
    table(
        (f"  {x.on}", signed(x.account_fen), grouped(x.balance_fen), words.whats[x.what], _charge(x, words, speech))
        for x in statement.lines
    )
    if statement.carried:
        say(words.carried)
    table(
        (f"  {r.on}", *(f"{of} {grouped(fen)}" for of, fen in paid), r.institution)
        for r in statement.carried
        for paid in [((words.total, r.total_fen), (words.old_account, r.account_fen))]
    )


def _charge(line: "StatementLine", words: "Labels", speech: Speech) -> str:
    """Where a charge was, and what beside the account paid it; nothing for what is no charge."""
    from shebaoka.paper import grouped

    parts = ((words.total, line.total_fen), (words.pooled, line.pooled_fen), (words.cash, line.cash_fen))
    said = [f"{label} {grouped(fen)}" for label, fen in parts if fen]
    return speech.words.list_separator.join([line.institution, *said] if line.institution else said)
