"""The report of a run of moving a city over, written from the command line as one page and as PDF, to be signed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.layout import say
from shebaoka.notice import LANGUAGES
from shebaoka.records import RunReport

if TYPE_CHECKING:
    from shebaoka.app import House


def add_to(group: click.Group) -> None:
    """Put the command into the group `import`."""
    group.add_command(report)


@click.command("report")
@click.argument("run")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that gets report.html and report.pdf; it is made if there is none.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Language of the report.",
)
@click.pass_context
def report(ctx: click.Context, run: str, folder: Path, language: str) -> None:
    """Write the report of RUN as report.html and report.pdf. Any role may; nobody is named in it.

    The page needs nothing beside it: it can be kept, sent and printed as it is. What was there before is replaced.
    """
    from shebaoka.importer import report_of

    with ctx.obj.signed_in() as (house, _):
        write_report(house, report_of(house.runs, run), folder, language)


def write_report(house: "House", found: RunReport, folder: Path, language: str = LANGUAGES[0]) -> None:
    """Write a run's report in every form, and say where."""
    from shebaoka.paper import RUN_FORMS, notice_of, run_report_as

    speech = house.speech(notice_of(found, house.notices), language)
    made = {form: run_report_as(form, found, speech, house.settings.fonts) for form in RUN_FORMS}
    folder.mkdir(parents=True, exist_ok=True)
    for form, content in made.items():
        path = folder / f"report.{form}"
        path.write_bytes(content)
        say(str(path))
