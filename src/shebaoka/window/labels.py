"""The window's own words, in three languages."""

WINDOW: dict[str, dict[str, str]] = {"zh-Hans": {}, "zh-Hant": {}, "en": {}}
