"""The terminal API as hospitals and pharmacies use it: signed messages, PIN blocks, stays, lost answers."""

import asyncio
import base64
import datetime as dt
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from litestar.testing import TestClient
from tests.conftest import RIGHT_PIN, ROOT, Database, put_dossier
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.desk import Institutions, NewTerminal, Terminal, open_counter
from shebaoka.numbers import birth_date, sex, with_check_digit
from shebaoka.records import Account, Card, CardKind, Digits, Dossier, Ending, Life, NotSignedIn, Person
from shebaoka.serving import front_of, make_app, with_shortcut
from shebaoka.store import REBUILD
from shebaoka.vault import seal_pin_block

NUMBER = with_check_digit("14070219850312002")
HOSPITAL, PHARMACY = "H14070200001", "P14070200017"
CARD = {"certno": NUMBER, "mdtrt_cert_no": "S00000001", "card_sn": "140700" + "0" * 25 + "1"}
REPLACED = {**CARD, "card_sn": "140700" + "0" * 25 + "9"}
PERSON_ID = 7_000_001
COVERED = ("@method", "@path", "content-digest")


def dossier(balance_fen: int = 100_000, **card: Any) -> Dossier:
    """Somebody with a social security card in use, one before it with the same number, and money."""
    on = dt.date(2013, 7, 1)
    old = Card(
        1, CardKind.SOCIAL_SECURITY, "S00000001", REPLACED["card_sn"], Life.ENDED, on, None, Ending.REPLACED, on
    )  # fmt: skip
    now = {"n": 2, "kind": CardKind.SOCIAL_SECURITY, "number": "S00000001", "serial": CARD["card_sn"]}
    held = Card(**{**now, "life": Life.IN_USE, "issued_on": on, **card})
    person = Person(NUMBER, "李娜", sex(NUMBER), birth_date(NUMBER), "140702", dt.date(2008, 4, 1))
    return Dossier(person, (old, held), (), Account(balance_fen))


class Resolver(HTTPSignatureKeyResolver):
    """Hands the library the one key."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def resolve_private_key(self, _: str) -> Any:
        """The key to sign with."""
        return self.key


class Hospital:
    """An institution's system: numbers its messages, seals PINs, signs with a library that is not ours."""

    def __init__(self, house: House, client: TestClient[Any], code: str, keys: NewTerminal, key: Any = None) -> None:
        self.house, self.client, self.code, self.keys = house, client, code, keys
        self.algorithm = algorithms.HMAC_SHA256 if key is None else algorithms.ED25519
        self.key = keys.signing_key if key is None else key
        self.sent = 0

    def msgid(self) -> str:
        """A fresh message id."""
        self.sent += 1
        return f"{self.code}20130705093000{self.sent:04d}"

    def block(self, pin: str = RIGHT_PIN, serial: str = CARD["card_sn"]) -> str:
        """A PIN entry as it travels."""
        return seal_pin_block(self.keys.pin_key, "aes", Digits(pin), serial, secrets.token_bytes(8)).hex()

    def signed(self, infno: str, body: Any, **parameters: Any) -> requests.PreparedRequest:
        """A message, signed."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url, kind = f"http://testserver.local/terminal/v1/{infno}", {"Content-Type": "application/json"}
        request = requests.Request("POST", url, data=data, headers=kind).prepare()
        raw = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        request.headers["Content-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(raw).digest()).decode()}:"
        signer = HTTPMessageSigner(signature_algorithm=self.algorithm, key_resolver=Resolver(self.key))
        said = {"key_id": self.keys.key_id, "nonce": secrets.token_hex(16), "label": "sig1", **parameters}
        signer.sign(request, covered_component_ids=COVERED, use_existing_digest=True, **said)
        return request

    def send(self, request: requests.PreparedRequest) -> httpx.Response:
        """A signed message sent."""
        path = "/terminal/v1/" + str(request.url).partition("/terminal/v1/")[2]
        return self.client.post(path, content=request.body, headers=dict(request.headers))  # type: ignore[arg-type]

    def ask(self, infno: str, msgid: str = "", **said: Any) -> dict[str, Any]:
        """A message's answer; it must be one."""
        answer = self.send(self.signed(infno, {"msgid": msgid or self.msgid(), "input": said}))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def trouble(self, infno: str, msgid: str = "", **said: Any) -> tuple[int, str]:
        """A message that is turned away: status and code."""
        answer = self.send(self.signed(infno, {"msgid": msgid or self.msgid(), "input": said}))
        return answer.status_code, answer.json()["code"]

    def charge(self, yuan: str = "28.50", msgid: str = "", infno: str = "2207", **said: Any) -> dict[str, Any]:
        """A charge at the pharmacy's till, all of it from the account unless said otherwise."""
        serial = said.get("card_sn", CARD["card_sn"])
        usual = {**CARD, "med_type": "41", "medfee_sumamt": yuan, "acct_pay": yuan}
        return self.ask(infno, msgid, **{**usual, "pin_block": self.block(serial=serial), **said})


