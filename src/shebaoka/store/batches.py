"""What is kept of batches of cards and of each card in them: statements of the room of batches.

What becomes of a card is written by the desk with its decision (`sql.CARD_ORDER`); here is what stands around that.
"""

_BATCH = """
id, state, choice, chosen_by, chosen_at, frozen_by, frozen_at, issued_on, issuer, category, spec_version, approved_by,
approved_at, sent_by, sent_at, closed_at, withdrawn_by, withdrawn_at, reason,
coalesce((select max(line) from card_order o where o.batch = card_batch.id and line is not null), 0)"""
BATCH = f"select {_BATCH} from card_batch where id = %(batch)s"
BATCHES = f"select {_BATCH} from card_batch order by chosen_at desc, id limit %(limit)s"
COUNTS = """
select batch, state, count(*), count(*) filter (where not checked), count(*) filter (where bank = 'opened'),
       count(*) filter (where bank = 'refused')
from card_order where batch = any(%(batches)s::text[]) group by batch, state order by batch, state"""
# How many batches of a day there are, for the next one's name.
OF_DAY = "select count(*) from card_batch where id like %(like)s"

ADD = """
insert into card_batch (id, state, choice, chosen_by, chosen_at)
values (%(batch)s, 'chosen', %(choice)s, %(by)s, %(at)s) on conflict (id) do nothing returning id"""
# Who waits longest comes first, but before them who has no card that works or is in hospital: a card that is remade, a
# lost one, a stay. Nobody is in two batches that are not frozen; whom another is choosing at this moment is left to it.
CHOOSE = """
insert into card_order (person_id, batch, application, n, state, changed_at)
select person_id, %(batch)s, application, row_number() over (order by urgent desc, applied_on, person_id), 'chosen',
       %(at)s
from (
    select a.person_id, a.n as application, applied_on,
           making = 'rejected' or why = 'loss' or in_hospital_since is not null as urgent
    from application a join person p on p.person_id = a.person_id
    where making in ('applied', 'rejected') and standing = 'insured'
      and (%(region)s::text = '' or region = %(region)s)
      and (%(since)s::date is null or applied_on >= %(since)s)
      and (%(until)s::date is null or applied_on <= %(until)s)
      and (not %(urgent)s::boolean or making = 'rejected' or why = 'loss' or in_hospital_since is not null)
      and (%(employer)s::text = '' or a.person_id in (
          select split_part(r.entry, '-', 1)::bigint from employer_list_row r join employer_list l on l.id = r.list
          where employer = %(employer)s and outcome = 'accepted'))
      and not exists (
          select from card_order o where o.person_id = a.person_id and o.state in ('chosen', 'held'))
    order by urgent desc, applied_on, a.person_id limit %(limit)s) as chosen
on conflict do nothing returning 1"""
# How many would be chosen, by why.
WAITING = """
select making = 'rejected', why, count(*) from application a join person p on p.person_id = a.person_id
where making in ('applied', 'rejected') and standing = 'insured'
  and not exists (select from card_order o where o.person_id = a.person_id and o.state in ('chosen', 'held'))
group by 1, 2 order by 1, 2"""

# Cards under way that were put into a batch by hand, and so are on no batch's list and in no package.
ASTRAY = """
select a.batch, count(*) from application a
where making in ('in_batch', 'made')
  and not exists (select from card_order o where o.person_id = a.person_id and o.batch = a.batch)
group by a.batch order by a.batch"""

# Cards whose row in their batch is not what the decisions came to, and numbered ones that no entry has put there.
CARDS_OFF = """
select o.batch, o.n, o.state, a.making, coalesce(j.service = 'put_in_batch' and j.outcome = 'accepted', false)
from card_order o
join application a on a.person_id = o.person_id and a.n = o.application
left join journal j on j.person_id = o.person_id and j.seq = o.put_seq
where put_seq is not null and (
    j.service is distinct from 'put_in_batch' or j.outcome <> 'accepted'
    or (a.batch = o.batch and o.state <> 'stopped' and (a.card_number, a.card_serial, a.making) is distinct from (
        o.card_number, o.card_serial, case when o.state in ('missing', 'withdrawn') then 'rejected' else o.state end)
        and not (a.making = 'withdrawn' and o.state in ('rejected', 'missing', 'withdrawn'))))
order by o.batch, o.n"""
# Batches whose end is not that of their cards.
BATCHES_OFF = """
select id from card_batch b
where (state = 'closed' and exists (select from card_order o where o.batch = b.id and o.state = 'in_batch'))
   or (state in ('frozen', 'approved', 'sent', 'closed') and exists (
        select from card_order o where o.batch = b.id and (o.state in ('chosen', 'held') or (
            put_seq is not null and line is null))))
   or (select count(*) - count(distinct line) from card_order o where o.batch = b.id and line is not null) > 0
order by id"""

