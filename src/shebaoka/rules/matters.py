"""The guide's matters: for each, the state that the answers describe, and what is asked for one after another.

A matter says only which services in which order; whether each is possible, what it takes and what it leads to is the
rules' to say. Clauses 1.1, 2.3, 2.4, 4.1, 5.1, 6.2, 7.1, 7.2, 8.1, 9.3, 9.4. Called by the desk.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shebaoka.notice import Notice
from shebaoka.records import POST, QUESTIONS, CardKind, Channel, Matter, Question
from shebaoka.rules.guide import Example, Goes, Move

Answers = Mapping[str, str]
_SOME_DAYS = 10
"""A temporary card that is about to end has so many days left in the example."""
_ALWAYS_FOR_THEM = frozenset({Matter.CHILD, Matter.DIED, Matter.WORKING_ELSEWHERE})
"""Matters in which somebody else goes: a parent, a relative, whoever is at home."""


class Course(msgspec.Struct, frozen=True):
    """What the guide found: everything that happened before, the steps, and the dossier in the end."""

    matter: Matter
    answers: Answers
    moves: tuple[Move, ...]

    @property
    def steps(self) -> tuple[Move, ...]:
        """What is to be done now, in order; what is not possible stands among it with its ground."""
        return tuple(move for move in self.moves if move.own)


def options_of(question: Question, notice: Notice) -> tuple[str, ...]:
    """What can be answered in a city: kinds of loss report and limits that it does not have are left out."""
    kinds, p = notice.p.loss_reports, notice.p
    lacks = {
        ("reported", "temporary"): kinds.temporary is None,
        ("reported", "formal"): kinds.formal is None,
        ("locked", "used_up"): p.unlocks_max is None,
    }
    return tuple(o for o in question.options if not lacks.get((question.code, o)))


def questions_of(matter: Matter, answers: Answers, notice: Notice) -> tuple[list[Question], dict[str, str]]:
    """The questions that are asked after these answers, and the answers that count; the rest is for another day.

    A question with one option in this city is not asked: it is answered.
    """
    asked: list[Question] = []
    counted: dict[str, str] = {}
    for question in QUESTIONS[matter]:
        if not question.asked_after(counted):
            continue
        options = options_of(question, notice)
        if len(options) == 1:
            counted[question.code] = options[0]
            continue
        asked.append(msgspec.structs.replace(question, options=options))
        if answers.get(question.code) in options:
            counted[question.code] = answers[question.code]
    return asked, counted


def course_of(matter: Matter, answers: Answers, notice: Notice, on: dt.date) -> Course:
    """What to do from `on` in a matter whose questions are all answered."""
    goes: Goes = "agent" if matter in _ALWAYS_FOR_THEM or answers.get("who") == "agent" else "holder"
    example = Example(notice, _begins_on(matter, notice, on), goes, child=matter is Matter.CHILD)
    _MATTERS[matter](example, answers)
    return Course(matter, dict(answers), tuple(example.moves))


def _begins_on(matter: Matter, notice: Notice, on: dt.date) -> dt.date:
    """Somebody asks today; what the old card's stop brings about begins with the cut-over (8.1)."""
    cutover_on = notice.p.cutover_on
    return max(on, cutover_on) if matter is Matter.IN_HOSPITAL and cutover_on is not None else on


def _kind(answers: Answers) -> CardKind:
    return CardKind(answers.get("card", CardKind.SOCIAL_SECURITY))


def _first_card(example: Example, answers: Answers) -> None:
    if answers.get("before") == "yes":
        example.carded()
        example.before("cancel_card.request")
    elif answers.get("registered") == "yes":
        example.registered()
    else:
        example.ask("register_person", **example.newcomer())
    _apply(example, answers)


def _apply(example: Example, answers: Answers, *, by_post: bool = False) -> None:
    """A card is applied for, and a temporary one for the time until then if somebody needs it (2.4, 4.3)."""
    applied = example.ask("apply_for_card", **_posted(by_post))
    if answers.get("meanwhile") == "yes":
        _temporary_card(example)
    if applied.accepted:
        example.collect()


