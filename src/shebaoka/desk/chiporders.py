"""What is written into the chip of a card that somebody holds, as the maker would be told of it: a card made at
once has no batch, and its chip is written at the window (3.2, 9.1). The command line asks, after a look at the
person.
"""

from shebaoka.notice.schema import CardData
from shebaoka.records import CardKind, CardOrder, Dossier, Life, NotFound


def order_for_chip(dossier: Dossier, kind: CardKind, data: CardData) -> CardOrder:
    """The order of the card of that kind, of those that have not ended. `NotFound` where there is none.

    It has no photo: the chip's own is written by the maker alone.
    """
    person = dossier.person
    card = next((c for c in reversed(dossier.cards) if c.kind is kind and c.life is not Life.ENDED), None)
    if person is None or card is None:
        raise NotFound(f"There is no {kind.replace('_', ' ')} card that could be written.")
    groups = [a.ethnic_group for a in dossier.applications if a.ethnic_group]
    return CardOrder(
        line=1,
        card_serial=card.serial,
        card_category=data.category,
        spec_version=data.spec_version,
        issuer=data.issuer,
        issued_on=card.issued_on,
        valid_until=card.valid_until,
        card_number=card.number,
        number=person.number,
        name=person.name,
        sex=person.sex,
        ethnic_group=groups[-1] if groups else "",
        birth_place=person.number[:6],
        birth_on=person.birth_on,
        photo=b"",
        collect_at="",
    )
