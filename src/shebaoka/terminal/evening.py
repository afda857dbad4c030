"""The evening at a terminal: totals and details against ours, and signing off (3201, 3202, 9002).

An institution sees its own cycles alone. What differs is answered difference by difference; why, the office explains.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from anyio import to_thread
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import Body

from shebaoka.desk import Amounts, Comparison, Difference, Known, Side, Terminal, Totals, read_details
from shebaoka.terminal.answers import AmountsOutput, DifferenceOutput, KnownOutput, Output, SideOutput, city_time, yuan
from shebaoka.terminal.inputs import DetailsInput, Message, SideTotals, SignOff, TotalsInput, fen
from shebaoka.terminal.shaping import Reader, numbered, plainly_answered
from shebaoka.web import Front

_MOST_OF_A_CYCLE = Decimal(10**12)
"""Yuan; no cycle's sum is larger."""
_SHOWN = 1000
"""So many differences are answered; `differences` says how many there are."""
_Found = tuple[Comparison, Sequence[Difference], Mapping[str, Known]]
_SIGN_OFF, _TOTALS, _DETAILS = Reader("9002", SignOff), Reader("3201", TotalsInput), Reader("3202", DetailsInput)


async def _sign_off(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    data: Annotated[Message[SignOff], Body(description="The message.")],  # noqa: ARG001
) -> Response[Any]:
    """Close a cycle that is equal, or whose differences are all explained."""
    message, terminal = await _SIGN_OFF.read(request)
    terminal.must("reconcile")
    came_at = city_time(front.clock(), front.notices.zone)

    def close() -> Output:
        front.evening.cycle(message.input.sign_no, terminal.institution)
        front.evening.close(message.input.sign_no, terminal.key_id)
        front.institutions.forget_cycle(terminal.institution)
        return Output(sign_no=message.input.sign_no, equal=True)

    output = await to_thread.run_sync(close)
    return plainly_answered(front, request, output, came_at)


async def _compare_totals(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    data: Annotated[Message[TotalsInput], Body(description="The message.")],  # noqa: ARG001
) -> Response[Any]:
    """The cycle's totals on both sides, positive and reverse transactions counted apart."""
    message, terminal = await _TOTALS.read(request)
    said = message.input
    theirs = Totals(positive=_side(said.positive, "positive"), reverse=_side(said.reverse, "reverse"))

    def compare() -> _Found:
        front.evening.cycle(said.sign_no, terminal.institution)
        return front.evening.compare_totals(said.sign_no, theirs, terminal.key_id), (), {}

    return await _compared(front, request, terminal, said.sign_no, compare)


async def _compare_details(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    data: Annotated[Message[DetailsInput], Body(description="The message.")],  # noqa: ARG001
) -> Response[Any]:
    """Every message that both sides do not have alike."""
    message, terminal = await _DETAILS.read(request)
    said = message.input

    def compare() -> _Found:
        front.evening.cycle(said.sign_no, terminal.institution)
        rows = read_details(said.file.encode())
        found, differences = front.evening.compare_details(said.sign_no, rows, terminal.key_id)
        return found, differences[:_SHOWN], front.evening.known(terminal.institution, differences[:_SHOWN])

    return await _compared(front, request, terminal, said.sign_no, compare)


async def _compared(
    front: Front, request: Request[Any, Any, Any], terminal: Terminal, cycle: int, compare: Callable[[], _Found]
) -> Response[Any]:
    terminal.must("reconcile")
    came_at = city_time(front.clock(), front.notices.zone)
    found, shown, known = await to_thread.run_sync(compare)
    output = Output(
        sign_no=cycle,
        equal=found.equal,
        positive=_shown(found.ours.positive),
        reverse=_shown(found.ours.reverse),
        differences=found.differences or 0,
        detail=tuple(_difference(d, known.get(d.message_id)) for d in shown),
    )
    return plainly_answered(front, request, output, came_at)


def _side(said: SideTotals, field: str) -> Side:
    amounts = [
        fen(getattr(said, name), f"input.{field}.{name}", most=_MOST_OF_A_CYCLE)
        for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
    ]
    return Side(said.setl_cnt, *amounts)


def _shown(side: Side) -> SideOutput:
    return SideOutput(
        setl_cnt=side.count,
        medfee_sumamt=yuan(side.total_fen),
        fund_pay_sumamt=yuan(side.pooled_fen),
        acct_pay=yuan(side.account_fen),
        psn_cash_pay=yuan(side.cash_fen),
    )


def _amounts(amounts: Amounts | None) -> AmountsOutput | None:
    if amounts is None:
        return None
    return AmountsOutput(
        medfee_sumamt=yuan(amounts.total_fen),
        fund_pay_sumamt=yuan(amounts.pooled_fen),
        acct_pay=yuan(amounts.account_fen),
        psn_cash_pay=yuan(amounts.cash_fen),
    )


def _difference(found: Difference, known: Known | None) -> DifferenceOutput:
    return DifferenceOutput(
        msgid=found.message_id,
        difference=found.difference,
        setl_id=found.settlement,
        ours=_amounts(found.ours),
        theirs=_amounts(found.theirs),
        known=KnownOutput(state=known.state, sign_no=known.cycle, clause=known.clause) if known else None,
    )


HANDLERS = [
    numbered("9002", "sign off, which closes a reconciled cycle")(_sign_off),
    numbered("3201", "a cycle's totals against ours")(_compare_totals),
    numbered("3202", "a cycle's details against ours")(_compare_details),
]
