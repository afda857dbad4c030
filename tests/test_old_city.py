"""The benchmark's old city: what its writer says must be found in it is what stands in its files."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from bench.old_city import Found, write_old_city
from bench.old_people import RecordFault

from shebaoka import numbers
from shebaoka.city import ACCOUNT_COLUMNS, RECORD_COLUMNS, UNSUMMED, Fault

ON = dt.date(2013, 6, 30)
PEOPLE = 12_000
FILES = ("accounts.csv", "records.csv", "control_totals.csv")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Found]:
    """Twelve thousand people, two blocks."""
    folder = tmp_path_factory.mktemp("city")
    return folder, write_old_city(folder, PEOPLE, 5, ON, processes=1)


def rows_of(path: Path) -> list[list[str]]:
    """The rows below the header, broken bytes escaped."""
    lines = path.read_bytes().split(b"\r\n")
    assert lines[-1] == b""
    return [line.decode("gb18030", "backslashreplace").split(",") for line in lines[1:-1]]


def fen(yuan: str) -> int:
    """The fen of an amount with two decimals."""
    return int(yuan.replace(".", ""))


def test_the_files_are_the_same_with_two_processes(written: tuple[Path, Found], tmp_path: Path) -> None:
    """A seed is a city: byte for byte, in one process or two; another seed is another."""
    folder, found = written
    assert write_old_city(tmp_path / "same", PEOPLE, 5, ON, processes=2) == found
    for file in FILES:
        assert (tmp_path / "same" / file).read_bytes() == (folder / file).read_bytes()
    write_old_city(tmp_path / "other", PEOPLE, 6, ON, processes=1)
    assert (tmp_path / "other" / "accounts.csv").read_bytes() != (folder / "accounts.csv").read_bytes()


def test_accounts_are_what_the_writer_says(written: tuple[Path, Found]) -> None:
    """Rows, sums and stays, added up from the bytes; every fault as often as told; numbers sound and all different."""
    folder, found = written
    rows = rows_of(folder / "accounts.csv")
    readable = [row for n, row in enumerate(rows, 2) if n not in found.unreadable_lines]
    assert len(rows) == found.rows
    assert len(rows) - len(readable) == sum(found.broken[f] for f in (Fault.NOT_GB18030, Fault.WRONG_COLUMN_COUNT))
    assert all(len(row) == len(ACCOUNT_COLUMNS) for row in readable)
    balances = [row[10] for row in readable if row[10].lstrip("-").replace(".", "", 1).isdigit()]
    assert sum(map(fen, balances)) == found.balance_fen
    assert len(readable) - len(balances) == found.broken[Fault.BALANCE_IS_NO_NUMBER]
    assert set(found.broken) == set(Fault) > set(UNSUMMED)
    assert found.good_rows + found.waiting + sum(found.broken.values()) == found.rows
    assert 0.015 < sum(found.broken.values()) / found.rows < 0.03
    sound = [row[1] for row in readable if len(row[1]) == 18 and numbers.fault_of(row[1], ON) is None]
    twice = found.broken[Fault.EXACT_DUPLICATE] + found.broken[Fault.CONFLICTING_DUPLICATE] // 2
    assert len(sound) - len(set(sound)) == twice
    old = [row[1] for row in readable if len(row[1]) == 15]
    assert len(old) >= found.old_numbers > 0
    stays = [row for row in readable if row[9] == "1" and row[14] <= "20130629"]
    assert len(stays) >= found.stays > 0
    assert {row[13] for row in readable} >= {"140702", "140726", "140781"}


def test_records_are_what_the_writer_says(written: tuple[Path, Found]) -> None:
    """Rows and sums; by day and not by person; of this year and 3 in 100 of the last; of people who have a row."""
    folder, found = written
    rows = rows_of(folder / "records.csv")
    assert len(rows) == found.record_rows == PEOPLE * 300 // 34
    assert all(len(row) == len(RECORD_COLUMNS) for row in rows)
    assert sum(fen(row[5]) for row in rows if row[5] != "*****") == found.record_spent_fen
    assert found.records_broken == dict.fromkeys(RecordFault, 1)
    assert found.waiting == 3
    parts = (found.records_carried, found.records_left, found.records_waiting, len(RecordFault))
    assert sum(parts) == found.record_rows
    years = Counter(row[2][:4] for row in rows)
    assert years["2012"] == round(found.record_rows * 0.03)
    days = [row[2] for row in rows if row[2][4:] != "0231"]
    assert days == sorted(days)
    assert len({row[0] for row in rows[:1000]}) > 900
    accounts = {(row[0], row[1]) for row in rows_of(folder / "accounts.csv")}
    assert len({(row[0], row[1]) for row in rows} - accounts) == 1


def test_the_control_totals_are_stated(written: tuple[Path, Found]) -> None:
    """The control file states the rows and sums of both files."""
    folder, found = written
    assert rows_of(folder / "control_totals.csv") == [
        ["accounts.csv", str(found.rows), f"{found.balance_fen / 100:.2f}"],
        ["records.csv", str(found.record_rows), f"{found.record_spent_fen / 100:.2f}"],
    ]
