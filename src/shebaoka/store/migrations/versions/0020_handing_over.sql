-- A tray of cards that are handed over one after another, and who collects them: an agent for all, or each holder.
create table handover_tray (
    id        text        primary key check (id ~ '^t[0-9a-f]{16}$'),
    agent     text        not null,
    shows     text        not null,
    opened_by text        not null,
    place     text        not null,
    opened_at timestamptz not null,
    closed_at timestamptz
);
create index handover_tray_by_time on handover_tray (opened_at);

-- Each scan: whose card it is, and what came of it. `told` is a no before anybody asked the desk; `temporary` is whether
-- a temporary card must be handed in (2.3), `hands_in` whether it was.
create table handover_line (
    id          bigint      generated always as identity primary key,
    tray        text        not null references handover_tray,
    at          timestamptz not null,
    by_whom     text        not null,
    place       text        not null,
    scanned     text        not null,
    number      text        not null,
    name        text        not null,
    card_number text        not null,
    card_serial text        not null,
    temporary   boolean     not null,
    hands_in    boolean     not null default false,
    state       text        not null check (state in ('scanned', 'left', 'told', 'asked', 'accepted', 'refused')),
    fault       text        not null,
    answer      text        not null,
    entry       text        not null default '',
    constraint an_answer_has_an_entry check ((state in ('accepted', 'refused')) = (entry <> ''))
);
create index handover_line_of_tray on handover_line (tray, id);

grant select, insert on handover_tray, handover_line to shebaoka_app;
grant update (closed_at) on handover_tray to shebaoka_app;
grant update (state, hands_in, answer, entry) on handover_line to shebaoka_app;
grant select on handover_tray, handover_line to shebaoka_auditor;
