"""The HSM vault against SoftHSM 2: keys that never leave the token, a lost session, wrong PINs, lost files.

What both vaults promise is tested in `test_vault.py`, which takes its token from here.
"""

import contextlib
import hmac
import multiprocessing
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple

import msgspec
import pkcs11
import pytest

from shebaoka.records import Digits, VaultTrouble
from shebaoka.vault import HsmVault, Kept, hsm_token

FOLDERS = ("/usr/lib/softhsm", "/usr/lib64/softhsm", "/usr/local/lib/softhsm", "/opt/homebrew/lib/softhsm")
PIN = Digits("482915")
LABEL = "shebaoka-test"


class Place(NamedTuple):
    """A fresh token, and the files that go with it."""

    module: Path
    pin_file: Path
    state: Path

    def open(self) -> HsmVault:
        """Open the vault as a process of its own would."""
        return HsmVault.open(self.module, LABEL, self.pin_file, self.state)


def softhsm() -> tuple[Path, str]:
    """The SoftHSM library and its tool; the test fails with what to do where they are not installed."""
    modules = [module for folder in FOLDERS if (module := Path(folder, "libsofthsm2.so")).is_file()]
    tool = shutil.which("softhsm2-util")
    if modules and tool:
        return modules[0], tool
    pytest.fail("SoftHSM 2 is not installed: run `apt-get install softhsm2`.", pytrace=False)


@contextlib.contextmanager
def fresh_token(folder: Path) -> Iterator[Place]:
    """A new token in the folder, with a user PIN drawn for it; the library is left as if never used."""
    module, tool = softhsm()
    tokens = folder / "tokens"
    tokens.mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    pin = secrets.token_hex(8)
    pin_file = folder / "token-pin"
    pin_file.touch(0o600)
    pin_file.write_text(pin + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(conf))
        call = [tool, "--init-token", "--free", "--label", LABEL, "--pin", pin, "--so-pin", secrets.token_hex(8)]
        subprocess.run(call, check=True, capture_output=True)
        try:
            yield Place(module, pin_file, folder / "state")
        finally:
            pkcs11.lib(str(module)).finalize()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A fresh token."""
    with fresh_token(tmp_path) as fresh:
        yield fresh


def lose_sessions(place: Place) -> None:
    """End every session of this process, as a token does that was away."""
    pkcs11.lib(str(place.module)).reinitialize()


def destroy(place: Place, label: str) -> None:
    """Take a key out of the token, as its maker's tool can."""
    pkcs11.lib(str(place.module)).get_token(token_label=LABEL).open(rw=True).get_key(label=label).destroy()


def test_keys_never_leave_the_token(place: Place) -> None:
    """Every key is private, sensitive and not extractable, and the token does not give its value out."""
    vault = place.open()
    vault.rotate()
    token = pkcs11.lib(str(place.module)).get_token(token_label=LABEL)
    with token.open() as session:
        keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))
        assert len(keys) == 7
        for key in keys:
            assert key[pkcs11.Attribute.LABEL].startswith("shebaoka-")
            assert key[pkcs11.Attribute.PRIVATE]
            assert key[pkcs11.Attribute.SENSITIVE]
            assert not key[pkcs11.Attribute.EXTRACTABLE]
            with pytest.raises(pkcs11.AttributeSensitive):
                key[pkcs11.Attribute.VALUE]


def test_the_token_is_asked_once_for_a_data_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred papers under one data key cost one question; the content itself never goes to the token."""
    vault, asked = place.open(), 0
    unseal = hsm_token.Token.unseal

    def counted(*given: object) -> bytes:
        nonlocal asked
        asked += 1
        return unseal(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(hsm_token.Token, "unseal", counted)
    wrapped = vault.draw_data_key("k")
    sealed = [vault.seal_content("k", wrapped, b"page %d" % n, b"") for n in range(100)]
    assert [vault.open_content("k", wrapped, one, b"") for one in sealed][7] == b"page 7"
    assert asked == 1


def test_a_token_that_is_away_is_named_where_a_paper_does_not_open(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads that a data key cannot be unwrapped also reads what the token said."""
    vault = place.open()
    wrapped = vault.draw_data_key("k")
    away = VaultTrouble("The token is away.")

    def unseal(*_: object) -> bytes:
        raise away

    monkeypatch.setattr(hsm_token.Token, "unseal", unseal)
    with pytest.raises(VaultTrouble, match=r"as they belong together\. The token is away\.$"):
        vault.seal_content("k", wrapped, b"", b"")


