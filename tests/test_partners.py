"""Makers, banks and the keys of their files: who keeps them, what is on file, and what a key that is not good means."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import Database, StandingClock
from tests.makers import AT, BATCH, FORMATS, US, order
from tests.test_office_signin import Pages, send
from tests.test_windows import MALICE, read
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import Role, Staff, open_counter
from shebaoka.maker import (
    Address,
    KeyPair,
    PairKeyring,
    Simulated,
    open_package,
    placed,
    public_text,
    read_results,
    write_package,
)
from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.records import BadInput, NotAllowed, NotFound, VaultTrouble
from shebaoka.serving import front_of
from shebaoka.vault import SoftwareVault

KEEPER = Staff("xu", Role.SYSTEM_ADMINISTRATOR, "")
UNTIL = dt.date(2015, 6, 30)
MAKER = ("zk1", "晋中制卡中心", "delimited")


@pytest.fixture(scope="module")
def standing(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, StandingClock]]:
    """A house in which nobody is, and its clock."""
    shared_database.wipe()
    clock = StandingClock(AT)
    with house_on(shared_database, tmp_path_factory.mktemp("partners"), clock) as house:
        yield house, clock


@pytest.fixture
def house(standing: tuple[House, StandingClock], shared_database: Database) -> House:
    """The same with no partner and no key."""
    shared_database.wipe()
    standing[1].at = AT
    return standing[0]


@pytest.fixture
def clock(standing: tuple[House, StandingClock]) -> StandingClock:
    """The house's clock."""
    return standing[1]


def both(pair: KeyPair) -> tuple[str, str]:
    """A partner's public keys as they are sent."""
    return public_text("sign", pair.signing_public), public_text("seal", pair.sealing_public)


def with_maker(house: House, until: dt.date = UNTIL) -> KeyPair:
    """A maker with its keys on file, and ours."""
    pair = KeyPair.drawn()
    house.partners.add(*MAKER, by=KEEPER)
    for text in both(pair):
        house.partners.add_key("zk1", text, until, by=KEEPER)
    house.partners.new_keys(UNTIL, by=KEEPER)
    return pair


def packed(house: House, path: Path) -> None:
    """A package of two cards for the maker."""
    partner = house.partners.partner("zk1")
    cards = house.partners.format_of(partner).cards
    assert cards is not None
    to, signer = house.partners.recipient(partner), house.partners.signer()
    with placed(path) as out:
        address = Address("cards", BATCH, house.partners.us, "zk1", AT)
        write_package(out, iter([order(1), order(2)]), cards, partner.format, address, signer, to)


def answered(house: House, pair: KeyPair, path: Path) -> Path:
    """The maker's answer to that package."""
    ours = {key.use: key.public for key in house.partners.own_keys()}
    played = Simulated("zk1", pair, FORMATS["delimited"], "delimited", ours["sign"], ours["seal"])
    packed(house, path)
    results = path.with_name("results")
    played.make_cards(path, results, AT)
    return results


def taken(house: House, results: Path) -> int:
    """How many rows of a result file are believed."""
    with results.open("rb") as file:
        address = Address("results", BATCH, "zk1", house.partners.us, AT)
        table = FORMATS["delimited"].results
        assert table is not None
        return len(list(read_results(file, table, address, house.partners)))


def test_files_are_signed_and_opened_by_the_vault(house: House, tmp_path: Path) -> None:
    """A package is signed and its answer opened with keys that are on file wrapped; another vault cannot use them."""
    pair = with_maker(house)
    results = answered(house, pair, tmp_path / "b.cards")
    ours = next(key for key in house.partners.own_keys() if key.use == "sign")
    with (tmp_path / "b.cards").open("rb") as file:
        ring = PairKeyring(pair, US, ours.public)
        cards = FORMATS["delimited"].cards
        assert cards is not None
        assert open_package(file, cards, Address("cards", BATCH, US, "zk1", AT), ring).manifest.rows == 2
    assert taken(house, results) == 2
    signer = house.partners.signer()
    assert "wrapped" not in repr(signer)
    other = SoftwareVault.open(tmp_path / "vault.json")
    with pytest.raises(VaultTrouble, match="Our key for files cannot be unwrapped"):
        other.sign_file(signer.wrapped, b"x")
    with pytest.raises(VaultTrouble, match="new-keys"):
        house.vault.open_file(signer.wrapped, b"x", b"")
    with pytest.raises(VaultTrouble):
        house.vault.sign_file(signer.wrapped[:-1], b"x")


