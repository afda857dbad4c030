"""The journal: whole after whatever was asked, found out wherever it was tampered with, sealed day by day."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
import pytest

from asking import LI_NA, NOBODY, TIAN_YU, USUAL, ZHOU_MING, ask, to_a_card
from conftest import RIGHT_PIN, Database, StandingClock
from shebaoka.desk import Auditor, Desk, Screens
from shebaoka.desk.audit import GRACE
from shebaoka.desk.journal import START, chained, decoded
from shebaoka.notice import Notices
from shebaoka.records import Broken, OldRecord
from shebaoka.store import Store, Views
from shebaoka.vault import SoftwareVault

Tamper = Callable[..., None]


@pytest.fixture
def auditor(views: Views, vault: SoftwareVault, notices: Notices, clock: StandingClock) -> Auditor:
    """Verifies and seals."""
    return Auditor(views, vault, notices, clock)


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """What somebody does who owns the database."""

    def run(statement: str, *parameters: Any) -> None:
        with psycopg.connect(database.owner) as owner:
            assert owner.execute(statement, parameters).rowcount != 0, statement

    return run


@pytest.fixture
def victim(desk: Desk, database: Database) -> int:
    """Somebody with eight entries, between two others."""
    desk.submit(to_a_card(ZHOU_MING))
    desk.submit([*to_a_card(LI_NA, new_pin=RIGHT_PIN), ask("look_up_person")])
    desk.submit([ask("register_person", TIAN_YU), ask("look_up_person", NOBODY)])
    with psycopg.connect(database.owner) as owner:
        ((person_id,),) = owner.execute("select person_id from person_key where number = %s", [LI_NA]).fetchall()
    return int(person_id)


def test_a_whole_journal_has_no_fault(victim: int, auditor: Auditor, store: Store) -> None:
    """Nothing was touched: no fault, by the chains alone and by making every decision again."""
    audit = auditor.verify()
    assert (audit.faults, audit.entries, audit.people, audit.replayed) == ((), 17, 4, 0)
    audit = auditor.verify(store)
    assert (audit.faults, audit.entries, audit.people, audit.replayed) == ((), 17, 4, 4)


def test_an_empty_journal_has_no_fault(auditor: Auditor, store: Store) -> None:
    """Where nothing was asked there is nothing to find, and nothing to seal."""
    audit = auditor.verify(store)
    assert (audit.faults, audit.entries, audit.people) == ((), 0, 0)
    assert auditor.seal() == []


DAMAGE = {
    "a word of the text": (
        "update journal set body = replace(body, '李娜', '王芳') where person_id = %s and seq = 1",
        "entry 1: its text or the entry before it was changed",
    ),
    "the text, so that it is none": (
        "update journal set body = substr(body, 2) where person_id = %s and seq = 3",
        "entry 3: its text or the entry before it was changed",
    ),
    "the hash": (
        "update journal set hash = set_byte(hash, 5, 255 - get_byte(hash, 5)) where person_id = %s and seq = 2",
        "entry 2: its text or the entry before it was changed",
    ),
    "the outcome": (
        "update journal set outcome = 'refused' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "the ground": (
        "update journal set ground = 'card_ends' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "the clause": (
        "update journal set clause = '2.1' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "the other clauses": (
        "update journal set also = '{}' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "the service": (
        "update journal set service = 'use_card' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "the instant": (
        "update journal set at = at - interval '1 microsecond' where person_id = %s and seq = 2",
        "entry 2: its columns do not say",
    ),
    "an entry taken out": (
        "delete from journal where person_id = %s and seq = 4",
        "entry 5: entry 4 is missing before it",
    ),
    "the first entry taken out": (
        "delete from journal where person_id = %s and seq = 1",
        "entry 2: entry 1 is missing before it",
    ),
    "the end cut": (
        "delete from journal where person_id = %s and seq > 6",
        "the journal ends at entry 6, the dossier names entry 8",
    ),
    "all entries taken out": (
        "delete from journal where person_id = %s",
        "the journal ends at entry 0, the dossier names entry 8",
    ),
    "two entries swapped": (
        "update journal j set body = o.body, hash = o.hash, service = o.service, ground = o.ground, clause = o.clause, "
        "also = o.also from journal o where j.person_id = %s and o.person_id = j.person_id "
        "and (j.seq, o.seq) in ((2, 3), (3, 2))",
        "entry 2: its text or the entry before it was changed",
    ),
    "an entry doubled": (
        "insert into journal select person_id, 9, at, service, outcome, ground, clause, also, body, hash "
        "from journal where person_id = %s and seq = 8",
        "entry 9: its text or the entry before it was changed",
    ),
    "the head's version": (
        "update dossier set version = 7 where person_id = %s",
        "the journal ends at entry 8, the dossier names entry 7",
    ),
    "the head's hash": (
        "update dossier set chain = set_byte(chain, 0, 255 - get_byte(chain, 0)) where person_id = %s",
        "the journal ends at entry 8",
    ),
    "the head taken away": (
        "delete from dossier where person_id = %s",
        "the journal ends at entry 8, the dossier names entry 0",
    ),
}


@pytest.mark.parametrize(("statement", "says"), DAMAGE.values(), ids=list(DAMAGE))
def test_damage_is_found_and_names_the_person(
    victim: int, auditor: Auditor, tamper: Tamper, statement: str, says: str
) -> None:
    """Whatever was changed, taken out or put in as the database's owner, the sentence names person and entry."""
    tamper(statement, victim)
    faults = auditor.verify().faults
    assert faults
    assert any(says in f for f in faults), faults
    assert all(f.startswith(f"person {victim}") for f in faults), faults


