"""Words of the outbox's page, in three languages: Simplified, Traditional, English."""

from shebaoka.pages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "outbox": ("短信通知", "簡訊通知", "Notifications"),
    "outbox_note": (
        "卡可以领、要晚一些、一直没领、已退回时，给同意短信通知的持卡人发一条。",
        "卡可以領、要晚一些、一直沒領、已退回時，給同意簡訊通知的持卡人發一條。",
        "Holders who agreed are told when the card can be collected, comes later, waits for long, or went back.",
    ),
    "outbox_no_carrier": (
        "还没有设短信通道，通知都等着，一条也不会发。请机器的主人设定。",
        "還沒有設簡訊通道，通知都等著，一條也不會發。請機器的主人設定。",
        "No carrier is set: notifications wait, and none is sent. The owner of the machine sets one.",
    ),
    "outbox_sent_today": ("今天已发", "今天已發", "sent today"),
    "outbox_all": ("全部", "全部", "all"),
    "outbox_latest": ("最近的通知", "最近的通知", "The latest notifications"),
    "outbox_none": ("没有这样的通知。", "沒有這樣的通知。", "There are no such notifications."),
    "outbox_about": ("内容", "內容", "About"),
    "outbox_state": ("状态", "狀態", "State"),
    "outbox_receiver": ("手机号码", "手機號碼", "Telephone"),
    "outbox_attempts": ("次数", "次數", "Attempts"),
    "outbox_next": ("下次", "下次", "next"),
    "outbox_fault": ("原因", "原因", "Fault"),
    "outbox_text": ("发的话", "發的話", "Text"),
    "outbox_again": ("再发", "再發", "Send again"),
    "outbox_again_all": ("列出的全部再发", "列出的全部再發", "Send all that are listed again"),
    "outbox_again_by": ("{0} 再发", "{0} 再發", "sent again by {0}"),
    "outbox_done": (
        "已放回待发：{0} 条。其余的已经不是没发成或没有手机号的，没有动。",
        "已放回待發：{0} 條。其餘的已經不是沒發成或沒有手機號的，沒有動。",
        "Put in again: {0}. Any others were neither given up nor without a telephone by now, and are as they were.",
    ),
}
OUTBOX: dict[str, dict[str, str]] = by_language(_WORDS)
