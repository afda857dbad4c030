"""What the evening of money reads and writes: totals and details of cycles, comparisons, closing, the bank's file.

`desk/evening.py` runs them. Settlements are never joined with cycles: they distribute by person, and cycles do not.
"""

_CYCLE = "c.id, c.institution, c.opened_at, c.until_at, c.opened_by, c.closed_at, c.closed_by, c.paid_on"

CYCLE = f"select {_CYCLE}, i.name from cycle c join institution i on i.code = c.institution where c.id = %(cycle)s"
CYCLES = f"""
select {_CYCLE}, i.name from cycle c join institution i on i.code = c.institution
where (%(institution)s::text is null or c.institution = %(institution)s)
  and (not %(open_only)s::boolean or c.closed_at is null)
  and (%(since)s::timestamptz is null or c.opened_at >= %(since)s)
  and (%(until)s::timestamptz is null or c.opened_at < %(until)s)
order by c.id desc limit %(limit)s::bigint"""

LEFT_OPEN = "select count(*) from cycle where closed_at is null and opened_at < %(since)s"
DAYS_BESIDE = """
select (select max(opened_at) from cycle where opened_at < %(since)s),
       (select min(opened_at) from cycle where opened_at >= %(until)s)"""

# All records of one side have one sign, so the amount of a sum is the sum of the amounts.
TOTALS = """
select cycle, total_fen > 0, count(*), abs(sum(total_fen))::bigint, abs(sum(pooled_fen))::bigint,
       abs(sum(account_fen))::bigint, abs(sum(cash_fen))::bigint
from settlement where cycle = any(%(cycles)s::bigint[]) group by cycle, total_fen > 0"""
DETAILS = """
select message_id, person_id, seq, kind, total_fen, pooled_fen, account_fen, cash_fen, settled_at
from settlement where cycle = %(cycle)s
  and (%(after)s::timestamptz is null or (settled_at, person_id, seq) > (%(after)s, %(person_id)s, %(seq)s))
order by settled_at, person_id, seq limit %(limit)s::bigint"""
SETTLED_AT = """
select settled_at from settlement where person_id = %(person_id)s and seq = %(seq)s and cycle = %(cycle)s"""

_COMPARISON = "c.at, c.by_whom, c.ours, c.theirs, c.differences, c.id"
COMPARISONS = f"""
select {_COMPARISON} from comparison c where cycle = %(cycle)s order by id desc limit %(limit)s::bigint"""
# The latest comparison of each cycle counts. Totals sent again after details that had the same totals say nothing new:
# the details count, also where their differences cancel out in the sum.
COUNTING_COMPARISONS = f"""
select distinct on (c.cycle) c.cycle, {_COMPARISON}
from comparison c join (
    select distinct on (cycle) cycle, ours, theirs from comparison
    where cycle = any(%(cycles)s::bigint[]) order by cycle, id desc
) as latest on latest.cycle = c.cycle and latest.ours = c.ours and latest.theirs = c.theirs
where c.cycle = any(%(cycles)s::bigint[])
order by c.cycle, c.differences is not null desc, c.id desc"""
ADD_COMPARISON = """
insert into comparison (cycle, at, by_whom, ours, theirs, differences)
values (%(cycle)s, %(at)s, %(by)s, %(ours)s, %(theirs)s, %(differences)s) returning id"""
ADD_DIFFERENCES = """
insert into difference (comparison, message_id, ours, theirs, settlement)
select %(comparison)s, message_id, ours, theirs, settlement from jsonb_to_recordset(%(differences)s::jsonb)
    as d (message_id text, ours bigint[], theirs bigint[], settlement text)"""
