"""The face for pharmacies' POS terminals: ISO 8583 over TCP, on the same desk as all others. See docs/pos.md."""

from shebaoka.pos.handling import Handler as Handler
from shebaoka.pos.server import PosServer as PosServer
from shebaoka.pos.server import open_pos as open_pos
