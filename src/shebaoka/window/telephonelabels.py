"""Words about people's telephones, in three languages: Simplified, Traditional, English."""

from shebaoka.pages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "telephone": ("手机号码", "手機號碼", "Mobile telephone"),
    "telephone_none": ("没有留手机号码", "沒有留手機號碼", "No mobile telephone is on file"),
    "telephone_agreed": (
        "同意用短信通知领卡等事项",
        "同意用簡訊通知領卡等事項",
        "Agrees to be told by text message when the card can be collected",
    ),
    "telephone_not_agreed": ("不同意用短信通知", "不同意用簡訊通知", "Does not agree to text messages"),
    "telephone_language": ("短信用的文字", "簡訊用的文字", "Language of messages"),
    "telephone_change": ("更改手机号码和短信通知", "更改手機號碼和簡訊通知", "Change telephone and messages"),
    "telephone_keep": ("保存", "儲存", "Save"),
    "telephone_forget": ("不再留手机号码", "不再留手機號碼", "Take the number off file"),
    "telephone_hint": (
        "11位手机号码。空着就不改已经留下的号码。",
        "11位手機號碼。空著就不改已經留下的號碼。",
        "11 digits. Left empty, the number on file stays as it is.",
    ),
    "telephone_said_by": ("{0} 登记，{1}", "{0} 登記，{1}", "said by {0}, {1}"),
    "telephone_by_holder": ("本人在网上", "本人在網上", "the holder at the public page"),
    "entry_slip": (
        "看过身份证后，打印网上“我的卡”的登录凭条：",
        "看過身份證後，列印網上「我的卡」的登入憑條：",
        "Once the ID card was seen, print a sign-in slip for My card at the public page:",
    ),
    "fault_telephone_unfit": (
        "手机号码：请输入11位手机号码，头两位是13到19；同意短信通知就要留号码。",
        "手機號碼：請輸入11位手機號碼，頭兩位是13到19；同意簡訊通知就要留號碼。",
        "Mobile telephone: eleven digits that begin with 13 to 19; whoever agrees to messages gives a number.",
    ),
    "fault_language_unfit": (
        "短信用的文字：请从三种中选一种。",
        "簡訊用的文字：請從三種中選一種。",
        "Language of messages: choose one of the three.",
    ),
}
TELEPHONE: dict[str, dict[str, str]] = by_language(_WORDS)
