"""Files of rows alone: a maker's results, the accounts that a bank is to open, and the bank's answers (5.3).

A file that comes in is checked whole, to its last row, before its first row is given out.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO, Generic, TypeVar

from shebaoka.maker.formats import Table
from shebaoka.maker.keys import Keyring, Recipient, Signer
from shebaoka.maker.members import MemberReader, ending
from shebaoka.maker.package import put
from shebaoka.maker.rows import (
    RowReader,
    RowWriter,
    Told,
    answer_of,
    lines_of,
    result_of,
    told_of_answer,
    told_of_order,
    told_of_result,
)
from shebaoka.maker.sealed import (
    CHUNK,
    Address,
    DataFile,
    Manifest,
    SealedReader,
    SealedWriter,
    altered,
    open_sealed,
)
from shebaoka.maker.telling import shown
from shebaoka.records import BadInput, BankAnswer, CardOrder, CardResult

A = TypeVar("A")


class Rows(Generic[A]):
    """A file of rows that was checked whole; the rows can be read as often as they are needed."""

    def __init__(self, sealed: SealedReader, table: Table, made: Callable[[int, dict[str, str]], A]) -> None:
        self._sealed = sealed
        self._table = table
        self._made = made
        self.manifest: Manifest = sealed.manifest

    def __iter__(self) -> Iterator[A]:
        return (self._made(row, said) for row, said in _rows(self._sealed, self._table))


def read_results(file: BinaryIO, table: Table, address: Address, keyring: Keyring) -> Rows[CardResult]:
    """A maker's results. `BadInput` as `open_sealed` says, and `file_encoding`, `file_columns` or `file_rows`."""
    return _checked(Rows(open_sealed(file, address, keyring), table, result_of))


def read_answers(file: BinaryIO, table: Table, address: Address, keyring: Keyring) -> Rows[BankAnswer]:
    """A bank's answers. `BadInput` as with `read_results`."""
    return _checked(Rows(open_sealed(file, address, keyring), table, answer_of))


def open_accounts(file: BinaryIO, table: Table, address: Address, keyring: Keyring) -> Rows[dict[str, str]]:
    """Accounts to open as the bank reads them, each by source."""
    return _checked(Rows(open_sealed(file, address, keyring), table, lambda _, said: said))


def write_accounts(
    out: BinaryIO,
    orders: Iterable[CardOrder],
    table: Table,
    format_: str,
    address: Address,
    signer: Signer,
    recipient: Recipient,
) -> Manifest:
    """The accounts that a bank is to open, a row a card. `BadInput` if one does not go into the format."""
    told = (told_of_order(order, address.batch) for order in orders)
    return _write(out, told, table, format_, address, signer, recipient)


def write_results(
    out: BinaryIO,
    results: Iterable[CardResult],
    table: Table,
    format_: str,
    address: Address,
    signer: Signer,
    recipient: Recipient,
) -> Manifest:
    """A maker's results, as one who is played here writes them."""
    told = (told_of_result(result, address.batch) for result in results)
    return _write(out, told, table, format_, address, signer, recipient)


def write_answers(
    out: BinaryIO,
    answers: Iterable[BankAnswer],
    table: Table,
    format_: str,
    address: Address,
    signer: Signer,
    recipient: Recipient,
) -> Manifest:
    """A bank's answers, as one that is played here writes them."""
    told = (told_of_answer(answer, address.batch) for answer in answers)
    return _write(out, told, table, format_, address, signer, recipient)


def _write(
    out: BinaryIO,
    rows: Iterable[Told],
    table: Table,
    format_: str,
    address: Address,
    signer: Signer,
    recipient: Recipient,
) -> Manifest:
    sealed, writer, waiting = SealedWriter(out, address, recipient), RowWriter(table), iter(rows)
    files: list[DataFile] = []
    while lines := [writer.line(told) for told in islice(waiting, table.rows_per_file)]:
        data = writer.head() + b"".join(lines)
        name = table.named(len(files) + 1)
        files.append(DataFile(name, len(lines), len(data), hashlib.sha256(data).hexdigest()))
        put(sealed, name, data)
        if len(files) > 1 and name == files[0].name:
            raise BadInput(
                f"The format's file {name} holds {table.rows_per_file} rows, and there are more; put {{part}} into its "
                "name.",
                code="bad_format",
            )
    if not files:
        raise BadInput(f"batch: {address.batch} has no rows; there is nothing to send.")
    sealed.write(ending())
    return sealed.finish(signer, format_, tuple(files))


def _checked(rows: Rows[A]) -> Rows[A]:
    """Read once to the end, every row made, before anybody believes the first."""
    found = sum(1 for _ in rows)
    if found != rows.manifest.rows:
        raise altered()
    return rows


def _rows(sealed: SealedReader, table: Table) -> Iterator[tuple[int, dict[str, str]]]:
    members = iter(MemberReader(sealed.content()))
    before = 0
    for file in sealed.manifest.files:
        name, data = next(members, ("", b""))
        if (name, len(data), hashlib.sha256(data).hexdigest()) != (file.name, file.size, file.sha256):
            raise altered()
        reader = RowReader(table, before)
        blocks = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
        for row, said in reader.read(lines_of(blocks)):
            if said.get("batch", sealed.manifest.batch) != sealed.manifest.batch:
                reader.fault(f"Row {row}: it is of the batch {shown(said['batch'])}, and the file of another.")
            else:
                yield row, said
        reader.must_be_clean()
        before = reader.rows
    if next(members, None) is not None:
        raise altered()
