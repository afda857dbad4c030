"""A stage for the demonstration and the tour: a house of its own with invented people, and a clock that the play moves.

Everything on it goes through the real desk, rules, vault and PostgreSQL; only people and clock are made up.
"""

import datetime as dt
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace as changed

from shebaoka.app import House, Settings, database, load_notices, open_house
from shebaoka.desk import Desk, Outcome
from shebaoka.notice import NOTICE_FILE
from shebaoka.records import (
    SERVICE_OF,
    AnyRequest,
    Ask,
    Broken,
    Card,
    CardKind,
    Channel,
    CreditContribution,
    Digits,
    Life,
    Material,
    Means,
    PresentedCard,
    Receipt,
    Request,
    Sender,
    Tender,
    Trouble,
    credit_id,
)
from shebaoka.store import set_stage

EVERYTHING = tuple(Material)
OWN_PIN, TEMPORARY_PIN = "593816", "472093"
"""What everybody on the stage chose for their social security card, and for a temporary card."""
DESKS, THREADS = 2, 4
"""How many desks share what is asked together, and how many hands work in the evening."""
TRAY, FEW = 1000, 150
"""The most in one tray; so few are one desk's work, for a disk takes its time for every tray that is saved."""
BY = {
    Channel.WINDOW: Sender("clerk-li", Channel.WINDOW, "window-3"),
    Channel.PHONE: Sender("operator-wang", Channel.PHONE, "hotline"),
    Channel.TERMINAL: Sender("terminal-0417", Channel.TERMINAL, "fenhe-hospital"),
    Channel.PRODUCTION: Sender("production-zhao", Channel.PRODUCTION, "card-workshop"),
    Channel.IMPORTER: Sender("migration-chen", Channel.IMPORTER, "old-system"),
    Channel.BANK: Sender("bank", Channel.BANK, "bank"),
    Channel.CALENDAR: Sender("calendar", Channel.CALENDAR, "office"),
    Channel.PORTAL: Sender("portal", Channel.PORTAL, "portal"),
}


Steps = list[tuple[type[Request], dict[str, Any]]]
"""Requests about one person: the service, and what is said of it beyond the usual."""


class Holder(msgspec.Struct, frozen=True):
    """Somebody with a card that a terminal can read, and the PIN that they enter."""

    number: str
    card: PresentedCard
    pin: str


class MovingClock:
    """A clock that stands until the play moves it, never back; each look at it is a moment later than the last.

    Once the play is over it may be let run: then it goes with time itself, however often it is looked at.
    """

    def __init__(self, at: dt.datetime) -> None:
        self.at = at
        self._runs = False
        self._ahead = dt.timedelta(0)
        self._looked_at = threading.Lock()

    def __call__(self) -> dt.datetime:
        with self._looked_at:
            if self._runs:
                self.at = max(self.at + dt.timedelta(microseconds=1), dt.datetime.now(dt.UTC) + self._ahead)
            else:
                self.at += dt.timedelta(milliseconds=20)
            return self.at

    def to(self, at: dt.datetime) -> None:
        """Let time pass until `at`."""
        self.at = max(self.at, at)

    def run(self) -> None:
        """The play is over: from now on the clock goes with time; where it is ahead, it stays so far ahead."""
        self._ahead = max(dt.timedelta(0), self.at - dt.datetime.now(dt.UTC))
        self._runs = True

    def days(self, days: float) -> None:
        """Let days pass."""
        self.at += dt.timedelta(days=days)


