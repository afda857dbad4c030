"""What administrators did to windows, institutions, terminals and partners: who, when, what was said. Never a key."""

import datetime as dt
from typing import Any, Literal

import msgspec

from shebaoka.desk.staff import OWNER, Staff
from shebaoka.store import windows as sql
from shebaoka.store.views import Run

Matter = Literal["window", "institution", "terminal", "partner"]


class ConfigurationEvent(msgspec.Struct, frozen=True):
    """One change: of which matter and code, when, what (added, changed, ended), by whom, and what was said of it."""

    matter: Matter
    code: str
    at: dt.datetime
    what: str
    by: str
    said: str


def note(run: Run, matter: Matter, code: str, what: str, by: Staff | None, at: dt.datetime, **said: Any) -> None:
    """Put down a change in the transaction that makes it. `by` is nobody where the owner of the machine acts."""
    values = {"matter": matter, "code": code, "at": at, "what": what, "by": OWNER if by is None else by.name}
    run(sql.NOTE, values | {"said": msgspec.json.encode(said).decode()})
