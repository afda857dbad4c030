"""Makers of cards and banks, and the keys of the files that go to and come from them (制卡厂, 合作银行).

The system administrator keeps them. Our own keys are drawn by the vault and kept wrapped; theirs come as PEM, each good
from a day until another. A key that is unknown, ended, not yet good or expired is told plainly, and no file is written
or believed with it.
"""

import datetime as dt
import re
from collections.abc import Mapping

import msgspec

from shebaoka.desk.configuration import ConfigurationEvent, note
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.staff import Staff
from shebaoka.maker import Format, Recipient, key_id, public_key_of, public_text
from shebaoka.maker.keys import Use, not_for_us, not_opened
from shebaoka.maker.telling import shown
from shebaoka.notice import Notices
from shebaoka.records import BadInput, Broken, NotFound
from shebaoka.store import Views, windows
from shebaoka.store import partners as sql
from shebaoka.vault import Vault

KEY_YEARS_MAX = 5
SOON = dt.timedelta(days=30)
"""So long before its last day a key is told to expire soon."""
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_NAME_MAX = 100


class Partner(msgspec.Struct, frozen=True):
    """A maker or a bank: its code, its name, and the name of the format that its files have."""

    code: str
    kind: str
    name: str
    format: str
    added_at: dt.datetime
    ended_at: dt.datetime | None


class FileKey(msgspec.Struct, frozen=True):
    """A public key: a partner's, or ours where `partner` is empty. `use` is what it is for."""

    id: str
    partner: str
    use: Use
    public: bytes
    from_on: dt.date
    until_on: dt.date
    added_at: dt.datetime
    ended_at: dt.datetime | None

    def is_good(self, on: dt.date) -> bool:
        """Whether it may be used on that day."""
        return self.ended_at is None and self.from_on <= on <= self.until_on

    def expires_soon(self, on: dt.date) -> bool:
        """Whether it is good, and its last day is near."""
        return self.is_good(on) and self.until_on <= on + SOON

    def text(self) -> str:
        """It as PEM."""
        return public_text(self.use, self.public)


