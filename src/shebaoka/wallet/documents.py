"""What wallets and verifiers read about the house: what it issues, where, and with which keys that is checked."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from shebaoka.desk import CONFIGURATION, Wallets
from shebaoka.notice import LANGUAGES
from shebaoka.records import NotFound
from shebaoka.wallet.threads import in_thread
from shebaoka.wallet.words import CARD, CLAIMS
from shebaoka.web import Front

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
"""These may be read from any page, and kept for five minutes."""
Asked = Request[Any, Any, Any]


def open_wallets(front: Front) -> Wallets:
    """The room, where the house has an address with https; wallets need one. `NotFound` elsewhere."""
    if not front.wallets.issuer:
        raise NotFound("This server issues no credentials: SHEBAOKA_ORIGIN names no address with https.")
    return front.wallets


def _cities(front: Front) -> dict[str, str]:
    """The city's name in each language."""
    notice = front.notices.on(front.screens.today())
    return {language: notice.wording[language].city for language in LANGUAGES}


def _named(words: tuple[str, str, str], key: str) -> list[dict[str, str]]:
    return [{key: word, "locale": language} for word, language in zip(words, LANGUAGES, strict=True)]


@get("/.well-known/openid-credential-issuer")
async def get_issuer(front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """What is issued and where (OpenID4VCI 1.0, 12.2)."""
    wallets, cities = open_wallets(front), _cities(front)
    issuer = wallets.issuer
    claims = [{"path": [name], "display": _named(words, "name")} for name, words in CLAIMS.items()]
    described = {
        "format": "dc+sd-jwt",
        "vct": wallets.kind,
        "scope": CONFIGURATION,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": ["ES256"],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
        "credential_metadata": {"display": _named(CARD, "name"), "claims": claims},
    }
    content = {
        "credential_issuer": issuer,
        "credential_endpoint": f"{issuer}/credentials/credential",
        "nonce_endpoint": f"{issuer}/credentials/nonce",
        "display": [
            {"name": f"{city}{' ' if language == 'en' else ''}{card}", "locale": language}
            for (language, city), card in zip(cities.items(), CARD, strict=True)
        ],
        "credential_configurations_supported": {CONFIGURATION: described},
    }
    return Response(content, media_type="application/json", headers=OPEN)


@get("/.well-known/oauth-authorization-server")
async def get_authorization_server(front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """Where a token is got, and by what (RFC 8414)."""
    issuer = open_wallets(front).issuer
    content = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/credentials/token",
        "response_types_supported": [],
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }
    return Response(content, media_type="application/json", headers=OPEN)


@get("/.well-known/jwt-vc-issuer")
async def get_keys(request: Asked, front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """The keys by which credentials and status lists are checked (SD-JWT VC, JWT VC Issuer Metadata)."""
    wallets = open_wallets(front)
    content = {"issuer": wallets.issuer, "jwks": {"keys": await in_thread(request, wallets.keys)}}
    return Response(content, media_type="application/json", headers=OPEN)


@get("/credentials/social-security-card")
async def get_kind(front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """What the type of the credential means (SD-JWT VC, Type Metadata)."""
    claims = [
        {"path": [name], "display": _named(words, "label"), "sd": "always", "mandatory": name != "valid_until"}
        for name, words in CLAIMS.items()
    ]
    content = {
        "vct": open_wallets(front).kind,
        "name": "Social security card",
        "description": "A social security card or a temporary card of this city, good as long as the card itself is.",
        "display": _named(CARD, "name"),
        "claims": claims,
    }
    return Response(content, media_type="application/json", headers=OPEN)
