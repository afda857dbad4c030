"""What windows say to the public: text as two people signed it off, data at once; whoever writes around that is unseen.

One administrator renames a window, the database's owner rewrites rows, an old sign-off has kept no texts.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors
from tests.conftest import Database
from tests.test_articles import W1, XU, signed
from tests.test_office_signin import AT, Pages, pages_on
from tests.test_whereabouts import asked, somebody, where
from tests.test_windows import read

from shebaoka.app import House
from shebaoka.cli import main
from shebaoka.cli.entrance import Caller
from shebaoka.desk import Role, ShownWindows, SignOffs, Staff
from shebaoka.office.frame import LABELS

DAY = AT.date() + dt.timedelta(days=1)
SPAM = "办证加微信"
CLERK = Staff("clerk-1", Role.CLERK, "w1")
SAID = (*W1, "37.69, 112.73")


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house in which nobody is."""
    with pages_on(shared_database, tmp_path_factory.mktemp("shown")) as pages:
        yield pages


@pytest.fixture
def house(pages: Pages, shared_database: Database) -> House:
    """The same with one window, and a day on which every window is closed."""
    shared_database.wipe()
    pages.house.windows.add(*SAID)
    pages.house.windows.say_days("*", DAY, DAY, "", "演练")
    return pages.house


def started(house: House) -> ShownWindows:
    """What a server that starts now reads."""
    return ShownWindows(house.views, SignOffs(house.views, house.vault, house.clock))


def told(shown: ShownWindows) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Code, name and address of each window that is shown, and each odd day's hours and why."""
    windows, days = shown.with_days(AT.date())
    return [(w.code, w.name, w.address) for w in windows], [(day.hours, day.why) for day in days]


AS_SIGNED = [("w1", "一号窗口", "榆次区迎宾街 1 号")], [("", "演练")]


def test_one_persons_text_is_shown_nowhere_until_two_signed(pages: Pages, house: House) -> None:
    """Before the first sign-off windows are shown as they are. After it a new name, address, reason or window is on no
    page, answer, message or slip until it is signed; hours, a closed day, coordinates and an end are there at once.
    """
    who = somebody(pages)
    slip = house.drafts.open(CLERK, who, "apply_for_card", "", pages.front.person(who)).slip_code
    asked(pages, who, "apply_for_card", collect_at="w1")
    room = house.windows
    with pages.client() as client:

        def seen() -> str:
            paths = ("/places", "/guide/died?waiting=no&language=zh-Hans", f"/slip/{slip}")
            return "\n".join([*(read(client.get(path)) for path in paths), where(pages, who, "zh-Hans").place])

        room.change("w1", "前一号", *SAID[2:])
        assert seen().count("前一号") == 4
        room.change(*SAID)
        signed(house)
        assert (seen().count("一号窗口"), house.site.faults()) == (4, [])
        room.change("w1", SPAM, SPAM, SPAM, "每天 0:00-24:00", "37.2, 112.18", by=XU)
        room.add("w2", SPAM, SPAM, SPAM, "每天 0:00-24:00", by=XU)
        room.say_days("*", DAY, DAY + dt.timedelta(days=1), "9:00-10:00", SPAM, by=XU)
        text = seen()
        assert (SPAM in text, text.count("一号窗口"), "9:00–10:00" in text) == (False, 4, True)
        assert ('data-latitude="37.2"' in text, "每天 0:00–24:00" in text) == (True, True)
        assert [fault.split(":")[0] for fault in house.site.faults()] == ["window/w1", "window/w2", "window_days"]
        signed(house)
        assert seen().count(SPAM) > 8
    room.end("w2", by=XU)
    assert [w.code for w in started(house).everybody()] == ["w1", "w2"]
    assert [n.window.code for n in house.places.nearest()] == ["w1"]
    signed(house)  # what an ended window said is signed as well: old slips and looks name it
    assert [w.code for w in started(house).everybody()] == ["w1", "w2"]


