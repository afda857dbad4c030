"""A case: one request held against one dossier under one notice, with what every rule asks of it worked out once."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from shebaoka.notice import Materials, Notice
from shebaoka.records import (
    POST,
    REQUESTS,
    SERVICE_OF,
    AnyRequest,
    Application,
    ApplyForTemporaryCard,
    Broken,
    CancelCard,
    Card,
    CardKind,
    Decision,
    Dossier,
    Financial,
    Function,
    Given,
    Loss,
    Person,
    PresentedCard,
    Purpose,
    Refusal,
    Refused,
    ReplaceCard,
    ReportLoss,
    Request,
    StopOldCard,
    Terms,
    UseCard,
)
from shebaoka.rules.state import as_of, card_of, open_application, presented

KIND_OF: Mapping[type[Request], CardKind] = MappingProxyType(
    {ApplyForTemporaryCard: CardKind.TEMPORARY, StopOldCard: CardKind.OLD_MEDICAL}
)


_NAMES_A_CARD = frozenset(request for request in REQUESTS if "card" in request.__struct_fields__)
_VARIED = (ReplaceCard, CancelCard, ReportLoss, UseCard)


def service_key(request: AnyRequest) -> str:
    """The row of the service table that a request falls under: its service, with its variant where that matters."""
    service = SERVICE_OF[type(request)]
    if type(request) not in _VARIED:
        return service
    if isinstance(request, ReplaceCard):
        return f"{service}.{request.why}"
    if isinstance(request, CancelCard):
        return f"{service}.{request.why}"
    if isinstance(request, ReportLoss):
        return f"{service}.{request.kind}"
    if isinstance(request, UseCard):
        if request.function is not Function.SOCIAL:
            return f"{service}.{request.function}"
        return f"{service}.discharge" if request.purpose is Purpose.DISCHARGE else service
    return service


class Case:
    """One request as the rules see it. `dossier` is as of the day; `recorded` is what the store has."""

    __slots__ = ("application", "card", "dossier", "given", "key", "kind", "notice", "recorded", "request")

    def __init__(self, request: AnyRequest, dossier: Dossier, notice: Notice, given: Given) -> None:
        self.request = request
        self.notice = notice
        self.given = given
        self.recorded = dossier
        self.dossier = as_of(dossier, notice, given.on) if dossier.cards else dossier
        self.key = service_key(request)
        named: CardKind | PresentedCard = CardKind.SOCIAL_SECURITY
        if type(request) in _NAMES_A_CARD:
            named = request.card  # type: ignore[union-attr]
        if isinstance(named, PresentedCard):
            self.card = presented(self.dossier, named)
            self.kind = self.card.kind if self.card is not None else CardKind.SOCIAL_SECURITY
        else:
            self.kind = KIND_OF.get(type(request), named)
            self.card = card_of(self.dossier, self.kind)
        self.application = open_application(self.dossier)

    @property
    def held(self) -> Card:
        """The card that the service table promised; `Broken` if the promise was empty."""
        if self.card is None:
            raise Broken(f"{self.key}: the service table let through a request without a card.")
        return self.card

    @property
    def applied(self) -> Application:
        """The open application that the service table promised."""
        if self.application is None:
            raise Broken(f"{self.key}: the service table let through a request without an application.")
        return self.application

    @property
    def terms(self) -> Terms:
        """The terms of the institution that asks; `channel_refusal` promised that there are some."""
        if self.given.terms is None:
            raise Broken(f"{self.key}: a request of an institution was let through without its terms.")
        return self.given.terms

    @property
    def person(self) -> Person:
        """The person that the service table promised."""
        if self.dossier.person is None:
            raise Broken(f"{self.key}: the service table let through a request without a person.")
        return self.dossier.person

    def refused(self, ground: Refusal, *readings: str, **facts: str | int) -> Refused:
        """A no with the facts of the case; `readings` are parameters that it used."""
        return Refused(ground=ground, readings=readings, facts=facts)

    def fee_refusal(self, due_fen: int, unpaid: Refusal, not_due: Refusal, *readings: str) -> Refused | None:
        """A no unless exactly the fee that is due is paid."""
        paid_fen = self.request.paid_fen
        if paid_fen == due_fen:
            return None
        ground = unpaid if due_fen else not_due
        return self.refused(ground, *readings, fee_fen=due_fen, paid_fen=paid_fen)

    def post_refusal(self, collect_at: str | None) -> Refused | None:
        """A no if a card shall be sent by post where the city sends none."""
        if collect_at != POST or self.notice.p.card_by_post:
            return None
        return self.refused(Refusal.CARD_IS_NOT_SENT_BY_POST, "card_by_post")

    def materials(self) -> Materials | None:
        """What the notice asks to be brought for this service, by its variant first."""
        asked = self.notice.materials
        return asked.get(self.key) or asked.get(SERVICE_OF[type(self.request)])


def bank_side(case: Case, functions: tuple[Function, ...]) -> Financial:
    """The bank's side of a new card: active from issue where the card carries it and the notice says so (3.3, 5.3)."""
    carried = Function.FINANCIAL in functions and case.notice.p.financial_active_from_issue
    return Financial.ACTIVE if carried else Financial.ABSENT


Rules = dict[type[Request], Callable[..., Decision]]
"""What a matter answers for: its requests, and the rule for each."""


def found_again(card: Card) -> Card:
    """The card without its loss report; its lock stays."""
    return replace(card, loss=Loss.NONE, loss_until=None)
