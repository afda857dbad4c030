"""What state somebody's cards are in on a day: what has lapsed by the calendar, and the one line people read.

Clauses 1.1, 2.1, 2.2, 3.2 and the reading on temporary loss reports. Called by `decide`, and by the desk for screens.
"""

import datetime as dt
import operator

from msgspec.structs import replace

from shebaoka.notice import Notice
from shebaoka.records import (
    Application,
    Card,
    CardKind,
    Dossier,
    Ending,
    Financial,
    Life,
    Loss,
    Making,
    PresentedCard,
    Request,
    Stay,
    StayState,
)

OPEN_MAKINGS = frozenset({Making.APPLIED, Making.IN_BATCH, Making.MADE, Making.REJECTED, Making.READY, Making.RETURNED})
MINISTRY_CODES = {"sealed": "0", "in_use": "1", "lost": "2", "locked": "3", "ended": "9"}
"""The ministry's AAZ502: 0 sealed, 1 normal, 2 lost, 3 locked, 9 cancelled."""


def card_of(dossier: Dossier, kind: CardKind) -> Card | None:
    """The live card of a kind, or the last one that ended; None if there never was one."""
    last = None
    for card in dossier.cards:
        if card.kind is kind:
            if card.life is not Life.ENDED:
                return card
            last = card
    return last


def presented(dossier: Dossier, card: PresentedCard) -> Card | None:
    """The very card that a terminal read, by number and serial together; None if the person never had it."""
    for one in dossier.cards:
        if one.number == card.number and one.serial == card.serial:
            return one
    return None


def card_asked(dossier: Dossier, request: Request) -> Card | None:
    """The card that a request is about: the very one that was presented, or that of the kind it names."""
    named = getattr(request, "card", CardKind.SOCIAL_SECURITY)
    return presented(dossier, named) if isinstance(named, PresentedCard) else card_of(dossier, named)


def live_card(dossier: Dossier, kind: CardKind) -> Card | None:
    """The card of a kind that has not ended."""
    card = card_of(dossier, kind)
    return card if card is not None and card.life is not Life.ENDED else None


def card_shown(dossier: Dossier) -> Card | None:
    """The card that somebody shows electronically: the valid one of 2.1; where there is none, the last there was."""
    cards = [c for c in dossier.cards if c.kind is not CardKind.OLD_MEDICAL]
    valid = [c for c in cards if is_valid(c)]
    return valid[-1] if valid else cards[-1] if cards else None


def open_application(dossier: Dossier) -> Application | None:
    """The application whose card is still to be collected; a person has one at the most."""
    for application in dossier.applications:
        if application.making in OPEN_MAKINGS:
            return application
    return None


def ethnic_group_before(dossier: Dossier) -> str:
    """The ethnic group that the latest application said, empty if none did."""
    return next((a.ethnic_group for a in reversed(dossier.applications) if a.ethnic_group), "")


def stay_of(dossier: Dossier, institution: str, number: str) -> Stay | None:
    """The stay with this number at an institution, a cancelled one only if there is no other."""
    found = None
    for stay in dossier.stays:
        if stay.institution == institution and stay.number == number:
            found = stay
            if stay.state is not StayState.CANCELLED:
                return stay
    return found


def put_stay(dossier: Dossier, stay: Stay) -> Dossier:
    """The dossier with this stay in place of that with the same `n`, or added."""
    kept = tuple(stay if s.n == stay.n else s for s in dossier.stays)
    return replace(dossier, stays=kept if stay.n <= len(kept) else (*kept, stay))


def is_valid(card: Card) -> bool:
    """Whether a card counts as the one valid card of 2.1: alive, and not formally reported lost."""
    return card.kind is not CardKind.OLD_MEDICAL and card.life is not Life.ENDED and card.loss is not Loss.FORMAL


def ended(card: Card, ending: Ending, on: dt.date) -> Card:
    """The card after its end. Nothing leads back."""
    return replace(card, life=Life.ENDED, ending=ending, ended_on=on, loss=Loss.NONE, loss_until=None)


def put(dossier: Dossier, *cards: Card) -> Dossier:
    """The dossier with these cards in place of those with the same `n`, or added."""
    new = {c.n: c for c in cards}
    kept = tuple(new.pop(c.n, c) for c in dossier.cards)
    return replace(dossier, cards=kept + tuple(new.values()))


def put_application(dossier: Dossier, application: Application) -> Dossier:
    """The dossier with this application in place of that with the same `n`, or added."""
    kept = tuple(application if a.n == application.n else a for a in dossier.applications)
    if application.n > len(kept):
        kept += (application,)
    return replace(dossier, applications=kept)


