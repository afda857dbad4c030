"""What whoever is not signed in may be told by: a number together with a card's number or a slip code."""

# The same single question whoever asks, and nothing comes back but yes or no. Number and proof are each looked for by
# themselves, so that it takes as long for nobody as for somebody; only what belongs together is looked at further. A
# card that is reported lost or has ended proves nothing: whoever found it has its number, and that of its holder stands
# on it as well. What the calendar has brought about and nobody has recorded yet counts: a term that is over, a report
# that has lifted.
FITS = """
select coalesce(
    (select person_id from person_key where number = %(number)s)
    = (select person_id from card_number_key where number = %(card_number)s)
    and exists (
        select from person_key join card using (person_id)
        where person_key.number = %(number)s and card.number = %(card_number)s and kind <> 'old_medical'
          and life <> 'ended' and (valid_until is null or valid_until >= %(on)s)
          and (loss = 'none' or loss_until < %(lifted_before)s)), false)
  or coalesce((select number from draft where slip_code = %(slip_code)s) = %(number)s, false)"""
# A slip's own service, without whose it is; its answer, if the desk has answered.
SLIP = """
select d.service, d.card, d.state, d.place, d.opened_at, j.body
from draft d left join journal j
  on j.person_id = split_part(d.entry, '-', 1)::bigint and j.seq = split_part(d.entry, '-', 2)::bigint
where d.slip_code = %(slip_code)s"""
