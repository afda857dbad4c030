"""Employers' lists of applications: files of every make, each row told what is wrong, and each good row done once."""

import csv
import datetime as dt
import html
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import openpyxl
import psycopg
import pytest
import xlwt
from tests.conftest import Database
from tests.test_office import Reader, mark_of
from tests.test_office_signin import Pages, pages_on

from shebaoka.desk import EmployerList, NewRow, Outcome, Role, Staff
from shebaoka.desk.listcheck import requests_of
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import with_check_digit
from shebaoka.portraits import Portrait, saved
from shebaoka.records import Agent, Ask, BadInput, Channel, Material, NotAllowed, RegisterPerson, Sender, StoreLost
from shebaoka.window import listfile
from shebaoka.window.frame import LABELS
from shebaoka.window.listfile import read_list

CLERK, OTHER = Staff("wang", Role.CLERK, "w1"), Staff("zhao", Role.CLERK, "w2")
AGENT = Agent("王小芳", with_check_digit("14070219850312002"), "人事专员")
SHOWN = (*(Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.INSURANCE_PROOF, Material.AGENT_IDENTITY_CARD),)
HTML = "<img src=x onerror=alert(1)>"
_fresh = itertools.count(1)


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter."""
    with pages_on(shared_database, tmp_path_factory.mktemp("lists")) as pages:
        yield pages


def number() -> str:
    """The number of somebody newly invented."""
    n = next(_fresh)
    return with_check_digit(f"140702199{n // 300 % 10}0{n // 1000 % 9 + 1}0{n // 100 % 3 + 1}{n % 300:03}")


def registered(pages: Pages, database: Database, name: str = "李娜", *, photo: bool = True) -> str:
    """Somebody who is on file, with a photo or without."""
    who = number()
    made = RegisterPerson(
        id=f"reg-{who}", person=who, name=name, region="140702", insured_on=dt.date(2009, 4, 1), shows=tuple(Material)
    )
    (receipt,) = pages.front.counter.submit([Ask(made, Sender("wang", Channel.WINDOW, "w1"))]).result()
    if photo:
        person_id = int(receipt.entry.partition("-")[0])  # type: ignore[union-attr]
        with psycopg.connect(database.owner) as connection:
            connection.execute(
                "insert into photo (person_id, format, width, height, digest, image, run, entry) "
                "values (%s, 'JPEG', 358, 441, sha256('x'), 'x', 'r', 'e')",
                [person_id],
            )
    return who


def submit_of(pages: Pages) -> Callable[[Sequence[Ask], bool], list[Outcome]]:
    """The desk, as the page hands it to the room."""
    return lambda asks, dry_run: pages.front.counter.submit(asks, dry_run=dry_run).result()


def listed(pages: Pages, rows: Sequence[NewRow], shows: Sequence[Material] = SHOWN) -> EmployerList:
    """A list, taken in and checked."""
    room, list_id = pages.house.lists, f"l{next(_fresh):016x}"
    room.add(CLERK, list_id, "晋中纺织厂", AGENT, shows, "list.csv", rows)
    return room.check(CLERK, list_id, submit_of(pages))


def entries(database: Database) -> int:
    """How many entries the journal has."""
    with psycopg.connect(database.owner) as connection:
        return int(connection.execute("select count(*) from journal").fetchall()[0][0])


# Files ---------------------------------------------------------------------------------------------------------------

HEAD = ["社会保障号码", "姓名", "区县", "参保日期", "领卡窗口"]
WHO = ["140702199001010014", "阿依古丽·买买提", "140702", "2013/7/1", "w1"]
READ = NewRow(2, WHO[0], WHO[1], "140702", "2013-07-01", "w1")


def text(rows: Sequence[Sequence[str]], encoding: str = "utf-8", separator: str = ",") -> bytes:
    """A file of separated values."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    """A workbook."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def xls(rows: Sequence[Sequence[Any]]) -> bytes:
    """An old workbook; days are days in it."""
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("名单")
    for n, row in enumerate(rows):
        for column, cell in enumerate(row):
            style = xlwt.easyxf(num_format_str="YYYY-MM-DD") if isinstance(cell, dt.date) else xlwt.XFStyle()
            sheet.write(n, column, cell, style)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        text([HEAD, WHO]),
        text([HEAD, WHO], "utf-8-sig"),
        text([HEAD, WHO], "gb18030"),
        text([HEAD, WHO], "utf-16", "\t"),
        text([HEAD, WHO], separator=";"),
        text([["Number", "Name", "Region", "Insured on", "Window"], WHO]),
        text([["* 社会保障号码（必填）", "姓 名", "區縣", "參保日期：", "領卡窗口"], WHO]),
        text([HEAD, [f'="{WHO[0]}"', f"'{WHO[1]}", "140702", "2013年7月1日", "w1"]]),
        text([HEAD, [f" {WHO[0][:6]} {WHO[0][6:]}", *WHO[1:3], "20130701", "w1"]]),
        xlsx([HEAD, [*WHO[:3], dt.date(2013, 7, 1), "w1"]]),
        xlsx([HEAD, [*WHO[:2], 140702, "2013.7.1", "w1"]]),
        xls([HEAD, [*WHO[:3], dt.date(2013, 7, 1), "w1"]]),
    ],
)
def test_a_list_is_read_from_every_kind_of_file(content: bytes) -> None:
    """Encodings, separators, workbooks, both scripts and English, days as they are written: the same row comes out."""
    assert read_list(content) == [READ]


