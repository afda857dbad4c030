"""Cards handed over one after another: who may have which, told at once, and each card is handed over once."""

import datetime as dt
import html
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import psycopg
import pytest
from tests.conftest import OTHER_PIN, Database
from tests.test_office import Reader, mark_of
from tests.test_office_signin import AT, Pages, pages_on

from shebaoka.desk import HandoverLine, HandoverTray, Outcome, Role, Staff, read_as
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    SERVICES,
    Agent,
    Ask,
    BadInput,
    Channel,
    Digits,
    Material,
    NotAllowed,
    Receipt,
    Sender,
    StoreLost,
)
from shebaoka.window.frame import LABELS

CLERK, OTHER = Staff("wang", Role.CLERK, "w1"), Staff("zhao", Role.CLERK, "w2")
AGENT = Agent("王小芳", with_check_digit("14070219850312002"), "人事专员")
SHOWN = (Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.AGENT_IDENTITY_CARD)
_fresh = itertools.count(1)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter."""
    with pages_on(shared_database, tmp_path_factory.mktemp("handing")) as pages:
        yield pages


MADE = [("put_in_batch", {"batch": "B-1"}), ("record_made", {}), ("record_ready", {})]
READY: list[tuple[str, dict[str, Any]]] = [("apply_for_card", {}), *MADE]


def somebody(pages: Pages, *steps: tuple[str, dict[str, Any]]) -> str:
    """Somebody newly invented, brought to where the steps lead."""
    n = next(_fresh)
    who, notice = with_check_digit(f"14070219900601{n:03}"), pages.house.notices.on(AT.date())
    register = ("register_person", {"name": "李娜", "region": "140702", "insured_on": dt.date(2009, 4, 1)})
    for at, (service, fields) in enumerate([register, *steps]):
        pin = Digits(fields["new_pin"]) if "new_pin" in fields else None
        said = {k: v for k, v in fields.items() if k != "new_pin"}
        made = {"id": f"{who}-{at}", "person": who, "service": service, "shows": list(Material), **said}
        sender = Sender("x", notice.channels_of(service)[0], "x")
        ask = Ask(msgspec.convert(made, SERVICES[service]), sender, new_pin=pin)
        (receipt,) = pages.front.counter.submit([ask]).result()
        assert isinstance(receipt, Receipt)
        assert receipt.answer.outcome == "accepted", receipt.answer.ground
    return who


def submit_of(pages: Pages) -> Callable[[Sequence[Ask], bool], list[Outcome]]:
    """The desk, as the page hands it to the room."""
    return lambda asks, dry_run: pages.front.counter.submit(asks, dry_run=dry_run).result()


def a_tray(pages: Pages, agent: Agent | None = AGENT) -> HandoverTray:
    """A tray that was just begun."""
    return pages.house.handing.open(CLERK, f"t{next(_fresh):016x}", agent, SHOWN)


def scan(pages: Pages, tray: HandoverTray, text: str, staff: Staff = CLERK, who: str = "") -> HandoverLine:
    """Scan a text, which is a number, or a card of `who`."""
    found = pages.front.finding.find(staff, text)
    screen = pages.front.person(found.people[0].number) if found.people else None
    key = next(k for k in read_as(text) if k.kind is found.kind)
    assert not who or (screen is not None and screen.dossier.person is not None and screen.dossier.person.number == who)
    return pages.house.handing.scan(staff, tray, key, screen, False, submit_of(pages))


def hand_over(pages: Pages, tray: HandoverTray, line: HandoverLine, check: str = "", *, hands_in: bool = False) -> Any:
    """Press the key, with something scanned once more or not."""
    key = read_as(check)[0] if check else None
    return pages.house.handing.hand_over(CLERK, tray, line.id, key, hands_in=hands_in, submit=submit_of(pages))


def card_of(pages: Pages, who: str) -> str:
    """The number of the card that is being made for somebody."""
    application = pages.front.person(who).dossier.applications[-1]
    assert application.card_number is not None
    return application.card_number


def collected(database: Database) -> int:
    """How many cards were handed over, by the journal."""
    with psycopg.connect(database.owner) as connection:
        rows = connection.execute(
            "select count(*) from journal where service = 'collect_card' and outcome = 'accepted'"
        ).fetchall()
    return int(rows[0][0])


def test_cards_are_handed_over_one_after_another(pages: Pages, shared_database: Database) -> None:
    """By card, by serial, by the holder's number, with the second scan or without; the agent stands in each request."""
    tray, before = a_tray(pages), collected(shared_database)
    people = [somebody(pages, *READY) for _ in range(3)]
    serial = pages.front.person(people[1]).dossier.applications[-1].card_serial
    for who, text, check in (
        (people[0], card_of(pages, people[0]), ""),
        (people[1], str(serial), people[1]),
        (people[2], people[2], card_of(pages, people[2])),
    ):
        line = scan(pages, tray, text, who=who)
        assert (line.state, line.temporary, line.card_number) == ("scanned", False, card_of(pages, who))
        done = hand_over(pages, tray, line, check)
        assert (done.state, done.answer.ground) == ("accepted", "one_card_is_valid")
        assert hand_over(pages, tray, line, check) == done
    room = pages.house.handing
    assert (room.get(CLERK, tray.id).handed_over, collected(shared_database)) == (3, before + 3)
    assert [line.number for line in room.lines(CLERK, tray.id)] == people[::-1]
    assert people[0] not in "".join(line.scanned for line in room.lines(CLERK, tray.id))