def test_a_key_that_is_not_good_is_told(house: House, clock: StandingClock, tmp_path: Path) -> None:
    """Nothing is written or believed by a key that expired, was ended or is unknown; each is told with key and day."""
    pair = with_maker(house, dt.date(2013, 7, 31))
    results = answered(house, pair, tmp_path / "b.cards")
    assert not any(key.expires_soon(AT.date()) for key in house.partners.own_keys())
    clock.move(days=30)
    assert all(key.expires_soon(house.partners.today()) for key in house.partners.public_keys())
    assert taken(house, results) == 2
    clock.move(days=1)
    with pytest.raises(BadInput, match=r"of zk1, and it expired: its last day was 2013-07-31") as trouble:
        taken(house, results)
    assert trouble.value.code == "key_expired"
    with pytest.raises(BadInput, match=r"zk1 has the key \w{16} to be sealed for, and it expired") as trouble:
        packed(house, tmp_path / "again")
    assert trouble.value.code == "key_expired"
    assert not (tmp_path / "again").exists()

    clock.at = AT
    (sign,) = (key.id for key in house.partners.public_keys() if key.use == "sign")
    house.partners.end_key(sign, by=KEEPER)
    with pytest.raises(BadInput, match="it was ended on 2013-07-01"):
        taken(house, results)
    with pytest.raises(BadInput, match="on file already"):
        house.partners.add_key("zk1", both(pair)[0], UNTIL, by=KEEPER)
    for use in ("seal", "sign"):
        (own,) = (key.id for key in house.partners.own_keys() if key.use == use)
        house.partners.end_key(own, by=KEEPER)
    with pytest.raises(BadInput, match="We have no key to sign with"):
        house.partners.signer()
    later = KeyPair.drawn()
    house.partners.add_key("zk1", both(later)[0], UNTIL, dt.date(2014, 1, 1), by=KEEPER)
    with pytest.raises(BadInput, match="it is good from 2014-01-01 on"):
        house.partners.signs(later.key_id)
    with pytest.raises(BadInput, match="on file for nobody"):
        house.partners.signs("0" * 16)
    with pytest.raises(BadInput, match="not ours"):
        house.partners.open("0" * 16, b"", b"")


def test_new_keys_take_over_and_old_ones_still_open(house: House, clock: StandingClock, tmp_path: Path) -> None:
    """After new keys were drawn, files are signed with the one good longest, and those sealed for the old one open."""
    pair = with_maker(house)
    results = answered(house, pair, tmp_path / "b.cards")
    clock.move(days=1)
    sign, _ = house.partners.new_keys(dt.date(2016, 6, 30), by=KEEPER)
    assert house.partners.signer().key_id == sign.id
    assert taken(house, results) == 2


