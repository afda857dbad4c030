-- Nothing is deleted: a photo whose run was undone has the instant at which it ceased to count, and may be replaced.
alter table photo add column undone_at timestamptz;
grant update (undone_at) on photo to shebaoka_app;
create index photo_of_run on photo (run);
