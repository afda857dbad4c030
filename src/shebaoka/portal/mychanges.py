"""What a holder changes at My card: a loss report, where the notice lets this channel; telephone and messages.

Where the notice names the window alone (7.1), the page says so, with the clause and where the windows are.
"""

import re
from typing import Any

import msgspec
from litestar import Response, get, post

from shebaoka.desk import HOLDER_COOKIE, Holder, NearTold, Offer, is_once, near_told
from shebaoka.notice import LANGUAGES
from shebaoka.pages import LANGUAGE_NAMES, Asked, cookie_for, form_of, front_of, manner, moved_to
from shebaoka.portal.frame import Page, in_thread
from shebaoka.portal.mycard import whose
from shebaoka.portal.mysignin import (
    CODE_COOKIE,
    SENDER,
    form_page,
    holder_of,
    refusal_of,
    refused_page,
)
from shebaoka.portal.sentforms import sent_once
from shebaoka.records import (
    Ask,
    BadInput,
    CardKind,
    Channel,
    Loss,
    NotFound,
    Refusal,
    ReportLoss,
    TooManyTries,
    Trouble,
)
from shebaoka.web import address_of, asked

NEAREST = 3
_SEQ = re.compile(r"[1-9][0-9]{0,17}")


# Loss ----------------------------------------------------------------------------------------------------------------


class LossOffered(msgspec.Struct, frozen=True):
    """A loss report that can be made here and now: kind and card, as the form says them, and in words."""

    key: str
    name: str
    lasts: str


@get("/my/loss")
async def get_loss(request: Asked) -> Response[bytes]:
    """The form, where the notice lets this channel, or by which clause it does not and where to go; or the answer."""
    holder, page = await holder_of(request), Page(request)
    done = request.query_params.get("done", "")
    if _SEQ.fullmatch(done):
        return await in_thread(request, _loss_answered, page, holder, int(done))
    return await _loss_page(page, holder, [], {})


async def _loss_page(
    page: Page, holder: Holder, faults: list[tuple[str, str]], typed: dict[str, str]
) -> Response[bytes]:
    shown = await in_thread(page.request, _loss_shown, page, holder)
    return await form_page(page, "myloss.html", faults, typed, answer=None, **shown)


def _loss_shown(page: Page, holder: Holder) -> dict[str, Any]:
    front, said = page.front, page.said
    screen = front.person(front.screens.number_of(holder.person_id))
    reports = [o for o in screen.offers if o.service.startswith("report_loss.")]
    here = [o for o in reports if Channel.PORTAL in o.channels]
    offered = [_offered(page, o) for o in here if o.possible]
    lost = [c for c in screen.cards if c.card.ending is None and c.card.loss is not Loss.NONE]
    channels = ",".join(dict.fromkeys(c for o in reports for c in o.channels))
    no = refusal_of(page, Refusal.SERVICE_IS_NOT_FOR_THIS_CHANNEL, {"channels": channels}) if not here else None
    region = screen.dossier.person.region if screen.dossier.person else ""
    papers = next((o.materials for o in reports if o.materials), None)
    return {
        "whose": whose(screen),
        "offered": offered,
        "lost": [(said.words.cards[c.card.kind], said.state(c.state)) for c in lost],
        "no": no and said.speech.says(no),
        "no_clause": no.clause if no else "",
        "no_text": said.speech.clause(no.clause) if no else "",
        "papers": said.speech.names(papers.holder, said.words.materials) if papers else "",
        "agent_papers": said.speech.names(papers.agent_adds, said.words.materials) if papers else "",
        "windows": _nearest(page, region),
        "region": region if front.places.place(region) else "",
        "not_now": [said.offer(o, screen).sentence for o in here if not o.possible][:1] if not offered else [],
    }


def _offered(page: Page, offer: Offer) -> LossOffered:
    kind = offer.service.partition(".")[2]
    terms = getattr(page.notice.p.loss_reports, kind)
    lasts = page.said.value(terms.lasts)[0] if terms.lasts else ""
    return LossOffered(f"{kind}.{offer.card}", page.said.service_of(offer.service, offer.card), lasts)


def _nearest(page: Page, region: str) -> list[NearTold]:
    """The windows that are nearest to where somebody is insured."""
    room = page.front.places
    return [near_told(n, page.on, page.said.speech) for n in room.nearest(room.place(region), limit=NEAREST)]


@post("/my/loss", status_code=200)
@sent_once
async def post_loss(request: Asked) -> Response[bytes]:
    """Report the loss, once it was confirmed; pressed twice, it is one report."""
    form = await form_of(request)
    holder, page = await holder_of(request), Page(request)
    front, once = page.front, form.get("once", "")
    kind, _, card = form.get("report", "").partition(".")
    if kind not in ("formal", "temporary") or card not in set(CardKind) or not is_once(once):
        return await _loss_page(page, holder, [("report", page.labels["my_fault_report_unfit"])], form)
    if form.get("sure", "") != "yes":
        return await _loss_page(page, holder, [("sure", page.labels["my_fault_not_sure"])], form)
    number = await in_thread(request, front.screens.number_of, holder.person_id)
    report = ReportLoss(
        id=f"my-loss-{holder.person_id}-{once}",
        person=number,
        card=CardKind(card),
        kind="formal" if kind == "formal" else "temporary",
    )
    (outcome,) = await asked(front, [Ask(report, SENDER)])
    if isinstance(outcome, Trouble):
        raise outcome
    return moved_to(f"/my/loss?done={outcome.entry.partition('-')[2]}")


