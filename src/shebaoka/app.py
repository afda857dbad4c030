"""Settings become a house: database, vault, notice, desk. Besides the command line, only this room knows all others."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shebaoka.desk import (
    Accounts,
    Articles,
    Askable,
    Auditor,
    Batches,
    Bookings,
    Calls,
    Carrier,
    Clock,
    Days,
    Deliveries,
    Desk,
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
    Outbox,
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
    SignOffs,
    SiteRoom,
    Spent,
    StaffRoom,
    Stock,
    Telephones,
    Till,
    Wallets,
    WhereaboutsRoom,
    Windows,
    now,
    site_from,
    spends_of_maker,
)
from shebaoka.maker import Format, formats_of
from shebaoka.notice import LANGUAGES, Notices, Place, Speech, Words, read_notices, read_places, read_words
from shebaoka.records import BadInput, BadNotice, Digits, NewPin, NotFound
from shebaoka.store import (
    Store,
    Stores,
    Views,
    as_role,
    copied_database,
    dropped_database,
    embedded_server,
    ensure_database,
    migrate,
    rehearsal_of,
)
from shebaoka.vault import HsmVault, SoftwareVault, Vault

APP_ROLE = "shebaoka_app"
_CARD_READER = re.compile(r"http://(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4}")


class Settings(msgspec.Struct, frozen=True):
    """Where everything is. Read from the environment by `settings_from`; see docs/settings.md.

    `home` holds the embedded database, and the key file unless `keys` names another folder. `database_url` names a
    server of the city's own, as the application's role; `owner_url` the same as the owner of the schema, for
    migrations alone. `origin` is the address at which browsers see the pages. `makers` is the folder of the formats of
    makers and banks. `carrier` takes notifications to telephones: `console`, or a gateway's address; `carrier_key` is
    the id of the key that calls to it are signed with. `card_reader` is where the window's pages find the reader of the
    machine that they are shown on. `proxy` is the address of the proxy in front of the server, whose word on browsers'
    addresses is taken.
    """

    home: Path
    notice: Path
    words: Path
    keys: Path | None = None
    database: str = "shebaoka"
    database_url: str = ""
    owner_url: str = ""
    hsm_module: str = ""
    hsm_token: str = "shebaoka"  # noqa: S105 - a label, not a secret
    hsm_pin_file: str = ""
    fonts: Path | None = None
    origin: str = ""
    makers: Path | None = None
    carrier: str = ""
    carrier_key: str = ""
    card_reader: str = ""
    proxy: str = ""


def data_folder() -> Path:
    """Where the notices are: in a checkout beside the sources, in an installed package inside it."""
    package = Path(__file__).resolve().parent
    installed = package / "_notices"
    return installed if installed.is_dir() else package.parents[1] / "notices"


def makers_folder() -> Path:
    """Where the formats of makers and banks are that come with the program, beside the notices."""
    notices = data_folder()
    return notices.with_name("_makers" if notices.name == "_notices" else "makers")


def settings_from(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `SHEBAOKA_…` variables, each with a default that works on one machine."""
    data = data_folder()
    return Settings(
        home=Path(environ.get("SHEBAOKA_HOME", ".shebaoka")).absolute(),
        notice=Path(environ.get("SHEBAOKA_NOTICE", data / "jinzhong")),
        words=Path(environ.get("SHEBAOKA_WORDS", data / "words")),
        database=environ.get("SHEBAOKA_DATABASE", "shebaoka"),
        database_url=environ.get("SHEBAOKA_DATABASE_URL", ""),
        owner_url=environ.get("SHEBAOKA_OWNER_URL", ""),
        hsm_module=environ.get("SHEBAOKA_HSM_MODULE", ""),
        hsm_token=environ.get("SHEBAOKA_HSM_TOKEN", "shebaoka"),
        hsm_pin_file=environ.get("SHEBAOKA_HSM_PIN_FILE", ""),
        fonts=Path(environ["SHEBAOKA_FONTS"]) if environ.get("SHEBAOKA_FONTS") else None,
        origin=environ.get("SHEBAOKA_ORIGIN", ""),
        makers=Path(environ["SHEBAOKA_MAKERS"]) if environ.get("SHEBAOKA_MAKERS") else None,
        carrier=environ.get("SHEBAOKA_CARRIER", ""),
        carrier_key=environ.get("SHEBAOKA_CARRIER_KEY", ""),
        card_reader=_on_this_machine(environ.get("SHEBAOKA_CARD_READER", "")),
        proxy=environ.get("SHEBAOKA_PROXY", ""),
    )


def _on_this_machine(address: str) -> str:
    """An address that names the very machine it is used on; empty for none. `BadInput` for any other."""
    if address and not _CARD_READER.fullmatch(address):
        raise BadInput(
            "SHEBAOKA_CARD_READER: give the address of `shebaoka reader serve` as the clerk's machine knows it, "
            "http://127.0.0.1:35970, or leave it empty."
        )
    return address


