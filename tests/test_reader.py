"""A card from its bytes to the command line and to the page, through pcscd and pyscard, in a virtual reader.

The card is the project's own (`chip/virtual.py`); reader, service and driver are Debian's, of `make virtual-card`.
"""

import itertools
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result

from shebaoka.app import settings_from
from shebaoka.chip import CardTalk, VirtualCard
from shebaoka.cli import main
from shebaoka.reader import Door, InVirtualReader, Placing, Readers, ReaderTrouble, Watch, watching
from shebaoka.records import BadInput, CardOrder
from test_chip import HOLDER, ISSUE, KEY, RIGHT, WRONG, a_card
from virtual_reader import virtual_reader

ORIGIN = "https://card.example.cn"
PATIENCE_S = 20
ORDER = CardOrder(line=1, photo=b"", collect_at="w1", **msgspec.structs.asdict(ISSUE), **msgspec.structs.asdict(HOLDER))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a card can be put into the virtual reader."""
    with virtual_reader(tmp_path_factory.mktemp("pcsc")) as port:
        yield port


@contextmanager
def lying(card: VirtualCard, port: int) -> Iterator[InVirtualReader]:
    """A card in the reader, seen by PC/SC, and out of it again after."""
    with InVirtualReader(card, port=port) as there:
        seen = until(has_card=True)
        yield there
    until(has_card=False, after=seen)


def until(*, has_card: bool, after: int = -1) -> int:
    """Wait until PC/SC sees a card, or none; returns how often it saw a card come or go, and `after` is such a count.

    A reset that fails leaves a reader that seems empty until PC/SC has looked itself.
    """
    with closing(Readers()) as readers:
        slots, ends = readers.slots(), time.monotonic() + PATIENCE_S
        while slots[0].has_card != has_card or slots[0].state >> 16 <= after:
            assert time.monotonic() < ends, "PC/SC did not see the card come or go"
            slots = readers.slots(slots)
        return slots[0].state >> 16


def run(*words: object, stdin: str = "") -> Result:
    """A command of the command line."""
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin, env={"LC_ALL": "C.UTF-8"})


def secret(path: Path, text: str) -> Path:
    """A file that only its owner may read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_person_goes_into_a_blank_card_and_is_read_from_it(port: int, tmp_path: Path) -> None:
    """Written by `card personalise` through PC/SC, read back by `card read`, masked; a second time nothing changes, and
    nobody else gets into that card."""
    order, key = tmp_path / "order.json", secret(tmp_path / "key", KEY.hex())
    order.write_bytes(msgspec.json.encode(ORDER))
    card = a_card(None)
    with lying(card, port):
        assert "blank" in run("card", "read").stdout
        written = run("card", "personalise", order, "--key-file", key)
        assert (written.exit_code, "written and read back" in written.stdout) == (0, True)
        assert "nothing was changed" in run("card", "personalise", order, "--key-file", key).stdout
        read = run("card", "read", "--json")
        assert HOLDER.number not in read.stdout
        shown = msgspec.json.decode(run("card", "read", "--json", "--unmasked").stdout)
        assert msgspec.convert(shown["holder"], type(HOLDER)) == HOLDER
        assert shown["card_serial"] == ISSUE.card_serial
        order.write_bytes(msgspec.json.encode(msgspec.structs.replace(ORDER, card_number="B00000001")))
        other = run("card", "personalise", order, "--key-file", key)
        assert (other.exit_code, "[card_is_not_blank]" in other.stderr) == (1, True)
        wrong = run("card", "personalise", order, "--key-file", secret(tmp_path / "other", "0" * 32))
        assert "[card_key_is_wrong]" in wrong.stderr
    order.write_text('{"line": 1}')
    assert "this is no order for a card" in run("card", "personalise", order, "--key-file", key).stderr
    assert "[no_card_in_reader]" in run("card", "read").stderr
    assert "holds no key" in run("card", "personalise", order, "--key-file", secret(key, "none")).stderr


def test_a_card_of_version_3_is_read_with_its_pin(port: int) -> None:
    """Without the PIN the holder stays hidden; a wrong PIN is counted and told; a right one gives it."""
    with lying(a_card(version="3.00"), port):
        assert "only after the PIN" in run("card", "read").stdout
        wrong = run("card", "read", "--pin", stdin=f"{WRONG.reveal()}\n")
        assert ("3 entries left" in wrong.output, "allows 2 more" in wrong.stderr) == (True, True)
        right = run("card", "read", "--pin", stdin=f"{RIGHT.reveal()}\n")
        assert "买***·***" not in right.stdout
        assert "140702********1246" in right.stdout


def test_a_card_taken_out_while_it_is_read_is_told(port: int) -> None:
    """The talk ends with what to do, and the next card is read as if nothing had been."""
    with lying(a_card(), port) as there, closing(Readers()) as readers, readers.card(readers.with_card()) as carry:
        there.take_out()
        with pytest.raises(ReaderTrouble, match="taken out"):
            CardTalk(carry)
    with lying(a_card(), port):
        assert ISSUE.card_serial in run("card", "read").stdout


@contextmanager
def served(readers: Callable[[], Readers] = Readers) -> Iterator[tuple[Watch, str]]:
    """The small server that a page asks, and where it is."""
    watch = Watch(readers=readers)
    watch.begin()
    with Door(watch, ORIGIN, 0) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        yield watch, f"http://127.0.0.1:{door.server_port}/card"
        watch.close()
        door.shutdown()
        thread.join(PATIENCE_S)


