"""Signed messages of the terminal API: against the vectors of RFC 9421 and 9530, against another's library as the
client, against openssl as docs/signing.md uses it, and against whatever may be sent.
"""

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import http_sf
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hmac import HMAC
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature
from http_message_signatures.algorithms import ED25519, HMAC_SHA256, HTTPSignatureAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from shebaoka.records import (
    BadInput,
    DigestWrong,
    NonceUsed,
    SignatureMissing,
    SignatureStale,
    SignatureUnfit,
    SignatureWrong,
    TooManyMessages,
    Trouble,
)
from shebaoka.signatures import (
    Headers,
    Signed,
    check_freshness,
    check_signature,
    fields_of,
    is_ed25519,
    read_signature,
    sign_answer,
    signature_base,
)
from shebaoka.terminal.nonces import Nonces

NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
STARTED = NOON - dt.timedelta(days=1)
SECRET = bytes(range(32))
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
BODY = '{"example": "药店", "n": 1}'.encode()
COVERED = ("@method", "@path", "@query", "content-digest", "x-terminal")

# The other side -------------------------------------------------------------------------------------------------------


class HmacSm3(HTTPSignatureAlgorithm):
    """The house's third algorithm, as a client would add it to the library."""

    algorithm_id = "hmac-sm3"

    def __init__(self, public_key: Any = None, private_key: Any = None) -> None:
        self.key = public_key or private_key

    def sign(self, message: bytes) -> bytes:
        """The message's MAC."""
        mac = HMAC(self.key, hashes.SM3())
        mac.update(message)
        return mac.finalize()

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises if the MAC is not the message's."""
        if not hmac.compare_digest(self.sign(message), signature):
            raise InvalidSignature("not this message's")


class Keys(HTTPSignatureKeyResolver):
    """The keys of both sides, by id."""

    private = {"hmac-sha256": SECRET, "hmac-sm3": SECRET, "ed25519": PRIVATE}  # noqa: RUF012
    public = {**private, "ed25519": PRIVATE.public_key()}  # noqa: RUF012

    def resolve_private_key(self, key_id: str) -> Any:
        """What signs."""
        return self.private[key_id]

    def resolve_public_key(self, key_id: str) -> Any:
        """What verifies, or nothing."""
        return self.public.get(key_id)


KINDS: dict[str, type[HTTPSignatureAlgorithm]] = {"hmac-sha256": HMAC_SHA256, "ed25519": ED25519, "hmac-sm3": HmacSm3}


@dataclasses.dataclass
class Message:
    """A message as the library wants it, and as an ASGI server hands it on."""

    method: str = "POST"
    path: str = "/terminal/v1/2207"
    query: str = "trial=yes&of=%E5%8C%BB"
    body: bytes = BODY
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {"Host": "sscard.example", "X-Terminal": "T-0042, second\tdesk", **self.headers}

    @property
    def url(self) -> str:
        """Where it goes."""
        return f"https://sscard.example{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def lines(self) -> list[tuple[bytes, bytes]]:
        """Its headers as they come."""
        return [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]

    def read(self) -> Signed:
        """What the house reads."""
        return read_signature(self.method, self.path.encode(), self.query.encode(), self.lines, self.body)


def signed_message(alg: str = "hmac-sha256", message: Message | None = None, **changes: Any) -> Message:
    """A message that the library signed for us at noon; `changes` are of its own arguments."""
    message = message or Message()
    said: dict[str, Any] = {"key_id": alg, "created": NOON, "nonce": "n-1", "label": "sig1"}
    said |= {"covered_component_ids": COVERED, "body": message.body, **changes}
    HTTPMessageSigner(signature_algorithm=KINDS[alg], key_resolver=Keys()).sign(message, **said)
    return message


