"""Where things are on the earth (坐标): latitude and longitude in degrees of WGS-84, and distances as the crow flies.

Pure. Maps that shift their coordinates (GCJ-02, BD-09) are some hundred metres off; nothing here undoes that.
"""

import math
import re
import unicodedata

import msgspec

from shebaoka.records import BadInput

EARTH_M = 6_371_008.8
_NUMBER = r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,12})?)"
_POINT = re.compile(rf"{_NUMBER}\s*°?\s*[,;\s]\s*{_NUMBER}\s*°?")
_LIKE = "write latitude and longitude in degrees, such as 37.6903, 112.7312"


class Point(msgspec.Struct, frozen=True):
    """Latitude and longitude in degrees."""

    latitude: float
    longitude: float


def read_point(text: str) -> Point | None:
    """The point that is written; None where nothing is. `BadInput` says what is wrong with it."""
    said = unicodedata.normalize("NFKC", text[:200]).replace("、", ",").strip()
    if not said:
        return None
    found = _POINT.fullmatch(said)
    if found is None:
        raise BadInput(f"coordinates: they cannot be read; {_LIKE}.")
    latitude, longitude = map(float, found.groups())
    if abs(latitude) > 90 >= abs(longitude):
        raise BadInput("coordinates: latitude comes first and is at most 90; the two have changed places.")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise BadInput(f"coordinates: there is no such place on the earth; {_LIKE}.")
    return Point(latitude, longitude)


def metres_between(a: Point, b: Point) -> float:
    """How far two points are from each other along the earth."""
    first, second = math.radians(a.latitude), math.radians(b.latitude)
    half_turn = math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    chord = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * half_turn
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(chord)))
