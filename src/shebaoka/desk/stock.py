"""Blank cards (空白卡) by place: received by ranges of numbers, moved, used, spoilt, counted at the day's end.

A blank that a decision at a window uses is the tray's (`desk/blanks.py`). Here is everything else. Each blank is one
row: it is in one place, and one thing becomes of it. Every movement is kept for ever, and a count holds what the
movements come to against the rows and against what was counted. See docs/decisions/0042-a-blank-is-a-row.md.
"""

from collections.abc import Sequence
from typing import Any

from shebaoka.desk.blanks import BLANK
from shebaoka.desk.counting import counted_row, is_reason
from shebaoka.desk.fresh import Clock, now
from shebaoka.desk.rights import Right, roles_with
from shebaoka.desk.staff import Staff
from shebaoka.records import (
    BadInput,
    Blank,
    BlankRange,
    BlankState,
    CardKind,
    NotFound,
    PlaceKind,
    StockCount,
    StockLevel,
    StockMove,
    StockPlace,
)
from shebaoka.store import Views
from shebaoka.store import stock as sql
from shebaoka.store.views import Run

RANGE_MAX = 200_000
"""The most blanks in one range that is received or moved."""
KINDS = (CardKind.SOCIAL_SECURITY, CardKind.TEMPORARY)
_AT_WINDOWS = list(map(str, roles_with(Right.USE_STOCK)))
_TURNED = {BlankState.SPOILT: "spoilt", BlankState.MISSING: "missing", BlankState.IN_STOCK: "found"}


