"""The outbox: a notification is one row, written with its decision, carried by signed calls, never lost or doubled."""

import datetime as dt
import html
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.conftest import Database, StandingClock
from tests.gateway import KEY_ID, Gateway, open_gateway
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on, send
from tests.test_whereabouts import WINDOW, asked, somebody

from shebaoka.carriers import ConsoleCarrier, HttpCarrier
from shebaoka.desk import Delivered, Later, Notification, NotTaken, Outgoing, Role, Staff, kept_sent
from shebaoka.desk.announcing import About
from shebaoka.desk.outbox import ATTEMPTS_MAX, FIRST_WAIT_S, LONGEST_WAIT_S, wait_s
from shebaoka.notice import LANGUAGES
from shebaoka.notice.speech import NOTIFICATIONS, POSTED
from shebaoka.production.frame import LABELS
from shebaoka.records import BadInput, NotAllowed

CLERK, MAKER, AUDITOR = (
    Staff("wang", Role.CLERK, "w1"),
    Staff("zhou", Role.PRODUCTION, ""),
    Staff("a", Role.AUDITOR, ""),
)
SAID, OTHER = "13800001234", "15900005678"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and one window."""
    with pages_on(shared_database, tmp_path_factory.mktemp("outbox")) as pages:
        pages.house.windows.add(*WINDOW)
        yield pages


@pytest.fixture(scope="module")
def gateway(pages: Pages) -> Iterator[Gateway]:
    """A gateway that knows the house's key."""
    with open_gateway(pages.house.outbox.add_key(KEY_ID)) as opened:
        yield opened


@pytest.fixture
def carrier(pages: Pages, gateway: Gateway) -> Iterator[HttpCarrier]:
    """Who calls the gateway, with nothing left over from the test before."""
    pages.clock.move(days=2)
    pages.house.outbox.send_due(ConsoleCarrier(lambda _: None))
    gateway.calls.clear()
    yield HttpCarrier(gateway.url, KEY_ID, pages.house.outbox.signing(KEY_ID), pages.clock, timeout_s=0.5)
    gateway.answers.clear()


def ready(pages: Pages, telephone: str = SAID, language: str = "en") -> tuple[str, int]:
    """Somebody whose card can be collected: number and id; with a telephone, unless there is none."""
    number = somebody(pages)
    person_id = pages.front.person(number).person_id
    if telephone:
        pages.house.telephones.keep(CLERK, person_id, telephone, agreed=True, language=language)
    asked(pages, number, "apply_for_card", collect_at="w1")
    for service, fields in (("put_in_batch", {"batch": "B-1"}), ("record_made", {}), ("record_ready", {})):
        asked(pages, number, service, **fields)
    return number, person_id


def of(pages: Pages, person_id: int) -> list[Notification]:
    """What somebody is told, the latest first."""
    return pages.house.outbox.of_person(CLERK, person_id)


class _Kept:
    """A carrier that keeps what it is handed, and gives one answer, or dies of a fault."""

    name = "kept"

    def __init__(self, answer: Delivered | Later | NotTaken | None = None, fault: BaseException | None = None) -> None:
        self.answer, self.fault, self.had = answer or Delivered(), fault, list[Outgoing]()

    def carry(self, outgoing: Outgoing) -> Delivered | Later | NotTaken:
        """Take it, or die with it."""
        self.had.append(outgoing)
        if self.fault is not None:
            raise self.fault
        return self.answer


def test_a_card_that_is_ready_is_told_by_one_signed_call(pages: Pages, gateway: Gateway, carrier: HttpCarrier) -> None:
    """The call covers method, path, host, key and body; the text is in the holder's language, names place and papers,
    and holds neither the number nor the whole name; the row says what became of it, and nothing is sent twice.
    """
    number, person_id = ready(pages)
    (row,) = of(pages, person_id)
    assert (row.state, row.about, row.attempts, row.said) == ("waiting", "ready", 0, "")
    done = pages.house.outbox.send_due(carrier)
    assert (done.sent, done.tried, done.down) == (1, 1, False)
    (call,) = gateway.calls
    (row,) = of(pages, person_id)
    assert (call["id"], call["to"], call["language"], call["about"]) == (f"{row.place}.0", SAID, "en", "ready")
    assert call["idempotency_key"] == f'"{call["id"]}"'
    needed = {"@method", "@path", "@authority", "content-digest", "content-type", "idempotency-key"}
    assert {c.strip('"') for c in call["covered"]} >= needed
    assert (
        "李*: the card can be collected at 榆次区社保中心 (一号窗口), 榆次区迎宾街1号; open 9:00–17:00." in call["text"]
    )
    assert number not in call["text"]
    assert "李娜" not in call["text"]
    assert (row.state, row.receiver, row.said, row.carrier, row.attempts) == (
        *("sent", "138****1234", call["text"], "127.0.0.1", 1),
    )
    assert row.reference.startswith("sms-")
    pages.clock.move(days=1)
    assert pages.house.outbox.send_due(carrier).tried == 0
    assert pages.house.outbox.counts(AUDITOR)["waiting"] == 0


