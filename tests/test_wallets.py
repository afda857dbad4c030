"""The card in a wallet: issued by OpenID4VCI, checked by libraries that are not ours; its status follows the card."""

import base64
import datetime as dt
import json
import random
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from jwcrypto.jwk import JWK
from litestar.testing import TestClient
from msgspec.structs import replace
from openvc.status.token_status_list import decode_status_list, get_status
from openvc.type_metadata import validate_type_metadata
from openvc.verify import CredentialRevoked, CredentialSuspended
from tests.conftest import FIRST_PIN, Database, StandingClock, put_dossier
from tests.test_terminal import NUMBER, PERSON_ID, dossier
from tests.vcwallet import Verifier, Wallet, Web

from shebaoka import sdjwt
from shebaoka.app import House, open_house, settings_from
from shebaoka.desk import (
    HOLDER,
    PORTAL_PLACE,
    Code,
    Denied,
    Offered,
    PersonScreen,
    Role,
    Staff,
    Wallets,
    open_counter,
)
from shebaoka.desk.wallets import TOKEN_FOR
from shebaoka.records import (
    Answer,
    Ask,
    CancelCard,
    CancelLossReport,
    Card,
    CardKind,
    Channel,
    Digits,
    Life,
    Material,
    NotAllowed,
    ReportLoss,
    Request,
    Sender,
)
from shebaoka.serving import front_of, make_app

ISSUER = "https://card.jinzhong.example"
KIND = ISSUER + "/credentials/social-security-card"
SHOP = {"nonce": "n-0S6_WzA2Mj", "aud": "https://pharmacy.example"}
AUDITOR = Staff("he", Role.AUDITOR, "office")
PAPERS = (Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.CARD)


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    """Now, for a library that is not ours reads the real time; a test moves it by minutes."""
    return StandingClock(dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=40))


@pytest.fixture(scope="module")
def served(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory, clock: StandingClock
) -> Iterator[tuple[House, Web]]:
    """A house with an address of its own, and a client that asks it as that."""
    shared_database.wipe()
    home = str(tmp_path_factory.mktemp("wallets"))
    settings = settings_from(
        {"SHEBAOKA_HOME": home, "SHEBAOKA_DATABASE_URL": shared_database.app, "SHEBAOKA_ORIGIN": ISSUER}
    )
    with open_house(settings, clock=clock) as house, open_counter(house.desk) as counter:
        house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
        with TestClient(make_app(front_of(house, counter)), base_url=ISSUER) as client:
            yield house, Web(client, ISSUER)


@pytest.fixture
def house(served: tuple[House, Web], database: Database, clock: StandingClock) -> House:
    """The house with one person in it; a minute later than in the test before."""
    house = served[0]
    clock.move(minutes=1)
    house.ecards._keys.clear()
    house.wallets._lists.clear()
    put_dossier(database.owner, house.vault, PERSON_ID, dossier())
    return house


@pytest.fixture
def web(served: tuple[House, Web]) -> Web:
    """The client."""
    return served[1]


@pytest.fixture
def wallet(web: Web, clock: StandingClock) -> Wallet:
    """A holder's wallet."""
    return Wallet(web, lambda: clock().timestamp())


def screen_of(house: House) -> PersonScreen:
    """The one person's screen."""
    with house.stores.lent() as store:
        return house.screens.person(store, NUMBER, house.screens.today())


def offer(house: House) -> Offered | Answer:
    """What the holder's page offers."""
    return house.wallets.offer(screen_of(house))


def scanned(house: House) -> tuple[str, str]:
    """An offer as it is scanned, and the code of six digits beside it."""
    made = offer(house)
    assert isinstance(made, Offered)
    return house.wallets.link(made), made.tx_code


def done(house: House, *requests: Request) -> None:
    """Services at the window, accepted."""
    desk = house.desk()
    for request in requests:
        answer = desk.ask(Ask(replace(request, shows=PAPERS), Sender("clerk", Channel.WINDOW, "w1"))).answer  # type: ignore[arg-type]
        assert answer.outcome == "accepted", answer
    desk.store.close()


