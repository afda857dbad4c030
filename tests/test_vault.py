"""What both vaults promise: each law is asked of the software vault and of the HSM vault."""

import contextlib
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shebaoka.maker import Recipient
from shebaoka.maker.keys import sealed_for
from shebaoka.records import Digits, NewPin, VaultTrouble
from shebaoka.vault import Kept, SoftwareVault, Vault, pins
from test_vault_hsm import fresh_token

PIN, OTHER = Digits("482915"), Digits("190372")
LONG = "739182640517"
"""Twelve digits do not stand in a file by chance."""

ids = st.integers(min_value=-(2**63), max_value=2**63 - 1)
entries = st.text(alphabet="0123456789", min_size=1, max_size=12)
anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)
one_vault = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
"""The vault stays the same from example to example, and that is meant."""


class Place(Protocol):
    """Where a vault's keys are; each opening is one as another process would make."""

    def open(self) -> Vault:
        """Open the vault."""


class KeyFile:
    """The place of a software vault."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> SoftwareVault:
        """Open the vault."""
        return SoftwareVault.open(self.path)


KINDS = ["software", "hsm"]


@contextlib.contextmanager
def fresh_place(kind: str, folder: Path) -> Iterator[Place]:
    """An empty place for keys of this kind."""
    if kind == "software":
        yield KeyFile(folder / "keys")
    else:
        with fresh_token(folder) as token:
            yield token


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place for keys of either kind."""
    with fresh_place(request.param, tmp_path) as fresh:
        yield fresh


@pytest.fixture
def vault(place: Place) -> Vault:
    """A vault at its first start."""
    return place.open()


@one_vault
@given(person=ids, card=ids, entry=entries, other=st.tuples(ids, ids, entries))
def test_a_pin_value_is_one_cards_alone(vault: Vault, person: int, card: int, entry: str, other: tuple[int, int, str]):
    """The right entry checks; with any other person, card or digits it does not, and neither does a swap of the two."""
    kept = vault.seal(person, card, Digits(entry))
    assert vault.check(person, card, Digits(entry), kept)
    assert len(kept.value) == 32
    assert vault.check(*other[:2], Digits(other[2]), kept) == (other == (person, card, entry))
    assert vault.check(other[0], card, Digits(entry), kept) == (other[0] == person)
    assert vault.check(person, other[1], Digits(entry), kept) == (other[1] == card)
    assert vault.check(person, card, Digits(other[2]), kept) == (other[2] == entry)
    assert vault.check(card, person, Digits(entry), kept) == (card == person)


@one_vault
@given(entry=anything)
def test_any_entry_at_all_is_found_wrong(vault: Vault, entry: str) -> None:
    """Whatever somebody types that is not the PIN is wrong, never an error that would stop a tray."""
    assume(entry != PIN.reveal())
    assert not vault.check(1, 1, Digits(entry), vault.seal(1, 1, PIN))


def test_a_value_cut_short_never_checks(vault: Vault) -> None:
    """A kept value that lost bytes, or has none, is nobody's PIN."""
    kept = vault.seal(1, 1, PIN)
    for value in (b"", kept.value[:31], kept.value + b"\0"):
        assert not vault.check(1, 1, PIN, Kept(kept.key_id, value))


def test_only_digits_are_kept(vault: Vault) -> None:
    """What is not plain digits cannot be kept as a PIN, and the trouble does not repeat it."""
    for text in ("", "48291a", "４８２９１５", "482 15", "-48291", "482915\n"):
        with pytest.raises(VaultTrouble, match="Only digits") as caught:
            vault.seal(1, 1, Digits(text))
        assert text == "" or text not in str(caught.value)


def test_ids_beyond_64_bits_are_refused(vault: Vault) -> None:
    """An id that does not fit is told, not cut to one that belongs to somebody else."""
    with pytest.raises(VaultTrouble, match="64 bits"):
        vault.seal(2**63, 1, PIN)


