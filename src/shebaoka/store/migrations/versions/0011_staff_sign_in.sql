-- Which roles there are is said by one table of the program, desk/rights.py; here a role is a word.
alter table staff drop constraint staff_role_check;
alter table staff add constraint staff_role_check check (role ~ '^[a-z_]{1,40}$');
-- A person's account has no token.
alter table staff alter column token_hash drop not null;

-- How a person signs in. There is an enrolment code, by its digest, until it was used; then there is a password.
-- `factor` is the key of the second factor as the vault wrapped it; `factor_step` the last step whose code was used.
create table staff_person (
    name            text primary key references staff (name),
    enrolment       bytea check (octet_length(enrolment) = 32),
    enrolment_until timestamptz,
    password        text,
    factor          bytea not null,
    factor_step     bigint not null default 0,
    misses          integer not null default 0 check (misses >= 0),
    missed_at       timestamptz,
    constraint a_code_has_an_end check ((enrolment is null) = (enrolment_until is null)),
    constraint a_code_or_a_password check ((enrolment is null) <> (password is null))
);

-- A session by the digest of its name, which only the browser has. Its end says why it ended.
create table staff_session (
    digest   bytea primary key check (octet_length(digest) = 32),
    staff    text not null references staff (name),
    began_at timestamptz not null,
    seen_at  timestamptz not null,
    ended_at timestamptz,
    why      text check (why in ('signed_out', 'elsewhere', 'idle', 'too_long', 'account_ended', 'reset')),
    constraint ended_session_says_why check ((ended_at is null) = (why is null))
);
create unique index one_open_session on staff_session (staff) where ended_at is null;

-- What happened to an account, and who did it; never what somebody typed.
create table staff_event (
    id      bigint generated always as identity primary key,
    name    text not null references staff (name),
    at      timestamptz not null,
    what    text not null check (what in ('added', 'reset', 'ended', 'enrolled', 'signed_in', 'missed')),
    by_whom text not null
);
create index event_of_staff on staff_event (name, id);

grant select, insert on staff_person, staff_session, staff_event to shebaoka_app;
grant update (enrolment, enrolment_until, password, factor, factor_step, misses, missed_at) on staff_person to shebaoka_app;
grant update (seen_at, ended_at, why) on staff_session to shebaoka_app;
grant select on staff_event to shebaoka_auditor;
