"""What the administrator does on the machine itself: set up, serve, migrate, rotate keys; the demonstration too.

None of it needs a token: whoever may read the home folder is the administrator.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import Caller, language_option
from shebaoka.cli.layout import say
from shebaoka.records import BadInput, Digits

if TYPE_CHECKING:
    from shebaoka.app import Settings
    from shebaoka.vault import Vault

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on."
)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    for command in (setup, serve, demo, tour, db, vault):
        main.add_command(command)


@click.command()
@click.option("--first-pin-stdin", is_flag=True, help="Read the city's first PIN from a line of stdin.")
@click.option("--draw-first-pin", is_flag=True, help="Draw the city's first PIN and show it once.")
@click.pass_obj
def setup(caller: Caller, first_pin_stdin: bool, draw_first_pin: bool) -> None:
    """Make the home folder, the keys and the database, and set the city's first PIN (9.1).

    What is there already stays as it is. Without an option the first PIN is asked for, hidden.
    """
    if first_pin_stdin and draw_first_pin:
        raise click.UsageError("Give either --first-pin-stdin or --draw-first-pin.")
    from shebaoka.app import open_house

    settings = caller.settings()
    _make_home(settings.home)
    migrating = bool(settings.owner_url) or not settings.database_url
    with open_house(settings, migrating=migrating) as house:
        with house.store():
            say(f"Home: {settings.home}")
            say(f"Notice: {house.notices.city}, {len(house.notices.versions)} version(s) from {settings.notice}")
            say(f"Database: {_where(settings)}, with the newest schema")
        length = house.notices.on(house.clock().astimezone(house.notices.zone).date()).p.pin_length
        _set_first_pin(house.vault, length, stdin=first_pin_stdin, draw=draw_first_pin)
    say("Next: `shebaoka staff add NAME --role clerk` makes an account and shows its token.")


def _make_home(home: Path) -> None:
    """The home folder, for its owner alone. `BadInput` if it is there and others may write into it.

    That others may enter it is let pass: started by root, the embedded server runs as a user of its own and must.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if home.stat().st_mode & 0o022:
        raise BadInput(
            f"SHEBAOKA_HOME: others than its owner may write into {home}; take that right away (chmod go-w), or name "
            "another folder."
        )


def _where(settings: "Settings") -> str:
    """The database in words, without its user and password."""
    if settings.database_url:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            parts = conninfo_to_dict(settings.database_url)
        except ProgrammingError:
            # The driver's own sentence would show the URL, with its password.
            raise BadInput("SHEBAOKA_DATABASE_URL: this is no PostgreSQL URL; see docs/settings.md.") from None
        return f"{parts.get('dbname', 'the default database')} on {parts.get('host', 'this machine')}"
    return f"{settings.database} on the embedded server in {settings.home / 'postgres'}"


def _set_first_pin(vault: "Vault", length: int, *, stdin: bool, draw: bool) -> None:
    """Set the city's first PIN as it is read, typed or drawn; one that is set already stays."""
    if vault.has_first_pin():
        say("First PIN: set already. It stays, and it is not shown again.")
        return
    digits = None
    if stdin:
        digits = Digits(sys.stdin.readline().rstrip("\r\n"))
    elif not draw:
        digits = _typed_twice(length)
    fresh = vault.set_first_pin(digits, length=length)
    if digits is not None:
        say("First PIN: set.")
        return
    say(f"First PIN: {fresh.reveal()}")
    say("It was drawn just now and is shown this one time. Write it down: every new card carries it.")


def _typed_twice(length: int) -> Digits | None:
    """The first PIN as it was typed twice alike; None if nothing was typed."""
    while True:
        first = click.prompt(
            f"The city's first PIN, {length} digits (enter alone draws one)", default="", show_default=False,
            hide_input=True, err=True,
        )  # fmt: skip
        if not first:
            return None
        again = click.prompt("The same once more", default="", show_default=False, hide_input=True, err=True)
        if first == again:
            return Digits(first)
        say("The two entries differ; try again.")


@click.command()
@host_option
@port_option
@click.option("--pos-port", type=click.IntRange(1, 65535), help="Serve POS terminals (ISO 8583) on this port too.")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="How many desks share the load."
)
@click.pass_obj
def serve(caller: Caller, host: str, port: int, pos_port: int | None, workers: int) -> None:
    """Serve the office and the API until stopped."""
    from shebaoka.serving import serve as serve_house

    with caller.house() as house:
        click.echo(f"Open at http://{host}:{port}; Ctrl+C ends it.")
        if pos_port is not None:
            click.echo(f"POS terminals at {host}:{pos_port}.")
        carrier = house.carrier(click.echo)
        serve_house(house, host, port, pos_port=pos_port, workers=workers, carrier=carrier)


@click.command()
@click.option("--people", default=5000, show_default=True, type=click.IntRange(1), help="How many people to invent.")
@host_option
@port_option
@click.option("--no-serve", is_flag=True, help="Only fill the database; do not serve it.")
@click.pass_context
def demo(ctx: click.Context, people: int, host: str, port: int, no_serve: bool) -> None:
    """Fill a database with an invented city, and serve it."""
    from shebaoka.demo import demo as run

    ctx.exit(run(ctx.obj.settings(), people=people, host=host, port=port, serve=not no_serve, out=click.echo))


@click.command()
@language_option
@click.pass_context
def tour(ctx: click.Context, language: str) -> None:
    """Walk one invented person through the notice, clause by clause."""
    from shebaoka.tour import tour as run

    ctx.exit(run(ctx.obj.settings(), language, out=click.echo))


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@click.pass_obj
def migrate(caller: Caller) -> None:
    """Bring the database to the schema that this program needs; all of it or nothing."""
    from shebaoka.app import database
    from shebaoka.store import SCHEMA
    from shebaoka.store import migrate as run

    settings = caller.settings()
    if settings.database_url and not settings.owner_url:
        raise BadInput("SHEBAOKA_OWNER_URL: name the database as the owner of the schema, for this command alone.")
    with database(settings) as (owner_url, _):
        run(owner_url)
    say(f"The database has schema {SCHEMA}.")


@db.command()
@click.pass_obj
def status(caller: Caller) -> None:
    """Say which database it is, and whether it has the schema that this program needs."""
    from shebaoka.app import database
    from shebaoka.store import SCHEMA, Store

    settings = caller.settings()
    say(f"Database: {_where(settings)}")
    with database(settings) as (_, url), Store(url):
        say(f"Schema: {SCHEMA}, as this program needs it")


@click.group()
def vault() -> None:
    """The vault that holds the keys and the first PIN."""


@vault.command()
@click.pass_obj
def rotate(caller: Caller) -> None:
    """Make new keys for PINs and seals; the old ones stay, to check what was made with them."""
    from shebaoka.app import open_vault

    key_id = open_vault(caller.settings()).rotate()
    say(f"The keys {key_id} are used from now on. Make a backup of the vault before anything else.")
