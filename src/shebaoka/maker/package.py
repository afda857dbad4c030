"""The package for a maker: its cards in data files, a part at a time, each with its photos behind it.

As many cards as a data file has are in memory, and no more, in writing as in reading.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import msgspec

from shebaoka.maker.formats import Cards
from shebaoka.maker.keys import Keyring, Recipient, Signer
from shebaoka.maker.members import MemberReader, ending, head_of, padding
from shebaoka.maker.rows import RowReader, RowWriter, lines_of, photo_name, told_of_order
from shebaoka.maker.sealed import Address, DataFile, Manifest, SealedReader, SealedWriter, altered, open_sealed
from shebaoka.records import BadInput, CardOrder

FORMAT_NAME = "cards"


class PackedCard(msgspec.Struct, frozen=True):
    """A card as its maker reads it: what is said of it, by source, and its photo."""

    said: dict[str, str]
    photo: bytes


def write_package(
    out: BinaryIO,
    orders: Iterable[CardOrder],
    cards: Cards,
    format_: str,
    address: Address,
    signer: Signer,
    recipient: Recipient,
) -> Manifest:
    """Write a batch's cards, sealed for its maker. `BadInput` if one does not go into the format, or there is none."""
    sealed = SealedWriter(out, address, recipient)
    writer, waiting = RowWriter(cards), iter(orders)
    files: list[DataFile] = []
    photos = photo_bytes = 0
    while part := list(islice(waiting, cards.rows_per_file)):
        data = writer.head() + b"".join(writer.line(told_of_order(order, address.batch, cards)) for order in part)
        name = cards.named(len(files) + 1)
        files.append(DataFile(name, len(part), len(data), hashlib.sha256(data).hexdigest()))
        put(sealed, name, data)
        for order in part:
            put(sealed, photo_name(cards, order), order.photo)
            photos += 1
            photo_bytes += len(order.photo)
    if not files:
        raise BadInput(f"batch: {address.batch} has no cards; there is nothing to send.")
    sealed.write(ending())
    return sealed.finish(signer, format_, tuple(files), photos, photo_bytes)


def put(sealed: SealedWriter, name: str, data: bytes) -> None:
    """A file into the stream."""
    sealed.write(head_of(name, len(data)))
    sealed.write(data)
    sealed.write(padding(len(data)))


class Package:
    """A package that was checked whole: every signature, digest, row and photo."""

    def __init__(self, sealed: SealedReader, cards: Cards) -> None:
        self._sealed = sealed
        self._cards = cards
        self.manifest = sealed.manifest

    def cards(self) -> Iterator[PackedCard]:
        """The cards, in the batch's order."""
        return _cards(self._sealed, self._cards)


def open_package(file: BinaryIO, cards: Cards, address: Address, keyring: Keyring) -> Package:
    """Check a package whole. `BadInput` as `open_sealed` says, and if what is in it is not what the manifest says."""
    package = Package(open_sealed(file, address, keyring), cards)
    rows = sum(1 for _ in package.cards())
    if rows != package.manifest.rows:
        raise altered()
    return package


def _cards(sealed: SealedReader, cards: Cards) -> Iterator[PackedCard]:
    members = iter(MemberReader(sealed.content()))
    for file in sealed.manifest.files:
        said = rows_of(members, file, cards)
        for row in said:
            wanted = cards.photo.format_map(row)
            name, photo = next(members, ("", b""))
            if name != wanted:
                raise BadInput(f"The photo of line {row['line']} is not where it should be in the package.")
            yield PackedCard(row, photo)
    if next(members, None) is not None:
        raise altered()


def rows_of(members: Iterator[tuple[str, bytes]], file: DataFile, table: Cards) -> list[dict[str, str]]:
    """The rows of the next data file, which must be the one that the manifest names."""
    name, data = next(members, ("", b""))
    if (name, len(data), hashlib.sha256(data).hexdigest()) != (file.name, file.size, file.sha256):
        raise altered()
    reader = RowReader(table)
    rows = [said for _, said in reader.read(lines_of([data]))]
    reader.must_be_clean()
    if len(rows) != file.rows:
        raise altered()
    return rows