def test_everything_holds_after_reopening(place: Place) -> None:
    """Values, marks, seals and the first PIN mean the same to a vault that is opened later."""
    vault = place.open()
    vault.set_first_pin(OTHER, length=6)
    kept, seal, mark = vault.seal(1, 1, PIN), vault.mac(b"a day"), vault.mark("a", PIN, None)
    again = place.open()
    assert again.check(1, 1, PIN, kept)
    assert again.is_current(kept)
    assert again.check_mac(b"a day", seal)
    assert again.mark("a", PIN, None) == mark
    assert again.check(1, 1, OTHER, again.seal_first(1, 1))


def test_rotation_keeps_old_values_checkable(vault: Vault) -> None:
    """After a rotation old values and seals still check, are known as old, and new ones are made with the new key."""
    kept, seal = vault.seal(1, 1, PIN), vault.mac(b"a day")
    assert vault.is_current(kept)
    key_id = vault.rotate()
    assert vault.check(1, 1, PIN, kept)
    assert not vault.check(1, 1, OTHER, kept)
    assert not vault.is_current(kept)
    assert vault.check_mac(b"a day", seal)
    fresh = vault.seal(1, 1, PIN)
    assert fresh.key_id == vault.mac(b"a day").key_id == key_id != kept.key_id
    assert fresh.value != kept.value
    assert vault.is_current(fresh)


def test_a_value_does_not_check_under_another_key(vault: Vault) -> None:
    """A value with another key's id beside it is wrong: the id alone opens nothing."""
    kept = vault.seal(1, 1, PIN)
    key_id = vault.rotate()
    assert not vault.check(1, 1, PIN, Kept(key_id, kept.value))


def test_an_open_vault_learns_of_a_rotation_elsewhere(place: Place) -> None:
    """A vault that meets a newer key checks with it, knows what is old, and makes new values with it."""
    here, there = place.open(), place.open()
    old = here.seal(1, 1, PIN)
    there.rotate()
    new = there.seal(1, 1, PIN)
    assert here.check(1, 1, PIN, new)
    assert not here.is_current(old)
    assert here.seal(1, 1, PIN) == new


def test_asking_whether_a_newer_value_is_current_finds_out(place: Place) -> None:
    """A value made after a rotation elsewhere is current, so the desk does not put it back to the old key."""
    here, there = place.open(), place.open()
    there.rotate()
    assert here.is_current(there.seal(1, 1, PIN))


def test_rotations_here_and_elsewhere_lose_no_key(place: Place) -> None:
    """Two vaults that rotate in turn build on each other's keys."""
    vaults = place.open(), place.open()
    kept = []
    for turn in range(4):
        vaults[turn % 2].rotate()
        kept.append(vaults[turn % 2].seal(1, 1, PIN))
    assert len({k.key_id for k in kept}) == 4
    for vault in (*vaults, place.open()):
        assert all(vault.check(1, 1, PIN, k) for k in kept)


def test_a_value_of_an_unknown_key_is_trouble(vault: Vault) -> None:
    """A missing key is a trouble that says what to restore, and is never counted as a wrong PIN."""
    for key_id in ("00000000", "", "x", "../keys", "00000000" * 40, "密钥"):
        kept = Kept(key_id, bytes(32))
        for ask in (partial(vault.check, 1, 1, PIN), vault.is_current, partial(vault.check_mac, b"a day")):
            with pytest.raises(VaultTrouble, match=r"does not hold the .* restore the keys") as caught:
                ask(kept)
            assert len(str(caught.value)) < 200