def test_a_wallet_gets_the_card_and_shows_of_it_what_its_holder_wants(house: House, web: Web, wallet: Wallet) -> None:
    """By OpenID4VCI from the offer on; two libraries that are not ours check it; the holder's journal says why."""
    credential = wallet.take(*scanned(house))
    shown, verifier = wallet.shown(credential, "name", "card_kind", **SHOP), Verifier(web)
    claims = verifier.by_reference(shown, **SHOP)
    assert (claims["name"], claims["card_kind"], claims["vct"]) == ("李娜", "social_security", KIND)
    assert not {"social_security_number", "card_number", "birthdate"} & set(claims)
    assert (claims["iat"] % 3600, claims["exp"] % 3600) == (0, 0), "a second that nobody else has"
    found = verifier.checked(shown, kind=KIND, **SHOP)
    assert (found.issuer, found.key_bound, found.status.status) == (ISSUER, True, 0)  # type: ignore[union-attr]
    assert found.claims["cnf"]["jwk"] == {k: v for k, v in wallet.public().items() if k != "kid"}
    assert NUMBER not in base64.b64decode(shown.split(".")[1] + "==").decode()
    whole = wallet.shown(credential, *("social_security_number", "birthdate", "issued_on", "region", "name"), **SHOP)
    everything = verifier.by_reference(whole, **SHOP)
    assert (everything["social_security_number"], everything["birthdate"]) == (NUMBER, "1985-03-12")
    document = json.dumps(web.document(KIND)).encode()
    processed = {**everything, "card_kind": "social_security", "card_number": "S00000001"}
    validate_type_metadata(processed, vct=KIND, resolve=lambda _: document)
    (look,) = house.screens.journal_of(PERSON_ID, limit=1)
    assert (look.service, look.by, look.channel, look.where) == ("look_up_person", HOLDER, "portal", PORTAL_PLACE)


def test_a_presentation_is_bound_to_the_wallet_and_to_who_asked(house: House, web: Web, wallet: Wallet) -> None:
    """Neither a thief's key nor another verifier's question makes a presentation good, nor a claim that was changed."""
    credential = wallet.take(*scanned(house))
    thief, verifier = Wallet(web, wallet.now), Verifier(web)
    for shown, asked in (
        (thief.shown(credential, "name", **SHOP), SHOP),
        (wallet.shown(credential, "name", **SHOP), {**SHOP, "nonce": "another"}),
        (wallet.shown(credential, "name", **SHOP), {**SHOP, "aud": "https://elsewhere.example"}),
    ):
        with pytest.raises(Exception, match=r"(?i)nonce|aud|signature|verif"):
            verifier.by_reference(shown, **asked)
        with pytest.raises(Exception, match=r"(?i)nonce|aud|signature|verif"):
            verifier.checked(shown, kind=KIND, **asked)
    jwt, *disclosures, end = credential.split("~")
    forged = base64.urlsafe_b64encode(b'["c2FsdA","name","\xe5\xbc\xa0\xe4\xbc\x9f"]').decode().rstrip("=")
    changed = "~".join([jwt, forged, *disclosures[1:], end])
    with pytest.raises(Exception, match=r"(?i)disclos|digest"):
        verifier.checked(wallet.bound(changed, **SHOP), kind=KIND, **SHOP)


def test_the_status_follows_the_card(house: House, web: Web, wallet: Wallet, clock: StandingClock) -> None:
    """Lost: suspended within ten seconds; found: good again; cancelled: over. No other place on the list changes."""
    shown = wallet.shown(wallet.take(*scanned(house)), "name", **SHOP)
    verifier = Verifier(web)

    def status() -> object:
        clock.move(seconds=10)
        return verifier.checked(shown, kind=KIND, **SHOP).status.status  # type: ignore[union-attr]

    assert status() == 0
    done(house, ReportLoss(id="l1", person=NUMBER))
    with pytest.raises(CredentialSuspended):
        status()
    done(house, CancelLossReport(id="l2", person=NUMBER))
    assert status() == 0
    done(house, CancelCard(id="c1", person=NUMBER))
    with pytest.raises(CredentialRevoked):
        status()
    listed = verifier.status_list(house.wallets.list_address(0))
    packed = decode_status_list(listed["status_list"]["lst"])
    marked = [i for i in range(len(packed) * 4) if get_status(packed, i, bits=2)]
    assert (len(packed) * 4, len(marked), listed["ttl"]) == (65_536, 1, 60)
    assert web.client.get("/credentials/status/1").status_code == 404


