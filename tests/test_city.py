"""The invented city and its old export: sound people, a file as old systems write it, and faults that are known."""

import csv
import datetime as dt
import io
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from shebaoka import numbers
from shebaoka.city import (
    ACCOUNT_COLUMNS,
    RARE,
    RECORD_COLUMNS,
    ExportTotals,
    Fault,
    Resident,
    invent_city,
    invent_institutions,
    write_old_export,
)
from shebaoka.desk import CARES

ON = dt.date(2013, 6, 30)
PEOPLE = 5_000


@pytest.fixture(scope="module")
def city() -> list[Resident]:
    """Five thousand people."""
    return invent_city(PEOPLE, 20130625, ON)


@pytest.fixture(scope="module")
def export(city: list[Resident], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExportTotals]:
    """Their old export, and what its writer knows of it."""
    folder = tmp_path_factory.mktemp("export")
    return folder, write_old_export(city, folder, 7)


def test_everybody_has_a_sound_number_of_their_own(city: list[Resident]) -> None:
    """Numbers are unique, faultless on the day, and agree with birth date and sex."""
    assert len(city) == len({r.number for r in city}) == len({r.old_card_number for r in city}) == PEOPLE
    for r in city:
        assert numbers.fault_of(r.number, ON) is None
        assert numbers.birth_date(r.number) == r.birth_on
        assert numbers.sex(r.number) is r.sex
        assert r.birth_on <= r.insured_on <= ON


def test_the_city_is_jinzhong_with_retired_taigu(city: list[Resident]) -> None:
    """All eleven counties occur; Taigu has its old code in 2013, and old codes stay in numbers after 2019."""
    counties = {"140702", "140781", *(f"1407{n}" for n in range(21, 30))}
    assert {r.number[:6] for r in city} == {r.region for r in city} == counties
    later = invent_city(2_000, 1, dt.date(2025, 1, 1))
    assert "140703" in {r.region for r in later}
    assert "140726" not in {r.region for r in later}
    assert {"140703", "140726"} <= {r.number[:6] for r in later}
    assert all(r.birth_on.year >= 2019 for r in later if r.number.startswith("140703"))


