"""What is published: every page the same for everybody, made once and kept; the notice alive; the search over it."""

import asyncio
import datetime as dt
import gzip
import html
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient
from tests.conftest import Database, StandingClock
from tests.test_office import Reader
from tests.webhouse import app_of, house_on

from scenario import read_cities
from shebaoka.desk import Site, open_counter
from shebaoka.notice import LANGUAGES, Notice, Notices, Speech, history_of
from shebaoka.portal import FAMILIES, Shelf, Turnstile, guide, home, notice, straight
from shebaoka.portal.finding import SHOWN_MAX, TYPED_MAX, Findable, Index
from shebaoka.portal.labels import LABELS
from shebaoka.portal.published import pages, rendered
from shebaoka.portal.shelf import Family, Way
from shebaoka.records import NotFound, StoreDown
from shebaoka.serving import front_of, with_shortcut
from shebaoka.web import Front

NOON = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
HOSTILE = ["<script>alert(1)</script>", "𠮷㐂", "\x00\x1b[2J", "' or 1=1--", "👩‍👩‍👧", "(" * 50, "%s{0}{{t}}", "۱٢३"]


class Site2013(msgspec.Struct, frozen=True):
    """A front over an empty database, and the clock of its house."""

    front: Front
    clock: StandingClock

    def __repr__(self) -> str:
        return "Site2013"

    def ask(self, *asked: dict[str, Any]) -> list[httpx.Response]:
        """What the server as it is served answers, past the framework's routing where it can; one after the other."""

        async def all_of() -> list[httpx.Response]:
            transport = httpx.ASGITransport(with_shortcut(app_of(self.front)))
            async with httpx.AsyncClient(transport=transport, base_url="http://card.test") as client:
                return [await client.request(**({"method": "GET"} | one)) for one in asked]

        return asyncio.run(all_of())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """One page."""
        return self.ask({"url": path, **more})[0]


@pytest.fixture(scope="module")
def site(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site2013]:
    """The public page of a house in which nothing happens."""
    clock = StandingClock(NOON)
    with (
        house_on(shared_database, tmp_path_factory.mktemp("site"), clock) as house,
        open_counter(house.desk, 1) as counter,
    ):
        yield Site2013(front_of(house, counter), clock)


def of_city(site: Site2013, city: str, day: str) -> Site2013:
    """The public page of another city on a day."""
    notices = read_cities()[city]
    house = site.front.screens
    clock = StandingClock(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), notices.zone))
    screens = SimpleNamespace(today=lambda: clock().astimezone(notices.zone).date())
    del house

    def speech(notice_id: str, language: str) -> Speech:
        return Speech(notices.by_id(notice_id), site.front.words[language])

    return Site2013(msgspec.structs.replace(site.front, notices=notices, screens=screens, speech=speech), clock)


# Every published page ------------------------------------------------------------------------------------------------


def test_every_published_page_is_served_as_it_is_rendered(site: Site2013) -> None:
    """Byte for byte, in each language, small, well-formed, with its headers; no link of ours in it leads nowhere."""
    every = list(pages(site.front))
    answers = site.ask(*({"url": path, "params": {"language": language}} for path, language in every))
    there, links = {path for path, _ in every}, set()
    for (path, language), answer in zip(every, answers, strict=True):
        assert answer.status_code == 200, path
        assert answer.content == rendered(site.front, path, language)
        assert len(answer.content) < 100_000
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        if answer.headers["Content-Type"] == "text/html; charset=utf-8":
            read = Reader(answer.text)
            assert (read.language, read.faults) == (language, []), path
            links |= {link.partition("#")[0] for link in read.links if link.startswith("/notice")}
            assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids), path
            assert "shebaoka_form" not in answer.headers.get("Set-Cookie", "")
    assert links <= there | {"/notice/on"}
    assert len(there) >= 2 + 28 + 3


def test_a_page_is_the_same_behind_the_framework(site: Site2013) -> None:
    """What the framework answers is what goes the shorter way, header for header; what is no clause is not found."""
    with TestClient(app_of(site.front), base_url="http://card.test") as client:
        for path in ("/notice/9.4?type=large", "/robots.txt"):
            long, short = client.get(path), site.get(path)
            assert long.content == short.content
            assert {k: v for k, v in long.headers.items() if k != "set-cookie"} == {
                k: v for k, v in short.headers.items() if k != "set-cookie"
            }
            assert set(long.cookies.items()) == set(short.cookies.items())
        assert client.get("/notice/9.99").status_code == 404
    assert site.get("/notice/9.99").status_code == 404
    assert site.ask({"method": "POST", "url": "/notice"})[0].status_code == 405
    with pytest.raises(NotFound):
        rendered(site.front, "/notice/9.99", "en")


