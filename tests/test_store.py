"""The schema and its statements: what a nation could distribute, what the database holds by itself, who may what."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from psycopg import errors

from asking import LI_NA, ZHOU_MING, ask, to_a_card
from conftest import RIGHT_PIN, TABLES, Database, StandingClock
from shebaoka.desk import Auditor, Desk
from shebaoka.notice import Notices
from shebaoka.store import (
    BLOCK,
    SCHEMA,
    Store,
    Views,
    articles,
    as_role,
    batches,
    bookings,
    calls,
    deliveries,
    ecards,
    embedded_server,
    finding,
    holders,
    outbox,
    partners,
    passkeys,
    spent,
    sql,
    staff,
    stock,
    views,
    wallets,
)
from shebaoka.vault import SoftwareVault

STORE = Path(sql.__file__).parent
AUDITOR_ROLE = "shebaoka_auditor"
KEY_TABLES = {
    *("request_key", "person_key", "card_number_key", "card_serial_key"),
    *("holder_session", "credential_offer", "card_credential"),
}
"""Unique across people, and so keyed by themselves."""
BEFORE_A_PERSON = {"draft", "paper"}
"""A draft and its papers are there before their person may be: they are the windows', kept whole on one node."""
APPEND_ONLY = (
    *("journal", "other_posting", "carried_records", "request_key", "journal_seal"),
    *("undone", "comparison", "difference", "explanation", "bank_file", "import_signature"),
    *("finding", "search_event", "telephone_event", "carrier_key"),
    *("till_float", "till_sheet", "card_batch_event", "shown_code"),
    *("stock_place", "stock_move", "stock_count"),
    *("article", "site_signoff"),
    "hotline_call_event",
)


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, who could write around every rule."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


def column(owner: psycopg.Connection[Any], statement: str, *parameters: Any) -> list[Any]:
    """The first column of what a statement finds."""
    return [row[0] for row in owner.execute(statement, parameters).fetchall()]


# What a nation could distribute --------------------------------------------------------------------------------------

INDEXES = """
select c.relname, i.relname, x.indisprimary,
       array(select a.attname::text from unnest(x.indkey) with ordinality as k (n, o)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = k.n where k.o <= x.indnkeyatts order by k.o)
from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
where c.relnamespace = 'public'::regnamespace and x.indisunique"""


def _person_tables(owner: psycopg.Connection[Any]) -> set[str]:
    """Every table that is about a person: it has a person_id, and is neither a table of keys nor the windows' own."""
    found = column(
        owner,
        "select table_name::text from information_schema.columns join information_schema.tables "
        "using (table_schema, table_name) "
        "where table_schema = 'public' and table_type = 'BASE TABLE' and column_name = 'person_id'",
    )
    return set(found) - KEY_TABLES - BEFORE_A_PERSON


def test_the_tables_are_those_that_tests_empty(owner: psycopg.Connection[Any]) -> None:
    """No table is forgotten when a test begins with nobody on file."""
    found = column(owner, "select tablename::text from pg_tables where schemaname = 'public'")
    assert set(found) == {*TABLES, "alembic_version"}


def test_a_person_comes_first_in_the_key_of_every_table_about_people(owner: psycopg.Connection[Any]) -> None:
    """A table about people begins its primary key with the person, so that it can be distributed by person."""
    keys = {table: columns for table, _, primary, columns in owner.execute(INDEXES).fetchall() if primary}
    assert {t: keys[t][0] for t in _person_tables(owner)} == dict.fromkeys(_person_tables(owner), "person_id")
    assert {t: len(keys[t]) for t in KEY_TABLES} == dict.fromkeys(KEY_TABLES, 1)
    assert "person_id" not in {keys[t][0] for t in KEY_TABLES}


def test_nothing_is_unique_across_people_but_the_key_tables(owner: psycopg.Connection[Any]) -> None:
    """No unique index of a table about people lacks the person: a distributed database could not keep it."""
    about_people = _person_tables(owner)
    found = owner.execute(INDEXES).fetchall()
    assert [i for table, i, _, columns in found if table in about_people and "person_id" not in columns] == []


