"""PostgreSQL: dossiers are loaded, decisions saved, screens read. The desk is its only caller."""

from shebaoka.store.embedded import as_role as as_role
from shebaoka.store.embedded import binary as binary
from shebaoka.store.embedded import embedded_server as embedded_server
from shebaoka.store.embedded import ensure_database as ensure_database
from shebaoka.store.migrate import SCHEMA as SCHEMA
from shebaoka.store.migrate import migrate as migrate
from shebaoka.store.play import set_stage as set_stage
from shebaoka.store.store import BLOCK as BLOCK
from shebaoka.store.store import KeptPin as KeptPin
from shebaoka.store.store import KnownEntry as KnownEntry
from shebaoka.store.store import KnownRequest as KnownRequest
from shebaoka.store.store import Load as Load
from shebaoka.store.store import Loaded as Loaded
from shebaoka.store.store import Overtaken as Overtaken
from shebaoka.store.store import Place as Place
from shebaoka.store.store import Store as Store
from shebaoka.store.store import Writes as Writes
from shebaoka.store.store import application_row as application_row
from shebaoka.store.store import card_row as card_row
from shebaoka.store.store import dossier_row as dossier_row
from shebaoka.store.store import person_row as person_row
from shebaoka.store.store import settlement_row as settlement_row
from shebaoka.store.store import stay_row as stay_row
from shebaoka.store.views import Views as Views
from shebaoka.store.views import day_bounds as day_bounds