def test_rows_keep_their_numbers_in_the_file() -> None:
    """Titles above the headings and empty rows between do not shift them; other columns are left unread."""
    rows = [["晋中纺织厂 2013 年 7 月"], [], ["序号", *HEAD], ["1", *WHO], [], ["2", *WHO]]
    assert [row.n for row in read_list(text(rows))] == [4, 6]
    assert [row.n for row in read_list(xlsx(rows))] == [4, 6]


def far_away() -> bytes:
    """A small workbook with a cell in the last corner."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["XFD1048576"] = "x"
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    """A small archive that unpacks to much."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (listfile.UNPACKED_MAX + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "list_is_empty"),
        (text([HEAD]), "list_is_empty"),
        (text([["编号", "名字"], WHO]), "list_headings"),
        (text([["姓名"], ["李娜"]]), "list_headings"),
        (text([[*HEAD, "姓名"], WHO]), "list_heading_twice"),
        (text([HEAD, *[WHO] * 5001]), "list_rows"),
        (b"\xff\xfe\xff", "list_cannot_be_read"),
        (b"\xff" * 50, "list_cannot_be_read"),
        (b'"' + b"x" * 200_000, "list_cannot_be_read"),
        (b"PK\x03\x04" + b"x" * 50, "list_is_damaged"),
        (xlsx([HEAD, WHO])[:-200], "list_is_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "list_is_damaged"),
        (xls([HEAD, WHO])[:1500], "list_is_damaged"),
        (far_away(), "list_is_too_large"),
        (bomb(), "list_is_too_large"),
    ],
)
def test_a_file_that_is_no_list_is_told(content: bytes, code: str) -> None:
    """Empty, wrong headings, too long, damaged, made to fill the memory: a code, which is worded three times."""
    with pytest.raises(BadInput) as told:
        read_list(content)
    assert told.value.code == code
    assert all(f"fault_{code}" in LABELS[language] for language in LANGUAGES)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (text([HEAD, ["=1+1", *WHO[1:]]]), "cell_formula"),
        (text([HEAD, [*WHO[:1], '=HYPERLINK("x")', *WHO[2:]]]), "cell_formula"),
        (text([HEAD, ["1.40702E+17", *WHO[1:]]]), "digits_lost"),
        (xlsx([HEAD, [140702199001010014, *WHO[1:]]]), "digits_lost"),
        (text([HEAD, [WHO[0], "x" * 300, *WHO[2:]]]), "cell_unfit"),
    ],
)
def test_a_cell_that_cannot_be_trusted_is_told(content: bytes, fault: str) -> None:
    """A formula, a number that lost its last digits, a text without end: the row says so and nobody is asked for."""
    (row,) = read_list(content)
    assert row.fault == fault


# The check -----------------------------------------------------------------------------------------------------------


