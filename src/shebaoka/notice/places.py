"""The places of a city (`places.yaml` beside its notice): from where people look for the nearest window.

Pure. A county goes by its code of six digits, so that where somebody is insured is a place too; a town by a name.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from shebaoka.notice.reading import loaded
from shebaoka.notice.schema import LANGUAGES, Data
from shebaoka.records import BadNotice

PLACES_FILE = "places.yaml"
_Degrees = tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]]
_Code = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$(?!\n)")]


class Place(Data, frozen=True):
    """A county's seat or a town: its codes, its name by language, and where it is, in degrees of WGS-84."""

    code: _Code
    name: dict[str, Annotated[str, Meta(min_length=1, max_length=60)]]
    at: _Degrees
    also: tuple[_Code, ...] = ()


class PlacesData(Data, frozen=True):
    """`places.yaml`."""

    places: tuple[Place, ...]


def read_places(files: Mapping[str, bytes]) -> tuple[Place, ...]:
    """The city's places in the order of the file; none where there is no file. `BadNotice` with every fault."""
    if PLACES_FILE not in files:
        return ()
    places = loaded(PLACES_FILE, files[PLACES_FILE], PlacesData).places
    seen: set[str] = set()
    faults = []
    for place in places:
        if set(place.name) != set(LANGUAGES):
            faults.append(f"{PLACES_FILE}: {place.code}: name: say it in {', '.join(LANGUAGES)}.")
        for code in (place.code, *place.also):
            if code in seen:
                faults.append(f"{PLACES_FILE}: {code}: stands twice.")
            seen.add(code)
    if faults:
        raise BadNotice("\n".join(faults))
    return places
