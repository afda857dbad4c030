"""The photos of a run: looked at, put on file for the people who went over, proved. The steps of a run call it.

An album is a folder or a zip. Its entries are rows of the staging database without their bytes; a photo's bytes are
read again when it goes on file, and must be those that were looked at.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from shebaoka.desk import MovedPhoto, Moving
from shebaoka.importer.checks import quoted
from shebaoka.importer.files import OddPhoto, Photo, PhotoReason, photos, photos_named
from shebaoka.importer.reasons import Reason
from shebaoka.importer.staging import Staging
from shebaoka.importer.taking import FoundFile
from shebaoka.records import BadInput, Proof, RunReport

LOOKED_AT_ONCE, PUT_AT_ONCE = 500, 500
PUT_BYTES_MAX = 16 << 20
"""So many bytes of photos are in memory at once, and one photo more."""
_COLUMNS = ("line", "number", "entry", "form", "width", "height", "digest", "reason", "sentence")


def prepare(staging: Staging) -> None:
    """The tables of photos."""
    staging.run("""
        create table if not exists photo (
            source integer, line bigint, number varchar, entry varchar, form varchar, width integer, height integer,
            digest varchar, reason varchar, sentence varchar)""")
    staging.run("create table if not exists photo_on_file (number varchar, digest varchar, mine boolean)")


def size_of(album: Path) -> int:
    """How many bytes an album has."""
    if album.is_dir():
        return sum(p.stat().st_size for p in album.rglob("*") if p.is_file())
    return album.stat().st_size


def take_in(staging: Staging, album: FoundFile, told: Callable[[int], None]) -> None:
    """Look at every photo of an album, some hundreds at a time; what a killed process has looked at is passed over."""
    step = f"take_in {album.n}"
    if staging.said(step) is not None:
        return
    (after,) = staging.row("select coalesce(max(line), 0) from photo where source = ?", [album.n])
    entries = enumerate(photos(album.path, after=after), after + 1)
    looked_at = 0
    while some := [_row(line, entry) for line, entry in islice(entries, LOOKED_AT_ONCE)]:
        with staging.transaction():
            lists = [list(column) for column in zip(*some, strict=True)]
            marks = ", ".join("unnest(?)" for _ in _COLUMNS)
            staging.run(f"insert into photo (source, {', '.join(_COLUMNS)}) select {album.n}, {marks}", lists)
        looked_at += len(some)
        told(looked_at)
    with staging.transaction():
        (rows,) = staging.row("select count(*) from photo where source = ?", [album.n])
        staging.run(
            "insert or replace into source values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                album.n,
                album.path.name,
                album.spec.kind,
                1,
                "",
                rows,
                "",
                album.digest,
                size_of(album.path),
                str(album.path.resolve()),
                msgspec.json.encode(album.spec).decode(),
            ],
        )
        staging.mark(step, str(rows))


def _row(line: int, entry: Photo | OddPhoto) -> tuple[object, ...]:
    """An entry without its bytes."""
    if isinstance(entry, OddPhoto):
        return line, "", entry.entry, "", 0, 0, "", entry.reason, entry.sentence
    digest = hashlib.sha256(entry.data).hexdigest()
    return line, entry.number, entry.entry, entry.format, entry.width, entry.height, digest, None, ""


def settle(staging: Staging, moving: Moving) -> None:
    """What became of every photo, in `photo_fate`; after the fates of the accounts are settled."""
    staging.run("create or replace table photo_fate (source integer, line bigint, what varchar, reason varchar)")
    if not staging.row("select exists (select 1 from photo)")[0]:
        return
    _read_on_file(staging, moving)
    staging.run(f"""
        insert into photo_fate
        with its_account as (
            select number, bool_or(reason is null) as goes, min(source) as source, min(line) as line
            from acc where number <> '' group by number),
        judged as (
            select t.source, t.line, o.digest = t.digest as on_file, o.mine, coalesce(t.reason, case
                when count(*) over (partition by t.number) > 1 then '{PhotoReason.NUMBER_STANDS_TWICE}'
                when a.number is null then '{Reason.PHOTO_HAS_NO_ACCOUNT}'
                when not a.goes or u.number is not null
                then '{Reason.ACCOUNT_IS_HELD_BACK}|' || s.name || '|' || a.line
                when o.digest <> t.digest then '{Reason.PHOTO_DIFFERS_FROM_FILE}' end) as reason
            from photo t left join its_account a on a.number = t.number left join source s on s.n = a.source
            left join turned u on u.number = t.number left join photo_on_file o on o.number = t.number)
        select source, line, case when reason is not null then 'held_back' when on_file and mine then 'carried_over'
            when on_file then 'already_there' else 'waiting' end, reason
        from judged""")


def _read_on_file(staging: Staging, moving: Moving) -> None:
    """Which photos count on file, of this run and of others."""
    path = staging.path.with_name("photos_on_file.csv")
    try:
        with path.open("wb") as file:
            path.chmod(0o600)
            file.writelines(moving.photos_on_file())
        staging.run("delete from photo_on_file")
        staging.run(f"""
            insert into photo_on_file select * from read_csv({quoted(str(path))}, header = false, auto_detect = false,
                columns = {{number: 'varchar', digest: 'varchar', mine: 'boolean'}})
            where number in (select number from photo)""")
    finally:
        path.unlink(missing_ok=True)


def carry(staging: Staging, moving: Moving, albums: Sequence[FoundFile], told: Callable[[int], None]) -> None:
    """Put the photos that wait on file, of everybody who is on file by now. Those that are there stay as they are."""
    done = 0
    for album in albums:
        waiting = {
            entry: MovedPhoto(number, form, width, height, bytes.fromhex(digest), b"", entry)
            for number, form, width, height, digest, entry in staging.rows(
                """select number, form, width, height, digest, entry from photo join photo_fate using (source, line)
                   where source = ? and what = 'waiting' and number in (
                       select number from acc where there
                       union all select r.number from ready r join batch_fate b on b.n = r.batch where b.carried)
                   order by line""",
                [album.n],
            )
        }
        for some in _in_blocks(album, waiting):
            moving.put_photos(some)
            done += len(some)
            told(done)


def _in_blocks(album: FoundFile, waiting: dict[str, MovedPhoto]) -> Iterable[list[MovedPhoto]]:
    """Photos with their bytes, in blocks that memory bears."""
    block: list[MovedPhoto] = []
    size = 0
    for entry, data in photos_named(album.path, waiting):
        photo = waiting[entry]
        if hashlib.sha256(data).digest() != photo.digest:
            raise BadInput(f"{album.path.name} has changed since it was taken in; take it in again.")
        block.append(msgspec.structs.replace(photo, image=data))
        size += len(data)
        if len(block) >= PUT_AT_ONCE or size >= PUT_BYTES_MAX:
            yield block
            block, size = [], 0
    if block:
        yield block


def proved(staging: Staging, moving: Moving, proof: Proof, report: RunReport) -> Proof:
    """A proof with what the photos come to; as it was where there are none. Its checksum covers them too."""
    if not any(f.kind == "photos" for f in report.files):
        return proof
    found, digest = _compare(staging, moving, sum(f.carried_over for f in report.files if f.kind == "photos"))
    return msgspec.structs.replace(
        proof,
        proved=proof.proved and not found,
        differing=proof.differing + len(found),
        differences=(*found, *proof.differences),
        compared=(*proof.compared, "photos"),
        checksum=hashlib.sha256(f"{proof.checksum} {digest}".encode()).hexdigest(),
    )


def _compare(staging: Staging, moving: Moving, expected: int) -> tuple[list[str], str]:
    """What differs between the photos on file by this run and those of the albums, and the digest of those on file.

    Each one's bytes on file are digested anew. `expected` is how many went over.
    """
    path = staging.path.with_name("photos_of_run.csv")
    digest = hashlib.sha256()
    try:
        with path.open("wb") as file:
            path.chmod(0o600)
            for line in moving.photos_of_run():
                digest.update(line)
                file.write(line)
        there, others = staging.row(f"""
            select count(*), count(*) filter (p.digest is null or p.digest <> o.digest)
            from read_csv({quoted(str(path))}, header = false, auto_detect = false,
                columns = {{number: 'varchar', digest: 'varchar'}}) o
            left join (select number, min(digest) as digest from photo where reason is null group by number) p
              on p.number = o.number""")
    finally:
        path.unlink(missing_ok=True)
    found = []
    if others:
        found.append(f"the photo on file is not the album's: {others}")
    if there != expected:
        found.append(f"{expected} photos went over and {there} are on file")
    return found, digest.hexdigest()
