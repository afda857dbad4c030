"""The pages of supervisors and administrators: approvals, open drafts, the day, windows, institutions, the journal."""

import csv
import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest
from tests.conftest import Database
from tests.test_office import LI, NOBODY, WANG, Reader, lives, secrets_in
from tests.test_office_signin import Pages, pages_on, send

from shebaoka.desk import Content, Draft, Paid, Role, Sought, Staff, Step
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask
from shebaoka.office.frame import LABELS
from shebaoka.records import Agent, Ask, Channel, LookUpPerson, Material, NotAllowed, Sender

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
CLERK, OTHER = Staff("wang", Role.CLERK, "w1"), Staff("zhao <b>", Role.CLERK, "w2")
AGENT = Agent("王小芳", "140702198503120027", "女儿")
MALICE = "</td><script>alert(1)</script> ' or 1=1 --"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The house of this module: two people whose cards have lived a little."""
    with pages_on(shared_database, tmp_path_factory.mktemp("oversight")) as pages:
        lives(pages.house)
        yield pages


def waiting(pages: Pages, service: str = "replace_card.loss", card: str = "social_security") -> Draft:
    """A draft of a clerk's that waits for a second person; an open one like it is set aside before."""
    drafts = pages.house.drafts
    for draft in drafts.open_of(LI):
        drafts.set_aside(CLERK, draft)
    draft = drafts.open(CLERK, LI, service, card, pages.front.person(LI))
    content = Content(
        chosen={"collect_at": "w1"},
        presenter="agent",
        agent=AGENT,
        shows=(Material.IDENTITY_CARD,),
        papers_seen=True,
        paid=Paid("cash", 2800),
    )
    return drafts.ask_approval(CLERK, drafts.change(CLERK, draft, Step.FEE, content))


def shown(client: Any, path: str, language: str = "en") -> str:
    """A page that is well-formed, as people read it."""
    got = client.get(f"{path}{'&' if '?' in path else '?'}language={language}")
    assert (got.status_code, Reader(got.text).faults) == (200, []), path
    assert secrets_in(got.text, _NoTokens()) == []  # type: ignore[arg-type]
    return html.unescape(got.text)


class _NoTokens:
    """In place of an office whose tokens no page may show."""

    tokens: dict[str, str] = {}  # noqa: RUF012


# Approvals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_approval_shows_what_it_is_about(pages: Pages, language: str) -> None:
    """Service, masked person and agent, who asked where and when, choices, papers and fee; the menu has the number."""
    waiting(pages)
    t = LABELS[language]
    with pages.client("supervisor") as client:
        text = shown(client, "/approvals", language)
        for part in (
            mask(LI),
            "王** 140702********0027",
            "女儿",
            "wang",
            "w1",
            "2013-07-01 12:00:00",
            "28",
            t["paid_in_cash"],
        ):
            assert part in text, part
        assert AGENT.number not in text
        assert "王小芳" not in text
        assert t["approvals_waiting"].format(1) in text
        assert t["approve"] in text


def test_approving_and_denying(pages: Pages) -> None:
    """A yes needs no reason, a no needs one, and what was typed stays; the draft says who decided and why."""
    with pages.client("supervisor") as client:
        client.cookies.set("language", "en")
        draft = waiting(pages)
        said = {"draft": draft.id, "version": str(draft.version)}
        bare = send(client, "/approvals", verdict="denied", reason=" ", **said)
        assert (bare.status_code, LABELS["en"]["approval_needs_a_reason"] in bare.text) == (400, True)
        long = send(client, "/approvals", verdict="denied", reason=MALICE * 10, **said)
        assert (long.status_code, MALICE * 10 in html.unescape(long.text), "<script>alert" in long.text) == (
            400,
            True,
            False,
        )
        assert Reader(long.text).faults == []
        denied = send(client, "/approvals", verdict="denied", reason=MALICE, **said)
        assert denied.headers["Location"] == "/approvals?done=denied"
        kept = pages.house.drafts.get(CLERK, draft.id)
        assert (kept.approval, kept.approved_by, kept.approval_reason) == ("denied", "supervisor-1", MALICE)
        assert MALICE in shown(client, f"/drafts?of={draft.id}")
        again = pages.house.drafts.ask_approval(CLERK, kept)
        send(client, "/approvals", draft=again.id, version=str(again.version), verdict="given", reason="")
        assert pages.house.drafts.get(CLERK, draft.id).approval == "given"
        for bad in ({"verdict": "perhaps"}, {"version": "x"}, {"draft": "d0\x00"}, {}):
            assert send(client, "/approvals", **{**said, "verdict": "given", **bad}).status_code in (400, 404, 409)


