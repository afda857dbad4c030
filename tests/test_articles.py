"""What the public page says beside the notice: written by one, approved by another, shown only as it was signed off.

The database's owner defaces rows here, and a stranger the files: what they wrote is not shown, and `site verify` says
what it was.
"""

import datetime as dt
import errno
import html
import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import errors
from tests.conftest import Database, StandingClock
from tests.test_office import Reader
from tests.test_office_signin import Pages, send
from tests.test_windows import read
from tests.webhouse import house_on

from shebaoka.app import House
from shebaoka.articletext import Link, Words, blocks_of, faults_of, is_hidden, tidied, words_of
from shebaoka.cli import main, served
from shebaoka.cli.entrance import Caller
from shebaoka.desk import ArticleFault, ArticleKind, NewArticle, Role, Staff, Text, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.portal import articles
from shebaoka.portal.labels import LABELS as LABELS_PUBLIC
from shebaoka.portal.published import pages as published_pages
from shebaoka.portal.published import rendered
from shebaoka.records import BadInput, NotAllowed, NotFound, SealWrong, SiteChanged
from shebaoka.serving import front_of

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
TODAY = dt.date(2013, 7, 1)
XU = Staff("xu", Role.SYSTEM_ADMINISTRATOR, "")
HE = Staff("he", Role.SYSTEM_ADMINISTRATOR, "")
WANG = Staff("wang", Role.SUPERVISOR, "w1")
HOST = "www.mohrss.gov.cn"
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} </title> 𠮷㐂 👨‍👩‍👧 ' or 1=1 --"
W1 = ("w1", "一号窗口", "榆次区政务服务中心", "榆次区迎宾街 1 号", "周一至周五 8:30—17:30")


@pytest.fixture(scope="module")
def standing(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, StandingClock]]:
    """A house in which nobody is, and its clock."""
    shared_database.wipe()
    clock = StandingClock(AT)
    with house_on(shared_database, tmp_path_factory.mktemp("articles"), clock) as house:
        yield house, clock


@pytest.fixture
def house(standing: tuple[House, StandingClock], shared_database: Database) -> House:
    """The same with nothing written."""
    shared_database.wipe()
    standing[1].at = AT
    return standing[0]


def written(title: str = "怎样启用？", body: str = "到窗口办理。", place: int = 1, **days: Any) -> NewArticle:
    """An article of these words in every language."""
    texts = {language: Text(title, body) for language in LANGUAGES}
    return NewArticle(place, days.get("from_on", TODAY), days.get("until_on"), texts)


def shown(house: House, kind: ArticleKind = "faq", day: dt.date = TODAY) -> list[str]:
    """The titles of what is shown on a day."""
    return [one.texts["en"].title for one in house.articles.published().on(day, kind)]


def approved(house: House, said: NewArticle, kind: ArticleKind = "faq") -> int:
    """An article that Xu wrote and Wang approved."""
    one = house.articles.add(kind, said, by=XU)
    house.articles.approve(one.id, one.n, by=WANG)
    return one.id


def allowed(house: House, host: str = HOST) -> None:
    """A host that Xu proposed and Wang approved."""
    house.articles.propose_host(host, by=XU)
    house.articles.decide_host(host, given=True, by=WANG)


def signed(house: House) -> None:
    """The whole page, prepared by Xu and signed off by Wang."""
    house.site.sign(house.site.prepare(by=XU).digest, by=WANG)


# The text ------------------------------------------------------------------------------------------------------------


