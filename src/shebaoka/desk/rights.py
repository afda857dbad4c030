"""Which role has which rights, and through which channel it asks: one table, which rooms, faces and tests all read.

The three administrators are apart, as level 3 of the classified protection scheme asks (等保三级, 三员分立): who keeps
staff sees no people and no configuration, who keeps the configuration sees no staff and no people, and who audits
reads and changes nothing. Laws over the table are in `tests/test_rights.py`.
"""

from enum import StrEnum

import msgspec

from shebaoka.records import AnyRequest, ApproveCorrection, Channel, NotAllowed, ProposeCorrection


class Right(StrEnum):
    """What somebody may do. What a channel may ask for is the notice's to say; `SERVE` is that one may ask at all."""

    SERVE = "serve"
    SERVE_AT_WINDOW = "serve_at_window"
    CORRECT = "correct"
    APPROVE = "approve"
    APPROVE_DRAFTS = "approve_drafts"
    SEE_PEOPLE = "see_people"
    OPEN_DOSSIERS = "open_dossiers"
    SEE_ACCOUNTS = "see_accounts"
    SEE_UNMASKED = "see_unmasked"
    RECONCILE = "reconcile"
    PAY = "pay"
    TAKE_FEES = "take_fees"
    CLOSE_TILL = "close_till"
    SEE_TILLS = "see_tills"
    MOVE_A_CITY = "move_a_city"
    PROVE_A_RUN = "prove_a_run"
    CREDIT = "credit"
    KEEP_STAFF = "keep_staff"
    SEE_STAFF = "see_staff"
    KEEP_INSTITUTIONS = "keep_institutions"
    KEEP_WINDOWS = "keep_windows"
    KEEP_PARTNERS = "keep_partners"
    SEE_CONFIGURATION = "see_configuration"
    OVERSEE = "oversee"
    KEEP_PAPERS = "keep_papers"
    SEE_PAPERS = "see_papers"
    SEE_PHOTOS = "see_photos"
    KEEP_STOCK = "keep_stock"
    USE_STOCK = "use_stock"
    SEE_STOCK = "see_stock"
    SEND_CARDS = "send_cards"
    RECEIVE_CARDS = "receive_cards"
    SEE_BATCHES = "see_batches"
    KEEP_BATCHES = "keep_batches"
    APPROVE_BATCHES = "approve_batches"
    SEE_OUTBOX = "see_outbox"
    KEEP_OUTBOX = "keep_outbox"
    SERVE_CALLERS = "serve_callers"
    SEE_CALLS = "see_calls"
    KEEP_ARTICLES = "keep_articles"
    APPROVE_ARTICLES = "approve_articles"


READS = frozenset(
    {
        *(Right.SEE_PEOPLE, Right.SEE_ACCOUNTS, Right.SEE_UNMASKED, Right.PROVE_A_RUN, Right.SEE_STAFF),
        Right.OPEN_DOSSIERS,
        *(Right.SEE_PAPERS, Right.SEE_PHOTOS, Right.SEE_TILLS, Right.SEE_STOCK, Right.SEE_OUTBOX),
        *(Right.SEE_CONFIGURATION, Right.OVERSEE, Right.SEE_BATCHES, Right.SEE_CALLS),
    }
)
"""Rights that change nothing; every other one does."""
ABOUT_PEOPLE = frozenset(
    {
        *(Right.SERVE, Right.CORRECT, Right.APPROVE, Right.SEE_PEOPLE, Right.SEE_ACCOUNTS, Right.SEE_UNMASKED),
        *(Right.MOVE_A_CITY, Right.PROVE_A_RUN, Right.CREDIT, Right.KEEP_PAPERS, Right.SEE_PAPERS, Right.SEE_PHOTOS),
        *(Right.TAKE_FEES, Right.CLOSE_TILL, Right.SEE_TILLS, Right.OVERSEE, Right.SERVE_AT_WINDOW),
        *(Right.SEND_CARDS, Right.RECEIVE_CARDS, Right.SEE_STOCK),
        *(Right.APPROVE_DRAFTS, Right.SEE_BATCHES, Right.KEEP_BATCHES, Right.APPROVE_BATCHES),
        *(Right.SEE_OUTBOX, Right.KEEP_OUTBOX, Right.SERVE_CALLERS, Right.SEE_CALLS, Right.OPEN_DOSSIERS),
    }
)
"""Rights to see people or what is theirs, or to change it."""


