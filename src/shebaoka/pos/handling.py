"""One message of a terminal from bytes to bytes: read, its MAC checked, asked at the counter, answered and signed.

A message that is answered by a trouble is counted by its code. Of one that cannot be read, or whose MAC is not right,
nothing reaches the desk.
"""

import datetime as dt
import hmac
import logging
import traceback
from collections.abc import Mapping

import msgspec
from anyio import to_thread

from shebaoka.desk import ReadCode, Terminal, ask_of
from shebaoka.pos.answers import Fields, answer_to, cycle_told, decided, old_card_told, troubled
from shebaoka.pos.codes import APPROVED, SYSTEM
from shebaoka.pos.inputs import REQUESTS, Said, by_code, is_known_type, read
from shebaoka.pos.once import Once
from shebaoka.pos.packing import Mac, at_fault, pack, unpack
from shebaoka.pos.spec import CODE, CYCLE, ECHO, MAC_SIZE, RECONCILE, SERIAL, SIGN_IN, SIGN_OFF, YEAR
from shebaoka.pos.totals import compared, stated
from shebaoka.records import BadInput, Broken, Digits, NotSignedIn, SignatureWrong, Terms, Trouble
from shebaoka.web import Front, asked

log = logging.getLogger(__name__)
ONCE = {SIGN_IN, SIGN_OFF, RECONCILE}
"""What the journal does not know, and does something."""


class Reply(msgspec.Struct, frozen=True):
    """What goes back, empty for nothing; and whether the connection is kept."""

    message: bytes
    keep: bool


