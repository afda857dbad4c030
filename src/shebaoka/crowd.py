"""A year of the invented city's people: their cards, from application to loss, and the contributions of each month.

The demonstration calls it in the order of the calendar. What is told here is asked of the real desk.
"""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from typing import Any

from shebaoka.records import (
    ActivateCard,
    ApplyForCard,
    ApplyForTemporaryCard,
    Ask,
    CardKind,
    Channel,
    CollectCard,
    CreditContribution,
    EndLossReport,
    Life,
    Loss,
    PutInBatch,
    Receipt,
    RecordMade,
    RecordReady,
    RecordRejected,
    ReplaceCard,
    ReportLoss,
    Request,
    Sender,
    StopOldCard,
    UseCard,
    credit_id,
)
from shebaoka.stage import OWN_PIN, TEMPORARY_PIN, Holder, Stage, as_read, live_card

CREDITS = Sender("contributions-zhao", Channel.IMPORTER, "contributions")
FOUND_BY_OTHERS = 10
"""One lost card in so many is tried by somebody else."""
SEED = 20130701


class Crowd:
    """Everybody of the city but those who are kept for today's scenes."""

    def __init__(self, stage: Stage, numbers: Sequence[str], cast: int, patients: Sequence[str]) -> None:
        """`numbers` are all accounts, the last `cast` of them kept; `patients` were in hospital at the cut-over."""
        self._stage = stage
        self._numbers = numbers
        crowd = numbers[:-cast]
        self._crowd = crowd
        self._applied = crowd[: len(crowd) * 4 // 5]
        self._made = self._applied[: len(self._applied) * 19 // 20]
        self._collected = [n for i, n in enumerate(self._made) if i % 12]
        self._activated = [n for i, n in enumerate(self._collected) if i % 10]
        soon = set(self._activated)
        ill = [n for n in patients if n in set(crowd)]
        self.with_temporary_card = [n for i, n in enumerate(ill) if i % 2 or n not in soon]
        """Patients who settle their stay with a temporary card, as 8.1 allows; the others wait for the new card."""
        self.waiting_for_new_card = [n for i, n in enumerate(ill) if not i % 2 and n in soon]
        rng = random.Random(SEED)  # noqa: S311 - invented people, no secret
        self._monthly_fen = {n: rng.randint(28_00, 130_00) for n in numbers}

    def begins(self) -> None:
        """The first days: applications, temporary cards, and the old card's last days."""
        self._all(ApplyForCard, self._applied, collect_at="window-3", photo="photo")
        self._all(ApplyForTemporaryCard, self._applied[::50], new_pin=TEMPORARY_PIN)
        # One of today's cast had a temporary card a year ago, and let it expire.
        self._all(ApplyForTemporaryCard, self._numbers[-1:], new_pin=TEMPORARY_PIN)
        self._all(UseCard, self._crowd[::100], card="old_medical")
        self._stage.clock.days(1)
        self._all(PutInBatch, self._made, batch="B-0001")
        self._stage.clock.days(3)
        self._all(StopOldCard, self._crowd, channel=Channel.CALENDAR)
        without = set(self._applied[::50])
        self._all(
            ApplyForTemporaryCard, [n for n in self.with_temporary_card if n not in without], new_pin=TEMPORARY_PIN
        )

    def goes_on(self) -> None:
        """The weeks in which the cards are made, collected and activated, and a few are lost."""
        made, rejected = self._made, self._made[::40]
        self._stage.clock.days(5)
        self._all(RecordMade, made)
        self._all(RecordRejected, rejected, reason="photo unclear")
        self._all(PutInBatch, rejected, batch="B-0002")
        self._stage.clock.days(9)
        self._all(RecordMade, rejected)
        self._all(RecordReady, made)
        self._stage.clock.days(5)
        self._all(CollectCard, self._collected, hands_in_temporary_card=True)
        self._all(ActivateCard, self._activated[::8])
        self._all(ActivateCard, [n for i, n in enumerate(self._activated) if i % 8], new_pin=OWN_PIN)
        self._all(ReportLoss, self._activated[::64], kind="temporary")
        self._all(ReportLoss, self._activated[5::128])
        self._all(ReplaceCard, self._activated[5::128], why="loss", paid_fen=2800)
        self._stage.clock.days(9)
        self._all(EndLossReport, self._activated[::64])

    def month(self, month: dt.date) -> list[Receipt]:
        """The month's share of the contributions is credited to everybody but one."""
        # Any entry about somebody records that their old card has stopped. One of today's cast is left for that.
        uncredited = self._numbers[-2] if len(self._numbers) > 1 else ""
        told, raised = f"{month:%Y-%m}", month.month < 7
        amounts = {n: fen * 105 // 100 if raised else fen for n, fen in self._monthly_fen.items()}
        asks = [
            Ask(CreditContribution(id=credit_id(told, n), person=n, month=told, amount_fen=amounts[n]), CREDITS)
            for n in self._numbers
            if n != uncredited
        ]
        self._stage.asked += len(asks)
        return self._stage.submit(asks)

    def holders(self) -> Iterator[Holder]:
        """Everybody who has a social security card by now, active or not; of lost ones a few, which others found."""
        lost = 0
        for number, cards in self._stage.cards_of(self._collected).items():
            card = live_card(cards)
            if card is not None and card.loss is not Loss.NONE:
                lost += 1
            if card is not None and (card.loss is Loss.NONE or lost % FOUND_BY_OTHERS == 1):
                pin = self._stage.first_pin if card.first_pin else OWN_PIN
                yield Holder(number, as_read(card), pin)

    def holders_of_temporary_cards(self, numbers: Sequence[str]) -> Iterator[Holder]:
        """Those of some people who have a temporary card."""
        for number, cards in self._stage.cards_of(numbers).items():
            card = live_card(cards, CardKind.TEMPORARY)
            if card is not None and card.life is Life.IN_USE:
                yield Holder(number, as_read(card), TEMPORARY_PIN)

    def _all(self, service: type[Request], whom: Sequence[str], **fields: Any) -> list[Receipt]:
        return self._stage.submit([self._stage.made(service, n, **fields) for n in whom])
