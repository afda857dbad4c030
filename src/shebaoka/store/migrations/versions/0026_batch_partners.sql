-- To whom a batch went: its maker and its bank. Set with the first file that is written for them and never changed, so
-- that no two makers make the same cards.
create table batch_partner (
    batch   text        not null references card_batch,
    kind    text        not null check (kind in ('maker', 'bank')),
    partner text        not null references partner,
    by_whom text        not null,
    at      timestamptz not null,
    primary key (batch, kind)
);

grant select, insert on batch_partner to shebaoka_app;
grant select on batch_partner to shebaoka_auditor;