def as_of(dossier: Dossier, notice: Notice, on: dt.date) -> Dossier:
    """The dossier as the calendar has made it by the morning of `on`, whether or not somebody recorded it yet.

    A temporary card past its last day has expired (3.2), a loss report past its end has lifted or cancelled the
    card, the old card has stopped (1.1). If that leaves two valid cards, the social security card has priority (2.2).
    What lapses first comes first, each on its own day, so that it does not matter how often and when one looks.
    """
    while lapses := [lapse for card in dossier.cards if (lapse := _lapse(card, notice, on)) is not None]:
        day, card = min(lapses, key=operator.itemgetter(0))
        dossier = one_valid(put(dossier, card), day)
    return dossier


def lapsed(card: Card, notice: Notice, on: dt.date) -> Card:
    """An old card as the calendar has made it by the morning of `on`."""
    lapse = _lapse(card, notice, on)
    return card if lapse is None else lapse[1]


def one_valid(dossier: Dossier, on: dt.date) -> Dossier:
    """Ends a temporary card that stands beside a valid social security card: 2.1, by the priority of 2.2."""
    social = live_card(dossier, CardKind.SOCIAL_SECURITY)
    temporary = live_card(dossier, CardKind.TEMPORARY)
    if social is None or temporary is None or not is_valid(social):
        return dossier
    return put(dossier, ended(temporary, Ending.SUPERSEDED, on))


def _lapse(card: Card, notice: Notice, on: dt.date) -> tuple[dt.date, Card] | None:
    """The first day by `on` on which the calendar changes a card, and the card from then on; None if there is none."""
    if card.life is Life.ENDED:
        return None
    if card.kind is CardKind.OLD_MEDICAL:
        cutover_on = notice.p.cutover_on
        if cutover_on is None or cutover_on > on:
            return None
        return cutover_on, ended(card, Ending.STOPPED, cutover_on)
    until = card.valid_until
    if card.loss_until is not None and (until is None or card.loss_until < until):
        until = card.loss_until
    if until is None or until >= on:
        return None
    over_on = until + dt.timedelta(days=1)
    if until == card.valid_until:
        return over_on, ended(card, Ending.EXPIRED, over_on)
    kinds = notice.p.loss_reports
    terms = kinds.temporary if card.loss is Loss.TEMPORARY else kinds.formal
    if terms is not None and terms.then == "cancels_the_card":
        return over_on, ended(card, Ending.CANCELLED, over_on)
    return over_on, replace(card, loss=Loss.NONE, loss_until=None)


def lapse_events(recorded: Dossier, dossier: Dossier) -> tuple[str, ...]:
    """What the calendar did between the dossier that is on file and the same as of a day, for the journal.

    The bank's side of a card does not lapse by itself: where it was asked to stop, it is now asked to resume.
    """
    if dossier is recorded:
        return ()
    events = []
    for before, after in zip(recorded.cards, dossier.cards, strict=True):
        if before is after:
            continue
        if after.life is Life.ENDED:
            events.append(_ENDED_BY_CALENDAR.get(after.ending or Ending.SUPERSEDED, "card_ended"))
        else:
            events.append("loss_report_ended")
            if before.financial in (Financial.STOP_ASKED, Financial.STOPPED):
                events.append("bank_asked_to_resume")
    return tuple(events)


_ENDED_BY_CALENDAR = {
    Ending.EXPIRED: "temporary_card_expired",
    Ending.STOPPED: "old_card_stopped",
    Ending.CANCELLED: "card_cancelled",
}


def shown_state(card: Card | None) -> str:
    """The code of the one line that people read about a card; its words are in the house's words under `states`."""
    if card is None:
        return "none"
    if card.life is Life.ENDED:
        return f"ended_{card.ending}"
    parts = ["sealed"] if card.life is Life.SEALED else []
    if card.locked:
        parts.append("locked")
    if card.loss is not Loss.NONE:
        parts.append(f"lost_{card.loss}")
    return "_".join(parts) or "in_use"


def ministry_code(card: Card) -> str:
    """The card's state in the ministry's code (AAZ502). Lost counts before locked, locked before sealed."""
    if card.life is Life.ENDED:
        return MINISTRY_CODES["ended"]
    if card.loss is not Loss.NONE:
        return MINISTRY_CODES["lost"]
    if card.locked:
        return MINISTRY_CODES["locked"]
    return MINISTRY_CODES[card.life]


def standing_of(dossier: Dossier) -> str:
    """A person's standing, `not_registered` for nobody."""
    return "not_registered" if dossier.person is None else dossier.person.standing
