-- Bookings of a call, and feedback: what the public page takes in beside the desk. Both are promised to be deleted on a day
-- that is said when they are made, and so the program may delete from them, and from no other table. `code` is the number by
-- which somebody follows theirs up; `once` is a digest of the form and what was in it, so that a form that is sent twice is one
-- row. `owners` are all who took it, and so saw the telephone.
create table booking (
    id         bigint      generated always as identity primary key,
    code       text        not null unique check (code ~ '^[0-9A-HJKMNP-TV-Z]{12}$'),
    once       text        not null unique,
    kind       text        not null check (kind in ('old_card', 'which_card', 'applying', 'activation', 'fees', 'at_the_window',
                                                    'in_hospital', 'pin_and_lock', 'loss', 'other')),
    telephone  text        not null check (telephone ~ '^(1[3-9][0-9]{9}|0[0-9]{9,11})$'),
    language   text        not null check (language in ('zh-Hans', 'zh-Hant', 'en')),
    wished_at  timestamptz not null,
    due_at     timestamptz not null,
    made_at    timestamptz not null,
    deleted_on date        not null,
    state      text        not null default 'waiting' check (state in ('waiting', 'reached', 'not_reached')),
    tries      integer     not null default 0 check (tries >= 0),
    owner      text        not null default '',
    owners     text[]      not null default '{}',
    ended_at   timestamptz,
    constraint a_call_is_in_time check (made_at <= wished_at and wished_at <= due_at),
    constraint a_call_that_ended_was_somebodys check ((state = 'waiting') = (ended_at is null) and (state = 'waiting' or owner <> ''))
);
create index booking_waiting on booking (wished_at) where state = 'waiting';
create index booking_ended on booking (ended_at) where ended_at is not null;
create index booking_deleted on booking (deleted_on);

create table feedback (
    id          bigint      generated always as identity primary key,
    code        text        not null unique check (code ~ '^[0-9A-HJKMNP-TV-Z]{12}$'),
    once        text        not null unique,
    kind        text        not null check (kind in ('service', 'application', 'payment', 'other')),
    said        text        not null check (said <> ''),
    telephone   text        not null check (telephone ~ '^(1[3-9][0-9]{9}|0[0-9]{9,11})?$'),
    language    text        not null check (language in ('zh-Hans', 'zh-Hant', 'en')),
    made_at     timestamptz not null,
    due_at      timestamptz not null,
    deleted_on  date        not null,
    owner       text        not null default '',
    owners      text[]      not null default '{}',
    answer      text        not null default '',
    answered_by text        not null default '',
    answered_at timestamptz,
    constraint an_answer_says_something check ((answered_at is null) = (answer = '') and (answered_at is null) = (answered_by = ''))
);
create index feedback_open on feedback (due_at) where answered_at is null;
create index feedback_answered on feedback (answered_at) where answered_at is not null;
create index feedback_deleted on feedback (deleted_on);

grant select, insert, delete on booking, feedback to shebaoka_app;
grant update (state, tries, owner, owners, ended_at) on booking to shebaoka_app;
grant update (owner, owners, answer, answered_by, answered_at) on feedback to shebaoka_app;
grant select (id, kind, language, wished_at, due_at, made_at, deleted_on, state, tries, owner, owners, ended_at)
    on booking to shebaoka_auditor;
grant select (id, kind, language, made_at, due_at, deleted_on, owner, owners, answered_by, answered_at)
    on feedback to shebaoka_auditor;
