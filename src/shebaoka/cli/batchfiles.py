"""A batch's files at the command line: the package for its maker and the results, the bank's accounts and answers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.asking import group_of
from shebaoka.cli.entrance import Caller, json_option, language_option
from shebaoka.cli.layout import say, say_json

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import Taken, Written
    from shebaoka.maker import Manifest

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    group = group_of(main, "batch")
    for command in (package, results, bank_file, bank_answer):
        group.add_command(command)


_batch = click.argument("batch")


@click.command()
@_batch
@click.option("--maker", default="", help="The code of its maker; not needed where there is one alone.")
@click.option("--out", type=_OUT, help="The new file. Else BATCH.cards in the present folder.")
@json_option
@click.pass_obj
def package(caller: Caller, batch: str, maker: str, out: Path | None, as_json: bool) -> None:
    """Write an approved batch's package for its maker, signed and encrypted, into a new file."""
    with caller.signed_in() as (house, staff):
        _wrote(house.maker_files.package(staff, batch, out or Path(f"{batch}.cards"), maker), as_json)


@click.command()
@_batch
@click.argument("file", type=_IN)
@language_option
@json_option
@click.pass_obj
def results(caller: Caller, batch: str, file: Path, language: str, as_json: bool) -> None:
    """Take the maker's result FILE in. It is checked whole first; each row that is not taken is told."""
    with caller.signed_in() as (house, staff):
        _took(house, *house.maker_files.results(staff, batch, file), language, as_json)


@click.command("bank-file")
@_batch
@click.option("--bank", default="", help="The code of its bank; not needed where there is one alone.")
@click.option("--out", type=_OUT, help="The new file. Else BATCH.accounts in the present folder.")
@json_option
@click.pass_obj
def bank_file(caller: Caller, batch: str, bank: str, out: Path | None, as_json: bool) -> None:
    """Write the accounts that the bank is to open for an approved batch into a new file; without photos."""
    with caller.signed_in() as (house, staff):
        _wrote(house.maker_files.accounts(staff, batch, out or Path(f"{batch}.accounts"), bank), as_json)


@click.command("bank-answer")
@_batch
@click.argument("file", type=_IN)
@language_option
@json_option
@click.pass_obj
def bank_answer(caller: Caller, batch: str, file: Path, language: str, as_json: bool) -> None:
    """Take the bank's answers in a FILE in. It is checked whole first; each row that is not taken is told."""
    with caller.signed_in() as (house, staff):
        _took(house, *house.maker_files.answers(staff, batch, file), language, as_json)


def _wrote(written: "Written", as_json: bool) -> None:
    if as_json:
        say_json(
            {"partner": written.partner, "file": str(written.path), "size": written.size, **_said(written.manifest)}
        )
        return
    m = written.manifest
    photos = f", {m.photos} photos" if m.photos else ""
    say(f"{written.path}: {m.rows} cards{photos}, {written.size:,} bytes, for {written.partner} alone to open.")
    say(f"SHA-256 of what is signed: {m.sealed_sha256}")


def _took(house: "House", manifest: "Manifest", taken: "Taken", language: str, as_json: bool) -> None:
    """What a file came to; exit code 1 if a row of it was not taken."""
    if as_json:
        say_json({"from": manifest.sender, **_said(manifest), "taken": taken})
    else:
        counts = ", ".join(f"{n} {what}" for what, n in taken.counts.items() if n) or "nothing new"
        say(
            f"{taken.rows} rows from {manifest.sender}: {counts}; {taken.repeated} known before, {taken.not_taken} not "
            "taken."
        )
        says = house.words[language].result_faults
        for fault in taken.faults:
            said = says[fault.fault]
            say(
                f"row {fault.row}: {said.says.format(about=fault.about)} {said.do.format(about=fault.about)}",
                first="  ",
            )
    if taken.not_taken:
        raise click.exceptions.Exit(1)


def _said(manifest: "Manifest") -> dict[str, object]:
    """What a manifest says that is nobody's data."""
    names = ("batch", "made_at", "format", "rows", "photos", "photo_bytes", "sealed_sha256")
    return {name: getattr(manifest, name) for name in names}
