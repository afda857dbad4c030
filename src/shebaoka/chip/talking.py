"""A talk with a card, over whatever carries bytes to it and back: read it, check a PIN at it, write a person into it.

Pure: `Carry` is a PC/SC reader's, or a virtual card itself. What a card answers and nobody expected is `CardTrouble`,
with the bytes that it said and what they mean; no sentence holds what is written in it.
"""

from collections.abc import Callable

from shebaoka.chip import apdu
from shebaoka.chip.apdu import Answer, Command, Sw
from shebaoka.chip.content import (
    ChipContent,
    Records,
    holder_from,
    holder_records,
    issue_from,
    issue_records,
)
from shebaoka.chip.files import EF05, EF06, EXTENSION_TAG, ChipFile
from shebaoka.chip.proving import UPDATE_KEY, Prover
from shebaoka.records import Digits, Trouble

Carry = Callable[[bytes], bytes]
_CARD_NUMBER_TAG = 0x07
_ROUNDS_MAX = 8
_MEANS = {
    Sw.WRONG_LENGTH: "the length is not what the card expects",
    Sw.NOT_ALLOWED_YET: "a PIN or a key has to be proved first",
    Sw.BLOCKED: "it is blocked after too many wrong entries",
    Sw.NO_FILE_CHOSEN: "no file is chosen",
    Sw.WRONG_DATA: "the data are not what the card expects",
    Sw.NO_SUCH_FILE: "the card has no such file",
    Sw.NO_SUCH_RECORD: "the card has no such record",
    Sw.NO_SUCH_COMMAND: "the card does not know the command",
    Sw.NO_SUCH_CLASS: "the card does not know this kind of command",
}


class CardTrouble(Trouble):
    """A card answered as a social security card should not, or does not let this be done."""

    code = "card_trouble"
    status = 502


