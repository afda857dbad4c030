-- What a comparison of details found, a row for each message that differs; the comparison itself keeps how many there
-- are. A side's amounts are total, pooled, account and cash part, and none where that side lacks the message.
create table difference (
    comparison bigint not null references comparison,
    message_id text collate "C" not null,
    ours       bigint[] not null check (cardinality(ours) in (0, 4)),
    theirs     bigint[] not null check (cardinality(theirs) in (0, 4)),
    settlement text not null,
    primary key (comparison, message_id),
    constraint the_sides_differ check (ours <> theirs)
);
insert into difference
select c.id, d ->> 'message_id',
       array(select (d -> 'ours' ->> f)::bigint from unnest(n.names) with ordinality as a (f, i)
             where d -> 'ours' is not null order by i),
       array(select (d -> 'theirs' ->> f)::bigint from unnest(n.names) with ordinality as a (f, i)
             where d -> 'theirs' is not null order by i),
       coalesce(d ->> 'settlement', '')
from comparison c, jsonb_array_elements(c.differences::jsonb) as d,
     (values ('{total_fen,pooled_fen,account_fen,cash_fen}'::text[])) as n (names);
alter table comparison
    alter column differences type integer using jsonb_array_length(differences::jsonb);

-- An explanation is of the amounts that were there to be explained, and of no others.
alter table explanation
    drop constraint explanation_pkey,
    alter column message_id type text collate "C",
    add column ours   bigint[] not null default '{}',
    add column theirs bigint[] not null default '{}';
update explanation e set ours = d.ours, theirs = d.theirs
from difference d
where d.message_id = e.message_id
  and e.difference = case when d.theirs = '{}' then 'ours_only' when d.ours = '{}' then 'theirs_only' else 'amount' end
  and d.comparison = (
    select max(c.id) from comparison c where c.cycle = e.cycle and c.differences is not null and c.at <= e.at);
alter table explanation
    alter column ours drop default,
    alter column theirs drop default,
    add primary key (cycle, message_id, difference, ours, theirs);

-- Who made the bank's file of a day, and when. Files made before this table was are not in it.
create table bank_file (
    day     date primary key,
    made_at timestamptz not null,
    by_whom text    not null,
    digest  bytea   not null check (octet_length(digest) = 32),
    lines   integer not null check (lines >= 0),
    sum_fen bigint  not null
);

create index open_cycle on cycle (institution, id) where closed_at is null;
create index cycle_by_payment on cycle (paid_on);

grant select, insert on difference, bank_file to shebaoka_app;
grant select on difference, bank_file to shebaoka_auditor;