def test_a_temporary_cards_credential_ends_with_it(
    house: House, web: Web, wallet: Wallet, clock: StandingClock, database: Database
) -> None:
    """Its `exp` is the end of the card's last day; on the list it is over the day after, though nobody recorded it."""
    today = house.screens.today()
    held = Card(1, CardKind.TEMPORARY, "T00000001", "140700" + "0" * 26, Life.IN_USE, today, today + dt.timedelta(1))
    database.wipe()
    house.ecards._keys.clear()
    put_dossier(database.owner, house.vault, PERSON_ID, replace(dossier(), cards=(held,)))
    shown = wallet.shown(wallet.take(*scanned(house)), "valid_until", **SHOP)
    claims = Verifier(web).checked(shown, kind=KIND, **SHOP).claims
    over = dt.datetime.combine(today + dt.timedelta(2), dt.time.min, house.notices.zone)
    assert (claims["exp"], claims["valid_until"]) == (over.timestamp(), str(today + dt.timedelta(1)))
    before = clock.at
    clock.at = over.astimezone(dt.UTC) - dt.timedelta(seconds=1)
    house.wallets._lists.clear()
    assert Verifier(web).checked(shown, kind=KIND, **SHOP).status.status == 0  # type: ignore[union-attr]
    clock.at = before


