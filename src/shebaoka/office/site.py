"""The public page as it was signed off: what differs, who prepares, who signs. An auditor reads."""

from anyio import to_thread
from litestar import Response, get, post

from shebaoka.desk import Right, Staff
from shebaoka.office.configured import local
from shebaoka.office.frame import Page
from shebaoka.pages import Asked, form_of, front_of, moved_to
from shebaoka.records import BadInput, NotAllowed, NotFound, SealWrong, SiteChanged

LATEST = 30


async def _site(request: Asked, *, status: int = 200, fault: str = "") -> Response[bytes]:
    page = Page(request)
    staff: Staff = request.state.staff
    labels = page.labels

    def show() -> Response[bytes]:
        room = page.front.site
        items = room.items(seen_by=staff)
        try:
            page.front.articles.published()
            seal_wrong = False
        except SealWrong:
            seal_wrong = True
        prepared = room.prepared(seen_by=staff)
        return page.show_at_once(
            "site.html",
            status=status,
            items=items,
            differ=[item for item in items if item.state != "as_signed"],
            states={
                "as_signed": labels["site_as_signed"],
                "changed": labels["site_item_changed"],
                "not_signed": labels["site_not_signed"],
                "gone": labels["site_gone"],
            },
            about={
                "site": labels["site_whole"],
                "article": labels["site_article"],
                "host": labels["link_host"],
            },
            windows=room.window_changes(seen_by=staff),
            waits=page.front.shown_windows.waiting(page.on),
            prepared=prepared,
            own=prepared is not None and prepared.prepared_by == staff.name,
            signoffs=room.signoffs(seen_by=staff)[:LATEST],
            seal_wrong=seal_wrong,
            prepares=staff.may(Right.KEEP_ARTICLES) or staff.may(Right.APPROVE_ARTICLES),
            signs=staff.may(Right.APPROVE_ARTICLES),
            fault=fault,
            at=lambda at: local(page, at),
            who=lambda name: name or labels["owner_of_machine"],
        )

    return await to_thread.run_sync(show)


@get("/site")
async def get_site(request: Asked) -> Response[bytes]:
    """What differs from what was signed off, what waits, and who signed when."""
    return await _site(request)


@post("/site/prepare")
async def post_prepared(request: Asked) -> Response[bytes]:
    """What is there now, for another person to sign."""
    await form_of(request)
    front, staff = front_of(request), request.state.staff
    await to_thread.run_sync(lambda: front.site.prepare(by=staff))
    return moved_to("/site")


@post("/site/sign")
async def post_signed(request: Asked) -> Response[bytes]:
    """Exactly what was prepared is signed off by another person."""
    form = await form_of(request)
    front, staff, labels = front_of(request), request.state.staff, Page(request).labels
    try:
        await to_thread.run_sync(lambda: front.site.sign(form.get("digest", ""), by=staff))
    except (NotFound, SiteChanged, BadInput):
        return await _site(request, status=409, fault=labels["site_changed_since"])
    except SealWrong:
        return await _site(request, status=409)
    except NotAllowed as e:
        if e.code != "own_work":
            raise
        return await _site(request, status=409, fault=labels["not_ones_own"])
    return moved_to("/site")
