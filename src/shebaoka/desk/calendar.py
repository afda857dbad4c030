"""What the calendar has done and nobody has recorded yet: put on file, once a night, through the desk like all else.

A temporary card past its last day (3.2), a loss report past its end (9.4), the old card after the cut-over (1.1).
Decisions do not wait for it: they see every dossier as the calendar has made it.
"""

from collections.abc import Iterator

from shebaoka.desk.desk import Desk
from shebaoka.desk.fold import Outcome
from shebaoka.records import Ask, CardKind, Channel, EndLossReport, ExpireCard, Sender, StopOldCard
from shebaoka.store import Views, views

TRAY = 200
OFFICE = Sender("calendar", Channel.CALENDAR, "office")


def record_lapses(desk: Desk, views_: Views) -> Iterator[Outcome]:
    """Everything that is due by today, in trays; the outcome of each. Run twice on a day, it finds nothing to do."""
    on = desk.today()
    place = {"person_id": 0, "n": 0}
    due = {"on": on, "cutover_on": desk.notices.on(on).p.cutover_on, "limit": TRAY}
    while rows := views_.rows(views.DUE, {**due, **place}):
        yield from desk.submit([_ask(on.isoformat(), *row) for row in rows])
        place = {"person_id": rows[-1][0], "n": rows[-1][1]}


def _ask(on: str, person_id: int, n: int, kind: str, number: str, service: str) -> Ask:
    """The request that puts one lapse on file; its id is the same however often the night's run is begun again."""
    request_id = f"calendar-{on}-{service}-{person_id}-{n}"
    if service == "stop_old_card":
        return Ask(StopOldCard(id=request_id, person=number), OFFICE)
    if service == "expire_card":
        return Ask(ExpireCard(id=request_id, person=number, card=CardKind(kind)), OFFICE)
    return Ask(EndLossReport(id=request_id, person=number, card=CardKind(kind)), OFFICE)
