"""Laws of charges and what takes them back: parts that add up, one undoing at most, messages that stay stopped."""

import re
from collections import Counter

from charging import INSTITUTIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from lawoffice import Office, office, together
from lives import PATHS, TIMES, Step, lives
from msgspec.structs import replace
from playing import Played, cities, play

from shebaoka import ledger
from shebaoka.desk import Auditor, Desk
from shebaoka.records import (
    OF_INSTITUTIONS,
    Accepted,
    Ask,
    CancelSettlement,
    Channel,
    Digits,
    Dossier,
    Posting,
    Receipt,
    Refused,
    Request,
    ReverseMessage,
    Sender,
    SettleCharge,
    Stay,
    Trouble,
)

__all__ = ["office"]
EXAMPLES = settings(max_examples=100 * TIMES)
FEWER = settings(max_examples=50 * TIMES)
CITY = st.sampled_from(sorted(cities()))
INFLOWS = (ledger.OLD_SYSTEM, ledger.CONTRIBUTIONS, ledger.POOLED_FUND)
OWED = tuple(ledger.clearing(terms.institution) for terms in INSTITUTIONS)


def yeses(played: list[Played]) -> list[tuple[Played, Accepted]]:
    """The steps that were accepted, with their decisions."""
    return [(p, p.decision) for p in played if isinstance(p.decision, Accepted)]


def moved(postings: list[Posting]) -> Counter[str]:
    """What each account gained by some postings."""
    gained: Counter[str] = Counter()
    for posting in postings:
        for entry in ledger.entries(posting):
            gained[entry.account] += entry.amount_fen
    return gained


@EXAMPLES
@given(lives(), CITY)
def test_the_parts_of_a_settlement_add_up_and_are_its_postings(steps: list[Step], city: str) -> None:
    """Total is pooled fund, account and cash; account and pooled fund are what its postings say, in both directions."""
    for p, decision in yeses(play(steps, cities()[city])):
        settled = decision.settlement
        if settled is None:
            assert not set(moved(list(decision.postings))) & {*OWED, ledger.POOLED_FUND}
            continue
        parts = (settled.pooled_fen, settled.account_fen, settled.cash_fen)
        assert settled.total_fen == sum(parts) != 0
        assert len({part > 0 for part in (settled.total_fen, *parts) if part}) == 1
        assert (settled.institution, settled.message_id) == (p.given.terms.institution, p.ask.request.id)  # type: ignore[union-attr]
        assert (settled.undoes is None) == isinstance(p.ask.request, SettleCharge)
        gained = moved(list(decision.postings))
        assert gained[ledger.PERSONAL] == -settled.account_fen
        assert gained[ledger.POOLED_FUND] == -settled.pooled_fen
        assert gained[ledger.clearing(settled.institution)] == settled.account_fen + settled.pooled_fen
        if isinstance(p.ask.request, SettleCharge):
            asked = p.ask.request
            assert (settled.total_fen, settled.pooled_fen) == (asked.total_fen, asked.pooled_fen)
            assert settled.account_fen == asked.account_fen or p.given.terms.part_payment  # type: ignore[union-attr]


@EXAMPLES
@given(lives(), CITY)
def test_money_comes_from_named_inflows_alone(steps: list[Step], city: str) -> None:
    """Whatever people and institutions have, old system, contributions and pooled fund gave; nothing else has money."""
    gained = moved([posting for _, decision in yeses(play(steps, cities()[city])) for posting in decision.postings])
    assert set(gained) <= {ledger.PERSONAL, *INFLOWS, *OWED}
    assert sum(gained.values()) == 0
    assert all(gained[inflow] <= 0 for inflow in INFLOWS)
    assert gained[ledger.PERSONAL] >= 0


