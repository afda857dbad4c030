"""PIN blocks of ISO 9564-1 format 4: against published examples, step by step, and whatever may come instead."""

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import assume, given
from hypothesis import strategies as st

from shebaoka.records import BadInput, Digits, VaultTrouble
from shebaoka.vault import bound_digits, pinblock, seal_pin_block
from shebaoka.vault.pinblock import PinCipher, open_pin_block

KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
EP2_KEY = bytes.fromhex("C1D0F8FB4958670DBA40AB1F3752EF0D")
SERIAL = "1407000123456789abcdef0123456789"
FILL = bytes.fromhex("548ED7FD65495950")
NO_PIN_BLOCK = "^pin_block: this is no PIN block"

serials = st.text(alphabet="0123456789abcdef", min_size=32, max_size=32)
pins = st.text(alphabet="0123456789", min_size=4, max_size=12)
fills = st.binary(min_size=8, max_size=8)


def keys_of(cipher: PinCipher) -> st.SearchStrategy[tuple[bytes, PinCipher]]:
    """Keys of every size that the cipher has, each with the cipher's name."""
    sizes = (16, 24, 32) if cipher == "aes" else (16,)
    return st.sampled_from(sizes).flatmap(lambda n: st.tuples(st.binary(min_size=n, max_size=n), st.just(cipher)))


keys = keys_of("aes") | keys_of("sm4")


def opened(key: bytes, cipher: PinCipher, block: bytes, serial: str) -> str | None:
    """The PIN in a block, or None where it is told to be no PIN block."""
    try:
        return open_pin_block(key, cipher, block, serial).reveal()
    except BadInput as e:
        if not str(e).startswith("pin_block: "):
            raise
        return None


# Blocks that others made. The first is the example in the specification of ep2 (eft/pos 2000, Security Specification
# 8.0.0, section 8.4), as the tests of the public library psec cite it; the others are in the tests of that library and
# of the public library paysec.
PUBLISHED = [
    (EP2_KEY, "1234", "432198765432109870", "CC17F65586BFD0953010226C4FC5B3CA"),
    (KEY, "1234", "1234567890123456789", "28B41FDDD29B743E93124BD8E32D921E"),
    (KEY, "1234", "1234567890123456", "52DB178C6EDCE52E3A70F7FBC8E9C758"),
    (KEY, "123456", "123456789012345678", "847A0209C659E4C4A79CA6A2A2217D31"),
    (KEY, "12345678", "1234567890123456789", "018BFEC8B5EF60181A327AD8325A2BA4"),
    (KEY, "123456", "000000000001", "39B69B1B91FE05D48F7EF0D68EB2CBD6"),
]


@pytest.mark.parametrize(("key", "pin", "number", "block"), PUBLISHED)
def test_published_blocks_open_and_are_sealed_the_same(key: bytes, pin: str, number: str, block: str) -> None:
    """A block that others made gives their PIN, and with the same filling their very bytes are made here."""
    pan = pinblock.pan_field(number)
    field = pinblock.decipher(pinblock.decryptor(key, "aes"), bytes.fromhex(block), pan)
    assert pinblock.read_pin_field(field).reveal() == pin
    assert pinblock.pin_field(Digits(pin), field[8:]) == field
    assert pinblock.encipher(pinblock.encryptor(key, "aes"), field, pan) == bytes.fromhex(block)


# From psec's tests: a wrong control, a PIN with a letter, another filler, and (AES-192) a PIN of three digits.
REFUSED = [
    ("E60B15B90ABDF14CEE337C97440F0D6E", "4266229809609384667", "7D5AF4C33667A2098626027FB7A9A1B7"),
    ("C7BBEBA16C5AD97D5866450718C03750", "8220499325458689523", "2F9C910447F17293EC95DEDE1E3CA201"),
    ("820F6C7C12355BDFF1AB6CE12E8EED89", "939589847393485609", "CCF310A8300B46C925A86B1098089301"),
    ("4FE3F0311936FBCE44F17159F1659CF09B2BF8913BB514A1", "2129100799029059903", "51334B00A6CBA3EC7B1C6F871F060AFC"),
]


@pytest.mark.parametrize(("key", "number", "block"), REFUSED)
def test_published_blocks_with_a_fault_are_refused(key: str, number: str, block: str) -> None:
    """Blocks that others made with a fault in the PIN field are refused here too."""
    context, pan = pinblock.decryptor(bytes.fromhex(key), "aes"), pinblock.pan_field(number)
    field = pinblock.decipher(context, bytes.fromhex(block), pan)
    with pytest.raises(BadInput, match=NO_PIN_BLOCK):
        pinblock.read_pin_field(field)