def test_what_fails_is_tried_again_and_taken_once(pages: Pages, gateway: Gateway, carrier: HttpCarrier) -> None:
    """A fault, too many calls, no answer after it was taken, and none at all: each is put off, longer each time and as
    long as the gateway asks. Number and text stay those of the first attempt, and the gateway knows its key again.
    """
    _, person_id = ready(pages)
    gateway.answers += [(500, {}), (429, {"Retry-After": "7200"}), "hangs", "silent"]
    faults, waits = [], []
    for n in range(4):
        done = pages.house.outbox.send_due(carrier)
        assert (done.later, done.down) == (1, n > 0)
        (row,) = of(pages, person_id)
        faults.append(row.fault)
        waits.append((row.due_at - pages.clock.at).total_seconds())
        assert pages.house.outbox.send_due(carrier).tried == 0
        if n == 0:
            pages.house.telephones.keep(CLERK, person_id, OTHER, agreed=True, language="zh-Hans")
        pages.clock.at = row.due_at
    assert faults[:2] == ["answered 500", "answered 429"]
    assert all(fault.startswith("no answer: ") for fault in faults[2:])
    assert waits[1] == 7200
    assert [30 <= waits[0] <= 45, 120 <= waits[2] <= 180, 240 <= waits[3] <= 360] == [True] * 3
    assert pages.house.outbox.send_due(carrier).sent == 1
    assert {(c["id"], c["to"], c["text"]) for c in gateway.calls} == {(f"{row.place}.0", SAID, row.said)}
    assert (len(gateway.calls), len([k for k in gateway.taken if k == f"{row.place}.0"])) == (5, 1)
    assert of(pages, person_id)[0].attempts == 5


def test_what_is_given_up_waits_for_a_hand(pages: Pages, gateway: Gateway, carrier: HttpCarrier) -> None:
    """What the gateway does not take is given up at once, what fails too often in the end; a wrong key is nobody's
    fault and ends the round. Sent again by hand it has a new key and the number of now; who may not is refused.
    """
    outbox = pages.house.outbox
    _, person_id = ready(pages)
    gateway.answers.append((422, {}))
    assert outbox.send_due(carrier).given_up == 1
    (row,) = outbox.listed(AUDITOR, "given_up")
    assert (row.person_id, row.fault, outbox.counts(AUDITOR)["given_up"]) == (person_id, "answered 422", 1)
    pages.house.telephones.keep(CLERK, person_id, OTHER, agreed=True, language="en")
    with pytest.raises(NotAllowed):
        outbox.again(AUDITOR, [row.place])
    with pytest.raises(BadInput):
        outbox.again(MAKER, ["1001-x-ready"])
    assert outbox.again(MAKER, [row.place, "999999-1-ready"]) == 1
    assert outbox.again(MAKER, [row.place]) == 0
    assert outbox.send_due(carrier).sent == 1
    assert (gateway.calls[-1]["id"], gateway.calls[-1]["to"]) == (f"{row.place}.1", OTHER)
    assert of(pages, person_id)[0].again_by == "zhou"
    people = [ready(pages)[1], ready(pages)[1]]
    wrong = HttpCarrier(gateway.url, KEY_ID, lambda _: bytes(32), pages.clock)
    assert (outbox.send_due(wrong).later, sorted(of(pages, p)[0].attempts for p in people)) == (1, [0, 1])
    assert outbox.send_due(carrier).sent == 1
    pages.clock.move(days=1)
    assert outbox.send_due(carrier).sent == 1
    _, person_id = ready(pages)
    busy = _Kept(answer=Later("answered 500"))
    for n in range(1, ATTEMPTS_MAX):
        assert (outbox.send_due(busy).later, of(pages, person_id)[0].attempts) == (1, n)
        pages.clock.at = of(pages, person_id)[0].due_at
    assert outbox.send_due(busy).given_up == 1
    assert (of(pages, person_id)[0].state, len({o.text for o in busy.had})) == ("given_up", 1)


