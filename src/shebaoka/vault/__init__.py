"""The vault: the only room that ever holds PIN digits or keys. The desk asks it; nobody else does.

`SoftwareVault` keeps its keys in an owner-only file, `HsmVault` in a token behind PKCS#11; both are a `Vault`.
`seal_pin_block` is a terminal's side of a PIN block, for whoever plays a terminal.
"""

from shebaoka.vault.hsm import HsmVault as HsmVault
from shebaoka.vault.pinblock import PinCipher as PinCipher
from shebaoka.vault.pinblock import bound_digits as bound_digits
from shebaoka.vault.pinblock import seal_pin_block as seal_pin_block
from shebaoka.vault.software import SoftwareVault as SoftwareVault
from shebaoka.vault.terminalkey import MacAlgorithm as MacAlgorithm
from shebaoka.vault.vault import Hidden as Hidden
from shebaoka.vault.vault import Kept as Kept
from shebaoka.vault.vault import Vault as Vault