# The binding ends a search of a lost session when it is collected, and says so on the side.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lost_session_is_opened_again(place: Place) -> None:
    """After every session was lost, each kind of work goes on as if nothing had been."""
    vault = place.open()
    kept = vault.seal(1, 1, PIN)
    lose_sessions(place)
    assert vault.check(1, 1, PIN, kept)
    lose_sessions(place)
    assert vault.check_mac(b"a day", vault.mac(b"a day"))
    lose_sessions(place)
    vault.rotate()
    assert vault.check(1, 1, PIN, kept)
    lose_sessions(place)
    vault.set_first_pin(PIN, length=6)
    lose_sessions(place)
    assert place.open().check(1, 1, PIN, vault.seal_first(1, 1))
    key, wrapped = vault.draw_key(32)
    lose_sessions(place)
    assert vault.message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(key, b"a", "sha256")


def test_a_session_is_opened_again_only_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that stays away is asked to log in once more and no further; the trouble names the token."""
    vault = place.open()
    kept = vault.seal(1, 1, PIN)
    asked = []

    def away(token: pkcs11.Token, pin: str) -> pkcs11.Session:
        asked.append(token.label)
        raise pkcs11.DeviceRemoved

    monkeypatch.setattr(hsm_token, "_log_in", away)
    lose_sessions(place)
    with pytest.raises(VaultTrouble, match=f"The token '{LABEL}' cannot be logged in to: DeviceRemoved"):
        vault.check(1, 1, PIN, kept)
    assert asked == [LABEL]


def test_a_refused_pin_is_not_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong PIN in the file reaches the token once, not once a check, and a corrected file is enough to go on."""
    vault = place.open()
    kept = vault.seal(1, 1, PIN)
    right = place.pin_file.read_text()
    log_in = hsm_token._log_in
    asked = []
    monkeypatch.setattr(hsm_token, "_log_in", lambda token, pin: (asked.append(token.label), log_in(token, pin))[1])
    place.pin_file.write_text("not-the-pin")
    lose_sessions(place)
    for _ in range(3):
        with pytest.raises(VaultTrouble, match="refuses the PIN in") as caught:
            vault.check(1, 1, PIN, kept)
        assert "not-the-pin" not in str(caught.value)
    assert len(asked) == 1
    place.pin_file.write_text(right)
    assert vault.check(1, 1, PIN, kept)


