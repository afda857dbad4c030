"""Files that their owner alone may read: written whole or not at all, and refused when damaged or open to others.

The software vault keeps its keys in one, the HSM vault its small state; the token's PIN is read from a third.
"""

import contextlib
import fcntl
import hashlib
import hmac
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from shebaoka.records import VaultTrouble

T = TypeVar("T")
VERSION = 1
_OWNER_ONLY = 0o600
_SIZE_MAX = 16 * 1024 * 1024


class _Head(msgspec.Struct, frozen=True):
    """What every version of such a file begins with."""

    form: str
    version: int


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file of this version: its content as written, and the SHA-256 that shows damage."""

    form: str
    version: int
    sha256: str
    content: msgspec.Raw

    def __repr__(self) -> str:
        return "_Sheet(hidden)"


def read_owner_only(path: Path, what: str) -> bytes:
    """All bytes of a file; `what` names it in troubles. `VaultTrouble` if others may read it, or it cannot be read."""
    try:
        # Without O_NONBLOCK, opening a pipe by mistake would wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            _check_owner(os.fstat(file.fileno()), path, what)
            raw = file.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        raise VaultTrouble(f"{what} {path} is not there; restore it from its backup.") from None
    except OSError as e:
        raise VaultTrouble(f"{what} {path} cannot be read: {e.strerror}.") from None
    if len(raw) > _SIZE_MAX:
        raise VaultTrouble(f"{what} {path} is far too large to be one; restore it from its backup.")
    return raw


def _check_owner(found: os.stat_result, path: Path, what: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise VaultTrouble(f"{what} {path} is not a plain file.")
    if found.st_mode & 0o077:
        raise VaultTrouble(f"{what} {path} is open to others than its owner; take their rights away (chmod 600).")
    if found.st_uid not in (os.geteuid(), 0):
        raise VaultTrouble(f"{what} {path} belongs to another user; give it to the user that runs this program.")


class OwnerFile(Generic[T]):
    """One owner-only file with a content of type T. `form` is written into it, `what` names it in troubles."""

    def __init__(self, path: Path, content: type[T], *, form: str, what: str) -> None:
        # A rename would put a file where a link was, so the place that a link names is the one to work on.
        self.path = Path(os.path.realpath(path))
        self._content = content
        self._form = form
        self._what = what

    def __repr__(self) -> str:
        return f"OwnerFile({str(self.path)!r})"

    def read(self) -> T:
        """The content. `VaultTrouble` if the file is missing, open to others, damaged, or of an unknown version."""
        raw = read_owner_only(self.path, self._what)
        try:
            head = msgspec.json.decode(raw, type=_Head)
            if head.form != self._form:
                raise VaultTrouble(f"{self._what} {self.path} is another kind of file; look at the settings.")
            if head.version != VERSION:
                raise VaultTrouble(
                    f"{self._what} {self.path} is of version {head.version}, and this program knows {VERSION} only; "
                    "run the program that wrote it."
                )
            sheet = msgspec.json.decode(raw, type=_Sheet)
            if not hmac.compare_digest(_sum(sheet.content).encode(), sheet.sha256.encode()):
                raise self.damaged()
            return msgspec.json.decode(sheet.content, type=self._content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # The decoder's own sentence may hold a piece of the file.
            raise self.damaged() from None

    def damaged(self) -> VaultTrouble:
        """The trouble of a file whose content does not hold together."""
        return VaultTrouble(f"{self._what} {self.path} is damaged; restore it from its backup.")

    def read_or_make(self, make: Callable[[], T]) -> T:
        """The content; where there is no file, `make` gives the first one. Two starting at once end with one file."""
        if not os.path.exists(self.path):
            with self.locked():
                self.make_if_missing(make)
        return self.read()

    def make_if_missing(self, make: Callable[[], T]) -> None:
        """Write what `make` gives, unless there is a file by now. Only while `locked`."""
        if not os.path.exists(self.path):
            self.write(make())

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process and thread from writing. A rename swaps the file, so a file beside it is locked."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(_beside(self.path, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        except OSError as e:
            raise self._not_written(e) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def write(self, content: T) -> None:
        """Put the content in place whole, on disk before it returns. Only while `locked`."""
        body = msgspec.Raw(msgspec.json.encode(content))
        raw = msgspec.json.encode(_Sheet(form=self._form, version=VERSION, sha256=_sum(body), content=body))
        new = _beside(self.path, ".new")
        try:
            # What lies there was left by a crash: whoever holds the lock is the only writer.
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), _OWNER_ONLY)
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as e:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            raise self._not_written(e) from None

    def _not_written(self, e: OSError) -> VaultTrouble:
        return VaultTrouble(f"{self._what} {self.path} cannot be written: {e.strerror}.")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _sum(content: msgspec.Raw) -> str:
    return hashlib.sha256(content).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