@pytest.mark.parametrize(("statement", "says"), DAMAGE.values(), ids=list(DAMAGE))
def test_damage_stops_no_verification(
    victim: int, auditor: Auditor, store: Store, tamper: Tamper, statement: str, says: str
) -> None:
    """Making every decision again stumbles over no damage either, and looks at everybody to the end."""
    tamper(statement, victim)
    audit = auditor.verify(store)
    assert any(says in f for f in audit.faults), audit.faults
    assert audit.replayed == 4


def test_a_chain_made_anew_over_a_text_that_is_none_is_found(victim: int, auditor: Auditor, tamper: Tamper) -> None:
    """Whoever works out the hashes again must still leave an entry that a desk could have written."""
    body = b"no entry"
    chain = chained(START, victim, 1, body)
    tamper("delete from journal where person_id = %s and seq > 1", victim)
    tamper("update journal set body = %s, hash = %s where person_id = %s", body.decode(), chain, victim)
    tamper("update dossier set version = 1, chain = %s where person_id = %s", chain, victim)
    (fault,) = auditor.verify().faults
    assert fault == f"person {victim}, entry 1: its text is no entry of a journal."
    with pytest.raises(Broken):
        decoded(body.decode())


STATE_DAMAGE = {
    "a card's state": "update card set locked = true where person_id = %s",
    "a name": "update person set name = '王芳' where person_id = %s",
    "an application": "update application set collect_at = 'w9' where person_id = %s",
    "a PIN value": "update pin set key_id = 'ffffffff' where person_id = %s",
    "a second card": "insert into card (person_id, n, kind, number, serial, life, issued_on, loss, pin_tries, locked, "
    "unlocks, first_pin, financial, applications) values (%s, 2, 'old_medical', 'X', '', 'in_use', '2001-01-01', "
    "'none', 0, false, 0, false, 'absent', '{}')",
}

SNAPSHOT_DAMAGE = {
    "a name in the snapshot": "update snapshot set facts = replace(facts, '李娜', '王芳') where person_id = %s",
    "an account out of nowhere": "update dossier set balance_fen = 100000 where person_id = %s",
}


@pytest.mark.parametrize("statement", SNAPSHOT_DAMAGE.values(), ids=list(SNAPSHOT_DAMAGE))
def test_a_dossier_that_the_journal_does_not_lead_to_is_found(
    victim: int, auditor: Auditor, store: Store, tamper: Tamper, statement: str
) -> None:
    """A changed dossier with an untouched journal is found by making the decisions again, and the person named."""
    tamper(statement, victim)
    faults = auditor.verify(store).faults
    assert f"person {victim}: the dossier is not what the journal leads to." in faults
    assert all(f.startswith(f"person {victim}:") for f in faults)


@pytest.mark.parametrize("statement", STATE_DAMAGE.values(), ids=list(STATE_DAMAGE))
def test_rows_that_the_snapshot_does_not_repeat_are_found(
    victim: int, auditor: Auditor, store: Store, tamper: Tamper, statement: str
) -> None:
    """A changed row of a person, card, application or PIN beside an untouched snapshot is found, and whose it is."""
    tamper(statement, victim)
    assert auditor.verify(store).faults == (f"person {victim}: their rows are not what their snapshot says.",)


def test_a_person_taken_from_the_registers_is_found(
    victim: int, auditor: Auditor, store: Store, tamper: Tamper
) -> None:
    """Somebody whom the journal registers, and who is not known by number any more, is missed."""
    tamper("delete from person_key where person_id = %s", victim)
    assert auditor.verify(store).faults == (f"person {victim}: the journal registers them, the store lacks them.",)


