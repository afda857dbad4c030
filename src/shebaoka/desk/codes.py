"""Codes that go to a telephone by message: digits that the vault works out, and that stand nowhere.

A message is kept in the outbox with a dot for each digit. When it leaves, and when somebody types the code, the vault
says which digits they are. So no table, no list and no backup has a code that is good.
"""

import datetime as dt
import re

from shebaoka.vault import Vault

CODE_VALID = dt.timedelta(minutes=10)
"""How long a code is good."""
_DOT = "·"
_DOTS = re.compile(f"{_DOT}+")


def code_of(vault: Vault, person_id: int, seq: int, about: str, digits: int) -> str:
    """The code of a message: so many digits, which follow from what it is about and a key of the vault."""
    drawn = vault.mac(f"shebaoka/code/1/{person_id}/{seq}/{about}".encode()).value
    return f"{int.from_bytes(drawn) % 10**digits:0{digits}d}"


def dotted(digits: int) -> str:
    """What stands for a code of so many digits in a message that is kept."""
    return _DOT * digits


def with_code(vault: Vault, person_id: int, seq: int, about: str, said: str) -> str:
    """A message as it leaves the house: with its code in place of the dots."""
    return _DOTS.sub(lambda dots: code_of(vault, person_id, seq, about, len(dots.group())), said)
