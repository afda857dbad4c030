-- What a decision needs of a dossier in one row, so that a tray reads a person in one place and not in five: person,
-- cards and applications as JSON, and the cards' PIN values. It is written with the rows that it repeats, in the same
-- transaction; `rebuilt_snapshot` is what it must say (decision 0022).
create table snapshot (
    person_id bigint primary key,
    facts     text not null,
    pins      text not null
) with (fillfactor = 80);

create view rebuilt_snapshot as
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
                       collect_at, photo) order by n)
                   from application a where a.person_id = p.person_id), '[]'))::text as facts,
           coalesce((
               select json_object_agg(k.card, json_build_array(key_id, encode(value, 'base64')))
               from pin k where k.person_id = p.person_id), '{}')::text as pins
    from person p;
insert into snapshot (person_id, facts, pins) select person_id, facts, pins from rebuilt_snapshot;

-- What a settlement moves follows from its amounts, and is not written a second time. What else moves money is written.
-- `posting` is all of it, under the name that it had.
alter table posting rename to other_posting;
delete from other_posting p using settlement s where s.person_id = p.person_id and s.seq = p.seq;
create view posting as
    select person_id, seq, line, debit, credit, amount_fen, what, posted_on from other_posting
    union all
    select s.person_id, s.seq, part.line,
           case when part.fen > 0 then part.payer else 'clearing:' || s.institution end,
           case when part.fen > 0 then 'clearing:' || s.institution else part.payer end,
           abs(part.fen),
           case when s.undoes is null then part.what else 'taken_back' end,
           s.settled_on
    from settlement s, lateral (values
        (1::smallint, 'personal', s.account_fen, 'account_part'),
        (2::smallint, 'pooled_fund', s.pooled_fen, 'pooled_part')) as part (line, payer, fen, what)
    where part.fen <> 0;
grant select on posting to shebaoka_app, shebaoka_auditor;

-- A person's id is found in the index alone.
alter table person_key drop constraint person_key_pkey, add primary key (number) include (person_id);

grant select on rebuilt_snapshot to shebaoka_app;
grant select, insert on snapshot to shebaoka_app;
grant update (facts, pins) on snapshot to shebaoka_app;
grant select (person_id, facts) on snapshot to shebaoka_auditor;
