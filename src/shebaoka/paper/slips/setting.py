"""What every paper of the window is set with: language, city, clock, QR code, and the words for clauses and people."""

import datetime as dt
from pathlib import Path
from typing import Any

from shebaoka.notice import Speech
from shebaoka.paper.amounts import grouped
from shebaoka.paper.clock import Clock
from shebaoka.paper.press import SCRIPTS, printed
from shebaoka.paper.slips.pictures import qr_of
from shebaoka.paper.slips.words import slip_words
from shebaoka.records import CardKind
from shebaoka.slipcode import grouped_slip_code, read_slip_code, slip_address

Row = tuple[str, str]
"""A label and what it says."""


class Setting:
    """One paper in one language. `base` is the public page's address; without one there is no QR code."""

    def __init__(self, speech: Speech, base: str, fonts: Path | None) -> None:
        self.speech = speech
        self.words = slip_words(speech.words.language)
        self.say = self.words.texts
        self._clock = Clock(speech)
        self._base = base
        self._fonts = fonts

    @property
    def city(self) -> str:
        """What the city is called."""
        return self.speech.notice.wording[self.speech.words.language].city

    def print(self, template: str, heading: str, data: dict[str, Any], at: dt.datetime, title: str = "") -> bytes:
        """The paper as PDF; `at` is the instant that it speaks of."""
        lang, region = SCRIPTS[self.speech.words.language]
        head = {
            "lang": lang,
            "region": region,
            "city": self.city,
            "heading": heading,
            "title": title or self.say["title"].format(city=self.city, heading=heading),
            "labels": self.say,
        }
        return printed(f"slips/{template}", {**head, **data}, self.speech.words.language, at, self._fonts)

    def minute(self, at: dt.datetime) -> str:
        """An instant by the city's clock."""
        return self._clock.minute(at)

    def hour(self, at: dt.datetime) -> str:
        """The time of day by the city's clock, to the second."""
        return self._clock.time(at)

    def service(self, code: str) -> str:
        """What a service is called."""
        return self.speech.words.services.get(code, code)

    def card(self, kind: CardKind) -> str:
        """What a card is called."""
        return begun(self.speech.words.cards[kind])

    def rests_on(self, clause: str) -> str:
        """The clause that a decision rests on, by number and title."""
        wording = self.speech.notice.wording[self.speech.words.language]
        titled = wording.clauses[clause].title if clause in wording.clauses else "—"
        return self.say["rests_on"].format(notice=wording.title, clause=clause, title=titled)

    def fee(self, fen: int) -> str:
        """A fee in yuan, or that there is none."""
        return self.say["amount_yuan"].format(yuan=grouped(fen)) if fen else self.say["free"]

    def qr(self, code: str) -> dict[str, str] | None:
        """The slip code as QR code, and in letters below it; None for a paper without one. `BadInput` if it is none."""
        if not code:
            return None
        code = read_slip_code(code)
        address = slip_address(self._base, code) if self._base else ""
        return {
            "svg": qr_of(address) if address else "",
            "alt": self.say["qr_of"].format(address=address),
            "code": grouped_slip_code(code),
        }


def begun(text: str) -> str:
    """A text as it begins a line."""
    return text[:1].upper() + text[1:]


def filled(*rows: Row) -> list[Row]:
    """The rows that say something."""
    return [row for row in rows if row[1]]
