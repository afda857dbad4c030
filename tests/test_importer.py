"""The importer: every row of a city's old export is accounted for to the fen, and the desk's answers are heeded."""

import codecs
import csv
import datetime as dt
import io
import re
from pathlib import Path

import msgspec
import pytest

from old_export import LI, LI_RECORD, ON, WANG, FakeDesk, only_reason, take_in, write
from shebaoka.city import ExportTotals, Fault, Resident, invent_city, write_old_export
from shebaoka.importer import ImportReport, Reason, import_old_accounts
from shebaoka.records import (
    AnyRequest,
    Ask,
    BadInput,
    Broken,
    Channel,
    Material,
    Receipt,
    Refusal,
    RegisterPerson,
    RequestIdUsed,
    Sender,
    StoreDown,
    Trouble,
)

REASONS = {
    Fault.WRONG_CHECK_DIGIT: Refusal.IDENTITY_NUMBER_IS_NOT_VALID,
    Fault.SEVENTEEN_DIGITS: Refusal.IDENTITY_NUMBER_IS_NOT_VALID,
    Fault.CONFLICTING_DUPLICATE: Reason.CONFLICTING_DUPLICATE,
    Fault.EXACT_DUPLICATE: Reason.DUPLICATE_ROW,
    Fault.NEGATIVE_BALANCE: Reason.AMOUNT_IS_NEGATIVE,
    Fault.IMPOSSIBLE_DATE: Reason.DATE_IS_NOT_VALID,
    Fault.BIRTH_DATE_DISAGREES: Reason.BIRTH_DATE_DIFFERS_FROM_NUMBER,
    Fault.BALANCE_IS_NO_NUMBER: Reason.AMOUNT_IS_NOT_A_NUMBER,
    Fault.MISSING_NAME: Reason.VALUE_IS_MISSING,
    Fault.NOT_GB18030: Reason.NOT_GB18030,
    Fault.WRONG_COLUMN_COUNT: Reason.WRONG_NUMBER_OF_COLUMNS,
}


class Taken(msgspec.Struct):
    """A city that was taken in once."""

    city: list[Resident]
    folder: Path
    totals: ExportTotals
    desk: FakeDesk
    report: ImportReport


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """Five thousand people's export with every fault, taken in."""
    folder = tmp_path_factory.mktemp("city")
    city, desk = invent_city(5_000, 11, ON), FakeDesk()
    totals = write_old_export(city, folder, 12)
    return Taken(city, folder, totals, desk, take_in(folder, desk))


def test_every_broken_row_is_held_back_with_its_reason_and_line(taken: Taken) -> None:
    """Exactly the broken lines are held back, each for its own reason, and each with its row and what to do."""
    expected = {line: REASONS[fault] for line, fault in taken.totals.broken_lines.items()}
    assert set(taken.totals.broken_lines.values()) == set(Fault)
    assert {h.line: h.reason for h in taken.report.held_back} == expected
    assert sum(taken.report.held_back_by_reason.values()) == len(expected)
    lines = (taken.folder / "accounts.csv").read_bytes().split(b"\r\n")
    for held in taken.report.held_back:
        assert held.raw == lines[held.line - 1]
        assert held.sentence.endswith(".")


def test_the_city_reconciles_to_the_fen(taken: Taken) -> None:
    """Rows and money are those of the generator and of the control totals, and nothing is unaccounted for."""
    r, totals = taken.report, taken.totals
    assert r.reconciled, r.differences
    assert (r.rows_in, r.control_rows, r.balance_in_fen, r.control_balance_fen) == (
        totals.rows, totals.rows, totals.balance_fen, totals.balance_fen,
    )  # fmt: skip
    assert (r.carried_over, r.balance_carried_fen) == (totals.good_rows, totals.good_balance_fen)
    assert (r.already_there, r.balance_already_there_fen) == (0, 0)
    assert r.rows_in == r.carried_over + len(r.held_back)
    assert r.balance_in_fen == r.balance_carried_fen + r.balance_held_fen
    assert r.records_in == totals.record_rows
    assert r.records_held_back == ()


def test_everybody_carried_over_is_as_the_old_system_had_them(taken: Taken) -> None:
    """Name, region, insurance, card, balance, records and open stay arrive unchanged, rare characters included."""
    held = {h.raw.split(b",")[1].decode() for h in taken.report.held_back if h.reason != Reason.DUPLICATE_ROW}
    sound = [r for r in taken.city if r.number in taken.desk.accounts]
    assert len(sound) == taken.report.carried_over == len(taken.desk.accounts)
    assert {r.number for r in taken.city} - {r.number for r in sound} <= held | {
        r.number for r in taken.city if r.number[:17] in {h[:17] for h in held}
    }
    for r in sound:
        person, account = taken.desk.people[r.number], taken.desk.accounts[r.number]
        assert (person.name, person.region, person.insured_on) == (r.name, r.region, r.insured_on)
        assert (account.balance_fen, account.old_card_number) == (r.balance_fen, r.old_card_number)
        assert (account.records, account.in_hospital_since) == (r.records, r.in_hospital_since)
    assert any(a.in_hospital_since for a in taken.desk.accounts.values())
    carried = sum(o.on.year == 2013 for a in taken.desk.accounts.values() for o in a.records)
    assert taken.report.records_carried == carried > 0
    assert taken.report.records_left == sum(len(a.records) for a in taken.desk.accounts.values()) - carried > 0


