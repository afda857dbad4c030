"""One PKCS#11 token as the HSM vault uses it: logged in, asked by key label, opened once more when it was lost.

Only `hsm` imports it, when an HSM vault is opened, so that nobody else needs the PKCS#11 library.
"""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from shebaoka.records import VaultTrouble
from shebaoka.vault.ownerfile import read_owner_only
from shebaoka.vault.vault import NONCE_SIZE, Sealed

T = TypeVar("T")

_ONE_AT_A_TIME = threading.RLock()
"""The library is told nothing of threads when it is loaded, so the whole process asks it one thing at a time."""

_NEEDED = (Mechanism.GENERIC_SECRET_KEY_GEN, Mechanism.SHA256_HMAC, Mechanism.AES_KEY_GEN, Mechanism.AES_GCM)
_KEY_BITS = 256
_NEVER_LEAVES = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
_LOST = (
    pkcs11.DeviceError,
    pkcs11.DeviceRemoved,
    pkcs11.FunctionFailed,
    pkcs11.GeneralError,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.OperationActive,
    pkcs11.SessionClosed,
    pkcs11.SessionHandleInvalid,
    pkcs11.TokenNotPresent,
    pkcs11.UserNotLoggedIn,
)
"""Answers after which a new session may do: the token was away, or another part of the process logged out."""


class Token:
    """A token that is logged in. Every method raises `VaultTrouble` when the token cannot do what is asked."""

    def __init__(self, module: Path, label: str, pin_file: Path) -> None:
        self._module = module
        self._label = label
        self._pin_file = pin_file
        self._refused_pin: str | None = None
        # Any: what a key can do is mixed in when it is found, which no type says.
        self._keys: dict[str, Any] = {}
        self._session: pkcs11.Session | None = None
        offered = self._ask(lambda session: session.token.slot.get_mechanisms())
        missing = sorted(m.name for m in _NEEDED if m not in offered)
        if missing:
            raise self._trouble(f"does not offer {', '.join(missing)}; use one that does")

    def __repr__(self) -> str:
        return f"Token({self._label!r})"

    def holds(self, label: str) -> bool:
        """Whether the token holds a secret key of this label."""
        return self._ask(lambda session: self._find(session, label)) is not None

    def mac(self, label: str, message: bytes) -> bytes:
        """HMAC-SHA256 of the message under the key of this label."""
        return bytes(
            self._ask(lambda session: self._key(session, label).sign(message, mechanism=Mechanism.SHA256_HMAC))
        )

    def seal(self, label: str, text: bytes, beside: bytes) -> Sealed:
        """The text under AES-256-GCM with the key of this label; `beside` is authenticated with it."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        sealed = self._ask(
            lambda session: self._key(session, label).encrypt(
                text, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, beside)
            )
        )
        return Sealed(nonce=nonce, text=bytes(sealed))

    def unseal(self, label: str, sealed: Sealed, beside: bytes) -> bytes:
        """The text that was sealed."""
        return bytes(
            self._ask(
                lambda session: self._key(session, label).decrypt(
                    sealed.text, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(sealed.nonce, beside)
                )
            )
        )

    def make_mac_key(self, label: str) -> None:
        """Make a key for `mac` in the token, from which it cannot be taken."""
        self._make(label, KeyType.GENERIC_SECRET, MechanismFlag.SIGN)

    def make_seal_key(self, label: str) -> None:
        """Make a key for `seal` in the token, from which it cannot be taken."""
        self._make(label, KeyType.AES, MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT)

    def _make(self, label: str, kind: KeyType, use: MechanismFlag) -> None:
        with _ONE_AT_A_TIME:
            # The look before it finds a lost session; making itself is never tried twice, lest two keys share a label.
            if self.holds(label):
                raise self._trouble(f"holds a key {label!r} already; try again")
            self._ask(
                lambda session: session.generate_key(
                    kind, _KEY_BITS, label=label, store=True, capabilities=use, template=_NEVER_LEAVES
                ),
                once=True,
            )

    def _ask(self, what: Callable[[pkcs11.Session], T], *, once: bool = False) -> T:
        with _ONE_AT_A_TIME:
            try:
                if self._session is None:
                    return what(self._open())
                try:
                    return what(self._session)
                except _LOST:
                    # Forgotten first: should opening fail, the old handle may come to name a session nobody logged in.
                    self._session = None
                    self._keys.clear()
                    if once:
                        raise
                    return what(self._open())
            except pkcs11.PKCS11Error as e:
                raise self._trouble(f"cannot do what the vault asks: {_said(e)}") from None

    def _key(self, session: pkcs11.Session, label: str) -> Any:
        key = self._keys.get(label) or self._find(session, label)
        if key is None:
            raise self._trouble(f"does not hold the key {label!r}; restore it from its backup")
        return key

    def _find(self, session: pkcs11.Session, label: str) -> Any | None:
        found = list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}))
        if len(found) > 1:
            raise self._trouble(f"holds more than one key {label!r}; remove the one that is not in use")
        if not found:
            return None
        self._keys[label] = found[0]
        return found[0]

    def _open(self) -> pkcs11.Session:
        try:
            token = pkcs11.lib(str(self._module)).get_token(token_label=self._label)
        except pkcs11.NoSuchToken:
            raise self._trouble(f"is not there behind {self._module}; initialise it first") from None
        except pkcs11.MultipleTokensReturned:
            raise self._trouble("shares its label with another; give each token a label of its own") from None
        except pkcs11.PKCS11Error as e:
            raise VaultTrouble(f"The PKCS#11 module {self._module} cannot be used: {_said(e)}.") from None
        pin = self._read_pin()
        if pin == self._refused_pin:
            # A token locks itself after a few wrong PINs, and a busy desk would use them up at once.
            raise self._trouble(f"refuses the PIN in {self._pin_file}; correct the file")
        try:
            self._session = _log_in(token, pin)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
            self._refused_pin = pin
            raise self._trouble(f"refuses the PIN in {self._pin_file}; correct the file") from None
        except pkcs11.PinLocked:
            raise self._trouble("is locked after wrong PINs; its security officer can unlock it") from None
        except pkcs11.PKCS11Error as e:
            raise self._trouble(f"cannot be logged in to: {_said(e)}") from None
        return self._session

    def _read_pin(self) -> str:
        try:
            pin = read_owner_only(self._pin_file, "The token's PIN file").decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise VaultTrouble(f"The token's PIN file {self._pin_file} is not UTF-8 text.") from None
        if not pin:
            raise VaultTrouble(f"The token's PIN file {self._pin_file} is empty; write the token's user PIN into it.")
        return pin

    def _trouble(self, what: str) -> VaultTrouble:
        return VaultTrouble(f"The token {self._label!r} {what}.")


def _log_in(token: pkcs11.Token, pin: str) -> pkcs11.Session:
    try:
        return token.open(rw=True, user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        # A login counts for the whole process, so another session of ours has done it.
        return token.open(rw=True)


def _said(e: pkcs11.PKCS11Error) -> str:
    """The name of a PKCS#11 error, with its text where it has one; neither ever holds a key or a PIN."""
    return f"{type(e).__name__} {e}".strip().rstrip(".")
