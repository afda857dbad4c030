"""The words of the day by window and clerk, of the journal's search and a dossier's history, in three languages."""

DAY: dict[str, dict[str, str]] = {
    "zh-Hans": {
        "the_day": "日统计", "by_window": "各窗口", "by_clerk": "各经办人", "by_service": "各项业务",
        "by_refusal": "不准的条款和理由", "no_place": "未注明", "looks": "查询", "day_before": "前一天",
        "day_after": "后一天",
        "refused_so_often": "第 {0} 条：不准 {1}", "yes_and_no_of": "{0}：准 {1}，不准 {2}",
        "more_in_the_file": "另有 {0} 行，见 CSV 文件。",
    },
    "zh-Hant": {
        "the_day": "日統計", "by_window": "各窗口", "by_clerk": "各經辦人", "by_service": "各項業務",
        "by_refusal": "不准的條款和理由", "no_place": "未註明", "looks": "查詢", "day_before": "前一天",
        "day_after": "後一天",
        "refused_so_often": "第 {0} 條：不准 {1}", "yes_and_no_of": "{0}：准 {1}，不准 {2}",
        "more_in_the_file": "另有 {0} 行，見 CSV 檔案。",
    },
    "en": {
        "the_day": "The day", "by_window": "By window", "by_clerk": "By clerk", "by_service": "By service",
        "by_refusal": "Refusals by clause and reason", "no_place": "not said", "looks": "Looks",
        "day_before": "The day before", "day_after": "The day after",
        "refused_so_often": "Clause {0}: no {1}", "yes_and_no_of": "{0}: yes {1}, no {2}",
        "more_in_the_file": "{0} more lines are in the CSV file.",
    },
}  # fmt: skip