def test_a_credential_ends_at_its_holders_wish(house: House, web: Web, wallet: Wallet) -> None:
    """A telephone is stolen and the card is not: the list says so of its credential at once, and of no other; what was
    offered and not fetched ends, too; the code of the electronic card goes on, and the holder is told.
    """
    stolen, verifier, room = Wallet(web, wallet.now), Verifier(web), house.held_credentials
    kept, gone = (one.shown(one.take(*scanned(house)), "name", **SHOP) for one in (wallet, stolen))
    (link, tx), (code, described) = scanned(house), wallet.offered(scanned(house)[0])
    token = wallet.token(wallet.offered(link)[0], tx).json()["access_token"]
    for shown in (kept, gone):
        assert verifier.checked(shown, kind=KIND, **SHOP).status.status == 0  # type: ignore[union-attr]
    screen = screen_of(house)
    held = room.of(screen)
    found = {one.key: one for one in held.credentials}
    assert set(found) == {str(one.key.thumbprint())[:8] for one in (wallet, stolen)}
    assert ({one.state for one in found.values()}, held.offered_until) == ({"good"}, house.clock() + TOKEN_FOR)
    place = found[str(stolen.key.thumbprint())[:8]].place
    assert held.reason(place) == f"wallet credential ended: {str(stolen.key.thumbprint())[:8]}"
    house.telephones.keep(Staff("wang", Role.CLERK, "w1"), PERSON_ID, "13800001234", agreed=False, language="en")
    assert (room.end_own(PERSON_ID + 1, place), room.end_own(PERSON_ID, place), room.end_own(PERSON_ID, place)) == (
        0,
        1,
        0,
    )
    with pytest.raises(CredentialRevoked):
        verifier.checked(gone, kind=KIND, **SHOP)
    assert verifier.checked(kept, kind=KIND, **SHOP).status.status == 0  # type: ignore[union-attr]
    assert error(wallet.token(code, tx)) == (400, "invalid_grant")
    assert error(wallet.credential(described, token, wallet.proof(wallet.nonce(described)))) == (401, "invalid_token")
    assert isinstance(house.ecards.shown(PERSON_ID, screen.dossier), Code)
    after = room.of(screen)
    assert (after.offered_until, after.reason(place), len(after.that_go_on())) == (None, "", 1)
    told = [(n.about, n.receiver, "wallets: 1" in n.said) for n in house.outbox.of_person(AUDITOR, PERSON_ID)]
    assert told == [("credential_ended", "138****1234", True)]
    done(house, ReportLoss(id="l2", person=NUMBER))
    assert [one.state for one in room.of(screen_of(house)).that_go_on()] == ["suspended"]
    with pytest.raises(NotAllowed):
        room.end_at_window(AUDITOR, PERSON_ID, None)
    assert room.end_at_window(Staff("wang", Role.CLERK, "w1"), PERSON_ID, None) == 1
    with pytest.raises(CredentialRevoked):
        verifier.checked(kept, kind=KIND, **SHOP)
    assert room.of(screen_of(house)).reason(None) == ""


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and error of an answer that denies something, which must be kept nowhere."""
    assert answer.headers["cache-control"] == "no-store"
    assert all(" " <= c <= "~" and c not in '"\\' for c in answer.json()["error_description"])
    return answer.status_code, answer.json()["error"]


def test_an_offer_is_good_for_one_wallet_a_few_tries_and_minutes(
    house: House, web: Web, wallet: Wallet, clock: StandingClock
) -> None:
    """Used once; over after five wrong codes of six digits, or ten minutes; and who knows nothing learns nothing."""
    link, tx_code = scanned(house)
    code, described = wallet.offered(link)
    assert error(wallet.token(code, "abc")) == (400, "invalid_grant")
    token = wallet.token(code, tx_code).json()["access_token"]
    assert error(wallet.token(code, tx_code)) == (400, "invalid_grant")
    assert web.client.get(web.path(f"{ISSUER}/credentials/offers/{code}")).status_code == 404
    assert error(wallet.credential(described, token + "x", wallet.proof("n"))) == (401, "invalid_token")
    nonce = wallet.nonce(described)
    assert wallet.credential(described, token, wallet.proof(nonce)).status_code == 200
    assert error(wallet.credential(described, token, wallet.proof(nonce)))[1] == "invalid_token"
    link, tx_code = scanned(house)
    code, _ = wallet.offered(link)
    wrong = "000000" if tx_code != "000000" else "000001"
    assert {error(wallet.token(code, wrong)) for _ in range(5)} == {(400, "invalid_grant")}
    assert error(wallet.token(code, tx_code)) == (400, "invalid_grant")
    link, tx_code = scanned(house)
    code, _ = wallet.offered(link)
    clock.move(minutes=10)
    assert error(wallet.token(code, tx_code)) == (400, "invalid_grant")
    assert error(wallet.token("x" * 32, tx_code)) == (400, "invalid_grant")
    said = {"grant_type": "authorization_code", "code": code}
    assert error(web.client.post("/credentials/token", data=said)) == (400, "unsupported_grant_type")
    assert error(web.client.post("/credentials/token", data={"grant_type": _GRANT}))[1] == "invalid_request"


_GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


def test_wallets_that_race_for_an_offer_get_one_credential(house: House) -> None:
    """Eight at once: one token; and eight with that token and one challenge: one credential."""
    made = offer(house)
    assert isinstance(made, Offered)
    room, web = house.wallets, Web(httpx.Client(), ISSUER)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: room.token(made.code, made.tx_code), range(8)))
        (token,) = [t for t in tokens if isinstance(t, str)]
        proof = Wallet(web, lambda: house.clock().timestamp()).proof(room.nonce())
        wanted = room.asked(token, "social_security_card", proof)
        assert not isinstance(wanted, Denied)
        issued = list(pool.map(lambda _: room.issue(wanted), range(8)))
    assert sum(isinstance(credential, str) for credential in issued) == 1


def test_a_proof_must_show_that_the_wallet_has_the_key(
    house: House, web: Web, wallet: Wallet, clock: StandingClock
) -> None:
    """Each way in which a proof can be wrong is told by its error, and the token is still good afterwards."""
    link, tx_code = scanned(house)
    code, described = wallet.offered(link)
    token = wallet.token(code, tx_code).json()["access_token"]
    nonce, other = wallet.nonce(described), JWK.generate(kty="EC", crv="P-256")
    private = json.loads(wallet.key.export_private())
    unsigned = ".".join([*wallet.proof(nonce).split(".")[:2], "AA"])
    nothing = base64.urlsafe_b64encode(b'{"alg":"none","typ":"openid4vci-proof+jwt"}').decode().rstrip("=")
    bad = {
        "another's key": wallet.proof(nonce, jwk=json.loads(other.export_public())),
        "no signature": unsigned,
        "no algorithm": nothing + unsigned[unsigned.index(".") :],
        "a private key": wallet.proof(nonce, jwk=private),
        "two keys": wallet.proof(nonce, kid="did:example:1#1"),
        "no type": wallet.proof(nonce, typ="JWT"),
        "another issuer": wallet.proof(nonce, claims={"aud": "https://elsewhere.example"}),
        "long ago": wallet.proof(nonce, claims={"iat": int(wallet.now()) - 301}),
        "to come": wallet.proof(nonce, claims={"iat": int(wallet.now()) + 301}),
        "without nonce": wallet.proof("", claims={"nonce": ""}),
        "no JWT": "x",
    }  # fmt: skip
    told = {what: error(wallet.credential(described, token, proof)) for what, proof in bad.items()}
    assert told == dict.fromkeys(bad, (400, "invalid_proof"))
    assert error(wallet.credential(described, token, wallet.proof("made-up")))[1] == "invalid_nonce"
    clock.move(seconds=301)
    assert error(wallet.credential(described, token, wallet.proof(nonce)))[1] == "invalid_nonce"
    address, headers = web.path(described["credential_endpoint"]), {"Authorization": f"Bearer {token}"}
    proof = wallet.proof(wallet.nonce(described))
    usual = {"credential_configuration_id": "social_security_card", "proofs": {"jwt": [proof]}}
    for body, what in (
        ({"credential_configuration_id": "another", "proofs": {"jwt": [proof]}}, "unknown_credential_configuration"),
        ({"credential_configuration_id": "social_security_card", "proofs": {"jwt": [proof] * 2}}, "invalid_proof"),
        ({"credential_configuration_id": "social_security_card"}, "invalid_proof"),
        ({"proofs": "x"}, "invalid_credential_request"),
        ({"proofs": {"jwt": [proof]}}, "invalid_credential_request"),
        ({"credential_identifier": "x", "proofs": {"jwt": [proof]}}, "unknown_credential_identifier"),
        (usual | {"credential_identifier": "x"}, "invalid_credential_request"),
        (usual | {"proofs": {"jwt": [proof], "di_vp": [{}]}}, "invalid_credential_request"),
        (usual | {"credential_response_encryption": {"enc": "A128GCM"}}, "invalid_encryption_parameters"),
    ):
        assert error(web.client.post(address, json=body, headers=headers)) == (400, what)
    assert wallet.credential(described, token, proof).status_code == 200


def test_a_card_that_is_lost_meanwhile_is_not_put_into_a_wallet(house: House, wallet: Wallet) -> None:
    """Offered, then lost: the credential is denied; and what is lost already is not offered, by clause 9.4."""
    link, tx_code = scanned(house)
    code, described = wallet.offered(link)
    token = wallet.token(code, tx_code).json()["access_token"]
    done(house, ReportLoss(id="l1", person=NUMBER))
    answer = wallet.credential(described, token, wallet.proof(wallet.nonce(described)))
    assert error(answer) == (400, "credential_request_denied")
    refused = offer(house)
    assert isinstance(refused, Answer)
    assert (refused.ground, refused.clause) == ("card_is_reported_lost", "9.4")


def test_a_nonce_is_answered_once(house: House, wallet: Wallet) -> None:
    """Two wallets' offers cannot be taken by one challenge."""
    first, second = ((*wallet.offered(link), tx) for link, tx in (scanned(house), scanned(house)))
    tokens = [wallet.token(code, tx).json()["access_token"] for code, _, tx in (first, second)]
    proof = wallet.proof(wallet.nonce(first[1]))
    assert wallet.credential(first[1], tokens[0], proof).status_code == 200
    assert error(wallet.credential(first[1], tokens[1], proof)) == (400, "invalid_nonce")


