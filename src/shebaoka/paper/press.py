"""The press: templates and data become PDF, in a font that prints Chinese. The papers of this room ask.

A PDF is for archives (PDF/A-2a) and for screen readers (PDF/UA-1). Both standards refuse a character that no font has,
which is how the press knows: a machine without a Chinese font is told so, and no paper has boxes in place of words.
"""

import datetime as dt
import functools
import importlib.util
import unicodedata
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import typst

from shebaoka.paper.labels import labels_in
from shebaoka.records import Broken, Trouble

FONT_PACKAGE = "noto_cjk_sans_otc"
"""Carries Noto Sans CJK, the same file to the byte as in Debian's fonts-noto-cjk. Its code is never run."""
PAPERS_KEPT = 10
SCRIPTS = {"zh-Hans": ("zh", "cn"), "zh-Hant": ("zh", "tw"), "en": ("en", "us")}
"""Language → the language and the region that a template sets its text for."""
STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
_SIMPLIFIED = ("Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC", "Noto Serif CJK SC")
_TRADITIONAL = ("Noto Sans CJK TC", "Source Han Sans TC", "Source Han Sans TW", "Noto Sans TC", "Noto Serif CJK TC")
_KNOWN = {"zh-Hans": _SIMPLIFIED, "zh-Hant": (*_TRADITIONAL, *_SIMPLIFIED), "en": _SIMPLIFIED}
_NAMES_HAVE = "社会保障卡个人账户医药机构余额·〔〕《》0123456789,.+-*"
"""What names and amounts are written in, whatever the language of the labels."""
_TRIAL = b"""
#set document(title: "-")
#set text(font: sys.inputs.family, fallback: sys.inputs.others == "yes")
#sys.inputs.text
"""


class NoFont(Trouble):
    """No font with Chinese characters was found."""

    code = "no_font_for_chinese"
    status = 503


class Face(msgspec.Struct, frozen=True):
    """The fonts of one place, and the family of them that a paper is set in; the others help out.

    `found` keeps which characters they were found to have or to lack, so that a rare name is looked into once.
    """

    fonts: typst.Fonts
    family: str
    found: dict[str, bool] = msgspec.field(default_factory=dict)

    def lacks(self, text: str) -> str:
        """The characters of a text that none of the fonts has, each once."""
        characters = [c for c in dict.fromkeys(text) if not c.isspace()]
        self._look_into([c for c in characters if c not in self.found])
        return "".join(c for c in characters if not self.found[c])

    def _look_into(self, characters: list[str]) -> None:
        """Find out which of the characters the fonts have: by halves, for those that they lack are few."""
        half = len(characters) // 2
        if not characters or _prints(self.fonts, self.family, "".join(characters), others=True):
            self.found.update(dict.fromkeys(characters, True))
        elif half:
            self._look_into(characters[:half])
            self._look_into(characters[half:])
        else:
            self.found[characters[0]] = False


@functools.lru_cache(maxsize=16)
def face_for(language: str, folder: Path | None = None) -> Face:
    """The face for a language: from the folder if one is named, else the font package's, else the system's.

    It prints every label of the language, and Chinese names. `NoFont` says what to install, or which setting is wrong;
    only a face that was found is kept, and after a failure the next call looks again.
    """
    sample = "".join(_texts(msgspec.to_builtins(labels_in(language)))) + _NAMES_HAVE
    for fonts in _places(folder):
        families = sorted(fonts.families())
        for family in (*(f for f in _KNOWN[language] if f in families), *families):
            if _prints(fonts, family, sample, others=False):
                return Face(fonts, family)
    _fonts_in.cache_clear()
    if folder is not None:
        raise NoFont(
            f"SHEBAOKA_FONTS: no font in {folder} can print Chinese. Put one there, such as NotoSansCJK-Regular.ttc, "
            "or leave the setting empty."
        )
    raise NoFont(
        "There is no font that can print Chinese. Install the Python package noto-cjk-sans-otc or Debian's "
        "fonts-noto-cjk, or name a folder that has such a font in SHEBAOKA_FONTS."
    )


def printed(template: str, data: dict[str, Any], language: str, at: dt.datetime, folder: Path | None = None) -> bytes:
    """A template of this room with its data as PDF; the same data and instant give the same bytes.

    A character that no font has, as in a rare name, or that is no sign at all, is printed as its code: `〔U+300AB〕`; a
    tab as a space. `NoFont` without Chinese.
    """
    face = face_for(language, folder)
    source = resources.files(__package__).joinpath(template).read_bytes()
    inputs = {**data, "font": face.family}
    characters = "".join(dict.fromkeys("".join(_texts(inputs))))
    lacking = [c for c in characters if face.found.get(c) is False]
    try:
        return _set(source, face, _in_codes(inputs, lacking), at)
    except typst.TypstError as e:
        lacking = [*face.lacks(characters), *filter(_is_no_sign, characters)]
        if not lacking:
            raise Broken(f"{template}: this paper cannot be printed: {e.message}") from e
        return _set(source, face, _in_codes(inputs, lacking), at)
    finally:
        _forget(face)