def _loss_answered(page: Page, holder: Holder, seq: int) -> Response[bytes]:
    """What a report came to. `NotFound` for an entry that is no loss report of this holder's."""
    line = page.front.screens.line(f"{holder.person_id}-{seq}")
    if line.service != "report_loss":
        raise NotFound("There is no such report.")
    said = page.said_of(line.answer.notice)
    answer = {
        "yes": line.answer.outcome == "accepted",
        "sentence": said.speech.says(line.answer),
        "do": said.speech.do(line.answer),
        "readings": said.speech.readings(line.answer),
        "clause": line.answer.clause,
        "at": line.at.astimezone(page.front.notices.zone),
    }
    shown = _loss_shown(page, holder)
    return page.show_at_once("myloss.html", faults=[], typed={}, answer=answer, **shown)


# Telephone and messages ----------------------------------------------------------------------------------------------


@get("/my/telephone")
async def get_telephone(request: Asked) -> Response[bytes]:
    """The telephone on file, the form for another, and whether messages go there."""
    holder, page = await holder_of(request), Page(request)
    return await form_page(page, "mytelephone.html", [], {}, **await in_thread(request, _telephone, page, holder))


def _telephone(page: Page, holder: Holder) -> dict[str, Any]:
    done = page.request.query_params.get("done", "")
    return {
        "telephone": page.front.telephones.of(holder.person_id),
        "language_names": LANGUAGE_NAMES,
        "done": done if done in ("changed", "messages") else "",
    }


@post("/my/telephone", status_code=200)
@sent_once
async def post_telephone(request: Asked) -> Response[bytes]:
    """Send a code to the new number."""
    form = await form_of(request)
    holder, page = await holder_of(request), Page(request)
    front = page.front
    try:
        front.limits.take("holder_telephone", str(holder.person_id))
        typed = form.get("telephone", "")
        name = await in_thread(request, front.entering.ask_telephone_code, holder.person_id, typed, page.language)
    except (BadInput, TooManyTries) as e:
        shown = await in_thread(request, _telephone, page, holder)
        return await refused_page(page, "mytelephone.html", e, form, "telephone", **shown)
    return moved_to("/my/telephone/code", cookie_for(request, CODE_COOKIE, name))


@get("/my/telephone/code")
async def get_telephone_code(request: Asked) -> Response[bytes]:
    """Where the code that went to the new number is typed."""
    holder, page = await holder_of(request), Page(request)
    to = page.front.entering.waiting_for(request.cookies.get(CODE_COOKIE, ""), holder.person_id)
    if not to:
        return moved_to("/my/telephone", *manner.kept(request))
    return await form_page(page, "mytelephonecode.html", [], {}, to=to)


@post("/my/telephone/code", status_code=200)
@sent_once
async def post_telephone_code(request: Asked) -> Response[bytes]:
    """The code keeps the new number; the old one is told, and the holder's other sessions end."""
    form = await form_of(request)
    holder, page = await holder_of(request), Page(request)
    front, name = page.front, request.cookies.get(CODE_COOKIE, "")
    try:
        front.limits.take("holder_try", address_of(request))
        code = form.get("code", "")
        await in_thread(request, front.entering.change_telephone, holder.person_id, name, code, page.language)
    except (BadInput, TooManyTries) as e:
        to = front.entering.waiting_for(name, holder.person_id)
        return await refused_page(page, "mytelephonecode.html", e, {}, "code", to=to)
    await in_thread(request, front.holders.end_others, request.cookies.get(HOLDER_COOKIE, ""), holder.person_id)
    return moved_to("/my/telephone?done=changed")


@post("/my/messages", status_code=200)
@sent_once
async def post_messages(request: Asked) -> Response[bytes]:
    """Whether the holder agrees to be told by message, and in which language."""
    form = await form_of(request)
    holder = await holder_of(request)
    front, language = front_of(request), form.get("language", "")
    if language not in LANGUAGES:
        raise BadInput("language: choose one of the three.")
    agreed = form.get("agreed", "") == "yes"

    def keep() -> bool:
        known = front.telephones.of(holder.person_id)
        if known is None or not known.number:
            return False
        front.telephones.keep_of_holder(holder.person_id, known.number, agreed=agreed, language=language)
        return True

    # Without a telephone, which a window may have taken away meanwhile, there is nothing to agree to: the page says so.
    kept = await in_thread(request, keep)
    return moved_to("/my/telephone?done=messages" if kept else "/my/telephone")


@get("/my/messages")
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to the form asked for again, as in another language: the page of the form."""
    query = f"?{request.url.query}" if request.url.query else ""
    return moved_to(f"/my/telephone{query}")
