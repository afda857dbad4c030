"""The card as a credential in its holder's wallet (3.3): offered on their page, issued to the wallet's own key.

A status list says of each at once when its card is lost, locked or ended. An offer is good for minutes, for one wallet,
and with six digits that stand on the page beside it. What a wallet asks wrongly is answered in the words of OpenID4VCI,
as a value. The face `wallet` parses and renders.
"""

import datetime as dt
import hashlib
import hmac
import secrets
import struct
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from shebaoka import sdjwt
from shebaoka.desk.answering import Answering
from shebaoka.desk.ecards import ECards, shown_now
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.screens import PersonScreen
from shebaoka.notice import Notice, Notices
from shebaoka.records import Accepted, Answer, Broken, Card, Digits, Dossier, Life
from shebaoka.sdjwt import PublicKey, b64
from shebaoka.store import Views
from shebaoka.store import wallets as sql
from shebaoka.vault import Vault

CONFIGURATION = "social_security_card"
"""What is offered, by the name under which the issuer's metadata describes it."""
OFFER_FOR = dt.timedelta(minutes=10)
TOKEN_FOR = dt.timedelta(minutes=10)
NONCE_FOR = dt.timedelta(minutes=5)
PROOF_OFF = dt.timedelta(minutes=5)
"""How far a wallet's clock may be off."""
CREDENTIAL_FOR = dt.timedelta(days=90)
"""How long a credential is good; then the holder puts a new one into the wallet."""
MISSES_MAX = 5
LIST_SIZE = 65_536
"""Credentials on one status list. A new list begins when half of it is used, so that a free place is soon drawn."""
LIST_KEPT = dt.timedelta(seconds=10)
"""How long a status list that was signed is given out again."""
LIST_FOR = dt.timedelta(hours=1)
KEY_SHOWN = 8
"""Characters of the thumbprint of a wallet's key that are kept, for its holder to tell two wallets apart."""
_DRAWS = 64
_NONCE = struct.Struct(">I")
_BESIDE = b"shebaoka/c-nonce/1"


class Offered(msgspec.Struct, frozen=True):
    """An offer as its holder sees it: `code` goes to the wallet, `tx_code` is typed there."""

    code: str
    tx_code: str
    until_at: dt.datetime

    def __repr__(self) -> str:
        return "Offered(hidden)"


class Denied(msgspec.Struct, frozen=True):
    """What a wallet is told: an error of OAuth or OpenID4VCI, and a sentence for whoever makes the wallet."""

    error: str
    says: str
    status: int = 400


class Asked(msgspec.Struct, frozen=True):
    """A wallet's request that may be granted: by which offer, for whose card, to which key."""

    digest: str
    number: str
    person_id: int
    card: int
    key: PublicKey
    nonce: str


class _Key(msgspec.Struct, frozen=True):
    kid: str
    public: bytes
    wrapped: bytes


