"""What the web faces share: what they are handed, sign-in, and how troubles are told. API and office import from here."""

from shebaoka.web.errors import ErrorBody as ErrorBody
from shebaoka.web.errors import json_troubles as json_troubles
from shebaoka.web.front import Front as Front
from shebaoka.web.front import asked as asked
from shebaoka.web.front import bearer as bearer
from shebaoka.web.front import looked_up as looked_up