class Partners:
    """Adds and ends partners and keys, and gives out what files are written and read with. Safe for many threads.

    `by` is nobody where the owner of the machine asks.
    """

    def __init__(
        self, views_: Views, vault: Vault, notices: Notices, formats: Mapping[str, Format], clock: Clock = now
    ) -> None:
        self._views = views_
        self._vault = vault
        self._zone = notices.zone
        self._clock = clock
        self.formats = formats
        self.us = notices.city
        """Our own code in files."""

    # partners

    def add(self, code: str, name: str, format_: str, *, by: Staff | None = None) -> None:
        """A new partner, a maker or a bank as its format says. A code is used once."""
        row = self._said(by, code, name, format_)
        with self._views.together() as run:
            if not run(sql.ADD, {**row, "at": self._clock()}):
                raise BadInput(f"code: there is a partner {code} already; choose another code.")
            note(run, "partner", code, "added", by, self._clock(), name=row["name"], format=format_)

    def change(self, code: str, name: str, format_: str, *, by: Staff | None = None) -> None:
        """Another name or format; a maker stays a maker, and a bank a bank. `NotFound`."""
        row = self._said(by, code, name, format_)
        with self._views.together() as run:
            if not run(sql.CHANGE, row):
                raise NotFound(f"There is no {row['kind']} {code} in use.")
            note(run, "partner", code, "changed", by, self._clock(), name=row["name"], format=format_)

    def end(self, code: str, *, by: Staff | None = None) -> None:
        """No file goes to it or is taken from it any more."""
        _must_keep(by)
        with self._views.together() as run:
            if not _CODE.fullmatch(code) or not run(sql.END, {"code": code, "at": self._clock()}):
                raise NotFound(f"There is no partner {code[:32]} in use.")
            note(run, "partner", code, "ended", by, self._clock())

    def everybody(self, *, seen_by: Staff | None = None) -> list[Partner]:
        """All partners, those in use first."""
        _must_see(seen_by)
        return [Partner(*row) for row in self._views.rows(sql.PARTNERS)]

    def partner(self, code: str) -> Partner:
        """A partner in use. `NotFound`."""
        rows = self._views.rows(sql.PARTNER, {"code": code}) if _CODE.fullmatch(code) else []
        if not rows or rows[0][5] is not None:
            raise NotFound(f"There is no partner {code[:32]} in use; `shebaoka maker list` shows which there are.")
        return Partner(*rows[0])

    def format_of(self, partner: Partner) -> Format:
        """The format of a partner's files. `BadInput` if it is not in the folder of formats any more."""
        found = self.formats.get(partner.format)
        if found is None or found.partner != partner.kind:
            raise _unknown_format(partner.format, self.formats)
        return found

    def events(self, *, seen_by: Staff | None = None, limit: int = 50) -> list[ConfigurationEvent]:
        """What was done to partners and keys, the latest first."""
        _must_see(seen_by)
        rows = self._views.rows(windows.EVENTS, {"matters": ["partner"], "limit": limit})
        return [ConfigurationEvent(*row) for row in rows]

    # keys

    def public_keys(self, code: str | None = None, *, seen_by: Staff | None = None) -> list[FileKey]:
        """The public keys of all partners, or of one."""
        _must_see(seen_by)
        return [FileKey(*row) for row in self._views.rows(sql.KEYS, {"code": code})]

    def own_keys(self) -> list[FileKey]:
        """Our own public keys. No secret: partners are given them."""
        return [FileKey(*row) for row in self._views.rows(sql.OWN_KEYS)]

    def add_key(
        self, code: str, text: str, until_on: dt.date, from_on: dt.date | None = None, *, by: Staff | None = None
    ) -> FileKey:
        """A partner's public key, given as PEM, good from today or `from_on` until `until_on`."""
        _must_keep(by)
        use, public = public_key_of(text)
        from_on = from_on or self.today()
        self._must_be_days(from_on, until_on)
        key = FileKey(key_id(public), code, use, public, from_on, until_on, self._clock(), None)
        if any(own.id == key.id for own in self.own_keys()):
            raise BadInput(f"key: {key.id} is our own key. Ask the partner for theirs.")
        row = {"id": key.id, "code": code, "use": use, "public": public, "from": from_on, "until": until_on}
        with self._views.together() as run:
            if not run(sql.ADD_KEY, {**row, "at": key.added_at}):
                self.partner(code)
                raise BadInput(f"key: {key.id} is on file already, and stays as it is; ask the partner for a new one.")
            said = {"key": key.id, "use": use, "from_on": str(from_on), "until_on": str(until_on)}
            note(run, "partner", code, "added", by, key.added_at, **said)
        return key

    def end_key(self, id_: str, *, by: Staff | None = None) -> None:
        """A key is used no more from now on, a partner's or ours: it was lost, or replaced."""
        _must_keep(by)
        at = self._clock()
        with self._views.together() as run:
            values = {"id": id_, "at": at}
            theirs = run(sql.END_KEY, values) if _KEY_ID.fullmatch(id_) else []
            if not theirs and not (_KEY_ID.fullmatch(id_) and run(sql.END_OWN_KEY, values)):
                raise NotFound(f"There is no key {id_[:16]} in use.")
            note(run, "partner", theirs[0][0] if theirs else self.us, "ended", by, at, key=id_)

    def new_keys(self, until_on: dt.date, *, by: Staff | None = None) -> list[FileKey]:
        """Two new keys of ours, to sign and to be sealed for. Earlier ones stay good until they expire or are ended."""
        _must_keep(by)
        from_on, at = self.today(), self._clock()
        self._must_be_days(from_on, until_on)
        uses: tuple[Use, Use] = ("sign", "seal")
        made = []
        with self._views.together() as run:
            for use in uses:
                public, wrapped = self._vault.draw_file_key(use)
                key = FileKey(key_id(public), "", use, public, from_on, until_on, at, None)
                row = {"id": key.id, "use": use, "public": public, "wrapped": wrapped, "from": from_on}
                run(sql.ADD_OWN_KEY, {**row, "until": until_on, "at": at})
                note(run, "partner", self.us, "added", by, at, key=key.id, use=use, until_on=str(until_on))
                made.append(key)
        return made

    # what files are written and read with

    def today(self) -> dt.date:
        """The day in the city."""
        return self._clock().astimezone(self._zone).date()

    def signer(self) -> "OurSigner":
        """What we sign with today. `BadInput` if we have no key, or it expired."""
        key = self._newest(self.own_keys(), "sign", "We have", "Draw new ones: `shebaoka maker new-keys`.")
        return OurSigner(key.id, self._wrapped(key.id), self._vault)

    def recipient(self, partner: Partner) -> Recipient:
        """What is sealed for a partner today. `BadInput` if it has no key, or it expired."""
        do = "Ask it for a new public key, and add it: `shebaoka maker add-key`."
        key = self._newest(self.public_keys(partner.code), "seal", f"{partner.code} has", do)
        return Recipient(partner.code, key.public)

    def signs(self, id_: str) -> tuple[str, bytes]:
        """Whose key this is that a file is signed with, and its public bytes; see `Keyring`."""
        rows = self._views.rows(sql.KEY, {"id": id_}) if _KEY_ID.fullmatch(id_) else []
        if not rows or rows[0][2] != "sign":
            raise BadInput(
                f"The file is signed with the key {shown(id_)!r}, which is on file for nobody. Nothing of it was "
                "taken. Ask the sender which key it is, and add it if it is theirs.",
                code="key_unknown",
            )
        key = FileKey(*rows[0])
        said = f"The file is signed with the key {key.id} of {key.partner}"
        self._must_be_good(key, said, "Nothing of it was taken; have it signed with a key that is good.")
        return key.partner, key.public

    def open(self, id_: str, sealed: bytes, info: bytes) -> bytes:
        """The key of a file that was sealed for one of ours; see `Keyring`."""
        key = next((key for key in self.own_keys() if key.id == id_ and key.use == "seal"), None)
        if key is None:
            raise not_for_us(id_)
        self._must_be_good(key, f"The file is sealed for our key {key.id}", "Send the partner our present keys.")
        content_key = self._vault.open_file(self._wrapped(id_), sealed, info)
        if content_key is None:
            raise not_opened()
        return content_key

    def _newest(self, keys: list[FileKey], use: Use, who: str, do: str) -> FileKey:
        """The good key for this that is good the longest."""
        meant = [key for key in keys if key.use == use and key.ended_at is None]
        good = [key for key in meant if key.is_good(self.today())]
        if good:
            return max(good, key=lambda key: (key.until_on, key.added_at, key.id))
        what = "to sign with" if use == "sign" else "to be sealed for"
        if meant:
            last = max(meant, key=lambda key: key.until_on)
            self._must_be_good(last, f"{who} the key {last.id} {what}", do)
        raise BadInput(f"{who} no key {what}. {do}", code="key_unknown")

    def _must_be_good(self, key: FileKey, said: str, do: str) -> None:
        today = self.today()
        if key.ended_at is not None:
            ended_on = key.ended_at.astimezone(self._zone).date()
            raise BadInput(f"{said}, and it was ended on {ended_on}. {do}", code="key_ended")
        if today > key.until_on:
            raise BadInput(f"{said}, and it expired: its last day was {key.until_on}. {do}", code="key_expired")
        if today < key.from_on:
            raise BadInput(f"{said}, and it is good from {key.from_on} on. {do}", code="key_not_yet_good")

    def _wrapped(self, id_: str) -> bytes:
        rows = self._views.rows(sql.OWN_WRAPPED, {"id": id_})
        if not rows:
            raise Broken("A key of ours that was just there is not on file.")
        return bytes(rows[0][0])

    def _must_be_days(self, from_on: dt.date, until_on: dt.date) -> None:
        if not max(from_on, self.today()) <= until_on <= self.today() + dt.timedelta(days=366 * KEY_YEARS_MAX):
            raise BadInput(f"until: name the key's last day, from today on and within {KEY_YEARS_MAX} years.")

    def _said(self, by: Staff | None, code: str, name: str, format_: str) -> dict[str, str]:
        _must_keep(by)
        if not _CODE.fullmatch(code) or code == self.us:
            raise BadInput(f"code: give 2 to 32 small letters, digits or dashes; {self.us} is ours.")
        name = name.strip()
        if not name or len(name) > _NAME_MAX or not name.isprintable():
            raise BadInput(f"name: give 1 to {_NAME_MAX} printable characters on one line.")
        if format_ not in self.formats:
            raise _unknown_format(format_, self.formats)
        return {"code": code, "name": name, "format": format_, "kind": self.formats[format_].partner}


class OurSigner(msgspec.Struct, frozen=True):
    """Signs with a key of ours, which the vault alone unwraps."""

    key_id: str
    wrapped: bytes
    vault: Vault

    def __repr__(self) -> str:
        return f"OurSigner({self.key_id!r})"

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 over a message."""
        return self.vault.sign_file(self.wrapped, message)


def _unknown_format(name: str, formats: Mapping[str, Format]) -> BadInput:
    return BadInput(f"format: there is no format {name[:40]!r}; there are {', '.join(sorted(formats)) or 'none'}.")


def _must_keep(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.KEEP_PARTNERS)


def _must_see(by: Staff | None) -> None:
    if by is not None:
        by.must(Right.SEE_CONFIGURATION)