class Handler:
    """Answers the messages of all terminals."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._once = Once()

    async def answer(self, raw: bytes) -> Reply:
        """The answer to a message. Whoever did not sign it rightly gets one without a MAC, and no further.

        `Broken` if the program is at fault: no answer is better than one that nobody can vouch for.
        """
        try:
            return await self._answered(raw)
        except Exception as e:  # noqa: BLE001 - said again as the program's fault
            # The words of an exception may hold what was sent; its kind and its places are enough to find the fault.
            places = "".join(traceback.format_tb(e.__traceback__))
            log.error("fault while answering a POS terminal: %s\n%s", type(e).__name__, places)  # noqa: TRY400
            raise Broken("The program is at fault while answering a POS terminal; see the log.") from None

    async def _answered(self, raw: bytes) -> Reply:
        unpacked = unpack(raw)
        fields = unpacked.fields
        if not is_known_type(fields.get("t", "")):
            self.turn_away(BadInput.code)
            return Reply(b"", keep=False)
        try:
            if unpacked.fault:
                raise at_fault(unpacked.fault, "cannot be read")
            terminal = await self._sender(fields, raw)
        except Trouble as e:
            return Reply(self._packed(fields, *self._troubled(e)), keep=False)
        answer = await self._signed(terminal, fields, raw[-MAC_SIZE:])
        return Reply(answer, keep=bool(answer))

    def turn_away(self, code: str) -> None:
        """Count a message, or a connection, that was turned away."""
        self._front.turned_away[code] += 1

    def _troubled(self, trouble: Trouble, year: str = "") -> tuple[Fields, Fields]:
        self.turn_away(trouble.code)
        return troubled(trouble, year)

    async def _sender(self, fields: Mapping[str, str], raw: bytes) -> Terminal:
        """The terminal whose MAC the message bears. `SignatureWrong` says no more than that it is not so."""
        institutions = self._front.institutions
        key_id, institution = fields.get("41", "").rstrip(" "), fields.get("42", "").rstrip(" ")
        terminal = institutions.known_terminal(key_id)
        if terminal is None and key_id:
            terminal = await to_thread.run_sync(self._found, key_id)
        # A terminal with a key pair shares no key with us, so it cannot make a MAC.
        if terminal is not None and terminal.algorithm != "ed25519" and terminal.institution == institution:
            right = institutions.sign_for(terminal, raw[:-MAC_SIZE])[:MAC_SIZE]
            if hmac.compare_digest(right, raw[-MAC_SIZE:]):
                return terminal
        raise SignatureWrong("This server knows no open terminal of this id, or the MAC is not this message's.")

    def _found(self, key_id: str) -> Terminal | None:
        try:
            return self._front.institutions.terminal(key_id)
        except NotSignedIn:
            return None

    async def _signed(self, terminal: Terminal, fields: Mapping[str, str], mac: bytes) -> bytes:
        """The answer to a message that its terminal signed."""
        now = self._front.clock().astimezone(self._front.notices.zone)

        def packed(told: tuple[Fields, Fields]) -> bytes:
            return self._packed(fields, *told, lambda body: self._front.institutions.sign_for(terminal, body))

        try:
            said = read(fields, terminal.institution, now)
        except Trouble as e:
            return packed(self._troubled(e))
        if said.kind not in ONCE:
            return packed(await self._said(terminal, said))

        async def make() -> tuple[bytes, bool]:
            told = await self._said(terminal, said)
            return packed(told), told[0]["39"] != SYSTEM

        try:
            return await self._once.answer((terminal.key_id, mac), said.at, now, make)
        except Trouble as e:
            return packed(self._troubled(e, said.sub[YEAR]))

    async def _said(self, terminal: Terminal, said: Said) -> tuple[Fields, Fields]:
        """What is answered to what the terminal said."""
        try:
            if said.kind in REQUESTS:
                return await self._decided(terminal, said)
            return await to_thread.run_sync(self._about_the_cycle, terminal, said)
        except Trouble as e:
            return self._troubled(e, said.sub[YEAR])

    def _about_the_cycle(self, terminal: Terminal, said: Said) -> tuple[Fields, Fields]:
        """Signing in and off, the totals of a cycle, and the echo; these rest on no decision about a person."""
        front, year = self._front, said.sub[YEAR]
        if said.kind == ECHO:
            return {"39": APPROVED}, {YEAR: year}
        if said.kind == SIGN_IN:
            fields, sub = cycle_told(front.institutions.sign_in(terminal), year, front.notices.zone)
            on = front.clock().astimezone(front.notices.zone).date()
            return fields, sub | old_card_told(front.notices.with_cutover(on))
        terminal.must("reconcile")
        cycle = front.evening.cycle(int(said.sub[CYCLE]), terminal.institution)
        if said.kind == SIGN_OFF:
            closed = front.evening.close(cycle.id, terminal.key_id)
            front.institutions.forget_cycle(terminal.institution)
            return cycle_told(closed, year, front.notices.zone)
        return compared(front.evening.compare_totals(cycle.id, stated(said), terminal.key_id), cycle.id, year)

    async def _decided(self, terminal: Terminal, said: Said) -> tuple[Fields, Fields]:
        code_at = None
        if CODE in said.sub:
            shown = await to_thread.run_sync(self._read, said.sub[CODE])
            said, code_at = by_code(said, shown), shown.made_at
        request = REQUESTS[said.kind](said, terminal.institution)
        pin = self._pin(terminal, said)
        (outcome,) = await asked(self._front, [ask_of(terminal, request, pin, await self._terms(terminal), code_at)])
        if isinstance(outcome, Trouble):
            raise outcome
        speech = self._front.speech(outcome.answer.notice, "zh-Hans")
        return decided(outcome, speech, said.sub[YEAR], pin_given=pin is not None)

    def _read(self, code: str) -> ReadCode:
        try:
            return self._front.ecards.read(code)
        except BadInput:
            raise at_fault(f"48.{CODE}", "is no code of an electronic card of this city") from None

    def _pin(self, terminal: Terminal, said: Said) -> Digits | None:
        if "62" not in said.fields:
            return None
        bound = said.sub.get(CODE) or said.sub.get(SERIAL)
        if bound is None:
            raise at_fault(f"48.{SERIAL}", "is missing: a PIN block is bound to the card's serial")
        try:
            block = bytes.fromhex(said.fields["62"])
            return self._front.institutions.pin_of(terminal, block, bound)
        except BadInput:
            raise at_fault("62", "is no PIN block of format 4 under the terminal's PIN key for this card") from None

    async def _terms(self, terminal: Terminal) -> Terms:
        known = self._front.institutions.known_terms(terminal)
        return known if known is not None else await to_thread.run_sync(self._front.institutions.terms, terminal)

    def _packed(self, request: Mapping[str, str], said: Fields, sub: Fields, mac: Mac | None = None) -> bytes:
        return pack(answer_to(request, said, sub, self._front.clock().astimezone(dt.UTC)), mac)
