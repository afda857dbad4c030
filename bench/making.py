"""A batch of cards to its maker and back: the package made, and the results read and recorded by the desk.

Everything is real: applications and sealed photos of 20 kB in PostgreSQL with its default durability, a batch that was
checked, frozen and approved through the desk, the package signed, encrypted and brought to the disk, the result file of
the maker that the project plays, each card recorded by a request with its entry in the journal. The two measured steps
run in processes of their own, so that their memory is theirs.

Beside the package: a tar of the same photos and rows with the SHA-256 of each, brought to the disk. Beside the
results: COPY of the rows that recording them has written and changed, into tables with the same indexes.
`make bench-making` runs it with 100,000 cards; the last line is JSON. Exit code 1 if a card is not where it must be.
"""

import argparse
import datetime as dt
import hashlib
import json
import multiprocessing as mp
import os
import random
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg

from bench.memory import highest_mb
from shebaoka import numbers
from shebaoka.app import House, Settings, load_formats, makers_folder, open_house, settings_from
from shebaoka.desk import Choice, Role, Staff, now
from shebaoka.desk.papers import _beside
from shebaoka.maker import KeyPair, Simulated, public_text
from shebaoka.records import CardKind, Digits, PlaceKind
from shebaoka.store import REBUILD, as_role, embedded_server, ensure_database

FIRST_PERSON = 10_000_000
REGION = "140702"
BATCH = "bench-1"
PHOTO_SIZE = 20_000
REJECTED_EVERY = 200
MAKER, OTHER = Staff("zhou", Role.PRODUCTION, ""), Staff("qian", Role.PRODUCTION, "")
DISK_KB_A_CARD = 100
"""Sealed photos, the package, the tar, the log, and some to spare."""
WRITTEN = ("journal", "request_key", "dossier", "snapshot", "application", "card_order")
"""Tables in which recording a result adds or changes a row."""


def number_of(n: int) -> str:
    """The n-th person's social security number; a valid one."""
    day = dt.date(1940, 1, 1) + dt.timedelta(days=n // 20)
    return numbers.with_check_digit(f"{REGION}{day:%Y%m%d}{n % 20 * 7 + 100:03d}")


def name_of(n: int) -> str:
    """The n-th person's name; nobody else who was born on that day has it."""
    return f"{'王李张刘陈杨赵'[n % 7]}{'晓建文玉国'[n % 5]}{chr(0x4E00 + n % 5000)}"


def blank_of(line: int) -> str:
    """The number of the blank that the card of this line is made of."""
    return f"K{line:09}"


def photo_of(n: int) -> bytes:
    """The n-th person's photo: no picture, but as long as one, as good as noise like one, and like no other."""
    return b"\xff\xd8\xff" + random.Random(n).randbytes(PHOTO_SIZE - 3)


def fill(owner_url: str, house: House, cards: int) -> None:
    """Write people who have applied, and their photos, straight into the tables, as a past would have left them."""
    on, at = dt.date(2026, 1, 5), now()
    key = "b" * 32
    wrapped = house.vault.draw_data_key(key)
    people = [(FIRST_PERSON + n, number_of(n)) for n in range(cards)]

    def sealed(n: int, number: str) -> tuple[Any, ...]:
        photo = photo_of(n)
        paper, digest = f"p{n}", hashlib.sha256(photo).digest()
        said = (paper, f"d{n}", number, "photo", "image/jpeg")
        text = house.vault.seal_content(key, wrapped, photo, _beside(*said, digest))
        return (*said, 358, 441, len(photo), digest, key, text, "li", "w1", at, FIRST_PERSON + n, 1)

    with psycopg.connect(owner_url) as connection, connection.cursor() as cursor:

        def copy(table: str, rows: Any) -> None:
            with cursor.copy(f"copy {table} from stdin") as target:
                for row in rows:
                    target.write_row(row)

        cursor.execute("insert into data_key values (%s, %s, %s, %s)", [key, on, wrapped, at])
        copy("dossier (person_id, version, chain)", ((i, 1, bytes(32)) for i, _ in people))
        copy("person_key (person_id, number)", people)
        copy(
            "person (person_id, number, name, sex, birth_on, region, insured_on, standing)",
            ((i, n, name_of(i), numbers.sex(n), numbers.birth_date(n), REGION, on, "insured") for i, n in people),
        )
        copy(
            "application (person_id, n, why, making, applied_on, fee_fen, remakes, collect_at, photo, ethnic_group)",
            ((i, 1, "first", "applied", on, 0, 0, "w1", "p", "01") for i, _ in people),
        )
        copy(
            "paper (id, draft, number, kind, format, width, height, size, digest, data_key, sealed, added_by, place, "
            "added_at, person_id, seq)",
            (sealed(n, number) for n, (_, number) in enumerate(people)),
        )
        cursor.execute(REBUILD)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


@contextmanager
def a_house(work: Path, url: str) -> Iterator[House]:
    """The house as a process of its own opens it."""
    settings: Settings = settings_from({"SHEBAOKA_HOME": str(work / "home"), "SHEBAOKA_DATABASE_URL": url})
    with open_house(settings) as house:
        yield house


def _step(what: str, work: Path, url: str, out: "mp.Queue[Any]") -> None:
    """One measured step: how long it took, and how much memory this process has had at the most."""
    with a_house(work, url) as house:
        began = time.perf_counter()
        if what == "package":
            said: Any = house.maker_files.package(MAKER, BATCH, work / "cards", "zk1").manifest.rows
        else:
            taken = house.maker_files.results(MAKER, BATCH, work / "results")[1]
            said = {**taken.counts, "not_taken": taken.not_taken}
        seconds = time.perf_counter() - began
    out.put((seconds, highest_mb(os.getpid()), said))


def step(what: str, work: Path, url: str) -> tuple[float, float, Any]:
    """The same in a process of its own."""
    context = mp.get_context("spawn")
    out: mp.Queue[Any] = context.Queue()
    process = context.Process(target=_step, args=(what, work, url, out))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"The step {what} ended with {process.exitcode}.")
    return out.get()  # type: ignore[no-any-return]


