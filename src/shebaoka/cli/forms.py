"""Requests as forms: the options of a command made from the fields of its request, and the request from the options.

`asking` builds every service command with it, so a field that a request gains is an option without a line here.
"""

import datetime as dt
import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import click
import msgspec
from msgspec import inspect

from shebaoka.records import Material, Request

SAYS = {
    "id": "an id of 1 to 64 letters, digits and . _ : -",
    "person": "a social security number: seventeen digits, then a digit or X",
    "name": "the person's name, at most 50 characters",
    "region": "the county code, six digits",
    "insured_on": "the first day of insurance",
    "collect_at": "the code of the window where the card is collected",
    "photo": "the name of the electronic photo",
    "ethnic_group": "the code of the ethnic group (民族), two digits of GB/T 3304, such as 01",
    "blank": "the stock number of the blank card",
    "spoilt": "whether the card is rejected, missing, or of a batch that was withdrawn",
    "batch": "the name of the batch: 1 to 64 letters, digits and . _ : -",
    "reason": "the reason in words, at most 200 characters",
    "card": "which card",
    "function": "which function of the card",
    "purpose": "what the social function is used for",
    "kind": "which kind of loss report",
    "why": "the reason",
    "financial": "what the bank answered about the financial function",
    "application": "the extended application, such as library",
    "balance_fen": "the old account's balance",
    "paid_fen": "what was paid",
    "old_card_number": "the old card's number: capital letters and digits, at most 32",
    "records": "a consumption record of the old card: day, institution, total and account share in yuan; repeatable",
    "in_hospital_since": "the day of an admission that is still open",
    "hands_in_damaged_card": "the damaged social security card is handed in",
    "hands_in_temporary_card": "the temporary card is handed in",
    "month": "the month, as 2013-07",
    "amount_fen": "the amount",
    "entry": "the entry's place in the journal, as 1001-7",
    "right_fen": "what shall stand in the entry's place; 0 for nothing",
    "proposal": "the proposal's place in the journal, as 1001-9",
    "agent.name": "the agent's name, at most 50 characters",
    "agent.number": "the agent's social security number",
    "agent.relation": "how the agent is related to the holder, at most 200 characters",
}
"""What is to be given for a field, as its option's help and as the sentence when it does not fit."""

_NOT_TYPED = ("years", "code")
"""Fields whose contents come beside the request, from files, or from a terminal that read them."""
_RENAMED = {"records": "--record", "person": "NUMBER", "shows": "--shows"}


class Yuan(click.ParamType):  # type: ignore[type-arg] # generic in newer click only
    """An amount in yuan with at most two decimals, as fen."""

    name = "yuan"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`28` or `28.5` or `28.50` → fen."""
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,2})?", value):
            self.fail(f"{value!r} is not an amount in yuan; write it like 28 or 28.50.", param, ctx)
        return int(Decimal(value) * 100)


class Day(click.ParamType):  # type: ignore[type-arg]
    """A day as YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """The day that is written."""
        if isinstance(value, dt.date):
            return value
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                return dt.date.fromisoformat(value)
        except ValueError:
            pass
        return self.fail(f"{value!r} is not a day; write it like 2013-07-01.", param, ctx)


class PersonNumber(click.ParamType):  # type: ignore[type-arg]
    """A social security number; `-` reads it from a line of stdin, where no list of processes shows it."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The number without blanks and with a capital X. Whether it can be somebody's, the rules say."""
        number = str(sys.stdin.readline() if value == "-" else value).strip().upper()
        if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
            self.fail("a social security number has seventeen digits, then a digit or X.", param, ctx)
        return number


number_argument = click.argument("number", type=PersonNumber())


def option_name(field: str) -> str:
    """The option of a field: `balance_fen` → `--balance-yuan`, `agent.number` → `--agent-number`."""
    if field in _RENAMED:
        return _RENAMED[field]
    return "--" + re.sub(r"_fen$", "_yuan", field).replace("_", "-").replace(".", "-")


