"""What was signed off for the public page: digests by name, each time sealed by the vault with the time before (9).

A sign-off says of everything that may be shown what its bytes are, and who the two people were; or who the one was that
took something away. Whoever changes a text in the database or a file on the disk cannot make the seal, so that what
they wrote is not shown (`desk/articles.py`) or is told (`desk/site.py`). Those two rooms alone sign off.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from shebaoka.desk.fresh import Clock, now
from shebaoka.records import SealWrong, VaultTrouble
from shebaoka.store import Views
from shebaoka.store import articles as sql
from shebaoka.store.views import Run
from shebaoka.vault import Kept, Vault

What = Literal["site", "article", "host"]
Manifest = Mapping[str, str]
"""Digests by name: `article/12/3`, `host/www.mohrss.gov.cn`, `window/w1`, `notice/2013-06-25/en.yaml`, `page/…`."""
ONE_BY_ONE = ("article/", "host/")
"""What is signed off where it is approved, and nowhere else."""
_MATTER = b"shebaoka/site/1\n"
_FIRST = bytes(32)


class SignOff(msgspec.Struct, frozen=True):
    """One sign-off: its number, what it was about, what may be shown since, and who the people were."""

    n: int
    what: What
    code: str
    manifest: str
    prepared_by: str
    signed_by: str | None
    at: dt.datetime
    before: bytes
    key_id: str
    mac: bytes

    def digests(self) -> dict[str, str]:
        """What may be shown, by name."""
        return msgspec.json.decode(self.manifest, type=dict[str, str])

    @property
    def edition(self) -> str:
        """What changes with every sign-off."""
        return f"{self.n}-{self.mac[:8].hex()}"


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def manifest_text(digests: Manifest) -> str:
    """A manifest as it is kept and sealed: by name, so that the same digests are the same text."""
    return msgspec.json.encode(dict(sorted(digests.items()))).decode()


class SignOffs:
    """Reads sign-offs, checks their seals, and adds one. Safe for many threads."""

    def __init__(self, views_: Views, vault: Vault, clock: Clock = now) -> None:
        self._views = views_
        self._vault = vault
        self._clock = clock

    def all(self) -> list[SignOff]:
        """Every sign-off in its order, whether or not its seal is right."""
        return [SignOff(*row) for row in self._views.rows(sql.SIGNOFFS)]

    def latest(self) -> SignOff | None:
        """What counts: the newest. None before the first. `SealWrong` if this vault did not seal it."""
        rows = self._views.rows(sql.HEAD)
        return self._checked(SignOff(*rows[0])) if rows else None

    def add(
        self,
        run: Run,
        what: What,
        code: str,
        changed: Mapping[str, str | None],
        prepared_by: str,
        signed_by: str | None,
    ) -> None:
        """A sign-off after the latest: a digest for each name that may be shown, None for one that may not any more.

        The caller has taken the lock. `SealWrong` if the latest is not as it was sealed.
        """
        rows = run(sql.HEAD, {})
        latest = self._checked(SignOff(*rows[0])) if rows else None
        digests: dict[str, str | None] = dict(latest.digests()) if latest else {}
        digests |= changed
        row: dict[str, Any] = {
            "n": latest.n + 1 if latest else 1,
            "what": what,
            "code": code,
            "manifest": manifest_text({name: digest for name, digest in digests.items() if digest is not None}),
            "prepared_by": prepared_by,
            "signed_by": signed_by,
            "at": self._clock(),
            "before": latest.mac if latest else _FIRST,
        }
        kept = self._vault.mac(_sealed(**row))
        run(sql.SIGN_OFF, {**row, "key_id": kept.key_id, "mac": kept.value})

    def faults(self) -> list[str]:
        """A sentence for each sign-off that is not as it was sealed, or does not follow the one before it."""
        faults, before, number = [], _FIRST, 0
        for signed in self.all():
            number += 1
            if (signed.n, signed.before) != (number, before):
                faults.append(f"sign-off {signed.n}: it does not follow the one before; one was taken away or put in.")
            number, before = signed.n, signed.mac
            try:
                self._checked(signed)
            except (SealWrong, VaultTrouble) as e:
                faults.append(f"sign-off {signed.n}: {e}")
        return faults

    def _checked(self, signed: SignOff) -> SignOff:
        fields = {f: getattr(signed, f) for f in signed.__struct_fields__ if f not in ("key_id", "mac")}
        if not self._vault.check_mac(_sealed(**fields), Kept(signed.key_id, signed.mac)):
            raise SealWrong(
                "What was signed off for the public page is not as this vault sealed it: somebody changed it in the "
                "database. Nothing of it is shown. See `shebaoka site verify`; restore the database from its backup."
            )
        return signed


def _sealed(
    n: int,
    what: str,
    code: str,
    manifest: str,
    prepared_by: str,
    signed_by: str | None,
    at: dt.datetime,
    before: bytes,
) -> bytes:
    """What the vault seals: everything that a sign-off says."""
    said = [n, what, code, manifest, prepared_by, signed_by, at.astimezone(dt.UTC).isoformat(), before.hex()]
    return _MATTER + msgspec.json.encode(said)
