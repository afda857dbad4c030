"""What a card can do now, by function, as the desk would answer who used it: for a clerk and for its holder."""

import msgspec

from shebaoka.desk import CardScreen, PersonScreen
from shebaoka.pages.frame import Page
from shebaoka.records import Function, Life


class FunctionShown(msgspec.Struct, frozen=True):
    """What a card can do: whether it may be used for it now, or which clause says that it may not, and why."""

    name: str
    usable: bool
    note: str
    clause: str
    sentence: str


class CardShown(msgspec.Struct, frozen=True):
    """A card with its functions, for a page."""

    screen: CardScreen
    live: bool
    functions: list[FunctionShown]


def cards_shown(page: Page, screen: PersonScreen) -> list[CardShown]:
    """Somebody's cards with their functions: those that live first, the newest of each before the others."""
    cards = [CardShown(c, c.card.life is not Life.ENDED, functions_of(page, screen, c)) for c in screen.cards]
    return sorted(cards, key=lambda c: (not c.live, -c.screen.card.n))


def functions_of(page: Page, screen: PersonScreen, shown: CardScreen) -> list[FunctionShown]:
    """The functions of a card that has not ended, each as the desk would answer who used it now."""
    card, said = shown.card, page.said
    if card.life is Life.ENDED:
        return []
    asked = {o.service: o for o in screen.offers if o.card is card.kind}
    functions = []
    for function in getattr(page.notice.p.functions, card.kind, (Function.SOCIAL,)):
        offer = asked["use_card" if function is Function.SOCIAL else f"use_card.{function}"]
        sentence = "" if offer.possible else said.offer(offer, screen).sentence
        name, note = said.words.functions[function], ""
        if function is Function.FINANCIAL:
            note = said.state(f"financial_{card.financial}")
        elif function is Function.EXTENDED:
            note = "" if card.applications else page.labels["nothing"]
        names = [name]
        if function is Function.EXTENDED and card.applications:
            names = [said.named(name, said.words.applications.get(a, a)) for a in card.applications]
        functions += [FunctionShown(n, offer.possible, note, offer.clause, sentence) for n in names]
    return functions
