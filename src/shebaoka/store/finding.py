"""Finding a person by what was typed, and the words that names are found by. Called by `desk/finding.py`.

Each search reads one place of one index, whose order is that of the answer, so that it costs the same for a name with
thousands of bearers as for one with a single one. Nothing here reads a table whole.
"""

from collections.abc import Iterable
from types import TracebackType

import psycopg

from shebaoka.store import sql
from shebaoka.store.arrays import columns, encoders_of
from shebaoka.store.migrate import check_schema
from shebaoka.store.trouble import told_plainly

_PERSON = "p.person_id, p.number, p.name, p.birth_on, p.region"

BY_NUMBER = f"""
select {_PERSON} from person p
where p.person_id = any(array(select k.person_id from person_key k where k.number = %(word)s))"""
BY_CARD_NUMBER = f"""
select {_PERSON} from person p
where p.person_id = any(array(select k.person_id from card_number_key k where k.number = %(word)s))"""
BY_CARD_SERIAL = f"""
select {_PERSON} from person p
where p.person_id = any(array(select k.person_id from card_serial_key k where k.serial = %(word)s))"""
# In the order of numbers: all that begin with the same digits stand between two texts.
BY_WORD = f"""
select {_PERSON}
from (select f.person_id, f.number from finding f
      where f.word = %(word)s and f.number >= %(first)s and f.number < %(end)s
      order by f.number limit %(limit)s) as f
join person p on p.person_id = f.person_id order by f.number"""

# Nobody waits for the disk here: if the machine stops, the searches of the last second may not be kept. That a dossier
# is opened is waited for, in the journal.
ADD_SEARCH = """
with at_once as (select set_config('synchronous_commit', 'off', true))
insert into search_event (at, by_whom, place, kind, typed, found, more, people)
select %(at)s, %(by)s, %(place)s, %(kind)s, %(typed)s, %(found)s, %(more)s, %(people)s::bigint[] from at_once"""
SEARCHES = """
select id, at, by_whom, place, kind, typed, found, more, people from search_event
where id < %(before)s order by id desc limit %(limit)s"""

# One pass at a time catches up with people carried over in bulk. 1 to 4 are the first keys of other locks.
LOCK = "select pg_try_advisory_xact_lock(5, 0)"
# The last of the next so many people after one.
NEXT = """
select max(person_id), count(*) from (
    select person_id from person where person_id > %(after)s order by person_id limit %(limit)s) as p"""
# Those of them who have no word at all. Whoever has one has all, for they are written together. Each is looked for by
# the index: of a table that has just begun to fill the planner knows nothing.
LACKING = """
select p.person_id, p.number, p.name,
       array(select c.number from card c where c.person_id = p.person_id and c.kind = 'old_medical')
from person p
where p.person_id > %(after)s and p.person_id <= %(last)s
  and (select f.word from finding f where f.person_id = p.person_id limit 1) is null
order by p.person_id"""
COPY_WORDS = "copy finding (word, number, person_id) from stdin"
ADD_WORDS = """
insert into finding (person_id, word, number)
select * from unnest(%(people)s::bigint[], %(words)s::text[], %(numbers)s::text[]) on conflict do nothing"""
_COLUMNS = encoders_of(sql.FINDING)


def as_arrays(rows: Iterable[tuple[int, str, str]]) -> dict[str, bytes]:
    """The values of `ADD_WORDS`, in the order of the primary key, packed: there are some seventy thousand of them."""
    return dict(zip(("people", "words", "numbers"), columns(_COLUMNS, sorted(rows)), strict=True))


def as_text(rows: Iterable[tuple[int, str, str]]) -> bytes:
    """The same for `COPY_WORDS`, in the order of the index of words, which is the larger one."""
    lines = sorted(f"{word}\t{number}\t{person_id}\n" for person_id, word, number in rows)
    return "".join(lines).replace("\\", "\\\\").encode()


ANNOUNCE = "select pg_notify('people_carried_over', '')"
_LISTEN = "listen people_carried_over"


class Announcements:
    """A connection that hears when people were carried over in bulk. `StoreDown` if there is no database."""

    def __init__(self, url: str) -> None:
        with told_plainly():
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
            check_schema(self._connection)
            self._connection.execute(_LISTEN)

    def __enter__(self) -> "Announcements":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def heard(self, within_s: float) -> bool:
        """Whether there was one since the last time; waits for it so long at most."""
        with told_plainly():
            return any(True for _ in self._connection.notifies(timeout=within_s, stop_after=1))
