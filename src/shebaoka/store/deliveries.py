"""What is read and written of cards on their way: consignments, what waits at windows, letters.

`desk/deliveries.py` and `desk/letters.py` run it. Whoever changes a consignment is alone at it, with `ALONE`, until the
commit.
"""

# A card whose account the bank was asked for, and which is not open, is kept back (5.3).
_KEPT_BACK = """exists (
    select from card_order o where o.person_id = a.person_id and o.batch = a.batch and (
        o.bank = 'refused' or o.bank = '' and exists (
            select from batch_partner b where b.batch = o.batch and b.kind = 'bank')))"""

_CONSIGNMENT = """
select c.id, c.kind, c.place, c.state, c.note, c.opened_by, c.opened_at, c.sent_by, c.sent_at, c.arrived_by,
       c.arrived_at, l.packed, l.arrived, l.missing, l.refused
from consignment c cross join lateral (
    select count(*) filter (where state = 'packed'), count(*) filter (where state = 'arrived'),
           count(*) filter (where state = 'missing'), count(*) filter (where state = 'refused')
    from consignment_card where consignment = c.id) as l (packed, arrived, missing, refused)"""
CONSIGNMENT = f"{_CONSIGNMENT} where c.id = %(id)s"
CONSIGNMENTS = f"""
{_CONSIGNMENT} where %(place)s::text is null or c.place = %(place)s
order by c.state = 'arrived', c.opened_at desc, c.id limit %(limit)s::bigint"""
OPEN = """
insert into consignment (id, kind, place, state, opened_by, opened_at)
values (%(id)s, %(kind)s, %(place)s, 'packing', %(by)s, %(at)s) on conflict (id) do nothing"""
ALONE = "update consignment set cards = cards where id = %(id)s returning state, cards"
GROW = "update consignment set cards = cards + %(n)s::integer where id = %(id)s"
SEND = """
update consignment set state = 'sent', note = %(note)s, sent_by = %(by)s, sent_at = %(at)s
where id = %(id)s and state = 'packing' returning id"""
ARRIVE = """
update consignment set state = 'arrived', arrived_by = %(by)s, arrived_at = %(at)s
where id = %(id)s and state = 'sent' returning id"""

# A card in the making, by its number or its serial, and which consignment it is in.
CARD = f"""
select a.person_id, a.making, a.collect_at, a.card_number, a.card_serial, a.ready_on, a.applied_on, p.number, p.name,
       (select consignment from consignment_card where card_serial = a.card_serial and state = 'packed'),
       {_KEPT_BACK}
from application a join person p on p.person_id = a.person_id
where a.person_id in (
        select person_id from card_number_key where number = %(text)s
        union all select person_id from card_serial_key where serial = %(serial)s)
  and (a.card_number = %(text)s or a.card_serial = %(serial)s)"""
ADD = """
insert into consignment_card (consignment, n, holder, card_number, card_serial, state, changed_by, changed_at)
values (%(id)s, %(n)s, %(holder)s, %(card_number)s, %(card_serial)s, 'packed', %(by)s, %(at)s)
on conflict do nothing returning n"""
# All that were made for a window, and are not kept back.
ADD_MADE = f"""
with added as (
    insert into consignment_card (consignment, n, holder, card_number, card_serial, state, changed_by, changed_at)
    select %(id)s, %(n)s + row_number() over (order by a.applied_on, a.person_id), a.person_id, a.card_number,
           a.card_serial, 'packed', %(by)s, %(at)s
    from application a
    where a.making = 'made' and a.collect_at = %(place)s
      and not {_KEPT_BACK}
      and not exists (select from consignment_card c where c.card_serial = a.card_serial and c.state = 'packed')
    order by a.applied_on, a.person_id limit %(limit)s
    on conflict do nothing returning n)
select count(*) from added"""
ADD_WAITING = """
with added as (
    insert into consignment_card (consignment, n, holder, card_number, card_serial, state, changed_by, changed_at)
    select %(id)s, %(n)s + row_number() over (order by a.ready_on, a.person_id), a.person_id, a.card_number,
           a.card_serial, 'packed', %(by)s, %(at)s
    from application a
    where a.making = 'ready' and a.card_serial = any(%(serials)s::text[])
      and not exists (select from consignment_card c where c.card_serial = a.card_serial and c.state = 'packed')
    on conflict do nothing returning n)
select count(*) from added"""
_LINE = """
select c.n, p.number, p.name, c.card_number, c.card_serial, c.state, c.ground, c.changed_by, c.changed_at
from consignment_card c join person p on p.person_id = c.holder"""
LINES = f"""
{_LINE} where c.consignment = %(id)s and c.n > %(after)s
  and (%(states)s::text[] is null or c.state = any(%(states)s::text[])) order by c.n limit %(limit)s::bigint"""
