"""The office's pages of a run of moving a city over: how far it is, what is next, the report, and who may see them."""

import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pypdf
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.conftest import Database
from tests.webhouse import house_on

from made_run import CHECKSUM, RUN, empty_run, made_run, proof
from moves import INVENTED
from old_files import LI, LI_RECORD, WANG, write
from shebaoka.app import House
from shebaoka.desk import TOKEN_ROLES, Role, open_counter
from shebaoka.moving import move_of
from shebaoka.notice import LANGUAGES
from shebaoka.office.frame import LABELS
from shebaoka.paper import RUN_POLICY
from shebaoka.records import NotFound, NotReconciled, Progress
from shebaoka.serving import front_of
from shebaoka.web import Front
from test_office import House2013, Reader

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
OLD_RUN = "import-0123456789ab"
BATCH = """
insert into import_batch (run, attempt, n, people, carried, refused, carried_fen, carried_at, undone_at)
values (%s, %s, %s, 2000, %s, %s, %s, %s, %s)"""


def working(**changed: Any) -> Progress:
    """Carrying over, a third done."""
    made = Progress(step="carry_over", done=1_000, of=3_000, unit="people", rate=512.4, seconds_left=3.9, at=AT)
    return replace(made, **changed)


@contextmanager
def at_work(database: Database) -> Iterator[None]:
    """Somebody is at work on the run, and dies of it: the server lets the lock go when it has seen that."""
    with psycopg.connect(database.app, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(3, hashtext(%s))", (RUN,))
        yield
    with psycopg.connect(database.app, autocommit=True) as after:
        after.execute("select pg_advisory_lock(3, hashtext(%s))", (RUN,))
        after.execute("select pg_advisory_unlock(3, hashtext(%s))", (RUN,))


@pytest.fixture(scope="module")
def served(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Front]]:
    """A house, and what its pages work with."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("office"), AT) as house, open_counter(house.desk) as counter:
        yield house, front_of(house, counter)


@pytest.fixture
def office(served: tuple[House, Front], database: Database) -> House2013:
    """The house with nobody in it but staff."""
    house, front = served
    return House2013(house, front, {role.value: house.staff.add(f"{role}-1", role) for role in TOKEN_ROLES})


def main_of(client: TestClient[Any], path: str, language: str = "en") -> str:
    """What a page says, its markup left out."""
    response = client.get(path, params={"language": language})
    assert (response.status_code, Reader(response.text).faults) == (200, [])
    said = response.text.split('id="main"')[1].split("<footer>")[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said)))


# What is kept --------------------------------------------------------------------------------------------------------


def test_a_run_is_kept_and_told(office: House2013) -> None:
    """The report, the progress and the state come back as they were put; a later report replaces the one before."""
    runs = office.house.runs
    runs.note_progress(RUN, working())
    begun = runs.of(RUN)
    assert (begun.state, begun.began_at, begun.document, begun.progress) == ("begun", AT, None, working())
    runs.keep_document(RUN, empty_run())
    assert (runs.document(RUN), runs.progress(RUN)) == (empty_run(), None)
    runs.note_progress(RUN, working())
    assert runs.progress(RUN) == working()
    runs.note_progress(RUN, None)
    assert runs.progress(RUN) is None
    runs.keep_document(RUN, made_run())
    kept = runs.of(RUN)
    assert (kept.document, kept.progress, kept.going) == (made_run(signatures=()), None, False)
    assert (kept.state, kept.finished_at) == ("prove", None)
    runs.keep_document(RUN, made_run(state="sign_off"))
    assert (runs.of(RUN).state, runs.of(RUN).finished_at) == ("sign_off", AT)
    assert [r.run for r in runs.all()] == [RUN]
    for lacking in (runs.of, runs.document, runs.progress):
        with pytest.raises(NotFound):
            lacking("none-such")


def test_two_people_sign_what_is_proved(office: House2013) -> None:
    """A signature stands under the proof's checksum; again is the same; what is not proved cannot be signed."""
    runs = office.house.runs
    with pytest.raises(NotFound):
        runs.sign(RUN, "a", CHECKSUM)
    for unproved in (None, proof(proved=False)):
        runs.keep_document(RUN, made_run(proof=unproved))
        with pytest.raises(NotReconciled, match="not proved"):
            runs.sign(RUN, "a", CHECKSUM)
    runs.keep_document(RUN, made_run())
    with pytest.raises(NotReconciled, match="another checksum"):
        runs.sign(RUN, "a", "0" * 64)
    first = runs.sign(RUN, "a", CHECKSUM)
    assert (first.by, first.at, first.checksum) == ("a", AT, CHECKSUM)
    assert runs.sign(RUN, "a", CHECKSUM) == first
    runs.sign(RUN, "b", CHECKSUM)
    assert [s.by for s in runs.signatures(RUN)] == ["a", "b"]
    assert runs.document(RUN).signatures == runs.signatures(RUN)


