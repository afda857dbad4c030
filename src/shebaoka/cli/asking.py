"""Every service as a command. One table says which command asks for which request; its options are the fields.

PIN entries are asked for hidden or read from stdin, and never stand on the command line.
"""

import sys
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shebaoka import records as r
from shebaoka.cli.entrance import REFUSED, desk_of, json_option, language_option
from shebaoka.cli.forms import common_options, fill, own_options
from shebaoka.cli.showing import show_receipt
from shebaoka.numbers import mask
from shebaoka.records import Ask, Digits, Receipt, Request

if TYPE_CHECKING:
    from shebaoka.desk import Desk
    from shebaoka.notice import Notice

COMMANDS: dict[str, type[Request]] = {
    "person register": r.RegisterPerson,
    "person look-up": r.LookUpPerson,
    "apply": r.ApplyForCard,
    "temporary apply": r.ApplyForTemporaryCard,
    "temporary extend": r.ExtendCard,
    "amend": r.AmendApplication,
    "withdraw": r.WithdrawApplication,
    "batch put-in": r.PutInBatch,
    "batch made": r.RecordMade,
    "batch rejected": r.RecordRejected,
    "batch ready": r.RecordReady,
    "delivery return": r.ReturnUncollectedCard,
    "collect": r.CollectCard,
    "activate": r.ActivateCard,
    "use": r.UseCard,
    "report-loss": r.ReportLoss,
    "cancel-loss-report": r.CancelLossReport,
    "unlock": r.UnlockCard,
    "change-pin": r.ChangePin,
    "reset-pin": r.ResetPin,
    "replace": r.ReplaceCard,
    "hand-in": r.HandInCard,
    "cancel": r.CancelCard,
    "carry-over": r.CarryOverAccount,
    "undo-carry-over": r.UndoCarryOver,
    "account credit": r.CreditContribution,
    "correction propose": r.ProposeCorrection,
    "correction approve": r.ApproveCorrection,
    "extended add": r.AddExtendedApplication,
    "extended remove": r.RemoveExtendedApplication,
    "bank answer": r.RecordBankAnswer,
    "calendar expire": r.ExpireCard,
    "calendar end-loss-report": r.EndLossReport,
    "calendar stop-old-card": r.StopOldCard,
}
"""Command → request. What institutions ask comes in signed from their terminals, and has no command."""
COMMAND_OF: dict[str, str] = {r.SERVICE_OF[request]: command for command, request in COMMANDS.items()}
"""Service → command, for lists that say how a service is asked for."""

GROUPS = {
    "person": "Register a person, look one up, and show what is on file about them.",
    "temporary": "The temporary card.",
    "batch": "Card production: batches for the maker, and what becomes of each card until it is at its window.",
    "delivery": "Cards on their way to windows and people.",
    "account": "The personal account.",
    "correction": "Corrections of an account: one person proposes, another approves.",
    "extended": "Extended applications on a card.",
    "bank": "What the bank answers.",
    "calendar": "What happens because a day has come.",
}
HELP = {
    r.ApplyForCard: "Apply for a social security card (申领).",
    r.AmendApplication: "Change where an application's card is collected, or its photo. What is not given stays.",
}
"""What a command says it does, where the request's own sentence speaks of its fields."""
_TAKES_PIN = (r.ActivateCard, r.UseCard, r.ChangePin)
_TAKES_NEW_PIN = (r.ActivateCard, r.ChangePin, r.ResetPin, r.ApplyForTemporaryCard, r.ReplaceCard)


def add_to(main: click.Group) -> None:
    """Put every service command into the command line."""
    for path, request in COMMANDS.items():
        group, _, name = path.rpartition(" ")
        group_of(main, group).add_command(_command(name, request))


def group_of(main: click.Group, name: str) -> click.Group:
    """The group of this name, made if it is not there; the main one for no name."""
    if not name:
        return main
    found = main.commands.get(name)
    if not isinstance(found, click.Group):
        found = click.Group(name, help=GROUPS[name])
        main.add_command(found)
    return found


