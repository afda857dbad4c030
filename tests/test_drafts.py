"""Drafts of the window: any window takes one up, nobody's change is lost, and a draft becomes one request."""

import datetime as dt
import itertools
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asking import LI_NA
from conftest import Database
from shebaoka.app import House
from shebaoka.desk import (
    WINDOW,
    Content,
    Draft,
    Flow,
    Paid,
    PersonScreen,
    Role,
    Staff,
    Step,
    ask_of_draft,
    fields_of,
    flow_of,
    next_step,
    steps_of,
    without,
)
from shebaoka.desk.steps import ROW_OF, STEPS
from shebaoka.notice import Materials
from shebaoka.records import (
    Agent,
    Ask,
    BadInput,
    CardKind,
    Channel,
    Digits,
    DraftChanged,
    Material,
    NotAllowed,
    NotFound,
    RegisterPerson,
    ReplaceCard,
    Sender,
)
from shebaoka.rules import ROWS
from webhouse import house_on

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
CLERK, OTHER = Staff("wang", Role.CLERK, "w1"), Staff("zhao", Role.CLERK, "w2")
HEAD = Staff("chen", Role.SUPERVISOR, "w0")
AGENT = Agent("王小芳", "14070219850312002X", "女儿")


@pytest.fixture(scope="module")
def house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with one person registered."""
    with house_on(shared_database, tmp_path_factory.mktemp("drafts"), AT) as house:
        desk = house.desk()
        who = RegisterPerson(
            id="reg-1",
            person=LI_NA,
            name="李娜",
            region="140702",
            insured_on=dt.date(2005, 3, 1),
            shows=tuple(Material),
        )
        desk.ask(Ask(who, Sender("wang", Channel.WINDOW, "w1")))
        desk.store.close()
        yield house


def screen_of(house: House) -> PersonScreen:
    """The person's screen."""
    with house.store() as store:
        return house.screens.person(store, LI_NA, AT.date())


_fresh = itertools.count()


def begun(house: House, service: str = "apply_for_card", card: str = "") -> Draft:
    """A draft that is new: an open one like it is set aside before."""
    for draft in house.drafts.open_of(LI_NA):
        if draft.service == service:
            house.drafts.set_aside(CLERK, draft)
    return house.drafts.open(CLERK, LI_NA, service, card, screen_of(house))


# The tables ----------------------------------------------------------------------------------------------------------


def test_every_service_of_the_window_is_a_row_of_the_rules(house: House) -> None:
    """Whatever the notice lets come to a window has its row of steps, but for what nobody comes for."""
    notice = house.notices.on(AT.date())
    done_elsewhere = {
        "use_card",
        "look_up_person",
        "propose_correction",
        "approve_correction",
        "return_uncollected_card",
        "record_ready",
    }
    at_window = {
        key
        for key in ROWS
        if (service := key.partition(".")[0]) not in done_elsewhere and Channel.WINDOW in notice.channels_of(service)
    }
    assert set(WINDOW) == at_window


FLOWS = st.builds(
    Flow,
    key=st.sampled_from(sorted(WINDOW)),
    card=st.sampled_from(("social_security", "temporary")),
    content=st.builds(
        Content,
        chosen=st.sampled_from((None, {})),
        presenter=st.sampled_from(("", "holder", "agent")),
        agent=st.sampled_from((None, AGENT)),
        shows=st.sampled_from(((), tuple(Material))),
        papers_seen=st.booleans(),
        photo=st.sampled_from(("", "p1")),
        signature=st.sampled_from(("", "s1")),
        paid=st.sampled_from((None, Paid("cash", 2800), Paid("cash", 1))),
        pin_waived=st.booleans(),
    ),
    notice=st.none(),
    materials=st.sampled_from((None, Materials(holder=(Material.IDENTITY_CARD, Material.PHOTO)))),
    fee_fen=st.sampled_from((0, 2800)),
    pin_given=st.booleans(),
    new_pin_given=st.booleans(),
    approved=st.booleans(),
)


