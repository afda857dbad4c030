"""What menu and dossier name of the pages of supervisors and administrators, in three languages."""

MENU: dict[str, dict[str, str]] = {
    "zh-Hans": {
        "menu_approvals": "待批准", "menu_drafts": "未办结", "approvals_waiting": "{0} 项等待批准",
        "menu_windows": "窗口", "menu_batches": "制卡", "menu_stock": "空白卡", "menu_deliveries": "配送",
        "menu_institutions": "医药机构", "menu_partners": "合作方", "menu_day": "日统计", "whole_history": "全部经过",
        "menu_articles": "文章", "menu_site": "签发",
        "menu_hotline": "热线",
    },
    "zh-Hant": {
        "menu_approvals": "待批准", "menu_drafts": "未辦結", "approvals_waiting": "{0} 項等待批准",
        "menu_windows": "窗口", "menu_batches": "製卡", "menu_stock": "空白卡", "menu_deliveries": "配送",
        "menu_institutions": "醫藥機構", "menu_partners": "合作方", "menu_day": "日統計", "whole_history": "全部經過",
        "menu_articles": "文章", "menu_site": "簽發",
        "menu_hotline": "熱線",
    },
    "en": {
        "menu_approvals": "To approve", "menu_drafts": "Drafts", "approvals_waiting": "{0} wait for an approval",
        "menu_windows": "Windows", "menu_batches": "Cards", "menu_institutions": "Institutions", "menu_day": "The day",
        "menu_partners": "Makers", "menu_stock": "Blanks", "menu_deliveries": "Deliveries",
        "whole_history": "Whole history", "menu_articles": "Articles", "menu_site": "Sign-off",
        "menu_hotline": "Hotline",
    },
}  # fmt: skip
