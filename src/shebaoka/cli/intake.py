"""Moving the old medical card system over from the command line: looking at its files, and the steps of a run."""

import click

from shebaoka.cli.inspecting import inspect
from shebaoka.cli.moves import add_moves
from shebaoka.cli.reporting import add_to as add_report


def add_to(main: click.Group) -> None:
    """Put the command into the command line."""
    main.add_command(import_)
    import_.add_command(inspect)
    add_moves(import_)
    add_report(import_)


@click.group("import")
def import_() -> None:
    """Move the old medical card system over: its accounts, and this year's records (1.1, 1.2, 8.1)."""