def test_tables_point_at_each_other_by_person(owner: psycopg.Connection[Any]) -> None:
    """A foreign key from a table about people leads to another, with the person on both sides; nothing else does."""
    found = owner.execute(
        "select conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint "
        "where contype = 'f' and connamespace = 'public'::regnamespace"
    ).fetchall()
    assert found
    about_people = _person_tables(owner)
    for table, points_at, definition in found:
        assert (table in about_people) == (points_at in about_people), definition
        assert definition.startswith("FOREIGN KEY (person_id") == (table in about_people), definition


def test_there_are_no_triggers_rules_or_functions(owner: psycopg.Connection[Any]) -> None:
    """Nothing happens behind a statement's back; what keeps the journal append-only is privileges."""
    assert column(owner, "select tgname from pg_trigger where not tgisinternal") == []
    assert column(owner, "select rulename from pg_rules where schemaname = 'public'") == []
    assert column(owner, "select proname from pg_proc where pronamespace = 'public'::regnamespace") == []


def test_blocks_of_ids_are_as_long_as_the_program_thinks(owner: psycopg.Connection[Any]) -> None:
    """The sequences of blocks step by what the desk counts through; the others number what is not about people."""
    steps = dict(owner.execute("select sequencename::text, increment_by from pg_sequences").fetchall())
    assert {n: s for n, s in steps.items() if s != 1} == {"person_id_block": BLOCK, "card_number_block": BLOCK}
    assert {n.removesuffix("_id_seq") for n, s in steps.items() if s == 1}.isdisjoint(_person_tables(owner))


def test_the_program_needs_the_newest_schema() -> None:
    """`SCHEMA` is the newest migration there is, and each has its SQL beside it."""
    versions = sorted(p.name.partition("_")[0] for p in (STORE / "migrations" / "versions").glob("0*.py"))
    assert versions[-1] == SCHEMA
    assert all(p.with_suffix(".sql").exists() for p in (STORE / "migrations" / "versions").glob("0*.py"))


# Statements ----------------------------------------------------------------------------------------------------------


def statements(module: ModuleType) -> dict[str, str]:
    """Every statement that a module holds; COPY is none that has a plan."""
    found = {n: v for n, v in vars(module).items() if n.isupper() and not n.startswith("_") and isinstance(v, str)}
    return {n: v for n, v in found.items() if not v.startswith("copy ")}


ALL = {
    f"{m.__name__}.{name}": text
    for m in (
        *(sql, views, staff, finding, passkeys, outbox, holders, articles, stock, deliveries, partners, batches),
        *(bookings, calls, ecards, spent, wallets),
    )
    for name, text in statements(m).items()
}


def test_no_statement_does_what_a_distributed_database_cannot() -> None:
    """No row or table is locked, no trigger is relied on, and no statement is about more than one table's writes."""
    for name, text in ALL.items():
        assert not re.search(r"\bfor (update|share|no key)|\block table|\bmerge into|\btrigger", text, re.I), name
        assert len(re.findall(r"\binsert into|(?<!do )\bupdate \w+ set|\bdelete from", text, re.I)) <= 1, name


PROMISED = ("booking", "feedback", "credential_offer", "holder_session", "holder_slip", "used_nonce")
"""What is promised to be deleted, or spent, and the only tables that the program deletes from."""


def test_nothing_else_is_deleted() -> None:
    """No statement of the program deletes or truncates, but from the tables whose rows are promised to go."""
    found = {n: text for n, text in ALL.items() if re.search(r"\b(delete|truncate|drop)\b", text, re.I)}
    assert found
    assert [
        n for n, text in found.items() if not re.match(rf"\s*delete from ({'|'.join(PROMISED)}) where ", text)
    ] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_statement_can_be_planned(owner: psycopg.Connection[Any], name: str) -> None:
    """PostgreSQL parses and plans each statement against the schema: no table or column is misspelt."""
    if owner.info.server_version < 160000:
        pytest.skip("plans without values are for PostgreSQL 16 and newer")
    names: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        key = match[1] or str(len(names))
        return f"${names.setdefault(key, len(names) + 1)}"

    text = re.sub(r"%(?:\((\w+)\))?s", numbered, ALL[name]).replace("%%", "%")
    assert owner.execute("explain (generic_plan) " + text).fetchall()  # type: ignore[arg-type]


LOADS = (
    *("KEYS", "PEOPLE", "REBUILT", "STAYS", "UNDONE"),
    *("ENTRIES", "ORIGINALS", "POSTINGS_OF_ENTRIES"),
)


