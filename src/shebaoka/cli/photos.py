"""`shebaoka photo check`: an applicant's photo held against the standard. Needs neither token nor database: whoever may
read the file may have it checked."""

from pathlib import Path

import click

from shebaoka.cli.entrance import TROUBLE, json_option, language_option
from shebaoka.cli.layout import say, say_json
from shebaoka.cli.newfiles import write_new


def add_to(main: click.Group) -> None:
    """Put the command into the command line."""
    main.add_command(photo)


@click.group()
def photo() -> None:
    """Photos for the card."""


_new_file = click.Path(dir_okay=False, path_type=Path)


@photo.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bytes-min", type=click.IntRange(0), help="How many bytes the file must have.")
@click.option("--bytes-max", type=click.IntRange(1), help="How many bytes the file may have.")
@click.option("--picture", type=_new_file, help="Draw what is missed where, as SVG, into this new file.")
@click.option("--mended", type=_new_file, help="Write a photo that passes, if a crop makes one, into this new file.")
@language_option
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    file: Path,
    bytes_min: int | None,
    bytes_max: int | None,
    picture: Path | None,
    mended: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Check the photo in FILE, a JPEG or PNG, against the standard for identity photos.

    Exit code 1 if it misses something.
    """
    from shebaoka.photo import Range, mend, photo_words, picture_of
    from shebaoka.photo import check as check_photo

    with file.open("rb") as opened:
        data = opened.read((5 << 20) + 1)
    file_size = Range(bytes_min, bytes_max)
    verdict, words = check_photo(data, file_size), photo_words(language)
    better = mend(data, file_size) if mended is not None else None
    if picture is not None:
        write_new("--picture", picture, picture_of(verdict, language).encode())
    if mended is not None and better is not None:
        write_new("--mended", mended, better.data)
    if as_json:
        say_json({"passes": verdict.passes, "verdict": verdict, "mended": better is not None})
    elif verdict.passes:
        say(words.texts["passes"], first="✓ ")
    for finding in () if as_json else verdict.findings:
        say(words.sentence(finding), first="✗ ")
    if mended is not None and not as_json:
        say(words.texts["mended" if better is not None else "not_mended"], first="  ")
    if not verdict.passes:
        ctx.exit(TROUBLE)
