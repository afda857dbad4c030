"""What do I do? The guide for programs: matters, questions, and the way to go. Public, and about nobody."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from shebaoka.api.signing import ERRORS, Day, Language, day_asked
from shebaoka.desk import GuideTold, MatterTold, answers_in, matters
from shebaoka.records import ASKED
from shebaoka.web import Front, address_of, in_public_thread

Answered = Annotated[str | None, QueryParameter(required=False, description="The answer to this question.")]


@get("/guide", summary="What people come with", responses=ERRORS, tags=["notice"], security=[{}])
async def get_matters(
    front: NamedDependency[Front], on: Day = None, language: Language = "zh-Hans"
) -> tuple[MatterTold, ...]:
    """The matters that the guide knows. Needs no sign-in."""
    return matters(front.speech(front.notices.on(day_asked(front, on)).id, language))


@get(
    "/guide/{matter:str}",
    summary="What to do in a matter",
    description="The questions that the answers so far lead to, and, once none is open, the steps: as the rules decide "
    "them for an invented holder, one after another, with papers, fee, day and clause.",
    responses=ERRORS,
    tags=["notice"],
    security=[{}],
)
async def get_guide(
    front: NamedDependency[Front],
    request: Request[Any, Any, Any],
    matter: Annotated[str, PathParameter(description="What it is about, such as lost.")],
    who: Answered = None,
    card: Answered = None,
    registered: Answered = None,
    before: Answered = None,
    meanwhile: Answered = None,
    reported: Answered = None,
    replacing: Answered = None,
    holds_temporary: Answered = None,
    locked: Answered = None,
    known: Answered = None,
    over: Answered = None,
    need: Answered = None,
    holds: Answered = None,
    waiting: Answered = None,
    on: Day = None,
    language: Language = "zh-Hans",
) -> GuideTold:
    """The guide's answer on a day. Needs no sign-in; nobody is looked up."""
    said = locals()
    front.limits.take("guide", address_of(request))
    answers = answers_in((code, said[code] or "") for code in ASKED)
    day = day_asked(front, on)
    speech = front.speech(front.notices.on(day).id, language)
    return await in_public_thread(request, front.guide.told, matter, answers, day, speech)
