"""Made cards on their way: to windows and back, by post, and who took each. Clauses 4.2, 2.3, 7.2."""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from tests.asking import ask as asked
from tests.cli_shell import Shell, open_shell
from tests.conftest import OTHER_PIN, Database, StandingClock
from tests.scenario import CITIES, files_of, with_wording
from tests.test_office import Reader, mark_of
from tests.test_office_signin import Pages
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import Desk, Letters, Outcome, Role, Staff, open_counter, told
from shebaoka.notice import LANGUAGES, Notices, read_notices
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    Address,
    Agent,
    Ask,
    BadInput,
    CancelReason,
    Channel,
    Consignment,
    ConsignmentKind,
    NotAllowed,
    NotFound,
    Receipt,
    StoreLost,
)
from shebaoka.serving import front_of
from shebaoka.store import Store
from shebaoka.window.frame import LABELS

MAKING, AUDITOR = Staff("gao", Role.PRODUCTION, ""), Staff("shen", Role.AUDITOR, "")
CLERK, OTHER, HELPER = (Staff("li", Role.CLERK, "w1"), Staff("wang", Role.CLERK, "w2"), Staff("yu", Role.CLERK, "w1"))
AGENT = Agent("王小芳", with_check_digit("14070219850312002"), "女儿")
OUT, BACK = ConsignmentKind.OUT, ConsignmentKind.BACK
MADE = (("put_in_batch", {"batch": "B-1"}), ("record_made", {}))
_fresh = itertools.count(1)


