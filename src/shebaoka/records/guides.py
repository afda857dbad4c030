"""What people come with ("my card is lost"), the plain questions about it, and what may be answered: the guide's nouns.

What is to be done is not here: the rules find it out (`rules/guide.py`). Called by rules, desk and the house's words.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Matter(StrEnum):
    """What somebody wants to know: what do I do, if …"""

    FIRST_CARD = "first_card"
    CHILD = "child"
    ACTIVATE = "activate"
    LOST = "lost"
    FOUND_AGAIN = "found_again"
    FORGOT_PIN = "forgot_pin"
    CHANGE_PIN = "change_pin"
    DAMAGED = "damaged"
    MADE_WRONGLY = "made_wrongly"
    NOT_COLLECTED = "not_collected"
    TEMPORARY_ENDS = "temporary_ends"
    WORKING_ELSEWHERE = "working_elsewhere"
    IN_HOSPITAL = "in_hospital"
    MOVING_AWAY = "moving_away"
    DIED = "died"


class Question(msgspec.Struct, frozen=True):
    """A plain question, what may be answered, and after which answers to others it is asked at all."""

    code: str
    options: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]] = {}

    def asked_after(self, answers: Mapping[str, str]) -> bool:
        """Whether the answers so far leave this question open."""
        return all(answers.get(code) in allowed for code, allowed in self.needs.items())


_WHO = Question("who", ("holder", "agent"))
_CARD = Question("card", ("social_security", "temporary"))
_SOCIAL = {"card": ("social_security",)}
_REGISTERED = Question("registered", ("yes", "no"))
_MEANWHILE = Question("meanwhile", ("no", "yes"))
_WAITING = Question("waiting", ("no", "yes"))

QUESTIONS: Mapping[Matter, tuple[Question, ...]] = {
    Matter.FIRST_CARD: (
        _REGISTERED,
        Question("before", ("no", "yes"), {"registered": ("yes",)}),
        _MEANWHILE,
        _WHO,
    ),
    Matter.CHILD: (_REGISTERED, _MEANWHILE),
    Matter.ACTIVATE: (_CARD, _WHO),
    Matter.LOST: (
        _CARD,
        Question("reported", ("no", "temporary", "formal")),
        Question("meanwhile", ("no", "yes"), _SOCIAL),
        _WHO,
    ),
    Matter.FOUND_AGAIN: (
        _CARD,
        Question("reported", ("temporary", "formal")),
        Question("replacing", ("no", "waiting", "making"), {**_SOCIAL, "reported": ("formal",)}),
        Question("holds_temporary", ("no", "yes"), {**_SOCIAL, "replacing": ("waiting", "making")}),
        _WHO,
    ),
    Matter.FORGOT_PIN: (
        _CARD,
        Question("locked", ("no", "yes", "used_up")),
        Question("meanwhile", ("no", "yes"), {**_SOCIAL, "locked": ("used_up",)}),
        _WHO,
    ),
    Matter.DAMAGED: (_CARD, Question("meanwhile", ("no", "yes"), _SOCIAL), _WHO),
    Matter.CHANGE_PIN: (_CARD, Question("known", ("yes", "no")), _WHO),
    Matter.MADE_WRONGLY: (_CARD, _WHO),
    Matter.NOT_COLLECTED: (_WHO,),
    Matter.TEMPORARY_ENDS: (Question("over", ("no", "yes")), _WHO),
    Matter.WORKING_ELSEWHERE: (Question("need", ("first_card", "activate", "lost", "forgot_pin")),),
    Matter.IN_HOSPITAL: (Question("holds", ("none", "sealed", "temporary")), _WHO),
    Matter.MOVING_AWAY: (_WAITING, _WHO),
    Matter.DIED: (_WAITING,),
}
"""Each matter's questions, in their order."""

OPTIONS = tuple(
    dict.fromkeys(f"{q.code}.{o}" for questions in QUESTIONS.values() for q in questions for o in q.options)
)
"""Everything that may be answered, as `question.option`."""
ASKED = tuple(dict.fromkeys(q.code for questions in QUESTIONS.values() for q in questions))
"""Every question."""

GUIDE_STEPS = (
    *("register_person", "apply_for_card", "apply_for_temporary_card", "collect_card", "activate_card"),
    *("report_loss.temporary", "report_loss.formal", "cancel_loss_report", "withdraw_application"),
    *("replace_card.loss", "replace_card.damage", "replace_card.made_wrongly", "replace_card.unlocks_used_up"),
    *("unlock_card", "reset_pin", "change_pin", "extend_card", "use_card.discharge"),
    *("cancel_card.leaving", "cancel_card.death"),
)
"""The rows of the service table that the guide leads through."""
GUIDE_NOTES = (
    *(
        "made",
        "posted",
        "brought",
        "choose",
        "enter",
        "alone",
        "approval",
        "hands_in",
        "replaced",
        "was_lost",
        "ends",
        "refund",
    ),
    *("loss_lifts", "loss_cancels", "temporary_ends", "uncollected", "child", "elsewhere", "supposed"),
)
"""What a step may be told with, beside its ground."""

SERVICES_BESIDE = ("report_loss.formal", "change_pin", "replace_card.damage", "extend_card", "add_extended_application")
"""Services that differ from card to card."""
FACTS_BESIDE = (
    *("valid_for", "functions", "issued", "papers", "activation", "first_fee", "first_pin"),
    *(service.partition(".")[0] for service in SERVICES_BESIDE),
    "replacement_fee",
)
"""What is told of the three cards beside each other."""
CELLS_BESIDE = (
    *("no_expiry", "term", "until", "stopped_on", "until_the_new_card", "functions", "none", "made_within", "at_once"),
    *("not_issued", "papers", "needed", "not_needed", "fee", "free", "same_on_all", "by_holder", "possible"),
    *("not_possible", "years", "months", "days"),
)
"""How each is told."""
