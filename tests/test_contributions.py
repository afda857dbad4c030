"""Crediting a month's contributions: every row is credited once, or held back with its reason, to the fen."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Database, StandingClock
from tests.moneyhouse import BALANCE_FEN, MoneyHouse, money_house

from shebaoka.desk import Accounts
from shebaoka.importer import CreditReport, Reason, credit_contributions
from shebaoka.importer.contributions import Contribution, Unit
from shebaoka.notice import Notices
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    ApproveCorrection,
    Ask,
    BadInput,
    Channel,
    CreditContribution,
    Material,
    ProposeCorrection,
    Receipt,
    RegisterPerson,
    RequestIdUsed,
    Sender,
    StoreDown,
    Trouble,
    credit_id,
)
from shebaoka.vault import SoftwareVault

ON = dt.date(2013, 7, 1)
LI, WANG, ZHAO = (with_check_digit(f"1407021980010{n}001") for n in (1, 2, 3))
NOBODY = with_check_digit("14070219700101001")
HEADER = "身份证号,姓名,月份,金额"


@pytest.fixture
def money(
    shared_database: Database, vault: SoftwareVault, notices: Notices, clock: StandingClock
) -> Iterator[MoneyHouse]:
    """Three people with accounts."""
    with money_house(shared_database, vault, notices, clock) as house:
        yield house


def write(
    path: Path,
    rows: Sequence[str | bytes],
    *,
    header: str = HEADER,
    encoding: str = "gb18030",
    control: tuple[object, object] | None = None,
) -> Path:
    """A file of contributions, and what is stated of it."""
    lines = [line if isinstance(line, bytes) else line.encode(encoding) for line in (header, *rows)]
    path.write_bytes(b"".join(line + b"\r\n" for line in lines))
    stated = path.parent / "control_totals.csv"
    if control is not None:
        stated.write_bytes(f"文件,行数,金额合计\r\n{path.name},{control[0]},{control[1]}\r\n".encode("gb18030"))
    return path


def take_in(money: MoneyHouse, path: Path, *, by: str = "chen", unit: Unit = "yuan") -> CreditReport:
    """Take a file in, through the desk."""
    return credit_contributions(
        path,
        money.desk.submit,
        accounts(money).undone,
        sender_by=by,
        on=money.desk.today(),
        unit=unit,
        output=path.parent / "out",
    )


def accounts(money: MoneyHouse) -> Accounts:
    """The accounts of the house."""
    return Accounts(money.views, money.notices, money.clock)


def balance(money: MoneyHouse, number: str) -> int:
    """What is on somebody's account."""
    account = money.store.load([number], []).people[number].dossier.account
    assert account is not None
    return account.balance_fen


def sums(report: CreditReport) -> tuple[int, int, int, int]:
    """Rows by what became of them."""
    return (report.rows_in, report.credited, report.already_there, len(report.held_back))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("header", [HEADER, "社会保障号码,姓名,月份,金额", "单位,月份,金额,姓名,身份证号"])
def test_a_file_credits_once_however_often_it_comes(
    money: MoneyHouse, tmp_path: Path, encoding: str, header: str
) -> None:
    """In either encoding and under either name of the column, each row reaches its account, the second time nothing."""
    columns = header.split(",")
    people = [(LI, "100.05"), (WANG, "0.01"), (ZHAO, "2000")]
    rows = [
        ",".join({"姓名": "欧阳·明珠", "月份": "2013-06", "金额": yuan, "单位": "3"}.get(c, number) for c in columns)
        for number, yuan in people
    ]
    encoded = "utf-8" if encoding.startswith("utf") else encoding
    header_ = "\ufeff" + header if encoding == "utf-8-sig" else header
    path = write(tmp_path / "june.csv", rows, header=header_, encoding=encoded, control=(3, "2100.06"))
    first = take_in(money, path)
    assert (sums(first), first.credited_fen, first.control_fen, first.reconciled) == (
        (3, 3, 0, 0),
        210_006,
        210_006,
        True,
    )
    second = take_in(money, path)
    assert (sums(second), second.already_there_fen, second.reconciled) == ((3, 0, 3, 0), 210_006, True)
    assert [balance(money, n) - BALANCE_FEN for n in (LI, WANG, ZHAO)] == [10_005, 1, 200_000]
    entry = money.views.rows("select debit, credit, amount_fen, what from posting order by person_id limit 1")
    assert entry == [("contributions", "personal", 10_005, "contribution")]