def test_a_text_is_paragraphs_lists_and_links_and_nothing_else() -> None:
    """Lines, items and links are read; whatever else looks like markup is its own characters."""
    text = (
        f"第一行\n第二行 <b>\n\n- 甲 [条款](/notice/7.1#a)\n- 乙 [部](https://{HOST}/a?b=1&c=2)。\n"
        "1. 一\n12. 十二\n\n[x](javascript:alert(1)) *y* &amp;"
    )
    blocks = blocks_of(text, {HOST})
    assert [(b.kind, len(b.lines)) for b in blocks] == [
        ("paragraph", 2),
        ("list", 2),
        ("numbered", 2),
        ("paragraph", 1),
    ]
    assert blocks[1].lines[0] == (Words("甲 "), Link("条款", "/notice/7.1#a", ""))
    assert blocks[1].lines[1][1:] == (Link("部", f"https://{HOST}/a?b=1&c=2", HOST), Words("。"))
    assert blocks[3].lines == ((Words("[x](javascript:alert(1)) *y* &amp;"),),)
    assert blocks_of(text, set())[1].lines[1][1] == Words("部")
    assert "甲 条款\n- 乙 部。" in words_of(text)
    assert (blocks_of(" \n", set()), tidied("a \r\n\r\n\r\n\r\nb\r\n")) == ((), "a\n\nb")


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert", "//evil.test", "/\\evil.test", "http://www.mohrss.gov.cn/", "data:text/html,x"),
        *(f"https://{HOST}@evil.test/", f"https://{HOST}:444/", "https://10.0.0.1/", "https://evil", "/a/../b", "x"),
        *(
            f"https://{HOST}.",
            f'https://{HOST}/"onclick',
            "https://xn--",
            f"https://{HOST}\\@evil.test",
            "/a//evil.test",
        ),
    ],
)
def test_a_link_leads_to_a_page_of_ours_or_to_an_allowed_host(address: str) -> None:
    """Whatever is not plainly one of the two is told with its line, and is no link where it is shown."""
    text = f"一\n[x]({address})"
    assert [(f.code, f.line) for f in faults_of(text, {HOST})] == [("link", 2)]
    assert not any(isinstance(part, Link) for b in blocks_of(text, {HOST}) for line in b.lines for part in line)


def test_what_nobody_sees_is_no_part_of_a_text() -> None:
    """Controls, marks that turn writing round and zero-width ones are told; rare characters and emoji are fine."""
    assert [f.what for f in faults_of("a\u202eb\n\x00\ufeff\u00ad\ue000", ())] == [
        *("U+202E", "U+0000", "U+FEFF", "U+00AD", "U+E000")
    ]
    assert not any(map(is_hidden, "𠮷㐂👨‍👩‍👧🇨🇳ئۇيغۇر"))


# Articles ------------------------------------------------------------------------------------------------------------


def test_an_article_is_shown_once_another_person_approved_it(house: House) -> None:
    """Not before, not by its writer, not by who may not; denied with a reason it is not shown, and stays on file."""
    room = house.articles
    one = room.add("faq", written(), by=XU)
    for who in (XU, Staff("x", Role.CLERK, ""), Staff("y", Role.AUDITOR, "")):
        with pytest.raises(NotAllowed):
            room.approve(one.id, 1, by=who)
    with pytest.raises(NotAllowed):
        room.add("faq", written(), by=WANG)
    assert (shown(house), room.count_waiting()) == ([], 1)
    with pytest.raises(ArticleFault, match="reason"):
        room.deny(one.id, 1, " ", by=WANG)
    room.deny(one.id, 1, "电话写错了", by=WANG)
    with pytest.raises(NotFound):
        room.approve(one.id, 1, by=WANG)
    room.rewrite(one.id, written("改过的"), by=XU)
    room.rewrite(one.id, written("再改过的"), by=HE)
    for n in (1, 2, 4):
        with pytest.raises(NotFound):
            room.approve(one.id, n, by=WANG)
    room.approve(one.id, 3, by=XU)  # who wrote an earlier one may: this one is another person's
    assert (shown(house), room.count_waiting()) == (["再改过的"], 0)
    assert [(v.n, v.state, v.decided_by, v.reason, v.withdrawn_by) for v in room.versions(one.id)] == [
        (3, "approved", "xu", "", None),
        (2, "withdrawn", None, "", "he"),
        (1, "denied", "wang", "电话写错了", None),
    ]
    for look in (room.everything, room.hosts, house.site.items, house.site.signoffs, house.site.prepared):
        look(seen_by=Staff("a", Role.AUDITOR, ""))
        with pytest.raises(NotAllowed):
            look(seen_by=Staff("x", Role.CLERK, ""))


def test_a_version_begins_and_ends_on_its_days(house: House) -> None:
    """The newest version that has begun counts; when that one is over, no older one comes back."""
    id_ = approved(house, written("旧", until_on=TODAY + dt.timedelta(days=40)))
    approved(house, written("前", place=2, from_on=TODAY - dt.timedelta(days=9)))
    one = house.articles.rewrite(
        id_, written("新", from_on=TODAY + dt.timedelta(days=10), until_on=TODAY + dt.timedelta(days=20)), by=XU
    )
    assert shown(house) == ["旧", "前"]
    house.articles.approve(id_, one.n, by=WANG)
    days = (-1, 0, 9, 10, 20, 21, 30)
    assert [shown(house, day=TODAY + dt.timedelta(days=n)) for n in days] == [
        *(["前"], ["旧", "前"], ["旧", "前"], ["新", "前"], ["新", "前"], ["前"], ["前"])
    ]
    assert house.articles.published().one(TODAY, "faq", id_).n == 1
    for kind, number in (("faq", 999), ("related", id_)):
        with pytest.raises(NotFound):
            house.articles.published().one(TODAY, kind, number)  # type: ignore[arg-type]