def test_a_new_key_signs_and_the_old_one_still_checks(house: House, web: Web, wallet: Wallet) -> None:
    """Rotation: what was issued before is checked by the old key, what is issued after by the new one."""
    before = wallet.shown(wallet.take(*scanned(house)), "name", **SHOP)
    kid = house.wallets.new_key()
    house.wallets._lists.clear()
    after = wallet.shown(wallet.take(*scanned(house)), "name", **SHOP)
    for shown in (before, after):
        assert Verifier(web).checked(shown, kind=KIND, **SHOP).key_bound
    assert json.loads(base64.urlsafe_b64decode(after.split(".")[0] + "=="))["kid"] == kid
    assert len(web.document(f"{ISSUER}/.well-known/jwt-vc-issuer")["jwks"]["keys"]) == 2


def test_what_the_house_says_of_itself_is_in_three_languages(house: House, web: Web) -> None:
    """Issuer, card and every claim have a name in each language, and any page may read it."""
    answer = web.client.get("/.well-known/openid-credential-issuer")
    assert answer.headers["access-control-allow-origin"] == "*"
    described = answer.json()["credential_configurations_supported"]["social_security_card"]
    shown = [answer.json()["display"], described["credential_metadata"]["display"]]
    shown += [claim["display"] for claim in described["credential_metadata"]["claims"]]
    assert {tuple(d["locale"] for d in each) for each in shown} == {("zh-Hans", "zh-Hant", "en")}
    assert shown[0][0]["name"] == "晋中市社会保障卡"
    assert house.wallets.kind == described["vct"]