def test_partners_are_kept_by_the_system_administrator(house: House) -> None:
    """Others may not; a code is used once, a maker stays one, and what was done is on file with who did it."""
    room = house.partners
    clerk = Staff("li", Role.CLERK, "w1")
    for act in (
        lambda: room.add(*MAKER, by=clerk),
        lambda: room.end("zk1", by=clerk),
        lambda: room.new_keys(UNTIL, by=clerk),
        lambda: room.add_key("zk1", "", UNTIL, by=clerk),
        lambda: room.end_key("0" * 16, by=clerk),
        lambda: room.everybody(seen_by=clerk),
    ):
        with pytest.raises(NotAllowed):
            act()
    with_maker(house)
    with pytest.raises(BadInput, match="a partner zk1 already"):
        room.add(*MAKER, by=KEEPER)
    for code, name, format_, said in (
        ("jinzhong", "x", "delimited", "jinzhong is ours"),
        ("Z 1", "x", "delimited", "small letters"),
        ("zk2", " ", "delimited", "name"),
        ("zk2", "x", "other", "there are bank, delimited, fixed"),
    ):
        with pytest.raises(BadInput, match=said):
            room.add(code, name, format_, by=KEEPER)
    with pytest.raises(NotFound, match="bank zk1"):
        room.change("zk1", "晋中", "bank", by=KEEPER)
    room.change("zk1", "晋中", "fixed", by=KEEPER)
    assert room.format_of(room.partner("zk1")) == FORMATS["fixed"]
    for until in (dt.date(2013, 6, 30), dt.date(2020, 1, 1)):
        with pytest.raises(BadInput, match="within 5 years"):
            room.new_keys(until, by=KEEPER)
    own = next(key for key in room.own_keys() if key.use == "sign")
    with pytest.raises(BadInput, match="is our own key"):
        room.add_key("zk1", own.text(), UNTIL, by=KEEPER)
    room.end("zk1", by=KEEPER)
    for act in (
        lambda: room.partner("zk1"),
        lambda: room.end("zk1"),
        lambda: room.add_key("zk1", both(KeyPair.drawn())[0], UNTIL),
        lambda: room.end_key("nothing"),
    ):
        with pytest.raises(NotFound):
            act()
    assert [(e.code, e.what, e.by) for e in room.events()][:2] == [("zk1", "ended", "xu"), ("zk1", "changed", "xu")]
    assert len(room.events()) == 7


def test_nobody_swaps_a_key(house: House, shared_database: Database) -> None:
    """The application may add and end keys, and neither change nor give one to another partner."""
    with_maker(house)
    with psycopg.connect(shared_database.app, autocommit=True) as connection:
        for statement in (
            "update partner_key set public = sha256('x')",
            "update partner_key set partner = 'zk2'",
            "update own_file_key set wrapped = 'x'",
            "update partner_key set until_on = '2100-01-01'",
            "delete from partner_key",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_partners(standing: tuple[House, StandingClock], house: House, language: str) -> None:
    """Adds and ends a partner and keys, draws ours, names the field that is wrong; a private half is shown nowhere."""
    t, room, clock = LABELS[language], house.partners, standing[1]
    with open_counter(house.desk) as counter:
        pages = Pages(house, front_of(house, counter), clock)
        with pages.client("system_administrator") as client:
            client.cookies.set("language", language)
            assert t["none_yet"] in read(client.get("/partners"))
            said = {"code": "zk1", "name": MALICE, "format": "delimited"}
            wrong = read(send(client, "/partners", **{**said, "code": "Z 1"}), 400)
            assert (t["field_is_wrong"].format(t["partner_code"]) in wrong, MALICE in wrong) == (True, True)
            assert send(client, "/partners", **said).headers["Location"] == "/partners"
            pair = KeyPair.drawn()
            key = {"partner": "zk1", "until": "2014-07-01", "pem": both(pair)[0]}
            for bad, field in (
                ({"pem": pair.text()}, "pem"),
                ({"until": "soon"}, "valid_until"),
                ({"from": "x"}, "valid_from"),
            ):
                told = read(send(client, "/partners/keys", **{**key, **bad}), 400)
                assert t["field_is_wrong"].format(t[field]) in told
                assert "PRIVATE KEY" not in told
            assert send(client, "/partners/keys", **key).headers["Location"] == "/partners"
            assert send(client, "/partners/our-keys", own_until="2013-07-20").headers["Location"] == "/partners"
            text = read(client.get("/partners"))
            assert (text.count("BEGIN PUBLIC KEY"), t["key_expires_soon"] in text, MALICE in text) == (3, True, True)
            assert all(key.id in text for key in (*room.own_keys(), *room.public_keys()))
            ended = {"key_id": pair.key_id}
            assert send(client, "/partners/keys/end", **ended).headers["Location"] == "/partners"
            assert send(client, "/partners/end", code="zk1").headers["Location"] == "/partners"
            for path in ("/partners/end", "/partners/keys/end"):
                assert t["is_not_in_use"] in read(send(client, path, code="zk1", **ended), 404)
            assert read(client.get("/partners")).count(t["was_ended"]) >= 4
        with pages.client("auditor") as client:
            text = read(client.get("/partners", params={"language": language}))
            assert (t["what_was_done"] in text, re.findall(r'action="([^"]+)"', text)) == (True, ["/sign-out"])
