"""What is kept of the outbox: which notifications wait, what became of them, and the keys of calls to a carrier."""

_COLUMNS = (
    "person_id, seq, kind, caused_at, state, due_at, attempts, again, again_by, receiver, said, language, carrier, "
    "reference, fault, ended_at"
)
DUE = f"""
select {_COLUMNS} from notification where state = 'waiting' and due_at <= %(at)s order by due_at, person_id, seq
limit %(limit)s"""
# Whoever reads the same row at the same time finds it changed, and leaves it alone.
CLAIM = """
update notification set attempts = attempts + 1, due_at = %(until)s
where person_id = %(person_id)s and seq = %(seq)s and kind = %(kind)s
  and state = 'waiting' and attempts = %(attempts)s and again = %(again)s and due_at <= %(at)s
returning attempts"""
COMPOSED = """
update notification set receiver = %(receiver)s, said = %(said)s, language = %(language)s
where person_id = %(person_id)s and seq = %(seq)s and kind = %(kind)s and state = 'waiting' and said = ''
returning person_id"""
# What came of an attempt; of one that somebody took over meanwhile, nothing.
PUT_DOWN = """
update notification set state = %(state)s, due_at = %(due_at)s, ended_at = %(ended_at)s, carrier = %(carrier)s,
    reference = %(reference)s, fault = %(fault)s
where person_id = %(person_id)s and seq = %(seq)s and kind = %(kind)s
  and state = 'waiting' and attempts = %(attempts)s and again = %(again)s
returning person_id"""
AGAIN = """
update notification set state = 'waiting', due_at = %(at)s, ended_at = null, attempts = 0, again = again + 1,
    again_by = %(by)s, receiver = '', said = '', language = '', carrier = '', reference = '', fault = ''
where person_id = %(person_id)s and seq = %(seq)s and kind = %(kind)s and state in ('given_up', 'untold')
  and kind <> all(%(as_it_was)s) returning person_id"""
# What follows no decision goes out as it was said, to whom it was said; nowhere, once the number is kept in part.
AGAIN_AS_IT_WAS = """
update notification set state = 'waiting', due_at = %(at)s, ended_at = null, attempts = 0, again = again + 1,
    again_by = %(by)s, carrier = '', reference = '', fault = ''
where person_id = %(person_id)s and seq = %(seq)s and kind = %(kind)s and state = 'given_up'
  and kind = any(%(as_it_was)s) and receiver ~ '^[0-9]{11}$' returning person_id"""
# Somebody has a telephone now: what they could not be told is tried once more.
TELL_NOW = """
update notification set state = 'waiting', due_at = %(at)s, ended_at = null, fault = ''
where person_id = %(person_id)s and state = 'untold' returning person_id"""
REMIND = """
insert into notification (person_id, seq, kind, caused_at, due_at)
select a.person_id, r.seq, 'uncollected', %(at)s, %(at)s
from application a cross join lateral (
    select j.seq, j.at from journal j
    where j.person_id = a.person_id and j.service = 'record_ready' and j.outcome = 'accepted'
    order by j.seq desc limit 1) as r
where a.making = 'ready' and r.at < %(before)s
  and not exists (select from notification n
                  where n.person_id = a.person_id and n.seq = r.seq and n.kind = 'uncollected')
on conflict do nothing returning person_id"""
# An index has these states alone; what was put down as ended is due at that instant.
LATEST_OPEN = f"""
select {_COLUMNS} from notification where state in ('waiting', 'given_up', 'untold') and state = any(%(states)s)
order by due_at desc, person_id, seq, kind limit %(limit)s"""
LATEST_ENDED = f"""
select {_COLUMNS} from notification where state = any(%(states)s) and ended_at is not null
order by ended_at desc, person_id, seq, kind limit %(limit)s"""
OF_PERSON = f"""
select {_COLUMNS} from notification where person_id = %(person_id)s order by caused_at desc, seq desc, kind"""
COUNTS = """
select state, count(*) from notification where state in ('waiting', 'given_up', 'untold') group by state
union all
select 'sent', count(*) from notification where state = 'sent' and ended_at >= %(since)s"""

ADD_KEY = """
insert into carrier_key (key_id, wrapped, added_at) values (%(key_id)s, %(wrapped)s, %(at)s)
on conflict (key_id) do nothing returning key_id"""
KEY = "select wrapped from carrier_key where key_id = %(key_id)s"
