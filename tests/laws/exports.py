"""Random exports of an old system for the laws of moving a city over, each with what must become of every row.

Somebody's rows are written sound, then at most one thing is made wrong with them. Of each row is noted whose it is, how
many fen can be read in it, and its `Fate`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec
from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace

from moves import mapping
from shebaoka.importer.specs import Mapping
from shebaoka.numbers import with_check_digit
from shebaoka.records import OldRecord

PEOPLE_MIN, PEOPLE_MAX, RECORDS_MAX, NOBODIES_MAX = 3, 10, 4, 3
THIS_YEAR, DAY = 2013, dt.date(2013, 6, 20)
RECORD = OldRecord(dt.date(2013, 3, 1), "药店", 5, 5)
COLUMN = {
    "personal_id": "个人编号", "number": "身份证号", "name": "姓名", "sex": "性别", "birth_on": "出生日期",
    "old_card_number": "卡号", "hospital_status": "在院状态", "balance": "结余", "year": "年度",
    "insured_on": "参保日期", "region": "所属区划", "admitted_on": "入院日期", "spent_on": "日期",
    "institution": "医疗机构", "total": "总费用", "account": "帐户支出",
}  # fmt: skip
VALUES = {"sex": {"男": "male", "女": "female"}, "hospital_status": {"0": "out", "1": "in"}}
BOTH = ("personal_id", "number")
SPENT = ("spent_on", "institution", "total", "account")
TOGETHER = {
    "accounts": (
        *(*BOTH, "name", "sex", "birth_on", "old_card_number", "hospital_status", "balance", "year", "insured_on"),
        *("region", "admitted_on"),
    ),
    "records": (*BOTH, *SPENT),
}
"""All that is known of somebody in one table, beside their records."""


def apart(*keys: str) -> dict[str, tuple[str, ...]]:
    """The same in a table for each matter, whose rows name their person by `keys`."""
    return {
        "persons": (*BOTH, "name", "sex", "birth_on", "insured_on", "region"),
        "accounts": (*keys, "hospital_status", "balance", "year"),
        "cards": (*keys, "old_card_number"),
        "stays": (*keys, "institution", "admitted_on"),
        "records": (*keys, *SPENT),
    }


class Form(msgspec.Struct, frozen=True):
    """How an export is written: its tables with their fields, its files, and how its values stand there."""

    tables: dict[str, tuple[str, ...]]
    encoding: str
    unit: str
    end: bytes
    parts: int

    def money(self, fen: int) -> str:
        """An amount in the export's unit."""
        return str(fen) if self.unit == "fen" else f"{'-' * (fen < 0)}{abs(fen) // 100}.{abs(fen) % 100:02d}"

    def mapping(self, name: str) -> Mapping:
        """The mapping of the export, under a name."""
        sources = [
            {
                "kind": kind,
                "file": f"{kind}_*.csv",
                "unit": self.unit,
                "columns": {f: {"column": COLUMN[f], "values": VALUES.get(f)} for f in fields},
            }
            for kind, fields in self.tables.items()
        ]
        return replace(mapping(*sources), name=name)


FORMS = st.builds(
    Form,
    st.sampled_from((TOGETHER, TOGETHER, apart("personal_id"), apart("number"), apart(*BOTH))),
    st.sampled_from(("gb18030", "utf-8", "utf-8-sig")),
    st.sampled_from(("yuan", "yuan", "fen")),
    st.sampled_from((b"\r\n", b"\n")),
    st.sampled_from((1, 2)),
)


# People --------------------------------------------------------------------------------------------------------------


class Known(StrEnum):
    """What the city knows of somebody before the export comes."""

    NOT = "nothing"
    REGISTERED = "a window registered them"
    DIED = "a window registered them, and that they died"
    NAMED_OTHERWISE = "a window registered them under another name"
    CARRIED = "their account was carried over by hand"
    CARRIED_OTHERWISE = "their account was carried over by hand with another balance"


