-- What each verification of the whole journal said, for whoever searches it.
create table journal_verification (
    id          bigint generated always as identity primary key,
    at          timestamptz not null,
    entries     bigint  not null,
    people      bigint  not null,
    days_sealed integer not null,
    replayed    bigint  not null,
    faults      integer not null
);

grant select, insert on journal_verification to shebaoka_app;
grant select on journal_verification to shebaoka_auditor;

-- How many drafts wait for a second person stands on every page of whoever approves.
create index waiting_draft on draft (changed_at) where state = 'open' and approval = 'asked';
