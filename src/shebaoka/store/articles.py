"""What is kept of questions and related notices, of the hosts that links may lead to, and of what was signed off."""

# Whoever writes, decides or signs off takes turns, so that each sees what the one before did. 1 to 7 are the first keys
# of other locks.
LOCK = "select pg_advisory_xact_lock(8, 0)"

_VERSION = """article, kind, n, place, from_on, until_on, texts, written_by, written_at, state, decided_by, decided_at,
       reason, withdrawn_by, withdrawn_at"""

ADD = "insert into article (kind, begun_at) values (%(kind)s, %(at)s) returning id"
ADD_VERSION = """
insert into article_version (article, n, place, from_on, until_on, texts, written_by, written_at)
select %(article)s, 1 + coalesce(max(n), 0), %(place)s, %(from)s, %(until)s, %(texts)s, %(by)s, %(at)s
from article_version where article = %(article)s returning n"""
VERSIONS = f"""
select {_VERSION} from article_version join article on id = article order by kind, place, article, n desc"""
VERSIONS_OF = f"""
select {_VERSION} from article_version join article on id = article where article = %(article)s order by n desc"""
APPROVED = f"""
select {_VERSION} from article_version join article on id = article where state = 'approved'
order by kind, place, article, n desc"""
DECIDE = """
update article_version set state = %(state)s, decided_by = %(by)s, decided_at = %(at)s, reason = %(reason)s
where article = %(article)s and n = %(n)s and state = 'waiting' returning n"""
WITHDRAW = """
update article_version set state = 'withdrawn', withdrawn_by = %(by)s, withdrawn_at = %(at)s
where article = %(article)s and state = any(%(states)s) returning n"""
WAITING = """
select (select count(*) from article_version where state = 'waiting')
     + (select count(*) from link_host where state = 'waiting')"""

_HOST = "host, proposed_by, proposed_at, state, decided_by, decided_at, ended_by, ended_at"
HOSTS = f"select {_HOST} from link_host order by state not in ('waiting', 'approved'), host, id desc"
PROPOSE_HOST = """
insert into link_host (host, proposed_by, proposed_at) values (%(host)s, %(by)s, %(at)s)
on conflict (host) where state in ('waiting', 'approved') do nothing returning host"""
DECIDE_HOST = """
update link_host set state = %(state)s, decided_by = %(by)s, decided_at = %(at)s
where host = %(host)s and state = 'waiting' returning host"""
END_HOST = """
update link_host set state = 'ended', ended_by = %(by)s, ended_at = %(at)s
where host = %(host)s and state in ('waiting', 'approved') returning decided_by"""

_SIGNOFF = "n, what, code, manifest, prepared_by, signed_by, at, before, key_id, mac"
HEAD = f"select {_SIGNOFF} from site_signoff order by n desc limit 1"
SIGNOFFS = f"select {_SIGNOFF} from site_signoff order by n"
SIGN_OFF = f"""
insert into site_signoff ({_SIGNOFF})
values (%(n)s, %(what)s, %(code)s, %(manifest)s, %(prepared_by)s, %(signed_by)s, %(at)s, %(before)s, %(key_id)s,
        %(mac)s)"""
# What changes with every sign-off, without its manifest.
MARK = "select n, mac from site_signoff order by n desc limit 1"
# What windows said as it was signed off, by its digest.
TEXTS = "select content from signed_text where digest = any(%(digests)s)"
KEEP_TEXTS = """
insert into signed_text (digest, content) select * from unnest(%(digests)s::text[], %(contents)s::bytea[])
on conflict do nothing"""
KEEP_IF_SIGNED = """
insert into signed_text (digest, content) select %(digest)s, %(content)s
from (select manifest from site_signoff order by n desc limit 1) as latest where strpos(manifest, %(digest)s) > 0
on conflict do nothing"""
PROPOSAL = "select manifest, prepared_by, prepared_at from site_proposal where ended_at is null"
END_PROPOSAL = "update site_proposal set ended_at = %(at)s where ended_at is null"
PROPOSE = """
insert into site_proposal (manifest, prepared_by, prepared_at) values (%(manifest)s, %(by)s, %(at)s)"""