def common_options() -> list[click.Parameter]:
    """What every request says: its id, what is shown, who acts, what is paid."""
    return [
        click.Argument(["number"], type=PersonNumber()),
        click.Option(["--id", "id"], help="The request's id; sent again, it gets the first answer again. Else drawn."),
        click.Option(
            ["--shows"],
            type=click.Choice([m.value for m in Material]),
            multiple=True,
            metavar="PAPER",
            help=f"What is shown; repeatable. One of {', '.join(Material)}.",
        ),
        click.Option(["--shows-all"], is_flag=True, help="Everything that the notice asks for here was shown."),
        click.Option(["--agent-name"], help="The agent's name."),
        click.Option(["--agent-number"], type=PersonNumber(), help="The agent's social security number."),
        click.Option(["--agent-relation"], help="How the agent is related to the holder."),
        click.Option(["--paid-yuan", "paid_fen"], type=Yuan(), default=0, help="What was paid.", show_default=True),
    ]


def own_options(request: type[Request]) -> list[click.Parameter]:
    """An option for each field that a request has beyond what every request has."""
    info = inspect.type_info(request)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{request.__name__} is no struct.")
    left_out = (*Request.__struct_fields__, *_NOT_TYPED)
    return [_option(field) for field in info.fields if field.name not in left_out]


def _option(field: inspect.Field) -> click.Option:
    kind, says = _plain(field.type), SAYS[field.name]
    names = [option_name(field.name), field.name]
    default = None if field.required or field.default is msgspec.NODEFAULT else field.default
    shown: dict[str, Any] = {"help": f"{says[0].upper()}{says[1:]}.", "required": field.required}
    if isinstance(kind, inspect.BoolType):
        return click.Option(names, is_flag=True, **shown)
    if isinstance(kind, inspect.VarTupleType):
        return click.Option(
            names, type=(Day(), str, Yuan(), Yuan()), multiple=True, metavar="DAY PLACE YUAN YUAN", **shown
        )
    if default not in (None, ""):
        shown.update(default=str(default), show_default=True)
    return click.Option(names, type=_type(kind, field.name), **shown)


def _type(kind: inspect.Type, field: str) -> click.ParamType:  # type: ignore[type-arg]
    """How a field is written on the command line."""
    if isinstance(kind, inspect.EnumType):
        return click.Choice([m.value for m in kind.cls])
    if isinstance(kind, inspect.LiteralType):
        return click.Choice([str(v) for v in kind.values])
    if isinstance(kind, inspect.DateType):
        return Day()
    if isinstance(kind, inspect.IntType) and field.endswith("_fen"):
        return Yuan()
    if isinstance(kind, inspect.StrType):
        return click.STRING
    raise TypeError(f"{field}: there is no way to write {type(kind).__name__} on the command line.")


def _plain(kind: inspect.Type) -> inspect.Type:
    """A type without its remarks, and without the None that it may be."""
    if isinstance(kind, inspect.Metadata):
        return _plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        # A card is named by its kind here; the very card is read by terminals alone.
        (only,) = (t for t in kind.types if not isinstance(t, (inspect.NoneType, inspect.StructType)))
        return _plain(only)
    return kind


def fill(request: type[Request], given: Mapping[str, Any]) -> Any:
    """The request that the options say; what was not given is left to its default. `UsageError` names the option."""
    fields = {k: v for k, v in given.items() if k in request.__struct_fields__ and v is not None}
    agent = {k.removeprefix("agent_"): v for k, v in given.items() if k.startswith("agent_") and v is not None}
    if agent:
        if not {"name", "number"} <= set(agent):
            raise click.UsageError("An agent needs both --agent-name and --agent-number.")
        fields["agent"] = agent
    fields["person"] = given["number"]
    try:
        return msgspec.convert(fields, request)
    except msgspec.ValidationError as e:
        raise click.UsageError(_sentence(str(e))) from None


def _sentence(fault: str) -> str:
    """msgspec's message with its path as the option, and what is to be given there."""
    path = re.search(r"`\$\.([a-z_.]+)", fault)
    field = path.group(1).rstrip(".") if path else ""
    if field not in SAYS:
        return f"The request cannot be read: {fault}."
    return f"{option_name(field)} does not fit: give {SAYS[field]}."
