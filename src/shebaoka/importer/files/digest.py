"""The SHA-256 of a file or a folder, by which a run knows its sources again. The importer's taking in calls it."""

import hashlib
from pathlib import Path

from shebaoka.records import BadInput


def digest_of(path: Path) -> str:
    """SHA-256 in hexadecimal; of a folder, over the names and digests of its files. `BadInput` if it cannot be read."""
    try:
        if path.is_dir():
            whole = hashlib.sha256()
            for inside in sorted(p for p in path.rglob("*") if p.is_file()):
                whole.update(f"{inside.relative_to(path).as_posix()}\0{digest_of(inside)}\n".encode())
            return whole.hexdigest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