def test_the_desk_is_asked_in_trays_of_two_hundred(taken: Taken) -> None:
    """Register and carry go together, through the importer's channel, under ids of digest and line."""
    assert taken.desk.trays[:-1] == [200] * (len(taken.desk.trays) - 1)
    assert 0 < taken.desk.trays[-1] <= 200
    digest = taken.report.digest[:12]
    for register, carry in list(zip(taken.desk.asks[::2], taken.desk.asks[1::2], strict=True))[:300]:
        assert register.sender == carry.sender == Sender("migration", Channel.IMPORTER, f"import:{digest}")
        assert register.request.person == carry.request.person
        line = re.fullmatch(rf"import:{digest}:(\d+):register", register.request.id)
        assert line
        assert carry.request.id == f"import:{digest}:{line[1]}:carry"
        for ask in (register, carry):
            assert ask.request.shows == ()
            assert msgspec.convert(msgspec.to_builtins(ask.request), AnyRequest) == ask.request


def test_taking_the_same_export_in_again_changes_nothing(taken: Taken) -> None:
    """The second run finds every account there already, and reconciles as well."""
    before = dict(taken.desk.accounts)
    again = take_in(taken.folder, taken.desk)
    assert again.reconciled
    assert (again.carried_over, again.already_there) == (0, taken.report.carried_over)
    assert again.balance_already_there_fen == taken.report.balance_carried_fen
    assert again.held_back == taken.report.held_back
    assert (again.records_carried, again.records_left) == (0, 0)
    assert taken.desk.accounts == before


def test_retired_regions_only_warn(taken: Taken) -> None:
    """Numbers of 140726 carry over, and the report counts them."""
    (warning,) = taken.report.warnings
    assert "140726" in warning
    assert taken.report.warnings[warning] == sum(n.startswith("140726") for n in taken.desk.accounts)


def test_no_sentence_and_no_print_shows_a_number_or_a_name(taken: Taken) -> None:
    """Reports can be printed: rows are hidden there, and the sentences name columns and lines only."""
    shown = repr(taken.report)
    assert not re.search(r"\d{15,}", shown.replace(taken.report.digest, ""))
    assert not any(r.name in shown for r in taken.city if len(r.name) > 2)


def test_what_the_desk_refuses_is_held_back_with_its_ground(tmp_path: Path) -> None:
    """A refusal counts as held back, with its clause; of two refusals the first one tells why."""
    desk = FakeDesk()
    desk.refuse[LI["身份证号"]] = ("register_person", Refusal.PERSON_HAS_DIED)
    report = take_in(write(tmp_path, [LI, WANG], control=("2", "100.12")), desk)
    reason, sentence = only_reason(report)
    assert reason == Refusal.PERSON_HAS_DIED
    assert "clause 4.1" in sentence
    assert report.reconciled
    assert report.balance_held_fen == 100_05


def test_a_refusal_is_asked_again_the_next_time(tmp_path: Path) -> None:
    """Once the matter is settled, the same file brings the account over, though its first ids stay refused."""
    desk, folder = FakeDesk(), write(tmp_path, [LI, WANG], control=("2", "100.12"))
    desk.refuse[LI["身份证号"]] = ("carry_over_account", Refusal.PERSON_HAS_LEFT)
    assert take_in(folder, desk).carried_over == 1
    still = take_in(folder, desk)
    assert (still.carried_over, still.already_there, only_reason(still)[0]) == (0, 1, Refusal.PERSON_HAS_LEFT)
    desk.refuse.clear()
    later = import_old_accounts(
        folder, desk.submit, sender_by="migration", on=ON + dt.timedelta(days=1), output=tmp_path / "out"
    )
    assert (later.carried_over, later.already_there, later.held_back) == (1, 1, ())
    assert later.reconciled


def test_somebody_registered_before_still_gets_the_account(tmp_path: Path) -> None:
    """A window may have registered the person first; only the account's own answer counts then."""
    desk = FakeDesk()
    desk.people[LI["身份证号"]] = RegisterPerson(
        id="w", person=LI["身份证号"], name="李伟", region="140702", insured_on=ON, shows=(Material.IDENTITY_CARD,)
    )
    assert take_in(write(tmp_path, [LI]), desk).carried_over == 1


