"""The words of the electronic card's pages."""

ECARD: dict[str, tuple[str, str, str]] = {
    "ecard": ("电子社保卡", "電子社保卡", "Electronic card"),
    "ecard_show": (
        "请把这个二维码对准终端的扫码窗口。付费时仍要输入卡的密码。",
        "請把這個二維碼對準終端的掃碼窗口。付費時仍要輸入卡的密碼。",
        "Hold this code before the terminal's scanner. To pay, the card's PIN is asked for as ever.",
    ),
    "ecard_picture": ("电子社保卡二维码", "電子社保卡二維碼", "QR code of the electronic card"),
    "ecard_until": ("有效至 {0}", "有效至 {0}", "Good until {0}"),
    "ecard_left": ("还有 {0} 秒", "還有 {0} 秒", "{0} seconds left"),
    "ecard_over": (
        "这个码已经失效。请按下面的按钮换一个。",
        "這個碼已經失效。請按下面的按鈕換一個。",
        "This code is over. Press the button below for a new one.",
    ),
    "ecard_new": ("换一个新码", "換一個新碼", "New code"),
    "ecard_once": (
        "每个码一分钟内有效，只能结算一笔费用。页面不会保存它。",
        "每個碼一分鐘內有效，只能結算一筆費用。頁面不會保存它。",
        "Each code is good for a minute and for one charge. The page keeps none.",
    ),
    "ecard_by_itself": (
        "页面打开时每分钟自动换码，共 {0} 次；之后请按按钮。",
        "頁面打開時每分鐘自動換碼，共 {0} 次；之後請按按鈕。",
        "While the page is open the code changes by itself every minute, {0} times; after that, press the button.",
    ),
    "ecard_not_now": ("现在不能出示电子社保卡", "現在不能出示電子社保卡", "The electronic card cannot be shown now"),
    "ecard_lose": (
        "手机丢了，卡还在：请停用钱包里的凭证，再到窗口更改手机号码。",
        "手機丟了，卡還在：請停用錢包裡的憑證，再到窗口更改手機號碼。",
        "If the telephone is lost and the card is not, end the credential in its wallet, then have the number changed "
        "at the window.",
    ),
    "ecard_wallet": ("放进手机钱包", "放進手機錢包", "Put it into a wallet"),
    "ecard_wallet_why": (
        "钱包里的电子凭证由本市签名，出示时由您选择给对方看哪些内容；卡挂失、锁定或注销后，凭证随即失效。",
        "錢包裡的電子憑證由本市簽名，出示時由您選擇給對方看哪些內容；卡掛失、鎖定或註銷後，憑證隨即失效。",
        "The credential in a wallet is signed by this city. You choose what of it somebody sees. It is no good as "
        "soon as the card is lost, locked or ended.",
    ),
    "ecard_wallet_ask": ("取得凭证", "取得憑證", "Get the credential"),
    "ecard_wallet_scan": (
        "用钱包扫描二维码，或在本机打开链接，然后输入下面的六位数字。",
        "用錢包掃描二維碼，或在本機打開連結，然後輸入下面的六位數字。",
        "Scan the code with your wallet, or open the link on this telephone; then type the six digits below.",
    ),
    "ecard_wallet_picture": ("钱包用的二维码", "錢包用的二維碼", "QR code for a wallet"),
    "ecard_wallet_digits": ("六位数字", "六位數字", "Six digits"),
    "ecard_wallet_link": ("在钱包中打开", "在錢包中打開", "Open in a wallet"),
    "ecard_wallet_until": (
        "有效至 {0}，只能用一次。不要告诉别人。",
        "有效至 {0}，只能用一次。不要告訴別人。",
        "Good until {0}, once. Show it to nobody.",
    ),
    "ecard_back": ("返回电子社保卡", "返回電子社保卡", "Back to the electronic card"),
}
