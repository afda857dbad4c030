"""What people say, and how the notice and the guide say it: words that are looked for beside those that were typed.

Whoever has lost a card types 遗失 or 补办, whoever wants to know a fee 多少钱;
the notice says 丢, 补做 and 工本费. Both ways of writing Chinese stand together, since whoever types one may read the
other. Pure.
"""

SAYINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("补办", "補辦", "补卡", "補卡", "重办", "重辦", "换卡", "換卡"), "补做 補做"),
    (("遗失", "遺失", "弄丢", "弄丟", "被偷", "找不到", "不见了", "不見了", "stolen", "misplaced"), "卡丢 卡丟 lost"),
    (("坏", "壞", "刷不出", "刷不了", "读不出", "讀不出", "消磁", "broken"), "损坏 損壞 damaged"),
    (("过世", "過世", "死亡", "死了", "不在了", "death", "dead", "passed away"), "去世 died"),
    (
        ("多少钱", "多少錢", "收费", "收費", "价格", "價格", "要钱", "要錢", "how much", "cost", "price"),
        "费用 費用 工本费 工本費 fee",
    ),
    (("激活", "启动", "啟動", "开通", "開通"), "启用 啟用"),
    (("办卡", "辦卡", "办理社保卡", "辦理社保卡"), "申领 申領"),
    (("搬走", "搬家", "搬到", "转走", "轉走", "move away", "moved"), "迁往 遷往 moving"),
    (("密码忘", "密碼忘", "不记得密码", "不記得密碼", "password"), "忘记密码 忘記密碼 PIN"),
    (("被锁", "被鎖", "锁卡", "鎖卡", "锁了", "鎖了", "冻结", "凍結", "blocked"), "锁住 鎖住 locked"),
    (("小孩", "儿子", "兒子", "女儿", "女兒", "宝宝", "寶寶", "新生", "婴儿", "嬰兒", "baby"), "孩子 child"),
    (("老人", "代替", "帮", "幫", "替我"), "代理人"),
    (("打工", "在外面", "异地", "異地"), "外地"),
    (("照片", "拍照", "picture"), "相片 photo"),
    (("过期", "過期", "expire"), "到期 期限 term"),
    (
        ("几点", "幾點", "上班", "下班", "营业", "營業", "开门", "開門", "地址", "在哪", "opening", "office"),
        "办理窗口 辦理窗口 windows",
    ),
    (("进度", "進度", "做好了", "好了没", "好了沒", "progress", "ready"), "卡到哪了 where"),
    (("投诉", "投訴", "建议", "建議", "表扬", "complain"), "意见反馈 意見回饋 feedback"),
    (("二维码", "二維碼", "电子卡", "電子卡"), "电子社保卡 電子社保卡"),
    (("phone", "打电话", "打電話", "人工"), "热线 熱線 hotline 预约咨询 預約諮詢"),
    (("abroad", "another city"), "elsewhere"),
)
"""Sayings, in small letters, and the words that are looked for beside them."""


def in_other_words(typed: str) -> str:
    """The words that a text, in small letters, is looked for by as well; "" for none."""
    return " ".join(words for sayings, words in SAYINGS if any(saying in typed for saying in sayings))
