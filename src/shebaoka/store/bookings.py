"""What is kept of bookings of a call and of feedback: the two tables that the program may delete from."""

_BOOKING = """
id, code, kind, telephone, language, wished_at, due_at, made_at, deleted_on, state, tries, owner, owners, ended_at"""
BOOK = """
insert into booking (code, once, kind, telephone, language, wished_at, due_at, made_at, deleted_on)
values (%(code)s, %(once)s, %(kind)s, %(telephone)s, %(language)s, %(wished_at)s, %(due_at)s, %(at)s, %(deleted_on)s)
on conflict do nothing"""
BOOKING_ONCE = f"select {_BOOKING} from booking where once = %(once)s"
BOOKING_BY_CODE = f"select {_BOOKING} from booking where code = %(code)s and deleted_on > %(today)s"
BOOKING = f"select {_BOOKING} from booking where id = %(id)s and deleted_on > %(today)s"
# A list goes on behind the values of a row, not behind the row: it may have left the list, or been deleted, since.
BOOKINGS_WAITING = f"""
select {_BOOKING} from booking where state = 'waiting' and deleted_on > %(today)s
  and (due_at, wished_at, id) > (%(due_at)s, %(wished_at)s, %(id)s)
order by due_at, wished_at, id limit %(limit)s"""
BOOKINGS_ENDED = f"""
select {_BOOKING} from booking where ended_at is not null and deleted_on > %(today)s
  and (ended_at, id) < (%(ended_at)s, %(id)s)
order by ended_at desc, id desc limit %(limit)s"""
COUNT_BOOKINGS_WAITING = """
select count(*), count(*) filter (where due_at < %(at)s) from booking
where state = 'waiting' and deleted_on > %(today)s"""
COUNT_BOOKINGS_ENDED = "select count(*) from booking where ended_at is not null and deleted_on > %(today)s"
# Whoever takes one over says whose it is, so that two who take it at once are not both its owner.
TAKE_BOOKING = """
update booking set owner = %(by)s, owners = array_append(array_remove(owners, %(by)s), %(by)s)
where id = %(id)s and owner = %(owner)s and state = 'waiting' returning id"""
LEAVE_BOOKING = """
update booking set owner = '' where id = %(id)s and owner = %(by)s and state = 'waiting' returning id"""
MISS_BOOKING = """
update booking set owner = '', tries = tries + 1
where id = %(id)s and owner = %(by)s and state = 'waiting' returning id"""
END_BOOKING = """
update booking set state = %(state)s, tries = tries + 1, ended_at = %(at)s
where id = %(id)s and owner = %(by)s and state = 'waiting' returning id"""
WITHDRAW_BOOKING = "delete from booking where code = %(code)s returning id"
DELETE_BOOKINGS = "delete from booking where deleted_on <= %(today)s returning id"

_FEEDBACK = """
id, code, kind, said, telephone, language, made_at, due_at, deleted_on, owner, owners,
answer, answered_by, answered_at"""
GIVE = """
insert into feedback (code, once, kind, said, telephone, language, made_at, due_at, deleted_on)
values (%(code)s, %(once)s, %(kind)s, %(said)s, %(telephone)s, %(language)s, %(at)s, %(due_at)s, %(deleted_on)s)
on conflict do nothing"""
FEEDBACK_ONCE = f"select {_FEEDBACK} from feedback where once = %(once)s"
FEEDBACK_BY_CODE = f"select {_FEEDBACK} from feedback where code = %(code)s and deleted_on > %(today)s"
FEEDBACK = f"select {_FEEDBACK} from feedback where id = %(id)s and deleted_on > %(today)s"
FEEDBACK_WAITING = f"""
select {_FEEDBACK} from feedback where answered_at is null and deleted_on > %(today)s
  and (due_at, id) > (%(due_at)s, %(id)s)
order by due_at, id limit %(limit)s"""
FEEDBACK_ANSWERED = f"""
select {_FEEDBACK} from feedback where answered_at is not null and deleted_on > %(today)s
  and (answered_at, id) < (%(answered_at)s, %(id)s)
order by answered_at desc, id desc limit %(limit)s"""
COUNT_FEEDBACK_WAITING = """
select count(*), count(*) filter (where due_at < %(at)s) from feedback
where answered_at is null and deleted_on > %(today)s"""
COUNT_FEEDBACK_ANSWERED = "select count(*) from feedback where answered_at is not null and deleted_on > %(today)s"
TAKE_FEEDBACK = """
update feedback set owner = %(by)s, owners = array_append(array_remove(owners, %(by)s), %(by)s)
where id = %(id)s and owner = %(owner)s and answered_at is null returning id"""
LEAVE_FEEDBACK = """
update feedback set owner = '' where id = %(id)s and owner = %(by)s and answered_at is null returning id"""
ANSWER = """
update feedback set answer = %(answer)s, answered_by = %(by)s, answered_at = %(at)s
where id = %(id)s and owner = %(by)s and answered_at is null returning id"""
WITHDRAW_FEEDBACK = "delete from feedback where code = %(code)s returning id"
DELETE_FEEDBACK = "delete from feedback where deleted_on <= %(today)s returning id"
