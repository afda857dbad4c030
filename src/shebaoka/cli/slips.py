"""`shebaoka slip sample`: a proof of one of the window's papers, to set up a printer with.

Needs neither token nor database; whoever it is about is invented.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import Caller, language_option
from shebaoka.cli.layout import say
from shebaoka.cli.newfiles import write_new
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.notice import Speech
    from shebaoka.paper import Slip, SlipWidth

PAPERS = ("form", "acceptance", "refusal", "receipt", "handover", "day-list")
ON_A4_ALONE = ("form", "day-list")


def add_to(main: click.Group) -> None:
    """Put the command into the command line."""
    main.add_command(slip)


@click.group()
def slip() -> None:
    """The papers of the window."""


@slip.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--paper", type=click.Choice(PAPERS), default="acceptance", show_default=True, help="Which paper.")
@click.option("--width", type=click.Choice(["a4", "80mm"]), default="a4", show_default=True, help="On what paper.")
@click.option("--base", default="", help="The public page's address, for the QR code; without it there is none.")
@language_option
@click.pass_context
def sample(ctx: click.Context, out: Path, paper: str, width: "SlipWidth", base: str, language: str) -> None:
    """Write a proof of a paper, about somebody invented, into the new file OUT, a PDF.

    Print it in its own size to see whether the printer's margins fit, and read the QR code with a telephone.
    """
    if paper in ON_A4_ALONE and width != "a4":
        raise BadInput(f"--width: the {paper} is printed on A4 alone.")
    made = _made(ctx.obj, paper, width, base, language)
    write_new("OUT", out, made)
    say(str(out))


def _made(caller: Caller, paper: str, width: "SlipWidth", base: str, language: str) -> bytes:
    """The proof, by the notice of today."""
    from shebaoka.paper import application_form_pdf, day_list_pdf, slip_pdf
    from shebaoka.paper.slips import sample as samples

    fonts, speech = caller.settings().fonts, speech_of_today(caller, language)
    if paper == "form":
        return application_form_pdf(samples.sample_form(speech), speech, base=base, fonts=fonts)
    if paper == "day-list":
        return day_list_pdf(samples.sample_day(speech), speech, fonts=fonts)
    slips: dict[str, Callable[[Speech], Slip]] = {
        "acceptance": samples.sample_acceptance,
        "refusal": samples.sample_refusal,
        "receipt": samples.sample_receipt,
        "handover": samples.sample_handover,
    }
    return slip_pdf(slips[paper](speech), speech, width=width, base=base, fonts=fonts)


def speech_of_today(caller: Caller, language: str) -> "Speech":
    """The notice in force today in the city, in a language."""
    from shebaoka.app import load_notices, load_words
    from shebaoka.notice import Speech

    settings = caller.settings()
    notices = load_notices(settings.notice)
    return Speech(notices.on(dt.datetime.now(notices.zone).date()), load_words(settings.words)[language])
