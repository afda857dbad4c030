"""The text of questions and related notices: plain text with paragraphs, lists and links, and nothing else.

Pure. A blank line ends a paragraph; lines that begin with `- `, or with `1. `, `2. ` …, are a list; `[words](address)`
is a link, to a page of ours (`/notice/7.1`) or to a host that is allowed (`https://…`). There is no way to write
anything else: `<b>` is three characters. The desk reads a text before it is kept, pages show what was read as text.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

_LINK = re.compile(r"\[([^\[\]\n]{1,100})\]\(([^()\s]{1,300})\)")
_BEGUN = re.compile(r"\[[^\[\]\n]*\]\(")
_OURS = re.compile(r"/(?:[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*)?(?:#[A-Za-z0-9._-]+)?")
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
_THEIRS = re.compile(rf"https://({_HOST})(?:/[A-Za-z0-9._~!$&'*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'*+,;=:@%/?-]*)?")
_WHOLE_HOST = re.compile(_HOST)
_ITEM = re.compile(r"- +(.*)|[0-9]{1,2}\. +(.*)")
_HOST_MAX = 253

# Controls, marks that turn the direction of writing, soft and zero-width ones, private and half characters: seen by
# nobody, or not the same to everybody, so that a text could read as what it is not.
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""With these families and flags are put together, and some scripts are written."""


class Words(msgspec.Struct, frozen=True, tag=True):
    """Words as they are."""

    text: str


class Link(msgspec.Struct, frozen=True, tag=True):
    """Words that lead somewhere; `host` is whose, and empty for a page of ours."""

    text: str
    address: str
    host: str


Part = Words | Link
Line = tuple[Part, ...]


Kind = Literal["paragraph", "list", "numbered"]


class Block(msgspec.Struct, frozen=True):
    """A paragraph, whose lines stand below each other, or a list, whose lines are its items."""

    kind: Kind
    lines: tuple[Line, ...]


class TextFault(msgspec.Struct, frozen=True):
    """What is wrong in a text: which kind of fault, in which line, and the characters in question."""

    code: Literal["hidden", "link", "host"]
    line: int
    what: str


def is_host(text: str) -> bool:
    """Whether it is the name of a host as it stands in an address: small letters, digits, dashes, and dots between."""
    return len(text) <= _HOST_MAX and _WHOLE_HOST.fullmatch(text) is not None


def tidied(text: str) -> str:
    """A text as it is kept: line ends of one kind, no blanks at ends of lines or text, at most one line left out."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def is_hidden(character: str) -> bool:
    """Whether a character is seen by nobody, or turns the direction in which others are read."""
    return unicodedata.category(character) in _HIDDEN and character not in _JOINERS


def faults_of(text: str, hosts: Collection[str]) -> Iterator[TextFault]:
    """Everything that keeps a text from being shown, by lines from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        for character in dict.fromkeys(c for c in line if is_hidden(c)):
            yield TextFault("hidden", number, f"U+{ord(character):04X}")
        links = {m.start(): m for m in _LINK.finditer(line)}
        for begun in _BEGUN.finditer(line):
            found = links.get(begun.start())
            link = _link(found) if found else None
            if link is None:
                yield TextFault("link", number, line[begun.start() :][:60])
            elif link.host and link.host not in hosts:
                yield TextFault("host", number, link.host)


def blocks_of(text: str, hosts: Collection[str]) -> tuple[Block, ...]:
    """A text as it is shown. A link to a host that is allowed no more is its words alone."""
    blocks: list[Block] = []
    for part in re.split(r"\n{2,}", text.strip("\n")) if text.strip() else ():
        begun = len(blocks)
        for line in part.split("\n"):
            kind, said = _kind(line)
            if len(blocks) > begun and blocks[-1].kind == kind:
                blocks[-1] = Block(kind, (*blocks[-1].lines, _parts(said, hosts)))
            else:
                blocks.append(Block(kind, (_parts(said, hosts),)))
    return tuple(blocks)


def words_of(text: str) -> str:
    """A text without its marks, as it is searched and read out: of a link its words."""
    return _LINK.sub(lambda m: m[1] if _link(m) else m[0], text)


def _kind(line: str) -> tuple[Kind, str]:
    """What a line is a part of, and what it says there."""
    found = _ITEM.fullmatch(line)
    if found is None:
        return "paragraph", line
    return ("list", found[1]) if found[1] is not None else ("numbered", found[2])


def _link(found: re.Match[str]) -> Link | None:
    text, address = found[1], found[2]
    if _OURS.fullmatch(address):
        return Link(text, address, "")
    theirs = _THEIRS.fullmatch(address)
    return Link(text, address, theirs[1]) if theirs and is_host(theirs[1]) else None


def _parts(line: str, hosts: Collection[str]) -> Line:
    parts: list[Part] = []
    at = 0
    for found in _LINK.finditer(line):
        link = _link(found)
        if link is None:
            continue
        if found.start() > at:
            parts.append(Words(line[at : found.start()]))
        parts.append(link if not link.host or link.host in hosts else Words(link.text))
        at = found.end()
    if at < len(line) or not parts:
        parts.append(Words(line[at:]))
    return tuple(parts)