class Stage:
    """Asks for services in one line each: the sender is whom the notice lets ask; everything is shown unless said."""

    def __init__(self, house: House, clock: MovingClock, name: str) -> None:
        self.house = house
        self.clock = clock
        self.desk = house.desk()
        self.asked = 0
        """How many requests were made so far."""
        self._name = name
        self._desks = (self.desk, *(house.desk() for _ in range(DESKS - 1)))
        self.threads = ThreadPoolExecutor(THREADS)
        length = house.notices.on(self.desk.today()).p.pin_length
        self.first_pin = house.vault.set_first_pin(None, length=length).reveal()
        """The first PIN of this play's city: drawn anew for each play, and known to nobody afterwards."""

    def ask(
        self,
        service: type[Request],
        number: str,
        /,
        *,
        channel: Channel | None = None,
        by: str = "",
        pin: str = "",
        new_pin: str = "",
        **fields: Any,
    ) -> Receipt:
        """One request, answered."""
        return self.desk.ask(self.made(service, number, channel=channel, by=by, pin=pin, new_pin=new_pin, **fields))

    def made(
        self,
        service: type[Request],
        number: str,
        /,
        *,
        channel: Channel | None = None,
        by: str = "",
        pin: str = "",
        new_pin: str = "",
        **fields: Any,
    ) -> Ask:
        """One request, ready to be submitted. `fields` may be plain JSON values; `by` is another of its channel."""
        self.asked += 1
        credits_month = service is CreditContribution
        request_id = credit_id(fields["month"], number) if credits_month else f"{self._name}-{self.asked}"
        said = {"shows": EVERYTHING, "id": request_id, **fields, "person": number}
        request: AnyRequest = msgspec.convert(said, service)  # type: ignore[assignment]
        sender = BY[channel or self._channel_of(service)]
        return Ask(
            request,
            changed(sender, by=by) if by else sender,
            Digits(pin) if pin else None,
            Digits(new_pin) if new_pin else None,
            tender=self._tender(request) if sender.channel is Channel.WINDOW and request.paid_fen else None,
        )

    def _tender(self, request: AnyRequest) -> Tender:
        """Every second fee is paid by a scanned code, the others in cash."""
        return Tender(Means.CODE, request.id) if self.asked % 2 else Tender(Means.CASH)

    def play(self, number: str, steps: Steps) -> list[Receipt]:
        """One person's requests after each other, each answered before the next is made."""
        return [self.ask(service, number, **fields) for service, fields in steps]

    def submit(self, asks: Iterable[Ask]) -> list[Receipt]:
        """Many requests; every one must be answered."""
        answered: list[Receipt] = []
        for outcome in self.together(list(asks)):
            if isinstance(outcome, Trouble):
                raise outcome
            answered.append(outcome)
        return answered

    def together(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Many requests, in trays; each one's outcome, in order.

        Two desks share them by person, so that what is asked about one person is answered in its order.
        """
        desks = self._desks if len(asks) > FEW else self._desks[:1]
        shares: list[list[int]] = [[] for _ in desks]
        for place, ask in enumerate(asks):
            shares[sum(ask.request.person.encode()) % len(desks)].append(place)

        def served(desk: Desk, share: Sequence[int]) -> list[Outcome]:
            outcomes: list[Outcome] = []
            for start in range(0, len(share), TRAY):
                outcomes += desk.submit([asks[place] for place in share[start : start + TRAY]])
            return outcomes

        found: dict[int, Outcome] = {}
        for share, outcomes in zip(shares, self.threads.map(served, desks, shares), strict=True):
            found.update(zip(share, outcomes, strict=True))
        return [found[place] for place in range(len(asks))]

    def cards_of(self, numbers: Sequence[str]) -> dict[str, tuple[Card, ...]]:
        """Everybody's cards, as they are on file."""
        found: dict[str, tuple[Card, ...]] = {}
        for start in range(0, len(numbers), 1000):
            people = self.desk.store.load(numbers[start : start + 1000], []).people
            found.update({number: loaded.dossier.cards for number, loaded in people.items()})
        return found

    def card_of(self, number: str, kind: CardKind = CardKind.SOCIAL_SECURITY) -> PresentedCard:
        """A person's latest card of a kind, as a terminal reads it."""
        cards = [card for card in self.cards_of([number])[number] if card.kind is kind]
        return as_read(cards[-1])

    def close(self) -> None:
        """Let threads and connections go."""
        self.threads.shutdown()
        for desk in self._desks:
            desk.store.close()

    def _channel_of(self, service: type[Request]) -> Channel:
        """A channel that the notice names for the service; the window where it names none of its own."""
        notice = self.house.notices.on(self.desk.today())
        channels = notice.channels.get(SERVICE_OF[service], (Channel.WINDOW,))
        return Channel.TERMINAL if Channel.TERMINAL in channels else channels[0]


def as_read(card: Card) -> PresentedCard:
    """A card as a terminal reads it."""
    return PresentedCard(card.number, card.serial)


def live_card(cards: Iterable[Card], kind: CardKind = CardKind.SOCIAL_SECURITY) -> Card | None:
    """The card of a kind that has not ended, as it is on file."""
    return next((card for card in cards if card.kind is kind and card.life is not Life.ENDED), None)


def of_play(settings: Settings, name: str) -> Settings:
    """The settings of a play's own house: its database, its keys, and the notice that it was played by.

    What is told to invented people goes to a console, if anywhere: their telephones may be somebody's.
    """
    home = settings.home / name
    return changed(
        settings,
        home=home,
        keys=home / "keys",
        notice=home / "notice",
        database=name,
        database_url="",
        owner_url="",
        carrier="console" if settings.carrier == "console" else "",
        carrier_key="",
    )


@contextmanager
def open_stage(settings: Settings, name: str, at: dt.datetime, cutover_on: dt.date | None = None) -> Iterator[Stage]:
    """A house on the embedded server with an empty database `name`, its own key file, and the clock at `at`.

    With `cutover_on` the play's city goes over on that day, and on the notice's own day otherwise; the notice is
    written beside the play's database, so that its journal can be decided again by it.
    What a former play of this name left is thrown away: its database is only ever taken if it says itself that its
    people are invented.
    """
    own = of_play(settings, name)
    for folder in (own.home / "keys", own.notice):
        shutil.rmtree(folder, ignore_errors=True)
    with database(own) as (owner_url, _):
        set_stage(owner_url, name)
        (own.home / "keys").mkdir(mode=0o700)
        _write_notice(settings.notice, own.notice, cutover_on)
        clock = MovingClock(at)
        with open_house(own, clock=clock) as house:
            stage = Stage(house, clock, name)
            try:
                yield stage
            finally:
                stage.close()


_MOVED = {
    "zh-Hans": "这是演示：医保卡停用的日子由演示来定。",
    "zh-Hant": "這是演示：醫保卡停用的日子由演示來定。",
    "en": "This is a play, which itself sets the day on which the old medical card stops.",
}
"""Why the cut-over is on the day that it is on in a play that moved it."""


def _write_notice(source: Path, target: Path, cutover_on: dt.date | None) -> None:
    """The city's notice, with the day of the cut-over moved where the play needs another, which is said beside it."""
    shutil.copytree(source, target)
    if cutover_on is None:
        return
    for notice in load_notices(source).versions:
        file = target / str(notice.in_force_from) / NOTICE_FILE
        said = f"value: {notice.p.cutover_on}"
        file.write_text(file.read_text(encoding="utf-8").replace(said, f"value: {cutover_on}", 1), encoding="utf-8")
        for language, why in _MOVED.items():
            words, before = file.with_name(f"{language}.yaml"), notice.wording[language].readings.get("cutover_on", "")
            if before:
                text = words.read_text(encoding="utf-8").replace(f"cutover_on: {before}", f"cutover_on: {why}", 1)
                words.write_text(text, encoding="utf-8")
    if any(n.p.cutover_on != cutover_on for n in load_notices(target).versions):
        raise Broken("The day of the cut-over could not be moved for the play.")
