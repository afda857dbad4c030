"""The words of the public's pages of where a card is, and of slips."""

WHERE: dict[str, tuple[str, str, str]] = {
    "where_title": ("我的卡到哪了", "我的卡到哪了", "Where is my card?"),
    "where_says": (
        "填上社会保障号码，再填卡号或者回执上的查询码，就能看到卡做到哪一步、启用了没有。",
        "填上社會保障號碼，再填卡號或者回執上的查詢碼，就能看到卡做到哪一步、啟用了沒有。",
        "Give the social security number, and a card's number or the code of a slip, to see where the card is and "
        "whether it is activated.",
    ),
    "where_number": (
        "社会保障号码（身份证号码）",
        "社會保障號碼（身份證號碼）",
        "Social security number (ID card number)",
    ),
    "where_proof": ("卡号，或者回执上的查询码", "卡號，或者回執上的查詢碼", "A card's number, or the code of a slip"),
    "where_proof_hint": (
        "卡号是 9 位，印在卡面上；查询码是 12 位，印在回执二维码下面。已经挂失或停用的卡不能用来查，请用回执。",
        "卡號是 9 位，印在卡面上；查詢碼是 12 位，印在回執二維碼下面。已經掛失或停用的卡不能用來查，請用回執。",
        "A card's number has 9 characters and stands on the card; a slip's code has 12 and stands below its QR code. "
        "A card that is reported lost or has ended does not count; use the slip.",
    ),
    "where_ask": ("查询", "查詢", "Ask"),
    "where_kept": (
        "查到的每一次都会记在本人的查询记录里。",
        "查到的每一次都會記在本人的查詢記錄裡。",
        "Each answer is kept in the record of who looked at this card.",
    ),
    "where_faults": ("有地方要改：", "有地方要改：", "Please look at:"),
    "where_number_unfit": (
        "社会保障号码不对：应当是 18 位，请对照身份证再填。",
        "社會保障號碼不對：應當是 18 位，請對照身份證再填。",
        "This is no social security number: it has 18 characters; compare it with the ID card.",
    ),
    "where_proof_unfit": (
        "这既不是卡号（9 位），也不是查询码（12 位），请再看一下。",
        "這既不是卡號（9 位），也不是查詢碼（12 位），請再看一下。",
        "This is neither a card's number (9 characters) nor a slip's code (12); please look again.",
    ),
    "where_slip_code_unfit": (
        "查询码至少有一个字符不对，请对照回执逐个核对。查询码里没有字母 I、L、O、U。",
        "查詢碼至少有一個字元不對，請對照回執逐個核對。查詢碼裡沒有字母 I、L、O、U。",
        "At least one character of the slip's code is wrong; compare it with the slip. It has no I, L, O or U.",
    ),
    "where_too_many_tries": (
        "从这里试得太多了，请过 {0} 分钟再试。有回执的，填上面的查询码就能查；也可以登录“我的卡”看。",
        "從這裡試得太多了，請過 {0} 分鐘再試。有回執的，填上面的查詢碼就能查；也可以登入“我的卡”看。",
        "Too many tries from where you are. Please wait {0} min, or give the code of a slip; or sign in at My card.",
    ),
    "where_unknown": (
        "没有查到：号码和卡号（或查询码）对不上。请核对后再填，或者到窗口、打热线 {0} 问（5.2）。",
        "沒有查到：號碼和卡號（或查詢碼）對不上。請核對後再填，或者到窗口、打熱線 {0} 問（5.2）。",
        "Nothing was found: the number and the card's number (or the slip's code) do not belong together. Compare them "
        "and try again, or ask at a window or the hotline {0} (5.2).",
    ),
    "where_not_here": (
        "本市的须知规定，卡的情况由窗口和热线答复，网上不查。请到窗口，或者拨打 {0}。",
        "本市的須知規定，卡的情況由窗口和熱線答覆，網上不查。請到窗口，或者撥打 {0}。",
        "By this city's notice windows and the hotline answer this, and the web does not. Please go to a window or "
        "call {0}.",
    ),
    "where_again": ("再查一次", "再查一次", "Ask again"),
    "where_of": ("社会保障号码 {0}", "社會保障號碼 {0}", "Social security number {0}"),
    "where_stage": ("卡在哪里", "卡在哪裡", "Where the card is"),
    "where_way_0": ("申领", "申領", "applied for"),
    "where_way_1": ("制卡", "製卡", "being made"),
    "where_way_2": ("送到窗口", "送到窗口", "on its way"),
    "where_way_3": ("可以领卡", "可以領卡", "ready"),
    "where_way_4": ("已领", "已領", "collected"),
    "where_now": ("现在", "現在", "now"),
    "where_next": ("接下来", "接下來", "What to do next"),
    "where_window": ("领卡的窗口", "領卡的窗口", "The window"),
    "where_activation": ("启用了没有", "啟用了沒有", "Is it activated?"),
    "where_since": ("从 {0} 起", "從 {0} 起", "since {0}"),
    "where_expected": ("预计 {0} 之前可以领", "預計 {0} 之前可以領", "expected by {0}"),
    "where_readings": ("须知没有写明，本市这样定", "須知沒有寫明，本市這樣定", "Where the notice is silent"),
    "where_not_registered": (
        "参保登记还没有办完，所以还查不到卡。",
        "參保登記還沒有辦完，所以還查不到卡。",
        "The registration is not finished yet, so there is no card to be found.",
    ),
    "slip_title": ("回执上的业务", "回執上的業務", "What this slip is of"),
    "slip_unknown_public": (
        "没有这个查询码的回执。请对照回执核对，或者到窗口问。",
        "沒有這個查詢碼的回執。請對照回執核對，或者到窗口問。",
        "No slip has this code. Compare it with the slip, or ask at a window.",
    ),
    "slip_code_is": ("查询码 {0}", "查詢碼 {0}", "Slip code {0}"),
    "slip_service": ("业务", "業務", "Service"),
    "slip_begun": ("受理日期", "受理日期", "Begun on"),
    "slip_answered": ("答复日期", "答覆日期", "Answered on"),
    "slip_where": ("受理窗口", "受理窗口", "At the window"),
    "slip_state": ("进度", "進度", "State"),
    "slip_open": ("已登记，还没有办完", "已登記，還沒有辦完", "begun, and not finished yet"),
    "slip_open_refused": ("没有办成，可以补齐后再办", "沒有辦成，可以補齊後再辦", "refused; it can be gone on with"),
    "slip_done": ("办好了", "辦好了", "done"),
    "slip_left": ("已搁置，没有办", "已擱置，沒有辦", "set aside, and not done"),
    "slip_more": (
        "要看卡在哪里、启用了没有，请填这张回执本人的社会保障号码。",
        "要看卡在哪裡、啟用了沒有，請填這張回執本人的社會保障號碼。",
        "To see where the card is and whether it is activated, give the social security number of whose slip this is.",
    ),
    "slip_no_names": (
        "本页不显示是谁的业务。",
        "本頁不顯示是誰的業務。",
        "This page does not say whose it is.",
    ),
}