class Stock:
    """Receives, moves, marks and counts blanks. Safe for many threads; whoever changes a stock is alone at it."""

    def __init__(self, views_: Views, clock: Clock = now) -> None:
        self._views = views_
        self._clock = clock

    # what there is

    def places(self, staff: Staff) -> list[StockPlace]:
        """Every place that keeps blanks, or is to."""
        staff.must(Right.SEE_STOCK)
        return [_place(row) for row in self._views.rows(sql.PLACES)]

    def levels(self, staff: Staff, place: str | None = None) -> list[StockLevel]:
        """How many blanks there are by place and kind; of one place, or of all."""
        self._must_see(staff, place)
        return [_level(row) for row in self._views.rows(sql.LEVELS, {"place": place})]

    def ranges(self, staff: Staff, place: str, kind: CardKind, *, limit: int = 1000) -> list[BlankRange]:
        """A place's blanks in stock, by ranges of numbers that lie side by side."""
        self._must_see(staff, place)
        rows = self._views.rows(sql.RANGES, {"place": place, "kind": kind.value, "limit": limit})
        return [BlankRange(*row) for row in rows]

    def keeps(self, place: str, kind: CardKind = CardKind.TEMPORARY) -> bool:
        """Whether a place was ever given blanks of a kind; only then do its cards name their blank."""
        return bool(place) and bool(self._views.rows(sql.KEEPS, {"place": place, "kind": kind.value})[0][0])

    def next(self, place: str, kind: CardKind = CardKind.TEMPORARY) -> str:
        """The blank that a place uses next if none is scanned; empty where it has none."""
        rows = self._views.rows(sql.NEXT, {"place": place, "kind": kind.value})
        return str(rows[0][0]) if rows else ""

    def blank(self, staff: Staff, number: str) -> tuple[Blank, list[StockMove]]:
        """A blank by its number, with its movements, the latest first. `NotFound`."""
        number = one_number(number)
        found = _blank(self._views.rows(sql.BLANK, {"number": number}), number)
        self._must_see(staff, found.place)
        return found, [_move(row) for row in self._views.rows(sql.MOVES_OF_BLANK, {"number": number, "limit": 100})]

    def used_by(self, entry: str) -> StockMove | None:
        """The blank that a decision used, by the entry's place in the journal; None where it used none."""
        holder, _, seq = entry.partition("-")
        if not (holder.isdigit() and seq.isdigit() and len(entry) < 38):
            return None
        rows = self._views.rows(sql.MOVE_OF_ENTRY, {"holder": int(holder), "entry": int(seq)})
        return _move(rows[0]) if rows else None

    def moves(
        self, staff: Staff, place: str | None = None, *, before: int = 2**62, limit: int = 100
    ) -> list[StockMove]:
        """Movements of a place or of all, the latest first."""
        self._must_see(staff, place)
        rows = self._views.rows(sql.MOVES, {"place": place, "before": before, "limit": limit})
        return [_move(row) for row in rows]

    def counts(self, staff: Staff, place: str, kind: CardKind | None = None, *, limit: int = 30) -> list[StockCount]:
        """A place's counts, the latest first."""
        self._must_see(staff, place)
        said = {"place": place, "kind": kind.value if kind else None, "limit": limit}
        return [_count(row) for row in self._views.rows(sql.COUNTS, said)]

    # places, and what comes and goes

    def add_place(self, staff: Staff, code: str, kind: PlaceKind, name: str) -> StockPlace:
        """A maker or a production centre that will keep blanks. A window needs no adding."""
        staff.must(Right.KEEP_STOCK)
        code, name = code.strip(), name.strip()
        if kind is PlaceKind.WINDOW:
            raise _unfit("kind", "a window keeps blanks from the first time that some are moved there; add nothing.")
        if not 0 < len(code) <= 64 or not all(c.isascii() and (c.isalnum() or c in "._:-") for c in code):
            raise _unfit("code", "give 1 to 64 letters, digits, dots, colons, dashes or underlines.")
        if not 0 < len(name) <= 100 or not name.isprintable():
            raise _unfit("name", "give 1 to 100 printable characters on one line.")
        if self._views.rows(sql.WINDOW, {"code": code, "roles": _AT_WINDOWS}):
            raise _unfit("code", f"{code} is a window; choose another code.")
        said = {"code": code, "kind": kind.value, "name": name, "by": staff.name, "at": self._clock()}
        with self._views.together() as run:
            if not run(sql.ADD_PLACE, said):
                raise _unfit("code", f"there is a place {code} already; choose another code.")
        return StockPlace(code, kind, name)

    def receive(self, staff: Staff, place: str, kind: CardKind, first: str, last: str, note: str) -> StockMove:
        """A range of new blanks comes to a place; `note` is the delivery note. All of the range, or none."""
        staff.must(Right.KEEP_STOCK)
        _must_be_noted(note)
        span = _Span(first, last)
        with self._views.together() as run:
            self._open(run, staff, place, kind)
            _must_be_there(run, span, "", kind)
            ((added,),) = run(sql.RECEIVE, {**span.said, "kind": kind.value, "place": place})
            if added != span.cards:
                raise _elsewhere("others received some of them meanwhile")
            return self._moved(run, staff, "received", kind, ("", place), span, note)

    def move(
        self, staff: Staff, source: str, target: str, kind: CardKind, first: str, last: str, note: str = ""
    ) -> StockMove:
        """A range of blanks in stock goes from one place to another. All of the range, or none."""
        staff.must(Right.KEEP_STOCK)
        if note:
            _must_be_noted(note)
        if source == target:
            raise _unfit("target", "choose another place than the one that the blanks are in.")
        span = _Span(first, last)
        said = {**span.said, "kind": kind.value, "source": source, "target": target}
        with self._views.together() as run:
            self._known(run, staff, target)
            run(sql.KEEP, {"place": target, "kind": kind.value})
            for place in sorted((source, target)):
                self._alone(run, place, kind)
            _must_be_there(run, span, source, kind)
            ((moved,),) = run(sql.MOVE, said)
            if moved != span.cards:
                raise _elsewhere(f"{span.cards - moved} of them were never received")
            return self._moved(run, staff, "moved", kind, (source, target), span, note)

    # what becomes of single ones

    def spoil(self, staff: Staff, number: str, reason: str) -> Blank:
        """A blank in stock is spoilt and will be no card; at the own window, or anywhere. Twice is once."""
        return self._turned(staff, number, BlankState.SPOILT, reason)

    def find(self, staff: Staff, number: str, reason: str) -> Blank:
        """A blank that was missing is there again, where it was missed. Twice is once."""
        return self._turned(staff, number, BlankState.IN_STOCK, reason)

    def _turned(self, staff: Staff, number: str, state: BlankState, reason: str) -> Blank:
        number = one_number(number)
        _must_be_reasoned(reason)
        with self._views.together() as run:
            found = _blank(run(sql.BLANK, {"number": number}), number)
            _must_use(staff, found.place)
            self._alone(run, found.place, found.kind)
            found = _blank(run(sql.BLANK, {"number": number}), number)
            if found.state is state:
                return found
            self._mark(run, staff, found, state, reason)
            return Blank(number, found.kind, found.place, state)

    def _mark(self, run: Run, staff: Staff, blank: Blank, state: BlankState, reason: str) -> None:
        was = BlankState.MISSING if state is BlankState.IN_STOCK else BlankState.IN_STOCK
        about = {"number": blank.number, "place": blank.place, "state": state.value, "was": was.value}
        if not run(sql.MARK, about):
            raise BadInput(
                f"number: {blank.number} is {blank.state.value.replace('_', ' ')} at {blank.place}; nothing was done.",
                code="stock_state",
            )
        way = ("", blank.place) if state is BlankState.IN_STOCK else (blank.place, "")
        span = _Span(blank.number, blank.number)
        self._moved(run, staff, _TURNED[state], blank.kind, way, span, reason)

    def spend(self, staff: Staff, place: str, kind: CardKind, numbers: Sequence[str], batch: str) -> dict[str, str]:
        """What a maker used up for a batch, by numbers; which of them cannot be, each with where it is instead.

        Nothing is done if there is one such. The same numbers for the same batch again change nothing. A place that
        was never given blanks uses none up, and all is well.
        """
        staff.must(Right.KEEP_STOCK)
        said = {"numbers": list(numbers), "place": place, "kind": kind.value, "note": batch}
        with self._views.together() as run:
            if not run(sql.ALONE, {"place": place, "kind": kind.value}):
                return {}
            unfit = {n: f"{state or 'unknown'}{f' at {at}' if at else ''}" for n, at, _, state in run(sql.UNFIT, said)}
            if unfit:
                return unfit
            spent = [n for (n,) in run(sql.SPEND, said)]
            if spent:
                run(sql.ADD_USED, {**said, "numbers": spent, "by": staff.name, "at": self._clock()})
        return {}

    # the day's end

    def count(
        self,
        staff: Staff,
        place: str,
        kind: CardKind,
        counted: int,
        *,
        missing: Sequence[str] = (),
        reason: str = "",
        n: int | None = None,
    ) -> StockCount:
        """A place's blanks counted, held against what must be there; a difference needs a reason.

        `missing` are blanks that are known to be the ones that are not there: they are marked so, and are not expected
        any more. `n` counts the place's counts of the kind from 1; with it, a form that comes twice does one thing.
        """
        _must_use(staff, place)
        reason = reason.strip()
        with self._views.together() as run:
            self._alone(run, place, kind)
            about = {"place": place, "kind": kind.value}
            rows = run(sql.LAST_COUNT, about)
            last = rows[0] if rows else (0, 0, 0, 0, "")
            if n is not None and n != last[0] + 1:
                if n == last[0] and last[3:] == (counted, staff.name):
                    return _count(run(sql.COUNTS, {**about, "limit": 1})[0])
                raise BadInput("The stock was counted meanwhile; look at it and count again.", code="stock_changed")
            for number in dict.fromkeys(map(one_number, missing)):
                _must_be_reasoned(reason)
                blank = _blank(run(sql.BLANK, {"number": number}), number)
                if (blank.place, blank.kind) != (place, kind):
                    raise _unfit("missing", f"{number} is not in this stock; it is at {blank.place}.")
                self._mark(run, staff, blank, BlankState.MISSING, reason)
            moved = run(sql.MOVED_SINCE, {**about, "since": last[2]})[0]
            ((in_stock,),) = run(sql.IN_STOCK, about)
            row = counted_row((last[0] + 1, last[1]), moved, in_stock, counted, reason)
            run(sql.ADD_COUNT, {**about, **row, "by": staff.name, "at": self._clock()})
            return _count(run(sql.COUNTS, {**about, "limit": 1})[0])

    # checking

    def check(self) -> list[str]:
        """A sentence for whatever does not hold: moves that do not come to the blanks, uses of blanks that are none."""
        faults = [f"stock {p} {k}: its moves do not come to its blanks." for p, k in self._views.rows(sql.LEVELS_OFF)]
        return faults + [f"blank {n}: it was used, and does not say so." for (n,) in self._views.rows(sql.USES_OFF)]

    # one by one

    def _known(self, run: Run, staff: Staff, place: str) -> None:
        """`NotFound` unless it is a place that keeps blanks, or a window, which is one from now on."""
        if run(sql.PLACE, {"code": place}):
            return
        windows = run(sql.WINDOW, {"code": place, "roles": _AT_WINDOWS})
        if not windows:
            raise NotFound(f"There is no place {place!r} for blank cards, and no window of that code; add it first.")
        said = {"code": place, "kind": PlaceKind.WINDOW.value, "name": windows[0][1]}
        run(sql.ADD_PLACE, {**said, "by": staff.name, "at": self._clock()})

    def _open(self, run: Run, staff: Staff, place: str, kind: CardKind) -> None:
        """Be alone at a place's stock, which is begun if it has none."""
        self._known(run, staff, place)
        run(sql.KEEP, {"place": place, "kind": kind.value})
        self._alone(run, place, kind)

    def _alone(self, run: Run, place: str, kind: CardKind) -> None:
        if not run(sql.ALONE, {"place": place, "kind": kind.value}):
            raise NotFound(f"The place {place!r} keeps no stock of this kind of card.")

    def _moved(
        self, run: Run, staff: Staff, what: str, kind: CardKind, way: tuple[str, str], span: "_Span", note: str
    ) -> StockMove:
        said: dict[str, Any] = {"what": what, "kind": kind.value, "source": way[0], "target": way[1], "note": note}
        said |= {"first": span.first, "last": span.last, "cards": span.cards, "by": staff.name, "at": self._clock()}
        run(sql.ADD_MOVE, said)
        return _move(run(sql.MOVES_OF_BLANK, {"number": span.first, "limit": 1})[0])

    def _must_see(self, staff: Staff, place: str | None) -> None:
        """`NotAllowed` unless it is the own window's stock, or the role sees all."""
        if place is None or not (staff.may(Right.USE_STOCK) and place == staff.place != ""):
            staff.must(Right.SEE_STOCK)