def test_who_cannot_be_told_and_what_is_no_longer_so(pages: Pages, gateway: Gateway, carrier: HttpCarrier) -> None:
    """Without a telephone or an agreement nobody is told, until they say one; what was overtaken is not said at all. A
    reject tells of a later day and of nothing else, a batch that was withdrawn of nothing at all; a card that nobody
    collects is reminded of once, and told of when it goes back.
    """
    outbox = pages.house.outbox
    _, without = ready(pages, "")
    number, collected = ready(pages)
    asked(pages, number, "collect_card")
    (waits, uncollected), again = ready(pages), somebody(pages)
    asked(pages, again, "apply_for_card", collect_at="w1")
    asked(pages, again, "put_in_batch", batch="B-1")
    asked(pages, again, "record_rejected", reason="the batch goes by another maker", spoilt="withdrawn")
    asked(pages, again, "put_in_batch", batch="B-2")
    asked(pages, again, "record_rejected", reason="photo is blurred")
    remade = pages.front.person(again).person_id
    pages.house.telephones.keep(CLERK, remade, OTHER, agreed=True, language="en")
    done = outbox.send_due(carrier)
    assert (done.sent, done.untold, done.overtaken) == (2, 1, 1)
    assert of(pages, collected)[0].state == "overtaken"
    (told,) = [c["text"] for c in gateway.calls if c["about"] == "remade"]
    assert "later than was said, by 2013-" in told
    assert "blurred" not in told
    pages.house.telephones.keep(CLERK, without, SAID, agreed=False, language="en")
    assert outbox.send_due(carrier).tried == 0
    pages.house.telephones.keep(CLERK, without, SAID, agreed=True, language="en")
    assert outbox.send_due(carrier).sent == 1
    assert outbox.remind() == 0
    pages.clock.move(days=31)
    assert outbox.remind() > 1
    assert outbox.remind() == 0
    assert outbox.send_due(carrier).sent > 1
    assert "After 2013-" in next(c["text"] for c in gateway.calls if c["about"] == "uncollected")
    pages.clock.move(days=60)
    asked(pages, waits, "return_uncollected_card")
    outbox.send_due(carrier)
    rows = [(row.about, row.state) for row in of(pages, uncollected)]
    assert rows == [("returned", "sent"), ("uncollected", "sent"), ("ready", "sent")]
    assert [row.about for row in of(pages, collected)] == ["ready"]


def test_workers_at_once_and_one_that_dies(pages: Pages, carrier: HttpCarrier) -> None:
    """Of four that send at once each notification is carried by one. Who dies while carrying leaves it taken for two
    minutes; then another sends it under the same key, with the same text.
    """
    outbox, people = pages.house.outbox, [ready(pages)[1] for _ in range(6)]
    kept = _Kept()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: outbox.send_due(kept), range(4)))
    assert sorted(o.key for o in kept.had) == sorted(of(pages, p)[0].key for p in people)
    _, person_id = ready(pages)
    dying, after = _Kept(fault=KeyboardInterrupt()), _Kept()
    with pytest.raises(KeyboardInterrupt):
        outbox.send_due(dying)
    assert of(pages, person_id)[0].state == "waiting"
    assert outbox.send_due(after).tried == 0
    pages.clock.move(seconds=120)
    assert outbox.send_due(after).sent == 1
    assert dying.had == after.had
    assert of(pages, person_id)[0].attempts == 2


