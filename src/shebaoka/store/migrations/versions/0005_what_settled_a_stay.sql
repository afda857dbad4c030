-- A stay knows the messages that settled its discharge, or took such a settlement back: a charge made while the patient
-- was still in hospital neither settles the stay nor opens it again. It knows whether anything was ever settled on it. And
-- it may have more settlements than a small number holds.
alter table stay
    alter column n type integer,
    alter column settlements type integer,
    add column charged boolean not null default false,
    add column closing text[]  not null default '{}';
alter table stay
    alter column charged drop default,
    alter column closing drop default;
grant update (charged, closing) on stay to shebaoka_app;

-- What is on file: every charge of a stay with what took it back, and what took that back; the last of each chain.
with recursive chain as (
    select person_id, institution, stay, seq as began, seq, message_id from settlement where stay <> '' and undoes is null
    union all
    select c.person_id, c.institution, c.stay, c.began, s.seq, s.message_id
    from chain c join settlement s on s.person_id = c.person_id and s.undoes = c.seq
), last as (
    select * from chain c where not exists (
        select from chain d where d.person_id = c.person_id and d.began = c.began and d.seq > c.seq)
), discharge as (
    select person_id, body::json #>> '{request,stay}' as stay, max(seq) as seq from journal
    where service = 'discharge_patient' and outcome = 'accepted' group by 1, 2
), found as (
    select l.person_id, l.institution, l.stay,
           coalesce(array_agg(l.message_id order by l.began) filter (where l.began > coalesce(d.seq, 0)), '{}') as closing
    from last l left join discharge d on d.person_id = l.person_id and d.stay = l.stay group by 1, 2, 3
)
update stay s
set charged = true, closing = case when s.state in ('discharged', 'settled') then f.closing else '{}' end
from found f where (f.person_id, f.institution, f.stay) = (s.person_id, s.institution, s.number);

alter table stay add constraint a_settled_stay_was_settled_by_a_message check (state <> 'settled' or closing <> '{}');
