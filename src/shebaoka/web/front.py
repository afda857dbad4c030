"""What a web face is handed: where to ask, what to show it with, who is signed in. `serving` puts it together."""

import asyncio
import collections
import ipaddress
import uuid
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection

from shebaoka.desk import (
    CHANNEL_OF,
    Accounts,
    Articles,
    Batches,
    Bookings,
    Calls,
    Clock,
    Counter,
    Days,
    Deliveries,
    Dossiers,
    Drafts,
    ECards,
    Enquiries,
    Entering,
    Evening,
    FeedbackRoom,
    Finding,
    Guide,
    Handing,
    HeldCredentials,
    Holders,
    Institutions,
    JournalRoom,
    Keypad,
    Letters,
    Limits,
    Lists,
    MakerFiles,
    Messages,
    Opened,
    Outbox,
    Outcome,
    OwnCards,
    Papers,
    Partners,
    Passkeys,
    PersonScreen,
    PlacesRoom,
    Runs,
    Screens,
    Sessions,
    ShownWindows,
    SignInRoom,
    SiteRoom,
    Staff,
    StaffRoom,
    Stock,
    Telephones,
    Till,
    Wallets,
    WhereaboutsRoom,
    Windows,
)
from shebaoka.notice import Notices, Speech, Words
from shebaoka.records import Ask, Channel, LookUpPerson, NotAllowed, Receipt, Sender, Trouble

Connection = ASGIConnection[Any, Any, Any, Any]


class Front(msgspec.Struct, frozen=True):
    """Everything that API and office work with. `person` reads a screen on a connection that is lent to it, `people`
    several in one trip.

    `turned_away` counts by code the terminals' messages that a trouble kept from being decided since the start.
    `fonts` is the folder of fonts that papers are set in, where the settings name one.
    `carried` is whether the settings name who carries notifications to telephones.
    `card_reader` is where the window's pages find the reader of the machine that they are shown on; empty for none.
    `proxy` is the address of the proxy in front of the server; see `address_of`.
    `open_to_all` serves the office's pages without sign-in; only the demonstration sets it, on invented people.
    """

    counter: Counter
    screens: Screens
    staff: StaffRoom
    sign_in: SignInRoom
    passkeys: Passkeys
    sessions: Sessions
    holders: Holders
    articles: Articles
    guide: Guide
    site: SiteRoom
    entering: Entering
    runs: Runs
    notices: Notices
    words: dict[str, Words]
    speech: Callable[[str, str], Speech]
    person: Callable[[str], PersonScreen]
    people: Callable[[Collection[str]], dict[str, PersonScreen]]
    institutions: Institutions
    partners: Partners
    windows: Windows
    lists: Lists
    handing: Handing
    days: Days
    journal: JournalRoom
    messages: Messages
    ecards: ECards
    wallets: Wallets
    held_credentials: HeldCredentials
    accounts: Accounts
    dossiers: Dossiers
    own_cards: OwnCards
    whereabouts: WhereaboutsRoom
    telephones: Telephones
    outbox: Outbox
    drafts: Drafts
    keypad: Keypad
    evening: Evening
    papers: Papers
    finding: Finding
    till: Till
    stock: Stock
    batches: Batches
    deliveries: Deliveries
    letters: Letters
    maker_files: MakerFiles
    limits: Limits
    places: PlacesRoom
    shown_windows: ShownWindows
    enquiries: Enquiries
    bookings: Bookings
    feedback: FeedbackRoom
    calls: Calls
    clock: Clock
    turned_away: collections.Counter[str]
    fonts: Path | None = None
    open_to_all: bool = False
    carried: bool = False
    card_reader: str = ""
    proxy: str = ""


def address_of(connection: Connection) -> str:
    """The address that a browser comes from: the network's word, or that of the proxy which the settings name."""
    network = connection.client.host if connection.client else ""
    # Some proxies write a line of their own below that of whoever asks.
    forwarded = ",".join(connection.headers.getall("X-Forwarded-For", []))
    return address_behind(connection.app.state.front, network, forwarded)


def address_behind(front: Front, network: str, forwarded: str) -> str:
    """The same, of the network's address and what an `X-Forwarded-For` says."""
    if front.proxy and network == front.proxy:
        # A proxy adds the address that it sees at the end; what stands before it anybody may have written.
        return one_of_address(forwarded.rpartition(",")[2].strip() or network)
    return one_of_address(network)


def one_of_address(address: str) -> str:
    """Whoever has an address, as tries are counted: of IPv6 the first 64 bits, for the rest is the browser's own to
    choose; an IPv4 address within IPv6 is that address.
    """
    if ":" not in address:
        return address
    try:
        read = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(read.ipv4_mapped or ipaddress.IPv6Network((read, 64), strict=False))


async def asked(front: Front, asks: Sequence[Ask], *, dry_run: bool = False) -> list[Outcome]:
    """Wait at the counter and return with every ask's outcome, without keeping others from being served."""
    return await asyncio.wrap_future(front.counter.submit(asks, dry_run=dry_run))


async def must_sign_in(connection: Connection, _: object) -> None:
    """A guard: who holds the token of the `Authorization: Bearer …` header, before anything else is read.

    `NotSignedIn` if nobody does, `TooManyTries` after too many from one address.
    """
    front: Front = connection.app.state.front
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    address = address_of(connection)
    front.limits.take("token", address)
    found = await to_thread.run_sync(front.staff.sign_in, token.strip() if scheme.lower() == "bearer" else "")
    front.limits.give_back("token", address)  # only tokens that are nobody's are counted
    connection.state.staff = found


def signed_in(request: Request[Any, Any, Any]) -> Staff:
    """Whom the guard found; a dependency of handlers behind it."""
    staff: Staff = request.state.staff
    return staff


async def looked_up(front: Front, staff: Staff, number: str, reason: str) -> tuple[PersonScreen, Receipt]:
    """A person's screen, after the look-up has gone through the desk and into the journal.

    `NotAllowed` with the notice's ground if the desk refuses, `NotFound` if nobody is registered with the number.
    """
    receipt = await journalled(front, staff, number, reason)
    return await to_thread.run_sync(front.person, number), receipt


async def journalled(front: Front, staff: Staff, number: str, reason: str) -> Receipt:
    """The look-up alone, through the desk and into the journal. `NotAllowed` as for `looked_up`."""
    staff.must_see_people()
    channel = CHANNEL_OF.get(staff.role, Channel.WINDOW)
    sender = Sender(by=staff.name, channel=channel, place=staff.place or staff.role)
    look = LookUpPerson(id=f"look-{uuid.uuid4()}", person=number, reason=reason)
    (outcome,) = await asked(front, [Ask(look, sender)])
    if isinstance(outcome, Trouble):
        raise outcome
    if outcome.answer.outcome == "refused" and outcome.answer.ground != "person_is_not_registered":
        raise NotAllowed(f"The notice does not answer this enquiry here (clause {outcome.answer.clause}).")
    return outcome


async def opened(front: Front, staff: Staff, paper: str, reason: str) -> Opened:
    """A paper's content, after the look-up that names it and the reason has gone into the journal."""

    def ask(one: Ask) -> Outcome:
        (outcome,) = front.counter.submit([one]).result()
        return outcome

    return await to_thread.run_sync(front.papers.open, staff, paper, reason, ask)
