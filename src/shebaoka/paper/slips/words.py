"""The words of the window's papers in three languages: `words.yaml`, read once."""

import functools
from importlib import resources
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta

from shebaoka.records import NotFound, Sex

Label = Annotated[str, Meta(min_length=1)]


class SlipWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language: texts by name, means of payment, outcomes."""

    texts: dict[str, Label]
    sexes: dict[Sex, Label]
    means: dict[str, Label]
    outcomes: dict[str, Label]


def slip_words(language: str) -> SlipWords:
    """The words of a language. `NotFound` for a language that there is not."""
    if language not in _words():
        raise NotFound(f"There is no language {language!r}; choose one of {', '.join(_words())}.")
    return _words()[language]


@functools.cache
def _words() -> dict[str, SlipWords]:
    text = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, SlipWords])
