"""One row of the old system's `accounts.csv` as an account that can be asked to carry over. `accounts` calls it.

The order of the checks is the order in which a reason is told: first the number, since all else hangs on it.
"""

import datetime as dt
import re
from collections.abc import Mapping

import msgspec

from shebaoka import numbers
from shebaoka.importer.report import Reason
from shebaoka.importer.source import only
from shebaoka.importer.values import amount_fen, day
from shebaoka.records import BadInput, CarryOverAccount, OldRecord, Refusal, RegisterPerson, Sex

ACCOUNTS_FILE = "accounts.csv"
ACCOUNT_COLUMNS = (
    "身份证号",
    "姓名",
    "性别",
    "出生日期",
    "卡号",
    "在院状态",
    "结余",
    "参保日期",
    "所属区划",
    "入院日期",
)
SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}
NAME_LENGTH_MAX = 50
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,50}")
_REGION = re.compile(r"[0-9]{6}")
_CARD = re.compile(r"[A-Z0-9]{1,32}")


class OldAccount(msgspec.Struct, frozen=True, gc=False):
    """A sound row: whose account it is, and what stands in it. Fen."""

    number: str
    name: str
    region: str
    insured_on: dt.date
    old_card_number: str
    balance_fen: int
    in_hospital_since: dt.date | None

    def requests(self, stem: str, records: tuple[OldRecord, ...]) -> tuple[RegisterPerson, CarryOverAccount]:
        """The two requests of the account; their ids begin with `stem`. At the importer nothing is shown."""
        return (
            RegisterPerson(
                id=f"{stem}:register",
                person=self.number,
                name=self.name,
                region=self.region,
                insured_on=self.insured_on,
            ),
            CarryOverAccount(
                id=f"{stem}:carry",
                person=self.number,
                balance_fen=self.balance_fen,
                old_card_number=self.old_card_number,
                records=records,
                in_hospital_since=self.in_hospital_since,
            ),
        )


def read_account(values: Mapping[str, str], on: dt.date) -> OldAccount:
    """The account in a row; `BadInput` with the first thing that is wrong with it."""
    number = _number(values, on)
    name = only(values, "姓名")
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"姓名 is longer than {NAME_LENGTH_MAX} characters or holds a control character; correct it.",
            code=Reason.NAME_IS_NOT_USABLE,
        )
    _must_agree(values, number)
    balance_fen = amount_fen(values["结余"], "结余")
    insured_on = day(values["参保日期"], "参保日期")
    return OldAccount(
        number=number,
        name=name,
        region=_matching(values, "所属区划", _REGION, Reason.REGION_IS_NOT_A_CODE, "is not six digits"),
        insured_on=insured_on,
        old_card_number=_matching(
            values, "卡号", _CARD, Reason.CARD_NUMBER_IS_NOT_USABLE, "is not 1 to 32 capital letters and digits"
        ),
        balance_fen=balance_fen,
        in_hospital_since=_in_hospital_since(values, on),
    )


def _number(values: Mapping[str, str], on: dt.date) -> str:
    """The person's number, with a capital X."""
    number = only(values, "身份证号").upper()
    fault = numbers.fault_of(number, on)
    if fault is None:
        return number
    if fault is Refusal.BIRTH_DATE_IS_IN_THE_FUTURE:
        sentence = f"身份证号 says a birth date after {on}; compare it with the identity card."
    elif len(number) != 18:
        sentence = f"身份证号 has {len(number)} characters and must have 18; take it from the identity card."
    else:
        sentence = "身份证号 has a wrong check digit or an impossible birth date; compare it with the identity card."
    raise BadInput(sentence, code=fault)


def _must_agree(values: Mapping[str, str], number: str) -> None:
    """`BadInput` unless sex and birth date are those of the number."""
    said = SEXES.get(values["性别"])
    if said is None:
        raise BadInput("性别 is neither 男 nor 女; correct it.", code=Reason.SEX_IS_NOT_VALID)
    if day(values["出生日期"], "出生日期") != numbers.birth_date(number):
        raise BadInput(
            "出生日期 is not the birth date in 身份证号; compare both with the identity card.",
            code=Reason.BIRTH_DATE_DIFFERS_FROM_NUMBER,
        )
    if said is not numbers.sex(number):
        raise BadInput(
            "性别 is not the sex in 身份证号; compare both with the identity card.",
            code=Reason.SEX_DIFFERS_FROM_NUMBER,
        )


def _matching(values: Mapping[str, str], column: str, shape: re.Pattern[str], reason: Reason, fault: str) -> str:
    """The value of a column that has a set shape."""
    value = only(values, column)
    if not shape.fullmatch(value):
        raise BadInput(f"{column} {fault}; correct it.", code=reason)
    return value


def _in_hospital_since(values: Mapping[str, str], on: dt.date) -> dt.date | None:
    """The day since which the person is in hospital; None if 在院状态 says that they are not."""
    status = values["在院状态"]
    if status == "0":
        return None
    if status != "1":
        raise BadInput(
            "在院状态 is neither 0 (not in hospital) nor 1 (in hospital); correct it.",
            code=Reason.HOSPITAL_STATUS_IS_NOT_VALID,
        )
    only(values, "入院日期")
    since = day(values["入院日期"], "入院日期")
    if since > on:
        raise BadInput(f"入院日期 is after {on}; correct it.", code=Reason.DATE_IS_IN_THE_FUTURE)
    return since