@pytest.fixture(scope="module")
def served(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, TestClient[Any]]]:
    """A house, and the application over it as it is served, in this process."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("house")) as house, open_counter(house.desk) as counter:
        app = make_app(front_of(house, counter))
        with TestClient(with_shortcut(app)) as client:  # type: ignore[arg-type]
            client.front = app.state.front  # type: ignore[attr-defined]
            yield house, client


@pytest.fixture
def house(served: tuple[House, TestClient[Any]], database: Database) -> House:
    """The house with one person in it, in which no terminal was seen yet."""
    for known in (served[0].institutions._terminals, served[0].institutions._cycles):
        known.clear()
    put_dossier(database.owner, served[0].vault, PERSON_ID, dossier())
    return served[0]


@pytest.fixture
def client(served: tuple[House, TestClient[Any]]) -> TestClient[Any]:
    """The application as it is served, in this process; nothing was turned away yet."""
    served[1].front.turned_away.clear()  # type: ignore[attr-defined]
    return served[1]


def admitted(house: House, client: TestClient[Any], code: str, **said: Any) -> Hospital:
    """An institution with a terminal."""
    kinds = ("outpatient", "pharmacy", "inpatient") if code == HOSPITAL else ("pharmacy",)
    house.institutions.add(code, "汾河湾综合医院", kinds, **said)
    return Hospital(house, client, code, house.institutions.add_terminal(f"t-{code}", code))


@pytest.fixture
def hospital(house: House, client: TestClient[Any]) -> Hospital:
    """A hospital that signed in."""
    hospital = admitted(house, client, HOSPITAL)
    assert hospital.ask("9001")["output"]["sign_no"] > 0
    return hospital


def balance_fen(house: House) -> int:
    """What the account has."""
    return house.screens.statement(NUMBER).balance_fen


def test_a_charge_is_settled_and_its_answer_is_signed(hospital: Hospital) -> None:
    """A signed charge with card and PIN is paid from the account, by 1.2, and the answer is bound to its message."""
    request = hospital.signed(
        "2207",
        {
            "msgid": hospital.msgid(),
            "infno": "2207",
            "fixmedins_code": HOSPITAL,
            "input": {
                **CARD,
                "med_type": "11",
                "medfee_sumamt": 100,
                "fund_pay_sumamt": "60.00",
                "acct_pay": 28.5,
                "psn_cash_pay": "11.5",
                "pin_block": hospital.block(),
            },
        },
    )
    answer = hospital.send(request)
    said = answer.json()
    assert (said["infcode"], said["ground"], said["clause"]) == (0, "account_pays_its_part", "1.2")
    assert said["output"]["balc"] == "971.50"
    assert (said["output"]["fund_pay_sumamt"], said["output"]["psn_cash_pay"]) == ("60.00", "11.50")
    assert balance_fen(hospital.house) == 97_150
    assert answer.headers["Signature-Input"].startswith("sig1=(")


def test_a_pre_settlement_changes_nothing(hospital: Hospital) -> None:
    """2206 says what would come of the charge, and the same message id can settle it afterwards."""
    msgid = hospital.msgid()
    said = hospital.charge(msgid=msgid, infno="2206")
    assert (said["infcode"], said["inf_refmsgid"], said["output"]["balc"]) == (0, "", "971.50")
    assert balance_fen(hospital.house) == 100_000
    assert hospital.charge(msgid=msgid)["infcode"] == 0
    assert balance_fen(hospital.house) == 97_150


@pytest.mark.parametrize(
    ("said", "ground", "clause"),
    [
        ({"card_sn": REPLACED["card_sn"]}, "card_was_replaced", "2.1"),
        ({"card_sn": "140700" + "f" * 26}, "card_is_not_known", "2.1"),
        ({"pin_block": None}, "pin_must_be_given", "9.3"),
        ({"psn_cash_pay": "1.00"}, "parts_do_not_add_up", "1.2"),
        ({"medfee_sumamt": "1000.01", "acct_pay": "1000.01"}, "balance_is_too_small", "1.2"),
    ],
)
def test_a_charge_is_refused_with_its_clause(
    hospital: Hospital, said: dict[str, Any], ground: str, clause: str
) -> None:
    """A no is an answer with status 200, its ground, its clause and what to do; nothing moves."""
    answer = hospital.charge(**said)
    assert (answer["infcode"], answer["ground"], answer["clause"]) == (-1, ground, clause)
    assert answer["err_msg"]
    assert answer["do"]
    assert balance_fen(hospital.house) == 100_000


def test_wrong_pins_are_counted_and_lock_the_card(hospital: Hospital) -> None:
    """Each wrong entry is counted in the same transaction and told; the sixth locks (9.3)."""
    answers = [hospital.charge(pin_block=hospital.block("118822")) for _ in range(7)]
    assert [a["output"].get("tries_left") for a in answers] == [5, 4, 3, 2, 1, 0, None]
    assert answers[5]["ground"] == "pin_is_wrong_and_the_card_is_locked"
    assert (answers[6]["ground"], answers[6]["clause"]) == ("card_is_locked", "9.3")


def test_a_wrong_pin_in_a_pre_settlement_is_counted(hospital: Hospital) -> None:
    """What would happen is no way to guess a PIN: the sixth wrong entry locks, whichever message it came in (9.3)."""
    wrong = hospital.block("118822")
    answers = [hospital.charge(pin_block=wrong, infno=("2206", "2207")[n % 2]) for n in range(6)]
    assert [a["output"].get("tries_left") for a in answers] == [5, 4, 3, 2, 1, 0]
    assert all(a["inf_refmsgid"] for a in answers)
    assert hospital.charge(infno="2206")["ground"] == "card_is_locked"
    assert hospital.ask("1101", **CARD, pin_block=hospital.block())["ground"] == "card_is_locked"


def test_the_account_pays_as_far_as_it_goes_where_that_is_allowed(house: House, client: TestClient[Any]) -> None:
    """With part payment the rest is cash, and the answer says so."""
    pharmacy = admitted(house, client, PHARMACY, part_payment=True)
    pharmacy.ask("9001")
    said = pharmacy.charge("1200.00")
    assert (said["output"]["acct_pay"], said["output"]["psn_cash_pay"], said["output"]["balc"]) == (
        "1000.00",
        "200.00",
        "0.00",
    )


def test_a_stay_begun_on_the_old_card_is_discharged_on_the_new_one(hospital: Hospital, database: Database) -> None:
    """8.1: the stay is bound to the person and its own number; it is settled with the new card and its PIN."""
    with psycopg.connect(database.owner) as owner:
        owner.execute("update person set in_hospital_since = '2013-06-20'")
        owner.execute(REBUILD)
    stay = {"certno": NUMBER, "mdtrt_id": "ZY-0001"}
    assert hospital.ask("2401", **CARD, mdtrt_id="ZY-0001", begntime="2013-06-20")["infcode"] == 0
    assert hospital.ask("2403", **stay, adm_dept_name="内科")["infcode"] == 0
    assert hospital.ask("2402", **stay, endtime="2013-07-03")["infcode"] == 0
    assert hospital.ask("2405", **stay)["infcode"] == 0
    assert hospital.ask("2402", **stay, endtime="2013-07-04")["infcode"] == 0
    settled = hospital.charge("300.00", infno="2304", med_type="21", mdtrt_id="ZY-0001")
    assert (settled["infcode"], settled["clause"]) == (0, "8.1")
    assert hospital.ask("2405", **stay)["ground"] == "stay_is_settled"
    back = hospital.ask("2305", certno=NUMBER, setl_id=settled["output"]["setl_id"])
    assert (back["infcode"], balance_fen(hospital.house)) == (0, 100_000)
    assert hospital.ask("2405", **stay)["infcode"] == 0
    assert hospital.ask("2404", **stay)["infcode"] == 0


def test_a_lost_answer_is_asked_back(hospital: Hospital) -> None:
    """What became of a message is told truly, whether it was decided, refused, stopped, or never came."""
    msgid, refused, never = hospital.msgid(), hospital.msgid(), hospital.msgid()
    first = hospital.charge(msgid=msgid)
    hospital.charge("9999.00", msgid=refused)
    assert hospital.ask("ask-back", omsgid=msgid)["output"] == first["output"]
    assert hospital.ask("ask-back", omsgid=refused)["ground"] == "balance_is_too_small"
    assert hospital.trouble("ask-back", omsgid=never) == (404, "not_found")
    again = hospital.charge(msgid=msgid)
    assert (again["repeated"], again["inf_refmsgid"]) == (True, first["inf_refmsgid"])
    assert balance_fen(hospital.house) == 97_150


def test_a_reversal_works_though_no_answer_came_and_stops_what_comes_late(hospital: Hospital) -> None:
    """2601 undoes what was done, is itself idempotent, and a message that comes after its reversal never counts."""
    done, late, reversal = hospital.msgid(), hospital.msgid(), hospital.msgid()
    hospital.charge(msgid=done)
    assert hospital.ask("2601", reversal, certno=NUMBER, omsgid=done)["ground"] == "message_is_reversed"
    assert hospital.ask("2601", reversal, certno=NUMBER, omsgid=done)["repeated"]
    assert hospital.ask("2601", certno=NUMBER, omsgid=done)["ground"] == "message_did_nothing"
    assert hospital.ask("2601", certno=NUMBER, omsgid=late)["ground"] == "message_is_stopped"
    usual = {**CARD, "med_type": "41", "medfee_sumamt": 5, "acct_pay": 5, "pin_block": hospital.block()}
    assert hospital.trouble("2207", late, **usual) == (409, "message_was_reversed")
    assert hospital.trouble("ask-back", omsgid=late) == (409, "message_was_reversed")
    assert hospital.ask("2601", certno=NUMBER, omsgid=late)["ground"] == "message_did_nothing"
    assert balance_fen(hospital.house) == 100_000


def test_what_was_taken_back_since_is_not_told_as_if_it_stood(hospital: Hospital) -> None:
    """Sent again or asked back, a cancelled charge names what took it back, and a reversed one is over."""
    charge, cancel, other = hospital.msgid(), hospital.msgid(), hospital.msgid()
    setl_id = hospital.charge(msgid=charge)["output"]["setl_id"]
    undone_by = hospital.ask("2208", cancel, certno=NUMBER, setl_id=setl_id)["inf_refmsgid"]
    for again in (hospital.charge(msgid=charge), hospital.ask("ask-back", omsgid=charge)):
        assert (again["infcode"], again["repeated"], again["undone_by"]) == (0, True, undone_by)
    assert hospital.ask("ask-back", omsgid=cancel)["undone_by"] == ""
    hospital.ask("2601", certno=NUMBER, omsgid=cancel)
    assert hospital.ask("ask-back", omsgid=charge)["undone_by"] == hospital.charge(msgid=charge)["undone_by"] == ""
    assert hospital.trouble("ask-back", omsgid=cancel) == (409, "message_was_reversed")
    hospital.charge(msgid=other)
    hospital.ask("2601", certno=NUMBER, omsgid=other)
    usual = {**CARD, "med_type": "41", "medfee_sumamt": "28.50", "acct_pay": "28.50", "pin_block": hospital.block()}
    assert hospital.trouble("2207", other, **usual) == (409, "message_was_reversed")
    assert hospital.trouble("ask-back", omsgid=other) == (409, "message_was_reversed")
    assert balance_fen(hospital.house) == 97_150


def test_a_cancel_can_be_reversed_and_the_settlement_cancelled_again(hospital: Hospital) -> None:
    """A cancel is a new negative record; its reversal charges again; a later cancel takes that back."""
    setl_id = hospital.charge()["output"]["setl_id"]
    cancel = hospital.msgid()
    assert hospital.ask("2208", cancel, certno=NUMBER, setl_id=setl_id)["infcode"] == 0
    assert hospital.ask("2208", certno=NUMBER, setl_id=setl_id)["ground"] == "settlement_was_taken_back"
    assert hospital.ask("2601", certno=NUMBER, omsgid=cancel)["ground"] == "message_is_reversed"
    assert balance_fen(hospital.house) == 97_150
    assert hospital.ask("2208", certno=NUMBER, setl_id=setl_id)["infcode"] == 0
    assert balance_fen(hospital.house) == 100_000


def test_nobody_touches_what_another_institution_settled(
    hospital: Hospital, house: House, client: TestClient[Any]
) -> None:
    """Another's settlement cannot be cancelled, another's message neither reversed nor asked back, nor its id used."""
    msgid = hospital.msgid()
    setl_id = hospital.charge(msgid=msgid)["output"]["setl_id"]
    other = admitted(house, client, PHARMACY)
    other.ask("9001")
    assert other.ask("2208", certno=NUMBER, setl_id=setl_id)["ground"] == "there_is_no_such_settlement"
    assert other.ask("2601", certno=NUMBER, omsgid=msgid)["ground"] == "message_cannot_be_reversed"
    assert other.trouble("ask-back", omsgid=msgid) == (400, "bad_input")
    assert other.trouble("2601", msgid, certno=NUMBER, omsgid=other.msgid()) == (400, "bad_input")
    assert other.charge(infno="2207", med_type="11")["ground"] == "institution_may_not_settle_this"
    assert balance_fen(house) == 97_150


def test_what_is_not_rightly_signed_is_turned_away_and_counted(
    hospital: Hospital, house: House, client: TestClient[Any]
) -> None:
    """A wrong key, a used nonce, a stale time, another body, a closed terminal: refused, counted, nothing moved."""
    front = client.front  # type: ignore[attr-defined]
    body = {"msgid": hospital.msgid(), "input": {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1}}
    stranger = Hospital(house, client, HOSPITAL, NewTerminal(hospital.keys.key_id, b"x" * 32, b""))
    assert stranger.send(stranger.signed("2207", body)).json()["code"] == "signature_wrong"
    unknown = Hospital(house, client, HOSPITAL, NewTerminal("nobody", b"x" * 32, b""))
    assert unknown.send(unknown.signed("2207", body)).json()["code"] == "signature_wrong"
    request = hospital.signed("2207", body)
    assert hospital.send(request).status_code == 200
    assert hospital.send(request).json()["code"] == "nonce_used"
    altered = hospital.signed("2207", body)
    altered.body = bytes(altered.body).replace(b'"acct_pay": 1', b'"acct_pay": 9')  # type: ignore[arg-type]
    assert hospital.send(altered).json()["code"] == "digest_wrong"
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert hospital.send(hospital.signed("2207", body, created=long_ago)).json()["code"] == "signature_stale"
    assert client.post("/terminal/v1/2207", json=body).json()["code"] == "signature_missing"
    house.institutions.end_terminal(hospital.keys.key_id)
    assert hospital.send(hospital.signed("2207", body)).json()["code"] == "signature_wrong"
    assert front.turned_away == {
        "signature_wrong": 3,
        "nonce_used": 1,
        "digest_wrong": 1,
        "signature_stale": 1,
        "signature_missing": 1,
    }
    assert balance_fen(house) == 100_000


async def _sent_in_parts(app: Any, request: requests.PreparedRequest, *parts: bytes) -> tuple[int, str]:
    """Status and code of a message that comes in parts, and of which more would come, but does not."""
    waiting, said = iter(parts), []

    async def receive() -> dict[str, Any]:
        part = next(waiting, None)
        if part is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message: Any) -> None:
        said.append(message)

    path = "/" + str(request.url).split("/", 3)[3]
    headers = [(k.lower().encode(), v.encode()) for k, v in request.headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    await app({**scope, "headers": headers, "scheme": "http", "server": ("h", 80), "client": ("c", 1)}, receive, send)
    return said[0]["status"], json.loads(said[1]["body"])["code"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_no_body_is_waited_for_long_and_a_stranger_s_not_at_all(
    hospital: Hospital, house: House, client: TestClient[Any], monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    """Who signs is known by the headers alone; and the shorter way is no other than the framework's, with a slash."""
    monkeypatch.setattr("shebaoka.terminal.bodies.WHOLE_S", 0.05)
    stranger = Hospital(house, client, HOSPITAL, NewTerminal(hospital.keys.key_id, b"x" * 32, b""))
    wrong = stranger.signed(f"2207{slash}", {})
    slow = hospital.signed(f"2207{slash}", {"msgid": hospital.msgid(), "input": CARD})
    assert asyncio.run(_sent_in_parts(client.app, wrong)) == (401, "signature_wrong")
    assert asyncio.run(_sent_in_parts(client.app, slow, bytes(slow.body)[:20])) == (408, "body_too_slow")  # type: ignore[arg-type]
    large = hospital.signed(f"2207{slash}", {})
    del large.headers["Content-Length"]
    assert asyncio.run(_sent_in_parts(client.app, large, *[b" " * 40_000] * 2)) == (413, "body_too_large")