@pytest.mark.parametrize("name", LOADS)
def test_a_load_goes_by_key(database: Database, store: Store, name: str) -> None:
    """However small the tables are, a tray's load reads no table whole."""
    parameters = {"numbers": [LI_NA], "ids": ["r1"], "people": [1], "seqs": [1]}
    found = store.open().execute("explain " + getattr(sql, name), parameters).fetchall()
    plan = "\n".join(row[0] for row in found)
    assert "Seq Scan" not in plan, plan


# What the database holds by itself -----------------------------------------------------------------------------------


@pytest.fixture
def holder(desk: Desk, owner: psycopg.Connection[Any]) -> int:
    """Li Na, with a social security card in use and a second one lost and cancelled before it; and Zhou Ming."""
    desk.submit([ask("register_person", ZHOU_MING), *to_a_card(LI_NA, new_pin=RIGHT_PIN)])
    desk.ask(ask("carry_over_account", balance_fen=500, old_card_number="X1"))
    return int(column(owner, "select person_id from person_key where number = %s", LI_NA)[0])


CARD = (
    "insert into card (person_id, n, kind, number, serial, life, issued_on, valid_until, ending, ended_on, loss, "
    "loss_until, pin_tries, locked, unlocks, first_pin, financial, applications) values (%(p)s, 7, "
    "{kind}, {number}, {serial}, {life}, '2013-07-01', {until}, {ending}, {ended}, {loss}, {loss_until}, "
    "0, false, 0, false, {financial}, {applications})"
)
TEMPORARY = {
    "kind": "'temporary'",
    "number": "'B00000001'",
    "serial": "repeat('a', 32)",
    "life": "'in_use'",
    "until": "'2014-07-01'",
    "ending": "null",
    "ended": "null",
    "loss": "'none'",
    "loss_until": "null",
    "financial": "'absent'",
    "applications": "'{}'",
}
ENDED = {"life": "'ended'", "ending": "'expired'", "ended": "'2014-07-02'"}


def _card(**changed: str) -> str:
    return CARD.format(**TEMPORARY | changed)


def _settlement(
    kind: str = "pharmacy", total: int = 0, pooled: int = 0, account: int = 0, cash: int = 0, message_id: str = "'m'"
) -> str:
    return (
        "insert into journal select person_id, 99, at, service, outcome, ground, clause, also, body, hash, "
        f"'JZHOSPITAL01', 1, '{kind}', null, {message_id}, '', {total}, {pooled}, {account}, {cash}, '2013-07-01' "
        "from journal where person_id = %(p)s and seq = 1"
    )


def _stays(*states: str, same: bool = False) -> str:
    ends = ["'2013-07-02'" if state in ("discharged", "settled") else "null" for state in states]
    rows = [
        f"(%(p)s, {n}, 'S{1 if same else n}', 'JZHOSPITAL01', '{state}', '2013-07-01', {end}, '', false, 0, true, "
        "'{M1}')"
        for n, (state, end) in enumerate(zip(states, ends, strict=True), 1)
    ]
    return f"insert into stay values {', '.join(rows)}"


PAID = {
    "place": "'w1'",
    "number": "1",
    "entry": "7",
    "amount": "5",
    "means": "'code'",
    "reference": "'c1'",
    "handed": "0",
    "of": "null, null, null",
    "reason": "''",
    "void": "null, null, null",
}
BACK = {"amount": "-5", "means": "'cash'", "reference": "''", "of": "'w1', 2013, 1", "reason": "'x'"}
COUNTED = {"opening": "10", "expected": "10", "counted": "10", "left": "10"}


def _receipts(*changed: dict[str, str]) -> str:
    """A till with receipts, each of them changed in what is said."""
    rows = [
        "({place}, 2013, {number}, 1, %(p)s, {entry}, 's', '6.2', {amount}, {means}, {reference}, {handed}, 'x', "
        "'2013-07-01', '2013-07-01', {of}, {reason}, {void})".format(**PAID | one)
        for one in changed
    ]
    return f"with t as (insert into till values ('w1', 2013, 0, 1)) insert into fee_receipt values {', '.join(rows)}"