def test_a_page_is_told_each_card_once(port: int) -> None:
    """Put in, its serial is told to the page that asked last; again only after it was taken out. What is no social
    security card is told by its code."""
    with served() as (watch, address), httpx.Client(headers={"Origin": ORIGIN}, timeout=PATIENCE_S) as page:
        with lying(a_card(), port):
            told = page.get(address)
            assert told.json() == {"serial": ISSUE.card_serial, "trouble": ""}
            assert told.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert watch.next(0.01, lambda: True) is None
        strange = a_card()
        strange.answer = lambda _: b"\x6a\x82"  # type: ignore[method-assign]
        with lying(strange, port):
            # A page that was left while it waited takes nothing from the one that is in front.
            assert watch.next(PATIENCE_S, lambda: False) is None
            assert watch.next(PATIENCE_S, lambda: True) == Placing(trouble="not_a_social_security_card")


def test_a_service_that_was_away_is_found_again(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the service of readers is away the page is told that there is none, and a card is told once it is back."""
    monkeypatch.setattr(watching, "AGAIN_S", 0.05)
    back = threading.Event()

    def readers() -> Readers:
        if not back.is_set():
            raise ReaderTrouble("It is away.", code="no_card_service")
        return Readers()

    with served(readers) as (watch, address), httpx.Client(headers={"Origin": ORIGIN}, timeout=PATIENCE_S) as page:
        assert [page.get(at).status_code for at in (address, address.removesuffix("card"))] == [503, 503]
        assert watch.trouble is not None
        with lying(a_card(), port):
            back.set()
            told = watch.next(PATIENCE_S, lambda: True)
            assert (told, watch.trouble) == (Placing(serial=ISSUE.card_serial), None)
            assert page.get(address.removesuffix("card")).status_code == 204


def test_only_the_last_page_that_asks_waits(port: int) -> None:
    """Two pages of one browser: the one that asked first is let go with nothing, the other is told the card."""
    with (
        served() as (_, address),
        httpx.Client(headers={"Origin": ORIGIN}, timeout=PATIENCE_S) as browser,
        ThreadPoolExecutor(2) as pages,
    ):
        asked = [pages.submit(browser.get, address) for _ in range(2)]
        done, waiting = wait(asked, PATIENCE_S, FIRST_COMPLETED)
        assert [page.result().status_code for page in done] == [204]
        with lying(a_card(), port):
            assert [page.result().json()["serial"] for page in waiting] == [ISSUE.card_serial]


def test_the_reader_answers_the_houses_pages_alone(port: int) -> None:
    """Another site's page, no page, and a name that was bent to this machine get nothing; an unknown path is none."""
    with served() as (_, address), httpx.Client(timeout=PATIENCE_S) as client:
        ours = {"Origin": ORIGIN}
        for headers in ({}, {"Origin": "https://evil.example"}, {**ours, "Host": "evil.example:35970"}):
            answer = client.get(address, headers=headers)
            assert answer.status_code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        assert client.get(address + "s", headers=ours).status_code == 404
        beforehand = client.options(address, headers=ours)
        assert beforehand.headers["Access-Control-Allow-Private-Network"] == "true"


def heeds_ctrl_c() -> None:
    """Whoever runs the tests in the background has Ctrl-C ignored, and would hand that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_simulated_card_is_put_in_from_the_command_line(port: int, tmp_path: Path) -> None:
    """`reader play` puts a card in and says that it is simulated, `reader list` sees it, Ctrl-C takes it out."""
    order = tmp_path / "order.json"
    order.write_bytes(msgspec.json.encode(ORDER))
    command = [sys.executable, "-m", "shebaoka", "reader", "play", "--port", str(port), "--order", str(order)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"}, preexec_fn=heeds_ctrl_c
    ) as play:
        assert play.stdout is not None
        assert b"simulated" in play.stdout.readline()
        until(has_card=True)
        assert [slot["has_card"] for slot in msgspec.json.decode(run("reader", "list", "--json").stdout)] == [
            True,
            False,
        ]
        play.send_signal(signal.SIGINT)
        assert play.wait(PATIENCE_S) == 0
    until(has_card=False)
    assert "empty" in run("reader", "list").stdout


def test_a_driver_that_goes_away_is_the_end_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the line ends, closed or reset, before a message or within one, whoever waits is told so, and the card's
    thread ends without a fault."""
    faults: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", faults.append)
    with socket.create_server(("127.0.0.1", 0)) as driver:
        for reset, begun in itertools.product((False, True), (b"", b"\0", b"\0\5\0")):
            with InVirtualReader(a_card(), port=driver.getsockname()[1]) as lying_there:
                line, _ = driver.accept()
                line.sendall(begun)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", reset, 0))
                line.close()
                lying_there.wait()
    assert not faults


def test_what_is_wrong_with_readers_is_told(port: int) -> None:
    """No service, no virtual reader, no such reader, an origin that is none: each has its sentence and code."""
    away = os.environ | {"PCSCLITE_CSOCK_NAME": "/nowhere/pcscd.comm"}
    listed = subprocess.run(
        [sys.executable, "-m", "shebaoka", "reader", "list"], capture_output=True, text=True, env=away, check=False
    )
    assert (listed.returncode, "[no_card_service]" in listed.stderr) == (1, True)
    assert "[no_virtual_reader]" in run("reader", "play", "--port", "1").stderr
    assert "there is no reader of that name" in run("card", "read", "--reader", "none").stderr
    for address in ("http://192.0.2.1:35970", "https://127.0.0.1:35970", "http://127.0.0.1:35970/x"):
        with pytest.raises(BadInput, match="SHEBAOKA_CARD_READER"):
            settings_from({"SHEBAOKA_CARD_READER": address})
    assert "--origin" in run("reader", "serve", "--origin", "card.example.cn/x", "--port", "0").stderr
