"""The checks of a source's rows, as SQL for the staging database: each row with its values, and why it is held back.

Everything is set-based; nothing is looked at row by row. `Checks` turns a source's mapping into expressions over the
text that came in, and `check_…` makes the statement of a kind of source. Each value has a condition under which it is
sound, which is cheap, and the faults that it may have, which are looked for only in a row that is not sound. A reason
is `reason|column|detail`, the first that applies, in the order in which people are told: first the number, since all
else hangs on it.
"""

import datetime as dt
from collections.abc import Iterable

from shebaoka.importer.reasons import Reason
from shebaoka.importer.specs import VALUES, SourceSpec
from shebaoka.numbers import AGE_MAX_YEARS
from shebaoka.records import Refusal

FEN_MAX = 10**13
NAME_LENGTH_MAX, INSTITUTION_LENGTH_MAX = 50, 200
DOTS = "•・‧∙．⋅･˙"
"""What stands for the middle dot of a name in one old system or another; here it is `·`."""
_CONTROL = r"[\x00-\x1f\x7f\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}\x{feff}]"
"""Characters that nobody sees: the control characters, blanks without width, and marks of direction and order."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_FORMATS = {
    "YYYYMMDD": ("[0-9]{8}", "%Y%m%d"),
    "YYYY-MM-DD": ("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", "%Y-%m-%d"),
    "YYYY/MM/DD": ("[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}", "%Y/%m/%d"),
    "YYYY.MM.DD": (r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2}", "%Y.%m.%d"),
    "YYYY年MM月DD日": ("[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日", "%Y年%m月%d日"),
}
MACROS = f"""
create or replace macro digit_sum(v) as {
    " + ".join(f"{w} * ((v // {10 ** (16 - n)}) % 10)" for n, w in enumerate(_WEIGHTS))
};
create or replace macro check_digit(v) as substr('10X98765432', 1 + (digit_sum(v) % 11)::integer, 1);
create or replace macro full_number(raw) as case
    when length(raw) = 15 and regexp_full_match(raw, '[0-9]{{15}}')
    then substr(raw, 1, 6) || '19' || substr(raw, 7)
         || check_digit(try_cast(substr(raw, 1, 6) || '19' || substr(raw, 7) as bigint))
    else raw end;
create or replace macro one_dot(name) as translate(name, '{DOTS}', '{"·" * len(DOTS)}');
"""


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def named(column: str) -> str:
    """A column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'


