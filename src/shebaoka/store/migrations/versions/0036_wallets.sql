-- Keys that credentials for wallets are signed with, wrapped by the vault; one is open.
create table credential_key (
    kid      text        primary key check (kid ~ '^[A-Za-z0-9_-]{43}$'),
    public   bytea       not null check (octet_length(public) = 65),
    wrapped  bytea       not null,
    drawn_at timestamptz not null,
    ended_at timestamptz
);
create unique index one_open_credential_key on credential_key ((true)) where ended_at is null;

-- Offers of a credential, each by the digest of its code, with what was taken by it. `tx_code` is a keyed mark.
create table credential_offer (
    digest      text        primary key check (digest ~ '^[0-9a-f]{64}$'),
    person_id   bigint      not null,
    card        smallint    not null,
    tx_code     bytea       not null check (octet_length(tx_code) = 16),
    made_at     timestamptz not null,
    until_at    timestamptz not null,
    misses      smallint    not null default 0 check (misses >= 0),
    taken_at    timestamptz,
    token       text,
    token_until timestamptz,
    issued_at   timestamptz,
    constraint what_is_taken_has_a_token check ((taken_at is null) = (token is null)),
    constraint what_is_issued_was_taken check (issued_at is null or taken_at is not null)
);

-- Credentials that were issued, by their place: the number of their status list times 65,536, and the index there.
create table card_credential (
    place     bigint      primary key check (place >= 0),
    person_id bigint      not null,
    card      smallint    not null,
    kid       text        not null,
    issued_at timestamptz not null,
    until_at  timestamptz not null
);

-- Challenges that a wallet has answered.
create table used_nonce (
    nonce text        primary key,
    at    timestamptz not null
);
grant select, insert on credential_key, credential_offer, card_credential, used_nonce to shebaoka_app;
grant update (ended_at) on credential_key to shebaoka_app;
grant update (misses, taken_at, token, token_until, issued_at) on credential_offer to shebaoka_app;
