"""Why a row is held back, and the sentence that tells people what is wrong with it and what to do.

The checks name a reason as `reason|column|detail`; `told` makes the sentence of it. A refusal's ground, or a number's
fault, may stand in place of a `Reason`. No sentence holds a value: values are people's numbers and names.
"""

from enum import StrEnum

from shebaoka.importer.files import PhotoReason
from shebaoka.records import Refusal


class Reason(StrEnum):
    """Why a row is held back before the desk is asked."""

    # the row
    NOT_GB18030 = "not_gb18030"
    WRONG_NUMBER_OF_COLUMNS = "wrong_number_of_columns"
    QUOTATION_MARK_IS_NOT_CLOSED = "quotation_mark_is_not_closed"
    DUPLICATE_ROW = "duplicate_row"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    # a value
    VALUE_IS_MISSING = "value_is_missing"
    FULL_WIDTH_CHARACTERS = "full_width_characters"
    NUMBER_LOST_ITS_DIGITS = "number_lost_its_digits"
    NAME_IS_NOT_USABLE = "name_is_not_usable"
    SEX_IS_NOT_VALID = "sex_is_not_valid"
    SEX_DIFFERS_FROM_NUMBER = "sex_differs_from_number"
    BIRTH_DATE_DIFFERS_FROM_NUMBER = "birth_date_differs_from_number"
    DATE_IS_NOT_VALID = "date_is_not_valid"
    DATE_IS_A_SERIAL_NUMBER = "date_is_a_serial_number"
    DATE_IS_ZERO = "date_is_zero"
    DATE_IS_IN_THE_FUTURE = "date_is_in_the_future"
    AMOUNT_IS_NOT_A_NUMBER = "amount_is_not_a_number"
    AMOUNT_HAS_A_THOUSANDS_SEPARATOR = "amount_has_a_thousands_separator"
    AMOUNT_IS_IN_SCIENTIFIC_NOTATION = "amount_is_in_scientific_notation"
    AMOUNT_IS_NEGATIVE = "amount_is_negative"
    AMOUNT_IS_TOO_LARGE = "amount_is_too_large"
    REGION_IS_NOT_A_CODE = "region_is_not_a_code"
    CARD_NUMBER_IS_NOT_USABLE = "card_number_is_not_usable"
    HOSPITAL_STATUS_IS_NOT_VALID = "hospital_status_is_not_valid"
    STAY_HAS_NO_DAY = "stay_has_no_day"
    # between files
    PERSON_IS_IN_NO_ROW = "person_is_in_no_row"
    PERSONAL_ID_STANDS_FOR_TWO = "personal_id_stands_for_two"
    ROW_IS_OF_TWO_PEOPLE = "row_is_of_two_people"
    OLD_CARD_IS_IN_NO_ROW = "old_card_is_in_no_row"
    OLD_CARD_STANDS_TWICE = "old_card_stands_twice"
    ROW_OF_PERSON_IS_HELD_BACK = "row_of_person_is_held_back"
    ACCOUNT_IS_HELD_BACK = "account_is_held_back"
    OLD_RECORD_CANNOT_BE_READ = "old_record_cannot_be_read"
    RECORD_HAS_NO_ACCOUNT = "record_has_no_account"
    # with what is on file
    NAME_DIFFERS_FROM_FILE = "name_differs_from_file"
    CARRIED_OVER_OTHERWISE = "carried_over_otherwise"
    # photos
    PHOTO_HAS_NO_ACCOUNT = "photo_has_no_account"
    PHOTO_DIFFERS_FROM_FILE = "photo_differs_from_file"


