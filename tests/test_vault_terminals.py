"""Terminals' keys in the vault: drawn, wrapped for the database, and what comes under them; asked of both vaults."""

import hmac
import secrets
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebaoka.records import BadInput, Digits, VaultTrouble
from shebaoka.vault import PinCipher, SoftwareVault, Vault, seal_pin_block
from shebaoka.vault import vault as vault_module
from shebaoka.vault.terminalkey import TerminalKey
from test_vault import KINDS, KeyFile, Place, fresh_place, one_vault

PIN, OTHER = Digits("482915"), Digits("190372")
SERIAL, OTHER_SERIAL = "1407000123456789abcdef0123456789", "1407000123456789abcdef0123456788"
NOT_UNWRAPPED = r"terminal's key cannot be unwrapped: .*; restore vault and database"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place for keys of either kind."""
    with fresh_place(request.param, tmp_path) as fresh:
        yield fresh


@pytest.fixture
def vault(place: Place) -> Vault:
    """A vault at its first start."""
    return place.open()


def sealed(key: bytes, cipher: PinCipher = "aes", pin: Digits = PIN) -> bytes:
    """A PIN block as a terminal with this key sends it."""
    return seal_pin_block(key, cipher, pin, SERIAL, secrets.token_bytes(8))


def spelled(key: bytes) -> list[str]:
    """A key as it might be shown."""
    return [key.hex(), key.hex().upper(), repr(key)[2:-1]]


@pytest.mark.parametrize("size", [16, 24, 32, 64])
def test_a_key_is_drawn_and_wrapped(vault: Vault, size: int) -> None:
    """A drawn key has the size asked for, is another each time, and its wrapping is 28 bytes longer and hides it."""
    drawn = [vault.draw_key(size) for _ in range(3)]
    assert len({key for key, _ in drawn}) == len({wrapped for _, wrapped in drawn}) == 3
    for key, wrapped in drawn:
        assert (len(key), len(wrapped)) == (size, size + 28)
        assert key not in wrapped
        assert vault.message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(key, b"a", "sha256")


def test_a_key_that_an_institution_brings(vault: Vault) -> None:
    """A brought key does what a drawn one does, and wrapped twice it looks like two."""
    key = secrets.token_bytes(16)
    wrapped = [vault.wrap_key(key) for _ in range(2)]
    assert wrapped[0][:12] != wrapped[1][:12]
    assert wrapped[0][12:] != wrapped[1][12:]
    for one in wrapped:
        assert vault.open_pin_block(one, "aes", sealed(key), SERIAL).reveal() == PIN.reveal()


@pytest.mark.parametrize("size", [0, 1, 15, 65, 1000])
def test_a_size_that_no_key_may_have_is_refused(vault: Vault, size: int) -> None:
    """A key that is too short to be safe, or longer than HMAC uses, is neither drawn nor wrapped, and not shown."""
    for ask in (partial(vault.draw_key, size), partial(vault.wrap_key, b"K" * size)):
        with pytest.raises(BadInput, match=f"^key: .* 16 to 64 bytes, not {size};") as caught:
            ask()
        assert "KK" not in str(caught.value)


# HMAC-SM3 as GM/T 0042-2015 gives it in appendix D.3 (as cited in crypto/testmgr.h of Linux), HMAC-SHA-256 as RFC 4231
# does in its test cases 1 and 3.
MACS = [
    ("hmac-sm3", bytes(range(1, 33)), b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
     "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"),
    ("hmac-sm3", bytes(range(1, 38)), b"\xcd" * 50, "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae"),
    ("hmac-sm3", b"\x0b" * 32, b"Hi There", "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e"),
    ("hmac-sha256", b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("hmac-sha256", b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
]  # fmt: skip


@pytest.mark.parametrize(("algorithm", "key", "message", "mac"), MACS)
def test_published_macs(vault: Vault, algorithm: str, key: bytes, message: bytes, mac: str) -> None:
    """Both algorithms give what their standards say, for a key that was wrapped and unwrapped; so the second time."""
    wrapped = vault.wrap_key(key)
    for _ in range(2):
        assert vault.message_mac(wrapped, algorithm, message).hex() == mac
        assert vault.check_message_mac(wrapped, algorithm, message, bytes.fromhex(mac))


@one_vault
@given(
    message=st.binary(max_size=200),
    other=st.binary(max_size=200),
    algorithm=st.sampled_from(["hmac-sha256", "hmac-sm3"]),
)
def test_a_mac_is_one_messages_alone(vault: Vault, message: bytes, other: bytes, algorithm: str) -> None:
    """A MAC checks for its message, key and algorithm, whole, and for nothing else."""
    wrapped, strange = vault.wrap_key(b"k" * 32), vault.wrap_key(b"s" * 32)
    mac = vault.message_mac(wrapped, algorithm, message)
    assert len(mac) == 32
    assert vault.check_message_mac(wrapped, algorithm, message, mac)
    assert vault.check_message_mac(wrapped, algorithm, other, mac) == (other == message)
    assert not vault.check_message_mac(strange, algorithm, message, mac)
    other_algorithm = "hmac-sm3" if algorithm == "hmac-sha256" else "hmac-sha256"
    assert not vault.check_message_mac(wrapped, other_algorithm, message, mac)
    for wrong in (b"", mac[:8], mac[:31], mac + b"\0", bytes(32)):
        assert not vault.check_message_mac(wrapped, algorithm, message, wrong)


def test_an_algorithm_that_is_not_known_is_trouble(vault: Vault) -> None:
    """A message is never authenticated by another algorithm than the one named."""
    _, wrapped = vault.draw_key(32)
    for name in ("ed25519", "", "HMAC-SM3", "sha256"):
        with pytest.raises(VaultTrouble, match=f"no message authentication '{name}'"):
            vault.check_message_mac(wrapped, name, b"a", b"")


@pytest.mark.parametrize(("cipher", "size"), [("aes", 16), ("aes", 24), ("aes", 32), ("sm4", 16)])
def test_a_pin_block_opens_for_its_card_and_key(vault: Vault, cipher: PinCipher, size: int) -> None:
    """The PIN comes out for the right card and key, time after time; a block of another card or key is told."""
    (key, wrapped), (_, strange) = vault.draw_key(size), vault.draw_key(size)
    for pin in (PIN, OTHER, PIN):
        assert vault.open_pin_block(wrapped, cipher, sealed(key, cipher, pin), SERIAL).reveal() == pin.reveal()
    block = sealed(key, cipher)
    for ask in (
        partial(vault.open_pin_block, strange, cipher, block, SERIAL),
        partial(vault.open_pin_block, wrapped, cipher, block, OTHER_SERIAL),
    ):
        # By chance, less than once in a million, it may open to some other PIN; never to the right one.
        assert said_of(ask) != PIN.reveal()
    with pytest.raises(BadInput, match=r"^pin_block: a PIN block has 16 bytes, not 15"):
        vault.open_pin_block(wrapped, cipher, block[:15], SERIAL)
    with pytest.raises(BadInput, match=r"^card_serial: "):
        vault.open_pin_block(wrapped, cipher, block, "")


def said_of(ask: Callable[[], Digits]) -> str:
    """The PIN that a block opens to, or the sentence about it."""
    try:
        return ask().reveal()
    except BadInput as e:
        return str(e)


def test_an_opened_pin_checks_as_any_other(vault: Vault) -> None:
    """The digits out of a block are the ones that the card's PIN value was made of."""
    key, wrapped = vault.draw_key(16)
    kept = vault.seal(7, 2, PIN)
    assert vault.check(7, 2, vault.open_pin_block(wrapped, "sm4", sealed(key, "sm4"), SERIAL), kept)
    assert not vault.check(7, 2, vault.open_pin_block(wrapped, "sm4", sealed(key, "sm4", OTHER), SERIAL), kept)


