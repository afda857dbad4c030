"""Blank cards at the command line: places, ranges that come and move, single ones that are spoilt, counts.

Everything is asked in the name of the staff token's holder; only `stock check` is the administrator's.
"""

from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import TROUBLE, Caller, json_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.records import CardKind, PlaceKind

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.records import StockCount, StockMove

# As the desk has them, which is too heavy to be imported for a help text; a test holds them together.
KINDS = ("social_security", "temporary")
kind_option = click.option(
    "--kind", type=click.Choice(KINDS), default="temporary", show_default=True, help="Which kind of card."
)
reason_option = click.option("--reason", required=True, help="Why, in words.")


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(stock)


@click.group()
def stock() -> None:
    """Blank cards by place: received, moved, used, spoilt, counted."""


@stock.command("add-place")
@click.argument("code")
@click.option("--kind", required=True, type=click.Choice(("maker", "centre")), help="What the place is.")
@click.option("--name", required=True, help="Its name, in Chinese.")
@click.pass_obj
def add_place(caller: Caller, code: str, kind: str, name: str) -> None:
    """Add a maker or a production centre that keeps blanks. A window needs no adding. Needs the role production."""
    with caller.signed_in() as (house, staff):
        place = house.stock.add_place(staff, code, PlaceKind(kind), name)
    say(f"{place.code} {place.name}: a {place.kind} that keeps blank cards.")


@stock.command("list")
@click.option("--place", help="Only this place, by its code.")
@json_option
@click.pass_obj
def list_(caller: Caller, place: str | None, as_json: bool) -> None:
    """List places with their stock by kind, and what the last count was off by."""
    with caller.signed_in() as (house, staff):
        levels = house.stock.levels(staff, place)
        if as_json:
            say_json({"stock": levels})
            return
        table(
            (
                *(level.place.code, level.place.name, level.kind.replace("_", " "), level.in_stock, level.next or "—"),
                f"spoilt {level.spoilt}, missing {level.missing}, "
                + ("never counted" if level.off is None else f"counted {level.off:+d}" if level.off else "counted")
                + (f", {level.uncounted} movements since" if level.uncounted else ""),
            )
            for level in levels
        )
        if not levels:
            say("No place keeps blank cards yet.")


@stock.command()
@click.argument("place")
@click.argument("first")
@click.argument("last")
@kind_option
@click.option("--note", required=True, help="The number of the delivery note.")
@click.pass_obj
def receive(caller: Caller, place: str, first: str, last: str, kind: str, note: str) -> None:
    """Take in new blanks, from number FIRST to LAST, at PLACE. Needs the role production."""
    with caller.signed_in() as (house, staff):
        _say_move(house.stock.receive(staff, place, CardKind(kind), first, last, note))


@stock.command()
@click.argument("source")
@click.argument("target")
@click.argument("first")
@click.argument("last")
@kind_option
@click.option("--note", default="", help="The number of the handover note.")
@click.pass_obj
def move(caller: Caller, source: str, target: str, first: str, last: str, kind: str, note: str) -> None:
    """Move blanks, from number FIRST to LAST, from place SOURCE to TARGET. Needs the role production."""
    with caller.signed_in() as (house, staff):
        _say_move(house.stock.move(staff, source, target, CardKind(kind), first, last, note))


def _say_move(moved: "StockMove") -> None:
    way = " → ".join(p for p in (moved.source, moved.target) if p)
    say(f"{moved.what}: {moved.cards} blanks, {moved.first} to {moved.last}, {way}")


@stock.command()
@click.argument("number")
@reason_option
@click.pass_obj
def spoil(caller: Caller, number: str, reason: str) -> None:
    """Mark a blank in stock as spoilt; at the own window, or by the role production anywhere."""
    with caller.signed_in() as (house, staff):
        blank = house.stock.spoil(staff, number, reason)
    say(f"{blank.number} is spoilt, at {blank.place}.")