def test_a_browser_gets_no_more_than_it_needs(site: Site2013) -> None:
    """Packed where it takes that, nothing where it has the page, no body for HEAD; what it chose is kept for later."""
    plain, packed = site.ask(
        {"url": "/notice", "headers": {"Accept-Encoding": "gzip;q=0, br"}},
        {"url": "/notice", "headers": {"Accept-Encoding": "br, GZIP;q=0.5"}},
    )
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(packed.content) / 3
    assert (packed.content, packed.headers["Vary"]) == (plain.content, "Accept-Encoding, Cookie")
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again, other, head = site.ask(
        {"url": "/notice", "headers": {"If-None-Match": f'"x", W/{packed.headers["ETag"]}'}},
        {"url": "/notice", "headers": {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "identity"}},
        {"url": "/notice", "method": "HEAD"},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == packed.headers["Content-Length"]
    chosen, kept, hostile = site.ask(
        {"url": "/notice?language=en&type=large&utm=x"},
        {"url": "/notice", "headers": {"Cookie": "a=1; language=en;type=large; contrast=purple"}},
        {"url": "/notice?language=%00&type[]=x&language=<b>", "headers": {"Cookie": "=;;language"}},
    )
    assert dict(chosen.cookies.items()) == {"language": "en", "type": "large"}
    assert "HttpOnly" in chosen.headers["Set-Cookie"]
    assert kept.content == chosen.content
    assert 'class="public large"' in kept.text
    assert (hostile.content, "Set-Cookie" in hostile.headers) == (plain.content, False)


def test_a_new_day_has_new_pages(site: Site2013) -> None:
    """A version that begins tomorrow is the notice tomorrow; today its page says that it is not in force yet."""
    tianshan = of_city(site, "tianshan", "2015-12-31")
    today = tianshan.ask({"url": "/notice/6.2?language=en"}, {"url": "/notice/history?language=en"})
    assert "15 yuan" in today[0].text
    assert "not in force yet" in today[1].text
    tianshan.clock.move(days=1)
    tomorrow = tianshan.ask({"url": "/notice/6.2?language=en"}, {"url": "/notice/history?language=en"})
    assert "18 yuan" in tomorrow[0].text
    assert "no longer in force" in tomorrow[1].text


# How pages are kept --------------------------------------------------------------------------------------------------


class Written:
    """Content that people write, as a family: how often it was looked at and put together, and whether it is away."""

    def __init__(self) -> None:
        self.version, self.looks, self.made, self.away = 1, 0, 0, False
        self.family = Family("/faq", ("/faq",), lambda _: ["/faq", f"/faq/{self.version}"], self._make, self._look)

    def _look(self, _: Front) -> int:
        self.looks += 1
        if self.away:
            raise StoreDown("The database is away.")
        return self.version

    def _make(self, _: Any, path: str) -> str:
        self.made += 1
        return f"{path} {self.version}"


def test_a_page_is_made_once_and_anew_when_its_content_changes(site: Site2013) -> None:
    """Many who ask at once share one; a change is seen at once by who is told, by others within a second."""
    written = Written()
    shelf = Shelf(site.front, [written.family])

    async def read(*paths: str) -> list[str]:
        leaves = await asyncio.gather(*(shelf.find(path, Way("en")) for path in paths))
        return [leaf.content.decode() if leaf else "" for leaf in leaves]

    async def lives() -> None:
        assert await read(*["/faq"] * 50) == ["/faq 1"] * 50
        assert (written.looks, written.made) == (1, 1)
        written.version = 2
        assert await read("/faq", "/faq/1") == ["/faq 1", "/faq/1 2"]
        shelf.invalidate()
        assert await read("/faq", "/faq/1", "/faq/2", "/nothing") == ["/faq 2", "", "/faq/2 2", ""]
        written.version = 3
        for known in shelf._known.values():
            known.at -= 2  # a second later
        assert await read("/faq") == ["/faq 3"]
        written.away = True
        shelf.invalidate()
        assert await read("/faq") == ["/faq 3"]

    asyncio.run(lives())
    assert gzip.decompress(asyncio.run(shelf.find("/faq", Way("en"))).packed) == b"/faq 3"  # type: ignore[union-attr]
    with pytest.raises(StoreDown):  # of what was never read nothing is known
        asyncio.run(Shelf(site.front, [written.family]).find("/faq", Way()))


def test_content_that_cannot_be_read_is_told_by_the_framework(site: Site2013) -> None:
    """The shorter way hands on what it cannot answer or make, and all that is not published."""
    written = Written()
    written.away = True

    def broken(_: Any, __: str) -> str:
        raise KeyError("a label")

    handed_on: list[str] = []

    async def app(scope: Any, *_: Any) -> None:
        handed_on.append(scope["path"])

    async def ask(path: str) -> None:
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        families = [written.family, Family("/broken", (), lambda _: ["/broken"], broken)]
        entrance = straight(app, Shelf(site.front, families), Turnstile(site.front, ()))
        await entrance(scope, None, None)  # type: ignore[arg-type]

    paths = ["/faq", "/where", "", "//faq", "/broken"]
    for path in paths:
        asyncio.run(ask(path))
    assert handed_on == paths


# The notice ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_shows_what_decides(site: Site2013, notices: Notices, language: str) -> None:
    """Every clause with its wording and a link of its own, every parameter with its value and why it is so."""
    now = notices.versions[0]
    whole = html.unescape(site.get(f"/notice?language={language}").text)
    alone = {c: html.unescape(site.get(f"/notice/{c}?language={language}").text) for c in now.clauses}
    for clause in now.clauses:
        words = now.wording[language].clauses[clause]
        for page in (whole, alone[clause]):
            assert words.title in page
            assert words.text in page
        assert f'id="clause-{clause}"' in whole
        assert f'href="/notice/{clause}"' in whole
    for name, clause in now.clause_of_parameter.items():
        for page in (whole, alone[clause]):
            assert f'id="{name}"' in page
            assert site.front.words[language].parameters[name] in page
            assert now.wording[language].readings.get(name, "") in page
    money = {"zh-Hans": "28 元", "zh-Hant": "28 元", "en": "28 yuan"}[language]
    assert money in alone["6.2"]


def test_the_history_says_what_each_version_changed(site: Site2013) -> None:
    """Both values of what changed, in words; of a clause what touched it; the whole notice of a day, or why none."""
    tianshan = of_city(site, "tianshan", "2020-01-01")
    history, fee, other, then = (
        html.unescape(answer.text)
        for answer in tianshan.ask(
            *(
                {"url": path, "params": {"language": "en"}}
                for path in ("/notice/history", "/notice/6.2", "/notice/9.4")
            ),
            {"url": "/notice/on", "params": {"language": "en", "day": " ２０１３年7月1日 "}},
        )
    )
    for page in (history, fee):
        assert page.index("2016-01-01") < page.index("2012-01-01")
        assert page.index("15 yuan") < page.rindex("18 yuan")
    assert "It has not changed since." in other
    assert "15 yuan" in then
    assert "18 yuan" not in then
    too_early = ("2011-12-31", "The first version begins on 2012-01-01.")
    for day, says in (too_early, *((day, "This is no day.") for day in ("2013-02-30", "tomorrow", "", *HOSTILE))):
        answer = tianshan.get("/notice/on", params={"language": "en", "day": day})
        assert (answer.status_code, says in answer.text) == (400, True), day
        assert Reader(answer.text).faults == []
        assert not {"\x00", "\x1b", "<script>"} & set(answer.text)


def test_every_kind_of_change_is_told(notices: Notices) -> None:
    """Clauses that came, went, or are worded anew in one language; values, and readings that are explained anew."""
    old = notices.versions[0]
    english = old.wording["en"]
    clauses = {**english.clauses, "9.4": msgspec.structs.replace(english.clauses["9.4"], text="Report it.")}
    wording = {
        **old.wording,
        "en": msgspec.structs.replace(english, clauses=clauses, readings=english.readings | {"pin_tries_max": "So."}),
    }
    p = msgspec.structs.replace(old.p, replacement_fee_fen=3000)
    made = {"in_force_from": dt.date(2020, 1, 1), "id": "jinzhong-2020-01-01", "p": p, "wording": wording}
    new: Notice = msgspec.structs.replace(old, **made, clauses=(*(c for c in old.clauses if c != "2.2"), "9.5"))
    latest, first = history_of(Notices([new, old]))
    assert (first.notice, first.before, first.touches("9.4")) == (old, None, False)
    assert (latest.added, latest.removed, latest.reworded) == (("9.5",), ("2.2",), ("9.4",))
    assert [(c.name, c.was, c.now) for c in latest.parameters] == [
        ("replacement_fee_fen", 2800, 3000),
        ("pin_tries_max", 6, 6),
    ]
    assert all(latest.touches(c) for c in ("9.5", "2.2", "9.4", "6.2", "9.3"))


def test_a_city_that_says_its_address_has_a_site_map(site: Site2013) -> None:
    """Every page that people read is in it, in every language; without an address there is none."""
    passkeys = SimpleNamespace(site=Site("card.example.cn", "https://card.example.cn"))
    named = Site2013(msgspec.structs.replace(site.front, passkeys=passkeys), site.clock)
    listed = named.get("/sitemap.xml").text
    assert "<loc>https://card.example.cn/notice/9.4</loc>" in listed
    assert listed.count("<loc>") == len(
        {p for p, _ in pages(site.front)} - {"/robots.txt", "/.well-known/security.txt"}
    )
    assert "Sitemap: https://card.example.cn/sitemap.xml" in named.get("/robots.txt").text
    assert "Sitemap" not in site.get("/robots.txt").text
    assert site.get("/sitemap.xml").status_code == 404
    told = site.get("/.well-known/security.txt").text
    assert told.startswith("Contact: tel:12333;phone-context=+86\nExpires: 2013-07-31T00:00:00Z\n")


# The search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_there_is_is_found_by_its_title(site: Site2013, language: str) -> None:
    """Each clause and parameter comes first for its own title, whatever language it is in; marks change no text."""
    things = list(notice.findable(site.front))
    index = Index(things, language)
    for thing in things:
        for typed in thing.titles.values():
            found = index.find(typed)
            best = [f.address for f in found[:3]]
            assert thing.address in best, typed
            shown = found[best.index(thing.address)]
            assert "".join(part.text for part in shown.title) == thing.titles[language]


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        *(
            ("社保卡丢了怎么办", "/notice/9.4"),
            ("忘记密码", "/notice/9.1"),
            ("28元", "/notice/6.2"),
            ("９．３", "/notice/9.3"),
        ),
        *(
            ("12333", "/notice/5.2"),
            ("住院", "/notice/8.1"),
            ("Activated CARDS", "/notice/5.1"),
            ("住院期間", "/notice/8.1"),
        ),
    ],
)
def test_people_find_by_their_own_words(site: Site2013, typed: str, address: str) -> None:
    """A sentence, a number, an ending, another writing: the clause that it is about is among the first."""
    found = Index(notice.findable(site.front), "zh-Hans").find(typed)
    assert address in [f.address for f in found[:5]]


