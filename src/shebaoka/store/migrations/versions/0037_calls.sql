-- Calls to the hotline: who took one, how its caller was asked, and how it ended. `number` is whom the caller says they are,
-- while the call lasts; `caller` the person's id once they were identified. `asked` are the questions that are open, by kind;
-- the right answers are nowhere. The tables are the hotline's, not about people, and so are not distributed by person.
create table hotline_call (
    id            text     primary key check (id ~ '^h[0-9a-f]{16}$'),
    operator      text     not null,
    place         text     not null,
    begun_at      timestamptz not null,
    language      text     not null check (language in ('zh-Hans', 'zh-Hant', 'en')),
    matter        text     not null default '',
    number        text     check (octet_length(number) = 18),
    claims        smallint not null default 0 check (claims >= 0),
    asked         text[]   not null default '{}',
    asked_before  text[]   not null default '{}',
    tries         smallint not null default 0 check (tries >= 0),
    identified_at timestamptz,
    caller        bigint,
    ended_at      timestamptz,
    outcome       text     not null default '',
    note          text     not null default '',
    constraint who_was_identified_is_known check ((identified_at is null) = (caller is null)),
    constraint what_ended_says_how check ((ended_at is null) = (outcome = '')),
    constraint what_ended_has_no_number check (ended_at is null or number is null)
);
create unique index one_open_call_of_an_operator on hotline_call (operator) where ended_at is null;
create index hotline_call_by_time on hotline_call (begun_at);

-- What happened on a call. `said` is the journal's entry, or the draft, that came of it.
create table hotline_call_event (
    call text     not null references hotline_call,
    n    smallint not null check (n >= 1),
    at   timestamptz not null,
    what text     not null check (what in ('claimed', 'wrong', 'identified', 'asked_for', 'handed_over', 'ended')),
    said text     not null default '',
    primary key (call, n)
);

grant select, insert on hotline_call, hotline_call_event to shebaoka_app;
grant update (matter, number, claims, asked, asked_before, tries, identified_at, caller, ended_at, outcome, note)
    on hotline_call to shebaoka_app;
grant select on hotline_call, hotline_call_event to shebaoka_auditor;
