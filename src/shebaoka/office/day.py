"""The day by window, clerk, service and refusal clause: tables with bars, each to be taken along as CSV."""

import csv
import datetime as dt
import io
from collections.abc import Sequence

import msgspec
from anyio import to_thread
from litestar import Response, get

from shebaoka.cells import as_text
from shebaoka.desk import Counted, Day, Right, Staff
from shebaoka.office.city import BAR
from shebaoka.office.frame import Page
from shebaoka.pages import HEADERS, Asked, day_asked
from shebaoka.pages.wording import Said
from shebaoka.records import BadInput, Channel, NoNotice

SHOWN = 100
"""Lines of a table on the page; the file has all."""
TABLES = ("windows", "clerks", "services", "refusals")


class LineShown(msgspec.Struct, frozen=True):
    """A line of a table: its name in words, its counts, and how long its bars are."""

    name: str
    yes: int
    no: int
    looks: int
    yes_width: int
    no_width: int
    code: str = ""
    sentence: str = ""


class TableShown(msgspec.Struct, frozen=True):
    """One table: by which key it is asked for as a file, its words, and its lines; `more` are not shown."""

    key: str
    caption: str
    head: str
    lines: list[LineShown]
    more: int
    looks: bool


def _channel(asked: str) -> Channel | None:
    if asked in tuple(Channel):
        return Channel(asked)
    if asked == "all":
        return None
    raise BadInput("channel: choose one of the values on the page.")


def _said_on(page: Page, day: dt.date) -> Said:
    """The words of the notice that was in force on a day; where there was none, today's."""
    try:
        return page.said_of(page.front.notices.on(day).id)
    except NoNotice:
        return page.said


def _lines(counted: Sequence[Counted], name: dict[str, str], none: str, *, links: bool = False) -> list[LineShown]:
    """Lines with their bars; the busiest has the longest, and what happened at all can be seen."""
    most = max((c.tally.accepted + c.tally.refused for c in counted), default=0) or 1

    def width(n: int) -> int:
        return max(2, n * BAR // most) if n else 0

    return [
        LineShown(
            name=name.get(c.name, c.name) or none,
            yes=c.tally.accepted,
            no=c.tally.refused,
            looks=c.looks,
            yes_width=width(c.tally.accepted),
            no_width=width(c.tally.refused),
            code=c.name if links else "",
        )
        for c in counted
    ]


def tables(page: Page, day: Day, *, shown: int | None = SHOWN) -> list[TableShown]:
    """The four tables of a day in words, each with so many lines at most."""
    labels, said = page.labels, _said_on(page, day.on)
    windows = {w.code: f"{w.code} {w.name}" for w in page.front.windows.everybody()}
    none = labels["no_place"]
    refusals = day.refusals()
    most = refusals[0].count if refusals else 1
    refused = [
        LineShown(
            name=r.clause,
            yes=0,
            no=r.count,
            looks=0,
            yes_width=0,
            no_width=max(2, r.count * BAR // most),
            code=r.clause,
            sentence=said.refusal(r.ground, r.clause),
        )
        for r in refusals
    ]
    services = _lines(day.by_service(), said.words.services, none, links=True)
    found: dict[str, tuple[str, str, list[LineShown]]] = {
        "windows": (labels["by_window"], labels["window"], _lines(day.by_window(), windows, none)),
        "clerks": (labels["by_clerk"], labels["by"], _lines(day.by_clerk(), {}, none)),
        "services": (labels["by_service"], labels["service"], services),
        "refusals": (labels["by_refusal"], labels["clause"], refused),
    }
    return [
        TableShown(key, caption, head, lines[:shown], len(lines[shown:]) if shown else 0, key in ("windows", "clerks"))
        for key, (caption, head, lines) in found.items()
    ]


def as_csv(table: TableShown, labels: dict[str, str]) -> bytes:
    """A table as a file for a spreadsheet; texts stay the texts that they are."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    if table.key == "refusals":
        writer.writerow([table.head, labels["sentence"], labels["no"]])
        writer.writerows([as_text(x.name), as_text(x.sentence), x.no] for x in table.lines)
    else:
        looks = [labels["looks"]] if table.looks else []
        writer.writerow([table.head, labels["yes"], labels["no"], *looks])
        writer.writerows([as_text(x.name), x.yes, x.no, *([x.looks] if table.looks else [])] for x in table.lines)
    return sheet.getvalue().encode("utf-8-sig")


def _asked(page: Page) -> tuple[dt.date, str]:
    asked = page.request.query_params
    return day_asked(asked.get("on", ""), page.on), asked.get("channel", Channel.WINDOW.value)


@get("/day")
async def get_day(request: Asked) -> Response[bytes]:
    """A day by window, clerk, service and refusal clause, of one channel or of all."""
    page, staff = Page(request), request.state.staff
    on, channel = _asked(page)

    def show() -> Response[bytes]:
        day = page.front.days.of(staff, on, _channel(channel))
        return page.show_at_once(
            "day.html",
            day=on,
            channel=channel,
            channels=[c.value for c in Channel],
            total=day.total,
            tables=tables(page, day),
            before=on - dt.timedelta(days=1),
            after=on + dt.timedelta(days=1) if on < page.on else None,
            sees_people=page.may(Right.OPEN_DOSSIERS),
        )

    return await to_thread.run_sync(show)


@get("/day/table")
async def get_day_table(request: Asked) -> Response[bytes]:
    """One table of a day, whole, as CSV."""
    page = Page(request)
    staff: Staff = request.state.staff
    on, channel = _asked(page)
    key = request.query_params.get("table", "")

    def read() -> bytes:
        day = page.front.days.of(staff, on, _channel(channel))
        if key not in TABLES:
            raise BadInput("table: choose one of those on the page.")
        return as_csv(next(t for t in tables(page, day, shown=None) if t.key == key), page.labels)

    content = await to_thread.run_sync(read)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{key}-{on}-{channel}.csv"'}
    return Response(content, media_type="text/csv", headers=headers)