def test_every_bad_row_is_told(pages: Pages, shared_database: Database) -> None:
    """What is wrong with each row, with its words in three languages; nothing is in the journal by it."""
    known, bare = registered(pages, shared_database), registered(pages, shared_database, photo=False)
    good, fresh = {"region": "140702", "insured_on": "2013-06-01"}, number()
    pages.house.windows.add("w1", "一号窗口", "市政务中心", "迎宾街 1 号", "8:30—17:30")
    before = entries(shared_database)
    rows = [
        NewRow(2, known, "李 娜"),
        NewRow(3, known, "李娜"),
        NewRow(4, "", "李娜"),
        NewRow(5, bare, "李娜"),
        NewRow(6, registered(pages, shared_database), "王芳"),
        NewRow(7, known[:17] + ("1" if known[17] != "1" else "2"), "李娜", **good),
        NewRow(8, "12345", "李娜", **good),
        NewRow(9, number(), "", **good),
        NewRow(10, number(), "李娜", insured_on="2013-06-01"),
        NewRow(11, number(), "李娜", region="140702", insured_on="31.6.2013"),
        NewRow(12, number(), "李娜", region="140702", insured_on="2014-01-01"),
        NewRow(13, number(), "李娜", **good, collect_at="w9"),
        NewRow(14, number(), "李娜", **good, fault="digits_lost"),
        NewRow(15, fresh, "名" * 60, **good),
        NewRow(16, number(), HTML, **good),
    ]
    before += 1  # somebody was registered for row 6
    shown = listed(pages, rows)
    found = {row.n: row for row in pages.house.lists.rows(CLERK, shown.id)}
    assert {n: row.fault or (row.foretold.ground if row.foretold else "") for n, row in found.items()} == {
        2: "insured_person_may_apply",
        3: "twice",
        4: "number_missing",
        5: "application_materials_are_missing",
        6: "name_differs",
        7: "identity_number_is_not_valid",
        8: "identity_number_is_not_valid",
        9: "name_missing",
        10: "region_missing",
        11: "insured_on_missing",
        12: "application_materials_are_missing",
        13: "window_unknown",
        14: "digits_lost",
        15: "name_unfit",
        16: "application_materials_are_missing",
    }
    assert (found[3].fault_row, found[5].foretold.missing, found[5].foretold.clause) == (2, (Material.PHOTO,), "4.2")  # type: ignore[union-attr]
    assert (shown.rows, shown.held_back, shown.waiting) == (15, 14, 1)
    assert entries(shared_database) == before
    for language in LANGUAGES:
        assert all(f"row_fault_{row.fault}" in LABELS[language] for row in found.values() if row.fault)


def test_what_was_not_shown_is_refused_by_its_clause(pages: Pages, shared_database: Database) -> None:
    """Without the copies the desk says no to every row; the contact without their card is told of it (4.2)."""
    rows = [NewRow(2, registered(pages, shared_database), "李娜")]
    for shows, ground in (
        (SHOWN[:1], "application_materials_are_missing"),
        (SHOWN[:3], "applying_agent_must_show_identity_card"),
    ):
        shown = listed(pages, rows, shows)
        (row,) = pages.house.lists.rows(CLERK, shown.id, only_bad=True)
        assert row.foretold is not None
        assert (row.verdict, row.foretold.ground) == ("no", ground)


# Applying ------------------------------------------------------------------------------------------------------------


def test_good_rows_are_applied_for_once(pages: Pages, shared_database: Database) -> None:
    """A list is gone on with until all is answered; sent again it writes nothing; who has an application is told."""
    rows = [NewRow(n, registered(pages, shared_database), "李娜") for n in range(2, 7)]
    shown, submit = listed(pages, rows), submit_of(pages)
    done = pages.house.lists.go_on(CLERK, shown.id, submit)
    assert (done.accepted, done.refused, done.waiting) == (5, 0, 0)
    after = entries(shared_database)
    assert pages.house.lists.go_on(OTHER, shown.id, submit) == done
    assert entries(shared_database) == after
    again = listed(pages, rows)
    assert {row.foretold.ground for row in pages.house.lists.rows(CLERK, again.id) if row.foretold} == {
        "application_is_already_open"
    }


