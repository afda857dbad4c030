"""The chip of a card: its two files byte by byte, the talk with it, and the card that the project plays itself."""

import datetime as dt
import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebaoka.chip import (
    CardTalk,
    CardTrouble,
    ChipContent,
    Holder,
    Issue,
    VirtualCard,
    name_in_bytes,
    pin_block,
    proof_of,
)
from shebaoka.chip.apdu import Answer, Sw, command_from, select_application
from shebaoka.chip.content import holder_from, holder_records, issue_from, issue_records
from shebaoka.desk.batchcheck import card_name_fits
from shebaoka.records import BadInput, Digits, Sex

KEY = bytes(range(16))
FACTOR = b"factor08"
ISSUE = Issue(
    card_serial="140700" + "0123456789abcdef0123456789",
    card_category="3",
    spec_version="2.00",
    issuer="91560000021407000000FF0F",
    issued_on=dt.date(2013, 7, 1),
    valid_until=None,
    card_number="A12345678",
)
HOLDER = Holder(
    number="140702199003071246",
    name="买买提·吐尔逊",
    sex=Sex.FEMALE,
    ethnic_group="05",
    birth_place="140702",
    birth_on=dt.date(1990, 3, 7),
)
CONTENT = ChipContent(ISSUE, HOLDER)
RIGHT, WRONG = Digits("472093"), Digits("118822")


def drawn(length: int) -> bytes:
    """Bytes that look drawn, the same in every run."""
    return bytes(range(7, 7 + length))


def a_card(content: ChipContent | None = CONTENT, version: str = "2.00") -> VirtualCard:
    """A card with a PIN, personalised unless it shall be blank."""
    card = VirtualCard(drawn, key=KEY, pin=pin_block(RIGHT.reveal()), pin_tries_max=3)
    if content is not None:
        card.write(msgspec.structs.replace(content, issue=msgspec.structs.replace(content.issue, spec_version=version)))
    return card


def prove(key: int, challenge: bytes) -> bytes:
    """Proof under the card's own key."""
    assert key == 0x04
    return proof_of(KEY, challenge, FACTOR)


def test_the_files_are_the_fields_own() -> None:
    """Each item has the tag, the form and the width of the file structure V2.0, as card readers in the field expect."""
    issue, holder = issue_records(ISSUE), holder_records(HOLDER)
    assert {tag: value.hex() for tag, value in issue.items()} == {
        0x01: "1407000123456789abcdef0123456789",
        0x02: "33",
        0x03: "322e3030",
        0x04: "91560000021407000000ff0f",
        0x05: "20130701",
        0x06: "ffffffff",
        0x07: "413132333435363738",
    }
    assert {tag: value.hex() for tag, value in holder.items()} == {
        0x08: "313430373032313939303033303731323436",
        0x09: ("c2f2c2f2cce1a1a4cdc2b6fbd1b7" + "00" * 16),
        0x4E: "00" * 20,
        0x0A: "32",
        0x0B: "05",
        0x0C: "140702",
        0x0D: "19900307",
    }


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=25)


@given(
    name=NAMES,
    ethnic_group=st.sampled_from(["", "01", "56"]),
    birth_place=st.sampled_from(["", "140726"]),
    day=st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2999, 12, 31)),
    sex=st.none() | st.sampled_from(Sex),
)
def test_what_is_written_is_read(
    name: str, ethnic_group: str, birth_place: str, day: dt.date | None, sex: Sex | None
) -> None:
    """Whatever fits into the two files comes out of them again; a name that does not fit is told, and never cut."""
    holder = Holder(HOLDER.number, name, sex, ethnic_group, birth_place, day)
    issue = msgspec.structs.replace(ISSUE, issued_on=day, valid_until=day)
    assert issue_from(issue_records(issue)) == issue
    try:
        first, more = name_in_bytes(name)
    except BadInput:
        assert not card_name_fits(name)
        assert len(name.encode("gb18030")) > 30 + 20 - 3
    else:
        assert card_name_fits(name)
        assert first.decode("gb18030") + more.decode("gb18030") == name
        assert (len(first) <= 30, len(more) <= 20) == (True, True)
        assert holder_from(holder_records(holder)) == holder


def test_a_person_is_written_into_a_blank_card_once() -> None:
    """A blank card takes a person under its key; the same again changes nothing, and one that is somebody's stays."""
    card = a_card(None)
    talk = CardTalk(card.answer)
    assert talk.read().is_blank
    with pytest.raises(CardTrouble, match="this key; it allows 2 more"):
        talk.personalise(CONTENT, lambda *_: proof_of(bytes(16), drawn(8), FACTOR))
    assert talk.personalise(CONTENT, prove)
    assert CardTalk(card.answer).read() == CONTENT
    assert not CardTalk(card.answer).personalise(CONTENT, prove)
    other = msgspec.structs.replace(CONTENT, issue=msgspec.structs.replace(ISSUE, card_number="B00000001"))
    with pytest.raises(CardTrouble, match="somebody's already"):
        talk.personalise(other, prove)
    assert CardTalk(card.answer).read() == CONTENT
    assert CardTalk(card.answer).serial() == ISSUE.card_serial


