"""The keys of credentials for wallets at the command line. They are the administrator's; no token."""

import click

from shebaoka.cli.entrance import Caller
from shebaoka.cli.layout import say, table
from shebaoka.cli.showing import local


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(wallet)


@click.group()
def wallet() -> None:
    """The electronic card in wallets: the keys that credentials are signed with."""


@wallet.command("keys")
@click.pass_obj
def keys(caller: Caller) -> None:
    """The keys of credentials, the newest first; the one that is open signs."""
    with caller.house() as house:
        found = house.wallets.all_keys()
        table(
            (kid, local(house, drawn_at), "signs" if ended_at is None else f"ended {local(house, ended_at)}")
            for kid, drawn_at, ended_at in found
        )
    if not found:
        say("There is no key yet; the first is drawn when the first credential is issued.")


@wallet.command("new-key")
@click.pass_obj
def new_key(caller: Caller) -> None:
    """Draw a new key; it signs from now on. What older ones have signed can still be checked."""
    with caller.house() as house:
        kid = house.wallets.new_key()
    say(f"The new key is {kid}.")