class _Span:
    """A range of blank numbers: letters that are the same, and digits of one width. `BadInput` names the end."""

    __slots__ = ("cards", "first", "last", "said")

    def __init__(self, first: str, last: str) -> None:
        self.first, self.last = one_number(first, "first"), one_number(last or first, "last")
        (prefix, low), (other, high) = _parts(self.first), _parts(self.last)
        if prefix != other or len(low) != len(high) or int(low) > int(high):
            raise _unfit("last", "give the last number of the range: the same letters, as many digits, no less.")
        self.cards = int(high) - int(low) + 1
        if self.cards > RANGE_MAX:
            raise _unfit("last", f"a range has at most {RANGE_MAX} blanks; give it in parts.")
        self.said: dict[str, Any] = {"first": self.first, "last": self.last, "prefix": prefix, "digits": len(low)}
        self.said |= {"low": int(low), "high": int(high)}


def one_number(text: str, field: str = "number") -> str:
    """A blank's number as it is kept, from what was typed or scanned. `BadInput`."""
    number = text.strip().upper()
    if not BLANK.fullmatch(number):
        raise _unfit(field, "give the number that is on the blank card: up to 14 letters, then 1 to 18 digits.")
    return number


def _parts(number: str) -> tuple[str, str]:
    found = BLANK.fullmatch(number)
    return (found[1], found[2]) if found else ("", number)


