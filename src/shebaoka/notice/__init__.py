"""The notice as data: dated versions of a city's clauses, parameters and readings, checked before they decide.

Pure: files come in as bytes. `Notices.on(day)` is how everybody else asks.
"""

from shebaoka.notice.calendar import add_term as add_term
from shebaoka.notice.history import ParameterChange as ParameterChange
from shebaoka.notice.history import Version as Version
from shebaoka.notice.history import history_of as history_of
from shebaoka.notice.hours import answers_at as answers_at
from shebaoka.notice.hours import open_days as open_days
from shebaoka.notice.hours import spans_on as spans_on
from shebaoka.notice.places import Place as Place
from shebaoka.notice.places import read_places as read_places
from shebaoka.notice.reading import NOTICE_FILE as NOTICE_FILE
from shebaoka.notice.reading import Notices as Notices
from shebaoka.notice.reading import read_notices as read_notices
from shebaoka.notice.reading import read_words as read_words
from shebaoka.notice.schema import LANGUAGES as LANGUAGES
from shebaoka.notice.schema import LossReport as LossReport
from shebaoka.notice.schema import Materials as Materials
from shebaoka.notice.schema import Notice as Notice
from shebaoka.notice.schema import Parameters as Parameters
from shebaoka.notice.schema import Term as Term
from shebaoka.notice.schema import Words as Words
from shebaoka.notice.speech import POSTED as POSTED
from shebaoka.notice.speech import Speech as Speech
