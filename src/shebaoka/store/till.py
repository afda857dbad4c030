"""What the windows' tills read and write beside a tray: receipts, void and refund, the float, sheets and their closing.

`desk/till.py` runs them. A receipt that comes with its decision is written by `Store.save`, with `sql.FEE_RECEIPTS`.
Whatever changes a till first counts there, with `COUNT`, which holds its row until the commit.
"""

# As `sql.COUNT_RECEIPTS`, for one receipt, or for none where somebody only needs to be alone at the till.
COUNT = """
insert into till (place, year, last_number, sheet)
values (%(place)s, %(year)s::integer, %(n)s::bigint, 1)
on conflict (place) do update set
    last_number = case when till.year < excluded.year then 0 else till.last_number end + excluded.last_number,
    year = greatest(till.year, excluded.year)
returning year, last_number, sheet"""
NEXT_SHEET = "update till set sheet = sheet + 1 where place = %(place)s and sheet = %(sheet)s"
WINDOWS = """
select place from till
union select place from staff where ended_at is null and place <> '' and role = any(%(roles)s::text[]) order by 1"""
OPEN_SHEET = "select sheet from till where place = %(place)s"

ADD = """
insert into fee_receipt (place, year, number, sheet, payer, entry, service, clause, amount_fen, means, reference,
                         handed_over_fen, taken_by, taken_at, taken_on, of_place, of_year, of_number, reason)
values (%(place)s, %(year)s, %(number)s, %(sheet)s, %(payer)s, %(entry)s, %(service)s, %(clause)s, %(amount_fen)s,
        %(means)s, %(reference)s, %(handed_over_fen)s, %(by)s, %(at)s, %(on)s, %(of_place)s, %(of_year)s, %(of_number)s,
        %(reason)s)"""
VOID = """
update fee_receipt set voided_at = %(at)s, voided_by = %(by)s, void_reason = %(reason)s
where place = %(place)s and year = %(year)s and number = %(number)s and voided_at is null returning payer, entry"""

_RECEIPT = """
select r.place, r.year, r.number, r.sheet, r.taken_on, r.taken_at, r.taken_by, p.name, r.payer, r.entry, r.service,
       r.clause, r.amount_fen, r.means, r.reference, r.handed_over_fen, r.reason, r.of_place, r.of_year, r.of_number,
       b.place, b.year, b.number, r.voided_at, r.voided_by, r.void_reason
from fee_receipt r
left join person p on p.person_id = r.payer
left join fee_receipt b on b.of_place = r.place and b.of_year = r.year and b.of_number = r.number
    and b.voided_at is null"""
RECEIPT = f"{_RECEIPT} where r.place = %(place)s and r.year = %(year)s and r.number = %(number)s"
RECEIPT_OF_ENTRY = f"{_RECEIPT} where r.payer = %(payer)s and r.entry = %(entry)s and r.voided_at is null"
RECEIPTS_OF_SHEET = f"""
{_RECEIPT} where r.place = %(place)s and r.sheet = %(sheet)s
order by r.year desc, r.number desc limit %(limit)s::bigint"""

FEE = """
select person_id, seq, place, service, clause, amount_fen, application, receipted
from fee where person_id = %(payer)s and seq = %(entry)s"""
TAKE_UP = """
update fee set receipted = true where person_id = %(payer)s and seq = %(entry)s and not receipted returning seq"""
PUT_BACK = "update fee set receipted = false where person_id = %(payer)s and seq = %(entry)s"
# What was paid for the application that a withdrawal takes back, with its receipt, void ones apart.
PAID = """
select f.seq, r.place, r.year, r.number, exists (
    select from fee_receipt b where b.of_place = r.place and b.of_year = r.year and b.of_number = r.number
    and b.voided_at is null)
from fee f left join fee_receipt r on r.payer = f.person_id and r.entry = f.seq and r.voided_at is null
where f.person_id = %(payer)s and f.application = %(application)s::smallint and f.amount_fen > 0"""
# Fees without a receipt. One that was taken back before it had any is owed by nobody; nor is one that shall go back and
# was paid back already by somebody's reason.
OWED = """
select f.person_id, f.seq, f.place, f.service, f.clause, f.amount_fen, f.decided_at, p.name
from fee f left join person p on p.person_id = f.person_id
where not f.receipted and (%(place)s::text is null or f.place in (%(place)s, ''))
  and (%(payer)s::bigint is null or (f.person_id, f.seq) = (%(payer)s, %(entry)s::bigint))
  and not exists (
    select from fee o where o.person_id = f.person_id and o.application = f.application
    and sign(o.amount_fen) <> sign(f.amount_fen) and (
        not o.receipted or f.amount_fen < 0 and exists (
            select from fee_receipt r join fee_receipt b
                on b.of_place = r.place and b.of_year = r.year and b.of_number = r.number and b.voided_at is null
            where r.payer = o.person_id and r.entry = o.seq and r.voided_at is null)))
order by f.decided_at, f.person_id, f.seq limit %(limit)s::bigint"""

