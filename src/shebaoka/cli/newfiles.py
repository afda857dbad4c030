"""Files that a command writes: new ones, for their owner alone. The commands of photos and slips call it."""

import os
from pathlib import Path

from shebaoka.records import BadInput


def write_new(option: str, path: Path, data: bytes) -> None:
    """Write into a file that is not there yet, and that only its owner may read."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BadInput(f"{option}: {path} is there already; name a new file.") from None
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
