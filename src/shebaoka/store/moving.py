"""Statements about the runs of moving a city over: their batches, whom the database knows already, and what it has now.

`Copying` is a connection of its own that reads by COPY. The desk is the only caller.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import Format

from shebaoka.store.migrate import check_schema
from shebaoka.store.trouble import told_plainly

# Everybody on file, with the account that was carried over and not undone, if there is one. As CSV. What the run itself
# has put on file does not count: should its staging be lost, the same people are ready once more, in the same batches.
KNOWN = """
copy (
    select p.number, p.name, a.person_id is not null and own.person_id is null, coalesce(o.amount_fen, 0), c.number,
           coalesce(r.records, 0), coalesce(r.account_fen, 0)
    from person p
    left join (
        select j.person_id, max(j.seq) as seq from journal j
        where j.service = 'carry_over_account' and j.outcome = 'accepted'
          and not exists (select from undone u join journal b on b.person_id = u.person_id and b.seq = u.by_seq
                          where u.person_id = j.person_id and u.seq = j.seq and b.service = 'undo_carry_over')
        group by j.person_id) as a on a.person_id = p.person_id
    left join other_posting o on o.person_id = a.person_id and o.seq = a.seq
    left join (select person_id, seq, sum(records)::bigint as records, sum(account_fen)::bigint as account_fen
               from carried_records group by person_id, seq) as r on r.person_id = a.person_id and r.seq = a.seq
    left join lateral (select number from card where card.person_id = a.person_id and kind = 'old_medical'
                       order by n desc limit 1) as c on true
    left join (select person_id, min(seq) as seq from request_key
               where request_id >= {first} and request_id < {end} group by person_id) as own
      on own.person_id = p.person_id
    where own.person_id is null or own.seq > 1
) to stdout (format csv)"""
ANYBODY = "select exists (select from person)"

# What a batch has put on file, a line for each person and year of records, in the order of numbers. Values are parted
# by tabs, which none has; ids, instants, and what may be changed later are left out.
CARRIED_BY_BATCH = """
with key as materialized (
    select person_id, seq from request_key where request_id >= %(first)s and request_id < %(end)s)
select string_agg(concat_ws(E'\t', p.number, coalesce(o.amount_fen, 0), coalesce(c.number, ''), r.year, r.records,
                            r.total_fen, r.account_fen, r.body),
                  E'\n' order by p.number, r.year)
from key k
join journal j on j.person_id = k.person_id and j.seq = k.seq and j.outcome = 'accepted'
    and j.person_id between %(low)s and %(high)s
join person p on p.person_id = k.person_id and p.person_id between %(low)s and %(high)s
left join other_posting o on o.person_id = k.person_id and o.seq = k.seq and o.line = 1
    and o.person_id between %(low)s and %(high)s
left join carried_records r on r.person_id = k.person_id and r.seq = k.seq
    and r.person_id between %(low)s and %(high)s
left join (
    select distinct on (person_id) person_id, number from card
    where kind = 'old_medical' and person_id between %(low)s and %(high)s
    order by person_id, n desc) as c on c.person_id = k.person_id
where not exists (select from undone u join journal b on b.person_id = u.person_id and b.seq = u.by_seq
                  where u.person_id = k.person_id and u.seq = k.seq and b.service = 'undo_carry_over'
                    and u.person_id between %(low)s and %(high)s and b.person_id between %(low)s and %(high)s)"""
# The years of records that a batch has put on file.
YEARS_OF_BATCH = """
with key as materialized (
    select person_id, seq from request_key where request_id >= %(first)s and request_id < %(end)s)
select distinct r.year from key k join carried_records r on r.person_id = k.person_id and r.seq = k.seq
where r.person_id between %(low)s and %(high)s"""
# Whose ids the people of a batch have: they stand together where nobody knew them before.
PEOPLE_OF_BATCH = """
select count(*), coalesce(min(person_id), 0), coalesce(max(person_id), 0)
from request_key where request_id >= %(first)s and request_id < %(end)s"""
# The last attempt at each batch.
BATCHES = """
select distinct on (n) n, attempt, people, first_person_id, carried, refused, carried_fen, outcome,
       carried_at is not null, undone_at is not null
from import_batch where run = %(run)s order by n, attempt desc"""
ADD_BATCH = """
insert into import_batch (run, attempt, n, people, first_person_id)
values (%(run)s, %(attempt)s, %(n)s, %(people)s, %(first_person_id)s)"""
CARRIED = """
update import_batch set carried = %(carried)s, refused = %(refused)s, carried_fen = %(carried_fen)s,
    outcome = %(outcome)s, carried_at = %(at)s