def test_the_city_has_everybody_that_a_city_has(city: list[Resident]) -> None:
    """All ages, both sexes, rare characters, middle dots, empty and full accounts, and people in hospital."""
    assert {(ON - r.birth_on).days // 3652 for r in city} >= set(range(10))
    assert 0.45 < sum(r.sex == "male" for r in city) / PEOPLE < 0.55
    rare = [r.name for r in city if set(r.name) & set(RARE)]
    dotted = [r.name for r in city if "·" in r.name]
    assert 0.005 * PEOPLE < len(rare) < 0.02 * PEOPLE
    assert 0.005 * PEOPLE < len(dotted) < 0.02 * PEOPLE
    assert any(len(c.encode("gb18030")) == 4 for name in rare for c in name)
    balances = sorted(r.balance_fen for r in city)
    assert balances[0] == 0
    assert 4_000_00 < balances[-1] <= 8_000_00
    assert balances[PEOPLE // 2] < sum(balances) / PEOPLE
    in_hospital = [r for r in city if r.in_hospital_since]
    assert 3 <= len(in_hospital) <= 40
    assert all(r.insured_on <= r.in_hospital_since <= ON for r in in_hospital if r.in_hospital_since)


def test_the_city_has_hospitals_and_pharmacies_that_a_house_takes_in() -> None:
    """Six and twelve, with codes, kinds and terminals as the desk asks for them, in counties of the city."""
    institutions = invent_institutions()
    hospitals = [i for i in institutions if "inpatient" in i.kinds]
    pharmacies = [i for i in institutions if i.kinds == ("pharmacy",)]
    assert (len(hospitals), len(pharmacies)) == (6, 12)
    assert len({i.code for i in institutions}) == len({i.name for i in institutions}) == 18
    assert all(re.fullmatch(r"[HP]14(0702|0781|072[1-9])0{3}[0-9]{2}", i.code) for i in institutions)
    assert all(set(i.kinds) <= set(CARES) for i in institutions)
    terminals = [t for i in institutions for t in i.terminals]
    assert len(set(terminals)) == len(terminals) == 24
    assert all(len(t) <= 8 for t in terminals)  # a POS message has room for so many
    for kind in (hospitals, pharmacies):
        assert {i.part_payment for i in kind} == {True, False}


def test_old_records_are_of_this_year_and_the_last(city: list[Resident]) -> None:
    """Up to twelve records a person, oldest first, none before the insurance, and never more from the account."""
    assert {len(r.records) for r in city} == set(range(13))
    assert {o.on.year for r in city for o in r.records} == {2012, 2013}
    for r in city:
        assert [o.on for o in r.records] == sorted(o.on for o in r.records)
        assert all(r.insured_on <= o.on <= ON and 0 <= o.account_fen <= o.total_fen for o in r.records)


def test_the_same_seed_is_the_same_city_and_export(city: list[Resident], tmp_path: Path) -> None:
    """Seeds decide everything: people, and every byte of the files."""
    assert invent_city(200, 20130625, ON) == city[:200]
    assert invent_city(200, 1, ON) != city[:200]
    for folder in ("a", "b"):
        write_old_export(city[:200], tmp_path / folder, 3)
    for file in ("accounts.csv", "records.csv", "control_totals.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_files_look_as_old_systems_write_them(export: tuple[Path, ExportTotals]) -> None:
    """GB18030 with CRLF and a Chinese header; days as YYYYMMDD, yuan with two decimals."""
    folder, totals = export
    lines = (folder / "accounts.csv").read_bytes().split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)
    assert lines[0].decode("gb18030").split(",") == list(ACCOUNT_COLUMNS)
    sound = [row for n, row in enumerate(lines[:-1], 1) if n > 1 and n not in totals.broken_lines]
    assert len(sound) == totals.good_rows
    for raw in sound[:500]:
        row = dict(zip(ACCOUNT_COLUMNS, raw.decode("gb18030").split(","), strict=True))
        assert row["性别"] in "男女"
        assert dt.datetime.strptime(row["出生日期"], "%Y%m%d").date() == numbers.birth_date(row["身份证号"])  # noqa: DTZ007
        assert Decimal(row["结余"]).as_tuple().exponent == -2
        assert (row["在院状态"], bool(row["入院日期"])) in {("0", False), ("1", True)}
    records = (folder / "records.csv").read_bytes().decode("gb18030").split("\r\n")
    assert records[0].split(",") == list(RECORD_COLUMNS)
    assert len(records) - 2 == totals.record_rows


def test_about_two_rows_in_a_hundred_are_broken_in_every_way(export: tuple[Path, ExportTotals]) -> None:
    """Every fault occurs, at the lines that the totals name, and the good rows are the rest."""
    _, totals = export
    assert set(totals.broken) == set(Fault)
    assert totals.broken == Counter(totals.broken_lines.values())
    assert 0.015 < len(totals.broken_lines) / totals.rows < 0.03
    assert totals.good_rows + len(totals.broken_lines) == totals.rows
    assert totals.broken[Fault.CONFLICTING_DUPLICATE] % 2 == 0


def test_the_control_totals_are_those_of_the_files(export: tuple[Path, ExportTotals]) -> None:
    """Rows and sums, added up here from the bytes, are what the control file states and the writer tells."""
    folder, totals = export
    balance, rows = Decimal(0), 0
    for raw in (folder / "accounts.csv").read_bytes().split(b"\r\n")[1:-1]:
        rows += 1
        try:
            fields = raw.decode("gb18030").split(",")
            if len(fields) == len(ACCOUNT_COLUMNS):
                balance += Decimal(fields[ACCOUNT_COLUMNS.index("结余")])
        except (UnicodeDecodeError, ArithmeticError):
            continue
    stated = list(csv.reader(io.StringIO((folder / "control_totals.csv").read_bytes().decode("gb18030"))))
    assert stated[0] == ["文件", "行数", "金额合计"]
    assert stated[1] == ["accounts.csv", str(rows), f"{balance:.2f}"]
    assert stated[2] == ["records.csv", str(totals.record_rows), f"{Decimal(totals.record_spent_fen) / 100:.2f}"]
    assert (rows, int(balance * 100)) == (totals.rows, totals.balance_fen)


def test_an_export_of_nobody_is_three_headers(tmp_path: Path) -> None:
    """An empty city gives files without rows, and totals of nothing."""
    totals = write_old_export([], tmp_path, 1)
    assert (totals.rows, totals.good_rows, totals.balance_fen) == (0, 0, 0)
    assert len((tmp_path / "accounts.csv").read_bytes().split(b"\r\n")) == 2
