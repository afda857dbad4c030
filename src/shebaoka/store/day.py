"""A day of the journal counted by who asked where for what, and how it was answered."""

# Who asked is in the entry's text, as the JSON of its sender. Cutting it out costs a sixth of reading the text as JSON:
# 0.2 s for 100,000 entries. A quotation mark that somebody typed stands there behind a backslash, so that neither key
# can be part of what was typed.
BY_SENDER = """
select split_part(split_part(body, '"sender":', 2), ',"given":', 1), service, outcome, ground, clause, count(*)
from journal where at >= %(since)s and at < %(until)s group by 1, 2, 3, 4, 5"""

# All that was asked at one place, looks left out, with whom it was about; `place` is a piece of the sender's JSON.
DONE_AT = """
select j.person_id, j.seq, j.at, j.service, j.outcome, j.ground, j.clause, j.also, j.body, j.hash, p.name, p.number
from journal j left join person p on p.person_id = j.person_id
where j.at >= %(since)s and j.at < %(until)s and j.service <> 'look_up_person' and strpos(j.body, %(place)s) > 0
order by j.at, j.person_id, j.seq"""
