"""The words that stand on papers, in three languages: `labels.yaml`, read once. The other files of this room ask."""

import functools
from importlib import resources
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta

from shebaoka.records import NotFound

Label = Annotated[str, Meta(min_length=1)]
CARRIED_OVER = "carried_over"
"""The kind of a record of the old card, beside what lines of a statement can be about."""


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The labels of one language; `whats` is by the codes of `desk.accounts.WHATS`, and `CARRIED_OVER`."""

    statement: Label
    title: Label
    name: Label
    number: Label
    period: Label
    period_of: Label
    made_at: Label
    opening: Label
    credited: Label
    paid: Label
    closing: Label
    moves: Label
    unit: Label
    date: Label
    place: Label
    what: Label
    institution: Label
    total: Label
    pooled: Label
    cash: Label
    account_part: Label
    account: Label
    balance: Label
    opening_row: Label
    closing_row: Label
    totals: Label
    no_moves: Label
    carried: Label
    carried_note: Label
    old_account: Label
    page: Label
    rests_on: Label
    sums: Label
    whats: dict[str, Label]


def labels_in(language: str) -> Labels:
    """The labels of a language. `NotFound` for a language that there is not."""
    if language not in _labels():
        raise NotFound(f"There is no language {language!r}; choose one of {', '.join(_labels())}.")
    return _labels()[language]


@functools.cache
def _labels() -> dict[str, Labels]:
    """Every language's labels."""
    text = resources.files(__package__).joinpath("labels.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Labels])
