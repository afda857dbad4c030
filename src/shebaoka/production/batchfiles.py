"""A batch's files at its page: the maker's results and the bank's answers are chosen in the browser and taken in.
Proofs of its cards are there for whoever approves it.

A package is as large as its photos, so it is written at the command line; the page names the command.
"""

import re
import tempfile
from pathlib import Path

from anyio import to_thread
from litestar import Response, get, post
from litestar.datastructures import UploadFile

from shebaoka.desk import Right, Staff
from shebaoka.pages import HEADERS, Asked, checked_form, front_of, moved_to
from shebaoka.paper import card_proofs_pdf
from shebaoka.production.batches import batch_of, batch_page
from shebaoka.production.frame import Page
from shebaoka.records import BadInput
from shebaoka.web import Front

KINDS = ("results", "bank-answers")
_NAME_MAX = 100
_LINE = re.compile(r"[1-9][0-9]{0,5}")


@post([f"/batches/{{batch:str}}/{kind}" for kind in KINDS], status_code=200)
async def post_file(request: Asked) -> Response[bytes]:
    """Take a file in. One that is cut, altered, of another batch or the like is told, and nothing of it is taken."""
    sent = await request.form()
    checked_form(request, sent)
    page, front, staff = Page(request), front_of(request), request.state.staff
    staff.must(Right.KEEP_BATCHES)
    batch, kind = batch_of(request), request.url.path.rpartition("/")[2]
    upload = sent.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    name = upload.filename if isinstance(upload, UploadFile) else ""
    try:
        await to_thread.run_sync(_take, front, staff, batch, kind, content, name)
    except BadInput as e:
        return await batch_page(request, status=400, fault=page.fault(e))
    return moved_to(f"/batches/{batch}#files")


def _take(front: Front, staff: Staff, batch: str, kind: str, content: bytes, name: str) -> None:
    """The file as the rooms of files read it: from a place of its own, which is gone after."""
    if not content:
        raise BadInput("file: it is empty; choose the file.", code="file_is_empty")
    kept = "".join(c for c in Path(name).name if c.isprintable() and c not in "/\\")[-_NAME_MAX:]
    with tempfile.TemporaryDirectory(prefix="shebaoka-") as folder:
        path = Path(folder) / (kept if kept.strip(". ") else kind)
        path.write_bytes(content)
        if kind == "results":
            front.maker_files.results(staff, batch, path)
        else:
            front.maker_files.answers(staff, batch, path)


@get([f"/batches/{{batch:str}}/{kind}" for kind in KINDS])
async def get_answered(request: Asked) -> Response[bytes]:
    """The answer to a form, asked for again as a page: in another language, or after signing in. The batch is shown."""
    return moved_to(f"/batches/{batch_of(request)}")


@get("/batches/{batch:str}/proofs")
async def get_proofs(request: Asked) -> Response[bytes]:
    """Both faces of some cards, from a line on, as they are ordered: to be looked at before the batch is approved."""
    page, front, staff = Page(request), front_of(request), request.state.staff
    staff.must(Right.APPROVE_BATCHES)
    batch, line = batch_of(request), request.query_params.get("line", "1")
    if not _LINE.fullmatch(line):
        raise BadInput("line: give the line of a card, from 1 on.")

    def drawn() -> bytes:
        return card_proofs_pdf(front.batches.proofs(staff, batch, int(line)), page.said.speech, fonts=front.fonts)

    content = await to_thread.run_sync(drawn)
    headers = HEADERS | {"Content-Disposition": f'inline; filename="{batch}-{line}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
