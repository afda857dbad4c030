"""The scenarios: every clause of the notice by cases in words, against the rules alone and through the desk."""

import itertools
import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from scenario import Ran, answer_of, faults, read_cities, run
from scenario_desk import Play, kept_store, through_desk
from scenario_form import Scenario, ScenarioError, all_scenarios, read_scenarios
from shebaoka.ledger import POOLED_FUND, change, clearing
from shebaoka.notice import Notices, Speech, Words
from shebaoka.records import SERVICES, Accepted, Answer, Basis, Dossier, Refusal

__all__ = ["kept_store", "through_desk"]
ALL = all_scenarios()
BEYOND_SCENARIOS: dict[str, str] = {}
"""Grounds that no scenario reaches, each with the reason."""


def _label(scenario: Scenario) -> str:
    return scenario.label


@pytest.fixture(scope="module")
def cities() -> dict[str, Notices]:
    """The notices of Jinzhong and of the cities that exist for the tests."""
    return read_cities()


@pytest.fixture(scope="module")
def played(cities: dict[str, Notices]) -> list[Ran]:
    """Every scenario, decided."""
    return [run(s, cities) for s in ALL]


@pytest.mark.parametrize("scenario", ALL, ids=_label)
def test_the_rules_decide_as_the_scenario_says(scenario: Scenario, cities: dict[str, Notices]) -> None:
    """What `then` says comes of what is given and asked, by `decide` alone."""
    ran = run(scenario, cities)
    found = faults(ran.asked, ran.answer, ran.after)
    assert not found, "\n".join([scenario.label, *found])


@pytest.mark.parametrize("scenario", ALL, ids=_label)
def test_the_desk_answers_and_keeps_as_the_scenario_says(
    scenario: Scenario, cities: dict[str, Notices], through_desk: Play
) -> None:
    """The same comes of it when the request goes through the desk and the database is asked afterwards."""
    ran = run(scenario, cities)
    answer, after = through_desk(ran.asked, cities[scenario.city])
    found = faults(ran.asked, answer, after)
    assert not found, "\n".join([scenario.label, *found])
    assert _without_fresh_numbers(answer, after) == _without_fresh_numbers(ran.answer, ran.after)


def _without_fresh_numbers(answer: Answer, after: Dossier) -> tuple[Answer, Dossier]:
    """Answer and dossier without the numbers that the desk draws for a new card, and without entries' places."""
    cards = tuple(replace(c, number="", serial="") for c in after.cards)
    applications = tuple(replace(a, card_number=None, card_serial=None) for a in after.applications)
    facts = {k: v for k, v in answer.facts.items() if k not in ("card_number", "entry")}
    return replace(answer, facts=facts), replace(after, cards=cards, applications=applications)


def _clauses(ran: Ran) -> set[str]:
    """The clauses that a scenario speaks for: that of its ground, and those which its `then` lists."""
    also = ran.asked.scenario.then.also
    return {ran.asked.scenario.then.clause, *(also if isinstance(also, tuple) else ())}


def test_every_clause_has_a_yes_and_a_no(cities: dict[str, Notices], played: list[Ran]) -> None:
    """Each clause of Jinzhong's notice is the ground of a scenario that is accepted and of one that is refused."""
    jinzhong = [r for r in played if r.asked.scenario.city == "jinzhong"]
    yes = {c for r in jinzhong if r.answer.outcome == "accepted" for c in _clauses(r)}
    no = {c for r in jinzhong if r.answer.outcome == "refused" for c in _clauses(r)}
    clauses = cities["jinzhong"].versions[-1].clauses
    lacks = [f"{c} has no {word}" for c in clauses for word, has in (("yes", yes), ("no", no)) if c not in has]
    assert not lacks


def test_the_clauses_of_a_chapter_are_shown_in_its_file(cities: dict[str, Notices], played: list[Ran]) -> None:
    """A yes and a no for clause 6.2 stand in the file that begins with 6, where somebody would look for them."""
    shown = {(r.asked.scenario.file[0], r.answer.outcome, c) for r in played for c in _clauses(r)}
    lacks = [
        f"{c}: no scenario is {outcome} for it in the file of its chapter"
        for c in cities["jinzhong"].versions[-1].clauses
        for outcome in ("accepted", "refused")
        if (c[0], outcome, c) not in shown
    ]
    assert not lacks


def test_every_service_is_accepted_once(played: list[Ran]) -> None:
    """No service exists that no scenario shows at work."""
    accepted = {service for r in played if r.answer.outcome == "accepted" for service in r.asked.scenario.when}
    assert set(SERVICES) - accepted == set()


def _grounds(ran: Ran) -> Iterator[str]:
    yield ran.decision.ground
    if isinstance(ran.decision, Accepted):
        yield from ran.decision.also


def test_every_ground_is_reached(played: list[Ran]) -> None:
    """Each ground of a yes or a no comes of some scenario, save those listed with their reason."""
    reached = {g for r in played for g in _grounds(r)}
    assert {str(g) for g in (*Basis, *Refusal)} - reached == set(BEYOND_SCENARIOS)


def test_every_answer_is_said_without_a_gap(
    cities: dict[str, Notices], played: list[Ran], words: dict[str, Words]
) -> None:
    """In each language an answer has every fact that its sentences speak of; only an unset cut-over is a dash."""
    gaps = []
    for ran, (language, said) in itertools.product(played, words.items()):
        answer, notice = ran.answer, ran.asked.notice
        speech = Speech(notice, said)
        templates = _templates(answer, said)
        sentences = [speech.says(answer), *speech.do(answer)]
        for template, sentence in zip(templates, sentences, strict=True):
            unset = notice.p.cutover_on is None and "{cutover}" in template
            if sentence.count("—") > template.count("—") + unset:
                gaps.append(f"{language}: {ran.asked.scenario.label}: {template!r} is said as {sentence!r}")
        assert speech.clause(answer.clause)
        assert len(speech.readings(answer)) == len(answer.readings)
    assert not gaps, "\n".join([f"{len(gaps)} gaps", *gaps[:20]])