def site_files(settings: Settings) -> dict[str, bytes]:
    """Every file that the public page is made of, by name: the notice, the words, and the program's own pages."""
    package = Path(__file__).resolve().parent
    rooms = {"notice": settings.notice, "words": settings.words}
    rooms |= {f"page/{room}": package / room for room in ("pages", "portal")}
    return {
        f"{room}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for room, folder in rooms.items()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".pyc" and not file.name.startswith(".")
    }


def load_notices(folder: Path) -> Notices:
    """All versions of a city's notice from its folder. `BadNotice` with file and key."""
    if not folder.is_dir():
        raise BadNotice(f"{folder}: there is no such folder.")
    return read_notices({str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*.yaml"))})


def load_places(folder: Path) -> tuple[Place, ...]:
    """The city's places from the folder of its notice; none where there is no such file. `BadNotice`."""
    return read_places({f.name: f.read_bytes() for f in folder.glob("*.yaml")})


def load_words(folder: Path) -> dict[str, Words]:
    """The house's words in every language from their folder. `BadNotice` with file and key."""
    if not folder.is_dir():
        raise BadNotice(f"{folder}: there is no such folder.")
    return read_words({f.name: f.read_bytes() for f in sorted(folder.glob("*.yaml"))})


def load_formats(folder: Path) -> dict[str, Format]:
    """The formats of makers and banks from their folder. `BadInput` with file and key."""
    if not folder.is_dir():
        raise BadInput(f"SHEBAOKA_MAKERS: {folder}: there is no such folder.")
    return formats_of({f.name: f.read_bytes() for f in sorted(folder.glob("*.yaml"))})


class House:
    """Everything that faces are handed: where to ask, and what to show it with."""

    def __init__(
        self, settings: Settings, url: str, vault: Vault, notices: Notices, words: dict[str, Words], clock: Clock
    ) -> None:
        self.settings = settings
        self.url = url
        self.vault = vault
        self.notices = notices
        self.words = words
        self.clock = clock
        self.views = Views(url)
        self.stores = Stores(url)
        self.screens = Screens(self.views, notices, clock)
        self.staff = StaffRoom(self.views, vault, clock)
        self.sign_in = SignInRoom(self.views, vault, clock)
        self.passkeys = Passkeys(self.views, self.sign_in, site_from(settings.origin), clock)
        self.sessions = Sessions(self.views, self.vault, clock)
        self.holders = Holders(self.views, self.vault, clock)
        self.runs = Runs(self.views, clock)
        self.auditor = Auditor(self.views, vault, notices, clock)
        self.drafts = Drafts(self.views, self.screens, clock)
        self.keypad = Keypad(self._assess, clock)
        self.accounts = Accounts(self.views, notices, clock)
        self.telephones = Telephones(self.views, clock)
        signoffs = SignOffs(self.views, vault, clock)
        shown = self.shown_windows = ShownWindows(self.views, signoffs)
        self.whereabouts = WhereaboutsRoom(self.views, notices, shown)
        self.entering = Entering(self.views, vault, notices, self.speech, self.telephones, clock)
        self.outbox = Outbox(self.views, notices, self._person, self.speech, vault, self.whereabouts, clock)
        self.own_cards = OwnCards(self.views, self.accounts, self.whereabouts)
        self.institutions = Institutions(self.views, vault, clock)
        self.windows = Windows(self.views, clock)
        self.handing = Handing(self.views, clock)
        self.days = Days(self.views, notices)
        self.journal = JournalRoom(self.views, notices, clock)
        self.partners = Partners(self.views, vault, notices, load_formats(settings.makers or makers_folder()), clock)
        self.messages = Messages(self.views)
        self._on_telephones(vault, notices, clock)
        self.dossiers = Dossiers(self.views, self.accounts, self.whereabouts, self.held_credentials)
        self.evening = Evening(self.views, notices.zone, clock)
        self.papers = Papers(self.views, vault, notices, clock)
        self.lists = Lists(self.views, notices, self.windows, self.papers, clock)
        self.batches = Batches(self.views, notices, self.windows, self.papers, self.desk, clock)
        self.maker_files = MakerFiles(self.views, self.partners, self.batches, clock)
        self.finding = Finding(self.views, clock)
        self.till = Till(self.views, notices.zone, clock)
        self.stock = Stock(self.views, clock)
        self.deliveries = Deliveries(self.views, notices, clock)
        self.letters = Letters(self.views, clock)
        self.limits, self.guide = Limits(clock), Guide(notices)
        self.articles = Articles(self.views, signoffs, clock)
        self.site = SiteRoom(self.views, signoffs, self.articles, shown, lambda: site_files(settings), clock)
        self.enquiries = Enquiries(self.views, notices, self.limits, self._person, self.whereabouts, clock)
        self.places = PlacesRoom(shown, notices, load_places(settings.notice), clock)
        self.bookings = Bookings(self.views, notices, clock)
        self.feedback = FeedbackRoom(self.views, notices, clock)
        self.spent = Spent(self.views, clock)
        self.calls = Calls(self.views, notices, Askable(self.views, notices, self._people, clock), clock)
        self.batches.spend_blanks = spends_of_maker(self.stock, self.maker_files)
        self._speeches: dict[tuple[str, str], Speech] = {}

    def _on_telephones(self, vault: Vault, notices: Notices, clock: Clock) -> None:
        """The card on telephones: its codes, credentials in wallets, and their end."""
        self.ecards = ECards(self.views, vault, notices, clock)
        self.wallets = Wallets(self.views, vault, notices, self.ecards, self._people, self.passkeys.site.origin, clock)
        self.held_credentials = HeldCredentials(self.views, notices, self.speech, self.telephones, self.wallets, clock)

    def desk(self) -> Desk:
        """A desk with a connection of its own, for one thread."""
        return Desk(Store(self.url), self.vault, self.notices, self.clock)

    def _assess(self, new_pin: Digits) -> NewPin:
        """The vault's word on a PIN that somebody chose, by the notice of today."""
        p = self.notices.on(self.screens.today()).p
        return self.vault.assess(new_pin, length=p.pin_length, refuse_simple=p.simple_pins_refused)

    def _person(self, number: str) -> PersonScreen:
        """A person's screen as of today, on a connection that is lent."""
        with self.stores.lent() as store:
            return self.screens.person(store, number, self.screens.today())

    def _people(self, numbers: Sequence[str]) -> dict[str, PersonScreen]:
        """Several people's screens as of today, in one trip."""
        with self.stores.lent() as store:
            return self.screens.people(store, numbers, self.screens.today())

    def carrier(self, out: Callable[[str], None]) -> Carrier | None:
        """Who takes notifications to telephones, as the settings say; None where they say nothing. `BadInput`."""
        from shebaoka.carriers import ConsoleCarrier, HttpCarrier

        said = self.settings.carrier
        if said in ("", "console"):
            return ConsoleCarrier(out) if said else None
        key_id = self.settings.carrier_key
        return HttpCarrier(said, key_id, self.outbox.signing(key_id), self.clock)

    def store(self) -> Store:
        """A connection of its own, for one thread's look-ups."""
        return Store(self.url)

    def speech(self, notice_id: str, language: str) -> Speech:
        """How a version of the notice is spoken in a language. `NotFound` for a language that there is not."""
        key = (notice_id, language)
        if key not in self._speeches:
            if language not in self.words:
                raise NotFound(f"There is no language {language!r}; choose one of {', '.join(LANGUAGES)}.")
            self._speeches[key] = Speech(self.notices.by_id(notice_id), self.words[language])
        return self._speeches[key]


@contextmanager
def database(settings: Settings) -> Iterator[tuple[str, str]]:
    """The owner's URL and the application's: the city's own server, or the embedded one, started here."""
    if settings.database_url:
        yield settings.owner_url, settings.database_url
        return
    with embedded_server(settings.home / "postgres") as server:
        owner = ensure_database(server, settings.database)
        yield owner, as_role(owner, APP_ROLE)


@contextmanager
def rehearsal(settings: Settings, *, keep: bool = False) -> Iterator[Settings]:
    """The settings of a house on a copy of this one's database, made here and dropped after the block unless `keep`.

    An older copy is dropped first. Keys and notice are the same, so that all is decided as it will be; nothing that is
    done on the copy reaches the house, and whoever is at work need not stop. `BadInput` where a city's own server is
    named without its owner's URL, which makes the copy; `NotAllowed` if that role may not make databases.
    """
    if settings.database_url and not settings.owner_url:
        raise BadInput("SHEBAOKA_OWNER_URL: a rehearsal makes a copy of the database; name its owner's URL.")
    with database(settings) as (owner_url, url):
        copy = rehearsal_of(str(conninfo_to_dict(owner_url)["dbname"]))
        copy_url = copied_database(owner_url, copy)
        try:
            yield msgspec.structs.replace(
                settings,
                database=copy,
                database_url=make_conninfo(url, dbname=copy) if settings.database_url else "",
                owner_url=copy_url if settings.database_url else "",
            )
        finally:
            if not keep:
                dropped_database(owner_url, copy)


def open_vault(settings: Settings) -> Vault:
    """The vault that the settings name: a hardware module where one is named, else the software key file."""
    keys = settings.keys or settings.home
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.hsm_module:
        if not settings.hsm_pin_file:
            raise BadInput("SHEBAOKA_HSM_PIN_FILE: name the owner-only file that holds the token's user PIN.")
        return HsmVault.open(
            Path(settings.hsm_module), settings.hsm_token, Path(settings.hsm_pin_file), keys / "hsm.json"
        )
    return SoftwareVault.open(keys / "vault.json")


@contextmanager
def open_house(settings: Settings, *, clock: Clock = now, migrating: bool | None = None) -> Iterator[House]:
    """The whole house, ready for faces; everything is checked before it opens, and closed after.

    The embedded database is brought to the newest schema by itself; a city's own is not, unless `migrating` says so.
    """
    with ExitStack() as stack:
        notices, words = load_notices(settings.notice), load_words(settings.words)
        owner_url, url = stack.enter_context(database(settings))
        if migrating if migrating is not None else not settings.database_url:
            migrate(owner_url or url)
        house = House(settings, url, open_vault(settings), notices, words, clock)
        stack.callback(house.views.close)
        stack.callback(house.stores.close)
        house.views.open()
        yield house
