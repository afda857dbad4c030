"""Playing a life by the rules alone: what each step asks in digits, fen and papers, and what is decided.

What is right depends on what came before, so a step is turned into an ask as it is played. The desk is then handed
the very same asks, and must come to the very same end.
"""

import datetime as dt
import functools
import itertools
from pathlib import Path
from typing import Any

import msgspec
from charging import INSTITUTIONS, Entries, days_of
from lives import YEARS, Step

from shebaoka.app import load_notices
from shebaoka.desk.fold import makes_card
from shebaoka.desk.fresh import card_number
from shebaoka.notice import LossReport, Notice, Notices, Term
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    OF_INSTITUTIONS,
    SERVICES,
    Accepted,
    Agent,
    Ask,
    Card,
    CardKind,
    Channel,
    CreditContribution,
    Decision,
    Digits,
    Dossier,
    Given,
    Material,
    Means,
    NewPin,
    PinCheck,
    Sender,
    Tender,
    Terms,
    credit_id,
)
from shebaoka.rules import card_asked, decide
from shebaoka.rules.case import Case
from shebaoka.rules.decide import channels_for
from shebaoka.rules.offers import fee_of

FIRST, PINS, WRONG = "820417", ("593816", "472093"), "118822"
UNFIT = {"short": "59381", "first": FIRST, "simple": "777777"}
NEW_PINS = {"short": NewPin.WRONG_LENGTH, "first": NewPin.SAME_AS_FIRST, "simple": NewPin.TOO_SIMPLE}
PEOPLE = (
    with_check_digit("14070219791203001"),
    with_check_digit("14070219650930112"),
    with_check_digit("14072619911111223"),
    "140702199001011234",  # its check digit is wrong: nobody can be registered under it
)
BEGIN = dt.datetime(2013, 6, 26, 1, 0, tzinfo=dt.UTC)
AGENT = Agent(name="周明", number=with_check_digit("14070219700707334"), relation="配偶")
OF_A_CITY = Path(__file__).resolve().parents[2] / "notices" / "jinzhong"


class Played(msgspec.Struct, frozen=True):
    """A step as it was asked, and what the rules alone made of it; `decision` is None for an id sent again."""

    at: dt.datetime
    ask: Ask
    given: Given
    notice: Notice
    before: Dossier
    decision: Decision | None
    after: Dossier


def _city(notice: Notice, **changed: Any) -> Notices:
    return Notices([msgspec.structs.replace(notice, p=msgspec.structs.replace(notice.p, **changed))])


@functools.cache
def cities() -> dict[str, Notices]:
    """Jinzhong, and what its notice would be with other cities' readings; the last changes its mind in 2015."""
    notices = load_notices(OF_A_CITY)
    (jinzhong,) = notices.versions
    lapsing = LossReport(
        channels=(Channel.WINDOW, Channel.PHONE),
        cancel_channels=(Channel.WINDOW,),
        cancellable=True,
        lasts=Term(days=30),
    )
    until = msgspec.structs.replace(jinzhong, in_force_until=dt.date(2014, 12, 31))
    then = msgspec.structs.replace(
        jinzhong,
        id="jinzhong-2015-01-01",
        in_force_from=dt.date(2015, 1, 1),
        p=msgspec.structs.replace(
            jinzhong.p, pin_tries_max=2, unlocks_max=1, replacement_fee_fen=1500, temporary_valid=Term(days=60)
        ),
    )
    kinds = jinzhong.p.loss_reports
    return {
        "jinzhong": notices,
        "three_tries": _city(
            jinzhong,
            pin_tries_max=3,
            unlocks_max=1,
            temporary_valid=Term(days=60),
            temporary_extension=Term(days=60),
            temporary_valid_at_most=Term(months=6),
            pin_change_at_activation="required",
            cutover_on=dt.date(2014, 3, 1),
            records_carried="all",
        ),
        "losses_lapse": _city(
            jinzhong,
            loss_reports=msgspec.structs.replace(kinds, formal=lapsing),
            temporary_replacement_term="full",
            activation_needed_for=(),
        ),
        "losses_cancel": _city(
            jinzhong,
            loss_reports=msgspec.structs.replace(
                kinds, formal=msgspec.structs.replace(lapsing, then="cancels_the_card", cancellable=False)
            ),
            temporary_while_replacing=True,
            damaged_card_works_until_replaced=False,
            activation_needed_for=(CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY),
            financial_active_from_issue=False,
        ),
        "changing": Notices([until, then]),
    }


