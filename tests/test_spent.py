"""What is spent is deleted, and not good again for it: sessions, slips, offers, challenges; and telephones in part."""

from collections.abc import Iterator

import httpx
import pytest
from tests.conftest import Database
from tests.test_bookings import everywhere
from tests.test_holders import WINDOW_CLERK, sent, told, why_not, with_telephone
from tests.test_my_card import in_use
from tests.test_office_signin import Pages, pages_on
from tests.vcwallet import Wallet, Web

from shebaoka.desk import CONFIGURATION, Denied, NotTaken, Offered, Outgoing, Role, Staff
from shebaoka.desk.spent import Cleared

ISSUER = "https://card.jinzhong.example"
NOTHING = Cleared(0, 0, 0, 0, 0)
MAKER = Staff("zhang", Role.PRODUCTION, "")


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and an address of its own."""
    with pages_on(shared_database, tmp_path_factory.mktemp("spent")) as pages:
        pages.house.wallets.issuer = ISSUER
        yield pages


@pytest.fixture(autouse=True)
def _nothing_yet(pages: Pages) -> None:
    """What the test before left is over and gone."""
    pages.clock.move(days=30)
    pages.house.spent.clear()
    pages.clock.move(days=30)
    pages.house.spent.clear()


def test_sessions_and_slips_go_a_week_after_their_time(pages: Pages) -> None:
    """Until then whoever comes with one is told that it is over; afterwards it is nobody's. A slip that was used hides
    those before it as long as one of them could be good, and the next one begins anew.
    """
    house, (number, who), clock = pages.house, with_telephone(pages), pages.clock
    cookie, room = house.holders.begin(who, "code"), house.entering
    first = room.give_slip(WINDOW_CLERK, who).code
    clock.move(days=1)
    second = room.give_slip(WINDOW_CLERK, who).code
    assert room.entered_by_slip(number, second) == who
    clock.move(days=5, hours=23)
    assert house.spent.clear() == NOTHING
    assert why_not(pages, cookie) == "holder_session_idle"
    clock.move(hours=1)
    assert house.spent.clear() == Cleared(1, 0, 0, 0, 0)
    assert why_not(pages, cookie) == "holder_not_signed_in"
    clock.move(days=7, hours=23)
    assert house.spent.clear() == NOTHING
    told("slip_was_used", lambda: room.entered_by_slip(number, second))
    clock.move(hours=1)
    assert house.spent.clear() == Cleared(0, 2, 0, 0, 0)
    for code in (first, second):
        told("slip_unknown", lambda code=code: room.entered_by_slip(number, code))  # type: ignore[misc]
    third = room.give_slip(WINDOW_CLERK, who).code
    assert room.entered_by_slip(number, third) == who


def test_offers_and_challenges_go_and_are_not_good_again(pages: Pages) -> None:
    """An offer whose tries are over stays as long as its time, and one that was taken as long as its token; a challenge
    that was answered an hour, and then its own time has refused it for long.
    """
    house, (number, _), clock = pages.house, in_use(pages), pages.clock
    room, wallet = house.wallets, Wallet(Web(httpx.Client(), ISSUER), lambda: clock().timestamp())
    tried, taken = (room.offer(pages.front.person(number)) for _ in range(2))
    assert isinstance(tried, Offered)
    assert isinstance(taken, Offered)
    wrong = "000000" if tried.tx_code != "000000" else "000001"
    for _ in range(5):
        room.token(tried.code, wrong)
    clock.move(minutes=9)
    token, nonce = room.token(taken.code, taken.tx_code), room.nonce()
    assert isinstance(token, str)
    assert house.spent.clear() == NOTHING
    assert isinstance(room.token(tried.code, tried.tx_code), Denied)
    clock.move(minutes=1)
    assert house.spent.clear() == Cleared(0, 0, 1, 0, 0)
    assert isinstance(room.token(tried.code, tried.tx_code), Denied)
    wanted = room.asked(token, CONFIGURATION, wallet.proof(nonce))
    assert not isinstance(wanted, Denied)
    assert isinstance(room.issue(wanted), str)
    clock.move(minutes=9)
    assert house.spent.clear() == Cleared(0, 0, 1, 0, 0)
    again = room.offer(pages.front.person(number))
    assert isinstance(again, Offered)
    token = room.token(again.code, again.tx_code)
    assert isinstance(token, str)
    clock.move(minutes=9)
    assert house.spent.clear() == NOTHING
    refused = room.asked(token, CONFIGURATION, wallet.proof(nonce))
    assert isinstance(refused, Denied)
    assert refused.error == "invalid_nonce"
    clock.move(minutes=42)
    assert house.spent.clear() == Cleared(0, 0, 1, 1, 0)


class Refuses:
    """A carrier that takes nothing."""

    name = "refuses"

    def __init__(self) -> None:
        self.had = list[Outgoing]()

    def carry(self, outgoing: Outgoing) -> NotTaken:
        """Not this one."""
        self.had.append(outgoing)
        return NotTaken("no")


def test_a_telephone_is_kept_in_part_once_a_message_has_ended(pages: Pages, shared_database: Database) -> None:
    """A week after it was sent, or nobody carried it: then the whole number stands on file alone, and what was given up
    goes nowhere; within the week it goes out again as it was said.
    """
    number, other, clock, outbox = "13900139000", "15900159000", pages.clock, pages.house.outbox
    who, room = with_telephone(pages, number)[1], pages.house.entering
    name = room.ask_telephone_code(who, other, "en")
    (message,) = sent(pages)
    digits = "".join(c for c in message.text.partition(" is the code")[0][-10:] if c.isdigit())
    room.change_telephone(who, name, digits, "en")

    refuses = Refuses()
    outbox.send_due(refuses)
    (warning,) = (n for n in outbox.of_person(WINDOW_CLERK, who) if n.about == "telephone_changed")
    assert (warning.state, outbox.again(MAKER, [warning.place])) == ("given_up", 1)
    outbox.send_due(refuses)
    assert [(m.to, m.text, m.key[-2:]) for m in refuses.had] == [(number, warning.said, k) for k in (".0", ".1")]
    room.ask_telephone_code(who, number, "en")
    clock.move(days=6)
    assert pages.house.spent.clear() == NOTHING
    clock.move(days=1)
    assert pages.house.spent.clear() == Cleared(0, 0, 0, 0, 2)
    clock.move(days=7)
    assert pages.house.spent.clear() == Cleared(0, 0, 0, 0, 1)
    assert (everywhere(shared_database, number), everywhere(shared_database, other)) == ([], ["telephone"])
    shown = {(n.about, n.state, n.receiver) for n in outbox.of_person(WINDOW_CLERK, who)}
    assert shown == {
        ("telephone_code", "sent", "159****9000"),
        ("telephone_changed", "given_up", "139****9000"),
        ("telephone_code", "overtaken", "139****9000"),
    }
    assert (outbox.again(MAKER, [warning.place]), sent(pages)) == (0, [])
