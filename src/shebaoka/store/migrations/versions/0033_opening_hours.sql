-- Where a window is, in degrees (WGS-84); both or neither.
alter table service_window
    add column latitude  double precision check (latitude between -90 and 90),
    add column longitude double precision check (longitude between -180 and 180),
    add constraint a_place_has_two_degrees check ((latitude is null) = (longitude is null));
grant update (latitude, longitude) on service_window to shebaoka_app;

-- A day on which a window, or every window ('*'), is not open as in the week: other hours, or none. Where `hours` is
-- null, what was said of the day was taken back.
create table window_day (
    code  text not null check (code = '*' or code ~ '^[A-Za-z0-9._:-]{1,64}$'),
    day   date not null,
    hours text,
    why   text not null,
    primary key (day, code)
);
grant select, insert on window_day to shebaoka_app;
grant update (hours, why) on window_day to shebaoka_app;
grant select on window_day to shebaoka_auditor;
