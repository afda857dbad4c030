"""What the public page says beside the notice: an administrator writes, another person approves. An auditor reads.

The room of the desk holds who may. A preview shows what was typed as readers will see it, and keeps nothing.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, get, post

from shebaoka.articletext import Block, blocks_of
from shebaoka.desk import ARTICLE_KINDS, Article, ArticleFault, ArticleKind, NewArticle, Right, Staff, Text
from shebaoka.notice import LANGUAGES
from shebaoka.office.configured import local
from shebaoka.office.frame import Page
from shebaoka.pages import LANGUAGE_NAMES, Asked, form_of, front_of, moved_to
from shebaoka.records import NotAllowed, NotFound, SealWrong

FIELDS = ("place", "from", "until", *(f"{part}-{language}" for language in LANGUAGES for part in ("title", "body")))


class Said(msgspec.Struct, frozen=True):
    """An article in one language as its readers see it."""

    language: str
    name: str
    title: str
    blocks: tuple[Block, ...]


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a field of a form, in words."""

    field: str
    name: str
    says: str


def _said(article: Article | NewArticle, hosts: frozenset[str]) -> list[Said]:
    """An article in every language, as its readers see it."""
    return [
        Said(language, LANGUAGE_NAMES[language], text.title, blocks_of(text.body, hosts))
        for language in LANGUAGES
        if (text := article.texts.get(language))
    ]


def _wrong(labels: dict[str, str], e: ArticleFault) -> Wrong:
    """A fault in words, with the field's name."""
    part, _, language = e.field.partition("-")
    name = {
        "place": labels["article_place"],
        "from": labels["article_from"],
        "until": labels["article_until"],
        "title": labels["article_title"],
        "body": labels["article_body"],
        "reason": labels["article_denied_because"],
        "host": labels["link_host"],
    }[part]
    says = {
        "article_place": labels["fault_place"],
        "article_days": labels["fault_days"],
        "article_length": labels["fault_length"],
        "article_hidden": labels["fault_hidden"],
        "article_link": labels["fault_link"],
        "article_host": labels["fault_host"],
        "article_reason": labels["fault_reason"],
        "host_form": labels["fault_host_form"],
        "host_is_there": labels["fault_host_is_there"],
    }[e.code]
    line, what = (e.fault.line, e.fault.what) if e.fault else (0, "")
    return Wrong(e.field, f"{name} {LANGUAGE_NAMES[language]}" if language else name, says.format(line, what))


def _states(labels: dict[str, str]) -> dict[str, str]:
    return {
        "waiting": labels["article_waiting"],
        "approved": labels["article_approved"],
        "denied": labels["article_denied"],
        "withdrawn": labels["article_withdrawn"],
        "ended": labels["host_ended"],
    }


def _kinds(labels: dict[str, str]) -> dict[str, str]:
    return {"faq": labels["kind_faq"], "related": labels["kind_related"]}


def _frame(page: Page) -> dict[str, Any]:
    """What every one of these pages needs."""
    staff: Staff = page.request.state.staff
    return {
        "states": _states(page.labels),
        "kinds": _kinds(page.labels),
        "keeps": staff.may(Right.KEEP_ARTICLES),
        "approves": staff.may(Right.APPROVE_ARTICLES),
        "own_name": staff.name,
        "at": lambda at: local(page, at),
        "who": lambda name: name or page.labels["owner_of_machine"],
    }


def _changed(request: Asked, path: str) -> Response[bytes]:
    """To another page, after what readers see may have changed: they see it at once."""
    request.app.state.shelf.invalidate()
    return moved_to(path)


# All articles and hosts ----------------------------------------------------------------------------------------------


async def _articles(
    request: Asked, *, status: int = 200, wrong: Wrong | None = None, fault: str = "", host: str = ""
) -> Response[bytes]:
    page, staff = Page(request), request.state.staff

    def show() -> Response[bytes]:
        room = page.front.articles
        newest: dict[int, list[Article]] = {}
        for version in room.everything(seen_by=staff):
            newest.setdefault(version.id, []).append(version)
        try:
            published, seal_wrong = room.published(), False
        except SealWrong:
            published, seal_wrong = None, True
        shown = {a.id: a.n for kind in ARTICLE_KINDS for a in (published.on(page.on, kind) if published else ())}
        return page.show_at_once(
            "articles.html",
            status=status,
            articles=list(newest.values()),
            shown=shown,
            hosts=room.hosts(seen_by=staff),
            signed_hosts=published.hosts if published else frozenset(),
            language=page.language,
            seal_wrong=seal_wrong,
            wrong=wrong,
            fault=fault,
            host=host,
            **_frame(page),
        )

    return await to_thread.run_sync(show)


