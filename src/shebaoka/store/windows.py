"""What is kept of the service windows, and of what administrators did to them, to institutions and to partners."""

WINDOWS = """
select code, name, site, address, hours, added_at, ended_at, latitude, longitude
from service_window order by ended_at is not null, code"""
ADD = """
insert into service_window (code, name, site, address, hours, added_at, latitude, longitude)
values (%(code)s, %(name)s, %(site)s, %(address)s, %(hours)s, %(at)s, %(latitude)s, %(longitude)s)
on conflict (code) do nothing returning code"""
CHANGE = """
update service_window set name = %(name)s, site = %(site)s, address = %(address)s, hours = %(hours)s,
    latitude = %(latitude)s, longitude = %(longitude)s
where code = %(code)s and ended_at is null returning code"""
END = "update service_window set ended_at = %(at)s where code = %(code)s and ended_at is null returning code"
# What was said of days from a day on, and not taken back. What is said of a window alone comes after what is of all.
DAYS = """
select code, day, hours, why from window_day where day >= %(since)s and hours is not null
order by day, code <> '*', code"""
SAY_DAY = """
insert into window_day (code, day, hours, why)
select %(code)s, day, %(hours)s, %(why)s from unnest(%(days)s::date[]) as day
on conflict (day, code) do update set hours = excluded.hours, why = excluded.why"""
IN_USE = "select code from service_window where code = %(code)s and ended_at is null"
# A place may be anything as long as there are no windows; then it is one in use.
PLACE_FITS = """
select not exists (select from service_window)
    or exists (select from service_window where code = %(place)s and ended_at is null)"""

NOTE = """
insert into configuration_event (matter, code, at, what, by_whom, said)
values (%(matter)s, %(code)s, %(at)s, %(what)s, %(by)s, %(said)s)"""
EVENTS = """
select matter, code, at, what, by_whom, said from configuration_event
where matter = any(%(matters)s) order by id desc limit %(limit)s"""