ADD_FLOAT = """
insert into till_float (place, sheet, n, amount_fen, reason, by_whom, at)
values (%(place)s, %(sheet)s, %(n)s, %(amount_fen)s, %(reason)s, %(by)s, %(at)s)"""
FLOATS = """
select at, by_whom, amount_fen, reason from till_float
where place = %(place)s and sheet = %(sheet)s order by n limit %(limit)s::bigint"""
FLOAT_OF_SHEET = """
select coalesce(sum(amount_fen), 0)::bigint from till_float where place = %(place)s and sheet = %(sheet)s"""
LEFT_BEFORE = "select left_fen from till_sheet where place = %(place)s and sheet = %(sheet)s - 1"

_SUMS = """
count(*) filter (where voided_at is null and amount_fen > 0),
count(*) filter (where voided_at is null and amount_fen < 0),
count(*) filter (where voided_at is not null),
coalesce(sum(amount_fen) filter (where voided_at is null and amount_fen > 0 and means = 'cash'), 0)::bigint,
coalesce(-sum(amount_fen) filter (where voided_at is null and amount_fen < 0 and means = 'cash'), 0)::bigint,
coalesce(sum(amount_fen) filter (where voided_at is null and amount_fen > 0 and means = 'code'), 0)::bigint,
coalesce(-sum(amount_fen) filter (where voided_at is null and amount_fen < 0 and means = 'code'), 0)::bigint"""
TAKINGS = f"select {_SUMS}, min(taken_at) from fee_receipt where place = %(place)s and sheet = %(sheet)s"
TAKINGS_OF_DAY = f"select place, {_SUMS} from fee_receipt where taken_on = %(on)s group by place order by place"
OWN_RECEIPTS = """
select exists (select from fee_receipt where place = %(place)s and sheet = %(sheet)s and taken_by = %(by)s)"""

_SHEET = """
select place, sheet, opening_fen, float_fen, fees, refunds, voids, cash_in_fen, cash_out_fen, code_in_fen, code_out_fen,
       closed_at, closed_by, counted_fen, left_fen, reason, pieces
from till_sheet"""
SHEET = f"{_SHEET} where place = %(place)s and sheet = %(sheet)s"
SHEETS = f"{_SHEET} where place = %(place)s order by sheet desc limit %(limit)s::bigint"
CLOSE = """
insert into till_sheet (place, sheet, opening_fen, float_fen, cash_in_fen, cash_out_fen, code_in_fen, code_out_fen,
                        fees, refunds, voids, expected_fen, counted_fen, left_fen, pieces, reason, closed_by, closed_at)
values (%(place)s, %(sheet)s, %(opening_fen)s, %(float_fen)s, %(cash_in_fen)s, %(cash_out_fen)s, %(code_in_fen)s,
        %(code_out_fen)s, %(fees)s, %(refunds)s, %(voids)s, %(expected_fen)s, %(counted_fen)s, %(left_fen)s,
        %(pieces)s::jsonb, %(reason)s, %(by)s, %(at)s)"""

# What must hold, for whoever checks.
NUMBERS = """
select r.place, r.year, min(number), max(number), count(*), t.year, t.last_number
from fee_receipt r join till t on t.place = r.place group by r.place, r.year, t.year, t.last_number
order by r.place, r.year"""
SHEETS_OFF = f"""
select s.place, s.sheet from till_sheet s left join lateral (
    select {_SUMS} from fee_receipt r where r.place = s.place and r.sheet = s.sheet
) as r (fees, refunds, voids, cash_in, cash_out, code_in, code_out) on true
where (s.fees, s.refunds, s.voids, s.cash_in_fen, s.cash_out_fen, s.code_in_fen, s.code_out_fen)
    is distinct from (r.fees, r.refunds, r.voids, r.cash_in, r.cash_out, r.code_in, r.code_out)
order by s.place, s.sheet"""
FEES_OFF = """
select f.person_id, f.seq from fee f
where f.receipted <> exists (
    select from fee_receipt r where r.payer = f.person_id and r.entry = f.seq and r.voided_at is null
    and r.amount_fen = f.amount_fen)
order by f.person_id, f.seq"""
# Decisions at the window that took a fee since fees are kept, and have none on file.
FEES_MISSING = """
select j.person_id, j.seq from journal j
where j.at >= (select min(decided_at) from fee) and j.outcome = 'accepted' and j.service = any(%(services)s::text[])
  and (j.body::json #>> '{answer,fee_fen}')::bigint > 0 and j.body::json #>> '{sender,channel}' = 'window'
  and not exists (
    select from fee f where f.person_id = j.person_id and f.seq = j.seq
    and f.amount_fen = (j.body::json #>> '{answer,fee_fen}')::bigint)
order by j.person_id, j.seq"""
RECEIPTS_OF_NOTHING = """
select r.place, r.year, r.number from fee_receipt r
where entry is not null and not exists (
    select from fee f where f.person_id = r.payer and f.seq = r.entry and f.amount_fen = r.amount_fen)
order by r.place, r.year, r.number"""
REFUNDS_OFF = """
select b.place, b.year, b.number from fee_receipt b
join fee_receipt r on r.place = b.of_place and r.year = b.of_year and r.number = b.of_number
where b.voided_at is null and (b.amount_fen <> -r.amount_fen or r.voided_at is not null or b.payer <> r.payer)
order by b.place, b.year, b.number"""