class _Model:
    """People, their PINs in the clear, and the numbers drawn so far: what the desk and the vault keep, as a model."""

    def __init__(self, notices: Notices) -> None:
        self.notices = notices
        self.dossiers: dict[str, Dossier] = {}
        self.pins: dict[tuple[str, int], str] = {}
        self.cards = itertools.count(1)
        self.at = BEGIN
        self.played: list[Played] = []
        self.entries = Entries()

    def step(self, n: int, step: Step) -> None:
        """Play one step."""
        self.at += dt.timedelta(days=step.days)
        if step.again is not None and self.played:
            self._again(step)
            return
        number = PEOPLE[step.who]
        before = self.dossiers.get(number, Dossier())
        on = self.at.astimezone(self.notices.zone).date()
        notice = self.notices.on(on)
        request = self._request(n, step, number, before, on)
        if request.id in self.entries.stopped:
            channel = Channel.TERMINAL
            ask = _ask(request, Sender("周", channel, "w1"), None, None)
            self.played.append(Played(self.at, ask, Given(at=self.at, on=on), notice, before, None, before))
            return
        if step.agent:
            request = msgspec.structs.replace(request, agent=AGENT)
        case = Case(request, before, notice, Given(at=self.at, on=on))
        named = channels_for(case)
        channel = Channel(step.channel) if step.channel != "right" else (*named, Channel.WINDOW)[0]
        shows = {"all": tuple(Material), "none": ()}.get(step.shows, step.shows)  # type: ignore[arg-type]
        paid = fee_of(case) if step.paid == "right" else step.paid
        request = msgspec.structs.replace(request, shows=shows, paid_fen=paid)
        pin, check = self._pin(step, number, card_asked(before, request))
        new_pin = None if step.new_pin == "none" else UNFIT.get(step.new_pin, PINS[n % 2])
        terms = INSTITUTIONS[step.institution] if step.signed and type(request) in OF_INSTITUTIONS else None
        approved_by = "" if n % 5 == 0 else "主管"
        ask = _ask(request, Sender(step.by, channel, "w1"), pin, new_pin, terms)
        ask = msgspec.structs.replace(ask, approved_by=approved_by)
        given = Given(
            at=self.at,
            on=on,
            channel=channel,
            pin=check,
            new_pin=NewPin.NOT_GIVEN if new_pin is None else NEW_PINS.get(step.new_pin, NewPin.FIT),
            terms=terms,
            original=self.entries.original(ask),
            proposal=self.entries.proposal(ask),
            by=step.by,
            approved_by=approved_by,
        )
        if makes_card(ask):
            drawn = next(self.cards)
            given = msgspec.structs.replace(
                given, card_number=card_number(drawn), card_serial=serial(notice.region, drawn)
            )
        decision = decide(request, before, notice, given)
        after = before if decision.after is None else decision.after
        self.dossiers[number] = after
        if isinstance(decision, Accepted) and decision.pin is not None:
            self.pins[number, decision.pin.card] = FIRST if decision.pin.pin == "first" else new_pin or ""
        self.entries.note(ask, decision, after)
        self.played.append(Played(self.at, ask, given, notice, before, decision, after))

    def _request(self, n: int, step: Step, number: str, before: Dossier, on: dt.date) -> Any:
        """What the step asks, with everything that it says in words found out."""
        request_type = SERVICES[step.service]
        institution = INSTITUTIONS[step.institution].institution
        said = self.entries.said(dict(step.own), n, institution, number, before)
        request_id = f"{institution}-{n}" if request_type in OF_INSTITUTIONS else f"r{n}"
        if request_type is CreditContribution:
            request_id = credit_id(said["month"], number, n + 2)
        return msgspec.convert({"id": request_id, "person": number, **days_of(said, on)}, request_type, strict=True)

    def _pin(self, step: Step, number: str, card: Card | None) -> tuple[str | None, PinCheck]:
        """The digits that the step enters for a card, and what a vault will say of them."""
        if step.pin == "none":
            return None, PinCheck.NOT_GIVEN
        kept = self.pins.get((number, card.n)) if card is not None and card.life != "ended" else None
        entered = WRONG if step.pin == "wrong" else kept or PINS[0]
        if kept is None:
            return entered, PinCheck.NOT_GIVEN
        return entered, PinCheck.RIGHT if entered == kept else PinCheck.WRONG

    def _again(self, step: Step) -> None:
        """An earlier request's id once more: with the same content, or with something else in it."""
        how, back = step.again or ("same", 1)
        earlier = self.played[-min(back, len(self.played))]
        ask = earlier.ask
        if how == "content":
            ask = msgspec.structs.replace(ask, request=msgspec.structs.replace(ask.request, paid_fen=7))
        elif how == "pin":
            ask = msgspec.structs.replace(ask, pin=Digits("999990"))
        elif how == "sender":
            ask = msgspec.structs.replace(ask, sender=msgspec.structs.replace(ask.sender, place="w9"))
        self.played.append(
            Played(self.at, ask, earlier.given, earlier.notice, earlier.after, None, self.dossiers[ask.request.person])
        )


def _ask(request: Any, sender: Sender, pin: str | None, new_pin: str | None, terms: Terms | None = None) -> Ask:
    digits = [None if entered is None else Digits(entered) for entered in (pin, new_pin)]
    texts = dict(YEARS)
    bodies = tuple(texts[year] for year in getattr(request, "years", ()))
    return Ask(request, sender, *digits, terms=terms, bodies=bodies, tender=_tender(request, sender))


def _tender(request: Any, sender: Sender) -> Tender | None:
    """How a fee is paid at the window: in cash, by a code, or by somebody who does not say how."""
    if not request.paid_fen or sender.channel is not Channel.WINDOW:
        return None
    return (Tender(Means.CASH), Tender(Means.CODE, request.id), None)[sum(request.id.encode()) % 3]


def serial(region: str, n: int) -> str:
    """A card serial that is not drawn but counted, so that two runs have the same."""
    return f"{region}{n:026x}"


def play(steps: list[Step], notices: Notices) -> list[Played]:
    """What the rules alone make of a life, step by step."""
    model = _Model(notices)
    for n, step in enumerate(steps):
        model.step(n, step)
    return model.played
