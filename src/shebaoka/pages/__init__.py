"""What the faces with pages share: frame, sessions, forms, words, style, and how troubles are told."""

from shebaoka.pages.days import day_asked as day_asked
from shebaoka.pages.faults import troubles as troubles
from shebaoka.pages.frame import FIRST_PAGE as FIRST_PAGE
from shebaoka.pages.frame import HEADERS as HEADERS
from shebaoka.pages.frame import SCRIPTS as SCRIPTS
from shebaoka.pages.frame import STATIC as STATIC
from shebaoka.pages.frame import STYLES as STYLES
from shebaoka.pages.frame import Page as Page
from shebaoka.pages.frame import Room as Room
from shebaoka.pages.frame import moved_to as moved_to
from shebaoka.pages.labels import LANGUAGE_NAMES as LANGUAGE_NAMES
from shebaoka.pages.labels import with_labels as with_labels
from shebaoka.pages.languages import by_language as by_language
from shebaoka.pages.sessions import VISITOR as VISITOR
from shebaoka.pages.sessions import Asked as Asked
from shebaoka.pages.sessions import begin as begin
from shebaoka.pages.sessions import browser_of as browser_of
from shebaoka.pages.sessions import checked_form as checked_form
from shebaoka.pages.sessions import end as end
from shebaoka.pages.sessions import form_of as form_of
from shebaoka.pages.sessions import front_of as front_of
from shebaoka.pages.sessions import must_be_known as must_be_known
from shebaoka.pages.sessions import must_see_people as must_see_people
from shebaoka.pages.sessions import must_see_staff as must_see_staff
from shebaoka.pages.wording import Said as Said
