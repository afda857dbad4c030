"""What the charts of a run show: what became of rows, people and money by county, reasons. Report and office ask."""

from collections.abc import Iterable

from shebaoka.notice import Speech
from shebaoka.numbers import region_name
from shebaoka.paper.amounts import grouped
from shebaoka.paper.runs.charts import Bar, Chart, Row
from shebaoka.paper.runs.words import reason_in, run_words
from shebaoka.records import County, FileOutcome, RunReport

COUNTIES, REASONS = 30, 15
"""Bars of a chart; what is beyond stands in the table, and as one bar together."""


def county_of(code: str, words: dict[str, str]) -> str:
    """A county's name and code."""
    return f"{region_name(code) or words['unknown_county']} {code}".strip()


def what_became(report: RunReport, speech: Speech) -> Chart:
    """Of each file, what became of its rows."""
    say = run_words(speech.words.language)
    texts = say.texts

    def parts(f: FileOutcome) -> tuple[tuple[str, int], ...]:
        kinds = ("carried", "already", "held", "left", "waiting")
        return tuple(zip(kinds, (f.carried_over, f.already_there, f.held_back, f.left, f.waiting), strict=True))

    present = {kind for f in report.files for kind, n in parts(f) if n}
    rows = tuple(Row(f.name, (Bar(parts(f), f"{f.rows:,}"),)) for f in report.files)
    legend = (("carried", "carried_over"), ("already", "already_there"), ("held", "held_back"), ("left", "left"))
    return Chart(
        "rows",
        texts["chart_rows"],
        _told(((r.label, r.bars[0].said) for r in rows), texts),
        rows,
        tuple((k, texts[w]) for k, w in (*legend, ("waiting", "waiting")) if k in present),
    )


def by_county(report: RunReport, speech: Speech) -> Chart:
    """People and opening money by county: what is on file here, and what of the old system's is not."""
    texts = run_words(speech.words.language).texts
    rows = [_county_row(county_of(c.code, texts), c) for c in report.counties[:COUNTIES]]
    if beyond := report.counties[COUNTIES:]:
        rows.append(_county_row(texts["others"].format(n=len(beyond)), _together(beyond)))
    told = _told(((r.label, f"{r.bars[0].said} / {r.bars[1].said}") for r in rows), texts)
    legend = [("carried", texts["on_file_here"])]
    if any(n for r in rows for b in r.bars for kind, n in b.parts if kind == "held"):
        legend.append(("held", texts["not_on_file_here"]))
    heads = (texts["people"], texts["opening_yuan"])
    return Chart("counties", texts["chart_counties"], told, tuple(rows), tuple(legend), heads)


def by_reason(report: RunReport, speech: Speech) -> Chart:
    """Rows held back by reason, the most frequent first, all files together."""
    texts = run_words(speech.words.language).texts
    rows, fen = dict[str, int](), dict[str, int]()
    for r in report.reasons:
        rows[r.reason] = rows.get(r.reason, 0) + r.rows
        fen[r.reason] = fen.get(r.reason, 0) + r.fen
    order = sorted(rows, key=lambda reason: (-rows[reason], reason))
    bars = [Row(reason_in(speech, reason), (_held(rows[reason], fen[reason], texts),)) for reason in order[:REASONS]]
    if beyond := order[REASONS:]:
        bar = _held(sum(rows[r] for r in beyond), sum(fen[r] for r in beyond), texts)
        bars.append(Row(texts["others"].format(n=len(beyond)), (bar,)))
    told = _told(((b.label, b.bars[0].said) for b in bars), texts)
    return Chart("reasons", texts["chart_reasons"], told, tuple(bars), (("held", texts["held_back"]),), above=True)


def _held(rows: int, fen: int, texts: dict[str, str]) -> Bar:
    return Bar((("held", rows),), texts["rows_and_yuan"].format(rows=f"{rows:,}", yuan=grouped(fen)))


def _county_row(label: str, county: County) -> Row:
    """People and money of a county; what is missing here stands behind a plus."""
    here, missing = county.proved, county.people - county.proved
    here_fen, missing_fen = county.proved_opening_fen, county.opening_fen - county.proved_opening_fen
    people = f"{here:,}" + (f" + {missing:,}" if missing else "")
    money = grouped(here_fen) + (f" + {grouped(missing_fen)}" if missing_fen else "")
    return Row(
        label,
        (
            Bar((("carried", here), ("held", missing)), people),
            Bar((("carried", here_fen), ("held", missing_fen)), money),
        ),
    )


def _together(counties: Iterable[County]) -> County:
    """Counties as one."""
    counties = tuple(counties)
    return County(
        code="",
        people=sum(c.people for c in counties),
        opening_fen=sum(c.opening_fen for c in counties),
        records=sum(c.records for c in counties),
        records_fen=sum(c.records_fen for c in counties),
        proved=sum(c.proved for c in counties),
        proved_opening_fen=sum(c.proved_opening_fen for c in counties),
        proved_records=sum(c.proved_records for c in counties),
        proved_records_fen=sum(c.proved_records_fen for c in counties),
    )


def _told(pairs: Iterable[tuple[str, str]], texts: dict[str, str]) -> str:
    """What a chart shows, for who cannot see it."""
    return texts["chart_told"].format(values=texts["semicolon"].join(f"{label} {said}" for label, said in pairs))
