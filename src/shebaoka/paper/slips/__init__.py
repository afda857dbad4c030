"""The paper of the window: application form, the slips that somebody takes home, the day's list. The faces hand it out.

Plain data comes in and a PDF goes out; nothing is looked up. What a slip's QR code carries is `shebaoka.slipcode`.
"""

from shebaoka.paper.slips.capitals import in_capitals as in_capitals
from shebaoka.paper.slips.day import day_list_pdf as day_list_pdf
from shebaoka.paper.slips.form import application_form_pdf as application_form_pdf
from shebaoka.paper.slips.shapes import AcceptanceSlip as AcceptanceSlip
from shebaoka.paper.slips.shapes import ApplicationForm as ApplicationForm
from shebaoka.paper.slips.shapes import DayLine as DayLine
from shebaoka.paper.slips.shapes import DayList as DayList
from shebaoka.paper.slips.shapes import EntrySlip as EntrySlip
from shebaoka.paper.slips.shapes import FeeReceiptSlip as FeeReceiptSlip
from shebaoka.paper.slips.shapes import FormAgent as FormAgent
from shebaoka.paper.slips.shapes import HandedCard as HandedCard
from shebaoka.paper.slips.shapes import HandoverSlip as HandoverSlip
from shebaoka.paper.slips.shapes import MaskedAgent as MaskedAgent
from shebaoka.paper.slips.shapes import NextStep as NextStep
from shebaoka.paper.slips.shapes import RefusalSlip as RefusalSlip
from shebaoka.paper.slips.slip import SLIP_WIDTHS as SLIP_WIDTHS
from shebaoka.paper.slips.slip import Slip as Slip
from shebaoka.paper.slips.slip import SlipWidth as SlipWidth
from shebaoka.paper.slips.slip import slip_pdf as slip_pdf