def _command(name: str, request: type[Request]) -> click.Command:
    params = [*common_options(), *own_options(request), *_pin_options(request)]
    if request is r.CreditContribution:
        params.append(_supplement_option())
    if request in (r.ApplyForTemporaryCard, r.ReplaceCard):
        params.append(click.Option(["--blank"], help="The blank card that is used; else the window's next."))
    params.append(click.Option(["--dry-run"], is_flag=True, help="Only say what the answer would be; nothing is done."))
    command = click.Command(
        name,
        params=params,
        callback=click.pass_context(partial(_ask, request=request)),
        help=HELP.get(request, request.__doc__),
    )
    return language_option(json_option(command))


def _supplement_option() -> click.Option:
    says = "Which credit of the month it is: 2 or more for a further one of the same month (补缴)."
    return click.Option(["--supplement"], type=click.IntRange(1, 999), default=1, show_default=True, help=says)


def _pin_options(request: type[Request]) -> list[click.Parameter]:
    options: list[click.Parameter] = []
    if request in _TAKES_PIN:
        options.append(click.Option(["--pin"], is_flag=True, help="Ask for the card's present PIN, hidden."))
    if request in _TAKES_NEW_PIN:
        options.append(click.Option(["--new-pin"], is_flag=True, help="Ask for the PIN that the holder chose, twice."))
    if options:
        says = "Read two lines from stdin: the present PIN, the new PIN; an empty line stands for none."
        options.append(click.Option(["--pins-stdin"], is_flag=True, help=says))
    return options


def _ask(ctx: click.Context, /, request: type[Request], **given: Any) -> None:
    """Ask for one service, and show the receipt."""
    dry_run, as_json, language = given["dry_run"], given["as_json"], given["language"]
    if not given["id"]:
        given["id"] = _id_of(request, given)
    asked = fill(request, given)
    pin, new_pin = _pins(given)
    with ctx.obj.signed_in() as (house, staff), desk_of(house) as desk:
        sender = staff.sender(asked)
        if given["shows_all"]:
            papers = asked_to_show(house.notices.on(desk.today()), asked)
            asked = msgspec.structs.replace(asked, shows=tuple(dict.fromkeys((*asked.shows, *papers))))
        ask = Ask(asked, sender, pin, new_pin, blank=(given.get("blank") or "").strip().upper())
        receipt = _tried(desk, ask) if request is r.CreditContribution and not dry_run else None
        receipt = receipt or desk.ask(ask, dry_run=dry_run)
        show_receipt(
            house,
            receipt,
            about=mask(asked.person),
            language=language,
            as_json=as_json,
            # A wrong PIN entry was counted in earnest.
            dry_run=dry_run and not receipt.entry,
        )
    if receipt.answer.outcome == "refused":
        ctx.exit(REFUSED)


def _id_of(request: type[Request], given: dict[str, Any]) -> str:
    """The id of a request that was given none: a credit's follows from its month, any other is drawn."""
    if request is r.CreditContribution:
        return r.credit_id(given["month"], given["number"], given["supplement"])
    return str(uuid.uuid4())


def _tried(desk: "Desk", ask: Ask) -> Receipt | None:
    """A credit's refusal, found by a dry run so that the month's id stays free, as in the importer; None for a yes."""
    receipt = desk.ask(ask, dry_run=True)
    return receipt if receipt.answer.outcome == "refused" else None


def _pins(given: dict[str, Any]) -> tuple[Digits | None, Digits | None]:
    """The PIN entries that came beside the request."""
    wants_pin, wants_new = given.get("pin"), given.get("new_pin")
    if given.get("pins_stdin"):
        if wants_pin or wants_new:
            raise click.UsageError("Give either --pins-stdin, or --pin and --new-pin.")
        return _line(), _line()
    return (
        _typed("PIN") if wants_pin else None,
        _typed("New PIN", twice=True) if wants_new else None,
    )


def _line() -> Digits | None:
    text = sys.stdin.readline().rstrip("\r\n")
    return Digits(text) if text else None


def _typed(prompt: str, *, twice: bool = False) -> Digits:
    return Digits(click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))


def asked_to_show(notice: "Notice", request: Request) -> tuple[r.Material, ...]:
    """Everything that the notice asks to be brought for a request, and of the agent if one came."""
    service = r.SERVICE_OF[type(request)]
    variants = (getattr(request, f, None) for f in ("why", "kind", "purpose", "function"))
    keys = [*(f"{service}.{v}" for v in variants if v), service]
    asked = next((notice.materials[k] for k in keys if k in notice.materials), None)
    if asked is None:
        return ()
    return asked.holder + (asked.agent_adds if request.agent else ())
