"""What screens and reports read, and the few statements that write beside the tray: import runs, seals."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.copy import QueuedLibpqWriter
from psycopg_pool import ConnectionPool, PoolTimeout

from shebaoka.records import StoreBusy, Trouble
from shebaoka.store.alive import Kept, check
from shebaoka.store.migrate import check_schema
from shebaoka.store.trouble import told_plainly

_ENTRY = "person_id, seq, at, service, outcome, ground, clause, also, body, hash"

PERSON_BY_NUMBER = "select person_id from person_key where number = %(number)s"
PERSON_BY_ID = "select number from person where person_id = %(person_id)s"
PEOPLE_BY_STANDING = "select standing, count(*) from person group by standing order by standing"
# Cards as the calendar has made them by a day: what nobody has recorded yet counts as it will be recorded.
CARDS_BY_STATE = """
select kind, state, count(*) from (
    select kind, case
        when life = 'ended' then 'ended_' || ending
        when valid_until < %(on)s then 'ended_expired'
        when kind = 'old_medical' and %(cutover_on)s::date <= %(on)s then 'ended_stopped'
        else coalesce(nullif(concat_ws('_',
            case when life = 'sealed' then 'sealed' end,
            case when locked then 'locked' end,
            case when loss <> 'none' and (loss_until is null or loss_until >= %(on)s) then 'lost_' || loss end
            ), ''), 'in_use')
        end as state
    from card) as c
group by kind, state order by kind, state"""
APPLICATIONS_BY_MAKING = "select making, count(*) from application group by making order by making"
BALANCES = """
select count(*), coalesce(sum(balance_fen), 0)::bigint,
       (select coalesce(sum(amount_fen), 0)::bigint from posting where credit = 'personal')
       - (select coalesce(sum(amount_fen), 0)::bigint from posting where debit = 'personal')
from account"""
BALANCES_OFF = """
select person_id, coalesce(balance_fen, 0), coalesce(entries_fen, 0)
from account full join (
    select person_id, sum(case when credit = 'personal' then amount_fen when debit = 'personal' then -amount_fen
                               else 0 end)::bigint as entries_fen
    from posting group by person_id) as p using (person_id)
where coalesce(balance_fen, 0) <> coalesce(entries_fen, 0) order by person_id"""
# A card's person has no foreign key: a bulk load would pay for it once a card.
CARDS_OF_NOBODY = """
select c.person_id, c.n from card c left join person p on p.person_id = c.person_id
where p.person_id is null order by c.person_id, c.n"""
CLAUSES_BETWEEN = """
select c.clause, outcome, count(*) from journal, unnest(array[clause] || also) as c (clause)
where at >= %(since)s and at < %(until)s group by c.clause, outcome order by c.clause, outcome"""
SERVICES_BETWEEN = """
select service, outcome, count(*) from journal where at >= %(since)s and at < %(until)s
group by service, outcome order by service, outcome"""
ENTRIES = f"""
select {_ENTRY} from journal
where (%(clause)s::text is null or clause = %(clause)s or %(clause)s = any(also))
  and (%(outcome)s::text is null or outcome = %(outcome)s)
  and (%(service)s::text is null or service = %(service)s)
  and (%(before)s::timestamptz is null or (at, person_id, seq) < (%(before)s, %(person_id)s, %(seq)s))