class Checks:
    """What a source's mapping comes to in SQL: texts, values worked out of them once, soundness and faults."""

    def __init__(self, spec: SourceSpec, on: dt.date) -> None:
        self.spec = spec
        self.on = f"date '{on.isoformat()}'"
        self._texts: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._sound: list[str] = []
        self._faults: list[str] = []

    def __contains__(self, field: str) -> bool:
        return field in self.spec.columns

    def column(self, field: str) -> str:
        """The column's name in the file, for sentences."""
        column = self.spec.columns[field]
        return column.column or field

    def words(self, field: str) -> str:
        """The file's words for what a field may mean, for sentences."""
        return ", ".join(self.spec.columns[field].values or VALUES[field])

    def text(self, field: str) -> str:
        """A field's text without blanks around it; empty if the source has none."""
        if field not in self.spec.columns:
            return "''"
        self._texts[f"t_{field}"] = self._text(field)
        return f"t_{field}"

    def _text(self, field: str) -> str:
        column = self.spec.columns[field]
        if column.constant is not None:
            return quoted(column.constant)
        text = f"trim({named(column.column)})"
        if column.first is not None:
            text = f"substr({text}, 1, {column.first})"
        if column.values:
            whens = " ".join(f"when {quoted(k)} then {quoted(v)}" for k, v in column.values.items())
            text = f"case {text} {whens} else {text} end"
        return text

    def value(self, name: str, expression: str) -> str:
        """A value that is worked out once for each row."""
        self._values[name] = expression
        return name

    def sound(self, condition: str) -> None:
        """A condition that every sound row fulfils."""
        self._sound.append(condition)

    def fault(self, condition: str, reason: str, field: str, detail: str = "") -> None:
        """A row that is not sound and for which the condition holds is held back."""
        said = f"{reason}|{self.column(field)}|{detail}"
        self._faults.append(f"when {condition} then {quoted(said)}")

    def missing(self, field: str) -> None:
        """An empty value is a fault."""
        text = self.text(field)
        self.sound(f"{text} <> ''")
        self.fault(f"{text} = ''", Reason.VALUE_IS_MISSING, field)

    def number(self) -> str:
        """The social security number; a 15-digit one completed, and a small x made capital."""
        return self.value("v_number", f"full_number(upper({self.text('number')}))")

    def check_number(self) -> None:
        """A number that can be somebody's, by its check digit and its birth date."""
        raw, number = self.text("number"), self.number()
        born = self.value(
            "v_born",
            "try_cast(substr(full_number(upper(t_number)), 7, 4) || '-' || "
            "substr(full_number(upper(t_number)), 11, 2) || '-' || "
            "substr(full_number(upper(t_number)), 13, 2) as date)",
        )
        first17 = self.value("v_first17", "try_cast(substr(full_number(upper(t_number)), 1, 17) as bigint)")
        oldest = f"year({self.on}) - {AGE_MAX_YEARS}"
        self.sound(
            f"{born} <= {self.on} and year({born}) >= {oldest} and regexp_full_match({number}, '[0-9]{{17}}[0-9X]') "
            f"and check_digit({first17}) = substr({number}, 18, 1)"
        )
        self.fault(f"{raw} = ''", Reason.VALUE_IS_MISSING, "number")
        self.fault(f"regexp_matches({raw}, '[０-９Ｘｘ]')", Reason.FULL_WIDTH_CHARACTERS, "number")
        self.fault(
            rf"regexp_full_match({raw}, '[0-9]+(\.[0-9]+)?[eE]\+?[0-9]+')", Reason.NUMBER_LOST_ITS_DIGITS, "number"
        )
        invalid = Refusal.IDENTITY_NUMBER_IS_NOT_VALID
        self.fault(f"length({number}) <> 18", invalid, "number", "length")
        self.fault(f"{born} > {self.on}", Refusal.BIRTH_DATE_IS_IN_THE_FUTURE, "number")
        self.fault(
            f"not coalesce({born} <= {self.on} and year({born}) >= {oldest} "
            f"and regexp_full_match({number}, '[0-9]{{17}}[0-9X]') "
            f"and check_digit({first17}) = substr({number}, 18, 1), false)",
            invalid,
            "number",
        )

    def check_name(self, field: str, length: int) -> None:
        """A name of somebody or something."""
        text = self.text(field)
        self.missing(field)
        self.sound(rf"length({text}) <= {length} and not regexp_matches({text}, '{_CONTROL}')")
        self.fault(f"length({text}) > {length}", Reason.NAME_IS_NOT_USABLE, field)
        self.fault(rf"regexp_matches({text}, '{_CONTROL}')", Reason.NAME_IS_NOT_USABLE, field)

    def day(self, field: str) -> str:
        """A day; null if it is none, or empty."""
        return self.value(f"d_{field}", self._day(field))

    def _day(self, field: str) -> str:
        text = self.text(field)
        if self.spec.columns[field].as_ == "year":
            year = f"case when regexp_full_match({text}, '[0-9]{{4}}') then {text} || '0101' end"
            return f"try_strptime({year}, '%Y%m%d')::date"
        if self.spec.dates == "excel-serial":
            serial = f"try_cast(case when regexp_full_match({text}, '[0-9]{{4,5}}') then {text} end as integer)"
            return f"(date '1899-12-30' + {serial})"
        pattern, form = _FORMATS[self.spec.dates]
        return f"try_strptime(case when regexp_full_match({text}, '{pattern}') then {text} end, '{form}')::date"

    def check_day(self, field: str, *, needed: bool = True, past: bool = False) -> None:
        """A day of the calendar."""
        text, day = self.text(field), self.day(field)
        form = "YYYY" if self.spec.columns[field].as_ == "year" else self.spec.dates
        limit = f" and {day} <= {self.on}" if past else ""
        self.sound(f"({day} is not null{limit})" if needed else f"({text} = '' or {day} is not null{limit})")
        if needed:
            self.fault(f"{text} = ''", Reason.VALUE_IS_MISSING, field)
        self.fault(f"regexp_matches({text}, '[０-９]')", Reason.FULL_WIDTH_CHARACTERS, field)
        self.fault(f"regexp_matches({text}, '^0000[-/.]?00[-/.]?00')", Reason.DATE_IS_ZERO, field)
        if form not in ("YYYY", "excel-serial"):
            self.fault(f"regexp_full_match({text}, '[1-9][0-9]{{4}}')", Reason.DATE_IS_A_SERIAL_NUMBER, field, form)
        self.fault(f"{text} <> '' and {day} is null", Reason.DATE_IS_NOT_VALID, field, form)
        self.sound(f"coalesce(year({day}) > 0, true)")
        self.fault(f"year({day}) < 1", Reason.DATE_IS_NOT_VALID, field, form)
        if past:
            self.fault(f"{day} > {self.on}", Reason.DATE_IS_IN_THE_FUTURE, field)

    def fen(self, field: str) -> str:
        """An amount in fen, perhaps below zero; null if it is none."""
        text = self.text(field)
        if self.spec.unit == "fen":
            expression = f"try_cast(case when regexp_full_match({text}, '-?[0-9]{{1,15}}') then {text} end as bigint)"
        else:
            form = r"-?[0-9]{1,12}(\.[0-9]{1,2})?"
            decimal = f"try_cast(case when regexp_full_match({text}, '{form}') then {text} end as decimal(16, 2))"
            expression = f"({decimal} * 100)::bigint"
        return self.value(f"f_{field}", expression)

    def check_fen(self, field: str) -> None:
        """An amount that is not below zero."""
        text, fen = self.text(field), self.fen(field)
        self.sound(f"{fen} >= 0 and {fen} <= {FEN_MAX}")
        self.fault(f"{text} = ''", Reason.VALUE_IS_MISSING, field)
        self.fault(f"regexp_matches({text}, '[０-９．，]')", Reason.FULL_WIDTH_CHARACTERS, field)
        self.fault(
            rf"regexp_full_match({text}, '-?[0-9]{{1,3}}(,[0-9]{{3}})+(\.[0-9]*)?')",
            Reason.AMOUNT_HAS_A_THOUSANDS_SEPARATOR,
            field,
        )
        self.fault(
            rf"regexp_full_match({text}, '-?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+')",
            Reason.AMOUNT_IS_IN_SCIENTIFIC_NOTATION,
            field,
        )
        self.fault(rf"regexp_full_match({text}, '[0-9]{{13,}}(\.[0-9]{{1,2}})?')", Reason.AMOUNT_IS_TOO_LARGE, field)
        self.fault(f"{fen} is null", Reason.AMOUNT_IS_NOT_A_NUMBER, field, self.spec.unit)
        self.fault(f"{fen} < 0", Reason.AMOUNT_IS_NEGATIVE, field)
        self.fault(f"{fen} > {FEN_MAX}", Reason.AMOUNT_IS_TOO_LARGE, field)

    def matching(self, field: str, shape: str, reason: Reason) -> None:
        """A value that has a set shape."""
        text = self.text(field)
        self.sound(f"regexp_full_match({text}, '{shape}')")
        self.fault(f"{text} = ''", Reason.VALUE_IS_MISSING, field)
        self.fault(f"regexp_matches({text}, '[０-９Ａ-Ｚ]')", Reason.FULL_WIDTH_CHARACTERS, field)
        self.fault(f"not regexp_full_match({text}, '{shape}')", reason, field)

    def _reason(self) -> str:
        """Why a row is held back; null for a sound one."""
        if not self._faults:
            return "null::varchar"
        sound = " and ".join(self._sound) or "false"
        return f"case when coalesce({sound}, false) then null else case {' '.join(self._faults)} end end"

    def statement(self, table: str, first_line: int, values: Iterable[tuple[str, str]]) -> str:
        """The statement that gives each row of a table its line, its values, and why it is held back."""
        texts = "".join(f", {expression} as {name}" for name, expression in self._texts.items())
        worked_out = "".join(f", {expression} as {name}" for name, expression in self._values.items())
        chosen = "".join(f", {expression} as {name}" for name, expression in values)
        return (
            f"select line{chosen}, {self._reason()} as reason from (select *{worked_out} from "
            f"(select rowid + {first_line} as line, content{texts} from {table}))"
        )


