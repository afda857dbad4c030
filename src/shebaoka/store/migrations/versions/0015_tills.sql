-- A fee that a decision took, or gives back: then the amount is below zero. It is written with the entry that decided it.
-- `application` counts the person's applications; what was paid for one goes back with it. `receipted` is whether a
-- receipt that is not void stands for it.
create table fee (
    person_id   bigint   not null,
    seq         bigint   not null check (seq >= 1),
    place       text     not null,
    service     text     not null check (service <> ''),
    clause      text     not null,
    amount_fen  bigint   not null check (amount_fen <> 0),
    application smallint check (application >= 1),
    decided_at  timestamptz not null,
    receipted   boolean  not null,
    primary key (person_id, seq)
);
create index fee_without_receipt on fee (place) where not receipted;

-- A window's till: the number of its last receipt in the year that it is in, and the sheet that receipts fall on now.
-- Whoever gives a receipt counts here in the same transaction, so that no number is left out and none is given twice.
create table till (
    place       text primary key check (place <> ''),
    year        integer not null check (year between 2000 and 2999),
    last_number bigint  not null check (last_number >= 0),
    sheet       bigint  not null check (sheet >= 1)
);

-- A receipt keeps its number, also when it is void. `payer` and `entry` are the place in the journal of the decision
-- that it stands for; money that goes back without one has no entry. The table is the windows', not about people, and
-- so is not distributed by person.
create table fee_receipt (
    place           text    not null references till (place),
    year            integer not null,
    number          bigint  not null check (number >= 1),
    sheet           bigint  not null check (sheet >= 1),
    payer           bigint  not null,
    entry           bigint,
    service         text    not null check (service <> ''),
    clause          text    not null,
    amount_fen      bigint  not null check (amount_fen <> 0),
    means           text    not null check (means in ('cash', 'code')),
    reference       text    not null check (length(reference) <= 64),
    handed_over_fen bigint  not null check (handed_over_fen >= 0),
    taken_by        text    not null,
    taken_at        timestamptz not null,
    taken_on        date    not null,
    of_place        text,
    of_year         integer,
    of_number       bigint,
    reason          text    not null,
    voided_at       timestamptz,
    voided_by       text,
    void_reason     text,
    primary key (place, year, number),
    foreign key (of_place, of_year, of_number) references fee_receipt (place, year, number),
    constraint only_a_refund_is_of_a_receipt check (of_number is null or amount_fen < 0),
    constraint a_receipt_is_named_whole check (
        (of_place is null) = (of_number is null) and (of_year is null) = (of_number is null)),
    constraint a_refund_has_a_reason check ((amount_fen < 0) = (reason <> '')),
    constraint a_fee_has_an_entry check (entry is not null or of_number is not null),
    constraint a_code_has_a_reference check ((means = 'code') = (reference <> '')),
    constraint cash_is_handed_over check (
        handed_over_fen = 0 or (means = 'cash' and amount_fen > 0 and handed_over_fen >= amount_fen)),
    constraint a_void_receipt_says_why check (
        (voided_at is null) = (voided_by is null) and (voided_at is null) = (void_reason is null)
        and void_reason <> '')
);
create unique index one_receipt_of_an_entry on fee_receipt (payer, entry) where voided_at is null;
create unique index one_refund_of_a_receipt on fee_receipt (of_place, of_year, of_number) where voided_at is null;
create unique index one_receipt_of_a_payment on fee_receipt (reference)
    where means = 'code' and amount_fen > 0 and voided_at is null;
create index receipt_of_sheet on fee_receipt (place, sheet);
create index receipt_of_day on fee_receipt (taken_on, place);

-- Cash put into a drawer or taken out of it that is no fee: the float, or what goes to the bank during the day.
create table till_float (
    place      text   not null references till (place),
    sheet      bigint not null check (sheet >= 1),
    n          integer not null check (n >= 1),
    amount_fen bigint not null check (amount_fen <> 0),
    reason     text   not null check (reason <> ''),
    by_whom    text   not null,
    at         timestamptz not null,
    primary key (place, sheet, n)
);

-- A sheet that is closed, with what it came to; nothing of it changes any more. The next one begins with what was left.
create table till_sheet (
    place        text   not null references till (place),
    sheet        bigint not null check (sheet >= 1),
    opening_fen  bigint not null check (opening_fen >= 0),
    float_fen    bigint not null,
    cash_in_fen  bigint not null check (cash_in_fen >= 0),
    cash_out_fen bigint not null check (cash_out_fen >= 0),
    code_in_fen  bigint not null check (code_in_fen >= 0),
    code_out_fen bigint not null check (code_out_fen >= 0),
    fees         integer not null check (fees >= 0),
    refunds      integer not null check (refunds >= 0),
    voids        integer not null check (voids >= 0),
    expected_fen bigint not null check (expected_fen >= 0),
    counted_fen  bigint not null check (counted_fen >= 0),
    left_fen     bigint not null,
    pieces       jsonb  not null,
    reason       text   not null,
    closed_by    text   not null,
    closed_at    timestamptz not null,
    primary key (place, sheet),
    constraint the_sheet_adds_up check (expected_fen = opening_fen + float_fen + cash_in_fen - cash_out_fen),
    constraint a_difference_has_a_reason check (counted_fen = expected_fen or reason <> ''),
    constraint what_is_left_was_counted check (left_fen between 0 and counted_fen)
);

grant select, insert on fee, till, fee_receipt, till_float, till_sheet to shebaoka_app;
grant update (receipted) on fee to shebaoka_app;
grant update (year, last_number, sheet) on till to shebaoka_app;
grant update (voided_at, voided_by, void_reason) on fee_receipt to shebaoka_app;
grant select on fee, till, fee_receipt, till_float, till_sheet to shebaoka_auditor;
