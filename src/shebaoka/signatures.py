"""Signed messages: HTTP message signatures (RFC 9421) over a digest of the body (RFC 9530).

The door of the terminals' API calls it for every message: `read_signature`, then `check_signature`, then
`check_freshness`, then `Nonces.remember`, and when the body came `check_digest`. `sign_answer` signs what goes back,
`sign_message` what this house itself asks of others. Keys live in the vault, so whether a signature is right is asked
of a callable. Why there is a parser here is in docs/decisions/0015-message-signatures.md.
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shebaoka.records import (
    BadInput,
    DigestWrong,
    SignatureMissing,
    SignatureStale,
    SignatureUnfit,
    SignatureWrong,
)

ALGORITHMS = {"hmac-sha256": 32, "ed25519": 64, "hmac-sm3": 32}
"""Algorithm → bytes of its signatures. `hmac-sm3` is the house's own name; the others are registered with RFC 9421."""

REQUIRED = ("@method", "@path", "content-digest")
"""What every signature covers. A message with a query covers `@query` too."""

WINDOW_S, AHEAD_S = 300, 60
"""How many seconds a message's `created` may lie behind the server's clock, and ahead of it."""

WRONG = (
    "This server knows no such key, or the signature is not this message's. Compare key id, secret and "
    "algorithm with what was registered, and what you sign, byte for byte, with docs/signing.md."
)
"""One sentence for both, so that nobody learns which keys there are."""

Headers = Iterable[tuple[bytes, bytes]]
"""Names and values as they came, in their order, a name once for each of its lines."""

Checker = Callable[[str, str, bytes, bytes], bool]
"""(keyid, alg, base, signature) → whether the signature is this base's under that key.

`alg` is empty where the message names none. False too where the key is not known, or is for another algorithm.
"""

Signer = Callable[[str, str, bytes], bytes]
"""(keyid, alg, base) → signature."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A message's signature, read and fit, but not yet checked. `created` and `expires` are seconds since 1970."""

    keyid: str
    created: int
    nonce: str
    alg: str
    """Empty if the message does not name it."""
    expires: int | None
    label: str
    base: bytes
    """What was signed."""
    signature: bytes
    digest: bytes = b""
    """`Content-Digest` as it came."""


class _Input(msgspec.Struct, frozen=True):
    """The one member of `Signature-Input`; `text` is that member as it came, which is how it stands in the base."""

    label: str
    text: str
    components: list[str]
    parameters: dict[str, str]
    """Name → value; a text without its quotes."""


# Exactly what RFC 8941 writes for a list of strings with integers and strings beside it: one space between components
# and none elsewhere. So the text as it came is its own canonical form, and need not be written anew for the base.
_LABEL = r"[a-z*][a-z0-9_.*-]{0,63}"
_COMPONENT = r'"@?[a-z0-9!#$%&\'*+.^_`|~-]{1,64}"'
_PARAMETER = r';[a-z]{1,16}=(?:0|[1-9][0-9]{0,14}|"[ !#-\[\]-~]{0,128}")'
_INPUT = re.compile(rf"({_LABEL})=(\(({_COMPONENT}(?: {_COMPONENT})*)\)((?:{_PARAMETER})+))")
_ONE_PARAMETER = re.compile(r';([a-z]+)=([0-9]+|"[^"]*")')
_SIGNATURE = re.compile(rf"({_LABEL})=:([A-Za-z0-9+/]{{8,684}}={{0,2}}):")
_DIGEST = re.compile(r"(sha-256|sha-512)=(:[A-Za-z0-9+/]{43,86}={1,2}:)")
_QUOTED = re.compile(r'"[^"]*"')
_MEMBER = re.compile(rf"(?:^|,)[ \t]*{_LABEL}=")
_NUMBER = re.compile(r"[0-9]+")
_NAME = re.compile(r'"[A-Za-z0-9._:+/=-]{1,64}"')
_PARAMETERS = {"created": _NUMBER, "keyid": _NAME, "nonce": _NAME, "alg": _NAME, "expires": _NUMBER}
_NEEDED = ("created", "keyid", "nonce")
_INPUT_FORM = 'sig1=("@method" "@path" "content-digest");created=1700000000;keyid="…";nonce="…"'


