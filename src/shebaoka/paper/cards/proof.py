"""Proofs of cards: both faces of one as SVG, and sheets of many as PDF, from the very orders that the maker is told.

What is checked on them is what was ordered: photo, name, numbers, day. The pattern is our own and says that it is a
proof; official artwork is the ministry's, and no part of it is here. The bank's card number is the bank's to print,
and has its place. Who may see a batch's cards asks; number and name stand in full.
"""

import datetime as dt
import functools
from collections.abc import Iterable
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from shebaoka.notice import Speech
from shebaoka.paper.press import SCRIPTS, printed, printed_pages
from shebaoka.paper.slips.pictures import photo_of
from shebaoka.records import BadInput, CardOrder

PROOFS_MAX = 200
"""Cards on the sheets of one file: 50 pages. Nobody checks more by eye in one go."""
_ON_CARDS = "zh-Hans"
_UNFIT = "相片不能印"
_FACE = {"name": "姓名", "number": "社会保障号码", "card_number": "卡号", "issued_on": "发卡日期", "photo": "相片"}


def card_faces(order: CardOrder, speech: Speech, *, fonts: Path | None = None) -> tuple[bytes, bytes]:
    """Front and back of a card as SVG. Letters are drawn in it, so that it looks alike wherever it is shown."""
    data = _data([order], speech) | {"sheet": False}
    front, back = printed_pages("cards/faces.typ", data, _ON_CARDS, _day(order), fonts)
    return front, back


def card_proofs_pdf(orders: Iterable[CardOrder], speech: Speech, *, fonts: Path | None = None) -> bytes:
    """Both faces of each card in their own size, four a sheet of A4, as PDF in the language of `speech`.

    A photo that cannot be printed is told in its place: that is what proofs are for. `BadInput` for no card, and for
    more than 200.
    """
    cards = list(islice(orders, PROOFS_MAX + 1))
    if not cards:
        raise BadInput("Proofs: there is no card to print.")
    if len(cards) > PROOFS_MAX:
        raise BadInput(f"Proofs: at most {PROOFS_MAX} cards in one file; choose some of them.")
    return printed("cards/faces.typ", _data(cards, speech) | {"sheet": True}, _ON_CARDS, _day(cards[0]), fonts)


def _data(orders: list[CardOrder], speech: Speech) -> dict[str, Any]:
    """Everything that the template says."""
    words = _words()[speech.words.language]
    lang, region = SCRIPTS[speech.words.language]
    wording = speech.notice.wording
    return {
        "lang": lang,
        "region": region,
        "labels": words,
        "title": f"{wording[speech.words.language].city}{'' if lang == 'zh' else ' · '}{words['heading']}",
        "city": wording[_ON_CARDS].city,
        "on_card": _FACE,
        "hotline": speech.notice.p.hotline,
        "cards": [_card(order, words) for order in orders],
    }


def _card(order: CardOrder, words: dict[str, str]) -> dict[str, Any]:
    photo, instead = [], _FACE["photo"]
    try:
        photo = photo_of(order.photo) if order.photo else []
    except BadInput:
        instead = _UNFIT
    day = order.issued_on
    return {
        "caption": words["card"].format(line=order.line),
        "name": order.name,
        "number": order.number,
        "card_number": order.card_number,
        "issued_on": f"{day.year}年{day.month}月{day.day}日",
        "photo": photo,
        "instead": instead,
    }


def _day(order: CardOrder) -> dt.datetime:
    """The same order gives the same bytes: it is dated by its own day."""
    return dt.datetime.combine(order.issued_on, dt.time(), dt.UTC)


@functools.cache
def _words() -> dict[str, dict[str, str]]:
    text = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = yaml.safe_load(text)
    return words
