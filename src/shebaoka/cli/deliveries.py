"""Cards on their way at the command line: consignments packed, sent and taken in; what waits; letters; who took a card.

Everything is asked in the name of the staff token's holder. Numbers and names are masked.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import Caller, desk_of, json_option, language_option
from shebaoka.cli.forms import Day, number_argument
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.people import looked_up, reason_option
from shebaoka.cli.showing import local
from shebaoka.numbers import mask, mask_name
from shebaoka.records import Address, BadInput, ConsignmentKind

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import Staff
    from shebaoka.desk.deliveries import Submit
    from shebaoka.records import Consignment, HandedOver, PostedCard

_consignment = click.argument("consignment")
_cards = click.argument("cards", nargs=-1)
_limit = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most."
)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    group = group_of(main, "delivery")
    commands = (open_, pack, take_out, send, take_in, finish, list_, show, uncollected, handed_over)
    for command in (*commands, address, post, delivered, came_back, letters):
        group.add_command(command)
    group_of(main, "card").add_command(taken)


@contextmanager
def _asking(caller: Caller) -> "Iterator[tuple[House, Staff, Submit]]":
    """The house, who asks, and how asks are put to a desk."""
    with caller.signed_in() as (house, staff), desk_of(house) as desk:
        yield house, staff, lambda asks, dry_run: desk.submit(asks, dry_run=dry_run)


@click.command("open")
@click.argument("window")
@click.option("--back", is_flag=True, help="Back from the window, with what nobody collected.")
@click.pass_obj
def open_(caller: Caller, window: str, back: bool) -> None:
    """Begin a consignment to WINDOW, or back from it; its id is shown."""
    kind = ConsignmentKind.BACK if back else ConsignmentKind.OUT
    with caller.signed_in() as (house, staff):
        click.echo(house.deliveries.open(staff, f"c{secrets.token_hex(8)}", window, kind).id)


@click.command()
@_consignment
@_cards
@click.option("--all", "all_", is_flag=True, help="All that were made for the window, or waited there for too long.")
@click.pass_obj
def pack(caller: Caller, consignment: str, cards: tuple[str, ...], all_: bool) -> None:
    """Put CARDS into a consignment, by number or serial."""
    with caller.signed_in() as (house, staff):
        found = house.deliveries.get(staff, consignment)
        for card in cards:
            found = house.deliveries.pack(staff, consignment, card)
        _say(house, house.deliveries.pack_all(staff, consignment) if all_ else found)


@click.command("take-out")
@_consignment
@click.argument("card")
@click.pass_obj
def take_out(caller: Caller, consignment: str, card: str) -> None:
    """Take a card out again that was packed by mistake."""
    with caller.signed_in() as (house, staff):
        _say(house, house.deliveries.take_out(staff, consignment, card))


@click.command()
@_consignment
@click.option("--note", default="", help="What the carrier gave: a number, a name.")
@click.pass_obj
def send(caller: Caller, consignment: str, note: str) -> None:
    """The consignment leaves. What goes back to production is returned with that."""
    with _asking(caller) as (house, staff, submit):
        _say(house, house.deliveries.send(staff, consignment, note, submit))


@click.command("take-in")
@_consignment
@_cards
@click.option("--all", "all_", is_flag=True, help="All that are still on their way.")
@click.pass_obj
def take_in(caller: Caller, consignment: str, cards: tuple[str, ...], all_: bool) -> None:
    """Take CARDS in on arrival, by number or serial; their holders can collect them."""
    with _asking(caller) as (house, staff, submit):
        for card in cards:
            line = house.deliveries.take_in(staff, consignment, card, submit)
            say(f"{line.card_number} {mask_name(line.name)}: {line.state} {line.ground.replace('_', ' ')}".rstrip())
        found = house.deliveries.get(staff, consignment)
        _say(house, house.deliveries.take_in_all(staff, consignment, submit) if all_ else found)


@click.command()
@_consignment
@click.pass_obj
def finish(caller: Caller, consignment: str) -> None:
    """All that came was taken in; what did not is missing, and listed."""
    with caller.signed_in() as (house, staff):
        _say(house, house.deliveries.finish(staff, consignment))
        _say_cards(house, staff, consignment, ["missing", "refused"])


@click.command("list")
@click.option("--window", help="Only this window's.")
@_limit
@json_option
@click.pass_obj
def list_(caller: Caller, window: str | None, limit: int, as_json: bool) -> None:
    """List consignments, those under way first."""
    with caller.signed_in() as (house, staff):
        found = house.deliveries.latest(staff, window, limit=limit)
        if as_json:
            say_json({"consignments": found})
            return
        for one in found:
            _say(house, one)
        if not found:
            say("There are no consignments.")


@click.command()
@_consignment
@json_option
@click.pass_obj
def show(caller: Caller, consignment: str, as_json: bool) -> None:
    """Show a consignment with its cards."""
    with caller.signed_in() as (house, staff):
        found = house.deliveries.get(staff, consignment)
        if as_json:
            cards = [_masked(c) for c in house.deliveries.cards(staff, consignment, limit=10_000)]
            say_json({"consignment": found, "cards": cards})
            return
        _say(house, found)
        _say_cards(house, staff, consignment, None)


def _say(house: "House", found: "Consignment") -> None:
    way = f"to {found.window}" if found.kind is ConsignmentKind.OUT else f"back from {found.window}"
    counts = {"packed": found.packed, "arrived": found.arrived, "missing": found.missing, "refused": found.refused}
    said = ", ".join(f"{n} {state}" for state, n in counts.items() if n) or "nothing packed"
    at = found.arrived_at or found.sent_at or found.opened_at
    say(f"{found.id} {way}: {found.state} since {local(house, at)} — {said}. {found.note}".rstrip())


def _say_cards(house: "House", staff: "Staff", consignment: str, states: list[str] | None) -> None:
    cards = house.deliveries.cards(staff, consignment, states=states, limit=10_000)
    table(
        (c.n, c.card_number, mask(c.number), mask_name(c.name), f"{c.state} {c.ground.replace('_', ' ')}".rstrip())
        for c in cards
    )


def _masked(value: Any) -> dict[str, Any]:
    document: dict[str, Any] = named(value)
    return document | {"number": mask(document["number"]), "name": mask_name(document["name"])}


@click.command()
@click.argument("window")
@click.option("--due", is_flag=True, help="Only what goes back by now.")
@json_option
@click.pass_obj
def uncollected(caller: Caller, window: str, due: bool, as_json: bool) -> None:
    """List the cards that wait at WINDOW, the longest waiting first."""
    with caller.signed_in() as (house, staff):
        found = [card for card in house.deliveries.waiting(staff, window) if card.due or not due]
        if as_json:
            say_json({"waiting": [_masked(card) for card in found]})
            return
        table(
            (c.card_number, mask(c.number), mask_name(c.name), f"since {c.ready_on}, until {c.last_on}{_over(c.due)}")
            for c in found
        )
        if not found:
            say(f"Nothing waits at {window}.")


def _over(due: bool) -> str:
    return ": goes back" if due else ""


@click.command("handed-over")
@click.option("--window", help="Only at this window.")
@click.option("--on", type=Day(), help="On this day; else today.")
@json_option
@click.pass_obj
def handed_over(caller: Caller, window: str | None, on: dt.date | None, as_json: bool) -> None:
    """List who took cards on a day: the holder, or which agent, with what was shown."""
    with _asking(caller) as (house, staff, _):
        day = on or house.clock().astimezone(house.notices.zone).date()
        found = house.deliveries.handed_over(staff, window, day)
        if as_json:
            say_json({"handed_over": [_taken(h) for h in found]})
            return
        _say_taken(house, found)


def _say_taken(house: "House", found: "list[HandedOver]") -> None:
    for one in found:
        who = "the holder" if one.agent is None else f"{mask_name(one.agent.name)} {mask(one.agent.number)}"
        say(f"{local(house, one.at)[:16]} {one.card_number} {mask_name(one.name)} — taken by {who}, at {one.place}")
        say(f"{', '.join(one.shows)}; handed over by {one.by}, {one.entry}", first="    ")
    if not found:
        say("No card was handed over.")


@click.command()
@number_argument
@reason_option
@language_option
@json_option
@click.pass_context
def taken(ctx: click.Context, /, **asked: Any) -> None:
    """Say who took each of a person's cards: the holder, or which agent, with what was shown."""
    with looked_up(ctx, asked) as (house, staff, *_):
        found = house.deliveries.taken_by(staff, asked["number"])
        if asked["as_json"]:
            say_json({"handed_over": [_taken(one) for one in found]})
            return
        _say_taken(house, found)