def test_a_signature_does_not_outlive_its_proof(office: House2013) -> None:
    """A proof with another checksum, and a run that is taken back, are signed anew, by the same people if they will."""
    runs = office.house.runs
    runs.keep_document(RUN, made_run())
    runs.sign(RUN, "a", CHECKSUM)
    runs.keep_document(RUN, made_run(warnings=()))
    assert [s.by for s in runs.signatures(RUN)] == ["a"]
    runs.keep_document(RUN, made_run(proof=proof(checksum="0" * 64)))
    assert (runs.signatures(RUN), runs.of(RUN).attempt) == ((), 2)
    runs.sign(RUN, "a", "0" * 64)
    runs.keep_document(RUN, made_run(state="carry_over", proof=proof(checksum="0" * 64)))
    assert (runs.signatures(RUN), runs.of(RUN).attempt) == ((), 3)
    runs.keep_document(RUN, made_run())
    for name in "ab":
        runs.sign(RUN, name, CHECKSUM)
    runs.keep_document(RUN, made_run(state="sign_off"))
    assert [[s.by for s in r.signatures] for r in runs.runs()] == [["a", "b"]]


def test_a_batch_is_told_as_its_last_attempt_left_it(office: House2013, database: Database) -> None:
    """A batch that was undone and goes over again is one batch, with what became of it last."""
    runs = office.house.runs
    runs.keep_document(RUN, made_run())
    with psycopg.connect(database.app, autocommit=True) as connection:
        connection.execute(BATCH, (RUN, 1, 1, 2000, 0, 5, AT, AT))
        connection.execute(BATCH, (RUN, 1, 2, 1999, 1, 7, AT, None))
        assert [(b.n, b.carried, b.carried_fen, b.undone_at) for b in runs.batches(RUN)] == [
            (1, 2000, 5, AT),
            (2, 1999, 7, None),
        ]
        connection.execute(BATCH, (RUN, 2, 1, None, None, None, None, None))
    assert [(b.n, b.carried, b.undone_at) for b in runs.batches(RUN)] == [(1, None, None), (2, 1999, None)]


def test_a_run_is_going_as_long_as_somebody_holds_it(office: House2013, database: Database) -> None:
    """Whoever is at work on a run holds its lock, and lets go of it by ending or dying; another run's says nothing."""
    runs = office.house.runs
    for run in (RUN, "another"):
        runs.note_progress(run, working())
    assert [r.going for r in runs.all()] == [False, False]
    with at_work(database):
        assert (runs.of(RUN).going, runs.of("another").going) == (True, False)
    assert runs.of(RUN).going is False


def test_what_another_version_wrote_is_told_and_does_not_break(office: House2013, database: Database) -> None:
    """A document that cannot be read is said to be so, on its page and in the list."""
    office.house.runs.keep_document(RUN, made_run())
    with psycopg.connect(database.app, autocommit=True) as connection:
        connection.execute("update import_run set document = '{\"run\": 1}'")
    assert office.house.runs.of(RUN).unreadable
    with office.client("clerk") as client:
        assert LABELS["en"]["run_unreadable"] in main_of(client, f"/imports/{RUN}")
        assert LABELS["en"]["run_unreadable"] in main_of(client, "/today")
        assert client.get(f"/imports/{RUN}/report.pdf").status_code == 404


