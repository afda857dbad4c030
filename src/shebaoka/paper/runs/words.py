"""The words of a run's report in three languages: `words.yaml`, read once. This room and the office ask."""

import functools
from importlib import resources
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta

from shebaoka.notice import Speech
from shebaoka.notice.speech import FACTS_OF_A_CASE, FACTS_OF_A_NOTICE
from shebaoka.records import NotFound

Label = Annotated[str, Meta(min_length=1)]


class RunWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language: texts by name, and what the codes in a `RunReport` are called."""

    texts: dict[str, Label]
    states: dict[str, Label]
    steps: dict[str, Label]
    kinds: dict[str, Label]
    compared: dict[str, Label]
    counted: dict[str, Label]
    reasons: dict[str, Label]

    def state(self, code: str) -> str:
        """How far a run is."""
        return self.states.get(code, _plainly(code))

    def step(self, code: str) -> str:
        """What a step is called."""
        return self.steps.get(code, _plainly(code))

    def kind(self, code: str) -> str:
        """What a file holds."""
        return self.kinds.get(code, _plainly(code))

    def comparison(self, code: str) -> str:
        """What was compared."""
        return self.compared.get(code, _plainly(code))


def run_words(language: str) -> RunWords:
    """The words of a language. `NotFound` for a language that there is not."""
    if language not in _words():
        raise NotFound(f"There is no language {language!r}; choose one of {', '.join(_words())}.")
    return _words()[language]


def reason_in(speech: Speech, code: str) -> str:
    """Why a row is held back, in a few words: the importer's reason, or the desk's ground with its case left open."""
    reasons, refusals = run_words(speech.words.language).reasons, speech.words.refusals
    if code in reasons:
        return reasons[code]
    if code in refusals:
        return refusals[code].says.format_map(dict.fromkeys(FACTS_OF_A_CASE | FACTS_OF_A_NOTICE, "…"))
    return _plainly(code)


def foreseen_in(speech: Speech, code: str) -> str:
    """What a dry run counted: a ground of the desk for a yes, or for a no as `reason_in` says it."""
    counted = run_words(speech.words.language).counted
    return counted[code] if code in counted else reason_in(speech, code)


def _plainly(code: str) -> str:
    """A code that has no name yet."""
    return code.replace("_", " ")


@functools.cache
def _words() -> dict[str, RunWords]:
    text = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, RunWords])