def known(keyid: str, alg: str, base: bytes, signature: bytes) -> bool:
    """A checker as the terminal API has one: each key has an id, which here is its algorithm's name."""
    if keyid not in KINDS or alg not in ("", keyid):
        return False
    if keyid == "ed25519":
        return is_ed25519(PRIVATE.public_key().public_bytes_raw(), base, signature)
    return hmac.compare_digest(KINDS[keyid](private_key=SECRET).sign(base), signature)


def taken(message: Message) -> Signed:
    """The message's signature, read and checked."""
    signed = message.read()
    check_signature(signed, known)
    return signed


def test_what_the_library_signs_is_taken() -> None:
    """A message signed by another's library is right under each of the three algorithms, named or not."""
    for alg in KINDS:
        for named in (True, False):
            signed = taken(signed_message(alg, include_alg=named))
            assert (signed.keyid, signed.created, signed.nonce) == (alg, 1372651200, "n-1")
            assert (signed.alg, signed.expires, signed.label) == (alg if named else "", None, "sig1")


def test_the_least_that_must_be_covered_is_enough() -> None:
    """Method, path and digest are enough without a query, whatever else comes in headers, and for an empty body."""
    least = ("@method", "@path", "content-digest")
    assert taken(signed_message(message=Message(query=""), covered_component_ids=least)).alg == "hmac-sha256"
    empty = Message(method="GET", path="/", query="", body=b"")
    assert taken(signed_message(message=empty, covered_component_ids=least))
    empty.path = ""
    assert taken(empty).base.startswith(b'"@method": GET\n"@path": /\n')


@pytest.mark.parametrize("host", ["sscard.example", "SSCard.Example", "sscard.example:443", "sscard.example:80"])
def test_the_authority_may_be_covered(host: str) -> None:
    """It is the host in small letters, without a default port; another host is refused."""
    message = signed_message(covered_component_ids=("@authority", *COVERED))
    message.headers["Host"] = host
    assert b'"@authority": sscard.example\n' in taken(message).base
    message.headers["Host"] = "other.example"
    with pytest.raises(SignatureWrong):
        taken(message)


def test_a_header_in_several_lines_is_joined() -> None:
    """Lines of one header are joined by a comma and a space, without the blanks around them."""
    message = signed_message()
    lines = [line for line in message.lines if line[0] != b"x-terminal"]
    lines += [(b"X-Terminal", b"  T-0042\t"), (b"x-other", b"1"), (b"X-TERMINAL", b"second\tdesk ")]
    signed = read_signature("POST", message.path.encode(), message.query.encode(), lines, BODY)
    check_signature(signed, known)


def test_a_query_that_comes_with_the_path_is_no_part_of_it() -> None:
    """A server may hand on path and query in one; the path ends before the question mark."""
    message = signed_message()
    signed = read_signature("POST", b"/terminal/v1/2207?trial=yes", message.query.encode(), message.lines, BODY)
    assert signed == message.read()


@pytest.mark.parametrize("kinds", [("sha-512",), ("sha-512", "sha-256"), ("sha-256", "sha-512")])
def test_other_digests_are_taken(kinds: tuple[str, ...]) -> None:
    """SHA-512 may stand in the place of SHA-256 or beside it, and each must be the body's."""
    digests = {k: base64.b64encode(hashlib.new(k.replace("-", ""), BODY).digest()).decode() for k in kinds}
    given = ", ".join(f"{kind}=:{digest}:" for kind, digest in digests.items())
    message = Message(headers={"Content-Digest": given})
    assert taken(signed_message(message=message, use_existing_digest=True))
    message.body += b" "
    with pytest.raises(DigestWrong):
        message.read()
    message.body = BODY
    message.headers["Content-Digest"] = given.replace(digests[kinds[-1]][:4], "AAAA")
    with pytest.raises(DigestWrong):
        message.read()


# Vectors --------------------------------------------------------------------------------------------------------------