# The page of a run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_that_is_going_on_is_live(office: House2013, database: Database, language: str) -> None:
    """Step, done, rate and time left are told, the page renews itself without a script, and can be stopped."""
    office.house.runs.keep_document(RUN, made_run(state="dry_run", proof=None))
    office.house.runs.note_progress(RUN, working())
    with at_work(database), office.client("clerk") as client:
        text = client.get(f"/imports/{RUN}", params={"language": language}).text
        assert '<meta http-equiv="refresh" content="2">' in text
        assert '<progress value="1000" max="3000"' in text
        assert "<script" not in text
        for shown in ("1,000", "3,000", "33.3 %", "512", LABELS[language]["next_going"]):
            assert shown in html.unescape(text), shown
        still = client.get(f"/imports/{RUN}", params={"language": language, "still": "1"}).text
        assert "http-equiv" not in still
        assert LABELS[language]["live_go"] in still
        assert LABELS[language]["going"] in main_of(client, "/today", language)
    office.house.runs.note_progress(RUN, working(of=0, seconds_left=None))
    with at_work(database), office.client("clerk") as client:
        text = main_of(client, f"/imports/{RUN}")
        assert "<progress" not in client.get(f"/imports/{RUN}").text
        assert ("1,000 people" in text, "time left not known yet" in text) == (True, True)


def test_a_run_is_looked_at_while_it_goes_on(office: House2013, tmp_path: Path) -> None:
    """At each step of a real run its page, its report and the list are there, and the page is live until the end."""
    seen = []
    move = move_of(
        office.house, write(tmp_path / "in", [LI, WANG], [LI_RECORD]), INVENTED, by="chen", processes=1,
        told=lambda progress: look(progress.step),
    )  # fmt: skip

    def look(step: str) -> None:
        seen.append(step)
        assert LABELS["en"]["going"] in main_of(client, "/today")
        page = client.get(f"/imports/{move.run}")
        assert (page.status_code, 'http-equiv="refresh"' in page.text) == (200, True)
        assert client.get(f"/imports/{move.run}/report.html").status_code == 200

    with office.client("auditor") as client:
        assert move.to("prove").state == "prove"
        assert {"take_in", "match", "dry_run", "carry_over", "prove"} <= set(seen)
        assert "http-equiv" not in client.get(f"/imports/{move.run}").text


def test_a_run_that_was_stopped_says_how_it_goes_on(office: House2013) -> None:
    """No renewing; how far it came, that nothing is lost, and the command that goes on."""
    office.house.runs.keep_document(RUN, made_run(state="dry_run", proof=None))
    office.house.runs.note_progress(RUN, working())
    with office.client("clerk") as client:
        assert "http-equiv" not in client.get(f"/imports/{RUN}").text
        text = main_of(client, f"/imports/{RUN}")
    for shown in ("stopped", "nothing is lost", "shebaoka import run FOLDER", "1,000 of 3,000 people"):
        assert shown in text, shown


def test_a_run_with_progress_alone(office: House2013) -> None:
    """A run that has only begun has a page, though there is no report of it yet."""
    office.house.runs.note_progress(RUN, working(step="take_in", unit="rows"))
    with office.client("clerk") as client:
        text = main_of(client, f"/imports/{RUN}")
        assert ("just begun" in text, "Take in" in text, "report" in text) == (True, True, False)
        assert client.get(f"/imports/{RUN}/report.html").status_code == 404
        assert RUN in main_of(client, "/today")


