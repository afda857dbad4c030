"""Finding the person in front: what one input field holds, typed or read by a card reader, becomes a short list.

A reader of cards types a number or a serial and Enter, so `read_as` is where another kind of reader is plugged in. Who
searched for whom is kept. How a search stays quick among millions is told in docs/finding.md.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from shebaoka import names, numbers
from shebaoka.desk.findable import Row, old_card_word, words
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.staff import Staff
from shebaoka.records import BadInput
from shebaoka.store import Views
from shebaoka.store import finding as sql

TEXT_MAX = 100
LIMIT = 20
CAUGHT_UP_AT_ONCE, PIECE = 30_000, 10_000
"""People whose words the pass that catches up writes in one transaction, and how many of them go out at a time."""
_PAGES_MAX = 20
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_CARD_NUMBER = re.compile(r"(?=.*[0-9])[A-Z0-9]{9}")
_CARD_SERIAL = re.compile(r"(?=.*[0-9])[0-9a-f]{32}")
_OLD_CARD = re.compile(r"(?=.*[0-9])(?:[A-Z0-9-]{4,20}|[A-Z][A-Z0-9-]{1,2})")
_DIGITS = re.compile(r"[0-9]+")
_NEARLY_A_NUMBER = range(15, 20)
_WITH_DIGITS = re.compile(r"(.*?[^\s0-9])((?: ?[0-9]){1,17}|(?: ?[0-9]){17} ?[0-9Xx])")
_AFTER_DIGITS = "~"
_HOW = (
    "Type the social security number of 18 characters, the card number of 9, the card serial of 32, an old medical "
    "card's number, or a name or its initials; behind these the first digits of the social security number."
)


class KeyKind(StrEnum):
    """What a text finds a person by."""

    NUMBER = "number"
    CARD_NUMBER = "card_number"
    CARD_SERIAL = "card_serial"
    OLD_CARD = "old_card"
    NAME = "name"
    INITIALS = "initials"


class Key(msgspec.Struct, frozen=True):
    """One way to read a text: what it is, as it is looked up, and the first digits of the number that came behind."""

    kind: KeyKind
    word: str
    digits: str = ""


class FoundPerson(msgspec.Struct, frozen=True):
    """A line of the list. Number and name are whole; the face masks them."""

    person_id: int
    number: str
    name: str
    birth_on: dt.date
    region: str


class Found(msgspec.Struct, frozen=True):
    """Who was found, in the order of numbers, and by what. `more` if there are others: type more of the number."""

    kind: KeyKind
    people: tuple[FoundPerson, ...]
    more: bool


class Search(msgspec.Struct, frozen=True):
    """A search as it is kept. `typed` is what was looked for; a social security number is masked in it."""

    id: int
    at: dt.datetime
    by: str
    place: str
    kind: KeyKind
    typed: str
    found: int
    more: bool
    people: tuple[int, ...]


class Caught(msgspec.Struct, frozen=True):
    """How far a pass is that catches up: how many people it has looked at, and how many of them had no words."""

    people: int
    written: int


def read_as(text: str) -> tuple[Key, ...]:
    """Every way to read what was typed, the likeliest first; who is found by any of them is found. `BadInput`.

    A number or a serial can be read in one way alone. Nine characters may be a card number, an old medical card's, or
    initials with digits behind them.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).split())
    if not said:
        raise BadInput(f"Nothing was typed. {_HOW}", code="search_is_empty")
    if len(said) > TEXT_MAX or any(unicodedata.category(c) in ("Cc", "Cs") for c in said):
        raise BadInput(f"That is too long, or no text. {_HOW}", code="search_cannot_be_read")
    joined = said.replace(" ", "").upper()
    if _NUMBER.fullmatch(joined):
        if numbers.with_check_digit(joined[:17]) != joined:
            raise _not_whole(
                "The last character of a social security number follows from the others, and does not here."
            )
        return (Key(KeyKind.NUMBER, joined),)
    if _CARD_SERIAL.fullmatch(joined.lower()):
        return (Key(KeyKind.CARD_SERIAL, joined.lower()),)
    keys = tuple(_readings(said, joined))
    if not keys:
        raise _not_whole(f"{len(joined)} digits are no number that is known here.")
    return keys


def _readings(said: str, joined: str) -> Iterator[Key]:
    only_digits = _DIGITS.fullmatch(joined)
    if _CARD_NUMBER.fullmatch(joined):
        yield Key(KeyKind.CARD_NUMBER, joined)
    if not only_digits:
        if split := _WITH_DIGITS.fullmatch(said):
            yield _named(split[1], split[2].replace(" ", "").upper())
        yield _named(said)
    if _OLD_CARD.fullmatch(joined) and (only_digits or " " not in said):
        yield Key(KeyKind.OLD_CARD, old_card_word(joined))