class Role(StrEnum):
    """What an account is for."""

    CLERK = "clerk"
    OPERATOR = "operator"
    PRODUCTION = "production"
    MIGRATION = "migration"
    BANK = "bank"
    CALENDAR = "calendar"
    TERMINAL = "terminal"
    AUDITOR = "auditor"
    SUPERVISOR = "supervisor"
    CASHIER = "cashier"
    SECURITY_ADMINISTRATOR = "security_administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator"


class Post(msgspec.Struct, frozen=True):
    """A row of the table: the channel that the role asks through, where it asks, and its rights.

    `token` and `person` say how its accounts sign in: a program's by a token, a person's by password and second factor.
    """

    rights: frozenset[Right]
    channel: Channel | None = None
    token: bool = True
    person: bool = True


def _post(*rights: Right, channel: Channel | None = None, token: bool = True, person: bool = True) -> Post:
    return Post(frozenset(rights), channel, token, person)


_SEES = (Right.SEE_PEOPLE, Right.SEE_ACCOUNTS, Right.OPEN_DOSSIERS)
_PAPERS = (Right.SERVE_AT_WINDOW, Right.KEEP_PAPERS, Right.SEE_PAPERS, Right.SEE_PHOTOS)
_BATCHES = (Right.SEE_BATCHES, Right.KEEP_BATCHES, Right.APPROVE_BATCHES)
POSTS: dict[Role, Post] = {
    Role.CLERK: _post(
        *(Right.SERVE, Right.CORRECT, Right.APPROVE, *_SEES, Right.SEE_UNMASKED, Right.RECONCILE, Right.PAY),
        *_PAPERS,
        *(Right.TAKE_FEES, Right.USE_STOCK, Right.RECEIVE_CARDS, Right.SEE_OUTBOX),
        channel=Channel.WINDOW,
    ),
    Role.OPERATOR: _post(Right.SERVE, Right.SEE_PEOPLE, Right.SERVE_CALLERS, channel=Channel.PHONE),
    Role.PRODUCTION: _post(
        *(Right.SERVE, Right.SEE_PHOTOS, Right.KEEP_STOCK, Right.SEE_STOCK, Right.SEND_CARDS, *_BATCHES),
        *(Right.SEE_OUTBOX, Right.KEEP_OUTBOX),
        channel=Channel.PRODUCTION,
    ),
    Role.MIGRATION: _post(*(Right.SERVE, Right.MOVE_A_CITY, Right.PROVE_A_RUN, Right.CREDIT), channel=Channel.IMPORTER),
    Role.BANK: _post(Right.SERVE, Right.PAY, channel=Channel.BANK),
    Role.CALENDAR: _post(Right.SERVE, channel=Channel.CALENDAR, person=False),
    Role.TERMINAL: _post(Right.SERVE, channel=Channel.TERMINAL, person=False),
    Role.AUDITOR: _post(
        *(*_SEES, Right.PROVE_A_RUN, Right.SEE_STAFF, Right.SEE_TILLS, Right.SEE_CONFIGURATION, Right.OVERSEE),
        *(Right.SEE_STOCK, Right.SEE_BATCHES, Right.SEE_OUTBOX, Right.SEE_CALLS),
    ),
    Role.SUPERVISOR: _post(
        *(Right.SERVE, Right.APPROVE, *_SEES, Right.SEE_UNMASKED, Right.RECONCILE, *_PAPERS),
        *(Right.TAKE_FEES, Right.CLOSE_TILL, Right.SEE_TILLS, Right.OVERSEE, Right.APPROVE_DRAFTS),
        *(Right.USE_STOCK, Right.RECEIVE_CARDS, Right.SEE_STOCK, Right.SEE_BATCHES, Right.APPROVE_BATCHES),
        *(Right.SEE_OUTBOX, Right.KEEP_OUTBOX, Right.SEE_CALLS, Right.APPROVE_ARTICLES),
        channel=Channel.WINDOW,
        token=False,
    ),
    Role.CASHIER: _post(Right.PAY, Right.TAKE_FEES, Right.CLOSE_TILL, Right.SEE_TILLS, token=False),
    Role.SECURITY_ADMINISTRATOR: _post(Right.KEEP_STAFF, Right.SEE_STAFF, token=False),
    Role.SYSTEM_ADMINISTRATOR: _post(
        *(Right.KEEP_INSTITUTIONS, Right.KEEP_WINDOWS, Right.KEEP_PARTNERS, Right.SEE_CONFIGURATION),
        *(Right.KEEP_ARTICLES, Right.APPROVE_ARTICLES),
        token=False,
    ),
}
CHANNEL_OF = {role: post.channel for role, post in POSTS.items() if post.channel is not None}
TOKEN_ROLES = tuple(role for role, post in POSTS.items() if post.token)
"""Roles whose accounts may have a token; the others are people's alone."""
_MAY = {
    Right.SERVE: "ask for services",
    Right.CORRECT: "propose a correction",
    Right.APPROVE: "approve a correction",
    Right.APPROVE_DRAFTS: "approve a service at the window",
    Right.SEE_PEOPLE: "look people up or read the journal",
    Right.OPEN_DOSSIERS: "open dossiers or the journal",
    Right.SEE_ACCOUNTS: "read a whole account",
    Right.SEE_UNMASKED: "have number and name in full",
    Right.RECONCILE: "reconcile business cycles",
    Right.PAY: "make the bank's file",
    Right.TAKE_FEES: "take fees or pay them back",
    Right.CLOSE_TILL: "void or refund a receipt, change a till's float or close it",
    Right.SEE_TILLS: "see every window's till",
    Right.MOVE_A_CITY: "move a city over",
    Right.PROVE_A_RUN: "prove a run",
    Right.CREDIT: "credit contributions",
    Right.KEEP_STAFF: "add, reset or end accounts of staff",
    Right.SEE_STAFF: "see the accounts of staff",
    Right.KEEP_INSTITUTIONS: "add or end institutions and terminals",
    Right.KEEP_WINDOWS: "add, change or end windows",
    Right.KEEP_PARTNERS: "add or end makers, banks and their keys",
    Right.SEE_CONFIGURATION: "see institutions, terminals, partners and what was done to them",
    Right.OVERSEE: "see the day by window and clerk",
    Right.SERVE_AT_WINDOW: "begin and confirm services at a window",
    Right.KEEP_PAPERS: "take papers in or set them aside",
    Right.SEE_PAPERS: "open papers",
    Right.SEE_PHOTOS: "see people's photos",
    Right.KEEP_STOCK: "receive blank cards, move them, and keep the places where they are",
    Right.USE_STOCK: "spoil or count blank cards at the own window",
    Right.SEE_STOCK: "see every place's blank cards and consignments",
    Right.SEND_CARDS: "pack cards, send them, and say how a letter ended",
    Right.RECEIVE_CARDS: "take cards in at the own window, or send back what nobody collected",
    Right.SEE_BATCHES: "see batches of cards",
    Right.KEEP_BATCHES: "put batches of cards together or record what became of them",
    Right.APPROVE_BATCHES: "approve a batch of cards",
    Right.SEE_OUTBOX: "see what holders are told",
    Right.KEEP_OUTBOX: "send notifications again",
    Right.SERVE_CALLERS: "answer callers, bookings or feedback",
    Right.SEE_CALLS: "see calls, bookings and feedback",
    Right.KEEP_ARTICLES: "write what the public page says beside the notice",
    Right.APPROVE_ARTICLES: "approve what the public page says beside the notice",
}
_RIGHT_FOR = {ProposeCorrection: Right.CORRECT, ApproveCorrection: Right.APPROVE}


def has(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in POSTS[role].rights


def roles_with(right: Right) -> tuple[Role, ...]:
    """Every role that has a right."""
    return tuple(role for role in POSTS if has(role, right))


def must_have(role: Role, right: Right) -> None:
    """`NotAllowed` unless the role has the right; the sentence names the roles that have it."""
    if not has(role, right):
        takes = " or ".join(sorted(roles_with(right)))
        raise NotAllowed(f"The role {role} may not {_MAY[right]}; it takes the role {takes}.")


def right_for(request: AnyRequest) -> Right:
    """The right that it takes to ask for this at all."""
    return _RIGHT_FOR.get(type(request), Right.SERVE)
