"""The statement of a personal account as JSON for programs and as PDF for people. Clause 1.2. The faces hand it out."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from shebaoka.desk.accounts import AccountStatement, CarriedRecord, StatementLine
from shebaoka.notice import Speech
from shebaoka.paper.amounts import grouped, signed
from shebaoka.paper.labels import Labels, labels_in
from shebaoka.paper.press import SCRIPTS, printed


def statement_json(statement: AccountStatement) -> bytes:
    """The statement as one JSON object, its fields by name; amounts are whole fen, `made_at` is UTC."""
    return msgspec.json.encode(statement)


def statement_pdf(statement: AccountStatement, speech: Speech, fonts: Path | None = None) -> bytes:
    """The statement on A4 in the language of `speech`, which must be of the statement's notice.

    `fonts` is the folder that the setting `SHEBAOKA_FONTS` names. `NoFont` if nothing here prints Chinese.
    """
    language = speech.words.language
    return printed("statement.typ", _data(statement, speech), language, statement.made_at, fonts)


def period_of(statement: AccountStatement, speech: Speech) -> tuple[dt.date, dt.date]:
    """The first and last day that a statement covers: its year, or what there has been of it."""
    made_on = made_at_in_the_city(statement, speech).date()
    return dt.date(statement.year, 1, 1), min(dt.date(statement.year, 12, 31), made_on)


def made_at_in_the_city(statement: AccountStatement, speech: Speech) -> dt.datetime:
    """When the statement was made, by the city's clock."""
    return statement.made_at.astimezone(zoneinfo.ZoneInfo(speech.notice.timezone))


def _data(statement: AccountStatement, speech: Speech) -> dict[str, Any]:
    """Everything that the template says."""
    say = labels_in(speech.words.language)
    first_on, last_on = period_of(statement, speech)
    wording = speech.notice.wording[speech.words.language]
    lang, region = SCRIPTS[speech.words.language]
    made_at = made_at_in_the_city(statement, speech)
    rests_on = say.rests_on.format(
        notice=wording.title,
        clause=statement.clause,
        title=wording.clauses[statement.clause].title,
        text=speech.clause(statement.clause),
    )
    return {
        "lang": lang,
        "region": region,
        "labels": msgspec.to_builtins(say),
        "city": wording.city,
        "heading": say.statement,
        "title": say.title.format(city=wording.city, statement=say.statement, year=statement.year),
        "name": statement.name,
        "number": statement.number,
        "period": say.period_of.format(first=speech.date(first_on), last=speech.date(last_on)),
        "made_at": f"{speech.date(made_at.date())} {made_at:%H:%M}",
        "first_on": first_on.isoformat(),
        "last_on": last_on.isoformat(),
        "opening_label": say.opening.format(day=speech.date(first_on)),
        "closing_label": say.closing.format(day=speech.date(last_on)),
        "opening": grouped(statement.opening_fen),
        "credited": grouped(statement.credited_fen),
        "paid": grouped(statement.paid_fen),
        "closing": grouped(statement.closing_fen),
        "lines": [_row(line, say) for line in statement.lines],
        "sums": _sums(statement.lines),
        "carried": [[r.on.isoformat(), r.institution, *_both(r)] for r in statement.carried],
        "carried_sums": _carried_sums(statement.carried),
        "notes": [say.sums, rests_on],
    }


def _row(line: StatementLine, say: Labels) -> list[str]:
    """A line of the table; what is no charge has no parts of one."""
    charge = (line.total_fen, line.pooled_fen, line.cash_fen)
    return [
        line.on.isoformat(),
        line.place,
        say.whats[line.what],
        line.institution,
        *(grouped(fen) if line.total_fen else "" for fen in charge),
        signed(line.account_fen),
        grouped(line.balance_fen),
    ]


def _sums(lines: Iterable[StatementLine]) -> list[str]:
    """The sums of the columns that can be summed."""
    lines = tuple(lines)
    charges = (sum(x.total_fen for x in lines), sum(x.pooled_fen for x in lines), sum(x.cash_fen for x in lines))
    return [*(grouped(fen) for fen in charges), signed(sum(x.account_fen for x in lines))]


def _both(record: CarriedRecord) -> list[str]:
    """An old record's two amounts."""
    return [grouped(record.total_fen), grouped(record.account_fen)]


def _carried_sums(records: Iterable[CarriedRecord]) -> list[str]:
    """The sums of the old records' two amounts."""
    records = tuple(records)
    return [grouped(sum(r.total_fen for r in records)), grouped(sum(r.account_fen for r in records))]