def printed_pages(
    template: str, data: dict[str, Any], language: str, at: dt.datetime, folder: Path | None = None
) -> list[bytes]:
    """Each page of a template as SVG, with its letters drawn; else as `printed`, by which it is tried first.

    A drawing is not refused for a character that no font has, so it is the trial that finds them.
    """
    printed(template, data, language, at, folder)
    face = face_for(language, folder)
    source = resources.files(__package__).joinpath(template).read_bytes()
    inputs = {**data, "font": face.family}
    lacking = [c for c in dict.fromkeys("".join(_texts(inputs))) if face.found.get(c) is False or _is_no_sign(c)]
    said = msgspec.json.encode(_in_codes(inputs, lacking)).decode()
    pages = typst.compile(
        source, format="svg", font_paths=face.fonts, ignore_system_fonts=True, sys_inputs={"data": said}
    )
    _forget(face)
    return pages if isinstance(pages, list) else [pages]


def _is_no_sign(character: str) -> bool:
    """Whether a character steers a terminal or a text rather than being seen, but for the end of a line."""
    return character != "\n" and unicodedata.category(character) in {"Cc", "Cf"}


def _in_codes(inputs: dict[str, Any], characters: list[str]) -> dict[str, Any]:
    """What a paper says with some characters in codes: `〔U+300AB〕`; a tab and its like as a space."""
    if not characters:
        return inputs
    codes = {ord(c): " " if c.isspace() else f"〔U+{ord(c):04X}〕" for c in characters}
    told: dict[str, Any] = _translated(inputs, codes)
    return told


def _set(source: bytes, face: Face, inputs: dict[str, Any], at: dt.datetime) -> bytes:
    """One PDF."""
    return _compiled(source, face.fonts, {"data": msgspec.json.encode(inputs).decode()}, int(at.timestamp()))


def _forget(face: Face) -> None:
    """Have Typst forget the last paper.

    It keeps what it worked out for the last ten: 30 MB for each long one, with all that it says. Ten trials push it
    out; they take 20 ms.
    """
    for n in range(PAPERS_KEPT):
        _prints(face.fonts, face.family, str(n), others=True)


def _prints(fonts: typst.Fonts, family: str, text: str, *, others: bool) -> bool:
    """Whether a family has every character of a text; `others` if the fonts beside it may help."""
    try:
        _compiled(_TRIAL, fonts, {"family": family, "text": text, "others": "yes" if others else "no"}, 0)
    except typst.TypstError:
        return False
    return True


def _compiled(source: bytes, fonts: typst.Fonts, inputs: dict[str, str], timestamp: int) -> bytes:
    """A template as PDF. `typst.TypstError` if it cannot be."""
    return typst.compile(
        source,
        format="pdf",
        font_paths=fonts,
        ignore_system_fonts=True,  # those that may be used are among `fonts`
        sys_inputs=inputs,
        pdf_standards=STANDARDS,
        timestamp=timestamp,
    )


def _places(folder: Path | None) -> Iterator[typst.Fonts]:
    """Where fonts may be, one place after the other; a named folder is the only one."""
    if folder is not None:
        yield _fonts_in(folder)
        return
    package = importlib.util.find_spec(FONT_PACKAGE)
    if package is not None:
        yield _fonts_in(*(Path(p) for p in package.submodule_search_locations or ()))
    yield typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)


@functools.lru_cache(maxsize=4)
def _fonts_in(*folders: Path) -> typst.Fonts:
    """The fonts of folders, read once for all languages."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


def _texts(data: Any) -> Iterator[str]:
    """Every text in nested data, keys left out."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        yield from _texts(list(data.values()))
    elif isinstance(data, (list, tuple)):
        for part in data:
            yield from _texts(part)


def _translated(data: Any, codes: dict[int, str]) -> Any:
    """The same nested data with characters replaced."""
    if isinstance(data, str):
        return data.translate(codes)
    if isinstance(data, dict):
        return {k: _translated(v, codes) for k, v in data.items()}
    return [_translated(part, codes) for part in data] if isinstance(data, (list, tuple)) else data
