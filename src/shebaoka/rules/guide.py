"""What to do, found out by doing it: an invented holder in the state that somebody describes goes through the services
one after another, and every step is decided by `decide` on the dossier that the step before left.

So what the guide says is what the program itself allows: papers, fee, channels and clause are those of the case. The
matters are in `rules/matters.py`. Called by the desk, for pages, programs and the command line.
"""

import datetime as dt
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from shebaoka.notice import Materials, Notice, Term, add_term
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    POST,
    SERVICES,
    Agent,
    AnyRequest,
    Broken,
    CardKind,
    Channel,
    Decision,
    Dossier,
    Given,
    Life,
    Making,
    Material,
    NewPin,
    PinCheck,
    Refusal,
)
from shebaoka.rules.case import Case
from shebaoka.rules.decide import channels_for, decide
from shebaoka.rules.offers import fee_of, fee_parameter
from shebaoka.rules.state import as_of, card_of, live_card, open_application

Goes = Literal["holder", "agent"]
Awaits = Literal["", "made", "posted", "brought"]
Pin = Literal["", "choose", "enter", "change", "wrong"]
"""What is entered: a PIN of the holder's choice, the present one, both, or a wrong one."""

_ADULT_YEARS, _CHILD_YEARS = 35, 3
_BEFORE_THE_CUT_OVER = dt.timedelta(days=10)
_SHORT_WAYS = (Channel.PHONE, Channel.PORTAL)
_BATCH: dict[str, Any] = {"batch": "guide"}
_STAGES = {
    "put_in_batch": (Making.APPLIED, Making.REJECTED),
    "record_made": (Making.IN_BATCH,),
    "record_ready": (Making.MADE,),
}
"""What brings a card nearer, and from which stages."""
APPROVER = "guide"
"""Who approves where the city wants a second person; in the guide, nobody's name."""


class Move(msgspec.Struct, frozen=True):
    """One request, how it was decided, and what the notice asked for it.

    `before` is the dossier as of that day. `papers` are those of exactly who goes, `fee_parameter` is what says
    the fee. `own` tells a step of the holder's from what the office, the maker or a time before did. `awaits` says what
    must have come first. `alone` is whether the notice lets no agent do this, so that the holder goes.
    """

    request: AnyRequest
    given: Given
    decision: Decision
    before: Dossier
    kind: CardKind | None
    key: str
    channels: tuple[Channel, ...]
    papers: tuple[Material, ...]
    fee_fen: int
    fee_parameter: str
    goes: Goes
    own: bool
    awaits: Awaits = ""
    alone: bool = False

    @property
    def after(self) -> Dossier:
        """The dossier that the next step finds."""
        return self.before if self.decision.after is None else self.decision.after

    @property
    def accepted(self) -> bool:
        """Whether the rules let it pass."""
        return not isinstance(self.decision.ground, Refusal)


