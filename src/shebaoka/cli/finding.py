"""Finding people at the command line: by whatever is known of them, who searched for whom, and catching up with a bulk.

A search is kept with who searched and who came back (`desk/finding.py`); the dossier is opened by `person show`.
"""

import sys
from typing import Any

import click

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import Caller, json_option
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.numbers import mask, mask_name


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    group_of(main, "person").add_command(find)
    for name, command in (("journal", searches), ("db", catch_up)):
        group = main.commands[name]
        if isinstance(group, click.Group):
            group.add_command(command)


@click.command()
@click.argument("text")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200), help="How many at most.")
@click.option("--unmasked", is_flag=True, help="Show number and name in full; only for the role clerk.")
@json_option
@click.pass_obj
def find(caller: Caller, text: str, limit: int, unmasked: bool, as_json: bool) -> None:
    """Find people by TEXT: a number, a card's number or serial, a name, its beginning or its initials.

    Behind a name or initials the first digits of the social security number may stand: "李娜 1407", "ln 140702". `-`
    reads the text from a line of stdin.
    """
    from shebaoka.desk import must_see_unmasked

    with caller.signed_in() as (house, staff):
        if unmasked:
            must_see_unmasked(staff)
        found = house.finding.find(staff, sys.stdin.readline() if text == "-" else text, limit=limit)
        document: dict[str, Any] = named(found)
        if not unmasked:
            for person in document["people"]:
                person |= {"number": mask(person["number"]), "name": mask_name(person["name"])}
        if as_json:
            say_json(document)
            return
        table((p["number"], p["name"], p["birth_on"], p["region"]) for p in document["people"])
        if not found.people:
            say("Nobody is found by that.")
        if found.more:
            say("There are more: put the first digits of the social security number behind, or more of them.")


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@json_option
@click.pass_obj
def searches(caller: Caller, limit: int, as_json: bool) -> None:
    """Show the latest searches for people: who searched, where, by what, and how many came back.

    Needs a token whose role may open dossiers.
    """
    with caller.signed_in() as (house, staff):
        kept = house.finding.searches(staff, limit=limit)
        if as_json:
            say_json({"searches": kept})
            return
        table(
            (local(house, s.at), s.by, s.place or "—", s.kind.replace("_", " "), s.typed, f"{s.found}{'+' * s.more}")
            for s in kept
        )
        if not kept:
            say("Nobody has searched yet.")


@click.command("catch-up")
@click.pass_obj
def catch_up(caller: Caller) -> None:
    """Write what people are found by, by name, for everybody who was carried over in bulk and lacks it.

    A server does the same when it starts and when a run is signed off. It may be stopped and done again at any time.
    """
    with caller.house() as house:
        caught = None
        for caught in house.finding.catch_up():
            click.echo(f"{caught.people} people looked at, {caught.written} of them made findable by name", err=True)
        if caught is None:
            say("Nobody is on file, or a server is at it already.")
        else:
            say(f"Of {caught.people} people {caught.written} had to be made findable by name.")