def _posted(by_post: bool) -> dict[str, Any]:
    return {"collect_at": POST} if by_post else {}


def _temporary_card(example: Example, *, hands_in: bool = False) -> None:
    issued = example.ask("apply_for_temporary_card", pin="choose", hands_in_damaged_card=hands_in)
    if issued.accepted and CardKind.TEMPORARY in example.notice.p.activation_needed_for:
        example.ask("activate_card", card=CardKind.TEMPORARY, pin="choose")


def _child(example: Example, answers: Answers) -> None:
    _first_card(example, {"registered": answers["registered"], "meanwhile": answers["meanwhile"]})


def _activate(example: Example, answers: Answers) -> None:
    kind = _kind(answers)
    example.given_a_card(kind, activated=False)
    example.ask("activate_card", card=kind, pin="choose")


def _lost(example: Example, answers: Answers, *, by_post: bool = False) -> None:
    kind, reported = _kind(answers), answers.get("reported", "no")
    example.held_for_some_time(kind)
    if reported != "no":
        example.before(f"report_loss.{reported}", card=kind)
    elif example.shortest_way(kind):
        way = next(c for c in example.notice.p.loss_reports.temporary.channels if c is not Channel.WINDOW)  # type: ignore[union-attr]
        example.ask("report_loss.temporary", card=kind, channel=way)
    if reported != "formal":
        example.ask("report_loss.formal", card=kind)
    _replace(example, "loss", kind, answers, by_post=by_post)


def _replace(
    example: Example, why: str, kind: CardKind, answers: Answers, *, by_post: bool = False, hands_in: bool = False
) -> None:
    """A card is made anew; the temporary card is replaced at once, with a PIN of the holder's own."""
    if kind is CardKind.TEMPORARY:
        if example.ask(f"replace_card.{why}", card=kind, pin="choose").accepted and kind in _needing(example):
            example.ask("activate_card", card=kind, pin="choose")
        return
    replaced = example.ask(f"replace_card.{why}", card=kind, **_posted(by_post))
    if answers.get("meanwhile") == "yes":
        _temporary_card(example, hands_in=hands_in)
    if replaced.accepted:
        example.collect()


def _needing(example: Example) -> tuple[CardKind, ...]:
    return example.notice.p.activation_needed_for


def _found_again(example: Example, answers: Answers) -> None:
    kind, replacing = _kind(answers), answers.get("replacing", "no")
    example.held_for_some_time(kind)
    example.before(f"report_loss.{answers['reported']}", card=kind)
    if replacing != "no":
        example.before("replace_card.loss", card=kind)
        if answers.get("holds_temporary") == "yes" and example.notice.p.temporary_while_replacing:
            example.before("apply_for_temporary_card", pin="choose")
        if replacing == "making":
            example.before("put_in_batch", batch="guide")
    cancelled = example.ask("cancel_loss_report", card=kind).accepted
    if replacing == "no":
        if not cancelled:
            _replace(example, "loss", kind, answers)
    elif not cancelled or not example.ask("withdraw_application").accepted:
        # What is being made cannot be stopped, or nothing but the new card will do: it is collected.
        example.collect()


def _forgot_pin(example: Example, answers: Answers) -> None:
    kind, locked = _kind(answers), answers.get("locked", "no")
    example.held_for_some_time(kind)
    if locked != "no":
        limit = example.notice.p.unlocks_max or 0
        example.lock(kind, times=1 + (limit if locked == "used_up" else 0))
        if not example.ask("unlock_card", card=kind).accepted:
            _replace(example, "unlocks_used_up", kind, answers, hands_in=True)
            return
    example.ask("reset_pin", card=kind, pin="choose")


def _change_pin(example: Example, answers: Answers) -> None:
    kind = _kind(answers)
    example.held_for_some_time(kind)
    if answers["known"] == "yes":
        example.ask("change_pin", card=kind, pin="change")
    else:
        example.ask("reset_pin", card=kind, pin="choose")


