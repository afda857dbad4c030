"""The pages that there are, who opens them, and what stands on file when they do: one list, for tests and pictures.

Whoever adds a page adds a line, and a test says so. In an address `{in_use}`, or any other of `STATES`, is the id of
somebody newly invented in that state; `{cycle}` and `{run}` are a cycle with differences and a run of moving a city
over; `{draft}` waits for a second person, and `{window}` is one in use.
"""

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import psycopg
from playwright.sync_api import Page
from tests.browser.running import Running
from tests.browser.steps import STATES, Windows, holder_at, nobody_at, person_in, window_of
from tests.moneyhouse import HOSPITAL, PHARMACY, MoneyHouse

from made_run import RUN, made_run
from shebaoka.desk import (
    KINDS,
    Amounts,
    Choice,
    Content,
    NewArticle,
    NewRow,
    Opinion,
    Outcome,
    Paid,
    Role,
    Staff,
    StatedDetail,
    Step,
    Text,
    Wish,
    read_as,
    round_of,
)
from shebaoka.maker import KeyPair, public_text
from shebaoka.numbers import with_check_digit
from shebaoka.records import Agent, Ask, ConsignmentKind, Material, PlaceKind
from shebaoka.vault import SoftwareVault

PAGES: dict[str, tuple[str, ...]] = {
    "home": ("", "/"),
    "faq": ("", "/faq?of={article}"),
    "faq_further": ("", "/faq/2?of={article}"),
    "related": ("", "/related?of={article}"),
    "related_notice": ("", "/related/{related}"),
    "notice": ("", "/notice"),
    "notice_clause": ("", "/notice/9.4"),
    "notice_history": ("", "/notice/history"),
    "notice_of_a_day": ("", "/notice/on?day=2013-07-01"),
    "cards_beside_each_other": ("", "/cards"),
    "public_search": ("", "/search?q=card"),
    "guides": ("", "/guide"),
    "guide_asks": ("", "/guide/lost"),
    "guide": ("", "/guide/lost?card=social_security&reported=no&meanwhile=yes&who=agent"),
    "where": ("", "/where"),
    "slip_of_a_draft": ("", "/slip/{slip}"),
    "places": ("", "/places?from=140728&of={window}"),
    "my_sign_in": ("", "/my/sign-in"),
    "my_slip": ("", "/my/slip"),
    "my_code": ("holder", "/my/code"),
    "my_card": ("holder", "/my"),
    "my_looks": ("holder", "/my/looks"),
    "my_ecard": ("holder", "/my/ecard"),
    "my_wallets": ("holder", "/my/wallets"),
    "my_loss": ("holder", "/my/loss"),
    "my_telephone": ("holder", "/my/telephone"),
    "my_telephone_code": ("holder", "/my/telephone/code"),
    "sign_in": ("", "/sign-in"),
    "enrol": ("", "/enrol"),
    "today": ("clerk", "/today"),
    "journal": ("auditor", "/journal"),
    "journal_of_a_person": ("auditor", "/journal?person={with_money}"),
    "history": ("supervisor", "/persons/{locked}/history"),
    "search": ("clerk", "/persons"),
    "person": ("clerk", "/persons/{with_money}"),
    "person_who_lost_the_card": ("supervisor", "/persons/{being_replaced}"),
    "hotline": ("operator", "/hotline"),
    "call": ("operator", "/hotline/call/{call}"),
    "call_of_somebody": ("operator", "/hotline/call/{call_of_somebody}"),
    "calls": ("supervisor", "/hotline/calls"),
    "call_record": ("auditor", "/hotline/calls/{call_record}"),
    "draft": ("clerk", "/drafts/{draft}"),
    "draft_seen_by_an_auditor": ("auditor", "/drafts/{draft}"),
    "keypad": ("", "/keypad/{keypad}"),
    "lists": ("clerk", "/lists"),
    "list": ("clerk", "/lists/{list}"),
    "trays": ("clerk", "/handing-over"),
    "tray": ("clerk", "/handing-over/{tray}"),
    "tray_list": ("clerk", "/handing-over/{tray}/list"),
    "articles": ("system_administrator", "/articles?of={article}"),
    "article": ("supervisor", "/articles/{article}"),
    "article_to_write": ("system_administrator", "/articles/new/related?of={article}"),
    "site": ("system_administrator", "/site?of={article}"),
    "outbox": ("supervisor", "/outbox"),
    "outbox_untold": ("production", "/outbox?state=untold"),
    "batches": ("production", "/batches"),
    "batch": ("production", "/batches/{batch}"),
    "batch_to_approve": ("supervisor", "/batches/{frozen_batch}?state=all"),
    "stock": ("production", "/stock?blank={blank}"),
    "stock_of_a_window": ("production", "/stock?place={stocked}"),
    "stock_of_ones_own": ("clerk", "/stock"),
    "deliveries": ("production", "/deliveries?window={delivered}"),
    "delivery": ("production", "/deliveries/{packed_consignment}"),
    "delivery_at_its_window": ("clerk", "/deliveries/{sent_consignment}"),
    "corrections": ("auditor", "/corrections"),
    "day": ("supervisor", "/day?channel=all"),
    "approvals": ("supervisor", "/approvals?of={draft}"),
    "drafts": ("clerk", "/drafts?of={draft}"),
    "windows": ("system_administrator", "/windows?change={window}"),
    "institutions": ("system_administrator", "/institutions?of={cycle}"),
    "partners": ("system_administrator", "/partners?of={partner}"),
    "till": ("clerk", "/till", "being_replaced"),
    "till_to_close": ("cashier", "/till?window=w1", "being_replaced"),
    "evening": ("clerk", "/evening"),
    "cycle": ("clerk", "/evening/{cycle}"),
    "booking": ("", "/booking"),
    "feedback": ("", "/feedback"),
    "follow": ("", "/follow"),
    "followed_booking": ("", "/follow/{booked}?made=yes"),
    "followed_feedback": ("", "/follow/{given}"),
    "bookings": ("operator", "/hotline/bookings"),
    "booking_to_call": ("operator", "/hotline/bookings/{booking}"),
    "feedbacks": ("supervisor", "/hotline/feedback"),
    "feedback_to_answer": ("auditor", "/hotline/feedback/{opinion}"),
    "clauses": ("operator", "/clauses"),
    "clause": ("clerk", "/clauses/9.4"),
    "run": ("migration", "/imports/{run}"),
    "staff": ("security_administrator", "/staff"),
    "staff_seen_by_an_auditor": ("auditor", "/staff?of=clerk-1"),
    "passkeys": ("clerk", "/passkeys"),
    "no_such_page": ("clerk", "/nothing"),
    "not_allowed": ("cashier", "/staff"),
}
"""Page → the role that opens it, a holder, or nobody; its address; and states in which it needs somebody to be."""


