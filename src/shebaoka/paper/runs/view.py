"""A run's report ready for paper: what it says, in its order. `forms` sets it as HTML and as PDF."""

import datetime as dt

import msgspec

from shebaoka.notice import Speech
from shebaoka.paper.amounts import grouped
from shebaoka.paper.clock import Clock
from shebaoka.paper.press import SCRIPTS
from shebaoka.paper.runs.parts import Section, money_adds_up, took, totals_agree
from shebaoka.paper.runs.sections import sections_of
from shebaoka.paper.runs.words import RunWords, run_words
from shebaoka.records import RunReport

YES, NO, OPEN = "yes", "no", "open"
SIGNERS = 2


class Verdict(msgspec.Struct, frozen=True):
    """A question that the report answers: yes, no, or open as yet."""

    mark: str
    title: str
    detail: str


class RunPaper(msgspec.Struct, frozen=True):
    """The whole report in words. `at` is the last instant that it speaks of."""

    language: str
    lang: str
    region: str
    city: str
    heading: str
    title: str
    run: str
    rehearsal: str
    rehearsal_note: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    verdicts: tuple[Verdict, ...]
    sections: tuple[Section, ...]
    checksum: str
    checksum_label: str
    by_hand: tuple[str, ...]
    by_hand_rows: tuple[str, ...]
    footer: str
    page: str
    at: dt.datetime


def as_paper(report: RunReport, speech: Speech) -> RunPaper:
    """The report in the language of `speech`."""
    say = run_words(speech.words.language)
    texts, clock = say.texts, Clock(speech)
    at = last_instant(report)
    lang, region = SCRIPTS[speech.words.language]
    city = speech.notice.wording[speech.words.language].city
    title = texts["title"].format(city=city, heading=texts["heading"], run=report.run)
    return RunPaper(
        language=speech.words.language,
        lang=lang,
        region=region,
        city=city,
        heading=texts["heading"],
        title=f"{texts['rehearsal']} · {title}" if report.rehearsal else title,
        run=report.run,
        rehearsal=texts["rehearsal"] if report.rehearsal else "",
        rehearsal_note=texts["rehearsal_note"],
        facts=_facts(report, say, speech, clock),
        figures=_figures(report, texts),
        verdicts=verdicts_of(report, say),
        sections=sections_of(report, speech, clock),
        checksum=report.proof.checksum if report.proof else "",
        checksum_label=texts["checksum"],
        by_hand=(texts["by_hand_name"], texts["by_hand_post"], texts["by_hand_signature"], texts["by_hand_day"]),
        by_hand_rows=tuple(texts["by_hand_row"].format(n=n + 1) for n in range(SIGNERS)),
        footer=texts["as_of"].format(at=clock.minute(at)),
        page=texts["page"],
        at=at,
    )


def last_instant(report: RunReport) -> dt.datetime:
    """The last instant that a report speaks of."""
    instants = [report.began_at, *(s.at for s in report.steps), *(s.at for s in report.signatures)]
    return max([*instants, report.proof.at] if report.proof else instants)


def verdicts_of(report: RunReport, say: RunWords) -> tuple[Verdict, ...]:
    """What the signers must know first: is every row accounted for, do totals agree, is it proved, who has signed."""
    texts = say.texts
    return (_rows_verdict(report, texts), _totals_verdict(report, texts), *_proof_verdicts(report, texts))


def _rows_verdict(report: RunReport, texts: dict[str, str]) -> Verdict:
    rows, waiting = sum(f.rows for f in report.files), sum(f.waiting for f in report.files)
    accounted = sum(f.carried_over + f.already_there + f.held_back + f.left for f in report.files)
    detail = texts["rows_verdict"].format(rows=f"{rows:,}", accounted=f"{accounted:,}", waiting=f"{waiting:,}")
    sound = bool(report.files) and report.accounted_for and all(map(money_adds_up, report.files))
    mark = YES if sound else OPEN if waiting and rows == accounted + waiting else NO if report.files else OPEN
    return Verdict(mark, texts["every_row"], detail)


def _totals_verdict(report: RunReport, texts: dict[str, str]) -> Verdict:
    found = [a for f in report.files if (a := totals_agree(f)) is not None]
    detail = texts["totals_verdict"].format(agree=sum(found), stated=len(found), files=len(report.files))
    return Verdict(OPEN if not found else YES if all(found) else NO, texts["control_totals"], detail)


def _proof_verdicts(report: RunReport, texts: dict[str, str]) -> tuple[Verdict, Verdict]:
    proof, signed = report.proof, len({s.by for s in report.signatures})
    if proof is None:
        proved = Verdict(OPEN, texts["proof"], texts["not_proved_yet"])
    else:
        detail = texts["proof_verdict"].format(people=f"{proof.people:,}", differing=f"{proof.differing:,}")
        proved = Verdict(YES if proof.proved else NO, texts["proof"], detail)
    stale = proof is not None and any(s.checksum != proof.checksum for s in report.signatures)
    detail = texts["stale_signature"] if stale else texts["signed_by"].format(n=signed, of=SIGNERS)
    mark = NO if stale else YES if signed >= SIGNERS else OPEN
    return proved, Verdict(mark, texts["signatures"], detail)


def _facts(report: RunReport, say: RunWords, speech: Speech, clock: Clock) -> tuple[tuple[str, str], ...]:
    texts = say.texts
    batches = texts["batches_of"].format(
        n=f"{report.batches:,}", carried=f"{report.batches_carried:,}", undone=f"{report.batches_undone:,}"
    )
    by = [s.by for s in report.signatures]
    people = {texts["proved_by"]: report.proof.by if report.proof else "", texts["signed"]: texts["comma"].join(by)}
    return (
        (texts["run"], report.run),
        (texts["state"], say.state(report.state)),
        (texts["began_at"], clock.minute(report.began_at)),
        (texts["last_at"], clock.minute(last_instant(report))),
        (texts["carried_on"], speech.date(report.on)),
        (texts["took"], took(report.seconds, texts)),
        (texts["mapping"], report.mapping),
        (texts["batches"], batches),
        *((label, names or texts["nobody_yet"]) for label, names in people.items()),
    )


def _figures(report: RunReport, texts: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The four numbers that stand large: of what is on file here, if it is proved; else of the old system's."""
    proof = report.proof
    if proof is not None:
        return (
            (texts["people"], f"{proof.people:,}"),
            (texts["opening_yuan"], grouped(proof.new_opening_fen)),
            (texts["records"], f"{proof.new_records:,}"),
            (texts["records_yuan"], grouped(proof.new_records_fen)),
        )
    counties = report.counties
    return (
        (texts["people"], f"{sum(c.people for c in counties):,}"),
        (texts["opening_yuan"], grouped(sum(c.opening_fen for c in counties))),
        (texts["records"], f"{sum(c.records for c in counties):,}"),
        (texts["records_yuan"], grouped(sum(c.records_fen for c in counties))),
    )