def test_the_fields_are_the_standards() -> None:
    """Control, length, PIN, filler and random bytes; the number's length beyond 12, the number, zeros."""
    fields = {
        "1234": "441234AAAAAAAAAA548ED7FD65495950",
        "482915": "46482915AAAAAAAA548ED7FD65495950",
        "12345678901": "4B12345678901AAA548ED7FD65495950",
        "123456789012": "4C123456789012AA548ED7FD65495950",
    }
    assert {p: pinblock.pin_field(Digits(p), FILL).hex().upper() for p in fields} == fields
    numbers = {
        "123456789012": "01234567890120000000000000000000",
        "1234567890123456": "41234567890123456000000000000000",
        "1234567890123456789": "71234567890123456789000000000000",
    }
    assert {n: pinblock.pan_field(n).hex() for n in numbers} == numbers


def test_a_block_of_either_cipher_step_by_step() -> None:
    """A block is the PIN field enciphered, the number's field added, enciphered again: done here by hand."""
    pin = bytes.fromhex("46482915AAAAAAAA548ED7FD65495950")
    pan = bytes.fromhex("0" + "567890123456" + "0" * 19)
    serial = f"{9 * 10**30 + 567890123456:032x}"
    whole = {"aes": (algorithms.AES, (16, 24, 32)), "sm4": (algorithms.SM4, (16,))}
    for cipher, (algorithm, sizes) in whole.items():
        for size in sizes:
            key = bytes(range(size))
            once = Cipher(algorithm(key), modes.ECB()).encryptor().update(pin)  # noqa: S305 - single blocks, as the standard says
            added = bytes(a ^ b for a, b in zip(once, pan, strict=True))
            block = Cipher(algorithm(key), modes.ECB()).encryptor().update(added)  # noqa: S305
            assert seal_pin_block(key, cipher, Digits("482915"), serial, FILL) == block
            assert open_pin_block(key, cipher, block, serial).reveal() == "482915"


def test_the_ciphers_are_the_standards() -> None:
    """One block under AES-128, -192 and -256 (FIPS 197, appendix C) and under SM4 (GB/T 32907, appendix A)."""
    text = bytes.fromhex("00112233445566778899aabbccddeeff")
    aes = {
        16: "69c4e0d86a7b0430d8cdb78070b4c55a",
        24: "dda97ca4864cdfe06eaf70a0ec0d7191",
        32: "8ea2b7ca516745bfeafc49904b496089",
    }
    assert {n: pinblock.encryptor(bytes(range(n)), "aes").update(text).hex() for n in aes} == aes
    sm4 = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert pinblock.encryptor(sm4, "sm4").update(sm4).hex() == "681edf34d206965e86b3e94f536e4246"


def test_what_binds_a_block_to_its_card() -> None:
    """The last 12 digits of the serial as one number, with zeros in front, however its letters are written."""
    assert bound_digits("0" * 31 + "1") == "000000000001"
    assert bound_digits(f"{10**12:032x}") == "000000000000"
    assert bound_digits(f"{10**12 - 1:032x}") == "999999999999"
    assert bound_digits("f" * 32) == str(2**128 - 1)[-12:] == bound_digits("F" * 32)
    assert bound_digits(SERIAL) == "502420146057"


def test_what_is_no_card_serial_is_refused() -> None:
    """Anything but 32 hexadecimal digits is told as the card serial's fault."""
    for text in ("", "a" * 31, "a" * 33, "g" * 32, " " + "a" * 31, "0x" + "a" * 30, "１" * 32, "a" * 32 + "\n"):
        with pytest.raises(BadInput, match=r"^card_serial: .* 32 hexadecimal digits"):
            bound_digits(text)
        with pytest.raises(BadInput, match=r"^card_serial: "):
            seal_pin_block(KEY, "aes", Digits("482915"), text, FILL)


@given(key=keys, pin=pins, serial=serials, fill=fills)
def test_what_was_sealed_opens(key: tuple[bytes, PinCipher], pin: str, serial: str, fill: bytes) -> None:
    """Whatever PIN, card, filling and key, of each cipher and size: the block has 16 bytes and opens to the PIN."""
    block = seal_pin_block(*key, Digits(pin), serial, fill)
    assert len(block) == 16
    assert open_pin_block(*key, block, serial).reveal() == pin


@given(key=keys, pin=pins, serial=serials, other=serials, fill=fills)
def test_a_block_is_one_cards_alone(
    key: tuple[bytes, PinCipher], pin: str, serial: str, other: str, fill: bytes
) -> None:
    """Brought beside another card's serial, a block does not give its PIN."""
    assume(bound_digits(serial) != bound_digits(other))
    assert opened(*key, seal_pin_block(*key, Digits(pin), serial, fill), other) != pin