def _sheets(*changed: dict[str, str]) -> str:
    """A till with closed sheets, each of them changed in what is said."""
    rows = [
        "('w1', 1, {opening}, 0, 0, 0, 0, 0, 0, 0, 0, {expected}, {counted}, {left}, '{{}}', '', 'x', "
        "'2013-07-01')".format(**COUNTED | one)
        for one in changed
    ]
    return f"with t as (insert into till values ('w1', 2013, 0, 1)) insert into till_sheet values {', '.join(rows)}"


MOVED = {"first": "'B1'", "scanned": "''", "serial": "'s1'", "entry": "1"}


def _moves(*changed: dict[str, str]) -> str:
    """Blanks that were used for cards, each of them changed in what is said."""
    rows = [
        "('used', 'temporary', 'w1', '', {first}, {first}, 1, '', {scanned}, 'n', {serial}, %(p)s, {entry}, 'x', "
        "'2013-07-01')".format(**MOVED | one)
        for one in changed
    ]
    return (
        "insert into stock_move (what, kind, source, target, first_number, last_number, cards, note, scanned, "
        f"card_number, card_serial, holder, entry, by_whom, at) values {', '.join(rows)}"
    )


def _blanks_counted(expected: int = 1, counted: int = 1) -> str:
    """A window whose blanks were counted: one came."""
    return (
        "with p as (insert into stock_place values ('w1', 'window', 'w1', 'x', '2013-07-01')), "
        "s as (insert into stock values ('w1', 'temporary', 0)) insert into stock_count "
        f"values ('w1', 'temporary', 1, 0, 1, 0, 0, 0, 0, 0, {expected}, {counted}, '', 1, 'x', '2013-07-01')"
    )


def _consigned(*changed: dict[str, str]) -> str:
    """A consignment with cards, each of them changed in what is said."""
    usual = {"n": "1", "state": "'packed'"}
    rows = [
        "('c0000000000000001', {n}, 1, 'n', 's', {state}, '', 'x', '2013-07-01')".format(**usual | one)
        for one in changed
    ]
    return (
        "with c as (insert into consignment (id, kind, place, state, opened_by, opened_at) "
        "values ('c0000000000000001', 'out', 'w1', 'packing', 'x', '2013-07-01')) "
        f"insert into consignment_card values {', '.join(rows)}"
    )


