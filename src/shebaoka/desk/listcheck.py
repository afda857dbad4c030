"""A row of an employer's list: what can be told of it before anybody asks, and the requests that it becomes.

What is on file is handed in. `desk/lists.py` calls it. Clauses 4.1, 4.2.
"""

import datetime as dt
import re
import unicodedata
from typing import Literal

import msgspec

from shebaoka.desk.answering import Answering
from shebaoka.ethnicgroups import ethnic_group_of
from shebaoka.notice import Notice
from shebaoka.numbers import fault_of
from shebaoka.records import (
    Accepted,
    Agent,
    Answer,
    AnyRequest,
    ApplyForCard,
    Dossier,
    Given,
    Material,
    Refused,
    RegisterPerson,
)
from shebaoka.rules import decide

_REGION = re.compile(r"[0-9]{6}")
_CODE = re.compile(r"[A-Za-z0-9._:-]{0,64}")
_NAME_MAX = 50
_DOTS = str.maketrans(dict.fromkeys("•・‧．.", "·"))
FROM_THE_FILE = frozenset({"cell_formula", "digits_lost", "cell_unfit"})
"""Faults that were found while the file was read; another check cannot mend them."""


class ListRow(msgspec.Struct, frozen=True):
    """A row as it stands. `fault` names what is wrong with it; `fault_row` is the row that names the same person.

    `foretold` is what the desk would answer, `answer` what it did, at the place `entry` of the journal.
    """

    n: int
    number: str
    name: str
    region: str
    insured_on: str
    collect_at: str
    fault: str
    fault_row: int | None
    verdict: Literal["", "fault", "no", "good"]
    foretold: Answer | None
    registers: bool
    photographed: bool
    paper: str
    asked_by: str | None
    asked_place: str | None
    outcome: Literal["", "accepted", "refused"]
    answer: Answer | None
    entry: str
    ethnic_group: str = ""


class EmployerList(msgspec.Struct, frozen=True):
    """A list: whose, who acts for its people, what was shown for all, and how far it is.

    Of its rows some are not checked yet, `held_back`, `waiting` to be asked for, `accepted` or `refused`.
    """

    id: str
    employer: str
    agent: Agent
    shows: tuple[Material, ...]
    file_name: str
    rows: int
    added_by: str
    place: str
    added_at: dt.datetime
    unchecked: int = 0
    held_back: int = 0
    waiting: int = 0
    accepted: int = 0
    refused: int = 0

    @property
    def answered(self) -> int:
        """How many rows have the desk's answer."""
        return self.accepted + self.refused


class OnFile(msgspec.Struct, frozen=True):
    """What the check of a row needs to know of somebody who is registered; `paper` is their photo, if sealed here."""

    person_id: int
    name: str
    moved_photo: bool
    paper: str


def checked(
    row: ListRow,
    listed: EmployerList,
    person: OnFile | None,
    paper: str,
    windows: set[str],
    notice: Notice,
    given: Given,
) -> ListRow:
    """A row with its fault, or with what the rules foretell about somebody who is not registered yet.

    Of somebody who is, the desk's own dry run is still to be asked.
    """
    fault = row.fault if row.fault in FROM_THE_FILE else _fault(row, person, windows)
    unsound = fault_of(row.number, given.on) if row.number and fault not in FROM_THE_FILE else None
    if person is None and unsound is not None:
        answer = Answering(notice).of(Refused(ground=unsound))
        return msgspec.structs.replace(row, fault="", verdict="no", foretold=answer)
    paper = paper or (person.paper if person else "")
    photographed = bool(paper) or (person is not None and person.moved_photo)
    row = msgspec.structs.replace(
        row,
        fault=fault,
        verdict="fault" if fault else "good",
        foretold=None,
        registers=person is None,
        photographed=photographed,
        paper=paper,
    )
    return row if fault or person is not None else _foreseen(row, listed, notice, given)


def _fault(row: ListRow, person: OnFile | None, windows: set[str]) -> str:
    """The first thing that is wrong with a row's texts; nothing if it can be asked for."""
    if not row.number:
        return "number_missing"
    if row.fault_row is not None:
        return "twice"
    if not row.name:
        return "name_missing"
    if len(row.name) > _NAME_MAX:
        return "name_unfit"
    if person is not None and _alike(person.name) != _alike(row.name):
        return "name_differs"
    if not _CODE.fullmatch(row.collect_at) or (row.collect_at and windows and row.collect_at not in windows):
        return "window_unknown"
    if row.ethnic_group and ethnic_group_of(row.ethnic_group) is None:
        return "ethnic_group_unknown"
    if person is None and not _REGION.fullmatch(row.region):
        return "region_missing"
    if person is None and day_of(row.insured_on) is None:
        return "insured_on_missing"
    return ""


def _alike(name: str) -> str:
    """A name in which neither width nor spaces nor the kind of dot counts."""
    return "".join(unicodedata.normalize("NFKC", name).translate(_DOTS).split()).casefold()


def day_of(text: str) -> dt.date | None:
    """A day such as 2013-07-01, from 1900 on; None for anything else."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year >= 1900 else None


def _foreseen(row: ListRow, listed: EmployerList, notice: Notice, given: Given) -> ListRow:
    """The rules' answer on somebody of whom nothing is on file: registering them, and applying thereafter."""
    dossier, answering = Dossier(), Answering(notice)
    for request in requests_of(row, listed):
        decision = decide(request, dossier, notice, given)
        if not isinstance(decision, Accepted):
            return msgspec.structs.replace(row, verdict="no", foretold=answering.of(decision))
        dossier = decision.after
    return msgspec.structs.replace(row, foretold=answering.of(decision))


def draft_of(list_id: str, n: int) -> str:
    """Under which draft the papers of a row are kept until it is answered."""
    return f"{list_id}-{n}"


def requests_of(row: ListRow, listed: EmployerList) -> tuple[AnyRequest, ...]:
    """What a row asks for: the card, and to be registered before it where somebody is not. Always the same."""
    shows = (*listed.shows, Material.PHOTO) if row.photographed else listed.shows
    apply = ApplyForCard(
        id=f"list-{listed.id}-{row.n}",
        person=row.number,
        shows=shows,
        agent=listed.agent,
        collect_at=row.collect_at,
        photo=row.paper,
        ethnic_group=ethnic_group_of(row.ethnic_group) or "",
    )
    if not row.registers:
        return (apply,)
    register = RegisterPerson(
        id=f"list-{listed.id}-{row.n}-register",
        person=row.number,
        shows=shows,
        agent=listed.agent,
        name=row.name,
        region=row.region,
        insured_on=dt.date.fromisoformat(row.insured_on),
    )
    return register, apply
