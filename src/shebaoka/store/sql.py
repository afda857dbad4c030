"""Every statement that loads dossiers or saves decisions. Set-based: one statement per table, however long the tray.

Kept within what a database distributed by person allows: no row is locked for update, nothing relies on a trigger,
and the tables of unique keys are joined only as sub-selects. `tests/test_store.py` reads this module for it.
"""

_PEOPLE = "any(array(select person_id from person_key where number = any(%(numbers)s::text[])))"

KEYS = "select request_id, content, person_id, seq from request_key where request_id = any(%(ids)s::text[])"

# Each goes by its primary key whatever the planner believes about sizes: the session allows nothing else, and what is
# joined has the person's id in both keys. The heads come first, with the snapshots: whatever is read after them is at
# least as new, so that a stale head can only make the save fail and the tray be decided again.
PEOPLE = f"""
select h.person_id, version, chain, balance_fen, carried_over_on, facts, pins
from dossier h join snapshot s on s.person_id = h.person_id where h.person_id = {_PEOPLE}"""

STAYS = f"""
select person_id, n, number, institution, state, admitted_on, discharged_on, ward, begun_on_old_card, settlements,
       charged, closing
from stay where person_id = {_PEOPLE} order by person_id, n"""

ON_FILE = "select 1 from person_key where number = any(%(numbers)s::text[]) limit 1"

UNDONE = f"select person_id, seq, by_seq from undone where person_id = {_PEOPLE}"

# Codes of electronic cards that have settled a charge.
SHOWN_CODES = f"select person_id, code from shown_code where person_id = {_PEOPLE} and code = any(%(codes)s::text[])"

# The same out of the rows that the snapshots repeat, for whoever checks them; and snapshots made anew out of them, by
# the owner, for people whose rows were written around the desk.
REBUILT = f"""
select h.person_id, version, chain, balance_fen, carried_over_on, facts, pins
from dossier h join rebuilt_snapshot s on s.person_id = h.person_id where h.person_id = {_PEOPLE}"""

REBUILD = """
insert into snapshot (person_id, facts, pins) select person_id, facts, pins from rebuilt_snapshot
on conflict (person_id) do update set facts = excluded.facts, pins = excluded.pins"""

PERSON_BLOCK = "select nextval('person_id_block')"
PERSON_BLOCKS = """
select min(block), max(block)
from (select nextval('person_id_block') as block from generate_series(1, %(n)s::bigint)) as drawn"""
CARD_BLOCK = "select nextval('card_number_block')"

ENTRIES = """
select j.person_id, j.seq, j.body
from unnest(%(people)s::bigint[], %(seqs)s::bigint[]) as k (person_id, seq)
join journal j on j.person_id = k.person_id and j.seq = k.seq"""

# Entries that somebody wants undone: what became of them, and what they moved; of a carry-over, the balance before it.
ORIGINALS = """
select j.person_id, j.seq, j.service, j.outcome = 'accepted',
       case when j.service = 'carry_over_account' then (
           select sum(case when credit = 'personal' then amount_fen else -amount_fen end)::bigint from posting p
           where p.person_id = j.person_id and p.seq < j.seq and 'personal' in (debit, credit)) end,
       j.institution, j.cycle, j.kind, j.undoes, j.message_id, j.stay, j.total_fen, j.pooled_fen, j.account_fen,
       j.cash_fen
from unnest(%(people)s::bigint[], %(seqs)s::bigint[]) as k (person_id, seq)
join journal j on j.person_id = k.person_id and j.seq = k.seq"""
# What a settlement moved follows from its amounts.
POSTINGS_OF_ENTRIES = """
select p.person_id, p.seq, p.debit, p.credit, p.amount_fen, p.what
from unnest(%(people)s::bigint[], %(seqs)s::bigint[]) as k (person_id, seq)
join other_posting p on p.person_id = k.person_id and p.seq = k.seq order by p.person_id, p.seq, p.line"""

# Rows are inserted in the order of the arrays, and the desk sorts them by key: two trays that meet wait for each
# other in one order and never in a circle. The journal comes first: whoever is second about a person finds the
# place of the next entry taken, which is the check of the version that was read. A list inside a row travels as one
# text, since PostgreSQL has no arrays of ragged arrays.
JOURNAL = """
insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash)
select person_id, seq, at, service, outcome, ground, clause, string_to_array(also, ','), body, hash
from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::bytea[]) as t (person_id, seq, at, service, outcome, ground, clause, also, body, hash)"""
# The same for a tray in which something is settled: what an entry settled stands in its own row.
SETTLING_JOURNAL = """
insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash, institution, cycle, kind,
                     undoes, message_id, stay, total_fen, pooled_fen, account_fen, cash_fen, settled_on)
select person_id, seq, at, service, outcome, ground, clause, string_to_array(also, ','), body, hash, institution, cycle,
       kind, undoes, message_id, stay, total_fen, pooled_fen, account_fen, cash_fen, settled_on
from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::bytea[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[],
            %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::date[])
     as t (person_id, seq, at, service, outcome, ground, clause, also, body, hash, institution, cycle, kind, undoes,
           message_id, stay, total_fen, pooled_fen, account_fen, cash_fen, settled_on)"""

