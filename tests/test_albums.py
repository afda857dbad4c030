"""Photos go with a run: counted, put on file for whoever went over, proved by their bytes, undone with the run."""

# ruff: noqa: E501 - a case a line

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from tests.conftest import Database
from tests.webhouse import house_on

from moved import moved, must_account_for_all
from old_files import LI, WANG, write
from shebaoka.app import House
from shebaoka.importer import albums, prove_again, undo
from shebaoka.importer.mapping import mapping_of, read_mapping
from shebaoka.moving import tools_of
from shebaoka.numbers import with_check_digit
from shebaoka.records import BadInput, RunReport
from shebaoka.store import as_role
from test_bad_input import COLUMNS, RECORD_FIELDS
from test_bad_rows import somebody
from test_photos import packed, picture, unpacked

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)
MAPPING = mapping_of(
    f"""
name: with photos
sources:
  - {{kind: accounts, file: accounts.csv, columns: {{{COLUMNS}}}}}
  - {{kind: records, file: records.csv, columns: {{{RECORD_FIELDS}}}}}
  - {{kind: photos, file: "*.zip", format: zip}}
  - {{kind: photos, file: faces, format: folder}}
""".encode(),
    "photos.yaml",
)
LI_NUMBER, WANG_NUMBER = LI["身份证号"], WANG["身份证号"]
HELD, NOBODY = somebody(1)["身份证号"], with_check_digit("14070219700101001")


