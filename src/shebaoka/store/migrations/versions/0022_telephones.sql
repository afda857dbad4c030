-- Where somebody is told that their card can be collected: their telephone, whether they agreed to be told by message, and
-- in which language. `n` counts how often it was said; an empty number is one that was taken away.
create table telephone (
    person_id  bigint      primary key,
    n          integer     not null check (n >= 1),
    number     text        not null check (number ~ '^(1[3-9][0-9]{9})?$'),
    agreed     boolean     not null,
    language   text        not null check (language in ('zh-Hans', 'zh-Hant', 'en')),
    changed_at timestamptz not null,
    changed_by text        not null,
    constraint agreeing_needs_a_number check (number <> '' or not agreed)
);

-- Who said what of it, and when; the number in part.
create table telephone_event (
    person_id bigint      not null,
    n         integer     not null,
    at        timestamptz not null,
    by_whom   text        not null,
    place     text        not null,
    number    text        not null check (number ~ '^(1[0-9]{2}[*]{4}[0-9]{4})?$'),
    agreed    boolean     not null,
    language  text        not null,
    primary key (person_id, n)
);

grant select, insert on telephone, telephone_event to shebaoka_app;
grant update (n, number, agreed, language, changed_at, changed_by) on telephone to shebaoka_app;
grant select on telephone_event to shebaoka_auditor;