def test_a_server_sends_by_itself_and_a_console_says_that_it_tells_nobody(pages: Pages, carrier: HttpCarrier) -> None:
    """While the thread runs what is due is shown, with the number in part; without a carrier it waits."""
    shown, there = list[str](), threading.Event()

    def out(line: str) -> None:
        shown.append(line)
        there.set()

    _, person_id = ready(pages, language="zh-Hans")
    with kept_sent(pages.house.outbox, None, pages.clock):
        assert of(pages, person_id)[0].attempts == 0
    with kept_sent(pages.house.outbox, ConsoleCarrier(out), pages.clock):
        assert there.wait(20)
    (line,) = [line for line in shown if f"[{person_id}-" in line]
    assert line.startswith("console, nobody is told: 138****1234 <- 【晋中市社保卡】李*，您的社保卡可以领了。")
    assert (of(pages, person_id)[0].state, of(pages, person_id)[0].carrier) == ("sent", "console")

    def closed(_: str) -> None:
        raise BrokenPipeError

    ready(pages)
    done = pages.house.outbox.send_due(ConsoleCarrier(closed))
    assert (done.later, done.down) == (1, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_outbox(pages: Pages, carrier: HttpCarrier, language: str) -> None:
    """It counts, lists by state with the telephone in part, says that no carrier is set, and sends again for who may;
    the person's page says what they were told. A state that there is not is told.
    """
    t, (number, person_id), outbox = LABELS[language], ready(pages), pages.house.outbox
    outbox.send_due(_Kept(answer=NotTaken("answered 422")))
    with pages.client("supervisor", carried=True) as client:
        client.cookies.set("language", language)
        shown = client.get("/outbox?state=given_up")
        text = html.unescape(shown.text)
        assert (shown.status_code, Reader(shown.text).faults) == (200, [])
        assert all(said in text for said in (f"/persons/{person_id}", "138****1234", "answered 422", t["outbox_text"]))
        assert number not in text
        assert SAID not in text
        assert t["outbox_no_carrier"] not in text
        assert t["told_state_given_up"] in html.unescape(client.get(f"/persons/{person_id}").text)
        place = of(pages, person_id)[0].place
        done = send(client, "/outbox/again", places=place, state="given_up")
        assert (done.status_code, done.headers["Location"]) == (303, "/outbox?state=given_up&done=1")
        assert t["outbox_done"].format(1) in html.unescape(client.get(done.headers["Location"]).text)
        assert of(pages, person_id)[0].state == "waiting"
        assert client.get("/outbox/again?language=en").headers["Location"] == "/outbox?language=en"
        assert client.get("/outbox?state=nonsense").status_code == 400
        assert send(client, "/outbox/again", places="nonsense").status_code == 400
    with pages.client("production") as client:
        client.cookies.set("language", language)
        text = html.unescape(client.get("/outbox").text)
        assert t["outbox_no_carrier"] in text
        assert f"/persons/{person_id}" not in text
    with pages.client("auditor") as client:
        assert 'action="/outbox/again"' not in client.get("/outbox").text


@pytest.mark.parametrize(
    "url", ["", "sms.example.cn", "ftp://sms.example.cn/", "http://sms.example.cn/v1", "https://a@b/", "https://b/?q=1"]
)
def test_an_address_that_cannot_be_called_safely_is_told(url: str, clock: StandingClock) -> None:
    """No TLS but on this machine, no password or query in the address: the setting is named."""
    with pytest.raises(BadInput, match="SHEBAOKA_CARRIER"):
        HttpCarrier(url, "k", bytes, clock)


def test_attempts_wait_longer_and_apart() -> None:
    """Each wait is twice the one before, and up to half of that more, to a limit; keys differ, and the same key waits
    the same. All of them take more than a day.
    """
    waits = [[wait_s(f"{key}", n) for n in range(1, ATTEMPTS_MAX)] for key in range(20)]
    for n, of_n in enumerate(zip(*waits, strict=True)):
        least = min(FIRST_WAIT_S * 2**n, LONGEST_WAIT_S)
        assert all(least <= wait <= 1.5 * least for wait in of_n)
        assert len(set(of_n)) == 20
    assert waits[3] == [wait_s("3", n) for n in range(1, ATTEMPTS_MAX)]
    assert min(map(sum, waits)) > dt.timedelta(days=1).total_seconds()
    assert wait_s("k", 1, 600) == 600
    assert wait_s("k", 1, 10**6) == 24 * 3600


def test_a_key_id_is_used_once_and_every_kind_has_its_words(pages: Pages, words: dict[str, Any]) -> None:
    """A key that is there is not drawn again, one that is not there cannot sign, and each language words each kind."""
    outbox = pages.house.outbox
    outbox.add_key("twice")
    for wrong in ("twice", "", "a b"):
        with pytest.raises(BadInput):
            outbox.add_key(wrong)
    with pytest.raises(BadInput, match="SHEBAOKA_CARRIER_KEY"):
        outbox.signing("unknown")
    assert {*About, POSTED} == set(NOTIFICATIONS)
    assert all(set(words[language].notifications) == set(NOTIFICATIONS) for language in LANGUAGES)
