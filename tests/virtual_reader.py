"""A pcscd of the test's own with the virtual reader in it, on a socket in the test's folder: no service, no system's
cards.

pcscd takes its socket from whoever starts it, as from systemd, so that it needs no right to the system's own and two
may run side by side. `make virtual-card` installs what it takes.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shebaoka.reader import Readers

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_ADDRESS: list[Path] = []
"""Where the services of this process listen, one after the other."""
_START = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" --foreground --config "$1"'


def lacking() -> str:
    """What is missing on this machine for a virtual reader; empty if nothing is."""
    if not DRIVER.exists() or not _pcscd():
        return "the virtual reader (vsmartcard-vpcd, pcscd)"
    try:
        import smartcard  # noqa: F401
    except ImportError:
        return "pyscard"
    return ""


def _pcscd() -> str | None:
    return shutil.which("pcscd", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def virtual_reader(folder: Path) -> Iterator[int]:
    """A reader that a card can be put in at the yielded port; programs and threads of the test find it by PC/SC."""
    if missing := lacking():
        pytest.skip(f"{missing} is not installed: `make virtual-card` does it")
    port = _two_free_ports()
    readers = folder / "readers"
    readers.mkdir(parents=True)
    (readers / "vpcd").write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port}\nLIBPATH {DRIVER}\nCHANNELID {port}\n'
    )
    # The library of PC/SC reads where the service is when a program first asks it, and never again.
    address = _ADDRESS[0] if _ADDRESS else folder / "pcscd.comm"
    _ADDRESS[:] = [address]
    address.parent.mkdir(parents=True, exist_ok=True)
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as line, (folder / "pcscd.log").open("wb") as log:
        line.bind(str(address))
        line.listen(16)
        pcscd = subprocess.Popen(
            [sys.executable, "-c", _HANDED_ON, str(line.fileno()), "sh", "-c", _START, str(_pcscd()), str(readers)],
            pass_fds=(line.fileno(),),
            stdout=log,
            stderr=log,
        )
    os.environ["PCSCLITE_CSOCK_NAME"] = str(address)
    try:
        # It answers as soon as its readers are there.
        Readers().close()
        yield port
    finally:
        pcscd.send_signal(signal.SIGTERM)
        pcscd.wait(timeout=20)


_HANDED_ON = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execvp(sys.argv[2], sys.argv[2:])"
"""The socket has to be file 3, as systemd hands it on."""


def _two_free_ports() -> int:
    """The first of two ports side by side that nobody listens on; the driver opens both for its two slots."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("", port + 1))
            except (OSError, OverflowError):
                continue
            return port
