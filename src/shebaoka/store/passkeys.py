"""What is kept of passkeys: whose they are, with which public key they are checked, and what they last counted."""

IS_PERSON = """
select p.name from staff_person p join staff s on s.name = p.name
where p.name = %(name)s and password is not null and ended_at is null"""
# The same, and whoever resets the account meanwhile waits until this is over, and then ends what it added.
HOLD_PERSON = """
update staff_person p set misses = misses
where name = %(name)s and password is not null
  and exists (select from staff s where s.name = p.name and s.ended_at is null) returning name"""
# The open ones first; of a handle it does not matter whether its key was ended.
OF_STAFF = """
select id, called, handle, transports, added_at, used_at, ended_at from staff_passkey where staff = %(name)s
order by ended_at is not null, added_at, id"""
OPEN = "select public_key, handle from staff_passkey where id = %(id)s and staff = %(name)s and ended_at is null"
ADD = """
insert into staff_passkey (id, staff, handle, called, public_key, sign_count, transports, added_at)
values (%(id)s, %(name)s, %(handle)s, %(called)s, %(public_key)s, %(count)s, %(transports)s, %(at)s)
on conflict (id) do nothing returning staff"""
# A key that counts must count on; one that never does stays at zero.
USE = """
update staff_passkey set sign_count = %(count)s, used_at = %(at)s
where id = %(id)s and staff = %(name)s and ended_at is null
  and (sign_count < %(count)s or (sign_count = 0 and %(count)s::bigint = 0)) returning staff"""
END = """
update staff_passkey set ended_at = %(at)s where id = %(id)s and staff = %(name)s and ended_at is null
returning staff"""
END_ALL = "update staff_passkey set ended_at = %(at)s where staff = %(name)s and ended_at is null returning id"
