"""Asking the desk about the people in `ready`, batch by batch: as a dry run, or to carry them over (1.2, 8.1).

Several processes share the batches; each has a desk of its own and reads the staging database beside the others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter

from shebaoka.desk import Desk, MoveBatch, carry_over, digest_of, request_ids
from shebaoka.importer.staging import Staging
from shebaoka.records import Ask, CarryOverAccount, Channel, RecordsOfYear, Sender

_READY = """
select source, line, number, name, region, insured_on, old_card_number, in_hospital_since, fen,
       years, counts, totals, accounts, {bodies}
from ready where batch = ? order by place"""
_WITH_BODIES = _READY.format(bodies="list_transform(bodies, lambda b: encode(b))")
_WITHOUT_BODIES = _READY.format(bodies="null")
_ground = attrgetter("ground")
_NO_DIGEST = "0" * 64
"""What stands for a text's digest where nothing is written: no decision looks at it."""


def asks_of(
    staging: Staging, run: str, batch: MoveBatch, sender: Sender, *, bodies: bool = True
) -> tuple[list[Ask], list[str]]:
    """A batch's requests in the order of numbers, and the places of their rows, as `source.line`."""
    prefix = request_ids(run, batch)
    asks, places = [], []
    for (
        source, line, number, name, region, insured_on, card, since, fen, years, counts, totals, accounts, texts,
    ) in staging.rows(_WITH_BODIES if bodies else _WITHOUT_BODIES, [batch.n]):  # fmt: skip
        place = f"{source}.{line}"
        if not years:
            of_years: tuple[RecordsOfYear, ...] = ()
        else:
            digests = list(map(digest_of, texts)) if bodies else [_NO_DIGEST] * len(years)
            of_years = tuple(map(RecordsOfYear, years, counts, totals, accounts, digests))
        request = CarryOverAccount(
            id=prefix + place,
            person=number,
            balance_fen=fen,
            old_card_number=card,
            years=of_years,
            in_hospital_since=since,
            name=name,
            region=region,
            insured_on=insured_on,
        )
        asks.append(Ask(request, sender, bodies=tuple(texts) if texts else ()))
        places.append(place)
    return asks, places


def sender_of(run: str, by: str) -> Sender:
    """Who asks."""
    return Sender(by=by, channel=Channel.IMPORTER, place=f"import:{run}")


def foresee(
    desk: Desk, staging: Staging, run: str, by: str, batches: Iterable[MoveBatch], told: Callable[[int], None]
) -> Counter[str]:
    """What the desk would answer, by ground; nothing is written."""
    sender, grounds = sender_of(run, by), Counter[str]()
    for batch in batches:
        known = batch.first_person_id is None
        asks, _ = asks_of(staging, run, batch, sender, bodies=known)
        if known:
            for outcome in desk.submit(asks, dry_run=True):
                grounds[getattr(outcome, "code", "") or outcome.answer.ground] += 1  # type: ignore[union-attr]
        else:
            grounds.update(map(_ground, desk.foresee(asks)))
        told(len(asks))
    return Counter({str(ground): n for ground, n in grounds.items()})


def carry(
    desk: Desk, staging: Staging, run: str, by: str, batches: Iterable[MoveBatch], told: Callable[[int], None]
) -> None:
    """Carry batches over, each in one transaction. One that is on file already gets the same answers again."""
    sender = sender_of(run, by)
    for batch in batches:
        asks, places = asks_of(staging, run, batch, sender)
        carry_over(desk, run, batch, asks, places)
        told(len(asks))


def planned(staging: Staging) -> tuple[list[int], list[int]]:
    """How many people the batches have: of those nobody knows, and of those who are on file."""
    sizes = staging.rows("select known, count(*) from ready group by batch, known order by batch")
    return [n for known, n in sizes if not known], [n for known, n in sizes if known]


def as_foreseen(fresh: Sequence[int], known: Sequence[int]) -> Iterator[MoveBatch]:
    """The batches as they will be, for a dry run; ids are not reserved yet."""
    for n, people in enumerate((*fresh, *known), 1):
        first = 1 if n <= len(fresh) else None
        yield MoveBatch(n, 1, people, first, None, None, None, None, is_carried=False, is_undone=False)
