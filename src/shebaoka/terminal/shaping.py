"""How messages come in and answers go out, whatever they are about: read strictly, signed, described for programs."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from shebaoka.desk import Terminal, check_message_id
from shebaoka.records import BadInput
from shebaoka.signatures import Signed, sign_answer
from shebaoka.terminal.answers import Output, Reply, plain_reply
from shebaoka.terminal.door import must_be_signed
from shebaoka.terminal.inputs import Message
from shebaoka.web import ErrorBody, Front, strictly

_encode = msgspec.json.Encoder().encode
_SAYS = {
    400: "The message cannot be read; `field` names the place. Nothing was done.",
    401: "The message is not signed, or not rightly, or came before. Nothing was done.",
    403: "The terminal may not send this. Nothing was done.",
    404: "There is no such thing.",
    405: "The path does not take this method.",
    408: "The body did not come whole in time. Nothing was done.",
    409: "The message id was used with other content, or reversed before it came, or no cycle is open.",
    413: "The body is larger than 64 KB, or 10 MB for 3202. Nothing was done.",
    415: "The body is something else than JSON.",
    429: "Too many messages at once.",
    503: "The database is down, full, or of another schema. Ask back what became of the message.",
}
ERRORS = {
    status: ResponseSpec(data_container=ErrorBody, description=says, generate_examples=False)
    for status, says in _SAYS.items()
}


class Reader:
    """Reads the messages of one number strictly."""

    def __init__(self, infno: str, said: Any) -> None:
        self.infno = infno
        self._decoder = msgspec.json.Decoder(Message[said])

    async def read(self, request: Request[Any, Any, Any]) -> tuple[Any, Terminal]:
        """The message and its terminal. `BadInput` if it is another number's or another institution's."""
        message = await strictly(request, self._decoder)
        terminal: Terminal = request.state.terminal
        if message.infno not in ("", self.infno):
            raise fault("infno", f"must be {self.infno}, as the path says")
        if message.fixmedins_code not in ("", terminal.institution):
            raise fault("fixmedins_code", "must be the code of the terminal's own institution")
        check_message_id(message.msgid, terminal.institution)
        return message, terminal


def fault(field: str, says: str) -> BadInput:
    """The trouble of a field that does not fit."""
    trouble = BadInput(f"{field}: {says}. Correct it and send it again.")
    trouble.field = field
    return trouble


def signed_answer(front: Front, request: Request[Any, Any, Any], reply: Reply) -> Response[Any]:
    """The reply, signed with the terminal's own key where that is a shared one."""
    body, terminal = _encode(reply), cast("Terminal", request.state.terminal)
    signed: Signed = request.state.signed
    headers: dict[str, str] = {}
    if terminal.algorithm != "ed25519":
        headers = sign_answer(
            200,
            body,
            signed,
            created=int(front.clock().timestamp()),
            keyid=terminal.key_id,
            alg=terminal.algorithm,
            sign=lambda _, __, base: front.institutions.sign_for(terminal, base),
        )
    return Response(body, media_type="application/json", headers=headers)


def plainly_answered(
    front: Front, request: Request[Any, Any, Any], output: Output, came_at: str, clause: str = "", notice: str = ""
) -> Response[Any]:
    """An answer that rests on no decision about a person, signed."""
    reply = plain_reply(output, came_at, front.clock(), front.notices.zone, clause, notice)
    return signed_answer(front, request, reply)


def numbered(infno: str, summary: str) -> Callable[[Any], HTTPRouteHandler]:
    """A decorator that makes a function the handler of a message."""
    return post(
        f"/{infno}",
        name=f"terminal-{infno}",
        operation_id=f"terminal_{infno.replace('-', '_')}",
        status_code=200,
        summary=f"{infno}: {summary}",
        responses={
            200: ResponseSpec(data_container=Reply, generate_examples=False, description="The answer."),
            **ERRORS,
        },
        tags=["terminals"],
        guards=[must_be_signed],
    )
