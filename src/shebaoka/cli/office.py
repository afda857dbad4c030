"""Staff accounts and the journal. Only `journal show` needs a token: the rest is the administrator's on the machine."""

from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import TROUBLE, Caller, desk_of, json_option, language_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.records import SERVICES, Trouble

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import JournalLine

# As `desk.Role`, which is too heavy to be imported for a help text; a test holds them together.
ROLES = (
    *("clerk", "operator", "production", "migration", "bank", "calendar", "terminal", "auditor"),
    *("supervisor", "cashier", "security_administrator", "system_administrator"),
)
_CODE_SHOWN = (
    "The code is shown this one time; hand it over in person. It is good once, within 24 hours, at the page /enrol of "
    "the office."
)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(staff)
    main.add_command(journal)
    group_of(main, "calendar").add_command(run)


@click.group()
def staff() -> None:
    """Staff accounts and their tokens."""


@staff.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the account may do.")
@click.option("--place", default="", help="The window, terminal or office that it works at.")
@click.option(
    "--person", is_flag=True, help="For somebody who signs in at the office's pages: a code instead of a token."
)
@click.pass_obj
def add(caller: Caller, name: str, role: str, place: str, person: bool) -> None:
    """Add an account; its token, or a person's enrolment code, is shown this one time, alone on stdout."""
    with caller.house() as house:
        shown = house.staff.add_person(name, role, place) if person else house.staff.add(name, role, place)
    click.echo(shown)
    if person:
        click.echo(_CODE_SHOWN, err=True)
    else:
        click.echo("The token is shown this one time; keep it in a file that only its owner may read.", err=True)


@staff.command()
@click.argument("name")
@click.pass_obj
def reset(caller: Caller, name: str) -> None:
    """Give a person a new enrolment code: password and second factor count no more, and all sessions end."""
    with caller.house() as house:
        code = house.staff.reset(name)
    click.echo(code)
    click.echo(_CODE_SHOWN, err=True)


@staff.command("list")
@json_option
@click.pass_obj
def list_(caller: Caller, as_json: bool) -> None:
    """List all accounts."""
    with caller.house() as house:
        accounts = house.staff.everybody()
        if as_json:
            say_json({"staff": accounts})
            return
        table(
            (
                *(a.name, a.role, a.place or "—", a.signs_in),
                f"ended {local(house, a.ended_at)}" if a.ended_at else f"since {local(house, a.added_at)}",
            )
            for a in accounts
        )
        if not accounts:
            say("There are no accounts yet.")


@staff.command()
@click.argument("name")
@click.pass_obj
def end(caller: Caller, name: str) -> None:
    """End an account; its token is not taken any more."""
    with caller.house() as house:
        house.staff.end(name)
    say(f"The account {name} is ended.")


@click.command()
@click.pass_obj
def run(caller: Caller) -> None:
    """Put on file what the calendar has done by today, and delete what is kept no longer; meant for every night."""
    from shebaoka.desk import record_lapses

    counted = {"accepted": 0, "refused": 0}
    with caller.house() as house, desk_of(house) as desk:
        for outcome in record_lapses(desk, house.views):
            if isinstance(outcome, Trouble):
                raise outcome
            counted[outcome.answer.outcome] += 1
        bookings, feedback = house.bookings.delete_due(), house.feedback.delete_due()
        cleared = house.spent.clear()
        house.calls.end_forgotten()
    say(f"Put on file: {counted['accepted']}; refused: {counted['refused']}.")
    if bookings or feedback:
        say(f"Deleted as promised: {bookings} bookings, {feedback} feedback.")
    if cleared:
        say(f"Deleted as spent: {cleared}.")


@click.group()
def journal() -> None:
    """The journal of every request and decision."""


@journal.command()
@click.option("--replay", is_flag=True, help="Make every decision again, and compare the dossiers.")
@click.option("--play", default="", type=click.Choice(["", "demo", "tour"]), help="That of the last demo, or tour.")
@json_option
@click.pass_context
def verify(ctx: click.Context, replay: bool, play: str, as_json: bool) -> None:
    """Check that the journal is whole: every chain and every seal; what was found is kept. Exit code 1 if it is not."""
    with ctx.obj.house(play) as house:
        if replay:
            with house.store() as store:
                audit = house.auditor.verify(store)
        else:
            audit = house.auditor.verify()
        house.journal.verified(audit)
    if as_json:
        say_json(audit)
    else:
        counts = f"{audit.entries} entries of {audit.people} people, {audit.days_sealed} sealed days"
        again = f", {audit.replayed} people decided again" if replay else ""
        say(f"{'✗' if audit.faults else '✓'} {counts}{again}: {len(audit.faults)} faults")
        for fault in audit.faults:
            click.echo(fault)
    if audit.faults:
        ctx.exit(TROUBLE)


@journal.command()
@click.pass_obj
def seal(caller: Caller) -> None:
    """Seal every day that is over and not sealed yet."""
    with caller.house() as house:
        sealed = house.auditor.seal()
    for day, entries in sealed:
        say(f"{day}: sealed with {entries} entries")
    if not sealed:
        say("No day waits to be sealed.")


@journal.command()
@click.option("--clause", help="Only decisions that rest on this clause, such as 2.4.")
@click.option("--outcome", type=click.Choice(("yes", "no")), help="Only what was accepted, or refused.")
@click.option("--service", type=click.Choice(sorted(SERVICES)), metavar="SERVICE", help="Only this service.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@language_option
@json_option
@click.pass_obj
def show(caller: Caller, /, **asked: Any) -> None:
    """Show the latest entries, newest first. Needs a token whose role may open dossiers."""
    from shebaoka.desk import as_seen_by

    outcome = {"yes": "accepted", "no": "refused", None: None}[asked["outcome"]]
    with caller.signed_in() as (house, who):
        who.must_see_people()
        found = house.screens.journal(
            limit=asked["limit"], clause=asked["clause"], outcome=outcome, service=asked["service"]
        )
        lines = as_seen_by(who, found)
        if asked["as_json"]:
            say_json({"entries": lines})
            return
        show_lines(house, lines, asked["language"])


def show_lines(house: "House", lines: "list[JournalLine]", language: str) -> None:
    """Print journal entries, each with its place, who asked through which channel, and the answer with its clause."""
    for line in lines:
        speech = house.speech(line.answer.notice, language)
        words = speech.words
        mark = "✓" if line.answer.outcome == "accepted" else "✗"
        who = f"{line.by} ({words.channels.get(line.channel, line.channel)})".lstrip()
        say(f"{mark} {line.place}  {local(house, line.at)}  {words.services[line.service]}")
        say(f"{line.answer.clause}  {speech.says(line.answer, brief=line.brief)} — {who}", first="    ")
    if not lines:
        say("There are no such entries.")
