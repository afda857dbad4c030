"""How troubles reach a program: a status, a stable code, a sentence that names the field and says what to do."""

import logging
import re
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ExceptionHandlersMap

from shebaoka.records import BadInput, NotSignedIn, TooManyTries, Trouble, WrongContentType

log = logging.getLogger(__name__)
T = TypeVar("T")


class ErrorBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong. `code` is stable, `message` is for people, `field` names the place in what was sent."""

    code: str
    message: str
    field: str = ""


OUR_FAULT = ErrorBody(
    "internal_fault",
    "The program is at fault. Whether it was done is not known; send the same again under its id, or ask back. Tell "
    "the administrator the time.",
)
"""What whoever asked is told of a fault of the program; what it is stands in the log."""

_PATTERNS = {
    "^[0-9]{17}[0-9X]$": "must be a social security number: 17 digits, then a digit or X",
    "^[A-Za-z0-9._:-]{1,64}$": "must be 1 to 64 letters, digits or . _ : -",
    "^[A-Za-z0-9._:-]{0,64}$": "must be at most 64 letters, digits or . _ : -",
    "^[0-9]{6}$": "must be a county code of six digits",
    "^[A-Z0-9]{1,32}$": "must be 1 to 32 capital letters or digits",
    "^[a-z_]{1,40}$": "must be 1 to 40 small letters or _",
}


_KINDS = {
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "date": "a day such as 2013-07-01",
}


def plain_fault(message: str) -> str:
    """A validation message in plain words; it never repeats the value that was sent."""
    found = re.search(r"matching regex '(.*)'", message)
    if found:
        pattern = found.group(1).replace("\\\\", "\\").removesuffix("(?!\\n)")
        return _PATTERNS.get(pattern, "must be plain text without control characters")
    if message.startswith("Invalid"):
        return "is not one of the values that it may have; see the API's description"
    expected = re.match(r"Expected `([a-z]+)( \| null)?`", message)
    if expected and expected.group(1) in _KINDS:
        return f"must be {_KINDS[expected.group(1)]}" + message[expected.end() :].partition(", got")[0]
    # What may be digits of somebody's is not repeated, even where it stands as the name of a field.
    return re.sub(r"[0-9]{3,}", "…", message[:1].lower() + message[1:])


def _answer(status: int, code: str, message: str, field: str = "") -> Response[ErrorBody]:
    return Response(ErrorBody(code, message, field), status_code=status, media_type="application/json")


def _trouble(_: Request[Any, Any, Any], e: Trouble) -> Response[ErrorBody]:
    response = _answer(e.status, e.code, str(e), e.field)
    if isinstance(e, TooManyTries):
        response.headers["Retry-After"] = str(e.wait_s)
    if isinstance(e, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _invalid(_: Request[Any, Any, Any], e: ValidationException) -> Response[ErrorBody]:
    first = e.extra[0] if isinstance(e.extra, list) and e.extra and isinstance(e.extra[0], dict) else {}
    field = str(first.get("key", ""))
    fault = plain_fault(str(first.get("message", "cannot be read")))
    return _answer(400, "bad_input", f"{field or 'request'}: {fault}. Correct it and send it again.", field)


def _malformed(
    _: Request[Any, Any, Any], __: ClientException | UnicodeDecodeError | RecursionError
) -> Response[ErrorBody]:
    return _answer(400, "malformed_json", "The body is not well-formed JSON in UTF-8. Correct it and send it again.")


def _too_large(_: Request[Any, Any, Any], __: RequestEntityTooLarge) -> Response[ErrorBody]:
    return _answer(413, "body_too_large", "The body is larger than 10 MB. Send it in smaller trays.")


def _not_found(_: Request[Any, Any, Any], __: NotFoundException) -> Response[ErrorBody]:
    return _answer(404, "no_such_path", "There is nothing at this path; see /api/v1/openapi.json.")


def _method(_: Request[Any, Any, Any], e: MethodNotAllowedException) -> Response[ErrorBody]:
    response = _answer(405, "method_not_allowed", "This path does not take this method; see /api/v1/openapi.json.")
    response.headers["Allow"] = (e.headers or {}).get("Allow", "GET, POST")
    return response


def _http(_: Request[Any, Any, Any], e: HTTPException) -> Response[ErrorBody]:
    code = {401: "not_signed_in", 403: "not_allowed", 429: "too_many_requests"}.get(e.status_code, "bad_input")
    return _answer(e.status_code, code, "This request cannot be served as it was sent.")


def _fault(request: Request[Any, Any, Any], e: Exception) -> Response[ErrorBody]:
    # Not the path: it may hold somebody's number.
    where = request.route_handler
    log.error("fault while answering %s", where, exc_info=e)
    return _answer(500, OUR_FAULT.code, OUR_FAULT.message)


async def strictly(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T]) -> T:
    """A request's body with exactly the types that it must have. `BadInput` names the field.

    The framework reads bodies too, and takes "28" for 28 on the way; money and dates must not be guessed.
    """
    try:
        if request.content_type[0] != "application/json":
            raise WrongContentType("Send the body as JSON, with `Content-Type: application/json`.")
        return decoder.decode(await request.body())
    except msgspec.ValidationError as e:
        said, _, where = str(e).partition(" - at ")
        field = where.strip("`").removeprefix("$").removeprefix(".")
        fault = BadInput(f"{field}: {plain_fault(said)}. Correct it and send it again.")
        fault.field = field
        raise fault from None


def json_troubles() -> ExceptionHandlersMap:
    """Every trouble as JSON; most specific first."""
    return {
        Trouble: _trouble,
        ValidationException: _invalid,
        RequestEntityTooLarge: _too_large,
        NotFoundException: _not_found,
        MethodNotAllowedException: _method,
        ClientException: _malformed,
        UnicodeDecodeError: _malformed,
        RecursionError: _malformed,
        HTTPException: _http,
        Exception: _fault,
    }
