"""Batches of cards at the command line: put together, checked, frozen, approved, sent, and every card accounted for.

What a fault is and what to do about it is said by the house's words, as on the pages. Numbers and names are masked.
"""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import Caller, json_option, language_option
from shebaoka.cli.forms import Day
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.numbers import mask, mask_name

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import BatchCard, CardBatch
    from shebaoka.notice import Words


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    group = group_of(main, "batch")
    commands = (choose, check, let_through, take_out, freeze, approve, sent, withdraw, give_up, reject, arrived)
    for command in (*commands, list_batches, show, cards, verify):
        group.add_command(command)


_batch = click.argument("batch")
_reason = click.option("--reason", required=True, help="Why, in at most 200 characters.")


@click.command()
@click.argument("batch", required=False)
@click.option("--region", default="", help="The county that keeps the insurance, six digits.")
@click.option("--employer", default="", help="An employer on whose list they were, by its whole name.")
@click.option("--since", type=Day(), help="The first day on which they applied.")
@click.option("--until", type=Day(), help="The last day on which they applied.")
@click.option("--urgent", is_flag=True, help="Only cards that are remade, lost ones, and people in hospital.")
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(1, 200_000), help="How many at most.")
@json_option
@click.pass_obj
def choose(
    caller: Caller,
    batch: str | None,
    region: str,
    employer: str,
    since: dt.date | None,
    until: dt.date | None,
    urgent: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Choose who waits for a card into a new BATCH; without a name it gets that of the day."""
    from shebaoka.desk import Choice

    choice = Choice(region, employer, since, until, urgent, limit)
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.choose(staff, batch or house.batches.next_id(staff), choice), as_json)


@click.command()
@_batch
@language_option
@json_option
@click.pass_obj
def check(caller: Caller, batch: str, language: str, as_json: bool) -> None:
    """Hold a batch's cards against photo, name, duplicates and what is on file, and list who is held back."""
    with caller.signed_in() as (house, staff):
        found = house.batches.check(staff, batch)
        _show(house, found, as_json)
        if not as_json:
            held = house.batches.cards(staff, batch, states=["held"], limit=1000)
            _list(held, house.words[language])


@click.command("let-through")
@_batch
@click.argument("n", type=int)
@json_option
@click.pass_obj
def let_through(caller: Caller, batch: str, n: int, as_json: bool) -> None:
    """Card N was looked at: its rare character can be printed, or its namesake is another person."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.let_through(staff, batch, n), as_json)


@click.command("take-out")
@_batch
@click.argument("n", type=int, nargs=-1, required=True)
@_reason
@json_option
@click.pass_obj
def take_out(caller: Caller, batch: str, n: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Leave cards N out of a batch that is not frozen; they wait for another one."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.take_out(staff, batch, n, reason), as_json)


@click.command()
@_batch
@json_option
@click.pass_obj
def freeze(caller: Caller, batch: str, as_json: bool) -> None:
    """Number every card that passed the check; nobody comes or goes any more. It goes on after a kill."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.freeze(staff, batch), as_json)


@click.command()
@_batch
@json_option
@click.pass_obj
def approve(caller: Caller, batch: str, as_json: bool) -> None:
    """Approve a frozen batch, as another person than who chose or froze it."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.approve(staff, batch), as_json)


@click.command()
@_batch
@json_option
@click.pass_obj
def sent(caller: Caller, batch: str, as_json: bool) -> None:
    """Put down that an approved batch's package is on its way to the maker."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.sent(staff, batch), as_json)


@click.command()
@_batch
@_reason
@json_option
@click.pass_obj
def withdraw(caller: Caller, batch: str, reason: str, as_json: bool) -> None:
    """Withdraw a batch that was not sent; its cards wait for another one, under other numbers."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.withdraw(staff, batch, reason), as_json)


@click.command("give-up")
@_batch
@_reason
@json_option
@click.pass_obj
def give_up(caller: Caller, batch: str, reason: str, as_json: bool) -> None:
    """Give up the cards of which nothing has come back: each is remade free, and the batch closes."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.give_up(staff, batch, reason), as_json)


@click.command()
@_batch
@click.argument("n", type=int)
@_reason
@json_option
@click.pass_obj
def reject(caller: Caller, batch: str, n: int, reason: str, as_json: bool) -> None:
    """Reject card N, which came back made and is found bad: it is remade free."""
    with caller.signed_in() as (house, staff):
        _show(house, house.batches.reject(staff, batch, n, reason), as_json)


@click.command()
@_batch
@click.option("--serial", "serials", multiple=True, help="The serial of a card that arrived; repeatable. Else all.")
@json_option
@click.pass_obj
def arrived(caller: Caller, batch: str, serials: tuple[str, ...], as_json: bool) -> None:
    """Made cards are at their windows: all of a batch, or those that are named. Their holders can collect them."""
    with caller.signed_in() as (house, staff):
        ready = house.batches.arrived(staff, batch, serials or None)
        _show(house, house.batches.get(staff, batch), as_json)
        if not as_json:
            say(f"Ready by this: {ready}.")


@click.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@json_option
@click.pass_obj
def list_batches(caller: Caller, limit: int, as_json: bool) -> None:
    """List the batches, the latest first, and how many applications wait for one."""
    with caller.signed_in() as (house, staff):
        found, waiting = house.batches.latest(staff, limit), house.batches.waiting(staff)
        astray = house.batches.astray(staff)
        if as_json:
            say_json({"batches": found, "waiting": sum(waiting.values()), "astray": astray})
            return
        table((b.id, b.state, local(house, b.chosen_at), _counts(b.cards)) for b in found)
        say(f"Waiting to be chosen: {sum(waiting.values())}.")
        if astray:
            say(f"Put into a batch by hand, on no list and in no package: {_counts(astray)}.")


@click.command()
@_batch
@json_option
@language_option
@click.pass_obj
def show(caller: Caller, batch: str, as_json: bool, language: str) -> None:
    """Show a batch: how far it is, who brought it there, its cards by state, and the files that were read."""
    with caller.signed_in() as (house, staff):
        found, events = house.batches.get(staff, batch), house.batches.events(staff, batch)
        if as_json:
            say_json({"batch": found, "events": events})
            return
        _show(house, found, as_json)
        says = house.words[language].result_faults
        for event in events:
            say(f"{local(house, event.at)} {event.what} {event.name} — {_counts(event.counts)} ({event.by})")
            for fault in event.faults:
                sentence = says[fault.fault].says.format(about=fault.about)
                say(f"row {fault.row}: {sentence} {says[fault.fault].do.format(about=fault.about)}", first="  ")


@click.command()
@_batch
@click.option("--state", "states", multiple=True, help="Only cards in this state, such as held; repeatable.")
@click.option("--after", default=0, help="Only those behind this one.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@language_option
@json_option
@click.pass_obj
def cards(
    caller: Caller, batch: str, states: tuple[str, ...], after: int, limit: int, language: str, as_json: bool
) -> None:
    """List a batch's cards with what keeps them out; those of a sent batch in the state in_batch are missing."""
    with caller.signed_in() as (house, staff):
        house.batches.get(staff, batch)
        found = house.batches.cards(staff, batch, states=states or None, after=after, limit=limit)
        if as_json:
            document: list[dict[str, Any]] = named(found)
            for card in document:
                card |= {"number": mask(card["number"]), "name": mask_name(card["name"])}
            say_json({"cards": document})
            return
        _list(found, house.words[language])


@click.command()
@json_option
@click.pass_obj
def verify(caller: Caller, as_json: bool) -> None:
    """Hold every card's row in its batch against the decisions about it, and batches against their cards."""
    with caller.house() as house:
        faults = house.batches.verify()
    if as_json:
        say_json({"faults": faults})
    else:
        for fault in faults:
            say(fault)
        if not faults:
            say("Every card of every batch is what its decisions say.")
    if faults:
        raise click.exceptions.Exit(1)


def _show(house: "House", batch: "CardBatch", as_json: bool) -> None:
    if as_json:
        say_json(batch)
        return
    say(f"{batch.id}: {batch.state} — {_counts(batch.cards)}")
    steps = (
        ("chosen", batch.chosen_by, batch.chosen_at),
        ("frozen", batch.frozen_by, batch.frozen_at),
        ("approved", batch.approved_by, batch.approved_at),
        ("sent", batch.sent_by, batch.sent_at),
        ("withdrawn", batch.withdrawn_by, batch.withdrawn_at),
    )
    for what, by, at in steps:
        if by and at:
            say(f"{what} by {by} at {local(house, at)}", first="  ")
    if batch.closed_at:
        say(f"closed at {local(house, batch.closed_at)}", first="  ")
    if batch.reason:
        say(batch.reason, first="  ")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n) or "no cards"


def _list(found: "list[BatchCard]", words: "Words") -> None:
    for card in found:
        number = card.card_number or "—"
        say(f"{card.n}  {mask(card.number)}  {mask_name(card.name)}  {number}  {card.state}")
        for fault in card.faults:
            said = words.batch_faults[fault.fault]
            say(f"{said.says.format(about=fault.about)} {said.do}", first="    ")
        if card.reason:
            say(card.reason, first="    ")
