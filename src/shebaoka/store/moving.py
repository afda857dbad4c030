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
select string_agg(concat_ws(E'\t', number, opening, coalesce(card, ''), year, records, total_fen, account_fen, body),
                  E'\n' order by number, year)
from (
    select p.number, coalesce(o.amount_fen, 0) as opening, c.number as card, r.year, r.records, r.total_fen,
           r.account_fen, r.body
    from request_key k
    join journal j on j.person_id = k.person_id and j.seq = k.seq and j.outcome = 'accepted'
    join person p on p.person_id = k.person_id
    left join other_posting o on o.person_id = k.person_id and o.seq = k.seq and o.line = 1
    left join carried_records r on r.person_id = k.person_id and r.seq = k.seq
    left join lateral (select number from card where card.person_id = k.person_id and kind = 'old_medical'
                       order by n desc limit 1) as c on true
    where k.request_id >= %(first)s and k.request_id < %(end)s
      and not exists (select from undone u join journal b on b.person_id = u.person_id and b.seq = u.by_seq
                      where u.person_id = k.person_id and u.seq = k.seq and b.service = 'undo_carry_over')
) as carried"""

# The last attempt at each batch.
# The years of records that a batch has put on file.
YEARS_OF_BATCH = """
select distinct r.year from request_key k join carried_records r on r.person_id = k.person_id and r.seq = k.seq
where k.request_id >= %(first)s and k.request_id < %(end)s"""
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

    def go_by_index(self) -> None:
        """From now on every row is looked up by its key: a table that has just filled looks empty to the planner."""
        with told_plainly():
            self._connection.execute(
                "set enable_seqscan to off; set enable_hashjoin to off; set enable_mergejoin to off; "
                "set enable_bitmapscan to off"
            )

    def rows(self, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement; none of one that writes."""
        with told_plainly():
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def text(self, statement: str, values: dict[str, Any]) -> bytes:
        """The one text that a statement gives, in UTF-8; empty for null."""
        with told_plainly(), self._connection.cursor(binary=True) as cursor:
            cursor.adapters.register_loader("text", BytesLoader)
            found = cursor.execute(statement, values).fetchone()
            return bytes(found[0]) if found and found[0] is not None else b""

    def copied(self, statement: str, **literals: str) -> Iterator[bytes]:
        """What a COPY gives, line by line; `literals` are put into the statement as texts."""
        query: Any = psycopg.sql.SQL(statement).format(**{k: psycopg.sql.Literal(v) for k, v in literals.items()})
        with told_plainly(), self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for data in copy:
                yield bytes(data)