@pytest.mark.parametrize(
    ("language", "typed", "address"),
    [
        ("zh-Hans", "补卡", "/notice/6.2"),
        ("zh-Hans", "补卡多少钱", "/notice/6.2#replacement_fee_fen"),
        ("zh-Hans", "卡被偷了", "/guide/lost"),
        ("zh-Hans", "怎么激活", "/notice/5.1"),
        ("zh-Hans", "要搬家了", "/guide/moving_away"),
        ("zh-Hans", "卡不见了", "/guide/lost"),
        ("zh-Hans", "照片要求", "/notice/4.2"),
        ("zh-Hans", "几点开门", "/places"),
        ("zh-Hans", "预约", "/booking"),
        ("zh-Hant", "查餘額", "/my"),
        ("zh-Hant", "我要投訴", "/feedback"),
        ("en", "is my card ready", "/where"),
        ("en", "opening hours", "/places"),
        ("zh-Hant", "遺失", "/guide/lost"),
        ("zh-Hant", "过世", "/guide/died"),
        ("en", "how much does a new card cost", "/notice/6.2"),
        ("en", "I forgot my password", "/guide/forgot_pin"),
    ],
)
def test_what_people_say_is_found_as_the_notice_says_it(
    site: Site2013, language: str, typed: str, address: str
) -> None:
    """Words that stand nowhere in notice or guide lead to what they mean, among the first; so do pages where one does
    something.
    """
    families = (home.FAMILY, notice.FAMILY, guide.FAMILY)
    things = [thing for family in families for thing in family.findable(site.front)]
    assert address in [f.address for f in Index(things, language).find(typed)[:5]]


