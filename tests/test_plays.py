"""The demonstration and the tour, played on the real house: nothing in them may go otherwise than they tell."""

import datetime as dt
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shebaoka.app import House, Settings, open_house, settings_from
from shebaoka.demo import PEOPLE_MIN, demo
from shebaoka.desk import JournalLine, Role, Staff
from shebaoka.records import BadInput
from shebaoka.stage import OWN_PIN, MovingClock, of_play
from shebaoka.tour import tour
from shebaoka.workshop import PEOPLE as CARDS

PEOPLE = 400


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A home of its own."""
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as folder:
        yield settings_from({"SHEBAOKA_HOME": str(Path(folder, "home"))})


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[Settings, str]]:
    """The demonstration of a small city, and everything that it told."""
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as folder:
        settings, told = settings_from({"SHEBAOKA_HOME": str(Path(folder, "home"))}), list[str]()
        assert demo(settings, people=PEOPLE, serve=False, out=told.append) == 0
        yield settings, "\n".join(told)


@pytest.fixture(scope="module")
def house(played: tuple[Settings, str]) -> Iterator[House]:
    """The house that the demonstration left."""
    with open_house(of_play(played[0], "demo")) as house:
        yield house


def entries(house: House, service: str, *, outcome: str = "accepted", clause: str | None = None) -> list[JournalLine]:
    """What the journal has of a service."""
    return house.screens.journal(service=service, outcome=outcome, clause=clause, limit=10_000)


def grounds(house: House, service: str, outcome: str) -> set[str]:
    """All grounds on which a service was answered so."""
    return {line.answer.ground for line in entries(house, service, outcome=outcome)}


def test_the_clock_goes_with_time_after_the_play() -> None:
    """However often it is looked at: what is counted by the minute at the demonstration's pages is counted by minutes.
    A clock that the play moved ahead stays so far ahead.
    """
    for ahead in (dt.timedelta(0), dt.timedelta(days=2)):
        clock = MovingClock(dt.datetime.now(dt.UTC) + ahead)
        clock.run()
        began, last = clock(), clock()
        for _ in range(5_000):  # a hundred seconds of the play
            before, last = last, clock()
            assert last > before
        assert last - began < dt.timedelta(seconds=50)
        assert began - dt.datetime.now(dt.UTC) < ahead + dt.timedelta(seconds=1)


def test_the_demonstration_tries_every_clause_both_ways(played: tuple[Settings, str]) -> None:
    """Today each of the 28 clauses says yes and no."""
    clauses = re.findall(r"^  (\d\.\d) +(\d+) +(\d+) ", played[1], re.MULTILINE)
    assert len(clauses) == 28
    assert [c for c, yes, no in clauses if not (int(yes) and int(no))] == []


def test_the_demonstration_adds_up_to_the_fen(played: tuple[Settings, str], house: House) -> None:
    """Old accounts and balances are equal from both sides, and clearing has no fault, as the story says."""
    text = played[1]
    assert "beside the files, 0 differ; signed off by migration-li and migration-wu" in text
    assert re.search(r"^accounts: .*: equal$", text, re.MULTILINE)
    assert re.search(r"^clearing: .* yuan, 0 faults$", text, re.MULTILINE)
    assert "NOT EQUAL" not in text
    assert house.evening.check() == []
    lines = house.evening.cycles(limit=10_000)
    (charged, back) = re.search(r"settled: +([\d,]+) charges, ([\d,]+) taken back", text).groups()  # type: ignore[union-attr]
    assert int(charged.replace(",", "")) == sum(line.totals.positive.count for line in lines) > 3 * PEOPLE
    assert int(back.replace(",", "")) == sum(line.totals.reverse.count for line in lines) > 0


def test_the_demonstrations_batches_end_with_every_card_collected(house: House, played: tuple[Settings, str]) -> None:
    """Three of its cards come back rejected, go again, and both batches close; blanks and cards agree."""
    sun = Staff("production-sun", Role.PRODUCTION, "card-workshop")
    second, first = house.batches.latest(sun, 2)
    assert (first.state, second.state) == ("closed", "closed")
    assert {s: n for s, n in first.cards.items() if n and s != "left"} == {"collected": CARDS - 3, "rejected": 3}
    assert {s: n for s, n in second.cards.items() if n and s != "left"} == {"collected": 3}
    assert f"{CARDS} collected" in played[1]
    assert house.stock.check() == []


def test_the_demonstration_says_no_secret(played: tuple[Settings, str]) -> None:
    """No PIN and no whole social security number stands in the story."""
    assert OWN_PIN not in played[1]
    assert not re.search(r"\b[0-9]{17}[0-9X]\b", played[1])


def test_the_journal_of_the_demonstration_decides_the_same_again(house: House) -> None:
    """Each dossier, with its stays and its balance, is what its journal leads to."""
    with house.store() as store:
        audit = house.auditor.verify(store)
    assert audit.faults == ()
    assert audit.replayed == audit.people > PEOPLE - 10


def test_a_year_of_money_has_all_that_a_year_has(house: House) -> None:
    """Charges of all kinds, stays, wrong PINs, part payments, too small balances, what is taken back, a correction."""
    settled = entries(house, "settle_charge")
    assert {line.answer.ground for line in settled} >= {
        "account_pays_its_part",
        "discharge_is_settled_with_the_new_card",
    }
    assert any("take_the_rest_in_cash" in line.answer.next for line in settled)
    assert grounds(house, "settle_charge", "refused") >= {
        "old_card_has_stopped", "card_is_not_known", "social_function_is_not_activated", "first_pin_must_be_changed",
        "pin_is_wrong", "pin_is_wrong_and_the_card_is_locked", "balance_is_too_small", "card_is_reported_lost",
        "temporary_card_has_expired", "social_security_card_has_priority", "parts_do_not_add_up", "stay_is_settled",
        "institution_may_not_settle_this",
    }  # fmt: skip
    assert grounds(house, "reverse_message", "accepted") == {"message_is_reversed", "message_is_stopped"}
    assert entries(house, "cancel_settlement")
    for service in ("admit_patient", "discharge_patient", "approve_correction", "credit_contribution"):
        assert entries(house, service), service


def test_stays_of_the_old_card_are_settled_with_either_new_one(house: House) -> None:
    """By 8.1 one discharge is settled with a temporary card, and one with the social security card."""
    stays = [line for line in entries(house, "settle_charge", clause="8.1") if line.answer.clause == "8.1"]
    assert {("3.2" in line.answer.also, "5.1" in line.answer.also) for line in stays} == {(True, False), (False, True)}


def test_evenings_close_all_cycles_but_one_hospitals_of_yesterday(played: tuple[Settings, str], house: House) -> None:
    """Books kept from answers equal the house's; one hospital's differs in three ways, and one is left to explain."""
    lines = house.evening.cycles(limit=10_000)
    today = max(line.cycle.opened_at for line in lines).astimezone(house.notices.zone).date()
    assert {line.state for line in house.evening.days(today)} == {"open"}
    (differs,) = house.evening.left_open(today)
    assert differs.state == "differs"
    assert differs.comparison is not None
    found = house.evening.differences(differs.comparison.id)
    assert [e.difference.difference for e in found if e.at is None] == ["theirs_only"]
    assert {e.difference.difference for e in found if e.at} == {"ours_only", "amount"}
    assert differs.unexplained == 1
    assert len(house.evening.explanations(differs.cycle.id)) == 2
    others = [line for line in lines if line.cycle.id != differs.cycle.id and line.comparison]
    assert all(line.comparison is not None and line.comparison.equal for line in others)
    assert {line.state for line in house.evening.days(today - dt.timedelta(days=1))} == {"closed", "differs"}
    before = today - dt.timedelta(days=2)
    assert {line.state for line in house.evening.days(before)} == {"paid"}
    assert sum(line.sum_fen for line in house.evening.bank_lines(before)) > 0
    file = Path(played[0].home, "demo", "evenings", f"bank-{before}.csv")
    assert len(file.read_text().splitlines()) == 2 + len(house.evening.bank_lines(before))


def test_a_play_that_moves_the_cut_over_says_so(house: House) -> None:
    """The notice's page does not tell of a moved day that it follows from the notice; the source is told in Chinese."""
    (notice,) = house.notices.versions
    readings = {language: wording.readings["cutover_on"] for language, wording in notice.wording.items()}
    assert all(
        mark in readings[language] for language, mark in (("zh-Hans", "演示"), ("zh-Hant", "演示"), ("en", "play"))
    )
    assert "晋中劳动保障网" in notice.source_in("zh-Hans")
    assert notice.source_in("en") == notice.source