AROUND_THE_RULES = {
    "two valid cards": (_card(), "one_valid_card"),
    "two live cards of a kind": (
        _card(kind="'social_security'", until="null", loss="'formal'", financial="'active'"),
        "one_live_card_of_a_kind",
    ),
    "an ended card without a reason": (_card(**ENDED | {"ending": "null"}), "ended_card_says_why"),
    "an ended card without a day": (_card(**ENDED | {"ended": "null"}), "ended_card_says_why"),
    "a live card with an ending": (_card(ending="'expired'"), "ended_card_says_why"),
    "an ended card that is lost": (_card(**ENDED, loss="'formal'"), "an_ended_card_is_not_lost"),
    "a temporary card without a last day": (_card(**ENDED, until="null"), "only_a_temporary_card_expires"),
    "a social security card with a last day": (
        _card(**ENDED, kind="'social_security'", financial="'active'"),
        "only_a_temporary_card_expires",
    ),
    "a card number of eight": (_card(**ENDED, number="'B0000001'"), "new_cards_are_numbered"),
    "a serial that is no serial": (_card(**ENDED, serial="repeat('x', 32)"), "new_cards_are_numbered"),
    "an end of no loss report": (_card(**ENDED, loss_until="'2014-01-01'"), "a_loss_report_may_have_an_end"),
    "an old card at the bank": (
        _card(**ENDED, kind="'old_medical'", until="null", financial="'active'"),
        "the_old_card_has_no_more",
    ),
    "an old card with a bus ticket": (
        _card(**ENDED, kind="'old_medical'", until="null", applications="'{bus}'"),
        "the_old_card_has_no_more",
    ),
    "an unknown state": (_card(life="'asleep'"), "card_life_check"),
    "a balance below zero": (
        "update dossier set balance_fen = -1 where person_id = %(p)s",
        "dossier_balance_fen_check",
    ),
    "a posting of nothing": (
        "insert into other_posting values (%(p)s, 99, 1, 'old_system', 'personal', 0, 'x', '2013-07-01')",
        "posting_amount_fen_check",
    ),
    "a posting below zero": (
        "insert into other_posting values (%(p)s, 99, 1, 'old_system', 'personal', -5, 'x', '2013-07-01')",
        "posting_amount_fen_check",
    ),
    "a posting from an account to itself": (
        "insert into other_posting values (%(p)s, 99, 1, 'personal', 'personal', 5, 'x', '2013-07-01')",
        "posting_check",
    ),
    "a PIN value that is too short": (
        "update pin set value = substr(value, 1, 31) where person_id = %(p)s",
        "pin_value_check",
    ),
    "a PIN value in the clear": ("update pin set value = '472093' where person_id = %(p)s", "pin_value_check"),
    "a PIN of no card": (
        "insert into pin values (%(p)s, 9, 'k', sha256('x'))",
        "pin_person_id_card_fkey",
    ),
    "a record that cost less than the account paid": (
        "insert into carried_records values (%(p)s, 9, 2013, 1, 5, 6, '[]')",
        "carried_records_check",
    ),
    "a year without records": (
        "insert into carried_records values (%(p)s, 9, 2013, 0, 5, 5, '[]')",
        "carried_records_records_check",
    ),
    "a year twice in one carry-over": (
        "insert into carried_records select %(p)s, 9, 2013, 1, 5, 5, '[]' from generate_series(1, 2)",
        "carried_records_pkey",
    ),
    "a batch of no run": (
        "insert into import_batch (run, attempt, n, people) values ('nobody', 1, 1, 1)",
        "import_batch_run_fkey",
    ),
    "two open applications": (
        "insert into application select %(p)s, n, 'loss', 'applied', '2013-07-01', 0, null, null, null, null, 0, '', "
        "'' from generate_series(2, 3) as n",
        "one_open_application",
    ),
    "a card in the making without a number": (
        "insert into application values (%(p)s, 2, 'loss', 'in_batch', '2013-07-01', 0, null, 'b', null, null, 0, '', "
        "'')",
        "a_card_in_the_making_is_numbered",
    ),
    "an application that replaces a card that there is not": (
        "insert into application values (%(p)s, 2, 'loss', 'applied', '2013-07-01', 0, 9, null, null, null, 0, '', '')",
        "application_person_id_replaces_fkey",
    ),
    "somebody else's number": (
        "insert into person_key select number, -1 from person_key where person_id = %(p)s",
        "person_key_pkey",
    ),
    "a number of seventeen": ("update person set number = '1' where person_id = %(p)s", "person_number_check"),
    "a region of seven": ("update person set region = '1407021' where person_id = %(p)s", "person_region_check"),
    "nobody's name": ("update person set name = '' where person_id = %(p)s", "person_name_check"),
    "an entry twice": (
        "insert into journal select * from journal where person_id = %(p)s and seq = 1",
        "journal_pkey",
    ),
    "a charge whose parts do not add up": (_settlement(total=100, cash=99), "the_parts_add_up"),
    "a charge with a part below zero": (_settlement(total=100, account=-1, cash=101), "the_parts_have_one_sign"),
    "a mirror with a part above zero": (_settlement(total=-100, account=1, cash=-101), "the_parts_have_one_sign"),
    "a charge of nothing": (_settlement(total=0), "the_parts_have_one_sign"),
    "a charge for something else": (_settlement(kind="taxi", total=1, cash=1), "the_care_is_known"),
    "a charge of no message": (_settlement(total=1, cash=1, message_id="null"), "a_settlement_is_whole"),
    "a charge of no cycle": (
        "insert into journal (person_id, seq, at, service, outcome, ground, clause, also, body, hash, total_fen) "
        "select person_id, 99, at, service, outcome, ground, clause, also, body, hash, 1 "
        "from journal where person_id = %(p)s and seq = 1",
        "a_settlement_has_a_cycle",
    ),
    "an entry undone twice": (
        "insert into undone values (%(p)s, 2, 3), (%(p)s, 2, 4)",
        "undone_pkey",
    ),
    "an entry undone by an earlier one": ("insert into undone values (%(p)s, 3, 2)", "undone_check"),
    "two open stays": (_stays("in_hospital", "in_hospital"), "one_open_stay"),
    "a stay's number twice": (_stays("settled", "discharged", same=True), "one_stay_of_a_number"),
    "a stay that ended before it began": (
        _stays("discharged").replace("'2013-07-02'", "'2013-06-30'"),
        "stay_check",
    ),
    "a discharge without a day": (
        _stays("discharged").replace("'2013-07-02'", "null"),
        "only_a_discharged_stay_has_an_end",
    ),
    "a cancelled stay with a charge": (
        _stays("cancelled").replace("false, 0", "false, 1"),
        "a_cancelled_stay_has_no_settlement",
    ),
    "a terminal of nobody": (
        "insert into terminal values ('t9', 'NOBODY000000', 'hmac-sm3', 'k', 'sm4', 'k', '{}', '2013-07-01')",
        "terminal_institution_fkey",
    ),
    "a receipt of no till": (_receipts({"place": "'w9'"}), "fee_receipt_place_fkey"),
    "a receipt's number twice": (_receipts({}, {"entry": "8", "reference": "'c2'"}), "fee_receipt_pkey"),
    "an entry with two receipts": (_receipts({}, {"number": "2", "reference": "'c2'"}), "one_receipt_of_an_entry"),
    "a scanned payment with two receipts": (_receipts({}, {"number": "2", "entry": "8"}), "one_receipt_of_a_payment"),
    "a receipt paid back twice": (
        _receipts({}, {**BACK, "number": "2", "entry": "8"}, {**BACK, "number": "3", "entry": "null"}),
        "one_refund_of_a_receipt",
    ),
    "a refund without a reason": (_receipts({"amount": "-1"}), "a_refund_has_a_reason"),
    "a fee that pays something back": (_receipts({"of": "'w1', 2013, 1"}), "only_a_refund_is_of_a_receipt"),
    "a refund of half a place": (_receipts({**BACK, "of": "'w1', null, 1"}), "a_receipt_is_named_whole"),
    "a receipt of nothing": (_receipts({"entry": "null"}), "a_fee_has_an_entry"),
    "cash with a payment's number": (_receipts({"means": "'cash'"}), "a_code_has_a_reference"),
    "less cash than the fee": (
        _receipts({"means": "'cash'", "reference": "''", "handed": "1"}),
        "cash_is_handed_over",
    ),
    "a void receipt without a reason": (_receipts({"void": "'2013-07-01', 'x', null"}), "a_void_receipt_says_why"),
    "a count that is off without a reason": (_sheets({"counted": "11"}), "a_difference_has_a_reason"),
    "a sheet that does not add up": (_sheets({"expected": "9", "counted": "9", "left": "9"}), "the_sheet_adds_up"),
    "more left than counted": (_sheets({"left": "11"}), "what_is_left_was_counted"),
    "a sheet closed twice": (_sheets({}, {}), "till_sheet_pkey"),
    "a card without a blank": (_moves({"first": "''"}), "the_place_has_a_blank"),
    "a card of a blank that is not there": (_moves({"first": "''", "scanned": "'B1'"}), "the_scanned_blank_is_here"),
    "a blank for two cards": (_moves({}, {"serial": "'s2'", "entry": "2"}), "one_use_of_a_blank"),
    "two blanks for a card": (_moves({}, {"first": "'B2'", "entry": "2"}), "one_blank_of_a_card"),
    "two blanks for a decision": (_moves({}, {"first": "'B2'", "serial": "'s2'"}), "one_blank_of_a_decision"),
    "a card of nobody's": (_moves({"entry": "null"}), "a_card_has_its_decision"),
    "a blank of no stock": ("insert into blank values ('B1', 'temporary', 'w9', 'in_stock')", "blank_place_kind_fkey"),
    "a count of blanks that does not add up": (_blanks_counted(expected=2, counted=2), "the_count_adds_up"),
    "a count of blanks that is off without a reason": (_blanks_counted(counted=2), "a_count_that_is_off_has_a_reason"),
    "a card in two consignments": (_consigned({}, {"n": "2"}), "one_consignment_of_a_card"),
    "a card that the desk refused for nothing": (_consigned({"state": "'refused'"}), "a_refusal_says_why"),
    "a letter that was received without proof": (
        "insert into posted_card values ('s', 1, 1, 'n', 'a', 'b', 'c', 'd', 'e', 'x', '2013-07-01', 'delivered')",
        "how_it_ended_is_proved",
    ),
    "an id twice": ("insert into request_key select * from request_key where person_id = %(p)s", "request_key_pkey"),
}


