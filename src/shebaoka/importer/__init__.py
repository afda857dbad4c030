"""The importer face: moves the old medical card system over, in named steps that end with a proof (1.1, 1.2, 8.1).

Files are read and checked here; whether an account carries over, and which records with it, the rules decide at the
desk. Contributions of later months come in by files, too.
"""

from shebaoka.importer.carrying import carry as carry
from shebaoka.importer.carrying import foresee as foresee
from shebaoka.importer.contributions import CreditReport as CreditReport
from shebaoka.importer.contributions import credit_contributions as credit_contributions
from shebaoka.importer.ending import prove_again as prove_again
from shebaoka.importer.ending import report_of as report_of
from shebaoka.importer.ending import sign as sign
from shebaoka.importer.ending import undo as undo
from shebaoka.importer.mapping import mapping_for as mapping_for
from shebaoka.importer.mapping import read_mapping as read_mapping
from shebaoka.importer.report import HeldBack as HeldBack
from shebaoka.importer.report import Reason as Reason
from shebaoka.importer.steps import STEPS as STEPS
from shebaoka.importer.steps import Move as Move
from shebaoka.importer.tools import Told as Told
from shebaoka.importer.tools import Tools as Tools