HOLDS_BACK = (Known.DIED, Known.NAMED_OTHERWISE, Known.CARRIED_OTHERWISE)
NAMES = ("李娜", "买买提·吐尔逊", "䶮𬭸", '王 "五" \\', "赵,六")
RECORDS = st.lists(
    st.builds(
        OldRecord,
        st.sampled_from([dt.date(2013, 3, 1), dt.date(2013, 6, 30), dt.date(2012, 12, 31), dt.date(2009, 6, 15)]),
        st.sampled_from(("南山镇卫生院", '药店 "东", C:\\')),
        st.sampled_from((20_10, 10**7)),
        st.sampled_from((0, 1, 20_10)),
    ),
    max_size=RECORDS_MAX,
)


class Holder(msgspec.Struct):
    """Somebody with an account; `waits` if something is wrong with their rows."""

    n: int
    name: str
    balance_fen: int
    records: list[OldRecord]
    since: dt.date | None
    known: Known
    written: tuple[str, str]
    personal_id: str = ""
    card: str = ""
    waits: bool = False

    def __post_init__(self) -> None:
        self.personal_id, self.card = str(self.n), f"A{self.n}"

    @property
    def number(self) -> str:
        """A sound number of their own."""
        return with_check_digit(f"140702{1950 + self.n}0401{101 + self.n}")

    @property
    def goes(self) -> bool:
        """Whether the account goes over, or did so by hand."""
        return not self.waits and self.known not in HOLDS_BACK


HOLDERS = st.lists(
    st.builds(
        Holder,
        n=st.integers(0, 40),
        name=st.sampled_from(NAMES),
        balance_fen=st.sampled_from((0, 1, 123_45, 10**9)),
        records=RECORDS,
        since=st.sampled_from((None, None, DAY)),
        known=st.sampled_from((*5 * [Known.NOT], *Known)),
        written=st.tuples(*2 * [st.sampled_from(("long", "long", "short", "small"))]),
    ),
    min_size=PEOPLE_MIN,
    max_size=PEOPLE_MAX,
    unique_by=lambda who: who.n,
)


# Rows ----------------------------------------------------------------------------------------------------------------


class Fate(StrEnum):
    """What becomes of a row whose holder goes over, and of one that is nobody's."""

    GOES = "carried_over"
    LEFT = "left"
    HELD = "held_back"
    NO_ROW = "no row"


class Row(msgspec.Struct):
    """A row of a table: its values by field, the fen that can be read in it, and whose it is."""

    values: dict[str, str]
    fen: int = 0
    fate: Fate = Fate.GOES
    whose: Holder | None = None
    damage: str = ""

    def became(self, *, again: bool) -> str:
        """The report's word for what became of it; `again` if the export was taken in before."""
        if self.whose is None:
            return self.fate
        if not self.whose.goes:
            return Fate.HELD
        there = self.fate is not Fate.HELD and (again or self.whose.known is Known.CARRIED)
        return "already_there" if there else self.fate


Rows = dict[str, list[Row]]


def sound(form: Form, who: Holder) -> Rows:
    """All rows of somebody by kind, nothing being wrong with them."""
    numbers = {"long": who.number, "short": who.number[:6] + who.number[8:17], "small": who.number.lower()}
    day = f"{who.since:%Y%m%d}" if who.since else ""
    values = {
        "personal_id": who.personal_id, "name": who.name, "sex": "男" if int(who.number[16]) % 2 else "女",
        "birth_on": who.number[6:14], "old_card_number": who.card, "hospital_status": "1" if who.since else "0",
        "balance": form.money(who.balance_fen), "year": f"{THIS_YEAR}", "insured_on": "20050301", "region": "140702",
        "institution": "汾河湾综合医院", "admitted_on": day,
    }  # fmt: skip
    first, *others = form.tables
    number = {first: numbers[who.written[0]], **dict.fromkeys(others, numbers[who.written[1]])}
    rows = {
        kind: [Row({**values, "number": number[kind]}, who.balance_fen if kind == "accounts" else 0, whose=who)]
        for kind in form.tables
        if kind != "records" and (kind != "stays" or who.since)
    }
    if who.records:
        rows["records"] = [
            Row(
                {**values, "number": number["records"], **spent(form, record)},
                record.account_fen,
                Fate.GOES if record.on.year == THIS_YEAR else Fate.LEFT,
                who,
            )
            for record in who.records
        ]
    return rows