def test_one_key_may_serve_several_ciphers(vault: Vault) -> None:
    """What was begun with a key for one cipher or MAC is not taken for another."""
    key, wrapped = vault.draw_key(16)
    for _ in range(2):
        for cipher in ("aes", "sm4"):
            assert vault.open_pin_block(wrapped, cipher, sealed(key, cipher), SERIAL).reveal() == PIN.reveal()
        assert vault.message_mac(wrapped, "hmac-sha256", b"a") != vault.message_mac(wrapped, "hmac-sm3", b"a")


def test_a_key_of_a_wrong_size_for_the_cipher_is_trouble(vault: Vault) -> None:
    """A signing key used as a PIN key is told as the installation's fault, not as the holder's entry."""
    for size, cipher in ((64, "aes"), (32, "sm4")):
        with pytest.raises(VaultTrouble, match=f"PIN key for '{cipher}' has .* this one has {size}"):
            vault.open_pin_block(vault.draw_key(size)[1], cipher, bytes(16), SERIAL)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_wrapped_key_that_was_changed_is_refused(vault: Vault) -> None:
    """One bit changed anywhere, or bytes lost or added: trouble with what to restore, before anything is computed."""
    _, wrapped = vault.draw_key(16)
    changed = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(len(wrapped))]
    cut = [b"", wrapped[:12], wrapped[:27], wrapped[:28], wrapped[:-1], wrapped[1:], wrapped + b"\0", wrapped * 2]
    for wrong in changed + cut:
        with pytest.raises(VaultTrouble, match=NOT_UNWRAPPED):
            vault.message_mac(wrong, "hmac-sha256", b"a")
    for ask in (
        partial(vault.check_message_mac, changed[0], "hmac-sm3", b"a", bytes(32)),
        partial(vault.open_pin_block, changed[0], "aes", bytes(16), SERIAL),
    ):
        with pytest.raises(VaultTrouble, match=NOT_UNWRAPPED):
            ask()
    assert len(vault.message_mac(wrapped, "hmac-sha256", b"a")) == 32


