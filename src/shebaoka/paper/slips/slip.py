"""The slips that somebody takes home: accepted, refused, paid, handed over. On A4, or on a roll of 80 mm."""

from pathlib import Path
from typing import Any, Literal

from shebaoka.notice import Speech
from shebaoka.numbers import mask, mask_name
from shebaoka.paper.amounts import grouped
from shebaoka.paper.slips.capitals import in_capitals
from shebaoka.paper.slips.pictures import signature_of
from shebaoka.paper.slips.setting import Row, Setting, filled
from shebaoka.paper.slips.shapes import AcceptanceSlip, EntrySlip, FeeReceiptSlip, HandedCard, HandoverSlip, RefusalSlip
from shebaoka.records import BadInput
from shebaoka.slipcode import grouped_slip_code

SlipWidth = Literal["a4", "80mm"]
SLIP_WIDTHS: tuple[SlipWidth, ...] = ("a4", "80mm")
Slip = AcceptanceSlip | RefusalSlip | FeeReceiptSlip | HandoverSlip | EntrySlip


def slip_pdf(
    slip: Slip, speech: Speech, *, width: SlipWidth = "a4", base: str = "", fonts: Path | None = None
) -> bytes:
    """A slip in the language of `speech`, on A4 or a roll.

    `base` is the public page's address for the QR code; `fonts` the folder that `SHEBAOKA_FONTS` names. `BadInput` if
    something in it cannot be printed, `NoFont` if nothing here prints Chinese.
    """
    if width not in SLIP_WIDTHS:
        raise BadInput(f"width: {width!r} is no paper for slips; choose one of {', '.join(SLIP_WIDTHS)}.")
    setting = Setting(speech, base, fonts)
    if isinstance(slip, AcceptanceSlip):
        heading, data, at = setting.say["acceptance"], _accepted(slip, setting), slip.accepted_at
    elif isinstance(slip, RefusalSlip):
        heading, data, at = setting.say["refusal"], _refused(slip, setting), slip.refused_at
    elif isinstance(slip, FeeReceiptSlip):
        heading, data, at = setting.say["refund" if slip.refund_of else "receipt"], _paid(slip, setting), slip.at
    elif isinstance(slip, EntrySlip):
        heading, data, at = setting.say["entry"], _entering(slip, setting), slip.at
    else:
        heading, data, at = setting.say["handover"], _handed(slip, setting), slip.at
    return setting.print("slip.typ", heading, {**_NOTHING, **data, "width": width}, at)


_NOTHING: dict[str, Any] = {
    "matter": "",
    "mark": "",
    "void": None,
    "sentence": "",
    "amount": None,
    "cards": [],
    "rows": [],
    "next": "",
    "steps": [],
    "more": [],
    "rests_on": "",
    "sign": None,
    "qr": None,
    "keep": "",
}
"""The parts of a slip, from top to bottom; one that a slip has not is left out."""


def _accepted(slip: AcceptanceSlip, setting: Setting) -> dict[str, Any]:
    say = setting.say
    fee = "" if slip.fee_fen is None else setting.fee(slip.fee_fen)
    told = (say["accepted_at"], setting.minute(slip.accepted_at))
    return {**_answered(slip, told, (say["fee"], fee), setting), "mark": f"✓ {say['accepted']}", "next": say["next"]}


def _refused(slip: RefusalSlip, setting: Setting) -> dict[str, Any]:
    say = setting.say
    told = (say["refused_at"], setting.minute(slip.refused_at))
    return {**_answered(slip, told, ("", ""), setting), "mark": f"× {say['refused']}", "next": say["instead"]}