class Road:
    """A house whose clock is moved, with a desk, and people whose cards are made."""

    def __init__(self, house: House, clock: StandingClock) -> None:
        self.house, self.clock, self.desk = house, clock, house.desk()
        self.room = house.deliveries

    def submit(self, asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        """The desk, as a face hands it to the room."""
        return self.desk.submit(asks, dry_run=dry_run)

    def said(self, who: str, service: str, **own: Any) -> Receipt:
        """Something asked for somebody, which is accepted."""
        made = asked(service, who, f"{who}-{next(_fresh)}", **own)
        receipt = self.desk.ask(made)
        assert receipt.answer.outcome == "accepted", receipt.answer.ground
        return receipt

    def made(self, window: str = "w1", **own: Any) -> str:
        """The number of somebody whose card was made for a window."""
        who = with_check_digit(f"14070219900601{next(_fresh):03}")
        self.said(who, "register_person")
        self.said(who, "apply_for_card", collect_at=window, **own)
        for service, fields in MADE:
            self.said(who, service, **fields)
        return who

    def card(self, who: str) -> str:
        """The number of somebody's card in the making."""
        number = self.desk.store.load([who], []).people[who].dossier.applications[-1].card_number
        assert number is not None
        return number

    def making(self, who: str) -> str:
        """How far somebody's card is."""
        return str(self.desk.store.load([who], []).people[who].dossier.applications[-1].making)

    def opened(self, window: str = "w1", kind: ConsignmentKind = OUT, by: Staff = MAKING) -> str:
        """A consignment that was just begun."""
        return self.room.open(by, f"c{next(_fresh):016x}", window, kind).id

    def sent(self, *people: str, window: str = "w1") -> Consignment:
        """A consignment on its way with their cards."""
        consignment = self.opened(window)
        for who in people:
            self.room.pack(MAKING, consignment, self.card(who))
        return self.room.send(MAKING, consignment, "司机老张", self.submit)


@pytest.fixture(scope="module")
def road(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """A house on an empty database."""
    shared_database.wipe()
    clock = StandingClock(dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC))
    with house_on(shared_database, tmp_path_factory.mktemp("deliveries"), clock) as house:
        road = Road(house, clock)
        yield road
        road.desk.store.close()


def test_a_consignment_goes_its_way(road: Road) -> None:
    """Packed by scanning and as a whole, sent, taken in card by card and the rest at once; each is ready with that."""
    first, second, third, elsewhere = road.made(), road.made(), road.made(), road.made("w2")
    consignment = road.opened()
    assert road.room.pack(MAKING, consignment, f" {road.card(first).lower()} ").packed == 1
    assert road.room.pack(MAKING, consignment, road.card(first)).packed == 1
    with pytest.raises(BadInput, match="it goes to the window w2"):
        road.room.pack(MAKING, consignment, road.card(elsewhere))
    other = road.opened()
    with pytest.raises(BadInput, match=f"packed in {consignment}"):
        road.room.pack(MAKING, other, road.card(first))
    assert road.room.pack_all(MAKING, consignment).packed == 3
    assert road.room.take_out(MAKING, consignment, road.card(third)).packed == 2
    with pytest.raises(BadInput, match="this can be done while it is sent"):
        road.room.take_in_all(CLERK, consignment, road.submit)
    assert road.room.pack_all(MAKING, consignment).packed == 3
    sent = road.room.send(MAKING, consignment, "司机老张", road.submit)
    assert (sent.state, sent.note, sent.sent_by) == ("sent", "司机老张", "gao")
    assert road.making(first) == "made"
    line = road.room.take_in(CLERK, consignment, road.card(first), road.submit)
    assert (line.state, line.number, line.changed_by, road.making(first)) == ("arrived", first, "li", "ready")
    assert road.room.take_in(CLERK, consignment, road.card(first), road.submit) == line
    done = road.room.take_in_all(HELPER, consignment, road.submit)
    assert (done.arrived, done.packed) == (3, 0)
    assert road.room.finish(CLERK, consignment).state == "arrived"
    assert {road.making(who) for who in (first, second, third)} == {"ready"}
    assert road.making(elsewhere) == "made"


def test_what_does_not_arrive_is_missing(road: Road) -> None:
    """The rest is told and stays made; found again it goes with another consignment. A stranger is laid aside."""
    here, lost, stranger = road.made(), road.made(), road.made("w2")
    sent = road.sent(here, lost)
    away = road.sent(stranger, window="w2")
    with pytest.raises(BadInput, match=f"not in the consignment. It is in {away.id}"):
        road.room.take_in(CLERK, sent.id, road.card(stranger), road.submit)
    road.room.take_in(CLERK, sent.id, road.card(here), road.submit)
    done = road.room.finish(CLERK, sent.id)
    assert (done.arrived, done.missing, done.state) == (1, 1, "arrived")
    assert road.room.finish(HELPER, sent.id) == done
    assert [c.number for c in road.room.cards(CLERK, sent.id, states=["missing"])] == [lost]
    assert road.making(lost) == "made"
    again = road.sent(lost)
    assert road.room.take_in(CLERK, again.id, road.card(lost), road.submit).state == "arrived"


def test_a_kill_before_the_line_was_written(road: Road) -> None:
    """The desk recorded it and nobody put it down: whoever goes on gets the line, and there is one entry."""
    who = road.made()
    sent = road.sent(who)

    def dies(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        road.submit(asks, dry_run)
        raise StoreLost("The plug was pulled.")

    with pytest.raises(StoreLost):
        road.room.take_in_all(CLERK, sent.id, dies)
    assert (road.making(who), road.room.get(CLERK, sent.id).packed) == ("ready", 1)
    done = road.room.take_in_all(HELPER, sent.id, road.submit)
    assert (done.arrived, done.refused) == (1, 0)


def test_what_the_desk_refuses_says_why(road: Road) -> None:
    """Somebody died while their card was on its way: it is told, and not ready for anybody."""
    who = road.made()
    sent = road.sent(who)
    road.said(who, "cancel_card", why=CancelReason.DEATH)
    line = road.room.take_in(CLERK, sent.id, road.card(who), road.submit)
    assert (line.state, line.ground) == ("refused", "person_has_died")


def test_what_nobody_collects_goes_back_and_comes_again(road: Road) -> None:
    """After its last day a card is due, is packed and returned by the window; on wish it is sent out once more."""
    who, collected = road.made("w3"), road.made("w3")
    w3 = Staff("sun", Role.CLERK, "w3")
    sent = road.sent(who, collected, window="w3")
    road.room.take_in_all(w3, sent.id, road.submit)
    road.said(collected, "collect_card", place="w3")
    road.clock.move(days=90)
    (waiting,) = road.room.waiting(w3, "w3")
    assert (waiting.number, waiting.due, waiting.last_on) == (who, False, dt.date(2013, 9, 29))
    back = road.opened("w3", BACK, w3)
    with pytest.raises(BadInput, match="can still be collected"):
        road.room.pack(w3, back, road.card(who))
    assert road.room.pack_all(w3, back).packed == 0
    with pytest.raises(BadInput, match="nothing is packed"):
        road.room.send(w3, back, "", road.submit)
    road.clock.move(days=1)
    assert road.room.waiting(w3, "w3")[0].due
    assert road.room.pack_all(w3, back).packed == 1
    assert road.making(who) == "ready"
    assert road.room.send(w3, back, "", road.submit).state == "sent"
    assert (road.making(who), road.room.waiting(w3, "w3")) == ("returned", [])
    screen = road.house.screens.person(road.desk.store, who, road.desk.today())
    said = told(found := road.house.whereabouts.of(screen), road.house.speech(found.notice, "en"))
    assert (said.name, said.since_on) == ("Not collected, returned", dt.date(2013, 9, 30))
    assert "brought to the window again" in said.do[0]
    assert road.room.take_in_all(MAKING, back, road.submit).arrived == 1
    assert road.room.finish(MAKING, back).missing == 0
    again = road.sent(who, window="w3")
    road.room.take_in_all(w3, again.id, road.submit)
    assert (road.making(who), road.room.waiting(w3, "w3")[0].due) == ("ready", False)
    road.clock.move(days=-91)


def test_it_is_known_who_took_a_card(road: Road) -> None:
    """Holder or agent, what was shown, a temporary card handed in, by whom and where: as the entry has it."""
    alone, represented = road.made(), road.made()
    road.said(represented, "apply_for_temporary_card", new_pin=OTHER_PIN)
    road.room.take_in_all(CLERK, road.sent(alone, represented).id, road.submit)
    road.said(alone, "collect_card")
    road.said(represented, "collect_card", agent=AGENT, hands_in_temporary_card=True)
    found = {h.number: h for h in road.room.handed_over(CLERK, "w1", dt.date(2013, 7, 1))}
    assert (found[alone].agent, found[alone].temporary_handed_in, found[alone].by) == (None, False, "周")
    one = found[represented]
    assert (one.agent, one.temporary_handed_in, one.place) == (AGENT, True, "w1")
    assert "agent_identity_card" in one.shows
    assert road.room.taken_by(CLERK, represented) == [one]
    assert road.room.handed_over(MAKING, "w7", dt.date(2013, 7, 1)) == []


def test_whose_consignments_they_are(road: Road) -> None:
    """A window sees and takes in its own; production packs and sends; who audits sees all and changes nothing."""
    sent = road.sent(road.made())
    for call in (
        lambda: road.room.latest(CLERK),
        lambda: road.room.get(OTHER, sent.id),
        lambda: road.room.take_in_all(OTHER, sent.id, road.submit),
        lambda: road.room.take_in_all(AUDITOR, sent.id, road.submit),
        lambda: road.room.open(CLERK, "c" + "0" * 16, "w1", OUT),
        lambda: road.room.open(CLERK, "c" + "0" * 16, "w2", BACK),
        lambda: road.room.waiting(OTHER, "w1"),
        lambda: road.house.letters.send(CLERK, "x", "EMS", "E1234", road.submit),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert road.room.get(AUDITOR, sent.id) == sent
    assert sent in road.room.latest(CLERK, "w1")
    with pytest.raises(NotFound):
        road.room.get(MAKING, "c" + "f" * 16)


class Post:
    """The same people in a city that sends cards by post."""

    def __init__(self, road: Road, database: Database, notices: Notices) -> None:
        self.road, self.store = road, Store(database.app)
        self.desk = Desk(self.store, road.house.vault, notices, road.clock)
        self.letters = Letters(road.house.views, road.clock)

    def submit(self, asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        """Its desk."""
        return self.desk.submit(asks, dry_run=dry_run)

    def made(self) -> str:
        """Somebody whose card is to be sent by post, and was made."""
        who = with_check_digit(f"14070219900601{next(_fresh):03}")
        steps = (("register_person", {}), ("apply_for_card", {"collect_at": "post"}), *MADE)
        outcomes = self.desk.submit([asked(s, who, f"{who}-{s}", **own) for s, own in steps])
        assert [o.answer.outcome for o in outcomes if isinstance(o, Receipt)] == ["accepted"] * 4
        return who


@pytest.fixture
def post(road: Road, shared_database: Database) -> Iterator[Post]:
    """That city, some years later."""
    road.clock.move(days=800)
    post = Post(road, shared_database, read_notices(with_wording(files_of(CITIES / "like_changchun"))))
    yield post
    post.store.close()
    road.clock.move(days=-800)


HOME = Address(" 李娜 ", "138 0000 0000", "迎宾街1号  3单元")


def test_a_card_is_sent_by_post(road: Road, post: Post) -> None:
    """Addressed, sent with its tracking number, ready; received with proof, and with that collected; each step once."""
    who, room = post.made(), post.letters
    card = road.card(who)
    with pytest.raises(BadInput, match="nobody has said where 140702"):
        room.send(MAKING, card, "EMS", "EA123456789CN", post.submit)
    assert room.say_address(CLERK, who, HOME) == Address("李娜", "138 0000 0000", "迎宾街1号 3单元")
    assert room.waiting(MAKING) == [(who, "李娜", card, room.address(CLERK, who))]
    letter = room.send(MAKING, card, "EMS", "ea123456789cn", post.submit)
    assert (letter.tracking, letter.state, letter.address.recipient) == ("EA123456789CN", "sent", "李娜")
    assert room.send(MAKING, card, "EMS", "EA123456789CN", post.submit) == letter
    assert (road.making(who), room.waiting(MAKING)) == ("ready", [])
    received = room.delivered(MAKING, "EA123456789CN", "本人签收", post.submit)
    assert (received.state, received.proof, received.ended_by) == ("delivered", "本人签收", "gao")
    assert room.delivered(MAKING, card, "again", post.submit) == received
    assert road.making(who) == "collected"
    with pytest.raises(BadInput, match="delivered already"):
        room.back(MAKING, card, "x", post.submit)


def test_a_letter_that_comes_back_is_sent_again(road: Road, post: Post) -> None:
    """The card is returned with the carrier's reason, and goes out in another letter; a temporary card stops it."""
    who, room = post.made(), post.letters
    card = road.card(who)
    room.say_address(CLERK, who, HOME)
    room.send(MAKING, card, "EMS", "EB000000001CN", post.submit)
    back = room.back(MAKING, "EB000000001CN", "地址不详", post.submit)
    assert (back.state, road.making(who)) == ("back", "returned")
    with pytest.raises(BadInput, match="tracking: "):
        room.send(MAKING, card, "EMS", "E", post.submit)
    again = room.send(MAKING, card, "顺丰", "SF0000000001", post.submit)
    assert (again.state, again.carrier, road.making(who)) == ("sent", "顺丰", "ready")
    post.desk.ask(asked("apply_for_temporary_card", who, f"{who}-t", new_pin=OTHER_PIN))
    with pytest.raises(BadInput, match="temporary card must be handed in"):
        room.delivered(MAKING, card, "本人签收", post.submit)
    assert [letter.state for letter in room.latest(AUDITOR) if letter.number == who] == ["sent"]


def test_where_it_is_not_posted(road: Road) -> None:
    """What goes to a window is not sent by post; an address that cannot be is told by its field."""
    who = road.made()
    with pytest.raises(BadInput, match="it goes to a window"):
        road.house.letters.send(MAKING, road.card(who), "EMS", "EC000000001CN", road.submit)
    for field, value in (("telephone", "call me"), ("recipient", ""), ("address", "x" * 201)):
        with pytest.raises(BadInput, match=f"^{field}: "):
            road.house.letters.say_address(CLERK, who, msgspec.structs.replace(HOME, **{field: value}))
    with pytest.raises(NotFound):
        road.house.letters.back(MAKING, "ZZ999", "x", road.submit)


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell(server) as shell:
        yield shell


def test_deliveries_at_the_command_line(shell: Shell) -> None:
    """From packing to who took the card, as people type it; nobody's number is shown whole."""
    number = shell.somebody()
    shell.ok("apply", number, "--shows-all", "--collect-at", "w1")
    shell.ok("batch", "put-in", number, "--batch", "b1", by="production")
    shell.ok("batch", "made", number, by="production")
    consignment = shell.ok("delivery", "open", "w1", by="production").strip()
    assert "1 packed" in shell.ok("delivery", "pack", consignment, "--all", by="production")
    shell.ok("delivery", "send", consignment, "--note", "K-7", by="production")
    document = shell.answer("delivery", "show", consignment)
    assert (document["consignment"]["note"], document["cards"][0]["number"][-1]) == ("K-7", number[-1])
    assert number not in str(document)
    card = document["cards"][0]["card_number"]
    assert f"{card} 李*: arrived" in shell.ok("delivery", "take-in", consignment, card)
    assert "1 arrived" in shell.ok("delivery", "finish", consignment)
    assert consignment in shell.ok("delivery", "list", "--window", "w1")
    assert card in shell.ok("delivery", "uncollected", "w1")
    assert "Nothing waits" in shell.ok("delivery", "uncollected", "w1", "--due")
    early = shell.run("delivery", "return", number, by="clerk")
    assert (early.exit_code, "can still be collected" in early.stdout) == (3, True)
    shell.ok("collect", number, "--shows-all")
    assert "taken by the holder, at w1" in shell.ok("delivery", "handed-over", "--window", "w1")
    assert "taken by the holder, at w1" in shell.ok("card", "taken", number)
    said = ["--recipient", "李伟", "--telephone", "13800000000", "--address", "迎宾街1号"]
    shell.ok("delivery", "address", number, *said)
    assert (
        shell.run("delivery", "post", card, "--carrier", "EMS", "--tracking", "E1234", by="production").exit_code == 1
    )
    assert shell.ok("delivery", "letters", by="production") == ""


@pytest.fixture
def posting(road: Road) -> Iterator[Pages]:
    """The house's pages as they would be if Jinzhong sent cards by post; people choose and are told so there."""
    notice = road.house.notices.on(dt.date(2013, 7, 1))
    channels = notice.channels | {"collect_card": (Channel.WINDOW, Channel.PRODUCTION)}
    parameters = msgspec.structs.replace(notice.p, card_by_post=True)
    with_post = Notices([msgspec.structs.replace(notice, p=parameters, channels=channels)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(road.house, "notices", with_post)
        with open_counter(road.house.desk) as counter:
            yield Pages(road.house, front_of(road.house, counter), road.clock)


def test_a_card_is_chosen_and_sent_by_post_at_the_pages(road: Road, posting: Pages) -> None:
    """The window takes the address down with the choice; production sends, and says who signed, in every language."""
    who = with_check_digit(f"14070219900601{next(_fresh):03}")
    road.said(who, "register_person")
    road.house.windows.add("w1", "一号窗口", "榆次区社保中心", "榆次区迎宾街1号", "9:00–17:00")
    draft = road.house.drafts.open(CLERK, who, "apply_for_card", "social_security", posting.front.person(who))
    path = f"/drafts/{draft.id}"
    with posting.client("clerk") as clerk:
        assert 'value="post"' in clerk.get(path).text
        said = {"mark": mark_of(clerk, path), "version": "1", "collect_at": "post", "ethnic_group": "01"}
        told_ = clerk.post(f"{path}/steps/choices", data=said)
        assert (told_.status_code, LABELS["zh-Hans"]["fault_letter_recipient"] in told_.text) == (400, True)
        said |= {"post_recipient": "李娜", "post_telephone": "13800000000", "post_address": "迎宾街1号"}
        assert clerk.post(f"{path}/steps/choices", data=said).status_code == 303
    assert road.house.drafts.get(CLERK, draft.id).content.chosen == {"collect_at": "post", "ethnic_group": "01"}
    asks = [asked("apply_for_card", who, f"{who}-post", collect_at="post")]
    asks += [asked(service, who, f"{who}-{service}", **own) for service, own in MADE]
    assert [o.answer.outcome for o in posting.front.counter.submit(asks).result()] == ["accepted"] * 3  # type: ignore[union-attr]
    card = road.card(who)
    with posting.client("production") as client:
        for language in LANGUAGES:
            page = client.get("/deliveries", params={"language": language})
            assert (page.status_code, Reader(page.text).faults, card in page.text) == (200, [], True)
        form = {"mark": mark_of(client, "/deliveries"), "act": "post", "card": card, "carrier": "EMS"}
        assert client.post("/deliveries", data={**form, "tracking": "E"}).status_code == 400
        assert client.post("/deliveries", data={**form, "tracking": "ED000000001CN"}).status_code == 303
        assert road.making(who) == "ready"
        received = {**form, "act": "delivered", "proof": "本人签收"}
        assert client.post("/deliveries", data=received).status_code == 303
        assert "本人签收" in client.get("/deliveries").text
    assert road.making(who) == "collected"
