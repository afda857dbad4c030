-- The words that a person is found by: each beginning of their name and of its initials, and their old medical card's
-- number behind a blank. Rows are only added: whoever reads them compares the name as it is now. It follows from person
-- and card, and is filled by a pass that can be repeated (decision 0037); people who are on file now have none yet.
create table finding (
    person_id bigint not null,
    word      text collate "C" not null check (word <> ''),
    number    text collate "C" not null,
    primary key (person_id, word)
);
-- Everybody with a word, in the order of their numbers: a page of a search is read in one place, however many there are.
create index finding_by_word on finding (word, number);

-- Who searched for whom: what was typed, how many came back, and who they are. A social security number is masked, for
-- the journal has the dossier that was opened, and the look-up of a number that nobody has.
create table search_event (
    id      bigint generated always as identity primary key,
    at      timestamptz not null,
    by_whom text        not null,
    place   text        not null,
    kind    text        not null check (kind in ('number', 'card_number', 'card_serial', 'old_card', 'name', 'initials')),
    typed   text        not null,
    found   integer     not null check (found >= 0),
    more    boolean     not null,
    people  bigint[]    not null check (cardinality(people) = found)
);

grant select, insert on finding, search_event to shebaoka_app;
grant select on finding, search_event to shebaoka_auditor;