def _damaged(example: Example, answers: Answers) -> None:
    kind = _kind(answers)
    example.held_for_some_time(kind)
    _replace(example, "damage", kind, answers, hands_in=True)


def _made_wrongly(example: Example, answers: Answers) -> None:
    kind = _kind(answers)
    example.held_for_some_time(kind)
    _replace(example, "made_wrongly", kind, answers)


def _not_collected(example: Example, _: Answers) -> None:
    today = example.on
    example.on = example.long_ago(example.notice.p.uncollected_after)
    example.registered()
    example.before("apply_for_card")
    example.make()
    example.on = today
    example.bring_back()
    example.collect()


def _temporary_ends(example: Example, answers: Answers) -> None:
    """The temporary card has ended, or does in some days; the social security card is what follows it (3.2)."""
    today, over = example.on, answers["over"] == "yes"
    example.on = example.long_ago(example.notice.p.temporary_valid, left=0 if over else _SOME_DAYS)
    example.given_a_card(CardKind.TEMPORARY)
    example.on = today
    if not over:
        example.ask("extend_card", card=CardKind.TEMPORARY)
    _apply(example, {})


def _working_elsewhere(example: Example, answers: Answers) -> None:
    """Somebody at home goes for them, and the card comes by post where the city sends any."""
    by_post = example.notice.p.card_by_post
    need = answers["need"]
    if need == "first_card":
        example.registered()
        _apply(example, {}, by_post=by_post)
    elif need == "lost":
        _lost(example, {}, by_post=by_post)
    elif need == "activate":
        _activate(example, {})
    else:
        _forgot_pin(example, {})


def _in_hospital(example: Example, answers: Answers) -> None:
    """Admitted with the old card before it stopped; at discharge another one settles (8.1)."""
    holds = answers["holds"]
    example.with_the_old_card(in_hospital=True)
    if holds == "sealed":
        example.before("apply_for_card")
        example.make()
        example.before("collect_card")
    elif holds == "temporary":
        example.before("apply_for_temporary_card", pin="choose")
    if _settles(example, CardKind.OLD_MEDICAL):
        return
    if holds == "none":
        _temporary_card(example)
    elif holds == "sealed":
        example.ask("activate_card", pin="choose")
    _settles(example, CardKind.SOCIAL_SECURITY if holds == "sealed" else CardKind.TEMPORARY)


def _settles(example: Example, kind: CardKind) -> bool:
    """The discharge is settled at the hospital's terminal, with the card's PIN."""
    said: dict[str, Any] = {"card": kind, "channel": Channel.TERMINAL}
    return example.ask("use_card.discharge", pin="enter", **said).accepted


def _moving_away(example: Example, answers: Answers) -> None:
    _leaving(example, answers, "leaving")


def _died(example: Example, answers: Answers) -> None:
    _leaving(example, answers, "death")


def _leaving(example: Example, answers: Answers, why: str) -> None:
    example.carded()
    if answers["waiting"] == "yes":
        example.before("replace_card.damage")
    example.ask(f"cancel_card.{why}")


_MATTERS: Mapping[Matter, Callable[[Example, Answers], None]] = {
    Matter.FIRST_CARD: _first_card,
    Matter.CHILD: _child,
    Matter.ACTIVATE: _activate,
    Matter.LOST: _lost,
    Matter.FOUND_AGAIN: _found_again,
    Matter.FORGOT_PIN: _forgot_pin,
    Matter.CHANGE_PIN: _change_pin,
    Matter.DAMAGED: _damaged,
    Matter.MADE_WRONGLY: _made_wrongly,
    Matter.NOT_COLLECTED: _not_collected,
    Matter.TEMPORARY_ENDS: _temporary_ends,
    Matter.WORKING_ELSEWHERE: _working_elsewhere,
    Matter.IN_HOSPITAL: _in_hospital,
    Matter.MOVING_AWAY: _moving_away,
    Matter.DIED: _died,
}