@pytest.mark.parametrize("infno", ["9001", "9002", "1101", "2206", "2601", "3201", "3202", "ask-back"])
@pytest.mark.parametrize("msgid", [f"{PHARMACY}201307050930000001", f"{HOSPITAL}201302300930000001"])
def test_a_message_has_an_id_of_its_own_institution_whatever_it_is(hospital: Hospital, infno: str, msgid: str) -> None:
    """Neither another's code nor a time that does not exist is taken, also where the id is looked at by nobody else."""
    side = {"setl_cnt": 0, "medfee_sumamt": 0, "fund_pay_sumamt": 0, "acct_pay": 0, "psn_cash_pay": 0}
    said: dict[str, dict[str, Any]] = {
        "9002": {"sign_no": 1},
        "1101": CARD,
        "2206": {**CARD, "med_type": "41", "medfee_sumamt": 1},
        "2601": {"certno": NUMBER, "omsgid": hospital.msgid()},
        "3201": {"sign_no": 1, "positive": side, "reverse": side},
        "3202": {"sign_no": 1, "file": ""},
        "ask-back": {"omsgid": hospital.msgid()},
    }
    answer = hospital.send(hospital.signed(infno, {"msgid": msgid, "input": said.get(infno, {})}))
    assert (answer.status_code, answer.json()["message"][:6]) == (400, "msgid:")


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_message_that_is_not_decided_is_counted_once(
    hospital: Hospital, client: TestClient[Any], monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    """Not only what the door refuses; on the shorter way, and with a slash on the framework's."""
    said = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1}
    hospital.trouble(f"2207{slash}", **{**said, "acct_pay": -1})
    hospital.trouble(f"2207{slash}", f"{PHARMACY}201307050930000001", **said)
    hospital.trouble(f"2207{slash}", **said, adm_dept_name="x" * 70_000)
    hospital.trouble(f"ask-back{slash}", omsgid=hospital.msgid())
    assert hospital.send(hospital.signed(f"2207{slash}", b"{")).json()["code"] == "malformed_json"
    client.post(f"/terminal/v1/2207{slash}", json={})
    with monkeypatch.context() as patch:
        patch.setattr("shebaoka.terminal.handlers.reply_to", lambda *_: 1 / 0)
        hospital.trouble(f"1101{slash}", **CARD)
    assert client.front.turned_away == {  # type: ignore[attr-defined]
        "bad_input": 2,
        "body_too_large": 1,
        "not_found": 1,
        "malformed_json": 1,
        "signature_missing": 1,
        "internal_fault": 1,
    }