class CardTalk:
    """One card, from the moment the application is chosen. `CardTrouble` if it has none."""

    def __init__(self, carry: Carry) -> None:
        self._carry = carry
        chosen = self._ask(apdu.select_application())
        if chosen.sw != Sw.DONE:
            raise CardTrouble(
                f"This is no social security card: it has not the application of one ({chosen.sw:04X}). "
                "Look whether the card lies the right way round.",
                code="not_a_social_security_card",
            )

    def read(self) -> ChipContent:
        """What the card says. `holder` is None where the card does not let EF06 be read without its PIN or key."""
        issue = issue_from(self._records(EF05) or {})
        if not issue.card_number:
            return ChipContent(issue)
        holder = self._records(EF06)
        return ChipContent(issue, holder_from(holder) if holder is not None else None)

    def serial(self) -> str:
        """The card serial alone: 32 hexadecimal digits, by which its person is found."""
        self._choose(EF05)
        return self._record(EF05.items[0].tag, EF05).hex()

    def tries_left(self) -> int:
        """How many wrong entries of the PIN the card still allows; 0 if it is locked. Asking counts as none."""
        answer = self._ask(apdu.tries_left())
        if answer.tries_left is None:
            raise _unexpected(answer, "tell how many entries of the PIN are left")
        return answer.tries_left

    def verify(self, digits: Digits) -> bool:
        """Have the card check a PIN. A wrong one is counted by the card, for good; see `tries_left`."""
        return self._right(self._ask(apdu.verify(digits.reveal())), "check the PIN")

    def change_pin(self, old: Digits, new: Digits) -> bool:
        """Have the card take a new PIN for the old one; False if the old one is wrong, which the card counts."""
        return self._right(self._ask(apdu.change_pin(old.reveal(), new.reveal())), "change the PIN")

    def personalise(self, content: ChipContent, prove: Prover) -> bool:
        """Write a person into a blank card, and read it all back. False if exactly that is in the card already.

        The card number is written last: a card that was pulled out before is still blank, and is written again.
        `CardTrouble` for a card that is somebody's, and for one that does not take the proof.
        """
        holder = content.holder
        if holder is None or content.is_blank:
            raise CardTrouble("A card is personalised with number and holder, and one of them is missing.")
        issue_values, holder_values = issue_records(content.issue), holder_records(holder)
        self._prove(prove)
        there = self.read()
        if not there.is_blank:
            if _same(there, content):
                return False
            raise CardTrouble(
                "This card is somebody's already, and stays as it is. Take a blank one from the stock.",
                code="card_is_not_blank",
            )
        number = issue_values.pop(_CARD_NUMBER_TAG)
        self._write(EF06, holder_values)
        self._write(EF05, {**issue_values, _CARD_NUMBER_TAG: number})
        if not _same(self.read(), content):
            raise CardTrouble(
                "What was written cannot be read back. Spoil this card, and take another.", code="card_is_spoilt"
            )
        return True

    def _prove(self, prove: Prover) -> None:
        challenge = self._ask(apdu.get_challenge())
        if challenge.sw != Sw.DONE:
            raise _unexpected(challenge, "give a challenge")
        answer = self._ask(apdu.external_authenticate(UPDATE_KEY, prove(UPDATE_KEY, challenge.data)))
        if answer.tries_left is not None:
            raise CardTrouble(
                f"The card does not take this key; it allows {answer.tries_left} more. Do not go on trying: find out "
                "which key these cards were made with.",
                code="card_key_is_wrong",
            )
        if answer.sw != Sw.DONE:
            raise _unexpected(answer, "take a proof of the key")

    def _records(self, file: ChipFile) -> Records | None:
        """A file's records, one without its extension by version 1.0 too; None if the card keeps it to itself."""
        self._choose(file)
        records: Records = {}
        for item in file.items:
            answer = self._ask(apdu.read_record(item.tag))
            if answer.sw == Sw.NOT_ALLOWED_YET and not records:
                return None
            if answer.sw == Sw.NO_SUCH_RECORD and item.tag == EXTENSION_TAG:
                continue
            records[item.tag] = self._value(answer, item.tag, file)
        return records

    def _record(self, tag: int, file: ChipFile) -> bytes:
        return self._value(self._ask(apdu.read_record(tag)), tag, file)

    def _value(self, answer: Answer, tag: int, file: ChipFile) -> bytes:
        if answer.sw != Sw.DONE:
            raise _unexpected(answer, f"read record {tag:02X} of {file.chinese}")
        return apdu.value_in(tag, answer.data)

    def _write(self, file: ChipFile, values: Records) -> None:
        self._choose(file)
        for tag, value in values.items():
            answer = self._ask(apdu.update_record(tag, value))
            if answer.sw != Sw.DONE:
                raise _unexpected(answer, f"write record {tag:02X} of {file.chinese}")

    def _choose(self, file: ChipFile) -> None:
        answer = self._ask(apdu.select_file(file.id))
        if answer.sw != Sw.DONE:
            raise _unexpected(answer, f"choose {file.chinese}")

    def _right(self, answer: Answer, what: str) -> bool:
        if answer.sw == Sw.BLOCKED:
            raise CardTrouble(
                "The card's PIN is locked: too many wrong entries. Its holder has it unlocked at the window (9.3).",
                code="card_pin_is_locked",
            )
        if answer.tries_left is None and answer.sw != Sw.DONE:
            raise _unexpected(answer, what)
        return answer.sw == Sw.DONE

    def _ask(self, command: Command) -> Answer:
        """A command and its answer, whole: what waits is fetched, and another length is asked for again."""
        answer, data = apdu.answer_from(self._carry(command.encode())), b""
        for _ in range(_ROUNDS_MAX):
            kind, length = answer.sw & 0xFF00, answer.sw & 0xFF
            if kind == Sw.OTHER_LENGTH:
                again = Command(command.ins, command.p1, command.p2, command.data, length or 256, command.cla)
                answer = apdu.answer_from(self._carry(again.encode()))
            elif kind == Sw.MORE:
                data += answer.data
                answer = apdu.answer_from(self._carry(apdu.get_response(length).encode()))
            else:
                return Answer(data + answer.data, answer.sw)
        raise CardTrouble("The card does not come to an end with its answer; take it out and put it in again.")


def _same(there: ChipContent, content: ChipContent) -> bool:
    """Whether a chip says just that, byte by byte: several texts may stand for the same digits."""
    if there.holder is None or content.holder is None:
        return False
    written = (issue_records(content.issue), holder_records(content.holder))
    return (issue_records(there.issue), holder_records(there.holder)) == written


def _unexpected(answer: Answer, what: str) -> CardTrouble:
    means = _MEANS.get(Sw(answer.sw)) if answer.sw in set(Sw) else None
    said = f"{answer.sw:04X}" + (f", {means}" if means else "")
    return CardTrouble(f"The card did not {what} ({said}). Take it out, put it in again, and look whose it is.")
