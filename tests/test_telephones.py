"""People's telephones: kept as the holder says them, in part on every screen, each change with who made it."""

import html
from collections.abc import Iterator

import pytest
from tests.conftest import Database
from tests.test_office import Reader
from tests.test_office_signin import Pages, pages_on, send
from tests.test_whereabouts import asked, somebody

from shebaoka.desk import Role, Staff
from shebaoka.notice import LANGUAGES
from shebaoka.records import BadInput, NotAllowed
from shebaoka.window.frame import LABELS

CLERK = Staff("wang", Role.CLERK, "w1")
SAID, SHOWN = "13800001234", "138****1234"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A house with its counter."""
    with pages_on(shared_database, tmp_path_factory.mktemp("telephones")) as pages:
        yield pages


def test_a_telephone_is_kept_as_it_is_said(pages: Pages) -> None:
    """However it is typed it is eleven digits; the same said again is no change; one that is taken away leaves its
    history; what cannot be is told by its field and changes nothing; who serves nobody keeps none.
    """
    room, who = pages.house.telephones, pages.front.person(somebody(pages)).person_id
    assert room.of(who) is None
    assert room.keep(CLERK, who, "+86 138-0000 1234", agreed=True, language="zh-Hans")
    assert not room.keep(CLERK, who, SAID, agreed=True, language="zh-Hans")
    kept = room.of(who)
    assert kept is not None
    assert (kept.number, kept.masked, kept.agreed, kept.changed_by) == (SAID, SHOWN, True, "wang")
    for number, agreed, language, field in (
        ("0354-2630000", True, "en", "telephone"),
        ("12345678901", False, "en", "telephone"),
        ("138000012345", False, "en", "telephone"),
        ("", True, "en", "telephone"),
        (SAID, True, "fr", "language"),
    ):
        with pytest.raises(BadInput) as told:
            room.keep(CLERK, who, number, agreed=agreed, language=language)
        assert told.value.field == field
        assert room.of(who) == kept
    with pytest.raises(NotAllowed):
        room.keep(Staff("he", Role.OPERATOR, "h1"), who, SAID, agreed=False, language="en")
    assert room.keep(CLERK, who, "", agreed=False, language="en")
    events = [(e.n, e.by, e.place, e.number, e.agreed) for e in room.events(who)]
    assert events == [(2, "wang", "w1", "", False), (1, "wang", "w1", SHOWN, True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_on_a_persons_page(pages: Pages, language: str) -> None:
    """Whoever serves keeps it there, in part on the page and whole on the look in full; a fault comes back with what
    was typed; the look stands in the journal; an auditor sees it and has no form.
    """
    t, number = LABELS[language], somebody(pages)
    who = pages.front.person(number).person_id
    path = f"/persons/{who}"
    with pages.client("clerk") as client:
        client.cookies.set("language", language)
        assert t["telephone_none"] in html.unescape(client.get(path).text)
        wrong = send(client, f"{path}/telephone", telephone="12345", agreed="yes", language="en")
        assert (wrong.status_code, Reader(wrong.text).faults, 'value="12345"' in wrong.text) == (400, [], True)
        assert t["fault_telephone_unfit"] in html.unescape(wrong.text)
        before = pages.front.person(number).entries
        done = send(client, f"{path}/telephone", telephone=SAID, agreed="yes", language="en")
        assert (done.status_code, done.headers["Location"]) == (303, f"{path}#telephone")
        assert pages.front.person(number).entries == before + 1
        text = html.unescape(client.get(path).text)
        assert (Reader(text).faults, SHOWN in text, SAID in text) == ([], True, False)
        assert SAID in send(client, f"{path}/full").text
        send(client, f"{path}/telephone", telephone="", language="zh-Hant")
        kept = pages.house.telephones.of(who)
        assert kept is not None
        assert (kept.number, kept.agreed, kept.language) == (SAID, False, "zh-Hant")
        send(client, f"{path}/telephone", forget="yes", agreed="yes", language="zh-Hant")
        assert t["telephone_none"] in html.unescape(client.get(path).text)
        assert client.get(f"{path}/telephone?language=en").headers["Location"] == f"{path}?language=en"
    with pages.client("auditor") as client:
        assert f'action="{path}/telephone"' not in client.get(path).text


def test_an_application_asks_for_the_telephone(pages: Pages) -> None:
    """Beside the choices: left empty nothing is kept, a wrong one stops the step, and a right one is kept at once and
    stands on the application form.
    """
    number = somebody(pages)
    who = pages.front.person(number).person_id
    with pages.client("clerk") as client:
        draft = send(client, "/services", person_id=str(who), service="apply_for_card").headers["Location"]
        shown = client.get(draft)
        assert (Reader(shown.text).faults, 'name="telephone"' in shown.text) == ([], True)
        said = {"version": "1", "collect_at": ""}
        wrong = send(client, f"{draft}/steps/choices", **said, telephone="123", agreed="yes")
        assert (wrong.status_code, 'value="123"' in wrong.text) == (400, True)
        assert send(client, f"{draft}/steps/choices", **said, telephone=SAID, agreed="yes").status_code == 303
        kept = pages.house.telephones.of(who)
        assert kept is not None
        assert (kept.number, kept.agreed) == (SAID, True)
        again = client.get(f"{draft}?at=choices").text
        assert (f'placeholder="{SHOWN}"' in again, SAID in again) == (True, False)
        send(client, f"{draft}/steps/presenter", version="2", presenter="holder")
        assert client.get(f"{draft}/slips/form").status_code == 200
    other = pages.front.person(somebody(pages)).person_id
    with pages.client("clerk") as client:
        draft = send(client, "/services", person_id=str(other), service="apply_for_card").headers["Location"]
        assert send(client, f"{draft}/steps/choices", version="1", collect_at="").status_code == 303
        assert pages.house.telephones.of(other) is None
    asked(pages, number, "apply_for_card")
