"""The parts of a run's report: files, what became of every row, proof, counties, reasons, warnings, steps, signatures.

`view` puts them below the head. A part that has nothing to say is left out, but for those that a signer looks for.
"""

from collections.abc import Iterator

from shebaoka.notice import Speech
from shebaoka.paper.amounts import grouped, signed
from shebaoka.paper.clock import Clock
from shebaoka.paper.runs.parts import Section, Table, money_adds_up, rows_add_up, took, totals_agree
from shebaoka.paper.runs.pictures import by_county, by_reason, county_of, what_became
from shebaoka.paper.runs.words import RunWords, foreseen_in, reason_in, run_words
from shebaoka.records import FileOutcome, Proof, RunReport


def sections_of(report: RunReport, speech: Speech, clock: Clock) -> tuple[Section, ...]:
    """All parts, in their order."""
    say = run_words(speech.words.language)
    parts = (
        _fates(report, speech, say),
        _proof(report, say, clock),
        _counties(report, speech, say),
        _reasons(report, speech, say),
        _files(report, say),
        _differences(report, say),
        _warnings(report, say),
        _dry_run(report, speech, say),
        _steps(report, say, clock),
        _signatures(report, say, clock),
    )
    return tuple(part for part in parts if part is not None)


def _judged(agree: bool | None, texts: dict[str, str]) -> str:
    """✓, × or a dash, always with its word."""
    return texts["not_stated"] if agree is None else f"✓ {texts['agrees']}" if agree else f"× {texts['differs']}"


def _fates(report: RunReport, speech: Speech, say: RunWords) -> Section:
    texts = say.texts
    kinds = ("carried_over", "already_there", "held_back", "left", "waiting")
    heads = (texts["file"], texts["unit"], texts["rows_in"], *(texts[k] for k in kinds), texts["accounted"])

    def of(f: FileOutcome) -> Iterator[tuple[str, ...]]:
        rows = (f.rows, *(getattr(f, k) for k in kinds))
        still = f.waiting > 0 and report.proof is None
        judged = f"… {texts['waiting']}" if still else _judged(rows_add_up(f), texts)
        yield (f.name, texts["rows"], *(f"{n:,}" for n in rows), judged)
        money = (f.sum_fen, *(getattr(f, f"{k}_fen") for k in kinds))
        yield ("", texts["yuan"], *(grouped(fen) for fen in money), _judged(money_adds_up(f), texts))

    sums = [sum(getattr(f, k) for f in report.files) for k in ("rows", *kinds)]
    return Section(
        "rows",
        texts["fates"],
        notes=(texts["fates_note"],),
        tables=(
            Table(
                heads,
                tuple(row for f in report.files for row in of(f)),
                (texts["totals"], texts["rows"], *(f"{n:,}" for n in sums), ""),
                left=2,
            ),
        ),
        charts=(what_became(report, speech),) if report.files else (),
    )


def _proof(report: RunReport, say: RunWords, clock: Clock) -> Section:
    texts, proof = say.texts, report.proof
    if proof is None:
        return Section("proof", texts["proof_title"], notes=(texts["not_proved_yet"],))
    told = texts["proof_told"].format(at=clock.minute(proof.at), by=proof.by, source=_source(proof, texts))
    compared = texts["compared"] + texts["semicolon"].join(say.comparison(c) for c in proof.compared)
    notes = [told, compared, texts["proof_is"] if proof.proved else texts["proof_is_not"]]
    if (unnamed := proof.differing - len(proof.differences)) > 0:
        notes.append(texts["more_differ"].format(n=f"{unnamed:,}"))
    return Section(
        "proof",
        texts["proof_title"],
        notes=tuple(notes),
        faults=proof.differences,
        tables=(
            Table(
                (texts["what"], texts["old_side"], texts["new_side"], texts["difference"], texts["verdict"]),
                (
                    (
                        texts["people_differing"],
                        f"{proof.people:,}",
                        f"{proof.people - proof.differing:,}",
                        _change(-proof.differing),
                        _judged(proof.differing == 0, texts),
                    ),
                    _pair(texts["opening_yuan"], proof.old_opening_fen, proof.new_opening_fen, texts, money=True),
                    _pair(texts["records"], proof.old_records, proof.new_records, texts),
                    _pair(texts["records_yuan"], proof.old_records_fen, proof.new_records_fen, texts, money=True),
                ),
            ),
        ),
    )


def _source(proof: Proof, texts: dict[str, str]) -> str:
    return texts.get(f"source_{proof.source}", proof.source)


def _change(n: int) -> str:
    return f"{n:+,}" if n else "0"


def _pair(label: str, old: int, new: int, texts: dict[str, str], *, money: bool = False) -> tuple[str, ...]:
    """Old beside new, and what lies between them."""
    shown = (grouped(old), grouped(new), signed(new - old)) if money else (f"{old:,}", f"{new:,}", _change(new - old))
    return (label, *shown, _judged(old == new, texts))


