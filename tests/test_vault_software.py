"""The software vault's key file: who may read it, damage, crashes, several processes, and that nothing shows."""

import base64
import hmac
import json
import multiprocessing
import os
import stat
import struct
import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shebaoka.records import Digits, VaultTrouble
from shebaoka.vault import Kept, SoftwareVault

PIN = Digits("482915")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The key file of a software vault after its first start."""
    SoftwareVault.open(tmp_path / "keys")
    return tmp_path / "keys"


def secrets_of(keys: Path) -> list[bytes]:
    """Every key in the key file, as bytes."""
    content = json.loads(keys.read_bytes())["content"]
    found = [content["lasting"], *(key for pair in content["pairs"].values() for key in pair.values())]
    return [base64.b64decode(key) for key in found]


def test_no_key_in_what_is_shown(keys: Path) -> None:
    """No key, in any common spelling, is in a vault's print, in its parts' print, or in a trouble's text and causes."""
    vault = SoftwareVault.open(keys)
    shown = [repr(vault), repr(vars(vault)), repr(vault._file.read()), repr(vault._file.read().pairs)]
    good = keys.read_bytes()
    for bad in (good[:-9], good.replace(b"pairs", b"sriap"), good.replace(b'"lasting":"', b'"lasting":"!')):
        keys.write_bytes(bad)
        with pytest.raises(VaultTrouble) as caught:
            SoftwareVault.open(keys)
        assert caught.value.__context__ is None or caught.value.__suppress_context__
        shown += [str(caught.value), repr(caught.value)]
    keys.write_bytes(good)
    spelled = [s for k in secrets_of(keys) for s in (k.hex(), base64.b64encode(k).decode(), repr(k)[2:-1])]
    assert len(spelled) == 9
    assert not [s for s in spelled for text in shown if s in text]


def test_the_packing_stays(keys: Path) -> None:
    """A PIN value, a mark and a seal are made as ever: to pack otherwise would make everybody's PIN wrong."""
    vault, content = SoftwareVault.open(keys), json.loads(keys.read_bytes())["content"]
    pair = {name: base64.b64decode(key) for name, key in content["pairs"][content["current"]].items()}
    pin_text = b"shebaoka/pin/1\0" + struct.pack(">qq", 7, 2) + b"482915"
    assert vault.seal(7, 2, PIN) == Kept(content["current"], hmac.digest(pair["pin"], pin_text, "sha256"))
    assert vault.mac(b"x") == Kept(content["current"], hmac.digest(pair["seal"], b"shebaoka/seal/1\0x", "sha256"))
    first = hmac.digest(bytes(32), base64.b64decode(content["lasting"]), "sha256")
    mark_key = hmac.digest(first, b"shebaoka/mark-key/1\x01", "sha256")
    mark_text = b"shebaoka/mark/1\0" + b"\0\0\0\x01a" + b"\0\0\0\x06482915" + b"\xff" * 4
    assert vault.mark("a", PIN, None) == hmac.digest(mark_key, mark_text, "sha256")[:16]


def test_the_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask, the file and its lock are for the owner alone, and so is a folder made for them."""
    before = os.umask(0)
    try:
        vault = SoftwareVault.open(tmp_path / "a" / "b" / "keys")
        vault.rotate()
    finally:
        os.umask(before)
    for file in (tmp_path / "a" / "b").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert {f.name for f in (tmp_path / "a" / "b").iterdir()} == {"keys", "keys.lock"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_a_key_file_open_to_others_is_refused(keys: Path, mode: int) -> None:
    """Any right of group or others is one too many, and the sentence says how to take it away."""
    keys.chmod(mode)
    with pytest.raises(VaultTrouble, match=r"open to others than its owner; .*chmod 600"):
        SoftwareVault.open(keys)


def test_a_key_file_opened_to_others_later_is_refused(keys: Path) -> None:
    """A vault that is open does not go on from a file that others can read by now."""
    vault = SoftwareVault.open(keys)
    keys.chmod(0o644)
    for ask in (
        vault.rotate,
        lambda: vault.set_first_pin(PIN, length=6),
        lambda: vault.check(1, 1, PIN, Kept("x", b"")),
    ):
        with pytest.raises(VaultTrouble, match="open to others"):
            ask()


def test_a_key_file_of_another_user_is_refused(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that somebody else owns may be read and replaced by them, so it is not taken."""
    if os.geteuid() == 0:
        os.chown(keys, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(VaultTrouble, match="belongs to another user"):
        SoftwareVault.open(keys)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_key_file_with_any_byte_changed_is_refused(keys: Path, data: st.DataObject) -> None:
    """One changed byte anywhere, or a file cut short anywhere, is found; no wrong key is ever used."""
    good = keys.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    to = data.draw(st.none() | st.integers(0, 255).filter(lambda byte: byte != good[at]))
    keys.write_bytes(good[:at] if to is None else good[:at] + bytes([to]) + good[at + 1 :])
    try:
        with pytest.raises(VaultTrouble, match=r"The key file .* (is damaged|is of version|is another kind)"):
            SoftwareVault.open(keys)
    finally:
        keys.write_bytes(good)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b'"version":1', b'"version":2', "is of version 2, and this program knows 1 only"),
        (b"shebaoka-keys", b"shebaoka-hsm-state", "is another kind of file"),
    ],
)
def test_a_file_of_another_version_or_kind_is_refused(keys: Path, old: bytes, new: bytes, sentence: str) -> None:
    """A newer file and a file of the other vault are not read as if they were this one."""
    keys.write_bytes(keys.read_bytes().replace(old, new))
    with pytest.raises(VaultTrouble, match=sentence):
        SoftwareVault.open(keys)


