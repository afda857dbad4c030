"""The way of a credential into a wallet: offer, token, nonce, credential; and the status list afterwards."""

import re
import uuid
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from shebaoka.desk import CONFIGURATION, HOLDER, PORTAL_PLACE, Denied
from shebaoka.records import Ask, Channel, LookUpPerson, NotFound, Sender, Trouble
from shebaoka.wallet.documents import GRANT, open_wallets
from shebaoka.wallet.threads import in_thread
from shebaoka.web import Front, address_of, asked

BODY_MAX = 16 * 1024
NOT_KEPT = {"Cache-Control": "no-store"}
REASON = "put into a wallet"
"""Why the holder is looked up, as their journal says it; the public page has words for it."""
Wanted = Request[Any, Any, Any]
_OFFER = re.compile(r"[A-Za-z0-9_-]{32}")
_SAID = re.compile(r"[\x20-\x7e]{1,200}")


class _Proofs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proofs of one kind, of which there is one here."""

    jwt: list[str]


class _Credential(msgspec.Struct, frozen=True):
    """A credential request, in the part that is looked at."""

    credential_configuration_id: str = ""
    credential_identifier: str = ""
    credential_response_encryption: dict[str, Any] | None = None
    proofs: _Proofs | None = None


_credential = msgspec.json.Decoder(_Credential)


@get("/credentials/offers/{code:str}")
async def get_offer(
    request: Wanted, front: NamedDependency[Front], code: Annotated[str, PathParameter()]
) -> Response[dict[str, Any]]:
    """The offer that a QR code names (4.1.3). `NotFound` if it was taken, or its time is over."""
    wallets = open_wallets(front)
    front.limits.take("wallet", address_of(request))
    if not _OFFER.fullmatch(code) or not await in_thread(request, wallets.is_open, code):
        raise NotFound("There is no such offer any more; ask for a new one at the public page.")
    grant = {"pre-authorized_code": code, "tx_code": {"input_mode": "numeric", "length": 6}}
    content = {
        "credential_issuer": wallets.issuer,
        "credential_configuration_ids": [CONFIGURATION],
        "grants": {GRANT: grant},
    }
    return Response(content, media_type="application/json", headers=NOT_KEPT)


@post("/credentials/token", status_code=200, request_max_body_size=BODY_MAX)
async def post_token(request: Wanted, front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """A token for an offer's code (6.1): once, and with the code of six digits that its holder sees."""
    wallets = open_wallets(front)
    front.limits.take("wallet", address_of(request))
    said = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=20))
    if said.get("grant_type") != GRANT:
        return _denied(Denied("unsupported_grant_type", "This issuer takes a pre-authorized code alone."))
    code, tx_code = said.get("pre-authorized_code", ""), said.get("tx_code", "")
    if not _SAID.fullmatch(code) or not _SAID.fullmatch(tx_code):
        return _denied(Denied("invalid_request", "Send pre-authorized_code and tx_code."))
    token = await in_thread(request, wallets.token, code, tx_code)
    if isinstance(token, Denied):
        return _denied(token)
    content = {"access_token": token, "token_type": "Bearer", "expires_in": 600}
    return Response(content, media_type="application/json", headers=NOT_KEPT)


@post("/credentials/nonce", status_code=200, request_max_body_size=BODY_MAX)
async def post_nonce(request: Wanted, front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """A challenge for the proof that a wallet has its key (7)."""
    wallets = open_wallets(front)
    front.limits.take("wallet", address_of(request))
    content = {"c_nonce": await in_thread(request, wallets.nonce)}
    return Response(content, media_type="application/json", headers=NOT_KEPT)


@post("/credentials/credential", status_code=200, request_max_body_size=BODY_MAX)
async def post_credential(request: Wanted, front: NamedDependency[Front]) -> Response[dict[str, Any]]:
    """The credential (8), after the look-up has gone into its holder's journal, who reads there when it was issued."""
    wallets = open_wallets(front)
    front.limits.take("wallet", address_of(request))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _SAID.fullmatch(token):
        return _denied(Denied("invalid_token", "Send the access token as Authorization: Bearer.", 401))
    try:
        said = _credential.decode(await request.body())
    except msgspec.DecodeError:
        return _denied(Denied("invalid_credential_request", "Send the request as JSON, with one proof under jwt."))
    if (denied := _unfit(said)) is not None:
        return _denied(denied)
    if said.proofs is None or len(said.proofs.jwt) != 1:
        return _denied(Denied("invalid_proof", "Send exactly one proof, under jwt."))
    wanted = await in_thread(request, wallets.asked, token, said.credential_configuration_id, said.proofs.jwt[0])
    if isinstance(wanted, Denied):
        return _denied(wanted)
    look = LookUpPerson(id=f"look-{uuid.uuid4()}", person=wanted.number, reason=REASON)
    (outcome,) = await asked(front, [Ask(look, Sender(HOLDER, Channel.PORTAL, PORTAL_PLACE))])
    if isinstance(outcome, Trouble):
        raise outcome
    if outcome.answer.outcome == "refused":
        return _denied(Denied("credential_request_denied", f"Clause {outcome.answer.clause} does not allow it."))
    credential = await in_thread(request, wallets.issue, wanted)
    if isinstance(credential, Denied):
        return _denied(credential)
    return Response({"credentials": [{"credential": credential}]}, media_type="application/json", headers=NOT_KEPT)


@get("/credentials/status/{n:int}")
async def get_status(
    request: Wanted, front: NamedDependency[Front], n: Annotated[int, PathParameter()]
) -> Response[bytes]:
    """A status list: which credentials are good, suspended or over. `NotFound` if there is none such."""
    wallets = open_wallets(front)
    listed = await in_thread(request, wallets.listed, n)
    if listed is None:
        raise NotFound("There is no such status list.")
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=10"}
    return Response(listed.encode(), media_type="application/statuslist+jwt", headers=headers)


def _unfit(said: _Credential) -> Denied | None:
    """What is wrong with how a credential is asked for (8.3.1.2). Who asks for it encrypted gets none that is open."""
    if bool(said.credential_configuration_id) == bool(said.credential_identifier):
        return Denied("invalid_credential_request", f"Send credential_configuration_id, which is {CONFIGURATION}.")
    if said.credential_identifier:
        return Denied("unknown_credential_identifier", "This issuer gives none out; send credential_configuration_id.")
    if said.credential_response_encryption is not None:
        return Denied("invalid_encryption_parameters", "This issuer encrypts no responses; its metadata offers none.")
    return None


def _denied(denied: Denied) -> Response[dict[str, Any]]:
    """An error as OAuth and OpenID4VCI have it."""
    headers = dict(NOT_KEPT)
    if denied.status == 401:
        headers["WWW-Authenticate"] = f'Bearer error="{denied.error}"'
    content = {"error": denied.error, "error_description": denied.says}
    return Response(content, status_code=denied.status, media_type="application/json", headers=headers)
