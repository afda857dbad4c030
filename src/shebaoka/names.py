"""By what words a name is found: its beginnings, and those of its initials by every reading of its characters. And
what of a name goes into a place of so many bytes.

Pure. The desk writes a person's words down and looks for them; how a name is compared is said here alone. Readings are
those of pypinyin; of a surname those that it has as a surname. Chips, files to makers and the checks of a batch ask
where a name is parted.
"""

import functools
import unicodedata

PREFIX_MAX = 12
"""Beginnings of a name longer than this are not written down: the first twelve are, and the rest is compared."""
COMBINATIONS_MAX = 8
"""So many initials a name may have; the likeliest are kept."""
_READINGS_MAX = 2
"""So many initials a character may have; in a name a third reading is no reading."""
_DOTS = frozenset("·•・‧∙⋅.．｡")
"""What stands between the parts of a name, in one system or another; NFKC makes some of them into others."""
_KEPT = 1 << 16
NAME_BYTES, EXTENSION_BYTES = 30, 20
"""What a card has room for of a name in GB18030: the item 姓名, and 姓名扩展 since version 2.0 of its files."""

# A surname's own reading first. Characters whose other readings are never a surname's, and which many bear, have it
# alone; of a rare surname the common reading stays, for whoever does not know better types that.
_SURNAMES = {
    "单": "sd", "曾": "zc", "解": "xj", "仇": "qc", "查": "zc", "区": "oq", "尉": "wy", "乐": "yl", "种": "cz",
    "重": "cz", "朴": "p", "秘": "bm", "折": "sz", "召": "sz", "翟": "z", "覃": "qt", "谌": "cs", "繁": "pf",
    "祭": "zj", "句": "gj", "隗": "wk", "长": "zc", "黑": "h", "撒": "s", "盖": "g", "缪": "m", "员": "y",
    "晟": "cs", "石": "s", "沈": "s", "王": "w", "吴": "w", "任": "r", "贾": "j", "万": "w", "高": "g", "何": "h",
    "许": "x", "于": "y", "余": "y", "卜": "b", "冯": "f", "柏": "b", "贲": "b", "阚": "k", "郗": "xc", "适": "ks",
    "令": "l", "洗": "x", "冼": "x", "哈": "h", "那": "n", "行": "x", "郝": "h", "谷": "g", "车": "c", "南": "n",
}  # fmt: skip
_DOUBLE_SURNAMES = {
    "尉迟": "yc", "万俟": "mq", "长孙": "zs", "单于": "cy", "澹台": "tt", "呼延": "hy", "令狐": "lh", "宰父": "zf",
    "夏侯": "xh", "百里": "bl", "南宫": "ng", "东方": "df",
}  # fmt: skip


def folded(name: str) -> str:
    """A name as it is compared: width and case do not matter, nor do blanks and the dots between its parts.

    A name that has nothing else stays as it is.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in text if c not in _DOTS and not c.isspace()) or name


@functools.lru_cache(_KEPT)
def initials_of(name: str) -> tuple[str, ...]:
    """Every initials that a name can have, the likeliest first, in small letters.

    A character by each of its readings, a word in Latin letters by its first. What has no reading is left out.
    """
    best = [(0, "")]
    for letters in _letters_of(name):
        longer = [(rank + n, said + letter) for rank, said in best for n, letter in enumerate(letters)]
        best = sorted(longer, key=lambda one: one[0])[:COMBINATIONS_MAX]
    return tuple(dict.fromkeys(said for _, said in best if said))


def _letters_of(name: str) -> list[str]:
    """The letters that each part of a name can begin with, the likeliest first."""
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    double = _DOUBLE_SURNAMES.get(text[:2])
    if double is not None:
        return [*double, *_letters(text[2:])]
    if text[:1] in _SURNAMES:
        return [_SURNAMES[text[0]], *_letters(text[1:])]
    return _letters(text)


def _letters(text: str) -> list[str]:
    found, within = [], False
    for c in text:
        plain = unicodedata.normalize("NFKD", c)[0]
        latin = plain.isascii() and plain.isalpha()
        if latin and not within:
            found.append(plain)
        elif not latin and (letters := _readings(c)):
            found.append(letters)
        # An apostrophe stands within a word.
        within = latin or (within and c in "'’-")
    return found


@functools.lru_cache(_KEPT)
def _readings(character: str) -> str:
    """The first letters of a character's readings, the likeliest first; none of what has no reading."""
    from pypinyin import Style, pinyin  # late: a fifth of a second that most commands need not wait

    (said,) = pinyin(character, style=Style.FIRST_LETTER, heteronym=True, errors="ignore") or [[]]
    letters = (unicodedata.normalize("NFKD", one)[0] for one in said if one)
    return "".join(dict.fromkeys(c for c in letters if c.isascii() and c.isalpha()))[:_READINGS_MAX]


@functools.lru_cache(_KEPT)
def words_of(name: str) -> tuple[str, ...]:
    """All words that a name is found by: the beginnings of the name and of each of its initials, in order."""
    whole = (folded(name), *initials_of(name))
    return tuple(sorted({word[:n] for word in whole for n in range(1, min(len(word), PREFIX_MAX) + 1)}))


def begins(name: str, word: str) -> bool:
    """Whether a name, or one of its initials, begins with a folded word."""
    return folded(name).startswith(word) or any(said.startswith(word) for said in initials_of(name))


def parted(name: str, width: int, encoding: str = "gb18030") -> tuple[str, str]:
    """What of a name goes into so many bytes, and the rest; no character is cut in two.

    A sign that the encoding cannot write counts as one that it can: whoever writes the parts tells it.
    """
    size = 0
    for at, character in enumerate(name):
        size += len(character.encode(encoding, "replace"))
        if size > width:
            return name[:at], name[at:]
    return name, ""