def test_keys_that_do_not_belong_together_are_refused(keys: Path, tmp_path: Path) -> None:
    """A whole file whose current key is missing, or whose first PIN was sealed under other keys, is damaged."""
    vault, other = SoftwareVault.open(keys), SoftwareVault.open(tmp_path / "other")
    other.set_first_pin(PIN, length=6)
    content = vault._file.read()
    strange = other._file.read().first_pin
    for wrong in ({"current": "00000000"}, {"first_pin": strange}):
        with vault._file.locked():
            vault._file.write(msgspec.structs.replace(content, **wrong))
        with pytest.raises(VaultTrouble, match="is damaged; restore it from its backup"):
            SoftwareVault.open(keys)


def test_a_first_pin_is_sealed_anew_each_time(tmp_path: Path) -> None:
    """The same first PIN in two files has nothing in common to be seen."""
    sealed = []
    for name in ("one", "other"):
        SoftwareVault.open(tmp_path / name).set_first_pin(PIN, length=6)
        sealed.append(json.loads((tmp_path / name).read_bytes())["content"]["first_pin"])
    assert sealed[0]["nonce"] != sealed[1]["nonce"]
    assert sealed[0]["text"] != sealed[1]["text"]


def test_a_failed_write_changes_nothing(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new file cannot be put in place, the old one and the open vault go on, and no copy of keys is left."""
    vault, good = SoftwareVault.open(keys), keys.read_bytes()
    kept = vault.seal(1, 1, PIN)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(VaultTrouble, match="cannot be written: No space left on device"):
            vault.rotate()
    assert keys.read_bytes() == good
    assert {f.name for f in keys.parent.iterdir()} == {"keys", "keys.lock"}
    assert vault.is_current(kept)
    assert vault.rotate() != kept.key_id


def test_what_a_crash_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """A half file beside the place, as a crash leaves it, is never read as the key file and is gone after a write."""
    half = tmp_path / "keys.new"
    half.write_bytes(b'{"form":"shebaoka-keys","ver')
    vault = SoftwareVault.open(tmp_path / "keys")
    assert vault.check(1, 1, PIN, vault.seal(1, 1, PIN))
    assert not half.exists()


def test_a_lost_key_file_is_not_made_anew_while_running(keys: Path) -> None:
    """A vault that finds its file gone says so; it does not write another that lacks the old keys."""
    vault = SoftwareVault.open(keys)
    keys.unlink()
    with pytest.raises(VaultTrouble, match="is not there; restore it from its backup"):
        vault.rotate()
    assert not keys.exists()


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """A folder or a pipe in the file's place is refused at once, and not waited for."""
    (tmp_path / "folder").mkdir(0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("folder", "pipe"):
        with pytest.raises(VaultTrouble, match=r"is not a plain file|cannot be read"):
            SoftwareVault.open(tmp_path / name)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Where the key file cannot be made, the sentence names it and the reason."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VaultTrouble, match=r"The key file .*/keys cannot be written: "):
        SoftwareVault.open(tmp_path / "file" / "keys")


def test_a_link_to_the_key_file_stays_a_link(keys: Path, tmp_path: Path) -> None:
    """A key file named through a link is rewritten where it lies."""
    link = tmp_path / "link"
    link.symlink_to(keys)
    key_id = SoftwareVault.open(link).rotate()
    assert link.is_symlink()
    assert SoftwareVault.open(keys).seal(1, 1, PIN).key_id == key_id


def _answer(path: Path, start: Barrier, answers: "multiprocessing.Queue[Kept | str]") -> None:
    start.wait()
    try:
        answers.put(SoftwareVault.open(path).seal(1, 1, PIN))
    except VaultTrouble as e:
        answers.put(str(e))


def test_processes_starting_at_once_end_with_one_file(tmp_path: Path) -> None:
    """Processes that start together all use the same keys, and leave nothing but the file and its lock."""
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(4), spawn.Queue()
    several = [spawn.Process(target=_answer, args=(tmp_path / "keys", start, answers)) for _ in range(4)]
    for process in several:
        process.start()
    sealed = {answers.get(timeout=60) for _ in several}
    for process in several:
        process.join(60)
    assert sealed == {SoftwareVault.open(tmp_path / "keys").seal(1, 1, PIN)}
    assert {f.name for f in tmp_path.iterdir()} == {"keys", "keys.lock"}


def test_threads_that_rotate_at_once_lose_no_key(keys: Path) -> None:
    """Rotations at the same moment wait for each other: every key that was ever current stays in the file."""
    vaults = [SoftwareVault.open(keys) for _ in range(4)]
    made: list[Kept] = []

    def rotate(vault: SoftwareVault) -> None:
        for _ in range(5):
            vault.rotate()
            made.append(vault.seal(1, 1, PIN))

    threads = [threading.Thread(target=rotate, args=(vault,)) for vault in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({kept.key_id for kept in made}) == 20
    after = SoftwareVault.open(keys)
    assert all(after.check(1, 1, PIN, kept) for kept in made)


def test_two_vaults_share_nothing(tmp_path: Path) -> None:
    """Keys are drawn: the same PIN in two installations has two values, two marks and two seals."""
    one, other = SoftwareVault.open(tmp_path / "one"), SoftwareVault.open(tmp_path / "other")
    assert one.seal(1, 1, PIN).value != other.seal(1, 1, PIN).value
    assert one.mark("a", PIN, None) != other.mark("a", PIN, None)
    assert one.mac(b"a day").value != other.mac(b"a day").value
