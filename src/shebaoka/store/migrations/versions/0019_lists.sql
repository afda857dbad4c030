-- An employer's list of applications, as it came in, with who acts for its people and what was shown for all of them.
create table employer_list (
    id        text        primary key check (id ~ '^l[0-9a-f]{16}$'),
    employer  text        not null check (employer <> ''),
    agent     text        not null,
    shows     text        not null,
    file_name text        not null,
    rows      integer     not null check (rows >= 1),
    added_by  text        not null,
    place     text        not null,
    added_at  timestamptz not null
);
create index employer_list_by_time on employer_list (added_at);

-- Its rows under the numbers that they have in the file. `fault` is what the check found wrong, `foretold` what the desk
-- would answer, `registers` whether the person is registered with it. Who asked, and what came of it, is kept for good.
create table employer_list_row (
    list         text     not null references employer_list,
    n            integer  not null check (n >= 1),
    number       text     not null,
    name         text     not null,
    region       text     not null,
    insured_on   text     not null,
    collect_at   text     not null,
    fault        text     not null,
    fault_row    integer,
    verdict      text     not null default '' check (verdict in ('', 'fault', 'no', 'good')),
    foretold     text     not null default '',
    registers    boolean  not null default false,
    photographed boolean  not null default false,
    paper        text     not null default '',
    asked_by     text,
    asked_place  text,
    outcome      text     not null default '' check (outcome in ('', 'accepted', 'refused')),
    answer       text     not null default '',
    entry        text     not null default '',
    primary key (list, n),
    constraint an_answer_was_asked_for check (outcome = '' or (asked_by is not null and entry <> '')),
    constraint only_good_rows_are_asked check (asked_by is null or verdict = 'good')
);

grant select, insert on employer_list, employer_list_row to shebaoka_app;
grant update (verdict, fault, foretold, registers, photographed, paper, asked_by, asked_place, outcome, answer, entry)
    on employer_list_row to shebaoka_app;
grant select on employer_list, employer_list_row to shebaoka_auditor;