def _counties(report: RunReport, speech: Speech, say: RunWords) -> Section | None:
    texts = say.texts
    if not report.counties:
        return None
    heads = (
        *(texts[k] for k in ("county", "people_old", "people_here", "people_missing", "opening_old", "opening_here")),
        *(texts[k] for k in ("records_old", "records_here", "records_yuan_old", "records_yuan_here")),
    )
    fields = ("people", "proved", "opening_fen", "proved_opening_fen")
    more = ("records", "proved_records", "records_fen", "proved_records_fen")

    def row(values: list[int]) -> tuple[str, ...]:
        people, here, opening, opening_here, *rest = values
        records, records_here, spent, spent_here = rest
        counts = (f"{people:,}", f"{here:,}", f"{people - here:,}", grouped(opening), grouped(opening_here))
        return (*counts, f"{records:,}", f"{records_here:,}", grouped(spent), grouped(spent_here))

    found = [[getattr(c, f) for f in (*fields, *more)] for c in report.counties]
    rows = tuple((county_of(c.code, texts), *row(values)) for c, values in zip(report.counties, found, strict=True))
    sums = [sum(column) for column in zip(*found, strict=True)]
    return Section(
        "counties",
        texts["by_county"],
        notes=(texts["by_county_note"],),
        tables=(Table(heads, rows, (texts["totals"], *row(sums))),),
        charts=(by_county(report, speech),),
    )


def _reasons(report: RunReport, speech: Speech, say: RunWords) -> Section:
    texts = say.texts
    if not report.reasons:
        return Section("reasons", texts["by_reason"], notes=(texts["nothing_held_back"],))
    ordered = sorted(report.reasons, key=lambda r: (-r.rows, r.file, r.reason))
    rows = tuple((reason_in(speech, r.reason), r.file, f"{r.rows:,}", grouped(r.fen)) for r in ordered)
    sums = (texts["totals"], "", f"{sum(r.rows for r in ordered):,}", grouped(sum(r.fen for r in ordered)))
    return Section(
        "reasons",
        texts["by_reason"],
        notes=(texts["by_reason_note"],),
        tables=(Table((texts["reason"], texts["file"], texts["rows"], texts["yuan"]), rows, sums, left=2),),
        charts=(by_reason(report, speech),),
    )


def _files(report: RunReport, say: RunWords) -> Section:
    texts = say.texts
    stated = texts["not_stated"]
    heads = ("file", "kind", "encoding", "digest", "bytes")
    totals = ("file", "rows_found", "rows_stated", "yuan_found", "yuan_stated", "verdict")
    return Section(
        "files",
        texts["files"],
        notes=(texts["files_note"],),
        tables=(
            Table(
                tuple(texts[h] for h in heads),
                tuple((f.name, say.kind(f.kind), f.encoding, f.digest, f"{f.bytes:,}") for f in report.files),
                left=4,
            ),
            Table(
                tuple(texts[h] for h in totals),
                tuple(
                    (
                        f.name,
                        f"{f.rows:,}",
                        stated if f.stated_rows is None else f"{f.stated_rows:,}",
                        grouped(f.sum_fen),
                        stated if f.stated_fen is None else grouped(f.stated_fen),
                        _judged(totals_agree(f), texts),
                    )
                    for f in report.files
                ),
            ),
        ),
    )


def _differences(report: RunReport, say: RunWords) -> Section | None:
    if not report.differences:
        return None
    return Section("differences", say.texts["differences"], faults=report.differences)


def _warnings(report: RunReport, say: RunWords) -> Section | None:
    texts = say.texts
    if not report.warnings:
        return None
    rows = tuple((sentence, f"{n:,}") for sentence, n in report.warnings)
    return Section(
        "warnings", texts["warnings"], tables=(Table((texts["sentence"], texts["rows"]), rows, english=(0,)),)
    )


def _dry_run(report: RunReport, speech: Speech, say: RunWords) -> Section | None:
    texts = say.texts
    if not report.dry_run:
        return None
    rows = tuple((foreseen_in(speech, what), f"{n:,}") for what, n in report.dry_run)
    return Section("dry_run", texts["dry_run"], tables=(Table((texts["what"], texts["people"]), rows),))


def _steps(report: RunReport, say: RunWords, clock: Clock) -> Section:
    texts = say.texts
    rows = tuple((say.step(s.name), clock.second(s.at), s.said, took(s.seconds, texts)) for s in report.steps)
    heads = (texts["step"], texts["at"], texts["sentence"], texts["took"])
    sums = (texts["totals"], "", "", took(sum(s.seconds for s in report.steps), texts))
    return Section("steps", texts["steps"], tables=(Table(heads, rows, sums, left=3, rest=2, english=(2,)),))


def _signatures(report: RunReport, say: RunWords, clock: Clock) -> Section:
    texts = say.texts
    rows = tuple(
        (
            s.by,
            clock.second(s.at),
            s.checksum,
            _judged(report.proof is not None and s.checksum == report.proof.checksum, texts),
        )
        for s in report.signatures
    )
    heads = (texts["by"], texts["at"], texts["checksum_seen"], texts["verdict"])
    tables = (Table(heads, rows, left=3, rest=2),) if rows else ()
    notes = (texts["signatures_note"],) if rows else (texts["nobody_signed"], texts["signatures_note"])
    return Section("signatures", texts["signatures"], notes=notes, tables=tables)