def test_a_kill_between_rows_is_gone_on_from(
    pages: Pages, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk has answered and nobody put it down: another clerk goes on, and each row has one entry, by the first."""
    monkeypatch.setattr("shebaoka.desk.lists.TRAY", 2)
    rows = [NewRow(n, registered(pages, shared_database), "李娜") for n in range(2, 7)]
    shown, submit, room = listed(pages, rows), submit_of(pages), pages.house.lists
    before, trays = entries(shared_database), itertools.count(1)

    def dies(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        outcomes = submit(asks, dry_run)
        if next(trays) == 2:
            raise StoreLost("The plug was pulled.")
        return outcomes

    with pytest.raises(StoreLost):
        room.go_on(CLERK, shown.id, dies)
    assert (room.get(CLERK, shown.id).accepted, entries(shared_database)) == (2, before + 4)
    done = room.go_on(OTHER, shown.id, submit)
    assert (done.accepted, done.waiting, entries(shared_database)) == (5, 0, before + 5)
    assert [row.asked_by for row in room.rows(CLERK, shown.id)] == ["wang"] * 4 + ["zhao"]
    lines = [pages.house.screens.line(row.entry) for row in room.rows(CLERK, shown.id)]
    assert [line.by for line in lines] == ["wang"] * 4 + ["zhao"]


def test_two_clerks_at_one_list_do_each_row_once(
    pages: Pages, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins while the first is at the desk: both end well, and nobody is applied for twice."""
    monkeypatch.setattr("shebaoka.desk.lists.TRAY", 2)
    rows = [NewRow(n, registered(pages, shared_database), "李娜") for n in range(2, 7)]
    shown, submit, room = listed(pages, rows), submit_of(pages), pages.house.lists
    before = entries(shared_database)

    def meets_another(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        room.go_on(OTHER, shown.id, submit, at_once=4)
        return submit(asks, dry_run)

    done = room.go_on(CLERK, shown.id, meets_another)
    assert (done.accepted, done.refused, done.waiting, entries(shared_database)) == (5, 0, 0, before + 5)


PHOTO, BLANK = Portrait(grain=4).saved(), saved(np.full((60, 60, 3), 255, np.uint8))


def zipped(**photos: bytes) -> bytes:
    """A zip of photos by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in photos.items():
            archive.writestr(f"相片/{name}", content)
    return out.getvalue()


def test_new_people_are_registered_and_applied_for(pages: Pages, shared_database: Database) -> None:
    """A zip brings their photos: each is kept sealed, named in the application, and theirs once that is accepted."""
    first, second, third, t = number(), number(), number(), LABELS["en"]
    good = ("140702", "2013-06-01")
    shown, room = (
        listed(pages, [NewRow(n, who, "李娜", *good) for n, who in enumerate((first, second, third), 2)]),
        pages.house.lists,
    )
    assert shown.held_back == 3
    photos = {
        f"{first}.jpg": PHOTO,
        f"{second}.JPEG": BLANK,
        f"{number()}.png": b"x",
    }
    with pages.client("clerk") as client:
        client.cookies.set("language", "en")
        at = f"/lists/{shown.id}"
        mark = {"mark": mark_of(client, at)}
        for content in (b"", b"PK nonsense", zipped(**photos)[:300]):
            told = client.post(f"{at}/photos", data=mark, files={"photos": ("p.zip", content)})
            assert (told.status_code, Reader(told.text).faults) == (400, [])
            assert t["fault_photos_cannot_be_read"] in told.text
        taken = client.post(f"{at}/photos", data=mark, files={"photos": ("p.zip", zipped(**photos))})
        assert (taken.status_code, Reader(taken.text).faults) == (200, [])
        assert t["photos_taken"].format(1, 1, 1) in taken.text
        assert f"{t['photo_of_row'].format(3)} " in taken.text
        assert "358" in taken.text
        assert client.get(f"{at}/photos?language=en").headers["Location"] == f"{at}?language=en"
        again = client.post(f"{at}/photos", data=mark, files={"photos": ("p.zip", zipped(**{f"{first}.jpg": PHOTO}))})
        assert t["photos_taken"].format(0, 0, 1) in again.text
    done = room.go_on(CLERK, shown.id, submit_of(pages))
    row = room.rows(CLERK, shown.id)[0]
    assert (done.accepted, done.held_back, row.answer.ground if row.answer else "", row.entry[-2:]) == (
        *(1, 2, "insured_person_may_apply"),
        "-2",
    )
    dossier = pages.front.person(first).dossier
    assert dossier.person is not None
    (paper,) = pages.house.papers.of_person(int(row.entry.partition("-")[0]))
    assert (dossier.person.name, dossier.applications[0].photo, paper.id, paper.entry) == (
        *("李娜", paper.id),
        row.paper,
        row.entry,
    )


def test_who_may_not_serve_takes_no_list(pages: Pages) -> None:
    """Rights are asked in the room: an auditor and the hotline see none of it."""
    for role in (Role.AUDITOR, Role.OPERATOR):
        with pytest.raises(NotAllowed):
            pages.house.lists.latest(Staff("x", role, ""))
    for employer, agent, code in (
        ("", AGENT, "employer"),
        ("厂", msgspec.structs.replace(AGENT, number="1"), "agent_number"),
    ):
        with pytest.raises(BadInput) as told:
            pages.house.lists.add(CLERK, "l0123456789abcdef", employer, agent, SHOWN, "", [READ])
        assert told.value.code == code


# The pages -----------------------------------------------------------------------------------------------------------


def upload(client: Any, content: bytes, **fields: str) -> Any:
    """Fill in the form with a file."""
    form = {
        "mark": mark_of(client, "/lists"), "list": f"l{next(_fresh):016x}", "employer": "晋中纺织厂",
        "agent_name": AGENT.name, "agent_number": AGENT.number, "agent_relation": AGENT.relation,
        **{f"shows_{m}": "yes" for m in SHOWN}, **fields,
    }  # fmt: skip
    return client.post("/lists", data=form, files={"file": ("名单.csv", content)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_goes_through_its_pages(pages: Pages, shared_database: Database, language: str) -> None:
    """Uploaded, checked, applied for, its result taken along; names that look like HTML or formulas are texts."""
    known, t = registered(pages, shared_database), LABELS[language]
    rows = [HEAD[:4], [known, "李娜"], [number(), HTML, "140702", "2013-06-01"], ["'=1+1", "@SUM(A1)"]]
    with pages.client("clerk") as client:
        client.cookies.set("language", language)
        assert Reader(client.get("/lists").text).faults == []
        moved = upload(client, text(rows), employer=f"{HTML} {language}")
        at = moved.headers["Location"]
        shown = client.get(f"{at}?show=all")
        assert (shown.status_code, Reader(shown.text).faults) == (200, [])
        assert (HTML in shown.text, known in shown.text) == (False, False)
        assert t["list_begin"].format(1) in shown.text
        done = client.post(f"{at}/apply", data={"mark": mark_of(client, at)})
        assert (done.status_code, done.headers["Location"]) == (303, at)
        after = html.unescape(client.get(at).text)
        assert (t["list_done"] in after, t["list_progress"].format(1, 1) in after) == (True, True)
        assert client.post(f"{at}/check", data={"mark": mark_of(client, at)}).headers["Location"] == at
        result = client.get(f"{at}/result.csv").content.decode("utf-8-sig")
        found = list(csv.reader(io.StringIO(result)))
        assert [row[0] for row in found[1:]] == ["2", "3", "4"]
        assert found[1][3] == t["row_accepted"]
        assert found[2][4] == "'4.2"
        assert all(cell[:1] not in ("=", "@") for row in found for cell in row)


def test_a_form_that_is_sent_twice_is_one_list(pages: Pages, shared_database: Database) -> None:
    """A double click leads to the list that is there; a file that cannot be taken leaves what was typed."""
    content = text([HEAD[:2], [registered(pages, shared_database), "李娜"]])
    with pages.client("clerk") as client:
        client.cookies.set("language", "en")
        before = len(pages.house.lists.latest(CLERK))
        same = {"list": "lffffffffffffffff"}
        assert {upload(client, content, **same).headers["Location"] for _ in range(2)} == {"/lists/lffffffffffffffff"}
        assert len(pages.house.lists.latest(CLERK)) == before + 1
        told = upload(client, b"a,b\r\n1,2", employer="Weaving & Co")
        assert (told.status_code, Reader(told.text).faults) == (400, [])
        assert LABELS["en"]["fault_list_headings"] in html.unescape(told.text)
        assert 'value="Weaving &amp; Co"' in told.text
        assert client.get("/lists/nonsense").status_code == 404


def test_an_ethnic_group_is_read_by_name_or_code(pages: Pages, database: Database) -> None:
    """A column of ethnic groups goes into the applications by code; a name that is none is told with its row."""
    content = text([[*HEAD, "民族"], [*WHO, "维吾尔族"], [*WHO, "5"], [*WHO, "火星族"]])
    read = [row.ethnic_group for row in read_list(content)]
    known = [registered(pages, database, "李娜") for _ in read]
    rows = [NewRow(n, who, "李娜", ethnic_group=said) for n, (who, said) in enumerate(zip(known, read, strict=True), 2)]
    whole = listed(pages, rows)
    rows_of = {row.n: row for row in pages.house.lists.rows(CLERK, whole.id)}
    assert [requests_of(rows_of[n], whole)[0].ethnic_group for n in (2, 3)] == ["05", "05"]  # type: ignore[union-attr]
    assert rows_of[4].fault == "ethnic_group_unknown"