def test_an_account_from_another_file_is_not_taken_for_this_one(tmp_path: Path) -> None:
    """What another export brought over may differ, so it is held back for somebody to compare."""
    desk = FakeDesk()
    take_in(write(tmp_path / "a", [LI]), desk)
    report = take_in(write(tmp_path / "b", [{**LI, "结余": "1.00"}]), desk)
    reason, sentence = only_reason(report)
    assert reason == Refusal.ACCOUNT_WAS_ALREADY_CARRIED_OVER
    assert "Compare" in sentence


def test_a_line_asked_for_otherwise_before_is_held_back_alone(tmp_path: Path) -> None:
    """Records that changed under the same accounts file hold back their own account and no other."""
    desk = FakeDesk()
    take_in(write(tmp_path, [LI, WANG], [LI_RECORD]), desk)
    report = take_in(write(tmp_path, [LI, WANG], []), desk)
    assert only_reason(report)[0] == RequestIdUsed.code
    assert report.already_there == 1
    assert len(take_in(tmp_path, desk, by="somebody else").held_back) == 2


def test_trouble_in_between_is_passed_on_and_a_second_run_ends_it(tmp_path: Path) -> None:
    """What was carried over before the trouble is there already; the rest comes over, nothing twice."""
    city, desk = invent_city(250, 5, ON), FakeDesk()
    totals = write_old_export(city, tmp_path, 6)
    desk.fails_at = 1
    with pytest.raises(StoreDown):
        take_in(tmp_path, desk)
    assert len(desk.accounts) == 100
    desk.fails_at = None
    report = take_in(tmp_path, desk)
    assert (report.already_there, report.carried_over) == (100, totals.good_rows - 100)
    assert report.reconciled


def test_an_answer_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    """A desk that answers fewer requests than it was asked is broken, and no row is counted for it."""
    desk = FakeDesk()
    with pytest.raises(Broken, match="1 of 2 requests"):
        import_old_accounts(
            write(tmp_path, [LI]), lambda asks: desk.submit(asks)[:-1], sender_by="m", on=ON, output=tmp_path / "out"
        )


def test_the_list_of_what_is_held_back_opens_in_a_spreadsheet(taken: Taken) -> None:
    """UTF-8 with a mark, one line a row with line, reason, sentence and the row; bad bytes stay visible."""
    content = (taken.folder / "out" / "held_back.csv").read_bytes()
    assert content.startswith(codecs.BOM_UTF8)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["line", "reason", "sentence", "row"]
    assert [(int(r[0]), r[1], r[2]) for r in rows[1:]] == [
        (h.line, h.reason, h.sentence) for h in taken.report.held_back
    ]
    assert any("\\x" in r[3] for r in rows if r[1] == Reason.NOT_GB18030)
    assert ((taken.folder / "out").stat().st_mode & 0o077) == 0


def test_what_is_corrected_is_taken_in_again(tmp_path: Path) -> None:
    """The folder to correct is an export of its own, with the records of its people; corrected, it carries over."""
    wrong = {**LI, "结余": "百"}
    desk, out = FakeDesk(), tmp_path / "out"
    take_in(write(tmp_path, [wrong, WANG], [LI_RECORD, ("2", WANG["身份证号"], *LI_RECORD[2:])]), desk, out)
    folder = out / "to_correct"
    assert (folder / "records.csv").read_bytes().count(b"\r\n") == 2
    unchanged = take_in(folder, FakeDesk(), tmp_path / "out2")
    assert only_reason(unchanged)[0] == Reason.AMOUNT_IS_NOT_A_NUMBER
    accounts = folder / "accounts.csv"
    accounts.write_bytes(accounts.read_bytes().replace("百".encode("gb18030"), b"100.05"))
    report = take_in(folder, desk, tmp_path / "out3")
    assert (report.carried_over, report.held_back, report.records_carried) == (1, (), 1)
    with pytest.raises(BadInput, match="name another output folder"):
        take_in(folder, desk, out)
    assert accounts.exists()


def test_a_file_that_changes_while_it_is_read_does_not_reconcile(tmp_path: Path) -> None:
    """Rows stream through, so one that comes in after the first tray is met, and noticed by the report."""
    folder, desk = tmp_path, FakeDesk()
    write_old_export(invent_city(150, 8, ON), folder, 9)
    added = ",".join({**LI, **dict.fromkeys(("医疗证号", "单位编号", "医疗人员类别", "年度"), "")}.values())

    def submit(asks: list[Ask]) -> list[Receipt | Trouble]:
        if not desk.trays:
            with (folder / "accounts.csv").open("ab") as file:
                file.write(added.encode("gb18030") + b"\r\n")
        return desk.submit(asks)

    report = import_old_accounts(folder, submit, sender_by="m", on=ON, output=folder / "out")
    assert not report.reconciled
    assert "changed while it was taken in" in report.differences[0]