def test_what_is_next_in_words(office: House2013) -> None:
    """Each state says what it waits for and which command does it; a failed proof is not to be signed."""
    runs, one, two = office.house.runs, ("chen",), ("chen", "wu")
    cases: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
        ({"state": "check", "proof": None}, (), "“Check” is done. Go on with the steps: shebaoka import run FOLDER"),
        ({"state": "check", "proof": None, "differences": ("x",)}, (), "Something does not agree."),
        ({"state": "carry_over", "proof": None}, (), f"waits to be proved: shebaoka import prove {RUN}"),
        ({"proof": proof(proved=False)}, (), f"or undo: shebaoka import prove {RUN} shebaoka import undo {RUN}"),
        ({}, (), f"waits for a first signature: shebaoka import sign {RUN}"),
        ({}, one, f"chen has signed; the run waits for somebody else's signature: shebaoka import sign {RUN}"),
        ({}, two, "Two people have signed. Go through the last step: shebaoka import run FOLDER"),
        ({"state": "sign_off"}, two, "Two people have signed; the run is done."),
        ({"state": "undone"}, two, "The run is undone."),
    ]  # fmt: skip
    with office.client("clerk") as client:
        for changes, signers, says in cases:
            if not signers or signers == one:
                runs.keep_document(RUN, made_run())
            for name in signers:
                runs.sign(RUN, name, CHECKSUM)
            runs.keep_document(RUN, made_run(**changes))
            text = main_of(client, f"/imports/{RUN}")
            assert says in text, text[:800]
            assert "Rows held back: 1,290. Correct them" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_the_report_says(office: House2013, database: Database, language: str) -> None:
    """Files, rows, proof, counties, reasons, signatures and batches are there, with the charts; names are text."""
    office.house.runs.keep_document(RUN, made_run(rehearsal=True))
    office.house.runs.sign(RUN, "欧阳明珠<局长>", CHECKSUM)
    with psycopg.connect(database.app, autocommit=True) as connection:
        for n in range(1, 203):
            connection.execute(BATCH, (RUN, 1, n, 1999, 1, 123_456, AT, AT if n == 7 else None))
    with office.client("auditor") as client:
        response = client.get(f"/imports/{RUN}", params={"language": language})
        text = html.unescape(response.text)
        assert Reader(response.text).faults == []
        assert response.text.count('<svg xmlns="http://www.w3.org/2000/svg"') == 3
        labels = LABELS[language]
        told = labels["batches_told"].format("202", "201", "1", "0")
        for shown in (CHECKSUM, "a1" * 32, "50,868,560.10", "榆次区 140702", "1,234.56", told, "欧阳明珠<局长>",
                      labels["batches_left_out"].format(200), 'class="rehearsal"'):  # fmt: skip
            assert shown in text, shown
        assert "<局长>" not in response.text
        assert not re.search(r"\{\w+\}", text)
        assert RUN in main_of(client, "/today", language)


def test_old_runs_are_still_shown(office: House2013) -> None:
    """A report of before there were steps keeps its page; one that cannot be read says so; neither has a new report."""
    office.house.runs.keep(OLD_RUN, '{"digest": 1}')
    with office.client("clerk") as client:
        assert LABELS["en"]["run_unreadable"] in main_of(client, f"/imports/{OLD_RUN}")
        assert client.get(f"/imports/{OLD_RUN}/report.html").status_code == 404
        assert client.get("/imports/none-such").status_code == 404


# The report ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_handed_out(office: House2013, language: str) -> None:
    """As a page under its own policy, and as a PDF to be kept, both in the language that is asked for."""
    office.house.runs.keep_document(RUN, made_run())
    with office.client("bank") as client:
        shown = client.get(f"/imports/{RUN}/report.html", params={"language": language})
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert shown.headers["Content-Security-Policy"] == f"{RUN_POLICY}; frame-ancestors 'none'"
        assert shown.headers["Cache-Control"] == "no-store"
        assert Reader(shown.text).language == language
        paper = client.get(f"/imports/{RUN}/report.pdf", params={"language": language})
        assert paper.headers["Content-Type"] == "application/pdf"
        assert paper.headers["Content-Disposition"] == f'attachment; filename="import-{RUN}.pdf"'
        assert RUN in pypdf.PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()


@pytest.mark.parametrize("role", list(Role))
def test_roles(office: House2013, role: Role) -> None:
    """Whoever is signed in sees runs and reports, for nobody is named in them; without signing in nobody does."""
    office.house.runs.keep_document(RUN, made_run())
    paths = [f"/imports/{RUN}", f"/imports/{RUN}/report.html", f"/imports/{RUN}/report.pdf"]
    with office.client(role.value) as client:
        assert [client.get(path).status_code for path in paths] == [200] * 3
    with office.client() as client:
        assert [client.get(path).status_code for path in paths] == [303] * 3


def test_a_day_without_a_notice_has_its_report(office: House2013) -> None:
    """A run that carries over on a day without a notice is told by the last one."""
    office.house.runs.keep_document(RUN, made_run(on=dt.date(2001, 1, 1)))
    with office.client("clerk") as client:
        assert client.get(f"/imports/{RUN}/report.html").status_code == 200


def test_every_state_has_words_on_the_first_page(office: House2013) -> None:
    """A run that is done or undone, well or not, is told apart in the list."""
    runs = office.house.runs
    cases = [
        ({"state": "sign_off"}, "✓ signed off"),
        ({"state": "undone"}, "undone"),
        ({"differences": ("x",)}, "✗ NOT RECONCILED"),
        ({"rehearsal": True}, "REHEARSAL"),
    ]
    with office.client("clerk") as client:
        for changes, says in cases:
            runs.keep_document(RUN, made_run(**changes))
            assert says.lower() in main_of(client, "/today").lower(), says
