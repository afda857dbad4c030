"""The JSON API under `/api/v1`: services, dossiers, the journal and the notice, for programs. See docs/api.md."""

from shebaoka.api.accounts import get_account, get_balance
from shebaoka.api.asking import post_request, post_tray
from shebaoka.api.guiding import get_guide, get_matters
from shebaoka.api.reading import (
    get_clause,
    get_counts,
    get_health,
    get_journal,
    get_me,
    get_notice,
    get_openapi,
    get_person,
    get_person_journal,
    get_services,
    get_statement,
    get_whereabouts,
)

HANDLERS = [
    post_request,
    post_tray,
    get_person,
    get_person_journal,
    get_whereabouts,
    get_statement,
    get_account,
    get_balance,
    get_journal,
    get_counts,
    get_notice,
    get_clause,
    get_services,
    get_matters,
    get_guide,
    get_me,
    get_health,
    get_openapi,
]