def tar_seconds(work: Path, rows: bytes, cards: int) -> float:
    """A tar of the same rows and photos, each with its SHA-256, brought to the disk."""
    photos = [photo_of(n) for n in range(min(cards, 2000))]  # made beforehand, for making them is not the work
    began = time.perf_counter()
    with (work / "yardstick.tar").open("wb") as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for n in range(cards):
            info = tarfile.TarInfo(f"{n}.jpg")
            info.size = PHOTO_SIZE
            photo = photos[n % len(photos)]
            hashlib.sha256(photo).digest()
            tar.addfile(info, BytesIO(photo))
        info = tarfile.TarInfo("cards.txt")
        info.size = len(rows)
        hashlib.sha256(rows).digest()
        tar.addfile(info, BytesIO(rows))
        tar.close()
        out.flush()
        os.fsync(out.fileno())
    seconds = time.perf_counter() - began
    (work / "yardstick.tar").unlink()
    return seconds


def copy_seconds(owner_url: str) -> float:
    """COPY of all rows that recording has written or changed into tables with the same indexes, in one transaction."""
    with psycopg.connect(owner_url) as connection:
        held: list[tuple[str, bytes]] = []
        for table in WRITTEN:
            where = "where service in ('record_made', 'record_rejected')" if table == "journal" else ""
            if table == "request_key":
                where = "where request_id like 'batch:%:made:%' or request_id like 'batch:%:rejected:%'"
            with connection.cursor().copy(f"copy (select * from {table} {where}) to stdout") as source:
                held.append((table, b"".join(bytes(piece) for piece in source)))
            connection.execute(f"create table yard_{table} (like {table} including all)")
        connection.commit()
        connection.execute("select 1")
        connection.commit()
        began = time.perf_counter()
        for table, rows in held:
            with connection.cursor().copy(f"copy yard_{table} from stdin") as target:
                target.write(rows)
        connection.commit()
        return time.perf_counter() - began


