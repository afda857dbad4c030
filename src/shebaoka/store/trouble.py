"""What the database says when something is wrong, as the house's own trouble with a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from shebaoka.records import Broken, NoBlank, PaymentUsed, StoreBusy, StoreDown, StoreFull, StoreLost, StoreOld, Trouble

_FULL = (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections, errors.ConfigurationLimitExceeded)
_SCHEMA = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)
_ONE_RECEIPT_OF_A_PAYMENT = "one_receipt_of_a_payment"
_NO_BLANK = {
    "the_place_has_a_blank": "The window has no blank card of this kind in stock.",
    "the_scanned_blank_is_here": "The blank card that was scanned is not in this window's stock.",
}
_RACE = (errors.DeadlockDetected, errors.SerializationFailure)


def plain(e: psycopg.Error, *, saving: bool = False) -> Trouble:
    """The trouble that a database error means; `StoreLost` where something was being saved and may have been.

    The error's message is not passed on, for it may hold somebody's number.
    """
    if isinstance(e, _FULL):
        return StoreFull(
            "The database cannot take more: its disk, memory or connections are used up. Nothing was done."
        )
    if isinstance(e, _SCHEMA):
        return StoreOld("The database's schema is not the one that this program needs. Run `shebaoka db migrate`.")
    if isinstance(e, _RACE):
        return StoreBusy("Others are writing about the same people. Nothing was done; send the same request again.")
    if isinstance(e, (errors.IntegrityError, errors.DataError)):
        if e.diag.constraint_name == _ONE_RECEIPT_OF_A_PAYMENT:
            return PaymentUsed(
                "A receipt was given for this scanned payment already. Nothing was done; read the number again from "
                "the device, or see whether the fee was paid with another request."
            )
        if (no_blank := _NO_BLANK.get(e.diag.constraint_name or "")) is not None:
            return NoBlank(
                f"{no_blank} Nothing was done; take one that is, or have blanks moved to the window, and send it again."
            )
        where = e.diag.constraint_name or e.diag.sqlstate or "?"
        return Broken(f"The database refused what the rules let through ({where}). Nothing was done.")
    if isinstance(e, errors.InsufficientPrivilege):
        return Broken("The database role may not do this. Grant the application's role by `shebaoka db migrate`.")
    if saving:
        return StoreLost(
            "The database did not confirm a save. Whether it was done is not known; send the same again, or ask back."
        )
    return StoreDown("The database cannot be reached. Nothing was done; send the same request again when it is back.")


def cause_of(e: psycopg.Error) -> psycopg.Error | None:
    """The error to keep as a trouble's cause; None where its detail quotes the row, and with it somebody's number."""
    return None if isinstance(e, (errors.IntegrityError, errors.DataError)) else e


@contextmanager
def told_plainly(*, saving: bool = False) -> Iterator[None]:
    """Every database error inside leaves as the house's own trouble."""
    try:
        yield
    except psycopg.Error as e:
        raise plain(e, saving=saving) from cause_of(e)
