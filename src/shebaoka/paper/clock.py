"""Instants on paper, by the city's clock. The report of a run and the papers of the window ask."""

import datetime as dt
import zoneinfo

from shebaoka.notice import Speech


class Clock:
    """Instants by the city's clock."""

    def __init__(self, speech: Speech) -> None:
        self._zone = zoneinfo.ZoneInfo(speech.notice.timezone)
        self._speech = speech

    def minute(self, at: dt.datetime) -> str:
        """Day in words and minute."""
        there = at.astimezone(self._zone)
        return f"{self._speech.date(there.date())} {there:%H:%M}"

    def second(self, at: dt.datetime) -> str:
        """For a table."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def time(self, at: dt.datetime) -> str:
        """For a table of one day."""
        return f"{at.astimezone(self._zone):%H:%M:%S}"
