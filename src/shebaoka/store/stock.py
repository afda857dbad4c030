"""What is read and written of blank cards: places, moves, counts. `desk/stock.py` runs it.

A blank that a decision at a window uses is written by `Store.save`, with `sql.COUNT_BLANKS` and what follows it.
Whoever changes anything first is alone at the place's stock, with `ALONE`, which holds its row until the commit.
"""

PLACES = "select code, kind, name from stock_place order by kind, code"
PLACE = "select code, kind, name from stock_place where code = %(code)s"
ADD_PLACE = """
insert into stock_place (code, kind, name, added_by, added_at)
values (%(code)s, %(kind)s, %(name)s, %(by)s, %(at)s) on conflict (code) do nothing returning code"""
# A window's own name, where windows are kept; where there are none, a place at which somebody with such a role sits.
WINDOW = """
select code, name from service_window where code = %(code)s and ended_at is null
union all
select place, place from staff where place = %(code)s and ended_at is null and role = any(%(roles)s::text[])
    and not exists (select from service_window)
limit 1"""
KEEP = "insert into stock (place, kind, moves) values (%(place)s, %(kind)s, 0) on conflict do nothing"
ALONE = "update stock set moves = moves + 1 where place = %(place)s and kind = %(kind)s returning moves"
KEEPS = "select exists (select from stock where place = %(place)s and kind = %(kind)s)"

LEVELS = """
select p.code, p.kind, p.name, s.kind, b.in_stock, l.spoilt, l.missing, coalesce(b.next, ''), c.at,
       c.counted - c.expected, since.moves
from stock s join stock_place p on p.code = s.place
cross join lateral (
    select count(*), min(number) from blank where place = s.place and kind = s.kind and state = 'in_stock'
) as b (in_stock, next)
cross join lateral (
    select count(*) filter (where state = 'spoilt'), count(*) filter (where state = 'missing') from blank
    where place = s.place and kind = s.kind and state in ('spoilt', 'missing')
) as l (spoilt, missing)
left join lateral (
    select at, counted, expected, last_move from stock_count
    where place = s.place and kind = s.kind order by n desc limit 1
) c on true
cross join lateral (
    select count(*) from (
        select id from stock_move where source = s.place and kind = s.kind and id > coalesce(c.last_move, 0)
        union select id from stock_move where target = s.place and kind = s.kind and id > coalesce(c.last_move, 0)) m
) as since (moves)
where %(place)s::text is null or s.place = %(place)s
order by p.kind, p.code, s.kind"""
NEXT = """
select number from blank where place = %(place)s and kind = %(kind)s and state = 'in_stock' order by number limit 1"""
BLANK = "select number, kind, place, state from blank where number = %(number)s"
# Numbers side by side: what they are ahead of their rank is the same for all of them.
RANGES = """
select min(number), max(number), count(*)::integer from (
    select number, prefix, size, ltrim(number, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')::bigint - row_number() over (
               partition by prefix, size order by number) as ahead
    from blank cross join lateral (select rtrim(number, '0123456789'), length(number)) as l (prefix, size)
    where place = %(place)s and kind = %(kind)s and state = 'in_stock') as n
group by prefix, size, ahead order by min(number) limit %(limit)s::bigint"""

RECEIVE = """
with added as (
    insert into blank (number, kind, place, state)
    select %(prefix)s || lpad(n::text, %(digits)s::integer, '0'), %(kind)s, %(place)s, 'in_stock'
    from generate_series(%(low)s::bigint, %(high)s::bigint) as n
    on conflict do nothing returning 1)
select count(*) from added"""
MOVE = """
with moved as (
    update blank set place = %(target)s
    where number between %(first)s and %(last)s and length(number) = length(%(first)s::text)
      and place = %(source)s and kind = %(kind)s and state = 'in_stock' returning 1)
select count(*) from moved"""
ELSEWHERE = """
select number, kind, place, state from blank
where number between %(first)s and %(last)s and length(number) = length(%(first)s::text)
  and (place, kind, state) <> (%(place)s, %(kind)s, 'in_stock')
order by number limit 3"""
MARK = """
update blank set state = %(state)s where number = %(number)s and place = %(place)s and state = %(was)s
returning number"""
ADD_MOVE = """
insert into stock_move (what, kind, source, target, first_number, last_number, cards, note, by_whom, at)
values (%(what)s, %(kind)s, %(source)s, %(target)s, %(first)s, %(last)s, %(cards)s, %(note)s, %(by)s, %(at)s)"""
_MOVE = """
select id, what, kind, source, target, first_number, last_number, cards, note, card_number,
       coalesce(holder || '-' || entry, ''), by_whom, at
from stock_move"""
MOVES = f"""
{_MOVE} where (%(place)s::text is null or source = %(place)s or target = %(place)s) and id < %(before)s
order by id desc limit %(limit)s::bigint"""
MOVES_OF_BLANK = f"""
{_MOVE} where %(number)s between first_number and last_number and length(first_number) = length(%(number)s::text)
order by id desc limit %(limit)s::bigint"""
MOVE_OF_ENTRY = f"{_MOVE} where holder = %(holder)s and entry = %(entry)s"