SAID = {
    "482915": NewPin.FIT,
    "112233": NewPin.FIT,
    "135790": NewPin.FIT,
    "890123": NewPin.FIT,
    "48291": NewPin.WRONG_LENGTH,
    "4829155": NewPin.WRONG_LENGTH,
    "": NewPin.WRONG_LENGTH,
    "48291x": NewPin.WRONG_LENGTH,
    "４８２９１５": NewPin.WRONG_LENGTH,
    "٤٨٢٩١٥": NewPin.WRONG_LENGTH,
    "48291²": NewPin.WRONG_LENGTH,
    "48291\n": NewPin.WRONG_LENGTH,
    "000000": NewPin.TOO_SIMPLE,
    "777777": NewPin.TOO_SIMPLE,
    "123456": NewPin.TOO_SIMPLE,
    "456789": NewPin.TOO_SIMPLE,
    "543210": NewPin.TOO_SIMPLE,
    "190372": NewPin.SAME_AS_FIRST,
}


def test_what_is_said_of_a_new_pin(vault: Vault) -> None:
    """Each kind of choice gets its own finding, and a fit one is found right afterwards."""
    vault.set_first_pin(OTHER, length=6)
    for text, said in SAID.items():
        assert (text, vault.assess(Digits(text), length=6, refuse_simple=True)) == (text, said)
        if said is NewPin.FIT:
            assert vault.check(1, 1, Digits(text), vault.seal(1, 1, Digits(text)))


def test_simple_pins_are_a_matter_of_the_notice(vault: Vault) -> None:
    """Where the notice allows simple PINs, one is fit; the first PIN stays refused, simple or not."""
    vault.set_first_pin(Digits("888888"), length=6)
    assert vault.assess(Digits("123456"), length=6, refuse_simple=False) == NewPin.FIT
    assert vault.assess(Digits("888888"), length=6, refuse_simple=False) == NewPin.SAME_AS_FIRST
    assert vault.assess(Digits("888888"), length=6, refuse_simple=True) == NewPin.SAME_AS_FIRST
    assert vault.assess(Digits("12345678"), length=8, refuse_simple=True) == NewPin.TOO_SIMPLE


def test_a_new_pin_is_assessed_before_a_first_pin_is_set(vault: Vault) -> None:
    """Without a first PIN nothing is the same as it, and the rest is judged as ever."""
    assert vault.assess(PIN, length=6, refuse_simple=True) == NewPin.FIT
    assert vault.assess(Digits("111111"), length=6, refuse_simple=True) == NewPin.TOO_SIMPLE


def test_exactly_the_plain_runs_and_repeats_are_too_simple() -> None:
    """Of all PINs of four digits, ten repeats and seven runs each way are too simple, and no other."""
    simple = {f"{n:04}" for n in range(10_000) if pins.is_too_simple(Digits(f"{n:04}"))}
    runs = {"0123456789"[i : i + 4] for i in range(7)}
    assert simple == {str(d) * 4 for d in range(10)} | runs | {r[::-1] for r in runs}


def test_the_first_pin_is_set_once(place: Place) -> None:
    """A first PIN is returned when set, is every card's, and is not set again, here or by another process."""
    vault, there = place.open(), place.open()
    assert not vault.has_first_pin()
    assert vault.set_first_pin(PIN, length=6).reveal() == PIN.reveal()
    for one in (vault, there, place.open()):
        assert one.has_first_pin()
        assert one.check(7, 2, PIN, one.seal_first(7, 2))
        assert not one.check(7, 1, PIN, one.seal_first(7, 2))
        with pytest.raises(VaultTrouble, match="set already"):
            one.set_first_pin(OTHER, length=6)
    vault.rotate()
    assert vault.check(7, 2, PIN, vault.seal_first(7, 2))


def test_a_first_pin_set_elsewhere_is_seen(place: Place) -> None:
    """A vault that was open before the first PIN was set issues cards with it and refuses it as a new PIN."""
    here, there = place.open(), place.open()
    there.set_first_pin(PIN, length=6)
    assert here.assess(PIN, length=6, refuse_simple=True) == NewPin.SAME_AS_FIRST
    assert here.check(1, 1, PIN, here.seal_first(1, 1))


