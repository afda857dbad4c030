-- Sessions, slips and answered challenges hold a secret's trace or a person's id past their use, and no record: the journal
-- has each look by itself. They go when their own time refuses them (`store/spent.py`); so do offers (0039).
grant delete on holder_session, holder_slip, used_nonce to shebaoka_app;

-- The telephone of a notification that has ended is kept in part after some days.
alter table notification drop constraint notification_receiver_check;
alter table notification add constraint notification_receiver_check
    check (receiver ~ '^(1[3-9][0-9]{9}|1[3-9][0-9][*]{4}[0-9]{4})?$');
create index notification_whole on notification (ended_at) where ended_at is not null and receiver ~ '^[0-9]{11}$';