def opened(browser: Windows, name: str, **context: Any) -> Page:
    """A page of `PAGES`, opened by who opens it, once everything that it shows is there."""
    role, address, *states = PAGES[name]
    for state in states:
        person_in(browser, state)
    path = addressed(browser, address)
    if role == "holder":
        page, _ = holder_at(browser, **context)
    else:
        page = window_of(browser, role, **context) if role else nobody_at(browser, **context)
    page.goto(path)
    return page


def otherwise(page: Page, **asks: str) -> None:
    """The same page again, in another language or mode: `language`, `type`, `contrast`."""
    asked = urlsplit(page.url)
    page.goto(f"{asked.path}?{urlencode(dict(parse_qsl(asked.query)) | asks)}")


def addressed(browser: Windows, address: str) -> str:
    """An address with the ids filled in, once whoever and whatever they are of is there."""

    def filled(found: re.Match[str]) -> str:
        word = found.group(1)
        if word in STATES:
            return str(person_in(browser, word).person_id)
        if word in ("draft", "slip"):
            return a_draft(browser, slip=word == "slip")
        if word == "keypad":
            return browser.run.house.keypad.invite(a_draft(browser), asks_present=False, asks_new=True)
        if word in ("list", "tray"):
            return a_list(browser) if word == "list" else a_tray(browser)
        if word.startswith("call"):
            return a_call(browser, word)
        if word.endswith("batch"):
            return a_batch(browser, frozen=word == "frozen_batch")
        if word in ("article", "related", "partner"):
            return a_partner(browser.run) if word == "partner" else str(an_article(browser.run) + (word == "related"))
        if word in ("stocked", "blank"):
            return a_stock(browser.run)[word == "blank"]
        if word == "delivered" or word.endswith("consignment"):
            return a_consignment(browser, word)
        return _once_a_house(browser.run, word)

    return re.sub(r"\{(\w+)\}", filled, address)


