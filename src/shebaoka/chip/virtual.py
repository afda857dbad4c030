"""A card that the project plays itself: commands in, answers out, as a social security card would. Pure.

It is for tests, training, and setting up a reader; its answer to reset says VIRTUALCARD. It keeps EF05 and EF06,
counts PIN entries, and lets itself be written under its own key alone. A card of version 3 gives EF06 only after the
PIN or that key, as such cards do. Over T=0, as they speak: an answer to a command with data waits for GET RESPONSE.
"""

import hmac
from collections.abc import Callable

from shebaoka.chip.apdu import BY_NUMBER, BY_TAG, CHALLENGE_BYTES, Answer, Command, Ins, Sw, command_from, record_of
from shebaoka.chip.content import ChipContent, Records, holder_records, issue_records
from shebaoka.chip.files import AID, EF05, EF06, FILES, Form
from shebaoka.chip.proving import FACTOR_BYTES, PROOF_BYTES, UPDATE_KEY, proof_of
from shebaoka.records import BadInput

ATR = bytes.fromhex("3B6D0000") + b"\x00\x81VIRTUALCARD"
"""T=0, and thirteen historical bytes, as many as social security cards have."""
KEY_TRIES = 3
Draw = Callable[[int], bytes]


class VirtualCard:
    """One card. `draw` gives random bytes; `pin` is in the form of VERIFY, and without one there is none to enter."""

    def __init__(self, draw: Draw, *, key: bytes, pin: bytes = b"", pin_tries_max: int = 6) -> None:
        self.files: dict[int, Records] = {
            file.id: {item.tag: (b"\xff" if item.form is Form.CN else b"\0") * item.width for item in file.items}
            for file in FILES.values()
        }
        self.pin = pin
        self.pin_tries_max = self.pin_tries_left = pin_tries_max
        self.key_tries_left = KEY_TRIES
        self._key = key
        self._draw = draw
        self.reset()

    def reset(self) -> None:
        """Power comes on again: nothing is chosen, nothing proved. What is counted and written stays."""
        self._in_application = False
        self._file = 0
        self._pin_entered = self._key_proved = False
        self._challenge = self._offered = b""
        self._waiting = b""

    def write(self, content: ChipContent) -> None:
        """Put content into the card past its key, as a card that comes from its maker has it."""
        self.files[EF05.id] = issue_records(content.issue)
        if content.holder is not None:
            self.files[EF06.id] = holder_records(content.holder)

    def answer(self, raw: bytes) -> bytes:
        """What the card says to a command, both as bytes."""
        try:
            command = command_from(raw)
        except BadInput:
            return Answer(b"", Sw.WRONG_LENGTH).encode()
        return self._answer(command).encode()

    def _answer(self, command: Command) -> Answer:
        known: dict[tuple[int, int], Callable[[Command], Answer]] = {
            (0x00, Ins.SELECT): self._select,
            (0x00, Ins.READ_RECORD): self._read,
            (0x00, Ins.UPDATE_RECORD): self._update,
            (0x00, Ins.VERIFY): self._verify,
            (0x80, Ins.CHANGE_PIN): self._change_pin,
            (0x00, Ins.GET_CHALLENGE): self._give_challenge,
            (0x00, Ins.EXTERNAL_AUTHENTICATE): self._prove,
            (0x00, Ins.GET_RESPONSE): self._give_waiting,
        }
        if command.cla not in (0x00, 0x80):
            return Answer(b"", Sw.NO_SUCH_CLASS)
        act = known.get((command.cla, command.ins))
        if act is None:
            return Answer(b"", Sw.NO_SUCH_COMMAND)
        # A challenge serves the next command alone, right or wrong; so does an answer that waits.
        self._challenge, self._offered = self._offered, b""
        waiting, self._waiting = self._waiting, b""
        if command.ins == Ins.GET_RESPONSE:
            self._waiting = waiting
        return act(command)

    def _select(self, command: Command) -> Answer:
        if command.p1 == 0x04:
            if command.data != AID:
                return Answer(b"", Sw.NO_SUCH_FILE)
            self._in_application, self._file = True, 0
            named = bytes((0x84, len(AID))) + AID
            self._waiting = bytes((0x6F, len(named))) + named
            return Answer(b"", Sw.MORE | len(self._waiting))
        if command.p1 not in (0x00, 0x02):
            return Answer(b"", Sw.WRONG_PARAMETERS)
        chosen = int.from_bytes(command.data)
        if not self._in_application or chosen not in FILES:
            return Answer(b"", Sw.NO_SUCH_FILE)
        self._file = chosen
        return Answer(b"", Sw.DONE)

    def _give_waiting(self, command: Command) -> Answer:
        if not self._waiting:
            return Answer(b"", Sw.NO_SUCH_COMMAND)
        given, self._waiting = self._waiting[: command.le], self._waiting[command.le or 0 :]
        return Answer(given, Sw.DONE)

    def _tag(self, command: Command) -> int | Answer:
        """The tag of the record that a command names, or why there is none."""
        if not self._file:
            return Answer(b"", Sw.NO_FILE_CHOSEN)
        items = FILES[self._file].items
        if command.p2 == BY_NUMBER and 0 < command.p1 <= len(items):
            return items[command.p1 - 1].tag
        if command.p2 == BY_TAG and command.p1 in self.files[self._file]:
            return command.p1
        return Answer(b"", Sw.NO_SUCH_RECORD if command.p2 in (BY_TAG, BY_NUMBER) else Sw.WRONG_PARAMETERS)

    def _read(self, command: Command) -> Answer:
        tag = self._tag(command)
        if isinstance(tag, Answer):
            return tag
        guarded = self._file == EF06.id and self.files[EF05.id][0x03].startswith(b"3")
        if guarded and not (self._pin_entered or self._key_proved):
            return Answer(b"", Sw.NOT_ALLOWED_YET)
        record = record_of(tag, self.files[self._file][tag])
        if command.le not in (256, len(record)):
            return Answer(b"", Sw.OTHER_LENGTH | len(record))
        return Answer(record, Sw.DONE)

    def _update(self, command: Command) -> Answer:
        tag = self._tag(command)
        if isinstance(tag, Answer):
            return tag
        if not self._key_proved:
            return Answer(b"", Sw.NOT_ALLOWED_YET)
        width = len(self.files[self._file][tag])
        if command.data[:2] != bytes((tag, width)) or len(command.data) != 2 + width:
            return Answer(b"", Sw.WRONG_DATA)
        self.files[self._file][tag] = command.data[2:]
        return Answer(b"", Sw.DONE)

    def _verify(self, command: Command) -> Answer:
        if not command.data and self.pin_tries_left:
            return Answer(b"", Sw.WRONG | self.pin_tries_left)
        return self._entered(command.data)

    def _entered(self, entry: bytes) -> Answer:
        """An entry of the PIN, counted. A card without a PIN has none to be right."""
        if not self.pin_tries_left:
            return Answer(b"", Sw.BLOCKED)
        self._pin_entered = bool(self.pin) and hmac.compare_digest(entry, self.pin)
        self.pin_tries_left = self.pin_tries_max if self._pin_entered else self.pin_tries_left - 1
        if self._pin_entered:
            return Answer(b"", Sw.DONE)
        return Answer(b"", Sw.WRONG | self.pin_tries_left if self.pin_tries_left else Sw.BLOCKED)

    def _change_pin(self, command: Command) -> Answer:
        old, cut, new = command.data.partition(b"\xff")
        if command.p1 != 0x01 or not cut or not new:
            return Answer(b"", Sw.WRONG_DATA)
        answer = self._entered(old)
        if answer.sw == Sw.DONE:
            self.pin = new
        return answer

    def _give_challenge(self, command: Command) -> Answer:
        if command.le != CHALLENGE_BYTES:
            return Answer(b"", Sw.WRONG_LENGTH)
        self._offered = self._draw(CHALLENGE_BYTES)
        return Answer(self._offered, Sw.DONE)

    def _prove(self, command: Command) -> Answer:
        if command.p2 != UPDATE_KEY or len(command.data) != PROOF_BYTES + FACTOR_BYTES:
            return Answer(b"", Sw.WRONG_PARAMETERS)
        if not self._challenge:
            return Answer(b"", Sw.NO_CHALLENGE)
        if not self.key_tries_left:
            return Answer(b"", Sw.BLOCKED)
        right = proof_of(self._key, self._challenge, command.data[PROOF_BYTES:])
        self._key_proved = hmac.compare_digest(command.data, right)
        self.key_tries_left = KEY_TRIES if self._key_proved else self.key_tries_left - 1
        if self._key_proved:
            return Answer(b"", Sw.DONE)
        return Answer(b"", Sw.WRONG | self.key_tries_left if self.key_tries_left else Sw.BLOCKED)
