"""Laws of moving a city over: whatever the export, every row and fen is accounted for, and nothing goes over twice."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from exports import THIS_YEAR, Export, Fate, Holder, Known, exports
from hypothesis import given, note, settings
from hypothesis import strategies as st
from lives import TIMES

from conftest import Database
from moves import Moves, is_whole
from shebaoka.importer import matching
from shebaoka.importer.mapping import read_mapping
from shebaoka.notice import Notices, Words
from shebaoka.records import CancelReason, RunReport
from shebaoka.vault import SoftwareVault

City = Callable[[Export], AbstractContextManager[tuple[Moves, Path]]]
Kept = dict[str, list[tuple[Any, ...]]]
BATCHES = st.sampled_from((1, 2, 2000))
OF_A_RUN = {"import_run", "import_batch"}
OF_A_REFUSAL = {"journal", "request_key", "dossier", "snapshot"}
OPENINGS = "select coalesce(sum(amount_fen), 0)::bigint from other_posting where debit = 'old_system'"
PEOPLE = """
select p.number, p.name, d.balance_fen, p.in_hospital_since, c.number, coalesce(r.records, 0), coalesce(r.fen, 0)
from person p join dossier d using (person_id) join card c using (person_id)
left join (select person_id, sum(records)::int as records, sum(account_fen)::int as fen
           from carried_records group by person_id) r using (person_id)"""


@pytest.fixture
def city(database: Database, vault: SoftwareVault, notices: Notices, words: dict[str, Words]) -> City:
    """A city that knows of an export's people what it is to know, and the export in a folder of its own."""

    @contextmanager
    def opened(export: Export) -> Iterator[tuple[Moves, Path]]:
        note(repr(export))
        database.wipe()
        with (
            TemporaryDirectory() as folder,
            closing(Moves(database, vault, notices, words, Path(folder, "home"))) as moves,
        ):
            for who in export.holders:
                know(moves, who)
            yield moves, export.write(Path(folder, "export"))

    return opened


def know(moves: Moves, who: Holder) -> None:
    """Let the city know of somebody before the export comes."""
    by_hand = {Known.CARRIED: who.balance_fen, Known.CARRIED_OTHERWISE: who.balance_fen + 1}
    if who.known is not Known.NOT:
        moves.asked("register_person", who.number, name="周九" if who.known is Known.NAMED_OTHERWISE else who.name)
    if who.known is Known.DIED:
        moves.asked("cancel_card", who.number, why=CancelReason.DEATH)
    if who.known in by_hand:
        moves.asked(
            "carry_over_account", who.number, balance_fen=by_hand[who.known], old_card_number=who.card,
            records=tuple(who.records), in_hospital_since=who.since,
        )  # fmt: skip


def words_of(report: RunReport) -> dict[str, Counter[str]]:
    """What became of each file's rows and fen, by the report."""
    words = ("carried_over", "already_there", "held_back", "left", "waiting")
    return {
        f.name: Counter({w + unit: getattr(f, w + unit) for w in words for unit in ("", "_fen")}) for f in report.files
    }


def but(kept: Kept, *tables: set[str]) -> Kept:
    """What is kept in all tables but some."""
    return {t: rows for t, rows in kept.items() if t not in set().union(*tables)}


def held_as_listed(folder: Path) -> dict[str, set[int]]:
    """The lines of each file that the list of rows held back names."""
    lines: dict[str, set[int]] = {}
    with (folder / "held_back.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            assert int(row["line"]) not in lines.setdefault(row["file"], set())
            lines[row["file"]].add(int(row["line"]))
    return lines


@settings(max_examples=4 if TIMES == 1 else 200)
@given(exports(), BATCHES)
def test_every_row_and_fen_is_accounted_for(city: City, export: Export, batch: int) -> None:
    """Rows and fen of each file end as they must; what is on file and what is to be corrected is that, to the fen.

    People on file are those of the files with balance, card, stay, and this year's records.
    """
    with city(export) as (moves, folder), patch.object(matching, "BATCH", batch):
        ((before,),) = moves.rows(OPENINGS)
        report = moves.moved(folder, mapping=export.form.mapping("own"))
        assert (report.state, report.differences, is_whole(report)) == ("prove", (), True)
        expected = export.became(again=False)
        assert words_of(report) == expected
        ((after,),) = moves.rows(OPENINGS)
        assert after - before == sum(n[f"{Fate.GOES}_fen"] for f, n in expected.items() if f.startswith("accounts"))
        on_file = {number: tuple(row) for number, *row in moves.rows(PEOPLE)}
        for who in export.holders:
            if who.goes:
                spent = [r.account_fen for r in who.records if r.on.year == THIS_YEAR]
                said = (who.name, who.balance_fen, who.since, who.card, len(spent), sum(spent))
                assert on_file.pop(who.number) == said
        by_hand = {w.number for w in export.holders if w.known in (Known.CARRIED, Known.CARRIED_OTHERWISE)}
        assert on_file.keys() <= by_hand
        held = export.held()
        assert held_as_listed(moves.held(report.run)) == {name: set(lines) for name, lines in held.items() if lines}
        for name, lines in held.items() if any(held.values()) else ():
            _, *rows = (moves.held(report.run) / "to_correct" / name).read_bytes().split(b"\r\n")
            assert rows == [*lines.values(), b""]


@settings(max_examples=2 if TIMES == 1 else 100)
@given(exports())
def test_an_export_taken_in_again_changes_nothing(city: City, rows: Callable[[], Kept], export: Export) -> None:
    """Neither as the same run, nor as another, nor the rows held back before anybody corrected them."""
    refusals = OF_A_REFUSAL if any(w.known is Known.DIED and not w.waits for w in export.holders) else set()
    with city(export) as (moves, folder):
        own = export.form.mapping("own")
        first = moves.moved(folder, mapping=own)
        before = rows()
        assert moves.moved(folder, mapping=own) == first
        assert but(rows(), {"import_run"}) == but(before, {"import_run"})
        again = moves.moved(folder, mapping=export.form.mapping("another"))
        assert words_of(again) == export.became(again=True)
        to_correct = moves.held(first.run) / "to_correct"
        if (to_correct / "mapping.yaml").exists():
            uncorrected = moves.moved(to_correct, mapping=read_mapping(to_correct / "mapping.yaml"))
            assert (uncorrected.differences, is_whole(uncorrected)) == ((), True)
            assert sum(f.carried_over for f in uncorrected.files) == 0
        assert but(rows(), OF_A_RUN, refusals) == but(before, OF_A_RUN, refusals)
