"""What is asked of an authenticator, and what it answers (WebAuthn), as `desk/passkeys.py` needs it.

The authenticator must verify who uses it (by a PIN, a finger, a face), and keep the key with the account's name. What
make it is (attestation) is not asked. Signatures and their envelopes are checked by the package `webauthn`, which is
loaded where it is needed: it takes as long to load as the rest of the command line.
"""

import base64
import re

import msgspec

from shebaoka.records import BadInput

TIMEOUT_MS = 5 * 60 * 1000
ANSWER_MAX = 32_000
KEY_ID_MAX, PUBLIC_KEY_MAX = 1023, 4096
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
_ORIGIN = re.compile(r"https://([a-z0-9.-]{1,253})(:[0-9]{1,5})?|http://(localhost)(:[0-9]{1,5})?")
_LOCAL = re.compile(r"http://localhost(:[0-9]{1,5})?")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Site(msgspec.Struct, frozen=True):
    """Where passkeys are good. `rp_id` is the host that they are bound to, `origin` the address of the pages.

    Without an origin it is this machine alone: any port of `http://localhost`.
    """

    rp_id: str = "localhost"
    origin: str = ""

    @property
    def shown(self) -> str:
        """The address as people are told it."""
        return self.origin or "http://localhost"

    def is_at(self, origin: str) -> bool:
        """Whether this is where the pages are."""
        return origin == self.origin if self.origin else _LOCAL.fullmatch(origin) is not None


def site_from(setting: str) -> Site:
    """The site that SHEBAOKA_ORIGIN names; this machine alone, where it names none. `BadInput`."""
    if not setting:
        return Site()
    origin = setting.lower().removesuffix("/")
    found = _ORIGIN.fullmatch(origin)
    host = (found[1] or found[3]) if found else ""
    if not _HOST.fullmatch(host):
        raise BadInput(
            "SHEBAOKA_ORIGIN: give the address at which browsers see the pages, such as https://card.example.cn, with "
            "https and a name (or http://localhost), and no path; browsers bind passkeys to no bare IP address."
        )
    return Site(host, origin.removesuffix(":443") if origin.startswith("https") else origin.removesuffix(":80"))


class _Response(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")
    transports: list[str] = []
    handle: str | None = msgspec.field(name="userHandle", default=None)


class _Credential(msgspec.Struct, frozen=True):
    id: str
    response: _Response


class _ClientData(msgspec.Struct, frozen=True):
    challenge: str
    origin: str
    crosses: bool = msgspec.field(name="crossOrigin", default=False)


class Made(msgspec.Struct, frozen=True):
    """What an authenticator made, unchecked: the key's id, whose it says it is, what was signed and where."""

    text: str
    id: bytes
    challenge: bytes
    origin: str
    transports: list[str]
    handle: bytes


class NewKey(msgspec.Struct, frozen=True):
    """A key that an authenticator made and proved."""

    id: bytes
    public_key: bytes
    count: int


def read(text: str) -> Made:
    """What a page sent of an authenticator. `BadInput` if it cannot be read, or was made inside another site's page."""
    try:
        if len(text) > ANSWER_MAX:
            raise unfit()
        credential = msgspec.json.decode(text, type=_Credential)
        response = credential.response
        said = msgspec.json.decode(_bytes(response.client_data), type=_ClientData)
        transports = [t for t in TRANSPORTS if t in response.transports]
        found = (_bytes(credential.id), _bytes(said.challenge), said.origin, transports, _bytes(response.handle or ""))
    except ValueError:  # what is no JSON, no base64 and no UTF-8 alike
        raise unfit() from None
    if said.crosses:
        raise unfit()
    return Made(text, *found)


def to_add(
    site: Site, issuer: str, name: str, handle: bytes, challenge: bytes, others: list[tuple[bytes, list[str]]]
) -> str:
    """What a browser is asked so that an authenticator makes a key for an account that has `others`; as JSON."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=issuer,
        user_id=handle,
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(
                id=key, transports=[structs.AuthenticatorTransport(t) for t in transports]
            )
            for key, transports in others
        ],
    )
    return webauthn.options_to_json(options)


def to_sign_in(site: Site, challenge: bytes) -> str:
    """What a browser is asked so that somebody uses a key of theirs here; it names none, so it tells nothing. JSON."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def new_key(made: Made, site: Site) -> NewKey | None:
    """The key in an answer to `to_add`; None unless it was made for this challenge here, its holder verified."""
    import webauthn
    from webauthn import helpers

    try:
        checked = webauthn.verify_registration_response(
            credential=made.text,
            expected_challenge=made.challenge,
            expected_rp_id=site.rp_id,
            expected_origin=made.origin,
            require_user_verification=True,
        )
        # A key that nothing could be checked with later is told now.
        helpers.decoded_public_key_to_cryptography(helpers.decode_credential_public_key(checked.credential_public_key))
    except _unfit_errors():
        return None
    if len(checked.credential_id) > KEY_ID_MAX or len(checked.credential_public_key) > PUBLIC_KEY_MAX:
        return None
    return NewKey(checked.credential_id, checked.credential_public_key, checked.sign_count)


def count_of(made: Made, site: Site, public_key: bytes) -> int | None:
    """What the key counts in an answer to `to_sign_in`; None unless it signed it here and its holder was verified."""
    import webauthn

    try:
        checked = webauthn.verify_authentication_response(
            credential=made.text,
            expected_challenge=made.challenge,
            expected_rp_id=site.rp_id,
            expected_origin=made.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _unfit_errors():
        return None
    return checked.new_sign_count


def key_text(key: bytes) -> str:
    """A key's id as pages hold it."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def key_bytes(text: str) -> bytes:
    """A key's id as it is kept; empty for what is none."""
    try:
        return _bytes(text)
    except ValueError:
        return b""


def unfit() -> BadInput:
    """What is said of an answer that is none."""
    return BadInput("answer: no authenticator makes this here. Press the button again.", code="passkey_unfit")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _unfit_errors() -> tuple[type[Exception], ...]:
    """What the package raises of an answer that does not fit, beside its own: it hands on what it finds inside."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError, OverflowError)