@pytest.mark.parametrize(("statement", "constraint"), AROUND_THE_RULES.values(), ids=list(AROUND_THE_RULES))
def test_the_database_holds_the_law_by_itself(
    owner: psycopg.Connection[Any], holder: int, statement: str, constraint: str
) -> None:
    """Somebody who writes around the rules, as the owner even, is stopped by the constraint that is named."""
    with pytest.raises(errors.IntegrityError) as caught:
        owner.execute(statement, {"p": holder})  # type: ignore[arg-type]
    assert caught.value.diag.constraint_name == constraint


def test_an_ended_card_stays_ended_whatever_is_saved(owner: psycopg.Connection[Any], store: Store, holder: int) -> None:
    """The statement that saves cards leaves an ended one alone, even if it is handed one that lives."""
    owner.execute(
        "update card set life = 'ended', ending = 'cancelled', ended_on = '2013-07-02' "
        "where person_id = %s and kind = 'social_security'",
        [holder],
    )
    row = owner.execute("select * from card where person_id = %s and kind = 'social_security'", [holder]).fetchone()
    assert row is not None
    alive = list(row)
    alive[5], alive[8], alive[9], alive[17] = "in_use", None, None, ",".join(alive[17])
    store.open().execute(sql.CARD, [[value] for value in alive])
    assert column(owner, "select life from card where person_id = %s and kind = 'social_security'", holder) == ["ended"]


