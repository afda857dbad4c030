-- Sessions of holders at the public page, keyed by the digest of the name that the browser has.
create table holder_session (
    digest    bytea       primary key check (octet_length(digest) = 32),
    person_id bigint      not null,
    how       text        not null check (how in ('code', 'slip')),
    began_at  timestamptz not null,
    seen_at   timestamptz not null,
    ended_at  timestamptz,
    why       text        check (why in ('signed_out', 'idle', 'too_long', 'telephone')),
    constraint an_ended_session_says_why check ((ended_at is null) = (why is null))
);
create index holder_session_open on holder_session (person_id) where ended_at is null;

-- Codes that a window gave on paper, to sign in with once: the vault's value of each, and who gave it. The last one counts.
create table holder_slip (
    person_id bigint      not null,
    n         integer     not null check (n >= 1),
    key_id    text        not null,
    value     bytea       not null check (octet_length(value) = 32),
    given_at  timestamptz not null,
    until     timestamptz not null,
    given_by  text        not null,
    place     text        not null,
    used_at   timestamptz,
    primary key (person_id, n)
);

-- Codes by message go through the outbox like all else that holders are told. `seq` of such a row is drawn, and is no entry's.
-- The digits stand nowhere: `said` has a dot for each, and the vault works them out again when the message leaves.
alter table notification drop constraint notification_kind_check;
alter table notification add constraint notification_kind_check check (kind in
    ('ready', 'remade', 'uncollected', 'returned', 'sign_in_code', 'telephone_code', 'telephone_changed'));

grant select, insert on holder_session, holder_slip to shebaoka_app;
grant update (seen_at, ended_at, why) on holder_session to shebaoka_app;
grant update (used_at) on holder_slip to shebaoka_app;
grant select on holder_session, holder_slip to shebaoka_auditor;