@EXAMPLES
@given(lives(), CITY)
def test_an_entry_is_undone_once_and_exactly(steps: list[Step], city: str) -> None:
    """Nothing is undone twice or before it was done, and what undoes a settlement is its mirror to the fen."""
    undone: set[tuple[str, int]] = set()
    seqs: Counter[str] = Counter()
    entries: dict[tuple[str, int], Accepted] = {}
    requests: dict[tuple[str, int], Request] = {}
    for p in play(steps, cities()[city]):
        if p.decision is None:
            continue
        number = p.ask.request.person
        seqs[number] = seqs[number] + 1 if p.before.person is not None else 1
        if not isinstance(p.decision, Accepted):
            continue
        entries[number, seqs[number]] = p.decision
        requests[number, seqs[number]] = p.ask.request
        for seq in p.decision.undoes:
            assert (number, seq) not in undone
            assert seq < seqs[number]
            undone.add((number, seq))
        mirror = p.decision.settlement
        if isinstance(p.ask.request, ReverseMessage) and mirror is None:
            # What it was to reverse stands no more, and the cancel that took it back stays.
            assert all(isinstance(requests[number, seq], CancelSettlement) for seq in p.decision.undoes)
        if mirror is not None and mirror.undoes is not None:
            assert p.decision.undoes == (mirror.undoes,)
            original = entries[number, mirror.undoes]
            assert not any(moved([*original.postings, *p.decision.postings]).values())
            assert original.settlement is not None
            assert original.settlement.total_fen == -mirror.total_fen
            assert original.settlement.cash_fen == -mirror.cash_fen


@EXAMPLES
@given(lives(), CITY)
def test_what_institutions_ask_needs_their_terms(steps: list[Step], city: str) -> None:
    """A message without an institution's terms is refused and moves nothing, whoever sends it and through whatever."""
    for p in play(steps, cities()[city]):
        if p.decision is not None and type(p.ask.request) in OF_INSTITUTIONS and p.given.terms is None:
            assert isinstance(p.decision, Refused)
            assert p.decision.ground == "service_is_not_for_this_channel"


def faults_of_stays(dossier: Dossier) -> list[str]:
    """What a dossier's stays may never look like."""
    inside = [s.n for s in dossier.stays if s.state == "in_hospital"]
    alive = [(s.institution, s.number) for s in dossier.stays if s.state != "cancelled"]
    faults = [f"stays {inside} at once"] if len(inside) > 1 else []
    faults += [f"one number twice: {alive}"] if len(set(alive)) < len(alive) else []
    faults += [f"stay {s.n} is not at place {n}" for n, s in enumerate(dossier.stays, 1) if s.n != n]
    return faults + [f"{s}" for s in dossier.stays if not _is_sound(s)]


def _is_sound(stay: Stay) -> bool:
    over = stay.state in ("discharged", "settled")
    days = over == (stay.discharged_on is not None) and (not over or stay.discharged_on >= stay.admitted_on)  # type: ignore[operator]
    closed = stay.state != "settled" or (stay.settlements > 0 and stay.charged and stay.closing)
    return days and closed and not (stay.state == "cancelled" and stay.settlements)


@EXAMPLES
@given(lives(), CITY)
def test_stays_are_sound_and_count_what_stands_settled_on_them(steps: list[Step], city: str) -> None:
    """One stay at a time, and a stay's number of settlements is what was settled on it less what was taken back."""
    standing: Counter[tuple[str, str, str]] = Counter()
    for p, decision in yeses(play(steps, cities()[city])):
        assert not faults_of_stays(p.after)
        if decision.settlement is not None and decision.settlement.stay:
            settled = decision.settlement
            standing[p.ask.request.person, settled.institution, settled.stay] += 1 if settled.total_fen > 0 else -1
        for stay in p.after.stays:
            if stay.state != "cancelled":
                assert stay.settlements == standing[p.ask.request.person, stay.institution, stay.number]


