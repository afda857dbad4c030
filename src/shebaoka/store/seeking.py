"""Searching the journal: within a stretch of time by its BRIN, or of one person by its key; never all of it by text."""

_ENTRY = "person_id, seq, at, service, outcome, ground, clause, also, body, hash"
# `by` and `place` are pieces of an entry's text that nobody can have typed: a quotation mark that was typed stands
# behind a backslash there.
_FITS = """
  and (%(clause)s::text is null or clause = %(clause)s or %(clause)s = any(also))
  and (%(outcome)s::text is null or outcome = %(outcome)s)
  and (%(service)s::text is null or service = %(service)s)
  and (%(by)s::text is null or strpos(body, %(by)s) > 0)
  and (%(place)s::text is null or strpos(body, %(place)s) > 0)
  and (%(before)s::timestamptz is null or (at, person_id, seq) < (%(before)s, %(before_person)s, %(before_seq)s))
order by at desc, person_id desc, seq desc limit %(limit)s"""
IN_TIME = f"select {_ENTRY} from journal where at >= %(since)s and at < %(until)s {_FITS}"
OF_PERSON = f"""
select {_ENTRY} from journal where person_id = %(person)s and at >= %(since)s and at < %(until)s {_FITS}"""

# A person's entries with the head that their dossier names; who has no entry, or no head, has one line all the same.
CHAIN = """
select person_id, seq, at, service, outcome, ground, clause, also, body, hash, version, chain
from (select person_id, seq, at, service, outcome, ground, clause, also, body, hash
      from journal where person_id = %(person)s) as j
full join (select person_id, version, chain from dossier where person_id = %(person)s) as d using (person_id)
order by seq"""

LAST_SEAL = "select day, entries from journal_seal order by day desc limit 1"
VERIFIED = """
insert into journal_verification (at, entries, people, days_sealed, replayed, faults)
values (%(at)s, %(entries)s, %(people)s, %(days_sealed)s, %(replayed)s, %(faults)s)"""
LAST_VERIFIED = """
select at, entries, people, days_sealed, replayed, faults from journal_verification order by id desc limit 1"""