def test_only_a_cycle_s_details_may_be_long(hospital: Hospital) -> None:
    """64 KB for a message, 10 MB for the file of 3202."""
    sign_no = hospital.ask("9001")["output"]["sign_no"]
    header = "msgid,setl_id,setl_type,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay\r\n"
    rows = "".join(f"{hospital.code}2013070509{n:08d},,,1.00,0,1.00,0\r\n" for n in range(2000))
    assert hospital.ask("3202", sign_no=sign_no, file=header + rows)["output"]["differences"] == 2000
    assert hospital.trouble("3201", sign_no=sign_no, file=header + rows) == (413, "body_too_large")
    assert hospital.trouble("3202", sign_no=sign_no, file=" " * 11_000_000) == (413, "body_too_large")


class Seconds:
    """The clock by which it is known how old is what was looked up; a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Seconds since whenever."""
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """That clock, standing still."""
    seconds = Seconds()
    monkeypatch.setattr("shebaoka.desk.institutions.time", seconds)
    return seconds


@pytest.mark.parametrize("what", ["terminal", "institution"])
def test_what_another_process_ended_is_refused_within_two_seconds(
    seconds: Seconds, hospital: Hospital, house: House, what: str
) -> None:
    """The command line ends a terminal, or an institution, while the server runs and messages keep coming."""
    elsewhere = Institutions(house.views, house.vault)
    if what == "terminal":
        elsewhere.end_terminal(hospital.keys.key_id)
    else:
        elsewhere.end(HOSPITAL)
    codes = []
    for _ in range(4):
        codes.append(hospital.send(hospital.signed("1101", {"msgid": hospital.msgid(), "input": CARD})).status_code)
        seconds.now += 0.6
    assert codes == [200, 200, 401, 401]