def a_draft(browser: Windows, *, slip: bool = False) -> str:
    """A draft of somebody newly invented, with all that one can hold, that waits for a second person, or its slip."""
    run, clerk = browser.run, Staff("clerk-7", Role.CLERK, "w1")
    holder, drafts = person_in(browser, "lost"), browser.run.house.drafts
    draft = drafts.open(clerk, holder.number, "replace_card.loss", "social_security", run.front.person(holder.number))
    content = Content(
        chosen={"collect_at": "w1"},
        presenter="agent",
        agent=Agent("王小芳", "140702198503120027", "女儿"),
        shows=(Material.IDENTITY_CARD, Material.AGENT_IDENTITY_CARD),
        papers_seen=True,
        paid=Paid("cash", 2800),
    )
    asked = drafts.ask_approval(clerk, drafts.change(clerk, draft, Step.FEE, content))
    return asked.slip_code if slip else asked.id


def a_call(browser: Windows, word: str) -> str:
    """A call whose questions are open, one of somebody who was identified, or one that has ended."""
    run, room = browser.run, browser.run.house.calls
    operator = Staff(run.free("operator").name, Role.OPERATOR, "")  # who opens the page next
    if (before := room.open_of(operator)) is not None:
        room.end(operator, before, "cut_off", "")
    call, holder = room.begin(operator, "zh-Hans"), person_in(browser, "in_use")
    front = run.front
    a_window(run)
    clerk = Staff("clerk-7", Role.CLERK, "w1")
    run.house.telephones.keep(clerk, holder.person_id, "13800001234", agreed=False, language="zh-Hans")
    run.ask("use_card", holder.number, purpose="enquiry")
    screen = front.person(holder.number)
    call = room.claim(operator, call, holder.number, "activation", screen)
    if word != "call":
        known = room._askable.about(screen, holder.number).known
        call = room.answer(operator, call, round_of(call), {q.value: known.get(q, "") for q in call.asked}, screen)
        assert call.identified_at, known
    if word == "call_record":
        room.end(operator, call, "answered", "听不清，明天再打")
    return call.id


def a_batch(browser: Windows, *, frozen: bool) -> str:
    """A batch with cards that passed and cards that are held back; or one that waits for another person."""
    run, maker = browser.run, Staff("maker-7", Role.PRODUCTION, "")
    batch, room, region = f"P-{secrets.token_hex(4)}", run.house.batches, f"1408{run.next_number() % 100:02d}"
    person_in(browser, "applied", region=region)
    passes, image = person_in(browser, "to_be_made", region=region), secrets.token_bytes(15_000)
    with psycopg.connect(run.database.owner) as connection:
        connection.execute(
            "insert into photo (person_id, format, width, height, digest, image, run, entry) "
            "values (%s, 'JPEG', 358, 441, sha256(%s), %s, 'r', 'e')",
            [passes.person_id, image, image],
        )
    room.choose(maker, batch, Choice(region=region))
    room.check(maker, batch)
    if frozen:
        room.freeze(maker, batch)
    return batch


def a_stock(run: Running) -> tuple[str, str]:
    """A window with blanks of both kinds, counted, one spoilt, one missing, and that one. Once in a house."""
    stock, keeper, window = run.house.stock, Staff("keeper-7", Role.PRODUCTION, ""), "w2"
    a_window(run)
    if "stock" not in run.played:
        stock.add_place(keeper, "centre", PlaceKind.CENTRE, "晋中制卡中心")
        for n, kind in enumerate(KINDS):
            stock.receive(keeper, "centre", kind, f"LK{n}000", f"LK{n}039", f"S-{n}")
            stock.move(keeper, "centre", window, kind, f"LK{n}000", f"LK{n}019", f"D-{n}")
            stock.spoil(keeper, f"LK{n}003", "写卡失败")
            stock.count(keeper, window, kind, 18, missing=[f"LK{n}007"], reason="找遍了没有")
            stock.count(keeper, window, kind, 17, reason="还差一张")
        run.played["stock"] = 1
    return window, "LK1007"


