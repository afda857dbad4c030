"""What wallets ask: OpenID4VCI 1.0 with a pre-authorized code, SD-JWT VC, status lists. See docs/electronic-card.md.

Programs ask here for a holder who was shown an offer at the public page; nobody signs in. `serving` puts it together
with the other faces into one web server.
"""

from litestar import Router

from shebaoka.wallet.documents import get_authorization_server, get_issuer, get_keys, get_kind
from shebaoka.wallet.handlers import get_offer, get_status, post_credential, post_nonce, post_token
from shebaoka.web import json_troubles

HANDLERS = [
    get_issuer,
    get_authorization_server,
    get_keys,
    get_kind,
    get_offer,
    post_token,
    post_nonce,
    post_credential,
    get_status,
]


def router() -> Router:
    """Under `/.well-known` and `/credentials`."""
    return Router("/", route_handlers=HANDLERS, exception_handlers=json_troubles(), include_in_schema=False)