def test_a_flood_of_wallets_is_turned_away(house: House, web: Web) -> None:
    """Sixty questions a minute from one address, the large ones too, then 429 with when to ask again; a status list is
    read as ever.
    """
    large = web.client.post("/credentials/token", content=bytes(16 * 1024 + 1))
    assert (large.status_code, "16 KB" in large.json()["message"]) == (413, True)
    answers = [web.client.post("/credentials/nonce") for _ in range(60)]
    assert [a.status_code for a in answers[-2:]] == [200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert web.client.get("/credentials/status/0").status_code == 200


def test_without_an_address_with_https_there_are_no_wallets(
    house: House, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house that has no address of its own offers nothing, and says why to who asks; http alone is none."""
    near = Wallets(house.views, house.vault, house.notices, house.ecards, dict.fromkeys, "http://localhost:8000")  # type: ignore[arg-type]
    assert near.issuer == ""
    monkeypatch.setattr(house.wallets, "issuer", near.issuer)
    for path in (".well-known/openid-credential-issuer", ".well-known/jwt-vc-issuer", "credentials/status/0"):
        answer = web.client.get(f"/{path}")
        assert (answer.status_code, "SHEBAOKA_ORIGIN" in answer.json()["message"]) == (404, True)


def test_status_lists_are_packed_as_the_draft_says() -> None:
    """The draft's own example of two bits, byte for byte, and random lists by a library that is not ours."""
    example = (1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)
    packed = sdjwt.status_list(12, dict(enumerate(example)))
    assert base64.urlsafe_b64decode(packed + "==").hex() == "78da3be9f2130003df0207"
    chance = random.Random(7)  # noqa: S311 - a test's cases
    wanted = {i: chance.randrange(3) for i in chance.sample(range(4096), 300)}
    found = decode_status_list(sdjwt.status_list(4096, wanted, sdjwt.SUSPENDED))
    assert [get_status(found, i, bits=2) for i in range(4096)] == [wanted.get(i, 2) for i in range(4096)]
    assert len(zlib.compress(bytes(16_384), 9)) < 50
