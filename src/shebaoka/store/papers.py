"""Papers kept sealed, and the wrapped keys that they are sealed with: statements of the room of papers."""

_LINE = """id, draft, kind, format, width, height, size, digest, added_by, place, added_at, set_aside_at, set_aside_by,
       person_id, seq"""

KEY_OF_DAY = "select id, wrapped from data_key where day = %(day)s order by made_at desc, id limit 1"
ADD_KEY = "insert into data_key (id, day, wrapped, made_at) values (%(id)s, %(day)s, %(wrapped)s, %(at)s)"

# Who adds to one draft at the same moment waits for each other, so that none is over the limit. 1 to 5 are the first
# keys of other locks.
LOCK_DRAFT = "select pg_advisory_xact_lock(6, hashtext(%(draft)s))"
PAPERS_IN_DRAFT = "select count(*) from paper where draft = %(draft)s"
ADD = """
insert into paper (id, draft, number, kind, format, width, height, size, digest, data_key, sealed, added_by, place,
                   added_at)
values (%(id)s, %(draft)s, %(number)s, %(kind)s, %(format)s, %(width)s, %(height)s, %(size)s, %(digest)s, %(data_key)s,
        %(sealed)s, %(by)s, %(place)s, %(at)s)"""
PAPER = f"select {_LINE} from paper where id = %(id)s"
NUMBER_OF = "select number from paper where id = %(id)s"
OF_DRAFT = f"select {_LINE} from paper where draft = %(draft)s order by added_at, id"
OF_PERSON = f"""
select {_LINE} from paper
where person_id = %(person_id)s and number = (select number from person where person_id = %(person_id)s)
order by added_at desc, id"""
SET_ASIDE = """
update paper set set_aside_at = %(at)s, set_aside_by = %(by)s
where id = %(id)s and set_aside_at is null and person_id is null returning id"""
# A draft's papers become this person's only if they were taken in under their number, and there is such an entry.
ATTACH = """
update paper p set person_id = %(person_id)s, seq = %(seq)s
where draft = %(draft)s and p.person_id is null and set_aside_at is null
  and number = (select number from person where person_id = %(person_id)s)
  and exists (select from journal where person_id = %(person_id)s and seq = %(seq)s and outcome = 'accepted')
returning id"""
NOT_ATTACHED = """
select id from paper
where draft = %(draft)s and set_aside_at is null and (person_id, seq) is distinct from (%(person_id)s, %(seq)s)"""
SEALED = """
select p.id, draft, number, kind, format, digest, sealed, k.id, wrapped
from paper p join data_key k on k.id = data_key where p.id = %(id)s"""
# The newest photo that was confirmed at a window, if it was taken in under this person's own number.
PHOTO_OF = """
select p.id from paper p join person o on o.person_id = p.person_id and o.number = p.number
where p.person_id = %(person_id)s and kind = 'photo' order by added_at desc, p.id limit 1"""
HAS_PHOTO = """
select exists (select from paper p join person o on o.person_id = p.person_id and o.number = p.number
               where p.person_id = %(person_id)s and kind = 'photo')
    or exists (select from photo where person_id = %(person_id)s and undone_at is null)"""
MOVED_PHOTO_OF = """
select format, digest, image from photo where person_id = %(person_id)s and undone_at is null"""
