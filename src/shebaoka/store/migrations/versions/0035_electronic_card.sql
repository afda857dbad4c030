-- Codes of electronic cards that have settled a charge, each with the entry that it settled. Only added to.
create table shown_code (
    person_id bigint not null,
    seq       bigint not null,
    code      text   not null check (code ~ '^[0-9a-f]{32}$'),
    primary key (person_id, code)
);
grant select, insert on shown_code to shebaoka_app;