def test_whoever_writes_into_the_database_is_not_shown(house: House, shared_database: Database) -> None:
    """The owner rewrites a window, a reason, the kept text, or a sign-off; the program's role cannot rewrite a text."""
    signed(house)
    owner = shared_database.kept
    owner.execute("update service_window set name = %(s)s, address = %(s)s, hours = %(s)s", {"s": SPAM})
    owner.execute("update window_day set why = %(s)s", {"s": SPAM})
    owner.execute("insert into service_window select 'w9', name, site, address, hours, added_at from service_window")
    windows, days = started(house).with_days(AT.date())
    assert [(w.code, w.name, w.address, w.hours, d.why) for w in windows for d in days] == [(*AS_SIGNED[0][0], "", "")]
    with pytest.raises(errors.CheckViolation):
        owner.execute("update signed_text set content = 'x'")
    with psycopg.connect(shared_database.app, autocommit=True) as app:
        for statement in ("update signed_text set content = 'x'", "delete from signed_text"):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)  # type: ignore[arg-type]
    owner.execute("alter table signed_text drop constraint a_signed_text_is_under_its_digest")
    try:
        owner.execute(
            "update signed_text "
            "set content = convert_to(replace(convert_from(content, 'UTF8'), '一号窗口', %s), 'UTF8')",
            [SPAM],
        )
        shown = started(house)
        assert (told(shown), shown.lost()) == (([], [("", "")]), ("window/w1",))
        assert any(
            fault.startswith("window/w1: what was signed off of it is not kept") for fault in house.site.faults()
        )
    finally:
        owner.execute("delete from signed_text")
        owner.execute(
            "alter table signed_text add constraint a_signed_text_is_under_its_digest "
            "check (digest = encode(sha256(content), 'hex'))"
        )
    owner.execute("update site_signoff set manifest = '{}'")
    assert told(started(house)) == ([], [("", "")])


def test_a_sign_off_that_kept_no_texts(house: House, shared_database: Database) -> None:
    """Signed before texts were kept: what is said now counts where it has the digest, and is kept before it changes.
    What was changed since, behind the program's back, is shown again when it is as it was.
    """
    signed(house)
    owner = shared_database.kept
    owner.execute("delete from signed_text")
    assert told(started(house)) == AS_SIGNED
    house.windows.change("w1", SPAM, *SAID[2:])
    house.windows.say_days("w1", DAY, DAY, "", SPAM)
    assert told(started(house)) == (AS_SIGNED[0], [("", "演练"), ("", "")])
    owner.execute("delete from signed_text")
    shown = started(house)
    assert (told(shown)[0], shown.lost()) == ([], ("window/w1", "window_days"))
    house.windows.change(*SAID)
    assert told(shown)[0] == AS_SIGNED[0]


@pytest.mark.parametrize("role", ["system_administrator", "clerk"])
def test_whoever_keeps_windows_is_told_what_waits(
    pages: Pages, house: House, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """The page of windows, that of the sign-off and the command line say what waits; who signs sees both texts."""
    t = LABELS["zh-Hans"]
    with pages.client(role) as client:
        assert t["windows_wait"] not in read(client.get("/windows"))
        signed(house)
        text = read(client.get("/windows"))
        assert (t["windows_wait"] in text, t["window_waits"] in text, ">网点<" in text) == (False, False, True)
        house.windows.change(*SAID[:4], "每天 9:00-10:00", SAID[5])
        pages_of = ["/windows"] if role == "clerk" else ["/windows", "/site"]
        assert all(t["windows_wait"] not in read(client.get(path)) for path in pages_of)
        house.windows.change("w1", "综合一号", *SAID[2:])
        house.windows.say_days("*", DAY, DAY, "", "国庆")
        text = read(client.get("/windows"))
        assert all(t[word] in text for word in ("windows_wait", "window_waits", "why_waits"))
        assert ('href="/site">' + t["site_signing"] in text) == (role != "clerk")
        if role != "clerk":
            site = read(client.get("/site"))
            assert all(word in site for word in (t["windows_wait"], "w1 · 一号窗口 · ", "w1 · 综合一号 · ", "* · 国庆"))
    monkeypatch.setattr(Caller, "house", lambda *_: nullcontext(house))
    listed = CliRunner().invoke(main, ["--traceback", "window", "list"]).output
    assert ("一号窗口" in listed, "综合" in listed, f"w1, {DAY} (*)" in " ".join(listed.split())) == (True, False, True)
