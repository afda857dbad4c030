"""What is kept of calls to the hotline: who took them, how they went, and what was done on them."""

_CALL = """
id, operator, place, begun_at, language, matter, number, claims, asked, asked_before, tries, identified_at, caller,
ended_at, outcome, note"""

CALL = f"select {_CALL} from hotline_call where id = %(id)s"
OPEN_OF = f"select {_CALL} from hotline_call where operator = %(by)s and ended_at is null"
LATEST_OF = f"""
select {_CALL} from hotline_call where operator = %(by)s and ended_at is not null
order by begun_at desc limit %(limit)s"""
BETWEEN = f"""
select {_CALL} from hotline_call where begun_at >= %(since)s and begun_at < %(until)s
  and (%(operator)s::text is null or operator = %(operator)s)
  and (%(before)s::text is null
       or (begun_at, id) < (select before.begun_at, before.id from hotline_call before where before.id = %(before)s))
order by begun_at desc, id desc limit %(limit)s"""
COUNTS = """
select count(*), count(identified_at), count(*) filter (where identified_at is null and tries > 0)
from hotline_call where begun_at >= %(since)s and begun_at < %(until)s
  and (%(operator)s::text is null or operator = %(operator)s)"""
# Of one operator one call is open: whoever begins a second goes on with the first.
ADD = f"""
insert into hotline_call (id, operator, place, begun_at, language)
values (%(id)s, %(by)s, %(place)s, %(at)s, %(language)s)
on conflict (operator) where ended_at is null do nothing returning {_CALL}"""
CLAIM = f"""
update hotline_call set number = %(number)s, matter = %(matter)s, claims = claims + 1, asked = %(asked)s,
    asked_before = asked_before || %(asked)s::text[]
where id = %(id)s and operator = %(by)s and ended_at is null and identified_at is null and claims = %(claims)s
  and claims < %(claims_max)s and tries < %(tries_max)s returning {_CALL}"""
# A round is answered once: the second of two forms about it finds that the tries have moved on.
WRONG = f"""
update hotline_call set tries = tries + 1, asked = %(asked)s, asked_before = asked_before || %(asked)s::text[]
where id = %(id)s and operator = %(by)s and ended_at is null and identified_at is null and tries = %(tries)s
  and claims = %(claims)s and asked <> '{{}}' returning {_CALL}"""
IDENTIFIED = f"""
update hotline_call set tries = tries + 1, asked = '{{}}', identified_at = %(at)s, caller = %(caller)s
where id = %(id)s and operator = %(by)s and ended_at is null and identified_at is null and tries = %(tries)s
  and claims = %(claims)s and asked <> '{{}}' returning {_CALL}"""
# What is kept for good has no number: who the caller was is known by their id, if they were identified.
END = f"""
update hotline_call set ended_at = %(at)s, outcome = %(outcome)s, note = %(note)s, number = null, asked = '{{}}'
where id = %(id)s and operator = %(by)s and ended_at is null returning {_CALL}"""

END_FORGOTTEN = """
update hotline_call set ended_at = %(at)s, outcome = 'cut_off', number = null, asked = '{}'
where ended_at is null and begun_at < %(before)s returning id"""
NOTE = """
insert into hotline_call_event (call, n, at, what, said)
select %(id)s, coalesce(max(n), 0) + 1, %(at)s, %(what)s, %(said)s from hotline_call_event where call = %(id)s
having bool_or(what = %(what)s and said = %(said)s and said <> '') is not true
on conflict do nothing returning n"""
EVENTS = "select n, at, what, said from hotline_call_event where call = %(id)s order by n"

# The last entry of each service that tells when somebody used their card, and at which window they were.
LAST_SEEN = """
select distinct on (service) person_id, seq, at, service, outcome, ground, clause, also, body, hash from journal
where person_id = %(person_id)s and outcome = 'accepted' and service <> 'look_up_person'
  and (service = any(%(uses)s) or body::json #>> '{sender,channel}' = 'window')
order by service, seq desc"""

# How many people share what a caller is asked for; each is read through, once a day: 1.2 s for 3.4 million people.
INSURED_ON = "select insured_on, count(*) from person group by 1"
APPLIED_ON = "select applied_on, count(*) from application group by 1"
# Some people with numbers from the same county, and some of anywhere; each is the next one after a point.
STAND_INS = """
select p.number from unnest(%(points)s::text[]) with ordinality as point (at, n)
cross join lateral (
    select k.number from person_key k join person using (person_id)
    where k.number >= point.at and k.number < %(beyond)s order by k.number limit 1) as p
order by point.n"""
STAND_INS_OF_ANYWHERE = """
select p.number from unnest(%(points)s::float8[]) with ordinality as point (at, n)
cross join lateral (
    select number from person where person_id >= point.at * (select max(person_id) from person)
    order by person_id limit 1) as p
order by point.n"""