def a_consignment(browser: Windows, word: str) -> str:
    """A consignment to w1 of every kind of line, being packed or on its way; or the window of one that arrived."""
    run, maker = browser.run, Staff("maker-7", Role.PRODUCTION, "")
    room, made = run.house.deliveries, [("put_in_batch", {"batch": "B-1"}), ("record_made", {})]
    clerk, submit = Staff("clerk-7", Role.CLERK, "w1"), run.front.counter.submit
    asks = lambda a, dry: submit(a, dry_run=dry).result()  # noqa: E731
    consignment = room.open(maker, f"c{secrets.token_hex(8)}", "w1", ConsignmentKind.OUT).id
    for _ in range(3):
        number = run.new_number("140702", dt.date(1990, 5, 1))
        about = ("register_person", {"name": "李娜", "region": "140702", "insured_on": "2005-03-01"})
        run.play(number, [about, ("apply_for_card", {"collect_at": "w1"}), *made])
        card = run.front.person(number).dossier.applications[-1].card_number
        room.pack(maker, consignment, str(card))
    if word == "packed_consignment":
        return consignment
    room.send(maker, consignment, "司机老张", asks)
    room.take_in(clerk, consignment, str(card), asks)
    run.ask("collect_card", number, agent={"name": "王小芳", "number": "140702198503120027", "relation": "女儿"})
    if word == "delivered":
        room.finish(clerk, consignment)
        return "w1"
    return consignment


def a_list(browser: Windows) -> str:
    """An employer's list with rows of every kind, checked, and not applied for yet."""
    run, clerk = browser.run, Staff("clerk-7", Role.CLERK, "w1")
    agent = Agent("王小芳", with_check_digit("14070219850312002"), "人事专员")
    known, held = person_in(browser, "registered"), person_in(browser, "in_use")
    rows = [NewRow(2, known.number, known.name), NewRow(3, held.number, held.name), NewRow(4, "", "李娜")]
    rows += [
        NewRow(5, known.number, known.name),
        NewRow(6, run.new_number("140702", dt.date(1990, 5, 1)), "李娜", fault="digits_lost"),
    ]
    listed = run.house.lists.add(
        clerk, f"l{secrets.token_hex(8)}", "晋中纺织厂", agent, tuple(Material), "名单.csv", rows
    )
    submit = run.front.counter.submit
    return run.house.lists.check(clerk, listed.id, lambda asks, dry: submit(asks, dry_run=dry).result()).id


def a_tray(browser: Windows) -> str:
    """A tray with a card handed over, one that was collected before, and one that was just scanned."""
    room, front = browser.run.house.handing, browser.run.front
    clerk = Staff("clerk-1", Role.CLERK, "w1")
    agent = Agent("王小芳", with_check_digit("14070219850312002"), "人事专员")
    tray = room.open(clerk, f"t{secrets.token_hex(8)}", agent, tuple(Material))

    def submit(asks: Sequence[Ask], dry_run: bool) -> list[Outcome]:
        return front.counter.submit(asks, dry_run=dry_run).result()

    for state in ("ready", "in_use", "ready"):
        number = person_in(browser, state).number
        line = room.scan(clerk, tray, read_as(number)[0], front.person(number), False, submit)
        if not room.get(clerk, tray.id).handed_over:
            room.hand_over(clerk, tray, line.id, None, hands_in=False, submit=submit)
    return tray.id


def _once_a_house(run: Running, word: str) -> str:
    """What needs nothing but the house."""
    if word in ("booked", "booking", "given", "opinion"):
        return an_asking(run)[word]
    if word == "window":
        return a_window(run)
    return str(day_at_institutions(run)) if word == "cycle" else a_run(run)


def an_asking(run: Running) -> dict[str, str]:
    """A booking and feedback that was given: the number of each, and its id."""
    day, times = run.house.bookings.offered()[-1]
    wish = Wish("pin_and_lock", "13800001234", day.isoformat(), f"{times[0]:%H:%M}", once=secrets.token_hex(16))
    booked, given = (
        run.house.bookings.book(wish),
        run.house.feedback.give(Opinion("service", "窗口的同志很耐心。\n谢谢！")),
    )
    return {"booked": booked.code, "booking": str(booked.id), "given": given.code, "opinion": str(given.id)}