def test_money_without_entries_is_found(desk: Desk, victim: int, auditor: Auditor, tamper: Tamper) -> None:
    """A balance that is not what its entries sum to is found without making any decision again."""
    desk.ask(ask("carry_over_account", balance_fen=500, old_card_number="X1"))
    assert auditor.verify().faults == ()
    tamper("update dossier set balance_fen = 700 where person_id = %s", victim)
    assert auditor.verify().faults == (f"person {victim}: the balance is 700 fen, and its entries sum to 500.",)
    tamper("update other_posting set amount_fen = 700 where person_id = %s", victim)
    assert auditor.verify().faults == ()


def test_a_changed_request_is_found_by_deciding_again(
    victim: int, auditor: Auditor, store: Store, tamper: Tamper, database: Database
) -> None:
    """A request changed, and every hash worked out again: its decision, made again, comes out otherwise."""
    with psycopg.connect(database.owner) as owner:
        found = owner.execute(
            "select body, hash from journal where person_id = %s and seq in (6, 7) order by seq", [victim]
        ).fetchall()
    (_, before), (body, _) = found
    body = body.replace('"identity_card",', "")
    chain = chained(before, victim, 7, body.encode())
    tamper("delete from journal where person_id = %s and seq = 8", victim)
    tamper("update journal set body = %s, hash = %s where person_id = %s and seq = 7", body, chain, victim)
    tamper("update dossier set version = 7, chain = %s where person_id = %s", chain, victim)
    assert auditor.verify().faults == ()
    (fault,) = auditor.verify(store).faults
    assert fault.startswith(f"person {victim}: Decided again")


# Seals ---------------------------------------------------------------------------------------------------------------


def days(sealed: list[tuple[dt.date, int]]) -> dict[int, int]:
    """Day of the month to number of entries."""
    return {day.day: entries for day, entries in sealed}


def test_only_closed_days_are_sealed(victim: int, desk: Desk, auditor: Auditor, clock: StandingClock) -> None:
    """A day is sealed some minutes after the city's midnight, once, and so is a day on which nothing was asked."""
    assert auditor.seal() == []
    clock.at = dt.datetime(2013, 7, 1, 16, 0, tzinfo=dt.UTC)
    assert auditor.seal() == []
    clock.at += GRACE
    assert days(auditor.seal()) == {1: 17}
    assert auditor.seal() == []
    desk.ask(ask("look_up_person", request_id="later"))
    clock.move(days=3)
    assert days(auditor.seal()) == {2: 1, 3: 0, 4: 0}
    audit = auditor.verify()
    assert (audit.faults, audit.days_sealed) == ((), 4)


@pytest.fixture
def sealed(victim: int, desk: Desk, auditor: Auditor, clock: StandingClock) -> int:
    """The victim of four days that are sealed."""
    clock.move(days=1)
    desk.ask(ask("look_up_person", request_id="later"))
    clock.move(days=3)
    auditor.seal()
    return victim


def test_a_person_taken_away_whole_is_found_by_the_seal(sealed: int, auditor: Auditor, tamper: Tamper) -> None:
    """All of a person's entries gone, and the head with them: no chain is broken, but the days miss them."""
    tamper("delete from journal where person_id = %s", sealed)
    tamper("delete from dossier where person_id = %s", sealed)
    assert auditor.verify().faults == (
        "day 2013-07-01: it was sealed with 17 entries and has 9.",
        "day 2013-07-02: it was sealed with 1 entries and has 0.",
    )


def test_a_chain_cut_short_with_its_head_rewound_is_found_by_the_seal(
    sealed: int, auditor: Auditor, tamper: Tamper
) -> None:
    """The last entry gone and the head set back: the chain looks whole, the day's seal says that it is not."""
    tamper("delete from journal where person_id = %s and seq = 9", sealed)
    tamper(
        "update dossier set version = 8, chain = (select hash from journal j where j.person_id = dossier.person_id "
        "and seq = 8) where person_id = %s",
        sealed,
    )
    assert auditor.verify().faults == ("day 2013-07-02: it was sealed with 1 entries and has 0.",)


def test_a_chain_made_anew_is_found_by_the_seal(sealed: int, auditor: Auditor, tamper: Tamper) -> None:
    """An entry changed, and its hash and the head worked out again: the seal, whose key is not there, does not fit."""
    tamper("update journal set hash = sha256(hash) where person_id = %s and seq = 9", sealed)
    assert "day 2013-07-02: an entry was changed after it was sealed." in auditor.verify().faults


