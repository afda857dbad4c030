-- People, their cards, applications and accounts; the journal; the keys that are unique across people.
--
-- Every table about a person has person_id first in its primary key, so that a nation can distribute by person.
-- What must be unique across people (request ids, social security numbers, card numbers and serials) has a small
-- table keyed by itself, written in the same transaction. There are no triggers.

create sequence person_id_block increment by 1000;
create sequence card_number_block increment by 1000;

create table meta (
    key   text primary key,
    value text not null
);

-- The head of each person's journal: how many entries it has, and the hash of the last.
create table dossier (
    person_id bigint primary key,
    version   bigint not null check (version >= 1),
    chain     bytea  not null check (octet_length(chain) = 32)
) with (fillfactor = 60);

create table person (
    person_id         bigint primary key,
    number            text not null check (number ~ '^[0-9]{17}[0-9X]$'),
    name              text not null check (name <> ''),
    sex               text not null check (sex in ('male', 'female')),
    birth_on          date not null,
    region            text not null check (region ~ '^[0-9]{6}$'),
    insured_on        date not null,
    standing          text not null check (standing in ('insured', 'left', 'dead')),
    in_hospital_since date
);

create table card (
    person_id    bigint   not null references person,
    n            smallint not null check (n >= 1),
    kind         text     not null check (kind in ('social_security', 'temporary', 'old_medical')),
    number       text     not null,
    serial       text     not null,
    life         text     not null check (life in ('sealed', 'in_use', 'ended')),
    issued_on    date     not null,
    valid_until  date,
    ending       text check (ending in ('replaced', 'handed_in', 'expired', 'cancelled', 'superseded', 'stopped')),
    ended_on     date,
    loss         text     not null check (loss in ('none', 'temporary', 'formal')),
    loss_until   date,
    pin_tries    smallint not null check (pin_tries >= 0),
    locked       boolean  not null,
    unlocks      smallint not null check (unlocks >= 0),
    first_pin    boolean  not null,
    financial    text     not null check (financial in ('absent', 'active', 'stop_asked', 'stopped')),
    applications text[]   not null,
    primary key (person_id, n),
    constraint ended_card_says_why check ((life = 'ended') = (ending is not null) and (life = 'ended') = (ended_on is not null)),
    constraint only_a_temporary_card_expires check ((kind = 'temporary') = (valid_until is not null)),
    constraint new_cards_are_numbered check (
        kind = 'old_medical' or (number ~ '^[A-Z0-9]{9}$' and serial ~ '^[0-9a-f]{32}$')),
    constraint a_loss_report_may_have_an_end check (loss_until is null or loss <> 'none'),
    constraint an_ended_card_is_not_lost check (life <> 'ended' or loss = 'none'),
    constraint the_old_card_has_no_more check (kind <> 'old_medical' or (financial = 'absent' and applications = '{}'))
) with (fillfactor = 70);

-- 2.1: of a person's social security card and temporary card, only one is valid at any moment.
create unique index one_valid_card on card (person_id)
    where kind <> 'old_medical' and life <> 'ended' and loss <> 'formal';
create unique index one_live_card_of_a_kind on card (person_id, kind) where life <> 'ended';

create table application (
    person_id   bigint   not null references person,
    n           smallint not null check (n >= 1),
    why         text     not null check (why in ('first', 'again', 'loss', 'damage', 'made_wrongly', 'unlocks_used_up')),
    making      text     not null check (
        making in ('applied', 'in_batch', 'made', 'rejected', 'ready', 'collected', 'withdrawn')),
    applied_on  date     not null,
    fee_fen     bigint   not null check (fee_fen >= 0),
    replaces    smallint,
    batch       text,
    card_number text,
    card_serial text,
    remakes     smallint not null check (remakes >= 0),
    collect_at  text     not null,
    photo       text     not null,
    primary key (person_id, n),
    foreign key (person_id, replaces) references card (person_id, n),
    constraint a_card_in_the_making_is_numbered check (
        making in ('applied', 'withdrawn') or (batch is not null and card_number is not null and card_serial is not null))
);

create unique index one_open_application on application (person_id)
    where making in ('applied', 'in_batch', 'made', 'rejected', 'ready');

-- A PIN value is a keyed HMAC; its key is not in the database.
create table pin (
    person_id bigint   not null,
    card      smallint not null,
    key_id    text     not null,
    value     bytea    not null check (octet_length(value) = 32),
    primary key (person_id, card),
    foreign key (person_id, card) references card (person_id, n)
) with (fillfactor = 70);

