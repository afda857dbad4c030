"""The words that a person is found by, as rows: written with whoever is registered, or by the pass that catches up.

They follow from a person's name and old medical cards. `desk/finding.py` reads them.
"""

from collections.abc import Iterable

from shebaoka import names
from shebaoka.records import CardKind, Dossier

Row = tuple[int, str, str]


def new_words(person_id: int, before: Dossier, after: Dossier) -> list[Row]:
    """All words of somebody who is new, has another name than before, or another old medical card; else none."""
    person, was = after.person, before.person
    if person is None:
        return []
    if was is not None and person.name == was.name and len(after.cards) == len(before.cards):
        return []
    old = [c.number for c in after.cards if c.kind is CardKind.OLD_MEDICAL]
    if (
        was is not None
        and person.name == was.name
        and len(old) == sum(c.kind is CardKind.OLD_MEDICAL for c in before.cards)
    ):
        return []
    return words(person_id, person.number, person.name, old)


def words(person_id: int, number: str, name: str, old_cards: Iterable[str]) -> list[Row]:
    """All words that somebody is found by."""
    return [(person_id, word, number) for word in (*map(old_card_word, old_cards), *names.words_of(name))]


def old_card_word(number: str) -> str:
    """An old medical card's number as a word. The blank keeps it apart from names, which have none."""
    return f" {''.join(number.split()).upper()}"