def check_people(spec: SourceSpec, on: dt.date, table: str, first_line: int, *, accounts: bool) -> str:
    """Persons, or accounts with what they say of the person: values where the source has the field, else null."""
    c = Checks(spec, on)
    if "number" in c:
        c.check_number()
    else:
        c.missing("personal_id")
    if "name" in c:
        c.check_name("name", NAME_LENGTH_MAX)
    _check_beside_number(c)
    if accounts and "balance" in c:
        c.check_fen("balance")
    if "insured_on" in c:
        c.check_day("insured_on", past=True)
    if "region" in c:
        c.matching("region", "[0-9]{6}", Reason.REGION_IS_NOT_A_CODE)
    if "old_card_number" in c:
        c.matching("old_card_number", "[A-Z0-9]{1,32}", Reason.CARD_NUMBER_IS_NOT_USABLE)
    if "year" in c:
        _check_year(c)
    since = _in_hospital_since(c)

    def if_there(field: str, expression: str, kind: str) -> str:
        return expression if field in c else f"null::{kind}"

    values = [
        ("number", if_there("number", "v_number", "varchar")),
        ("personal_id", if_there("personal_id", c.text("personal_id"), "varchar")),
        ("name", if_there("name", f"one_dot({c.text('name')})", "varchar")),
        ("insured_on", if_there("insured_on", "d_insured_on", "date")),
        ("region", if_there("region", c.text("region"), "varchar")),
        ("old_card_number", if_there("old_card_number", c.text("old_card_number"), "varchar")),
        ("in_hospital_since", since),
        ("in_hospital", if_there("hospital_status", f"{c.text('hospital_status')} = 'in'", "boolean")),
        ("fen", "f_balance" if accounts and "balance" in c else "null::bigint"),
        ("year", if_there("year", "n_year", "bigint")),
        ("completed", f"length({c.text('number')}) = 15" if "number" in c else "false"),
        ("content", "content"),
    ]
    return c.statement(table, first_line, values)