def _answered(slip: AcceptanceSlip | RefusalSlip, told: Row, fee: Row, setting: Setting) -> dict[str, Any]:
    """What a yes and a no have in common."""
    say, speech = setting.say, setting.speech
    person = (say["name"], mask_name(slip.name)), (say["number"], mask(slip.number))
    place = (say["where"], slip.where), (say["hours"], slip.hours), (say["hotline"], speech.notice.p.hotline)
    return {
        "matter": setting.service(slip.service),
        "sentence": slip.sentence,
        "rows": filled(*person, told, (say["window"], slip.window), (say["clerk"], slip.clerk), fee),
        "steps": [[speech.date(step.on) if step.on else "", step.says] for step in slip.steps],
        "more": filled(*place),
        "rests_on": setting.rests_on(slip.clause),
        "qr": setting.qr(slip.slip_code),
        "keep": say["keep"],
    }


def _paid(slip: FeeReceiptSlip, setting: Setting) -> dict[str, Any]:
    say = setting.say
    handed_over, change = grouped(slip.handed_over_fen or 0), grouped(slip.change_fen or 0)
    cash = [(say["handed_over_money"], handed_over), (say["change"], change)] if slip.handed_over_fen else []
    return {
        "matter": setting.service(slip.service),
        "void": {"mark": say["voided"], "note": say["voided_note"].format(reason=slip.voided)} if slip.voided else None,
        "amount": {
            "label": say["amount"],
            "figures": f"¥ {grouped(slip.amount_fen)}",
            "in_capitals": say["in_capitals"],
            "capitals": in_capitals(slip.amount_fen, setting.speech.words.language),
        },
        "rows": filled(
            (say["receipt_number"], slip.number),
            (say["refund_of"], slip.refund_of),
            (say["reason"], slip.reason),
            (say["payee" if slip.refund_of else "payer"], mask_name(slip.name)),
            (say["means"], setting.words.means.get(slip.means, slip.means)),
            (say["reference"], slip.reference),
            *cash,
            (say["at"], setting.minute(slip.at)),
            (say["window"], slip.window),
            (say["clerk"], slip.clerk),
        ),
        "rests_on": setting.rests_on(slip.clause),
        "qr": setting.qr(slip.slip_code),
        "keep": say["keep_receipt"],
    }


def _entering(slip: EntrySlip, setting: Setting) -> dict[str, Any]:
    say = setting.say
    return {
        "cards": [{"label": say["entry_code"], "rows": [(grouped_slip_code(slip.code), "")]}],
        "sentence": say["entry_says"],
        "rows": filled(
            (say["name"], mask_name(slip.name)),
            (say["number"], mask(slip.number)),
            (say["entry_until"], setting.minute(slip.until)),
            (say["entry_address"], slip.address),
            (say["at"], setting.minute(slip.at)),
            (say["window"], slip.window),
            (say["clerk"], slip.clerk),
        ),
        "keep": say["entry_keep"],
    }


def _handed(slip: HandoverSlip, setting: Setting) -> dict[str, Any]:
    say = setting.say
    agent = slip.agent
    taker = [(say["agent"], mask_name(agent.name)), (say["number"], mask(agent.number))] if agent else []
    groups = ((say["handed_over"], slip.handed_over), (say["handed_in"], slip.handed_in))
    return {
        "cards": [{"label": label, "rows": [_card(c, setting) for c in cards]} for label, cards in groups if cards],
        "rows": [
            (say["holder"], mask_name(slip.name)),
            (say["number"], mask(slip.number)),
            *(taker or [(say["received_by"], say["oneself"])]),
            *filled((say["at"], setting.minute(slip.at)), (say["window"], slip.window), (say["clerk"], slip.clerk)),
        ],
        "sign": {
            "says": say["received"],
            "label": say["agent_signature" if agent else "signature"],
            "svg": signature_of(slip.signature) if slip.signature else "",
            "alt": say["signature_of"],
        },
        "qr": setting.qr(slip.slip_code),
        "keep": say["keep"],
    }


def _card(card: HandedCard, setting: Setting) -> Row:
    """A card by its kind and its last digits."""
    digits = f"{setting.say['last_digits']} {card.last_digits}" if card.last_digits else ""
    return setting.card(card.card), digits