def test_a_card_with_no_first_pin_to_give_is_trouble(vault: Vault) -> None:
    """Before a first PIN is set none is made up."""
    with pytest.raises(VaultTrouble, match="No first PIN is set"):
        vault.seal_first(1, 1)


def test_a_drawn_first_pin_fits(vault: Vault) -> None:
    """A first PIN that is drawn has the length asked for, is not too simple, and is the one on the cards."""
    drawn = vault.set_first_pin(None, length=8)
    assert re.fullmatch("[0-9]{8}", drawn.reveal())
    assert not pins.is_too_simple(drawn)
    assert vault.check(1, 1, drawn, vault.seal_first(1, 1))


def test_a_simple_draw_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the draw gives a repeat or a run, another is drawn."""
    draws = iter("000098764071")
    monkeypatch.setattr(pins.secrets, "choice", lambda _: next(draws))
    assert pins.draw(4).reveal() == "4071"


def test_a_first_pin_that_does_not_fit_is_refused(vault: Vault) -> None:
    """A wrong first PIN is refused with a sentence that does not repeat it, and none is set."""
    for text in ("48291", "4829155", "48291x", "４８２９１５", ""):
        with pytest.raises(VaultTrouble, match="exactly 6 digits") as caught:
            vault.set_first_pin(Digits(text), length=6)
        assert text == "" or text not in str(caught.value)
    for length in (3, 13, 0, -1):
        with pytest.raises(VaultTrouble, match=f"4 to 12 digits, not {length}"):
            vault.set_first_pin(None, length=length)
    assert not vault.has_first_pin()


parts = st.tuples(st.text(alphabet="ab0", max_size=4), *[st.none() | st.text(alphabet="ab0", max_size=4)] * 2)


@one_vault
@given(one=parts, other=parts)
def test_a_mark_tells_requests_apart(vault: Vault, one: tuple, other: tuple) -> None:
    """Two requests have one mark only where id, PIN and new PIN are all the same; without any PIN it is empty."""
    a, b = (vault.mark(i, *(None if p is None else Digits(p) for p in pair)) for i, *pair in (one, other))
    if one[1:] == (None, None) or other[1:] == (None, None):
        assert (a == b"") == (one[1:] == (None, None))
        assert (b == b"") == (other[1:] == (None, None))
    else:
        assert len(a) == len(b) == 16
        assert (a == b) == (one == other)


def test_a_mark_outlives_rotation(place: Place) -> None:
    """A request sent again years later is still known by its mark, whatever keys were made since."""
    vault = place.open()
    mark = vault.mark("hospital-7:31", PIN, OTHER)
    vault.rotate()
    assert vault.mark("hospital-7:31", PIN, OTHER) == mark == place.open().mark("hospital-7:31", PIN, OTHER)
    assert vault.mark("hospital-7:31", OTHER, PIN) != mark


@one_vault
@given(message=st.binary(max_size=200), other=st.binary(max_size=200))
def test_a_seal_is_one_messages_alone(vault: Vault, message: bytes, other: bytes) -> None:
    """A seal checks for the message it was made for and for no other."""
    seal = vault.mac(message)
    assert vault.check_mac(message, seal)
    assert vault.check_mac(other, seal) == (message == other)
    assert not vault.check_mac(message, Kept(seal.key_id, bytes(32)))


def test_values_of_different_kinds_never_stand_for_each_other(vault: Vault) -> None:
    """The seal of what a PIN value is made of is not that PIN value, nor the other way round."""
    message = pins.pin_message(1, 1, PIN)
    assert not vault.check(1, 1, PIN, vault.mac(message))
    assert not vault.check_mac(message, vault.seal(1, 1, PIN))


def test_threads_may_ask_while_keys_rotate(vault: Vault) -> None:
    """Several threads at once get right answers, while another rotates."""
    kept, wrong = vault.seal(1, 1, PIN), []

    def ask() -> None:
        for _ in range(200):
            fresh = vault.seal(1, 1, PIN)
            if not (vault.check(1, 1, PIN, kept) and vault.check(1, 1, PIN, fresh)) or vault.check(1, 1, OTHER, fresh):
                wrong.append(fresh)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    rotated = {vault.rotate() for _ in range(5)}
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(rotated) == 5


def test_no_digits_in_what_is_shown_or_written(place: Place, tmp_path: Path) -> None:
    """Neither print of a vault nor any file of it holds the first PIN or a holder's PIN in clear."""
    vault = place.open()
    vault.set_first_pin(Digits(LONG), length=12)
    kept = vault.seal(1, 1, Digits(LONG[::-1]))
    shown = [repr(vault), str(vault), repr(kept), repr(vars(vault))]
    written = [f.read_bytes().decode("latin-1") for f in tmp_path.rglob("*") if f.is_file()]
    assert written
    for text in shown + written:
        assert LONG not in text
        assert LONG[::-1] not in text