def _templates(answer: Answer, said: Words) -> list[str]:
    """The sentences of an answer before the facts are put in."""
    if answer.outcome == "refused":
        return [said.refusals[answer.ground].says, said.refusals[answer.ground].do]
    return [said.bases[answer.ground], *(said.steps[s] for s in answer.next)]


def test_no_two_scenarios_have_one_name() -> None:
    """A failing scenario can be found by its name."""
    labels = [s.label for s in ALL]
    assert len(set(labels)) == len(labels)


SOUND = """
- name: she collects
  on: 2013-07-01
  given: {person: 李娜}
  when: {collect_card: {}}
  then: {refused: there_is_no_application, clause: "4.2"}
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("on: 2013", "weather: fine\n  on: 2013", "weather"),
        ("{person: 李娜}", "{person: 李娜, mood: good}", "mood"),
        ("{person: 李娜}", "{person: 李娜, cards: [{kind: temporary, colour: red}]}", "colour"),
        ("{person: 李娜}", "{person: 李娜, application: {stage: made}}", "stage"),
        ("{person: 李娜}", "{person: 皇帝}", "皇帝"),
        ("{person: 李娜}", "{person: 李娜, cards: [{kind: social_security, kind: temporary}]}", "kind"),
        ("{collect_card: {}}", "{collect_card: {hands_in_the_cat: true}}", "hands_in_the_cat"),
        ("{collect_card: {}}", "{collect_cards: {}}", "collect_cards"),
        ("{collect_card: {}}", "{collect_card: {}, use_card: {}}", "one service"),
        ("{collect_card: {}}", "{collect_card: {by: neighbour}}", "neighbour"),
        ('clause: "4.2"', 'clause: "4.2", card: {states: ended}', "states"),
        ('clause: "4.2"', 'clause: "4.2", accepted: card_ends', "either accepted or refused"),
        ("refused: there_is_no_application, ", "", "either accepted or refused"),
        ('clause: "4.2"', "nothing_changed: true", "clause"),
        ("{person: 李娜}", "{person: 李娜, stays: [{room: 12}]}", "room"),
        ("{person: 李娜}", "{person: 李娜, earlier: [{collect_cards: {}}]}", "given.earlier: name one service each"),
        ("{person: 李娜}", "{person: 李娜, earlier: [{amend_stay: {bed: 3}}]}", "bed"),
        ("{collect_card: {}}", "{settle_charge: {total_yuan: 5, card: temporary}}", "nobody holds 'temporary'"),
        ("{collect_card: {}}", "{cancel_admission: {terms: {kind: [pharmacy]}}}", "kind"),
    ],
)
def test_a_scenario_with_a_slip_is_named(old: str, new: str, says: str) -> None:
    """An unknown key or word at any depth is a fault that names the file, the scenario and the slip."""
    assert len(read_scenarios(SOUND, "slip.yaml")) == 1
    with pytest.raises(ScenarioError, match=re.escape(says)) as fault:
        read_scenarios(SOUND.replace(old, new), "slip.yaml")
    assert "slip.yaml" in str(fault.value)


def test_an_earlier_request_comes_out_as_said(cities: dict[str, Notices]) -> None:
    """A scenario whose past cannot have been is a fault, so that none rests on a request that was refused unseen."""
    past = SOUND.replace("{person: 李娜}", "{person: 李娜, earlier: [{report_loss: {}}]}")
    (scenario,) = read_scenarios(past, "past.yaml")
    with pytest.raises(ScenarioError, match="earlier request 1 is not as said: holder_has_no_card"):
        run(scenario, cities)
    (scenario,) = read_scenarios(
        past.replace("{report_loss: {}}", "{report_loss: {}, refused: holder_has_no_card}"), "past.yaml"
    )
    assert not faults((ran := run(scenario, cities)).asked, ran.answer, ran.after)


def test_every_settlement_adds_up(played: list[Ran]) -> None:
    """Its parts are its total, and account and pooled fund move by their parts, with the other sign when taken back."""
    settled = [r.decision for r in played if isinstance(r.decision, Accepted) and r.decision.settlement is not None]
    assert {d.settlement.total_fen > 0 for d in settled if d.settlement} == {True, False}
    for decision in settled:
        s = decision.settlement
        assert s is not None
        assert s.total_fen == s.pooled_fen + s.account_fen + s.cash_fen
        assert change(decision.postings) == -s.account_fen
        assert change(decision.postings, POOLED_FUND) == -s.pooled_fen
        assert change(decision.postings, clearing(s.institution)) == s.account_fen + s.pooled_fen
        assert decision.undoes == (() if s.undoes is None else (s.undoes,))
        assert s.total_fen > 0 or s.undoes is not None


def test_a_scenario_says_what_differs(cities: dict[str, Notices]) -> None:
    """A scenario whose `then` is untrue fails with a sentence for each thing that is not so."""
    untrue = SOUND.replace('clause: "4.2"', 'clause: "4.1", fee_yuan: 28, card: {state: in_use}, done: [card_made]')
    (scenario,) = read_scenarios(untrue, "untrue.yaml")
    ran = run(scenario, cities)
    found = faults(ran.asked, ran.answer, ran.after)
    assert [f.partition(":")[0] for f in found] == ["clause", "done", "fee_fen", "cards.social_security"]
    assert ran.answer == answer_of(ran.decision, ran.asked.notice)
