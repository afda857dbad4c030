"""Where somebody's card is, for whoever is not signed in, by a number and a card's number or a slip code (5.2).

A stranger learns nothing: number and proof that do not fit get one answer, after one and the same question to the
database, whether or not somebody has the number. Tries are counted by the address that they come from, and those of a
card's number by address and number together, so that a stranger's guesses cost a holder elsewhere nothing. A slip's
code cannot be guessed, and is asked for all the same where tries were used up. An answer is a look-up in the journal.
"""

import datetime as dt
import re
import unicodedata
import uuid
from collections.abc import Callable
from typing import Literal

import msgspec

from shebaoka.desk.entering import read_number
from shebaoka.desk.fold import Outcome
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.journal import decoded
from shebaoka.desk.limits import Limits
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.whereabouts import Whereabouts, WhereaboutsRoom
from shebaoka.notice import Notices
from shebaoka.records import Answer, Ask, BadInput, CardKind, Channel, Life, LookUpPerson, NotAllowed, Sender, Trouble
from shebaoka.slipcode import LENGTH, read_slip_code
from shebaoka.store import Views
from shebaoka.store import enquiries as sql

REASON = "where is my card"
SENDER = Sender(by="holder", channel=Channel.PORTAL, place="where")
_CARD_NUMBER = re.compile(r"[A-Z0-9]{9}")
_BETWEEN = re.compile(r"[\s\-‐‑‒–—−_.·]+")
Submit = Callable[[Ask], Outcome]


class Proof(msgspec.Struct, frozen=True):
    """What somebody has in hand: a card's number, or a slip's code; the other one is empty."""

    card_number: str = ""
    slip_code: str = ""


class SlipState(msgspec.Struct, frozen=True):
    """What a slip is of, without whose it is: the service, how far it is, where and when it began, and the answer."""

    service: str
    card: str
    state: Literal["open", "done", "left"]
    place: str
    opened_on: dt.date
    answered_on: dt.date | None
    answer: Answer | None


class FoundCard(msgspec.Struct, frozen=True):
    """What an enquiry found: where the card is and whether it is activated; None of somebody who is not registered yet.

    `activated` is None where there is no social security card that counts. `slip` is what the slip is of, if one was
    shown. `looked_up` is the desk's answer to the look-up.
    """

    where: Whereabouts | None
    activated: bool | None
    slip: SlipState | None
    looked_up: Answer


class Enquiries:
    """Answers enquiries. Safe for many threads."""

    def __init__(
        self,
        views_: Views,
        notices: Notices,
        limits: Limits,
        person: Callable[[str], PersonScreen],
        whereabouts: WhereaboutsRoom,
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._notices = notices
        self._limits = limits
        self._person = person
        self._whereabouts = whereabouts
        self._clock = clock

    def are_answered(self) -> bool:
        """Whether the notice of today lets holders ask here at all."""
        return Channel.PORTAL in self._notices.on(self._today()).p.own_enquiry_channels

    def ask(self, number: str, proof: Proof, address: str, submit: Submit) -> FoundCard | None:
        """Where the card is; None where number and proof do not fit, or nobody has the number. `TooManyTries`.

        `NotAllowed` where the notice does not answer this here, whoever asks.
        """
        if not self.are_answered():
            raise NotAllowed(
                "The notice does not answer this enquiry here; ask at the window or call the hotline (5.2)."
            )
        pair = f"{address} {number}"
        self._limits.take("where", address)
        if proof.card_number:
            self._limits.take("where_number", pair)
        if not self._fits(number, proof):
            return None
        if proof.card_number:
            self._limits.give_back("where_number", pair)
        outcome = submit(Ask(LookUpPerson(id=f"where-{uuid.uuid4()}", person=number, reason=REASON), SENDER))
        if isinstance(outcome, Trouble):
            raise outcome
        slip = self.slip(proof.slip_code) if proof.slip_code else None
        if outcome.answer.outcome == "refused":
            if outcome.answer.ground != "person_is_not_registered":
                raise NotAllowed(f"The notice does not answer this enquiry here (clause {outcome.answer.clause}).")
            return FoundCard(None, None, slip, outcome.answer)
        screen = self._person(number)
        return FoundCard(self._whereabouts.of(screen), _activated(screen), slip, outcome.answer)

    def _fits(self, number: str, proof: Proof) -> bool:
        """Whether number and proof are on file together; one question, whoever asks."""
        today = self._today()
        temporary = self._notices.on(today).p.loss_reports.temporary
        lifts = temporary is None or temporary.then == "lifts"
        on = {"on": today, "lifted_before": today if lifts else dt.date.min}
        ((fits,),) = self._views.rows(sql.FITS, {"number": number, **on, **msgspec.structs.asdict(proof)})
        return bool(fits)

    def slip(self, code: str) -> SlipState | None:
        """What the slip with this code is of; None for a code that no slip has. The code cannot be guessed."""
        rows = self._views.rows(sql.SLIP, {"slip_code": code})
        if not rows:
            return None
        service, card, state, place, opened_at, body = rows[0]
        entry = decoded(body) if body else None
        return SlipState(
            service=service,
            card=card,
            state=state,
            place=place,
            opened_on=self._day(opened_at),
            answered_on=entry.given.on if entry else None,
            answer=entry.answer if entry else None,
        )

    def read_number(self, text: str) -> str:
        """The social security number that somebody typed. `BadInput` for one that can be nobody's, whoever asks."""
        return read_number(text[:100], self._today())

    def _today(self) -> dt.date:
        return self._day(self._clock())

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._notices.zone).date()


def read_proof(text: str) -> Proof:
    """The card's number or the slip code that somebody typed; which one is told by its length. `BadInput`."""
    said = _BETWEEN.sub("", unicodedata.normalize("NFKC", text[:200]).rpartition("/slip/")[2]).upper()
    if _CARD_NUMBER.fullmatch(said):
        return Proof(card_number=said)
    if len(said) == LENGTH:
        try:
            return Proof(slip_code=read_slip_code(said))
        except BadInput as e:
            raise BadInput(f"proof: {e}", code="slip_code_unfit") from None
    raise BadInput(f"proof: give a card's number of 9 characters, or a slip code of {LENGTH}.", code="proof_unfit")


def _activated(screen: PersonScreen) -> bool | None:
    """Whether the social function of the card that counts is in use (5.1); None if there is none."""
    cards = [c.card for c in screen.cards if c.card.kind is CardKind.SOCIAL_SECURITY and c.card.life is not Life.ENDED]
    return cards[-1].life is not Life.SEALED if cards else None
