"""The mapping file: what can be said in it, and each thing that can be wrong with it, by key and with what to do."""

import datetime as dt
import re
from pathlib import Path
from typing import get_args

import pytest

from conftest import ROOT
from shebaoka.city import invent_city, write_old_export
from shebaoka.importer.mapping import (
    READY,
    digest_of_mapping,
    files_of,
    mapping_for,
    mapping_of,
    read_mapping,
    ready_mapping,
)
from shebaoka.importer.specs import FIELDS, NEEDED, Column, Dates, Encoding, Format, Kind, SourceSpec, Unit, Width
from shebaoka.records import BadInput

SHANXI = (
    "个人编号,身份证号,姓名,性别,出生日期,卡号,医疗证号,单位编号,医疗人员类别,在院状态,结余,年度,本年住院次数,总费用,自费,"
    "自理,进入统筹,帐户支出,统筹支付,现金支出"
)
GOOD = """
name: a city
control: totals.csv
sources:
  - kind: persons
    file: 人员*.txt
    format: fixed
    encoding: gbk
    dates: YYYY-MM-DD
    widths: [{name: id, width: 10}, {name: sfz, width: 18}, {name: xm, width: 20}, {name: dw, width: 10}]
    columns:
      personal_id: id
      number: sfz
      name: xm
      region: {column: dw, first: 6}
      insured_on: {constant: 2001-01-01}
  - kind: accounts
    file: ye.dbf
    unit: fen
    header: false
    columns: {personal_id: ID, balance: YE, hospital_status: {column: ZY, values: {0: out, 1: in}}}
  - kind: records
    file: 消费.xlsx
    format: excel
    sheet: 2013
    columns: {personal_id: ID, spent_on: {column: ND, as: year}, total: ZFY, account: ZHZC}
  - {kind: photos, file: 照片.zip, format: zip}
"""


def test_all_that_can_be_said(tmp_path: Path) -> None:
    """Short and long columns, constants, parts, years and values; what looks like a number or a day stays a text."""
    (tmp_path / "m.yaml").write_text("\ufeff" + GOOD, "utf-8")
    mapping = read_mapping(tmp_path / "m.yaml")
    persons, accounts, records, photos = mapping.sources
    assert (mapping.name, mapping.control) == ("a city", "totals.csv")
    assert persons.columns["number"] == Column(column="sfz")
    assert persons.columns["region"] == Column(column="dw", first=6)
    assert persons.columns["insured_on"] == Column(constant="2001-01-01")
    assert persons.widths is not None
    assert persons.widths[1] == Width("sfz", 18)
    assert persons.needs() == ("id", "sfz", "xm", "dw")
    assert accounts.columns["hospital_status"].values == {"0": "out", "1": "in"}
    assert (accounts.unit, accounts.header, accounts.format) == ("fen", False, "auto")
    assert (records.sheet, records.columns["spent_on"].as_) == ("2013", "year")
    assert photos.columns == {}


def test_the_digest_is_of_what_is_said() -> None:
    """Comments and the order of keys change nothing; a value does."""
    same = GOOD.replace("name: a city\ncontrol: totals.csv\n", "# a note\ncontrol: totals.csv\nname: 'a city'\n")
    first = digest_of_mapping(mapping_of(GOOD.encode(), "m"))
    assert digest_of_mapping(mapping_of(same.encode(), "m")) == first
    assert digest_of_mapping(mapping_of(GOOD.replace("fen", "yuan").encode(), "m")) != first


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: a city\n", "", "m.yaml, at the top: Object missing required field `name`"),
        ("name: a city", "name: a city\ncity: x", "Object contains unknown field `city`"),
        ("name: a city", "name: a city\nname: b", "m.yaml, line 3: name stands twice"),
        ("unit: fen", "unit: euro", "m.yaml, sources[1].unit: Invalid enum value 'euro'"),
        ("unit: fen", "units: fen", "sources[1]: Object contains unknown field `units`"),
        ("kind: persons", "kind: people", "sources[0].kind: Invalid enum value 'people'"),
        ("encoding: gbk", "encoding: big5", "sources[0].encoding: Invalid enum value 'big5'"),
        ("dates: YYYY-MM-DD", "dates: DD.MM.YYYY", "sources[0].dates: Invalid enum value"),
        ("header: false", "header: maybe", "sources[1].header: Expected `bool`"),
        ("first: 6", "first: six", "columns[...].first: Expected `int | null`"),
        ("first: 6", "first: 0", "sources[0].columns.region: `first` is how many characters are taken"),
        ("first: 6", "last: 6", "Object contains unknown field `last`"),
        ("as: year", "as: month", "columns[...].as: Invalid enum value 'month'"),
        ("balance: YE", "balance: {column: YE, as: year}", "columns.balance: `as: year` stands only where a day"),
        ("balance: YE", "balance: {column: YE, constant: 0}", "columns.balance: give either `column` or `constant`"),
        ("balance: YE", "balance: {first: 6}", "sources[1].columns.balance: give either `column` or `constant`"),
        ("balance: YE", "saldo: YE", "sources[1].columns.saldo: accounts has no such field; it has personal_id"),
        ("balance: YE", "saldo: YE", "sources[1].columns: balance is missing, and accounts must have it"),
        ("      number: sfz\n", "", "sources[0].columns: number is missing, and persons must have it"),
        ("1: in", "1: inside", "columns.hospital_status: values: inside is not a word for it; there are in, out"),
        ("personal_id: ID, spent_on", "spent_on", "sources[2].columns: records has neither number nor personal_id"),
        ("      personal_id: id\n", "", "accounts is keyed by personal_id, and no source has both number and"),
        ("file: ye.dbf", "file: ../ye.dbf", "sources[1].file: name a file in the folder, or a glob"),
        ("file: ye.dbf", "file: /ye.dbf", "sources[1].file: name a file in the folder"),
        ("file: ye.dbf", "file: ye.csv\n    delimiter: '||'", "sources[1].delimiter: give one ASCII character"),
        ("format: fixed", "format: csv", "sources[0].widths: the format fixed needs them, and no other has them"),
        ("width: 18", "width: 0", "sources[0].widths: each width is a number of bytes"),
        ("format: excel", "format: csv", "sources[2].sheet: only Excel has sheets"),
        ("format: zip", "format: csv", "sources[3].format: photos come in a folder or a zip"),
        ("format: excel\n    sheet: 2013", "format: zip", "sources[2].format: a folder or a zip holds photos alone"),
        ("kind: accounts", "kind: cards", "sources: none is of the kind accounts"),
        ("sources:", "sources: [", "m.yaml, line 5: "),
        ("name: a city", "name: 城\udcff", "m.yaml: byte 11 is not UTF-8"),
        ("fixed", "\x07", "m.yaml: "),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old: str, new: str, words: str) -> None:
    """One sentence a fault, with file and key, and what can stand there."""
    assert old in GOOD
    with pytest.raises(BadInput, match=re.escape(words)):
        mapping_of(GOOD.replace(old, new, 1).encode("utf-8", "surrogateescape"), "m.yaml")


