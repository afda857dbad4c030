"""Cards and readers on a clerk's machine: read a card, write a person into a blank one, serve the window's page;
proofs.

But for a batch's proofs, none of it needs a token or a database: whoever has card, reader and key in hand may use
them. What is done with whoever is found by a card goes through the desk like all else.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shebaoka.cli.entrance import Caller, json_option, language_option, read_token
from shebaoka.cli.forms import number_argument
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.newfiles import write_new
from shebaoka.cli.people import looked_up, reason_option
from shebaoka.cli.slips import speech_of_today
from shebaoka.numbers import mask, mask_name
from shebaoka.records import BadInput, CardKind, CardOrder, Digits

if TYPE_CHECKING:
    from shebaoka.chip import CardTalk, ChipContent

ORDER_MAX = 4 << 20
_KEY = re.compile(r"[0-9a-fA-F]{32}")

reader_option = click.option(
    "--reader", default="", help="Which reader, where there are several; `reader list` names them."
)
order_type = click.Path(exists=True, dir_okay=False, path_type=Path)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(reader)
    cards = main.commands["card"]
    if isinstance(cards, click.Group):
        cards.add_command(read)
        cards.add_command(order)
        cards.add_command(personalise)
        cards.add_command(proof)


@click.group()
def reader() -> None:
    """Card readers on this machine."""


@reader.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the readers on this machine, and in which of them a card lies."""
    from shebaoka.reader import Readers

    with closing(Readers()) as readers:
        slots = readers.slots()
    if as_json:
        say_json([{"reader": slot.reader, "has_card": slot.has_card} for slot in slots])
    elif slots:
        table((slot.reader, "card" if slot.has_card else "empty") for slot in slots)
    else:
        say("No card reader is plugged in.")


@reader.command()
@click.option("--origin", default="http://localhost:8000", show_default=True, help="Where the browser sees the pages.")
@click.option("--port", default=35970, show_default=True, type=click.IntRange(0, 65535), help="The port to listen on.")
@reader_option
def serve(origin: str, port: int, reader: str) -> None:
    """Tell the window's page in this machine's browser which card is put into the reader, until it is stopped.

    It tells the card serial and nothing else, each card once, and to pages of the origin alone.
    """
    from shebaoka.reader import Door, Watch

    watch = Watch(reader)
    watch.begin()
    with Door(watch, origin, port) as door:
        if not watch.has_reader:
            say(str(watch.trouble or "No card reader is plugged in yet; it may be at any time."))
        say(f"The reader is served at http://127.0.0.1:{door.server_port} to pages of {origin}. Ctrl-C ends it.")
        try:
            door.serve_forever()
        except KeyboardInterrupt:
            watch.close()


@reader.command()
@click.option("--order", type=order_type, help="An order as JSON, whose card it shall be; without one it is blank.")
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path), help="The card's key; drawn if it is new.")
@click.option("--pin", is_flag=True, help="Ask for the PIN that the card shall have, hidden.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the virtual reader is.")
@click.option("--port", default=35963, show_default=True, type=click.IntRange(1, 65535), help="Its port.")
def play(order: Path | None, key_file: Path | None, pin: bool, host: str, port: int) -> None:
    """Put a SIMULATED card into the virtual reader until it is stopped, to try readers and pages with.

    `make virtual-card` sets the virtual reader up.
    """
    from shebaoka.chip import VirtualCard, content_of, pin_block
    from shebaoka.reader import InVirtualReader

    key, block = _key_of_a_new_card(key_file), b""
    if pin:
        block = pin_block(click.prompt("PIN of the card", hide_input=True, confirmation_prompt=True, err=True))
    card = VirtualCard(secrets.token_bytes, key=key, pin=block)
    if order is not None:
        card.write(content_of(order_in(order)))
    with InVirtualReader(card, host=host, port=port) as lying:
        what = "blank" if order is None else "written"
        say(f"A simulated card, {what}, lies in the virtual reader. Ctrl-C takes it out.")
        try:
            lying.wait()
        except KeyboardInterrupt:
            return


