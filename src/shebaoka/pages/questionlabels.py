"""What questions and feedback are about, for the public page and the hotline's desk, in three languages."""

from shebaoka.pages.languages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "question_old_card": ("原来的医保卡", "原來的醫保卡", "The old medical card"),
    "question_which_card": ("社保卡和临时卡", "社保卡和臨時卡", "Social security card and temporary card"),
    "question_applying": ("申领", "申領", "Applying"),
    "question_activation": ("启用", "啟用", "Activation"),
    "question_fees": ("收费", "收費", "Fees"),
    "question_at_the_window": ("窗口办理和材料", "窗口辦理和材料", "Services at the window, and papers"),
    "question_in_hospital": ("住院和出院结算", "住院和出院結算", "In hospital, and settling at discharge"),
    "question_pin_and_lock": ("密码和卡锁定", "密碼和卡鎖定", "PIN and lock"),
    "question_loss": ("卡丢失、挂失和补卡", "卡遺失、掛失和補卡", "A lost card and its replacement"),
    "question_other": ("其他", "其他", "Something else"),
    "feedback_service": ("服务", "服務", "Service"),
    "feedback_application": ("申领", "申領", "Application"),
    "feedback_payment": ("缴费", "繳費", "Payment"),
    "feedback_other": ("其他", "其他", "Something else"),
    "about": ("关于", "關於", "About"),
    "wished_at": ("希望来电的时间", "希望來電的時間", "When to be called"),
    "callers_telephone": ("电话号码", "電話號碼", "Telephone"),
    "deleted_on": ("删除日期", "刪除日期", "Deleted on"),
    "given_at": ("提交时间", "提交時間", "Handed in"),
    "its_answer": ("答复", "答覆", "Answer"),
    "what_was_said": ("内容", "內容", "What was said"),
}
ABOUT: dict[str, dict[str, str]] = by_language(_WORDS)
