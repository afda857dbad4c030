"""What is kept of the staff: accounts, how people sign in, their sessions, and what happened to an account."""

BY_TOKEN = "select name, role, place from staff where token_hash = %(hash)s and ended_at is null"  # noqa: S105
BY_NAME = "select name, role, place from staff where name = %(name)s and ended_at is null"
EVERYBODY = """
select s.name, role, place, added_at, ended_at,
       case when p.name is null then 'token' when password is null then 'enrolling' else 'person' end,
       (select max(at) from staff_event e where e.name = s.name and what in ('signed_in', 'passkey_used'))
from staff s left join staff_person p on p.name = s.name order by s.name"""
ADD = """
insert into staff (name, role, place, token_hash, added_at) values (%(name)s, %(role)s, %(place)s, %(hash)s, %(at)s)
on conflict (name) do nothing returning name"""
END = "update staff set ended_at = %(at)s where name = %(name)s and ended_at is null returning name"
NOTE = "insert into staff_event (name, at, what, by_whom) values (%(name)s, %(at)s, %(what)s, %(by)s)"
EVENTS = "select at, what, by_whom from staff_event where name = %(name)s order by id desc limit %(limit)s"

ADD_PERSON = """
insert into staff_person (name, enrolment, enrolment_until, factor)
values (%(name)s, %(enrolment)s, %(until)s, %(factor)s)"""
# A new code: the old password and the old second factor count no more. Steps of another key are others.
RESET_PERSON = """
update staff_person set enrolment = %(enrolment)s, enrolment_until = %(until)s, factor = %(factor)s, password = null,
    factor_step = 0, misses = 0, missed_at = null
where name = %(name)s and exists (select from staff s where s.name = %(name)s and s.ended_at is null) returning name"""
ENROLLING = """
select factor from staff_person p join staff s on s.name = p.name
where p.name = %(name)s and s.ended_at is null and enrolment = %(enrolment)s and enrolment_until > %(at)s"""
ENROL = """
update staff_person set enrolment = null, enrolment_until = null, password = %(password)s, factor_step = %(step)s
where name = %(name)s and enrolment = %(enrolment)s and enrolment_until > %(at)s returning name"""
# A try is counted as a miss before anything is compared, so that many at once get no more tries than one after another.
TRY = """
update staff_person p set misses = misses + 1, missed_at = %(at)s
where name = %(name)s and password is not null
  and exists (select from staff s where s.name = %(name)s and s.ended_at is null)
  and (misses < %(free)s or missed_at is null or missed_at <= %(at)s::timestamptz - make_interval(
      secs => least(%(longest_s)s::float8, %(first_s)s::float8 * power(2, least(misses, 60) - %(free)s::float8))))
returning password, factor, factor_step"""
SIGNED_IN = """
update staff_person set misses = 0, missed_at = null, factor_step = %(step)s
where name = %(name)s and factor_step < %(step)s and password = %(password)s returning name"""
# Whoever had the right password: misses count no more, unless the account was reset meanwhile.
KNOWN = """
update staff_person set misses = 0, missed_at = null
where name = %(name)s and password = %(password)s returning name"""
REHASH = "update staff_person set password = %(password)s where name = %(name)s and password = %(old)s"

# One sign-in of an account at a time. 1 to 3 are the first keys of other locks.
LOCK = "select pg_advisory_xact_lock(4, hashtext(%(name)s))"
BEGIN_SESSION = """
insert into staff_session (digest, staff, began_at, seen_at)
select %(digest)s::bytea, name, %(at)s::timestamptz, %(at)s from staff where name = %(name)s and ended_at is null
returning staff"""
SESSION = """
select name, role, place, began_at, seen_at, s.ended_at, why
from staff_session s join staff on name = s.staff where digest = %(digest)s"""
SEEN = "update staff_session set seen_at = %(at)s where digest = %(digest)s and seen_at < %(at)s and ended_at is null"
END_SESSION = "update staff_session set ended_at = %(at)s, why = %(why)s where digest = %(digest)s and ended_at is null"
END_SESSIONS = "update staff_session set ended_at = %(at)s, why = %(why)s where staff = %(name)s and ended_at is null"
