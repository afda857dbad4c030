-- The old card's records of a year are one row, with their text as the digest in the carry-over's entry covers it: a
-- JSON array of [day, institution, total, account's part] (decision 0026). `seq` is the entry that carried them over.
create table carried_records (
    person_id   bigint   not null,
    seq         bigint   not null check (seq >= 1),
    year        smallint not null check (year >= 1),
    records     integer  not null check (records >= 1),
    total_fen   bigint   not null check (total_fen >= 0),
    account_fen bigint   not null check (account_fen >= 0 and account_fen <= total_fen),
    body        text     not null,
    primary key (person_id, seq, year)
);
insert into carried_records (person_id, seq, year, records, total_fen, account_fen, body)
select r.person_id, coalesce(c.seq, 1), date_part('year', recorded_on), count(*), sum(total_fen), sum(account_fen),
       '[' || string_agg('["' || to_char(recorded_on, 'YYYY-MM-DD') || '",' || to_json(institution)::text || ','
                         || total_fen || ',' || account_fen || ']', ',' order by line) || ']'
from carried_record r
left join (
    select person_id, min(seq) as seq from journal
    where service = 'carry_over_account' and outcome = 'accepted' group by person_id) as c on c.person_id = r.person_id
group by r.person_id, c.seq, date_part('year', recorded_on);

-- A record by itself, under the old name; without those whose carry-over was undone. A correction of the opening
-- balance leaves the records as they are.
drop table carried_record;
create view carried_record as
    select person_id,
           (row_number() over (partition by person_id order by year, seq, n))::integer as line,
           (record ->> 0)::date   as recorded_on,
           record ->> 1           as institution,
           (record ->> 2)::bigint as total_fen,
           (record ->> 3)::bigint as account_fen
    from carried_records c, json_array_elements(c.body::json) with ordinality as r (record, n)
    where not exists (
        select from undone u join journal j on j.person_id = u.person_id and j.seq = u.by_seq
        where u.person_id = c.person_id and u.seq = c.seq and j.service = 'undo_carry_over');

-- What a bulk load pays for and the desk holds: that a number and a region are digits is checked where a request is
-- read, and that a card is somebody's by `journal verify`.
alter table card drop constraint card_person_id_fkey;
alter table person
    drop constraint person_number_check,
    drop constraint person_region_check,
    add constraint person_number_check check (octet_length(number) = 18),
    add constraint person_region_check check (octet_length(region) = 6);

-- A run of moving a city over, from taking its files in until it is signed off. Runs of before this table knew steps
-- were done when they were put down.
alter table import_run
    alter column finished_at drop not null,
    alter column report drop not null,
    add column state      text        not null default 'done',
    add column began_at   timestamptz,
    add column document   text,
    add column progress   text,
    add column attempt    integer     not null default 1 check (attempt >= 1),
    add column held_by    text,
    add column held_until timestamptz;

-- People who were carried over in one transaction. `first_person_id` is null for people who were on file already.
create table import_batch (
    run             text    not null references import_run,
    attempt         integer not null check (attempt >= 1),
    n               integer not null check (n >= 1),
    people          integer not null check (people >= 0),
    first_person_id bigint,
    carried         integer check (carried >= 0),
    refused         integer check (refused >= 0),
    carried_fen     bigint check (carried_fen >= 0),
    carried_at      timestamptz,
    undone_at       timestamptz,
    outcome         text,
    primary key (run, attempt, n)
);

-- Who signed a run off, and the checksum of the proof that they saw.
create table import_signature (
    run      text        not null references import_run,
    attempt  integer     not null check (attempt >= 1),
    by_whom  text        not null check (by_whom <> ''),
    at       timestamptz not null,
    checksum text        not null,
    primary key (run, attempt, by_whom)
);

create table photo (
    person_id bigint  primary key,
    format    text    not null,
    width     integer not null check (width >= 1),
    height    integer not null check (height >= 1),
    digest    bytea   not null check (octet_length(digest) = 32),
    image     bytea   not null,
    run       text    not null,
    entry     text    not null
);

grant select, insert on carried_records, import_batch, import_signature, photo to shebaoka_app;
grant select on carried_record to shebaoka_app, shebaoka_auditor;
grant update (state, began_at, document, progress, attempt, held_by, held_until) on import_run to shebaoka_app;
grant update (people, first_person_id, carried, refused, carried_fen, carried_at, undone_at, outcome)
    on import_batch to shebaoka_app;
grant update (format, width, height, digest, image, run, entry) on photo to shebaoka_app;
grant select on carried_records, import_batch, import_signature, photo to shebaoka_auditor;