def test_an_entry_moved_to_another_day_is_found(sealed: int, auditor: Auditor, tamper: Tamper) -> None:
    """An entry that now stands on a day without requests is missed on its own."""
    tamper("update journal set at = at + interval '1 day' where person_id = %s and seq = 9", sealed)
    faults = auditor.verify().faults
    assert "day 2013-07-02: it was sealed with 1 entries and has 0." in faults
    assert "day 2013-07-03: it was sealed with 0 entries and has 1." in faults


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("entries = 0", "its seal was not made by this vault"),
        ("digest = sha256('x')", "its seal was not made by this vault"),
        ("mac = sha256('x')", "its seal was not made by this vault"),
        ("key_id = 'ffffffff'", "its seal cannot be checked"),
    ],
)
def test_a_seal_that_was_changed_is_found(
    sealed: int, auditor: Auditor, tamper: Tamper, change: str, says: str
) -> None:
    """A seal that says something else than when it was made is not the vault's any more."""
    tamper(f"update journal_seal set {change} where day = '2013-07-02'")
    (fault,) = auditor.verify().faults
    assert fault.startswith(f"day 2013-07-02: {says}")


def test_a_seal_taken_away_is_missed_and_not_made_again(
    sealed: int, auditor: Auditor, tamper: Tamper, clock: StandingClock
) -> None:
    """A day between sealed days has no seal: that is a fault, and sealing does not paper over it."""
    tamper("delete from journal_seal where day = '2013-07-02'")
    says = ("day 2013-07-02: its seal is missing, and later days have theirs.",)
    assert auditor.verify().faults == says
    clock.move(days=1)
    assert days(auditor.seal()) == {5: 0}
    assert auditor.verify().faults == says


def test_seals_outlive_a_change_of_keys(
    desk: Desk, views: Views, notices: Notices, clock: StandingClock, tmp_path: Any
) -> None:
    """A seal made before the vault's keys were changed is still good, and the next is made with the new key."""
    vault = SoftwareVault.open(tmp_path / "vault.json")
    auditor = Auditor(views, vault, notices, clock)
    desk.ask(ask("register_person"))
    clock.move(days=1)
    auditor.seal()
    vault.rotate()
    clock.move(days=1)
    auditor.seal()
    assert (auditor.verify().faults, auditor.verify().days_sealed) == ((), 2)


# What an entry holds -------------------------------------------------------------------------------------------------

ODD = "䶮𬭸·㼆 \\\"'{},NULL%s\u2028\u00a0é"


def test_entries_survive_rare_characters(desk: Desk, auditor: Auditor, store: Store, notices: Notices) -> None:
    """Characters beyond the first plane, quotes, backslashes and separators come back from the journal as they were."""
    desk.ask(ask("register_person", name=ODD))
    desk.ask(ask("look_up_person", reason=ODD))
    desk.ask(ask("apply_for_card"))
    desk.ask(ask("put_in_batch"))
    assert desk.ask(ask("record_rejected", reason=ODD)).answer.outcome == "accepted"
    person = store.load([LI_NA], []).people[LI_NA].dossier.person
    assert person is not None
    assert person.name == ODD
    assert auditor.verify(store).faults == ()


def test_odd_texts_in_every_column_come_back(desk: Desk, views: Views, auditor: Auditor, store: Store) -> None:
    """An institution's name, a sender and a place may hold anything printable; statements show it as it was."""
    day = dt.date(2013, 3, 2)
    carried = [OldRecord(day, ODD, 990, 10), OldRecord(day, "NULL", 0, 0), OldRecord(day, "", 1, 1)]
    other = ask("carry_over_account", ZHOU_MING, balance_fen=1, old_card_number="X1", records=tuple(carried))
    other = msgspec.structs.replace(other, sender=msgspec.structs.replace(other.sender, by=ODD, place=ODD))
    desk.submit([ask("register_person", ZHOU_MING), other])
    screens = Screens(views, desk.notices)
    assert list(screens.statement(ZHOU_MING).records) == carried
    assert auditor.verify(store).faults == ()


def test_a_card_of_nobody_is_found(desk: Desk, auditor: Auditor, tamper: Tamper) -> None:
    """No key in the database holds a card to its person, so the verification looks for cards that are nobody's."""
    desk.ask(ask("carry_over_account", balance_fen=0, old_card_number="X1", **USUAL["register_person"]))
    assert auditor.verify().faults == ()
    tamper("delete from person")
    (fault,) = auditor.verify().faults
    assert fault.endswith("card 1 is nobody's.")
