"""What the public page is made of, and whether it is as two people signed it off. The administrator's; no token.

Exit code 1 and a sentence for each thing that differs, so that a timer can run `site verify` and somebody be told.
"""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import TROUBLE, Caller, json_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.served import MODES, Compared, compared, connection_to, told
from shebaoka.cli.showing import local
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import SiteItem

_STATES = {"as_signed": "as signed", "changed": "CHANGED", "not_signed": "NOT SIGNED", "gone": "GONE"}


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(site)


_play_option = click.option(
    "--play", default="", type=click.Choice(["", "demo", "tour"]), help="The page of the last demo, or tour."
)


@click.group()
def site() -> None:
    """The public page as it was signed off, and what differs from that."""


@site.command("show")
@click.option("--all", "everything", is_flag=True, help="What is as it was signed off too.")
@_play_option
@json_option
@click.pass_obj
def show(caller: Caller, everything: bool, play: str, as_json: bool) -> None:
    """What differs from what was signed off, what waits to be signed, and who signed when."""
    with caller.house(play) as house:
        items = house.site.items()
        signoffs, waiting = house.site.signoffs(), house.site.prepared()
        if as_json:
            fields = ("n", "what", "code", "prepared_by", "signed_by", "at")
            say_json(
                {
                    "items": [_named(item) for item in items if everything or item.state != "as_signed"],
                    "prepared": waiting and {"digest": waiting.digest, "prepared_by": waiting.prepared_by},
                    "signoffs": [{f: getattr(s, f) for f in fields} for s in signoffs],
                }
            )
            return
        table(
            (_STATES[item.state], item.name, (item.found or item.signed)[:16])
            for item in items
            if everything or item.state != "as_signed"
        )
        say(f"{len(items)} items, {sum(item.state != 'as_signed' for item in items)} of them not as signed off.")
        for s in signoffs[:10]:
            about = f"{s.what} {s.code}".strip()
            who = f"{_who(s.prepared_by)} and {_who(s.signed_by)}" if s.signed_by is not None else _who(s.prepared_by)
            say(f"sign-off {s.n}: {about}, by {who}, {local(house, s.at)}", first="  ")
        _say_prepared(house)


@site.command("publish")
@click.option("--sign", "digest", help="Sign off what another person prepared: the digest that they were shown.")
@click.pass_obj
def publish(caller: Caller, digest: str | None) -> None:
    """Prepare what is there now to be signed off by another person, or with --sign sign what another one prepared."""
    with caller.house() as house:
        if digest is not None:
            house.site.sign(digest)
            say("It is signed off.")
            return
        house.site.prepare()
        table((_STATES[item.state], item.name) for item in house.site.differences())
        _say_prepared(house)


@site.command("verify")
@click.option("--url", help="Also fetch each published page, in every way it is read, from the server at this address.")
@click.option("--from", "source", default="", help="Fetch from this address of this machine, as another network does.")
@_play_option
@json_option
@click.pass_context
def verify(ctx: click.Context, url: str | None, source: str, play: str, as_json: bool) -> None:
    """Whether everything is as it was signed off. Exit code 1 and a sentence for each thing that is not.

    With --url each page that the server sends, in each language, type and contrast, and each file that pages load, is
    held, byte for byte, against what the content here makes.
    """
    caller: Caller = ctx.obj
    if source and url is None:
        raise BadInput("--from: say with --url which server is asked.")
    connection = connection_to(url, source) if url is not None else None
    with caller.house(play) as house:
        faults, count, served = house.site.faults(), len(house.site.items()), list[Compared]()
        if connection is not None:
            with closing(connection):
                served = list(compared(house, connection))
    faults += told(served)
    pages = len({(one.path, one.language) for one in served if one.language})
    files = sum(not one.language for one in served)
    if as_json:
        say_json({"items": count, "pages": pages, "modes": len(MODES), "files": files, "faults": faults})
    else:
        for fault in faults:
            say(fault, first="✗ ")
        if not faults:
            say(f"{count} items are as they were signed off.", first="✓ ")
            if served:
                modes = "each in both sizes of type and both contrasts"
                said = f"{pages} pages, {modes}, and {files} files that they load"
                say(f"{said}, are served as the content here makes them.", first="✓ ")
    if faults:
        if not as_json:
            click.echo(f"shebaoka: The public page differs in {len(faults)} thing(s), told above.", err=True)
        ctx.exit(TROUBLE)


def _say_prepared(house: "House") -> None:
    waiting = house.site.prepared()
    if waiting is not None:
        say(f"Waits to be signed off, prepared by {_who(waiting.prepared_by)} {local(house, waiting.prepared_at)}:")
        click.echo(f"  {waiting.digest}")
        say("Another person signs it at the page /site, or by `shebaoka site publish --sign DIGEST`.")


def _who(name: str | None) -> str:
    return name or "the owner of the machine"


def _named(item: "SiteItem") -> dict[str, str]:
    return {"name": item.name, "state": item.state, "signed": item.signed, "found": item.found}