def read_signature(method: str, path: bytes, query: bytes, headers: Headers, body: bytes | None) -> Signed:
    """A message's signature, after its form, its coverage and the body's digest were found right.

    Without a body, which may come later, `check_digest` has to look at it then. `path` and `query` are as they came,
    percent-encoding and all: an ASGI scope's `raw_path` and `query_string`.
    Raises `SignatureMissing`, `SignatureUnfit` or `DigestWrong`.
    """
    fields = fields_of(headers)
    given = _read_input(_line(fields, "Signature-Input"))
    signature = _read_bytes(_line(fields, "Signature"), given.label)
    _check_coverage(given.components, query)
    parameters = given.parameters
    _check_parameters(parameters, len(signature))
    digest = fields.get(b"content-digest")
    if digest is None:
        raise _unfit("Content-Digest", "the header is missing; send the body's digest, and cover it.")
    if body is not None:
        check_digest(digest, body)
    return Signed(
        keyid=parameters["keyid"],
        created=int(parameters["created"]),
        nonce=parameters["nonce"],
        alg=parameters.get("alg", ""),
        expires=int(parameters["expires"]) if "expires" in parameters else None,
        label=given.label,
        base=signature_base(method, path, query, fields, given.components, given.text),
        signature=signature,
        digest=digest,
    )


def check_signature(signed: Signed, checker: Checker) -> None:
    """`SignatureWrong` unless the checker says that the signature is right. An unknown key gets the same answer."""
    if not checker(signed.keyid, signed.alg, signed.base, signed.signature):
        raise SignatureWrong(WRONG)


def check_freshness(
    signed: Signed, now: dt.datetime, *, not_before: dt.datetime, window_s: int = WINDOW_S, ahead_s: int = AHEAD_S
) -> None:
    """`SignatureStale` for what was signed too long ago, too far ahead, or before the second of `not_before`.

    `not_before` is when this process began to remember nonces: of what came earlier it cannot say whether it came.
    """
    second = int(now.timestamp())
    behind_s = second - signed.created
    if behind_s > window_s:
        fault = f"The message was signed {behind_s} s ago by the server's clock, and {window_s} s are allowed."
    elif -behind_s > ahead_s:
        fault = f"The message was signed {-behind_s} s ahead of the server's clock, and {ahead_s} s are allowed."
    elif signed.expires is not None and signed.expires < second:
        fault = "The message's own `expires` has passed."
    elif signed.created < int(not_before.timestamp()):
        fault = "The message was signed before the server started."
    else:
        return
    raise SignatureStale(
        f"{fault} Sign it again just before you send it, with a new nonce; if that does not help, set your clock."
    )


