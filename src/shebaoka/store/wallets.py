"""Credentials for wallets: the keys that sign them, offers and what was taken by them, and their places on lists."""

KEYS = "select kid, public, wrapped, ended_at, drawn_at from credential_key order by drawn_at desc, kid"
ADD_KEY = """
insert into credential_key (kid, public, wrapped, drawn_at) values (%(kid)s, %(public)s, %(wrapped)s, %(at)s)
on conflict do nothing"""
END_KEYS = "update credential_key set ended_at = %(at)s where ended_at is null returning kid"

OFFER = """
insert into credential_offer (digest, person_id, card, tx_code, made_at, until_at)
values (%(digest)s, %(person_id)s, %(card)s, %(tx_code)s, %(at)s, %(until)s)"""
OPEN = """
select digest from credential_offer
where digest = %(digest)s and taken_at is null and until_at > %(at)s and misses < %(misses_max)s"""
# A try is counted before it is compared.
TRY = """
update credential_offer set misses = misses + 1
where digest = %(digest)s and taken_at is null and until_at > %(at)s and misses < %(misses_max)s returning tx_code"""
TAKE = """
update credential_offer set taken_at = %(at)s, token = %(token)s, token_until = %(until)s
where digest = %(digest)s and taken_at is null returning digest"""
GRANTED = """
select p.person_id, p.number, o.card, o.token from credential_offer o join person p on p.person_id = o.person_id
where digest = %(digest)s and token_until > %(at)s and issued_at is null"""
ISSUE = """
update credential_offer set issued_at = %(at)s where digest = %(digest)s and issued_at is null returning digest"""
USE_NONCE = """
insert into used_nonce (nonce, at) values (%(nonce)s, %(at)s) on conflict (nonce) do nothing returning nonce"""

NEWEST_LIST = """
select list, (select count(*) from card_credential where place >= list * %(size)s)
from (select coalesce(max(place), 0) / %(size)s as list from card_credential) as newest"""
PUT = """
insert into card_credential (place, person_id, card, kid, wallet_key, issued_at, until_at)
values (%(place)s, %(person_id)s, %(card)s, %(kid)s, %(wallet_key)s, %(at)s, %(until)s)
on conflict (place) do nothing returning place"""
# Of a list, only those that were ended, or whose card may be anything but in order: most are, and need no look.
IN_DOUBT = """
select k.place, k.card, p.number, k.ended_at is not null
from card_credential k
join card c on c.person_id = k.person_id and c.n = k.card
join person p on p.person_id = k.person_id
where k.place >= %(first)s and k.place < %(beyond)s and k.until_at > %(at)s
  and (k.ended_at is not null or c.life <> 'in_use' or c.loss <> 'none' or c.locked
    or c.valid_until is not null or p.standing <> 'insured')"""

# What a holder sees of them, and ends: credentials that their own time has not ended, and offers not fetched yet.
HELD = """
select place, card, wallet_key, issued_at, until_at, ended_at from card_credential
where person_id = %(person_id)s and until_at > %(at)s order by issued_at desc, place"""
OPEN_OFFERS = """
select max(greatest(until_at, token_until)) from credential_offer
where person_id = %(person_id)s and issued_at is null and misses < %(misses_max)s
  and (taken_at is null and until_at > %(at)s or token_until > %(at)s)"""
# One of them, or all where no place is named.
END = """
update card_credential set ended_at = %(at)s, ended_by = %(by)s, ended_place = %(ended_place)s
where person_id = %(person_id)s and until_at > %(at)s and ended_at is null
  and (%(place)s::bigint is null or place = %(place)s::bigint)
returning place"""
END_OFFERS = "delete from credential_offer where person_id = %(person_id)s and issued_at is null returning digest"
