"""A pharmacy's till for tests of the POS face: it numbers its messages, seals PINs, packs and makes MACs by itself.

Packing is pyiso8583's with the published table of fields; MACs are Python's own. Only what travels is looked at.
"""

import asyncio
import datetime as dt
import hmac
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import iso8583
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from shebaoka.desk import NewTerminal
from shebaoka.numbers import birth_date, sex, with_check_digit
from shebaoka.pos import PosServer
from shebaoka.pos.spec import SPEC
from shebaoka.records import Account, Card, CardKind, Digits, Dossier, Life, Person
from shebaoka.vault import seal_pin_block
from shebaoka.web import Front

NUMBER = with_check_digit("14070219850312002")
CARD_NUMBER = "S00000001"
SERIAL = "140700" + "0" * 25 + "1"
PHARMACY = "P14070200017"
AT = dt.datetime(2013, 7, 5, 1, 30, tzinfo=dt.UTC)
CITY = dt.timezone(dt.timedelta(hours=8))
Fields = Mapping[str, str]


def holder(balance_fen: int = 100_000, **card: Any) -> Dossier:
    """Somebody with a social security card in use, and money."""
    on = dt.date(2013, 7, 1)
    held = {"n": 1, "kind": CardKind.SOCIAL_SECURITY, "number": CARD_NUMBER, "serial": SERIAL, "life": Life.IN_USE}
    person = Person(NUMBER, "李娜", sex(NUMBER), birth_date(NUMBER), "140702", dt.date(2008, 4, 1))
    return Dossier(person, (Card(**{**held, "issued_on": on, **card}),), (), Account(balance_fen))


class Served:
    """A server for POS terminals in an event loop of its own."""

    def __init__(self, server: PosServer, loop: asyncio.AbstractEventLoop) -> None:
        self.port = server.port
        self._server = server
        self._loop = loop

    def leave(self) -> None:
        """Close it, from another thread than its own."""
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(20)


@contextmanager
def pos_served(front: Front, **limits: Any) -> Iterator[Served]:
    """The server while the block runs."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        server = PosServer(front, **limits)
        loop.run_until_complete(server.open("127.0.0.1", 0))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        served = Served(server, loop)
        try:
            yield served
        finally:
            served.leave()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


class Answer:
    """What came back: fields, sub-fields of field 48, and whether it bears the terminal's MAC."""

    def __init__(self, raw: bytes, mac: Callable[[bytes], bytes]) -> None:
        self.fields = iso8583.decode(raw, SPEC)[0]
        self.sub = parts(self.fields.get("48", ""))
        self.signed = raw[-8:] == mac(raw[:-8])[:8]
        self.type, self.code = self.fields["t"], self.fields.get("39", "")


def parts(text: str) -> dict[str, str]:
    """Field 48, taken apart."""
    found = {}
    while text:
        size = int(text[2:4])
        found[text[:2]] = text[4 : 4 + size]
        text = text[4 + size :]
    return found


def joined(sub: Fields) -> str:
    """Field 48, put together."""
    return "".join(f"{tag}{len(text):02d}{text}" for tag, text in sub.items())