def test_taking_away_needs_one_person_and_at_once(house: House) -> None:
    """A supervisor or an administrator, its writer among them; what waits of it goes too. Bringing back needs two."""
    room = house.articles
    id_ = approved(house, written("垃圾"))
    room.rewrite(id_, written("更多"), by=XU)
    with pytest.raises(NotAllowed):
        room.withdraw(id_, by=Staff("x", Role.AUDITOR, ""))
    room.withdraw(id_, by=XU)
    assert (shown(house), {v.state for v in room.versions(id_)}) == ([], {"withdrawn"})
    for gone in (id_, id_ + 1):
        with pytest.raises(NotFound):
            room.withdraw(gone, by=WANG)
    one = room.rewrite(id_, written("又"), by=XU)
    assert shown(house) == []
    room.approve(id_, one.n, by=WANG)
    assert shown(house) == ["又"]
    assert house.site.signoffs()[1].signed_by is None
    signed(house)
    assert house.site.faults() == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (written(title=""), "title-zh-Hans"),
        (written(title="x" * 101), "title-zh-Hans"),
        (written(title="a\nb"), "title-zh-Hans"),
        (written(body=" \n "), "body-zh-Hans"),
        (written(body="x" * 1201), "body-zh-Hans"),
        (written(body="a\x07"), "body-zh-Hans"),
        (written(body="[x](https://evil.test/)"), "body-zh-Hans"),
        (written(body="[x](y)"), "body-zh-Hans"),
        (written(place=0), "place"),
        (written(until_on=TODAY - dt.timedelta(days=1)), "until"),
        (written(from_on=dt.date(1999, 12, 31)), "from"),
        (written(until_on=dt.date(2999, 1, 1)), "from"),
        (msgspec.structs.replace(written(), texts={"en": Text("a", "b")}), "title-zh-Hans"),
    ],
)
def test_what_cannot_be_shown_is_not_kept(house: House, said: NewArticle, field: str) -> None:
    """Each field that is wrong is named, and nothing is kept."""
    with pytest.raises(ArticleFault) as told:
        house.articles.add("faq", said, by=XU)
    assert told.value.field == field
    with pytest.raises(BadInput):
        house.articles.add("spam", written(), by=XU)  # type: ignore[arg-type]
    assert house.articles.everything() == []


def test_links_lead_only_where_two_people_allowed(house: House) -> None:
    """Who proposed a host does not approve it; one person ends it, and its links are words from then on."""
    room = house.articles
    for bad in ("", "evil", "10.0.0.1", "https://a.cn", "a.cn/x", "a..cn", "-a.cn", "晋中.cn", "a" * 64 + ".cn"):
        with pytest.raises(ArticleFault, match="host"):
            room.propose_host(bad, by=XU)
    room.propose_host(f" {HOST.upper()} ", by=XU)
    with pytest.raises(ArticleFault, match="already"):
        room.propose_host(HOST, by=HE)
    with pytest.raises(NotAllowed):
        room.decide_host(HOST, given=True, by=XU)
    with pytest.raises(ArticleFault, match="not allowed"):
        room.add("faq", written(body=f"[x](https://{HOST}/)"), by=XU)
    room.decide_host(HOST, given=False, by=WANG)
    allowed(house)
    approved(house, written(body=f"[x](https://{HOST}/)"))
    assert room.published().hosts == {HOST}
    room.end_host(HOST, by=WANG)
    assert (room.published().hosts, shown(house)) == (frozenset(), ["怎样启用？"])
    for act in (lambda: room.end_host(HOST, by=XU), lambda: room.decide_host(HOST, given=True, by=WANG)):
        with pytest.raises(NotFound):
            act()
    assert [h.state for h in room.hosts()] == ["ended", "denied"]


# What was signed off -------------------------------------------------------------------------------------------------


