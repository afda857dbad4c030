"""Carrying an account over: records counted by year with their texts beside, and whoever is registered with it."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from asking import LI_NA, TIAN_YU, ZHOU_MING, ask
from conftest import Database, StandingClock
from shebaoka.desk import Accounts, Auditor, Desk, by_year
from shebaoka.notice import Notices
from shebaoka.records import (
    Accepted,
    Ask,
    BadInput,
    CarryOverAccount,
    Channel,
    Dossier,
    Given,
    OldRecord,
    Receipt,
    RecordsOfYear,
)
from shebaoka.rules import decide
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

Rows = dict[str, list[tuple[Any, ...]]]
RECORDS = (
    OldRecord(dt.date(2012, 3, 2), "百草（平安路）药店", 990, 10),
    OldRecord(dt.date(2013, 3, 1), "南山镇卫生院", 3000, 2010),
    OldRecord(dt.date(2013, 3, 1), '䶮𬭸·"\\/\u2028é', 7, 0),
    OldRecord(dt.date(2013, 2, 1), "", 0, 0),
)
WHO = {"name": "李娜", "region": "140702", "insured_on": dt.date(2009, 4, 1)}


def carrying(person: str = LI_NA, records: tuple[OldRecord, ...] = RECORDS, **said: Any) -> Ask:
    """A carry-over whose records are counted by year, with their texts beside."""
    counted = by_year(records)
    years = tuple(year for year, _ in counted)
    asked = ask("carry_over_account", person, balance_fen=12_345, old_card_number="A1", years=years, **WHO | said)
    return replace(asked, bodies=tuple(text for _, text in counted))


# What the request says -----------------------------------------------------------------------------------------------


def test_a_years_text_is_the_records_as_json() -> None:
    """A year's digest is that of the JSON array of its records, without blanks and in their order."""
    (_, _), (year, text) = by_year(RECORDS[:2])
    assert text == '[["2013-03-01","南山镇卫生院",3000,2010]]'.encode()
    assert year == RecordsOfYear(2013, 1, 3000, 2010, hashlib.sha256(text).hexdigest())
    (_, _), (year, text) = by_year(RECORDS)
    assert (year.count, year.total_fen, year.account_fen) == (3, 3007, 2010)
    assert msgspec.json.decode(text, type=tuple[OldRecord, ...]) == RECORDS[1:]


YEAR = RecordsOfYear(2013, 1, 3000, 2010, "a" * 64)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"records": RECORDS, "years": (YEAR,)}, "not both"),
        ({"years": (YEAR, YEAR)}, "each of them once"),
        ({"years": (YEAR, replace(YEAR, year=2012))}, "in their order"),
        ({"name": "李娜"}, "all three or none"),
        ({"region": "140702", "insured_on": WHO["insured_on"]}, "all three or none"),
        ({"insured_on": WHO["insured_on"]}, "all three or none"),
    ],
)
def test_a_request_that_contradicts_itself_is_none(said: dict[str, Any], fault: str) -> None:
    """Records in both forms, a year twice, or half of what registers somebody cannot be read."""
    whole = {"id": "r1", "person": LI_NA, "balance_fen": 1, "old_card_number": "A1"}
    with pytest.raises(ValueError, match=fault):
        CarryOverAccount(**whole, **said)
    with pytest.raises(msgspec.ValidationError, match=fault):
        msgspec.convert(whole | msgspec.to_builtins(said), CarryOverAccount)


def test_an_old_entry_reads_as_before() -> None:
    """What the request gained is left out where it says nothing, so that old entries keep their text."""
    old = ask("carry_over_account", balance_fen=1, old_card_number="A1", records=RECORDS, shows=()).request
    text = msgspec.json.encode(old)
    assert not {"name", "region", "insured_on", "years"} & set(msgspec.json.decode(text))
    assert msgspec.json.decode(text, type=CarryOverAccount) == old