def a_window(run: Running) -> str:
    """A window in use, added once in a house."""
    windows = run.house.windows
    if not windows.in_use():
        windows.add(
            "w1", "一号窗口", "榆次区政务服务中心", "榆次区迎宾街 1 号", "周一至周五 8:30—17:30", "37.68, 112.74"
        )
        windows.add(
            "w2", "二号窗口", "榆次区政务服务中心", "榆次区迎宾街 1 号", "周一至周五 8:30—17:30", "37.68, 112.74"
        )
    return "w1"


def a_run(run: Running) -> str:
    """A run of moving a city over, ready to be signed."""
    run.house.runs.keep_document(RUN, made_run())
    return RUN


def an_article(run: Running) -> int:
    """A question that is shown, with another version that waits, twenty more, a related notice after it, and hosts."""
    room, keeper, other = (
        run.house.articles,
        Staff("keeper-8", Role.SYSTEM_ADMINISTRATOR, ""),
        Staff("x", Role.SUPERVISOR, ""),
    )
    if "article" not in run.played:
        for host in ("www.mohrss.gov.cn", "www.gov.cn"):
            room.propose_host(host, by=keeper)
        room.decide_host("www.gov.cn", given=True, by=other)
        body = (
            "新卡要先启用，才能在医院和药店使用。\n\n- 到[窗口](/places)办理\n- 见[国家门户](https://www.gov.cn/fuwu/)"
        )
        texts = {language: Text("卡要不要启用？", body) for language in ("zh-Hans", "zh-Hant", "en")}
        said = NewArticle(10, dt.date(2013, 1, 1), None, texts)
        one = room.add("faq", said, by=keeper)
        room.approve(one.id, one.n, by=other)
        room.rewrite(one.id, said, by=keeper)
        two = room.add("related", said, by=keeper)
        room.approve(two.id, two.n, by=other)
        room.add("related", said, by=keeper)
        for n in range(20):
            short = {language: Text(f"第 {n + 2} 个问题？", "请到窗口办理。") for language in texts}
            more = room.add("faq", msgspec.structs.replace(said, texts=short), by=keeper)
            room.approve(more.id, more.n, by=other)
        run.house.site.prepare(by=keeper)
        run.played["article"] = one.id
    return run.played["article"]


def a_partner(run: Running) -> str:
    """A maker with keys, and ours; made once in a house."""
    room = run.house.partners
    if not room.everybody():
        pair, until = KeyPair.drawn(), room.today() + dt.timedelta(days=20)
        room.add("zk1", "晋中制卡中心", "delimited")
        room.add_key("zk1", public_text("sign", pair.signing_public), until)
        room.add_key("zk1", public_text("seal", pair.sealing_public), until + dt.timedelta(days=300))
        room.new_keys(until)
    return "zk1"


def day_at_institutions(run: Running) -> int:
    """The cycle of a hospital that sees two of its charges otherwise than we do; played once in a house."""
    if "cycle" not in run.played:
        assert isinstance(run.house.vault, SoftwareVault)
        money = MoneyHouse(run.database, run.house.vault, run.house.notices, run.clock, run.house.views)  # type: ignore[arg-type]
        try:
            run.played["cycle"] = _with_differences(money)
        finally:
            money.store.close()
    return run.played["cycle"]


def _with_differences(money: MoneyHouse) -> int:
    hospital, pharmacy = money.sign_in(HOSPITAL), money.sign_in(PHARMACY)
    for n in range(3):
        money.settle(hospital, n, total=12_345 + n, pooled=8_000, cash=1_000)
    money.settle(pharmacy, 1, total=4_990, institution=PHARMACY)
    details = money.evening.details(hospital)
    rows = [StatedDetail(n, d.message_id, d.settlement, "11", d.amounts) for n, d in enumerate(details, 2)]
    rows[0] = msgspec.structs.replace(rows[0], message_id=f"{HOSPITAL}201307010000009999")
    rows[1] = msgspec.structs.replace(rows[1], amounts=Amounts(12_346, 8_001, 3_345, 1_000))
    money.evening.compare_details(hospital, rows, "fenhe-1")
    return hospital
