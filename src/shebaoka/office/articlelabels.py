"""The words of articles, allowed hosts and sign-offs of the public page, in three languages, a line a word."""

from shebaoka.pages import by_language

ARTICLES = by_language(
    {
        "articles": ("公众页面文章", "公眾頁面文章", "Articles of the public page"),
        "articles_hint": (
            "文章由一人撰写，另一人批准后才显示。撤下只需一人，马上生效。",
            "文章由一人撰寫，另一人批准後才顯示。撤下只需一人，馬上生效。",
            "One person writes an article, and it is shown once another one approved it. Taking it away takes one "
            "person, and is done at once.",
        ),
        "write_article": ("撰写", "撰寫", "Write"),
        "kind_faq": ("常见问题", "常見問題", "Frequently asked question"),
        "kind_related": ("相关通知", "相關通知", "Related notice"),
        "article_kind": ("类别", "類別", "Kind"),
        "article_title": ("标题", "標題", "Heading"),
        "article_body": ("正文", "正文", "Text"),
        "article_place": ("顺序（小的在前）", "順序（小的在前）", "Place (the least first)"),
        "article_from": ("显示首日", "顯示首日", "Shown from"),
        "article_until": ("显示末日（空着为一直显示）", "顯示末日（空著為一直顯示）", "Last day (none if empty)"),
        "article_days": ("显示日期", "顯示日期", "Days"),
        "article_shown": ("现在显示", "現在顯示", "Shown now"),
        "article_not_shown": ("现在不显示。", "現在不顯示。", "It is not shown now."),
        "article_version": ("第 {0} 版", "第 {0} 版", "Version {0}"),
        "article_versions": ("全部版本", "全部版本", "All versions"),
        "article_waiting": ("等待另一人批准", "等待另一人批准", "waits for another person"),
        "article_approved": ("已批准", "已批准", "approved"),
        "article_denied": ("未批准", "未批准", "not approved"),
        "article_withdrawn": ("已撤下", "已撤下", "taken away"),
        "host_ended": ("已停用", "已停用", "ended"),
        "article_hint": (
            "空一行分段；行首写“- ”或“1. ”成列表；链接写成 [文字](/notice/7.1) 或 [文字](https://许可的域名/…)。其他符号"
            "照原样显示。三种语言都要写。",
            "空一行分段；行首寫「- 」或「1. 」成清單；連結寫成 [文字](/notice/7.1) 或 [文字](https://許可的網域/…)。其他符號"
            "照原樣顯示。三種語言都要寫。",
            "A blank line parts paragraphs; lines that begin with “- ” or “1. ” are a list; a link is "
            "[words](/notice/7.1) or [words](https://an-allowed-host/…). All else is shown as it is. Write all three "
            "languages.",
        ),
        "article_preview": ("预览", "預覽", "Preview"),
        "preview_keeps_nothing": (
            "这是预览，还没有保存。",
            "這是預覽，還沒有儲存。",
            "This is a preview. Nothing is kept yet.",
        ),
        "article_keep": ("保存并提请批准", "儲存並提請批准", "Keep it, and ask for approval"),
        "written_by": ("撰写人", "撰寫人", "Written by"),
        "rewrite_article": ("改写（成为新版本）", "改寫（成為新版本）", "Write another version"),
        "article_denied_because": ("不批准的理由", "不批准的理由", "Why it is not approved"),
        "withdraw_article": ("撤下", "撤下", "Take it away"),
        "withdraw_hint": (
            "马上从公众页面撤下；等待批准的版本一并收回。要再显示，须重新撰写并由另一人批准。",
            "馬上從公眾頁面撤下；等待批准的版本一併收回。要再顯示，須重新撰寫並由另一人批准。",
            "It goes from the public page at once, and what waits of it too. To show it again, write it anew and have "
            "another person approve it.",
        ),
        "withdraw_for_good": ("确认撤下", "確認撤下", "Yes, take it away"),
        "not_ones_own": (
            "自己撰写、提议或准备的，不能自己批准，请另一人来办。",
            "自己撰寫、提議或準備的，不能自己批准，請另一人來辦。",
            "Nobody approves what they wrote, proposed or prepared themselves; another person does.",
        ),
        "version_is_decided": (
            "没有办成：这个版本已经有人批准、收回，或者有了新的版本。请看现在的内容。",
            "沒有辦成：這個版本已經有人批准、收回，或者有了新的版本。請看現在的內容。",
            "Nothing was done: somebody decided this version, took it back or wrote another. Look at what is there.",
        ),
        "seal_is_wrong": (
            "签发记录的封印不对：有人改动过数据库。公众页面现在不显示任何文章。请用备份恢复数据库，并查明是谁改动的。",
            "簽發記錄的封印不對：有人改動過資料庫。公眾頁面現在不顯示任何文章。請用備份恢復資料庫，並查明是誰改動的。",
            "The seal of what was signed off is wrong: somebody changed the database. The public page shows no article "
            "now. Restore the database from its backup, and find out who it was.",
        ),
        "fault_place": ("请填 1 到 999 的数字。", "請填 1 到 999 的數字。", "Give a number from 1 to 999."),
        "fault_days": (
            "请填日期；末日不能早于首日，也不能太远。",
            "請填日期；末日不能早於首日，也不能太遠。",
            "Give a day; the last is not before the first, and not too far off.",
        ),
        "fault_length": (
            "不能空着，也不能太长：标题最多 100 个字，问题正文 1200 个，通知正文 8000 个。",
            "不能空著，也不能太長：標題最多 100 個字，問題正文 1200 個，通知正文 8000 個。",
            "It is empty or too long: a heading has at most 100 characters, the text of a question 1,200, of a notice "
            "8,000.",
        ),
        "fault_hidden": (
            "第 {0} 行有看不见的字符 {1}，请删去。",
            "第 {0} 行有看不見的字元 {1}，請刪去。",
            "Line {0} has the hidden character {1}; take it out.",
        ),
        "fault_link": (
            "第 {0} 行的链接不能用：{1}",
            "第 {0} 行的連結不能用：{1}",
            "Line {0} has a link that leads nowhere: {1}",
        ),
        "fault_host": (
            "第 {0} 行链接到未获许可的域名 {1}，请先把域名提请批准。",
            "第 {0} 行連結到未獲許可的網域 {1}，請先把網域提請批准。",
            "Line {0} leads to {1}, which is not allowed; have the host approved first.",
        ),
        "fault_reason": (
            "请写明理由，最多 200 个字，写在一行内。",
            "請寫明理由，最多 200 個字，寫在一行內。",
            "Give the reason, in at most 200 characters on one line.",
        ),
        "fault_host_form": (
            "请只写域名，如 www.mohrss.gov.cn，用小写字母、数字和 - 。",
            "請只寫網域，如 www.mohrss.gov.cn，用小寫字母、數字和 - 。",
            "Give the host's name alone, like www.mohrss.gov.cn: small letters, digits and dashes.",
        ),
        "fault_host_is_there": ("已经在名单上。", "已經在名單上。", "It is on the list already."),
        "link_host": ("域名", "網域", "Host"),
        "link_hosts": ("许可的域名", "許可的網域", "Allowed hosts"),
        "propose_host": ("提议许可一个域名", "提議許可一個網域", "Propose a host"),
        "hosts_hint": (
            "文章里的链接只能指向这里许可的域名，只用 https。停用后，原有链接只剩文字。",
            "文章裡的連結只能指向這裡許可的網域，只用 https。停用後，原有連結只剩文字。",
            "Links in articles lead to hosts that are allowed here, by https alone. After a host's end its links are "
            "words.",
        ),
        "propose": ("提议", "提議", "Propose"),
        "proposed_by": ("提议人", "提議人", "Proposed by"),
        "host_is_gone": (
            "没有办成：这个域名已经有人办过，或者不在名单上。",
            "沒有辦成：這個網域已經有人辦過，或者不在名單上。",
            "Nothing was done: somebody decided this host already, or it is not on the list.",
        ),
        "not_as_signed": ("与签发不符，不作链接", "與簽發不符，不作連結", "not as signed off; leads nowhere"),
        "site_signing": ("公众页面签发", "公眾頁面簽發", "Sign-off of the public page"),
        "site_hint": (
            "通知文件、用语、窗口和页面程序由一人准备，另一人签发。文章和域名在批准时逐项签发。与签发不符的文章不显示。",
            "通知檔案、用語、窗口和頁面程式由一人準備，另一人簽發。文章和網域在批准時逐項簽發。與簽發不符的文章不顯示。",
            "One person prepares the notice's files, words, windows and the pages' program, and another one signs them "
            "off. Articles and hosts are signed off one by one when they are approved. An article that is not as it "
            "was signed off is not shown.",
        ),
        "site_item": ("内容", "內容", "Item"),
        "site_differs": (
            "与签发不符：{0} 项（共 {1} 项）",
            "與簽發不符：{0} 項（共 {1} 項）",
            "Not as signed off: {0} of {1}",
        ),
        "site_is_as_signed": (
            "全部 {0} 项与签发相符",
            "全部 {0} 項與簽發相符",
            "All {0} items are as they were signed off",
        ),
        "site_all_items": ("全部 {0} 项", "全部 {0} 項", "All {0} items"),
        "site_as_signed": ("相符", "相符", "as signed off"),
        "site_item_changed": ("签发后改动", "簽發後改動", "changed since"),
        "site_not_signed": ("未签发", "未簽發", "not signed off"),
        "site_gone": ("签发后消失", "簽發後消失", "gone since"),
        "site_prepare": ("按现在的内容准备签发", "按現在的內容準備簽發", "Prepare what is there now"),
        "site_prepared": ("等待另一人签发", "等待另一人簽發", "Waits for another person to sign"),
        "site_sign": ("已核对，签发", "已核對，簽發", "I looked at it, and sign"),
        "site_changed_since": (
            "没有签发：内容在准备之后又有改动。请核对差异，重新准备。",
            "沒有簽發：內容在準備之後又有改動。請核對差異，重新準備。",
            "Nothing was signed: something changed since it was prepared. See the differences, and prepare it again.",
        ),
        "site_signoffs": ("签发记录", "簽發記錄", "Sign-offs"),
        "site_whole": ("页面整体", "頁面整體", "The whole page"),
        "site_article": ("文章", "文章", "Article"),
        "prepared_by": ("准备人", "準備人", "Prepared by"),
        "signed_by": ("签发人", "簽發人", "Signed by"),
        "taken_away_by_one": ("一人撤下", "一人撤下", "taken away by one"),
    }
)