@given(flow=FLOWS)
def test_a_flow_always_has_a_next_step(house: House, flow: Flow) -> None:
    """There is always one to do next, confirming comes last, and what is undone is to be done again."""
    flow = msgspec.structs.replace(flow, notice=house.notices.on(AT.date()))
    states = steps_of(flow)
    assert [s.step for s in states] == [row.step for row in STEPS if row.needed(flow)]
    step = next_step(flow)
    assert (step is Step.CONFIRM) == all(s.done for s in states if s.step is not Step.CONFIRM)
    for state in states:
        if state.step in (Step.CONFIRM, Step.APPROVAL, Step.PIN) or not state.done:
            continue
        undone = msgspec.structs.replace(flow, content=without(flow.content, state.step))
        assert not ROW_OF[state.step].done(undone)
        for later in STEPS:
            if state.step in later.after and later.step not in (Step.CONFIRM, Step.APPROVAL, Step.PIN):
                assert not later.done(undone) or not later.needed(undone)


@pytest.mark.parametrize("key", sorted(WINDOW))
def test_a_full_draft_becomes_its_request(house: House, key: str) -> None:
    """Every service and kind of card: what is chosen are the request's own fields, and it is well-formed."""
    chosen = {
        "name": "李娜", "region": "140702", "insured_on": "2005-03-01", "collect_at": "w1", "application": "bus",
        "ethnic_group": "05", "hands_in_damaged_card": "yes", "hands_in_temporary_card": "yes",
    }  # fmt: skip
    for card in CardKind:
        content = Content(
            chosen={f: chosen[f] for f in fields_of(key, card)}, presenter="agent", agent=AGENT, shows=tuple(Material),
            papers_seen=True, photo="p1", paid=Paid("cash", 2800),
        )  # fmt: skip
        draft = msgspec.structs.replace(begun(house, key, card), content=content)
        request = ask_of_draft(draft, flow_of(draft, house.notices.on(AT.date()), screen_of(house)), CLERK).request
        assert (request.person, request.agent, request.paid_fen) == (LI_NA, AGENT, 2800)
        assert request.id == f"draft-{draft.id}-0"


# A draft -------------------------------------------------------------------------------------------------------------


def test_any_window_takes_a_draft_up(house: House) -> None:
    """The open draft of the same person, service and card is found by whoever begins it, with what it holds."""
    draft = begun(house)
    draft = house.drafts.change(
        CLERK, draft, Step.PRESENTER, msgspec.structs.replace(draft.content, presenter="holder")
    )
    taken = house.drafts.open(OTHER, LI_NA, "apply_for_card", "", screen_of(house))
    assert taken == draft == house.drafts.get(OTHER, draft.id)
    assert house.drafts.by_slip(draft.slip_code) == draft
    assert [e.what for e in house.drafts.events(draft.id)] == ["opened", "presenter"]


def test_the_second_of_two_is_told_who_and_what(house: House) -> None:
    """A change of an older version is refused with name, time and step, and changes nothing."""
    draft = begun(house)
    theirs = house.drafts.change(OTHER, draft, Step.PRESENTER, Content(presenter="holder"))
    with pytest.raises(DraftChanged, match=r"zhao changed this at 12:00:00 \(step presenter\)"):
        house.drafts.change(CLERK, draft, Step.CHOICES, Content(chosen={"collect_at": "w1"}))
    assert house.drafts.get(CLERK, draft.id) == theirs


def test_what_happened_meanwhile_is_told(house: House) -> None:
    """Entries since the draft was begun are news, looks are none, and what was told once is none any more."""
    draft = begun(house, "report_loss.formal", "social_security")
    assert house.drafts.news(draft) == []
    desk = house.desk()
    refused = ReplaceCard(id=f"meanwhile-{next(_fresh)}", person=LI_NA, why="loss")
    desk.ask(Ask(refused, Sender("zhao", Channel.WINDOW, "w2")))
    desk.store.close()
    (line,) = house.drafts.news(draft)
    assert (line.by, line.service, line.answer.outcome) == ("zhao", "replace_card", "refused")
    house.drafts.told(CLERK, draft, line.seq)
    assert house.drafts.news(house.drafts.get(CLERK, draft.id)) == []