class Pulled(Exception):  # noqa: N818 - what the hand does
    """The card is out of the reader."""


@pytest.mark.parametrize("after", range(1, 60, 4))
def test_a_card_pulled_out_while_it_is_written_is_blank_or_whole(after: int) -> None:
    """Wherever it stops, the card is still blank and takes the same person again, or has all of them."""
    card, asked = a_card(None), itertools.count(1)

    def carry(raw: bytes) -> bytes:
        if next(asked) > after:
            raise Pulled
        return card.answer(raw)

    try:
        CardTalk(carry).personalise(CONTENT, prove)
    except Pulled:
        card.reset()
    there = CardTalk(card.answer).read()
    assert there.is_blank or there == CONTENT
    CardTalk(card.answer).personalise(CONTENT, prove)
    assert CardTalk(card.answer).read() == CONTENT


def test_the_card_counts_entries_of_the_pin() -> None:
    """A wrong PIN is counted, a right one sets the count back, asking counts nothing, and the last wrong one locks."""
    talk = CardTalk(a_card().answer)
    assert (talk.verify(WRONG), talk.tries_left()) == (False, 2)
    assert (talk.verify(RIGHT), talk.tries_left(), talk.tries_left()) == (True, 3, 3)
    assert (talk.change_pin(WRONG, RIGHT), talk.change_pin(RIGHT, Digits("593816"))) == (False, True)
    assert talk.verify(Digits("593816"))
    for _ in range(2):
        assert not talk.verify(WRONG)
    with pytest.raises(CardTrouble, match=r"locked.*9\.3"):
        talk.verify(WRONG)
    assert talk.tries_left() == 0


def test_a_card_of_version_3_keeps_its_holder_until_the_pin() -> None:
    """EF05 is read freely, so that serial and card number find the person; EF06 only after the PIN."""
    card = a_card(version="3.00")
    talk = CardTalk(card.answer)
    assert (talk.read().holder, talk.read().issue.card_number) == (None, ISSUE.card_number)
    talk.verify(RIGHT)
    assert talk.read().holder == HOLDER
    card.reset()
    assert CardTalk(card.answer).read().holder is None


def test_records_are_found_by_tag_and_by_number() -> None:
    """Readers in the field ask in either way, with the very length or with none; both get tag, length, value."""
    card = a_card()
    assert CardTalk(card.answer)
    said = []
    for sent in ("00A4020002EF06", "00B2080014", "00B2010400", "00B2010405", "00B2FF0000", "00B2090002"):
        answer = card.answer(bytes.fromhex(sent))
        said.append((answer[:2].hex(), len(answer), answer[-2:].hex()))
    assert said == [
        ("9000", 2, "9000"),
        ("0812", 22, "9000"),
        ("0812", 22, "9000"),
        ("6c14", 2, "6c14"),
        ("6a83", 2, "6a83"),
        ("6c20", 2, "6c20"),
    ]


@given(st.lists(st.binary(max_size=24) | st.sampled_from([select_application().encode()]), max_size=6))
def test_no_command_breaks_the_card(commands: list[bytes]) -> None:
    """Whatever is sent, the card answers with a status, and is neither written nor opened by it."""
    card = a_card()
    before = {file: dict(records) for file, records in card.files.items()}
    for raw in commands:
        answer = card.answer(raw)
        assert len(answer) >= 2
        assert answer[-2] in {0x90, 0x61, 0x63, 0x67, 0x69, 0x6A, 0x6C, 0x6D, 0x6E}
    assert card.files == before


def test_what_a_card_should_not_say_is_told() -> None:
    """A card of another kind, records cut or of another tag, and a status that nobody knows: each has a sentence."""
    with pytest.raises(CardTrouble, match=r"no social security card.*6A82"):
        CardTalk(lambda _: Answer(b"", Sw.NO_SUCH_FILE).encode())
    card = a_card()

    def lying(raw: bytes) -> bytes:
        if command_from(raw).ins == 0xB2:
            return b"\x01\x10\x00\x90\x00"
        return card.answer(raw)

    with pytest.raises(BadInput, match="another record"):
        CardTalk(lying).read()
    with pytest.raises(CardTrouble, match=r"tell how many.*6F01"):
        CardTalk(lambda raw: b"\x6f\x01" if raw[1] == 0x20 else card.answer(raw)).tries_left()
    with pytest.raises(CardTrouble, match="not come to an end"):
        CardTalk(lambda _: b"\x61\x10")
    with pytest.raises(BadInput, match="fewer"):
        CardTalk(lambda _: b"\x90")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"card_serial": "1407"}, "card_serial: a card serial is 32"),
        ({"card_number": "A1"}, "card_number: a card number is nine"),
        ({"issuer": "太原"}, "issuer: 初始化机构编号 is written in digits"),
        ({"spec_version": "2.000"}, "spec_version: 规范版本 has room for 4 bytes"),
    ],
)
def test_what_has_no_room_is_told_by_its_item(changed: dict[str, str], said: str) -> None:
    """An item that does not fit is named, with what it takes; nothing is cut to fit."""
    with pytest.raises(BadInput) as told:
        issue_records(msgspec.structs.replace(ISSUE, **changed))
    assert str(told.value).startswith(said)
