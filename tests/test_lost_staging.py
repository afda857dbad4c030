"""A run whose staging is lost after its people were carried over: it is taken in anew, and found on file as it is."""

import datetime as dt
import shutil
from pathlib import Path

from tests.conftest import Database
from tests.webhouse import house_on

from moved import moved
from shebaoka.city import invent_city, write_old_export
from shebaoka.moving import tools_of
from shebaoka.records import Ask, Channel, Material, RegisterPerson, Sender

AT = dt.datetime(2013, 6, 30, 4, 0, tzinfo=dt.UTC)


def test_a_run_whose_staging_is_lost_is_proved_all_the_same(shared_database: Database, tmp_path: Path) -> None:
    """Whom the run carried over is ready once more, in the same batch, also who was registered before."""
    shared_database.wipe()
    city = invent_city(300, 7, AT.date())
    write_old_export(city, tmp_path / "in", 8)
    with house_on(shared_database, tmp_path / "home", AT) as house:
        clerk = Sender("clerk-li", Channel.WINDOW, "window-1")
        desk = house.desk()
        for n, person in enumerate(city[:20]):
            request = RegisterPerson(
                id=f"w-{n}", person=person.number, name=person.name, region=person.region,
                insured_on=person.insured_on, shows=tuple(Material),
            )  # fmt: skip
            desk.ask(Ask(request, clerk))
        first = moved(house, tmp_path / "in").report
        batches = house.runs.batches(first.run)
        assert first.proof is not None
        assert len(batches) == 2
        shutil.rmtree(tools_of(house, by="test", processes=1).work / first.run)
        again = moved(house, tmp_path / "in").report
        assert again.proof is not None
        assert again.proof.checksum == first.proof.checksum
        assert (again.files, again.reasons, again.counties) == (first.files, first.reasons, first.counties)
        assert house.runs.batches(first.run) == batches
        desk.store.close()
