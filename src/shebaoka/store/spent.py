"""What was used up or whose time is over: deleted, or rid of a telephone, once nothing can come of it any more.

A row goes only when its own time refuses whoever would still come with it; so nothing is good again by being gone.
"""

# A session lasts an hour at the most, whether or not anybody ended it.
SESSIONS = "delete from holder_session where began_at <= %(before)s"
# All of somebody's slips at once: the last one counts, and until its time is over it hides those before.
SLIPS = """
delete from holder_slip where until <= %(before)s
  and not exists (select from holder_slip o where o.person_id = holder_slip.person_id and o.until > %(before)s)"""
OFFERS = "delete from credential_offer where greatest(until_at, token_until) <= %(at)s"
NONCES = "delete from used_nonce where at <= %(before)s"

# Codes that nobody carried; then the telephone of whatever has ended is kept in part, as screens show it.
CODES = """
update notification set state = 'overtaken', ended_at = %(at)s
where state = 'waiting' and kind in ('sign_in_code', 'telephone_code') and caused_at <= %(before)s"""
TELEPHONES = """
update notification set receiver = substr(receiver, 1, 3) || '****' || substr(receiver, 8)
where ended_at <= %(before)s and receiver ~ '^[0-9]{11}$'"""