def spent(form: Form, record: OldRecord) -> dict[str, str]:
    """A record's own values."""
    return {
        "spent_on": f"{record.on:%Y%m%d}",
        "institution": record.institution,
        "total": form.money(record.total_fen),
        "account": form.money(record.account_fen),
    }


# What can be wrong ---------------------------------------------------------------------------------------------------

Wrong = tuple[str, str | int, int]
"""A field, what stands there, and how many fen can be read in it, if it is the table's amount."""
WRONG: tuple[Wrong, ...] = (
    *(("balance", -100, -100), ("balance", 10**13 + 1, 10**13 + 1), ("balance", "9" * 20, 0), ("balance", "", 0)),
    *(("balance", "1,234.50", 0), ("balance", "1E+05", 0), ("balance", "１００", 0), ("balance", "x", 0)),
    *((field, "", 0) for field in (*BOTH, "name", "region", "insured_on", "old_card_number", "sex", "year")),
    *(("number", "14070219500401101", 0), ("number", "1.40702195004E+17", 0), ("name", "李\u200b娜", 0)),
    *(("sex", "M", 0), ("birth_on", "18491231", 0), ("insured_on", "20130230", 0), ("insured_on", "20990101", 0)),
    *(("region", "1407", 0), ("old_card_number", "k 1", 0), ("hospital_status", "7", 0), ("year", "二〇一三", 0)),
    *(("admitted_on", "", 0), ("admitted_on", "20990101", 0), ("admitted_on", "20130230", 0)),
)
WRONG_RECORDS: tuple[Wrong, ...] = (
    *(("spent_on", "20130631", 0), ("spent_on", "41334", 0), ("spent_on", "20990101", 0), ("institution", "", 0)),
    *(("total", "x", 0), ("account", "x", 0), ("account", -1, -1), ("account", 10**9, 10**9)),
)
DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a byte that is no character": lambda values: [*values[:-1], values[-1] + b"\xff"],
    "a column too few": lambda values: values[:-1],
    "a column too many": lambda values: [*values, b"1"],
    "an open quotation mark": lambda values: [*values[:-1], b'"' + values[-1]],
    "a zero byte": lambda values: [*values[:-1], values[-1] + b"\0"],
    "a carriage return": lambda values: [*values[:-1], b"1\r2"],
}
ANOTHER = {"persons": ("name", "钱七"), "cards": ("old_card_number", "Z9"), "stays": ("admitted_on", "20130621")}
"""What a second row about one person says otherwise."""
Fault = Callable[[st.DrawFn, Form, Rows, Holder], bool]
"""Makes something wrong with somebody's rows; whether the account waits for it to be corrected."""