class Wallets:
    """Offers, issues, and lists credentials. Safe for many threads.

    `issuer` is the house's own address, with https; empty where it has none, and then nothing is offered.
    """

    def __init__(
        self,
        views_: Views,
        vault: Vault,
        notices: Notices,
        ecards: ECards,
        people: Callable[[Sequence[str]], dict[str, PersonScreen]],
        issuer: str,
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._vault = vault
        self._notices = notices
        self._ecards = ecards
        self._people = people
        self.issuer = issuer if issuer.startswith("https://") else ""
        self._clock = clock
        self._lists: dict[int, tuple[dt.datetime, str]] = {}
        self._listing = threading.Lock()

    # what is offered

    def offer(self, screen: PersonScreen) -> Offered | Answer:
        """An offer of somebody's card, or why a terminal would refuse the card itself."""
        at = self._clock()
        card, decision = self._shown(screen.dossier, at)
        if card is None or not isinstance(decision, Accepted):
            return Answering(self._notice(at)).of(decision)
        code, tx_code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**6):06d}"
        digest = _digest(code)
        row = {"digest": digest, "person_id": screen.person_id, "card": card.n, "at": at, "until": at + OFFER_FOR}
        self._views.write(sql.OFFER, row | {"tx_code": self._vault.mark(digest, Digits(tx_code), None)})
        return Offered(code, tx_code, at + OFFER_FOR)

    def link(self, offered: Offered) -> str:
        """What a wallet scans or follows: where it finds the offer."""
        address = quote(f"{self.issuer}/credentials/offers/{offered.code}", safe="")
        return f"openid-credential-offer://?credential_offer_uri={address}"

    def is_open(self, code: str) -> bool:
        """Whether an offer can still be taken."""
        return bool(self._views.rows(sql.OPEN, self._named(code)))

    def token(self, code: str, tx_code: str) -> str | Denied:
        """A token for the offer of a code; it is used up by this. A wrong `tx_code` counts, and a few end the offer."""
        named = self._named(code)
        with self._views.together() as run:
            tried = run(sql.TRY, named)
        digest, at = named["digest"], named["at"]
        right = bool(tried) and hmac.compare_digest(bytes(tried[0][0]), self._vault.mark(digest, Digits(tx_code), None))
        secret = secrets.token_urlsafe(32)
        row = {"digest": digest, "at": at, "token": _digest(secret), "until": at + TOKEN_FOR}
        with self._views.together() as run:
            if not right or not run(sql.TAKE, row):
                return Denied("invalid_grant", "The code is not good any more, or the transaction code is not right.")
        return f"{digest}.{secret}"

    def nonce(self) -> str:
        """A challenge for a wallet's proof; nothing is kept of it until it is used."""
        return b64(self._ecards.sealed(_NONCE.pack(int(self._clock().timestamp())), _BESIDE))

    # what a wallet asks

    def asked(self, token: str, configuration: str, proof: str) -> Asked | Denied:
        """What may be granted to a wallet that has this token and brought this proof; nothing is used up yet."""
        at = self._clock()
        digest, _, secret = token.partition(".")
        rows = self._views.rows(sql.GRANTED, {"digest": digest, "at": at})
        if not rows or not hmac.compare_digest(rows[0][3], _digest(secret)):
            return Denied("invalid_token", "The access token is not good, or was used.", 401)
        if configuration != CONFIGURATION:
            return Denied("unknown_credential_configuration", f"This issuer has {CONFIGURATION} alone.")
        try:
            said, key = sdjwt.read_proof(proof)
        except sdjwt.Unproven as e:
            return Denied("invalid_proof", f"{e}.")
        if said.aud != self.issuer:
            return Denied("invalid_proof", "aud must be this issuer.")
        if abs(at.timestamp() - said.iat) > PROOF_OFF.total_seconds():
            return Denied("invalid_proof", "iat is not near this server's time.")
        if not said.nonce:
            return Denied("invalid_proof", "The proof needs a nonce; ask the nonce endpoint for one.")
        if not self._is_fresh(said.nonce, at):
            return Denied("invalid_nonce", "Ask the nonce endpoint for a new nonce.")
        person_id, number, card, _ = rows[0]
        return Asked(digest, number, person_id, card, key, said.nonce)

    def issue(self, asked: Asked) -> str | Denied:
        """The credential, bound to the wallet's key. Whoever asks has put the look-up into the journal."""
        at, screen = self._clock(), self._people([asked.number])[asked.number]
        card, decision = self._shown(screen.dossier, at)
        if card is None or card.n != asked.card or not isinstance(decision, Accepted):
            return Denied("credential_request_denied", "The card cannot be used at this moment.")
        until, key = self._until(card, at), self._key()
        row = {"digest": asked.digest, "at": at, "nonce": asked.nonce}
        with self._views.together() as run:
            if not run(sql.USE_NONCE, row):
                return Denied("invalid_nonce", "Ask the nonce endpoint for a new nonce.")
            if not run(sql.ISSUE, row):
                return Denied("invalid_token", "The access token was used.", 401)
            about = {"person_id": asked.person_id, "card": card.n, "kid": key.kid, "at": at, "until": until}
            about["wallet_key"] = asked.key.thumbprint()[:KEY_SHOWN]
            facts, place = _facts(screen.dossier, card), self._placed(run, about)
            return self._credential(facts, asked.key, key, place, at, until)

    # the list

    def listed(self, n: int) -> str | None:
        """The n-th status list, signed; None if there is none such. It is made anew after a few seconds."""
        at = self._clock()
        with self._listing:
            kept = self._lists.get(n)
            if kept is None or not kept[0] <= at < kept[0] + LIST_KEPT:
                if not 0 <= n <= self._views.rows(sql.NEWEST_LIST, {"size": LIST_SIZE})[0][0]:
                    return None
                kept = self._lists[n] = at, self._list(n, at)
        return kept[1]

    def ended(self, places: Collection[int]) -> None:
        """Credentials at these places were ended: what was signed before is not given out again from here."""
        with self._listing:
            for place in places:
                self._lists.pop(place // LIST_SIZE, None)

    def list_address(self, n: int) -> str:
        """Where a status list is."""
        return f"{self.issuer}/credentials/status/{n}"

    @property
    def kind(self) -> str:
        """The type of the credential (`vct`): an address at which it is described."""
        return f"{self.issuer}/credentials/social-security-card"

    # keys

    def keys(self) -> list[dict[str, str]]:
        """The public keys that credentials are checked with, as JSON Web Keys; older ones too."""
        self._key()
        return [
            {**sdjwt.public_key(bytes(public)).jwk(), "kid": kid, "alg": sdjwt.ALGORITHM, "use": "sig"}
            for kid, public, *_ in self._views.rows(sql.KEYS)
        ]

    def all_keys(self) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
        """Every key by its id, when it was drawn and when it ended; the newest first."""
        return [(kid, drawn_at, ended_at) for kid, _, _, ended_at, drawn_at in self._views.rows(sql.KEYS)]

    def new_key(self) -> str:
        """A new key signs from now on; the old one is still shown, to check what it has signed. The new one's id."""
        at = self._clock()
        with self._views.together() as run:
            run(sql.END_KEYS, {"at": at})
            return self._drawn(run, at)

    def _key(self) -> _Key:
        """The key that signs; the first one is drawn when it is first needed."""
        for _ in range(2):
            for kid, public, wrapped, ended_at, _ in self._views.rows(sql.KEYS):
                if ended_at is None:
                    return _Key(kid, bytes(public), bytes(wrapped))
            with self._views.together() as run:
                self._drawn(run, self._clock())
        raise Broken("There is no key of credentials, and none could be drawn.")

    def _drawn(self, run: Callable[[str, dict[str, Any]], Any], at: dt.datetime) -> str:
        public, wrapped = self._vault.draw_credential_key()
        kid = sdjwt.public_key(public).thumbprint()
        run(sql.ADD_KEY, {"kid": kid, "public": public, "wrapped": wrapped, "at": at})
        return kid

    def _signed(self, key: _Key, kind: str, claims: dict[str, Any]) -> str:
        part = sdjwt.signed_part({"alg": sdjwt.ALGORITHM, "typ": kind, "kid": key.kid}, claims)
        return f"{part}.{b64(self._vault.sign_credential(key.wrapped, part.encode()))}"

    # parts of these

    def _named(self, code: str) -> dict[str, Any]:
        return {"digest": _digest(code), "at": self._clock(), "misses_max": MISSES_MAX}

    def _is_fresh(self, nonce: str, at: dt.datetime) -> bool:
        try:
            inside = self._ecards.unsealed(sdjwt.unb64(nonce), _BESIDE)
        except ValueError:
            return False
        return inside is not None and 0 <= at.timestamp() - _NONCE.unpack(inside)[0] <= NONCE_FOR.total_seconds()

    def _placed(self, run: Callable[[str, dict[str, Any]], Any], about: dict[str, Any]) -> int:
        """A place on a status list, drawn by chance, so that it says nothing of when the credential was issued."""
        newest, used = run(sql.NEWEST_LIST, {"size": LIST_SIZE})[0]
        first = (newest + (used > LIST_SIZE // 2)) * LIST_SIZE
        for _ in range(_DRAWS):
            place: int = first + secrets.randbelow(LIST_SIZE)
            if run(sql.PUT, about | {"place": place}):
                return place
        raise Broken("No free place on a status list was drawn.")

    def _credential(
        self,
        facts: list[tuple[str, str]],
        holder: PublicKey,
        key: _Key,
        place: int,
        at: dt.datetime,
        until: dt.datetime,
    ) -> str:
        n, index = divmod(place, LIST_SIZE)
        open_claims = {
            "iss": self.issuer,
            "vct": self.kind,
            "iat": int(_hour(at).timestamp()),
            "exp": int(until.timestamp()),
            "cnf": {"jwk": holder.jwk()},
            "status": {"status_list": {"idx": index, "uri": self.list_address(n)}},
        }
        disclosures = [sdjwt.disclosure(b64(secrets.token_bytes(16)), name, v) for name, v in facts]
        jwt = self._signed(key, "dc+sd-jwt", sdjwt.with_digests(open_claims, disclosures))
        return sdjwt.sd_jwt(jwt, disclosures)

    def _list(self, n: int, at: dt.datetime) -> str:
        """What stands on a list: a card that a terminal would refuse now is not valid there either."""
        first, notice = n * LIST_SIZE, self._notice(at)
        row = {"first": first, "beyond": first + LIST_SIZE, "at": at}
        doubted = self._views.rows(sql.IN_DOUBT, row)
        people = self._people(list({number for _, _, number, ended in doubted if not ended}))
        statuses = {
            place - first: sdjwt.INVALID if ended else self.status(people[number].dossier, card, at)
            for place, card, number, ended in doubted
        }
        usual = sdjwt.VALID if notice.p.electronic_card else sdjwt.SUSPENDED
        claims = {
            "sub": self.list_address(n),
            "iss": self.issuer,
            "iat": int(at.timestamp()),
            "exp": int((at + LIST_FOR).timestamp()),
            "ttl": 60,
            "status_list": {"bits": sdjwt.BITS, "lst": sdjwt.status_list(LIST_SIZE, statuses, usual)},
        }
        return self._signed(self._key(), "statuslist+jwt", claims)

    def status(self, dossier: Dossier, n: int, at: dt.datetime) -> int:
        """What a list says of a credential of somebody's n-th card, unless it was ended by itself."""
        if any(card.n == n and card.life is Life.ENDED for card in dossier.cards):
            return sdjwt.INVALID
        card, decision = self._shown(dossier, at)
        good = card is not None and card.n == n and isinstance(decision, Accepted)
        return sdjwt.VALID if good else sdjwt.SUSPENDED

    def _shown(self, dossier: Dossier, at: dt.datetime) -> tuple[Card | None, Any]:
        return shown_now(dossier, self._notice(at), at, self._on(at))

    def _until(self, card: Card, at: dt.datetime) -> dt.datetime:
        """The end of a credential; that of a temporary card's last day, where it comes first."""
        until = _hour(at) + CREDENTIAL_FOR
        if card.valid_until is None:
            return until
        over = dt.datetime.combine(card.valid_until + dt.timedelta(days=1), dt.time.min, self._notices.zone)
        return min(until, over.astimezone(dt.UTC))

    def _notice(self, at: dt.datetime) -> Notice:
        return self._notices.on(self._on(at))

    def _on(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._notices.zone).date()


def _hour(at: dt.datetime) -> dt.datetime:
    """The hour of an instant: the second, of a beginning or an end, would tell a credential apart from all others."""
    return at.replace(minute=0, second=0, microsecond=0)


def _facts(dossier: Dossier, card: Card) -> list[tuple[str, str]]:
    """What a credential says of holder and card; each is disclosed by itself."""
    person = dossier.person
    if person is None:
        raise Broken("A credential was to be issued to nobody.")
    said = [
        ("name", person.name),
        ("birthdate", person.birth_on.isoformat()),
        ("social_security_number", person.number),
        ("region", person.region),
        ("card_kind", card.kind.value),
        ("card_number", card.number),
        ("issued_on", card.issued_on.isoformat()),
    ]
    return said if card.valid_until is None else [*said, ("valid_until", card.valid_until.isoformat())]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
