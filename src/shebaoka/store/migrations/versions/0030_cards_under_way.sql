-- Cards under way by their batch: who was put into one by hand is found by it.
create index application_being_made on application (batch) where making in ('in_batch', 'made');