def _named(said: str, digits: str = "") -> Key:
    word = names.folded(said)
    return Key(KeyKind.INITIALS if word.isascii() and word.isalpha() else KeyKind.NAME, word, digits)


def _not_whole(what: str) -> BadInput:
    return BadInput(f"{what} {_HOW}", code="number_is_not_whole")


class Finding:
    """Finds people, and keeps who searched for whom. Safe for many threads."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def find(self, staff: Staff, text: str, *, limit: int = LIMIT) -> Found:
        """Whoever is found by what was typed; at most so many, in the order of numbers.

        The search is kept, whoever came back. `NotAllowed` for a role that does not see people, `BadInput` with what
        can be typed for a text that is none of it.
        """
        staff.must_see_people()
        keys = read_as(text)
        kind, people = keys[0].kind, dict[int, FoundPerson]()
        for key in keys:
            found = self._by(key, limit + 1)
            if found and not people:
                kind = key.kind
            people |= {person.person_id: person for person in found}
        if not people and kind is KeyKind.OLD_CARD and (n := len(keys[0].word.strip())) in _NEARLY_A_NUMBER:
            raise _not_whole(f"Nobody has an old medical card of that number, and a social security number of {n}.")
        listed = sorted(people.values(), key=lambda person: person.number)
        answer = Found(kind, tuple(listed[:limit]), more=len(listed) > limit)
        self._keep(staff, keys[0], answer, text)
        return answer

    def _by(self, key: Key, limit: int) -> list[FoundPerson]:
        """Whoever a reading finds, one more than are listed at the most."""
        single = _SINGLE.get(key.kind)
        if single is not None:
            return [FoundPerson(*row) for row in self._views.rows(single, {"word": key.word})]
        old_card = key.kind is KeyKind.OLD_CARD
        word = key.word if old_card else key.word[: names.PREFIX_MAX]
        first, end, page = key.digits, key.digits + _AFTER_DIGITS, limit
        people: list[FoundPerson] = []
        for _ in range(_PAGES_MAX):
            values = {"word": word, "first": first, "end": end, "limit": page}
            rows = [FoundPerson(*row) for row in self._views.rows(sql.BY_WORD, values)]
            # Under a name that somebody had, and under the beginning of a long one, others stand too.
            people += [p for p in rows if old_card or names.begins(p.name, key.word)]
            if len(rows) < page or len(people) >= limit:
                break
            first, page = f"{rows[-1].number}!", 10 * limit
        return people[:limit]

    def _keep(self, staff: Staff, key: Key, found: Found, text: str) -> None:
        typed = numbers.mask(key.word) if key.kind is KeyKind.NUMBER else " ".join(text.split())
        self._views.write(
            sql.ADD_SEARCH,
            {
                "at": self._clock(),
                "by": staff.name,
                "place": staff.place,
                "kind": found.kind,
                "typed": typed,
                "found": len(found.people),
                "more": found.more,
                "people": [person.person_id for person in found.people],
            },
        )

    def searches(self, staff: Staff, *, limit: int = 50, before: int = 2**62) -> list[Search]:
        """Who searched for whom, the latest first; `before` continues after one. `NotAllowed` as for `find`."""
        staff.must_see_people()
        return [Search(*row) for row in self._views.rows(sql.SEARCHES, {"limit": limit, "before": before})]

    def catch_up(self) -> Iterator[Caught]:
        """Write the words of everybody who has none, some thousands at a time; what was done by then, after each time.

        People carried over in bulk have none until this was done: by number and card number they are found at once.
        It may be stopped and done again at any time. If another pass is at work nothing more is done.
        """
        after, people, written = 0, 0, 0
        while True:
            with self._views.together() as run:
                if not run(sql.LOCK, {})[0][0]:
                    return
                ((last, n),) = run(sql.NEXT, {"after": after, "limit": CAUGHT_UP_AT_ONCE})
                if last is None:
                    return
                lacking = run(sql.LACKING, {"after": after, "last": last})
                pieces = [lacking[n : n + PIECE] for n in range(0, len(lacking), PIECE)]
                if not run.copied(sql.COPY_WORDS, (sql.as_text(_words_of(piece)) for piece in pieces)):
                    # Somebody among them was registered or renamed just now.
                    for piece in pieces:
                        run(sql.ADD_WORDS, sql.as_arrays(_words_of(piece)))
            after, people, written = last, people + n, written + len(lacking)
            yield Caught(people, written)

    def announce(self) -> None:
        """Tell the servers of the house that people were carried over in bulk; each catches up, see `kept_findable`."""
        self._views.rows(sql.ANNOUNCE)


def _words_of(people: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    return (row for one in people for row in words(*one))


_SINGLE = {
    KeyKind.NUMBER: sql.BY_NUMBER,
    KeyKind.CARD_NUMBER: sql.BY_CARD_NUMBER,
    KeyKind.CARD_SERIAL: sql.BY_CARD_SERIAL,
}
