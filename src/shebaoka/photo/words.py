"""What a photo misses, and why an upload was not taken, in sentences of three languages: `words.yaml`, read once."""

import functools
from importlib import resources
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta

from shebaoka.photo.standard import Finding, Miss
from shebaoka.records import NotFound

Label = Annotated[str, Meta(min_length=1)]


class PhotoWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language: a sentence for each miss, the labels of the picture, and a sentence for each code of a trouble."""

    misses: dict[Miss, Label]
    texts: dict[str, Label]
    troubles: dict[str, Label]

    def sentence(self, finding: Finding) -> str:
        """What was measured, what is allowed, and what to do."""
        allowed = finding.allowed
        return self.misses[finding.miss].format(measured=finding.measured, least=allowed.least, most=allowed.most)


def photo_words(language: str) -> PhotoWords:
    """The words of a language. `NotFound` for a language that there is not."""
    if language not in _words():
        raise NotFound(f"There is no language {language!r}; choose one of {', '.join(_words())}.")
    return _words()[language]


@functools.cache
def _words() -> dict[str, PhotoWords]:
    text = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, PhotoWords])
