-- Frequently asked questions and related notices of the public page.
create table article (
    id       bigint generated always as identity primary key,
    kind     text not null check (kind in ('faq', 'related')),
    begun_at timestamptz not null
);

-- What an article says, in a version each time somebody writes it. What is written stays; a version that waits is
-- approved or denied by another person, and taken away by anybody who may do either.
create table article_version (
    article      bigint not null references article (id),
    n            integer not null check (n > 0),
    place        integer not null check (place between 1 and 999),
    from_on      date not null,
    until_on     date check (until_on >= from_on),
    texts        text not null check (texts <> ''),
    written_by   text not null,
    written_at   timestamptz not null,
    state        text not null default 'waiting' check (state in ('waiting', 'approved', 'denied', 'withdrawn')),
    decided_by   text,
    decided_at   timestamptz,
    reason       text not null default '',
    withdrawn_by text,
    withdrawn_at timestamptz,
    primary key (article, n),
    constraint an_article_is_decided_by_another check (decided_by is null or decided_by <> written_by),
    constraint an_approved_article_was_decided check (state not in ('approved', 'denied') or decided_by is not null),
    constraint a_withdrawn_article_says_by_whom check (state <> 'withdrawn' or withdrawn_by is not null)
);
create unique index one_version_waits on article_version (article) where state = 'waiting';

-- The hosts that links in articles may lead to: proposed by one, approved by another, taken away by one.
create table link_host (
    id          bigint generated always as identity primary key,
    host        text not null check (host <> ''),
    proposed_by text not null,
    proposed_at timestamptz not null,
    state       text not null default 'waiting' check (state in ('waiting', 'approved', 'denied', 'ended')),
    decided_by  text,
    decided_at  timestamptz,
    ended_by    text,
    ended_at    timestamptz,
    constraint a_host_is_decided_by_another check (decided_by is null or decided_by <> proposed_by),
    constraint an_approved_host_was_decided check (state not in ('approved', 'denied') or decided_by is not null),
    constraint an_ended_host_says_by_whom check (state <> 'ended' or ended_by is not null)
);
create unique index one_row_of_a_host on link_host (host) where state in ('waiting', 'approved');

-- What may be shown, as digests by name, signed off by two people; or by one, who took something away. Each is sealed
-- by the vault together with the one before it.
create table site_signoff (
    n           bigint primary key check (n > 0),
    what        text not null check (what in ('site', 'article', 'host')),
    code        text not null,
    manifest    text not null,
    prepared_by text not null,
    signed_by   text,
    at          timestamptz not null,
    before      bytea not null,
    key_id      text not null,
    mac         bytea not null,
    constraint a_site_is_signed_by_another check (signed_by is null or signed_by <> prepared_by),
    constraint a_site_is_signed_by_two check (what <> 'site' or signed_by is not null)
);

-- What one has prepared for another to sign off.
create table site_proposal (
    id          bigint generated always as identity primary key,
    manifest    text not null,
    prepared_by text not null,
    prepared_at timestamptz not null,
    ended_at    timestamptz
);
create unique index one_proposal_waits on site_proposal ((true)) where ended_at is null;

grant select, insert on article, article_version, link_host, site_signoff, site_proposal to shebaoka_app;
grant update (state, decided_by, decided_at, reason, withdrawn_by, withdrawn_at) on article_version to shebaoka_app;
grant update (state, decided_by, decided_at, ended_by, ended_at) on link_host to shebaoka_app;
grant update (ended_at) on site_proposal to shebaoka_app;
grant select on article, article_version, link_host, site_signoff, site_proposal to shebaoka_auditor;
