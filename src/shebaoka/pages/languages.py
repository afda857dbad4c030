"""The languages of the pages, in the order in which a line of words says them."""

from collections.abc import Mapping

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def by_language(words: Mapping[str, tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """Words that stand a line each, Simplified, Traditional, English, as each language has them."""
    return {language: {word: said[n] for word, said in words.items()} for n, language in enumerate(LANGUAGES)}