def _taken(one: "HandedOver") -> dict[str, Any]:
    document = _masked(one)
    if one.agent is not None:
        document["agent"] |= {"name": mask_name(one.agent.name), "number": mask(one.agent.number)}
    return document


@click.command()
@number_argument
@click.option("--recipient", help="To whom letters are addressed.")
@click.option("--telephone", help="The telephone number that the carrier may call.")
@click.option("--address", "street", help="The address.")
@click.pass_obj
def address(caller: Caller, number: str, recipient: str | None, telephone: str | None, street: str | None) -> None:
    """Take down where somebody's card is sent by post."""
    if not (recipient and telephone and street):
        raise BadInput("Give --recipient, --telephone and --address together.")
    with caller.signed_in() as (house, staff):
        house.letters.say_address(staff, number, Address(recipient, telephone, street))
    say(f"{mask(number)} gets letters there from now on.")


@click.command()
@click.argument("card")
@click.option("--carrier", required=True, help="The carrier's name.")
@click.option("--tracking", required=True, help="The tracking number.")
@click.pass_obj
def post(caller: Caller, card: str, carrier: str, tracking: str) -> None:
    """Send a card by post, by its number or serial. Needs the role production."""
    with _asking(caller) as (house, staff, submit):
        _say_letters(house, [house.letters.send(staff, card, carrier, tracking, submit)])


