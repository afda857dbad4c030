"""Parameters that most of the API shares: number, reason, language, and the errors that may come back."""

from typing import Annotated, Literal

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from shebaoka.web import ErrorBody

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
_SAYS = {
    400: "The request cannot be read; `field` names the place.",
    401: "The staff token is missing or not known.",
    403: "The token is good, but not for this.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    409: "The request id was used before with other content.",
    413: "The body is larger than 10 MB.",
    415: "The body is something else than JSON.",
    503: "The database is down, full, or of another schema. Nothing was done.",
}
ERRORS = {
    status: ResponseSpec(data_container=ErrorBody, description=says, generate_examples=False)
    for status, says in _SAYS.items()
}
