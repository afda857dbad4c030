"""What a terminal is answered: response code, clause and ground, sums and balance, and the decision's sentence."""

import datetime as dt
from collections.abc import Mapping

from shebaoka.desk import Cycle
from shebaoka.notice import Notice, Speech
from shebaoka.pos.codes import APPROVED, code_of, code_of_trouble
from shebaoka.pos.packing import put_together
from shebaoka.pos.spec import (
    ACCOUNT,
    ANSWER_OF,
    CASH,
    CLAUSE,
    CURRENCY,
    CUTOVER,
    CYCLE,
    CYCLE_FROM,
    CYCLE_UNTIL,
    ECHOED,
    ENTRY,
    FAULT,
    GROUND,
    NOTICE,
    POOLED,
    REPEATED,
    TRIES_LEFT,
    TROUBLE,
    YEAR,
)
from shebaoka.records import Receipt, Trouble

Fields = dict[str, str]
_SUMS = {"pooled_fen": POOLED, "account_fen": ACCOUNT, "cash_fen": CASH}
_SENTENCE_BYTES = 900
_BALANCE_MAX_FEN = 10**12 - 1


def answer_to(asked: Mapping[str, str], said: Fields, sub: Mapping[str, str], now: dt.datetime) -> Fields:
    """An answer: what was asked echoed, what is said beside it. `now` is the instant in UTC."""
    echoed = {number: asked[number] for number in ECHOED if number in asked}
    fields = {"t": ANSWER_OF[asked["t"]], **echoed, "7": f"{now:%m%d%H%M%S}", **said}
    if own := put_together(sub):
        fields["48"] = own
    return fields


def decided(receipt: Receipt, speech: Speech, year: str, *, pin_given: bool) -> tuple[Fields, Fields]:
    """A decision as fields and sub-fields. The balance is told only where a PIN came with the message."""
    answer = receipt.answer
    fields = {"39": code_of(answer), "63": _sentence(speech.says(answer))}
    balance_fen = answer.facts.get("balance_fen")
    if pin_given and isinstance(balance_fen, int) and balance_fen <= _BALANCE_MAX_FEN:
        # Any account, its available balance, in yuan, on the holder's side.
        fields["54"] = f"0002{CURRENCY}C{balance_fen:012d}"
    sub = {
        YEAR: year,
        ENTRY: receipt.entry,
        CLAUSE: answer.clause,
        GROUND: answer.ground,
        NOTICE: answer.notice,
        REPEATED: "1" if receipt.repeated else "",
        TRIES_LEFT: str(answer.facts.get("tries_left", "")),
    }
    if answer.outcome == "accepted":
        sub |= {tag: str(answer.facts[name]) for name, tag in _SUMS.items() if name in answer.facts}
    return fields, sub


def troubled(trouble: Trouble, year: str = "") -> tuple[Fields, Fields]:
    """A trouble as fields and sub-fields: its code, and the field at fault where there is one."""
    return {"39": code_of_trouble(trouble)}, {YEAR: year, TROUBLE: trouble.code, FAULT: trouble.field}


def cycle_told(cycle: Cycle, year: str, zone: dt.tzinfo) -> tuple[Fields, Fields]:
    """The business cycle that was opened, joined or closed."""
    return {"39": APPROVED}, {
        YEAR: year,
        CYCLE: str(cycle.id),
        CYCLE_FROM: f"{cycle.opened_at.astimezone(zone):%Y%m%d%H%M%S}",
        CYCLE_UNTIL: f"{cycle.until_at.astimezone(zone):%Y%m%d%H%M%S}",
    }


def old_card_told(notice: Notice | None) -> Fields:
    """When the old card stops, by which clause of which version of the notice; nothing where none names the day."""
    if notice is None:
        return {}
    return {
        CUTOVER: f"{notice.p.cutover_on:%Y%m%d}",
        CLAUSE: notice.clause_of_parameter["cutover_on"],
        NOTICE: notice.id,
    }


def _sentence(text: str) -> str:
    """As much of a sentence as its field holds."""
    return text.encode("gb18030")[:_SENTENCE_BYTES].decode("gb18030", errors="ignore")