# Who may what --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["update {} set {} = {}", "delete from {}", "truncate {}"])
def test_the_application_may_only_add_to_the_journal(
    database: Database, owner: psycopg.Connection[Any], table: str, statement: str
) -> None:
    """What is append-only can be neither changed nor taken away by the role that the desk works as."""
    first = column(
        owner,
        "select column_name::text from information_schema.columns where table_name = %s and is_identity = 'NO'",
        table,
    )[0]
    with psycopg.connect(database.app, autocommit=True) as app, pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.format(table, first, first))  # type: ignore[arg-type]


@pytest.mark.parametrize("table", TABLES)
def test_the_application_deletes_nothing(database: Database, table: str) -> None:
    """In no table may the desk's role delete a row, but in those whose rows are promised to go."""
    with psycopg.connect(database.app, autocommit=True) as app:
        for statement in (f"delete from {table}", f"truncate {table}", f"drop table {table}"):
            if table in PROMISED and statement.startswith("delete"):
                assert app.execute(statement).rowcount == 0  # type: ignore[arg-type]
                continue
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)  # type: ignore[arg-type]


FIXED = {
    "card_batch": ("id", "choice", "chosen_by"),
    "card_order": ("person_id", "batch", "application", "n"),
    "card": ("person_id", "n", "kind", "number", "serial", "issued_on"),
    "person": ("person_id", "number", "sex", "birth_on"),
    "application": ("person_id", "n", "why", "applied_on", "fee_fen", "replaces"),
    "person_key": ("number", "person_id"),
    "card_number_key": ("number", "person_id"),
    "card_serial_key": ("serial", "person_id"),
    "staff": ("name", "role", "token_hash"),
    "alembic_version": ("version_num",),
    "stay": ("person_id", "n", "number", "institution", "begun_on_old_card"),
    "institution": ("code", "added_at"),
    "terminal": ("key_id", "institution", "algorithm", "signing_key", "pin_key", "may"),
    "cycle": ("institution", "opened_at", "opened_by"),
    "account": ("person_id", "balance_fen", "carried_over_on"),
    "import_run": ("run",),
    "import_batch": ("run", "attempt", "n"),
    "photo": ("person_id",),
    "telephone": ("person_id",),
    "notification": ("person_id", "seq", "kind", "caused_at"),
    "credential_key": ("kid", "public", "wrapped", "drawn_at"),
    "credential_offer": ("digest", "person_id", "card", "tx_code", "until_at"),
    "card_credential": ("place", "person_id", "card", "kid", "wallet_key", "issued_at", "until_at"),
    "used_nonce": ("nonce", "at"),
    "holder_session": ("digest", "person_id", "how", "began_at"),
    "holder_slip": ("person_id", "n", "key_id", "value", "until", "given_by"),
    "article_version": ("article", "n", "place", "from_on", "until_on", "texts", "written_by", "written_at"),
    "link_host": ("host", "proposed_by"),
    "site_proposal": ("manifest", "prepared_by"),
    "fee": ("person_id", "seq", "place", "amount_fen", "application"),
    "till": ("place",),
    "stock": ("place", "kind"),
    "booking": ("code", "once", "kind", "telephone", "wished_at", "due_at", "made_at", "deleted_on"),
    "feedback": ("code", "once", "kind", "said", "telephone", "due_at", "made_at", "deleted_on"),
    "consignment": ("id", "kind", "place"),
    "consignment_card": ("consignment", "n", "holder", "card_serial"),
    "posted_card": ("card_serial", "holder"),
    "blank": ("number", "kind"),
    "fee_receipt": (
        "place",
        "year",
        "number",
        "sheet",
        "payer",
        "entry",
        "amount_fen",
        "means",
        "reference",
        "taken_by",
    ),
}


