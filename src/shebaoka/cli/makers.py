"""Makers of cards, banks and the keys of their files at the command line. It is the administrator's; no token.

`maker simulate` is another machine's part: a partner that the project plays itself, with keys of its own.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import Caller, json_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.cli.showing import local
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.desk import FileKey

_FILE_MAX = 64 * 1024
_DAY = click.DateTime(formats=["%Y-%m-%d"])


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(maker)


@click.group()
def maker() -> None:
    """Makers of cards and banks: their formats, and the keys of the files that go and come."""


@maker.command("formats")
@json_option
@click.pass_obj
def formats(caller: Caller, as_json: bool) -> None:
    """The formats of makers and banks, each checked whole."""
    from shebaoka.app import load_formats, makers_folder

    found = load_formats(caller.settings().makers or makers_folder())
    if as_json:
        say_json({"formats": found})
        return
    table((name, format_.partner, format_.title) for name, format_ in found.items())


@maker.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--format", "format_", required=True, help="The name of its format; `shebaoka maker formats` lists them.")
@click.pass_obj
def add(caller: Caller, code: str, name: str, format_: str) -> None:
    """Add a maker or a bank, as its format says."""
    with caller.house() as house:
        house.partners.add(code, name, format_)
        kind = house.partners.partner(code).kind
    say(f"The {kind} {code} is added. Add its public keys next: `shebaoka maker add-key`.")


@maker.command("change")
@click.argument("code")
@click.argument("name")
@click.option("--format", "format_", required=True, help="The name of its format.")
@click.pass_obj
def change(caller: Caller, code: str, name: str, format_: str) -> None:
    """Give a partner another name or format."""
    with caller.house() as house:
        house.partners.change(code, name, format_)
    say(f"{code} is changed.")


@maker.command("end")
@click.argument("code")
@click.pass_obj
def end(caller: Caller, code: str) -> None:
    """End a partner: no file goes to it or is taken from it any more."""
    with caller.house() as house:
        house.partners.end(code)
    say(f"{code} is ended.")


@maker.command("list")
@json_option
@click.pass_obj
def list_partners(caller: Caller, as_json: bool) -> None:
    """The partners."""
    with caller.house() as house:
        found = house.partners.everybody()
        if as_json:
            say_json({"partners": found})
            return
        table(
            (p.code, p.kind, p.name, p.format, f"ended {local(house, p.ended_at)}" if p.ended_at else "") for p in found
        )
        if not found:
            say("There are no makers or banks yet.")


@maker.command("keys")
@json_option
@click.pass_obj
def keys(caller: Caller, as_json: bool) -> None:
    """All public keys, ours first, and how long they are good."""
    with caller.house() as house:
        room = house.partners
        found = [*room.own_keys(), *room.public_keys()]
        today = room.today()
        if as_json:
            names = ("id", "partner", "use", "from_on", "until_on", "ended_at")
            say_json({"keys": [{name: getattr(k, name) for name in names} for k in found]})
            return
        table(
            (k.id, k.partner or f"{room.us} (ours)", k.use, f"{k.from_on} to {k.until_on}", _state(k, today))
            for k in found
        )
        if not found:
            say("There are no keys yet. Draw ours: `shebaoka maker new-keys`.")


def _state(key: "FileKey", today: dt.date) -> str:
    """How a key stands, in a word or two."""
    if key.ended_at is not None:
        return "ended"
    if today > key.until_on:
        return "expired"
    if today < key.from_on:
        return "not good yet"
    return "expires soon" if key.expires_soon(today) else "good"


@maker.command("new-keys")
@click.option("--until", required=True, type=_DAY, help="Their last day, YYYY-MM-DD.")
@click.pass_obj
def new_keys(caller: Caller, until: dt.datetime) -> None:
    """Draw two new keys of ours, to sign with and to be sealed for, and show the public ones.

    Earlier ones stay good until they expire or are ended.
    """
    with caller.house() as house:
        made = house.partners.new_keys(until.date())
    _show(made)
    click.echo("Give these to every partner, and let them read the keys' ids back to you.", err=True)


@maker.command("our-keys")
@click.pass_obj
def our_keys(caller: Caller) -> None:
    """Our public keys that are good today, as PEM, for partners."""
    with caller.house() as house:
        room = house.partners
        good = [key for key in room.own_keys() if key.is_good(room.today())]
    if not good:
        raise BadInput("We have no keys that are good today. Draw new ones: `shebaoka maker new-keys`.")
    _show(good)


def _show(found: "list[FileKey]") -> None:
    for key in found:
        click.echo(f"{key.id}, to {key.use}, until {key.until_on}\n{key.text()}", nl=False)


@maker.command("add-key")
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--until", required=True, type=_DAY, help="Its last day, YYYY-MM-DD.")
@click.option("--from", "from_", type=_DAY, help="Its first day; today without it.")
@click.pass_obj
def add_key(caller: Caller, code: str, file: Path, until: dt.datetime, from_: dt.datetime | None) -> None:
    """Add every public key in a PEM file of a partner's. Ask them for the ids in another way, and compare."""
    with caller.house() as house:
        for text in _pieces(file):
            key = house.partners.add_key(code, text, until.date(), from_.date() if from_ else None)
            use = f"{code} signs with it" if key.use == "sign" else f"files for {code} are sealed with it"
            say(f"{key.id}: {use}, from {key.from_on} to {key.until_on}.")


