"""Files that a command writes: new ones, for their owner alone. Commands that write keys, photos and slips call it."""

import os
from pathlib import Path

from shebaoka.records import BadInput


def new_file(option: str, path: Path) -> int:
    """A file that is not there yet, for its owner alone; made first, so that a key is not lost for want of it."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BadInput(f"{option}: {path} is there already; name a new file.") from None
    os.fchmod(file, 0o600)
    return file


def write_new(option: str, path: Path, data: bytes) -> None:
    """Write into a file that is not there yet, and that only its owner may read."""
    with os.fdopen(new_file(option, path), "wb") as opened:
        opened.write(data)
