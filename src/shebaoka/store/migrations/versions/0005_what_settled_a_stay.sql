-- A stay knows the message that settled its discharge, or the one by which that settlement was taken back: a charge made
-- while the patient was still in hospital neither settles the stay nor opens it again. And it may have more settlements
-- than a small number holds.
alter table stay
    alter column n type integer,
    alter column settlements type integer,
    add column closing text not null default '';
alter table stay alter column closing drop default;
grant update (closing) on stay to shebaoka_app;

-- What is on file: the newest settlement of a stay settled it, or took that back.
update stay s set closing = last.message_id
from stay t
cross join lateral (
    select j.message_id, j.total_fen from settlement j
    where j.person_id = t.person_id and j.institution = t.institution and j.stay = t.number
    order by j.seq desc limit 1) as last
where s.person_id = t.person_id and s.n = t.n
  and ((s.state = 'settled' and last.total_fen > 0) or (s.state = 'discharged' and last.total_fen < 0));

alter table stay add constraint a_settled_stay_was_settled_by_a_message check (state <> 'settled' or closing <> '');
