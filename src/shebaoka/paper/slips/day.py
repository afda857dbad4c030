"""The day's list of a window, on A4: all that was done that day, with sums by service and outcome."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shebaoka.notice import Speech
from shebaoka.numbers import mask, mask_name
from shebaoka.paper.amounts import grouped
from shebaoka.paper.slips.setting import Setting
from shebaoka.paper.slips.shapes import DayLine, DayList


def day_list_pdf(day: DayList, speech: Speech, *, fonts: Path | None = None) -> bytes:
    """The list in the language of `speech`, with names and numbers masked; the sums are those of its lines."""
    setting = Setting(speech, "", fonts)
    heading = setting.say["day_list"]
    title = setting.say["place_title"].format(
        city=setting.city, heading=heading, window=day.window, day=speech.date(day.day)
    )
    return setting.print("day.typ", heading, _data(day, setting), day.made_at, title)


def _data(day: DayList, setting: Setting) -> dict[str, Any]:
    """Everything that the template says."""
    outcomes = setting.words.outcomes
    return {
        "window": day.window,
        "day": setting.speech.date(day.day),
        "made_at": setting.minute(day.made_at),
        "lines": [_row(line, setting) for line in day.lines],
        "outcomes": list(outcomes.values()),
        "sums": _sums(day, setting),
        "totals": _totals(day.lines, list(outcomes)),
    }


def _row(line: DayLine, setting: Setting) -> list[str]:
    """A line of the list; what cost nothing has no fee."""
    return [
        setting.hour(line.at),
        setting.service(line.service),
        mask_name(line.name),
        mask(line.number),
        setting.words.outcomes.get(line.outcome, line.outcome),
        line.clause,
        line.clerk,
        grouped(line.fee_fen) if line.fee_fen else "",
    ]


def _sums(day: DayList, setting: Setting) -> list[list[str]]:
    """A row for each service, the commonest first."""
    lines, outcomes = defaultdict[str, list[DayLine]](list), list(setting.words.outcomes)
    for line in day.lines:
        lines[line.service].append(line)
    commonest = sorted(lines, key=lambda service: -len(lines[service]))
    return [[setting.service(service), *_totals(lines[service], outcomes)] for service in commonest]


def _totals(lines: Sequence[DayLine], outcomes: list[str]) -> list[str]:
    """How many lines, how many of each outcome, and their fees."""
    counted = Counter(line.outcome for line in lines)
    return [str(len(lines)), *(str(counted[o]) for o in outcomes), grouped(sum(line.fee_fen for line in lines))]