RFC_HEADERS = [
    (b"Host", b"example.com"),
    (b"Date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
    (b"Content-Type", b"application/json"),
    (
        b"Content-Digest",
        b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    ),
    (b"Content-Length", b"18"),
]
"""The request of RFC 9421, appendix B.2, whose body is `{"hello": "world"}`."""

RFC_SHARED = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
RFC_PUBLIC = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="


def rfc_base(components: list[str], keyid: str) -> bytes:
    """Our base for the request of the appendix."""
    covered = " ".join(f'"{component}"' for component in components)
    text = f'({covered});created=1618884473;keyid="{keyid}"'
    return signature_base("POST", b"/foo", b"param=Value&Pet=dog", fields_of(RFC_HEADERS), components, text)


def test_the_rfcs_hmac_vector() -> None:
    """RFC 9421, appendix B.2.5: our base under the shared secret gives the signature that stands there."""
    base = rfc_base(["date", "@authority", "content-type"], "test-shared-secret")
    mac = hmac.digest(base64.b64decode(RFC_SHARED), base, "sha256")
    assert base64.b64encode(mac) == b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_the_rfcs_ed25519_vector() -> None:
    """RFC 9421, appendix B.2.6: the signature that stands there is our base's, and no other's."""
    covered = ["date", "@method", "@path", "@authority", "content-type", "content-length"]
    base = rfc_base(covered, "test-key-ed25519")
    said = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    public, signature = base64.b64decode(RFC_PUBLIC), base64.b64decode(said)
    assert is_ed25519(public, base, signature)
    assert not is_ed25519(public, base + b" ", signature)
    assert not is_ed25519(public, base, signature[:-1])
    with pytest.raises(BadInput):
        is_ed25519(public[:-1], base, signature)


def test_the_rfcs_digests() -> None:
    """The digests of RFC 9421's request and of RFC 9530, appendix B.1, are those that we ask for."""
    sha512 = RFC_HEADERS[3][1].decode()
    for body, digest in (
        (b'{"hello": "world"}', sha512),
        (b'{"hello": "world"}\n', "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
    ):
        message = Message(body=body, headers={"Content-Digest": digest})
        assert taken(signed_message(message=message, use_existing_digest=True))


# What is refused ------------------------------------------------------------------------------------------------------

PLACES = ("method", "path", "query", "body", "X-Terminal", "Content-Digest", "Signature-Input", "Signature")


def with_place(message: Message, place: str, change: Callable[[str], str]) -> Message:
    """The message with one of its places changed."""
    if place == "body":
        return dataclasses.replace(message, body=change(message.body.decode("latin-1")).encode("latin-1"))
    if place in message.headers:
        changed = dataclasses.replace(message)
        changed.headers = {**message.headers, place: change(message.headers[place])}
        return changed
    return dataclasses.replace(message, **{place: change(getattr(message, place))})


@st.composite
def edits(draw: st.DrawFn, places: tuple[str, ...] = PLACES) -> tuple[str, Callable[[str], str]]:
    """A place, and a change of it by one character: another one, one less, or one more that is no blank at an end."""
    at, new = draw(st.integers(0, 400)), draw(st.characters(codec="latin-1", exclude_characters="\t "))
    kind = draw(st.sampled_from(["other", "blank", "less", "more"]))

    def change(text: str) -> str:
        n = at % len(text)
        middle = {"other": new, "blank": " ", "less": "", "more": new + text[n]}[kind]
        return text[:n] + middle + text[n + 1 :]

    return draw(st.sampled_from(places)), change


@given(st.sampled_from(list(KINDS)), edits())
def test_every_change_of_one_character_is_refused(alg: str, edit: tuple[str, Callable[[str], str]]) -> None:
    """Whatever is signed, the signature, and its parameters: with one character changed the message is not taken."""
    message = signed_message(alg)
    changed = with_place(message, *edit)
    if changed != message:
        with pytest.raises(Trouble) as caught:
            taken(changed)
        assert caught.value.status == 401


class AnyKey(Keys):
    """One key under every id."""

    def resolve_public_key(self, key_id: str) -> Any:
        """The shared secret."""
        return SECRET if key_id else None


class PatientVerifier(HTTPMessageVerifier):
    """The library's verifier, but for the day."""

    max_clock_skew = dt.timedelta(days=365_000)


@given(st.lists(edits(("X-Terminal", "Content-Digest", "Signature-Input", "Signature-Input")), min_size=1, max_size=3))
def test_our_base_is_the_librarys(some: list[tuple[str, Callable[[str], str]]]) -> None:
    """However headers are changed, and then signed anew over our base: what we read, the library finds right."""
    message = signed_message()
    for edit in some:
        message = with_place(message, *edit)
    message.headers["Signature"] = f"{label_of(message)}=:{'A' * 43}=:"
    try:
        signed = message.read()
    except Trouble:
        return
    mac = base64.b64encode(hmac.digest(SECRET, signed.base, "sha256")).decode()
    message.headers["Signature"] = f"{signed.label}=:{mac}:"
    verifier = PatientVerifier(signature_algorithm=HMAC_SHA256, key_resolver=AnyKey())
    (result,) = verifier.verify(message, max_age=None, body=message.body)
    said = {name: getattr(signed, name) for name in ("created", "keyid", "nonce", "alg", "expires")}
    assert result.parameters == {name: value for name, value in said.items() if value not in ("", None)}


def label_of(message: Message) -> str:
    """What stands before the first equals sign."""
    return message.headers["Signature-Input"].partition("=")[0]


NAMES = st.from_regex(r"[A-Za-z0-9._:+/=-]{1,64}", fullmatch=True)


@given(
    st.permutations(["@method", "@path", "@query", "content-digest", "x-terminal"]),
    st.permutations(["created", "keyid", "nonce", "alg", "expires"]),
    NAMES,
    NAMES,
    st.integers(0, 10**15 - 1),
)
def test_what_we_read_is_what_a_structured_field_says(
    components: list[str], order: list[str], keyid: str, nonce: str, second: int
) -> None:
    """In any order: another's parser reads the same from the line, and would write the line just so."""
    values: dict[str, Any] = {"created": second, "keyid": keyid, "nonce": nonce, "alg": "hmac-sm3", "expires": second}
    parameters = {name: values[name] for name in order}
    text = http_sf.ser({"sig-a": ([(c, {}) for c in components], parameters)})
    message = signed_message()
    message.headers |= {"Signature-Input": text, "Signature": message.headers["Signature"].replace("sig1", "sig-a")}
    signed = message.read()
    assert {name: getattr(signed, name) for name in values} == values
    assert signed.base.decode().rpartition("\n")[2] == '"@signature-params": ' + text.removeprefix("sig-a=")


@given(st.lists(edits(), min_size=1, max_size=4), st.integers(0, 8))
def test_a_line_that_is_read_stands_in_its_only_form(some: list[tuple[str, Callable[[str], str]]], spaces: int) -> None:
    """Blanks or leading zeros that would be written otherwise are refused: a line that is read is its own form."""
    message = signed_message()
    line = message.headers["Signature-Input"]
    for n, (_, change) in enumerate(some):
        line = change(line) if n % 2 else line.replace(";", ";" + " " * spaces, 1)
    message.headers["Signature-Input"] = line
    try:
        message.read()
    except Trouble:
        return
    assert http_sf.ser(http_sf.parse(line.encode(), tltype="dictionary")) == line


@given(
    st.dictionaries(
        st.sampled_from([b"signature-input", b"signature", b"content-digest", b"host", b"x-terminal"]),
        st.binary() | st.text(alphabet='sig1=(")";:,@ az09+/=').map(lambda t: t.encode("latin-1")),
    ),
    st.binary(max_size=20),
    st.binary(max_size=20),
)
def test_garbage_is_trouble_and_nothing_else(found: dict[bytes, bytes], path: bytes, query: bytes) -> None:
    """Whatever bytes come as headers, path and query, beside what is right or in its place, trouble says so."""
    right = dict(signed_message().lines)
    for headers in (found, {**right, **found}):
        if headers != right:
            with pytest.raises(Trouble) as caught:
                check_signature(read_signature("POST", path, query, list(headers.items()), BODY), known)
            assert (caught.value.status, caught.value.code != "trouble") == (401, True)


@given(st.text(alphabet='sig1=("@method" "path");:,az09', max_size=60), st.sampled_from(PLACES[5:]))
def test_a_header_that_is_nearly_right_is_trouble_at_most(said: str, header: str) -> None:
    """Words of the right alphabet in one of the three headers, the others being right, are refused by name."""
    message = signed_message()
    message.headers[header] = said
    with pytest.raises(Trouble) as caught:
        message.read()
    assert str(caught.value).startswith(("Signature-Input: ", "Signature: ", "Content-Digest: "))
    assert str(caught.value).startswith(caught.value.field)


UNFIT = {
    "more than one signature": lambda line: f"{line}, sig2=" + line.partition("=")[2],
    "must cover content-digest too": lambda line: line.replace(' "content-digest"', ""),
    "must cover @method and @path too": lambda line: line.replace('"@method" "@path" ', ""),
    "must cover @query too": lambda line: line.replace('"@query" ', ""),
    "covers a component twice": lambda line: line.replace('"x-terminal"', '"@path"'),
    "covers the header `x-other`": lambda line: line.replace("x-terminal", "x-other"),
    "covers `@target-uri`": lambda line: line.replace("x-terminal", "@target-uri"),
    "a component has parameters": lambda line: line.replace('"x-terminal"', '"x-terminal";bs'),
    "must have created too": lambda line: line.replace(";created=1372651200", ""),
    "must have keyid and nonce too": lambda line: line.replace(';keyid="hmac-sha256"', "").replace(';nonce="n-1"', ""),
    "has another parameter": lambda line: line + ';tag="other"',
    "says `nonce` twice": lambda line: line + ';nonce="n-2"',
    "`created` must be seconds": lambda line: line.replace("1372651200", '"1372651200"'),
    "`nonce` must be 1 to 64": lambda line: line.replace("n-1", "n" * 65),
    "`keyid` must be 1 to 64": lambda line: line.replace('keyid="hmac-sha256"', "keyid=17"),
    "`alg` must be one of": lambda line: line.replace('alg="hmac-sha256"', 'alg="rsa-v1_5-sha256"'),
    "must be in the form": lambda line: line.replace('" "', '"  "'),
    "none elsewhere": lambda line: line.replace("created=", "created=0"),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_the_sentence_names_what_is_wrong_with_the_parameters(fault: str) -> None:
    """Each way in which `Signature-Input` may be unfit has a sentence of its own, and the header as its place."""
    message = signed_message()
    message.headers["Signature-Input"] = UNFIT[fault](message.headers["Signature-Input"])
    with pytest.raises(SignatureUnfit, match=re.escape(fault)) as caught:
        message.read()
    assert caught.value.field == "Signature-Input"
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("fault", "said"),
    {
        "there is more than one signature": "sig1=:AAAAAAAAAAAA:, sig2=:AAAAAAAAAAAA:",
        "has another label": f"sig2=:{'A' * 43}=:",
        "must be in the form": "sig1=AAAA",
        "is not whole base64": f"sig1=:{'A' * 43}:",
        "has not as many bytes": f"sig1=:{'A' * 86}==:",
    }.items(),
)
def test_the_sentence_names_what_is_wrong_with_the_signature(fault: str, said: str) -> None:
    """So it is with `Signature`."""
    message = signed_message()
    message.headers["Signature"] = said
    with pytest.raises(SignatureUnfit, match=fault) as caught:
        message.read()
    assert caught.value.field == "Signature"


def test_leftover_bits_of_base64_must_be_zero() -> None:
    """A signature can be written in one way only."""
    message = signed_message()
    said = message.headers["Signature"]
    last = said[-3]
    message.headers["Signature"] = said[:-3] + chr(ord(last) + 1) + said[-2:]
    with pytest.raises(SignatureUnfit, match="whole base64"):
        message.read()


@pytest.mark.parametrize("header", ["Signature-Input", "Signature"])
def test_an_unsigned_message_is_refused(header: str) -> None:
    """Without either header the message is not signed, and the sentence says which is missing."""
    message = signed_message()
    del message.headers[header]
    with pytest.raises(SignatureMissing, match=header):
        message.read()


@pytest.mark.parametrize("given", [None, "", "md5=:AAAA:", "sha-256=AAAA", f"sha-256=:{'A' * 43}=:;a=1"])
def test_a_digest_that_is_none_is_refused(given: str | None) -> None:
    """A missing digest, an unknown one, or one in another form is unfit."""
    message = signed_message()
    del message.headers["Content-Digest"]
    if given is not None:
        message.headers["Content-Digest"] = given
    with pytest.raises(SignatureUnfit) as caught:
        message.read()
    assert caught.value.field == "Content-Digest"


def test_two_signatures_are_refused() -> None:
    """Two signatures, in one line or in two, are one too many, even if both are right."""
    message = signed_message()
    more = {"label": "sig2", "append_if_signature_exists": True, "use_existing_digest": True}
    both = signed_message(message=dataclasses.replace(message), **more)
    with pytest.raises(SignatureUnfit, match="more than one signature"):
        both.read()
    lines = [*message.lines, *((n, v) for n, v in message.lines if n.startswith(b"signature"))]
    with pytest.raises(SignatureUnfit, match="more than one signature"):
        read_signature("POST", message.path.encode(), message.query.encode(), lines, BODY)


def test_a_line_break_cannot_pass_for_a_component() -> None:
    """Path, query or header with a line break, or beyond ASCII, is refused before a base is made of it."""
    for headers, path in (
        ([(b"x-terminal", b'T\n"@path": /else')], b"/terminal/v1/2207"),
        ([(b"x-terminal", "药".encode())], b"/terminal/v1/2207"),
        ([], b'/a\n"@query": ?'),
    ):
        message = signed_message()
        lines: Headers = [*(line for line in message.lines if not headers or line[0] != b"x-terminal"), *headers]
        with pytest.raises(SignatureUnfit, match="printable"):
            read_signature("POST", path, message.query.encode(), lines, BODY)


def test_the_algorithm_must_be_the_keys() -> None:
    """A message that names another algorithm than its key's is refused by the checker, as is an unknown key."""
    for was, says in (('alg="hmac-sha256"', 'alg="hmac-sm3"'), ('keyid="hmac-sha256"', 'keyid="nobody"')):
        message = signed_message()
        message.headers["Signature-Input"] = message.headers["Signature-Input"].replace(was, says)
        with pytest.raises(SignatureWrong):
            taken(message)


# Time and nonces ------------------------------------------------------------------------------------------------------


def later(seconds: float) -> dt.datetime:
    """So many seconds after noon."""
    return NOON + dt.timedelta(seconds=seconds)


def of(created: dt.datetime = NOON, *, nonce: str = "n-1", keyid: str = "hmac-sha256", **more: Any) -> Signed:
    """A signature that was read."""
    return Signed(
        **{"keyid": keyid, "created": int(created.timestamp()), "nonce": nonce, "alg": "", "expires": None}
        | {"label": "sig1", "base": b"", "signature": b""}
        | more
    )


@pytest.mark.parametrize(
    ("behind", "fresh"), [(0, True), (300, True), (300.9, True), (301, False), (-60, True), (-61, False)]
)
def test_a_message_is_fresh_within_the_window(behind: float, fresh: bool) -> None:
    """Five minutes behind the server's clock and one ahead are allowed, and not a second more."""
    if fresh:
        check_freshness(of(), later(behind), not_before=STARTED)
    else:
        with pytest.raises(SignatureStale, match=f"{abs(behind)} s"):
            check_freshness(of(), later(behind), not_before=STARTED)


def test_what_was_signed_before_the_start_is_stale() -> None:
    """The second of the start itself is good; the one before is not."""
    check_freshness(of(), later(2), not_before=later(0.9))
    with pytest.raises(SignatureStale, match="before the server started"):
        check_freshness(of(), later(2), not_before=later(1))


def test_a_messages_own_end_counts() -> None:
    """After the second that the message names it is stale, within the window too."""
    signed = of(expires=int(NOON.timestamp()) + 5)
    check_freshness(signed, later(5.5), not_before=STARTED)
    with pytest.raises(SignatureStale, match="expires"):
        check_freshness(signed, later(6), not_before=STARTED)


def test_a_nonce_is_taken_once() -> None:
    """A nonce that came before is refused for its key, whatever else is new; another key may use it."""
    nonces = Nonces()
    nonces.remember(of(), NOON)
    for again in (of(), of(later(7)), of(later(-7))):
        with pytest.raises(NonceUsed):
            nonces.remember(again, later(8))
    with pytest.raises(NonceUsed):
        nonces.remember(of(), later(300))
    nonces.remember(of(keyid="ed25519"), NOON)
    nonces.remember(of(nonce="n-2"), NOON)
    assert len(nonces) == 3


@given(st.lists(st.tuples(st.integers(-60, 300), st.integers(0, 400), st.sampled_from("abc")), max_size=30))
def test_no_message_is_taken_twice(course: list[tuple[int, int, str]]) -> None:
    """However messages come and time passes: no fresh one is taken a second time, and stale ones are forgotten."""
    nonces, second, before = Nonces(), 0, set()
    for behind, step, nonce in course:
        second += step
        message = of(later(second - behind), nonce=nonce)
        for _ in range(2):
            try:
                check_freshness(message, later(second), not_before=STARTED)
                nonces.remember(message, later(second))
            except (NonceUsed, SignatureStale):
                continue
            assert (message.created, nonce) not in before
            before.add((message.created, nonce))
        assert len(nonces) <= sum(created >= int(later(second - 300).timestamp()) for created, _ in before)


def test_what_is_forgotten_is_stale_even_if_the_clock_is_set_back() -> None:
    """A message whose nonce is no longer remembered is not taken again, whatever the clock says then."""
    nonces = Nonces()
    nonces.remember(of(), NOON)
    nonces.remember(of(later(301)), later(301))
    assert len(nonces) == 1
    with pytest.raises(SignatureStale):
        nonces.remember(of(), NOON)


def test_the_memory_is_bounded() -> None:
    """A key, or all keys together, that send more than can be remembered are refused until the window has passed."""
    nonces = Nonces(per_key_max=2, all_max=3)
    nonces.remember(of(nonce="a"), NOON)
    nonces.remember(of(nonce="b"), NOON)
    with pytest.raises(TooManyMessages):
        nonces.remember(of(nonce="c"), NOON)
    nonces.remember(of(keyid="ed25519"), NOON)
    with pytest.raises(TooManyMessages):
        nonces.remember(of(keyid="hmac-sm3"), NOON)
    nonces.remember(of(later(301), nonce="c"), later(301))
    assert len(nonces) == 1


def test_of_many_at_once_one_is_taken() -> None:
    """Of eight threads that bring the same messages at the same moment, one is served for each message."""
    nonces, start, counts = Nonces(), threading.Barrier(8), []

    def bring() -> None:
        start.wait()
        took = 0
        for n in range(500):
            try:
                nonces.remember(of(nonce=str(n)), NOON)
                took += 1
            except NonceUsed:
                pass
        counts.append(took)

    threads = [threading.Thread(target=bring) for _ in range(8)]
    between = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(between)
    assert (len(counts), sum(counts), len(nonces)) == (8, 500, 500)


# The answer -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Reply:
    """An answer as the library wants it."""

    status_code: int
    body: bytes
    headers: dict[str, str]
    request: Message


def answered(message: Message, alg: str) -> Reply:
    """Our answer to a message."""
    body = '{"answer": "好"}'.encode()
    headers = sign_answer(
        *(200, body, message.read()),
        created=int(NOON.timestamp()),
        keyid=alg,
        alg=alg,
        sign=lambda keyid, alg, base: KINDS[alg](private_key=Keys.private[keyid]).sign(base),
    )
    return Reply(200, body, headers, message)


@pytest.mark.parametrize("alg", KINDS)
def test_the_library_takes_our_answer(alg: str) -> None:
    """A client that uses another's library finds our answer right, and covered as docs/signing.md says."""
    reply = answered(signed_message(alg), alg)
    verifier = HTTPMessageVerifier(signature_algorithm=KINDS[alg], key_resolver=Keys())
    needed = ("@status", "content-digest", '"signature";req;key="sig1"')
    (result,) = verifier.verify(reply, max_age=None, require_components=needed, body=reply.body)
    assert result.parameters == {"created": int(NOON.timestamp()), "keyid": alg, "alg": alg}


@pytest.mark.parametrize("change", ["status", "body", "message"])
def test_an_answer_is_tied_to_its_message(change: str) -> None:
    """Another status, another body, or the answer to another message is noticed by the client."""
    reply = answered(signed_message(), "hmac-sha256")
    if change == "status":
        reply.status_code = 201
    elif change == "body":
        reply.body += b" "
    else:
        reply.request = signed_message(nonce="n-2")
    verifier = HTTPMessageVerifier(signature_algorithm=HMAC_SHA256, key_resolver=Keys())
    with pytest.raises(InvalidSignature):
        verifier.verify(reply, max_age=None, body=reply.body)


# The document ---------------------------------------------------------------------------------------------------------

DOCUMENT = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")


def block(kind: str, holds: str) -> str:
    """The document's one block of a kind that holds something."""
    (found,) = [b for b in re.findall(rf"^```{kind}\n(.*?)^```$", DOCUMENT, re.M | re.S) if holds in b]
    return str(found)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed, and it is what signs here")
def test_the_shell_example_signs_what_we_take(tmp_path: Path) -> None:
    """The example in docs/signing.md, run as it stands but for a curl that only notes its arguments, is right."""
    (tmp_path / "body").write_bytes(BODY)
    given = {"SERVER": "https://sscard.example:8443", "KEYID": "hmac-sha256", "SECRET": SECRET.hex(), "BODY": "body"}
    script = "set -eu\ncurl() { printf '%s\\n' \"$@\" > called; }\n" + block("sh", "openssl")
    subprocess.run(["sh", "-c", script], cwd=tmp_path, env={**os.environ, **given}, check=True)
    words = (tmp_path / "called").read_text().splitlines()
    headers = [words[n + 1].partition(": ") for n, word in enumerate(words) if word == "--header"]
    assert "https://sscard.example:8443/terminal/v1/2207" in words
    assert words[-2:] == ["--data-binary", "@body"]
    lines = [(name.encode(), value.encode()) for name, _, value in headers]
    signed = read_signature("POST", b"/terminal/v1/2207", b"", lines, BODY)
    check_signature(signed, known)
    check_freshness(signed, dt.datetime.now(dt.UTC), not_before=STARTED)


def test_the_values_to_check_against_are_right() -> None:
    """The message in docs/signing.md is signed with the key there, and has the base that stands there."""
    head, _, body = block("http", "HTTP/1.1").removesuffix("\n").partition("\n\n")
    start, *lines = head.splitlines()
    method, target, _ = start.split()
    path, _, query = target.partition("?")
    pairs = [line.encode().split(b": ", 1) for line in lines]
    signed = read_signature(method, path.encode(), query.encode(), [(n, v) for n, v in pairs], body.encode())
    assert signed.base.decode() == block("text", '"@method": POST').removesuffix("\n")
    (secret,) = re.findall(r"`([0-9a-f]{64})`", DOCUMENT)
    assert hmac.compare_digest(hmac.digest(bytes.fromhex(secret), signed.base, "sha256"), signed.signature)
