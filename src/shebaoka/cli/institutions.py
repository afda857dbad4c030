"""Institutions and their terminals at the command line. None of it needs a token: it is the administrator's.

A terminal's keys are shown this one time, or written into a file that only its owner may read.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import Caller, json_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.newfiles import new_file
from shebaoka.cli.showing import local

if TYPE_CHECKING:
    from shebaoka.desk import NewTerminal

# As the desk has them, which is too heavy to be imported for a help text; a test holds them together.
CARES = ("outpatient", "pharmacy", "inpatient")
RIGHTS = ("enquire", "settle", "stay", "reconcile")
ALGORITHMS = ("hmac-sha256", "hmac-sm3", "ed25519")
CIPHERS = ("aes", "sm4")


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(institution)
    main.add_command(terminal)


@click.group()
def institution() -> None:
    """Hospitals, clinics and pharmacies that settle charges."""


@institution.command("add")
@click.argument("code")
@click.argument("name")
@click.option(
    "--kind", "kinds", multiple=True, required=True, type=click.Choice(CARES), help="What it may settle; repeatable."
)
@click.option("--part-payment", is_flag=True, help="The account pays as far as it goes, and the rest is cash.")
@click.pass_obj
def add_institution(caller: Caller, code: str, name: str, kinds: tuple[str, ...], part_payment: bool) -> None:
    """Add an institution under its code of 12 capital letters and digits."""
    with caller.house() as house:
        house.institutions.add(code, name, kinds, part_payment=part_payment)
    say(f"The institution {code} may settle {', '.join(dict.fromkeys(kinds))}.")


@institution.command("end")
@click.argument("code")
@click.pass_obj
def end_institution(caller: Caller, code: str) -> None:
    """End an institution and every terminal of it; what it settled stays."""
    with caller.house() as house:
        house.institutions.end(code)
    say(f"The institution {code} is ended.")


@institution.command("list")
@json_option
@click.pass_obj
def list_institutions(caller: Caller, as_json: bool) -> None:
    """List all institutions."""
    with caller.house() as house:
        found = house.institutions.everybody()
        if as_json:
            say_json({"institutions": found})
            return
        table(
            (
                i.code,
                i.name,
                ", ".join(i.kinds) + ("; part payment" if i.part_payment else ""),
                f"ended {local(house, i.ended_at)}" if i.ended_at else f"since {local(house, i.added_at)}",
            )
            for i in found
        )
        if not found:
            say("There are no institutions yet.")


@click.group()
def terminal() -> None:
    """Terminals of institutions, and their keys."""


@terminal.command("add")
@click.argument("key_id")
@click.option("--institution", "code", required=True, help="The code of the institution that it stands in.")
@click.option(
    "--algorithm", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], show_default=True, help="How it signs."
)
@click.option(
    "--pin-cipher", type=click.Choice(CIPHERS), default=CIPHERS[0], show_default=True, help="How it enciphers PINs."
)
@click.option(
    "--may", multiple=True, type=click.Choice(RIGHTS), help="What it may do; repeatable. Without any: everything."
)
@click.option("--public-key", default="", help="The public key of an Ed25519 terminal, 64 hexadecimal digits.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the keys into this new file, which only its owner may read, instead of showing them.",
)
@click.pass_obj
def add_terminal(
    caller: Caller,
    key_id: str,
    code: str,
    algorithm: str,
    pin_cipher: str,
    may: tuple[str, ...],
    public_key: str,
    out: Path | None,
) -> None:
    """Add a terminal; its keys are drawn, and shown this one time."""
    key = _public_key(public_key)
    with caller.house() as house:
        file = new_file("--out", out) if out else None
        try:
            # The choices are those of the types, which a help text must not wait for.
            made = house.institutions.add_terminal(
                key_id,
                code,
                algorithm=algorithm,  # type: ignore[arg-type]
                pin_cipher=pin_cipher,  # type: ignore[arg-type]
                may=may or RIGHTS,
                public_key=key,
            )
        except BaseException:
            if out and file is not None:
                os.close(file)
                out.unlink()
            raise
    lines = _lines(made, code, algorithm, pin_cipher)
    if file is None:
        click.echo(lines, nl=False)
        click.echo("The keys are shown this one time; put them into the terminal, and nowhere else.", err=True)
        return
    with os.fdopen(file, "w") as target:
        target.write(lines)
    say(f"The keys of {key_id} are in {out}. They are not shown again; take the file away once they are installed.")


def _public_key(said: str) -> bytes:
    try:
        return bytes.fromhex(said)
    except ValueError:
        raise click.UsageError("--public-key: give 64 hexadecimal digits.") from None


def _lines(made: "NewTerminal", code: str, algorithm: str, pin_cipher: str) -> str:
    """The terminal's keys as lines of names and values."""
    fields = {"key_id": made.key_id, "institution": code, "algorithm": algorithm}
    if made.signing_key:
        fields["signing_key"] = made.signing_key.hex()
    fields |= {"pin_cipher": pin_cipher, "pin_key": made.pin_key.hex()}
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


@terminal.command("end")
@click.argument("key_id")
@click.pass_obj
def end_terminal(caller: Caller, key_id: str) -> None:
    """End a terminal; its messages are refused within two seconds."""
    with caller.house() as house:
        house.institutions.end_terminal(key_id)
    say(f"The terminal {key_id} is ended.")


@terminal.command("list")
@json_option
@click.pass_obj
def list_terminals(caller: Caller, as_json: bool) -> None:
    """List all terminals, without their keys."""
    with caller.house() as house:
        found = house.institutions.terminals()
        if as_json:
            names = ("key_id", "institution", "algorithm", "pin_cipher", "may", "ended_at")
            say_json({"terminals": [dict(zip(names, row, strict=True)) for row in found]})
            return
        table(
            (key_id, code, f"{algorithm}, {cipher}", f"ended {local(house, ended)}" if ended else ", ".join(may))
            for key_id, code, algorithm, cipher, may, ended in found
        )
        if not found:
            say("There are no terminals yet.")