REQUEST_KEY = """
insert into request_key (request_id, content, person_id, seq)
select * from unnest(%s::text[], %s::bytea[], %s::bigint[], %s::bigint[])"""

SHOWN_CODE = """
insert into shown_code (person_id, seq, code) select * from unnest(%s::bigint[], %s::bigint[], %s::text[])"""

PERSON_KEY = "insert into person_key (number, person_id) select * from unnest(%s::text[], %s::bigint[])"

DOSSIER = """
insert into dossier (person_id, version, chain, balance_fen, carried_over_on)
select * from unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[], %s::date[])
on conflict (person_id) do update set version = excluded.version, chain = excluded.chain,
    balance_fen = excluded.balance_fen, carried_over_on = excluded.carried_over_on
where dossier.version < excluded.version"""

PERSON = """
insert into person (person_id, number, name, sex, birth_on, region, insured_on, standing, in_hospital_since)
select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::date[], %s::text[],
                     %s::date[])
on conflict (person_id) do update set name = excluded.name, region = excluded.region,
    insured_on = excluded.insured_on, standing = excluded.standing, in_hospital_since = excluded.in_hospital_since"""

CARD = """
insert into card (person_id, n, kind, number, serial, life, issued_on, valid_until, ending, ended_on, loss, loss_until,
                  pin_tries, locked, unlocks, first_pin, financial, applications)
select t.person_id, t.n, kind, number, serial, life, issued_on, valid_until, ending, ended_on, loss, loss_until,
       pin_tries, locked, unlocks, first_pin, financial, string_to_array(applications, ',')
from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[],
            %s::text[], %s::date[], %s::text[], %s::date[], %s::smallint[], %s::boolean[], %s::smallint[],
            %s::boolean[], %s::text[], %s::text[])
     as t (person_id, n, kind, number, serial, life, issued_on, valid_until, ending, ended_on, loss, loss_until,
           pin_tries, locked, unlocks, first_pin, financial, applications)
on conflict (person_id, n) do update set life = excluded.life, valid_until = excluded.valid_until,
    ending = excluded.ending, ended_on = excluded.ended_on, loss = excluded.loss, loss_until = excluded.loss_until,
    pin_tries = excluded.pin_tries, locked = excluded.locked, unlocks = excluded.unlocks,
    first_pin = excluded.first_pin, financial = excluded.financial, applications = excluded.applications
where card.life <> 'ended' or excluded.life = 'ended'"""

APPLICATION = """
insert into application (person_id, n, why, making, applied_on, fee_fen, replaces, batch, card_number, card_serial,
                         remakes, collect_at, photo, ethnic_group, ready_on)
select * from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::smallint[],
                     %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::date[])
on conflict (person_id, n) do update set making = excluded.making, batch = excluded.batch,
    card_number = excluded.card_number, card_serial = excluded.card_serial, remakes = excluded.remakes,
    collect_at = excluded.collect_at, photo = excluded.photo, ethnic_group = excluded.ethnic_group,
    ready_on = excluded.ready_on"""

# What became of a card of a batch, in the transaction of the decision itself; a batch that was not put together here
# has no such rows.
CARD_ORDER = """
update card_order as o set state = t.state, put_seq = coalesce(t.put_seq, o.put_seq), card_number = t.card_number,
    card_serial = t.card_serial, blank = coalesce(nullif(t.blank, ''), o.blank),
    reason = coalesce(nullif(t.reason, ''), o.reason), changed_at = t.changed_at
from unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::timestamptz[])
     as t (person_id, batch, state, put_seq, card_number, card_serial, blank, reason, changed_at)
where o.person_id = t.person_id and o.batch = t.batch"""

PIN = """
insert into pin (person_id, card, key_id, value)
select * from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::bytea[])
on conflict (person_id, card) do update set key_id = excluded.key_id, value = excluded.value"""

SNAPSHOT = """
insert into snapshot (person_id, facts, pins) select * from unnest(%s::bigint[], %s::text[], %s::text[])
on conflict (person_id) do update set facts = excluded.facts, pins = excluded.pins"""

OTHER_POSTING = """
insert into other_posting (person_id, seq, line, debit, credit, amount_fen, what, posted_on)
select * from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::bigint[], %s::text[],
                     %s::date[])"""

# The records of a year are one row: a carry-over brings some eight of them, and nobody asks for one by itself.
CARRIED_RECORDS = """
insert into carried_records (person_id, seq, year, records, total_fen, account_fen, body)
select * from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::integer[], %s::bigint[], %s::bigint[],
                     %s::text[])"""

# The same words may be written again, by another of the person's names or by a pass that catches up.
FINDING = """
insert into finding (person_id, word, number) select * from unnest(%s::bigint[], %s::text[], %s::text[])
on conflict do nothing"""

NOTIFICATION = """
insert into notification (person_id, seq, kind, caused_at, due_at)
select * from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])"""