DEFACED = {
    "a text": "update article_version set texts = replace(texts, '怎样', '买药')",
    "its days": "update article_version set until_on = null, from_on = '2013-06-01'",
    "its place": "update article_version set place = 7",
    "who is another kind": "update article set kind = 'related' where id = %(id)s",
    "a new version": "insert into article_version select article, 2, place, from_on, until_on, texts, written_by, "
    "written_at, state, decided_by, decided_at, reason, withdrawn_by, withdrawn_at from article_version",
    "an article that went": "delete from article_version",
    "one that was not approved": "update article_version set state = 'waiting'",
}


@pytest.mark.parametrize("statement", DEFACED.values(), ids=list(DEFACED))
def test_a_defaced_row_is_not_shown_and_is_told(house: House, shared_database: Database, statement: str) -> None:
    """The database's owner changes, adds or removes a row: the page shows nothing of it, and verifying says which."""
    id_ = approved(house, written())
    signed(house)
    assert (house.site.faults(), shown(house)) == ([], ["怎样启用？"])
    shared_database.kept.execute(statement, {"id": id_})  # type: ignore[arg-type]
    faults = house.site.faults()
    assert faults
    assert all(fault.startswith(f"article/{id_}/") for fault in faults)
    house.articles._published = msgspec.structs.replace(house.articles._published, edition="")  # a server that starts
    assert (shown(house), shown(house, "related")) == ([], [])
    with pytest.raises(NotAllowed):
        house.site.sign(house.site.prepare(by=XU).digest, by=XU)
    signed(house)  # a sign-off of the whole makes nothing good that goes one by one
    assert house.site.faults() == faults
    if "delete" not in statement:
        house.articles.withdraw(id_, by=WANG)
        assert house.site.faults() == []


def test_a_host_that_was_put_in_is_no_host(house: House, shared_database: Database) -> None:
    """Links lead nowhere else because somebody wrote into the table."""
    allowed(house)
    shared_database.kept.execute(
        "insert into link_host (host, proposed_by, proposed_at, state, decided_by, decided_at) "
        "values ('evil.test', 'a', now(), 'approved', 'b', now())"
    )
    assert house.articles.published().hosts == {HOST}
    assert [f for f in house.site.faults() if "host/" in f] == ["host/evil.test: was not signed off."]


@pytest.mark.parametrize(
    "statement",
    [
        """update site_signoff set manifest = replace(manifest, 'article/', 'article/9')""",
        "update site_signoff set signed_by = 'nobody' where n = (select max(n) from site_signoff)",
        "update site_signoff set mac = sha256('x') where n = (select max(n) from site_signoff)",
        "update site_signoff set at = at + interval '1 second' where n = (select max(n) from site_signoff)",
    ],
)
def test_a_changed_sign_off_shows_nothing_at_all(house: House, shared_database: Database, statement: str) -> None:
    """What the vault did not seal counts for nothing: nothing is shown or approved; withdrawing is still possible."""
    id_ = approved(house, written())
    shared_database.kept.execute(statement)  # type: ignore[arg-type]
    for act in (house.articles.published, lambda: approved(house, written()), lambda: signed(house)):
        with pytest.raises(SealWrong):
            act()
    assert house.site.faults()[0].startswith("sign-off 1: What was signed off")
    house.articles.withdraw(id_, by=XU)


def test_a_sign_off_that_was_taken_out_is_missed(house: House, shared_database: Database) -> None:
    """Each is sealed with the one before it."""
    for n in range(3):
        approved(house, written(str(n)))
    shared_database.kept.execute("delete from site_signoff where n = 2")
    assert [f[:11] for f in house.site.faults() if f.startswith("sign-off")] == ["sign-off 3:"]