def test_a_cycle_that_was_closed_elsewhere_is_no_cycle_within_two_seconds(
    seconds: Seconds, hospital: Hospital, house: House
) -> None:
    """After it the next cycle, opened by another server's sign-in, is found without signing in here."""
    terminal = house.institutions.terminal(hospital.keys.key_id)
    elsewhere = Institutions(house.views, house.vault)
    first = elsewhere.sign_in(terminal).id
    assert house.institutions.known_terms(terminal) is not None
    house.views.write("update cycle set closed_at = now(), closed_by = 'li' where id = %(id)s", {"id": first})
    seconds.now += 1.1
    usual = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1, "pin_block": hospital.block()}
    assert hospital.trouble("2207", **usual) == (409, "no_open_cycle")
    second = elsewhere.sign_in(terminal).id
    seconds.now += 1.1
    assert hospital.charge()["infcode"] == 0
    assert house.institutions.terms(terminal).cycle == second != first


def test_while_one_looks_up_others_use_what_is_known_but_not_for_long(
    seconds: Seconds, hospital: Hospital, house: House
) -> None:
    """The first asker after a second goes to the database; after two seconds what it did not find counts for nobody."""
    key_id, institutions = hospital.keys.key_id, house.institutions

    def known() -> list[Terminal | None]:
        return [institutions.known_terminal(key_id) for _ in range(3)]

    terminal = institutions.terminal(key_id)
    assert known() == [terminal] * 3
    seconds.now += 1.1
    assert known() == [None, terminal, terminal]
    seconds.now += 1.1
    assert known() == [None] * 3
    Institutions(house.views, house.vault).end_terminal(key_id)
    with pytest.raises(NotSignedIn):
        institutions.terminal(key_id)


