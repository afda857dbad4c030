"""The HSM vault: keys in a PKCS#11 token, which they never leave. The app opens it; the desk asks it.

A small owner-only file beside it says which keys are current, and keeps the first PIN sealed by the token. Terminals'
keys, second factors and the data keys of papers are the exception: the token unwraps such a key, and from then on the
process has it in memory.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shebaoka.records import Digits, VaultTrouble
from shebaoka.vault.ownerfile import OwnerFile
from shebaoka.vault.vault import (
    FIRST_PIN,
    LASTING,
    TERMINAL_KEY,
    KeyId,
    Matter,
    Sealed,
    Vault,
    first_pin_is_set,
    new_key_id,
    not_unwrapped,
    unknown_key,
)

if TYPE_CHECKING:
    from shebaoka.vault.hsm_token import Token

_FIRST_PIN_KEY = "shebaoka-first-pin"
_WRAPPING_KEY = "shebaoka-terminal-key"


class _State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state file: nothing in it is a key."""

    current: KeyId
    first_pin: Sealed | None = None


class _Held:
    """The state as it is used; never changed, only replaced."""

    __slots__ = ("current", "first")

    def __init__(self, current: str, first: Digits | None) -> None:
        self.current = current
        self.first = first


class HsmVault(Vault):
    """A vault whose keys are in a PKCS#11 token. Each process opens its own, after it was started and not before."""

    def __init__(self, token: "Token", file: OwnerFile[_State], state: _State) -> None:
        super().__init__()
        self._token = token
        self._file = file
        self._reading = threading.Lock()
        self._met: set[tuple[Matter, str]] = set()
        self._held = _hold(token, state)

    @classmethod
    def open(cls, module: Path, token_label: str, pin_file: Path, state: Path) -> "HsmVault":
        """Log in to the token, making keys and state file at the first start.

        `module` is the vendor's PKCS#11 library; `pin_file` holds the token's user PIN and is its owner's alone.
        `VaultTrouble` if any of them cannot be used.
        """
        try:
            from shebaoka.vault.hsm_token import Token
        except ImportError:
            raise VaultTrouble("An HSM vault needs python-pkcs11; install shebaoka with its extra `hsm`.") from None
        file = OwnerFile(state, _State, form="shebaoka-hsm-state", what="The HSM vault's state file")
        # One process at a time: a software token may fail to load while another process writes to it.
        with file.locked():
            token = Token(module, token_label, pin_file)
            file.make_if_missing(lambda: _first_state(token))
            vault = cls(token, file, file.read())
            # Made when all else was found to belong together: a token may come from before there were terminals' keys.
            if not token.holds(_WRAPPING_KEY):
                token.make_seal_key(_WRAPPING_KEY)
            return vault

    def __repr__(self) -> str:
        return f"HsmVault({self._token!r}, {str(self._file.path)!r})"

    def rotate(self) -> str:
        """Make a new pair of keys in the token and use it from now on; its id."""
        with self._file.locked():
            state = self._file.read()
            key_id = _new_pair(self._token)
            self._write(msgspec.structs.replace(state, current=key_id))
        return key_id

    def _keep_first(self, digits: Digits) -> None:
        with self._file.locked():
            state = self._file.read()
            if state.first_pin is not None:
                raise first_pin_is_set()
            sealed = self._token.seal(_FIRST_PIN_KEY, digits.reveal().encode("ascii"), FIRST_PIN)
            self._write(msgspec.structs.replace(state, first_pin=sealed))

    def _current(self) -> str:
        return self._held.current

    def _value(self, matter: Matter, key_id: str, message: bytes) -> bytes:
        if (matter, key_id) not in self._met:
            self._learn(matter, key_id)
        return self._token.mac(_label(matter, key_id), message)

    def _learn(self, matter: Matter, key_id: str) -> None:
        if (matter, key_id) in self._met:
            return
        if key_id != self._held.current:
            # A key not met before may be a newer one, and then the state file names another current key too.
            self._read_again()
        if not self._token.holds(_label(matter, key_id)):
            raise unknown_key(matter, key_id)
        self._met.add((matter, key_id))

    def _first(self) -> Digits | None:
        if self._held.first is None:
            self._read_again()
        return self._held.first

    def _wrap(self, key: bytes, beside: bytes = TERMINAL_KEY) -> Sealed:
        return self._token.seal(_WRAPPING_KEY, key, beside)

    def _unwrap(self, sealed: Sealed, beside: bytes = TERMINAL_KEY) -> bytes:
        try:
            return self._token.unseal(_WRAPPING_KEY, sealed, beside)
        except VaultTrouble as e:
            # A token need not say whether it or what it was given is at fault, and some do not.
            raise not_unwrapped(str(e)) from None

    def _read_again(self) -> None:
        # Read and put in place as one step, or a slow reader could put an older state over a newer one.
        with self._reading:
            self._held = _hold(self._token, self._file.read())

    def _write(self, state: _State) -> None:
        with self._reading:
            self._file.write(state)
            self._held = _hold(self._token, state)


def _label(matter: Matter, key_id: str) -> str:
    return f"shebaoka-{matter}" if key_id == LASTING else f"shebaoka-{matter}-{key_id}"


def _hold(token: "Token", state: _State) -> _Held:
    """The state ready for use; `VaultTrouble` if it and the token do not belong together."""
    needed = (_label("pin", state.current), _label("seal", state.current), _label("mark", LASTING), _FIRST_PIN_KEY)
    for label in needed:
        if not token.holds(label):
            raise VaultTrouble(
                f"The token lacks the key {label!r} that goes with the state file; restore both together."
            )
    if state.first_pin is None:
        return _Held(state.current, None)
    return _Held(state.current, Digits(token.unseal(_FIRST_PIN_KEY, state.first_pin, FIRST_PIN).decode("ascii")))


def _first_state(token: "Token") -> _State:
    """Make the keys of a first start. Lasting keys that a crash or a lost state file left behind are used again."""
    if not token.holds(_label("mark", LASTING)):
        token.make_mac_key(_label("mark", LASTING))
    if not token.holds(_FIRST_PIN_KEY):
        token.make_seal_key(_FIRST_PIN_KEY)
    return _State(current=_new_pair(token))


def _new_pair(token: "Token") -> str:
    key_id = new_key_id()
    token.make_mac_key(_label("pin", key_id))
    token.make_mac_key(_label("seal", key_id))
    return key_id
