"""The staging database of a run: the files' rows as text, what the checks say of them, and who is ready to go over.

It is one DuckDB file in the run's folder, open for one process at a time while it is written. A step's tables are made
anew whenever the step is, and the step is marked as done at its end: a process that is killed leaves the step undone,
and the next one begins it again.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import duckdb

from shebaoka.importer.checks import MACROS, named, quoted
from shebaoka.importer.files import Odd, Source
from shebaoka.records import BadInput

MEMORY_MB = 700
"""What the staging database may hold in memory; beyond it, it sorts and joins on the disk."""
READING_MEMORY_MB = 150
"""The same for a process that only reads batches."""
ROWS_AT_ONCE = 10_000
LET_GO_SECONDS, HEADER_BYTES = 10, 3 * 4096
ODD_MAX = 100_000
"""So many rows of one file that cannot be read are kept and named; with more, the file is not what the mapping says."""
LINE_MAX, SEGMENT_BYTES, FIRST_BYTES = 16 * 2**20, 32 * 2**20, 4 * 2**20
"""A file's first segment is small, so that the database has soon something to do while the next one is read."""
Values = Sequence[Any] | Mapping[str, Any]


class Staging:
    """The staging database. `writing` makes and changes it; any number of processes may read it while nobody writes."""

    def __init__(self, path: Path, *, writing: bool, threads: int = 0) -> None:
        self.path = path
        if not writing and not path.exists():
            raise BadInput(f"{path} is not there: the run's staging was removed, or was made on another machine.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "memory_limit": f"{MEMORY_MB if writing else READING_MEMORY_MB}MB",
            "threads": str(threads or (os.cpu_count() or 1)),
            "temp_directory": str(path.with_suffix(".spill")),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self.connection = self._opened(writing=writing, config=config)
        if writing:
            self.run(MACROS)
            self.run("create table if not exists done (step varchar primary key, said varchar)")

    def _opened(self, *, writing: bool, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
        """The database; a process whose parent was killed is given the moment that it takes to end."""
        if writing and self.path.is_file() and self.path.stat().st_size < HEADER_BYTES:
            # Its making was cut off, and nothing was ever in it.
            self.path.unlink()
        until = time.monotonic() + LET_GO_SECONDS
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=not writing, config=config)
            except duckdb.IOException as e:
                if "Conflicting lock" not in str(e):
                    raise _trouble(self.path) from e
                if time.monotonic() > until:
                    raise BadInput(
                        f"{self.path} is in use by another process of the same run; wait until it ends."
                    ) from e
                time.sleep(0.1)

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.connection.close()

    @contextmanager
    def beside(self) -> Iterator["Staging"]:
        """The same database for another thread of this process, which only reads."""
        other = copy(self)
        other.connection = self.connection.cursor()
        try:
            yield other
        finally:
            other.connection.close()

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        with self._told():
            return self.connection.execute(statement, values).fetchall()

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement one by one, however many; others may be run meanwhile."""
        cursor = self.connection.cursor()
        try:
            with self._told():
                cursor.execute(statement, values)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows
        finally:
            cursor.close()

    def row(self, statement: str, values: Values = ()) -> tuple[Any, ...]:
        """The one row of a statement."""
        (found,) = self.rows(statement, values)
        return found

    def run(self, statement: str, values: Values = ()) -> None:
        """Run a statement."""
        with self._told():
            self.connection.execute(statement, values)

    def put(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows into a table at once, each in the order of the table's columns."""
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.run(f"insert into {table} select {', '.join('unnest(?)' for _ in columns)}", columns)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the disk does not take is trouble with a sentence."""
        try:
            yield
        except (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException) as e:
            raise _trouble(self.path) from e

    def said(self, step: str) -> str | None:
        """What a step that is done said; None if it is not done."""
        found = self.rows("select said from done where step = ?", [step])
        return found[0][0] if found else None

    def mark(self, step: str, said: str) -> None:
        """Mark a step as done, within the transaction that did it."""
        self.run("insert or replace into done values (?, ?)", [step, said])

    def forget(self, steps: Iterable[str]) -> None:
        """Count steps as not done."""
        for step in steps:
            self.run("delete from done where step = ?", [step])

    @contextmanager
    def in_any_order(self) -> Iterator[None]:
        """Rows may be written in another order than they are read, which takes less memory and time."""
        self.run("set preserve_insertion_order = false")
        try:
            yield
        finally:
            self.run("set preserve_insertion_order = true")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.run("begin")
        try:
            yield
        except BaseException:
            self.run("rollback")
            raise
        self.run("commit")

    def load(self, source: Source, columns: Sequence[str], take: Callable[["Segment"], None]) -> int:
        """A source's rows by segments: `take` gets each as a table; the number of the source's lines.

        The table `segment` has the named columns, `content` (the same for rows that say the same), and nothing else; a
        row's `rowid` plus the segment's first line is the line where it stands. The next one is read meanwhile.
        """
        every = ", ".join(named(c) for c in source.columns)
        kinds = "{" + ", ".join(f"{quoted(c)}: 'varchar'" for c in source.columns) + "}"
        chosen = "".join(f", {named(c)}" for c in dict.fromkeys(columns))
        reader = _Segments(source, self.path.parent)
        try:
            with ThreadPoolExecutor(1) as threads:
                coming = threads.submit(reader.read)
                while (segment := coming.result()) is not None:
                    coming = threads.submit(reader.read)
                    self.run(
                        f"create or replace temp table segment as select hash({every}) as content{chosen} "
                        f"from read_csv({quoted(str(segment.path))}, header = false, auto_detect = false, delim = ',', "
                        f"quote = '\"', escape = '\"', nullstr = '', "
                        f"force_not_null = [{', '.join(quoted(c) for c in source.columns)}], "
                        f"max_line_size = {LINE_MAX}, columns = {kinds})"
                    )
                    take(segment)
        finally:
            reader.remove()
        return reader.lines


def _trouble(path: Path) -> BadInput:
    """What people are told where the staging database cannot be read or written."""
    return BadInput(
        f"{path.parent}: the run's staging cannot be read or written. Look whether the disk is full, or the folder "
        "read-only; then run the same command again.",
        code="file_trouble",
    )


class Segment(NamedTuple):
    """Some rows of a source, in a file of clean CSV: where they begin, how many bytes, and which cannot be read."""

    path: Path
    first_line: int
    bytes: int
    odd: Sequence[Odd]


class _Segments:
    """Reads a source segment by segment, by turns into one of two files."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._blocks = source.blocks()
        self._paths = [folder / f"segment_{n}.csv" for n in (0, 1)]
        self._turn = self._odd = 0
        self.lines = 0

    def read(self) -> Segment | None:
        """The next segment; None at the end."""
        path, first_line = self._paths[self._turn % 2], self._source.first_line + self.lines
        self._turn += 1
        size, lines, odd = 0, 0, list[Odd]()
        enough = SEGMENT_BYTES if self.lines else FIRST_BYTES
        with path.open("wb") as file:
            path.chmod(0o600)
            for block in self._blocks:
                file.write(block.text)
                size += len(block.text)
                lines += block.rows
                odd += block.odd
                self._must_not_be_all_odd(odd)
                if size >= enough:
                    break
        self._odd += len(odd)
        self.lines += lines
        return Segment(path, first_line, size, odd) if lines else None

    def remove(self) -> None:
        """Take the files away."""
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _must_not_be_all_odd(self, odd: Sequence[Odd]) -> None:
        """`BadInput` if there are so many rows that cannot be read that the file is not what the mapping says."""
        if self._odd + len(odd) > ODD_MAX:
            raise BadInput(
                f"{self._source.path.name}: more than {ODD_MAX} rows cannot be read, for example line {odd[-1].line}: "
                f"{odd[-1].sentence} Look at the file with `shebaoka import inspect`, and correct its encoding or "
                "delimiter in the mapping."
            )