# What a card is checked by: who it is for, what was said, the photo of now, and a card that stands in the way. Which
# cards it is about is settled first: before there are statistics of a batch, all that is left of it would be joined.
TO_CHECK = """
with these as materialized (
    select * from card_order where batch = %(batch)s and state in ('chosen', 'held') and n > %(after)s
    order by n limit %(limit)s)
select o.n, number, name, birth_on, standing, making, a.ethnic_group, a.collect_at, o.seen_by, s.id,
       s.digest, m.format, m.width, m.height, octet_length(m.image), m.digest,
       exists (select from card c where c.person_id = o.person_id and c.kind = 'social_security' and c.life <> 'ended'
                 and (a.replaces is null or c.n <> a.replaces))
from these o
join person p on p.person_id = o.person_id
join application a on a.person_id = o.person_id and a.n = o.application
left join lateral (
    select id, digest from paper
    where paper.person_id = o.person_id and paper.number = p.number and kind = 'photo'
    order by added_at desc, id limit 1) s on true
left join photo m on m.person_id = o.person_id and m.undone_at is null
order by o.n"""
# The numbers once more, here and below: without them, and without statistics, each is held against the whole batch.
CHECKED = """
update card_order as o set checked = true, state = t.state, faults = t.faults, paper = t.paper
from unnest(%(ns)s::integer[], %(states)s::text[], %(faults)s::text[], %(papers)s::text[])
     as t (n, state, faults, paper)
where o.batch = %(batch)s and o.n = any(%(ns)s::integer[]) and o.n = t.n and o.state in ('chosen', 'held')"""
SEEN = """
update card_order set seen_by = %(by)s, checked = false
where batch = %(batch)s and n = %(n)s and state = 'held' returning n"""
TAKE_OUT = """
update card_order set state = 'left', reason = %(reason)s, changed_at = %(at)s
where batch = %(batch)s and n = any(%(ns)s::integer[]) and state in ('chosen', 'held') returning n"""

# A step under way says so first; whoever goes on after a kill finds it.
FREEZING = """
update card_batch set state = 'freezing', frozen_by = %(by)s, frozen_at = %(at)s, issued_on = %(on)s,
    issuer = %(issuer)s, category = %(category)s, spec_version = %(spec_version)s
where id = %(batch)s and state = 'chosen'
  and not exists (select from card_order where batch = %(batch)s and state = 'chosen' and not checked)
  and exists (select from card_order where batch = %(batch)s and state = 'chosen') returning id"""
_ASKED = "o.n, number, o.line, o.card_serial, o.state"
TO_PUT = f"""
select {_ASKED}
from (select * from card_order where batch = %(batch)s and state = 'chosen' and n > %(after)s
      order by n limit %(limit)s) o
join person p on p.person_id = o.person_id order by n"""
IN_BATCH = f"""
select {_ASKED}
from (select * from card_order where batch = %(batch)s and state = 'in_batch' and n > %(after)s
      order by n limit %(limit)s) o
join person p on p.person_id = o.person_id order by n"""
TO_ARRIVE = f"""
select {_ASKED}
from (select * from card_order
      where batch = %(batch)s and state = 'made' and n > %(after)s
        and (bank = 'opened' or bank = '' and not exists (
            select from batch_partner where batch = %(batch)s and kind = 'bank'))
        and (%(serials)s::text[] is null or card_serial = any(%(serials)s::text[])) order by n limit %(limit)s) o
join person p on p.person_id = o.person_id order by n"""
REFUSED = """
update card_order as o set state = %(state)s, reason = t.reason, changed_at = %(at)s
from unnest(%(ns)s::integer[], %(reasons)s::text[]) as t (n, reason)
where o.batch = %(batch)s and o.n = any(%(ns)s::integer[]) and o.n = t.n and o.state = %(was)s"""
# The lines of a batch are counted when its cards are known; who was held back stays here and is chosen another time.
LINES = """
update card_order as o set line = t.line
from (select person_id, row_number() over (order by n) as line from card_order
      where batch = %(batch)s and state = 'in_batch') as t
where o.batch = %(batch)s and o.person_id = t.person_id and exists (
    select from card_batch where id = %(batch)s and state = 'freezing')"""
