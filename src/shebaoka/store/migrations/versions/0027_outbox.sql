-- The outbox: what holders are to be told, each written with the decision that it follows from, whose entry is `seq`. One row
-- is one notification, whatever happens to it. `again` counts how often somebody sent it anew by hand; within that, number
-- and text stay as they were at the first attempt. `due_at` is when it is tried next, and while it is being tried, when
-- others may think that whoever tried it has died.
create table notification (
    person_id bigint      not null,
    seq       bigint      not null,
    kind      text        not null check (kind in ('ready', 'remade', 'uncollected', 'returned')),
    caused_at timestamptz not null,
    state     text        not null default 'waiting'
        check (state in ('waiting', 'sent', 'given_up', 'untold', 'overtaken')),
    due_at    timestamptz not null,
    attempts  smallint    not null default 0 check (attempts >= 0),
    again     smallint    not null default 0 check (again >= 0),
    again_by  text        not null default '',
    receiver  text        not null default '' check (receiver ~ '^(1[3-9][0-9]{9})?$'),
    said      text        not null default '',
    language  text        not null default '',
    carrier   text        not null default '',
    reference text        not null default '',
    fault     text        not null default '',
    ended_at  timestamptz,
    primary key (person_id, seq, kind),
    constraint what_is_sent_says_something check (state <> 'sent' or (said <> '' and receiver <> '')),
    constraint what_waits_has_not_ended check ((state = 'waiting') = (ended_at is null))
);
create index notification_open on notification (state, due_at) where state in ('waiting', 'given_up', 'untold');
create index notification_ended on notification (ended_at) where ended_at is not null;
create index application_ready on application (person_id) where making = 'ready';

-- Keys under which this house signs what it asks of a carrier, wrapped by the vault. A key id is used once.
create table carrier_key (
    key_id   text        primary key check (key_id ~ '^[A-Za-z0-9._:-]{1,64}$'),
    wrapped  bytea       not null,
    added_at timestamptz not null
);

grant select, insert on notification, carrier_key to shebaoka_app;
grant update (state, due_at, attempts, again, again_by, receiver, said, language, carrier, reference, fault, ended_at)
    on notification to shebaoka_app;
grant select on notification to shebaoka_auditor;