def test_the_whole_page_is_signed_off_by_two(house: House) -> None:
    """Exactly what was prepared is signed, by another person; what changes afterwards is told until two sign again."""
    site = house.site
    house.windows.add(*W1)
    assert {item.state for item in site.items()} == {"not_signed"}
    with pytest.raises(NotFound):
        site.sign("x", by=WANG)
    prepared = site.prepare(by=XU)
    for who, digest, trouble in (
        (XU, prepared.digest, NotAllowed),
        (Staff("x", Role.AUDITOR, ""), prepared.digest, NotAllowed),
        (WANG, "", BadInput),
        (WANG, "0" * 64, SiteChanged),
    ):
        with pytest.raises(trouble):
            site.sign(digest, by=who)
    site.sign(prepared.digest, by=WANG)
    names = {item.name for item in site.items()}
    assert {"notice/2013-06-25/notice.yaml", "words/en.yaml", "window/w1", "page/portal/templates/home.html"} <= names
    assert (site.faults(), site.prepared()) == ([], None)
    prepared = site.prepare()  # by the owner of the machine
    house.windows.change("w1", "综合一号", *W1[2:])
    with pytest.raises(SiteChanged):
        site.sign(prepared.digest, by=WANG)
    assert site.faults() == ["window/w1: was changed since it was signed off."]
    house.windows.say_days("w1", TODAY, TODAY, "")
    house.windows.end("w1")
    assert site.faults() == [
        "ended_window/w1: was not signed off.",
        "window/w1: was signed off and is not there any more.",
        "window_days: was not signed off.",
    ]
    site.sign(site.prepare(by=WANG).digest)  # by the owner of the machine
    assert (site.faults(), [(s.what, s.prepared_by, s.signed_by) for s in site.signoffs()]) == (
        [],
        [("site", "wang", ""), ("site", "xu", "wang")],
    )


def test_a_defaced_file_is_told(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word in the notice, a line in a template, a file too many: each by its name, and nothing else."""
    files = dict(house.site._files())
    monkeypatch.setattr(house.site, "_files", lambda: files)
    signed(house)
    assert house.site.faults() == []
    files["notice/2013-06-25/zh-Hans.yaml"] += "\n# 买药请加微信\n".encode()
    files["page/portal/templates/portal.html"] = b"<script src='https://evil.test/x.js'></script>"
    files["page/pages/static/x.js"] = b"alert(1)"
    del files["words/en.yaml"]
    assert sorted(house.site.faults()) == [
        "notice/2013-06-25/zh-Hans.yaml: was changed since it was signed off.",
        "page/pages/static/x.js: was not signed off.",
        "page/portal/templates/portal.html: was changed since it was signed off.",
        "words/en.yaml: was signed off and is not there any more.",
    ]


def test_the_database_holds_by_itself_that_two_people_sign(house: House, shared_database: Database) -> None:
    """Whoever writes around the program cannot name one person twice; its role rewrites neither text nor sign-off."""
    approved(house, written())
    for statement in (
        "update article_version set decided_by = written_by",
        "update article_version set state = 'withdrawn'",
        "update site_signoff set signed_by = prepared_by",
        "insert into link_host (host, proposed_by, proposed_at, decided_by) values ('a.cn', 'x', now(), 'x')",
    ):
        with pytest.raises(errors.CheckViolation):
            shared_database.kept.execute(statement)  # type: ignore[arg-type]
    with psycopg.connect(shared_database.app, autocommit=True) as app, pytest.raises(errors.InsufficientPrivilege):
        app.execute("update site_signoff set manifest = ''")


def test_hostile_words_are_words(house: House) -> None:
    """HTML, templates, rare characters and emoji are kept and shown as they are."""
    approved(house, written(HOSTILE, HOSTILE * 10))
    one = house.articles.published().on(TODAY, "faq")[0]
    assert (one.texts["en"].title, one.texts["zh-Hant"].body) == (HOSTILE, HOSTILE * 10)


# The command line ----------------------------------------------------------------------------------------------------


def test_the_site_at_the_command_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows, prepares, signs and verifies; what differs is a sentence each and exit code 1."""
    monkeypatch.setattr(Caller, "house", lambda *_: nullcontext(house))

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["--traceback", "site", *words])

    assert (run("verify").exit_code, "as a whole was not signed off" in run("verify").output) == (1, True)
    assert "NOT SIGNED" in run("publish").output
    waiting = house.site.prepared()
    assert waiting is not None
    assert (run("publish", "--sign", waiting.digest).exit_code, waiting.prepared_by) == (1, "")
    house.site.sign(waiting.digest, by=WANG)
    house.articles.propose_host(HOST, by=XU)
    house.articles.decide_host(HOST, given=True, by=WANG)
    house.site.prepare(by=WANG)
    shown = msgspec.json.decode(run("show", "--json", "--all").stdout)
    assert (shown["prepared"]["prepared_by"], len(shown["signoffs"])) == ("wang", 2)
    assert {item["state"] for item in shown["items"]} == {"as_signed"}
    assert "prepared by wang" in run("show").output
    assert "It is signed off." in run("publish", "--sign", shown["prepared"]["digest"]).output
    assert "are as they were signed off." in run("verify").output
    house.windows.add(*W1)
    assert msgspec.json.decode(run("verify", "--json").stdout)["faults"] == ["window/w1: was not signed off."]


