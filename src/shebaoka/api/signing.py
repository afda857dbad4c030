"""Parameters that most of the API shares: number, reason, day, language, and the errors that may come back."""

import datetime as dt
from typing import Annotated, Literal

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from shebaoka.records import BadInput
from shebaoka.web import ErrorBody, Front

Language = Annotated[
    Literal["zh-Hans", "zh-Hant", "en"], QueryParameter(required=False, description="The language of every sentence.")
]
Number = Annotated[
    str,
    PathParameter(pattern=r"^[0-9]{17}[0-9X]$(?!\n)", description="Social security number, 18 characters (GB 11643)."),
]
Reason = Annotated[
    str,
    QueryParameter(
        pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$(?!\n)",
        max_length=200,
        description="Why the person is looked up; it is kept in the journal.",
    ),
]
Day = Annotated[
    dt.date | None, QueryParameter(name="on", required=False, description="A day; today if it is left out.")
]
Unmasked = Annotated[bool, QueryParameter(required=False, description="Number and name in full.")]
_SAYS = {
    400: "The request cannot be read; `field` names the place.",
    401: "The staff token is missing or not known.",
    403: "The token is good, but not for this.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    408: "The body did not come whole in time.",
    409: "The request id was used before with other content.",
    413: "The body is larger than 10 MB.",
    415: "The body is something else than JSON.",
    429: "It was asked for too often from this address; the header Retry-After says when to ask again.",
    503: "The database is down, full, or of another schema. Nothing was done, unless the code is save_not_confirmed.",
}
ERRORS = {
    status: ResponseSpec(data_container=ErrorBody, description=says, generate_examples=False)
    for status, says in _SAYS.items()
}


def day_asked(front: Front, on: dt.date | None) -> dt.date:
    """The day asked about, today if none is. `BadInput` for one that is out of any notice's reach."""
    if on is not None and not 1900 <= on.year <= 2999:
        raise BadInput("on: must be a day from 1900 to 2999. Correct it and send it again.")
    return on or front.screens.today()