def test_several_months_of_one_person(money: MoneyHouse, tmp_path: Path) -> None:
    """One file may hold many months; each is credited for itself, and amounts in fen are fen."""
    rows = [f"{LI},李伟,2013-0{n},{n * 111}" for n in range(1, 7)]
    report = take_in(money, write(tmp_path / "half.csv", rows, control=(6, 2331)), unit="fen")
    assert (sums(report), report.credited_fen, report.control_fen, report.reconciled) == (
        (6, 6, 0, 0),
        2331,
        2331,
        True,
    )
    assert balance(money, LI) == BALANCE_FEN + 2331


def test_another_amount_for_the_same_month_is_held_back(money: MoneyHouse, tmp_path: Path) -> None:
    """What was credited stays as it is: a changed row credits a month not again, whoever takes it in."""
    take_in(money, write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,100"]))
    for by in ("chen", "somebody else"):
        report = take_in(money, write(tmp_path / "again.csv", [f"{LI},李伟,2013-06,200"]), by=by)
        (held,) = report.held_back
        assert (held.reason, report.credited, report.reconciled) == ("credited_otherwise", 0, True)
        assert "propose a correction" in held.sentence
    assert balance(money, LI) == BALANCE_FEN + 10_000


def test_a_second_operator_finds_what_is_there(money: MoneyHouse, tmp_path: Path) -> None:
    """Whoever takes a file in again asks the same; of other requests the sender still counts."""
    path = write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,100"])
    take_in(money, path)
    report = take_in(money, path, by="somebody else")
    assert (sums(report), report.already_there_fen) == ((1, 0, 1, 0), 10_000)
    money.desk.ask(Ask(registered(), Sender("li", Channel.WINDOW, "w1")))
    with pytest.raises(RequestIdUsed):
        money.desk.ask(Ask(registered(), Sender("wu", Channel.WINDOW, "w1")))


def correct(money: MoneyHouse, entry: str, right_fen: int) -> Receipt:
    """A correction of Li's entry, by two people."""
    about = {"person": LI, "entry": entry, "right_fen": right_fen, "shows": tuple(Material)}
    propose = ProposeCorrection(id=f"propose-{entry}-{right_fen}", reason="录入有误", **about)
    proposal = money.desk.ask(Ask(propose, Sender("li", Channel.WINDOW, "w1"))).entry
    approve = ApproveCorrection(id=f"approve-{entry}-{right_fen}", proposal=proposal, **about)
    receipt = money.desk.ask(Ask(approve, Sender("wu", Channel.WINDOW, "w1")))
    assert receipt.answer.outcome == "accepted", receipt.answer
    return receipt


def test_a_credit_that_was_corrected_since_is_not_there_already(money: MoneyHouse, tmp_path: Path) -> None:
    """Its row is held back with a reason of its own; what was corrected to nothing is put back by a correction."""
    path = write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,100", f"{WANG},王芳,2013-06,1"])
    take_in(money, path)
    credited = money.desk.ask(credit(credit_id("2013-06", LI)))
    gone = correct(money, credited.entry, 0)
    assert balance(money, LI) == BALANCE_FEN
    report = take_in(money, path)
    assert [(h.line, h.reason) for h in report.held_back] == [(2, "credit_was_corrected")]
    assert (sums(report), report.already_there_fen, report.held_fen, report.reconciled) == (
        (2, 0, 1, 1),
        100,
        10_000,
        True,
    )
    correct(money, gone.entry, 10_000)
    assert balance(money, LI) == BALANCE_FEN + 10_000


def credit(request_id: str, amount_fen: int = 10_000) -> Ask:
    """Li's contribution of June 2013 as the API or another program would send it."""
    request = CreditContribution(id=request_id, person=LI, month="2013-06", amount_fen=amount_fen)
    return Ask(request, Sender("chen", Channel.IMPORTER, "contributions"))


@pytest.mark.parametrize("unfit", ["r-1", "credit-2013-05-{0}", "credit-2013-06", "{1}.", "{1}.1", "{1}.02", "{1}-2"])
def test_a_month_is_credited_under_its_own_id_alone(money: MoneyHouse, unfit: str) -> None:
    """Any other id is bad input, and nothing is done: not even the id is used up."""
    usual = credit_id("2013-06", LI)
    with pytest.raises(BadInput, match="credit-MONTH-NUMBER") as told:
        money.desk.ask(credit(unfit.format(LI, usual)))
    assert (told.value.field, balance(money, LI)) == ("request.id", BALANCE_FEN)
    assert money.views.rows("select count(*) from request_key") == [(0,)]


def test_a_month_is_credited_once_and_its_supplements_beside_it(money: MoneyHouse, tmp_path: Path) -> None:
    """The file finds what was credited one by one, another amount is turned away, and a supplement has a number."""
    usual = credit_id("2013-06", LI)
    outcomes = money.desk.submit([credit(usual), credit(f"{usual}.2", 500), credit(f"{usual}.12", 7), credit(usual, 1)])
    assert [type(o) for o in outcomes] == [Receipt, Receipt, Receipt, RequestIdUsed]
    assert credit_id("2013-06", LI, 12) == f"{usual}.12"
    report = take_in(money, write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,100"]))
    assert (sums(report), balance(money, LI)) == ((1, 0, 1, 0), BALANCE_FEN + 10_507)


def test_a_row_whose_id_was_refused_says_how_it_is_credited(money: MoneyHouse, tmp_path: Path) -> None:
    """Whoever asks without a dry run may be refused under the month's id; a supplement credits the month then."""
    unknown = CreditContribution(id=credit_id("2013-06", NOBODY), person=NOBODY, month="2013-06", amount_fen=100)
    money.desk.ask(Ask(unknown, credit("").sender))
    (held,) = take_in(money, write(tmp_path / "june.csv", [f"{NOBODY},某某,2013-06,1"])).held_back
    assert (held.reason, "--supplement 2" in held.sentence) == ("person_is_not_registered", True)


BROKEN = {
    "check digit": (f"{LI[:17]}Y,李伟,2013-06,1", "identity_number_is_not_valid"),
    "no number": (",李伟,2013-06,1", Reason.VALUE_IS_MISSING),
    "no name": (f"{LI},,2013-06,1", Reason.VALUE_IS_MISSING),
    "no month": (f"{LI},李伟,201306,1", "month_is_not_valid"),
    "thirteenth": (f"{LI},李伟,2013-13,1", "month_is_not_valid"),
    "mistyped": (f"{LI},李伟,1013-06,1", "month_is_not_valid"),
    "next month": (f"{LI},李伟,2013-08,1", Reason.DATE_IS_IN_THE_FUTURE),
    "no amount": (f"{LI},李伟,2013-06,", Reason.VALUE_IS_MISSING),
    "in words": (f"{LI},李伟,2013-06,壹佰", Reason.AMOUNT_IS_NOT_A_NUMBER),
    "three decimals": (f"{LI},李伟,2013-06,1.001", Reason.AMOUNT_IS_NOT_A_NUMBER),
    "below zero": (f"{LI},李伟,2013-06,-5.5", Reason.AMOUNT_IS_NEGATIVE),
    "zero": (f"{LI},李伟,2013-06,0.00", "amount_is_zero"),
    "too large": (f"{LI},李伟,2013-06,10000000.01", Reason.AMOUNT_IS_TOO_LARGE),
    "columns": (f"{LI},李伟,2013-06", Reason.WRONG_NUMBER_OF_COLUMNS),
    "quotation": (f'{LI},"李伟,2013-06,1', Reason.QUOTATION_MARK_IS_NOT_CLOSED),
    "unknown": (f"{NOBODY},某某,2013-06,1", "person_is_not_registered"),
}


def test_every_broken_row_is_held_back_and_can_come_again(money: MoneyHouse, tmp_path: Path) -> None:
    """Each has its own reason, sums come out to the fen, and what is corrected is credited from the file written."""
    rows = [row for row, _ in BROKEN.values()]
    path = write(tmp_path / "june.csv", [f"{WANG},王芳,2013-06,3", *rows, b"\xff\xfe"], control=(18, "10000005.51"))
    report = take_in(money, path)
    reasons = [str(reason) for _, reason in BROKEN.values()]
    assert [h.reason for h in report.held_back] == [*reasons, Reason.NOT_GB18030]
    assert [h.line for h in report.held_back] == list(range(3, 20))
    assert (sums(report), report.credited_fen) == ((18, 1, 0, 17), 300)
    assert (report.in_fen, report.control_fen, report.differences, report.reconciled) == (
        1_000_000_551,
        1_000_000_551,
        (),
        True,
    )
    assert report.credited_fen + report.held_fen == report.in_fen
    assert NOBODY not in repr(report)

    out = tmp_path / "out"
    listed = (out / "held_back.csv").read_text("utf-8-sig")
    assert listed.count("\n") == 18
    assert "月份 is after 2013-07" in listed
    corrected = tmp_path / "again.csv"
    raw = (out / "to_correct" / "june.csv").read_bytes()
    corrected.write_bytes(raw.replace(b"2013-13,1", b"2013-05,1"))
    again = take_in(money, corrected)
    assert (sums(again), again.credited_fen) == ((17, 1, 0, 16), 100)


def test_a_row_held_back_leaves_no_trace(money: MoneyHouse, tmp_path: Path) -> None:
    """Who was not known when the file first came is credited when it comes again after they were registered."""
    path = write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,1", f"{NOBODY},某某,2013-06,2"])
    assert sums(take_in(money, path)) == (2, 1, 0, 1)
    assert money.views.rows("select count(*) from journal") == [(1,)]
    money.desk.submit([Ask(registered(), Sender("li", Channel.WINDOW, "w1"))])
    again = take_in(money, path)
    assert (sums(again), again.credited_fen, again.already_there_fen) == ((2, 1, 1, 0), 200, 100)
    assert balance(money, NOBODY) == 200


def registered() -> RegisterPerson:
    """A registration of the one whom nobody knew."""
    return RegisterPerson(
        id="register-1", person=NOBODY, name="某某", region="140702", insured_on=ON, shows=tuple(Material)
    )


def test_rows_of_one_file_that_repeat_or_contradict(money: MoneyHouse, tmp_path: Path) -> None:
    """A row that is there twice counts once; of two with different amounts neither is credited."""
    rows = [
        f"{LI},李伟,2013-06,1",
        f"{LI},李伟,2013-06,1.00",
        f"{WANG},王芳,2013-06,1",
        f"{WANG},王芳,2013-06,2",
        f"{WANG},王芳,2013-05,7",
    ]
    report = take_in(money, write(tmp_path / "june.csv", rows))
    assert [(h.line, h.reason) for h in report.held_back] == [
        (3, Reason.DUPLICATE_ROW),
        (4, Reason.CONFLICTING_DUPLICATE),
        (5, Reason.CONFLICTING_DUPLICATE),
    ]
    assert (report.credited_fen, report.held_fen, report.reconciled) == (800, 400, True)
    assert [balance(money, n) - BALANCE_FEN for n in (LI, WANG)] == [100, 700]


def test_a_utf8_file_with_a_damaged_row(money: MoneyHouse, tmp_path: Path) -> None:
    """A damaged byte spoils one row and no other, and the rows held back are written as they came."""
    bad = f"{WANG},".encode() + b"\xff" + b",2013-06,5"
    path = write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,1", bad, f"{NOBODY},欧阳,2013-06,2"], encoding="utf-8")
    report = take_in(money, path)
    assert [h.reason for h in report.held_back] == ["not_utf8", "person_is_not_registered"]
    assert (tmp_path / "out" / "to_correct" / "june.csv").read_bytes().split(b"\r\n")[1] == bad
    listed = (tmp_path / "out" / "held_back.csv").read_text("utf-8-sig")
    assert ("\\xff" in listed, "欧阳" in listed) == (True, True)


@pytest.mark.parametrize("formula", ["=HYPERLINK(A1)", "@SUM(1)", "+1", "-1", "＝1+1"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_row_held_back_is_never_a_formula(money: MoneyHouse, tmp_path: Path, formula: str, encoding: str) -> None:
    """In the list for spreadsheets it is a text; the file to correct has it as it came."""
    path = write(tmp_path / "june.csv", [f"{formula},李伟,2013-06,1"], encoding=encoding)
    take_in(money, path)
    with (tmp_path / "out" / "held_back.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1][3] == f"'{formula},李伟,2013-06,1"
    assert (tmp_path / "out" / "to_correct" / "june.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("control", "says"), [((2, "1"), "states 2"), ((1, "1.01"), "difference is -0.01")])
def test_a_file_that_is_not_what_is_stated_is_not_reconciled(
    money: MoneyHouse, tmp_path: Path, control: tuple[object, object], says: str
) -> None:
    """Rows and sum are held against what is stated; without any statement nothing is missed."""
    row = f"{LI},李伟,2013-06,1"
    report = take_in(money, write(tmp_path / "june.csv", [row], control=control))
    assert (report.reconciled, says in report.differences[0]) == (False, True)
    (tmp_path / "control_totals.csv").unlink()
    assert take_in(money, write(tmp_path / "june.csv", [row])).reconciled
    write(tmp_path / "july.csv", [row], control=control)
    assert not take_in(money, write(tmp_path / "june.csv", [row])).reconciled


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "is empty"),
        ("身份证号,姓名,月份", "lacks the column 金额"),
        ("姓名,月份,金额", "lacks the column 身份证号"),
        ("社会保障号码,身份证号,姓名,月份,金额", "names both"),
        ("身份证号,姓名,月份,金额,金额", "twice"),
    ],
)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_file_without_its_columns_is_not_taken_in(tmp_path: Path, header: str, says: str, encoding: str) -> None:
    """Nothing is asked of a file whose header is wrong, and the sentence says what is."""
    path = write(tmp_path / "june.csv", [], header=header, encoding=encoding)
    with pytest.raises(BadInput, match=says):
        credit_contributions(path, never, no_entries, sender_by="chen", on=ON, unit="yuan", output=tmp_path / "out")


def never(asks: list[Ask], *, dry_run: bool = False) -> list[Receipt | Trouble]:
    """A desk that nobody may ask."""
    raise AssertionError("nothing was to be asked")


def no_entries(places: Iterable[str]) -> frozenset[str]:
    """A desk of which nothing was corrected."""
    return frozenset()


def test_the_output_does_not_overwrite_the_file(tmp_path: Path) -> None:
    """The folder to correct is not taken in into itself, and a sum in fen is a whole number."""
    folder = tmp_path / "to_correct"
    folder.mkdir()
    path = write(folder / "june.csv", [f"{LI},李伟,2013-06,1"])
    with pytest.raises(BadInput, match="overwrite"):
        credit_contributions(path, never, no_entries, sender_by="chen", on=ON, unit="yuan", output=tmp_path)
    path = write(tmp_path / "june.csv", [f"{LI},李伟,2013-06,1"], control=(1, "0.5"))
    with pytest.raises(BadInput, match="whole fen"):
        credit_contributions(path, never, no_entries, sender_by="chen", on=ON, unit="fen", output=tmp_path / "out")


def test_a_desk_that_goes_down_is_told(money: MoneyHouse, tmp_path: Path) -> None:
    """Trouble is passed on; what was credited before it is there already when the file comes again."""
    rows = [f"{LI},李伟,{year}-{month:02d},1" for year in range(1994, 2013) for month in range(1, 13)]
    path = write(tmp_path / "years.csv", rows)
    trays: list[int] = []

    def falling(asks: list[Ask], *, dry_run: bool = False) -> Sequence[Receipt | Trouble]:
        trays.append(len(asks))
        if len(trays) == 4:
            raise StoreDown("The database cannot be reached.")
        return money.desk.submit(asks, dry_run=dry_run)

    with pytest.raises(StoreDown):
        credit_contributions(path, falling, no_entries, sender_by="chen", on=ON, unit="yuan", output=tmp_path / "out")
    assert trays == [200, 200, 28, 28]
    report = take_in(money, path)
    assert (sums(report), balance(money, LI)) == ((228, 28, 200, 0), BALANCE_FEN + 22_800)


@given(st.text(alphabet="0123456789", min_size=1, max_size=9), st.dates(dt.date(1990, 1, 1), ON))
def test_the_same_row_has_the_same_request(amount: str, month: dt.date) -> None:
    """Month and number make the request's id, and nothing else does."""
    said = f"{month:%Y-%m}"
    request = Contribution(LI, said, int(amount) + 1).request()
    assert (request.id, request.month, request.person) == (f"credit-{said}-{LI}", said, LI)