CARD_NUMBER_KEY = "insert into card_number_key (number, person_id) select * from unnest(%s::text[], %s::bigint[])"
CARD_SERIAL_KEY = "insert into card_serial_key (serial, person_id) select * from unnest(%s::text[], %s::bigint[])"

# Whoever closes a cycle takes its lock alone, and waits until every save that began under it is through. Then, in a
# statement of its own so that it sees what was committed meanwhile: one over whether all of the tray's cycles are open.
# A closed one makes that a division by zero, and the save fails whole; so a row need not look for its own cycle.
LOCK_CYCLES = "select pg_advisory_xact_lock_shared(c) from unnest(%s::bigint[]) as c"
OPEN_CYCLES = """
select 1 / (count(*) = cardinality(%(cycles)s::bigint[]))::integer from cycle
where id = any(%(cycles)s::bigint[]) and closed_at is null"""

UNDO = """
insert into undone (person_id, seq, by_seq) select * from unnest(%s::bigint[], %s::bigint[], %s::bigint[])"""

STAY = """
insert into stay (person_id, n, number, institution, state, admitted_on, discharged_on, ward, begun_on_old_card,
                  settlements, charged, closing)
select person_id, n, number, institution, state, admitted_on, discharged_on, ward, begun_on_old_card, settlements,
       charged, string_to_array(closing, ',')
from unnest(%s::bigint[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[], %s::text[],
            %s::boolean[], %s::integer[], %s::boolean[], %s::text[])
     as t (person_id, n, number, institution, state, admitted_on, discharged_on, ward, begun_on_old_card, settlements,
           charged, closing)
on conflict (person_id, n) do update set state = excluded.state, admitted_on = excluded.admitted_on,
    discharged_on = excluded.discharged_on, ward = excluded.ward, settlements = excluded.settlements,
    charged = excluded.charged, closing = excluded.closing"""

# A fee that is taken or goes back. With a receipt, its number is counted in the till of its window, whose row whoever
# counts keeps until the commit: a save that fails leaves no gap, and two at once wait for each other. In the same
# window the year never goes back, should two servers' clocks differ at its turn.
FEE = """
insert into fee (person_id, seq, place, service, clause, amount_fen, application, decided_at, receipted)
select * from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::smallint[],
                     %s::timestamptz[], %s::boolean[])"""
COUNT_RECEIPTS = """
insert into till (place, year, last_number, sheet)
select place, year, n, 1 from unnest(%s::text[], %s::integer[], %s::bigint[]) as t (place, year, n)
on conflict (place) do update set
    last_number = case when till.year < excluded.year then 0 else till.last_number end + excluded.last_number,
    year = greatest(till.year, excluded.year)"""
FEE_RECEIPTS = """
insert into fee_receipt (place, year, number, sheet, payer, entry, service, clause, amount_fen, means, reference,
                         handed_over_fen, taken_by, taken_at, taken_on, reason)
select r.place, t.year, t.last_number - r.behind, t.sheet, payer, entry, service, clause, amount_fen, means, reference,
       handed_over_fen, taken_by, taken_at, taken_on, ''
from unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[],
            %s::text[], %s::bigint[], %s::text[], %s::timestamptz[], %s::date[], %s::bigint[])
     as r (place, year, payer, entry, service, clause, amount_fen, means, reference, handed_over_fen, taken_by,
           taken_at, taken_on, behind)
join till t on t.place = r.place"""

# The blank card that a decision at a window uses: the one that was scanned, or else the next. Whoever counts at the
# window's stock is alone there until the commit, as at a till. A window without stock uses none; one whose stock is at
# its end, or that has not what was scanned, makes a row that the table's checks refuse, and the save fails whole.
COUNT_BLANKS = """
update stock s set moves = s.moves + t.n
from unnest(%s::text[], %s::text[], %s::bigint[]) as t (place, kind, n) where s.place = t.place and s.kind = t.kind"""
TAKE_BLANKS = """
insert into stock_move (what, kind, source, target, first_number, last_number, cards, note, scanned, holder, entry,
                        card_number, card_serial, by_whom, at)
select 'used', r.kind, r.place, '', coalesce(b.number, ''), coalesce(b.number, ''), 1, '', r.scanned, r.holder, r.entry,
       r.card_number, r.card_serial, r.by_whom, r.at
from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
            %s::timestamptz[], %s::bigint[])
     as r (place, kind, scanned, holder, entry, card_number, card_serial, by_whom, at, ahead)
left join lateral (
    select number from blank
    where blank.place = r.place and blank.kind = r.kind and blank.state = 'in_stock'
      and (r.scanned = '' or blank.number = r.scanned)
    order by blank.number offset r.ahead limit 1) as b on true
where r.scanned <> '' or exists (select from stock s where s.place = r.place and s.kind = r.kind)"""
USE_BLANKS = """
update blank set state = 'used'
from unnest(%s::text[]) as u (card_serial)
join stock_move m on m.card_serial = u.card_serial and m.card_serial <> ''
where blank.number = m.first_number and blank.state = 'in_stock'"""