@get("/articles")
async def get_articles(request: Asked) -> Response[bytes]:
    """All articles with what is shown of them now and what waits, and the hosts that links may lead to."""
    return await _articles(request)


async def _host_done(request: Asked, act: Callable[[], None], host: str = "") -> Response[bytes]:
    labels = Page(request).labels
    try:
        await to_thread.run_sync(act)
    except ArticleFault as e:
        return await _articles(request, status=400, wrong=_wrong(labels, e), host=host)
    except NotFound:
        return await _articles(request, status=404, fault=labels["host_is_gone"])
    except SealWrong:
        return await _articles(request, status=409)
    except NotAllowed as e:
        if e.code != "own_work":
            raise
        return await _articles(request, status=409, fault=labels["not_ones_own"])
    return _changed(request, "/articles")


@post("/articles/hosts")
async def post_host(request: Asked) -> Response[bytes]:
    """A host that links may lead to once another person approves it."""
    form = await form_of(request)
    host = form.get("host", "")
    return await _host_done(request, partial(front_of(request).articles.propose_host, host, by=_by(request)), host)


@post("/articles/hosts/verdict")
async def post_host_verdict(request: Asked) -> Response[bytes]:
    """Another person's word on a host."""
    form = await form_of(request)
    given = form.get("verdict") == "approved"
    decide = partial(front_of(request).articles.decide_host, form.get("host", ""), given=given, by=_by(request))
    return await _host_done(request, decide)


@post("/articles/hosts/end")
async def post_host_ended(request: Asked) -> Response[bytes]:
    """Links lead there no more."""
    form = await form_of(request)
    return await _host_done(
        request, partial(front_of(request).articles.end_host, form.get("host", ""), by=_by(request))
    )


# Writing -------------------------------------------------------------------------------------------------------------


def _written(form: dict[str, str]) -> NewArticle:
    """What was typed. `ArticleFault` names the field that is no number or no day."""
    place, until = form.get("place", "").strip(), form.get("until", "").strip()
    if not place.isdecimal() or len(place) > 3:
        raise ArticleFault("place", "article_place", "give a number.")
    texts = {lang: Text(form.get(f"title-{lang}", ""), form.get(f"body-{lang}", "")) for lang in LANGUAGES}
    return NewArticle(int(place), _day("from", form), _day("until", form) if until else None, texts)


def _day(field: str, form: dict[str, str]) -> dt.date:
    try:
        return dt.date.fromisoformat(form.get(field, "").strip())
    except ValueError:
        raise ArticleFault(field, "article_days", "give a day.") from None


def _typed(article: Article) -> dict[str, str]:
    """A version as its form holds it, to be written anew."""
    until = article.until_on.isoformat() if article.until_on else ""
    typed = {"place": str(article.place), "from": article.from_on.isoformat(), "until": until}
    for language, text in article.texts.items():
        typed |= {f"title-{language}": text.title, f"body-{language}": text.body}
    return typed


def _empty(page: Page) -> dict[str, str]:
    return dict.fromkeys(FIELDS, "") | {"place": "100", "from": page.on.isoformat()}


def _by(request: Asked) -> Staff:
    staff: Staff = request.state.staff
    return staff


async def _write(
    request: Asked,
    kind: ArticleKind,
    form: dict[str, str],
    keep: Callable[[NewArticle], Article],
    page: Callable[..., Awaitable[Response[bytes]]],
) -> Response[bytes]:
    """Keep what was typed, or show it as readers will see it; what is wrong is told, and nothing typed is lost."""
    room, by = front_of(request).articles, _by(request)
    by.must(Right.KEEP_ARTICLES)
    typed = {field: form.get(field, "") for field in FIELDS}

    def act() -> NewArticle | Article:
        said = room.checked(kind, _written(form), by=by)
        return said if form.get("act") == "preview" else keep(said)

    try:
        done = await to_thread.run_sync(act)
    except ArticleFault as e:
        return await page(status=400, wrong=_wrong(Page(request).labels, e), typed=typed)
    if isinstance(done, NewArticle):
        return await page(typed=typed, preview=done)
    return moved_to(f"/articles/{done.id}")


async def _new(request: Asked, kind: str, *, status: int = 200, **more: Any) -> Response[bytes]:
    page = Page(request)
    _by(request).must(Right.KEEP_ARTICLES)
    if kind not in ARTICLE_KINDS:
        raise NotFound("There is no such kind of article.")
    found = {"wrong": None, "preview": None, "typed": _empty(page)} | more

    def show() -> Response[bytes]:
        preview = found.pop("preview")
        hosts = frozenset(h.host for h in page.front.articles.hosts() if h.state == "approved")
        seen = _said(preview, hosts) if preview else []
        return page.show_at_once("articlenew.html", status=status, kind=kind, seen=seen, **found, **_frame(page))

    return await to_thread.run_sync(show)