@pytest.fixture(scope="module")
def open_house(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all tests of this module."""
    shared_database.wipe()
    with house_on(shared_database, tmp_path_factory.mktemp("home"), AT) as house:
        yield house


@pytest.fixture
def house(open_house: House, shared_database: Database) -> House:
    """The house with nobody in it, and without a run."""
    shared_database.wipe()
    shutil.rmtree(open_house.settings.home / "imports", ignore_errors=True)
    return open_house


def export(folder: Path) -> Path:
    """Three accounts, one of which is held back, and photos in a zip and a folder."""
    write(folder, [LI, WANG, {**somebody(1), "结余": "x"}])
    packed(
        folder / "a.zip",
        {
            f"{LI_NUMBER}.jpg": picture(seed=1),
            f"{HELD}.jpg": picture(seed=2),
            f"{NOBODY}.jpg": picture(seed=3),
            "passport.jpg": picture(seed=4),
            f"{somebody(7)['身份证号']}.jpg": b"0" * 400_000,
        },
    )
    unpacked(
        folder / "faces", {f"{WANG_NUMBER}.png": picture("PNG", seed=5), f"{somebody(8)['身份证号']}.png": b"<html>"}
    )
    return folder


def on_file(database: Database) -> dict[str, tuple[str, str, bool]]:
    """Each photo on file: by number its entry, run, and whether it counts."""
    with psycopg.connect(database.app) as connection:
        rows = connection.execute("""
            select k.number, entry, run, undone_at is null and digest = sha256(image)
            from photo p join person_key k on k.person_id = p.person_id""").fetchall()
    return {number: (entry, run, counts) for number, entry, run, counts in rows}


def fates(report: RunReport) -> dict[str, tuple[int, int, int, int]]:
    """Of each album: entries, carried over, already there, held back."""
    return {f.name: (f.rows, f.carried_over, f.already_there, f.held_back) for f in report.files if f.kind == "photos"}


def test_photos_go_with_their_people(house: House, database: Database, tmp_path: Path) -> None:
    """Whoever went over has their photo; every other entry is held back with its reason, and all are counted."""
    folder = export(tmp_path / "export")
    done = moved(house, folder, MAPPING)
    assert fates(done.report) == {"a.zip": (5, 1, 0, 4), "faces": (2, 1, 0, 1)}
    assert on_file(database) == {
        LI_NUMBER: (f"{LI_NUMBER}.jpg", done.report.run, True),
        WANG_NUMBER: (f"{WANG_NUMBER}.png", done.report.run, True),
    }
    reasons = sorted(reason for (name, _), (reason, _) in done.held.items() if name != "accounts.csv")
    assert reasons == [
        "account_is_held_back", "photo_has_no_account", "photo_is_a_bomb", "photo_is_no_picture", "photo_name_is_no_number"
    ]  # fmt: skip
    assert done.report.proof is not None
    assert done.report.proof.compared[-1] == "photos"
    to_correct = done.output / "to_correct"
    wrong = to_correct / "accounts.csv"
    wrong.write_bytes(wrong.read_bytes().replace(b",x,", b",1.00,"))
    corrected = moved(house, to_correct, read_mapping(to_correct / "mapping.yaml"))
    assert fates(corrected.report) == {"photos_2": (1, 1, 0, 0)}
    assert on_file(database).keys() == {LI_NUMBER, WANG_NUMBER, HELD}
    # Again is the same; from the files, an auditor comes to the same checksum.
    assert moved(house, folder, MAPPING).report.files == done.report.files
    url = as_role(database.owner, "shebaoka_auditor")
    proof = prove_again(house.runs, url, done.report.run, folder, MAPPING, by="audit", at=house.clock).proof
    assert proof is not None
    assert (proof.proved, proof.checksum) == (True, done.report.proof.checksum)


def test_photos_that_are_there(house: House, database: Database, tmp_path: Path) -> None:
    """The same photo of another run is there already; another one is held back, and the first stays."""
    folder = export(tmp_path / "export")
    first = moved(house, folder, MAPPING)
    (folder / "faces" / f"{WANG_NUMBER}.png").write_bytes(picture("PNG", seed=6))
    second = moved(house, folder, MAPPING)
    assert fates(second.report) == {"a.zip": (5, 0, 1, 4), "faces": (2, 0, 0, 2)}
    assert "photo_differs_from_file" in {reason for reason, _ in second.held.values()}
    assert {run for _, run, _ in on_file(database).values()} == {first.report.run}


def test_one_number_in_two_albums(house: House, database: Database, tmp_path: Path) -> None:
    """Neither photo is taken."""
    folder = export(tmp_path / "export")
    (folder / "faces" / f"{LI_NUMBER}.jpg").write_bytes(picture(seed=7))
    done = moved(house, folder, MAPPING)
    assert fates(done.report) == {"a.zip": (5, 0, 0, 5), "faces": (3, 1, 0, 2)}
    assert [r for r, _ in done.held.values()].count("photo_stands_twice") == 2
    assert on_file(database).keys() == {WANG_NUMBER}


def test_photos_are_undone_with_the_run(house: House, database: Database, tmp_path: Path) -> None:
    """They count no more and stay where they are; carried over again, they count."""
    folder = export(tmp_path / "export")
    done = moved(house, folder, MAPPING)
    report = undo(tools_of(house, by="test", processes=1), done.report.run)
    must_account_for_all(report)
    assert fates(report) == {"a.zip": (5, 0, 0, 5), "faces": (2, 0, 0, 2)}
    assert [counts for *_, counts in on_file(database).values()] == [False, False]
    again = done.move.to("prove", again=True)
    must_account_for_all(again)
    assert fates(again) == fates(done.report)
    assert [counts for *_, counts in on_file(database).values()] == [True, True]
    assert again.proof is not None
    assert done.report.proof is not None
    assert again.proof.checksum == done.report.proof.checksum


def test_a_photo_that_was_changed_on_file_is_noticed(house: House, database: Database, tmp_path: Path) -> None:
    """The proof digests the bytes on file, not what stands beside them; a photo too few is noticed too."""
    folder = export(tmp_path / "export")
    done = moved(house, folder, MAPPING)
    with psycopg.connect(database.owner, autocommit=True) as connection:
        for change, says in (
            ("update photo set image = 'x' where format = 'PNG'", "the photo on file is not the album's: 1"),
            ("delete from photo where format = 'PNG'", "2 photos went over and 1 are on file"),
        ):
            connection.execute(change)
            proof = prove_again(
                house.runs, house.url, done.report.run, folder, MAPPING, by="audit", at=house.clock
            ).proof
            assert proof is not None
            assert (proof.proved, proof.differences[0]) == (False, says)


def test_it_goes_on_where_it_was_killed(
    house: House, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while photos are looked at or put on file, the same command comes to the same end."""
    folder = export(tmp_path / "export")
    monkeypatch.setattr(albums, "LOOKED_AT_ONCE", 2)
    monkeypatch.setattr(albums, "PUT_AT_ONCE", 1)
    put, row = albums.Moving.put_photos, albums._row
    left = [3, 1]

    def looks(line: int, entry: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return row(line, entry)  # type: ignore[arg-type]

    def puts(*args: object) -> None:
        left[1] -= 1
        if left[1] < 0:
            raise KeyboardInterrupt
        put(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(albums, "_row", looks)
    monkeypatch.setattr(albums.Moving, "put_photos", puts)
    with pytest.raises(KeyboardInterrupt):
        moved(house, folder, MAPPING)
    left[0] = 100
    with pytest.raises(KeyboardInterrupt):
        moved(house, folder, MAPPING)
    assert len(on_file(database)) == 1
    left[1] = 100
    assert fates(moved(house, folder, MAPPING).report) == {"a.zip": (5, 1, 0, 4), "faces": (2, 1, 0, 1)}


def test_an_album_that_is_none_or_changes(house: House, tmp_path: Path) -> None:
    """A missing album, a zip cut off, and a photo that changes after it was looked at are told."""
    folder = export(tmp_path / "export")
    move = moved(house, folder, MAPPING, last="dry_run").move
    (folder / "faces" / f"{WANG_NUMBER}.png").write_bytes(picture("PNG", seed=9))
    with pytest.raises(BadInput, match="faces has changed since it was taken in"):
        move.to("prove")
    (folder / "faces" / f"{WANG_NUMBER}.png").unlink()
    with pytest.raises(BadInput, match="faces has changed since it was taken in"):
        move.to("prove")
    (folder / "a.zip").write_bytes((folder / "a.zip").read_bytes()[:100])
    with pytest.raises(BadInput, match=r"a\.zip is no zip, or was cut off"):
        moved(house, folder, replace(MAPPING, name="other"))
    (folder / "a.zip").unlink()
    with pytest.raises(BadInput, match=r"\*\.zip is not in the folder; put the photos there"):
        moved(house, folder, MAPPING)
