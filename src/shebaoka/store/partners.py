"""What is kept of makers and banks: who they are, their public keys, and our own keys for files, wrapped."""

PARTNERS = "select code, kind, name, format, added_at, ended_at from partner order by ended_at is not null, code"
PARTNER = "select code, kind, name, format, added_at, ended_at from partner where code = %(code)s"
ADD = """
insert into partner (code, kind, name, format, added_at)
values (%(code)s, %(kind)s, %(name)s, %(format)s, %(at)s) on conflict (code) do nothing returning code"""
CHANGE = """
update partner set name = %(name)s, format = %(format)s
where code = %(code)s and kind = %(kind)s and ended_at is null returning code"""
END = "update partner set ended_at = %(at)s where code = %(code)s and ended_at is null returning code"

KEYS = """
select id, partner, use, public, from_on, until_on, added_at, ended_at from partner_key
where %(code)s::text is null or partner = %(code)s order by ended_at is not null, partner, use, until_on desc, id"""
KEY = "select id, partner, use, public, from_on, until_on, added_at, ended_at from partner_key where id = %(id)s"
ADD_KEY = """
insert into partner_key (id, partner, use, public, from_on, until_on, added_at)
select %(id)s, code, %(use)s, %(public)s, %(from)s, %(until)s, %(at)s from partner
where code = %(code)s and ended_at is null
on conflict (id) do nothing returning id"""
END_KEY = "update partner_key set ended_at = %(at)s where id = %(id)s and ended_at is null returning partner"

OWN_KEYS = """
select id, '', use, public, from_on, until_on, added_at, ended_at from own_file_key
order by ended_at is not null, use, until_on desc, id"""
ADD_OWN_KEY = """
insert into own_file_key (id, use, public, wrapped, from_on, until_on, added_at)
values (%(id)s, %(use)s, %(public)s, %(wrapped)s, %(from)s, %(until)s, %(at)s)"""
OWN_WRAPPED = "select wrapped from own_file_key where id = %(id)s"
END_OWN_KEY = "update own_file_key set ended_at = %(at)s where id = %(id)s and ended_at is null returning id"

# A batch goes to one maker and one bank; whoever names another one later is told.
CLAIM_BATCH = """
insert into batch_partner (batch, kind, partner, by_whom, at)
values (%(batch)s, %(kind)s, %(partner)s, %(by)s, %(at)s) on conflict (batch, kind) do nothing"""
PARTNER_OF_BATCH = "select partner from batch_partner where batch = %(batch)s and kind = %(kind)s"
