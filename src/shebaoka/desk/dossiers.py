"""What a person's page shows beside their screen, in one trip: where their card is, journal, account, open drafts, and
whether there is a photo.

Each is read by the rights of whoever looks, after the look is in the journal. Called by the window.
"""

import msgspec

from shebaoka.desk.accounts import Accounts, AccountYear, Asked, must_see_accounts
from shebaoka.desk.drafts import Draft, draft_of
from shebaoka.desk.heldcredentials import Held, HeldCredentials
from shebaoka.desk.journal import Row
from shebaoka.desk.outbox import Notification, notification_of
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import JournalLine, PersonScreen, line_of
from shebaoka.desk.staff import Staff
from shebaoka.desk.telephones import Telephone, telephone_from
from shebaoka.desk.whereabouts import Whereabouts, WhereaboutsRoom
from shebaoka.store import Views, views
from shebaoka.store import drafts as drafts_sql
from shebaoka.store import outbox as outbox_sql
from shebaoka.store import papers as papers_sql
from shebaoka.store import telephones as telephones_sql


class Beside(msgspec.Struct, frozen=True):
    """What was found, as far as whoever looks may see it; the newest of each first.

    `account` is a year of it. `drafts` are the open ones, for who may go on with them.
    `where` is where the card is, `telephone` where its holder is told, `told` of what;
    `held` is what wallets hold of their cards.
    """

    lines: list[JournalLine]
    account: AccountYear
    drafts: list[Draft]
    has_photo: bool
    where: Whereabouts
    telephone: Telephone | None
    told: list[Notification]
    held: Held


class Dossiers:
    """Reads what stands beside a person's screen. Safe for many threads."""

    def __init__(self, views_: Views, accounts: Accounts, whereabouts: WhereaboutsRoom, held: HeldCredentials) -> None:
        self._views = views_
        self._accounts = accounts
        self._whereabouts = whereabouts
        self._held = held

    def beside(self, staff: Staff, screen: PersonScreen, year: int, *, limit: int, before: int) -> Beside:
        """Beside the screen of somebody who is registered and was looked up: so many journal entries before one, and a
        year of the account, which is the present one or one before it. `NotAllowed` for a role that reads no accounts.
        """
        must_see_accounts(staff)
        who = {"person_id": screen.person_id}
        serves, of_account = staff.may(Right.SERVE_AT_WINDOW), self._accounts.asks_of_year(screen, year)
        of_card = self._whereabouts.asks(screen)
        entries: Asked = (views.ENTRIES_OF_PERSON, who | {"before": before, "limit": limit})
        of_wallets = self._held.asks(screen.person_id)
        asks: list[Asked] = [entries, *of_card, *of_account, (telephones_sql.OF, who), (outbox_sql.OF_PERSON, who)]
        asks += of_wallets
        if serves:
            number = screen.dossier.person.number if screen.dossier.person else ""
            asks.append((drafts_sql.OPEN_OF, {"number": number}))
        if staff.may(Right.SEE_PHOTOS):
            asks.append((papers_sql.HAS_PHOTO, who))
        found = dict(zip((statement for statement, _ in asks), self._views.rows_of_all(asks), strict=True))
        told = [found[statement] for statement, _ in of_account]
        account = self._accounts.year_from(screen, year, *told)
        return Beside(
            lines=[line_of(Row(*row)) for row in found[views.ENTRIES_OF_PERSON]],
            account=account,
            drafts=[draft_of(row) for row in found.get(drafts_sql.OPEN_OF, [])],
            has_photo=bool(found.get(papers_sql.HAS_PHOTO, [(False,)])[0][0]),
            where=self._whereabouts.found(screen, *(found[statement] for statement, _ in of_card)),
            telephone=telephone_from(found[telephones_sql.OF]),
            told=[notification_of(row) for row in found[outbox_sql.OF_PERSON]],
            held=self._held.found(screen, *(found[statement] for statement, _ in of_wallets)),
        )