@given(two=st.sampled_from([16, 24, 32]).flatmap(lambda n: st.tuples(*[st.binary(min_size=n, max_size=n)] * 2)))
def test_a_block_is_one_keys_alone(two: tuple[bytes, bytes]) -> None:
    """Under another key, a block does not give its PIN, nor under the other cipher."""
    key, other = two
    block = seal_pin_block(key, "aes", Digits("482915"), SERIAL, FILL)
    assert key == other or opened(other, "aes", block, SERIAL) != "482915"
    assert len(key) != 16 or opened(key, "sm4", block, SERIAL) != "482915"


@given(one=fills, other=fills)
def test_the_filling_hides_that_a_pin_is_the_same(one: bytes, other: bytes) -> None:
    """The same PIN for the same card is another block with every other filling."""
    blocks = [seal_pin_block(KEY, "aes", Digits("482915"), SERIAL, fill) for fill in (one, other)]
    assert (blocks[0] == blocks[1]) == (one == other)


@given(block=st.binary(max_size=40))
def test_any_bytes_at_all_are_a_pin_or_told(block: bytes) -> None:
    """Whatever comes as a PIN block opens to 4 to 12 digits or is told by its field, never anything else."""
    pin = opened(KEY, "aes", block, SERIAL)
    assert pin is None or 4 <= len(pin) <= 12


def test_a_block_of_another_size_is_told() -> None:
    """A block that is cut short, too long or empty is told with the size that one has."""
    block = seal_pin_block(KEY, "aes", Digits("482915"), SERIAL, FILL)
    for wrong in (b"", block[:15], block + b"\0", block * 2, block.hex().encode()):
        with pytest.raises(BadInput, match=f"^pin_block: a PIN block has 16 bytes, not {len(wrong)}"):
            open_pin_block(KEY, "aes", wrong, SERIAL)


def test_every_fault_of_the_field_is_found_and_told_alike() -> None:
    """Whether control, length, a digit or a filler is wrong, the sentence is one and holds no digit of the PIN."""
    good = "46482915AAAAAAAA548ED7FD65495950"
    # A shorter length leaves digits where fillers should be, a longer one fillers where digits should be.
    faults = {0: "012356789ABCDEF", 1: "012345789ABCDEF"}
    faults |= dict.fromkeys(range(2, 8), "ABCDEF") | dict.fromkeys(range(8, 16), "0123456789BCDEF")
    said = set()
    for at, wrong in faults.items():
        for nibble in wrong:
            with pytest.raises(BadInput, match=NO_PIN_BLOCK) as caught:
                pinblock.read_pin_field(bytes.fromhex(good[:at] + nibble + good[at + 1 :]))
            said.add(str(caught.value))
    assert len(said) == 1
    assert "4829" not in said.pop()
    assert pinblock.read_pin_field(bytes.fromhex(good)).reveal() == "482915"


def test_what_does_not_fit_is_not_sealed() -> None:
    """A PIN that is none, and a filling of another size, are refused by their field, and the PIN is not repeated."""
    for text in ("", "123", "1234567890123", "12a4", "１２３４", "12 4", "1234\n"):
        with pytest.raises(BadInput, match=r"^pin: .* 4 to 12 digits") as caught:
            seal_pin_block(KEY, "aes", Digits(text), SERIAL, FILL)
        assert text == "" or text not in str(caught.value)
    for fill in (b"", FILL[:7], FILL + b"\0"):
        with pytest.raises(BadInput, match=r"^random_fill: "):
            seal_pin_block(KEY, "aes", Digits("482915"), SERIAL, fill)
    for number in ("12345678901", "12345678901234567890", "12345678901x"):
        with pytest.raises(BadInput, match=r"^number: "):
            pinblock.pan_field(number)


@pytest.mark.parametrize(
    ("size", "cipher"), [(15, "aes"), (33, "aes"), (0, "aes"), (24, "sm4"), (32, "sm4"), (16, "des")]
)
def test_a_key_that_is_none_of_the_ciphers_is_trouble(size: int, cipher: PinCipher) -> None:
    """A key of another size, or for a cipher that is not known, is nobody's PIN entry at fault, and not shown."""
    key = b"K" * size
    for ask in (
        lambda: seal_pin_block(key, cipher, Digits("482915"), SERIAL, FILL),
        lambda: open_pin_block(key, cipher, bytes(16), SERIAL),
    ):
        with pytest.raises(VaultTrouble, match=f"{cipher}.*this one has {size}") as caught:
            ask()
        assert "KK" not in str(caught.value)


def test_a_library_without_an_algorithm_is_told() -> None:
    """Where the cryptographic library was built without SM4 or SM3, the trouble names what is missing."""
    with pytest.raises(VaultTrouble, match="does not offer sm4"), pinblock.offered("sm4"):
        raise UnsupportedAlgorithm("not here")
