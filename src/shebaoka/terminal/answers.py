"""What messages are answered: the national platform's envelope, the decision's ground and clause, and its words."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from shebaoka.notice import Speech
from shebaoka.records import Answer, Receipt

Amount = Annotated[str, Meta(description="Yuan with two decimals")]


class AmountsOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge came to; below zero if it takes one back."""

    medfee_sumamt: Amount
    fund_pay_sumamt: Amount
    acct_pay: Amount
    psn_cash_pay: Amount


class SideOutput(AmountsOutput, frozen=True, kw_only=True):
    """Our count and sums of one direction, without sign."""

    setl_cnt: int


class KnownOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a message that only they have: `settled` in the cycle `sign_no`, `refused` by `clause`, `stopped`,
    `decided` without moving money, or `never_came`.
    """

    state: str
    sign_no: int = 0
    clause: str = ""


class DifferenceOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that both sides do not have alike: `ours_only`, `theirs_only` or `amount`. `known` stands beside
    `theirs_only` alone.
    """

    msgid: str
    difference: str
    setl_id: str
    ours: AmountsOutput | None
    theirs: AmountsOutput | None
    known: KnownOutput | None = None


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a message; each kind of message fills what it is about."""

    setl_id: str = ""
    mdtrt_id: str = ""
    medfee_sumamt: Amount = ""
    fund_pay_sumamt: Amount = ""
    acct_pay: Amount = ""
    psn_cash_pay: Amount = ""
    balc: Amount = ""
    begntime: str = ""
    endtime: str = ""
    sign_no: int = 0
    cutover_on: str = ""
    tries_left: int | None = None
    equal: bool | None = None
    positive: SideOutput | None = None
    reverse: SideOutput | None = None
    differences: int | None = None
    detail: tuple[DifferenceOutput, ...] = ()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`infcode` is 0 for a yes and -1 for a no; `err_msg` says the no, `do` what to do; `clause` is what it rests on.

    `inf_refmsgid` is the entry's place in the journal, empty for a pre-settlement unless it counted a wrong PIN.
    `repeated` tells a message that was answered before, `undone_by` the place of what took its settlement back since.
    """

    infcode: int
    inf_refmsgid: str
    refmsg_time: str
    respond_time: str
    err_msg: str
    output: Output
    ground: str = ""
    clause: str = ""
    notice: str = ""
    do: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    repeated: bool = False
    undone_by: str = ""


def yuan(fen_: int) -> str:
    """Fen as messages carry them: yuan with two decimals."""
    whole, rest = divmod(abs(fen_), 100)
    return f"{'-' if fen_ < 0 else ''}{whole}.{rest:02d}"


_AMOUNTS = {
    "total_fen": "medfee_sumamt",
    "pooled_fen": "fund_pay_sumamt",
    "account_fen": "acct_pay",
    "cash_fen": "psn_cash_pay",
    "balance_fen": "balc",
}
_NAMES = {"stay": "mdtrt_id", "admitted_on": "begntime", "discharged_on": "endtime", "tries_left": "tries_left"}


def output_of(answer: Answer, entry: str) -> Output:
    """What a decision says in the platform's names."""
    said: dict[str, str | int] = {}
    for name, value in answer.facts.items():
        if name in _AMOUNTS:
            said[_AMOUNTS[name]] = yuan(int(value))
        elif name in _NAMES:
            said[_NAMES[name]] = value
    settled = {"charge_settled", "settlement_taken_back"} & set(answer.done)
    return Output(setl_id=entry if settled else "", **said)  # type: ignore[arg-type]


def reply_to(receipt: Receipt, speech: Speech, came_at: str, now: dt.datetime, zone: dt.tzinfo) -> Reply:
    """A decision as the answer to a message."""
    answer = receipt.answer
    accepted = answer.outcome == "accepted"
    return Reply(
        infcode=0 if accepted else -1,
        inf_refmsgid=receipt.entry,
        refmsg_time=came_at,
        respond_time=city_time(now, zone),
        err_msg="" if accepted else speech.says(answer),
        output=output_of(answer, receipt.entry),
        ground=answer.ground,
        clause=answer.clause,
        notice=answer.notice,
        do=tuple(speech.do(answer)),
        readings=tuple(speech.readings(answer)),
        repeated=receipt.repeated,
        undone_by=receipt.undone_by,
    )


def plain_reply(
    output: Output, came_at: str, now: dt.datetime, zone: dt.tzinfo, clause: str = "", notice: str = ""
) -> Reply:
    """An answer that rests on no decision about a person: signing in and off, reconciling, asking back.

    `clause`, of that version of the notice, is what a `cutover_on` in the output rests on.
    """
    return Reply(
        infcode=0,
        inf_refmsgid="",
        refmsg_time=came_at,
        respond_time=city_time(now, zone),
        err_msg="",
        output=output,
        clause=clause,
        notice=notice,
    )


def city_time(at: dt.datetime, zone: dt.tzinfo) -> str:
    """An instant as messages carry it: the city's time, to the second."""
    # A twentieth of what strftime costs, which asks the zone for its name and is a part of every answer, twice.
    return at.astimezone(zone).isoformat(" ", "seconds")[:19]
