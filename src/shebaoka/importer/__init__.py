"""The importer face: takes in the old medical card system's export, row by row, and reconciles it (1.2, 8.1).

The command line calls `import_old_accounts` with the desk's `submit`. It parses, submits and reports; whether an
account carries over, and which records with it, the rules decide.
"""

from shebaoka.importer.accounts import import_old_accounts as import_old_accounts
from shebaoka.importer.contributions import CreditReport as CreditReport
from shebaoka.importer.contributions import credit_contributions as credit_contributions
from shebaoka.importer.mapping import mapping_for as mapping_for
from shebaoka.importer.mapping import read_mapping as read_mapping
from shebaoka.importer.report import HeldBack as HeldBack
from shebaoka.importer.report import ImportReport as ImportReport
from shebaoka.importer.report import Reason as Reason
