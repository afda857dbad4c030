"""Finding something on the public page by what people type: clauses, parameters, answers, related notices, the guide.

Every room of the public page that has something to find gives it as `Findable` things, in three languages. Chinese is
found by its pairs of characters, other writing by its words and their beginnings; so nobody needs to know how the
notice words a thing, and whoever types a sentence finds what most of it is about. Pure.
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from shebaoka.portal.sayings import in_other_words

TYPED_MAX = 100
"""So many characters of what was typed are looked for."""
SHOWN_MAX = 30
IN_TITLE, IN_TEXT, ELSEWHERE = 3.0, 1.0, 0.5
"""How much a word counts in a title, in a text, and in another language than that of the page."""
ENOUGH = 0.3
"""So large a part of what was typed, by weight, must be in whatever is found."""
BEGINNING = 3
AROUND = 48
"""Characters that an excerpt shows before what was found, and twice as many after it."""
_CHINESE = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+(?:[.][0-9]+)*")
_IS_CHINESE = re.compile(rf"[{_CHINESE}]")
_ASKING_WORDS = "a an and are can could do does for have how i in is it much must my of should the to what with"
_ASKING = frozenset(
    ("怎么", "么办", "怎麼", "麼辦", "怎样", "怎樣", "如何", "什么", "什麼", "请问", "請問", "可以", "需要")
) | frozenset(_ASKING_WORDS.split(" "))
"""Pairs and words that stand in whatever is asked, and say nothing of what it is about."""
_ENDINGS = ("ing", "ed", "es", "s", "d", "e")


class Findable(msgspec.Struct, frozen=True):
    """Something that can be found: what it is, its address, its title and text by language."""

    kind: str
    address: str
    titles: dict[str, str]
    texts: dict[str, str]


class Part(msgspec.Struct, frozen=True):
    """A part of an excerpt, and whether it is what was looked for."""

    text: str
    found: bool


class Found(msgspec.Struct, frozen=True):
    """Something that was found, in the page's language."""

    kind: str
    address: str
    title: list[Part]
    excerpt: list[Part]


def plain(text: str) -> str:
    """Text as it is compared: one form of each character, small letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def _runs(text: str) -> list[str]:
    return _RUN.findall(plain(text))


def _grams(text: str) -> Iterator[str]:
    """What a text is found by."""
    for run in _runs(text):
        if _IS_CHINESE.match(run):
            yield from run
            yield from (run[n : n + 2] for n in range(len(run) - 1))
        else:
            yield run
            yield from (run[:n] for n in range(BEGINNING, len(run)))


def _looked_for(typed: str) -> list[str]:
    """What a text must hold to be found: pairs of characters, a character that stands alone, words."""
    asked: list[str] = []
    for run in _runs(typed):
        if _IS_CHINESE.match(run) and len(run) > 1:
            asked += (run[n : n + 2] for n in range(len(run) - 1))
        else:
            asked.append(run)
    about = [one for one in asked if one not in _ASKING]
    return list(dict.fromkeys(about or asked))


class Index:
    """Everything that can be found, for pages of one language."""

    def __init__(self, things: Iterable[Findable], language: str) -> None:
        self._things = tuple(things)
        self._language = language
        self._weights: dict[str, dict[int, float]] = defaultdict(dict)
        for n, thing in enumerate(self._things):
            for tongue in thing.titles:
                own = tongue == language
                self._put(n, thing.titles[tongue], IN_TITLE if own else ELSEWHERE)
                self._put(n, thing.texts.get(tongue, ""), IN_TEXT if own else ELSEWHERE)

    def _put(self, n: int, text: str, weight: float) -> None:
        for gram in set(_grams(text)):
            held = self._weights[gram]
            held[n] = max(held.get(n, 0.0), weight)

    def _known(self, word: str) -> str:
        """A word as something here has it: itself, or without an ending."""
        if word in self._weights or not word.isascii():
            return word
        without = (word.removesuffix(e) for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= BEGINNING)
        return next((w for w in without if w in self._weights), word)

    def find(self, typed: str) -> list[Found]:
        """What was typed, the best first. Words that stand nowhere are passed over, unless none stands anywhere."""
        typed = typed[:TYPED_MAX]
        looked_for = dict.fromkeys((*_looked_for(typed), *_looked_for(in_other_words(plain(typed)))))
        asked = list(dict.fromkeys(word for w in looked_for if (word := self._known(w)) in self._weights))
        rare = {word: math.log(1 + len(self._things) / len(self._weights[word])) for word in asked}
        scores: dict[int, float] = defaultdict(float)
        shares: dict[int, float] = defaultdict(float)
        for word in asked:
            for n, weight in self._weights[word].items():
                scores[n] += weight * rare[word]
                shares[n] += rare[word]
        enough = ENOUGH * sum(rare.values())
        whole = plain(typed).strip()
        best = [(scores[n] + self._holds_whole(n, whole), -n) for n in scores if shares[n] >= enough]
        return [self._shown(self._things[-n], asked) for _, n in sorted(best, reverse=True)[:SHOWN_MAX]]

    def _holds_whole(self, n: int, whole: str) -> float:
        """What it counts that a thing holds all that was typed, as it was typed."""
        thing = self._things[n]
        title, text = thing.titles[self._language], thing.texts.get(self._language, "")
        return 2 * IN_TITLE if whole in plain(title) else IN_TEXT if whole in plain(text) else 0.0

    def _shown(self, thing: Findable, words: Sequence[str]) -> Found:
        title, text = thing.titles[self._language], thing.texts.get(self._language, "")
        return Found(thing.kind, thing.address, _marked(title, words), _excerpt(text, words))


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where words stand in a text, each place once. A word of letters is marked where a word begins."""
    low = "".join(one if len(one := plain(c)) == 1 else c for c in text)
    spans: list[tuple[int, int]] = []
    for word in words:
        for found in re.finditer(re.escape(word), low):
            before = low[found.start() - 1 : found.start()]
            if not (word[0].isascii() and before.isascii() and before.isalnum()):
                spans.append(found.span())
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _marked(text: str, words: Sequence[str]) -> list[Part]:
    parts, at = [], 0
    for start, end in _places(text, words):
        parts += [Part(text[at:start], found=False), Part(text[start:end], found=True)]
        at = end
    return [part for part in (*parts, Part(text[at:], found=False)) if part.text]


def _excerpt(text: str, words: Sequence[str]) -> list[Part]:
    """As much of a text as says what was found in it, with dots where it was cut."""
    places = _places(text, words)
    first = places[0][0] if places else 0
    start, end = max(0, first - AROUND), min(len(text), first + 2 * AROUND)
    if start and (space := text.find(" ", start, first)) > 0:
        start = space + 1  # at a word's beginning, where words have spaces between them
    cut = ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")
    return _marked(cut, words)