LINE = f"""
{_LINE} where c.consignment = %(id)s and (c.card_number = %(text)s or c.card_serial = %(serial)s)
order by c.state = 'packed' desc, c.n desc limit 1"""
SAID = """
update consignment_card as c set state = t.state, ground = t.ground, changed_by = %(by)s, changed_at = %(at)s
from unnest(%(ns)s::integer[], %(states)s::text[], %(grounds)s::text[]) as t (n, state, ground)
where c.consignment = %(id)s and c.n = t.n and c.state = 'packed'"""
REST_IS_MISSING = """
update consignment_card set state = 'missing', changed_by = %(by)s, changed_at = %(at)s
where consignment = %(id)s and state = 'packed'"""

# What waits at a window, the longest waiting first.
WAITING = """
select p.number, p.name, a.card_number, a.card_serial, a.collect_at, coalesce(a.ready_on, a.applied_on)
from application a join person p on p.person_id = a.person_id
where a.making = 'ready' and a.collect_at = %(place)s
order by a.ready_on nulls first, a.person_id limit %(limit)s::bigint"""
# Who took cards at a window; `place` is a piece of the JSON of whoever handed over.
HANDED_OVER = """
select j.person_id, j.seq, j.body, p.number, p.name
from journal j join person p on p.person_id = j.person_id
where j.service = 'collect_card' and j.outcome = 'accepted' and j.at >= %(since)s and j.at < %(until)s
  and (%(place)s::text is null or strpos(j.body, %(place)s) > 0)
order by j.at desc, j.person_id, j.seq limit %(limit)s::bigint"""
HANDED_OVER_TO = """
select j.person_id, j.seq, j.body, p.number, p.name
from journal j join person p on p.person_id = j.person_id
where j.service = 'collect_card' and j.outcome = 'accepted' and p.person_id = (
    select person_id from person_key where number = %(number)s)
order by j.seq desc limit %(limit)s::bigint"""

# Letters.
PERSON = "select person_id from person_key where number = %(number)s"
ADDRESS = "select recipient, telephone, address from postal_address where person_id = %(person_id)s"
SAY_ADDRESS = """
insert into postal_address (person_id, recipient, telephone, address, said_by, said_at)
values (%(person_id)s, %(recipient)s, %(telephone)s, %(address)s, %(by)s, %(at)s)
on conflict (person_id) do update set recipient = excluded.recipient, telephone = excluded.telephone,
    address = excluded.address, said_by = excluded.said_by, said_at = excluded.said_at"""
TO_POST = f"""
select p.number, p.name, a.card_number, a.card_serial, d.recipient, d.telephone, d.address
from application a join person p on p.person_id = a.person_id
left join postal_address d on d.person_id = a.person_id
where a.making in ('made', 'returned') and a.collect_at = 'post'
  and not {_KEPT_BACK}
order by a.applied_on, a.person_id limit %(limit)s::bigint"""
_LETTER = """
select p.number, p.name, l.card_number, l.card_serial, l.recipient, l.telephone, l.address, l.carrier, l.tracking,
       l.sent_by, l.sent_at, l.state, l.proof, l.ended_by, l.ended_at, l.n
from posted_card l join person p on p.person_id = l.holder"""
LETTERS = f"{_LETTER} order by l.state <> 'sent', l.sent_at desc, l.card_serial limit %(limit)s::bigint"
LETTER = f"""
{_LETTER} where l.card_number = %(text)s or l.card_serial = %(serial)s or l.tracking = %(tracking)s
order by l.sent_at desc limit 1"""
# One that came back may be sent again; then it is the same card in another letter.
POST = """
insert into posted_card (card_serial, n, holder, card_number, recipient, telephone, address, carrier, tracking, sent_by,
                         sent_at, state)
values (%(card_serial)s, 1, %(holder)s, %(card_number)s, %(recipient)s, %(telephone)s, %(address)s, %(carrier)s,
        %(tracking)s, %(by)s, %(at)s, 'sent')
on conflict (card_serial) do update set n = posted_card.n + 1, recipient = excluded.recipient,
    telephone = excluded.telephone, address = excluded.address, carrier = excluded.carrier,
    tracking = excluded.tracking, sent_by = excluded.sent_by, sent_at = excluded.sent_at, state = 'sent', proof = '',
    ended_by = null, ended_at = null
where posted_card.state = 'back' returning n"""
END_LETTER = """
update posted_card set state = %(state)s, proof = %(proof)s, ended_by = %(by)s, ended_at = %(at)s
where card_serial = %(card_serial)s and state = 'sent' returning n"""
