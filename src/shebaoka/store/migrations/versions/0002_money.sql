-- Institutions with their terminals and business cycles (small, the same everywhere); settlements and stays, which
-- are about a person and distribute with them.

-- The balance stands in the head of a person's journal: both change with every charge, and one row is written for both.
-- Under their old name they are still there to read.
alter table dossier add column balance_fen bigint check (balance_fen >= 0), add column carried_over_on date;
update dossier set balance_fen = account.balance_fen, carried_over_on = account.carried_over_on
from account where account.person_id = dossier.person_id;
drop table account;
create view account as
    select person_id, balance_fen, carried_over_on from dossier where balance_fen is not null;

-- Keys are compared byte by byte, and not by a language's order.
alter table person_key alter column number type text collate "C";
alter table request_key alter column request_id type text collate "C";
alter table card_number_key alter column number type text collate "C";
alter table card_serial_key alter column serial type text collate "C";

-- Whose entry a posting is, the journal says; a check of every row against `person` is left out (decision 0019).
alter table posting drop constraint posting_person_id_fkey;

create table institution (
    code         text primary key check (code ~ '^[A-Z0-9]{12}$'),
    name         text not null check (name <> ''),
    kinds        text[] not null check (kinds <@ '{outpatient,pharmacy,inpatient}'::text[] and kinds <> '{}'),
    part_payment boolean not null,
    added_at     timestamptz not null,
    ended_at     timestamptz
);

-- A terminal's keys are here only as the vault wrapped them; a public key needs no wrapping.
create table terminal (
    key_id      text primary key check (key_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    institution text not null references institution,
    algorithm   text not null check (algorithm in ('hmac-sha256', 'hmac-sm3', 'ed25519')),
    signing_key bytea not null,
    pin_cipher  text not null check (pin_cipher in ('aes', 'sm4')),
    pin_key     bytea not null,
    may         text[] not null,
    added_at    timestamptz not null,
    ended_at    timestamptz
);

-- A business cycle of an institution: opened by sign-in, stopped by its end or by sign-off, closed when reconciled.
create table cycle (
    id          bigint generated always as identity primary key,
    institution text not null references institution,
    opened_at   timestamptz not null,
    until_at    timestamptz not null check (until_at > opened_at),
    opened_by   text not null,
    closed_at   timestamptz,
    closed_by   text,
    paid_on     date
);
create index cycle_of_institution on cycle (institution, id);
create index cycle_by_day on cycle (opened_at);

-- What an institution and we do not have alike in a cycle, and why, said by a person.
create table explanation (
    cycle      bigint not null references cycle,
    message_id text   not null,
    difference text   not null check (difference in ('ours_only', 'theirs_only', 'amount')),
    reason     text   not null check (reason <> ''),
    by_whom    text   not null,
    at         timestamptz not null,
    primary key (cycle, message_id, difference)
);

-- What an institution said of a cycle beside what we have: totals, and by file every difference, as JSON.
create table comparison (
    id          bigint generated always as identity primary key,
    cycle       bigint not null references cycle,
    at          timestamptz not null,
    by_whom     text   not null,
    ours        text   not null,
    theirs      text   not null,
    differences text
);
create index comparison_of_cycle on comparison (cycle, id);

-- What is taken back is a record of its own with negative amounts, and names what it undoes.
create table settlement (
    person_id   bigint not null,
    seq         bigint not null,
    institution text   not null,
    cycle       bigint not null,
    kind        text   not null check (kind in ('outpatient', 'pharmacy', 'inpatient')),
    undoes      bigint,
    message_id  text   not null,
    stay        text   not null,
    total_fen   bigint not null,
    pooled_fen  bigint not null,
    account_fen bigint not null,
    cash_fen    bigint not null,
    settled_on  date   not null,
    settled_at  timestamptz not null,
    primary key (person_id, seq),
    constraint the_parts_add_up check (total_fen = pooled_fen + account_fen + cash_fen),
    constraint the_parts_have_one_sign check (
        (total_fen > 0 and pooled_fen >= 0 and account_fen >= 0 and cash_fen >= 0)
        or (total_fen < 0 and pooled_fen <= 0 and account_fen <= 0 and cash_fen <= 0))
);
create index settlement_of_cycle on settlement (cycle) with (deduplicate_items = on);

-- An entry is undone once: by a cancel, a reversal, or an approved correction.
create table undone (
    person_id bigint not null,
    seq       bigint not null,
    by_seq    bigint not null check (by_seq > seq),
    primary key (person_id, seq)
);

-- A stay in hospital is bound to the person and its own number, never to a card (8.1).
create table stay (
    person_id         bigint   not null references person,
    n                 smallint not null check (n >= 1),
    number            text     not null check (number <> ''),
    institution       text     not null,
    state             text     not null check (state in ('in_hospital', 'discharged', 'settled', 'cancelled')),
    admitted_on       date     not null,
    discharged_on     date check (discharged_on >= admitted_on),
    ward              text     not null,
    begun_on_old_card boolean  not null,
    settlements       smallint not null check (settlements >= 0),
    primary key (person_id, n),
    constraint only_a_discharged_stay_has_an_end check ((state in ('discharged', 'settled')) = (discharged_on is not null)),
    constraint a_cancelled_stay_has_no_settlement check (state <> 'cancelled' or settlements = 0)
);
create unique index one_open_stay on stay (person_id) where state = 'in_hospital';
create unique index one_stay_of_a_number on stay (person_id, institution, number) where state <> 'cancelled';

grant update (balance_fen, carried_over_on) on dossier to shebaoka_app;
grant select on account to shebaoka_app, shebaoka_auditor;
grant usage on sequence cycle_id_seq, comparison_id_seq to shebaoka_app;
grant select, insert on institution, terminal, cycle, comparison, explanation, settlement, undone, stay to shebaoka_app;
grant update (name, kinds, part_payment, ended_at) on institution to shebaoka_app;
grant update (ended_at) on terminal to shebaoka_app;
grant update (until_at, closed_at, closed_by, paid_on) on cycle to shebaoka_app;
grant update (state, admitted_on, discharged_on, ward, settlements) on stay to shebaoka_app;
grant select on institution, cycle, comparison, explanation, settlement, undone, stay to shebaoka_auditor;
grant select (key_id, institution, algorithm, pin_cipher, may, added_at, ended_at) on terminal to shebaoka_auditor;