def prepared(owner_url: str, work: Path, url: str, cards: int) -> Simulated:
    """People, photos, a batch that may leave, and a maker with keys. Not measured, but told."""
    with a_house(work, url) as house:
        house.vault.set_first_pin(Digits("820417"), length=6)
        _timed("fill", lambda: fill(owner_url, house, cards))
        house.windows.add("w1", "一号窗口", "政务中心", "迎宾街 1 号", "周一至周五 8:30—17:30")
        room = house.batches
        _timed("choose", lambda: room.choose(MAKER, BATCH, Choice(region=REGION, limit=cards)))
        _timed("check", lambda: room.check(MAKER, BATCH))
        held = room.get(MAKER, BATCH).cards
        for card in room.cards(MAKER, BATCH, states=["held"], limit=1):
            print(f"held: {held} {card.faults}")
        _timed("freeze", lambda: room.freeze(MAKER, BATCH))
        room.approve(OTHER, BATCH)
        house.stock.add_place(MAKER, "zk1", PlaceKind.MAKER, "制卡厂")
        house.stock.receive(MAKER, "zk1", CardKind.SOCIAL_SECURITY, blank_of(1), blank_of(cards), "bench")
        until = now().date() + dt.timedelta(days=300)
        ours = {key.use: key.public for key in house.partners.new_keys(until)}
        pair = KeyPair.drawn()
        house.partners.add("zk1", "制卡厂", "delimited")
        house.partners.add_key("zk1", public_text("sign", pair.signing_public), until)
        house.partners.add_key("zk1", public_text("seal", pair.sealing_public), until)
        format_ = load_formats(makers_folder())["delimited"]
        return Simulated("zk1", pair, format_, "delimited", ours["sign"], ours["seal"])


def _timed(what: str, act: Any) -> None:
    began = time.perf_counter()
    act()
    print(f"{what:<10} {time.perf_counter() - began:8.1f} s", flush=True)


def main() -> None:
    """Prepare, measure in turn, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cards", type=int, default=100_000, help="cards of the batch; the bars are for 100,000")
    cards = arguments.parse_args().cards
    with tempfile.TemporaryDirectory(prefix="bench-making-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        work.chmod(0o755)
        free_gb, needed_gb = shutil.disk_usage(work).free / 1e9, cards * DISK_KB_A_CARD / 1e6 + 1
        if free_gb < needed_gb:
            sys.exit(f"{work}: {needed_gb:.0f} GB are needed and {free_gb:.0f} free; give fewer --cards.")
        with embedded_server(work / "postgres") as server:
            owner_url = ensure_database(server, "making")
            print(json.dumps(measured(work, owner_url, cards)))


def measured(work: Path, owner_url: str, cards: int) -> dict[str, Any]:
    """Both steps and what they are held against."""
    from shebaoka.store import migrate

    migrate(owner_url)
    url = as_role(owner_url, "shebaoka_app")
    maker = prepared(owner_url, work, url, cards)
    out_s, out_mb, rows = step("package", work, url)
    size = (work / "cards").stat().st_size
    tar_s = tar_seconds(work, b"x" * (rows * 250), cards)
    rejects = dict.fromkeys(range(REJECTED_EVERY, cards + 1, REJECTED_EVERY), "芯片不良")
    _timed("maker", lambda: maker.make_cards(work / "cards", work / "results", now(), rejects=rejects, blank=blank_of))
    with a_house(work, url) as house:
        house.batches.sent(MAKER, BATCH)
    in_s, in_mb, taken = step("results", work, url)
    copy_s = copy_seconds(owner_url)
    print(f"\n{'':<34} {'seconds':>9} {'cards/s':>10}")
    for name, seconds in (("package", out_s), ("  tar and SHA-256", tar_s), ("results", in_s), ("  COPY", copy_s)):
        print(f"{name:<34} {seconds:>9.1f} {cards / seconds:>10,.0f}")
    print(f"package {size / 1e6:,.0f} MB; memory {out_mb:.0f} MB out, {in_mb:.0f} MB in; {taken}\n")
    expected = {"made": cards - len(rejects), "rejected": len(rejects), "stopped": 0, "not_taken": 0}
    if rows != cards or taken != expected:
        sys.exit(f"Not every card is where it must be: {rows} packed, {taken} taken, {expected} expected.")
    return {
        "cards": cards,
        "cards_out_per_s": round(cards / out_s),
        "cards_in_per_s": round(cards / in_s),
        "peak_mb": round(max(out_mb, in_mb)),
        "ratio_tar": round(tar_s / out_s, 3),
        "ratio_copy": round(copy_s / in_s, 3),
    }


if __name__ == "__main__":
    main()
