-- Passkeys by the id that their authenticator gave them. `handle` says whose they are to the authenticator: drawn, the
-- same for all keys of an account, and without their name in it. `sign_count` is what the key last counted; many never do.
create table staff_passkey (
    id         bytea primary key check (octet_length(id) between 1 and 1023),
    staff      text not null references staff_person (name),
    handle     bytea not null check (octet_length(handle) = 32),
    called     text not null check (length(called) between 1 and 64),
    public_key bytea not null check (octet_length(public_key) between 1 and 4096),
    sign_count bigint not null check (sign_count >= 0),
    transports text[] not null,
    added_at   timestamptz not null,
    used_at    timestamptz,
    ended_at   timestamptz
);
create index passkeys_of_staff on staff_passkey (staff);

alter table staff_event drop constraint staff_event_what_check;
alter table staff_event add constraint staff_event_what_check check (what in (
    'added', 'reset', 'ended', 'enrolled', 'signed_in', 'missed',
    'passkey_added', 'passkey_used', 'passkey_ended', 'passkey_copied'));

grant select, insert on staff_passkey to shebaoka_app;
grant update (sign_count, used_at, ended_at) on staff_passkey to shebaoka_app;
