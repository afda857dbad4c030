"""What whoever is not signed in may be told by: a number together with a card's number or a slip code."""

# The same single question whoever asks, and nothing comes back but yes or no. A card that is reported lost or has ended
# proves nothing: whoever found it has its number, and that of its holder stands on it as well. What the calendar has
# brought about and nobody has recorded yet counts: a term that is over, a report that has lifted.
FITS = """
select exists (
    select from person_key join card using (person_id)
    where person_key.number = %(number)s and card.number = %(card_number)s and kind <> 'old_medical'
      and life <> 'ended' and (valid_until is null or valid_until >= %(on)s)
      and (loss = 'none' or loss_until < %(lifted_before)s)
) or exists (select from draft where slip_code = %(slip_code)s and number = %(number)s)"""
# A slip's own service, without whose it is; its answer, if the desk has answered.
SLIP = """
select d.service, d.card, d.state, d.place, d.opened_at, j.body
from draft d left join journal j
  on j.person_id = split_part(d.entry, '-', 1)::bigint and j.seq = split_part(d.entry, '-', 2)::bigint
where d.slip_code = %(slip_code)s"""
