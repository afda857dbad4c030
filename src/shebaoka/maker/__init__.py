"""Files to and from the maker of cards and the bank (制卡数据). Bytes in, bytes out; no database.

What stands in a file is data (`formats`, `rows`); how it is signed and encrypted is `sealed`; `package` and `tables`
are the files themselves, `placing` puts them in place whole. `simulated` is a maker and a bank that the
project plays itself. The desk calls it (`desk/partners.py`, `desk/makerfiles.py`).
"""

from shebaoka.maker.formats import Cards as Cards
from shebaoka.maker.formats import Format as Format
from shebaoka.maker.formats import Table as Table
from shebaoka.maker.formats import formats_of as formats_of
from shebaoka.maker.keys import KeyPair as KeyPair
from shebaoka.maker.keys import Keyring as Keyring
from shebaoka.maker.keys import PairKeyring as PairKeyring
from shebaoka.maker.keys import Recipient as Recipient
from shebaoka.maker.keys import Signer as Signer
from shebaoka.maker.keys import key_id as key_id
from shebaoka.maker.keys import public_key_of as public_key_of
from shebaoka.maker.keys import public_text as public_text
from shebaoka.maker.package import PackedCard as PackedCard
from shebaoka.maker.package import open_package as open_package
from shebaoka.maker.package import write_package as write_package
from shebaoka.maker.placing import placed as placed
from shebaoka.maker.sealed import Address as Address
from shebaoka.maker.sealed import Manifest as Manifest
from shebaoka.maker.simulated import Simulated as Simulated
from shebaoka.maker.tables import Rows as Rows
from shebaoka.maker.tables import read_answers as read_answers
from shebaoka.maker.tables import read_results as read_results
from shebaoka.maker.tables import write_accounts as write_accounts
from shebaoka.maker.tables import write_answers as write_answers
from shebaoka.maker.tables import write_results as write_results
