"""The words of the pages for many at once: employers' lists, and trays of cards handed over. In three languages."""

_WORDS: dict[str, tuple[str, str, str]] = {
    "lists": ("单位名单", "單位名單", "Employers' lists"),
    "lists_note": (
        "一次为单位的许多人申领。先逐行检查，确认以后才算数；同一行不会申领两次。",
        "一次為單位的許多人申領。先逐行檢查，確認以後才算數；同一行不會申領兩次。",
        "Applications for many of an employer's people at once. Every row is checked first, and nothing counts until it is "
        "confirmed; no row is applied for twice.",
    ),
    "list_new": ("新名单", "新名單", "New list"),
    "list_employer": ("单位名称", "單位名稱", "Employer"),
    "list_agent": ("单位经办人（代理人）", "單位經辦人（代理人）", "The employer's contact, who acts as agent"),
    "list_shown": ("单位为名单上所有人带来的材料", "單位為名單上所有人帶來的材料", "What the employer brought for everybody on the list"),
    "list_shown_note": (
        "逐人核对过才勾选。相片不勾：有存档相片的人才算带了相片。",
        "逐人核對過才勾選。相片不勾：有存檔相片的人才算帶了相片。",
        "Tick what was seen for each of them. Photos are not ticked: a row has one where a photo is on file.",
    ),
    "list_file": ("名单文件（CSV、xlsx、xls，至多 {0} 行）", "名單檔案（CSV、xlsx、xls，至多 {0} 行）", "File (CSV, xlsx or xls, at most {0} rows)"),
    "list_file_note": (
        "第一行是列名：社会保障号码、姓名必有；区县（六位代码）、参保日期，没有登记的人必填；领卡窗口可空。别的列不读。号码列请设成文本。",
        "第一行是欄名：社會保障號碼、姓名必有；區縣（六位代碼）、參保日期，沒有登記的人必填；領卡窗口可空。別的欄不讀。號碼欄請設成文字。",
        "The first row holds the headings: number and name are needed; region (six digits) and insured on are needed for who is "
        "not registered; window may be empty. Other columns are not read. Format the column of numbers as text.",
    ),
    "list_check": ("上传并检查", "上傳並檢查", "Upload and check"),
    "list_none": ("还没有名单。", "還沒有名單。", "There are no lists yet."),
    "list_latest": ("最近的名单", "最近的名單", "Latest lists"),
    "list_rows": ("行数", "行數", "Rows"),
    "list_held_back": ("要更正", "要更正", "To be corrected"),
    "list_unchecked": ("未检查", "未檢查", "Not checked"),
    "list_waiting": ("待申领", "待申領", "To be applied for"),
    "list_accepted": ("已申领", "已申領", "Applied for"),
    "list_refused": ("不准", "不准", "Refused"),
    "list_by": ("上传", "上傳", "Uploaded"),
    "list_of": ("{0} 的名单", "{0} 的名單", "List of {0}"),
    "list_back": ("所有名单", "所有名單", "All lists"),
    "list_progress": ("已办 {0}/{1} 行", "已辦 {0}/{1} 行", "{0} of {1} rows done"),
    "list_begin": ("为 {0} 行申领", "為 {0} 行申領", "Apply for {0} rows"),
    "list_go_on": ("接着办剩下的 {0} 行", "接著辦剩下的 {0} 行", "Go on with the {0} rows left"),
    "list_goes_on": (
        "每次办 {0} 行。关掉页面也不会丢：从这里接着办，办过的行不会再办。",
        "每次辦 {0} 行。關掉頁面也不會丟：從這裡接著辦，辦過的行不會再辦。",
        "{0} rows at a time. Nothing is lost if the page is closed: go on from here; no row is done twice.",
    ),
    "list_done": ("名单办完了。", "名單辦完了。", "The list is done."),
    "list_nothing_good": (
        "没有可以申领的行。请更正下面的问题，上传新的名单。",
        "沒有可以申領的行。請更正下面的問題，上傳新的名單。",
        "No row can be applied for. Correct what stands below, and upload a new list.",
    ),
    "list_check_again": ("重新检查", "重新檢查", "Check again"),
    "list_result": ("下载结果（CSV）", "下載結果（CSV）", "Download the result (CSV)"),
    "list_show_bad": ("只看有问题的行", "只看有問題的行", "Only rows with a problem"),
    "list_show_all": ("看所有行", "看所有行", "All rows"),
    "list_row": ("行", "行", "Row"),
    "list_state": ("结果", "結果", "Outcome"),
    "list_says": ("说明", "說明", "What to do"),
    "list_more": ("后面的行", "後面的行", "Further rows"),
    "list_no_bad_rows": ("没有有问题的行。", "沒有有問題的行。", "No row has a problem."),
    "row_fault": ("要更正", "要更正", "to be corrected"),
    "row_no": ("不能申领", "不能申領", "cannot be applied for"),
    "row_good": ("可以申领", "可以申領", "can be applied for"),
    "row_unchecked": ("未检查", "未檢查", "not checked"),
    "row_asked": ("办理中", "辦理中", "being applied for"),
    "row_accepted": ("已申领", "已申領", "applied for"),
    "row_refused": ("不准", "不准", "refused"),
    "row_registers": ("没有登记，先登记参保人。", "沒有登記，先登記參保人。", "Not registered yet; they are registered first."),
    "row_fault_cell_formula": (
        "有一格是公式或错误值，请改成内容本身。", "有一格是公式或錯誤值，請改成內容本身。",
        "A cell holds a formula or an error; type the value itself.",
    ),
    "row_fault_digits_lost": (
        "表格软件把号码当成数字，末几位已经丢了。请把这一列设成文本，重新输入号码。",
        "試算表軟體把號碼當成數字，末幾位已經丟了。請把這一欄設成文字，重新輸入號碼。",
        "The spreadsheet took the number for an amount and lost its last digits. Format the column as text and type it again.",
    ),
    "row_fault_cell_unfit": ("有一格太长，请检查。", "有一格太長，請檢查。", "A cell is too long; check it."),
    "row_fault_number_missing": ("没有社会保障号码，请补上。", "沒有社會保障號碼，請補上。", "There is no social security number; add it."),
    "row_fault_twice": ("与第 {0} 行是同一个人，请删去一行。", "與第 {0} 行是同一個人，請刪去一行。", "The same person as in row {0}; remove one of them."),
    "row_fault_name_missing": ("没有姓名，请补上。", "沒有姓名，請補上。", "There is no name; add it."),
    "row_fault_name_unfit": ("姓名太长，请对照身份证。", "姓名太長，請對照身分證。", "The name is too long; compare it with the ID card."),
    "row_fault_name_differs": (
        "姓名与登记的不同。请对照身份证；改了名的到窗口单独办理。",
        "姓名與登記的不同。請對照身分證；改了名的到窗口單獨辦理。",
        "The name is not the one on file. Compare it with the ID card; who changed their name comes to the window.",
    ),
    "row_fault_window_unknown": (
        "没有这个领卡窗口，或者已停用。请填窗口代码，或者留空。",
        "沒有這個領卡窗口，或者已停用。請填窗口代碼，或者留空。",
        "There is no such window in use. Give a window's code, or leave it empty.",
    ),
    "row_fault_region_missing": (
        "这个人没有登记，要填区县的六位代码，如 140702。", "這個人沒有登記，要填區縣的六位代碼，如 140702。",
        "Nobody is registered with this number: give the region's six digits, such as 140702.",
    ),
    "row_fault_insured_on_missing": (
        "这个人没有登记，要填参保日期，如 2013-07-01。", "這個人沒有登記，要填參保日期，如 2013-07-01。",
        "Nobody is registered with this number: give the day they were insured, such as 2013-07-01.",
    ),
    "fault_employer": ("请填单位名称，至多 100 字。", "請填單位名稱，至多 100 字。", "Give the employer's name, at most 100 characters."),
    "fault_list_id": ("页面太旧，请重新打开再上传。", "頁面太舊，請重新打開再上傳。", "The page is too old; open it again and upload once more."),
    "fault_list_is_empty": (
        "没有选文件，或者文件里列名下面没有内容。请选好名单再上传。",
        "沒有選檔案，或者檔案裡欄名下面沒有內容。請選好名單再上傳。",
        "No file was chosen, or there is nothing below its headings. Choose the list and upload it again.",
    ),
    "fault_list_headings": (
        "前 20 行里没有“社会保障号码”和“姓名”两个列名。请照说明改列名再上传。",
        "前 20 行裡沒有「社會保障號碼」和「姓名」兩個欄名。請照說明改欄名再上傳。",
        "The first 20 rows have no headings “number” and “name”. Name the columns as explained and upload it again.",
    ),
    "fault_list_heading_twice": (
        "有一个列名出现了两次，请留一列。", "有一個欄名出現了兩次，請留一欄。", "A heading is there twice; keep one column.",
    ),
    "fault_list_rows": (
        "名单超过 5000 行，请分成几份。", "名單超過 5000 行，請分成幾份。", "The list has more than 5,000 rows; make several of it.",
    ),
    "fault_list_cannot_be_read": (
        "文件读不出来：请另存为 CSV（UTF-8 或 GB18030）或 xlsx。", "檔案讀不出來：請另存為 CSV（UTF-8 或 GB18030）或 xlsx。",
        "The file cannot be read: save it as CSV (UTF-8 or GB18030) or as xlsx.",
    ),
    "fault_list_is_damaged": (
        "工作簿损坏，或者不是工作簿。请打开后另存为 xlsx。", "活頁簿損壞，或者不是活頁簿。請打開後另存為 xlsx。",
        "The workbook is damaged, or is none. Open it and save it as xlsx.",
    ),
    "fault_list_is_protected": ("工作簿有密码，请取消密码再上传。", "活頁簿有密碼，請取消密碼再上傳。", "The workbook has a password; save it without one."),
    "fault_list_is_too_large": (
        "工作簿太大。请只把名单复制到新的工作簿。", "活頁簿太大。請只把名單複製到新的活頁簿。",
        "The workbook is too large; copy the list alone into a new one.",
    ),
}  # fmt: skip
BULK: dict[str, dict[str, str]] = {
    language: {key: words[n] for key, words in _WORDS.items()}
    for n, language in enumerate(("zh-Hans", "zh-Hant", "en"))
}