@EXAMPLES
@given(lives(), CITY)
def test_a_stay_is_settled_while_the_settlement_of_its_discharge_stands(steps: list[Step], city: str) -> None:
    """What was charged before the discharge neither settles the stay nor opens it, taken back or standing again."""
    seqs: Counter[str] = Counter()
    closing: dict[tuple[str, str, str], dict[int, bool]] = {}
    for p in play(steps, cities()[city]):
        number = p.ask.request.person
        if p.decision is None:
            continue
        seqs[number] = seqs[number] + 1 if p.before.person is not None else 1
        if not isinstance(p.decision, Accepted):
            continue
        settled, before = p.decision.settlement, {(s.institution, s.number): s.state for s in p.before.stays}
        if settled is not None and settled.stay:
            key = number, settled.institution, settled.stay
            after_the_discharge = settled.undoes is None and before[key[1:]] == "discharged"
            if after_the_discharge or settled.undoes in closing.get(key, ()):
                closing.setdefault(key, {})[seqs[number]] = settled.total_fen > 0
        for stay in p.after.stays:
            key = number, stay.institution, stay.number
            if stay.state == "in_hospital":
                closing.pop(key, None)
            elif stay.state != "cancelled":
                stands = list(closing.get(key, {0: False}).values())[-1]
                assert (stay.state == "settled") == stands


# Through the desk ----------------------------------------------------------------------------------------------------

OWED_BY_POSTINGS = """
select account, sum(amount)::bigint from (
    select credit as account, amount_fen as amount from posting where credit like 'clearing:%'
    union all select debit, -amount_fen from posting where debit like 'clearing:%') as p group by account"""
OWED_BY_SETTLEMENTS = """
select 'clearing:' || institution, sum(account_fen + pooled_fen)::bigint from settlement group by institution"""
OFF = """
select s.person_id, s.seq from settlement s left join posting p using (person_id, seq)
group by s.person_id, s.seq, s.account_fen, s.pooled_fen
having coalesce(sum(p.amount_fen) filter (where 'personal' in (debit, credit)), 0) <> abs(s.account_fen)
    or coalesce(sum(p.amount_fen) filter (where 'pooled_fund' in (debit, credit)), 0) <> abs(s.pooled_fen)"""
STANDING = """
with recursive chain as (
    select person_id, seq, total_fen from settlement where message_id = %(id)s
    union all
    select s.person_id, s.seq, s.total_fen
    from settlement s join chain c on c.person_id = s.person_id and c.seq = s.undoes)
select coalesce(sum(total_fen), 0)::bigint from chain"""
UNDONE_TWICE = (
    "select person_id, by_seq from undone join settlement using (person_id, seq) group by 1, 2 having count(*) > 1"
)


@FEWER
@given(lives(), CITY)
def test_what_is_owed_to_institutions_is_their_settlements(office: Office, steps: list[Step], city: str) -> None:
    """What postings alone say is owed to an institution is its settlements' account and pooled parts."""
    office.live(play(steps, cities()[city]), cities()[city], together)
    nothing = dict.fromkeys(OWED, 0)
    assert nothing | dict(office.fetch(OWED_BY_POSTINGS)) == nothing | dict(office.fetch(OWED_BY_SETTLEMENTS))
    assert office.fetch(OFF) == []
    assert office.fetch(UNDONE_TWICE) == []


@FEWER
@given(lives(), CITY, st.sampled_from(("cycle = cycle + 1", "message_id = message_id || '9'")))
def test_a_row_that_says_another_settlement_is_found(office: Office, steps: list[Step], city: str, change: str) -> None:
    """Deciding again finds an entry whose columns of money were changed around the program, and names the person."""
    notices = cities()[city]
    office.live(play(steps, notices), notices, together)
    for person_id, seq in office.fetch("select person_id, seq from settlement order by seq desc limit 1"):
        office.fetch(f"update settlement set {change} where person_id = {person_id} and seq = {seq} returning 1")
        faults = Auditor(office.views, office.vault, notices).verify(office.store).faults
        assert len(faults) == 1
        assert re.fullmatch(rf"person {person_id}: Request \S+ did not settle what its row says\.", faults[0])


