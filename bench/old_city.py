"""A whole city's old export, 3.4 million people and 30 million records at scale 1, written as a stream in minutes.

Accounts stand by 个人编号; records by day, as old systems export them, so that one person's are all over the file.
`python -m bench.old_city FOLDER` writes one, and prints what an importer must find in it; the last line is JSON.
"""

import argparse
import datetime as dt
import itertools
import json
import multiprocessing as mp
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import msgspec

from bench.old_people import FIRST_PERSONAL_NUMBER, Made, People, RecordFault, days_with_records
from shebaoka.city import (
    ACCOUNT_COLUMNS,
    CONTROL_COLUMNS,
    INSTITUTIONS,
    RECORD_COLUMNS,
    UNSUMMED,
    Fault,
    twin_of,
)

CITY_PEOPLE, CITY_RECORDS = 3_400_000, 30_000_000
BLOCK = 10_000
PROCESSES, AHEAD = 2, 5
"""How many processes make rows, and how many blocks of them may be ready or in work before they are written."""
AMOUNTS = 1 << 16
UNREADABLE = (Fault.NOT_GB18030, Fault.WRONG_COLUMN_COUNT)


class Found(msgspec.Struct, frozen=True):
    """What an importer must find in an export. Fen; of a record, 帐户支出.

    `rows`, `balance_fen`, `record_rows` and `record_spent_fen` are what `control_totals.csv` states. A row is good, or
    broken in its own way, or `waiting`: sound, but one of the person's records is broken. A record is of an account
    that carries over (`carried`; `left` if it is of the year before), or broken itself, or `waiting` with its account.
    Of the good rows, `old_numbers` have 15 digits and `stays` an open stay. In `unreadable_lines` of `accounts.csv`,
    the header being line 1, not even the columns can be told.
    """

    people: int
    rows: int
    balance_fen: int
    good_rows: int
    good_balance_fen: int
    broken: dict[str, int]
    waiting: int
    old_numbers: int
    stays: int
    unreadable_lines: tuple[int, ...]
    record_rows: int
    record_spent_fen: int
    records_carried: int
    records_carried_fen: int
    records_left: int
    records_broken: dict[str, int]
    records_waiting: int