def is_ed25519(public_key: bytes, base: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is this base's. `BadInput` if the public key is not one of 32 bytes."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError:
        raise BadInput("public_key: must be the 32 bytes of an Ed25519 public key; register the right one.") from None
    try:
        key.verify(signature, base)
    except InvalidSignature:
        return False
    return True


def sign_answer(
    status: int, body: bytes, answered: Signed, *, created: int, keyid: str, alg: str, sign: Signer
) -> dict[str, str]:
    """The headers that sign an answer: its status, its body's digest, and the signature of the message it answers.

    Covering that signature ties the answer to its message, so that no other answer can be put in its place.
    """
    digest = f"sha-256={_encoded(hashlib.sha256(body).digest())}"
    answers = f'"signature";req;key="{answered.label}"'
    text = f'("@status" "content-digest" {answers});created={created};keyid="{keyid}";alg="{alg}"'
    base = (
        f'"@status": {status}\n"content-digest": {digest}\n{answers}: {_encoded(answered.signature)}\n'
        f'"@signature-params": {text}'
    )
    return {
        "Content-Digest": digest,
        "Signature-Input": f"{answered.label}={text}",
        "Signature": f"{answered.label}={_encoded(sign(keyid, alg, base.encode()))}",
    }


def sign_message(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    created: int,
    keyid: str,
    nonce: str,
    alg: str,
    sign: Signer,
) -> dict[str, str]:
    """The headers that sign a message of our own: method, path, the body's digest, and each of the given headers.

    `headers` by small name, in the order in which they are covered; `host` is covered as `@authority`.
    """
    digest = f"sha-256={_encoded(hashlib.sha256(body).digest())}"
    fields = {name.encode(): value.encode() for name, value in headers.items()} | {b"content-digest": digest.encode()}
    components = [*REQUIRED, *("@authority" if name == "host" else name for name in headers)]
    listed = " ".join(f'"{component}"' for component in components)
    text = f'({listed});created={created};keyid="{keyid}";nonce="{nonce}";alg="{alg}"'
    base = signature_base(method, path.encode(), b"", fields, components, text)
    return {
        "Content-Digest": digest,
        "Signature-Input": f"sig1={text}",
        "Signature": f"sig1={_encoded(sign(keyid, alg, base))}",
    }


def fields_of(headers: Headers) -> dict[bytes, bytes]:
    """Header fields by small name; a field's lines are joined as RFC 9421, section 2.1, says."""
    fields: dict[bytes, bytes] = {}
    repeated: dict[bytes, list[bytes]] = {}
    for given, line in headers:
        name, value = given.lower(), line.strip(b" \t")
        if name in fields:
            repeated.setdefault(name, [fields[name]]).append(value)
        else:
            fields[name] = value
    return fields | {name: b", ".join(values) for name, values in repeated.items()}


def signature_base(
    method: str, path: bytes, query: bytes, fields: Mapping[bytes, bytes], components: Iterable[str], text: str
) -> bytes:
    """What is signed (RFC 9421, section 2.5): each covered component with its value, then `text`, the parameters."""
    lines = []
    for component in components:
        value = _value(component, method, path, query, fields)
        # A line break in here would let one component pass for two.
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise _unfit("Signature-Input", f"covers `{component}`, which is not printable ASCII; encode it.")
        lines.append(f'"{component}": {value}\n')
    return f'{"".join(lines)}"@signature-params": {text}'.encode("ascii")


def _value(component: str, method: str, path: bytes, query: bytes, fields: Mapping[bytes, bytes]) -> str:
    if component == "@method":
        return method
    if component == "@path":
        # Some servers hand the query along with the path.
        return path.partition(b"?")[0].decode("latin-1") or "/"
    if component == "@query":
        return "?" + query.decode("latin-1")
    if component == "@authority":
        # A default port is not written. Which of the two it is, a server behind a proxy does not know.
        return _field(fields, "host").lower().removesuffix(":80").removesuffix(":443")
    if component.startswith("@"):
        raise _unfit(
            "Signature-Input",
            f"covers `{component}`, which does not always come here as it was sent; "
            "cover @method, @path, @query if there is a query, @authority if you like, and headers.",
        )
    return _field(fields, component)


def _field(fields: Mapping[bytes, bytes], name: str) -> str:
    value = fields.get(name.encode("ascii"))
    if value is None:
        raise _unfit("Signature-Input", f"covers the header `{name}`, which did not come; send it, or do not cover it.")
    return value.decode("latin-1")


def _line(fields: Mapping[bytes, bytes], name: str) -> str:
    value = fields.get(name.lower().encode("ascii"))
    if not value:
        missing = SignatureMissing(f"{name}: the header is missing. Sign the message as docs/signing.md says.")
        missing.field = name
        raise missing
    return value.decode("latin-1")


def _read_input(line: str) -> _Input:
    found = _INPUT.fullmatch(line)
    if found is None:
        raise _unfit("Signature-Input", _fault_of_input(line))
    label, text, inside, beside = found.groups()
    parameters: dict[str, str] = {}
    for name, value in _ONE_PARAMETER.findall(beside):
        form = _PARAMETERS.get(name)
        if form is None:
            raise _unfit("Signature-Input", f"has another parameter than {', '.join(_PARAMETERS)}; leave it out.")
        if not form.fullmatch(value):
            kind = (
                "seconds since 1970, without quotes" if form is _NUMBER else "1 to 64 of A-Z a-z 0-9 ._:+/=- in quotes"
            )
            raise _unfit("Signature-Input", f"`{name}` must be {kind}.")
        if name in parameters:
            raise _unfit("Signature-Input", f"says `{name}` twice; say it once.")
        parameters[name] = value.strip('"')
    return _Input(label, text, inside[1:-1].split('" "'), parameters)


def _fault_of_input(line: str) -> str:
    """What is wrong with a line that is not in the form, as far as one can tell; it may be anything."""
    bare = _QUOTED.sub('""', line)
    if len(_MEMBER.findall(bare)) > 1:
        return "there is more than one signature; send exactly one."
    if '"";' in bare.partition(")")[0]:
        return "a component has parameters (`;sf`, `;key`, …), which are not taken here; cover it without."
    return f"must be in the form {_INPUT_FORM}, with one space between components and none elsewhere."


def _read_bytes(line: str, label: str) -> bytes:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        if len(_MEMBER.findall(line)) > 1:
            raise _unfit("Signature", "there is more than one signature; send exactly one.")
        raise _unfit("Signature", "must be in the form sig1=:…:, with the signature's bytes in base64.")
    if found[1] != label:
        raise _unfit("Signature", "has another label than Signature-Input; give both the same.")
    try:
        signature = binascii.a2b_base64(found[2], strict_mode=True)
    except binascii.Error:
        signature = b""
    # Bits that base64 leaves over must be zero, so that no signature can be written in two ways.
    if _encoded(signature) != f":{found[2]}:":
        raise _unfit("Signature", "is not whole base64; encode the signature's bytes, with padding.")
    return signature


def _check_coverage(components: list[str], query: bytes) -> None:
    if len(set(components)) != len(components):
        raise _unfit("Signature-Input", "covers a component twice; name each once.")
    lacks = [c for c in REQUIRED if c not in components]
    if lacks:
        raise _unfit("Signature-Input", f"must cover {' and '.join(lacks)} too.")
    if query and "@query" not in components:
        raise _unfit("Signature-Input", "must cover @query too, since there is a query.")


def _check_parameters(parameters: Mapping[str, str], size: int) -> None:
    """Whether all that is needed is there and `size`, the signature's bytes, goes with the algorithm."""
    lacks = [p for p in _NEEDED if p not in parameters]
    if lacks:
        raise _unfit("Signature-Input", f"must have {' and '.join(lacks)} too.")
    alg = parameters.get("alg")
    if alg is not None and alg not in ALGORITHMS:
        raise _unfit("Signature-Input", f"`alg` must be one of {', '.join(ALGORITHMS)}, or be left out.")
    sizes = ALGORITHMS.values() if alg is None else (ALGORITHMS[alg],)
    if size not in sizes:
        raise _unfit("Signature", "has not as many bytes as its algorithm makes; send all of them, and no more.")


def check_digest(line: bytes, body: bytes) -> None:
    """`DigestWrong` unless every digest that is given, one at least, is the body's (RFC 9530)."""
    if line == b"sha-256=" + _encoded(hashlib.sha256(body).digest()).encode():
        return
    members = [_DIGEST.fullmatch(member.strip(" \t")) for member in line.decode("latin-1").split(",")]
    given = {found[1]: found[2] for found in members if found is not None}
    if len(given) != len(members):
        raise _unfit("Content-Digest", "must be in the form sha-256=:…:, in base64; or sha-512 so, or one of each.")
    for name, encoded in given.items():
        if encoded != _encoded(hashlib.new(name.replace("-", ""), body).digest()):
            wrong = DigestWrong(
                f"Content-Digest: the {name} is not that of the body that came. Make it of the very bytes you send."
            )
            wrong.field = "Content-Digest"
            raise wrong


def _encoded(value: bytes) -> str:
    """Bytes as a structured field writes them."""
    return f":{base64.b64encode(value).decode('ascii')}:"


def _unfit(header: str, fault: str) -> SignatureUnfit:
    unfit = SignatureUnfit(f"{header}: {fault}")
    unfit.field = header
    return unfit
