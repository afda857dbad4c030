-- Makers of cards and banks, with whom files are exchanged. A code is used once.
create table partner (
    code     text primary key check (code ~ '^[a-z0-9][a-z0-9-]{1,31}$'),
    kind     text not null check (kind in ('maker', 'bank')),
    name     text not null check (name <> ''),
    format   text not null check (format <> ''),
    added_at timestamptz not null,
    ended_at timestamptz
);

-- Their public keys, each good from a day until another. A key is one partner's, and stays on file.
create table partner_key (
    id       text primary key check (id ~ '^[0-9a-f]{16}$'),
    partner  text not null references partner (code),
    use      text not null check (use in ('sign', 'seal')),
    public   bytea not null check (octet_length(public) = 32),
    from_on  date not null,
    until_on date not null check (until_on >= from_on),
    added_at timestamptz not null,
    ended_at timestamptz
);
create index partner_key_of on partner_key (partner);

-- Our own: the private half is wrapped by the vault.
create table own_file_key (
    id       text primary key check (id ~ '^[0-9a-f]{16}$'),
    use      text not null check (use in ('sign', 'seal')),
    public   bytea not null check (octet_length(public) = 32),
    wrapped  bytea not null,
    from_on  date not null,
    until_on date not null check (until_on >= from_on),
    added_at timestamptz not null,
    ended_at timestamptz
);

alter table configuration_event drop constraint configuration_event_matter_check;
alter table configuration_event add constraint configuration_event_matter_check
    check (matter in ('window', 'institution', 'terminal', 'partner'));

grant select, insert on partner, partner_key, own_file_key to shebaoka_app;
grant update (name, format, ended_at) on partner to shebaoka_app;
grant update (ended_at) on partner_key, own_file_key to shebaoka_app;
grant select on partner, partner_key to shebaoka_auditor;
grant select (id, use, public, from_on, until_on, added_at, ended_at) on own_file_key to shebaoka_auditor;
