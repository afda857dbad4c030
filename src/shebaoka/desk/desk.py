"""The desk: load everything a tray names, decide each request, write once. The one owner of the transaction.

Every face comes through here. A tray of n gives exactly what n trays of one give.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import msgspec

from shebaoka.desk.fold import Answers, Outcome, Tray, about_a_stay, makes_card
from shebaoka.desk.fresh import Block, Clock, now
from shebaoka.desk.journal import decoded
from shebaoka.desk.showncodes import shown_codes
from shebaoka.desk.takeover import decided, foreseen, must_be_fit
from shebaoka.desk.undo import NOTHING, UNDOING, Found, named_messages, named_places, settled_before
from shebaoka.notice import Notices
from shebaoka.records import Ask, Decision, Given, Receipt, StoreBusy, StoreDown, StoreLost, Trouble
from shebaoka.store import BLOCK, Load, Note, Overtaken, Store, Writes
from shebaoka.vault import Vault

ROUNDS = 8
"""How often a tray is decided again because others were faster, before it is cut in two; each time somebody won."""
TRAY_MAX = BLOCK
"""The most requests in one tray; more are cut into several."""


class Desk:
    """Decides and saves. Not for two threads at once: each worker has a desk, all share a database."""

    def __init__(self, store: Store, vault: Vault, notices: Notices, clock: Clock = now) -> None:
        self.store = store
        self.vault = vault
        self.notices = notices
        self.clock = clock
        self._people = Block(BLOCK)
        self._cards = Block(BLOCK)

    def submit(self, asks: Sequence[Ask], *, dry_run: bool = False) -> list[Outcome]:
        """Each ask's receipt, in order, or the trouble that it alone met.

        A dry run tells what each ask alone would be answered now, and saves nothing but a wrong PIN entry: if that were
        not counted, PINs could be guessed by dry runs.

        Raises a `Trouble` if a tray as a whole could not be served; then nothing of it was done, or, if it is a
        `StoreLost`, whether it was is not known. What came in trays before it stays done, and gets the same answers
        when all is sent again.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(asks), TRAY_MAX):
            outcomes += self._serve(asks[start : start + TRAY_MAX], dry_run)
        return outcomes

    def ask(self, ask: Ask, *, dry_run: bool = False) -> Receipt:
        """One ask's receipt; raises the trouble that it met."""
        (outcome,) = self.submit([ask], dry_run=dry_run)
        if isinstance(outcome, Trouble):
            raise outcome
        return outcome

    def take_over(
        self, asks: Sequence[Ask], first_person_id: int, note: Callable[[list[Outcome]], Note]
    ) -> list[Outcome]:
        """Each ask's outcome, of a batch about as many people whom nobody has on file; what `submit` would answer.

        Nothing is loaded, and everything is written by COPY in one transaction, with the note that the caller makes of
        the outcomes: after a kill the batch is there whole, with its note, or not at all. The n-th ask's person has the
        id `first_person_id + n`; reserve the ids by `reserve_people`.

        If one of the people or requests is on file after all, the batch is submitted in ordinary trays under other
        ids, and the note is written after them; it must be safe to write twice. `Broken` for a batch with a person or
        a request id twice, or an ask that needs more than itself; a `Trouble` as with `submit`.
        """
        must_be_fit(asks)
        lost: StoreLost | None = None
        try:
            outcomes, writes = self._decided(asks, first_person_id)
            registered = {number for number, _ in writes.person_key}
            others = [ask.request.person for ask in asks if ask.request.person not in registered]
            if not others or not self.store.any_on_file(others):
                self.store.copy(writes, note(outcomes))
                return outcomes
        except Overtaken:
            pass
        except StoreDown as e:
            # The connection broke, perhaps after the commit: by their request ids, trays find out what was done.
            lost = e if isinstance(e, StoreLost) else None
        try:
            outcomes = self.submit(asks)
            self.store.note(note(outcomes))
        except StoreDown as e:
            raise lost or e from e
        return outcomes

    def _decided(self, asks: Sequence[Ask], first_person_id: int) -> tuple[list[Outcome], Writes]:
        """Each ask's outcome and what must be saved, if nobody is on file."""
        given = self._given()
        return decided(asks, self.notices.on(given.on), given, first_person_id)

    def foresee(self, asks: Sequence[Ask]) -> Iterator[Decision]:
        """What `take_over` would decide now, one by one, and no more: nothing is answered, written or loaded."""
        must_be_fit(asks)
        given = self._given()
        return foreseen(asks, self.notices.on(given.on), given)

    def reserve_people(self, n: int) -> int:
        """The first of n ids in a row that no other person is given, for `take_over`."""
        return self.store.reserve_people(n)

    def _given(self) -> Given:
        """The instant, and the day that it is in the city."""
        at = self.clock()
        return Given(at=at, on=at.astimezone(self.notices.zone).date())

    def today(self) -> dt.date:
        """The day it is in the city."""
        return self.clock().astimezone(self.notices.zone).date()

    def _serve(self, asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        """One tray, decided again as long as others were faster about the same people."""
        tray = Tray(asks, self.vault, self._people, self._cards)
        lost: StoreDown | None = None
        for _ in range(ROUNDS):
            try:
                load = self._load(asks)
                found = self._found(asks, load) if tray.undoes or load.undone else NOTHING
                answers = self._answers(asks, load)
                # Read after the load, so that along a person's entries the time never goes back.
                given = self._given()
                notice = self.notices.on(given.on)
                outcomes, writes = tray.fold(given, notice, load, answers, found, dry_run=dry_run)
                if writes.journal:
                    self.store.save(writes)
            except Overtaken:
                continue
            except StoreDown as e:
                # The connection broke, perhaps after the commit: request ids make a second try safe.
                if isinstance(lost, StoreLost):
                    raise lost from e
                if lost is not None:
                    raise
                lost = e
                continue
            return [_dry(o) for o in outcomes] if dry_run else outcomes
        if len(asks) > 1:
            # A long tray keeps losing to short ones about the same people. Two shorter ones give the same answers.
            half = len(asks) // 2
            return [*self._shorter(asks[:half], dry_run), *self._shorter(asks[half:], dry_run)]
        raise StoreBusy("Others kept writing about the same people. Nothing was done; send the same request again.")

    def _shorter(self, asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        """A part of a tray; its trouble is that of its asks alone, for the other part may be done."""
        try:
            return self._serve(asks, dry_run)
        except Trouble as e:
            return [e for _ in asks]

    def _load(self, asks: Sequence[Ask]) -> Load:
        """Everything that the tray's requests name, in one trip; fresh ids come along when they run low.

        Only a settlement that was decided before costs another, for it may have been taken back since.
        """
        cards = sum(map(makes_card, asks))
        undoing = any(isinstance(a.request, UNDOING) for a in asks)
        load = self.store.load(
            dict.fromkeys(a.request.person for a in asks),
            [a.request.id for a in asks] + (named_messages(asks) if undoing else []),
            stays=undoing or any(map(about_a_stay, asks)),
            undone=undoing,
            person_block=self._people.low(len(asks)),
            card_block=cards > 0 and self._cards.low(cards),
            codes=shown_codes(asks),
        )
        self._people.refill(load.person_block)
        self._cards.refill(load.card_block)
        if load.requests and not undoing and (again := settled_before(asks, load)):
            load.undone.update(self.store.undone(again))
        return load

    def _answers(self, asks: Sequence[Ask], load: Load) -> Answers:
        """The first answers of requests that were answered before; only a repeat costs this trip."""
        if not load.requests:
            return {}
        known = [load.requests.get(a.request.id) for a in asks]
        places = [(k.person_id, k.seq) for k in known if k is not None]
        if not places:
            return {}
        entries = {place: decoded(body) for place, body in self.store.bodies(places).items()}
        return {place: (e.given.at, e.answer) for place, e in entries.items()}

    def _found(self, asks: Sequence[Ask], load: Load) -> Found:
        """The entries that the tray wants undone and the proposals that it approves; only such a tray costs this."""
        entries, proposals = named_places(asks, load)
        return Found(
            entries=self.store.entries(entries) if entries else {},
            proposals={place: decoded(body) for place, body in self.store.bodies(list(proposals)).items()}
            if proposals
            else {},
        )


def _dry(outcome: Outcome) -> Outcome:
    """A receipt that stands nowhere, since nothing was done; one of an entry that was counted stays as it is."""
    if isinstance(outcome, Trouble) or not outcome.repeated:
        return outcome
    return msgspec.structs.replace(outcome, entry="")