def test_what_cannot_go_is_told_at_the_scan(pages: Pages, shared_database: Database) -> None:
    """Nobody's, not ready, collected, lost, old, spoilt, at another window: each has its word, and nothing is done."""
    tray = a_tray(pages)
    taken = somebody(pages, *READY, ("collect_card", {}))
    lost = somebody(pages, *READY, ("collect_card", {}), ("activate_card", {}), ("report_loss", {"kind": "formal"}))
    spoilt = somebody(pages, *READY[:2])
    old = card_of(pages, spoilt)
    again = [("record_rejected", {"reason": "picture"}), *MADE]
    for at, (service, fields) in enumerate(again):
        made = {"id": f"{spoilt}-again-{at}", "person": spoilt, "service": service, **fields}
        ask = Ask(msgspec.convert(made, SERVICES[service]), Sender("x", Channel.PRODUCTION, "x"))
        pages.front.counter.submit([ask]).result()
    elsewhere = somebody(pages, ("apply_for_card", {"collect_at": "w2"}), *MADE)
    before = collected(shared_database)
    for text, fault, ground in (
        ("ZZ9999999", "nobody", ""),
        (with_check_digit("14070219700101999"), "nobody", ""),
        (card_of(pages, taken), "card_is_collected", ""),
        (card_of(pages, lost), "card_is_lost", ""),
        (old, "card_is_spoilt", ""),
        (card_of(pages, elsewhere), "other_window", ""),
        (taken, "card_is_collected", ""),
        (somebody(pages), "", "there_is_no_application"),
        (somebody(pages, *READY[:3]), "", "card_is_not_ready_yet"),
    ):
        line = scan(pages, tray, text)
        assert (line.state, line.fault, line.answer.ground if line.answer else "") == ("told", fault, ground)
        assert all(f"hand_fault_{fault}" in LABELS[language] for language in LANGUAGES if fault)
    assert (scan(pages, tray, card_of(pages, spoilt)).state, collected(shared_database)) == ("scanned", before)
    bare = pages.house.handing.open(CLERK, f"t{next(_fresh):016x}", AGENT, SHOWN[:2])
    line = scan(pages, bare, somebody(pages, *READY))
    assert line.answer is not None
    assert (line.state, line.answer.ground, line.answer.clause) == ("told", "agent_must_show_identity_card", "7.2")


def test_a_temporary_card_is_handed_in(pages: Pages) -> None:
    """The scan says that one must be handed in; without it the desk refuses by 2.3, and scanned again it goes."""
    who = somebody(pages, *READY[:1], ("apply_for_temporary_card", {"new_pin": OTHER_PIN}), *MADE)
    tray = a_tray(pages, None)
    line = scan(pages, tray, who)
    assert (line.state, line.temporary) == ("scanned", True)
    refused = hand_over(pages, tray, line)
    assert (refused.state, refused.answer.ground, refused.answer.clause) == (
        *("refused", "temporary_card_must_be_handed_in"),
        "2.3",
    )
    done = hand_over(pages, tray, scan(pages, tray, who), hands_in=True)
    assert (done.state, done.answer.ground) == ("accepted", "temporary_card_is_handed_in")


def test_somebody_elses_card_is_told(pages: Pages, shared_database: Database) -> None:
    """The second scan is another's: nothing is handed over, and the first stays before the clerk."""
    tray, before = a_tray(pages), collected(shared_database)
    mine, other = somebody(pages, *READY), somebody(pages, *READY)
    line = scan(pages, tray, mine)
    with pytest.raises(BadInput) as told:
        hand_over(pages, tray, line, card_of(pages, other))
    assert (told.value.code, collected(shared_database)) == ("card_of_another", before)
    assert pages.house.handing.pending(CLERK, tray.id) == line
    pages.house.handing.leave(CLERK, tray, line.id)
    assert (pages.house.handing.pending(CLERK, tray.id), hand_over(pages, tray, line).state) == (None, "left")