def _key_of_a_new_card(path: Path | None) -> bytes:
    from shebaoka.chip import KEY_BYTES

    if path is not None and path.exists():
        return _key_in(path)
    key = secrets.token_bytes(KEY_BYTES)
    if path is not None:
        write_new("--key-file", path, key.hex().encode() + b"\n")
    return key


@click.command()
@reader_option
@click.option("--pin", is_flag=True, help="Ask for the holder's PIN first, hidden; a card of version 3 needs it.")
@click.option("--unmasked", is_flag=True, help="Show number and name in full.")
@json_option
def read(reader: str, pin: bool, unmasked: bool, as_json: bool) -> None:
    """Read the social security card in the reader: its files EF05 and EF06.

    A wrong PIN is counted by the card itself, for good; how many entries it still allows is said before one is typed.
    """
    with _talk(reader) as talk:
        if pin:
            _verify(talk)
        content = talk.read()
    if as_json:
        say_json(_shown(content, unmasked=unmasked))
        return
    if content.is_blank:
        say("This card is blank: nobody is written into it.")
    issue, holder = content.issue, content.holder
    rows: list[tuple[str, object]] = [
        ("卡号", issue.card_number or "—"),
        ("卡识别码", issue.card_serial),
        ("卡类别", issue.card_category or "—"),
        ("规范版本", issue.spec_version or "—"),
        ("初始化机构编号", issue.issuer or "—"),
        ("发卡日期", issue.issued_on or "—"),
        ("卡有效期", issue.valid_until or "—"),
    ]
    if holder is not None:
        rows += [
            ("社会保障号码", holder.number if unmasked else mask(holder.number)),
            ("姓名", holder.name if unmasked else mask_name(holder.name)),
            ("性别", holder.sex or "—"),
            ("民族", holder.ethnic_group or "—"),
            ("出生地", holder.birth_place or "—"),
            ("出生日期", holder.birth_on or "—"),
        ]
    table(rows)
    if holder is None and not content.is_blank:
        say("The card gives its holder only after the PIN: --pin asks for it. Card number and serial find the person.")


def _shown(content: "ChipContent", *, unmasked: bool) -> dict[str, object]:
    said: dict[str, object] = {**named(content.issue), "is_blank": content.is_blank, "holder": None}
    if content.holder is not None:
        holder = named(content.holder)
        if not unmasked:
            holder |= {"number": mask(content.holder.number), "name": mask_name(content.holder.name)}
        said["holder"] = holder
    return said


def _verify(talk: "CardTalk") -> None:
    left = talk.tries_left()
    digits = Digits(click.prompt(f"The holder's PIN ({left} entries left)", hide_input=True, err=True))
    if not talk.verify(digits):
        raise BadInput(f"The PIN is wrong; the card allows {talk.tries_left()} more.", code="card_pin_is_wrong")


@click.command()
@number_argument
@click.option(
    "--kind",
    type=click.Choice(["temporary", "social_security"]),
    default="temporary",
    show_default=True,
    help="Which of the person's cards.",
)
@reason_option
@language_option
@click.pass_context
def order(ctx: click.Context, /, **asked: Any) -> None:
    """Print the order of a card that somebody holds, as JSON with number and name in full, for `card personalise -`.

    It is for a card made at once, such as a temporary one. The look stands in the person's journal.
    """
    from shebaoka.desk import must_see_unmasked, order_for_chip

    with looked_up(ctx, asked | {"as_json": False}, must_see_unmasked) as (_, _, screen, speech):
        ordered = order_for_chip(screen.dossier, CardKind(asked["kind"]), speech.notice.p.card_data)
        click.echo(msgspec.json.encode(ordered).decode())


