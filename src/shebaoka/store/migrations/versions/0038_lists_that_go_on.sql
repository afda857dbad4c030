-- The lists at the hotline's desk go on behind the values by which they are ordered: what is due soonest first, what ended last
-- first. Each has an index in its order; of one operator's calls the latest are found without those of others.
drop index booking_waiting, booking_ended, feedback_open, feedback_answered;
create index booking_waiting on booking (due_at, wished_at, id) where state = 'waiting';
create index booking_ended on booking (ended_at, id) where ended_at is not null;
create index feedback_open on feedback (due_at, id) where answered_at is null;
create index feedback_answered on feedback (answered_at, id) where answered_at is not null;
create index hotline_call_by_operator on hotline_call (operator, begun_at);