class Example:
    """An invented person of the city and day, and what became of them so far."""

    def __init__(self, notice: Notice, on: dt.date, goes: Goes = "holder", *, child: bool = False) -> None:
        self.notice = notice
        self.on = on
        self.goes: Goes = goes
        born = on.year - (_CHILD_YEARS if child else _ADULT_YEARS)
        self.number = with_check_digit(f"{notice.region}{born}0315002")
        self._agent = Agent(name="代办人", number=with_check_digit(f"{notice.region}{on.year - _ADULT_YEARS}0416004"))
        self.dossier = Dossier()
        self.moves: list[Move] = []
        self._awaits: Awaits = ""
        self._drawn = 0

    @property
    def today(self) -> Dossier:
        """The dossier as the calendar has made it."""
        return as_of(self.dossier, self.notice, self.on)

    def holds(self, kind: CardKind) -> bool:
        """Whether the person has a live card of a kind."""
        return live_card(self.today, kind) is not None

    def before(self, key: str, *, pin: Pin = "", channel: Channel | None = None, **own: Any) -> Move:
        """Something that happened before anybody asked, or inside the office. `Broken` if the rules forbid it."""
        move = self._move(key, "holder", own=False, pin=pin, channel=channel, **own)
        if not move.accepted and pin != "wrong":
            raise Broken(f"The guide's example cannot come about: {key} is refused, {move.decision.ground}.")
        return move

    def ask(self, key: str, *, pin: Pin = "", channel: Channel | None = None, **own: Any) -> Move:
        """A step: what the holder, or whoever goes for them, asks for now. It may be refused."""
        move = self._move(key, self.goes, own=True, pin=pin, channel=channel, **own)
        if move.decision.ground is Refusal.AGENT_MAY_NOT_ACT:
            self.moves.pop()
            alone = self._move(key, "holder", own=True, pin=pin, channel=channel, **own)
            move = self.moves[-1] = replace(alone, alone=True)
        return move

    def registered(self) -> None:
        """Insured here for some years, or, a child, from birth on."""
        self.before("register_person", **self.newcomer())

    def newcomer(self) -> dict[str, Any]:
        """What a registration says of the example."""
        return {"name": "某某", "region": self.notice.region, "insured_on": self.on}

    def carded(self, *, activated: bool = True) -> None:
        """Registered, with a social security card collected, in use with a PIN of the holder's own or still sealed."""
        self.registered()
        self.before("apply_for_card")
        self.make()
        self.before("collect_card")
        if activated and self._sealed():
            self.before("activate_card", pin="choose")

    def given_a_card(self, kind: CardKind, *, activated: bool = True) -> None:
        """Somebody with a card of a kind; an old medical card comes with its account, from before the cut-over."""
        if kind is CardKind.SOCIAL_SECURITY:
            self.carded(activated=activated)
        elif kind is CardKind.OLD_MEDICAL:
            self.with_the_old_card()
        else:
            self.registered()
            self.before("apply_for_temporary_card", pin="choose")
            if activated and kind in self.notice.p.activation_needed_for:
                self.before("activate_card", card=kind, pin="choose")

    def held_for_some_time(self, kind: CardKind) -> None:
        """Somebody with a card of a kind. Half of a temporary card's term has passed; the next may keep its end."""
        today, term = self.on, self.notice.p.temporary_valid
        if kind is CardKind.TEMPORARY:
            self.on = self.long_ago(term, left=(add_term(today, term) - today).days // 2)
        self.given_a_card(kind)
        self.on = today

    def with_the_old_card(self, *, in_hospital: bool = False) -> None:
        """Moved over with the old medical card; in hospital with it since before it stopped, or at home."""
        since_on = (self.notice.p.cutover_on or self.on) - _BEFORE_THE_CUT_OVER
        self.before(
            "carry_over_account",
            balance_fen=0,
            old_card_number="1",
            in_hospital_since=since_on if in_hospital else None,
            **{**self.newcomer(), "insured_on": since_on},
        )

    def make(self) -> None:
        """The card of the open application is made, checked and brought to where it is collected."""
        for service, stages in _STAGES.items():
            application = open_application(self.dossier)
            if application is not None and application.making in stages:
                self.before(service, **_BATCH if service == "put_in_batch" else {})

    def wait_for_the_card(self) -> None:
        """Until the day by which the card is expected; a temporary card that would end before is extended first."""
        application = open_application(self.dossier)
        if application is None or application.making is Making.READY:
            return
        expected_on = add_term(application.applied_on, self.notice.p.card_ready_within)
        temporary = live_card(self.today, CardKind.TEMPORARY)
        while (
            self.notice.p.temporary_extension is not None
            and temporary is not None
            and temporary.valid_until is not None
            and temporary.valid_until < expected_on
        ):
            self.on = temporary.valid_until
            if not self.ask("extend_card", card=CardKind.TEMPORARY).accepted:
                break
            temporary = live_card(self.today, CardKind.TEMPORARY)
        self.on = max(self.on, expected_on)
        self.make()
        self._awaits = "posted" if application.collect_at == POST else "made"

    def long_ago(self, term: Term, *, left: int = 0) -> dt.date:
        """The latest day from which a term has passed by today; or ends so many days after it."""
        day = self.on - (add_term(self.on, term) - self.on)
        until = self.on + dt.timedelta(days=left)
        while add_term(day + dt.timedelta(days=1), term, self.notice.p.temporary_from_29_february) < until:
            day += dt.timedelta(days=1)
        while add_term(day, term, self.notice.p.temporary_from_29_february) >= until:
            day -= dt.timedelta(days=1)
        return day

    def bring_back(self) -> None:
        """A card that nobody collected in time went back, and is brought to the window again (4.2)."""
        self.before("return_uncollected_card")
        self.before("record_ready")
        self._awaits = "brought"

    def collect(self) -> None:
        """The card is waited for, collected, and activated in the same visit; one that is posted is activated only."""
        self.wait_for_the_card()
        application = open_application(self.dossier)
        if application is None:
            return
        temporary = live_card(self.today, CardKind.TEMPORARY)
        if application.collect_at == POST:
            self.before("collect_card", channel=Channel.PRODUCTION, hands_in_temporary_card=temporary is not None)
        else:
            self.ask("collect_card", hands_in_temporary_card=temporary is not None)
        if self._sealed():
            self.ask("activate_card", pin="choose")

    def _sealed(self) -> bool:
        card = live_card(self.today, CardKind.SOCIAL_SECURITY)
        return card is not None and card.life is Life.SEALED

    def _move(self, key: str, goes: Goes, *, own: bool, pin: Pin, channel: Channel | None, **said: Any) -> Move:
        service, _, variant = key.partition(".")
        if variant:
            said |= _VARIANTS.get(service, lambda v: {"why": v})(variant)
        said |= {"id": f"guide-{len(self.moves) + 1}", "person": self.number}
        request: AnyRequest = msgspec.convert(said, SERVICES[service])  # type: ignore[assignment]
        if goes == "agent":
            request = replace(request, agent=self._agent)
        given = self._given(pin)
        case = Case(request, self.dossier, self.notice, given)
        channels = channels_for(case)
        if channel is not None:
            # Where a step is to go another way than the window, it is that way that is told.
            channels = tuple(c for c in channels if c is not Channel.WINDOW or c is channel)
        given = replace(given, channel=channel or _usual(channels))
        papers = _papers(case.materials(), goes) if Channel.WINDOW in channels else ()
        fee_fen = fee_of(case)
        request = replace(request, shows=papers, paid_fen=fee_fen)
        decision = decide(request, self.dossier, self.notice, given)
        before = case.dossier
        if decision.after is not None:
            self.dossier = decision.after
        move = Move(
            request=request,
            given=given,
            decision=decision,
            before=before,
            kind=case.kind if "card" in request.__struct_fields__ else None,
            key=case.key,
            channels=channels,
            papers=papers,
            fee_fen=fee_fen,
            fee_parameter=fee_parameter(case),
            goes=goes,
            own=own,
            awaits=self._awaits if own else "",
        )
        if own:
            self._awaits = ""
        self.moves.append(move)
        return move

    def _given(self, pin: Pin) -> Given:
        self._drawn += 1
        return Given(
            at=dt.datetime.combine(self.on, dt.time(4), dt.UTC),
            on=self.on,
            pin=_ENTERED.get(pin, PinCheck.NOT_GIVEN),
            new_pin=NewPin.FIT if pin in ("choose", "change") else NewPin.NOT_GIVEN,
            card_number=f"A{self._drawn:08d}",
            card_serial=f"{self.notice.region}{self._drawn:026x}",
            approved_by=APPROVER,
        )

    def lock(self, kind: CardKind, *, times: int = 1) -> None:
        """The PIN was entered wrongly until the card locked; unlocked in between, if that happened several times."""
        for n in range(times):
            if n:
                self.before("unlock_card", card=kind)
            while (card := card_of(self.today, kind)) is not None and not card.locked:
                self.before("use_card", card=kind, pin="wrong", channel=Channel.WINDOW)

    def shortest_way(self, kind: CardKind) -> bool:
        """Whether a temporary loss report saves a journey: it goes by telephone or online, and the formal does not."""
        kinds = self.notice.p.loss_reports
        if kinds.temporary is None or not set(kinds.temporary.channels) & set(_SHORT_WAYS):
            return False
        return self.holds(kind) and (kinds.formal is None or not set(kinds.formal.channels) & set(_SHORT_WAYS))


_ENTERED = {"enter": PinCheck.RIGHT, "change": PinCheck.RIGHT, "wrong": PinCheck.WRONG}
_VARIANTS: Any = {
    "report_loss": lambda v: {"kind": v},
    "use_card": lambda v: {"purpose": v},
}
"""How a row's variant is said in its request; all others say it by `why`."""


def _usual(channels: tuple[Channel, ...]) -> Channel:
    """The way by which a step is tried: the window where it is one, for there everything can be shown."""
    return channels[0] if channels and Channel.WINDOW not in channels else Channel.WINDOW


def _papers(asked: Materials | None, goes: Goes) -> tuple[Material, ...]:
    """What exactly this one brings."""
    if asked is None:
        return ()
    return asked.holder + (asked.agent_adds if goes == "agent" else ())
