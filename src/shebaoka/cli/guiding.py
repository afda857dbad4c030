"""What do I do? The guide on the command line, as the public page shows it. Public: no token, and no database."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import Caller, json_option, language_option
from shebaoka.cli.forms import Day
from shebaoka.cli.labels import LABELS
from shebaoka.cli.layout import say, say_json
from shebaoka.notice import Speech
from shebaoka.notice.speech import yuan
from shebaoka.records import QUESTIONS, Matter

if TYPE_CHECKING:
    from collections.abc import Callable

    from shebaoka.desk import GuideTold, StepTold

_OPTIONS: dict[str, tuple[str, ...]] = {}
for _questions in QUESTIONS.values():
    for _question in _questions:
        _OPTIONS[_question.code] = tuple(dict.fromkeys((*_OPTIONS.get(_question.code, ()), *_question.options)))
_ASKS = {
    "who": "Who goes.",
    "card": "Which card it is.",
    "registered": "Whether the person is registered as insured here.",
    "before": "Whether there was a social security card here before.",
    "meanwhile": "Whether a card is needed until the new one is there.",
    "reported": "Whether the loss was reported.",
    "replacing": "Whether a new card was asked for.",
    "holds_temporary": "Whether a temporary card was given out meanwhile.",
    "locked": "Whether the card is locked.",
    "known": "Whether the present PIN is known.",
    "over": "Whether the temporary card has ended.",
    "need": "What it is about, for somebody who is elsewhere.",
    "holds": "Which card is in the patient's hand by now.",
    "waiting": "Whether a new card is applied for and not collected.",
}


def add_to(main: click.Group) -> None:
    """Put this command into the command line."""
    main.add_command(guide)


def _answers(command: "Callable[..., Any]") -> "Callable[..., Any]":
    """An option for each question that the guide may ask."""
    for code, options in reversed(_OPTIONS.items()):
        name = f"--{code.replace('_', '-')}"
        command = click.option(name, code, type=click.Choice(options), help=_ASKS[code])(command)
    return command


@click.command()
@click.argument("matter", required=False, type=click.Choice([m.value for m in Matter]))
@_answers
@click.option("--on", type=Day(), help="By the notice of this day; else today.")
@language_option
@json_option
@click.pass_obj
def guide(
    caller: Caller, /, matter: str | None, on: dt.date | None, language: str, as_json: bool, **said: str | None
) -> None:
    """Ask what to do in MATTER: the steps, what to bring, the fee, where and when, each with its clause.

    Without MATTER the matters are listed. Questions that are still open are shown with their options.
    """
    from shebaoka.app import load_notices, load_words
    from shebaoka.desk import Guide, matters

    settings = caller.settings()
    notices = load_notices(settings.notice)
    day = on or dt.datetime.now(notices.zone).date()
    speech = Speech(notices.on(day), load_words(settings.words)[language])
    if matter is None:
        listed = matters(speech)
        if as_json:
            say_json({"notice": speech.notice.id, "matters": listed})
            return
        for one in listed:
            say(f"{one.matter}: {one.title}")
            say(one.text, first="  ")
        return
    answers = {code: answer for code, answer in said.items() if answer}
    found = Guide(notices).told(matter, answers, day, speech)
    if as_json:
        say_json(found)
        return
    _show(found, speech)


def _show(found: "GuideTold", speech: Speech) -> None:
    said = LABELS[speech.words.language]
    say(found.title)
    for remark in found.remarks:
        say(remark, first="  ")
    for asked in found.questions:
        if asked.code in found.open:
            say(asked.question, first="? ")
            for option in asked.options:
                say(f"--{asked.code.replace('_', '-')} {option.option}: {option.words}", first="    ")
    for visit in found.visits:
        say(said["visit"].format(visit.visit, speech.date(visit.on)), first="→ ")
        say(said["brings"] + speech.words.list_separator.join(visit.bring), first="  ")
    for n, step in enumerate(found.steps, 1):
        for sentence in step.before:
            say(sentence, first="… ")
        _show_step(n, step, speech)
    if not found.open:
        say(said["fee"].format(yuan(found.fee_fen)))


def _show_step(n: int, step: "StepTold", speech: Speech) -> None:
    said = LABELS[speech.words.language]
    say(f"{n}. {step.name} ({step.clause})", first="✓ " if step.possible else "✗ ")
    if not step.possible:
        say(step.sentence, first="     ")
    else:
        say(said["where"] + step.where, first="     ")
        if step.papers_told:
            say(said["brings"] + speech.words.list_separator.join(step.papers_told), first="     ")
        if step.fee_fen:
            clause = f" ({step.fee_clause})" if step.fee_clause not in ("", step.clause) else ""
            say(said["fee"].format(yuan(step.fee_fen)) + clause, first="     ")
    for sentence in (*step.remarks, *step.do):
        say(sentence, first="     · ")
