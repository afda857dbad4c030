"""Files one behind another in a stream, as a tar (ustar). Nothing is ever unpacked to a disk."""

import tarfile
from collections.abc import Iterable, Iterator

from shebaoka.records import BadInput

BLOCK = 512
_END = bytes(2 * BLOCK)
MEMBER_MAX = 64 * 1024 * 1024
"""No data file and no photo is as large: a reader has one in memory."""


def head_of(name: str, size: int) -> bytes:
    """What stands before a member's bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What stands behind a member's bytes, up to a whole block."""
    return bytes(-size % BLOCK)


def ending() -> bytes:
    """What stands behind the last member."""
    return _END


class MemberReader:
    """Members of a stream, one after another."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._waiting = bytearray()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Names and bytes, to the end of the stream. `BadInput` where it is no tar of plain files."""
        while True:
            head = self._take(BLOCK)
            if head == bytes(BLOCK):
                self._take(BLOCK)
                if self._waiting or any(True for _ in self._blocks):
                    raise _unfit("something stands behind its end")
                return
            try:
                info = tarfile.TarInfo.frombuf(head, "ascii", "strict")
            except (tarfile.HeaderError, ValueError) as e:
                raise _unfit(f"a member's head cannot be read ({e})") from None
            if not info.isreg() or "/" in info.name or not 0 <= info.size <= MEMBER_MAX:
                raise _unfit("it holds something else than plain files of less than 64 MiB")
            data = self._take(info.size)
            self._take(-info.size % BLOCK)
            yield info.name, data

    def _take(self, size: int) -> bytes:
        while len(self._waiting) < size:
            block = next(self._blocks, None)
            if block is None:
                raise _unfit("it ends early")
            self._waiting += block
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        return data


def _unfit(why: str) -> BadInput:
    return BadInput(
        f"What is sealed in the file is not as docs/makers.md asks for: {why}. Tell its sender.", code="file_unknown"
    )
