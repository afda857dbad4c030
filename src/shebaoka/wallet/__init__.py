"""What wallets ask: OpenID4VCI 1.0 with a pre-authorized code, SD-JWT VC, status lists. See docs/electronic-card.md.

Programs ask here for a holder who was shown an offer at the public page; nobody signs in. `serving` puts it together
with the other faces into one web server.
"""

from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from shebaoka.wallet.documents import get_authorization_server, get_issuer, get_keys, get_kind
from shebaoka.wallet.handlers import BODY_MAX, get_offer, get_status, post_credential, post_nonce, post_token
from shebaoka.web import ErrorBody, json_troubles

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
    troubles = {**json_troubles(), RequestEntityTooLarge: _too_large}
    return Router("/", route_handlers=HANDLERS, exception_handlers=troubles, include_in_schema=False)


def _too_large(_: Request[Any, Any, Any], __: RequestEntityTooLarge) -> Response[ErrorBody]:
    says = f"The body is larger than {BODY_MAX // 1024} KB. No wallet needs to send as much."
    return Response(ErrorBody("body_too_large", says), status_code=413, media_type="application/json")
