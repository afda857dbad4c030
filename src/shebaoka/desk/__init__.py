"""The desk and what stands around it. Faces import from here; they reach rules, store and vault no other way."""

from shebaoka.desk.audit import Audit as Audit
from shebaoka.desk.audit import Auditor as Auditor
from shebaoka.desk.calendar import record_lapses as record_lapses
from shebaoka.desk.counter import Counter as Counter
from shebaoka.desk.counter import open_counter as open_counter
from shebaoka.desk.desk import Desk as Desk
from shebaoka.desk.fold import Outcome as Outcome
from shebaoka.desk.fresh import Clock as Clock
from shebaoka.desk.fresh import now as now
from shebaoka.desk.runs import Runs as Runs
from shebaoka.desk.screens import CardScreen as CardScreen
from shebaoka.desk.screens import CitySums as CitySums
from shebaoka.desk.screens import JournalLine as JournalLine
from shebaoka.desk.screens import Offer as Offer
from shebaoka.desk.screens import PersonScreen as PersonScreen
from shebaoka.desk.screens import Screens as Screens
from shebaoka.desk.screens import Statement as Statement
from shebaoka.desk.screens import Tally as Tally
from shebaoka.desk.staff import CHANNEL_OF as CHANNEL_OF
from shebaoka.desk.staff import Role as Role
from shebaoka.desk.staff import Staff as Staff
from shebaoka.desk.staff import StaffRoom as StaffRoom
