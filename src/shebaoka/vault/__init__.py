"""The vault: the only room that ever holds PIN digits or keys. The desk asks it; nobody else does.

`SoftwareVault` keeps its keys in an owner-only file, `HsmVault` in a token behind PKCS#11; both are a `Vault`.
"""

from shebaoka.vault.hsm import HsmVault as HsmVault
from shebaoka.vault.software import SoftwareVault as SoftwareVault
from shebaoka.vault.vault import Kept as Kept
from shebaoka.vault.vault import Vault as Vault