@pytest.mark.parametrize(("table", "name"), [(t, c) for t, columns in FIXED.items() for c in columns])
def test_what_is_fixed_at_the_beginning_cannot_be_updated(database: Database, table: str, name: str) -> None:
    """A card's number, a person's number, a token and their like stay as they were written."""
    with psycopg.connect(database.app, autocommit=True) as app, pytest.raises(errors.InsufficientPrivilege):
        app.execute(f"update {table} set {name} = {name}")  # type: ignore[arg-type]


def test_the_application_makes_no_tables(database: Database) -> None:
    """The desk's role cannot make or change a table, and is no superuser."""
    with psycopg.connect(database.app, autocommit=True) as app:
        for statement in ("create table x (a int)", "alter table card add x int", "create role somebody"):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)  # type: ignore[arg-type]
        assert app.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)


def test_the_auditor_reads_and_does_not_write(
    database: Database, holder: int, vault: SoftwareVault, notices: Notices, clock: StandingClock
) -> None:
    """The auditor's role verifies the whole journal, sees no PIN value and no token, and can write nothing."""
    url = as_role(database.owner, AUDITOR_ROLE)
    reading = Views(url)
    reading.open()
    audit = Auditor(reading, vault, notices, clock).verify()
    reading.close()
    assert (audit.faults, audit.entries) == ((), 9)
    with psycopg.connect(url, autocommit=True) as auditor:
        for table in TABLES:
            for statement in (f"insert into {table} default values", f"delete from {table}", f"truncate {table}"):
                with pytest.raises(errors.InsufficientPrivilege):
                    auditor.execute(statement)  # type: ignore[arg-type]
        for table in ("pin", "staff"):
            with pytest.raises(errors.InsufficientPrivilege):
                auditor.execute(f"select * from {table}")  # type: ignore[arg-type]
        with pytest.raises(errors.InsufficientPrivilege):
            auditor.execute("select nextval('person_id_block')")


def test_others_may_nothing(server: str, database: Database) -> None:
    """A role that was granted nothing sees no table."""
    with psycopg.connect(server, autocommit=True) as superuser:
        superuser.execute("drop role if exists passer_by")
        superuser.execute("create role passer_by login")
    with psycopg.connect(as_role(database.owner, "passer_by"), autocommit=True) as other:
        for table in (*TABLES, "alembic_version"):
            with pytest.raises(errors.InsufficientPrivilege):
                other.execute(f"select * from {table}")  # type: ignore[arg-type]


@pytest.mark.long
def test_a_server_that_reads_its_log_again_is_waited_for(tmp_path: Path) -> None:
    """After a crash it may take longer than the ten seconds that the package waits; here each look for a log does."""
    tmp_path.chmod(0o755)
    with embedded_server(tmp_path / "postgres") as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept (n integer)")
    settings = tmp_path / "postgres" / "postgresql.conf"
    settings.write_text(f"{settings.read_text()}\nrestore_command = 'sleep 6; exit 1'\n")
    (tmp_path / "postgres" / "recovery.signal").touch()
    began = time.monotonic()
    with embedded_server(tmp_path / "postgres") as url, psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
    assert time.monotonic() - began > 10


def test_the_embedded_server_is_on_no_network(owner: psycopg.Connection[Any]) -> None:
    """It listens on a socket in its own folder alone, keeps UTF-8 and sorts by code point."""
    if "SHEBAOKA_TEST_SERVER" in os.environ:
        pytest.skip("these tests run on a server of somebody's own")
    assert column(owner, "show listen_addresses") == [""]
    assert owner.execute(
        "select pg_encoding_to_char(encoding), datcollate from pg_database where datname = current_database()"
    ).fetchone() == ("UTF8", "C.UTF-8")