# The office's pages --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(standing: tuple[House, StandingClock]) -> Iterator[Pages]:
    """The same house with its counter, as browsers see it."""
    house, clock = standing
    with open_counter(house.desk) as counter:
        yield Pages(house, front_of(house, counter), clock)


def typed(said: NewArticle, **more: str) -> dict[str, str]:
    """An article as its form sends it."""
    fields = {"place": str(said.place), "from": str(said.from_on), "until": str(said.until_on or "")}
    for language, text in said.texts.items():
        fields |= {f"title-{language}": text.title, f"body-{language}": text.body}
    return fields | {"act": "keep"} | more


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_goes_its_way_at_the_pages(
    pages: Pages, house: House, shared_database: Database, language: str
) -> None:
    """Previewed, kept, approved by another, rewritten, denied with a reason, taken away; hosts likewise; in words."""
    t = LABELS[language]
    said = written(HOSTILE, f"- {HOSTILE}\n\n[x](https://{HOST}/)")
    with pages.client("system_administrator") as writer, pages.client("supervisor") as other:
        for client in (writer, other):
            client.cookies.set("language", language)
        assert t["none_yet"] in read(writer.get("/articles"))
        wrong = read(send(writer, "/articles/new/faq", **typed(said)), 400)
        assert (t["fault_host"].format(3, HOST) in wrong, HOSTILE in wrong, 'id="fault-body-zh-Hans"' in wrong) == (
            *(True,) * 3,
        )
        assert t["fault_host_form"] in read(send(writer, "/articles/hosts", host="x y"), 400)
        assert send(writer, "/articles/hosts", host=HOST).headers["Location"] == "/articles"
        assert t["fault_host_is_there"] in read(send(writer, "/articles/hosts", host=HOST), 400)
        own = {"host": HOST, "verdict": "approved"}
        assert t["not_ones_own"] in read(send(writer, "/articles/hosts/verdict", **own), 409)
        assert send(other, "/articles/hosts/verdict", **own).headers["Location"] == "/articles"
        seen = send(writer, "/articles/new/faq", **typed(said, act="preview"))
        assert t["preview_keeps_nothing"] in read(seen)
        assert f"<li>{html.escape(HOSTILE, quote=False)[:20]}" in seen.text
        assert f'<a href="https://{HOST}/" rel="external noopener noreferrer">x <span' in seen.text
        assert house.articles.everything() == []
        kept = send(writer, "/articles/new/faq", **typed(said)).headers["Location"]
        assert t["not_ones_own"] in read(send(writer, f"{kept}/verdict", n="1", verdict="approved"), 409)
        shown = re.search(r'name="seen" value="([0-9a-f]{64})"', other.get(kept).text)
        assert shown is not None
        for changed_to, back in (("2", False), ("1", True)):  # behind the program's back, while it is looked at
            shared_database.kept.execute(f"update article_version set place = {changed_to}")
            told = send(other, f"{kept}/verdict", n="1", verdict="approved", seen=shown[1])
            assert told.status_code == (303 if back else 409)
        assert t["version_is_decided"] in read(send(other, f"{kept}/verdict", n="1", verdict="approved"), 409)
        assert t["article_shown"] in read(other.get(kept))
        assert send(writer, kept, **typed(written("再"))).headers["Location"] == kept
        bad = read(send(other, f"{kept}/verdict", n="2", verdict="denied", reason=" "), 400)
        assert t["fault_reason"] in bad
        assert send(other, f"{kept}/verdict", n="2", verdict="denied", reason=HOSTILE).status_code == 303
        assert HOSTILE in read(writer.get(kept))
        assert send(other, f"{kept}/withdraw").headers["Location"] == kept
        assert t["version_is_decided"] in read(send(other, f"{kept}/withdraw"), 409)
        assert t["article_not_shown"] in read(other.get(kept))
        assert send(other, "/articles/hosts/end", host=HOST).headers["Location"] == "/articles"
        assert t["host_is_gone"] in read(send(other, "/articles/hosts/end", host=HOST), 404)
        assert writer.get("/articles/999").status_code == writer.get("/articles/new/spam").status_code == 404
    with pages.client("auditor") as client:
        for path in ("/articles", kept, "/site"):
            assert re.findall(r'action="([^"]+)"', read(client.get(path))) == ["/sign-out"]


