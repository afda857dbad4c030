"""The public's pages of windows, of where a card is, and of slips: what they say, and what no stranger learns."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Database
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on

from shebaoka.coordinates import Point, metres_between
from shebaoka.notice import LANGUAGES
from shebaoka.portal.citymap import HEIGHT_MAX, WIDTH, city_map
from shebaoka.portal.labels import LABELS

MALICE = "</li><script>alert(1)</script>𠮷"
HOURS = "周一至周五 8:30—12:00，14:30—17:30；周六 9:00—12:00"
WINDOWS = (
    ("w1", "一号窗口", "榆次政务大厅", "迎宾街 1 号", HOURS, "37.6903, 112.7312"),
    ("w2", MALICE, "榆次政务大厅", "迎宾街 1 号", HOURS, "37.6903, 112.7312"),
    ("w3", "综合窗口", "平遥政务大厅", "顺城路 2 号", HOURS, "37.2010, 112.1790"),
    ("w4", "流动窗口", MALICE, MALICE, HOURS, ""),
)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with four windows at three sites, one of which is nowhere."""
    with pages_on(shared_database, tmp_path_factory.mktemp("public-where")) as pages:
        for said in WINDOWS:
            pages.house.windows.add(*said)
        yield pages


def read(answer: Any, status: int = 200) -> str:
    """A page that is well-formed and small, as people read it."""
    assert (answer.status_code, Reader(answer.text).faults, len(answer.content) < 100_000) == (status, [], True)
    return html.unescape(answer.text)


# Windows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_windows_are_told_nearest_first(pages: Pages, language: str) -> None:
    """Each site once with its windows, whether it is open, its hours in the language; from a place the nearest first;
    the map has the list's numbers; what is on no map says so; hostile words are text; this page alone may ask where one
    is.
    """
    t, words = LABELS[language], pages.house.words[language].windows
    with pages.client() as client:
        client.cookies.set("language", language)
        answer = client.get("/places")
        text = read(answer)
        assert re.findall(r'site-number">(\d)</span> (.+?)</h3>', text) == [
            ("1", "榆次政务大厅"), ("2", "平遥政务大厅"), ("3", MALICE),
        ]  # fmt: skip
        assert f"○ {words['opens_today'].format(time='14:30')}" in text
        assert t["places_not_on_map"] in text
        assert "<script>alert" not in answer.text
        assert re.findall(r'on-sign"[^>]*>(.+?)<', text) == ["1", "2"]
        assert "geolocation=(self)" in answer.headers["Permissions-Policy"]
        assert "geolocation=()" in client.get("/").headers["Permissions-Policy"]
        near = read(client.get("/places?from=140728"))
        assert re.findall(r'site-number">\d</span> (.+?)</h3>', near)[0] == "平遥政务大厅"
        assert words["metres"].format(distance=100) in near
        assert t["places_start_is"].format(pages.house.places.place("140728").name[language]) in near
        for odd in ("nowhere", MALICE, "\0", "x" * 5000, "140728&from=140781"):
            read(client.get("/places", params={"from": odd}))


def test_no_windows_and_no_places(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city without windows says whom to call; one without places or coordinates has a list and no map."""
    t = LABELS["en"]
    monkeypatch.setattr(pages.house.places, "places", ())
    with pages.client() as client:
        client.cookies.set("language", "en")
        monkeypatch.setattr("shebaoka.portal.places.sites_of", lambda _: [])
        text = read(client.get("/places"))
        assert t["places_none"].format("12333") in text
        assert "<svg" not in text


points = st.builds(Point, st.floats(36.5, 38.5), st.floats(111, 114))


@given(st.lists(points, max_size=6), st.lists(points, max_size=12), st.none() | points)
def test_a_map_is_true_to_scale(windows: list[Point], places: list[Point], start: Point | None) -> None:
    """Everything lies on the map, each number is on a sign once, no two signs stand in one place, and the scale bar
    says what lies between two points.
    """
    drawn = city_map(list(enumerate(windows, 1)), [(f"镇{n}", p) for n, p in enumerate(places)], start)
    if drawn is None:
        assert not windows
        assert start is not None or not places
        return
    assert (drawn.width, drawn.height <= HEIGHT_MAX + 1) == (WIDTH, True)
    on_it = [*windows, *([start] if start else places)]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in map(drawn.at, on_it))
    spans = [[list(map(int, part.split("–"))) for part in s.text.split("·")] for s in drawn.windows]
    said = sorted(n for sign in spans for span in sign for n in range(span[0], span[-1] + 1))
    assert said == list(range(1, len(windows) + 1))
    assert all(a.x != b.x or a.y != b.y for n, a in enumerate(drawn.windows) for b in drawn.windows[:n])
    middle = drawn.north - drawn.height / 2 / drawn.per_y
    metres = metres_between(Point(middle, 112), Point(middle, 112 + drawn.bar / drawn.per_x))
    assert metres == pytest.approx(drawn.bar_m, rel=0.01)
    assert drawn.bar <= WIDTH / 3
