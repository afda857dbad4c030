"""Trouble outside the rules: one family, each with a stable code and a sentence that says what to do."""

import math
from collections.abc import Sequence

import msgspec


class Trouble(Exception):  # noqa: N818 - it is the family's name, and reads as one: `except Trouble`
    """Something outside the rules went wrong; `code` is stable, the message is for people."""

    code = "trouble"
    status = 500
    field = ""
    """The place in what was sent, where there is one."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class BadInput(Trouble):
    """What came in cannot be read; the sentence names the field or row."""

    code = "bad_input"
    status = 400


class FieldFault(msgspec.Struct, frozen=True):
    """What is wrong with one field of a form: a code that a page has words for, and what these speak of."""

    field: str
    code: str
    facts: dict[str, str | int] = {}


class FormUnfit(BadInput):
    """What was filled in cannot be taken as it is; `faults` says it field by field, in the form's order."""

    code = "form_unfit"

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        said = ", ".join(f"{fault.field}: {fault.code.replace('_', ' ')}" for fault in faults)
        super().__init__(f"{said}. Correct it and send it again.")
        self.faults = tuple(faults)
        self.field = faults[0].field if faults else ""


class WrongContentType(Trouble):
    """The body came as something else than JSON."""

    code = "wrong_content_type"
    status = 415


class BodyTooLarge(Trouble):
    """A message's body is larger than messages of its kind may be."""

    code = "body_too_large"
    status = 413


class BodyTooSlow(Trouble):
    """A message's body did not come whole in time."""

    code = "body_too_slow"
    status = 408


class BadNotice(Trouble):
    """A notice's files are wrong; the sentence names file and key."""

    code = "bad_notice"


class NoNotice(Trouble):
    """No notice is in force on the day."""

    code = "no_notice_in_force"
    status = 404


class RequestIdUsed(Trouble):
    """The id of a request was used before with other content."""

    code = "request_id_used_with_other_content"
    status = 409


class MessageReversed(Trouble):
    """A message was reversed before it came, and is stopped for good."""

    code = "message_was_reversed"
    status = 409


class CycleClosed(Trouble):
    """The institution has no open business cycle that the message could fall in."""

    code = "no_open_cycle"
    status = 409


class NotReconciled(Trouble):
    """The business cycle cannot be closed yet; the sentence says what is missing."""

    code = "cycle_is_not_reconciled"
    status = 409


class PaymentUsed(Trouble):
    """A receipt was given for this scanned payment already."""

    code = "payment_was_used"
    status = 409


class NoBlank(Trouble):
    """The window has no blank card for a card that is made at once, or not the one that was scanned."""

    code = "no_blank_card"
    status = 409


class NotSignedIn(Trouble):
    """The token is missing or unknown."""

    code = "not_signed_in"
    status = 401


class HolderNotSignedIn(Trouble):
    """Nobody is signed in at the public page as a holder, or not any more."""

    code = "holder_not_signed_in"
    status = 401


class NotAllowed(Trouble):
    """The token is good, but not for this."""

    code = "not_allowed"
    status = 403


class NotFound(Trouble):
    """There is no such thing."""

    code = "not_found"
    status = 404


class StoreDown(Trouble):
    """The database cannot be reached."""

    code = "database_down"
    status = 503


class StoreLost(StoreDown):
    """The database did not confirm a save, and nobody knows whether it was done."""

    code = "save_not_confirmed"


class StoreFull(Trouble):
    """The database cannot take more."""

    code = "database_full"
    status = 503


class StoreOld(Trouble):
    """The database has an older, or a newer, schema than the program."""

    code = "database_schema_differs"
    status = 503


class StoreBusy(Trouble):
    """Others kept writing about the same people; nothing was done."""

    code = "too_many_writers"
    status = 503


class VaultTrouble(Trouble):
    """The vault cannot be opened or asked."""

    code = "vault_trouble"
    status = 503


class Broken(Trouble):
    """An invariant does not hold: the program, not the asker, is at fault."""

    code = "invariant_broken"


class SignatureMissing(Trouble):
    """A message that must be signed is not."""

    code = "signature_missing"
    status = 401


class SignatureUnfit(Trouble):
    """A message's signature cannot be read, or does not cover what it must; the sentence names what is wrong."""

    code = "signature_unfit"
    status = 401


class DigestWrong(Trouble):
    """The body is not the one that the digest beside it was made of."""

    code = "digest_wrong"
    status = 401


class SignatureWrong(Trouble):
    """The signature is not this message's under a key that is known here; which of the two, nobody is told."""

    code = "signature_wrong"
    status = 401


class SignatureStale(Trouble):
    """The message was signed too long ago, too far ahead, or before the server started."""

    code = "signature_stale"
    status = 401


class NonceUsed(Trouble):
    """A message with this nonce came before."""

    code = "nonce_used"
    status = 401


class TooManyMessages(Trouble):
    """More signed messages came within the window than are remembered; nothing was done."""

    code = "too_many_messages"
    status = 429


class TooManyTries(Trouble):
    """Somebody tries too often; `wait_s` is after how many seconds they may again. Nothing was done."""

    code = "too_many_tries"
    status = 429

    def __init__(self, message: str, *, wait_s: float = 1) -> None:
        super().__init__(message)
        self.wait_s = max(1, math.ceil(wait_s))


class RunIsTaken(Trouble):
    """Another process is at work on the same run of moving a city over."""

    code = "run_is_taken"
    status = 409


class NotUndone(Trouble):
    """A batch of a run cannot be undone: somebody's account was used since."""

    code = "batch_cannot_be_undone"
    status = 409


class FileNotWritten(Trouble):
    """A file could not be written whole, and nothing of it is there."""

    code = "file_not_written"
    status = 503


class DraftChanged(Trouble):
    """Somebody else changed the draft, or closed it, since it was last shown; the sentence says who, when and what."""

    code = "draft_was_changed"
    status = 409


class SealWrong(Trouble):
    """What was signed off for the public page is not as the vault sealed it."""

    code = "seal_wrong"
    status = 409


class SiteChanged(Trouble):
    """What is there is not what was prepared to be signed off."""

    code = "site_was_changed"
    status = 409
