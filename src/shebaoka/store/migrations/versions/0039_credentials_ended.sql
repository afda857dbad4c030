-- A credential can be ended by its holder while the card goes on. `wallet_key` is the beginning of the thumbprint of the
-- wallet's key (RFC 7638), by which its holder tells two apart; of credentials issued before, nobody knows it.
alter table card_credential
    add column wallet_key  text not null default '' check (wallet_key ~ '^([A-Za-z0-9_-]{8})?$'),
    add column ended_at    timestamptz,
    add column ended_by    text not null default '',
    add column ended_place text not null default '',
    add constraint an_ended_credential_says_by_whom check ((ended_at is null) = (ended_by = ''));
create index card_credential_of_person on card_credential (person_id);
create index credential_offer_of_person on credential_offer (person_id) where issued_at is null;
grant update (ended_at, ended_by, ended_place) on card_credential to shebaoka_app;
-- An offer that its holder ends goes: it is good for minutes, and nothing follows from one that nobody took.
grant delete on credential_offer to shebaoka_app;

alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('ready', 'remade', 'uncollected', 'returned', 'sign_in_code', 'telephone_code', 'telephone_changed', 'credential_ended'));
