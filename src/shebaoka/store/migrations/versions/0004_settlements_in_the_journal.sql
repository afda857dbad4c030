-- What an entry settled stands in the entry's own row: one row and one place in an index for each settlement instead of
-- two. `settlement` is a view, and says what the table of that name said (decision 0024). What is taken back is a record
-- of its own with negative amounts, and names what it undoes.
alter table journal
    add column institution text,
    add column cycle       bigint,
    add column kind        text,
    add column undoes      bigint,
    add column message_id  text,
    add column stay        text,
    add column total_fen   bigint,
    add column pooled_fen  bigint,
    add column account_fen bigint,
    add column cash_fen    bigint,
    add column settled_on  date;
update journal j set (institution, cycle, kind, undoes, message_id, stay, total_fen, pooled_fen, account_fen, cash_fen,
                      settled_on) = (
    select s.institution, s.cycle, s.kind, s.undoes, s.message_id, s.stay, s.total_fen, s.pooled_fen, s.account_fen,
           s.cash_fen, s.settled_on
    from settlement s where s.person_id = j.person_id and s.seq = j.seq)
where exists (select from settlement s where s.person_id = j.person_id and s.seq = j.seq);
drop view posting;
drop table settlement;
alter table journal
    add constraint a_settlement_is_whole check (cycle is null or (
        institution is not null and kind is not null and message_id is not null and stay is not null
        and total_fen is not null and pooled_fen is not null and account_fen is not null and cash_fen is not null
        and settled_on is not null)),
    add constraint a_settlement_has_a_cycle check (cycle is not null or (total_fen is null and institution is null)),
    add constraint the_care_is_known check (kind in ('outpatient', 'pharmacy', 'inpatient')),
    add constraint the_parts_add_up check (total_fen = pooled_fen + account_fen + cash_fen),
    add constraint the_parts_have_one_sign check (
        (total_fen > 0 and pooled_fen >= 0 and account_fen >= 0 and cash_fen >= 0)
        or (total_fen < 0 and pooled_fen <= 0 and account_fen <= 0 and cash_fen <= 0));
create index settlement_of_cycle on journal (cycle) where cycle is not null;
create view settlement as
    select person_id, seq, institution, cycle, kind, undoes, message_id, stay, total_fen, pooled_fen, account_fen,
           cash_fen, settled_on, at as settled_at
    from journal where cycle is not null;

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
-- A range of the index by time is a megabyte: with an eighth of that, autovacuum's list of ranges that wait to be
-- summarized was full after a few seconds of load, and the server's log of complaints about it.
drop index journal_by_time;
create index journal_by_time on journal using brin (at) with (pages_per_range = 128, autosummarize = on);

-- Nobody looks for these by what is in them, so that nothing need be known of how their values are spread. Gathering it
-- from long texts was most of what an `analyze` of the journal cost.
alter table journal alter column body set statistics 0, alter column hash set statistics 0,
    alter column also set statistics 0, alter column message_id set statistics 0;
alter table request_key alter column content set statistics 0;
alter table dossier alter column chain set statistics 0;
alter table snapshot alter column facts set statistics 0, alter column pins set statistics 0;
alter table pin alter column value set statistics 0;

grant select on settlement, posting to shebaoka_app, shebaoka_auditor;