@maker.command("end-key")
@click.argument("key_id")
@click.pass_obj
def end_key(caller: Caller, key_id: str) -> None:
    """End a key, a partner's or ours, because it was lost or replaced."""
    with caller.house() as house:
        house.partners.end_key(key_id)
    say(f"The key {key_id} is ended.")


@maker.command("simulate-keys")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def simulate_keys(file: Path) -> None:
    """SIMULATED partner: draw its keys into a new file for its owner alone, and show the public ones."""
    from shebaoka.maker import KeyPair, placed, public_text

    pair = KeyPair.drawn()
    with placed(file) as out:
        out.write(pair.text().encode())
    click.echo(public_text("sign", pair.signing_public) + public_text("seal", pair.sealing_public), nl=False)


@maker.command("simulate")
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The new file it answers with."
)
@click.option(
    "--keys",
    "key_file",
    required=True,
    help="Its key file.",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--ours", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Our public keys."
)
@click.option("--format", "format_", required=True, help="The name of the partner's format.")
@click.option("--reject", "rejects", multiple=True, type=click.IntRange(min=1), help="A line to reject; repeatable.")
@click.option("--leave-out", "missing", multiple=True, type=click.IntRange(min=1), help="A line to say nothing of.")
@click.pass_obj
def simulate(
    caller: Caller,
    code: str,
    file: Path,
    out: Path,
    key_file: Path,
    ours: Path,
    format_: str,
    rejects: tuple[int, ...],
    missing: tuple[int, ...],
) -> None:
    """SIMULATED maker or bank: check a file that was sent to CODE, and answer it. No card is made.

    --keys is the file of `shebaoka maker simulate-keys`, --ours what `shebaoka maker our-keys` shows.
    """
    from shebaoka.app import load_formats, makers_folder
    from shebaoka.desk import now
    from shebaoka.maker import KeyPair, Simulated, public_key_of

    found = load_formats(caller.settings().makers or makers_folder())
    if format_ not in found:
        raise BadInput(f"--format: there is no format {format_[:40]!r}; there are {', '.join(found)}.")
    public = dict(public_key_of(text) for text in _pieces(ours))
    if len(public) != 2:
        raise BadInput("--ours: the file must hold both our public keys, to sign and to be sealed for.")
    pair = KeyPair.read(_text(key_file))
    partner = Simulated(code, pair, found[format_], format_, public["sign"], public["seal"])
    reasons = dict.fromkeys(rejects, "按要求")
    if found[format_].partner == "maker":
        manifest = partner.make_cards(file, out, now(), rejects=reasons, missing=missing)
    else:
        manifest = partner.open_accounts(file, out, now(), refused=reasons)
    say(f"SIMULATED: {code} answers the batch {manifest.batch} with {manifest.rows} rows in {out}. No card was made.")


def _pieces(file: Path) -> list[str]:
    """Every public key in a file."""
    end_ = "-----END PUBLIC KEY-----"
    begin = "-----BEGIN PUBLIC KEY-----"
    text = _text(file)
    if "PRIVATE KEY" in text:
        raise BadInput(f"{file}: there is a private key in it. Its owner keeps it, and should make another one now.")
    pieces = [begin + piece.rpartition(begin)[2] + end_ for piece in text.split(end_)[:-1] if begin in piece]
    if not pieces:
        raise BadInput(f"{file}: there is no public key in PEM in it; its first line would be {begin}.")
    return pieces


def _text(file: Path) -> str:
    raw = file.read_bytes() if file.stat().st_size <= _FILE_MAX else b""
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise BadInput(f"{file}: it is no file of keys in PEM.") from None
