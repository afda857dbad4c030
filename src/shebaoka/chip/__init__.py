"""The chip of a social security card: its files, the talk with it, and a card that the project plays itself. Pure.

`reader/` carries the bytes over PC/SC; making asks whether the chip has room for a name. See docs/card.md.
"""

from shebaoka.chip.apdu import pin_block as pin_block
from shebaoka.chip.content import ChipContent as ChipContent
from shebaoka.chip.content import Holder as Holder
from shebaoka.chip.content import Issue as Issue
from shebaoka.chip.content import content_of as content_of
from shebaoka.chip.content import name_in_bytes as name_in_bytes
from shebaoka.chip.proving import FACTOR_BYTES as FACTOR_BYTES
from shebaoka.chip.proving import KEY_BYTES as KEY_BYTES
from shebaoka.chip.proving import Prover as Prover
from shebaoka.chip.proving import proof_of as proof_of
from shebaoka.chip.talking import CardTalk as CardTalk
from shebaoka.chip.talking import CardTrouble as CardTrouble
from shebaoka.chip.talking import Carry as Carry
from shebaoka.chip.virtual import ATR as ATR
from shebaoka.chip.virtual import VirtualCard as VirtualCard