def test_the_search_page(site: Site2013) -> None:
    """What was typed is still there, and marked where it was found; nothing that is typed is more than text."""
    ask = [
        {"url": "/search", "params": {"language": "en", "q": q}}
        for q in ("lost card", "three cards", "", "zzz", "x" * 2000, *HOSTILE)
    ]
    some, cards, none, nothing, long, *hostile = site.ask(*ask)
    assert 'value="lost card"' in some.text
    assert 'href="/notice/9.4"' in some.text
    assert "<mark>" in some.text
    assert 'href="/cards"' in cards.text
    assert "Nothing was found" not in none.text
    assert "12333" in nothing.text
    assert f"first {TYPED_MAX} characters" in long.text
    for answer in (some, cards, none, nothing, long, *hostile):
        assert (answer.status_code, Reader(answer.text).faults) == (200, [])
        assert [mark for mark in ("<script>alert", "\x00", "\x1b") if mark in answer.text] == []
        assert len(answer.content) < 100_000
    kinds = {thing.kind for family in FAMILIES for thing in family.findable(site.front)}
    assert all(f"kind_{kind}" in labels for kind in kinds for labels in LABELS.values())
    every = Index([Findable("clause", f"/{n}", {"en": "card"}, {"en": ""}) for n in range(100)], "en")
    assert [f.address for f in every.find("card")] == [f"/{n}" for n in range(SHOWN_MAX)]


def test_families_do_not_share_an_address() -> None:
    """Each published family has a root of its own, by which it is found."""
    assert len({family.root for family in FAMILIES}) == len(FAMILIES)