@get("/articles/new/{kind:str}")
async def get_new(request: Asked) -> Response[bytes]:
    """An empty article to write."""
    return await _new(request, request.path_params["kind"])


@post("/articles/new/{kind:str}", status_code=200)
async def post_new(request: Asked) -> Response[bytes]:
    """A new article, or its preview."""
    form, kind = await form_of(request), request.path_params["kind"]
    if kind not in ARTICLE_KINDS:
        raise NotFound("There is no such kind of article.")
    known: ArticleKind = "faq" if kind == "faq" else "related"
    keep = partial(front_of(request).articles.add, known, by=_by(request))
    return await _write(request, known, form, keep, partial(_new, request, kind))


# One article ---------------------------------------------------------------------------------------------------------


async def _one(request: Asked, article: int, *, status: int = 200, **more: Any) -> Response[bytes]:
    page, staff = Page(request), _by(request)
    found = {"wrong": None, "preview": None, "typed": None, "fault": "", "reason": ""} | more

    def show() -> Response[bytes]:
        room = page.front.articles
        versions = room.versions(article, seen_by=staff)
        try:
            published = room.published()
            now = next((a for a in published.on(page.on, versions[0].kind) if a.id == article), None)
        except SealWrong:
            now = None
        hosts = frozenset(h.host for h in room.hosts() if h.state == "approved")
        preview, typed = found.pop("preview"), found.pop("typed") or _typed(versions[0])
        waiting = next((v for v in versions if v.state == "waiting"), None)
        return page.show_at_once(
            "article.html",
            status=status,
            id=article,
            kind=versions[0].kind,
            versions=versions,
            now=now,
            waiting=waiting,
            now_seen=_said(now, hosts) if now else [],
            waiting_seen=_said(waiting, hosts) if waiting else [],
            ends=any(v.state in ("waiting", "approved") for v in versions),
            seen=_said(preview, hosts) if preview else [],
            typed=typed,
            **found,
            **_frame(page),
        )

    return await to_thread.run_sync(show)


@get("/articles/{article:int}")
async def get_article(request: Asked) -> Response[bytes]:
    """What is shown of an article, what waits to be approved, and everything that it ever said."""
    return await _one(request, request.path_params["article"])


@post("/articles/{article:int}", status_code=200)
async def post_article(request: Asked) -> Response[bytes]:
    """Another version, or its preview."""
    form = await form_of(request)
    _by(request).must(Right.KEEP_ARTICLES)
    room, article = front_of(request).articles, request.path_params["article"]
    kind = (await to_thread.run_sync(room.versions, article))[0].kind
    keep = partial(room.rewrite, article, by=_by(request))
    return await _write(request, kind, form, keep, partial(_one, request, article))


@post("/articles/{article:int}/verdict")
async def post_verdict(request: Asked) -> Response[bytes]:
    """Another person's word on the version that waits, as they saw it."""
    form, room, by = await form_of(request), front_of(request).articles, _by(request)
    by.must(Right.APPROVE_ARTICLES)
    article = request.path_params["article"]
    n, reason, labels = form.get("n", ""), form.get("reason", ""), Page(request).labels
    number = int(n) if n.isdecimal() and len(n) < 9 else 0
    if form.get("verdict") == "approved":
        decide = partial(room.approve, article, number, seen=form.get("seen", ""), by=by)
    else:
        decide = partial(room.deny, article, number, reason, by=by)
    return await _decided(request, article, decide, labels, reason)


@post("/articles/{article:int}/withdraw")
async def post_withdrawn(request: Asked) -> Response[bytes]:
    """The article is shown no more, at once."""
    await form_of(request)
    article = request.path_params["article"]
    withdraw = partial(front_of(request).articles.withdraw, article, by=_by(request))
    return await _decided(request, article, withdraw, Page(request).labels, "")


async def _decided(
    request: Asked, article: int, act: Callable[[], None], labels: dict[str, str], reason: str
) -> Response[bytes]:
    try:
        await to_thread.run_sync(act)
    except ArticleFault as e:
        return await _one(request, article, status=400, wrong=_wrong(labels, e), reason=reason)
    except NotFound:
        return await _one(request, article, status=409, fault=labels["version_is_decided"], reason=reason)
    except SealWrong:
        return await _one(request, article, status=409, fault=labels["seal_is_wrong"], reason=reason)
    except NotAllowed as e:
        if e.code != "own_work":
            raise
        return await _one(request, article, status=409, fault=labels["not_ones_own"], reason=reason)
    return _changed(request, f"/articles/{article}")