@pytest.mark.parametrize(
    ("pin", "sentence"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe\xff", "is not UTF-8 text")]
)
def test_a_pin_file_without_a_pin_is_refused(place: Place, pin: bytes, sentence: str) -> None:
    """An empty or unreadable PIN file is told as such, before the token is asked."""
    place.pin_file.write_bytes(pin)
    with pytest.raises(VaultTrouble, match=sentence):
        place.open()


def test_a_pin_file_open_to_others_is_refused(place: Place) -> None:
    """The token's PIN is not taken from a file that the group may read."""
    place.pin_file.chmod(0o640)
    with pytest.raises(VaultTrouble, match="open to others"):
        place.open()


def test_a_token_or_module_that_is_not_there_is_named(place: Place, tmp_path: Path) -> None:
    """A wrong label and a wrong module path each get a sentence that names them."""
    with pytest.raises(VaultTrouble, match="The token 'elsewhere' is not there"):
        HsmVault.open(place.module, "elsewhere", place.pin_file, place.state)
    with pytest.raises(VaultTrouble, match=r"The PKCS#11 module .*/no\.so cannot be used"):
        HsmVault.open(tmp_path / "no.so", LABEL, place.pin_file, place.state)
    assert not place.state.exists()


def test_a_token_that_lacks_a_mechanism_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot do what the vault needs is refused when it is opened, not at the first PIN."""
    monkeypatch.setattr(hsm_token, "_NEEDED", (*hsm_token._NEEDED, pkcs11.Mechanism.SEED_CBC))
    with pytest.raises(VaultTrouble, match="does not offer SEED_CBC"):
        place.open()


def test_without_the_library_the_extra_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where python-pkcs11 is not installed, the sentence says what to install."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.delitem(sys.modules, "shebaoka.vault.hsm_token", raising=False)
    with pytest.raises(VaultTrouble, match="extra `hsm`"):
        place.open()
    monkeypatch.undo()


def test_a_lost_state_file_loses_no_pin(place: Place) -> None:
    """Without its state file the vault still checks every old value and mark; only the first PIN must be set again."""
    vault = place.open()
    vault.set_first_pin(PIN, length=6)
    kept, mark = vault.seal(1, 1, PIN), vault.mark("a", PIN, None)
    place.state.unlink()
    again = place.open()
    assert again.check(1, 1, PIN, kept)
    assert not again.is_current(kept)
    assert again.mark("a", PIN, None) == mark
    assert not again.has_first_pin()


def test_a_state_file_of_another_token_is_refused(place: Place, tmp_path: Path) -> None:
    """A state file is of use only with the token whose keys it names."""
    place.open()
    other = tmp_path / "other"
    other.mkdir()
    pkcs11.lib(str(place.module)).finalize()
    with fresh_token(other) as elsewhere:
        mixed = elsewhere._replace(state=place.state)
        with pytest.raises(VaultTrouble, match="The token lacks the key"):
            mixed.open()


def test_a_first_pin_changed_in_the_state_file_is_refused(place: Place) -> None:
    """A sealed first PIN that somebody changed, with a right sum around it, is not taken for a first PIN."""
    vault = place.open()
    vault.set_first_pin(PIN, length=6)
    state = vault._file.read()
    sealed = msgspec.structs.replace(state.first_pin, nonce=bytes(12))
    with vault._file.locked():
        vault._file.write(msgspec.structs.replace(state, first_pin=sealed))
    with pytest.raises(VaultTrouble, match=f"The token '{LABEL}' cannot do what the vault asks"):
        place.open()


def test_a_key_gone_from_the_token_is_named(place: Place) -> None:
    """When a key was destroyed in the token, a check is a trouble that names it, never a wrong PIN."""
    vault = place.open()
    kept = vault.seal(1, 1, PIN)
    label = f"shebaoka-pin-{kept.key_id}"
    destroy(place, label)
    with pytest.raises(VaultTrouble, match=f"does not hold the key '{label}'"):
        vault.check(1, 1, PIN, kept)


def test_a_token_from_before_there_were_terminals_gets_their_wrapping_key(place: Place) -> None:
    """A token that holds all but the wrapping key gets it at the next start, and everything else stays as it was."""
    kept = place.open().seal(1, 1, PIN)
    destroy(place, "shebaoka-terminal-key")
    again = place.open()
    key, wrapped = again.draw_key(16)
    assert place.open().message_mac(wrapped, "hmac-sha256", b"a") == hmac.digest(key, b"a", "sha256")
    assert again.check(1, 1, PIN, kept)
    assert again.is_current(kept)


def test_a_lost_wrapping_key_is_told(place: Place) -> None:
    """When the wrapping key was destroyed, a terminal's key that is not in memory is a trouble that names both."""
    vault = place.open()
    _, used = vault.draw_key(16)
    _, unused = vault.draw_key(16)
    before = vault.message_mac(used, "hmac-sha256", b"a")
    destroy(place, "shebaoka-terminal-key")
    assert vault.message_mac(used, "hmac-sha256", b"a") == before
    with pytest.raises(VaultTrouble, match=r"terminal's key cannot be unwrapped: .* key 'shebaoka-terminal-key'"):
        vault.message_mac(unused, "hmac-sha256", b"a")


def test_a_wrapping_key_is_not_made_in_a_strange_token(place: Place, tmp_path: Path) -> None:
    """A token that the state file does not belong to is refused before anything is made in it."""
    place.open()
    other = tmp_path / "other"
    other.mkdir()
    pkcs11.lib(str(place.module)).finalize()
    with fresh_token(other) as elsewhere:
        with pytest.raises(VaultTrouble, match="The token lacks the key"):
            elsewhere._replace(state=place.state).open()
        with pkcs11.lib(str(place.module)).get_token(token_label=LABEL).open() as session:
            assert list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})) == []


def test_two_keys_of_one_label_are_refused(place: Place) -> None:
    """Two keys of one label, as two machines starting at once could make, are told and not chosen between."""
    place.open()
    token = pkcs11.lib(str(place.module)).get_token(token_label=LABEL)
    token.open(rw=True).generate_key(pkcs11.KeyType.AES, 256, label="shebaoka-first-pin", store=True)
    with pytest.raises(VaultTrouble, match="more than one key 'shebaoka-first-pin'"):
        place.open()


def _answer(place: Place, start: Barrier, answers: "multiprocessing.Queue[Kept | str]") -> None:
    start.wait()
    try:
        answers.put(place.open().seal(1, 1, PIN))
    except VaultTrouble as e:
        answers.put(str(e))


def test_processes_starting_at_once_end_with_one_set_of_keys(place: Place) -> None:
    """Processes that start together on an empty token make its keys once, and all use the same."""
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(3), spawn.Queue()
    several = [spawn.Process(target=_answer, args=(place, start, answers)) for _ in range(3)]
    for process in several:
        process.start()
    sealed = {answers.get(timeout=60) for _ in several}
    for process in several:
        process.join(60)
    assert sealed == {place.open().seal(1, 1, PIN)}


def _rotate(place: Place) -> None:
    place.open().rotate()


def test_a_key_made_by_another_process_is_found(place: Place) -> None:
    """A vault that is open meets a key that another process made, checks with it, and uses it from then on."""
    vault = place.open()
    old = vault.seal(1, 1, PIN)
    process = multiprocessing.get_context("spawn").Process(target=_rotate, args=(place,))
    process.start()
    process.join(60)
    new = place.open().seal(1, 1, PIN)
    assert new.key_id != old.key_id
    assert vault.check(1, 1, PIN, new)
    assert vault.is_current(new)
    assert not vault.is_current(old)
    assert vault.seal(1, 1, PIN) == new
