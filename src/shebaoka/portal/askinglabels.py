"""Words of bookings, feedback and following them up, in three languages: Simplified, Traditional, English."""

from shebaoka.pages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "ask_faults": ("有 {0} 处需要改正", "有 {0} 處需要改正", "{0} to be corrected"),
    "ask_choose": ("请选择", "請選擇", "Please choose"),
    "ask_send": ("提交", "提交", "Send"),
    "ask_optional": ("（可以不填）", "（可以不填）", " (may be left empty)"),
    "ask_nothing_secret": (
        "请不要写身份证号码、卡号和密码，我们用不到。",
        "請不要寫身分證號碼、卡號和密碼，我們用不到。",
        "Please write no identity number, card number or PIN; we do not need them.",
    ),
    # Bookings
    "booking_lead": (
        "告诉我们您想问什么、什么时候方便，{0} 热线的工作人员给您打电话。",
        "告訴我們您想問什麼、什麼時候方便，{0} 熱線的工作人員給您打電話。",
        "Tell us what you want to ask and when it suits you, and the hotline {0} calls you.",
    ),
    "booking_hours": ("热线接听时间", "熱線接聽時間", "When the hotline answers"),
    "booking_kind": ("您想问什么", "您想問什麼", "What do you want to ask?"),
    "booking_telephone": ("打哪个电话", "打哪個電話", "Which number do we call?"),
    "booking_telephone_hint": (
        "手机号码，或者带区号的固定电话",
        "手機號碼，或者帶區號的固定電話",
        "A mobile number, or a number at home with its area code",
    ),
    "booking_day": ("哪一天", "哪一天", "On which day?"),
    "booking_time": ("几点以后", "幾點以後", "From what time?"),
    "booking_today": ("今天", "今天", "today"),
    "booking_promise": ("我们这样使用您的号码", "我們這樣使用您的號碼", "What we do with your number"),
    "booking_used_for": (
        "只用来打这一次电话，不作他用，不给别人。",
        "只用來打這一次電話，不作他用，不給別人。",
        "It is used for this call alone, and given to nobody.",
    ),
    "booking_kept": (
        "保存 {0}，{1} 零点起删除，真正删除，不留底。您也可以随时撤回，撤回就立即删除。",
        "保存 {0}，{1} 零點起刪除，真正刪除，不留底。您也可以隨時撤回，撤回就立即刪除。",
        "It is kept for {0}. On {1} it is deleted, and nothing of it stays. If you withdraw it, it is deleted at once.",
    ),
    "booking_called": (
        "我们在您选的时间打；打不通会再打，最迟{0}内或您选的那一天结束以前。",
        "我們在您選的時間打；打不通會再打，最遲{0}內或您選的那一天結束以前。",
        "We call at the time you choose, and again if nobody answers: within {0}, or by the end of the day you chose.",
    ),
    "booking_send": ("预约", "預約", "Ask to be called"),
    "booking_none": (
        "现在没有可以预约的时间，请拨打 {0}。",
        "現在沒有可以預約的時間，請撥打 {0}。",
        "There is no time that can be booked now; please call {0}.",
    ),
    "booking_made": (
        "已经预约好了，我们会给您打电话。",
        "已經預約好了，我們會給您打電話。",
        "It is booked; we will call you.",
    ),
    "booking_is_waiting": ("等待来电", "等待來電", "We will call you"),
    "booking_is_tried": (
        "打过 {0} 次没有人接，会再打",
        "打過 {0} 次沒有人接，會再打",
        "We called {0} times and nobody answered; we call again",
    ),
    "booking_is_reached": ("已经给您打过电话", "已經給您打過電話", "We have called you"),
    "booking_is_not_reached": (
        "打过 {0} 次都没有人接。您可以重新预约，或者拨打 {1}。",
        "打過 {0} 次都沒有人接。您可以重新預約，或者撥打 {1}。",
        "We called {0} times and nobody answered. Book again, or call {1}.",
    ),
    "booking_due": ("最迟", "最遲", "At the latest"),
    # Feedback
    "feedback_lead": (
        "您对服务、申领或者缴费有什么意见，请写在这里。",
        "您對服務、申領或者繳費有什麼意見，請寫在這裡。",
        "Tell us what you think of the service, of applying, or of paying.",
    ),
    "feedback_kind": ("关于哪方面", "關於哪方面", "What is it about?"),
    "feedback_said": ("您的意见", "您的意見", "What do you want to say?"),
    "feedback_said_hint": ("最多 {0} 个字", "最多 {0} 個字", "At most {0} characters"),
    "feedback_telephone": ("您的电话", "您的電話", "Your telephone"),
    "feedback_answered": (
        "我们最迟 {0} 答复。提交后您会得到一个查询码，用它查看答复。",
        "我們最遲 {0} 答覆。提交後您會得到一個查詢碼，用它查看答覆。",
        "We answer by {0}. You get a number with which you read the answer here.",
    ),
    "feedback_kept": (
        "您写的内容和电话只用来答复您，保存 {0}，{1} 零点起删除；您也可以随时撤回。",
        "您寫的內容和電話只用來答覆您，保存 {0}，{1} 零點起刪除；您也可以隨時撤回。",
        "It is used to answer you and for nothing else, kept for {0}, and deleted on {1}; withdraw it at any time.",
    ),
    "feedback_made": (
        "收到了，谢谢您的意见。",
        "收到了，謝謝您的意見。",
        "We have it. Thank you.",
    ),
    "feedback_is_waiting": (
        "还没有答复，最迟 {0} 答复",
        "還沒有答覆，最遲 {0} 答覆",
        "Not answered yet; it will be by {0}",
    ),
    "feedback_is_late": (
        "还没有答复，已经过了答应的时间 {0}，请拨打 {1}",
        "還沒有答覆，已經過了答應的時間 {0}，請撥打 {1}",
        "Not answered yet, although we said by {0}; please call {1}",
    ),
    "feedback_is_answered": ("已答复", "已答覆", "Answered"),
    # Following up
    "follow": ("查看预约和意见", "查看預約和意見", "Follow up"),
    "follow_lead": (
        "输入提交时得到的查询码，查看进展，或者撤回。",
        "輸入提交時得到的查詢碼，查看進展，或者撤回。",
        "Type the number that you were given, to see how it stands, or to withdraw it.",
    ),
    "follow_code": ("查询码", "查詢碼", "Your number"),
    "follow_code_hint": (
        "十二个字母和数字，例如 7K3M-9QXD-2T8V；大小写都可以",
        "十二個字母和數字，例如 7K3M-9QXD-2T8V；大小寫都可以",
        "Twelve letters and digits such as 7K3M-9QXD-2T8V; small letters are fine",
    ),
    "follow_look": ("查看", "查看", "Look it up"),
    "follow_have_number": (
        "已有查询码？查看进展或撤回",
        "已有查詢碼？查看進展或撤回",
        "Have a number? Follow up, or withdraw",
    ),
    "follow_keep": (
        "请记下这个查询码。有它才能查看或撤回，我们不能补发。",
        "請記下這個查詢碼。有它才能查看或撤回，我們不能補發。",
        "Please keep this number. It is the only way to follow up or withdraw, and it cannot be given again.",
    ),
    "follow_state": ("进展", "進展", "How it stands"),
    "follow_withdraw": ("撤回并删除", "撤回並刪除", "Withdraw and delete"),
    "follow_withdraw_now": ("确定撤回，立即删除", "確定撤回，立即刪除", "Yes, withdraw it and delete it now"),
    "follow_withdrawn": (
        "已经撤回，全部删除了。",
        "已經撤回，全部刪除了。",
        "It is withdrawn, and all of it is deleted.",
    ),
    # What is wrong with a field
    "ask_form_is_old": (
        "还没有提交：这个页面可能已经太旧。您填的都还在下面，请再按一次按钮。"
        "如果还是这样，请在浏览器里允许本站使用 Cookie，或者拨打 {0}。",
        "還沒有送出：這個頁面可能已經太舊。您填的都還在下面，請再按一次按鈕。"
        "如果還是這樣，請在瀏覽器裡允許本站使用 Cookie，或者撥打 {0}。",
        "It was not sent: this page may be too old. All that you filled in is still below; please press the button "
        "once more. If this comes again, let this site use cookies in your browser, or call {0}.",
    ),
    "ask_kind_choose": ("请选择是关于什么的", "請選擇是關於什麼的", "Choose what it is about"),
    "ask_telephone_empty": ("请填写电话号码", "請填寫電話號碼", "Give the number that we are to call"),
    "ask_telephone_unfit": (
        "这不是可以拨打的号码。请填11位手机号码，或者带区号的固定电话，如 0354-2630000",
        "這不是可以撥打的號碼。請填11位手機號碼，或者帶區號的固定電話，如 0354-2630000",
        "This is no number that can be called. Give a mobile number of 11 digits, or one with its area code such as "
        "0354-2630000",
    ),
    "ask_day_choose": ("请选择日期", "請選擇日期", "Choose a day"),
    "ask_day_past": (
        "这一天已经过去了，请另选一天",
        "這一天已經過去了，請另選一天",
        "This day is past; choose another",
    ),
    "ask_day_closed": (
        "{on} 热线不接听，请另选一天",
        "{on} 熱線不接聽，請另選一天",
        "On {on} nobody is there; choose another day",
    ),
    "ask_day_too_late": (
        "最晚可以约到 {last_on}，请另选一天",
        "最晚可以約到 {last_on}，請另選一天",
        "The latest day is {last_on}; choose another",
    ),
    "ask_time_choose": ("请选择时间", "請選擇時間", "Choose a time"),
    "ask_time_past": (
        "这个时间已经过去了，请选晚一些的时间或另一天",
        "這個時間已經過去了，請選晚一些的時間或另一天",
        "This time is past; choose a later one, or another day",
    ),
    "ask_time_closed": (
        "这个时间没有人接听。{on} 的接听时间是 {hours}",
        "這個時間沒有人接聽。{on} 的接聽時間是 {hours}",
        "Nobody is there at this time. On {on} it is {hours}",
    ),
    "ask_said_empty": ("请写下您的意见", "請寫下您的意見", "Write what you want to say"),
    "ask_said_too_long": (
        "写了 {has} 个字，最多 {most} 个字，请缩短一些",
        "寫了 {has} 個字，最多 {most} 個字，請縮短一些",
        "It has {has} characters, and at most {most} fit; make it shorter",
    ),
    "ask_said_has_number": (
        "里面有身份证号码（社会保障号码），请删掉，我们用不到",
        "裡面有身分證號碼（社會保障號碼），請刪掉，我們用不到",
        "An identity number stands in it; please take it out, we do not need it",
    ),
    "ask_code_empty": ("请输入查询码", "請輸入查詢碼", "Type your number"),
    "ask_code_unfit": (
        "查询码不对，请逐个字对照再输入。里面没有字母 I、L、O、U",
        "查詢碼不對，請逐個字對照再輸入。裡面沒有字母 I、L、O、U",
        "This is no such number; compare it sign by sign. It has no I, L, O or U",
    ),
    "ask_code_unknown": (
        "没有这个查询码，或者已经撤回、到期删除了",
        "沒有這個查詢碼，或者已經撤回、到期刪除了",
        "There is none with this number, or it was withdrawn, or its days are over",
    ),
}
ASKING: dict[str, dict[str, str]] = by_language(_WORDS)