@FEWER
@given(lives(), CITY)
def test_a_stopped_message_never_has_effect(office: Office, steps: list[Step], city: str) -> None:
    """Whatever comes under the id of a message that was reversed before it came is stopped, and writes nothing."""
    notices, played = cities()[city], play(steps, cities()[city])
    for p, outcome in zip(played, office.live(played, notices, together), strict=True):
        if p.decision is None and isinstance(outcome, Trouble):
            assert outcome.code in ("message_was_reversed", "request_id_used_with_other_content")
    stops = [(p, decision.stops) for p, decision in yeses(played) if decision.stops]
    rows = office.kept()
    desk = Desk(office.store, office.vault, notices, lambda: played[-1].at)
    for p, message in stops:
        late = [a.ask for a in played if a.ask.request.id == message]
        assert all(a.decision is None for a in played if a.ask.request.id == message)
        for one in late or [replace(p.ask, request=replace(p.ask.request, id=message))]:
            (outcome,) = desk.submit([one])
            assert isinstance(outcome, Trouble)
            assert outcome.code == "message_was_reversed"
    assert office.kept() == rows


@FEWER
@given(lives(), CITY)
def test_reversing_twice_is_reversing_once(office: Office, steps: list[Step], city: str) -> None:
    """After a reversal nothing of a charge stands, and another says that it did nothing, or is refused as the first."""
    notices, played = cities()[city], play(steps, cities()[city])
    office.live(played, notices, together)
    desk = Desk(office.store, office.vault, notices, lambda: played[-1].at)
    messages = {p.ask.request.id: p.ask for p in played if p.ask.terms is not None}
    over = []
    for message, ask in messages.items():
        grounds = []
        for n in (1, 2, 3):
            code = ask.terms.institution  # type: ignore[union-attr]
            reversal = ReverseMessage(id=f"{code}-again-{message}-{n}"[:64], person=ask.request.person, message=message)
            receipt = desk.ask(Ask(reversal, Sender("t", Channel.TERMINAL), terms=ask.terms))
            assert isinstance(receipt, Receipt)
            grounds.append(receipt.answer.ground)
            if n == 1:
                balances = {number: d.account for number, d in office.dossiers().items()}
        assert grounds[1] == grounds[2] != "message_is_reversed"
        if grounds[0] in ("message_is_reversed", "message_is_stopped", "message_did_nothing"):
            assert grounds[1] == "message_did_nothing"
            if isinstance(ask.request, SettleCharge):
                assert office.fetch(STANDING, id=message) == [(0,)]
        assert {number: d.account for number, d in office.dossiers().items()} == balances
        if grounds[0] != "balance_is_too_small":
            over.append(message)
    charges = [m for m in over if isinstance(messages[m].request, SettleCharge)]
    assert all(office.fetch(STANDING, id=message) == [(0,)] for message in charges)
    for message in charges:
        (outcome,) = desk.submit([messages[message]])
        assert isinstance(outcome, Trouble) or outcome.answer.outcome == "refused"


def test_a_terminal_cannot_name_what_is_no_entry(office: Office) -> None:
    """A place or a message that leads nowhere is refused or stopped, and never breaks a tray."""
    terms, sender = INSTITUTIONS[0], Sender("t", Channel.TERMINAL)
    office.empty()
    played = play(list(PATHS["registered"]), cities()["jinzhong"])
    desk = Desk(office.store, office.vault, cities()["jinzhong"], lambda: played[0].at)
    desk.ask(played[0].ask)
    number = played[0].ask.request.person
    for n, place in enumerate(("0-0", "999999999999999999-1", "1-999999999999999999")):
        cancel = CancelSettlement(id=f"{terms.institution}-{n}", person=number, settlement=place)
        assert desk.ask(Ask(cancel, sender, Digits("1"), terms=terms)).answer.ground == "there_is_no_such_settlement"
