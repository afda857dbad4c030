"""What the days of the week are called, in three languages: Simplified, Traditional, English."""

from shebaoka.pages.languages import by_language

_WORDS: dict[str, tuple[str, str, str]] = {
    "monday": ("星期一", "星期一", "Monday"),
    "tuesday": ("星期二", "星期二", "Tuesday"),
    "wednesday": ("星期三", "星期三", "Wednesday"),
    "thursday": ("星期四", "星期四", "Thursday"),
    "friday": ("星期五", "星期五", "Friday"),
    "saturday": ("星期六", "星期六", "Saturday"),
    "sunday": ("星期日", "星期日", "Sunday"),
}
WEEKDAYS: dict[str, dict[str, str]] = by_language(_WORDS)
