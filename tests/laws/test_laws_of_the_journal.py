"""A law of the journal: whatever is changed in a past entry, by a single byte even, breaks the chain of its person."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lives import PATHS, TIMES, Step
from msgspec.structs import replace
from playing import cities, play

from conftest import Database
from shebaoka.desk import Auditor, Desk
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

EXAMPLES = settings(max_examples=100 if TIMES == 1 else 2000)
LIVED = ("registered", "issue", "use", "lose_and_replace", "locked")
COLUMNS = ("service", "outcome", "ground", "clause", "body", "hash")
COLUMN_LIST = "person_id, seq, at, service, outcome, ground, clause, also, body, hash"


class Archive:
    """A journal of three people that can be changed, looked at, and put back as it was."""

    def __init__(self, owner: psycopg.Connection[Any], auditor: Auditor) -> None:
        self.owner = owner
        self._auditor = auditor
        self.entries = owner.execute("select person_id, seq from journal order by person_id, seq").fetchall()
        owner.execute("create temporary table untouched as select * from journal")

    def faults_after(self, statement: str, parameters: dict[str, Any]) -> tuple[str, ...]:
        """The faults that a change brings about; afterwards the journal is as it was."""
        assert self.owner.execute(statement, parameters).rowcount
        faults = self._auditor.verify().faults
        self.owner.execute("delete from journal")
        self.owner.execute(f"insert into journal ({COLUMN_LIST}) select {COLUMN_LIST} from untouched")
        return faults


@pytest.fixture
def archive(database: Database, vault: SoftwareVault, store: Store, views: Views) -> Iterator[Archive]:
    """Three people's entries."""
    notices = cities()["jinzhong"]
    steps: list[Step] = [replace(s, who=who) for who in range(3) for path in LIVED for s in PATHS[path]]
    played = play(steps, notices)
    for p in played:
        Desk(store, vault, notices, lambda at=p.at: at).ask(p.ask)  # type: ignore[misc]
    with psycopg.connect(database.owner, autocommit=True) as owner:
        auditor = Auditor(views, vault, notices)
        assert auditor.verify(store).faults == ()
        yield Archive(owner, auditor)
        assert auditor.verify(store).faults == ()


def names_only(faults: tuple[str, ...], person_id: int) -> bool:
    """Whether there are faults, and all of them name this person."""
    return bool(faults) and all(f.startswith(f"person {person_id}") for f in faults)


def _flipped(value: str | bytes, at: int, by: int) -> str | bytes:
    """A value with one of its bytes changed, a text staying one."""
    at %= len(value)
    if isinstance(value, bytes):
        return value[:at] + bytes([value[at] ^ (by % 255 + 1)]) + value[at + 1 :]
    return value[:at] + chr((ord(value[at]) + by) % 0xD000 or 1) + value[at + 1 :]


@EXAMPLES
@given(data=st.data(), column=st.sampled_from(COLUMNS), at=st.integers(0, 2000), by=st.integers(1, 200))
def test_a_changed_byte_breaks_the_chain(archive: Archive, data: st.DataObject, column: str, at: int, by: int) -> None:
    """One byte of a past entry's text, hash or columns is changed: verification names the person whose it is."""
    person_id, seq = data.draw(st.sampled_from(archive.entries))
    where = {"person_id": person_id, "seq": seq}
    ((value,),) = archive.owner.execute(
        f"select {column} from journal where person_id = %(person_id)s and seq = %(seq)s", where
    ).fetchall()
    flipped = _flipped(value, at, by)
    assume(flipped != value)
    assume(column != "outcome")  # the table's own check takes no other word
    faults = archive.faults_after(
        f"update journal set {column} = %(value)s where person_id = %(person_id)s and seq = %(seq)s",
        {"value": flipped, **where},
    )
    assert names_only(faults, person_id)


@EXAMPLES
@given(data=st.data())
def test_entries_taken_out_swapped_or_cut_off_break_the_chain(archive: Archive, data: st.DataObject) -> None:
    """An entry is taken out, two are swapped, or the end is cut off: verification names the person whose they are."""
    person_id, seq = data.draw(st.sampled_from(archive.entries))
    other = data.draw(st.sampled_from([s for p, s in archive.entries if p == person_id and s != seq]))
    statement = data.draw(
        st.sampled_from(
            [
                "delete from journal where person_id = %(p)s and seq = %(s)s",
                "delete from journal where person_id = %(p)s and seq >= %(s)s",
                "update journal set seq = seq + 1000 where person_id = %(p)s and seq = %(s)s",
                "update journal j set at = o.at, service = o.service, outcome = o.outcome, ground = o.ground, "
                "clause = o.clause, also = o.also, body = o.body, hash = o.hash from journal o "
                "where o.person_id = j.person_id and j.person_id = %(p)s "
                "and (j.seq, o.seq) in ((%(s)s, %(o)s), (%(o)s, %(s)s))",
            ]
        )
    )
    assert names_only(archive.faults_after(statement, {"p": person_id, "s": seq, "o": other}), person_id)


@EXAMPLES
@given(data=st.data())
def test_an_entry_given_to_somebody_else_breaks_both_chains(archive: Archive, data: st.DataObject) -> None:
    """An entry put at the end of another person's journal fits neither there nor leaves its own journal whole."""
    person_id, seq = data.draw(st.sampled_from(archive.entries))
    other = data.draw(st.sampled_from(sorted({p for p, _ in archive.entries} - {person_id})))
    faults = archive.faults_after(
        "update journal set person_id = %(o)s, seq = (select max(seq) + 1 from journal where person_id = %(o)s) "
        "where person_id = %(p)s and seq = %(s)s",
        {"p": person_id, "s": seq, "o": other},
    )
    assert {f.split(",")[0].split(":")[0] for f in faults} == {f"person {person_id}", f"person {other}"}