order by at desc, person_id desc, seq desc limit %(limit)s"""
ENTRIES_OF_PERSON = f"""
select {_ENTRY} from journal where person_id = %(person_id)s and seq < %(before)s order by seq desc limit %(limit)s"""
# Proposals that nobody approved, of entries that nobody corrected.
WAITING_CORRECTIONS = f"""
select {_ENTRY} from journal as j where service = 'propose_correction' and outcome = 'accepted' and not exists (
    select from undone as u where u.person_id = j.person_id
    and u.seq in (j.seq, split_part(j.body::json #>> '{{request,entry}}', '-', 2)::bigint))
order by at desc, person_id desc, seq desc"""
ENTRY_AT = f"select {_ENTRY} from journal where person_id = %(person_id)s and seq = %(seq)s"
# Entries and heads in one statement, so that both are of one moment.
ALL_ENTRIES = """
select person_id, seq, at, service, outcome, ground, clause, also, body, hash, version, chain
from journal full join dossier using (person_id) order by person_id, seq"""
# Everybody's entries, each with the records that it carried over and what its row says that it settled; who has none
# has one line without a text.
ALL_KEPT = """
select person_id, body,
       case when service = 'carry_over_account' then (
           select json_agg(json_build_array(year, records, c.total_fen, c.account_fen, c.body) order by year)::text
           from carried_records c where c.person_id = j.person_id and c.seq = j.seq) end,
       institution, cycle, kind, undoes, message_id, stay, total_fen, pooled_fen, account_fen, cash_fen, settled_on
from journal j full join dossier using (person_id) order by person_id, seq"""
HASHES_OF_DAY = "select hash from journal where at >= %(since)s and at < %(until)s order by person_id, seq"
FIRST_ENTRY = "select min(at) from journal"
SEALS = "select day, entries, digest, key_id, mac from journal_seal order by day"
POSTINGS = """
select posted_on, seq, line, debit, credit, amount_fen, what from posting
where person_id = %(person_id)s order by seq, line"""
ACCOUNT = "select balance_fen, carried_over_on from account where person_id = %(person_id)s"
CARRIED = """
select recorded_on, institution, total_fen, account_fen from carried_record
where person_id = %(person_id)s order by recorded_on, line"""
DUE = """
select c.person_id, c.n, c.kind, p.number, case
    when valid_until < %(on)s then 'expire_card' when kind = 'old_medical' then 'stop_old_card'
    else 'end_loss_report' end
from card c join person p on p.person_id = c.person_id
where life <> 'ended' and (c.person_id, c.n) > (%(person_id)s, %(n)s)
  and (valid_until < %(on)s or loss_until < %(on)s or (kind = 'old_medical' and %(cutover_on)s::date <= %(on)s))
order by c.person_id, c.n limit %(limit)s"""
META = "select key, value from meta"
# Runs of moving a city over, the latest first. Whoever is at work on one holds its lock until they end or die.
_IMPORT_RUN = """
select run, state, began_at, finished_at, report, document, progress, attempt, exists (
    select from pg_locks where locktype = 'advisory' and objsubid = 2 and classid = 3
      and database = (select oid from pg_database where datname = current_database())
      and objid::bigint = hashtext(run)::bigint & 4294967295)
from import_run"""
IMPORT_RUNS = f"{_IMPORT_RUN} order by coalesce(began_at, finished_at) desc nulls last, run"
IMPORT_RUN = f"{_IMPORT_RUN} where run = %(run)s"
IMPORT_BATCHES = """
select distinct on (n) n, people, carried, refused, carried_fen, carried_at, undone_at
from import_batch where run = %(run)s order by n, attempt desc"""
IMPORT_SIGNATURES = """
select s.by_whom, s.at, s.checksum from import_signature s
join import_run r on r.run = s.run and r.attempt = s.attempt where s.run = %(run)s order by s.at, s.by_whom"""

ADD_IMPORT_RUN = """
insert into import_run (run, finished_at, report) values (%(run)s, %(at)s, %(report)s)
on conflict (run) do update set finished_at = excluded.finished_at, report = excluded.report"""
# A proof that changes, or a run that is taken back behind it, is to be signed anew: that is another attempt.
KEEP_IMPORT_DOCUMENT = """
insert into import_run (run, state, began_at, finished_at, document)
values (%(run)s, %(state)s, %(began_at)s, %(finished_at)s, %(document)s)
on conflict (run) do update set state = excluded.state, began_at = excluded.began_at,
    finished_at = excluded.finished_at, document = excluded.document, progress = null,
    attempt = import_run.attempt + case
        when import_run.state = 'prove' and excluded.state not in ('prove', 'sign_off')
          or import_run.document::json #>> '{proof,checksum}' <> excluded.document::json #>> '{proof,checksum}'
        then 1 else 0 end"""
NOTE_IMPORT_PROGRESS = """
insert into import_run (run, state, began_at, progress) values (%(run)s, 'begun', %(at)s, %(progress)s)
on conflict (run) do update set progress = excluded.progress"""
SIGN_IMPORT = """
insert into import_signature (run, attempt, by_whom, at, checksum)
select run, attempt, %(by)s, %(at)s, %(checksum)s from import_run where run = %(run)s on conflict do nothing"""
ADD_SEAL = """
insert into journal_seal (day, entries, digest, key_id, mac, sealed_at)
values (%(day)s, %(entries)s, %(digest)s, %(key_id)s, %(mac)s, %(at)s)
on conflict (day) do nothing"""

INSTITUTIONS = "select code, name, kinds, part_payment, added_at, ended_at from institution order by code"
ADD_INSTITUTION = """
insert into institution (code, name, kinds, part_payment, added_at)
values (%(code)s, %(name)s, %(kinds)s, %(part_payment)s, %(at)s) on conflict (code) do nothing
returning code"""
END_INSTITUTION = "update institution set ended_at = %(at)s where code = %(code)s and ended_at is null returning code"
TERMINALS = "select key_id, institution, algorithm, pin_cipher, may, ended_at from terminal order by key_id"
TERMINAL = """
select key_id, institution, algorithm, signing_key, pin_cipher, pin_key, may, kinds, part_payment
from terminal join institution on code = institution
where key_id = %(key_id)s and terminal.ended_at is null and institution.ended_at is null"""
ADD_TERMINAL = """
insert into terminal (key_id, institution, algorithm, signing_key, pin_cipher, pin_key, may, added_at)
select %(key_id)s, code, %(algorithm)s, %(signing_key)s, %(pin_cipher)s, %(pin_key)s, %(may)s, %(at)s
from institution where code = %(institution)s and ended_at is null on conflict (key_id) do nothing
returning key_id"""
END_TERMINAL = "update terminal set ended_at = %(at)s where key_id = %(key_id)s and ended_at is null returning key_id"
OPEN_CYCLE_OF = """
select id, institution, opened_at, until_at, opened_by, closed_at, closed_by, paid_on from cycle
where institution = %(institution)s and closed_at is null and until_at > %(at)s order by id limit 1"""
# Taken in a statement of its own: the next one sees what whoever held the lock has committed. Two keys are a space of
# locks beside that of the cycles, and the bank's file has another first key.
LOCK_INSTITUTION = "select pg_advisory_xact_lock(2, hashtext(%(institution)s))"
OPEN_CYCLE = """
insert into cycle (institution, opened_at, until_at, opened_by)
select %(institution)s, %(at)s, %(until)s, %(by)s where not exists (
    select from cycle where institution = %(institution)s and closed_at is null and until_at > %(at)s)"""

ENTRY_OF_REQUEST = """
select k.content, k.person_id, k.seq, j.body from request_key k
join journal j on j.person_id = k.person_id and j.seq = k.seq where k.request_id = %(id)s"""
UNDOERS = """
select u.seq, u.by_seq, j.service, j.cycle is not null from undone u
join journal j on j.person_id = u.person_id and j.seq = u.by_seq where u.person_id = %(person_id)s"""

# Postings of the personal account with their settlements; a settlement that the account paid nothing of has no posting.
ACCOUNT_MOVES = """
select coalesce(p.posted_on, s.settled_on), coalesce(p.seq, s.seq), p.what, p.change_fen,
       s.kind, coalesce(i.name, s.institution), s.total_fen, s.pooled_fen, s.account_fen, s.cash_fen
from (select seq, line, what, posted_on,
             case when credit = 'personal' then amount_fen else -amount_fen end as change_fen
      from posting where person_id = %(person_id)s and 'personal' in (debit, credit)) as p
full join (select * from settlement where person_id = %(person_id)s) as s on s.seq = p.seq
left join institution as i on i.code = s.institution
where coalesce(p.posted_on, s.settled_on) <= %(until)s
order by 1, 2, p.line"""
UNDONE = """
select person_id, seq from undone join unnest(%(people)s::bigint[], %(seqs)s::bigint[]) as n (person_id, seq)
using (person_id, seq)"""
BALANCE_ON = """
select coalesce(sum(case when credit = 'personal' then amount_fen else -amount_fen end), 0)::bigint from posting
where person_id = %(person_id)s and 'personal' in (debit, credit) and posted_on <= %(day)s"""
NAME = "select name from person where person_id = %(person_id)s"


Run = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
"""Runs one statement with its parameters, and gives its rows."""


class Together:
    """What runs statements one after the other in one transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def __call__(self, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """One statement with its parameters; its rows."""
        cursor = self._connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    def copied(self, statement: str, pieces: Iterable[bytes]) -> bool:
        """Whether all rows went in by COPY; if one was there already none has, and what was done before it stays.

        While the database takes one piece in, the next one is made.
        """
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as stream,
            ):
                for piece in pieces:
                    stream.write(piece)
        except errors.UniqueViolation:
            return False
        return True


class Views:
    """Reads for screens, safe for many threads; each call but `together` is one statement."""

    def __init__(self, url: str, *, wait_s: float = 5) -> None:
        self._url = url
        self._pool: ConnectionPool[Kept] = ConnectionPool(
            url,
            min_size=0,
            max_size=4,
            open=False,
            timeout=wait_s,
            # Whoever comes next tries again at once, instead of waiting for a trial that is put off further each time.
            reconnect_timeout=0,
            kwargs={"autocommit": True, "connect_timeout": 5},
            configure=_configure,
            connection_class=Kept,
            check=check,
        )

    def open(self) -> None:
        """Begin to serve."""
        self._pool.open()

    def close(self) -> None:
        """Let all connections go."""
        self._pool.close()

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement of this module."""
        with told_plainly():
            try:
                with self._pool.connection() as connection:
                    return connection.execute(statement, parameters).fetchall()
            except PoolTimeout:
                raise self._why_not() from None

    def rows_of_all(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[tuple[Any, ...]]]:
        """The rows of several statements that only read, in one trip; each sees what was committed before it."""
        with told_plainly():
            try:
                with self._pool.connection() as connection, connection.pipeline():
                    cursors = [connection.execute(statement, parameters) for statement, parameters in asked]
                    return [cursor.fetchall() for cursor in cursors]
            except PoolTimeout:
                raise self._why_not() from None

    def stream(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        at_once: int = 5000,
        binary: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a long statement, a few thousand at a time, all from one moment.

        Contents of files come in `binary`: as text, each byte of theirs would be two.
        """
        with (
            told_plainly(),
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor("stream") as cursor,
        ):
            connection.execute("set local statement_timeout to 0")
            cursor.itersize = at_once
            cursor.execute(statement, parameters, binary=binary)
            yield from cursor

    def write(self, statement: str, parameters: Mapping[str, Any]) -> int:
        """One of the few statements that write outside a tray (staff, runs, seals); the number of rows.

        It is planned for its values each time: a plan that is kept may be from before there were statistics of a batch.
        """
        with told_plainly(saving=True):
            try:
                with self._pool.connection() as connection:
                    return connection.execute(statement, parameters, prepare=False).rowcount
            except PoolTimeout:
                raise self._why_not() from None

    @contextmanager
    def together(self) -> Iterator[Together]:
        """Several statements in one transaction, each of which sees what was committed before it; all or nothing."""
        with told_plainly(saving=True):
            try:
                with self._pool.connection() as connection, connection.transaction():
                    yield Together(connection)
            except PoolTimeout:
                raise self._why_not() from None

    def _why_not(self) -> Trouble:
        """Why there was no connection: the pool waits for another schema as it waits for a database that is down."""
        try:
            with told_plainly(), psycopg.connect(self._url, connect_timeout=5) as connection:
                check_schema(connection)
        except Trouble as e:
            return e
        return StoreBusy("All of the database's connections are in use. Nothing was done; send the same request again.")


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.execute("set timezone to 'UTC'; set statement_timeout to '60s'")
    check_schema(connection)


def day_bounds(day: dt.date, zone: dt.tzinfo) -> dict[str, dt.datetime]:
    """The instants between which a day lies in the city."""
    since = dt.datetime.combine(day, dt.time.min, zone)
    until = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, zone)
    return {"since": since, "until": until}
