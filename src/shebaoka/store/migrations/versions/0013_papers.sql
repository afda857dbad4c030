-- The keys that papers are sealed with, as the vault wrapped them, one a day or a few.
create table data_key (
    id      text        primary key check (id ~ '^[0-9a-f]{32}$'),
    day     date        not null,
    wrapped bytea       not null,
    made_at timestamptz not null
);
create index data_key_of_day on data_key (day);

-- A page, a photo or a signature, sealed. It is taken in for a draft, maybe about somebody whom nobody has on file yet,
-- so it is known by itself; when the draft is confirmed it gets the person and the place of the entry in the journal.
-- One that is set aside, a page scanned wrongly, stays and ceases to count.
create table paper (
    id           text        primary key,
    draft        text        not null check (draft <> ''),
    number       text        not null check (octet_length(number) = 18),
    kind         text        not null check (kind ~ '^[a-z_]{1,40}$'),
    format       text        not null,
    width        integer     not null check (width >= 1),
    height       integer     not null check (height >= 1),
    size         integer     not null check (size >= 1),
    digest       bytea       not null check (octet_length(digest) = 32),
    data_key     text        not null references data_key (id),
    sealed       bytea       not null,
    added_by     text        not null,
    place        text        not null,
    added_at     timestamptz not null,
    set_aside_at timestamptz,
    set_aside_by text,
    person_id    bigint,
    seq          bigint check (seq >= 1),
    constraint set_aside_by_somebody check ((set_aside_at is null) = (set_aside_by is null)),
    constraint confirmed_by_an_entry check ((person_id is null) = (seq is null)),
    constraint confirmed_paper_counts check (person_id is null or set_aside_at is null)
);
-- What is sealed is as good as noise: to compress it would be work for nothing.
alter table paper alter column sealed set storage external;
create index paper_of_draft on paper (draft);
create index paper_of_person on paper (person_id, added_at) where person_id is not null;

grant select, insert on data_key, paper to shebaoka_app;
grant update (set_aside_at, set_aside_by, person_id, seq) on paper to shebaoka_app;
grant select (id, draft, kind, format, width, height, size, digest, data_key, added_by, place, added_at, set_aside_at,
              set_aside_by, person_id, seq) on paper to shebaoka_auditor;
