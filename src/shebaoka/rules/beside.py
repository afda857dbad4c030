"""The three cards beside each other: what each can do, what it costs, where it ends. Clauses 1.1, 3, 5, 6, 7, 9.1.

Values are the notice's parameters. What can be asked for a card is tried, like everything in the guide, with an
invented holder who has such a card. Called by the desk, for the public page.
"""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.notice import Notice
from shebaoka.records import FACTS_BESIDE, SERVICES_BESIDE, Basis, CardKind, Function, Refusal
from shebaoka.rules.guide import Example

_SOCIAL, _TEMPORARY, _OLD = CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY, CardKind.OLD_MEDICAL


class BesideCell(msgspec.Struct, frozen=True):
    """What is so of one card: `word` says how it is told, with `value` in it; `refusal` is on what ground it is not."""

    word: str
    clause: str
    value: Any = None
    refusal: str = ""


class BesideRow(msgspec.Struct, frozen=True):
    """One fact about the social security card, the temporary card and the old medical card, in that order."""

    fact: str
    cells: tuple[BesideCell, BesideCell, BesideCell]


def beside(notice: Notice, on: dt.date) -> tuple[BesideRow, ...]:
    """Every fact, in the order of `FACTS_BESIDE`."""
    p, of = notice.p, notice.clause_of_parameter
    rows = _terms_and_functions(notice, on)
    rows["issued"] = (
        BesideCell("made_within", of["card_ready_within"], p.card_ready_within),
        BesideCell("at_once", notice.clause_of[Basis.TEMPORARY_CARD_IS_APPLIED_FOR_ALIKE]),
        _not_issued(notice),
    )
    rows["papers"] = (
        BesideCell("papers", of["application_materials"], p.application_materials.holder),
        BesideCell("papers", of["temporary_application_materials"], p.temporary_application_materials.holder),
        _not_issued(notice),
    )
    rows["activation"] = (
        _activation(notice, _SOCIAL, notice.clause_of[Basis.SOCIAL_FUNCTION_IS_ACTIVATED]),
        _activation(notice, _TEMPORARY, notice.clause_of[Basis.TEMPORARY_CARD_IS_USABLE_AT_ONCE]),
        _activation(notice, _OLD, notice.clause_of[Refusal.OLD_CARD_HAS_NO_SUCH_SERVICE]),
    )
    rows["first_fee"] = (
        _fee(notice, "first_card_fee_fen"),
        _fee(notice, "first_temporary_fee_fen"),
        _not_issued(notice),
    )
    rows["first_pin"] = (
        BesideCell("same_on_all", of["first_pin"]),
        BesideCell("by_holder", notice.clause_of[Basis.HOLDER_SETS_THE_PIN]),
        _not_issued(notice),
    )
    rows |= _services(notice, on)
    old = rows["replace_card"][2]
    rows["replacement_fee"] = (
        _fee(notice, "replacement_fee_fen"),
        _fee(notice, "temporary_replacement_fee_fen"),
        old,
    )
    return tuple(BesideRow(fact, rows[fact]) for fact in FACTS_BESIDE)


Cells = tuple[BesideCell, BesideCell, BesideCell]


def _not_issued(notice: Notice) -> BesideCell:
    """The old card comes from before; nobody gets one any more."""
    return BesideCell("not_issued", notice.clause_of[Basis.OLD_CARD_STOPS_WITH_THE_CUT_OVER])


def _activation(notice: Notice, kind: CardKind, clause: str) -> BesideCell:
    return BesideCell("needed" if kind in notice.p.activation_needed_for else "not_needed", clause)


def _fee(notice: Notice, parameter: str) -> BesideCell:
    fen: int = getattr(notice.p, parameter)
    return BesideCell("fee" if fen else "free", notice.clause_of_parameter[parameter], fen)


def _terms_and_functions(notice: Notice, on: dt.date) -> dict[str, Cells]:
    p, of = notice.p, notice.clause_of_parameter
    stops = notice.clause_of[Basis.OLD_CARD_STOPS_WITH_THE_CUT_OVER]
    cutover_on = p.cutover_on
    stop = (
        BesideCell("until_the_new_card", stops)
        if cutover_on is None
        else BesideCell("until" if on < cutover_on else "stopped_on", stops, cutover_on)
    )
    old = (
        BesideCell("functions", stops, (Function.SOCIAL,))
        if cutover_on is None or on < cutover_on
        else BesideCell("none", stops)
    )
    only = notice.clause_of[Basis.TEMPORARY_CARD_HAS_THE_SOCIAL_FUNCTION]
    return {
        "valid_for": (
            BesideCell("no_expiry", notice.clause_of[Basis.SOCIAL_SECURITY_CARD_DOES_NOT_EXPIRE]),
            BesideCell("term", of["temporary_valid"], p.temporary_valid),
            stop,
        ),
        "functions": (
            BesideCell("functions", of["functions"], p.functions.social_security),
            BesideCell("functions", only, p.functions.temporary),
            old,
        ),
    }


def _services(notice: Notice, on: dt.date) -> dict[str, Cells]:
    """Whether each service can be had for each card, as `decide` answers somebody who holds it, in use."""
    rows = {}
    for service in SERVICES_BESIDE:
        cells = [_tried(notice, on, service, kind) for kind in (_SOCIAL, _TEMPORARY, _OLD)]
        rows[service.partition(".")[0]] = (cells[0], cells[1], cells[2])
    return rows


def _tried(notice: Notice, on: dt.date, service: str, kind: CardKind) -> BesideCell:
    example = Example(notice, on)
    example.given_a_card(kind)
    said: dict[str, Any] = {"card": kind}
    if service == "add_extended_application":
        said["application"] = next(iter(notice.p.extended_applications), "none")
    move = example.ask(service, pin="change", **said)
    ground = move.decision.ground
    clause = notice.clause_of[ground]
    if move.accepted:
        return BesideCell("possible", clause)
    return BesideCell("not_possible", clause, kind.value, refusal=ground.value)