def _check_beside_number(c: Checks) -> None:
    """Sex and birth date, which must be those of the number."""
    if "sex" in c:
        sex = c.text("sex")
        c.sound(f"{sex} in ('male', 'female')")
        c.fault(f"{sex} not in ('male', 'female')", Reason.SEX_IS_NOT_VALID, "sex", c.words("sex"))
    if "birth_on" in c:
        c.check_day("birth_on")
        if "number" in c:
            c.sound(f"{c.day('birth_on')} = v_born")
            c.fault(f"{c.day('birth_on')} <> v_born", Reason.BIRTH_DATE_DIFFERS_FROM_NUMBER, "birth_on")
    if "sex" in c and "number" in c:
        same = f"({c.text('sex')} = 'male') = (substr(v_number, 17, 1) in ('1', '3', '5', '7', '9'))"
        c.sound(same)
        c.fault(f"not ({same})", Reason.SEX_DIFFERS_FROM_NUMBER, "sex")


def _check_year(c: Checks) -> None:
    """The year that an account's row is of."""
    year = c.text("year")
    number = f"case when regexp_full_match({year}, '[0-9]{{4}}') then {year}::bigint end"
    value = c.value("n_year", number)
    c.sound(f"{value} <= year({c.on})")
    c.fault(f"{year} = ''", Reason.VALUE_IS_MISSING, "year")
    c.fault(f"{value} is null", Reason.DATE_IS_NOT_VALID, "year", "YYYY")
    c.fault(f"{value} > year({c.on})", Reason.DATE_IS_IN_THE_FUTURE, "year")


