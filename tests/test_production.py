"""Card production's pages: a batch from its choice to its end by forms, and what is told where a form cannot be."""

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pypdf
import pytest
from litestar.testing import TestClient
from tests.conftest import Database
from tests.test_batches import applied
from tests.test_makerfiles import Played
from tests.test_office import mark_of
from tests.test_office_signin import Pages
from tests.webhouse import house_on

from shebaoka.desk import Role, Staff, now, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.production.frame import LABELS
from shebaoka.records import CardKind, CardResult, Made, PlaceKind
from shebaoka.serving import front_of

T = LABELS["zh-Hans"]
SOCIAL = CardKind.SOCIAL_SECURITY


@pytest.fixture(scope="module")
def played(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A house with a maker and a bank that are played."""
    shared_database.wipe()
    home = tmp_path_factory.mktemp("production")
    with house_on(shared_database, home) as house:
        yield Played(house, shared_database, home)


@pytest.fixture
def pages(played: Played) -> Iterator[Pages]:
    """Its pages."""
    with open_counter(played.house.desk) as counter:
        yield Pages(played.house, front_of(played.house, counter), None)  # type: ignore[arg-type]


def does(client: TestClient[Any], path: str, files: dict[str, Any] | None = None, **said: str) -> Any:
    """Send a form of ours."""
    return client.post(path, data={"mark": mark_of(client, "/sign-in"), **said}, files=files)


def shown(answer: Any) -> str:
    """What a page says."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_a_batch_goes_its_way_on_the_pages(played: Played, pages: Pages, tmp_path: Path) -> None:
    """Each step is a form for whoever may do it, in its turn; what cannot be is told, and what was typed is there."""
    files = played.house.maker_files
    with psycopg.connect(played.database.owner, autocommit=True) as owner:
        numbers = applied(played.house, owner, "141999", 3)
        numbers += applied(played.house, owner, "141999", ethnic_group="", photo=None)
    said = {"batch": "W-1", "region": "141999", "employer": "", "since": "", "until": "", "limit": "10"}
    with pages.client("production") as maker, pages.client("supervisor") as head:
        assert "4 份申领待制卡" in shown(maker.get("/batches"))
        wrong = does(maker, "/batches", **said | {"since": "2013-13-01", "employer": "晋中纺织厂"})
        assert (wrong.status_code, T["fault_batch_days"] in wrong.text) == (400, True)
        assert 'value="晋中纺织厂"' in wrong.text
        assert does(maker, "/batches", **said).headers["Location"] == "/batches/W-1"
        page = shown(maker.get("/batches/W-1"))
        assert "没有相片。" in page
        assert "没有民族。" in page
        assert not any(number in page for number in numbers)
        assert does(maker, "/batches/W-1/take-out", n="4", reason="").status_code == 400
        assert does(maker, "/batches/W-1/approve").status_code == 400
        assert does(maker, "/batches/W-1/freeze").headers["Location"] == "/batches/W-1"
        proofs = head.get("/batches/W-1/proofs", params={"line": "2"})
        assert (proofs.headers["Content-Type"], proofs.content[:5]) == ("application/pdf", b"%PDF-")
        printed = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(proofs.content)).pages)
        assert [number in printed for number in numbers] == [False, True, True, False]
        assert printed.count("相片不能印") == 2  # those photos are drawn bytes
        assert "看卡面样张（supervisor-1） 2–41" in shown(head.get("/batches/W-1"))
        for line, status in (("9", 404), ("0", 400), ("x", 400)):
            assert head.get("/batches/W-1/proofs", params={"line": line}).status_code == status
        own = does(maker, "/batches/W-1/approve")
        assert (own.status_code, T["fault_batch_is_ones_own"] in own.text) == (409, True)
        assert does(head, "/batches/W-1/approve").status_code == 303
        assert does(head, "/batches/W-1/sent").status_code == 403
        beyond = does(maker, "/batches/W-1/check")
        assert (beyond.status_code, T["fault_batch_is_beyond"] in beyond.text) == (400, True)
        assert "shebaoka batch package W-1" in shown(maker.get("/batches/W-1"))
        files.package(Staff("production-1", Role.PRODUCTION, ""), "W-1", tmp_path / "p", "zk1")
        assert does(maker, "/batches/W-1/sent").status_code == 303
        played.partners["zk1"].make_cards(tmp_path / "p", tmp_path / "r", now(), rejects={2: "芯片不良"}, missing=[3])
        result = (tmp_path / "r").read_bytes()
        for content, fault in ((b"", "file_is_empty"), (b"x" * 99, "file_unknown"), (result[:-9], "file_cut")):
            bad = does(maker, "/batches/W-1/results", files={"file": ("结果.bin", content)})
            assert (bad.status_code, T[f"fault_{fault}"] in bad.text) == (400, True), fault
        assert does(maker, "/batches/W-1/results", files={"file": ("结果.bin", result)}).status_code == 303
        page = shown(maker.get("/batches/W-1"))
        assert "结果.bin · 行 2 · 做好 1 · 不合格 1" in page
        assert "等制卡厂的结果，还有 1 张没有着落" in page
        assert "SIMULATED 芯片不良" in shown(maker.get("/batches/W-1?state=rejected"))
        assert does(maker, "/batches/W-1/arrived").status_code == 303
        assert does(maker, "/batches/W-1/give-up", reason="").status_code == 400
        assert does(maker, "/batches/W-1/give-up", reason="没有收到").status_code == 303
        for language in LANGUAGES:
            page = shown(maker.get("/batches/W-1", params={"state": "all", "language": language}))
            assert LABELS[language]["batch_all_done"] in page
            assert LABELS[language]["card_state_ready"] in page
        assert does(maker, "/batches/none/check").status_code == 404
        assert maker.get("/batches/W-1/check").headers["Location"] == "/batches/W-1"


def test_blanks_go_out_of_the_makers_stock_with_its_results(played: Played, tmp_path: Path) -> None:
    """A blank that the maker was never given is told by its row; the others are used up once."""
    house, stock, making = played.house, played.house.stock, Staff("zhou", Role.PRODUCTION, "")
    stock.add_place(making, "zk1", PlaceKind.MAKER, "一号制卡厂")
    stock.receive(making, "zk1", SOCIAL, "M001", "M010", "S-1")
    batch, _ = played.batch(3)
    house.maker_files.package(making, batch, tmp_path / "p", "zk1")
    house.batches.sent(making, batch)
    cards = house.batches.cards(making, batch)
    rows = [
        CardResult(n, card.line or 0, card.card_number or "", card.card_serial or "", Made.MADE, blank=blank)
        for n, (card, blank) in enumerate(zip(cards, ("M001", "M002", "X9"), strict=True), 1)
    ]
    for repeated in (0, 2):
        taken = house.batches.take_results(making, batch, rows)
        assert (taken.repeated, [fault.about for fault in taken.faults]) == (repeated, ["X9 (unknown)"])
    assert [r.cards for r in stock.ranges(making, "zk1", SOCIAL)] == [8]
