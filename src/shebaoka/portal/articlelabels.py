"""The words of questions and related notices on the public page, in three languages."""

ARTICLE_WORDS: dict[str, tuple[str, str, str]] = {
    "faq": ("常见问题", "常見問題", "Frequently asked questions"),
    "related_notices": ("相关通知", "相關通知", "Related notices"),
    "the_questions": ("问题目录", "問題目錄", "Questions"),
    "no_questions": ("现在没有常见问题。", "現在沒有常見問題。", "There are no questions here now."),
    "no_related": ("现在没有相关通知。", "現在沒有相關通知。", "There are no related notices now."),
    "published_on": ("发布：{0}", "發布：{0}", "Published {0}"),
    "questions_before": ("上一页问题", "上一頁問題", "Questions before these"),
    "questions_after": ("下一页问题", "下一頁問題", "More questions"),
    "older_by_search": (
        "更早的通知可以查找。",
        "更早的通知可以查找。",
        "Older notices are found by the search.",
    ),
    "all_related": ("全部相关通知", "全部相關通知", "All related notices"),
    "ask_otherwise": ("没有您要的答案？", "沒有您要的答案？", "Not what you were looking for?"),
}