def test_every_fault_is_told(tmp_path: Path) -> None:
    """A mapping with two faults says both, one a line."""
    two = GOOD.replace("file: ye.dbf", "file: ../ye.dbf").replace("first: 6", "first: 0")
    with pytest.raises(BadInput) as caught:
        mapping_of(two.encode(), "m.yaml")
    assert len(str(caught.value).splitlines()) == 2
    for text, words in (
        ("[]", "at the top: Expected `object`"),
        ("", "at the top: "),
        ("name: x\nsources: []", "is none"),
    ):
        with pytest.raises(BadInput, match=words):
            mapping_of(text.encode(), "m.yaml")
    with pytest.raises(BadInput, match="m\\.yaml cannot be read"):
        read_mapping(tmp_path / "m.yaml")


def test_the_ready_mappings_can_be_read() -> None:
    """Each one that comes along is sound and has its own name; another name is told which there are."""
    assert [ready_mapping(name).name for name in READY] == list(READY)
    with pytest.raises(BadInput, match="there are invented, shanxi"):
        ready_mapping("hebei")


def test_a_folder_is_known_by_its_files_and_columns(tmp_path: Path) -> None:
    """The invented city's export and a table of the Shanxi list find their mapping; another folder is told why not."""
    invented, shanxi, other = (tmp_path / n for n in ("invented", "shanxi", "other"))
    for folder in (shanxi, other):
        folder.mkdir()
    write_old_export(invent_city(20, 1, dt.date(2013, 7, 1)), invented, 1)
    (shanxi / "医保2013.csv").write_bytes(f"{SHANXI}\r\n".encode("gb18030"))
    (shanxi / "control_totals.csv").write_bytes("文件,行数,金额合计\r\n".encode("gb18030"))
    assert mapping_for(invented).name == "invented"
    found = mapping_for(shanxi)
    assert found.name == "shanxi"
    assert [f.name for f in files_of(shanxi, found, found.sources[0])] == ["医保2013.csv"]
    assert {s.kind for s in found.sources} == {"accounts", "records"}
    (other / "a.csv").write_bytes("身份证号,姓名\r\n".encode("gb18030"))
    with pytest.raises(
        BadInput, match=r"import inspect.*invented: accounts\.csv is not in the folder.*shanxi: a\.csv, l"
    ):
        mapping_for(other)


def test_the_document_names_all_that_can_be_said() -> None:
    """docs/mapping.md has every kind with what it needs, every field, format, encoding, and way to write days."""
    text = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
    assert mapping_of(text.partition("```yaml\n")[2].partition("```")[0].encode(), "the example").name == "our city"
    words = {w for kind in (Kind, Format, Encoding, Unit, Dates) for w in get_args(kind)} - {"auto"}
    words |= {f.removesuffix("_") for f in SourceSpec.__struct_fields__ if f != "columns"}
    assert not [w for w in words if f"`{w}`" not in text]
    for kind, fields in FIELDS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{kind}` |"))
        needed = row.split("|")[2]
        assert not [f for f in fields if f"`{f}`" not in row]
        assert not [f for f in NEEDED[kind] if f"`{f}`" not in needed]
