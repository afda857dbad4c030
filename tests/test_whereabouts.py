"""Where somebody's card is: one answer from application to collection, the same for every face, in every language."""

import datetime as dt
import html
import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.conftest import OTHER_PIN, Database
from tests.test_office_signin import AT, Pages, pages_on

from shebaoka.desk import WhereaboutsTold, told
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import with_check_digit
from shebaoka.records import SERVICES, Ask, Digits, Material, Receipt, Sender

WINDOW = ("w1", "一号窗口", "榆次区社保中心", "榆次区迎宾街1号", "9:00–17:00")
_fresh = itertools.count(1)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter and one window."""
    with pages_on(shared_database, tmp_path_factory.mktemp("where")) as pages:
        pages.house.windows.add(*WINDOW)
        yield pages


def asked(pages: Pages, who: str, service: str, **fields: Any) -> None:
    """Something asked for somebody, which is accepted."""
    pin = fields.pop("new_pin", None)
    made = {"id": f"{who}-{next(_fresh)}", "person": who, "service": service, "shows": list(Material), **fields}
    channel = pages.house.notices.on(AT.date()).channels_of(service)[0]
    ask = Ask(msgspec.convert(made, SERVICES[service]), Sender("x", channel, "w1"), new_pin=pin and Digits(pin))
    (receipt,) = pages.front.counter.submit([ask]).result()
    assert isinstance(receipt, Receipt)
    assert receipt.answer.outcome == "accepted", receipt.answer.ground


def somebody(pages: Pages) -> str:
    """Somebody newly invented, registered."""
    who = with_check_digit(f"14070219900701{next(_fresh):03}")
    asked(pages, who, "register_person", name="李娜", region="140702", insured_on=dt.date(2009, 4, 1))
    return who


def where(pages: Pages, who: str, language: str = "en") -> WhereaboutsTold:
    """Where the card is, as the room says it."""
    found = pages.house.whereabouts.of(pages.front.person(who))
    return told(found, pages.front.speech(found.notice, language))


def test_the_way_of_a_card_from_application_to_collection(pages: Pages) -> None:
    """Each stage has its sentence with its own day, place and clause. A reject brings a later day and no fee, and its
    holder is told of nothing else; whoever holds a temporary card is told to bring it.
    """
    who = somebody(pages)
    assert (where(pages, who).stage, where(pages, who).clause) == ("none", "4.2")
    asked(pages, who, "apply_for_card", collect_at="w1")
    asked(pages, who, "apply_for_temporary_card", new_pin=OTHER_PIN)
    seen = [where(pages, who)]
    for service, fields in (
        ("put_in_batch", {"batch": "B-1"}),
        ("record_made", {}),
        ("record_rejected", {"reason": "photo is blurred"}),
        ("put_in_batch", {"batch": "B-2"}),
        ("record_made", {}),
        ("record_ready", {}),
    ):
        pages.clock.move(days=5)
        asked(pages, who, service, **fields)
        seen.append(where(pages, who))
    applied, in_batch, made, rejected, remade, _, ready = seen
    on = AT.date()
    assert [s.since_on for s in seen] == [on + dt.timedelta(days=5 * n) for n in range(7)]
    assert {s.expected_on for s in (applied, in_batch, made)} == {on + dt.timedelta(days=60)}
    assert rejected.expected_on == remade.expected_on == on + dt.timedelta(days=75)
    assert (rejected.clause, rejected.name, rejected.late) == ("6.1", in_batch.name, False)
    assert rejected.sentence == "The card is in the making, and comes later than was said."
    assert remade.sentence == in_batch.sentence.replace("2013-07-06", "2013-07-21")
    assert applied.do == (
        "Nothing need be done meanwhile. It is expected by 2013-08-30, at 榆次区社保中心 (一号窗口), 榆次区迎宾街1号; "
        "open 9:00–17:00.",
    )
    assert applied.readings
    assert applied.readings[0].startswith("The notice does not say how long")
    assert (ready.clause, ready.expected_on, len(ready.do)) == ("7.2", None, 2)
    assert "榆次区迎宾街1号" in ready.do[0]
    assert "temporary card" in ready.do[1]
    asked(pages, who, "collect_card", hands_in_temporary_card=True)
    assert where(pages, who).sentence == "The card was collected on 2013-07-31."
    asked(pages, who, "cancel_card", why="death")
    assert where(pages, who).stage == "collected"


def test_a_late_card_an_ended_application_and_a_window_that_is_not_known(pages: Pages) -> None:
    """After its day a card is said to be late, and whom to ask; where no window is known the window in general is
    named; of somebody who died nobody is told to apply again.
    """
    who = somebody(pages)
    asked(pages, who, "apply_for_card")
    assert "at the integrated service window" in where(pages, who).do[0]
    pages.clock.move(days=60)
    assert not where(pages, who).late
    pages.clock.move(days=1)
    late = where(pages, who)
    assert late.late
    assert "has not been sent to be made yet. It was expected by" in late.sentence
    assert "12333" in late.do[0]
    asked(pages, who, "cancel_card", why="death")
    ended = where(pages, who)
    assert (ended.stage, ended.since_on, ended.expected_on) == ("withdrawn", pages.house.screens.today(), None)
    assert "12333" in ended.do[0]
    assert "apply" not in ended.do[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_api_say_the_same(pages: Pages, language: str) -> None:
    """The page of a window and the API say the very words of the room, and the look is kept."""
    who = somebody(pages)
    asked(pages, who, "apply_for_card", collect_at="w1")
    expected, screen = where(pages, who, language), pages.front.person(who)
    with pages.client("clerk") as client:
        client.cookies.set("language", language)
        text = html.unescape(client.get(f"/persons/{screen.person_id}").text)
        for sentence in (expected.sentence, *expected.do, *expected.readings):
            assert sentence in text
    token = pages.house.staff.add(f"hotline-{language}", "operator")
    with pages.client() as client:
        path = f"/api/v1/persons/{who}/card?reason={quote('where is it')}&language={language}"
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == msgspec.json.decode(msgspec.json.encode(expected))
    assert pages.front.person(who).entries == screen.entries + 2
