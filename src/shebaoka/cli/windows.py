"""Service windows at the command line: added, changed, ended, their odd days, and which is near.

None of it needs a token: it is the administrator's. The list is what the public sees; what waits for two people to sign
it off is named below it, and said to whoever writes it.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import Caller, json_option, language_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.records import NotFound

if TYPE_CHECKING:
    from shebaoka.app import House

DAY = click.DateTime(["%Y-%m-%d"])


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(window)


@click.group()
def window() -> None:
    """Service windows: where they are and when they are open."""


def _said(command: Any) -> Any:
    """The options that say what a window is."""
    for option in (
        click.option("--at", "coordinates", default="", help="Latitude, longitude in degrees (WGS-84)."),
        click.option("--hours", required=True, help="When it is open, such as 周一至周五 8:30-12:00, 14:30-17:30."),
        click.option("--address", required=True, help="The address of the site."),
        click.option("--site", required=True, help="The site that it is in."),
        click.argument("name"),
        click.argument("code"),
    ):
        command = option(command)
    return command


@window.command("add")
@_said
@click.pass_obj
def add_window(caller: Caller, code: str, name: str, site: str, address: str, hours: str, coordinates: str) -> None:
    """Add a window under its code, with its name, site, address and opening hours."""
    with caller.house() as house:
        house.windows.add(code, name, site, address, hours, coordinates)
        say(f"The window {code} is in use.")
        _say_waiting(house)


@window.command("change")
@_said
@click.pass_obj
def change_window(caller: Caller, code: str, name: str, site: str, address: str, hours: str, coordinates: str) -> None:
    """Say all of it anew about a window in use; its code stays."""
    with caller.house() as house:
        house.windows.change(code, name, site, address, hours, coordinates)
        say(f"The window {code} is changed.")
        _say_waiting(house)


@window.command("end")
@click.argument("code")
@click.pass_obj
def end_window(caller: Caller, code: str) -> None:
    """End a window: nobody is sent to it any more."""
    with caller.house() as house:
        house.windows.end(code)
    say(f"The window {code} is ended.")


@window.command("days")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY, required=False)
@click.option("--window", "code", default="*", help="The window's code; without it, every window.")
@click.option("--hours", help="Open at these hours alone, such as 8:30-12:00.")
@click.option("--closed", "how", flag_value="closed", help="Closed.")
@click.option("--usual", "how", flag_value="usual", help="As in the week again.")
@click.option("--why", default="", help="Why, in a few words: 国庆节.")
@click.pass_obj
def window_days(
    caller: Caller,
    first: dt.datetime,
    last: dt.datetime | None,
    code: str,
    hours: str | None,
    how: str | None,
    why: str,
) -> None:
    """Say of a day, or of those from FIRST to LAST, that windows are closed, open otherwise, or as usual again."""
    if (hours is None) == (how is None):
        raise click.UsageError("Give one of --hours, --closed and --usual.")
    said = hours if hours is not None else {"closed": "", "usual": None}[str(how)]
    with caller.house() as house:
        house.windows.say_days(code, first.date(), (last or first).date(), said, why)
        say(f"Said of {'every window' if code == '*' else code}.")
        _say_waiting(house)


@window.command("list")
@click.option("--near", help="A place of the city by its code, such as 140702; the nearest window comes first.")
@language_option
@json_option
@click.pass_obj
def list_windows(caller: Caller, near: str | None, language: str, as_json: bool) -> None:
    """List the windows in use as the public sees them: where, when and whether they are open, and how far they are."""
    from shebaoka.desk import near_told

    with caller.house() as house:
        place = house.places.place(near) if near else None
        if near and place is None:
            known = ", ".join(p.code for p in house.places.places) or "none"
            raise NotFound(f"There is no place {near}; the city's notice knows {known}.")
        on = house.screens.today()
        speech = house.speech(house.notices.on(on).id, language)
        found = [near_told(n, on, speech) for n in house.places.nearest(place)]
        if as_json:
            say_json({"windows": found})
            return
        table(
            (t.window.code, f"{t.window.site} ({t.window.name})", t.window.address, t.hours, t.now, t.distance)
            for t in found
        )
        if not found:
            say("The public is told of no windows yet.")
        _say_waiting(house)


def _say_waiting(house: "House") -> None:
    """Which texts the public does not see yet as they are."""
    waits = house.shown_windows.waiting(house.screens.today())
    named = [*sorted(waits.windows), *(f"{on} ({code})" for code, on in sorted(waits.days, key=lambda day: day[::-1]))]
    if named:
        say(f"Wait for two people to sign their text off, by `shebaoka site publish` and at /site: {', '.join(named)}.")
