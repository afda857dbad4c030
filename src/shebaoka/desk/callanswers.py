"""What an operator of the hotline reads out to a holder who was identified: a sentence, what to do, and the clause.

Activated or not, how and where (5.1, 5.2, 5.4); where the card is; loss (9.4), lock (9.3), a temporary card's last day
(3.2). Never a number, and nothing else of the dossier. Each state has a row of sentences in the house's words
(`calls`). Called by the hotline's page.
"""

from collections.abc import Iterator

import msgspec

from shebaoka.desk.screens import Offer, PersonScreen
from shebaoka.desk.whereabouts import Whereabouts, spoken_stage, told
from shebaoka.notice import Notice, Speech
from shebaoka.records import Answer, Basis, Card, CardKind, Channel, Facts, Life, Loss, Refusal, Standing
from shebaoka.rules import card_of, shown_state

READ_OUT = (CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY)
MATTERS = ("activation", "progress", "loss", "lock", "temporary", "other")
"""What a caller asks about; it is the reason of the look, and what stands first on the page."""
_READINGS = {"loss": ("loss_reports",), "lock": ("pin_tries_max",)}
BY_TELEPHONE = ("report_loss.temporary", "cancel_loss_report")
"""Services that are asked for on the telephone, where the notice names it."""


class Spoken(msgspec.Struct, frozen=True):
    """Something to read out. `matter` is one of `MATTERS`, or `standing`; `readings` are reasons of the notice's."""

    matter: str
    sentence: str
    do: tuple[str, ...]
    clause: str
    readings: tuple[str, ...] = ()


def told_cards(screen: PersonScreen) -> list[Card]:
    """The cards that are spoken of: live ones, a social security card that ended last, and others that ended last
    where no card is left.
    """
    last = [card_of(screen.dossier, kind) for kind in CardKind]
    live = any(card.life is not Life.ENDED for card in last if card is not None)
    return [
        card
        for card in last
        if card is not None and (card.life is not Life.ENDED or card.kind is CardKind.SOCIAL_SECURITY or not live)
    ]


def spoken(screen: PersonScreen, where: Whereabouts, notice: Notice, speech: Speech) -> list[Spoken]:
    """Everything that can be read out to a holder, in the language of a speech."""
    found = told(where, speech)
    key, do = f"where_{'late' if where.late else spoken_stage(where)}", found.do
    if key in speech.words.calls:  # elsewhere they are told to call the hotline, which they did
        do = (*speech.call(key, {}), *do[1:])
    progress = Spoken("progress", found.sentence, do, found.clause, found.readings)
    return [*_Said(screen, notice, speech).everything(), progress]