def write_old_city(folder: Path, people: int, seed: int, on: dt.date, processes: int = PROCESSES) -> Found:
    """Write `accounts.csv`, `records.csv` and `control_totals.csv` of that many people as of a day.

    The same seed is the same files, with however many processes. From 1,000 people on every fault stands in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Made(people, seed, on, people * CITY_RECORDS // CITY_PEOPLE)
    blocks = -(-people // BLOCK)
    accounts: Counter[str] = Counter()
    unreadable: list[int] = []
    with _Rows(made, processes) as rows:
        with (folder / "accounts.csv").open("wb") as file:
            file.write(_line(ACCOUNT_COLUMNS))
            for block in rows.made(_accounts, blocks):
                unreadable.extend(2 + accounts["rows"] + n for n in block.unreadable)
                file.write(block.text)
                accounts.update(block.counts)
        records: Counter[str] = Counter()
        with (folder / "records.csv").open("wb") as file:
            file.write(_line(RECORD_COLUMNS))
            for block in rows.made(_records, len(days_with_records(made))):
                file.write(block.text)
                records.update(block.counts)
    with (folder / "control_totals.csv").open("wb") as file:
        file.write(_line(CONTROL_COLUMNS))
        file.write(_line(("accounts.csv", str(accounts["rows"]), _yuan(accounts["balance_fen"]))))
        file.write(_line(("records.csv", str(records["rows"]), _yuan(records["spent_fen"]))))
    return Found(
        people=people,
        rows=accounts["rows"],
        balance_fen=accounts["balance_fen"],
        good_rows=accounts["good"],
        good_balance_fen=accounts["good_fen"],
        broken={str(f): accounts[f] for f in Fault if accounts[f]},
        waiting=accounts["waiting"],
        old_numbers=accounts["old_numbers"],
        stays=accounts["stays"],
        unreadable_lines=tuple(unreadable),
        record_rows=records["rows"],
        record_spent_fen=records["spent_fen"],
        records_carried=records["carried"],
        records_carried_fen=records["carried_fen"],
        records_left=records["left"],
        records_broken={str(f): records[f] for f in RecordFault if records[f]},
        records_waiting=records["waiting"],
    )


class _Block(msgspec.Struct, frozen=True):
    """Rows as bytes, what is in them, and which of them, from 0, cannot be read."""

    text: bytes
    counts: Counter[str]
    unreadable: list[int] = []


class _Rows:
    """Makes blocks of rows in some processes, or in this one, and gives them in order."""

    def __init__(self, made: Made, processes: int) -> None:
        self._made = made
        self._pool: ProcessPoolExecutor | None = None
        if processes > 1:
            self._pool = ProcessPoolExecutor(processes, mp.get_context("spawn"), _begin, (made,))

    def __enter__(self) -> "_Rows":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def made(self, make: "Callable[[_Maker, int], _Block]", blocks: int) -> Iterator[_Block]:
        """Block after block; a few are made ahead."""
        if self._pool is None:
            maker = _Maker(self._made)
            yield from (make(maker, n) for n in range(blocks))
            return
        ahead: deque[Future[_Block]] = deque()
        for n in itertools.count():
            while n + len(ahead) < blocks and len(ahead) < AHEAD:
                ahead.append(self._pool.submit(_in_process, make, n + len(ahead)))
            if not ahead:
                return
            yield ahead.popleft().result()


class _Maker:
    """What a process needs to make any block."""

    def __init__(self, made: Made) -> None:
        self.people = People(made)
        self.days = days_with_records(made)
        rng = random.Random(f"{made.seed}:blocks")
        self.twins: dict[int, list[int]] = {}
        for i in self.people.twins:
            self.twins.setdefault(rng.randrange(-(-made.people // BLOCK)), []).append(i)
        self.broken_records: dict[int, list[tuple[RecordFault, int]]] = {}
        for fault in self.people.broken_records:
            self.broken_records.setdefault(rng.randrange(len(self.days)), []).append(fault)
        self.amounts = [_amounts(rng) for _ in range(AMOUNTS)]


_maker: list[_Maker] = []


def _begin(made: Made) -> None:
    _maker.append(_Maker(made))


def _in_process(make: Callable[[_Maker, int], _Block], n: int) -> _Block:
    return make(_maker[0], n)


def _accounts(maker: _Maker, block: int) -> _Block:
    """The accounts of 10,000 people, and after them second rows of some people from anywhere in the city."""
    people = maker.people
    rng = random.Random(f"{people.made.seed}:accounts:{block}")
    faults, waits, shown = people.faults, people.waits, people.shown
    rows: list[str] = []
    counts: Counter[str] = Counter()
    unreadable: list[int] = []
    balance_all = good = good_fen = stays = 0
    for i in range(block * BLOCK, min((block + 1) * BLOCK, people.made.people)):
        fault = faults.get(i)
        if fault is not None:
            counts.update(_broken(people, i, fault, rows, unreadable))
            continue
        fields, balance_fen = people.fields(i, rng, shown.get(i, ""))
        rows.append(",".join(fields))
        balance_all += balance_fen
        if i in waits:
            counts["waiting"] += 1
            continue
        good += 1
        good_fen += balance_fen
        stays += fields[9] == "1"
        counts["old_numbers"] += len(fields[1]) == 15
    for i in maker.twins.get(block, ()):
        fields, balance_fen = people.fields(i, people.own(i))
        twin, balance_fen = twin_of(fields, balance_fen, faults[i])
        rows.append(",".join(twin))
        balance_all += balance_fen
        counts[faults[i]] += 1
    counts.update(rows=len(rows), balance_fen=balance_all, good=good, good_fen=good_fen, stays=stays)
    return _Block(_encoded(rows), counts, unreadable)


def _broken(people: People, i: int, fault: Fault, rows: list[str], unreadable: list[int]) -> Counter[str]:
    """The first row of somebody who has a fault; what it adds."""
    sound, balance_fen = people.fields(i, people.own(i))
    if fault is Fault.EXACT_DUPLICATE:
        rows.append(",".join(sound))
        return Counter(balance_fen=balance_fen, good=1, good_fen=balance_fen, stays=int(sound[9]))
    fields = people.broken(i)
    if fault is Fault.NOT_GB18030:
        # The name loses its last byte, as where a field of fixed width cut a character in two.
        fields[2] = fields[2].encode("gb18030")[:-1].decode("ascii", "surrogateescape")
    if fault in UNREADABLE:
        unreadable.append(len(rows))
    if fault is Fault.NEGATIVE_BALANCE:
        balance_fen = -balance_fen - 1
    rows.append(",".join(fields))
    return Counter({fault: 1, "balance_fen": 0 if fault in UNSUMMED else balance_fen})


def _records(maker: _Maker, n: int) -> _Block:
    """Records of a day, of people drawn from the whole city."""
    people, (day, many) = maker.people, maker.days[n]
    rng = random.Random(f"{people.made.seed}:records:{n}")
    draw, of, shown, held = rng.random, people.numbers.of, people.shown, people.held
    amounts, everybody, day_text = maker.amounts, people.made.people, f"{day:%Y%m%d}"
    broken = maker.broken_records.get(n, ())
    rows: list[str] = []
    spent = carried_fen = waiting = 0
    for _ in range(many - len(broken)):
        i = int(draw() * everybody)
        text, account_fen = amounts[int(draw() * AMOUNTS)]
        number = shown[i] if i in shown else of(i)
        rows.append(f"{FIRST_PERSONAL_NUMBER + i},{number},{day_text},{text}")
        spent += account_fen
        if i in held:
            waiting += 1
        else:
            carried_fen += account_fen
    within = day.year == people.made.on.year
    ours = len(rows) - waiting
    counts: Counter[str] = Counter(waiting=waiting)
    counts.update({"carried": ours, "carried_fen": carried_fen} if within else {"left": ours})
    for fault, i in broken:
        fields = [str(FIRST_PERSONAL_NUMBER + i), people.number(i), day_text, *amounts[i % AMOUNTS][0].split(",")]
        spent += _break_record(fields, amounts[i % AMOUNTS][1], fault)
        rows.insert(rng.randrange(len(rows) + 1), ",".join(fields))
        counts[fault] += 1
    counts.update(rows=len(rows), spent_fen=spent)
    return _Block(_encoded(rows), counts)


def _break_record(fields: list[str], account_fen: int, fault: RecordFault) -> int:
    """Break a record in place; what its amount adds to the sum of the file, in fen."""
    if fault is RecordFault.IMPOSSIBLE_DATE:
        fields[2] = f"{fields[2][:4]}0231"
    elif fault is RecordFault.AMOUNT_IS_NO_NUMBER:
        fields[5] = "*****"
        return 0
    elif fault is RecordFault.ACCOUNT_ABOVE_TOTAL:
        fields[4] = "0.00"
    return account_fen


def _amounts(rng: random.Random) -> tuple[str, int]:
    """Where and how much: the fields of a record after its day, and the account's part in fen."""
    total_fen = min(int(rng.expovariate(1 / 150_00)) + 5_00, 5_000_00)
    account_fen = total_fen if rng.random() < 0.6 else rng.randint(1, total_fen)
    return f"{rng.choice(INSTITUTIONS)},{_yuan(total_fen)},{_yuan(account_fen)}", account_fen


def _encoded(rows: list[str]) -> bytes:
    """Rows as the old system writes them; escaped bytes go through as they are."""
    return "\r\n".join((*rows, "")).encode("gb18030", "surrogateescape")


def _line(fields: tuple[str, ...]) -> bytes:
    return _encoded([",".join(fields)])


def _yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{'-' * (fen < 0)}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def main() -> None:
    """Write one where the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--scale", type=float, default=0.01, help="1 is 3.4 million people, 30 million records")
    arguments.add_argument("--seed", type=int, default=20130625)
    arguments.add_argument("--on", type=dt.date.fromisoformat, default=dt.date(2013, 6, 30))
    said = arguments.parse_args()
    began = time.perf_counter()
    found = write_old_city(said.folder, round(said.scale * CITY_PEOPLE), said.seed, said.on)
    print(f"{found.people:,} people, {found.record_rows:,} records in {time.perf_counter() - began:.1f} s")
    told = msgspec.structs.asdict(found)
    print(json.dumps({**told, "unreadable_lines": len(found.unreadable_lines)}))


if __name__ == "__main__":
    main()
