"""A maker and a bank that the project plays itself, for tests, the demonstration, trials. SIMULATED: no card is made.

They read what was sent to them with keys of their own, believe nothing unchecked, and answer as a real partner does.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from shebaoka.maker.formats import Format
from shebaoka.maker.keys import KeyPair, PairKeyring, Recipient
from shebaoka.maker.package import PackedCard, open_package
from shebaoka.maker.placing import placed
from shebaoka.maker.sealed import Address, Kind, Manifest, addressed
from shebaoka.maker.tables import open_accounts, write_answers, write_results
from shebaoka.records import BadInput, BankAnswer, CardResult, Made

SAID = "SIMULATED"
"""What stands in every reason and account number that they write."""
_JPEG = b"\xff\xd8\xff"


class Simulated(msgspec.Struct, frozen=True):
    """A partner that is played: its code, keys and format, and both public keys of ours as it knows them."""

    code: str
    keys: KeyPair
    format: Format
    format_name: str
    our_signing: bytes
    our_sealing: bytes

    def __repr__(self) -> str:
        return f"Simulated({self.code!r})"

    def make_cards(
        self,
        package: Path,
        results: Path,
        at: dt.datetime,
        *,
        rejects: Mapping[int, str] | None = None,
        missing: Collection[int] = (),
        blank: Callable[[int], str] = lambda line: "",  # noqa: ARG005 - no stock is kept
    ) -> Manifest:
        """Read a package and write its results: every card made, but `rejects`, by line with a reason, and `missing`.

        `blank` says the stock number of the blank that a line used up. A card whose photo is not what its row says is
        rejected by itself.
        """
        cards, table = self.format.cards, self.format.results
        if cards is None or table is None:
            raise BadInput(f"format: {self.format_name} is a bank's; a maker makes cards.")
        with package.open("rb") as file, placed(results) as out:
            address, keyring = self._incoming(file, "cards", at)
            sent = open_package(file, cards, address, keyring)

            def made() -> Iterator[CardResult]:
                for row, card in enumerate(sent.cards(), 1):
                    line = int(card.said["line"])
                    if line in missing:
                        continue
                    reason = (rejects or {}).get(line, "") or _fault_of(card)
                    yield CardResult(
                        *(row, line, card.said["card_number"], card.said["card_serial"]),
                        outcome=Made.REJECTED if reason else Made.MADE,
                        blank=blank(line),
                        reason=f"{SAID} {reason}" if reason else "",
                    )

            back, to = self._back(address, "results")
            return write_results(out, made(), table, self.format_name, back, self.keys, to)

    def open_accounts(
        self, accounts: Path, answers: Path, at: dt.datetime, *, refused: Mapping[int, str] | None = None
    ) -> Manifest:
        """Read the file of accounts and write the answers: every account opened, but those `refused`, by line."""
        asked, table = self.format.accounts, self.format.answers
        if asked is None or table is None:
            raise BadInput(f"format: {self.format_name} is a maker's; a bank opens accounts.")
        with accounts.open("rb") as file, placed(answers) as out:
            address, keyring = self._incoming(file, "accounts", at)
            rows = open_accounts(file, asked, address, keyring)

            def answered() -> Iterator[BankAnswer]:
                for row, said in enumerate(rows, 1):
                    line = int(said["line"])
                    reason = (refused or {}).get(line, "")
                    yield BankAnswer(
                        *(row, line, said["card_number"]),
                        opened=not reason,
                        account="" if reason else f"{SAID}{line:010}",
                        reason=f"{SAID} {reason}" if reason else "",
                    )

            back, to = self._back(address, "answers")
            return write_answers(out, answered(), table, self.format_name, back, self.keys, to)

    def _incoming(self, file: BinaryIO, kind: Kind, at: dt.datetime) -> tuple[Address, PairKeyring]:
        """What came must be of this kind and for us; who sent it is whose key is known here."""
        said = addressed(file)
        address = Address(kind, said.batch, said.sender, self.code, at)
        return address, PairKeyring(self.keys, said.sender, self.our_signing)

    def _back(self, came: Address, kind: Kind) -> tuple[Address, Recipient]:
        address = Address(kind, came.batch, self.code, came.sender, came.made_at)
        return address, Recipient(came.sender, self.our_sealing)


def _fault_of(card: PackedCard) -> str:
    """Why a card cannot be made of what came; empty if it can."""
    if not card.photo.startswith(_JPEG):
        return "照片不是 JPEG 文件"
    digest = card.said.get("photo_digest", "")
    if digest and digest != hashlib.sha256(card.photo).hexdigest():
        return "照片与摘要不符"
    return ""
