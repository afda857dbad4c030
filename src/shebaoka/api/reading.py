"""Reading: people, the journal, counts, the notice. Every look at a person goes through the desk first."""

from typing import Annotated, Any, Literal

import msgspec
from anyio import to_thread
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from shebaoka.api.shapes import (
    ClauseBody,
    CountsBody,
    EntriesBody,
    HealthBody,
    MeBody,
    NoticeBody,
    PersonBody,
    ServiceBody,
    entry_body,
    person_body,
)
from shebaoka.api.signing import ERRORS, Day, Language, Number, Reason, Unmasked, day_asked
from shebaoka.desk import (
    JournalLine,
    Staff,
    Statement,
    WhereaboutsTold,
    as_seen_by,
    must_see_accounts,
    must_see_unmasked,
    told,
)
from shebaoka.notice import Notice
from shebaoka.records import SERVICES, NotFound
from shebaoka.web import Front, address_of, looked_up, must_sign_in

Limit = Annotated[int, QueryParameter(ge=1, le=500, required=False, description="At most so many entries.")]
Before = Annotated[
    str,
    QueryParameter(
        pattern=r"^([0-9]{1,18}-[0-9]{1,18})?$(?!\n)",
        required=False,
        description="Continue after the entry of this place.",
    ),
]


@get(
    "/persons/{number:str}",
    summary="A person, their cards, and what they can ask for now",
    responses=ERRORS,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_person(
    front: NamedDependency[Front],
    number: Number,
    reason: Reason,
    staff: NamedDependency[Staff],
    unmasked: Unmasked = False,
) -> PersonBody:
    """A person as of today; the look-up is kept in the journal."""
    if unmasked:
        must_see_unmasked(staff)
    screen, _ = await looked_up(front, staff, number, reason)
    return person_body(screen, number, unmasked=unmasked)


@get(
    "/persons/{number:str}/journal",
    summary="Who asked what about a person",
    responses=ERRORS,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_person_journal(
    front: NamedDependency[Front],
    number: Number,
    reason: Reason,
    staff: NamedDependency[Staff],
    language: Language = "zh-Hans",
    limit: Limit = 100,
    before: Before = "",
) -> EntriesBody:
    """A person's entries, newest first."""
    screen, _ = await looked_up(front, staff, number, reason)
    seq = int(before.partition("-")[2]) if before else 2**62

    def read() -> list[JournalLine]:
        return as_seen_by(staff, front.screens.journal_of(screen.person_id, limit=limit, before=seq))

    return _entries(front, await to_thread.run_sync(read), limit, language)


@get(
    "/persons/{number:str}/card",
    summary="Where a person's social security card is",
    description="The stage, its day, the place, the day by which it is expected, and what to do next: the answer that "
    "window, hotline and command line give, in the same words.",
    responses=ERRORS,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_whereabouts(
    front: NamedDependency[Front],
    number: Number,
    reason: Reason,
    staff: NamedDependency[Staff],
    language: Language = "zh-Hans",
) -> WhereaboutsTold:
    """Where the card is, after the look-up is in the journal."""
    screen, _ = await looked_up(front, staff, number, reason)
    found = await to_thread.run_sync(front.whereabouts.of, screen)
    return told(found, front.speech(found.notice, language))


@get(
    "/persons/{number:str}/statement",
    summary="A person's account",
    responses=ERRORS,
    tags=["people"],
    guards=[must_sign_in],
)
async def get_statement(
    front: NamedDependency[Front], number: Number, reason: Reason, staff: NamedDependency[Staff]
) -> Statement:
    """Balance, postings, and the old card's records that were carried over."""
    must_see_accounts(staff)
    await looked_up(front, staff, number, reason)
    return await to_thread.run_sync(front.screens.statement, number)


@get("/journal", summary="The latest decisions", responses=ERRORS, tags=["office"], guards=[must_sign_in])
async def get_journal(
    front: NamedDependency[Front],
    staff: NamedDependency[Staff],
    language: Language = "zh-Hans",
    clause: Annotated[
        str | None, QueryParameter(pattern=r"^[0-9.]{1,20}$(?!\n)", required=False, description="Only by this clause.")
    ] = None,
    outcome: Annotated[Literal["accepted", "refused"] | None, QueryParameter(required=False)] = None,
    service: Annotated[
        str | None, QueryParameter(pattern=r"^[a-z_]{1,40}$(?!\n)", required=False, description="Only this service.")
    ] = None,
    limit: Limit = 50,
    before: Before = "",
) -> EntriesBody:
    """Entries of everybody, newest first; no names or numbers are in them."""
    staff.must_see_people()

    def read() -> list[JournalLine]:
        after = front.screens.line(before) if before else None
        found = front.screens.journal(limit=limit, clause=clause, outcome=outcome, service=service, before=after)
        return as_seen_by(staff, found)

    return _entries(front, await to_thread.run_sync(read), limit, language)


def _entries(front: Front, lines: list[JournalLine], limit: int, language: str) -> EntriesBody:
    return EntriesBody(
        entries=tuple(entry_body(line, front.speech(line.answer.notice, language)) for line in lines),
        next_before=lines[-1].place if len(lines) == limit else "",
    )


@get("/counts", summary="The city in numbers", responses=ERRORS, tags=["office"], guards=[must_sign_in])
async def get_counts(front: NamedDependency[Front], on: Day = None) -> CountsBody:
    """People, cards and applications by state, accounts, and each clause's yes and no on a day."""
    day = day_asked(front, on)
    turned_away = dict(sorted(front.turned_away.items()))  # here, where no other thread counts

    def read() -> CountsBody:
        screens = front.screens
        sums = screens.sums()
        return CountsBody(
            on=day,
            people=screens.people_by_standing(),
            cards=screens.cards_by_state(day),
            applications=screens.applications_by_making(),
            accounts=sums.accounts,
            balance_fen=sums.balance_fen,
            entries_fen=sums.entries_fen,
            messages_turned_away=turned_away,
            clauses=screens.clauses_of_day(day),
            services=screens.services_of_day(day),
        )

    return await to_thread.run_sync(read)


@get("/notice", summary="The notice", responses=ERRORS, tags=["notice"], security=[{}])
async def get_notice(front: NamedDependency[Front], on: Day = None, language: Language = "zh-Hans") -> NoticeBody:
    """The version in force on a day, whole. Needs no sign-in."""
    notice = front.notices.on(day_asked(front, on))
    return NoticeBody(
        id=notice.id,
        city=notice.wording[language].city,
        title=notice.wording[language].title,
        in_force_from=notice.in_force_from,
        in_force_until=notice.in_force_until,
        source=notice.source_in(language),
        clauses=tuple(_clause(notice, c, language) for c in notice.clauses),
    )


@get("/notice/clauses/{clause:str}", summary="A clause of the notice", responses=ERRORS, tags=["notice"], security=[{}])
async def get_clause(
    front: NamedDependency[Front],
    clause: Annotated[str, PathParameter(description="Its number, such as 2.4.")],
    on: Day = None,
    language: Language = "zh-Hans",
) -> ClauseBody:
    """Its wording, parameters, readings and grounds. Needs no sign-in."""
    notice = front.notices.on(day_asked(front, on))
    if clause not in notice.clauses:
        raise NotFound("The notice has no such clause; its clauses are numbered like 2.4.")
    return _clause(notice, clause, language)


def _clause(
    notice: Notice, clause: Annotated[str, PathParameter(description="Its number, such as 2.4.")], language: str
) -> ClauseBody:
    wording = notice.wording[language]
    mine = [p for p, c in notice.clause_of_parameter.items() if c == clause]
    return ClauseBody(
        id=clause,
        title=wording.clauses[clause].title,
        text=wording.clauses[clause].text,
        parameters={p: msgspec.to_builtins(getattr(notice.p, p)) for p in mine},
        readings={p: wording.readings[p] for p in mine if p in notice.readings},
        grounds=tuple(g for g, c in notice.clause_of.items() if c == clause),
    )


@get("/services", summary="What the notice asks for each service", responses=ERRORS, tags=["notice"], security=[{}])
async def get_services(
    front: NamedDependency[Front], on: Day = None, language: Language = "zh-Hans"
) -> list[ServiceBody]:
    """Channels and materials by service. Needs no sign-in."""
    notice = front.notices.on(day_asked(front, on))
    return [
        ServiceBody(
            service=service,
            label=front.words[language].services[service],
            channels=tuple(notice.channels_of(service)),
            materials=notice.materials.get(service),
        )
        for service in SERVICES
    ]


@get("/me", summary="Who is signed in", responses=ERRORS, tags=["office"], guards=[must_sign_in])
async def get_me(staff: NamedDependency[Staff]) -> MeBody:
    """The holder of the token."""
    return MeBody(staff.name, staff.role, staff.place)


@get("/health", summary="Is the office open?", responses=ERRORS, tags=["office"], security=[{}])
async def get_health(request: Request[Any, Any, Any], front: NamedDependency[Front]) -> HealthBody:
    """Open, with its database answering. Needs no sign-in; ten times a second are enough for who watches over it."""
    front.limits.take("health", address_of(request))
    await to_thread.run_sync(front.screens.meta)
    today = front.screens.today()
    return HealthBody("open", today, front.notices.on(today).id)


@get("/openapi.json", include_in_schema=False)
async def get_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The API's description, OpenAPI 3.1. Needs no sign-in, and is put together once: that takes a while of the loop
    that serves everybody.
    """
    described: bytes | None = request.app.state.get("description")
    if described is None:
        described = request.app.state["description"] = msgspec.json.encode(request.app.openapi_schema.to_schema())
    return Response(described, media_type="application/json")