def test_the_page_of_the_sign_off(pages: Pages, house: House, shared_database: Database) -> None:
    """What differs is listed; one prepares and another signs; what changed meanwhile, or a wrong seal, is told."""
    t = LABELS["en"]
    with pages.client("system_administrator") as one, pages.client("supervisor") as other:
        for client in (one, other):
            client.cookies.set("language", "en")
        assert t["site_not_signed"] in read(one.get("/site"))
        assert send(one, "/site/prepare").headers["Location"] == "/site"
        prepared = house.site.prepared()
        assert prepared is not None
        assert t["not_ones_own"] in read(send(one, "/site/sign", digest=prepared.digest), 409)
        house.windows.add(*W1)
        assert t["site_changed_since"] in read(send(other, "/site/sign", digest=prepared.digest), 409)
        send(one, "/site/prepare")
        prepared = house.site.prepared()
        assert prepared is not None
        assert prepared.digest in read(other.get("/site"))
        assert send(other, "/site/sign", digest=prepared.digest).headers["Location"] == "/site"
        assert t["site_is_as_signed"].partition("{")[0] in read(one.get("/site"))
        assert t["site_changed_since"] in read(send(other, "/site/sign", digest=prepared.digest), 409)
        shared_database.kept.execute("update site_signoff set code = 'x'")
        for path in ("/site", "/articles"):
            assert t["seal_is_wrong"] in read(one.get(path))
        waiting = house.articles.add("faq", written(), by=XU)
        approves = {"n": "1", "verdict": "approved", "seen": waiting.digest}
        told = read(send(other, f"/articles/{waiting.id}/verdict", **approves), 409)
        assert t["seal_is_wrong"] in told


# The public page -----------------------------------------------------------------------------------------------------


def public(house: House, pages: Pages, path: str, language: str = "en") -> str:
    """A published page in a language, well-formed."""
    text = rendered(pages.front, path, language).decode()
    assert (Reader(text).language, Reader(text).faults) == (language, [])
    assert len(text.encode()) < 100_000
    return html.unescape(text)


def test_readers_see_what_was_approved(pages: Pages, house: House) -> None:
    """Questions, twenty on a page at their longest, and notices, the newest first, each at an address of its own; found
    by the search; a link to a host that ended is its words; nothing is there before its day, or after somebody took it
    away, at once.
    """
    allowed(house)
    assert LABELS_PUBLIC["en"]["no_questions"] in public(house, pages, "/faq")
    assert LABELS_PUBLIC["en"]["no_related"] in public(house, pages, "/related")
    longest = written("题" * 100, f"[官网](https://{HOST}/x) {HOSTILE}\n" + "字" * 1000)
    ids = [approved(house, longest) for _ in range(21)]
    text = public(house, pages, "/faq")
    assert (text.count('class="clause'), HOSTILE in text, f'id="q{ids[0]}"' in text) == (20, True, True)
    assert f'<a href="https://{HOST}/x" rel="external noopener noreferrer">' in text
    assert f'id="q{ids[20]}"' in public(house, pages, "/faq/2")
    news = [approved(house, written(f"通知 {n}", from_on=TODAY - dt.timedelta(days=n)), "related") for n in (5, 1, -1)]
    assert re.findall(r'<li><a href="/related/(\d+)">', public(house, pages, "/related")) == [
        str(news[1]),
        str(news[0]),
    ]
    assert "通知 1" in public(house, pages, f"/related/{news[1]}")
    found = {f.address: f for family in articles.FAMILIES for f in family.findable(pages.front)}
    assert set(found) == {
        *(f"/faq#q{n}" for n in ids[:20]),
        f"/faq/2#q{ids[20]}",
        *(f"/related/{n}" for n in news[:2]),
    }
    assert found[f"/faq#q{ids[0]}"].texts["en"].startswith("官网 <script>")
    for path in (f"/related/{news[2]}", "/related/x", "/faq/3", "/faq/1"):
        with pytest.raises(NotFound):
            rendered(pages.front, path, "en")
    with pages.client("supervisor") as client:
        assert "通知 5" in client.get(f"/related/{news[0]}").text
        assert f'href="/related/{news[1]}"' in client.get("/").text
        assert client.get("/search", params={"q": "通知 5"}).text.count(f"/related/{news[0]}") == 1
        send(client, f"/articles/{news[0]}/withdraw")
        send(client, "/articles/hosts/end", host=HOST)
        assert client.get(f"/related/{news[0]}").status_code == 404
        shown_now = client.get("/faq").text
        assert (HOST in shown_now, "<p>官网 " in shown_now) == (False, True)