def test_whoever_is_overtaken_keeps_the_reason(pages: Pages) -> None:
    """A draft that changed since it was shown is told with who and what; the typed reason stays, nothing is done."""
    with pages.client("supervisor") as client:
        client.cookies.set("language", "en")
        draft = waiting(pages)
        said = {"draft": draft.id, "version": str(draft.version), "verdict": "denied", "reason": "证件号码不符"}
        there = pages.house.drafts.change(OTHER, draft, Step.PRESENTER, draft.content)
        told = send(client, "/approvals", **said)
        text = html.unescape(told.text)
        assert (told.status_code, "zhao <b> changed this at 2013-07-01 12:00:00 (who came)" in text) == (409, True)
        assert "The reason that you typed: 证件号码不符" in text
        anew = pages.house.drafts.ask_approval(OTHER, there)
        assert 'value="证件号码不符"' in send(client, "/approvals", **said).text
        assert pages.house.drafts.get(CLERK, draft.id) == anew


def test_nobody_approves_their_own(pages: Pages) -> None:
    """Whoever began or changed a draft has no form for it, and one that they made themselves is refused."""
    draft = waiting(pages)
    with pages.client("supervisor") as client:
        client.cookies.set("language", "en")
        own = msgspec.structs.replace(CLERK, name="supervisor-1", role=Role.SUPERVISOR)
        there = pages.house.drafts.ask_approval(own, pages.house.drafts.change(own, draft, Step.FEE, draft.content))
        text = shown(client, "/approvals")
        assert (LABELS["en"]["approval_not_of_ones_own"] in text, 'name="verdict"' in text) == (True, False)
        said = {"draft": there.id, "version": str(there.version), "verdict": "given"}
        assert send(client, "/approvals", **said).status_code == 409
        assert pages.house.drafts.get(CLERK, draft.id) == there
    with pages.client("auditor") as client:
        assert 'name="verdict"' not in shown(client, "/approvals")


# Drafts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_open_drafts_with_age_and_next_step(pages: Pages, language: str) -> None:
    """Each says how long it lies, where, and what it waits for by the dossier of now; its history is there."""
    t = LABELS[language]
    draft = waiting(pages)
    begun = pages.house.drafts.open(OTHER, WANG, "apply_for_card", "", pages.front.person(WANG))
    pages.clock.move(hours=3)
    with pages.client("auditor") as client:
        text = shown(client, "/drafts", language)
        assert [t[w] in text for w in ("waits_for_approval", "step_of_choices")] == [True, True]
        assert (t["age_hours"].format(3) in text, t["set_aside"] in text) == (True, False)
        assert mask(WANG) in text
        text = shown(client, f"/drafts?of={draft.id}", language)
        for event in ("draft_opened", "step_of_fee", "draft_approval_asked"):
            assert t[event] in text
    pages.clock.move(hours=-3)
    pages.house.drafts.set_aside(OTHER, begun)


