"""The staging database of a run: the files' rows as text, what the checks say of them, and who is ready to go over.

It is one DuckDB file in the run's folder, open for one process at a time while it is written. A step's tables are made
anew whenever the step is, and the step is marked as done in the same transaction: a process that is killed leaves the
step undone, and the next one begins it again.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from shebaoka.importer.checks import MACROS, named, quoted
from shebaoka.importer.files import Odd, Source
from shebaoka.records import BadInput

MEMORY_MB = 700
"""What the staging database may hold in memory; beyond it, it sorts and joins on the disk."""
READING_MEMORY_MB = 150
"""The same for a process that only reads batches."""
ODD_MAX = 100_000
"""So many rows of one file that cannot be read are kept and named; with more, the file is not what the mapping says."""
LINE_MAX = 16 * 2**20
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
        try:
            self.connection = duckdb.connect(str(path), read_only=not writing, config=config)
        except duckdb.IOException as e:
            raise BadInput(f"{path} is in use by another process of the same run; wait until it ends.") from e
        if writing:
            self.connection.execute(MACROS)
            self.connection.execute("create table if not exists done (step varchar primary key, said varchar)")

    def __enter__(self) -> "Staging":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.connection.close()

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return self.connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Values = ()) -> tuple[Any, ...]:
        """The one row of a statement."""
        (found,) = self.rows(statement, values)
        return found

    def run(self, statement: str, values: Values = ()) -> None:
        """Run a statement."""
        self.connection.execute(statement, values)

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
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.run("begin")
        try:
            yield
        except BaseException:
            self.run("rollback")
            raise
        self.run("commit")

    def load(
        self, table: str, source: Source, columns: Sequence[str], told: Callable[[int], None]
    ) -> tuple[int, list[Odd]]:
        """A source's rows into a table, in their order; the number of its lines, and those that cannot be read.

        The table has the named columns, `content` (the same for rows that say the same), and nothing else; a row's
        `rowid` plus the source's first line is the line where it stands. `told` hears how many bytes came in so far.
        """
        pipe = self.path.with_name(f"{table}.pipe")
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe, 0o600)
        feeder = _Feeder(pipe, source, told)
        every = ", ".join(named(c) for c in source.columns)
        kinds = "{" + ", ".join(f"{quoted(c)}: 'varchar'" for c in source.columns) + "}"
        chosen = "".join(f", {named(c)}" for c in dict.fromkeys(columns))
        with ThreadPoolExecutor(1) as threads:
            fed = threads.submit(feeder.feed)
            try:
                self.run(
                    f"create or replace table {table} as select hash({every}) as content{chosen} "
                    f"from read_csv({quoted(str(pipe))}, header = false, auto_detect = false, delim = ',', "
                    f"quote = '\"', escape = '\"', nullstr = '', "
                    f"force_not_null = [{', '.join(quoted(c) for c in source.columns)}], "
                    f"max_line_size = {LINE_MAX}, columns = {kinds})"
                )
            except duckdb.Error:
                self._let_go(pipe, fed)
                with contextlib.suppress(BrokenPipeError):
                    fed.result()
                raise
            finally:
                pipe.unlink(missing_ok=True)
            fed.result()
        return feeder.lines, feeder.odd

    def _let_go(self, pipe: Path, fed: "Future[None]") -> None:
        """Whoever waits at the pipe, which the database gave up, is let go."""
        while not fed.done():
            os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
            wait([fed], 0.05)


class _Feeder:
    """Writes a source's blocks into the pipe that the database reads, and keeps the odd rows."""

    def __init__(self, pipe: Path, source: Source, told: Callable[[int], None]) -> None:
        self._pipe = pipe
        self._source = source
        self._told = told
        self._bytes = 0
        self.lines = 0
        self.odd: list[Odd] = []

    def feed(self) -> None:
        """Write all of it."""
        with self._pipe.open("wb", buffering=0) as pipe:
            for block in self._source.blocks():
                pipe.write(block.text)
                self.lines += block.rows
                self._bytes += len(block.text)
                self.odd += block.odd
                self._must_not_be_all_odd()
                self._told(self._bytes)

    def _must_not_be_all_odd(self) -> None:
        """`BadInput` if there are so many rows that cannot be read that the file is not what the mapping says."""
        if len(self.odd) > ODD_MAX:
            raise BadInput(
                f"{self._source.path.name}: more than {ODD_MAX} rows cannot be read, the first in line "
                f"{self.odd[0].line}: {self.odd[0].sentence} Look at the file with `shebaoka import inspect`, and "
                "correct its encoding or delimiter in the mapping."
            )
