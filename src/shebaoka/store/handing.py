"""What is kept of trays of cards that are handed over one after another, and of each scan."""

_TRAY = "id, agent, shows, opened_by, place, opened_at, closed_at"
_LINE = """
id, tray, at, by_whom, place, scanned, number, name, card_number, card_serial, temporary, hands_in, state, fault,
answer, entry"""

# A form that is sent twice names the same tray; the second finds the first one's.
OPEN = """
insert into handover_tray (id, agent, shows, opened_by, place, opened_at)
values (%(id)s, %(agent)s, %(shows)s, %(by)s, %(place)s, %(at)s) on conflict (id) do nothing"""
TRAY = f"select {_TRAY} from handover_tray where id = %(id)s"
TRAYS = f"select {_TRAY} from handover_tray order by opened_at desc, id limit %(limit)s"
CLOSE = "update handover_tray set closed_at = %(at)s where id = %(id)s and closed_at is null"
COUNTS = """
select tray, count(*) filter (where state = 'accepted'), count(*) filter (where state in ('told', 'refused'))
from handover_line where tray = any(%(trays)s::text[]) group by tray"""
ADD = f"""
insert into handover_line (tray, at, by_whom, place, scanned, number, name, card_number, card_serial, temporary, state,
    fault, answer)
values (%(tray)s, %(at)s, %(by)s, %(place)s, %(scanned)s, %(number)s, %(name)s, %(card_number)s, %(card_serial)s,
    %(temporary)s, %(state)s, %(fault)s, %(answer)s) returning {_LINE}"""
LINE = f"select {_LINE} from handover_line where tray = %(tray)s and id = %(id)s"
LINES = f"select {_LINE} from handover_line where tray = %(tray)s and id < %(before)s order by id desc limit %(limit)s"
# What somebody has before them: scanned and not handed over, or asked for without an answer.
PENDING = f"""
select {_LINE} from handover_line
where tray = %(tray)s and by_whom = %(by)s and state in ('scanned', 'asked') order by id desc limit 1"""
LEAVE = "update handover_line set state = 'left' where tray = %(tray)s and id = %(id)s and state = 'scanned'"
# What is asked stands here before the desk is asked: whoever sends it again sends the same.
ASK = """
update handover_line set state = 'asked', hands_in = %(hands_in)s
where tray = %(tray)s and id = %(id)s and state = 'scanned'"""
ANSWERED = """
update handover_line set state = %(state)s, answer = %(answer)s, entry = %(entry)s
where tray = %(tray)s and id = %(id)s and state = 'asked'"""
