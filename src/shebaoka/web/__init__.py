"""What the web faces share: what they are handed, sign-in, and how troubles are told."""

from shebaoka.web.bodies import in_time as in_time
from shebaoka.web.errors import OUR_FAULT as OUR_FAULT
from shebaoka.web.errors import ErrorBody as ErrorBody
from shebaoka.web.errors import json_troubles as json_troubles
from shebaoka.web.errors import strictly as strictly
from shebaoka.web.front import Front as Front
from shebaoka.web.front import address_behind as address_behind
from shebaoka.web.front import address_of as address_of
from shebaoka.web.front import asked as asked
from shebaoka.web.front import journalled as journalled
from shebaoka.web.front import looked_up as looked_up
from shebaoka.web.front import must_sign_in as must_sign_in
from shebaoka.web.front import signed_in as signed_in
from shebaoka.web.public import in_public_thread as in_public_thread
