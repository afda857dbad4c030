"""How often something may be tried: tries come back evenly, each key has its own, and a flood takes no memory."""

import datetime as dt

import pytest
from tests.conftest import StandingClock

from shebaoka.desk import limits
from shebaoka.desk.limits import Limit, Limits
from shebaoka.records import TooManyTries
from shebaoka.web.front import one_of_address

AT = dt.datetime(2013, 7, 1, 4, 0, tzinfo=dt.UTC)


def test_tries_come_back_one_by_one() -> None:
    """Of three tries a minute a fourth waits 20 s; it counts for nothing itself, and nobody else waits for it."""
    clock = StandingClock(AT)
    room = Limits(clock, {"look": Limit(3, 60), "other": Limit(1, 60)})
    for _ in range(3):
        room.take("look", "a")
    for _ in range(2):
        with pytest.raises(TooManyTries) as told:
            room.take("look", "a")
        assert told.value.wait_s == 20
    room.take("look", "b")
    room.take("other", "a")
    clock.at += dt.timedelta(seconds=20)
    room.take("look", "a")
    with pytest.raises(TooManyTries):
        room.take("look", "a")
    room.give_back("look", "a")
    room.take("look", "a")


def test_a_flood_of_keys_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more keys are kept than there may be; those go first whose tries have come back, or will soonest."""
    monkeypatch.setattr(limits, "MOST_KEYS", 20)
    clock = StandingClock(AT)
    room = Limits(clock, {"look": Limit(2, 60)})
    room.take("look", "held")
    room.take("look", "held")
    for n in range(500):
        room.take("look", f"k{n}")
        assert len(room._full_at["look"]) <= 20
    with pytest.raises(TooManyTries):
        room.take("look", "held")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::ffff%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:80", "192.0.2.7:80"),
        ("", ""),
    ],
)
def test_who_has_many_addresses_is_one(address: str, counted: str) -> None:
    """A browser chooses the last 64 bits of its IPv6 address anew as often as it likes, and is counted as one."""
    assert one_of_address(address) == counted
