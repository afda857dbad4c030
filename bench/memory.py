"""How much memory a run took at its height: its own processes, and PostgreSQL's beside them."""

import contextlib
import threading
from pathlib import Path
from types import TracebackType

import psutil

EVERY_S, SERVER_EVERY = 0.1, 10
"""How often a process is looked at, and after how many looks the server is, whose pages take longer to count."""


class Memory:
    """Looks at a process and its children, and at the server whose data is in `postgres`, while the block runs.

    `ours_mb` is the greatest sum, over the processes that lived at one moment, of each one's own highest resident set:
    never less than what was really there. `server_mb` sums the server's proportional sets: what its processes share
    counts once. MB are 2^20 bytes.
    """

    def __init__(self, pid: int, postgres: Path) -> None:
        self.ours_mb = self.server_mb = 0.0
        self._root = psutil.Process(pid)
        self._postmaster = int((postgres / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        looks = 0
        while not self._ended.wait(EVERY_S):
            self.ours_mb = max(self.ours_mb, sum(highest_mb(p.pid) for p in _with_children(self._root)))
            if looks % SERVER_EVERY == 0:
                server = _with_children(psutil.Process(self._postmaster))
                self.server_mb = max(self.server_mb, sum(_shared_out_mb(p) for p in server))
            looks += 1


def _with_children(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def highest_mb(pid: int) -> float:
    """The highest resident set that a process has had; 0 of one that has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _shared_out_mb(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error, OSError):
        return float(process.memory_full_info().pss) / 2**20
    return 0.0