def test_a_play_tells_no_gateway_of_invented_people() -> None:
    """Whatever takes a city's notifications to telephones, a play has at most a console, and its pages say so."""
    told = [
        of_play(settings_from({"SHEBAOKA_CARRIER": carrier, "SHEBAOKA_CARRIER_KEY": "house-1"}), "demo")
        for carrier in ("", "console", "https://sms.example.cn/v1/messages")
    ]
    assert [(one.carrier, one.carrier_key) for one in told] == [("", ""), ("console", ""), ("", "")]


def test_the_demonstration_needs_people_for_its_scenes(settings: Settings) -> None:
    """With too few people it says so, and begins nothing."""
    with pytest.raises(BadInput, match="people: "):
        demo(settings, people=PEOPLE_MIN - 1, serve=False)
    assert not settings.home.exists()


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_tour_tells_a_whole_life(settings: Settings, language: str) -> None:
    """From 2013 to 2041 in each language: yes and no, no fact left open, and the journal whole at the end."""
    told: list[str] = []
    assert tour(settings, language, out=told.append) == 0
    text = "\n".join(told)
    assert "2013-06-26" in text
    assert "2041-05-18" in text
    assert "✓" in text
    assert "✗" in text
    assert "{" not in text
    assert "—" not in text
    days = re.split(r"\n(?=\d{4}-\d\d-\d\d  )", text)
    assert any(day.startswith("2013-07-04") and "✓" in day and "[8.1, 3.2" in day for day in days)
    assert sum(day.startswith("2013-07-25") and ("[9.2" in day or "[1.2" in day) for day in days) == 3
    (statement,) = (day for day in days if day.startswith("2014-01-03"))
    assert re.findall(r"\d{4}-\d\d-\d\d ([-+].*?) → (\S+)", statement) == [
        ("+1,234.56", "1,234.56"),
        ("-800.00", "434.56"),
        ("-68.40", "366.16"),
        ("+96.50", "462.66"),
    ]
