"""What administrators' pages share: what was done, in words, and which field of a form is wrong."""

import datetime as dt
from typing import Any

import msgspec

from shebaoka.desk import ConfigurationEvent
from shebaoka.office.frame import Page
from shebaoka.records import BadInput, NotFound


class EventShown(msgspec.Struct, frozen=True):
    """A change as a page shows it."""

    event: ConfigurationEvent
    what: str
    by: str
    said: str


def happened(page: Page, events: list[ConfigurationEvent]) -> list[EventShown]:
    """Changes in words, with what was said of each."""
    labels, words = page.labels, page.said.words
    what = {
        "added": labels["was_added"],
        "changed": labels["was_changed"],
        "ended": labels["was_ended"],
    }
    shown = []
    for event in events:
        said = msgspec.json.decode(event.said, type=dict[str, Any])
        texts = [words.list_separator.join(v) if isinstance(v, list) else str(v) for v in said.values() if v != []]
        shown.append(EventShown(event, what[event.what], event.by or labels["owner_of_machine"], " · ".join(texts)))
    return shown


def local(page: Page, at: dt.datetime) -> str:
    """An instant as the clocks of the city show it."""
    return at.astimezone(page.front.notices.zone).strftime("%Y-%m-%d %H:%M:%S")


def fault_in(labels: dict[str, str], e: BadInput | NotFound, fields: dict[str, str]) -> str:
    """What is wrong, and in which field of the form."""
    if isinstance(e, NotFound):
        return labels["is_not_in_use"]
    named = str(e).partition(":")[0].split(", ")
    said = [fields[name] for name in named if name in fields]
    return labels["field_is_wrong"].format(" / ".join(said)) if said else labels["trouble_400"]
