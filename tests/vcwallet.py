"""A wallet and a verifier for tests, which share no code with the product: keys and JWTs by jwcrypto, SD-JWT by the
reference implementation of RFC 9901, what an SD-JWT VC, its issuer and a status list must be by openvc.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from openvc.jwt_vc_issuer import resolve_jwt_vc_issuer_key
from openvc.openid4vci import (
    GRANT_PRE_AUTHORIZED_CODE,
    parse_credential_issuer_metadata,
    parse_credential_offer,
)
from openvc.verify import VerificationPolicy, VerificationResult, verify_credential
from sd_jwt.holder import SDJWTHolder
from sd_jwt.verifier import SDJWTVerifier


class Web:
    """A browserless client: addresses of the issuer, asked of the server under test."""

    def __init__(self, client: httpx.Client, issuer: str) -> None:
        self.client, self.issuer = client, issuer

    def path(self, address: str) -> str:
        """The path of an address of the issuer's, and of nobody else's."""
        assert address.startswith(self.issuer + "/"), address
        return address.removeprefix(self.issuer)

    def document(self, address: str) -> dict[str, Any]:
        """A JSON document, which must be one."""
        answer = self.client.get(self.path(address))
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == "application/json"
        return dict(answer.json())


def signed(key: JWK, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A JWT by the key."""
    token = JWS(json.dumps(claims))
    token.add_signature(key, None, json.dumps({"alg": "ES256", **header}))
    return str(token.serialize(compact=True))


class Wallet:
    """Holds a key, takes offers, presents credentials."""

    def __init__(self, web: Web, now: Callable[[], float]) -> None:
        self.web, self.now = web, now
        self.key = JWK.generate(kty="EC", crv="P-256")

    def public(self) -> dict[str, str]:
        """The key's public half."""
        return dict(json.loads(self.key.export_public()))

    def offered(self, link: str) -> tuple[str, dict[str, Any]]:
        """The code in an offer that was scanned, and what the issuer says of itself; both as the specification asks."""
        assert link.startswith("openid-credential-offer://?")
        (address,) = parse_qs(urlsplit(link).query)["credential_offer_uri"]
        offer = parse_credential_offer(self.web.document(address))
        assert offer.credential_issuer == self.web.issuer
        described = self.web.document(f"{offer.credential_issuer}/.well-known/openid-credential-issuer")
        metadata = parse_credential_issuer_metadata(described)
        assert metadata.credential_issuer == offer.credential_issuer
        (wanted,) = offer.credential_configuration_ids
        assert metadata.credential_configurations_supported[wanted]["format"] == "dc+sd-jwt"
        return offer.grants[GRANT_PRE_AUTHORIZED_CODE]["pre-authorized_code"], described

    def token(self, code: str, tx_code: str) -> httpx.Response:
        """The answer of the token endpoint, found by the authorization server's own metadata."""
        server = self.web.document(f"{self.web.issuer}/.well-known/oauth-authorization-server")
        assert server["issuer"] == self.web.issuer
        said = {"grant_type": GRANT_PRE_AUTHORIZED_CODE, "pre-authorized_code": code, "tx_code": tx_code}
        return self.web.client.post(self.web.path(server["token_endpoint"]), data=said)

    def nonce(self, described: dict[str, Any]) -> str:
        """A fresh challenge."""
        answer = self.web.client.post(self.web.path(described["nonce_endpoint"]))
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.json()["c_nonce"])

    def proof(self, nonce: str, **other: Any) -> str:
        """The proof that the wallet has its key."""
        claims = {"aud": self.web.issuer, "iat": int(self.now()), "nonce": nonce, **other.pop("claims", {})}
        return signed(self.key, {"typ": "openid4vci-proof+jwt", "jwk": self.public(), **other}, claims)

    def credential(self, described: dict[str, Any], token: str, proof: str) -> httpx.Response:
        """The answer of the credential endpoint."""
        body = {"credential_configuration_id": "social_security_card", "proofs": {"jwt": [proof]}}
        headers = {"Authorization": f"Bearer {token}"}
        return self.web.client.post(self.web.path(described["credential_endpoint"]), json=body, headers=headers)

    def take(self, link: str, tx_code: str) -> str:
        """The whole way; the credential."""
        code, described = self.offered(link)
        token = self.token(code, tx_code).json()["access_token"]
        answer = self.credential(described, token, self.proof(self.nonce(described)))
        assert answer.status_code == 200, answer.text
        (issued,) = answer.json()["credentials"]
        return str(issued["credential"])

    def shown(self, credential: str, *disclosed: str, nonce: str, aud: str) -> str:
        """A presentation to a verifier that discloses only this, bound to the wallet's key."""
        holder = SDJWTHolder(credential)
        holder.create_presentation(dict.fromkeys(disclosed, True), nonce, aud, self.key)
        return str(holder.sd_jwt_presentation)

    def bound(self, disclosed: str, *, nonce: str, aud: str) -> str:
        """Whatever is disclosed, with the wallet's word that it is meant for this verifier (RFC 9901, 4.3)."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(disclosed.encode()).digest()).decode().rstrip("=")
        claims = {"nonce": nonce, "aud": aud, "iat": int(time.time()), "sd_hash": digest}
        return disclosed + signed(self.key, {"typ": "kb+jwt"}, claims)


class Verifier:
    """Who is shown a credential, and asks the issuer's server for keys and status alone."""

    def __init__(self, web: Web) -> None:
        self.web = web

    def by_reference(self, presentation: str, *, nonce: str, aud: str) -> dict[str, Any]:
        """What the reference implementation of SD-JWT makes of a presentation."""

        def key(issuer: str, header: dict[str, Any]) -> JWK:
            return JWK(**resolve_jwt_vc_issuer_key(issuer, header["kid"], fetch=self.web.document))

        return dict(SDJWTVerifier(presentation, key, aud, nonce).get_verified_payload())

    def checked(self, presentation: str, *, nonce: str, aud: str, kind: str) -> VerificationResult:
        """The presentation held against all of SD-JWT VC, with its key binding and its status; raises what is wrong."""
        policy = VerificationPolicy(
            audience=aud, nonce=nonce, require_key_binding=True, expected_vct=kind, require_status=True
        )
        return verify_credential(
            presentation,
            policy=policy,
            jwt_vc_issuer_fetch=self.web.document,
            resolve_status_list_token=self.status_list,
        )

    def status_list(self, address: str) -> dict[str, Any]:
        """A status list's claims, its signature checked by the issuer's key."""
        answer = self.web.client.get(self.web.path(address), headers={"Accept": "application/statuslist+jwt"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/statuslist+jwt")
        token = JWS()
        token.deserialize(answer.text)
        header, claims = dict(token.jose_header or {}), json.loads(token.objects["payload"])
        assert header["typ"] == "statuslist+jwt"
        token.verify(JWK(**resolve_jwt_vc_issuer_key(claims["iss"], header["kid"], fetch=self.web.document)))
        assert claims["sub"] == address
        return dict(claims)