# Second factors ------------------------------------------------------------------------------------------------------


def test_a_factor_is_one_accounts_alone(vault: Vault) -> None:
    """A wrapped key in another's row does not open, nor does a terminal's key, nor one that was changed."""
    wrapped = vault.draw_factor("李娜")
    assert len(vault.open_factor("李娜", wrapped).reveal()) == 20
    assert vault.draw_factor("李娜") != wrapped
    others = (("王芳", wrapped), ("李娜", wrapped[:-1]), ("李娜", vault.wrap_key(bytes(20))), ("李娜", b""))
    for name, kept in (*others, ("李娜", bytes(48))):
        with pytest.raises(VaultTrouble, match="second factor cannot be opened"):
            vault.open_factor(name, kept)
    with pytest.raises(VaultTrouble, match="terminal's key"):
        vault.message_mac(wrapped, "hmac-sha256", b"")


def test_a_factor_opens_after_a_restart_and_a_rotation(place: Place) -> None:
    """The key that wraps it stays when others rotate, and is there when the vault is opened again."""
    vault = place.open()
    wrapped = vault.draw_factor("li")
    key = vault.open_factor("li", wrapped).reveal()
    vault.rotate()
    assert place.open().open_factor("li", wrapped).reveal() == key
    assert repr(key)[2:-1] not in repr((vault, vault.open_factor("li", wrapped)))


# Files to makers and banks --------------------------------------------------------------------------------------------


def test_a_key_of_files_signs_and_opens_and_does_nothing_else(vault: Vault) -> None:
    """What it signs its public half confirms, what is sealed for it opens; one of another use, or changed, is told."""
    info = b"about a file"
    (verifying, signing), (sealing, opening) = vault.draw_file_key("sign"), vault.draw_file_key("seal")
    Ed25519PublicKey.from_public_bytes(verifying).verify(vault.sign_file(signing, b"x"), b"x")
    sealed = sealed_for(Recipient("us", sealing), bytes(32), info)
    assert vault.open_file(opening, sealed, info) == bytes(32)
    for text, about in ((sealed, b"other"), (sealed[:-1], info), (b"", info)):
        assert vault.open_file(opening, text, about) is None
    for wrapped in (opening, signing[:-1], bytes(60), vault.wrap_key(bytes(32)), vault.draw_factor("li")):
        with pytest.raises(VaultTrouble, match="Our key for files"):
            vault.sign_file(wrapped, b"x")
    with pytest.raises(VaultTrouble, match="Our key for files"):
        vault.open_file(signing, sealed, info)


# Contents kept sealed ------------------------------------------------------------------------------------------------


