-- The service windows: what staff's accounts name as their place, and where cards are collected. A code is used once.
create table service_window (
    code     text primary key check (code ~ '^[A-Za-z0-9._:-]{1,64}$'),
    name     text not null check (name <> ''),
    site     text not null check (site <> ''),
    address  text not null check (address <> ''),
    hours    text not null check (hours <> ''),
    added_at timestamptz not null,
    ended_at timestamptz
);

-- What administrators did to windows, institutions and terminals, and what was said; never a key.
create table configuration_event (
    id      bigint generated always as identity primary key,
    matter  text not null check (matter in ('window', 'institution', 'terminal')),
    code    text not null,
    at      timestamptz not null,
    what    text not null check (what in ('added', 'changed', 'ended')),
    by_whom text not null,
    said    text not null
);

grant select, insert on service_window, configuration_event to shebaoka_app;
grant update (name, site, address, hours, ended_at) on service_window to shebaoka_app;
grant select on service_window, configuration_event to shebaoka_auditor;