def test_a_kill_before_the_answer_was_put_down(pages: Pages, shared_database: Database) -> None:
    """The desk handed it over and nobody wrote it down: pressing again brings the same answer, and one entry."""
    tray, before, room = a_tray(pages), collected(shared_database), pages.house.handing
    line = scan(pages, tray, somebody(pages, *READY))

    def dies(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        submit_of(pages)(asks, dry_run)
        raise StoreLost("The plug was pulled.")

    with pytest.raises(StoreLost):
        room.hand_over(CLERK, tray, line.id, None, hands_in=False, submit=dies)
    asked = room.pending(CLERK, tray.id)
    assert asked is not None
    assert asked.state == "asked"
    assert hand_over(pages, tray, asked).state == "accepted"
    assert collected(shared_database) == before + 1


def test_two_clerks_scan_one_person(pages: Pages, shared_database: Database) -> None:
    """Both see that it may go; the second who presses is told that it went."""
    tray, other, before = a_tray(pages), a_tray(pages), collected(shared_database)
    who = somebody(pages, *READY)
    mine, theirs = scan(pages, tray, who), scan(pages, other, who, OTHER)
    assert hand_over(pages, tray, mine).state == "accepted"
    late = pages.house.handing.hand_over(OTHER, other, theirs.id, None, hands_in=False, submit=submit_of(pages))
    assert late.answer is not None
    assert (late.state, late.answer.ground, collected(shared_database)) == (
        *("refused", "there_is_no_application"),
        before + 1,
    )


def test_who_may_not_serve_hands_nothing_over(pages: Pages) -> None:
    """Rights are asked in the room, and a closed tray takes no scan."""
    for role in (Role.AUDITOR, Role.OPERATOR):
        with pytest.raises(NotAllowed):
            pages.house.handing.latest(Staff("x", role, ""))
    tray = a_tray(pages)
    pages.house.handing.close(CLERK, tray.id)
    with pytest.raises(BadInput, match="closed"):
        scan(pages, pages.house.handing.get(CLERK, tray.id), somebody(pages, *READY))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tray_goes_through_its_pages(pages: Pages, language: str) -> None:
    """Begun, scanned, handed over, told, printed; numbers are masked, and what looks like HTML is a text."""
    t, who = LABELS[language], somebody(pages, *READY)
    with pages.client("clerk") as client:
        client.cookies.set("language", language)
        mark = {"mark": mark_of(client, "/handing-over")}
        tray = f"t{next(_fresh):016x}"
        form = {
            **mark, "tray": tray, "presenter": "agent", "agent_name": "<b>王</b>", "agent_number": AGENT.number,
            "agent_relation": "<i>", **{f"shows_{m}": "yes" for m in SHOWN},
        }  # fmt: skip
        told = client.post("/handing-over", data=form | {"agent_number": "1"})
        assert (told.status_code, Reader(told.text).faults) == (400, [])
        assert t["fault_agent_number"] in html.unescape(told.text)
        at = client.post("/handing-over", data=form).headers["Location"]
        assert at == f"/handing-over/{tray}"
        assert client.post("/handing-over", data=form).headers["Location"] == at
        assert client.post(f"{at}/scan", data=mark | {"text": "12345678901234567"}).status_code == 400
        assert client.post(f"{at}/scan", data=mark | {"text": card_of(pages, who)}).headers["Location"] == at
        shown = client.get(at).text
        assert (Reader(shown).faults, t["hand_over"] in shown, who in shown, "<b>" in shown) == ([], True, False, False)
        line = shown.split('name="line" value="')[1].split('"')[0]
        wrong = client.post(f"{at}/hand-over", data=mark | {"line": line, "check": AGENT.number})
        assert (wrong.status_code, t["fault_card_of_another"] in html.unescape(wrong.text)) == (400, True)
        assert client.get(f"{at}/hand-over?language=en").headers["Location"] == f"{at}?language=en"
        for _ in range(2):
            done = client.post(f"{at}/hand-over", data=mark | {"line": line, "check": ""})
            assert done.headers["Location"] == at
        assert f"✓ {t['hand_accepted']}" in client.get(at).text
        client.post(f"{at}/scan", data=mark | {"text": who})
        after = client.get(at).text
        assert (
            f"✗ {t['hand_told']}" in after,
            t["hand_fault_card_is_collected"] in after,
            "/clauses/2.1" in after,
        ) == (True,) * 3
        printed = client.get(f"{at}/list").text
        assert (Reader(printed).faults, card_of(pages, who) in printed) == ([], True)
        assert client.post(f"{at}/close", data=mark).headers["Location"] == at
        assert t["hand_is_closed"] in client.get(at).text
        assert Reader(client.get("/handing-over").text).faults == []
        assert client.get("/handing-over/nonsense").status_code == 404
