"""Card readers on a clerk's machine: cards over PC/SC, the virtual reader, and the small server that the window's
page asks.

Below the faces and apart from the desk: it knows cards and no people. The command line starts it.
"""

from shebaoka.reader.door import READER_PORT as READER_PORT
from shebaoka.reader.door import Door as Door
from shebaoka.reader.pcsc import Readers as Readers
from shebaoka.reader.pcsc import ReaderTrouble as ReaderTrouble
from shebaoka.reader.vpcd import VPCD_PORT as VPCD_PORT
from shebaoka.reader.vpcd import InVirtualReader as InVirtualReader
from shebaoka.reader.watching import Placing as Placing
from shebaoka.reader.watching import Watch as Watch
