"""The pages of supervisors and administrators: approvals, open drafts, the day, windows, institutions, the journal."""

import csv
import datetime as dt
import html
import io
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.conftest import Database, StandingClock
from tests.test_office import LI, WANG, Reader, lives, secrets_in
from tests.test_office_signin import Pages, send
from tests.webhouse import house_on

from shebaoka.desk import Content, Draft, Paid, Role, Staff, Step, open_counter
from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask
from shebaoka.office.frame import LABELS
from shebaoka.records import Agent, Ask, Channel, LookUpPerson, Material, NotAllowed, Sender
from shebaoka.serving import front_of

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
CLERK, OTHER = Staff("wang", Role.CLERK, "w1"), Staff("zhao <b>", Role.CLERK, "w2")
AGENT = Agent("王小芳", "140702198503120027", "女儿")
MALICE = "</td><script>alert(1)</script> ' or 1=1 --"


@pytest.fixture(scope="module")
def pages(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The house of this module: two people whose cards have lived a little."""
    shared_database.wipe()
    clock = StandingClock(AT)
    with (
        house_on(shared_database, tmp_path_factory.mktemp("oversight"), clock) as house,
        open_counter(house.desk) as counter,
    ):
        lives(house)
        yield Pages(house, front_of(house, counter), clock)


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
