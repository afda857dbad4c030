"""A tray of cards handed over one after another (批量领卡): scan, see whose it is and whether it may go, hand it over.

Who collects is said once for the tray: an agent for all of them, or each holder. What cannot go is told at the scan, by
what is on file and by the desk's dry run. What goes is one request under an id that follows from the scan, which stands
there before the desk is asked: a double click, a resend or a kill hand a card over once. Clauses 2.3, 4.2, 7.2.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from shebaoka.desk.finding import Key, KeyKind
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.lists import Submit
from shebaoka.desk.rights import Right
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.staff import Staff
from shebaoka.numbers import mask
from shebaoka.records import (
    Agent,
    Answer,
    Application,
    Ask,
    BadInput,
    CardKind,
    Channel,
    CollectCard,
    Life,
    Loss,
    Making,
    Material,
    NotFound,
    Sender,
    Trouble,
)
from shebaoka.store import Views
from shebaoka.store import handing as sql

SHOWN = 50
_ID = re.compile(r"t[0-9a-f]{16}")
_BY_CARD = (KeyKind.CARD_NUMBER, KeyKind.CARD_SERIAL)


class HandoverTray(msgspec.Struct, frozen=True):
    """A tray: who collects (nobody where each holder does), what they showed, and how many went and did not."""

    id: str
    agent: Agent | None
    shows: tuple[Material, ...]
    opened_by: str
    place: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    handed_over: int = 0
    not_handed_over: int = 0


class HandoverLine(msgspec.Struct, frozen=True):
    """A scan and what came of it. `fault` names what is wrong; `answer` is the desk's, or what it would have been.

    `scanned` is as it was read, a social security number masked. `temporary`: a temporary card must be handed in (2.3).
    """

    id: int
    tray: str
    at: dt.datetime
    by: str
    place: str
    scanned: str
    number: str
    name: str
    card_number: str
    card_serial: str
    temporary: bool
    hands_in: bool
    state: Literal["scanned", "left", "told", "asked", "accepted", "refused"]
    fault: str
    answer: Answer | None
    entry: str


class Handing:
    """Opens trays, takes scans, hands over. Safe for many threads. Rights are asked here."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    def open(self, staff: Staff, tray_id: str, agent: Agent | None, shows: Sequence[Material]) -> HandoverTray:
        """A new tray; the same id again is the tray that is there. `NotAllowed`, `BadInput`."""
        staff.must(Right.SERVE_AT_WINDOW)
        if not _ID.fullmatch(tray_id):
            raise BadInput("tray: open the page again and send the form from there.", code="tray_id")
        said = msgspec.json.encode(agent).decode() if agent else ""
        self._views.write(
            sql.OPEN,
            {"id": tray_id, "agent": said, "shows": ",".join(shows)}
            | {"by": staff.name, "place": _place(staff), "at": self._clock()},
        )
        return self.get(staff, tray_id)

    def get(self, staff: Staff, tray_id: str) -> HandoverTray:
        """A tray with its counts. `NotFound`, `NotAllowed`."""
        staff.must(Right.SERVE_AT_WINDOW)
        rows = self._views.rows(sql.TRAY, {"id": tray_id})
        if not rows:
            raise NotFound("There is no such tray.")
        return self._counted(rows)[0]

    def latest(self, staff: Staff, limit: int = 30) -> list[HandoverTray]:
        """Everybody's trays, the latest first."""
        staff.must(Right.SERVE_AT_WINDOW)
        return self._counted(self._views.rows(sql.TRAYS, {"limit": limit}))

    def close(self, staff: Staff, tray_id: str) -> None:
        """Nothing more is scanned; the tray and its list stay."""
        staff.must(Right.SERVE_AT_WINDOW)
        self._views.write(sql.CLOSE, {"id": tray_id, "at": self._clock()})

    def lines(self, staff: Staff, tray_id: str, *, before: int = 2**62, limit: int = SHOWN) -> list[HandoverLine]:
        """What was scanned, the latest first."""
        staff.must(Right.SERVE_AT_WINDOW)
        return [_line(row) for row in self._views.rows(sql.LINES, {"tray": tray_id, "before": before, "limit": limit})]

    def pending(self, staff: Staff, tray_id: str) -> HandoverLine | None:
        """What somebody has scanned and not handed over yet."""
        rows = self._views.rows(sql.PENDING, {"tray": tray_id, "by": staff.name})
        return _line(rows[0]) if rows else None

    def scan(
        self, staff: Staff, tray: HandoverTray, key: Key, screen: PersonScreen | None, several: bool, submit: Submit
    ) -> HandoverLine:
        """What was scanned, with whose it is and whether it may go; `screen` is the person's, who was looked up.

        `several` is set where more than one person was found. `submit` puts a dry run to the desk.
        """
        staff.must(Right.SERVE_AT_WINDOW)
        if tray.closed_at is not None:
            raise BadInput("tray: it was closed; begin a new one.", code="tray_is_closed")
        application = screen.application if screen else None
        temporary = screen is not None and _has_temporary(screen)
        fault = "several" if several else _fault(key, screen, application, _place(staff))
        person = screen.dossier.person if screen else None
        line = {
            "tray": tray.id, "at": self._clock(), "by": staff.name, "place": _place(staff),
            "scanned": mask(key.word) if key.kind is KeyKind.NUMBER else key.word,
            "number": person.number if person else "", "name": person.name if person else "",
            "card_number": (application.card_number or "") if application else "",
            "card_serial": (application.card_serial or "") if application else "",
            "temporary": temporary, "state": "told", "fault": fault, "answer": "",
        }  # fmt: skip
        if not fault and person is not None:
            ask = Ask(
                _request(f"hand-{tray.id}-dry", tray, person.number, temporary), _sender(staff.name, _place(staff))
            )
            (outcome,) = submit([ask], True)
            if isinstance(outcome, Trouble):
                raise outcome
            accepted = outcome.answer.outcome == "accepted"
            line |= {"state": "scanned"} if accepted else {"answer": msgspec.json.encode(outcome.answer).decode()}
        with self._views.together() as run:
            return _line(run(sql.ADD, line)[0])

    def hand_over(
        self, staff: Staff, tray: HandoverTray, line_id: int, check: Key | None, *, hands_in: bool, submit: Submit
    ) -> HandoverLine:
        """Hand over what was scanned, once. `check` is the same person's card or number scanned again, to be sure.

        `BadInput` with the code `card_of_another` if that is somebody else's; then nothing is done.
        """
        staff.must(Right.SERVE_AT_WINDOW)
        line = self._get(tray, line_id)
        if check is not None and check.word not in (line.number, line.card_number, line.card_serial):
            raise BadInput("check: that is somebody else's; nothing was handed over.", code="card_of_another")
        values = {"tray": tray.id, "id": line_id, "hands_in": hands_in}
        self._views.write(sql.ASK, values)
        line = self._get(tray, line_id)
        if line.state != "asked":
            return line  # it was answered already, or left
        ask = Ask(_request(f"hand-{tray.id}-{line.id}", tray, line.number, line.hands_in), _sender(line.by, line.place))
        (outcome,) = submit([ask], False)
        if isinstance(outcome, Trouble):
            raise outcome
        said = msgspec.json.encode(outcome.answer).decode()
        self._views.write(
            sql.ANSWERED, values | {"state": outcome.answer.outcome, "answer": said, "entry": outcome.entry}
        )
        return self._get(tray, line_id)

    def leave(self, staff: Staff, tray: HandoverTray, line_id: int) -> None:
        """What was scanned is not handed over now; the scan stays on the list."""
        staff.must(Right.SERVE_AT_WINDOW)
        self._views.write(sql.LEAVE, {"tray": tray.id, "id": line_id})

    def _get(self, tray: HandoverTray, line_id: int) -> HandoverLine:
        rows = self._views.rows(sql.LINE, {"tray": tray.id, "id": line_id})
        if not rows:
            raise NotFound("There is no such scan.")
        return _line(rows[0])

    def _counted(self, rows: Sequence[tuple[Any, ...]]) -> list[HandoverTray]:
        counts = {row[0]: row[1:] for row in self._views.rows(sql.COUNTS, {"trays": [row[0] for row in rows]})}
        return [_tray(row, counts.get(row[0], ())) for row in rows]


