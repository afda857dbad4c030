"""Which response code (field 39) a decision or a trouble is told by: ISO 8583's and, from 76 to 89, common practice's.

The code is for the terminal's program; ground and clause go beside it, and are what counts.
"""

from collections.abc import Mapping

from shebaoka.records import Answer, Refusal, Step, Trouble

APPROVED, PARTLY, NOT_HONOURED, WRONG_MAC, NOT_EQUAL, SYSTEM = "00", "10", "05", "63", "95", "96"

OF_REFUSAL: Mapping[Refusal, str] = {
    Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL: "12",
    # who
    Refusal.PERSON_IS_NOT_REGISTERED: "14",
    Refusal.PERSON_HAS_DIED: "57",
    Refusal.PERSON_HAS_LEFT: "57",
    # which card
    Refusal.HOLDER_HAS_NO_CARD: "14",
    Refusal.CARD_IS_NOT_KNOWN: "14",
    Refusal.CARD_IS_REPORTED_LOST: "41",
    Refusal.TEMPORARY_CARD_HAS_EXPIRED: "54",
    Refusal.CARD_WAS_REPLACED: "62",
    Refusal.CARD_WAS_HANDED_IN: "62",
    Refusal.CARD_WAS_CANCELLED: "62",
    Refusal.SOCIAL_SECURITY_CARD_HAS_PRIORITY: "62",
    Refusal.OLD_CARD_HAS_STOPPED: "62",
    Refusal.OLD_CARD_HAS_NO_SUCH_SERVICE: "62",
    Refusal.SOCIAL_FUNCTION_IS_NOT_ACTIVATED: "62",
    # the electronic card
    Refusal.ELECTRONIC_CARD_IS_NOT_OFFERED: "12",
    Refusal.CODE_HAS_PASSED: "54",
    Refusal.CODE_WAS_USED: "62",
    # PIN
    Refusal.FIRST_PIN_MUST_BE_CHANGED: "62",
    Refusal.PIN_MUST_BE_GIVEN: "55",
    Refusal.PIN_IS_WRONG: "55",
    Refusal.PIN_IS_WRONG_AND_THE_CARD_IS_LOCKED: "75",
    Refusal.CARD_IS_LOCKED: "75",
    # the charge
    Refusal.PARTS_DO_NOT_ADD_UP: "13",
    Refusal.BALANCE_IS_TOO_SMALL: "51",
    Refusal.INSTITUTION_MAY_NOT_SETTLE_THIS: "58",
    Refusal.STAY_NUMBER_GOES_WITH_INPATIENT_CARE: "12",
    Refusal.THERE_IS_NO_SUCH_STAY: "12",
    Refusal.STAY_WAS_CANCELLED: "12",
    Refusal.STAY_IS_SETTLED: "12",
    # what was done before
    Refusal.THERE_IS_NO_SUCH_SETTLEMENT: "25",
    Refusal.MESSAGE_CANNOT_BE_REVERSED: "25",
    Refusal.SETTLEMENT_WAS_TAKEN_BACK: "21",
}
"""Every ground that a charge, an enquiry, a cancel or a reversal can be refused on."""

OF_TROUBLE: Mapping[str, str] = {
    "bad_input": "30",
    "not_found": "25",
    "not_allowed": "58",
    "message_was_reversed": "21",
    "request_id_used_with_other_content": "94",
    "no_open_cycle": "77",
    "cycle_is_not_reconciled": NOT_EQUAL,
    "signature_wrong": WRONG_MAC,
    "too_many_messages": SYSTEM,
    "too_many_writers": SYSTEM,
    "database_down": SYSTEM,
    "save_not_confirmed": SYSTEM,
    "database_full": SYSTEM,
    "database_schema_differs": SYSTEM,
    "vault_trouble": SYSTEM,
    "no_notice_in_force": SYSTEM,
    "invariant_broken": SYSTEM,
}
"""By a trouble's own code; any other is told as trouble of the system."""


def code_of(answer: Answer) -> str:
    """The code of a decision; a charge of which the account pays only a part is approved for that part."""
    if answer.outcome == "accepted":
        return PARTLY if Step.TAKE_THE_REST_IN_CASH in answer.next else APPROVED
    try:
        return OF_REFUSAL.get(Refusal(answer.ground), NOT_HONOURED)
    except ValueError:
        return NOT_HONOURED


def code_of_trouble(trouble: Trouble) -> str:
    """The code of what kept a message from being decided."""
    return OF_TROUBLE.get(trouble.code, SYSTEM)