# What nobody has explained comes first.
DIFFERENCES = """
select d.message_id, d.ours, d.theirs, d.settlement, e.reason, e.by_whom, e.at
from difference d join comparison c on c.id = d.comparison
left join explanation e on e.cycle = c.cycle and (e.message_id, e.ours, e.theirs) = (d.message_id, d.ours, d.theirs)
where d.comparison = %(comparison)s
  and (%(after)s::text is null or (e.at is not null, d.message_id) > (%(explained)s::boolean, %(after)s))
order by e.at is not null, d.message_id limit %(limit)s::bigint"""
UNEXPLAINED = """
select d.comparison, count(*) from difference d join comparison c on c.id = d.comparison
where d.comparison = any(%(comparisons)s::bigint[]) and not exists (
    select from explanation e
    where e.cycle = c.cycle and (e.message_id, e.ours, e.theirs) = (d.message_id, d.ours, d.theirs))
group by d.comparison"""
DIFFERENCE = """
select d.ours, d.theirs from difference d join comparison c on c.id = d.comparison
where c.cycle = %(cycle)s and c.id = %(comparison)s and d.message_id = %(message_id)s"""
# All of a cycle's, or those that cover nothing of a comparison.
EXPLANATIONS = """
select cycle, message_id, difference, reason, by_whom, at, ours, theirs from explanation e
where cycle = %(cycle)s and not exists (
    select from difference d where d.comparison = %(without)s
    and (d.message_id, d.ours, d.theirs) = (e.message_id, e.ours, e.theirs))
order by at desc, message_id limit %(limit)s::bigint"""
ADD_EXPLANATION = """
insert into explanation (cycle, message_id, difference, ours, theirs, reason, by_whom, at)
values (%(cycle)s, %(message_id)s, %(difference)s, %(ours)s, %(theirs)s, %(reason)s, %(by)s, %(at)s)
on conflict do nothing"""
BECAME_OF = """
select k.request_id, k.content, j.outcome, j.clause, j.cycle
from request_key k join journal j on j.person_id = k.person_id and j.seq = k.seq where k.request_id = any(%(ids)s)"""

# Whoever saves a settlement holds this lock together with others; whoever closes the cycle waits and holds it alone.
LOCK_CYCLE = "select pg_advisory_xact_lock(%(cycle)s::bigint)"
CLOSE_CYCLE = "update cycle set closed_at = %(at)s, closed_by = %(by)s where id = %(cycle)s and closed_at is null"

# Two keys are a space of locks beside that of the cycles. A day's file is made once: what is closed after that waits
# for the next day's.
LOCK_BANK_FILE = "select pg_advisory_xact_lock(1, 1)"
PAY_CYCLES = "update cycle set paid_on = %(on)s where closed_at < %(until)s and paid_on is null"
BANK_FILE = "select made_at, by_whom, digest, lines, sum_fen from bank_file where day = %(on)s"
ADD_BANK_FILE = """
insert into bank_file (day, made_at, by_whom, digest, lines, sum_fen)
values (%(on)s, %(made_at)s, %(by)s, %(digest)s, %(lines)s, %(sum_fen)s)"""
WAITING = "select count(*) from cycle where closed_at < %(until)s and paid_on is null"
PAID_CYCLES = "select institution, id from cycle where paid_on = %(on)s order by institution, id"

CLEARING = """
select coalesce(sum(case when credit = %(account)s then amount_fen else -amount_fen end), 0)::bigint
from posting where %(account)s in (debit, credit)"""
CLEARING_OFF = """
select institution, coalesce(entries_fen, 0), coalesce(settled_fen, 0) from (
    select substr(account, 10) as institution, sum(fen)::bigint as entries_fen from (
        select credit as account, amount_fen as fen from posting where starts_with(credit, 'clearing:')
        union all select debit, -amount_fen from posting where starts_with(debit, 'clearing:')) as e
    group by account) as p
full join (
    select institution, sum(account_fen + pooled_fen)::bigint as settled_fen from settlement group by institution) as s
using (institution)
where coalesce(entries_fen, 0) <> coalesce(settled_fen, 0) order by institution"""
SETTLED_BY_CYCLE = "select cycle, institution, count(*) from settlement group by cycle, institution order by cycle"
ALL_CYCLES = "select id, institution, closed_at is not null, paid_on from cycle order by id"
COMPARED_CYCLES = "select distinct cycle from comparison"
