"""A batch of cards in the demonstration: from applications with photos to cards in people's hands.

The maker and the bank are SIMULATED: they read real packages with keys of their own and answer with real, signed files,
but no card is made. Three cards come back rejected, and go with a second batch, free.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace as changed

from shebaoka.app import Settings, load_formats, makers_folder
from shebaoka.city import Resident, invent_city
from shebaoka.desk import Choice, Outcome, Role, Staff
from shebaoka.hall import CLERK, WINDOWS
from shebaoka.maker import KeyPair, Simulated, public_text
from shebaoka.portraits import portrait_of
from shebaoka.records import (
    Agent,
    ApplyForCard,
    Ask,
    CardKind,
    Channel,
    CollectCard,
    ConsignmentKind,
    Material,
    PlaceKind,
    RegisterPerson,
)
from shebaoka.stage import Stage

PEOPLE, SEED = 24, 20140701
REJECTED = {4: "照片偏色", 11: "芯片写入失败", 17: "印刷偏移"}
"""Line of the first batch → why the maker rejects its card."""
MAKER, BANK = "maker-demo", "bank-demo"
_KEYS_GOOD = dt.timedelta(days=365)
_BLANKS = 500
_WITHOUT = 5
"""Every so manyth holder has told no telephone, so that somebody cannot be told."""
_BY_AGENT = 6
"""Every so manyth card is collected by an agent."""
AGENT = Agent("王芳", "140702198003150024", "女儿")
_CHOOSES, _APPROVES = (Staff(name, Role.PRODUCTION, "card-workshop") for name in ("production-zhao", "production-sun"))


class Batched(msgspec.Struct, frozen=True):
    """What the batches came to: cards by what became of them, the package's bytes, notifications that wait, blanks.

    `held` are applications that were not sent, for their photo or something else is missing.
    """

    batch: str
    held: int
    ordered: int
    rejected: int
    remade_in: str
    collected: int
    package_bytes: int
    to_tell: int
    blanks_used: int
    blanks_expected: int
    blanks_counted: int


class Workshop:
    """Makes cards on a stage: applications, batches, files to and from a simulated maker and bank, consignments."""

    def __init__(self, stage: Stage, settings: Settings, folder: Path) -> None:
        self._stage, self._house, self._folder = stage, stage.house, folder
        formats = load_formats(settings.makers or makers_folder())
        partners, on = self._house.partners, stage.desk.today()
        ours = {key.use: key.public for key in partners.new_keys(on + _KEYS_GOOD)}
        self._played = {}
        for code, name, form in ((MAKER, "演示制卡厂（模拟）", "delimited"), (BANK, "演示银行（模拟）", "bank")):
            keys = KeyPair.drawn()
            partners.add(code, name, form)
            for text in (public_text("sign", keys.signing_public), public_text("seal", keys.sealing_public)):
                partners.add_key(code, text, on + _KEYS_GOOD)
            self._played[code] = Simulated(code, keys, formats[form], form, ours["sign"], ours["seal"])
        stock = self._house.stock
        stock.add_place(_CHOOSES, MAKER, PlaceKind.MAKER, "演示制卡厂（模拟）")
        stock.receive(_CHOOSES, MAKER, CardKind.SOCIAL_SECURITY, "SB0000001", f"SB{_BLANKS:07}", "DN-2013-1")
        self._blank = 0

    def makes_cards(self) -> Batched:
        """All of it."""
        people = self._apply()
        first = self._batch({line: reason for line, reason in REJECTED.items() if line <= len(people)})
        package = self._folder / f"{first}.cards"
        second = self._batch({})
        numbers = [p.number for p in people]
        self._stage.submit(self._collects(n, number) for n, number in enumerate(numbers))
        cards = self._stage.cards_of(numbers)
        left = _BLANKS - self._blank  # as the maker has it, whose word the stock is held against
        count = self._house.stock.count(_CHOOSES, MAKER, CardKind.SOCIAL_SECURITY, left)
        found = self._house.batches.get(_CHOOSES, first).cards
        held = found.get("left", 0)
        return Batched(
            batch=first,
            held=held,
            ordered=sum(found.values()) - held,
            rejected=found.get("rejected", 0),
            remade_in=second,
            collected=sum(1 for number in numbers if cards[number]),
            package_bytes=package.stat().st_size,
            to_tell=self._house.outbox.counts(_CHOOSES)["waiting"],
            blanks_used=self._blank,
            blanks_expected=count.expected,
            blanks_counted=count.counted,
        )

    def _apply(self) -> Sequence[Resident]:
        """People insured today come with their photo, and say where they will collect their card."""
        today = self._stage.desk.today()
        people = invent_city(PEOPLE, SEED, today)
        papers, telephones = self._house.papers, self._house.telephones
        drafts = [f"d{secrets.token_hex(8)}" for _ in people]

        def shows(n: int) -> str:
            return papers.add(CLERK, drafts[n], Material.PHOTO, portrait_of(n), number=people[n].number).id

        for n, photo in enumerate(self._stage.threads.map(shows, range(len(people)))):
            person = people[n]
            about: dict[str, Any] = {"name": person.name, "region": person.region, "insured_on": today.isoformat()}
            said: dict[str, Any] = {"collect_at": WINDOWS[n % len(WINDOWS)], "photo": photo, "ethnic_group": "01"}
            self._stage.ask(RegisterPerson, person.number, **about, channel=Channel.WINDOW)
            applied = self._stage.ask(ApplyForCard, person.number, **said)
            person_id = int(applied.entry.partition("-")[0])
            papers.attach(drafts[n], person_id, applied.entry)
            if n % _WITHOUT:
                digits = int(hashlib.sha256(person.number.encode()).hexdigest(), 16) % 10**8
                telephones.keep(CLERK, person_id, f"139{digits:08}", agreed=True, language="zh-Hans")
        return people

    def _collects(self, n: int, number: str) -> Ask:
        """Somebody at the window where their card lies, or an agent of theirs with the papers of both."""
        papers = (Material.IDENTITY_CARD, Material.IDENTITY_COPY)
        said: dict[str, Any] = {"shows": papers}
        if n % _BY_AGENT == 0:
            said = {"shows": (*papers, Material.AGENT_IDENTITY_CARD), "agent": AGENT}
        ask = self._stage.made(CollectCard, number, **said)
        return changed(ask, sender=changed(ask.sender, place=WINDOWS[n % len(WINDOWS)]))

    def _batch(self, rejects: dict[int, str]) -> str:
        """Everybody who waits: chosen, checked, frozen, approved, sent, made, and brought to their windows."""
        batches, files, house = self._house.batches, self._house.maker_files, self._house
        batch = batches.next_id(_CHOOSES)
        batches.choose(_CHOOSES, batch, Choice(since=self._stage.desk.today()))
        batches.check(_CHOOSES, batch)
        batches.freeze(_CHOOSES, batch)
        batches.approve(_APPROVES, batch)
        windows = sorted({order.collect_at for order in batches.orders(_CHOOSES, batch, photos=False)})
        at = {what: self._folder / f"{batch}.{what}" for what in ("cards", "results", "accounts", "answers")}
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in at.values():  # by a play before, whose city is gone
            left.unlink(missing_ok=True)
        files.package(_CHOOSES, batch, at["cards"], MAKER)
        files.accounts(_CHOOSES, batch, at["accounts"], BANK)
        batches.sent(_CHOOSES, batch)
        self._played[MAKER].make_cards(at["cards"], at["results"], house.clock(), rejects=rejects, blank=self._uses_up)
        self._played[BANK].open_accounts(at["accounts"], at["answers"], house.clock())
        files.results(_CHOOSES, batch, at["results"])
        files.answers(_CHOOSES, batch, at["answers"])
        for window in windows:
            self._bring(window)
        return batch

    def _uses_up(self, _: int) -> str:
        """The next blank of the maker's; a rejected card has used one up too."""
        self._blank += 1
        return f"SB{self._blank:07}"

    def _bring(self, window: str) -> None:
        """A consignment to a window, where all of it arrives."""
        deliveries, consignment = self._house.deliveries, f"c{secrets.token_hex(8)}"
        deliveries.open(_CHOOSES, consignment, window, ConsignmentKind.OUT)
        deliveries.pack_all(_CHOOSES, consignment)
        deliveries.send(_CHOOSES, consignment, "", self._submit)
        deliveries.take_in_all(Staff("clerk-li", Role.CLERK, window), consignment, self._submit)
        deliveries.finish(Staff("clerk-li", Role.CLERK, window), consignment)

    def _submit(self, asks: Sequence[Ask], _: bool) -> list[Outcome]:
        self._stage.asked += len(asks)
        return self._stage.together(asks)
