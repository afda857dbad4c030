"""What notifications to holders are about, and what became of them: Simplified, Traditional, English."""

from shebaoka.pages.languages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "menu_outbox": ("短信通知", "簡訊通知", "Notifications"),
    "told_title": ("短信通知", "簡訊通知", "Told by message"),
    "told_about_ready": ("可以领卡", "可以領卡", "card can be collected"),
    "told_about_remade": ("重做，晚一些", "重做，晚一些", "card comes later"),
    "told_about_uncollected": ("还没有领", "還沒有領", "card not collected yet"),
    "told_about_returned": ("没有领，已退回", "沒有領，已退回", "card went back"),
    "told_about_sign_in_code": ("登录验证码", "登入驗證碼", "code to sign in"),
    "told_about_telephone_code": ("新手机验证码", "新手機驗證碼", "code to a new telephone"),
    "told_about_telephone_changed": ("手机号码改了", "手機號碼改了", "telephone was changed"),
    "told_about_credential_ended": ("钱包凭证停用了", "錢包憑證停用了", "credentials in wallets ended"),
    "told_state_waiting": ("待发", "待發", "waiting"),
    "told_state_sent": ("已发", "已發", "sent"),
    "told_state_given_up": ("没发成", "沒發成", "given up"),
    "told_state_untold": ("没有手机号或不同意", "沒有手機號或不同意", "no telephone, or not agreed"),
    "told_state_overtaken": ("不必再发", "不必再發", "no longer so"),
}
TOLD: dict[str, dict[str, str]] = by_language(_WORDS)
