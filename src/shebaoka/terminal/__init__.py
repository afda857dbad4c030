"""The JSON API under `/terminal/v1`, for the systems of hospitals and pharmacies. See docs/terminal.md."""

from shebaoka.terminal import evening, handlers
from shebaoka.terminal.door import Door as Door
from shebaoka.terminal.straight import App as App
from shebaoka.terminal.straight import counted_troubles as counted_troubles
from shebaoka.terminal.straight import straight as straight

HANDLERS = [*handlers.HANDLERS, *evening.HANDLERS]
