"""Frequently asked questions and related notices of the public page, and the hosts that their links may lead to (9).

One person writes a version, in three languages and with its dates; another one approves it, and from then on it is
shown, sealed by the vault as they saw it. A version is never changed: another text is another version. Taking away
needs one person alone, at once: what is not shown misleads nobody, and spam must not stand there until a second one is
found. What was changed in the database since is not shown (`published`).
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from shebaoka.articletext import TextFault, faults_of, is_hidden, is_host, tidied, words_of
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right
from shebaoka.desk.signoffs import SignOffs, digest_of
from shebaoka.desk.staff import OWNER, Staff
from shebaoka.notice import LANGUAGES
from shebaoka.records import BadInput, NotAllowed, NotFound, SealWrong
from shebaoka.store import Views
from shebaoka.store import articles as sql
from shebaoka.store.views import Run

ArticleKind = Literal["faq", "related"]
ARTICLE_KINDS: tuple[ArticleKind, ...] = get_args(ArticleKind)
TITLE_MAX, REASON_MAX, PLACE_MAX = 100, 200, 999
BODY_MAX: dict[ArticleKind, int] = {"faq": 1200, "related": 8000}
"""Characters of a text in one language: a page with many of them stays below 100 kB."""
YEARS_MAX = 50
_EARLIEST = dt.date(2000, 1, 1)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class Text(msgspec.Struct, frozen=True):
    """An article in one language: the question or heading, and the text below it."""

    title: str
    body: str


class Article(msgspec.Struct, frozen=True):
    """One version of an article, and what became of it. `place` is where it stands among others, the least first."""

    id: int
    kind: ArticleKind
    n: int
    place: int
    from_on: dt.date
    until_on: dt.date | None
    texts: dict[str, Text]
    written_by: str
    written_at: dt.datetime
    state: Literal["waiting", "approved", "denied", "withdrawn"]
    decided_by: str | None
    decided_at: dt.datetime | None
    reason: str
    withdrawn_by: str | None
    withdrawn_at: dt.datetime | None

    @property
    def name(self) -> str:
        """Its name among what is signed off."""
        return f"article/{self.id}/{self.n}"

    @property
    def digest(self) -> str:
        """The digest of what may be shown of it."""
        return digest_of(self.content())

    def content(self) -> bytes:
        """Everything of it that may be shown, as it is signed off."""
        texts = {language: [self.texts[language].title, self.texts[language].body] for language in sorted(self.texts)}
        return msgspec.json.encode([self.id, self.kind, self.n, self.place, self.from_on, self.until_on, texts])


class NewArticle(msgspec.Struct, frozen=True):
    """What somebody writes: texts by language, where it stands, and from when until when it is shown."""

    place: int
    from_on: dt.date
    until_on: dt.date | None
    texts: Mapping[str, Text]


class LinkHost(msgspec.Struct, frozen=True):
    """A host that links may lead to, or might."""

    host: str
    proposed_by: str
    proposed_at: dt.datetime
    state: Literal["waiting", "approved", "denied", "ended"]
    decided_by: str | None
    decided_at: dt.datetime | None
    ended_by: str | None
    ended_at: dt.datetime | None

    @property
    def name(self) -> str:
        """Its name among what is signed off."""
        return f"host/{self.host}"


class ArticleFault(BadInput):
    """What is wrong with something written: `field` names it, `fault` the part of its text if it is there."""

    code = "article_fault"

    def __init__(self, field: str, code: str, message: str, fault: TextFault | None = None) -> None:
        super().__init__(f"{field}: {message}", code=code)
        self.field = field
        self.fault = fault


class Published(msgspec.Struct, frozen=True):
    """What was signed off and is as it was: articles in every version that may be shown, and hosts.

    `edition` changes with every sign-off.
    """

    edition: str = ""
    articles: tuple[Article, ...] = ()
    hosts: frozenset[str] = frozenset()

    def on(self, day: dt.date, kind: ArticleKind) -> list[Article]:
        """What is shown on a day: of each article the newest version that has begun, unless that one is over."""
        newest: dict[int, Article] = {}
        for one in self.articles:
            if one.kind == kind and one.from_on <= day and (one.id not in newest or one.n > newest[one.id].n):
                newest[one.id] = one
        shown = [one for one in newest.values() if one.until_on is None or day <= one.until_on]
        if kind == "related":  # news: the newest first, but for those that were given a place before others
            return sorted(shown, key=lambda a: (a.place, -a.from_on.toordinal(), -a.id))
        return sorted(shown, key=lambda a: (a.place, a.id))

    def one(self, day: dt.date, kind: ArticleKind, id_: int) -> Article:
        """The article of this number as it is shown on a day. `NotFound`."""
        found = next((one for one in self.on(day, kind) if one.id == id_), None)
        if found is None:
            raise NotFound("There is no such article, or it is not shown any more.")
        return found


class Articles:
    """Writes, approves and takes away, and says what is shown. Safe for many threads.

    `by` and `seen_by` are nobody where the owner of the machine asks.
    """

    def __init__(self, views_: Views, signoffs: SignOffs, clock: Clock = now) -> None:
        self._views = views_
        self._signoffs = signoffs
        self._clock = clock
        self._published = Published()

    # what is shown

    def published(self) -> Published:
        """What may be shown: each article and host exactly as two people signed it off, and nothing else.

        An article of which one version was changed, taken out or put in behind the program's back is not shown at all.
        `SealWrong` if what was signed off is itself not as it was sealed.
        """
        latest = self._signoffs.latest()
        if latest is None:
            return Published()
        if self._published.edition != latest.edition:
            signed = latest.digests()
            self._published = Published(latest.edition, tuple(self._as_signed(signed)), self._allowed(signed))
        return self._published

    def found(self) -> dict[str, str]:
        """What the database would have shown, by name, whether or not it was signed off. For who verifies."""
        return {one.name: digest_of(one.content()) for one in self._rows(sql.APPROVED)} | {
            one.name: digest_of(one.host.encode()) for one in self.hosts() if one.state == "approved"
        }

    def _as_signed(self, signed: Mapping[str, str]) -> list[Article]:
        found = self._rows(sql.APPROVED)
        names = {one.name: digest_of(one.content()) for one in found}
        of: dict[str, bool] = {}
        for name in {*names, *(n for n in signed if n.startswith("article/"))}:
            whose = name.split("/")[1]
            of[whose] = of.get(whose, True) and names.get(name) == signed.get(name)
        return [one for one in found if of[str(one.id)]]

    def _allowed(self, signed: Mapping[str, str]) -> frozenset[str]:
        approved = (one for one in self.hosts() if one.state == "approved")
        return frozenset(one.host for one in approved if signed.get(one.name) == digest_of(one.host.encode()))

    # who may see what was written

    def everything(self, *, seen_by: Staff | None = None) -> list[Article]:
        """Every version of every article, by kind and place, the newest of each first."""
        must_see(seen_by)
        return self._rows(sql.VERSIONS)

    def versions(self, id_: int, *, seen_by: Staff | None = None) -> list[Article]:
        """The versions of one article, the newest first. `NotFound`."""
        must_see(seen_by)
        found = self._rows(sql.VERSIONS_OF, article=id_) if _NUMBER.fullmatch(str(id_)) else []
        if not found:
            raise NotFound("There is no such article.")
        return found

    def hosts(self, *, seen_by: Staff | None = None) -> list[LinkHost]:
        """Every host that was ever proposed, those that count first."""
        must_see(seen_by)
        return [LinkHost(*row) for row in self._views.rows(sql.HOSTS)]

    # writing

    def checked(self, kind: ArticleKind, said: NewArticle, *, by: Staff | None = None) -> NewArticle:
        """What somebody wrote as it would be kept, without keeping it. `ArticleFault` names the field."""
        _must(by, Right.KEEP_ARTICLES)
        if kind not in ARTICLE_KINDS:
            raise BadInput("kind: choose faq or related.")
        if not 1 <= said.place <= PLACE_MAX:
            raise ArticleFault("place", "article_place", f"give a number from 1 to {PLACE_MAX}.")
        today = self._clock().date()
        last = said.until_on or said.from_on
        if said.until_on is not None and said.until_on < said.from_on:
            raise ArticleFault("until", "article_days", "the last day is before the first.")
        if not _EARLIEST <= said.from_on <= last <= _in_years(today, YEARS_MAX):
            raise ArticleFault("from", "article_days", f"give days from the year 2000 on, within {YEARS_MAX} years.")
        hosts = {one.host for one in self.hosts() if one.state == "approved"}
        texts = {language: _text(language, kind, said.texts.get(language), hosts) for language in LANGUAGES}
        return msgspec.structs.replace(said, texts=texts)

    def add(self, kind: ArticleKind, said: NewArticle, *, by: Staff | None = None) -> Article:
        """A new article; its first version waits for another person."""
        said = self.checked(kind, said, by=by)
        with self._views.together() as run:
            run(sql.LOCK, {})
            id_ = run(sql.ADD, {"kind": kind, "at": self._clock()})[0][0]
            run(sql.ADD_VERSION, self._row(id_, said, by))
        return self.versions(id_)[0]

    def rewrite(self, id_: int, said: NewArticle, *, by: Staff | None = None) -> Article:
        """Another version, which waits for another person; one that waited until now is taken back. `NotFound`."""
        said = self.checked(self.versions(id_)[0].kind, said, by=by)
        with self._views.together() as run:
            run(sql.LOCK, {})
            run(sql.WITHDRAW, {"article": id_, "states": ["waiting"], "by": _name(by), "at": self._clock()})
            run(sql.ADD_VERSION, self._row(id_, said, by))
        return self.versions(id_)[0]

    def approve(self, id_: int, n: int, *, seen: str | None = None, by: Staff | None = None) -> None:
        """The version is shown as it was seen, from its first day on. `NotAllowed` to whoever wrote it.

        `seen` is the digest of what they were shown: `NotFound` if it is another by now, changed behind the program's
        back.
        """
        waiting = self._waiting(id_, n, by)
        if seen is not None and seen != waiting.digest:
            raise NotFound("The version is not as it was shown. Nothing was approved; look at it again.")
        with self._views.together() as run:
            run(sql.LOCK, {})
            self._decided(run, waiting, "approved", "", by)
            self._signoffs.add(
                run, "article", str(id_), {waiting.name: digest_of(waiting.content())}, waiting.written_by, _name(by)
            )

    def deny(self, id_: int, n: int, reason: str, *, by: Staff | None = None) -> None:
        """The version is not shown; the reason is kept. `NotAllowed` to whoever wrote it, who takes it back instead."""
        waiting, reason = self._waiting(id_, n, by), reason.strip()
        if not 0 < len(reason) <= REASON_MAX or any(map(is_hidden, reason)):
            raise ArticleFault("reason", "article_reason", f"give the reason, in 1 to {REASON_MAX} characters.")
        with self._views.together() as run:
            run(sql.LOCK, {})
            self._decided(run, waiting, "denied", reason, by)

    def withdraw(self, id_: int, *, by: Staff | None = None) -> None:
        """The article is shown no more from now on, and what waits of it waits no more. `NotFound`."""
        _must_keep_or_approve(by)
        found = self.versions(id_)
        with self._views.together() as run:
            run(sql.LOCK, {})
            states = ["waiting", "approved"]
            if not run(sql.WITHDRAW, {"article": id_, "states": states, "by": _name(by), "at": self._clock()}):
                raise NotFound("The article is not shown, and nothing of it waits.")
            self._take_away(run, "article", str(id_), [one.name for one in found], by)

    # hosts

    def propose_host(self, host: str, *, by: Staff | None = None) -> None:
        """A host that links may lead to once another person approves it."""
        _must(by, Right.KEEP_ARTICLES)
        host = host.strip().lower()
        if not is_host(host):
            raise ArticleFault("host", "host_form", "give a host's name alone, as in an address: www.mohrss.gov.cn.")
        with self._views.together() as run:
            if not run(sql.PROPOSE_HOST, {"host": host, "by": _name(by), "at": self._clock()}):
                raise ArticleFault("host", "host_is_there", f"{host} is on the list already.")

    def decide_host(self, host: str, *, given: bool, by: Staff | None = None) -> None:
        """Another person approves a host, or denies it. `NotAllowed` to whoever proposed it, `NotFound`."""
        _must(by, Right.APPROVE_ARTICLES)
        waiting = next((one for one in self.hosts() if one.host == host and one.state == "waiting"), None)
        if waiting is None:
            raise NotFound("There is no such host that waits.")
        _must_be_another(waiting.proposed_by, by)
        state = "approved" if given else "denied"
        with self._views.together() as run:
            run(sql.LOCK, {})
            if not run(sql.DECIDE_HOST, {"host": host, "state": state, "by": _name(by), "at": self._clock()}):
                raise NotFound("There is no such host that waits.")
            if given:
                digest = digest_of(host.encode())
                self._signoffs.add(run, "host", host, {waiting.name: digest}, waiting.proposed_by, _name(by))

    def end_host(self, host: str, *, by: Staff | None = None) -> None:
        """Links lead there no more: what was one is its words alone. `NotFound`."""
        _must_keep_or_approve(by)
        with self._views.together() as run:
            run(sql.LOCK, {})
            ended = (
                run(sql.END_HOST, {"host": host[:300], "by": _name(by), "at": self._clock()}) if is_host(host) else []
            )
            if not ended:
                raise NotFound("There is no such host.")
            self._take_away(run, "host", host, [f"host/{host}"], by)

    def count_waiting(self) -> int:
        """How many versions and hosts wait for another person."""
        return int(self._views.rows(sql.WAITING)[0][0])

    # within

    def _take_away(
        self, run: Run, what: Literal["article", "host"], code: str, names: list[str], by: Staff | None
    ) -> None:
        """Out of what is signed off. Where that is not as it was sealed nothing is shown, and so nothing to take."""
        try:
            self._signoffs.add(run, what, code, dict.fromkeys(names), _name(by), None)
        except SealWrong:
            return

    def _waiting(self, id_: int, n: int, by: Staff | None) -> Article:
        _must(by, Right.APPROVE_ARTICLES)
        found = next((one for one in self.versions(id_) if one.n == n and one.state == "waiting"), None)
        if found is None:
            raise NotFound("There is no such version that waits: somebody decided it, took it back or wrote another.")
        _must_be_another(found.written_by, by)
        return found

    def _decided(self, run: Run, waiting: Article, state: str, reason: str, by: Staff | None) -> None:
        row = {"article": waiting.id, "n": waiting.n, "state": state, "reason": reason}
        if not run(sql.DECIDE, {**row, "by": _name(by), "at": self._clock()}):
            raise NotFound("There is no such version that waits: somebody decided it, took it back or wrote another.")

    def _row(self, id_: int, said: NewArticle, by: Staff | None) -> dict[str, Any]:
        return {
            "article": id_,
            "place": said.place,
            "from": said.from_on,
            "until": said.until_on,
            "texts": msgspec.json.encode(said.texts).decode(),
            "by": _name(by),
            "at": self._clock(),
        }

    def _rows(self, statement: str, **values: Any) -> list[Article]:
        return [_article(row) for row in self._views.rows(statement, values)]


def plain_text(text: Text) -> str:
    """Title and text without marks, as they are searched."""
    return f"{text.title}\n{words_of(text.body)}"


def must_see(by: Staff | None) -> None:
    """`NotAllowed` unless somebody may write or approve articles, or sees the configuration."""
    if by is not None and not (by.may(Right.KEEP_ARTICLES) or by.may(Right.APPROVE_ARTICLES)):
        by.must(Right.SEE_CONFIGURATION)


def _must(by: Staff | None, right: Right) -> None:
    if by is not None:
        by.must(right)


def _must_keep_or_approve(by: Staff | None) -> None:
    if by is not None:
        by.must_either(Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES)


def _must_be_another(first: str, by: Staff | None) -> None:
    if first == _name(by):
        raise NotAllowed(
            "Nobody approves what they wrote or prepared themselves; another person must.", code="own_work"
        )


def _name(by: Staff | None) -> str:
    return OWNER if by is None else by.name


def _in_years(day: dt.date, years: int) -> dt.date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def _article(row: tuple[Any, ...]) -> Article:
    texts = msgspec.json.decode(row[6], type=dict[str, Text])
    return Article(*(*row[:6], texts, *row[7:]))


def _text(language: str, kind: ArticleKind, said: Text | None, hosts: set[str]) -> Text:
    """A text in one language as it is kept. `ArticleFault` names field, line and characters."""
    title, body = (said.title.strip(), tidied(said.body)) if said else ("", "")
    for field, text, most in ((f"title-{language}", title, TITLE_MAX), (f"body-{language}", body, BODY_MAX[kind])):
        if not text.strip() or len(text) > most:
            raise ArticleFault(field, "article_length", f"give 1 to {most} characters.")
    for character in filter(is_hidden, title):
        raise _of_text(f"title-{language}", TextFault("hidden", 1, f"U+{ord(character):04X}"))
    for fault in faults_of(body, hosts):
        raise _of_text(f"body-{language}", fault)
    return Text(title, body)


def _of_text(field: str, fault: TextFault) -> ArticleFault:
    messages = {
        "hidden": f"line {fault.line} has the hidden character {fault.what}; take it out.",
        "link": f"line {fault.line} has a link that leads nowhere: {fault.what}",
        "host": f"line {fault.line} leads to {fault.what}, which is not allowed; have the host approved first.",
    }
    return ArticleFault(field, f"article_{fault.code}", messages[fault.code], fault)
