"""What is kept of holders at the public page: their sessions, and the codes that a window gave on paper."""

BEGIN = """
insert into holder_session (digest, person_id, how, began_at, seen_at)
values (%(digest)s, %(person_id)s, %(how)s, %(at)s, %(at)s)"""
# Nobody's, from the moment at which a death is registered.
SESSION = """
select s.person_id, s.how, s.began_at, s.seen_at, s.ended_at, s.why
from holder_session s join person p on p.person_id = s.person_id
where s.digest = %(digest)s and p.standing <> 'dead'"""
SEEN = "update holder_session set seen_at = %(at)s where digest = %(digest)s"
END = "update holder_session set ended_at = %(at)s, why = %(why)s where digest = %(digest)s and ended_at is null"
END_OTHERS = """
update holder_session set ended_at = %(at)s, why = %(why)s
where person_id = %(person_id)s and digest <> %(digest)s and ended_at is null"""

# Who has a number and a telephone together; a row without a person where nobody has both.
ASKED = """
select k.person_id from (select %(number)s::text as number) as asked left join person_key k using (number)"""
# Nobody waits for the disk then: else an answer that wrote something would come later than one that did not.
WITHOUT_WAITING = "select set_config('synchronous_commit', 'off', true)"
# One statement, whether or not there is such a telephone: a stranger learns nothing from how long it takes.
# Nothing goes to the telephone of somebody who died: others have it now.
SEND_CODE = """
insert into notification (person_id, seq, kind, caused_at, due_at, receiver, said, language)
select t.person_id, %(seq)s, 'sign_in_code', %(at)s, %(at)s, t.number, %(said)s, %(language)s
from telephone t join person p on p.person_id = t.person_id
where t.person_id = %(person_id)s::bigint and t.number = %(telephone)s and p.standing <> 'dead'
returning person_id"""
SEND = """
insert into notification (person_id, seq, kind, caused_at, due_at, receiver, said, language)
values (%(person_id)s, %(seq)s, %(kind)s, %(at)s, %(at)s, %(receiver)s, %(said)s, %(language)s)"""

# A new code on paper takes the place of the one before: the last that was given counts. Nothing comes back where two
# were given at the very same time, and whoever gave the second tries again.
GIVE_SLIP = """
insert into holder_slip (person_id, n, key_id, value, given_at, until, given_by, place)
select %(person_id)s, coalesce(max(n), 0) + 1, %(key_id)s, %(value)s, %(at)s, %(until)s, %(by)s, %(place)s
from holder_slip where person_id = %(person_id)s
on conflict (person_id, n) do nothing returning n"""
SLIP = """
select s.n, s.key_id, s.value, s.until, s.used_at from holder_slip s join person p on p.person_id = s.person_id
where s.person_id = %(person_id)s::bigint and p.standing <> 'dead'
order by s.n desc limit 1"""
USE_SLIP = """
update holder_slip set used_at = %(at)s
where person_id = %(person_id)s and n = %(n)s and used_at is null returning person_id"""