def test_a_draft_is_set_aside_after_a_question(pages: Pages) -> None:
    """The question names it; whoever was overtaken is told; a closed one is asked about no more."""
    draft = waiting(pages)
    with pages.client("clerk") as client:
        client.cookies.set("language", "en")
        text = shown(client, f"/drafts?aside={draft.id}")
        assert f"{mask(LI)}" in text
        assert 'action="/drafts/set-aside"' in text
        said = {"draft": draft.id, "version": str(draft.version)}
        old = send(client, "/drafts/set-aside", draft=draft.id, version="1")
        assert (old.status_code, "wang changed this" in old.text) == (409, True)
        assert send(client, "/drafts/set-aside", **said).headers["Location"] == f"/drafts?of={draft.id}"
        assert pages.house.drafts.get(CLERK, draft.id).state == "left"
        assert LABELS["en"]["draft_is_closed"] in shown(client, f"/drafts?aside={draft.id}")
        for bad in ("d0", "d" + "0" * 16, MALICE):
            assert client.get("/drafts", params={"of": bad}).status_code == 404
            assert send(client, "/drafts/set-aside", draft=bad, version="1").status_code == 404


# The day -------------------------------------------------------------------------------------------------------------


def csv_of(client: Any, table: str, **asked: str) -> list[list[str]]:
    """A table of the day as a spreadsheet reads it."""
    got = client.get("/day/table", params={"table": table, "language": "en", "channel": "all", **asked})
    assert (got.status_code, got.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert got.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))


