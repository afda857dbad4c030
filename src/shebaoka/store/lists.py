"""What is kept of employers' lists of applications: the list, and each row with its check and its answer."""

_LIST = "id, employer, agent, shows, file_name, rows, added_by, place, added_at"
_ROW = """
n, number, name, region, insured_on, collect_at, fault, fault_row, verdict, foretold, registers, photographed, paper,
asked_by, asked_place, outcome, answer, entry, ethnic_group"""

# A form that is sent twice names the same list; the second finds the first one's.
ADD = """
insert into employer_list (id, employer, agent, shows, file_name, rows, added_by, place, added_at)
values (%(id)s, %(employer)s, %(agent)s, %(shows)s, %(file_name)s, %(rows)s, %(by)s, %(place)s, %(at)s)
on conflict (id) do nothing returning id"""
ADD_ROWS = """
insert into employer_list_row (list, n, number, name, region, insured_on, collect_at, fault, fault_row, ethnic_group)
select %(id)s, * from unnest(%(ns)s::integer[], %(numbers)s::text[], %(names)s::text[], %(regions)s::text[],
    %(days)s::text[], %(windows)s::text[], %(faults)s::text[], %(fault_rows)s::integer[],
    %(ethnic_groups)s::text[])"""
LIST = f"select {_LIST} from employer_list where id = %(id)s"
LISTS = f"select {_LIST} from employer_list order by added_at desc, id limit %(limit)s"
COUNTS = """
select list, count(*) filter (where verdict = ''), count(*) filter (where verdict in ('fault', 'no')),
       count(*) filter (where verdict = 'good' and outcome = ''), count(*) filter (where outcome = 'accepted'),
       count(*) filter (where outcome = 'refused')
from employer_list_row where list = any(%(lists)s::text[]) group by list"""
ROWS = f"select {_ROW} from employer_list_row where list = %(id)s and n > %(after)s order by n limit %(limit)s"
BAD_ROWS = f"""
select {_ROW} from employer_list_row
where list = %(id)s and n > %(after)s and (verdict in ('fault', 'no') or outcome = 'refused')
order by n limit %(limit)s"""
# Rows that nobody has asked the desk about; a row that was is checked no more.
TO_CHECK = f"""
select {_ROW} from employer_list_row
where list = %(id)s and n > %(after)s and asked_by is null order by n limit %(limit)s"""
ON_FILE = """
select p.number, p.person_id, p.name,
       exists (select from photo f where f.person_id = p.person_id and f.undone_at is null),
       coalesce((select a.id from paper a where a.person_id = p.person_id and a.number = p.number and a.kind = 'photo'
                 order by a.added_at desc, a.id limit 1), '')
from person p
where p.person_id = any(array(select k.person_id from person_key k where k.number = any(%(numbers)s::text[])))"""
# Rows that a photo can still come for: not asked for, and with none on file or from the list before.
WITHOUT_PHOTO = """
select number, n from employer_list_row
where list = %(id)s and asked_by is null and not photographed and fault in ('', 'region_missing', 'insured_on_missing')
  and fault_row is null and octet_length(number) = 18"""
ROW_PHOTOS = """
select distinct on (draft) draft, id from paper
where draft = any(%(drafts)s::text[]) and kind = 'photo' and set_aside_at is null order by draft, added_at desc, id"""
CHECKED = """
update employer_list_row r
set verdict = c.verdict, fault = c.fault, foretold = c.foretold, registers = c.registers,
    photographed = c.photographed, paper = c.paper
from unnest(%(ns)s::integer[], %(verdicts)s::text[], %(faults)s::text[], %(foretold)s::text[], %(registers)s::boolean[],
            %(photographed)s::boolean[], %(papers)s::text[])
    as c (n, verdict, fault, foretold, registers, photographed, paper)
where r.list = %(id)s and r.n = any(%(ns)s::integer[]) and r.n = c.n and r.asked_by is null"""
# Whoever asks first is who asks, also when another goes on: the same request is sent again, or none.
CLAIM = """
update employer_list_row set asked_by = %(by)s, asked_place = %(place)s
where list = %(id)s and asked_by is null and verdict = 'good' and n in (
    select n from employer_list_row
    where list = %(id)s and n > %(after)s and verdict = 'good' and outcome = '' order by n limit %(limit)s)"""
CLAIMED = f"""
select {_ROW} from employer_list_row
where list = %(id)s and n > %(after)s and verdict = 'good' and outcome = '' and asked_by is not null
order by n limit %(limit)s"""
ANSWERED = """
update employer_list_row r set outcome = a.outcome, answer = a.answer, entry = a.entry
from unnest(%(ns)s::integer[], %(outcomes)s::text[], %(answers)s::text[], %(entries)s::text[])
    as a (n, outcome, answer, entry)
where r.list = %(id)s and r.n = any(%(ns)s::integer[]) and r.n = a.n and r.outcome = ''"""