@click.command()
@click.argument("letter")
@click.option("--proof", required=True, help="Who signed for it, as the carrier says.")
@click.pass_obj
def delivered(caller: Caller, letter: str, proof: str) -> None:
    """LETTER, by card or tracking number, was received: the card is collected with that. Needs the role production."""
    with _asking(caller) as (house, staff, submit):
        _say_letters(house, [house.letters.delivered(staff, letter, proof, submit)])


@click.command("came-back")
@click.argument("letter")
@click.option("--reason", required=True, help="Why, as the carrier says.")
@click.pass_obj
def came_back(caller: Caller, letter: str, reason: str) -> None:
    """LETTER, by card or tracking number, came back: the card is returned. Needs the role production."""
    with _asking(caller) as (house, staff, submit):
        _say_letters(house, [house.letters.back(staff, letter, reason, submit)])


@click.command()
@_limit
@click.pass_obj
def letters(caller: Caller, limit: int) -> None:
    """List letters, those under way first, and cards that wait to be sent."""
    with caller.signed_in() as (house, staff):
        _say_letters(house, house.letters.latest(staff, limit=limit))
        for number, name, card_number, where in house.letters.waiting(staff, limit=limit):
            lacks = "waits to be sent" if where else "waits, and nobody has said where"
            say(f"{card_number} {mask(number)} {mask_name(name)}: {lacks}")


def _say_letters(house: "House", found: "Iterable[PostedCard]") -> None:
    table(
        (
            *(letter.card_number, mask_name(letter.name), f"{letter.carrier} {letter.tracking}"),
            f"{letter.state} {local(house, letter.ended_at or letter.sent_at)[:16]} {letter.proof}".rstrip(),
        )
        for letter in found
    )