class Till:
    """One terminal. Every message has a number and a time of its own; both can be said."""

    def __init__(self, keys: NewTerminal, institution: str = PHARMACY, *, sm3: bool = False) -> None:
        self.keys = keys
        self.institution = institution
        self.at = AT.astimezone(CITY)
        self.sent = 0
        self.sm3 = sm3

    def mac(self, body: bytes) -> bytes:
        """The whole MAC; a message has its first 8 bytes."""
        if not self.sm3:
            return hmac.digest(self.keys.signing_key, body, "sha256")
        one = HMAC(self.keys.signing_key, hashes.SM3())
        one.update(body)
        return one.finalize()

    def block(self, pin: str, serial: str = SERIAL) -> str:
        """A PIN entry as it travels."""
        cipher = "sm4" if self.sm3 else "aes"
        return seal_pin_block(self.keys.pin_key, cipher, Digits(pin), serial, secrets.token_bytes(8)).hex().upper()

    def fields(self, message_type: str, fields: Fields, sub: Fields) -> dict[str, Any]:
        """A message's fields, with what every message has."""
        self.sent += 1
        usual = {
            "t": message_type,
            "11": f"{self.sent:06d}",
            "12": f"{self.at:%H%M%S}",
            "13": f"{self.at:%m%d}",
            "41": f"{self.keys.key_id:8}",
            "42": f"{self.institution:15}",
            "48": joined({"09": f"{self.at:%Y}", **sub}),
        }
        return {name: value for name, value in {**usual, **fields}.items() if value is not None}

    def packed(self, fields: Fields) -> bytes:
        """A message as it travels, without its length."""
        place = "128" if any(n.isdigit() and int(n) > 64 for n in fields) else "64"
        body = bytes(iso8583.encode({**fields, place: "0" * 16}, SPEC)[0])[:-8]
        return body + self.mac(body)[:8]

    def message(self, message_type: str, fields: Fields, **sub: str) -> bytes:
        """A message, packed; sub-fields are named `_01`, and None leaves one out."""
        named = {name[1:]: value for name, value in sub.items() if value is not None}
        return self.packed(self.fields(message_type, fields, named))

    def sign_in(self) -> bytes:
        """0800, sign in."""
        return self.message("0800", {"70": "001"})

    def charge(self, fen: int, pin: str | None, *, message_type: str = "0200", **sub: Any) -> bytes:
        """0200, a charge at a pharmacy that the account shall pay whole."""
        serial = sub.get("_03") or SERIAL
        fields = {"3": "000000", "4": f"{fen:012d}", "49": "156"}
        if pin is not None:
            fields["62"] = self.block(pin, serial)
        usual = {"_01": NUMBER, "_02": CARD_NUMBER, "_03": SERIAL, "_04": "41", "_06": str(fen)}
        return self.message(message_type, fields, **{**usual, **sub})

    def enquiry(self, pin: str | None = None) -> bytes:
        """0200, the balance."""
        fields = {"3": "310000"} | ({} if pin is None else {"62": self.block(pin)})
        return self.message("0200", fields, _01=NUMBER, _02=CARD_NUMBER, _03=SERIAL)

    def cancel(self, settlement: str) -> bytes:
        """0200, a settlement taken back."""
        return self.message("0200", {"3": "200000"}, _01=NUMBER, _08=settlement)

    def reversal(self, original: bytes, *, message_type: str = "0400") -> bytes:
        """0400 or 0420 for a message of this till."""
        was = iso8583.decode(original, SPEC)[0]
        elements = f"0200{was['11']}{was['13']}{was['12']}{'0' * 22}"
        return self.message(message_type, {"90": elements}, _01=NUMBER, _10=parts(was["48"])["09"])

    def again(self, raw: bytes, message_type: str, **fields: str) -> bytes:
        """The same message under another type, or with other fields, and with its own MAC."""
        was = iso8583.decode(raw, SPEC)[0]
        kept = {n: v for n, v in was.items() if n not in {"p", "1", "64", "128"}}
        return self.packed({**kept, "t": message_type, **{n[1:]: v for n, v in fields.items()}})


class Line:
    """A till's connection to the server; blocking, as a terminal's is."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        """A message with its length."""
        self.socket.sendall(len(raw).to_bytes(2) + raw)

    def receive(self) -> bytes | None:
        """The next message; None when the other end closes."""
        header = self._exactly(2)
        return None if header is None else self._exactly(int.from_bytes(header))

    def ask(self, till: Till, raw: bytes) -> Answer:
        """A message's answer; there must be one."""
        self.send(raw)
        answer = self.receive()
        assert answer is not None, "the server closed the connection"
        return Answer(answer, till.mac)

    def _exactly(self, size: int) -> bytes | None:
        found = b""
        while len(found) < size:
            try:
                more = self.socket.recv(size - len(found))
            except ConnectionResetError:
                return None
            if not more:
                return None
            found += more
        return found
