"""Words about credentials in wallets, for their holder and for the window: Simplified, Traditional, English."""

from shebaoka.pages.languages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "held": ("手机钱包里的凭证", "手機錢包裡的憑證", "Credentials in wallets"),
    "held_none": ("没有放进钱包的凭证。", "沒有放進錢包的憑證。", "No wallet holds a credential of this card."),
    "held_text": (
        "手机丢了、被偷了，或者换了手机，可以在这里停用钱包里的凭证。停用以后不能恢复，可以重新放进钱包；卡和二维码照常使用。",
        "手機丟了、被偷了，或者換了手機，可以在這裡停用錢包裡的憑證。停用以後不能恢復，可以重新放進錢包；卡和二維碼照常使用。",
        "If a telephone was lost, stolen or replaced, end what its wallet holds. It cannot be undone, but the card can "
        "be put into a wallet again. The card and its QR code go on.",
    ),
    "held_which": ("停用哪一份？", "停用哪一份？", "Which one?"),
    "held_line": ("{0}，{1} 放进，有效至 {2}", "{0}，{1} 放進，有效至 {2}", "{0}, put in {1}, good until {2}"),
    "held_key": ("钱包密钥 {0}…", "錢包密鑰 {0}…", "wallet key {0}…"),
    "held_good": ("有效", "有效", "good"),
    "held_suspended": ("暂停：卡现在不能用", "暫停：卡現在不能用", "suspended: the card cannot be used now"),
    "held_ended": ("已失效", "已失效", "over"),
    "held_ended_on": ("{0} 已停用", "{0} 已停用", "ended {0}"),
    "held_offered": (
        "还有一份没被钱包取走，{0} 前可取；停用时一并作废。",
        "還有一份沒被錢包取走，{0} 前可取；停用時一併作廢。",
        "One more is offered and can be fetched until {0}; it ends along with any of these.",
    ),
    "held_all": ("全部停用", "全部停用", "All of them"),
    "held_sure": ("我确认要停用", "我確認要停用", "Yes, end it"),
    "held_sure_window": (
        "看过身份证，本人要求停用",
        "看過身份證，本人要求停用",
        "The ID card was seen; the holder asks for it",
    ),
    "held_end": ("停用", "停用", "End it"),
    "held_done": (
        "已停用，查验的人现在就会看到。别处的登录也都退出了。",
        "已停用，查驗的人現在就會看到。別處的登入也都退出了。",
        "Ended. Whoever checks it sees so from now on. Elsewhere you were signed out.",
    ),
    "held_fault_which": (
        "请选停用哪一份。什么都还没有改。",
        "請選停用哪一份。什麼都還沒有改。",
        "Choose which one to end. Nothing was changed yet.",
    ),
    "held_fault_sure": (
        "请打钩确认要停用。什么都还没有改。",
        "請打勾確認要停用。什麼都還沒有改。",
        "Tick the box to confirm. Nothing was changed yet.",
    ),
}
HELD: dict[str, dict[str, str]] = by_language(_WORDS)
