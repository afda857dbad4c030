"""What is kept of the window's drafts: services begun and not confirmed, who changed them, and who approved them."""

_DRAFT = """
id, number, person_id, service, card, slip_code, state, version, attempt, content, base_seq, opened_by, place,
opened_at, changed_by, changed_at, changed_step, approval, approved_by, approval_reason, approved_at, entry"""

DRAFT = f"select {_DRAFT} from draft where id = %(id)s"
BY_SLIP = f"select {_DRAFT} from draft where slip_code = %(code)s"
OPEN_LIKE = f"""
select {_DRAFT} from draft where number = %(number)s and service = %(service)s and card = %(card)s and state = 'open'"""
OPEN_OF = f"select {_DRAFT} from draft where number = %(number)s and state = 'open' order by changed_at desc"
OPEN = f"select {_DRAFT} from draft where state = 'open' order by changed_at desc limit %(limit)s"
WAITING = f"""
select {_DRAFT} from draft where state = 'open' and approval = 'asked' order by changed_at limit %(limit)s"""
COUNT_WAITING = "select count(*) from draft where state = 'open' and approval = 'asked'"
# Of one person one draft a service and card is open: whoever is second takes up the first one's.
ADD = f"""
insert into draft (id, number, person_id, service, card, slip_code, state, version, attempt, content, base_seq,
    opened_by, place, opened_at, changed_by, changed_at, changed_step, approval)
values (%(id)s, %(number)s, %(person_id)s, %(service)s, %(card)s, %(slip_code)s, 'open', 1, 0, %(content)s,
    %(base_seq)s, %(by)s, %(place)s, %(at)s, %(by)s, %(at)s, 'opened', '')
on conflict (number, service, card) where state = 'open' do nothing returning {_DRAFT}"""
# What was approved is approved as it was: any change asks for it anew.
CHANGE = f"""
update draft set content = %(content)s, version = version + 1, changed_by = %(by)s, changed_at = %(at)s,
    changed_step = %(step)s, place = %(place)s, approval = '', approved_by = null, approval_reason = null,
    approved_at = null
where id = %(id)s and version = %(version)s and state = 'open' returning {_DRAFT}"""
ASK_APPROVAL = f"""
update draft set approval = 'asked', version = version + 1, changed_by = %(by)s, changed_at = %(at)s,
    changed_step = 'approval', place = %(place)s, approved_by = null, approval_reason = null, approved_at = null
where id = %(id)s and version = %(version)s and state = 'open' returning {_DRAFT}"""
APPROVE = f"""
update draft set approval = %(approval)s, version = version + 1, approved_by = %(by)s, approved_at = %(at)s,
    approval_reason = %(reason)s
where id = %(id)s and version = %(version)s and state = 'open' and approval = 'asked'
  and changed_by <> %(by)s and opened_by <> %(by)s returning {_DRAFT}"""
TOLD = "update draft set base_seq = greatest(base_seq, %(seq)s) where id = %(id)s and state = 'open'"
# Whoever was answered has seen everything up to the answer's own entry.
ANSWERED = f"""
update draft set attempt = attempt + 1, version = version + 1, entry = %(entry)s, state = %(state)s,
    base_seq = greatest(base_seq, %(seq)s), person_id = %(person_id)s, changed_by = %(by)s, changed_at = %(at)s,
    changed_step = 'confirm', place = %(place)s
where id = %(id)s and attempt = %(attempt)s and state = 'open' returning {_DRAFT}"""
SET_ASIDE = f"""
update draft set state = 'left', version = version + 1, changed_by = %(by)s, changed_at = %(at)s,
    changed_step = 'set_aside'
where id = %(id)s and version = %(version)s and state = 'open' returning {_DRAFT}"""
NOTE = """
insert into draft_event (draft, version, at, by_whom, place, what)
values (%(id)s, %(version)s, %(at)s, %(by)s, %(place)s, %(what)s) on conflict do nothing"""
EVENTS = "select version, at, by_whom, place, what from draft_event where draft = %(id)s order by version"