@pytest.mark.parametrize("yuan", ["-1", "1.001", "1e9", "NaN", "10000000.01", "0"])
def test_an_absurd_amount_is_bad_input(hospital: Hospital, yuan: str) -> None:
    """Negative, too fine, not a number or beyond ten million: told with its field, before anything is decided."""
    usual = {**CARD, "med_type": "41", "medfee_sumamt": yuan, "acct_pay": yuan, "pin_block": hospital.block()}
    assert hospital.trouble("2207", **usual) == (400, "bad_input")


def test_an_unreadable_pin_block_is_bad_input(hospital: Hospital) -> None:
    """A block under another key, or for another card, is not a wrong PIN; no try is counted."""
    wrong = seal_pin_block(b"k" * 32, "aes", Digits(RIGHT_PIN), CARD["card_sn"], bytes(8)).hex()
    usual = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1}
    assert hospital.trouble("2207", **usual, pin_block=wrong) == (400, "bad_input")
    assert hospital.trouble("2207", **usual, pin_block="12") == (400, "bad_input")


def test_a_fault_after_the_desk_does_not_say_that_nothing_was_done(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The charge is settled and its answer cannot be made: it is not known, and the same message gets it later."""
    msgid = hospital.msgid()
    said = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1, "pin_block": hospital.block()}
    with monkeypatch.context() as patch:
        patch.setattr("shebaoka.terminal.handlers.reply_to", lambda *_: 1 / 0)
        answer = hospital.send(hospital.signed("2207", {"msgid": msgid, "input": said}))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_fault")
    assert "not known" in answer.json()["message"]
    assert hospital.ask("2207", msgid, **said)["repeated"]


def test_nothing_is_settled_before_signing_in(house: House, client: TestClient[Any]) -> None:
    """Without an open cycle a charge is told to sign in first."""
    hospital = admitted(house, client, HOSPITAL)
    usual = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1}
    assert hospital.trouble("2207", **usual) == (409, "no_open_cycle")


def test_a_terminal_does_only_what_it_may(house: House, client: TestClient[Any]) -> None:
    """A right that a terminal does not have is refused with 403."""
    house.institutions.add(PHARMACY, "同仁药房", ("pharmacy",))
    keys = house.institutions.add_terminal("enquiry-only", PHARMACY, may=("enquire",))
    pharmacy = Hospital(house, client, PHARMACY, keys)
    pharmacy.ask("9001")
    assert pharmacy.ask("1101", **CARD, pin_block=pharmacy.block())["output"]["balc"] == "1000.00"
    assert "balc" not in pharmacy.ask("1101", **CARD)["output"]
    usual = {**CARD, "med_type": "41", "medfee_sumamt": 1, "acct_pay": 1, "pin_block": pharmacy.block()}
    assert pharmacy.trouble("2207", **usual) == (403, "not_allowed")


def test_a_terminal_with_a_key_pair_signs_with_ed25519(house: House, client: TestClient[Any]) -> None:
    """Only the public key is registered here."""
    private = Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    house.institutions.add(PHARMACY, "同仁药房", ("pharmacy",))
    keys = house.institutions.add_terminal("pair", PHARMACY, algorithm="ed25519", public_key=raw)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pharmacy = Hospital(house, client, PHARMACY, keys, key=pem)
    pharmacy.ask("9001")
    assert pharmacy.charge()["infcode"] == 0


def test_no_pin_is_in_what_the_database_keeps(hospital: Hospital, rows: Any) -> None:
    """Neither digits nor blocks of a PIN are in any row after a settlement."""
    block = hospital.block()
    hospital.charge(pin_block=block)
    kept = repr({t: r for t, r in rows().items() if t != "pin"})
    assert block not in kept
    assert f'"{RIGHT_PIN}"' not in kept


def _blocks(page: str) -> str:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)```", text, re.S)[-1]


@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "openssl", "xxd"))), reason="curl, openssl and xxd: apt-get install curl xxd"
)
def test_a_settlement_is_made_with_curl_as_the_docs_show(database: Database, tmp_path: Path) -> None:
    """The shell of docs/terminal.md and docs/signing.md, word for word, against the server as it runs."""
    with house_on(database, tmp_path) as house:
        put_dossier(database.owner, house.vault, PERSON_ID, dossier())
        house.institutions.add(PHARMACY, "同仁药房", ("pharmacy",))
        keys = house.institutions.add_terminal("till-1", PHARMACY)
        house.institutions.sign_in(house.institutions.terminal("till-1"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "SHEBAOKA_HOME": str(tmp_path), "SHEBAOKA_DATABASE_URL": database.app}
    server = subprocess.Popen(
        [sys.executable, "-m", "shebaoka", "serve", "--port", str(port)], env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert str(port) in server.stdout.readline()
        # It says where it will be before it is there, and a message that was signed before it began is refused.
        httpx.Client(transport=httpx.HTTPTransport(retries=10)).get(f"http://127.0.0.1:{port}/api/v1/health")
        said = {
            "SERVER": f"http://127.0.0.1:{port}",
            "KEYID": "till-1",
            "INSTITUTION": PHARMACY,
            "PIN": RIGHT_PIN,
            "SECRET": keys.signing_key.hex(),
            "PINKEY": keys.pin_key.hex(),
            "NUMBER": NUMBER,
            "CARD": CARD["mdtrt_cert_no"],
            "SERIAL": CARD["card_sn"],
        }
        shown = _blocks("terminal.md") + _blocks("signing.md")
        done = subprocess.run(
            ["sh", "-ec", shown], env={**os.environ, **said}, capture_output=True, text=True, check=False
        )
        assert '"ground":"account_pays_its_part"' in done.stdout, done.stdout + done.stderr
    finally:
        server.terminate()
        server.wait(20)


def test_a_cycle_is_compared_explained_and_signed_off(hospital: Hospital, house: House) -> None:
    """Totals that differ are answered so; details name every difference; signing off waits until each is explained."""
    sign_no = hospital.ask("9001")["output"]["sign_no"]
    first, second, ours = hospital.msgid(), hospital.msgid(), hospital.msgid()
    hospital.charge("10.00", first)
    setl_id = hospital.charge("20.00", second)["output"]["setl_id"]
    hospital.charge("5.00", ours)
    hospital.ask("2208", certno=NUMBER, setl_id=setl_id)
    nothing = {"setl_cnt": 0, "medfee_sumamt": 0, "fund_pay_sumamt": 0, "acct_pay": 0, "psn_cash_pay": 0}
    wrong = {**nothing, "setl_cnt": 2, "medfee_sumamt": 30, "acct_pay": 30}
    said = hospital.ask("3201", sign_no=sign_no, positive=wrong, reverse=nothing)["output"]
    assert said["equal"] is False
    assert (said["positive"]["setl_cnt"], said["positive"]["acct_pay"], said["reverse"]["setl_cnt"]) == (3, "35.00", 1)
    assert hospital.trouble("9002", sign_no=sign_no) == (409, "cycle_is_not_reconciled")
    header = "msgid,setl_id,setl_type,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay\r\n"
    theirs = hospital.msgid()
    rows = f"{first},,,10.00,0,10.00,0\r\n{second},,,21.00,0,21.00,0\r\n{theirs},,,1.00,0,1.00,0\r\n"
    found = hospital.ask("3202", sign_no=sign_no, file=header + rows)["output"]
    named = {d["msgid"]: d["difference"] for d in found["detail"]}
    assert named[second] == "amount"
    assert named[theirs] == "theirs_only"
    assert named[ours] == "ours_only"
    assert found["differences"] == len(named) == 4
    known = {d["msgid"]: d.get("known") for d in found["detail"]}
    assert known == {**dict.fromkeys(named), theirs: {"state": "never_came"}}
    for message_id, difference in named.items():
        house.evening.explain(sign_no, message_id, difference, "told by telephone", "li")
    assert hospital.ask("9002", sign_no=sign_no)["output"]["equal"]
    assert hospital.ask("9001")["output"]["sign_no"] != sign_no
    assert house.evening.check() == []


def test_a_cycle_of_another_institution_is_not_there(hospital: Hospital, house: House, client: TestClient[Any]) -> None:
    """Neither its totals nor its end are another's business."""
    sign_no = hospital.ask("9001")["output"]["sign_no"]
    other = admitted(house, client, PHARMACY)
    other.ask("9001")
    assert other.trouble("9002", sign_no=sign_no) == (404, "not_found")