def _nothing(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    return False


def _a_wrong_value(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    by_id_alone = "number" not in form.tables["records"]
    fits = [
        (next(kind for kind in rows if wrong[0] in form.tables[kind]), wrong)
        for wrong in WRONG
        if any(wrong[0] in form.tables[kind] for kind in rows)
        and (wrong[0] != "personal_id" or by_id_alone)
        and (wrong[0] != "admitted_on" or who.since)
    ]
    kind, wrong = draw(st.sampled_from(fits))
    _put(form, rows[kind][0], wrong, "balance")
    return True


def _a_wrong_record(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    if "records" not in rows:
        return False
    _put(form, draw(st.sampled_from(rows["records"])), draw(st.sampled_from(WRONG_RECORDS)), "account")
    return True


def _put(form: Form, row: Row, wrong: Wrong, amount: str) -> None:
    field, value, fen = wrong
    row.values[field] = form.money(value) if isinstance(value, int) else value
    row.fen = fen if field == amount else row.fen


def _a_damaged_row(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    row = draw(st.sampled_from([row for some in rows.values() for row in some]))
    row.damage, row.fen = draw(st.sampled_from(sorted(DAMAGE))), 0
    return True


def _the_same_row_twice(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    kind = draw(st.sampled_from(sorted(rows.keys() - {"records"})))
    rows[kind].append(replace(rows[kind][0], fate=Fate.HELD))
    return False


def _another_row(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    kind = draw(st.sampled_from(sorted(rows.keys() - {"records"})))
    field, value = ANOTHER.get(kind, ("balance", form.money(1_00)))
    other = replace(rows[kind][0], values=rows[kind][0].values | {field: value})
    other.fen = 1_00 if field == "balance" else 0
    rows[kind].append(other)
    return True


def _a_missing_row(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    del rows[draw(st.sampled_from(sorted(rows.keys() - {"records"})))]
    return True


def _out_with_a_stay(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    if "stays" not in rows:
        return False
    rows["accounts"][0].values["hospital_status"] = "0"
    return True


def _a_row_of_last_year(draw: st.DrawFn, form: Form, rows: Rows, who: Holder) -> bool:
    """It has no part in the account: it is left, or held back by itself, whatever becomes of the account."""
    (account,) = rows["accounts"]
    old = replace(
        account, values=account.values | {"year": f"{THIS_YEAR - 1}", "balance": form.money(7)}, fen=7, whose=None
    )
    old.fate = Fate.LEFT
    if draw(st.booleans()):
        _put(form, old, ("balance", -7, -7), "balance")
        old.fate = Fate.HELD
    rows["accounts"].append(old)
    waits = draw(st.booleans())
    if waits:
        _put(form, account, ("balance", "x", 0), "balance")
    return waits


FAULTS: tuple[Fault, ...] = (
    *(*8 * [_nothing], _the_same_row_twice, _a_row_of_last_year),
    *(_a_wrong_value, _a_wrong_record, _a_damaged_row, _another_row, _a_missing_row, _out_with_a_stay),
)


def _mixed_up(draw: st.DrawFn, form: Form, one: tuple[Holder, Rows], other: tuple[Holder, Rows]) -> None:
    """Two people with one card or one personal id, or a record that is of both: both accounts wait."""
    (who, rows), (another, its_rows) = one, other
    keys = form.tables["records"][:2]
    ways = ["card", *(["id"] if "number" not in keys else []), *(["record"] if keys == BOTH else [])]
    way = draw(st.sampled_from(ways))
    field = {"card": "old_card_number", "id": "personal_id"}.get(way)
    for row in (row for some in its_rows.values() for row in some if field):
        row.values[field] = next(iter(rows.values()))[0].values[field]  # type: ignore[index]
    if way == "record":
        values = its_rows["accounts"][0].values | {"personal_id": who.personal_id} | spent(form, RECORD)
        its_rows.setdefault("records", []).append(Row(values, RECORD.account_fen, whose=another))
    who.waits = another.waits = True


# Exports -------------------------------------------------------------------------------------------------------------


class Export(msgspec.Struct, frozen=True):
    """An export: its form, everybody with an account in it, and each file's rows with their bytes."""

    form: Form
    holders: list[Holder]
    files: dict[str, list[tuple[bytes, Row]]]

    def __repr__(self) -> str:
        known = [f"{who.number}: {who.known}" for who in self.holders if who.known is not Known.NOT]
        encoding = self.form.encoding
        rows = [
            f"{name}, {n}: {row.became(again=False)}, {row.fen} fen: {raw.decode(encoding, 'backslashreplace')}"
            for name, lines in self.files.items()
            for n, (raw, row) in enumerate(lines, 2)
        ]
        return "\n".join(["", repr(self.form), *known, *rows])

    def write(self, folder: Path) -> Path:
        """Write the files, and what the old system states of them."""
        folder.mkdir(parents=True)
        stated = ["文件,行数,金额合计"]
        for name, lines in self.files.items():
            header = ",".join(COLUMN[f] for f in self.form.tables[name.partition("_")[0]])
            texts = [header.encode(self.form.encoding), *(raw for raw, _ in lines)]
            (folder / name).write_bytes(b"".join(text + self.form.end for text in texts))
            rows = [row for _, row in lines if row.fate is not Fate.NO_ROW]
            stated.append(f"{name},{len(rows)},{self.form.money(sum(row.fen for row in rows))}")
        (folder / "control_totals.csv").write_bytes("".join(f"{s}\r\n" for s in stated).encode("gb18030"))
        return folder

    def became(self, *, again: bool) -> dict[str, Counter[str]]:
        """What becomes of each file's rows: how many, and with `_fen` how much money."""
        found: dict[str, Counter[str]] = {}
        for name, lines in self.files.items():
            count = found[name] = Counter()
            for _, row in lines:
                if row.fate is not Fate.NO_ROW:
                    what = row.became(again=again)
                    count[what] += 1
                    count[f"{what}_fen"] += row.fen
        return found

    def held(self) -> dict[str, dict[int, bytes]]:
        """The rows of each file that are held back, by the lines where they stand."""
        return {
            name: {n: raw for n, (raw, row) in enumerate(lines, 2) if row.became(again=False) == Fate.HELD}
            for name, lines in self.files.items()
        }


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """An export of a few people in any form, with whatever may be wrong in it."""
    form, holders = draw(FORMS), draw(HOLDERS)
    everybody: list[tuple[Holder, Rows]] = []
    plain: list[tuple[Holder, Rows]] = []
    for who in holders:
        rows, fault = sound(form, who), draw(st.sampled_from(FAULTS))
        who.waits = fault(draw, form, rows, who)
        everybody.append((who, rows))
        if fault is _nothing:
            plain.append(everybody[-1])
    if len(plain) > 1 and draw(st.booleans()):
        _mixed_up(draw, form, plain[0], plain[1])
    files: dict[str, list[tuple[bytes, Row]]] = {}
    for kind in form.tables:
        some = [rows.get(kind, []) for _, rows in everybody]
        lines = [rows[n] for n in range(max(map(len, some))) for rows in some if n < len(rows)]
        lines += _of_nobody(draw, form, kind)
        if draw(st.booleans()):
            lines.insert(draw(st.integers(0, len(lines))), Row({}, fate=Fate.NO_ROW))
        half = -(-len(lines) // form.parts)
        for n in range(form.parts):
            files[f"{kind}_{n}.csv"] = [(_raw(form, kind, row), row) for row in lines[n * half : (n + 1) * half]]
        if form.parts == 2:  # two files of the same rows are refused
            first, second = ([raw for raw, row in files[f"{kind}_{n}.csv"]] for n in (0, 1))
            assume(first != second or not any(first))
    return Export(form, holders, files)


def _of_nobody(draw: st.DrawFn, form: Form, kind: str) -> list[Row]:
    """Rows of people without an account."""
    if kind == "accounts":
        return []
    count = draw(st.integers(0, NOBODIES_MAX))
    people = [Holder(60 + n, "孙八", 0, [RECORD], DAY, Known.NOT, ("long", "long")) for n in range(count)]
    return [replace(sound(form, who)[kind][0], whose=None, fate=Fate.HELD) for who in people]


def _raw(form: Form, kind: str, row: Row) -> bytes:
    """A row as it stands in its file."""
    if row.fate is Fate.NO_ROW:
        return b""
    encoding = form.encoding.removesuffix("-sig")
    values = [_quoted(row.values[f]).encode(encoding) for f in form.tables[kind]]
    return b",".join(DAMAGE[row.damage](values) if row.damage else values)


def _quoted(value: str) -> str:
    """A value as CSV writes it."""
    return '"' + value.replace('"', '""') + '"' if '"' in value or "," in value else value