_INVALID, _FUTURE = Refusal.IDENTITY_NUMBER_IS_NOT_VALID, Refusal.BIRTH_DATE_IS_IN_THE_FUTURE
_SENTENCES: dict[str, str] = {
    f"{_INVALID}|length": "{column} does not have 18 characters (or 15, as old numbers have); take it from the "
    "identity card.",
    _INVALID: "{column} has a wrong check digit or an impossible birth date; compare it with the identity card.",
    _FUTURE: "{column} says a birth date that is still to come; compare it with the identity card.",
    Reason.VALUE_IS_MISSING: "{column} is empty; fill it in.",
    Reason.FULL_WIDTH_CHARACTERS: "{column} is written in full-width characters; write it in plain digits and letters.",
    Reason.NUMBER_LOST_ITS_DIGITS: "{column} was made a floating-point number, as Excel does with long digits, and its "
    "last digits are gone; export the column as text, or take it from the identity card.",
    Reason.NAME_IS_NOT_USABLE: "{column} is too long or holds a control character; correct it.",
    Reason.SEX_IS_NOT_VALID: "{column} is none of {detail}; correct it, or say in the mapping what the value means.",
    Reason.SEX_DIFFERS_FROM_NUMBER: "{column} is not the sex in the social security number; compare both with the "
    "identity card.",
    Reason.BIRTH_DATE_DIFFERS_FROM_NUMBER: "{column} is not the birth date in the social security number; compare both "
    "with the identity card.",
    Reason.DATE_IS_NOT_VALID: "{column} is not a day of the calendar written as {detail}; correct it.",
    Reason.DATE_IS_A_SERIAL_NUMBER: "{column} is a spreadsheet's serial number and not a day written as {detail}; "
    "export the column as text, or say so in the mapping (dates: excel-serial).",
    Reason.DATE_IS_ZERO: "{column} is 0000-00-00, which is no day; find out the day in the old system.",
    Reason.DATE_IS_IN_THE_FUTURE: "{column} is a day that is still to come; correct it.",
    f"{Reason.AMOUNT_IS_NOT_A_NUMBER}|yuan": "{column} is not an amount in yuan with at most two decimals, such as "
    "123.45; correct it.",
    f"{Reason.AMOUNT_IS_NOT_A_NUMBER}|fen": "{column} is not an amount in whole fen, such as 12345; correct it, or the "
    "unit in the mapping.",
    Reason.AMOUNT_HAS_A_THOUSANDS_SEPARATOR: "{column} has thousands separators; write the amount without them, such "
    "as 1234.50.",
    Reason.AMOUNT_IS_IN_SCIENTIFIC_NOTATION: "{column} is in scientific notation, such as 1E+05, and may have lost its "
    "last digits; write the amount out.",
    Reason.AMOUNT_IS_NEGATIVE: "{column} is below zero; settle it in the old system, then correct the row.",
    f"{Reason.AMOUNT_IS_TOO_LARGE}|total": "{column} is above what the whole cost; correct it.",
    Reason.AMOUNT_IS_TOO_LARGE: "{column} is above 100000000000 yuan; correct it.",
    Reason.REGION_IS_NOT_A_CODE: "{column} is not six digits; correct it.",
    Reason.CARD_NUMBER_IS_NOT_USABLE: "{column} is not 1 to 32 capital letters and digits; correct it.",
    Reason.HOSPITAL_STATUS_IS_NOT_VALID: "{column} is none of {detail}; correct it, or say in the mapping what the "
    "value means.",
    Reason.STAY_HAS_NO_DAY: "{column} says that the person is in hospital, and nothing says since when; enter the stay "
    "among the open stays, or the day of admission.",
    Reason.DUPLICATE_ROW: "The row says the same as line {detail}, which stands for it; leave this one out.",
    Reason.CONFLICTING_DUPLICATE: "The same person stands in line {detail} with other values; find out in the old "
    "system which row is right, and keep that one alone.",
    Reason.PERSON_IS_IN_NO_ROW: "No row of the persons says who this is; find the person's row, or correct {column}.",
    Reason.PERSONAL_ID_STANDS_FOR_TWO: "{column} stands for more than one person; find out in the old system whose row "
    "this is, and correct it.",
    Reason.ROW_IS_OF_TWO_PEOPLE: "{column} and the social security number are not of the same person; find out in the "
    "old system whose row this is, and correct it.",
    Reason.OLD_CARD_IS_IN_NO_ROW: "No row of the card holders says which old card this person has; find the card's "
    "row, or correct {column}.",
    Reason.OLD_CARD_STANDS_TWICE: "Line {detail} is another person and has the same {column}; find out in the old "
    "system whose card it is.",
    Reason.ROW_OF_PERSON_IS_HELD_BACK: "Line {detail} of {column} is about this person and is held back; correct that "
    "row, then take both in.",
    Reason.ACCOUNT_IS_HELD_BACK: "The account of this person is held back (line {detail} of {column}); the row goes "
    "along once the account carries over.",
    Reason.OLD_RECORD_CANNOT_BE_READ: "Line {detail} of {column} belongs to this account and could not be taken in. "
    "The account waits until its records can carry over with it.",
    Reason.RECORD_HAS_NO_ACCOUNT: "No row of the accounts has this {column}; find the person's account, or correct it.",
    Reason.NAME_DIFFERS_FROM_FILE: "Somebody with this social security number is on file under another name; compare "
    "both with the identity card.",
    Reason.CARRIED_OVER_OTHERWISE: "An account of this person was carried over before, with another {detail}; compare "
    "the account's statement with the row. If they agree otherwise, nothing is left to do.",
    Reason.PHOTO_HAS_NO_ACCOUNT: "Nobody who is carried over has the number that the photo is named by; rename it.",
    Reason.PHOTO_DIFFERS_FROM_FILE: "Another photo of this person is on file; compare both with the person, and keep "
    "the right one alone.",
    PhotoReason.NUMBER_STANDS_TWICE: "Another photo has the same number; find out which one is right, and keep that "
    "one alone.",
}


def code_of(reason: str) -> str:
    """The bare reason of `reason|column|detail`."""
    return reason.partition("|")[0]


def told(reason: str) -> str:
    """The sentence of a reason as the checks name it, `reason|column|detail`; a sentence of its own stands as it is."""
    code, _, rest = reason.partition("|")
    column, _, detail = rest.partition("|")
    sentence = _SENTENCES.get(f"{code}|{detail}") or _SENTENCES.get(code)
    if sentence is None:
        clause = f" under clause {detail}" if detail else ""
        words = code.replace("_", " ")
        return f"The desk refused it{clause}: {words}. Settle that at the window, then take the row in again."
    return sentence.format(column=column, detail=detail)
