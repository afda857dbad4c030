-- Made cards that go to a window together, or that come back from it uncollected. `cards` counts its lines.
create table consignment (
    id         text primary key check (id ~ '^c[0-9a-f]{16}$'),
    kind       text    not null check (kind in ('out', 'back')),
    place      text    not null check (place <> ''),
    state      text    not null check (state in ('packing', 'sent', 'arrived')),
    note       text    not null default '',
    cards      integer not null default 0 check (cards >= 0),
    opened_by  text    not null,
    opened_at  timestamptz not null,
    sent_by    text,
    sent_at    timestamptz,
    arrived_by text,
    arrived_at timestamptz,
    constraint what_is_sent_says_by_whom check ((state = 'packing') = (sent_by is null)),
    constraint what_arrived_says_by_whom check ((state = 'arrived') = (arrived_by is not null))
);
create index consignment_by_time on consignment (opened_at);

-- Its cards, one a line. A card is on its way in one consignment at a time; `holder` is the person's id, and the tables
-- are the windows', not about people, and so are not distributed by person.
create table consignment_card (
    consignment text     not null references consignment,
    n           integer  not null check (n >= 1),
    holder      bigint   not null,
    card_number text     not null check (card_number <> ''),
    card_serial text     not null check (card_serial <> ''),
    state       text     not null check (state in ('packed', 'taken_out', 'arrived', 'missing', 'refused')),
    ground      text     not null default '',
    changed_by  text     not null,
    changed_at  timestamptz not null,
    primary key (consignment, n),
    constraint a_refusal_says_why check ((state = 'refused') = (ground <> ''))
);
create unique index one_consignment_of_a_card on consignment_card (card_serial) where state = 'packed';
create index consignment_of_card on consignment_card (card_serial);

-- Cards that wait: to be sent to their window, and there to be collected.
create index application_to_deliver on application (collect_at) where making = 'made';
create index application_to_collect on application (collect_at, ready_on) where making = 'ready';

-- Where somebody's card is sent by post; the latest word counts.
create table postal_address (
    person_id bigint primary key,
    recipient text not null check (recipient <> ''),
    telephone text not null check (telephone <> ''),
    address   text not null check (address <> ''),
    said_by   text not null,
    said_at   timestamptz not null
);

-- A letter with a card in it, as it was addressed, and how it ended: with its proof.
create table posted_card (
    card_serial text    primary key check (card_serial <> ''),
    n           integer not null check (n >= 1),
    holder      bigint  not null,
    card_number text    not null,
    recipient   text    not null,
    telephone   text    not null,
    address     text    not null,
    carrier     text    not null check (carrier <> ''),
    tracking    text    not null check (tracking <> ''),
    sent_by     text    not null,
    sent_at     timestamptz not null,
    state       text    not null check (state in ('sent', 'delivered', 'back')),
    proof       text    not null default '',
    ended_by    text,
    ended_at    timestamptz,
    constraint how_it_ended_is_proved check ((state = 'sent') = (proof = '') and (state = 'sent') = (ended_by is null))
);
create unique index one_letter_of_a_tracking_number on posted_card (carrier, tracking);
create index posted_card_by_time on posted_card (sent_at);

grant select, insert on consignment, consignment_card, postal_address, posted_card to shebaoka_app;
grant update (state, note, cards, sent_by, sent_at, arrived_by, arrived_at) on consignment to shebaoka_app;
grant update (state, ground, changed_by, changed_at) on consignment_card to shebaoka_app;
grant update (recipient, telephone, address, said_by, said_at) on postal_address to shebaoka_app;
grant update (n, recipient, telephone, address, carrier, tracking, sent_by, sent_at, state, proof, ended_by, ended_at)
    on posted_card to shebaoka_app;
grant select on consignment, consignment_card, postal_address, posted_card to shebaoka_auditor;
