-- A card that nobody collects is returned, and its application stays open: it is brought again on wish.
alter table application drop constraint application_making_check, add constraint application_making_check check (
    making in ('applied', 'in_batch', 'made', 'rejected', 'ready', 'returned', 'collected', 'withdrawn'));
drop index one_open_application;
create unique index one_open_application on application (person_id)
    where making in ('applied', 'in_batch', 'made', 'rejected', 'ready', 'returned');

-- The last day on which the card came to its window. Of cards that came before, the journal knows it: an application is
-- counted by the requests that were accepted before.
alter table application add column ready_on date;
grant update (ready_on) on application to shebaoka_app;
update application a set ready_on = r.day from (
    select j.person_id, (j.body::json #>> '{given,on}')::date as day, (
        select count(*) from journal c
        where c.person_id = j.person_id and c.seq < j.seq and c.outcome = 'accepted'
          and (c.service = 'apply_for_card' or c.service = 'replace_card'
               and coalesce(c.body::json #>> '{request,card}', 'social_security') = 'social_security')) as n
    from journal j where j.service = 'record_ready' and j.outcome = 'accepted') r
where a.person_id = r.person_id and a.n = r.n;

create or replace view rebuilt_snapshot as
    select person_id,
           json_build_array(
               json_build_array(number, name, sex, birth_on, region, insured_on, standing, in_hospital_since),
               coalesce((
                   select json_agg(json_build_array(
                       n, kind, c.number, serial, life, issued_on, valid_until, ending, ended_on, loss, loss_until,
                       pin_tries, locked, unlocks, first_pin, financial, applications) order by n)
                   from card c where c.person_id = p.person_id), '[]'),
               coalesce((
                   select json_agg(json_build_array(
                       n, why, making, applied_on, fee_fen, replaces, batch, card_number, card_serial, remakes,
                       collect_at, photo, ethnic_group, ready_on) order by n)
                   from application a where a.person_id = p.person_id), '[]'))::text as facts,
           coalesce((
               select json_object_agg(k.card, json_build_array(key_id, encode(value, 'base64')))
               from pin k where k.person_id = p.person_id), '{}')::text as pins
    from person p;
update snapshot s set facts = r.facts from rebuilt_snapshot r
where r.person_id = s.person_id
  and exists (select from application a where a.person_id = s.person_id and a.ready_on is not null);
