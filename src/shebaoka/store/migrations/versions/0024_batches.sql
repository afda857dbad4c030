-- The ethnic group (民族, GB/T 3304) that an application says; empty where nobody said it.
alter table application
    add column ethnic_group text not null default '' check (ethnic_group ~ '^([0-9]{2})?$');
grant update (ethnic_group) on application to shebaoka_app;
alter table employer_list_row add column ethnic_group text not null default '';
create or replace view rebuilt_snapshot as
    select person_id,
           json_build_array(
               json_build_array(number, name, sex, birth_on, region, insured_on, standing, in_hospital_since),
               coalesce((
                   select json_agg(json_build_array(
                       n, kind, c.number, serial, life, issued_on, valid_until, ending, ended_on, loss, loss_until,
                       pin_tries, locked, unlocks, first_pin, financial, applications) order by n)
                   from card c where c.person_id = p.person_id), '[]'),
               coalesce((
                   select json_agg(json_build_array(
                       n, why, making, applied_on, fee_fen, replaces, batch, card_number, card_serial, remakes,
                       collect_at, photo, ethnic_group) order by n)
                   from application a where a.person_id = p.person_id), '[]'))::text as facts,
           coalesce((
               select json_object_agg(k.card, json_build_array(key_id, encode(value, 'base64')))
               from pin k where k.person_id = p.person_id), '{}')::text as pins
    from person p;

-- What waits to be made, in the order in which it is taken into batches.
create index application_to_make on application (applied_on, person_id) where making in ('applied', 'rejected');

-- Cards that go to the maker together. Each step names who did it; `freezing` and `withdrawing` are steps under way,
-- which go on where a kill stopped them. What all its cards say stands here from freezing on, as the notice had it.
create table card_batch (
    id           text primary key check (id ~ '^[A-Za-z0-9._-]{1,32}$'),
    state        text not null check (
        state in ('chosen', 'freezing', 'frozen', 'approved', 'sent', 'closed', 'withdrawing', 'withdrawn')),
    choice       text not null,
    chosen_by    text not null,
    chosen_at    timestamptz not null,
    frozen_by    text,
    frozen_at    timestamptz,
    issued_on    date,
    issuer       text,
    category     text,
    spec_version text,
    approved_by  text,
    approved_at  timestamptz,
    sent_by      text,
    sent_at      timestamptz,
    closed_at    timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    reason       text,
    constraint nobody_approves_their_own check (approved_by not in (chosen_by, frozen_by)),
    constraint an_approval_is_of_a_frozen_batch check (approved_by is null or frozen_at is not null),
    constraint only_an_approved_batch_is_sent check (sent_by is null or approved_by is not null),
    constraint a_withdrawal_says_why check ((state in ('withdrawing', 'withdrawn')) = (reason is not null))
);
create index card_batch_by_time on card_batch (chosen_at);

-- A card of a batch. A person is in a batch once. `n` counts as they were chosen, `line` the cards that go out, from 1.
-- `put_seq` is the entry by which the person's data may go to the maker: nothing is opened without it. `paper` is the
-- photo, empty for one that was moved over. Card number and serial are unique by their key tables.
create table card_order (
    person_id    bigint   not null,
    batch        text     not null,
    application  smallint not null,
    n            integer  not null check (n >= 1),
    line         integer  check (line >= 1),
    state        text     not null check (
        state in ('chosen', 'held', 'left', 'refused', 'in_batch', 'made', 'rejected', 'missing', 'stopped', 'withdrawn',
                  'ready', 'collected')),
    checked      boolean  not null default false,
    faults       text     not null default '',
    seen_by      text     not null default '',
    paper        text     not null default '',
    put_seq      bigint,
    card_number  text,
    card_serial  text,
    blank        text     not null default '',
    reason       text     not null default '',
    changed_at   timestamptz not null,
    bank         text     not null default '' check (bank in ('', 'opened', 'refused')),
    bank_account text     not null default '' check (length(bank_account) <= 4),
    bank_reason  text     not null default '',
    bank_at      timestamptz,
    primary key (person_id, batch),
    foreign key (person_id, application) references application (person_id, n),
    constraint a_card_in_the_making_is_numbered check (
        state in ('chosen', 'held', 'left', 'refused')
        or (put_seq is not null and card_number is not null and card_serial is not null))
) with (fillfactor = 80);
create index card_order_of_batch on card_order (batch, n);
create index card_order_of_line on card_order (batch, line) where line is not null;
create index card_order_of_blank on card_order (blank) where blank <> '';
create index card_order_of_number on card_order (card_number) where card_number is not null;
create unique index one_batch_at_a_time on card_order (person_id) where state in ('chosen', 'held');

-- What was done to a batch as a whole: each package that was made, each file of results or of the bank that was read.
-- `counts` says what it came to, `faults` the rows that were not taken, as JSON.
create table card_batch_event (
    batch   text        not null references card_batch,
    n       integer     not null check (n >= 1),
    at      timestamptz not null,
    by_whom text        not null,
    what    text        not null,
    name    text        not null,
    counts  text        not null,
    faults  text        not null,
    primary key (batch, n)
);

grant select, insert on card_batch, card_order, card_batch_event to shebaoka_app;
grant update (state, frozen_by, frozen_at, issued_on, issuer, category, spec_version, approved_by, approved_at, sent_by,
    sent_at, closed_at, withdrawn_by, withdrawn_at, reason) on card_batch to shebaoka_app;
grant update (line, state, checked, faults, seen_by, paper, put_seq, card_number, card_serial, blank, reason, changed_at,
    bank, bank_account, bank_reason, bank_at) on card_order to shebaoka_app;
grant select on card_batch, card_order, card_batch_event to shebaoka_auditor;