# Blanks that a maker has used for a batch: which of them it does not have, and then all of them as used, by ranges.
UNFIT = """
select u.number, b.place, b.kind, b.state from unnest(%(numbers)s::text[]) as u (number)
left join blank b on b.number = u.number
where (b.place, b.kind, b.state) is distinct from (%(place)s, %(kind)s, 'in_stock')
  and not (b.place = %(place)s and b.state = 'used' and exists (
    select from stock_move m where m.what = 'used' and m.note = %(note)s and m.source = %(place)s
    and u.number between m.first_number and m.last_number and length(m.first_number) = length(u.number)))"""
SPEND = """
with spent as (
    update blank set state = 'used' where number = any(%(numbers)s::text[]) and place = %(place)s and kind = %(kind)s
      and state = 'in_stock' returning number)
select number from spent"""
ADD_USED = """
insert into stock_move (what, kind, source, target, first_number, last_number, cards, note, by_whom, at)
select 'used', %(kind)s, %(place)s, '', min(number), max(number), count(*), %(note)s, %(by)s, %(at)s from (
    select number collate "C" as number, prefix, size,
           ltrim(number, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')::bigint - row_number() over (
               partition by prefix, size order by number collate "C") as ahead
    from unnest(%(numbers)s::text[]) as u (number)
    cross join lateral (select rtrim(number, '0123456789'), length(number)) as l (prefix, size)) as n
group by prefix, size, ahead order by 5"""

_COUNT = """
select place, kind, n, opening, came_in, went_out, used, spoilt, missing, found, expected, counted, reason, by_whom, at
from stock_count"""
COUNTS = f"""
{_COUNT} where place = %(place)s and (%(kind)s::text is null or kind = %(kind)s)
order by at desc, kind, n desc limit %(limit)s::bigint"""
LAST_COUNT = """
select n, expected, last_move, counted, by_whom from stock_count where place = %(place)s and kind = %(kind)s
order by n desc limit 1"""
IN_STOCK = "select count(*) from blank where place = %(place)s and kind = %(kind)s and state = 'in_stock'"
MOVED_SINCE = """
select coalesce(sum(cards) filter (where target = %(place)s and what in ('received', 'moved')), 0)::bigint,
       coalesce(sum(cards) filter (where source = %(place)s and what = 'moved'), 0)::bigint,
       coalesce(sum(cards) filter (where what = 'used'), 0)::bigint,
       coalesce(sum(cards) filter (where what = 'spoilt'), 0)::bigint,
       coalesce(sum(cards) filter (where what = 'missing'), 0)::bigint,
       coalesce(sum(cards) filter (where what = 'found'), 0)::bigint,
       coalesce(max(id), %(since)s::bigint)
from stock_move where id > %(since)s and kind = %(kind)s and (source = %(place)s or target = %(place)s)"""
ADD_COUNT = """
insert into stock_count (place, kind, n, opening, came_in, went_out, used, spoilt, missing, found, expected, counted,
                         reason, last_move, by_whom, at)
values (%(place)s, %(kind)s, %(n)s, %(opening)s, %(came_in)s, %(went_out)s, %(used)s, %(spoilt)s, %(missing)s,
        %(found)s, %(expected)s, %(counted)s, %(reason)s, %(last_move)s, %(by)s, %(at)s)"""

# What must hold, for whoever checks: a place's moves come to the blanks that are there, and a card's blank is used.
LEVELS_OFF = """
select s.place, s.kind from stock s where (
    select count(*) from blank b where b.place = s.place and b.kind = s.kind and b.state = 'in_stock'
) <> (
    select coalesce(sum(case when target = s.place then cards else -cards end), 0) from stock_move m
    where m.kind = s.kind and (m.source = s.place or m.target = s.place)) order by s.place, s.kind"""
USES_OFF = """
select m.first_number from stock_move m left join blank b on b.number = m.first_number
where m.what = 'used' and b.state is distinct from 'used' order by m.first_number"""