@pytest.mark.parametrize(("rule", "carried"), [("current_year", (2013,)), ("all", (2012, 2013)), ("none", ())])
def test_the_notice_says_which_years_come_along(notices: Notices, rule: Any, carried: tuple[int, ...]) -> None:
    """Years come along as records do, and what is told counts records and not years."""
    notice = notices.on(dt.date(2013, 7, 1))
    notice = replace(notice, p=replace(notice.p, records_carried=rule))
    given = Given(dt.datetime(2013, 7, 1, 4, tzinfo=dt.UTC), dt.date(2013, 7, 1), channel=Channel.IMPORTER)
    by_years = carrying().request
    assert isinstance(by_years, CarryOverAccount)
    inline = replace(by_years, years=(), records=RECORDS)
    counted, told = (decide(request, Dossier(), notice, given) for request in (by_years, inline))
    assert isinstance(counted, Accepted)
    assert isinstance(told, Accepted)
    assert tuple(y.year for y in counted.years) == carried
    assert (counted.records, told.years) == ((), ())
    assert counted.facts == told.facts
    assert counted.facts["records_carried"] == len(told.records) == sum(y.count for y in counted.years)
    assert counted.after == told.after


# At the desk ---------------------------------------------------------------------------------------------------------


def test_both_forms_leave_the_same_rows(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Records in the request and records counted by year are kept alike: a row a year, with the text."""
    inline = ask("carry_over_account", ZHOU_MING, balance_fen=12_345, old_card_number="A2", records=RECORDS, **WHO)
    for outcome in desk.submit([carrying(), inline]):
        assert isinstance(outcome, Receipt)
        assert outcome.answer.done == ("person_registered", "account_carried_over")
    one, other = rows()["carried_records"]
    assert one[1:] == other[1:] == (1, 2013, 3, 3007, 2010, by_year(RECORDS)[1][1].decode())


def test_statements_read_the_records_one_by_one(
    desk: Desk, views: Views, store: Store, notices: Notices, vault: SoftwareVault, clock: StandingClock
) -> None:
    """The records come back as they were, in the order of their days, and the journal is whole."""
    desk.ask(carrying())
    statement = Accounts(views, notices, clock).statement(LI_NA, 2013)
    assert [OldRecord(r.on, r.institution, r.total_fen, r.account_fen) for r in statement.carried] == [
        RECORDS[3],
        RECORDS[1],
        RECORDS[2],
    ]
    assert statement.closing_fen == 12_345
    assert Auditor(views, vault, notices, clock).verify(store).faults == ()


def _other_text(asked: Ask) -> Ask:
    return replace(asked, bodies=(asked.bodies[0], asked.bodies[1].replace("镇".encode(), "乡".encode())))


UNFIT: dict[str, tuple[Callable[[Ask], Ask], str]] = {
    "another text": (_other_text, "the text of 2013 is not the one"),
    "no text": (lambda a: replace(a, bodies=a.bodies[:1]), "the text of 2013 does not fit"),
    "a text too many": (lambda a: replace(a, bodies=(*a.bodies, b"[]")), "2 years and 3 texts"),
    "texts the wrong way round": (lambda a: replace(a, bodies=a.bodies[::-1]), "the text of 2012 is not the one"),
}


@pytest.mark.parametrize(("spoilt", "fault"), UNFIT.values(), ids=list(UNFIT))
def test_texts_that_do_not_fit_harm_nobody_else(
    desk: Desk, rows: Callable[[], Rows], spoilt: Callable[[Ask], Ask], fault: str
) -> None:
    """Only the ask whose text is not what it counts meets trouble, which names the year; it leaves nothing."""
    first, bad, last = desk.submit([carrying(ZHOU_MING), spoilt(carrying()), carrying(TIAN_YU)])
    assert isinstance(first, Receipt)
    assert isinstance(last, Receipt)
    assert isinstance(bad, BadInput)
    assert fault in str(bad)
    assert bad.field == "request.years"
    assert len(rows()["person"]) == len(rows()["journal"]) == 2
    assert isinstance(desk.submit([carrying()])[0], Receipt)


def test_texts_without_a_carry_over_are_trouble(desk: Desk) -> None:
    """Nothing else has texts beside it."""
    with pytest.raises(BadInput, match="0 years and 1 texts"):
        desk.ask(replace(ask("register_person"), bodies=(b"[]",)))


def test_a_carry_over_sent_again_is_answered_again(desk: Desk, rows: Callable[[], Rows]) -> None:
    """The same request gets its first answer, and nothing is written; with another year it is other content."""
    first = desk.ask(carrying())
    before = rows()
    again = desk.ask(carrying())
    assert (again.answer, again.repeated) == (first.answer, True)
    assert desk.submit([carrying(records=RECORDS[1:])])[0].code == "request_id_used_with_other_content"  # type: ignore[union-attr]
    assert rows() == before


def test_a_corrected_opening_keeps_its_records(desk: Desk, views: Views, database: Database) -> None:
    """A correction takes the opening entry back, and not the records that came with it."""
    place = desk.ask(carrying()).entry
    proposal = desk.ask(ask("propose_correction", entry=place, right_fen=12_000, reason="录错")).entry
    approval = ask("approve_correction", entry=place, right_fen=12_000, proposal=proposal)
    assert desk.ask(replace(approval, sender=replace(approval.sender, by="李"))).answer.outcome == "accepted"
    with psycopg.connect(database.app) as app:
        lines = app.execute("select line, recorded_on, account_fen from carried_record order by line").fetchall()
    assert lines == [
        (1, dt.date(2013, 3, 1), 2010),
        (2, dt.date(2013, 3, 1), 0),
        (3, dt.date(2013, 2, 1), 0),
    ]


# Undoing -------------------------------------------------------------------------------------------------------------


def undoing(place: str, person: str = LI_NA, request_id: str = "undo-1") -> Ask:
    """A carry-over to be undone."""
    return ask("undo_carry_over", person, request_id, entry=place)


Audit = Callable[[], tuple[str, ...]]


@pytest.fixture
def faults(views: Views, store: Store, notices: Notices, vault: SoftwareVault, clock: StandingClock) -> Audit:
    """What a whole verification finds, every decision made again."""
    return lambda: Auditor(views, vault, notices, clock).verify(store).faults


def test_an_undone_carry_over_counts_as_taken_back_everywhere(
    desk: Desk, views: Views, notices: Notices, clock: StandingClock, faults: Audit
) -> None:
    """The statement shows both, the records are gone from it, and the account can be carried over again."""
    desk.ask(ask("register_person"))
    desk.ask(ask("credit_contribution", amount_fen=700))
    place = desk.ask(carrying()).entry
    clock.move(days=1)
    answer = desk.ask(undoing(place)).answer
    assert (answer.outcome, answer.ground, answer.clause) == ("accepted", "carry_over_is_undone", "1.2")
    assert answer.facts == {"entry": place, "amount_fen": 12_345, "balance_fen": 700}
    accounts = Accounts(views, notices, clock)
    statement = accounts.statement(LI_NA, 2013)
    moves = [("contribution", 700), ("opening_balance", 12_345), ("carry_over_undone", -12_345)]
    assert [(x.what, x.account_fen) for x in statement.lines] == moves
    assert (statement.credited_fen, statement.paid_fen, statement.closing_fen, statement.carried) == (700, 0, 700, ())
    assert accounts.undone([place]) == {place}
    assert faults() == ()
    again = replace(carrying(), request=replace(carrying().request, id="again"))
    assert desk.ask(again).answer.outcome == "accepted"
    statement = accounts.statement(LI_NA, 2013)
    assert (statement.closing_fen, len(statement.carried)) == (13_045, 3)
    assert faults() == ()


def test_what_is_carried_and_undone_in_one_tray_is_as_in_trays_of_one(
    desk: Desk, rows: Callable[[], Rows], database: Database
) -> None:
    """A tray that carries over, undoes, carries over again and undoes too late leaves the rows that trays of one do."""
    once, twice = carrying(), replace(carrying(), request=replace(carrying().request, id="again"))
    late = (ask("credit_contribution", amount_fen=1), undoing("1-3", request_id="undo-2"))
    tray = [once, undoing("1-1"), undoing("1-1", request_id="undo-3"), replace(twice), *late]

    def played(cuts: list[list[Ask]]) -> tuple[list[str], Rows]:
        database.wipe()
        desk._people.refill(1)
        outcomes = [o for asks in cuts for o in desk.submit(asks)]
        return [o.answer.ground for o in outcomes if isinstance(o, Receipt)], rows()

    grounds, kept = played([tray])
    assert grounds == [
        "old_account_carries_over",
        "carry_over_is_undone",
        "correction_was_made",
        "old_account_carries_over",
        "contribution_is_credited",
        "there_is_no_such_entry",
    ]
    assert played([[one] for one in tray]) == (grounds, kept)
    assert [r[:2] for r in kept["undone"]] == [(1, 1)]

    refused = [once, twice, undoing("1-2")]
    grounds, kept = played([refused])
    assert grounds == ["old_account_carries_over", "account_was_already_carried_over", "there_is_no_such_entry"]
    assert played([[one] for one in refused]) == (grounds, kept)


def test_an_undoing_sent_again_is_answered_again(desk: Desk, rows: Callable[[], Rows]) -> None:
    """A run that is undone twice, say after a kill, undoes once."""
    place = desk.ask(carrying()).entry
    first = desk.ask(undoing(place))
    before = rows()
    again = desk.ask(undoing(place))
    assert (again.answer, again.repeated) == (first.answer, True)
    assert rows() == before


def test_whoever_was_registered_by_a_carry_over_stays_registered(desk: Desk, rows: Callable[[], Rows]) -> None:
    """Undoing takes the account back, and not the person."""
    assert desk.ask(undoing(desk.ask(carrying()).entry)).answer.outcome == "accepted"
    assert [r[1:3] for r in rows()["person"]] == [(LI_NA, "李娜")]
    assert desk.ask(ask("apply_for_card")).answer.outcome == "accepted"


def test_nobody_elses_carry_over_is_undone(desk: Desk) -> None:
    """An entry of another person is no entry of this one."""
    place = desk.ask(carrying()).entry
    desk.ask(carrying(ZHOU_MING))
    assert desk.ask(undoing(place, ZHOU_MING)).answer.ground == "there_is_no_such_entry"


def test_a_correction_of_an_undone_carry_over_is_refused(desk: Desk) -> None:
    """What is undone is not corrected any more, neither by a new proposal nor by one that waits."""
    place = desk.ask(carrying()).entry
    proposal = desk.ask(ask("propose_correction", entry=place, right_fen=1, reason="录错")).entry
    assert desk.ask(undoing(place)).answer.outcome == "accepted"
    approval = ask("approve_correction", entry=place, right_fen=1, proposal=proposal)
    approval = replace(approval, sender=replace(approval.sender, by="李"))
    again = ask("propose_correction", request_id="p2", entry=place, right_fen=1, reason="录错")
    assert [desk.ask(a).answer.ground for a in (approval, again)] == ["correction_was_made"] * 2


@pytest.mark.parametrize(
    "tamper",
    [
        "update carried_records set body = replace(body, '2010', '2011')",
        "update carried_records set body = replace(body, ',', ', ')",
        "update carried_records set body = '{'",
        "update carried_records set total_fen = total_fen + 1",
        "update carried_records set year = 2012",
        "update carried_records set seq = 2",
        "delete from carried_records",
    ],
)
def test_records_that_were_changed_are_found(desk: Desk, faults: Audit, database: Database, tamper: str) -> None:
    """The entry proves the text: whatever is changed of the records that it carried over, a verification names it."""
    desk.submit([carrying(), ask("look_up_person")])
    assert faults() == ()
    with psycopg.connect(database.owner) as owner:
        owner.execute(tamper)  # type: ignore[arg-type]
    (fault,) = faults()
    assert fault.endswith("carried over are not those that are kept.")
