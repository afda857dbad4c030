"""The outbox at the command line: what holders are told, sent by hand or by a timer, listed, and sent again.

Sending and the carrier's key are the administrator's and need no token; who lists or sends again signs in.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import Caller, json_option
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.newfiles import new_file
from shebaoka.cli.showing import local
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.desk import Notification

# As the desk has them, which is too heavy to be imported for a help text; a test holds them together.
STATES = ("waiting", "sent", "given_up", "untold", "overtaken")


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(outbox)


@click.group()
def outbox() -> None:
    """What holders are told by message."""


@outbox.command()
@json_option
@click.pass_obj
def send(caller: Caller, as_json: bool) -> None:
    """Put in the reminders of uncollected cards, and send whatever is due. `shebaoka serve` does it by itself."""
    with caller.house() as house:
        carrier = house.carrier(lambda line: click.echo(line, err=as_json))
        if carrier is None:
            raise BadInput("SHEBAOKA_CARRIER: name who takes notifications to telephones; until then they wait.")
        reminded = house.outbox.remind()
        done = house.outbox.send_due(carrier)
        if as_json:
            say_json({"reminded": reminded, **named(done)})
            return
        say(
            f"Sent {done.sent}, later {done.later}, given up {done.given_up}, without a telephone {done.untold}, "
            f"no longer so {done.overtaken}; reminders {reminded}."
        )
        if done.down:
            say(f"The carrier {carrier.name} answers nobody now; what is due waits.")


@outbox.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="In this state alone; repeatable.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@json_option
@click.pass_obj
def list_notifications(caller: Caller, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List notifications, the latest first, with the telephone in part; and how many are in which state."""
    with caller.signed_in() as (house, staff):
        counts, found = house.outbox.counts(staff), house.outbox.listed(staff, *states, limit=limit)
        if as_json:
            say_json({"counts": counts, "notifications": [_document(n) for n in found]})
            return
        say(", ".join(f"{state.replace('_', ' ')} {n}" for state, n in counts.items()) + " (sent: today)")
        table(
            (
                n.place,
                n.state.replace("_", " "),
                n.receiver or "-",
                f"{n.attempts}x",
                f"due {local(house, n.due_at)}" if n.ended_at is None else local(house, n.ended_at),
                n.fault or n.reference,
            )
            for n in found
        )


def _document(notification: "Notification") -> dict[str, Any]:
    """A notification by names; the text, which has the name in part, with it."""
    return {"place": notification.place, **named(notification)}


@outbox.command()
@click.argument("places", nargs=-1, required=True)
@click.pass_obj
def retry(caller: Caller, places: tuple[str, ...]) -> None:
    """Send notifications again that were given up or found no telephone, such as 1001-7-ready."""
    with caller.signed_in() as (house, staff):
        done = house.outbox.again(staff, list(places))
    left = len(places) - done
    say(
        f"Put in again: {done}."
        + (f" Left as they are, since they were neither given up nor untold: {left}." if left else "")
    )


@outbox.command()
@click.argument("key_id")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the key into this new file, which only its owner may read, instead of showing it.",
)
@click.pass_obj
def key(caller: Caller, key_id: str, out: Path | None) -> None:
    """Draw a key that calls to a carrier are signed with; it is shown this one time.

    SHEBAOKA_CARRIER_KEY names the one in use.
    """
    with caller.house() as house:
        file = new_file("--out", out) if out else None
        try:
            made = house.outbox.add_key(key_id)
        except BaseException:
            if out and file is not None:
                os.close(file)
                out.unlink()
            raise
    lines = f"key_id: {key_id}\nalgorithm: hmac-sha256\nsigning_key: {made.hex()}\n"
    if file is None:
        click.echo(lines, nl=False)
        click.echo("The key is shown this one time; give it to the carrier, and put it nowhere else.", err=True)
        return
    with os.fdopen(file, "w") as target:
        target.write(lines)
    say(f"The key {key_id} is in {out}. It is not shown again; take the file away once the carrier has it.")