def test_a_key_that_another_vault_wrapped_is_refused(tmp_path: Path) -> None:
    """A wrapped key is of use only with the vault that wrapped it."""
    one, other = SoftwareVault.open(tmp_path / "one"), SoftwareVault.open(tmp_path / "other")
    with pytest.raises(VaultTrouble, match=NOT_UNWRAPPED):
        other.message_mac(one.draw_key(32)[1], "hmac-sha256", b"a")


def test_nothing_else_that_is_sealed_stands_for_a_wrapped_key(tmp_path: Path) -> None:
    """The sealed first PIN, long enough to be a key, does not unwrap as one; purposes are kept apart."""
    vault = SoftwareVault.open(tmp_path / "keys")
    vault.set_first_pin(Digits("739182640517"), length=12)
    first = vault._file.read().first_pin
    for text in (first.text, first.text + bytes(4)):
        with pytest.raises(VaultTrouble, match=NOT_UNWRAPPED):
            vault.message_mac(first.nonce + text, "hmac-sha256", b"a")


def test_the_wrapping_stays(tmp_path: Path) -> None:
    """A key is wrapped as ever, byte for byte: to wrap otherwise would make every terminal's key useless."""
    vault = SoftwareVault.open(tmp_path / "keys")
    with vault._file.locked():
        vault._file.write(msgspec.structs.replace(vault._file.read(), lasting=bytes(range(32))))
    wrapped = bytes.fromhex("000102030405060708090a0b950ffb446ef21eaad57451c3adb47e7aca3647e271ebb05960a1e8d0b8e182d4")
    again = SoftwareVault.open(tmp_path / "keys")
    assert again.message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(b"K" * 16, b"a", "sha256")


@pytest.mark.parametrize("turns", [0, 3])
def test_wrapped_keys_outlive_reopening_and_rotation(place: Place, turns: int) -> None:
    """A wrapped key opens in a vault that is opened later, whatever was rotated since, and in the one that was open."""
    vault = place.open()
    key, wrapped = vault.draw_key(32)
    for _ in range(turns):
        vault.rotate()
    for one in (vault, place.open()):
        assert one.open_pin_block(wrapped, "aes", sealed(key), SERIAL).reveal() == PIN.reveal()
        assert one.check_message_mac(wrapped, "hmac-sha256", b"a", hmac.digest(key, b"a", "sha256"))


