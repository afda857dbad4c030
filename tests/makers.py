"""Cards of invented people as a maker is told of them, and a maker and a bank that are played."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

from shebaoka.app import load_formats
from shebaoka.maker import Address, Format, KeyPair, PairKeyring, Recipient, Simulated, placed, write_package
from shebaoka.numbers import with_check_digit
from shebaoka.records import CardOrder, Sex

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
US, THEM, BATCH = "jinzhong", "zk1", "2013-0701"
FORMATS: dict[str, Format] = load_formats(ROOT / "makers")
NAMES = ("李娜", "欧阳億弢", "王𠮷", "阿卜杜热合曼·吾斯曼江·买买提依明江")
"""億 and 弢 end with the byte of `|` in GB18030, 𠮷 takes four bytes, and one name goes beyond its column's 30."""


def order(n: int, **changed: object) -> CardOrder:
    """The card of line n."""
    said = {
        "line": n,
        "card_serial": f"140700{n:026x}",
        "card_category": "1",
        "spec_version": "3.00",
        "issuer": "140700000000000000000000",
        "issued_on": dt.date(2013, 7, 1),
        "valid_until": None,
        "card_number": f"A{n:08}",
        "number": with_check_digit(f"14070219800101{n % 1000:03d}"),
        "name": NAMES[n % len(NAMES)],
        "sex": Sex.MALE if n % 2 else Sex.FEMALE,
        "ethnic_group": "01",
        "birth_place": "140702",
        "birth_on": dt.date(1980, 1, 1),
        "photo": b"\xff\xd8\xff" + n.to_bytes(4, "big") * (100 + n % 7),
        "collect_at": "w1",
    }
    return CardOrder(**{**said, **changed})  # type: ignore[arg-type]


def orders(count: int) -> Iterator[CardOrder]:
    """That many cards."""
    return (order(n) for n in range(1, count + 1))


class Pair:
    """We and a maker, each with keys of their own, and files that go between them in a folder."""

    def __init__(self, folder: Path, format_: str = "delimited") -> None:
        self.folder = folder
        self.us, self.them = KeyPair.drawn(), KeyPair.drawn()
        self.name, self.format = format_, FORMATS[format_]
        self.keyring = PairKeyring(self.us, THEM, self.them.signing_public)
        self.played = Simulated(THEM, self.them, self.format, format_, self.us.signing_public, self.us.sealing_public)

    def path(self, name: str) -> Path:
        """A file in the folder that is not there."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        return path

    def package(self, cards: Iterator[CardOrder], batch: str = BATCH) -> Path:
        """The package of a batch."""
        path = self.path("b.cards")
        assert self.format.cards is not None
        to = Recipient(THEM, self.them.sealing_public)
        with placed(path) as out:
            write_package(out, cards, self.format.cards, self.name, Address("cards", batch, US, THEM, AT), self.us, to)
        return path

    def results(self, count: int = 5, **played: object) -> Path:
        """The result file of a batch of that many cards."""
        path = self.path("b.results")
        self.played.make_cards(self.package(orders(count)), path, AT, **played)  # type: ignore[arg-type]
        return path


def asked(kind: str = "results", batch: str = BATCH) -> Address:
    """What a file from the maker must be."""
    return Address(kind, batch, THEM, US, AT)  # type: ignore[arg-type]
