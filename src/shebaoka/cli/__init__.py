"""The command line `shebaoka`: every service, every look-up, and what the administrator does on the machine itself.

A face like the others: services and look-ups go through the desk, signed in by a staff token. What needs no token is
the administrator's (setup, staff, institution, terminal, window, maker, wallet, outbox send and key, db, vault, journal
verify and seal, money check, stock check, site), public (the notice, the list of services, proofs of slips), looks at
a file alone (photo check, import inspect), or at a card in hand (card read and personalise, reader).
"""

from pathlib import Path

import click

from shebaoka.cli.account import add_to as add_account
from shebaoka.cli.asking import add_to as add_services
from shebaoka.cli.batches import add_to as add_batches
from shebaoka.cli.batchfiles import add_to as add_batch_files
from shebaoka.cli.deliveries import add_to as add_deliveries
from shebaoka.cli.entrance import Caller, Front, unabridged
from shebaoka.cli.finding import add_to as add_finding
from shebaoka.cli.guiding import add_to as add_guide
from shebaoka.cli.institutions import add_to as add_institutions
from shebaoka.cli.intake import add_to as add_import
from shebaoka.cli.machine import add_to as add_machine
from shebaoka.cli.makers import add_to as add_maker
from shebaoka.cli.money import add_to as add_money
from shebaoka.cli.noticeboard import add_to as add_notice
from shebaoka.cli.office import add_to as add_office
from shebaoka.cli.outbox import add_to as add_outbox
from shebaoka.cli.people import add_to as add_people
from shebaoka.cli.photos import add_to as add_photo
from shebaoka.cli.readers import add_to as add_readers
from shebaoka.cli.site import add_to as add_site
from shebaoka.cli.slips import add_to as add_slip
from shebaoka.cli.stock import add_to as add_stock
from shebaoka.cli.wallets import add_to as add_wallets
from shebaoka.cli.windows import add_to as add_windows


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file with the staff token; only its owner may read it. Else SHEBAOKA_TOKEN holds the token.",
)
@click.option("--traceback", is_flag=True, help="If the program itself is at fault, show where.")
@click.version_option(package_name="shebaoka", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, token_file: Path | None, traceback: bool) -> None:  # noqa: ARG001 - Front reads it
    """A city's social security card, from application to account.

    Exit codes: 0 accepted or done, 3 refused, 1 trouble, 2 wrong usage. Settings come from SHEBAOKA_… variables.
    """
    ctx.obj = Caller(token_file)


for _add in (
    add_machine,
    add_office,
    add_notice,
    add_guide,
    add_import,
    add_institutions,
    add_money,
    add_photo,
    add_slip,
):
    _add(main)
for _add in (add_people, add_account, add_services, add_batches, add_batch_files, add_finding, add_stock):
    _add(main)
for _add in (add_deliveries, add_maker, add_outbox, add_site, add_wallets, add_windows):
    _add(main)
add_readers(main)
unabridged(main)
