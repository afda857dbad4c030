"""A batch's files: the package for its maker and the results, the accounts for its bank and the answers. Clause 5.3.

What goes out is read from the batch as a stream, and is in its place whole or not at all. What comes in is checked
whole, and then taken row by row as `desk/batchresults.py` does. A batch goes to one maker and one bank: nobody else's
word is taken for it, and no second maker makes its cards.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from shebaoka.desk.batches import Batches
from shebaoka.desk.batchresults import SpendBlanks, Taken
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.partners import Partner, Partners
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.desk.stock import Stock
from shebaoka.maker import (
    Address,
    Format,
    Manifest,
    Table,
    placed,
    read_answers,
    read_results,
    write_accounts,
    write_package,
)
from shebaoka.maker.sealed import Kind
from shebaoka.records import BadInput, Broken, CardKind
from shebaoka.store import Views
from shebaoka.store import partners as sql

T = TypeVar("T", bound=Table)


class Written(msgspec.Struct, frozen=True):
    """A file that was written: for whom, where, how long it is, and what its manifest says."""

    partner: str
    path: Path
    size: int
    manifest: Manifest


class MakerFiles:
    """Writes and reads the files of batches. Safe for many threads. Rights are asked here and by the batches."""

    def __init__(self, views_: Views, partners: Partners, batches: Batches, clock: Clock = now) -> None:
        self._views = views_
        self._partners = partners
        self._batches = batches
        self._clock = clock

    def package(self, staff: Staff, batch: str, path: Path, maker: str = "") -> Written:
        """Write the package of an approved batch for its maker; without a name, the one that there is.

        `BadInput` if a card does not go into the maker's format, a key is not good, or the batch went to another one;
        `FileNotWritten` if there is no room. Then no file is there.
        """
        orders = self._batches.orders(staff, batch)
        partner, format_ = self._claimed(staff, batch, "maker", maker)
        cards = _table(format_.cards)
        recipient, signer = self._partners.recipient(partner), self._partners.signer()
        with placed(path) as out:
            address = self._outgoing("cards", batch, partner)
            manifest = write_package(out, orders, cards, partner.format, address, signer, recipient)
        self._batches.packed(staff, batch, path.name, manifest.rows)
        return Written(partner.code, path, path.stat().st_size, manifest)

    def results(self, staff: Staff, batch: str, path: Path) -> tuple[Manifest, Taken]:
        """Take a maker's result file in: checked whole, then row by row. `BadInput` as docs/makers.md lists it."""
        staff.must(Right.KEEP_BATCHES)
        partner, format_ = self._of_batch(batch, "maker")
        with path.open("rb") as file:
            address = self._incoming("results", batch, partner)
            rows = read_results(file, _table(format_.results), address, self._partners)
            return rows.manifest, self._batches.take_results(staff, batch, rows, path.name)

    def accounts(self, staff: Staff, batch: str, path: Path, bank: str = "") -> Written:
        """Write the accounts that a bank is to open for an approved batch (5.3). `BadInput` as with `package`."""
        orders = self._batches.orders(staff, batch, photos=False)
        partner, format_ = self._claimed(staff, batch, "bank", bank)
        recipient, signer = self._partners.recipient(partner), self._partners.signer()
        with placed(path) as out:
            address = self._outgoing("accounts", batch, partner)
            manifest = write_accounts(out, orders, _table(format_.accounts), partner.format, address, signer, recipient)
        self._batches.note(staff, batch, "bank_asked", path.name, {"cards": manifest.rows})
        return Written(partner.code, path, path.stat().st_size, manifest)

    def answers(self, staff: Staff, batch: str, path: Path) -> tuple[Manifest, Taken]:
        """Take a bank's answers in: checked whole, then row by row. `BadInput` as docs/makers.md lists it."""
        staff.must(Right.KEEP_BATCHES)
        partner, format_ = self._of_batch(batch, "bank")
        with path.open("rb") as file:
            address = self._incoming("answers", batch, partner)
            rows = read_answers(file, _table(format_.answers), address, self._partners)
            return rows.manifest, self._batches.take_bank_answers(staff, batch, rows, path.name)

    def partner_of(self, batch: str, kind: Literal["maker", "bank"]) -> str:
        """The maker or the bank that a batch went to; empty if it went to none yet."""
        rows = self._views.rows(sql.PARTNER_OF_BATCH, {"batch": batch, "kind": kind})
        return str(rows[0][0]) if rows else ""

    def _of_batch(self, batch: str, kind: Literal["maker", "bank"]) -> tuple[Partner, Format]:
        code = self.partner_of(batch, kind)
        if not code:
            raise BadInput(
                f"batch: {batch[:32]} went to no {kind}, so none can have answered. Look which batch the file is of.",
                code="file_of_another_batch",
            )
        partner = self._partners.partner(code)
        return partner, self._partners.format_of(partner)

    def _claimed(self, staff: Staff, batch: str, kind: Literal["maker", "bank"], code: str) -> tuple[Partner, Format]:
        """The partner that the batch goes to, from now on and for good."""
        partner = self._partners.partner(code or self.partner_of(batch, kind) or self._only(kind))
        format_ = self._partners.format_of(partner)
        if partner.kind != kind:
            raise BadInput(f"{kind}: {partner.code} is a {partner.kind}.")
        values = {"batch": batch, "kind": kind, "partner": partner.code, "by": staff.name, "at": self._clock()}
        self._views.write(sql.CLAIM_BATCH, values)
        found = self.partner_of(batch, kind)
        if found != partner.code:
            raise BadInput(
                f"{kind}: the batch {batch} went to {found} already, and goes to no other {kind}. If it was not sent, "
                "withdraw it and put its cards into another batch.",
                code="batch_has_another_partner",
            )
        return partner, format_

    def _only(self, kind: Literal["maker", "bank"]) -> str:
        """The one partner of a kind that is in use. `BadInput` if there are others, or none."""
        codes = [p.code for p in self._partners.everybody() if p.kind == kind and p.ended_at is None]
        if len(codes) != 1:
            said = f"name one of {', '.join(codes)}" if codes else "there is none; add one by `shebaoka maker add`"
            raise BadInput(f"{kind}: {said}.")
        return codes[0]

    def _outgoing(self, kind: Kind, batch: str, partner: Partner) -> Address:
        return Address(kind, batch, self._partners.us, partner.code, self._clock())

    def _incoming(self, kind: Kind, batch: str, partner: Partner) -> Address:
        return Address(kind, batch, partner.code, self._partners.us, self._clock())


def spends_of_maker(stock: Stock, files: MakerFiles) -> SpendBlanks:
    """How the blanks that a maker has used for a batch go out of its stock, which it has under its own code."""

    def spend(staff: Staff, batch: str, blanks: Sequence[str]) -> dict[str, str]:
        maker = files.partner_of(batch, "maker")
        return stock.spend(staff, maker, CardKind.SOCIAL_SECURITY, blanks, batch) if maker else {}

    return spend


def _table(table: T | None) -> T:
    """A table of the partner's format, which a format of its kind always has."""
    if table is None:
        raise Broken("A partner's format lacks one of the two tables that formats of its kind have.")
    return table
