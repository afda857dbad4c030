"""The rules, pure: what the notice makes of a request. The desk is their only caller; nothing here reads or writes."""

from shebaoka.rules.beside import BesideCell as BesideCell
from shebaoka.rules.beside import BesideRow as BesideRow
from shebaoka.rules.beside import beside as beside
from shebaoka.rules.case import service_key as service_key
from shebaoka.rules.decide import decide as decide
from shebaoka.rules.guide import Move as Move
from shebaoka.rules.matters import Course as Course
from shebaoka.rules.matters import course_of as course_of
from shebaoka.rules.matters import questions_of as questions_of
from shebaoka.rules.offers import ServiceOffer as ServiceOffer
from shebaoka.rules.offers import example as example
from shebaoka.rules.offers import offers as offers
from shebaoka.rules.state import as_of as as_of
from shebaoka.rules.state import card_asked as card_asked
from shebaoka.rules.state import card_of as card_of
from shebaoka.rules.state import card_shown as card_shown
from shebaoka.rules.state import ministry_code as ministry_code
from shebaoka.rules.state import open_application as open_application
from shebaoka.rules.state import shown_state as shown_state
from shebaoka.rules.state import standing_of as standing_of
from shebaoka.rules.table import ROWS as ROWS
from shebaoka.rules.table import STATE_REFUSALS as STATE_REFUSALS
