"""Words of the desk of calls, in three languages: Simplified, Traditional, English.

What begins with `ask_` is read out to the caller, in the caller's language; all else is for the operator.
"""

from shebaoka.pages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "hotline": ("热线坐席", "熱線坐席", "Hotline desk"),
    "hotline_note": (
        "没核对身份的来电，只答公开的内容；核对过的，才看得到本人的卡。每次查看都记入日志。",
        "沒核對身分的來電，只答公開的內容；核對過的，才看得到本人的卡。每次查看都記入日誌。",
        "A caller who is not identified is told what is public; of the card only once they are. Each look is journalled.",
    ),
    "call": ("来电", "來電", "Call"),
    "call_begin": ("接听来电", "接聽來電", "Take a call"),
    "call_go_on": ("回到正在接的来电", "回到正在接的來電", "Back to the open call"),
    "call_language": ("来电人用的语言", "來電人用的語言", "The caller's language"),
    "call_mine": ("我最近的来电", "我最近的來電", "My latest calls"),
    "call_none": ("还没有来电。", "還沒有來電。", "There are no calls yet."),
    "call_begun": ("开始", "開始", "Begun"),
    "call_lasted": ("时长", "時長", "Length"),
    "call_minutes": ("{0} 分 {1} 秒", "{0} 分 {1} 秒", "{0} min {1} s"),
    "call_open": ("通话中", "通話中", "open"),
    "call_operator": ("话务员", "話務員", "Operator"),
    "call_matter": ("询问的事", "詢問的事", "Asks about"),
    "call_identity": ("身份", "身分", "Identity"),
    "call_identified": ("已核对", "已核對", "identified"),
    "call_not_identified": ("未核对", "未核對", "not identified"),
    "call_tries": ("答过 {0} 轮", "答過 {0} 輪", "rounds answered: {0}"),
    "call_outcome": ("结果", "結果", "Outcome"),
    "call_note": ("备注", "備註", "Note"),
    "matter_standing": ("参保状态", "參保狀態", "Standing"),
    "matter_activation": ("启用", "啟用", "Activation"),
    "matter_progress": ("制卡进度", "製卡進度", "Where the card is"),
    "matter_loss": ("挂失", "掛失", "Loss"),
    "matter_lock": ("锁定", "鎖定", "Lock"),
    "matter_temporary": ("临时卡", "臨時卡", "Temporary card"),
    "matter_other": ("其他", "其他", "Something else"),
    "outcome_answered": ("已答复", "已答覆", "answered"),
    "outcome_public": ("只答了公开内容", "只答了公開內容", "told what is public"),
    "outcome_window": ("请到窗口", "請到窗口", "sent to a window"),
    "outcome_handed_over": ("已转给窗口", "已轉給窗口", "handed over to a window"),
    "outcome_reported": ("已受理挂失", "已受理掛失", "loss reported"),
    "outcome_callback": ("约好回电", "約好回電", "to be called back"),
    "outcome_cut_off": ("电话中断", "電話中斷", "cut off"),
    "who_calls": ("来电人是谁", "來電人是誰", "Who is calling"),
    "who_calls_hint": (
        "问清社会保障号码，18 位。不论有没有这个人，接着问的都一样；核对不了，就不要说有没有。",
        "問清社會保障號碼，18 位。不論有沒有這個人，接著問的都一樣；核對不了，就不要說有沒有。",
        "Ask for the social security number, 18 characters. What is asked next is the same whether or not somebody has "
        "it; never say which.",
    ),
    "call_ask": ("出题", "出題", "Draw questions"),
    "other_number": ("号码听错了，换一个", "號碼聽錯了，換一個", "The number was misheard: another"),
    "to_ask": ("念给来电人听，把回答填进去", "念給來電人聽，把回答填進去", "Read these out, and fill in what is answered"),
    "to_ask_hint": (
        "答不上来就空着。哪一题答错，程序不说，也不要猜。",
        "答不上來就空著。哪一題答錯，程式不說，也不要猜。",
        "Leave empty what is not known. Which answer was wrong is not told.",
    ),
    "call_check": ("核对", "核對", "Check the answers"),
    "rounds_left": ("还可以答 {0} 轮。", "還可以答 {0} 輪。", "Rounds left: {0}."),
    "round_wrong": (
        "没有核对上。下面另出了几题。", "沒有核對上。下面另出了幾題。", "Not identified. Other questions were drawn."
    ),
    "used_up": (
        "这次来电核对不了身份，不能再问。请来电人带身份证原件到窗口；卡没有因此锁定，下次来电也不受影响。",
        "這次來電核對不了身分，不能再問。請來電人帶身分證原件到窗口；卡沒有因此鎖定，下次來電也不受影響。",
        "This caller cannot be identified in this call. Ask them to come to a window with their original ID card; no card "
        "is locked by it, and they may call again.",
    ),
    "over_time": (
        "这次来电超过一小时，不再显示本人的卡。请结束来电；还要问，就重新接听、重新核对。",
        "這次來電超過一小時，不再顯示本人的卡。請結束來電；還要問，就重新接聽、重新核對。",
        "This call is older than an hour, and the card is not shown any more. End it; to ask more, take it anew.",
    ),
    "is_over": ("这次来电已经结束。", "這次來電已經結束。", "This call is over."),
    "public_only": ("可以告诉任何人的", "可以告訴任何人的", "What anybody may be told"),
    "public_guide": ("办事指引：怎么办、带什么、多少钱", "辦事指引：怎麼辦、帶什麼、多少錢", "Guide: what to do, bring and pay"),
    "public_notice": ("须知全文", "須知全文", "The notice"),
    "public_windows": ("窗口在哪里、几点开", "窗口在哪裡、幾點開", "Windows and their hours"),
    "read_out": ("念给来电人听", "念給來電人聽", "Read out"),
    "is_the_caller": ("来电人", "來電人", "The caller"),
    "where_to_go": ("可以去的窗口", "可以去的窗口", "Where to go"),
    "no_windows": ("还没有登记窗口。", "還沒有登記窗口。", "No window is on file."),
    "by_telephone": ("电话可以办的", "電話可以辦的", "What can be done by telephone"),
    "by_telephone_none": (
        "现在没有电话可以办的事：须知没有让电话办，或者卡的状态不用办。请到窗口（第 {0} 条）。",
        "現在沒有電話可以辦的事：須知沒有讓電話辦，或者卡的狀態不用辦。請到窗口（第 {0} 條）。",
        "Nothing can be done by telephone now: the notice does not let the telephone, or the card's state needs none. "
        "Send the caller to a window (clause {0}).",
    ),
    "holder_wants_it": (
        "来电人亲口要求，并且听过后果", "來電人親口要求，並且聽過後果", "The caller asked for it and heard what follows"
    ),
    "do_it": ("办理：{0}", "辦理：{0}", "Do it: {0}"),
    "was_done": ("这次来电办的事", "這次來電辦的事", "Done on this call"),
    "hand_over": ("转给窗口", "轉給窗口", "Hand over to a window"),
    "hand_over_hint": (
        "业务会作为草稿放到来电人要去的窗口，经办人打开本人档案就看得到。",
        "業務會作為草稿放到來電人要去的窗口，經辦人打開本人檔案就看得到。",
        "The service waits as a draft at the window where the caller will go; its clerk sees it on the person's page.",
    ),
    "hand_over_what": ("要办的事", "要辦的事", "What for"),
    "hand_over_where": ("去哪个窗口", "去哪個窗口", "Which window"),
    "hand_over_do": ("转过去", "轉過去", "Hand it over"),
    "handed_over_to": ("已转给 {0}：{1}", "已轉給 {0}：{1}", "Handed over to {0}: {1}"),
    "call_end": ("结束来电", "結束來電", "End the call"),
    "call_end_how": ("怎样结束", "怎樣結束", "How it ended"),
    "call_note_hint": (
        "最多 300 字。不要写号码。", "最多 300 字。不要寫號碼。", "At most 300 characters. No numbers."
    ),
    "not_known": ("不知道", "不知道", "does not know"),
    "calls": ("来电记录", "來電記錄", "Calls"),
    "calls_of": ("{0} 的来电", "{0} 的來電", "Calls of {0}"),
    "calls_count": ("{0} 次，核对了身份 {1} 次，没核对上 {2} 次", "{0} 次，核對了身分 {1} 次，沒核對上 {2} 次",
                    "{0} calls; {1} identified, {2} failed"),
    "calls_earlier": ("更早的", "更早的", "Earlier ones"),
    "calls_filter_day": ("日期", "日期", "Day"),
    "calls_filter_operator": ("话务员", "話務員", "Operator"),
    "calls_show": ("查看", "查看", "Show"),
    "call_events": ("经过", "經過", "What happened"),
    "call_event": ("事", "事", "Event"),
    "call_said": ("编号", "編號", "Entry or draft"),
    "event_claimed": ("说了号码，出了题", "說了號碼，出了題", "gave a number; questions were drawn"),
    "event_wrong": ("没有核对上", "沒有核對上", "not identified"),
    "event_identified": ("核对了身份", "核對了身分", "identified"),
    "event_asked_for": ("要求办理", "要求辦理", "asked for a service"),
    "event_handed_over": ("转给窗口", "轉給窗口", "handed over"),
    "event_ended": ("结束", "結束", "ended"),
    "ask_last_use": (
        "您最近一次刷社保卡是哪一年哪一月？", "您最近一次刷社保卡是哪一年哪一月？", "In which month did you last use the card?"
    ),
    "ask_last_window": (
        "您最近一次办社保卡的事，是在哪个窗口？", "您最近一次辦社保卡的事，是在哪個窗口？",
        "At which window were you last about your card?",
    ),
    "ask_cards_before": (
        "您以前有过哪些卡，现在已经不用了？", "您以前有過哪些卡，現在已經不用了？", "Which cards did you have before that do not work any more?"
    ),
    "ask_applied_on": (
        "您最近一次申领社保卡大约是哪一天？", "您最近一次申領社保卡大約是哪一天？", "About which day did you last apply for a card?"
    ),
    "ask_insured_since": (
        "您是哪一年哪一月参保的？", "您是哪一年哪一月參保的？", "In which month did your insurance begin?"
    ),
    "ask_county": ("您的医保在哪个县、区、市？", "您的醫保在哪個縣、區、市？", "Which county keeps your insurance?"),
    "ask_telephone_end": (
        "您在我们这里登记的手机号，后四位是什么？", "您在我們這裡登記的手機號，後四位是什麼？",
        "What are the last four digits of the mobile number that we have of you?",
    ),
    "how_last_use": ("年月，如 2013-05", "年月，如 2013-05", "year and month, such as 2013-05"),
    "how_insured_since": ("年月，如 2009-04", "年月，如 2009-04", "year and month, such as 2009-04"),
    "how_applied_on": ("日期，如 2013-05-20；差几天不要紧", "日期，如 2013-05-20；差幾天不要緊", "a day such as 2013-05-20; some days off will do"),
    "how_county": ("县区名称或六位代码", "縣區名稱或六位代碼", "name of the county, or its code of six digits"),
    "how_telephone_end": ("四位数字", "四位數字", "four digits"),
    "fault_call_number_unfit": (
        "社会保障号码：18 位，最后一位由前面的算出来，这里对不上。请再问一遍。",
        "社會保障號碼：18 位，最後一位由前面的算出來，這裡對不上。請再問一遍。",
        "Social security number: 18 characters, of which the last follows from the others, and does not here. Ask again.",
    ),
    "fault_call_matter_unfit": ("请选询问的事。", "請選詢問的事。", "Choose what the caller asks about."),
    "fault_call_language_unfit": ("请选来电人用的语言。", "請選來電人用的語言。", "Choose the caller's language."),
    "fault_call_outcome_unfit": ("请选来电是怎样结束的。", "請選來電是怎樣結束的。", "Choose how the call ended."),
    "fault_call_note_unfit": (
        "备注：最多 300 字，不能有卡号、身份证号或电话号码那样的数字。",
        "備註：最多 300 字，不能有卡號、身分證號或電話號碼那樣的數字。",
        "Note: at most 300 characters, and no digits such as those of a card, an identity or a telephone number.",
    ),
    "fault_call_service_unfit": (
        "这件事现在不能用电话办。请看下面现在能办的。", "這件事現在不能用電話辦。請看下面現在能辦的。",
        "This cannot be done by telephone now; see below what can.",
    ),
    "fault_call_wish_unfit": (
        "请先问来电人，再勾上：是本人要求，并且听过后果。", "請先問來電人，再勾上：是本人要求，並且聽過後果。",
        "Ask the caller first, then tick that they asked for it and heard what follows.",
    ),
    "fault_call_window_unfit": ("请选要办的事和窗口。", "請選要辦的事和窗口。", "Choose a service and a window."),
    "fault_call_last_use_unfit": ("最近刷卡：填年月，如 2013-05。", "最近刷卡：填年月，如 2013-05。", "Last use: a month such as 2013-05."),
    "fault_call_insured_since_unfit": ("参保：填年月，如 2009-04。", "參保：填年月，如 2009-04。", "Insurance: a month such as 2009-04."),
    "fault_call_applied_on_unfit": ("申领：填日期，如 2013-05-20。", "申領：填日期，如 2013-05-20。", "Application: a day such as 2013-05-20."),
    "fault_call_telephone_end_unfit": ("手机号：填后四位数字。", "手機號：填後四位數字。", "Telephone: its last four digits."),
    "fault_call_county_unfit": ("县区：最多 100 字。", "縣區：最多 100 字。", "County: at most 100 characters."),
    "fault_call_last_window_unfit": ("窗口：从列表里选。", "窗口：從列表裡選。", "Window: choose one of the list."),
    "fault_call_cards_before_unfit": ("以前的卡：从列表里选。", "以前的卡：從列表裡選。", "Cards before: choose of the list."),
    "fault_too_many_tries": (
        "您这里已经多次核对过这个号码。请来电人到窗口，或者请同事接听；{0} 分钟后您可以再试。",
        "您這裡已經多次核對過這個號碼。請來電人到窗口，或者請同事接聽；{0} 分鐘後您可以再試。",
        "You have tried this number often. Send the caller to a window, or let a colleague take the call; you may again "
        "in {0} minutes.",
    ),
}  # fmt: skip
CALLS: dict[str, dict[str, str]] = by_language(_WORDS)
