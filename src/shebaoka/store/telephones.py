"""What is kept of people's telephones, and of who said them."""

OF = """
select person_id, number, agreed, language, changed_at, changed_by from telephone where person_id = %(person_id)s"""
KEEP = """
insert into telephone (person_id, n, number, agreed, language, changed_at, changed_by)
values (%(person_id)s, 1, %(number)s, %(agreed)s, %(language)s, %(at)s, %(by)s)
on conflict (person_id) do update set n = telephone.n + 1, number = excluded.number, agreed = excluded.agreed,
    language = excluded.language, changed_at = excluded.changed_at, changed_by = excluded.changed_by
where (telephone.number, telephone.agreed, telephone.language)
      is distinct from (excluded.number, excluded.agreed, excluded.language)
returning n"""
NOTE = """
insert into telephone_event (person_id, n, at, by_whom, place, number, agreed, language)
values (%(person_id)s, %(n)s, %(at)s, %(by)s, %(place)s, %(number)s, %(agreed)s, %(language)s)"""
EVENTS = """
select n, at, by_whom, place, number, agreed, language from telephone_event where person_id = %(person_id)s
order by n desc"""