def test_an_approval_is_of_the_draft_as_it_was(house: House) -> None:
    """Nobody approves their own; what is approved and then changed is not approved; a denial says why."""
    draft = house.drafts.ask_approval(CLERK, begun(house, "replace_card.made_wrongly", "social_security"))
    assert draft in house.drafts.waiting(HEAD)
    with pytest.raises(NotAllowed):
        house.drafts.approve(msgspec.structs.replace(HEAD, name="wang"), draft, given=True, reason="")
    with pytest.raises(NotAllowed):
        house.drafts.approve(OTHER, draft, given=True, reason="")
    with pytest.raises(NotAllowed):
        house.drafts.approve(Staff("op", Role.OPERATOR, ""), draft, given=True, reason="")
    with pytest.raises(BadInput, match="reason"):
        house.drafts.approve(HEAD, draft, given=False, reason=" ")
    denied = house.drafts.approve(HEAD, draft, given=False, reason="卡面无误")
    assert (denied.approval, denied.approval_reason, denied.approved_by) == ("denied", "卡面无误", "chen")
    given_ = house.drafts.approve(HEAD, house.drafts.ask_approval(CLERK, denied), given=True, reason="")
    notice = house.notices.on(AT.date())
    assert ask_of_draft(given_, flow_of(given_, notice, screen_of(house)), CLERK).approved_by == "chen"
    changed = house.drafts.change(CLERK, given_, Step.PRESENTER, Content(presenter="holder"))
    assert (changed.approval, ask_of_draft(changed, flow_of(changed, notice, None), CLERK).approved_by) == ("", "")


def test_an_answer_is_put_down_once(house: House) -> None:
    """A no leaves the draft open under its next attempt, a yes closes it; the same answer twice counts once."""
    draft = begun(house)
    content = Content(chosen={"collect_at": "w1"}, presenter="holder", papers_seen=True)
    draft = house.drafts.change(CLERK, draft, Step.MATERIALS, content)
    desk, notice = house.desk(), house.notices.on(AT.date())
    flow = flow_of(draft, notice, screen_of(house))
    assert flow.missing == (Material.IDENTITY_CARD, Material.IDENTITY_COPY, Material.PHOTO)
    receipt = desk.ask(ask_of_draft(draft, flow, CLERK))
    refused = house.drafts.answered(CLERK, draft, receipt)
    assert (refused.state, refused.attempt, refused.entry) == ("open", 1, receipt.entry)
    assert house.drafts.answered(OTHER, draft, receipt) == refused
    full = msgspec.structs.replace(content, shows=tuple(Material), photo="p1")
    draft = house.drafts.change(CLERK, refused, Step.MATERIALS, full)
    receipt = desk.ask(ask_of_draft(draft, flow_of(draft, notice, screen_of(house)), CLERK))
    done = house.drafts.answered(CLERK, draft, receipt)
    assert (done.state, done.attempt, receipt.answer.outcome) == ("done", 2, "accepted")
    desk.store.close()
    with pytest.raises(DraftChanged):
        house.drafts.change(CLERK, done, Step.CHOICES, content)
    application = screen_of(house).application
    assert application is not None
    assert (application.photo, application.collect_at) == ("p1", "w1")


def test_who_may_work_on_drafts(house: House) -> None:
    """Clerks and supervisors begin and change; who sees people reads; nobody else; and only what a window does."""
    draft = begun(house)
    for role in Role:
        staff = Staff("x", role, "")
        if role in (Role.CLERK, Role.SUPERVISOR):
            house.drafts.open(staff, LI_NA, "apply_for_card")
            continue
        with pytest.raises(NotAllowed):
            house.drafts.open(staff, LI_NA, "apply_for_card")
        with pytest.raises(NotAllowed):
            house.drafts.change(staff, draft, Step.CHOICES, draft.content)
    with pytest.raises(BadInput, match="service"):
        house.drafts.open(CLERK, LI_NA, "put_in_batch")
    with pytest.raises(BadInput, match="card"):
        house.drafts.open(CLERK, LI_NA, "unlock_card", "gold")
    with pytest.raises(NotFound):
        house.drafts.get(CLERK, "d0")


def test_no_pin_is_in_a_draft() -> None:
    """There is no field that could hold one."""
    assert not any("digits" in f or f == "pin" for f in (*Draft.__struct_fields__, *Content.__struct_fields__))
    assert str(Digits("123456")) not in msgspec.json.encode(Content()).decode()