create table account (
    person_id       bigint primary key references person,
    balance_fen     bigint not null check (balance_fen >= 0),
    carried_over_on date
) with (fillfactor = 70);

-- A posting moves an amount from one account to another: its two entries sum to zero by this form.
create table posting (
    person_id  bigint   not null references person,
    seq        bigint   not null,
    line       smallint not null,
    debit      text     not null,
    credit     text     not null check (credit <> debit),
    amount_fen bigint   not null check (amount_fen > 0),
    what       text     not null,
    posted_on  date     not null,
    primary key (person_id, seq, line)
);

create table carried_record (
    person_id   bigint not null references person,
    line        integer not null,
    recorded_on date   not null,
    institution text   not null,
    total_fen   bigint not null check (total_fen >= 0),
    account_fen bigint not null check (account_fen >= 0 and account_fen <= total_fen),
    primary key (person_id, line)
);

-- One entry per request and decision. `body` is the exact text that `hash` covers, after the hash before it.
create table journal (
    person_id bigint      not null,
    seq       bigint      not null check (seq >= 1),
    at        timestamptz not null,
    service   text        not null,
    outcome   text        not null check (outcome in ('accepted', 'refused')),
    ground    text        not null,
    clause    text        not null,
    also      text[]      not null,
    body      text        not null,
    hash      bytea       not null check (octet_length(hash) = 32),
    primary key (person_id, seq)
);
create index journal_by_time on journal using brin (at) with (pages_per_range = 16, autosummarize = on);

create table request_key (
    request_id text   primary key,
    content    bytea  not null check (octet_length(content) = 32),
    person_id  bigint not null,
    seq        bigint not null
);
create table person_key (
    number    text   primary key,
    person_id bigint not null
);
create table card_number_key (
    number    text   primary key,
    person_id bigint not null
);
create table card_serial_key (
    serial    text   primary key,
    person_id bigint not null
);

-- A closed day of the journal: how many entries it had, and a keyed seal over all their hashes.
create table journal_seal (
    day       date   primary key,
    entries   bigint not null check (entries >= 0),
    digest    bytea  not null check (octet_length(digest) = 32),
    key_id    text   not null,
    mac       bytea  not null,
    sealed_at timestamptz not null
);

create table staff (
    name       text primary key check (name <> ''),
    role       text not null check (role in ('clerk', 'operator', 'production', 'migration', 'bank', 'calendar', 'terminal', 'auditor')),
    place      text not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    added_at   timestamptz not null,
    ended_at   timestamptz
);

create table import_run (
    run         text primary key,
    finished_at timestamptz not null,
    report      text not null
);

-- The application's role: it may add to the journal and the entries, and nothing else; it may change only what a
-- decision changes; it deletes nothing.
do $$
begin
    if not exists (select from pg_roles where rolname = 'shebaoka_app') then
        create role shebaoka_app login;
    end if;
    if not exists (select from pg_roles where rolname = 'shebaoka_auditor') then
        create role shebaoka_auditor login;
    end if;
exception when duplicate_object or unique_violation then null;  -- another database of this server was quicker
end
$$;
grant usage on schema public to shebaoka_app, shebaoka_auditor;
grant usage on sequence person_id_block, card_number_block to shebaoka_app;
grant select, insert on
    journal, posting, carried_record, request_key, person_key, card_number_key, card_serial_key, journal_seal
    to shebaoka_app;
grant select on meta to shebaoka_app;
grant select, insert on dossier, person, card, application, pin, account, staff, import_run to shebaoka_app;
grant update (version, chain) on dossier to shebaoka_app;
grant update (name, region, insured_on, standing, in_hospital_since) on person to shebaoka_app;
grant update (life, valid_until, ending, ended_on, loss, loss_until, pin_tries, locked, unlocks, first_pin, financial,
    applications) on card to shebaoka_app;
grant update (making, batch, card_number, card_serial, remakes, collect_at, photo) on application to shebaoka_app;
grant update (key_id, value) on pin to shebaoka_app;
grant update (balance_fen, carried_over_on) on account to shebaoka_app;
grant update (ended_at) on staff to shebaoka_app;
grant update (finished_at, report) on import_run to shebaoka_app;
grant select on
    meta, dossier, person, card, application, account, posting, carried_record, journal, request_key, journal_seal,
    import_run
    to shebaoka_auditor;
