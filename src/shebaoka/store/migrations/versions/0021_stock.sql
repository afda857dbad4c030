-- A place that keeps blank cards: a maker, a production centre, a window by its code.
create table stock_place (
    code     text primary key check (code ~ '^[A-Za-z0-9._:-]{1,64}$'),
    kind     text not null check (kind in ('maker', 'centre', 'window')),
    name     text not null check (name <> ''),
    added_by text not null,
    added_at timestamptz not null
);

-- A place's stock of a kind of card. Whoever moves, uses or counts its blanks changes this row in the same transaction,
-- and so is alone at them until the commit. A window without a row keeps no stock, and its cards name no blank.
create table stock (
    place text   not null references stock_place,
    kind  text   not null check (kind in ('social_security', 'temporary')),
    moves bigint not null check (moves >= 0),
    primary key (place, kind)
);

-- A blank card, by the number that its manufacturer gave it: it is in one place, and one thing became of it.
create table blank (
    number text collate "C" primary key check (number ~ '^[A-Z]{0,14}[0-9]{1,18}$'),
    kind   text not null,
    place  text not null,
    state  text not null check (state in ('in_stock', 'used', 'spoilt', 'missing')),
    foreign key (place, kind) references stock
);
create index blank_in_stock on blank (place, kind, number) where state = 'in_stock';
create index blank_lost on blank (place, kind, state) where state in ('spoilt', 'missing');

-- Every movement, from and to a place, '' being outside. A card that is made at a window names its blank here, in the
-- transaction of its decision: no first number means that there was none. `holder` and `entry` are the decision's place
-- in the journal; the table is the places', not about people, and so is not distributed by person.
create table stock_move (
    id           bigint  generated always as identity primary key,
    what         text    not null check (what in ('received', 'moved', 'used', 'spoilt', 'missing', 'found')),
    kind         text    not null,
    source       text    not null,
    target       text    not null,
    first_number text    collate "C" not null,
    last_number  text    collate "C" not null,
    cards        integer not null check (cards >= 1),
    note         text    not null,
    scanned      text    not null default '',
    card_number  text    not null default '',
    card_serial  text    not null default '',
    holder       bigint,
    entry        bigint,
    by_whom      text    not null,
    at           timestamptz not null,
    constraint the_place_has_a_blank check (first_number <> '' or scanned <> ''),
    constraint the_scanned_blank_is_here check (first_number <> '' or scanned = ''),
    constraint a_card_has_its_decision check (
        (holder is null) = (entry is null) and (holder is null) = (card_serial = '')
        and (card_serial = '' or what = 'used' and cards = 1)),
    constraint it_moves_somewhere check (source <> target),
    constraint a_loss_has_a_reason check (what not in ('spoilt', 'missing', 'found') or note <> '')
);
create unique index one_use_of_a_blank on stock_move (first_number) where what = 'used';
create unique index one_blank_of_a_card on stock_move (card_serial) where card_serial <> '';
create unique index one_blank_of_a_decision on stock_move (holder, entry) where holder is not null;
create index stock_move_out on stock_move (source, kind, id);
create index stock_move_in on stock_move (target, kind, id);

-- A count, with what must have been there: the moves since the count before, which the rows of blanks must agree with.
create table stock_count (
    place    text    not null,
    kind     text    not null,
    n        bigint  not null check (n >= 1),
    opening  integer not null check (opening >= 0),
    came_in  integer not null check (came_in >= 0),
    went_out integer not null check (went_out >= 0),
    used     integer not null check (used >= 0),
    spoilt   integer not null check (spoilt >= 0),
    missing  integer not null check (missing >= 0),
    found    integer not null check (found >= 0),
    expected integer not null check (expected >= 0),
    counted  integer not null check (counted >= 0),
    reason   text    not null,
    last_move bigint not null,
    by_whom  text    not null,
    at       timestamptz not null,
    primary key (place, kind, n),
    foreign key (place, kind) references stock,
    constraint the_count_adds_up check (
        expected = opening + came_in + found - went_out - used - spoilt - missing),
    constraint a_count_that_is_off_has_a_reason check (counted = expected or reason <> '')
);

grant select, insert on stock_place, stock, blank, stock_move, stock_count to shebaoka_app;
grant update (moves) on stock to shebaoka_app;
grant update (place, state) on blank to shebaoka_app;
grant select on stock_place, stock, blank, stock_move, stock_count to shebaoka_auditor;
