"""Credentials in wallets at the pages: their holder sees and ends them at My card, a clerk at the window."""

from collections.abc import Iterator

import httpx
import pytest
from tests.conftest import Database
from tests.test_holders import sent
from tests.test_my_card import LABELS, come_in, fill, in_use, says
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on
from tests.test_whereabouts import WINDOW
from tests.vcwallet import Wallet, Web

from shebaoka.app import House
from shebaoka.desk import CONFIGURATION, Denied, Offered, PersonScreen
from shebaoka.notice import LANGUAGES

ISSUER = "https://card.jinzhong.example"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter, one window and an address of its own."""
    with pages_on(shared_database, tmp_path_factory.mktemp("held")) as pages:
        pages.house.windows.add(*WINDOW)
        pages.house.wallets.issuer = ISSUER
        yield pages


def put_in(house: House, screen: PersonScreen) -> str:
    """A wallet takes the card of somebody; the beginning of its key's thumbprint."""
    room = house.wallets
    made = room.offer(screen)
    assert isinstance(made, Offered)
    token = room.token(made.code, made.tx_code)
    assert isinstance(token, str)
    wallet = Wallet(Web(httpx.Client(), ISSUER), lambda: house.clock().timestamp())
    wanted = room.asked(token, CONFIGURATION, wallet.proof(room.nonce()))
    assert not isinstance(wanted, Denied)
    assert isinstance(room.issue(wanted), str)
    return str(wallet.key.thumbprint())[:8]


def test_a_holder_ends_what_a_stolen_telephone_holds(pages: Pages) -> None:
    """Without script: each credential in words, one chosen and confirmed; what is missing stands beside its field and
    changes nothing; pressed twice it is done once; other sessions end, the journal says who and why, a message too.
    """
    (number, who), (other, _) = in_use(pages), in_use(pages, "15900005678")
    first, second = put_in(pages.house, pages.front.person(number)), put_in(pages.house, pages.front.person(number))
    put_in(pages.house, pages.front.person(other))
    for language in LANGUAGES:
        t = LABELS[language]
        with come_in(pages, who, language) as client:
            shown = client.get("/my/wallets")
            assert (shown.status_code, Reader(shown.text).faults, len(shown.content) < 100_000) == (200, [], True)
            assert says(shown, t["held_which"], t["held_key"].format(first), t["held_key"].format(second)) == []
            assert says(client.get("/my/ecard"), 'href="/my/wallets"', t["held"]) == []
            unsure = fill(client, "/my/wallets", which="all")
            assert (unsure.status_code, Reader(unsure.text).faults) == (400, [])
            assert says(unsure, t["held_fault_sure"], 'href="#sure"', "checked") == []
    room = pages.house.held_credentials
    held, (others,) = room.of(pages.front.person(number)), room.of(pages.front.person(other)).credentials
    place = next(one.place for one in held.credentials if one.key == first)
    entries, t = pages.front.person(number).entries, LABELS["en"]
    with come_in(pages, who) as client, come_in(pages, who) as elsewhere:
        for which in ("", "x", str(others.place), "9" * 30):
            wrong = fill(client, "/my/wallets", which=which, sure="yes")
            assert (wrong.status_code, says(wrong, t["held_fault_which"])) == (400, [])
        done = [fill(client, "/my/wallets", which=str(place), sure="yes").headers["Location"] for _ in range(2)]
        assert set(done) == {"/my/wallets?done=ended"}
        after = client.get(done[0])
        signed_out = elsewhere.get("/my/ecard").headers["Location"]
        assert (signed_out, says(elsewhere.get(signed_out), t["my_after_wallet"])) == ("/my/sign-in?after=wallet", [])
        assert says(after, t["held_done"], f'value="{place}"') == [f'value="{place}"']
        assert pages.front.person(number).entries == entries + 1
        assert says(client.get("/my/looks"), t["my_reason_wallet_ended"], t["my_who_you"]) == []
    (line,) = pages.house.screens.journal_of(who, limit=1)
    assert (line.service, line.by, line.channel, line.answer.clause) == ("look_up_person", "holder", "portal", "5.2")
    assert [m.to for m in sent(pages)] == ["13800001234"]
    assert [one.state for one in room.of(pages.front.person(other)).credentials] == ["good"]
    with pages.client() as client:
        assert client.get("/my/wallets").headers["Location"].partition("?")[0] == "/my/sign-in"
        assert client.post("/my/wallets").status_code == 403


def test_a_clerk_ends_it_for_the_holder_at_the_window(pages: Pages) -> None:
    """On the person's page, once the clerk has confirmed that the ID card was seen; with an open offer, and on the
    record as the clerk's; somebody whose card is in no wallet has no such part on their page.
    """
    number, who = in_use(pages)
    with pages.client("clerk") as client:
        client.cookies.set("language", "en")
        assert 'id="wallets"' not in client.get(f"/persons/{who}").text
        key = put_in(pages.house, pages.front.person(number))
        assert isinstance(pages.house.wallets.offer(pages.front.person(number)), Offered)
        for language in LANGUAGES:
            client.cookies.set("language", language)
            t, shown = LABELS[language], client.get(f"/persons/{who}")
            assert (Reader(shown.text).faults, says(shown, t["held"], t["held_key"].format(key))) == ([], [])
        unsure = fill(client, f"/persons/{who}/wallets", f"/persons/{who}", which="all")
        assert (unsure.status_code, says(unsure, LABELS["en"]["held_fault_sure"])) == (400, [])
        assert len(pages.house.held_credentials.of(pages.front.person(number)).that_go_on()) == 1
        done = fill(client, f"/persons/{who}/wallets", f"/persons/{who}", which="all", sure="yes")
        assert done.headers["Location"] == f"/persons/{who}#wallets"
        held = pages.house.held_credentials.of(pages.front.person(number))
        assert ([one.state for one in held.credentials], held.offered_until) == (["ended"], None)
        line = next(line for line in pages.house.screens.journal_of(who, limit=3) if line.service == "look_up_person")
        assert (line.channel, line.by) == ("window", "clerk-1")
        assert client.get(f"/persons/{who}/wallets").headers["Location"] == f"/persons/{who}"
    with pages.client("auditor") as client:
        shown = client.get(f"/persons/{who}")
        assert ('id="wallets"' in shown.text, f"/persons/{who}/wallets" in shown.text) == (True, False)
