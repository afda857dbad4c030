"""The public pages' own words. Each room of them has a module of words beside it; all are put together here."""

from shebaoka.pages import ABOUT, by_language, with_labels
from shebaoka.portal.articlelabels import ARTICLE_WORDS
from shebaoka.portal.askinglabels import ASKING
from shebaoka.portal.ecardlabels import ECARD
from shebaoka.portal.guidelabels import GUIDE
from shebaoka.portal.mylabels import MY
from shebaoka.portal.noticelabels import NOTICE_WORDS
from shebaoka.portal.placeslabels import PLACES
from shebaoka.portal.wherelabels import WHERE

FRAME: dict[str, tuple[str, str, str]] = {
    "public": ("社会保障卡", "社會保障卡", "Social security card"),
    "menu_guide": ("我该怎么办", "我該怎麼辦", "What do I do?"),
    "menu_notice": ("用卡须知", "用卡須知", "The notice"),
    "menu_where": ("我的卡到哪了", "我的卡到哪了", "Where is my card?"),
    "menu_places": ("办理窗口", "辦理窗口", "Windows"),
    "menu_my": ("我的卡", "我的卡", "My card"),
    "menu_booking": ("预约咨询", "預約諮詢", "Be called back"),
    "menu_feedback": ("意见反馈", "意見回饋", "Feedback"),
    "hotline_is": ("咨询热线 {0}", "諮詢熱線 {0}", "Hotline {0}"),
    "for_staff": ("工作人员入口", "工作人員入口", "For staff"),
    "home_asks": ("您要办什么？", "您要辦什麼？", "What do you need?"),
    "public_page": ("公众页面", "公眾頁面", "Public pages"),
}
LABELS = with_labels(
    *(by_language(words) for words in (FRAME, GUIDE, NOTICE_WORDS, PLACES, WHERE, ARTICLE_WORDS, ECARD)),
    *(MY, ABOUT, ASKING),
)
