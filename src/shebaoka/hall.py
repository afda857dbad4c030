"""The demonstration's hall: its windows on the map, what its public page says beside the notice, who is heard there.

Questions and answers are written by one administrator and approved by another, and both sign the page off, as in any
city.
"""

from collections.abc import Sequence

import msgspec

from shebaoka.desk import ArticleKind, NewArticle, Opinion, Role, Staff, Text, Wish
from shebaoka.stage import Stage

WINDOWS = ("window-1", "window-2", "window-3")
_HOURS = "周一至周五 8:30–12:00，14:30–17:30"
_PLACES = (
    ("一号窗口", "榆次演示大厅", "榆次区演示街1号", "37.69, 112.74"),
    ("二号窗口", "太谷演示大厅", "太谷区演示路2号", "37.42, 112.56"),
    ("三号窗口", "平遥演示大厅", "平遥县演示巷3号", "37.20, 112.19"),
)
WRITES = Staff("admin-he", Role.SYSTEM_ADMINISTRATOR, "")
CLERK = Staff("clerk-li", Role.CLERK, WINDOWS[2])
APPROVES = Staff("admin-lin", Role.SYSTEM_ADMINISTRATOR, "")
_Said = tuple[str, str]
QUESTIONS: tuple[tuple[_Said, _Said, _Said], ...] = (
    (
        ("卡丢了，先做什么？", "先挂失，再补卡。[要带什么、多少钱](/guide/lost)，这里按您的情况列出。"),
        ("卡丟了，先做什麼？", "先掛失，再補卡。[要帶什麼、多少錢](/guide/lost)，這裡按您的情況列出。"),
        (
            "I lost my card. What first?",
            "Report it lost, then have it replaced. [What to bring, and what it costs](/guide/lost), for your case.",
        ),
    ),
    (
        (
            "领到了卡，为什么还不能用？",
            "社会功能要启用以后才能用，见[第 5.1 条](/notice/5.1)。\n\n- 到窗口启用\n- 启用时可以顺便改密码",
        ),
        (
            "領到了卡，為什麼還不能用？",
            "社會功能要啟用以後才能用，見[第 5.1 條](/notice/5.1)。\n\n- 到窗口啟用\n- 啟用時可以順便改密碼",
        ),
        (
            "I have the card. Why does it not work yet?",
            "Its social function must be activated first; see [clause 5.1](/notice/5.1).\n\n"
            "- Have it activated at a window\n"
            "- The PIN can be changed along with it",
        ),
    ),
    (
        (
            "老人行动不便，家里人能代办吗？",
            "大多数业务可以代办，代理人要多带自己的身份证原件，见[第 7.2 条](/notice/7.2)。",
        ),
        (
            "老人行動不便，家裡人能代辦嗎？",
            "大多數業務可以代辦，代理人要多帶自己的身分證原件，見[第 7.2 條](/notice/7.2)。",
        ),
        (
            "My mother cannot come. May I go for her?",
            "For most services, yes. An agent brings their own ID card as well; see [clause 7.2](/notice/7.2).",
        ),
    ),
)
"""Frequently asked questions with their answers: Simplified, Traditional, English."""
RELATED: tuple[_Said, _Said, _Said] = (
    ("演示大厅开放时间", "三处演示大厅都是周一至周五开放，见[办理窗口](/places)。本页和大厅都是虚构的。"),
    ("演示大廳開放時間", "三處演示大廳都是週一至週五開放，見[辦理窗口](/places)。本頁和大廳都是虛構的。"),
    ("When the halls are open", "All three are open from Monday to Friday; see [windows](/places). They are invented."),
)


class Heard(msgspec.Struct, frozen=True):
    """What the hall did: articles that are shown, things that were signed off, and what waits for operators."""

    articles: int
    signed: int
    bookings: int
    feedback: int


def add_windows(stage: Stage) -> None:
    """The windows, each in a hall of its own."""
    for code, (name, site, address, at) in zip(WINDOWS, _PLACES, strict=True):
        stage.house.windows.add(code, name, site, address, _HOURS, at)


def open_hall(stage: Stage) -> Heard:
    """Articles are written, approved and signed off with the whole page; somebody books a call, somebody writes."""
    house = stage.house
    today = stage.desk.today()
    written: list[tuple[ArticleKind, tuple[_Said, ...]]] = [("faq", said) for said in QUESTIONS]
    for place, (kind, said) in enumerate([*written, ("related", RELATED)], 1):
        texts = {language: Text(*one) for language, one in zip(("zh-Hans", "zh-Hant", "en"), said, strict=True)}
        article = house.articles.add(kind, NewArticle(place, today, None, texts), by=WRITES)
        house.articles.approve(article.id, article.n, by=APPROVES)
    house.site.sign(house.site.prepare(by=WRITES).digest, by=APPROVES)
    day, times = house.bookings.offered()[0]
    house.bookings.book(Wish("activation", "13900000001", day.isoformat(), f"{times[0]:%H:%M}", once="demo-booking"))
    house.feedback.give(Opinion("service", "窗口的人很耐心，排队有点久。", once="demo-feedback"))
    return Heard(
        articles=len(house.articles.published().articles),
        signed=sum(item.state == "as_signed" for item in house.site.items()),
        bookings=1,
        feedback=1,
    )


def holder_of(stage: Stage, numbers: Sequence[str]) -> str:
    """The number of somebody whose card is in use, and who has money: the first, or simply the first of all."""
    screens = stage.house.screens
    with stage.house.stores.lent() as store:
        for number in numbers:
            screen = screens.person(store, number, screens.today())
            account = screen.dossier.account
            if account is not None and account.balance_fen > 0 and any(c.state == "in_use" for c in screen.cards):
                return number
    return numbers[0]


def entry_slip(stage: Stage, number: str) -> str:
    """The code on the slip that a window gives a holder to sign in with."""
    screens = stage.house.screens
    with stage.house.stores.lent() as store:
        person_id = screens.person(store, number, screens.today()).person_id
    return stage.house.entering.give_slip(CLERK, person_id).code
