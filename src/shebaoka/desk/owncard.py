"""What a holder who is signed in sees of their own card: where it is, the account, the telephone; and who looked at it
or changed it, and why.

Staff are named by what they are and where, and not as persons. The look by which a holder came in stands in the journal
first, like anybody's.
"""

import msgspec

from shebaoka.desk.accounts import Accounts, AccountYear
from shebaoka.desk.journal import Row, decoded
from shebaoka.desk.screens import JournalLine, PersonScreen, line_of
from shebaoka.desk.telephones import PORTAL_PLACE, Telephone, telephone_from
from shebaoka.desk.whereabouts import Whereabouts, WhereaboutsRoom
from shebaoka.records import Channel, LookUpPerson
from shebaoka.store import Views, views
from shebaoka.store import telephones as telephones_sql


class OwnCard(msgspec.Struct, frozen=True):
    """What stands beside a holder's own screen."""

    where: Whereabouts
    account: AccountYear
    telephone: Telephone | None


class Look(msgspec.Struct, frozen=True):
    """Somebody looked at the card or did something with it. `own` is whether it was the holder, at the public page.

    `place` is the code of a window or an institution, or a role; `reason` is why somebody looked, as it was given.
    """

    line: JournalLine
    own: bool
    place: str
    reason: str


class OwnCards:
    """Reads what is a holder's own. Safe for many threads."""

    def __init__(self, views_: Views, accounts: Accounts, whereabouts: WhereaboutsRoom) -> None:
        self._views = views_
        self._accounts = accounts
        self._whereabouts = whereabouts

    def beside(self, screen: PersonScreen, year: int) -> OwnCard:
        """Beside the screen of a holder who is registered, in one trip; the year has begun."""
        of_account, of_card = self._accounts.asks_of_year(screen, year), self._whereabouts.asks(screen)
        telephone = (telephones_sql.OF, {"person_id": screen.person_id})
        found = self._views.rows_of_all([*of_card, *of_account, telephone])
        return OwnCard(
            where=self._whereabouts.found(screen, *found[: len(of_card)]),
            account=self._accounts.year_from(screen, year, *found[len(of_card) : -1]),
            telephone=telephone_from(found[-1]),
        )

    def looks(self, person_id: int, *, limit: int, before: int = 2**62) -> list[Look]:
        """Who looked at the card or changed it, the latest first, before a place in the journal."""
        asked = {"person_id": person_id, "before": before, "limit": limit}
        return [_look(Row(*row)) for row in self._views.rows(views.ENTRIES_OF_PERSON, asked)]


def _look(row: Row) -> Look:
    line, request = line_of(row), decoded(row.body).request
    reason = request.reason if isinstance(request, LookUpPerson) else ""
    own = line.channel == Channel.PORTAL and line.where == PORTAL_PLACE
    return Look(msgspec.structs.replace(line, by="", where=""), own, "" if own else line.where, reason)
