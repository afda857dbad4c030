"""Looking at an old system's file before it is taken in: what stands in it, what is doubtful, and a mapping's draft."""

from shebaoka.importer.inspection.draft import draft_of as draft_of
from shebaoka.importer.inspection.look import Asked as Asked
from shebaoka.importer.inspection.look import Inspection as Inspection
from shebaoka.importer.inspection.look import Seen as Seen
from shebaoka.importer.inspection.look import inspect_file as inspect_file
