-- A service begun at the window and not confirmed yet: any window takes it up. What was typed is in `content`, as JSON;
-- PINs never are. `base_seq` is the last entry of the person's journal that whoever works on it was told of.
create table draft (
    id              text   primary key check (id ~ '^d[0-9a-f]{16}$'),
    number          text   not null check (octet_length(number) = 18),
    person_id       bigint,
    service         text   not null,
    card            text   not null,
    slip_code       text   not null unique,
    state           text   not null check (state in ('open', 'done', 'left')),
    version         integer not null check (version >= 1),
    attempt         integer not null check (attempt >= 0),
    content         text   not null,
    base_seq        bigint not null,
    opened_by       text   not null,
    place           text   not null,
    opened_at       timestamptz not null,
    changed_by      text   not null,
    changed_at      timestamptz not null,
    changed_step    text   not null,
    approval        text   not null check (approval in ('', 'asked', 'given', 'denied')),
    approved_by     text,
    approval_reason text,
    approved_at     timestamptz,
    entry           text,
    constraint an_approval_names_who check ((approval in ('given', 'denied')) = (approved_by is not null)),
    constraint nobody_approves_their_own check (approved_by is null or approved_by <> opened_by),
    constraint what_is_done_has_an_entry check (state <> 'done' or entry is not null)
);
create unique index one_open_draft on draft (number, service, card) where state = 'open';
create index open_draft on draft (changed_at) where state = 'open';
create index draft_of_place on draft (place, changed_at);

-- Every change of a draft: who, where, which step.
create table draft_event (
    draft   text    not null references draft,
    version integer not null check (version >= 1),
    at      timestamptz not null,
    by_whom text    not null,
    place   text    not null,
    what    text    not null,
    primary key (draft, version)
);

grant select, insert on draft, draft_event to shebaoka_app;
grant update (person_id, state, version, attempt, content, base_seq, place, changed_by, changed_at, changed_step, approval,
    approved_by, approval_reason, approved_at, entry) on draft to shebaoka_app;
grant select on draft, draft_event to shebaoka_auditor;
