"""How an answer is shown: accepted or refused in words, the clause with its text, what to bring, where it is kept.

`asking` shows receipts with it, `people` the receipts of look-ups that were refused.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from shebaoka.cli.entrance import without_numbers
from shebaoka.cli.labels import LABELS
from shebaoka.cli.layout import say, say_json
from shebaoka.notice.speech import Speech, yuan
from shebaoka.records import Answer, Receipt

if TYPE_CHECKING:
    from shebaoka.app import House


def labels(speech: Speech) -> dict[str, str]:
    """The command line's own words in the language of a speech."""
    return LABELS[speech.words.language]


def local(house: "House", at: dt.datetime) -> str:
    """An instant as the clocks of the city show it, to the second."""
    return at.astimezone(house.notices.zone).isoformat(" ", "seconds")


def document(receipt: Receipt, speech: Speech, *, dry_run: bool = False) -> dict[str, Any]:
    """A receipt with its words, by stable names."""
    answer = receipt.answer
    fields = {f: getattr(answer, f) for f in answer.__struct_fields__}
    return {
        "request_id": without_numbers(receipt.request_id),
        "service": receipt.service,
        "at": receipt.at,
        **fields,
        "says": speech.says(answer),
        "do": speech.do(answer),
        "clause_text": speech.clause(answer.clause),
        "readings_why": speech.readings(answer),
        "entry": receipt.entry,
        "repeated": receipt.repeated,
        "dry_run": dry_run,
        "language": speech.words.language,
    }


def show_receipt(
    house: "House", receipt: Receipt, *, about: str, language: str, as_json: bool = False, dry_run: bool = False
) -> None:
    """Print a receipt; `about` is whom it is about, masked."""
    answer = receipt.answer
    speech = house.speech(answer.notice, language)
    if as_json:
        say_json(document(receipt, speech, dry_run=dry_run))
        return
    said = labels(speech)
    mark = "✓" if answer.outcome == "accepted" else "✗"
    service = speech.words.services[receipt.service]
    say(f"{mark} {said[answer.outcome]} — {service}, {about}")
    say(speech.says(answer), first="  ")
    show_ground(answer, speech)
    if answer.fee_fen:
        say(said["fee"].format(yuan(answer.fee_fen)), first="  ")
    if dry_run:
        say(said["dry_run"], first="  ")
    if receipt.repeated:
        say(said["repeated"], first="  ")
    if receipt.entry:
        say(said["journal"].format(receipt.entry, local(house, receipt.at)), first="  ")
    say(said["request"].format(without_numbers(receipt.request_id)), first="  ")


def show_ground(answer: Answer, speech: Speech) -> None:
    """Print what an answer rests on and what follows: clause, what was done, what to do, the readings used."""
    said, words = labels(speech), speech.words
    title = speech.notice.wording[words.language].clauses[answer.clause].title
    say(said["clause"].format(answer.clause, title) + speech.clause(answer.clause), first="  ")
    if answer.also:
        say(said["also"].format(words.list_separator.join(answer.also)), first="  ")
    if answer.done:
        say(said["done"] + speech.names(answer.done, words.done), first="  ")
    if answer.missing:
        say(said["missing"] + speech.names(answer.missing, words.materials), first="  ")
    for sentence in speech.do(answer):
        say(sentence, first=f"  {said['do']}", rest="    ")
    for reading, why in zip(
        (r for r in answer.readings if r in speech.notice.readings), speech.readings(answer), strict=False
    ):
        say(said["reading"].format(words.parameters.get(reading, reading)) + why, first="  ", rest="    ")