where run = %(run)s and attempt = %(attempt)s and n = %(n)s"""
UNDONE = """
update import_batch set undone_at = %(at)s where run = %(run)s and attempt = %(attempt)s and n = %(n)s"""
ENTRIES_OF_BATCH = """
select p.number, k.person_id, k.seq
from request_key k
join journal j on j.person_id = k.person_id and j.seq = k.seq and j.outcome = 'accepted'
join person p on p.person_id = k.person_id
where k.request_id >= %(first)s and k.request_id < %(end)s
  and not exists (select from undone u join journal b on b.person_id = u.person_id and b.seq = u.by_seq
                  where u.person_id = k.person_id and u.seq = k.seq and b.service = 'undo_carry_over')
order by k.person_id"""
# Photos. One that was undone does not count, and may be replaced by another.
PHOTOS_ON_FILE = """
copy (select k.number, encode(p.digest, 'hex'), p.run = {run}
      from photo p join person k on k.person_id = p.person_id
      where p.undone_at is null) to stdout (format csv)"""
PHOTOS_OF_RUN = """
copy (select k.number, encode(sha256(p.image), 'hex') from photo p join person k on k.person_id = p.person_id
      where p.run = {run} and p.undone_at is null order by k.number) to stdout (format csv)"""
PUT_PHOTOS = """
insert into photo (person_id, format, width, height, digest, image, run, entry)
select k.person_id, n.format, n.width, n.height, n.digest, n.image, %(run)s, n.entry
from unnest(%(number)s::text[], %(format)s::text[], %(width)s::integer[], %(height)s::integer[], %(digest)s::bytea[],
            %(image)s::bytea[], %(entry)s::text[]) as n (number, format, width, height, digest, image, entry)
join person_key k on k.number = n.number
order by k.person_id
on conflict (person_id) do update
set format = excluded.format, width = excluded.width, height = excluded.height, digest = excluded.digest,
    image = excluded.image, run = excluded.run, entry = excluded.entry, undone_at = null
where photo.undone_at is not null"""
UNDO_PHOTOS = "update photo set undone_at = %(at)s where run = %(run)s and undone_at is null"
UNDO_PHOTOS_OF_BATCH = """
update photo set undone_at = %(at)s
where run = %(run)s and undone_at is null
  and person_id in (select person_id from request_key where request_id >= %(first)s and request_id < %(end)s)"""
NEXT_BLOCK = "select nextval('person_id_block')"
LOCK = "select pg_try_advisory_lock(3, hashtext(%(run)s))"


BY_RANGE = """
set local enable_seqscan to off; set local enable_bitmapscan to off; set local enable_nestloop to off"""
BY_KEY = """
set local enable_seqscan to off; set local enable_bitmapscan to off; set local enable_hashjoin to off;
set local enable_mergejoin to off"""
TOGETHER = 4
"""Ids stand together if there are no more than so many times the people between the first and the last."""


class BytesLoader(Loader):
    """A text as the bytes that it came in."""

    format = Format.BINARY

    def load(self, data: Any) -> bytes:
        """The bytes."""
        return bytes(data)


class Copying:
    """A connection that holds a run's lock as long as it lives, and reads by COPY."""

    def __init__(self, url: str) -> None:
        with told_plainly():
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
            self._connection.execute("set timezone to 'UTC'; set statement_timeout to 0; set jit to off")
            check_schema(self._connection)

    def close(self) -> None:
        """Let the lock go, and the connection."""
        with contextlib.suppress(psycopg.Error):
            self._connection.execute("select pg_advisory_unlock_all()")
        self._connection.close()

    def locked(self, run: str) -> bool:
        """Whether this connection got the run's lock; it lets go of it when it closes, or when its process dies."""
        with told_plainly():
            found = self._connection.execute(LOCK, {"run": run}).fetchone()
            return bool(found and found[0])

    def of_batch(self, statement: str, between: dict[str, str]) -> list[tuple[Any, ...]]:
        """All rows of a statement about the people of a batch, texts as bytes; `between` says which its requests are.

        A table that has just filled looks empty to the planner. Where the people's ids stand together each table is
        read from one to the other, side by side with the others; else every row is looked up by its key.
        """
        with told_plainly(), self._connection.transaction(), self._connection.cursor(binary=True) as cursor:
            people, low, high = cursor.execute(PEOPLE_OF_BATCH, between).fetchall()[0]
            self._connection.execute(BY_RANGE if high - low < TOGETHER * people else BY_KEY)
            cursor.adapters.register_loader("text", BytesLoader)
            return cursor.execute(statement, {**between, "low": low, "high": high}).fetchall()

    def rows(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement; none of one that writes."""
        with told_plainly():
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def copied(self, statement: str, **literals: str) -> Iterator[bytes]:
        """What a COPY gives, line by line; `literals` are put into the statement as texts."""
        query: Any = psycopg.sql.SQL(statement).format(**{k: psycopg.sql.Literal(v) for k, v in literals.items()})
        with told_plainly(), self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for data in copy:
                yield bytes(data)
