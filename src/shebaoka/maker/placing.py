"""A file put in place whole or not at all, for its owner alone.

It is written beside its place, and on disk before it is renamed. A process that is killed leaves `.NAME.part`, which
the next one that writes the same file begins anew; one that runs out of room takes it away.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from shebaoka.records import BadInput, FileNotWritten

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BUFFER = 1024 * 1024


def part_of(path: Path) -> Path:
    """Where a file is written before it is in its place."""
    return path.with_name(f".{path.name}.part")


@contextlib.contextmanager
def placed(path: Path, *, anew: bool = False) -> Iterator[BinaryIO]:
    """The file to write into; in its place when the block ends, and gone if it fails.

    `BadInput` if there is a file already, unless it is to be made `anew`, or if somebody else is writing it just now;
    `FileNotWritten` if there is no room.
    """
    part = part_of(path)
    file = _begun(path, part, anew=anew)
    try:
        with os.fdopen(file, "wb", buffering=_BUFFER) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
            if not anew:
                _must_be_free(path)
            part.replace(path)
            _sync_folder(path.parent)
    except OSError as e:
        part.unlink(missing_ok=True)
        if e.errno in _FULL:
            raise FileNotWritten(
                f"{path.name} cannot be written: {e.strerror}. Nothing of it is there. Make room, and do it again."
            ) from None
        raise
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _must_be_free(path: Path) -> None:
    if path.exists():
        raise BadInput(f"{path.name}: there is such a file already; name another one, or move it away.")


def _begun(path: Path, part: Path, *, anew: bool) -> int:
    """The file beside the place, empty and locked by this process."""
    if not anew:
        _must_be_free(path)
    file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had the lock before may have put it in place meanwhile; then this one is somebody's finished file.
        if os.path.exists(part) and os.path.samestat(os.fstat(file), os.stat(part)):
            os.fchmod(file, 0o600)
            os.ftruncate(file, 0)
            return file
    except BlockingIOError:
        pass
    except BaseException:
        os.close(file)
        raise
    os.close(file)
    raise BadInput(f"{path.name}: somebody else is writing this file just now; wait until it is there.")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