def _in_hospital_since(c: Checks) -> str:
    """The day since which the person is in hospital, as an expression; null if they are not, or nothing says so."""
    if "hospital_status" not in c:
        return "null::date"
    status = c.text("hospital_status")
    c.sound(f"{status} in ('in', 'out')")
    c.fault(
        f"{status} not in ('in', 'out')",
        Reason.HOSPITAL_STATUS_IS_NOT_VALID,
        "hospital_status",
        c.words("hospital_status"),
    )
    if "admitted_on" not in c:
        return "null::date"
    c.sound(f"({status} = 'out' or {c.text('admitted_on')} <> '')")
    c.fault(f"{status} = 'in' and {c.text('admitted_on')} = ''", Reason.VALUE_IS_MISSING, "admitted_on")
    c.check_day("admitted_on", needed=False, past=True)
    return f"case when {status} = 'in' then {c.day('admitted_on')} end"


def _whose(c: Checks) -> list[tuple[str, str]]:
    """By what a row names its person."""
    c.missing("number" if "number" in c else "personal_id")
    return [
        ("number", c.number() if "number" in c else "null::varchar"),
        ("personal_id", c.text("personal_id") if "personal_id" in c else "null::varchar"),
    ]


def check_records(spec: SourceSpec, on: dt.date, table: str, first_line: int) -> str:
    """Records: by whom, on which day, where, and how much; and each as the text that is kept of it."""
    c = Checks(spec, on)
    values = _whose(c)
    c.check_day("spent_on", past=True)
    if "institution" in c:
        c.check_name("institution", INSTITUTION_LENGTH_MAX)
    c.check_fen("total")
    c.check_fen("account")
    c.sound("f_account <= f_total")
    c.fault("f_account > f_total", Reason.AMOUNT_IS_TOO_LARGE, "account", "total")
    where = c.text("institution")
    escaped = f"""case when contains({where}, '"') or contains({where}, '\\')
        then replace(replace({where}, '\\', '\\\\'), '"', '\\"') else {where} end"""
    values += [
        ("spent_on", "d_spent_on"),
        ("total_fen", "f_total"),
        ("fen", "f_account"),
        ("piece", f"""'["' || d_spent_on || '","' || {escaped} || '",' || f_total || ',' || f_account || ']'"""),
    ]
    return c.statement(table, first_line, values)


def check_stays(spec: SourceSpec, on: dt.date, table: str, first_line: int) -> str:
    """Open stays: who is in hospital, and since when."""
    c = Checks(spec, on)
    values = _whose(c)
    c.check_day("admitted_on", past=True)
    return c.statement(table, first_line, [*values, ("admitted_on", "d_admitted_on"), ("content", "content")])


def check_cards(spec: SourceSpec, on: dt.date, table: str, first_line: int) -> str:
    """Card holders: who has which old card."""
    c = Checks(spec, on)
    values = _whose(c)
    c.matching("old_card_number", "[A-Z0-9]{1,32}", Reason.CARD_NUMBER_IS_NOT_USABLE)
    values += [("old_card_number", c.text("old_card_number")), ("content", "content")]
    return c.statement(table, first_line, values)
