"""Institutions on the stage: their terminals sign in and send messages, and each keeps a book of what was settled.

The book is written from answers alone, as an institution's own system would; evenings hold it against the house's.
"""

from typing import Any

from msgspec.structs import replace as changed

from shebaoka.city import InventedInstitution
from shebaoka.desk import Amounts, Outcome, StatedDetail, Terminal, ask_of
from shebaoka.records import (
    Answer,
    AnyRequest,
    Ask,
    CancelSettlement,
    Digits,
    Receipt,
    Request,
    ReverseMessage,
    SettleCharge,
    Terms,
    Trouble,
)
from shebaoka.stage import Stage

OF_HOSPITAL, OF_PHARMACY = ("enquire", "settle", "stay", "reconcile"), ("enquire", "settle", "reconcile")


class Till:
    """One institution: what its terminals send in the business cycle that is open, and its own book of each cycle."""

    def __init__(self, stage: Stage, about: InventedInstitution) -> None:
        self.about = about
        self.cycle = 0
        self._stage = stage
        self._sent = 0
        self._terms: Terms | None = None
        self._books: dict[int, list[StatedDetail]] = {}
        self._entered: dict[str, StatedDetail] = {}
        """What is booked, by message id and by settlement."""
        self._unanswered: dict[str, Ask] = {}
        institutions = stage.house.institutions
        institutions.add(about.code, about.name, about.kinds, part_payment=about.part_payment)
        hospital = "inpatient" in about.kinds
        for key_id in about.terminals:
            # The keys come back this one time, for whoever installs them, and are dropped here.
            institutions.add_terminal(
                key_id,
                about.code,
                algorithm="hmac-sm3" if hospital else "hmac-sha256",
                pin_cipher="sm4" if hospital else "aes",
                may=OF_HOSPITAL if hospital else OF_PHARMACY,
            )
        self._terminals: list[Terminal] = [institutions.terminal(key_id) for key_id in about.terminals]

    def sign_in(self) -> int:
        """The business cycle that is open from now on, or was already."""
        institutions, terminal = self._stage.house.institutions, self._terminals[0]
        institutions.forget_cycle(self.about.code)
        self.cycle = institutions.sign_in(terminal).id
        self._terms = institutions.terms(terminal)
        return self.cycle

    def message_id(self) -> str:
        """A message id that was not used yet: the institution, the time in the city, a number."""
        self._sent += 1
        at = self._stage.clock.at.astimezone(self._stage.house.notices.zone)
        return f"{self.about.code}{at:%Y%m%d%H%M%S}{self._sent % 10_000:04d}"

    def made(self, service: type[Request], number: str, *, pin: str = "", **fields: Any) -> Ask:
        """A message about somebody, ready to be sent."""
        said: dict[str, Any] = {"id": self.message_id(), "person": number, **fields}
        request: AnyRequest = service(**said)  # type: ignore[assignment]
        self._stage.asked += 1
        terminal = self._terminals[self._sent % len(self._terminals)]
        return ask_of(terminal, request, Digits(pin) if pin else None, self._terms)

    def sent(self, service: type[Request], number: str, *, pin: str = "", **fields: Any) -> Receipt:
        """A message about somebody, answered, and booked."""
        ask = self.made(service, number, pin=pin, **fields)
        receipt = self._stage.desk.ask(ask)
        self.book(ask, receipt)
        return receipt

    # the institution's own book

    def never_heard(self, ask: Ask) -> None:
        """The answer to a charge did not arrive; whether it was settled is known when it is reversed."""
        self._unanswered[ask.request.id] = ask

    def book(self, ask: Ask, outcome: Outcome) -> None:
        """Write down what an answer says was settled or taken back; the same answer once more is written once."""
        if isinstance(outcome, Trouble) or outcome.answer.outcome != "accepted":
            return
        request = ask.request
        if isinstance(request, SettleCharge):
            self._enter(ask, outcome.entry, request, outcome.answer)
        elif isinstance(request, CancelSettlement):
            self._take_back(ask, outcome, self._entered[request.settlement])
        elif isinstance(request, ReverseMessage) and "settlement_taken_back" in outcome.answer.done:
            first = self._unanswered.pop(request.message, None)
            if first is not None and isinstance(first.request, SettleCharge):
                self._enter(first, "", first.request, outcome.answer)
            self._take_back(ask, outcome, self._entered[request.message])

    def stated(self, cycle: int) -> list[StatedDetail]:
        """What the book has of a cycle, in the order in which it was written."""
        return [changed(row, line=line) for line, row in enumerate(self._books.get(cycle, ()), 2)]

    def _enter(self, ask: Ask, settlement: str, request: SettleCharge, answer: Answer) -> None:
        amounts = Amounts(
            total_fen=request.total_fen,
            pooled_fen=request.pooled_fen,
            account_fen=int(answer.facts["account_fen"]),
            cash_fen=int(answer.facts["cash_fen"]),
        )
        self._write(ask, StatedDetail(0, request.id, settlement, request.kind, amounts))

    def _take_back(self, ask: Ask, receipt: Receipt, first: StatedDetail) -> None:
        was = first.amounts
        back = Amounts(-was.total_fen, -was.pooled_fen, -was.account_fen, -was.cash_fen)
        self._write(ask, StatedDetail(0, ask.request.id, receipt.entry, first.kind, back))

    def _write(self, ask: Ask, row: StatedDetail) -> None:
        if row.message_id in self._entered:
            return
        cycle = ask.terms.cycle if ask.terms else 0
        self._books.setdefault(cycle, []).append(row)
        self._entered[row.message_id] = self._entered[row.settlement] = row