def test_the_day_adds_up(pages: Pages) -> None:
    """By clerk, window and service the same yes and no as the journal has entries; refusals by clause sum to the no."""
    screens = pages.front.screens
    with pages.client("supervisor") as client:
        tables = {key: csv_of(client, key)[1:] for key in ("windows", "clerks", "services", "refusals")}
        whole = screens.services_of_day(AT.date())
    sums = {"yes": sum(t.accepted for t in whole.values()), "no": sum(t.refused for t in whole.values())}
    looks = whole["look_up_person"].accepted if "look_up_person" in whole else 0
    for key in ("windows", "clerks"):
        assert sum(int(row[1]) for row in tables[key]) == sums["yes"] - looks
        assert sum(int(row[2]) for row in tables[key]) == sums["no"]
        assert sum(int(row[3]) for row in tables[key]) == looks
    assert (sum(int(r[1]) for r in tables["services"]), sum(int(r[2]) for r in tables["services"])) == (*sums.values(),)
    assert sum(int(row[2]) for row in tables["refusals"]) == sums["no"]
    assert any(row[0] == "'9.3" and "PIN" in row[1] for row in tables["refusals"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_day(pages: Pages, language: str) -> None:
    """It shows each table with bars and its file, one channel or all, and leads a day on as far as there are days."""
    t = LABELS[language]
    with pages.client("auditor") as client:
        text = shown(client, "/day?channel=all", language)
        for label in ("by_window", "by_clerk", "by_service", "by_refusal"):
            assert t[label] in text
        name, yes, no, _ = csv_of(client, "clerks")[1]
        assert t["yes_and_no_of"].format(name.removeprefix("'"), yes, no) in text
        assert (t["day_before"] in text, t["day_after"] in text) == (True, False)
        assert (text.count("<svg class"), "table=refusals" in text) == (text.count('<td class="bars">'), True)
        empty = shown(client, "/day?on=2013-06-30", language)
        assert (empty.count(t["none_yet"]), t["day_after"] in empty) == (4, True)
        assert shown(client, "/day?on=1995-01-01", language)


def test_who_wrote_what_is_never_taken_for_a_sender(pages: Pages) -> None:
    """A name, a place and a reason that look like an entry's own text are counted under who really asked."""
    asked = {"by": '=1+1","place":"x"},"given":', "place": '"sender":{"by":"evil"}'}
    desk = pages.house.desk()
    look = LookUpPerson(id="look-odd", person=LI, reason='","sender":{"by":"evil","channel":"window"},"given":')
    desk.ask(Ask(look, Sender(asked["by"], Channel.WINDOW, asked["place"])))
    desk.store.close()
    with pages.client("supervisor") as client:
        assert ["'" + asked["by"], "0", "0", "1"] in csv_of(client, "clerks", channel="window")
        assert [asked["place"], "0", "0", "1"] in csv_of(client, "windows", channel="window")
        assert asked["by"] in shown(client, "/day")


def test_a_day_that_cannot_be(pages: Pages) -> None:
    """A day to come, nonsense, another channel or table is told; who does not oversee may not see it."""
    with pages.client("supervisor") as client:
        for bad in ("?on=2013-07-02", "?on=x", "?on=2013-02-30", "?channel=pigeon"):
            assert client.get(f"/day{bad}").status_code == 400
        assert client.get("/day/table", params={"table": "x"}).status_code == 400
    for role in (r for r in Role if r not in (Role.SUPERVISOR, Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            pages.house.days.of(Staff("x", role, ""), AT.date())


# The journal ---------------------------------------------------------------------------------------------------------


def places(text: str) -> list[str]:
    """The entries that a page names."""
    return re.findall(r">(\d+-\d+)</a>", text)


def test_the_journal_is_searched_by_who_where_and_when(pages: Pages) -> None:
    """Clerk, place, day and person leave exactly their entries, and pages follow each other without gap."""
    desk = pages.house.desk()
    for n in range(3):
        look = LookUpPerson(id=f"look-search-{n}", person=WANG, reason='"sender":{"by":"zhao","place":"w9"},"given":')
        desk.ask(Ask(look, Sender("zhao" if n else "zhao2", Channel.WINDOW, "w9")))
    desk.store.close()
    room, auditor = pages.house.journal, Staff("wu", Role.AUDITOR, "")
    asked = {"zhao": room.search(auditor, Sought(by="zhao")), "zhao2": room.search(auditor, Sought(by="zhao2"))}
    assert [len(lines) for lines in asked.values()] == [2, 1]
    assert {line.where for line in room.search(auditor, Sought(place="w9"))} == {"w9"}
    assert room.search(auditor, Sought(by="zha")) == room.search(auditor, Sought(place="w")) == []
    assert room.search(auditor, Sought(by="zhao", on=AT.date())) == asked["zhao"]
    assert room.search(auditor, Sought(by="zhao", on=AT.date() - dt.timedelta(days=1))) == []
    person = pages.front.person(WANG).person_id
    whole = room.search(auditor, Sought(person_id=person))
    assert whole == pages.house.screens.journal_of(person)
    found, before = list[Any](), None
    while batch := room.search(auditor, Sought(person_id=person), limit=2, before=before):
        found, before = found + batch, batch[-1]
    assert found == whole
    assert room.search(auditor, Sought(), limit=500) == pages.house.screens.journal(limit=500)


def test_older_entries_are_found_all_the_same(pages: Pages) -> None:
    """Where the last days have too few entries, earlier ones are searched; by clerk no more than 31 days."""
    room, auditor, at = pages.house.journal, Staff("wu", Role.AUDITOR, ""), pages.clock.at
    newest = room.search(auditor, Sought(), limit=1)
    pages.clock.move(days=40)
    try:
        assert room.search(auditor, Sought(), limit=1) == newest
        assert room.search(auditor, Sought(by=newest[0].by), limit=1) == []
        assert room.search(auditor, Sought(by=newest[0].by, on=AT.date()), limit=1) == newest
    finally:
        pages.clock.at = at


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_searches_without_a_number_in_its_address(pages: Pages, language: str) -> None:
    """A number goes by a form to the person's id; the look is in the journal; nobody, and nonsense, are told."""
    t = LABELS[language]
    person = pages.front.person(LI).person_id
    with pages.client("auditor") as client:
        client.cookies.set("language", language)
        moved = send(client, "/journal", number=LI.lower())
        assert moved.headers["Location"] == f"/journal?person={person}"
        before = pages.front.person(LI).entries
        text = shown(client, f"/journal?person={person}", language)
        assert pages.front.person(LI).entries == before + 1
        assert {place.partition("-")[0] for place in places(text)} == {str(person)}
        assert (mask(LI) in text, t["chain_is_whole"] in text, t["never_verified"] in text) == (True, True, True)
        assert t["searched_lately"] in shown(client, "/journal?by=zhao", language)
        for number, status in ((NOBODY, 404), ("12", 400), (MALICE, 400)):
            assert send(client, "/journal", number=number).status_code == status
        for bad in ("?on=x", "?person=x", "?person=99999999", "?by=" + "x" * 65, "?place=%00", "?clause=99"):
            assert client.get(f"/journal{bad}").status_code in (400, 404), bad


def test_the_hotline_learns_of_no_place(pages: Pages) -> None:
    """Who may not read whole accounts opens neither journal nor history, and is refused clerk and place in the room."""
    person = pages.front.person(LI).person_id
    with pages.client("operator") as client:
        for path in ("/journal", f"/persons/{person}/history", f"/persons/{person}/history/file"):
            assert client.get(path).status_code == 403
    for see in (pages.house.journal.state, pages.house.drafts.waiting, pages.house.drafts.count_waiting):
        with pytest.raises(NotAllowed):
            see(Staff("x", Role.CASHIER, ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dossiers_whole_history(pages: Pages, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry is on its pages once, with who and where; the file has all of them; each look is kept first."""
    monkeypatch.setattr("shebaoka.office.journal.OF_A_PERSON", 7)
    person, t = pages.front.person(LI).person_id, LABELS[language]
    with pages.client("supervisor") as client:
        client.cookies.set("language", language)
        entries = pages.front.person(LI).entries + 1
        seen, path = list[str](), f"/persons/{person}/history"
        text = shown(client, path, language)
        assert t["chain_of"].format(entries) in text
        while True:
            seen += re.findall(rf">({person}-\d+)</td>", text)
            more = re.search(r'rel="next" href="([^"]+)"', text)
            if more is None:
                break
            text = shown(client, more.group(1), language)
        assert f'<td data-l="{t["asked_from"]}">somewhere</td>' in text
        assert [s for s in seen if int(s.partition("-")[2]) <= entries] == [
            f"{person}-{n}" for n in range(entries, 0, -1)
        ]
        got = client.get(f"{path}/file")
        rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))
        assert [row[0] for row in rows[1:]] == [f"'{person}-{n}" for n in range(len(rows) - 1, 0, -1)]
        assert len(rows) - 1 == pages.front.person(LI).entries
        assert {row[3] for row in rows[1:]} == {t["yes"], t["no"]}
        assert secrets_in(got.text, _NoTokens()) == []  # type: ignore[arg-type]
        assert client.get("/persons/999999/history").status_code == 404


def test_a_broken_chain_is_told(pages: Pages, shared_database: Database) -> None:
    """An entry that somebody changed behind the program's back is named on the page; the other dossiers stay whole."""
    person, other = pages.front.person(WANG).person_id, pages.front.person(LI).person_id
    change = "update journal set outcome = %s where person_id = %s and seq = 1"
    with pages.client("auditor") as client, psycopg.connect(shared_database.owner, autocommit=True) as owner:
        owner.execute(change, ["refused", person])
        text = shown(client, f"/persons/{person}/history")
        owner.execute(change, ["accepted", person])
        assert (LABELS["en"]["chain_is_broken"] in text, f"person {person}, entry 1: its columns" in text) == (
            True,
            True,
        )
        assert LABELS["en"]["chain_is_broken"] not in shown(client, f"/persons/{other}/history")


def test_what_the_last_verification_said(pages: Pages) -> None:
    """The page tells when the whole journal was verified and up to which day it is sealed."""
    with pages.client("auditor") as client:
        assert LABELS["en"]["nothing_sealed"] in shown(client, "/journal")
        at = pages.clock.at
        pages.clock.move(days=1)
        (sealed,) = pages.house.auditor.seal()
        audit = pages.house.auditor.verify()
        pages.house.journal.verified(audit)
        pages.clock.at = at
        text = shown(client, "/journal")
        assert LABELS["en"]["sealed_until"].format("2013-07-01", sealed[1]) in text
        assert LABELS["en"]["verified_at"].format("2013-07-02 12:00", audit.entries) in text
        assert LABELS["en"]["journal_is_whole"] in text
        pages.house.journal.verified(msgspec.structs.replace(audit, faults=("x", "y")))
        assert LABELS["en"]["chain_faults"].format(2) in shown(client, "/journal")