@stock.command()
@click.argument("number")
@reason_option
@click.pass_obj
def found(caller: Caller, number: str, reason: str) -> None:
    """A blank that was missing is there again; at the own window, or by the role production anywhere."""
    with caller.signed_in() as (house, staff):
        blank = house.stock.find(staff, number, reason)
    say(f"{blank.number} is in stock again, at {blank.place}.")


@stock.command()
@click.argument("place")
@click.argument("counted", type=click.IntRange(0, 10**9))
@kind_option
@click.option("--missing", multiple=True, metavar="NUMBER", help="A blank that is known to be missing; repeatable.")
@click.option("--reason", default="", help="Why the count is off, or blanks are missing.")
@json_option
@click.pass_obj
def count(
    caller: Caller, place: str, counted: int, kind: str, missing: tuple[str, ...], reason: str, as_json: bool
) -> None:
    """Put down that COUNTED blanks are at PLACE, held against what must be there. A difference needs a reason."""
    with caller.signed_in() as (house, staff):
        done = house.stock.count(staff, place, CardKind(kind), counted, missing=missing, reason=reason)
        if as_json:
            say_json({**{f: getattr(done, f) for f in done.__struct_fields__}, "off": done.off})
            return
        _say_count(house, done)


def _say_count(house: "House", done: "StockCount") -> None:
    mark = "✗" if done.off else "✓"
    say(f"{mark} {done.place}, count {done.n}, {local(house, done.at)} by {done.by}: counted {done.counted}")
    parts = f"{done.opening} before, {done.came_in} came, {done.went_out} went, {done.used} used, {done.spoilt} spoilt"
    say(f"{parts}, {done.missing} missing, {done.found} found: {done.expected} must be there", first="  ")
    if done.off:
        say(f"{done.off:+d}: {done.reason}", first="  ")


@stock.command()
@click.argument("place")
@kind_option
@json_option
@click.pass_obj
def show(caller: Caller, place: str, kind: str, as_json: bool) -> None:
    """Show a place's blanks by ranges, and its latest counts."""
    with caller.signed_in() as (house, staff):
        ranges = house.stock.ranges(staff, place, CardKind(kind))
        counts = house.stock.counts(staff, place, CardKind(kind), limit=10)
        if as_json:
            say_json({"ranges": ranges, "counts": counts})
            return
        table((r.first, r.last, r.cards) for r in ranges)
        if not ranges:
            say(f"{place} has no blanks of this kind in stock.")
        for done in counts:
            _say_count(house, done)


@stock.command()
@click.option("--place", help="Only from and to this place, by its code.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@json_option
@click.pass_obj
def moves(caller: Caller, place: str | None, limit: int, as_json: bool) -> None:
    """List movements, the latest first."""
    with caller.signed_in() as (house, staff):
        found = house.stock.moves(staff, place, limit=limit)
        if as_json:
            say_json({"moves": found})
            return
        _say_moves(house, found)


def _say_moves(house: "House", found: "list[StockMove]") -> None:
    table(
        (
            *(local(house, m.at)[:16], m.what, f"{m.first}–{m.last}" if m.cards > 1 else m.first, m.cards),
            *(f"{m.source or '—'} → {m.target or '—'}", f"{m.by} {m.note} {m.entry}".rstrip()),
        )
        for m in found
    )
    if not found:
        say("There are no such movements.")


@stock.command()
@click.argument("number")
@json_option
@click.pass_obj
def blank(caller: Caller, number: str, as_json: bool) -> None:
    """Show where a blank is, what became of it, and how it got there."""
    with caller.signed_in() as (house, staff):
        card, moved = house.stock.blank(staff, number)
        if as_json:
            say_json({"blank": card, "moves": moved})
            return
        say(f"{card.number}: {card.kind.replace('_', ' ')}, {card.state.replace('_', ' ')}, at {card.place}")
        _say_moves(house, moved)


@stock.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check that each place's movements come to its blanks, and that what was used says so."""
    with ctx.obj.house() as house:
        faults = house.stock.check()
    say(f"{'✗' if faults else '✓'} {len(faults)} faults")
    for fault in faults:
        click.echo(fault)
    if faults:
        ctx.exit(TROUBLE)