@one_vault
@given(content=st.binary(max_size=300), beside=st.binary(max_size=40))
def test_a_content_comes_out_as_it_went_in(vault: Vault, content: bytes, beside: bytes) -> None:
    """Whatever it is, for the same thing; each sealing differs, and is 28 bytes longer than the content."""
    wrapped = vault.draw_data_key("k")
    sealed = vault.seal_content("k", wrapped, content, beside)
    assert vault.open_content("k", wrapped, sealed, beside) == content
    assert len(sealed) == len(content) + 28
    assert vault.seal_content("k", wrapped, content, beside) != sealed


def test_a_content_opens_for_nothing_else(vault: Vault) -> None:
    """Any bit changed, another thing beside it, or another key: trouble, and never other bytes."""
    wrapped, other = vault.draw_data_key("k"), vault.draw_data_key("k")
    sealed = vault.seal_content("k", wrapped, b"a page", b"paper 1")
    for i in range(len(sealed) * 8):
        bent = bytearray(sealed)
        bent[i // 8] ^= 1 << i % 8
        with pytest.raises(VaultTrouble, match="it was changed, or it stands where another belongs"):
            vault.open_content("k", wrapped, bytes(bent), b"paper 1")
    for key, kept, beside in ((wrapped, sealed, b"paper 2"), (other, sealed, b"paper 1"), (wrapped, b"", b"paper 1")):
        with pytest.raises(VaultTrouble, match="it was changed, or it stands where another belongs"):
            vault.open_content("k", key, kept, beside)


def test_a_data_key_opens_under_its_name_alone(vault: Vault) -> None:
    """Under another name, changed, cut short, or wrapped for something else it does not open."""
    wrapped = vault.draw_data_key("k")
    sealed = vault.seal_content("k", wrapped, b"a page", b"")
    bent = bytes([*wrapped[:-1], wrapped[-1] ^ 1])
    for name, kept in (("j", wrapped), ("k", bent), ("k", wrapped[:-1]), ("k", b""), ("k", vault.wrap_key(bytes(32)))):
        with pytest.raises(VaultTrouble, match="key of sealed contents cannot be unwrapped"):
            vault.seal_content(name, kept, b"", b"")
        with pytest.raises(VaultTrouble, match="key of sealed contents cannot be unwrapped"):
            vault.open_content(name, kept, sealed, b"")
    with pytest.raises(VaultTrouble, match="terminal's key"):
        vault.message_mac(wrapped, "hmac-sha256", b"")


def test_a_content_opens_after_a_restart_and_a_rotation_and_in_no_other_vault(place: Place, tmp_path: Path) -> None:
    """The key that wraps data keys stays when others rotate; a vault with other keys says that it is another one."""
    vault = place.open()
    wrapped = vault.draw_data_key("k")
    sealed = vault.seal_content("k", wrapped, b"a page", b"1")
    vault.rotate()
    assert place.open().open_content("k", wrapped, sealed, b"1") == b"a page"
    with pytest.raises(VaultTrouble, match="another vault wrapped it"):
        SoftwareVault.open(tmp_path / "others").open_content("k", wrapped, sealed, b"1")


def test_credentials_are_signed_by_a_key_that_opens_for_nothing_else(vault: Vault, tmp_path: Path) -> None:
    """64 bytes of ES256 that its public half checks; another use's key, a cut one and another vault's sign nothing."""
    public, wrapped = vault.draw_credential_key()
    signed = vault.sign_credential(wrapped, b"x")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    der = encode_dss_signature(int.from_bytes(signed[:32]), int.from_bytes(signed[32:]))
    key.verify(der, b"x", ec.ECDSA(SHA256()))
    assert (len(signed), len(public), public.hex() in wrapped.hex()) == (64, 65, False)
    for other in (vault.draw_file_key("sign")[1], wrapped[:-1], wrapped[:-1] + bytes([wrapped[-1] ^ 1])):
        with pytest.raises(VaultTrouble, match="key of credentials"):
            vault.sign_credential(other, b"x")
    with pytest.raises(VaultTrouble, match="key of credentials"):
        SoftwareVault.open(tmp_path / "other.json").sign_credential(wrapped, b"x")