HELD_ARE_LEFT = """
update card_order set state = 'left', changed_at = %(at)s where batch = %(batch)s and state in ('chosen', 'held')"""
FROZEN = "update card_batch set state = 'frozen' where id = %(batch)s and state = 'freezing' returning id"
APPROVE = """
update card_batch set state = 'approved', approved_by = %(by)s, approved_at = %(at)s
where id = %(batch)s and state = 'frozen' returning id"""
SENT = """
update card_batch set state = 'sent', sent_by = %(by)s, sent_at = %(at)s
where id = %(batch)s and state = 'approved' returning id"""
WITHDRAWING = """
update card_batch set state = 'withdrawing', withdrawn_by = %(by)s, withdrawn_at = %(at)s, reason = %(reason)s
where id = %(batch)s and state in ('chosen', 'freezing', 'frozen', 'approved') returning id"""
WITHDRAWN = "update card_batch set state = 'withdrawn' where id = %(batch)s and state = 'withdrawing'"
CLOSE = """
update card_batch set state = 'closed', closed_at = %(at)s
where id = %(batch)s and state = 'sent'
  and not exists (select from card_order where batch = %(batch)s and state = 'in_batch') returning id"""

# Card by card for the maker, in one stream. The entry that put a card into the batch stands in the journal before its
# photo is opened: a card without it says so by nothing in the first column.
_ORDERED = """
j.seq, o.line, o.card_serial, o.card_number, p.number, p.name, p.sex, p.birth_on, a.ethnic_group, a.collect_at"""
_ORDERED_FROM = """
card_order o
join person p on p.person_id = o.person_id
join application a on a.person_id = o.person_id and a.n = o.application
left join journal j on j.person_id = o.person_id and j.seq = o.put_seq and j.service = 'put_in_batch'
    and j.outcome = 'accepted'"""
_WITH_PHOTO = f"""
select {_ORDERED}, s.id, s.draft, s.number, s.kind, s.format, s.digest, s.sealed, k.id, k.wrapped,
       m.format, m.digest, m.image
from {_ORDERED_FROM}
left join paper s on s.id = o.paper and o.paper <> ''
left join data_key k on k.id = s.data_key
left join photo m on m.person_id = o.person_id and o.paper = '' and m.undone_at is null"""
ORDERS = f"{_WITH_PHOTO} where o.batch = %(batch)s and o.state = 'in_batch' order by o.line"
# Some of them, to be looked at before the batch leaves.
PROOFS = f"""{_WITH_PHOTO}
where o.batch = %(batch)s and o.state = 'in_batch' and o.line >= %(line)s order by o.line limit %(cards)s"""
# For the bank, which is sent no photo: all that are made or being made, but those whose account is open.
ORDERS_OF_BANK = f"""
select {_ORDERED} from {_ORDERED_FROM}
where o.batch = %(batch)s and o.state in ('in_batch', 'made', 'ready', 'collected') and o.bank <> 'opened'
order by o.line"""

_LINE = """
o.n, o.line, o.person_id, number, name, o.application, o.state, checked, faults, seen_by, o.card_number, o.card_serial,
blank, reason, changed_at, bank, bank_account, bank_reason,
(select r.batch from card_order r where r.person_id = o.person_id and r.application = o.application
   and r.batch <> o.batch and r.put_seq > o.put_seq order by r.put_seq limit 1)"""
OF_BATCH = f"""
select {_LINE} from card_order o join person p on p.person_id = o.person_id
where batch = %(batch)s and o.n > %(after)s
  and (%(states)s::text[] is null or o.state = any(%(states)s::text[])) order by o.n limit %(limit)s"""

# What a file of results or of the bank says is held against these, some hundred lines at a time.
BY_LINE = """
select line, n, number, card_number, card_serial, state, blank, bank from card_order o
join person p on p.person_id = o.person_id where batch = %(batch)s and line = any(%(lines)s::integer[])"""
BATCH_OF_NUMBER = """
select card_number, batch from card_order where card_number = any(%(numbers)s::text[]) and batch <> %(batch)s"""
BLANKS_USED = "select blank, card_serial from card_order where blank = any(%(blanks)s::text[])"
BANK_SAID = """
update card_order as o set bank = t.bank, bank_account = t.account, bank_reason = t.reason, bank_at = %(at)s
from unnest(%(lines)s::integer[], %(banks)s::text[], %(accounts)s::text[], %(reasons)s::text[])
     as t (line, bank, account, reason)
where o.batch = %(batch)s and o.line = any(%(lines)s::integer[]) and o.line = t.line and o.bank <> 'opened'"""

LOCK_EVENTS = "select pg_advisory_xact_lock(7, hashtext(%(batch)s))"
NOTE = """
insert into card_batch_event (batch, n, at, by_whom, what, name, counts, faults)
select %(batch)s, coalesce(max(n), 0) + 1, %(at)s, %(by)s, %(what)s, %(name)s, %(counts)s, %(faults)s
from card_batch_event where batch = %(batch)s returning n"""
EVENTS = """
select n, at, by_whom, what, name, counts, faults from card_batch_event where batch = %(batch)s order by n desc"""
