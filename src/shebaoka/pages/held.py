"""Credentials in wallets as pages show them, and the form by which one or all are ended."""

import re

import msgspec

from shebaoka.desk import Held
from shebaoka.pages.frame import Page

_PLACE = re.compile(r"[0-9]{1,18}")


class HeldShown(msgspec.Struct, frozen=True):
    """A credential in words: what it is, the beginning of its wallet's key, and what a list says of it."""

    place: int
    line: str
    key: str
    state: str
    says: str


def held_shown(page: Page, held: Held) -> tuple[list[HeldShown], str]:
    """Each credential in words, and until when an open offer can be taken; empty where there is none."""
    zone, labels, said = page.front.notices.zone, page.labels, page.said
    shown = []
    for one in held.credentials:
        issued, until = one.issued_at.astimezone(zone), one.until_at.astimezone(zone)
        when = f"{said.day(issued.date())} {issued:%H:%M}"
        line = labels["held_line"].format(said.words.cards[one.card], when, said.day(until.date()))
        says = labels[f"held_{one.state}"]
        if one.ended_at is not None:
            ended = one.ended_at.astimezone(zone)
            says = labels["held_ended_on"].format(f"{said.day(ended.date())} {ended:%H:%M}")
        key = labels["held_key"].format(one.key) if one.key else ""
        shown.append(HeldShown(one.place, line, key, one.state, says))
    return shown, f"{held.offered_until.astimezone(zone):%H:%M}" if held.offered_until else ""


class Choice(msgspec.Struct, frozen=True):
    """What a form says is to be ended: a place, or all where there is none; and what is wrong with it, by field."""

    place: int | None
    faults: list[tuple[str, str]]


def chosen(form: dict[str, str], held: Held) -> Choice:
    """What was chosen of these, and whether it was confirmed."""
    which = form.get("which", "")
    place = int(which) if _PLACE.fullmatch(which) else None
    known = which == "all" or any(one.place == place for one in held.credentials)
    faults = [] if known else [("which", "held_fault_which")]
    if form.get("sure", "") != "yes":
        faults.append(("sure", "held_fault_sure"))
    return Choice(place, faults)