def _fault(key: Key, screen: PersonScreen | None, application: Application | None, place: str) -> str:
    """What is wrong with a scan by what is on file; nothing where the desk is to say."""
    if screen is None or screen.dossier.person is None:
        return "nobody"
    made = application is not None and key.word in (application.card_number, application.card_serial)
    if key.kind in _BY_CARD and not made:
        for card in screen.dossier.cards:
            if key.word in (card.number, card.serial):
                if card.loss is not Loss.NONE:
                    return "card_is_lost"
                return "card_has_ended" if card.life is Life.ENDED else "card_is_collected"
        return "card_is_spoilt"
    if application is not None and application.collect_at not in ("", place):
        return "other_window"
    last = screen.dossier.applications[-1:]
    if application is None and last and last[0].making is Making.COLLECTED:
        return "card_is_collected"
    return ""


def _has_temporary(screen: PersonScreen) -> bool:
    """Whether the person holds a temporary card that must be handed in; one that is lost cannot be (2.2, 2.3)."""
    return any(
        shown.card.kind is CardKind.TEMPORARY and shown.card.life is not Life.ENDED and shown.card.loss is Loss.NONE
        for shown in screen.cards
    )


def _request(request_id: str, tray: HandoverTray, number: str, hands_in: bool) -> CollectCard:
    return CollectCard(
        id=request_id, person=number, shows=tray.shows, agent=tray.agent, hands_in_temporary_card=hands_in
    )


def _place(staff: Staff) -> str:
    return staff.place or staff.role.value


def _sender(by: str, place: str) -> Sender:
    return Sender(by=by, channel=Channel.WINDOW, place=place)


def _tray(row: tuple[Any, ...], counts: tuple[int, ...]) -> HandoverTray:
    tray_id, agent, shows, *rest = row
    materials = tuple(Material(m) for m in shows.split(",") if m)
    return HandoverTray(tray_id, msgspec.json.decode(agent, type=Agent) if agent else None, materials, *rest, *counts)


def _line(row: tuple[Any, ...]) -> HandoverLine:
    values = dict(zip(HandoverLine.__struct_fields__, row, strict=True))
    answer = values["answer"]
    return HandoverLine(**values | {"answer": msgspec.json.decode(answer, type=Answer) if answer else None})