def _must_be_there(run: Run, span: _Span, place: str, kind: CardKind) -> None:
    """`BadInput` for a range with blanks that are elsewhere, of another kind or used; for no place, on file at all."""
    rows = run(sql.ELSEWHERE, {"first": span.first, "last": span.last, "place": place, "kind": kind.value})
    if rows:
        named = (f"{n} ({k.replace('_', ' ')}, {state.replace('_', ' ')} at {at})" for n, k, at, state in rows)
        raise _elsewhere(", ".join(named))


def _elsewhere(why: str) -> BadInput:
    return BadInput(f"first: not all of the range can be taken: {why}. Nothing was done.", code="stock_elsewhere")


def _must_use(staff: Staff, place: str) -> None:
    """`NotAllowed` unless it is the own window's stock, or the role keeps all."""
    if staff.may(Right.KEEP_STOCK) or (staff.may(Right.USE_STOCK) and place == staff.place != ""):
        return
    staff.must(Right.KEEP_STOCK)


def _must_be_noted(note: str) -> None:
    if not is_reason(note):
        raise _unfit("note", "give the delivery note's number in 1 to 200 characters, on one line.")


def _must_be_reasoned(reason: str) -> None:
    if not is_reason(reason):
        raise _unfit("reason", "give the reason in 1 to 200 characters, on one line.", "stock_reason")


def _unfit(field: str, what: str, code: str | None = None) -> BadInput:
    unfit = BadInput(f"{field}: {what}", code=code or f"stock_{field}")
    unfit.field = field
    return unfit


def _place(row: tuple[Any, ...]) -> StockPlace:
    return StockPlace(row[0], PlaceKind(row[1]), row[2])


def _level(row: tuple[Any, ...]) -> StockLevel:
    return StockLevel(_place(row[:3]), CardKind(row[3]), *row[4:])


def _blank(rows: list[tuple[Any, ...]], number: str) -> Blank:
    if not rows:
        raise NotFound(f"There is no blank card {number}.")
    number, kind, place, state = rows[0]
    return Blank(number, CardKind(kind), place, BlankState(state))


def _move(row: tuple[Any, ...]) -> StockMove:
    return StockMove(row[0], row[1], CardKind(row[2]), *row[3:])


def _count(row: tuple[Any, ...]) -> StockCount:
    place, kind, *said = row
    return StockCount(place, CardKind(kind), *said)