def test_a_key_wrapped_elsewhere_opens_in_an_open_vault(place: Place) -> None:
    """What one process wrapped, another that was open already unwraps."""
    here, there = place.open(), place.open()
    key, wrapped = there.draw_key(16)
    assert here.message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(key, b"a", "sha256")


def test_a_key_is_unwrapped_once_and_at_most_so_many_are_kept(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many messages under one key cost one unwrapping; a key that made room for others is unwrapped again."""
    asked, unwrap = [], vault._unwrap
    monkeypatch.setattr(vault, "_unwrap", lambda one: (asked.append(one), unwrap(one))[1])
    _, wrapped = vault.draw_key(16)
    for _ in range(5):
        vault.message_mac(wrapped, "hmac-sha256", b"a")
    assert len(asked) == 1
    monkeypatch.setattr(vault, "_unwrap", lambda _: bytes(16))
    for n in range(vault_module.TERMINAL_KEYS_MAX):
        vault.message_mac(n.to_bytes(44), "hmac-sha256", b"a")
    assert vault._terminal_key.cache_info().currsize == vault_module.TERMINAL_KEYS_MAX
    monkeypatch.setattr(vault, "_unwrap", lambda one: (asked.append(one), unwrap(one))[1])
    vault.message_mac(wrapped, "hmac-sha256", b"a")
    assert len(asked) == 2


def test_threads_may_open_blocks_under_one_key(vault: Vault) -> None:
    """Several threads at once get their own PINs out of blocks under one key, and their own MACs."""
    key, wrapped = vault.draw_key(16)
    wrong: list[str] = []

    def ask(pin: Digits, algorithm: str) -> None:
        block, mac = sealed(key, pin=pin), vault.message_mac(wrapped, algorithm, pin.reveal().encode())
        for _ in range(500):
            if vault.open_pin_block(wrapped, "aes", block, SERIAL).reveal() != pin.reveal():
                wrong.append("PIN")
            if not vault.check_message_mac(wrapped, algorithm, pin.reveal().encode(), mac):
                wrong.append("MAC")

    both = [(Digits(f"{n}{n}82915"), ("hmac-sha256", "hmac-sm3")[n % 2]) for n in range(4)]
    threads = [threading.Thread(target=ask, args=one) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_key_of_a_terminal_is_shown_or_written(place: Place, tmp_path: Path) -> None:
    """After all kinds of use neither the prints of the vault's parts, nor its files, nor a trouble hold the key."""
    vault = place.open()
    key, wrapped = vault.draw_key(24)
    vault.open_pin_block(wrapped, "aes", sealed(key), SERIAL)
    vault.message_mac(wrapped, "hmac-sm3", b"a")
    held = vault._terminal_key(wrapped)
    shown = [repr(vault), repr(vars(vault)), repr(held), str(held), repr([held]), repr(vault._terminal_key)]
    assert repr(held) == "TerminalKey(hidden)"
    for ask in (
        partial(vault.open_pin_block, wrapped, "sm4", bytes(16), SERIAL),
        partial(vault.open_pin_block, wrapped, "aes", sealed(key), OTHER_SERIAL),
        partial(vault.message_mac, wrapped, "ed25519", b"a"),
    ):
        with pytest.raises((VaultTrouble, BadInput)) as caught:
            ask()
        shown += traceback.format_exception(caught.value)
    shown += [f.read_bytes().decode("latin-1") for f in tmp_path.rglob("*") if f.is_file()]
    assert not [s for s in [*spelled(key), key.decode("latin-1")] for text in shown if s in text]


def test_a_key_does_not_encode() -> None:
    """A key in clear cannot be put into a message or a log by the encoder that the house uses."""
    with pytest.raises(TypeError):
        msgspec.json.encode(TerminalKey(bytes(16)))


def test_a_key_file_from_before_there_were_terminals_serves(tmp_path: Path) -> None:
    """The key file needs nothing new: one that an older program made wraps terminals' keys at once."""
    place = KeyFile(tmp_path / "keys")
    place.open()
    before = (tmp_path / "keys").read_bytes()
    key, wrapped = place.open().draw_key(16)
    assert place.open().message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(key, b"a", "sha256")
    assert (tmp_path / "keys").read_bytes() == before