@click.command()
@click.argument("order", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option(
    "--key-file", required=True, type=order_type, help="The key under which the card takes data, in hexadecimal."
)
@reader_option
def personalise(order: Path, key_file: Path, reader: str) -> None:
    """Write the person of an ORDER, as JSON, into the blank card in the reader, and read it back. `-` is stdin.

    A card that is somebody's stays as it is; one that was pulled out meanwhile is still blank, and is written again.
    """
    from shebaoka.chip import FACTOR_BYTES, content_of, proof_of

    key, ordered = _key_in(key_file), order_in(order)
    with _talk(reader) as talk:
        written = talk.personalise(
            content_of(ordered), lambda _, challenge: proof_of(key, challenge, secrets.token_bytes(FACTOR_BYTES))
        )
    what = "is written and read back" if written else "was in the card already; nothing was changed"
    say(f"{mask_name(ordered.name)}, card {ordered.card_number}: {what}.", first="✓ ")


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--order", "orders", type=order_type, multiple=True, help="A card's order as JSON; may be given again.")
@click.option("--batch", default="", help="The cards of a batch that is approved; needs a token that may keep batches.")
@click.option("--line", default=1, show_default=True, type=click.IntRange(1), help="The batch's line to begin with.")
@click.option("--cards", default=40, show_default=True, type=click.IntRange(1, 200), help="How many cards at most.")
@language_option
@click.pass_obj
def proof(
    caller: Caller, out: Path, orders: tuple[Path, ...], batch: str, line: int, cards: int, language: str
) -> None:
    """Write proofs of cards, both faces of each with number and name in full, into the new file OUT.

    A PDF has four cards a sheet. Where OUT ends in .svg it is one card, in two files: OUT-front.svg and OUT-back.svg.
    """
    if bool(orders) == bool(batch):
        raise click.UsageError("Give either --order or --batch.")
    if not batch:
        _write_proofs(caller, out, map(order_in, orders), language)
        return
    with caller.signed_in() as (house, staff):
        found = (order for order in house.batches.orders(staff, batch) if order.line >= line)
        _write_proofs(caller, out, islice(found, cards), language)


def _write_proofs(caller: Caller, out: Path, orders: Iterable[CardOrder], language: str) -> None:
    from shebaoka.paper import card_faces, card_proofs_pdf

    speech, fonts = speech_of_today(caller, language), caller.settings().fonts
    if out.suffix != ".svg":
        write_new("OUT", out, card_proofs_pdf(orders, speech, fonts=fonts))
        say(str(out))
        return
    shown = list(islice(orders, 2))
    if len(shown) != 1:
        raise BadInput("OUT: an SVG shows one card; give one order, `--cards 1` of a batch, or name a PDF.")
    for face, drawn in zip(("front", "back"), card_faces(shown[0], speech, fonts=fonts), strict=True):
        there = out.with_name(f"{out.stem}-{face}.svg")
        write_new("OUT", there, drawn)
        say(str(there))


@contextmanager
def _talk(reader: str) -> "Iterator[CardTalk]":
    """The card in the reader."""
    from shebaoka.chip import CardTalk
    from shebaoka.reader import Readers

    with closing(Readers()) as readers, readers.card(readers.with_card(reader)) as carry:
        yield CardTalk(carry)


def _key_in(path: Path) -> bytes:
    said = read_token(path, "--key-file")
    if not _KEY.fullmatch(said):
        raise BadInput(f"--key-file: {path} holds no key; it is 32 hexadecimal digits on one line.")
    return bytes.fromhex(said)


def order_in(path: Path) -> CardOrder:
    """The order in a file. `BadInput` names the field that is wrong or missing."""
    with click.open_file(str(path), "rb") as opened:
        said = opened.read(ORDER_MAX + 1)
    if len(said) > ORDER_MAX:
        raise BadInput(f"{path}: an order is at most {ORDER_MAX >> 20} MB.")
    try:
        return msgspec.json.decode(said, type=CardOrder)
    except msgspec.DecodeError as e:
        raise BadInput(f"{path}: this is no order for a card: {e}") from None