class _Said:
    """What is said of one person, by one notice and in one language."""

    def __init__(self, screen: PersonScreen, notice: Notice, speech: Speech) -> None:
        self._screen, self._notice, self._speech = screen, notice, speech

    def everything(self) -> Iterator[Spoken]:
        """What is said of the person's standing and of each card."""
        if self._screen.standing == Standing.LEFT:
            saying, ground = self._speech.words.refusals[Refusal.PERSON_HAS_LEFT], Refusal.PERSON_HAS_LEFT
            yield Spoken("standing", saying.says, (saying.do,), self._notice.clause_of[ground])
        cards = told_cards(self._screen)
        if not any(card.kind is CardKind.SOCIAL_SECURITY for card in cards):
            kind, ground = CardKind.SOCIAL_SECURITY, Refusal.HOLDER_HAS_NO_CARD
            yield self._say(kind, "activation", "no_card", ground, "apply_for_card")
        for card in cards:
            if card.life is Life.ENDED:
                yield self._ended(card)
            elif card.kind is not CardKind.OLD_MEDICAL:
                yield self._activation(card)
                yield self._loss(card)
                yield self._lock(card)
                if card.valid_until is not None:
                    until, ground_of_term = card.valid_until.isoformat(), Basis.TEMPORARY_CARD_IS_WITHIN_ITS_TERM
                    yield self._say(card.kind, "temporary", "temporary_until", ground_of_term, valid_until_on=until)

    def _ended(self, card: Card) -> Spoken:
        """A card that cannot be used any more, by the ground on which its use is refused, and what to do then."""
        offer = self._offer("use_card", card.kind)
        ground = Refusal(offer.ground) if offer is not None and offer.ground else Refusal.CARD_IS_NOT_KNOWN
        state = self._speech.words.states[shown_state(card)]
        said = self._say(card.kind, "activation", "ended", ground, state=state)
        return said if offer is None or offer.possible else msgspec.structs.replace(said, do=self._no(offer)[1:])

    def _activation(self, card: Card) -> Spoken:
        """Activated or not, how and where; a card that cannot be used or activated now is not said to work."""
        if card.life is Life.SEALED:
            key, ground, wanted = "not_activated", Refusal.SOCIAL_FUNCTION_IS_NOT_ACTIVATED, "activate_card"
        elif card.kind in self._notice.p.activation_needed_for:
            key, ground, wanted = "activated", Refusal.CARD_IS_ALREADY_ACTIVATED, "use_card"
        else:
            key, ground, wanted = "activation_not_needed", Refusal.TEMPORARY_CARD_NEEDS_NO_ACTIVATION, "use_card"
        offer = self._offer(wanted, card.kind)
        if offer is None or offer.possible:
            return self._say(card.kind, "activation", key, ground, "activate_card" if key == "not_activated" else "")
        said = self._say(card.kind, "activation", f"{key}_not_now", ground)
        if card.loss is not Loss.NONE or card.locked or self._screen.standing == Standing.LEFT:
            return said  # it has a sentence of its own
        return msgspec.structs.replace(said, do=(*said.do, *self._no(offer)))

    def _no(self, offer: Offer) -> tuple[str, ...]:
        """Why something is not possible, and what to do instead."""
        no = Answer("refused", offer.ground, offer.clause, self._notice.id, facts={"card": offer.card.value})
        return self._speech.says(no), *self._speech.do(no)

    def _lock(self, card: Card) -> Spoken:
        if card.locked:
            return self._say(card.kind, "lock", "locked", Refusal.CARD_IS_LOCKED, "unlock_card")
        return self._say(card.kind, "lock", "not_locked", Refusal.CARD_IS_NOT_LOCKED)

    def _loss(self, card: Card) -> Spoken:
        """Whether it is reported lost; if so how that ends by itself, and whether it can be cancelled."""
        if card.loss is Loss.NONE:
            channels = ",".join(self._notice.channels_of("report_loss"))
            return self._say(card.kind, "loss", "not_lost", Refusal.CARD_IS_NOT_REPORTED_LOST, channels=channels)
        kinds, ground = self._notice.p.loss_reports, Refusal.CARD_IS_REPORTED_LOST
        terms = kinds.temporary if card.loss is Loss.TEMPORARY else kinds.formal
        first, parts = self._say(card.kind, "loss", f"lost_{card.loss}", ground), []
        if card.loss_until is not None and terms is not None:
            key, until = f"loss_{terms.then}", card.loss_until.isoformat()
            parts.append(self._say(card.kind, "loss", key, ground, loss_until_on=until))
        key = "loss_can_be_cancelled" if terms is not None and terms.cancellable else "loss_cannot_be_cancelled"
        parts.append(self._say(card.kind, "loss", key, ground, "cancel_loss_report"))
        do = [sentence for part in parts for sentence in (part.sentence, *part.do)]
        return msgspec.structs.replace(first, do=(*do, *first.do))

    def _say(
        self, kind: CardKind, matter: str, key: str, ground: Basis | Refusal, service: str = "", **facts: str
    ) -> Spoken:
        """A row of the house's words, with papers and channels of a service, where it speaks of one."""
        known: Facts = {"card": kind.value}
        offer = self._offer(service, kind) if service else None
        if offer is not None:
            known["channels"] = ",".join(offer.channels)
            if offer.materials is not None and offer.materials.holder:
                known["papers"] = ",".join(offer.materials.holder)
        sentence, do = self._speech.call(key, {**known, **facts})
        readings = tuple(self._speech.readings_of(_READINGS.get(matter, ())))
        return Spoken(matter, sentence, (do,), self._notice.clause_of[ground], readings)

    def _offer(self, service: str, kind: CardKind) -> Offer | None:
        return next((o for o in self._screen.offers if o.service == service and o.card is kind), None)


def by_telephone(screen: PersonScreen) -> list[Offer]:
    """What can be asked for now on the telephone, by the notice and the state of the cards."""
    return [o for o in screen.offers if o.service in BY_TELEPHONE and o.possible and Channel.PHONE in o.channels]
