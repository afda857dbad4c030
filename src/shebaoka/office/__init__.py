"""The office's pages, for people: the city in numbers, journal, clauses, imports, money, staff. See docs/office.md.

`serving` puts them together with the API and the window into one web server.
"""

from litestar import Router

from shebaoka.office import (
    approvals,
    articles,
    city,
    day,
    entrance,
    evening,
    imports,
    journal,
    keeping,
    partners,
    passkeys,
    rulebook,
    site,
    windows,
)
from shebaoka.pages import FORM_MAX, must_be_known, must_see_people, must_see_staff

OPEN = [
    *(entrance.get_style, entrance.get_icon, entrance.get_script),
    *(entrance.get_sign_in, entrance.post_sign_in, entrance.post_challenge, entrance.post_sign_out),
    *(entrance.get_enrol, entrance.post_enrol),
]
FOR_STAFF = [
    *(city.get_today, rulebook.get_clauses, rulebook.get_clause, imports.get_import),
    *(imports.get_report_page, imports.get_report_paper),
    *(evening.get_evening, evening.get_cycle, evening.get_bank_file),
    *(evening.post_explain, evening.post_close, evening.post_bank_file),
    *(passkeys.get_passkeys, passkeys.post_challenge, passkeys.post_passkeys, passkeys.post_end),
    *(
        windows.get_windows,
        windows.post_window,
        windows.post_window_changed,
        windows.post_window_days,
        windows.post_window_ended,
    ),
    *(windows.get_institutions, windows.post_institution, windows.post_institution_ended),
    *(windows.post_terminal, windows.post_terminal_ended),
    *(partners.get_partners, partners.post_partner, partners.post_partner_ended),
    *(partners.post_key, partners.post_key_ended, partners.post_own_keys),
    *(day.get_day, day.get_day_table),
    *(articles.get_articles, articles.post_host, articles.post_host_verdict, articles.post_host_ended),
    *(articles.get_new, articles.post_new, articles.get_article, articles.post_article),
    *(articles.post_verdict, articles.post_withdrawn),
    *(site.get_site, site.post_prepared, site.post_signed),
]
ABOUT_PEOPLE = [
    *(city.get_corrections, journal.get_journal, journal.post_journal_person),
    *(journal.get_history, journal.get_history_file),
    *(approvals.get_approvals, approvals.post_approval, approvals.get_drafts, approvals.post_set_aside),
]
ABOUT_STAFF = [keeping.get_staff, keeping.post_staff, keeping.post_reset, keeping.post_end]


def router() -> Router:
    """The pages under `/`: those that anybody may open, those for staff, and those for who may see people, or staff."""
    staff = Router("/", route_handlers=FOR_STAFF, guards=[must_be_known])
    seers = Router("/", route_handlers=ABOUT_PEOPLE, guards=[must_be_known, must_see_people])
    keepers = Router("/", route_handlers=ABOUT_STAFF, guards=[must_be_known, must_see_staff])
    anybody = Router("/", route_handlers=OPEN, request_max_body_size=FORM_MAX)
    return Router("/", route_handlers=[anybody, staff, seers, keepers], include_in_schema=False)
