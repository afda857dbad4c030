"""The public page as two people signed it off, and what differs from that now (9).

Signed off are the notice's files and the house's words, what windows say, and every file of the program that makes the
public page; articles and hosts are signed off one by one where they are approved (`desk/articles.py`), and a sign-off
of the whole leaves them as they are. One person prepares, and another one signs exactly what was prepared. The
office's page `/site` and `shebaoka site` call it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from shebaoka.desk.articles import Articles, must_see
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.shownwindows import ShownWindows
from shebaoka.desk.signoffs import ONE_BY_ONE, SignOff, SignOffs, digest_of, manifest_text
from shebaoka.desk.staff import OWNER, Staff
from shebaoka.records import BadInput, NotAllowed, NotFound, SealWrong, SiteChanged
from shebaoka.store import Views
from shebaoka.store import articles as sql

State = Literal["as_signed", "changed", "not_signed", "gone"]


class SiteItem(msgspec.Struct, frozen=True):
    """Something that the public page is made of: its digest as it was signed off and as it is now; empty for none."""

    name: str
    signed: str
    found: str

    @property
    def state(self) -> State:
        """How it stands."""
        if self.signed == self.found:
            return "as_signed"
        if not self.signed:
            return "not_signed"
        return "changed" if self.found else "gone"


class Prepared(msgspec.Struct, frozen=True):
    """What one person prepared for another to sign off."""

    digest: str
    prepared_by: str
    prepared_at: dt.datetime
    manifest: str


class SiteRoom:
    """Says what differs from what was signed off, prepares and signs. Safe for many threads.

    `files` reads the files that the page is made of, by name, as they are on the disk. `by` and `seen_by` are nobody
    where the owner of the machine asks.
    """

    def __init__(
        self,
        views_: Views,
        signoffs: SignOffs,
        articles: Articles,
        shown: ShownWindows,
        files: Callable[[], Mapping[str, bytes]],
        clock: Clock = now,
    ) -> None:
        self._views = views_
        self._signoffs = signoffs
        self._articles = articles
        self._shown = shown
        self._files = files
        self._clock = clock

    def items(self, *, seen_by: Staff | None = None) -> list[SiteItem]:
        """Everything that the page is made of or was signed off, by name; nothing is signed where a seal is wrong."""
        must_see(seen_by)
        try:
            latest = self._signoffs.latest()
        except SealWrong:
            latest = None
        signed = latest.digests() if latest else {}
        found = self._now(self._shown.contents()) | self._articles.found()
        names = sorted({*signed, *found})
        return [SiteItem(name, signed.get(name, ""), found.get(name, "")) for name in names]

    def differences(self, *, seen_by: Staff | None = None) -> list[SiteItem]:
        """The items that are not as they were signed off."""
        return [item for item in self.items(seen_by=seen_by) if item.state != "as_signed"]

    def window_changes(self, *, seen_by: Staff | None = None) -> dict[str, tuple[str, str]]:
        """What windows said as it was signed off, and what they say now, by the names of items that differ."""
        must_see(seen_by)
        return self._shown.changes()

    def faults(self) -> list[str]:
        """A sentence for each item that differs, and for each sign-off that is not as it was sealed."""
        signed = self._signoffs.all()
        said = {
            "changed": "was changed since it was signed off.",
            "not_signed": "was not signed off.",
            "gone": "was signed off and is not there any more.",
        }
        differ, faults = self.differences(), self._signoffs.faults()
        whole = [item for item in differ if not item.name.startswith(ONE_BY_ONE)]
        if whole and all(item.state == "not_signed" for item in whole) and not any(s.what == "site" for s in signed):
            faults.append(f"The page as a whole was not signed off: {len(whole)} items. Two people do that at /site.")
            differ = [item for item in differ if item not in whole]
        lost = "what was signed off of it is not kept as it was, so that it is not shown until two people sign again."
        faults += [f"{name}: {lost}" for name in self._shown.lost()]
        return [*faults, *(f"{item.name}: {said[item.state]}" for item in differ)]

    def signoffs(self, *, seen_by: Staff | None = None) -> list[SignOff]:
        """Every sign-off, the latest first."""
        must_see(seen_by)
        return self._signoffs.all()[::-1]

    def prepared(self, *, seen_by: Staff | None = None) -> Prepared | None:
        """What waits for another person to sign it."""
        must_see(seen_by)
        rows = self._views.rows(sql.PROPOSAL)
        if not rows:
            return None
        manifest, by, at = rows[0]
        return Prepared(digest_of(manifest.encode()), by, at, manifest)

    def prepare(self, *, by: Staff | None = None) -> Prepared:
        """What is there now, for another person to sign; what was prepared before is set aside."""
        if by is not None:
            by.must_either(Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES)
        manifest, at = manifest_text(self._now(self._shown.contents())), self._clock()
        row = {"manifest": manifest, "by": _name(by), "at": at}
        with self._views.together() as run:
            run(sql.LOCK, {})
            run(sql.END_PROPOSAL, row)
            run(sql.PROPOSE, row)
        return Prepared(digest_of(manifest.encode()), _name(by), at, manifest)

    def sign(self, digest: str, *, by: Staff | None = None) -> None:
        """Sign off exactly what was prepared under this digest.

        `NotFound` if nothing is prepared, `NotAllowed` to whoever prepared it, `SiteChanged` if another thing was
        prepared or something changed since.
        """
        if by is not None:
            by.must(Right.APPROVE_ARTICLES)
        waiting = self.prepared()
        if waiting is None:
            raise NotFound("Nothing is prepared to be signed off; prepare it first.")
        if waiting.prepared_by == _name(by):
            raise NotAllowed("Nobody signs off what they prepared themselves; another person must.", code="own_work")
        if not digest.strip():
            raise BadInput("digest: give the digest that was shown when it was prepared.")
        contents = self._shown.contents()
        now_ = self._now(contents)
        if digest.strip() != waiting.digest or manifest_text(now_) != waiting.manifest:
            raise SiteChanged(
                "What is there now is not what was prepared. Nothing was signed; look at the differences, and prepare "
                "it again."
            )
        with self._views.together() as run:
            run(sql.LOCK, {})
            self._signoffs.add(run, "site", "", self._changes(now_), waiting.prepared_by, _name(by))
            said = list(contents.values())
            run(sql.KEEP_TEXTS, {"digests": [digest_of(content) for content in said], "contents": said})
            run(sql.END_PROPOSAL, {"at": self._clock()})

    def _changes(self, found: Mapping[str, str]) -> dict[str, str | None]:
        """What a sign-off of the whole changes: what is there now, and what is no more. Not what goes one by one."""
        latest = self._signoffs.latest()
        before = [n for n in latest.digests() if not n.startswith(ONE_BY_ONE)] if latest else []
        return dict.fromkeys(before) | dict(found)

    def _now(self, contents: Mapping[str, bytes]) -> dict[str, str]:
        """Digests of what two people sign off together, as it is now: files, and what windows say."""
        return {name: digest_of(content) for name, content in [*self._files().items(), *contents.items()]}


def _name(by: Staff | None) -> str:
    return OWNER if by is None else by.name