def test_where_the_seal_is_wrong_readers_see_no_article(pages: Pages, house: House, shared_database: Database) -> None:
    """The page says that there is nothing now, and everything else on it stays."""
    approved(house, written(HOSTILE))
    assert HOSTILE in public(house, pages, "/faq")
    shared_database.kept.execute("update site_signoff set code = 'x'")
    assert LABELS_PUBLIC["en"]["no_questions"] in public(house, pages, "/faq")
    assert "/faq" in public(house, pages, "/")


class Defacing(BaseHTTPRequestHandler):
    """A proxy that sends what the house's server sends, but for a page that it adds something to, and one's headers."""

    client: Any = None
    asked_from: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        """One page, changed or not."""
        self.asked_from.add(self.client_address[0])
        answer = self.client.get(self.path)
        spammed = self.path == "/notice?language=en&type=large&contrast=usual" or self.path.startswith(
            ("/notice/9.4?language=en", "/scripts/aloud.js")
        )
        body = answer.content + (b"<!-- spam -->" if spammed else b"")
        self.send_response(404 if self.path.startswith("/cards") else answer.status_code)
        if not self.path.startswith("/faq"):
            self.send_header("Content-Security-Policy", answer.headers["Content-Security-Policy"])
        if self.path.startswith("/guide?"):
            self.send_header("Refresh", "0; url=https://spam.test/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def not_here(_: http.client.HTTPConnection) -> None:
    """A connection from an address that is another machine's."""
    raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")


def test_what_a_server_sends_is_held_against_what_was_signed(
    pages: Pages, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page in each language and mode, and each file that they load: one with a word more, one that has it in
    large type alone, one that is not there, one without its policy, one with a header that leads elsewhere, a script
    with something added. It is asked from the address that is told.
    """
    assert {(large, high) for large in (False, True) for high in (False, True)} == set(served.MODES)
    monkeypatch.setattr(served, "MODES", {mode: name for mode, name in served.MODES.items() if not mode[1]})
    monkeypatch.setattr(Caller, "house", lambda *_: nullcontext(house))
    approved(house, written(HOSTILE))
    signed(house)
    with pages.client() as client, HTTPServer(("127.0.0.1", 0), Defacing) as server:
        client.headers["Accept-Encoding"] = "identity"
        client.app.state.shelf.invalidate()
        monkeypatch.setattr(Defacing, "client", client)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        said = CliRunner().invoke(main, ["site", "verify", "--json", "--url", url, "--from", "127.0.0.2"])
        server.shutdown()
    told = msgspec.json.decode(said.stdout)
    every = [path for path, _ in published_pages(pages.front)]
    assert (said.exit_code, told["pages"]) == (1, len(every))
    assert Defacing.asked_from == {"127.0.0.2"}
    assert told["faults"] == [
        "/notice (en in large type): the server sends another page than the content here makes.",
        "/notice/9.4 (en): the server sends another page than the content here makes.",
        "/cards (zh-Hans, zh-Hant, en): the server answers 404.",
        "/guide (zh-Hans, zh-Hant, en): the server sends it with a header that leads elsewhere.",
        "/faq (zh-Hans, zh-Hant, en): the server sends it without the policy that keeps foreign content out.",
        "/scripts/aloud.js: the server sends another page than the content here makes.",
    ]
    for bad in ("", "x", "ftp://a", "http://a/b", "http://", "http://127.0.0.1:1", "http://[", "http://a:b"):
        assert CliRunner().invoke(main, ["site", "verify", "--url", bad]).exit_code == 1
    for bad, url in (("x", "http://127.0.0.1:1"), ("127.0.0.2", "")):
        told_of = CliRunner().invoke(main, ["site", "verify", "--from", bad, *(["--url", url] if url else [])])
        assert (told_of.exit_code, "--from" in told_of.stderr) == (1, True)
    monkeypatch.setattr(http.client.HTTPConnection, "connect", not_here)
    told_of = CliRunner().invoke(main, ["site", "verify", "--from", "192.0.2.7", "--url", "http://127.0.0.1:1"])
    assert (told_of.exit_code, "no such address" in told_of.stderr) == (1, True)
