"""What a step's form makes of a draft: each field read, checked, and put into its content. Clauses 4.2, 7.2.

A field that cannot be taken is a `BadInput` with a code that the window's labels word; nothing is changed by it.
"""

import datetime as dt
import re
from typing import Any

from litestar.datastructures import UploadFile
from msgspec.structs import replace

from shebaoka.desk import Content, Draft, Flow, Paid, PinNeed, Staff, Step, fields_of, without
from shebaoka.ethnicgroups import NAMES
from shebaoka.numbers import fault_of
from shebaoka.pages import Asked, checked_form
from shebaoka.records import POST, Address, Agent, BadInput, Material
from shebaoka.window.frame import Page

Files = dict[str, list[bytes]]
ON_PAPER = "on-paper"
"""What stands for a signature that was given on the printed form."""
SCANNED = (
    Material.IDENTITY_COPY,
    Material.INSURANCE_PROOF,
    Material.RELATIONSHIP_PROOF,
    Material.DEATH_PROOF,
    Material.AGENT_IDENTITY_CARD,
)
"""Materials of which a page can be scanned and kept."""
_CODE = re.compile(r"[A-Za-z0-9._:-]{0,64}")
_REGION = re.compile(r"[0-9]{6}")
_YUAN = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
_NAME_MAX, _WORDS_MAX = 50, 200
_FIELDS = {
    "handed_over_too_little": "handed_over",
    "payment_was_used": "reference",
    "no_blank_card": "blank",
    "hands_in": "",
    "means": "",
}


def field_of(code: str) -> str:
    """Which field of its form a code is about; what is chosen among a few has the focus without it."""
    return "photo" if code.startswith("photo_") else _FIELDS.get(code, code)


async def uploaded(request: Asked) -> tuple[dict[str, str], Files]:
    """The fields and files of a form from one of our pages. `NotAllowed`."""
    sent = await request.form()
    form = checked_form(request, sent)
    files: Files = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            if content:
                files.setdefault(name, []).append(content)
    return form, files


def content_after(
    page: Page,
    staff: Staff,
    draft: Draft,
    flow: Flow,
    step: Step,
    form: dict[str, str],
    files: Files,
    extra: dict[str, Any],
) -> Content:
    """A draft's content once a step's form is in it. `BadInput`; `extra` takes what the page shows beside a refusal."""
    content = draft.content
    if step is Step.CHOICES:
        chosen = _chosen(draft, flow, form, page.on)
        if chosen.get("collect_at") == POST and flow.notice.p.card_by_post:
            _addressed(page, staff, draft, form)
        return replace(content, chosen=chosen)
    if step is Step.PRESENTER:
        return _presented(content, form, page.on)
    if step is Step.MATERIALS:
        return _materials(page, staff, draft, flow, form, files)
    if step is Step.PHOTO:
        return _photo(page, staff, draft, form, files, extra)
    if step is Step.FEE:
        staff.must_have_a_till()
        return replace(content, paid=_paid(flow, form))
    if step is Step.PIN:
        if flow.pin_need is not PinNeed.OFFERED:
            raise _bad("pin_is_needed", "pin: the holder enters it at their keypad.")
        return replace(content, pin_waived=True)
    if step is Step.SIGNATURE:
        return _signed(page, staff, draft, form)
    raise _bad("no_such_step", "step: this one has no form.")


def _bad(code: str, sentence: str) -> BadInput:
    return BadInput(sentence, code=code)


def _chosen(draft: Draft, flow: Flow, form: dict[str, str], today: dt.date) -> dict[str, str]:
    """The request's own fields, each checked as it will be taken."""
    chosen = {name: form.get(name, "").strip() for name in fields_of(draft.service, draft.card)}
    for name, value in chosen.items():
        if name == "collect_at" and not _CODE.fullmatch(value):
            raise _bad("collect_at", "collect_at: choose a window, or leave it empty.")
        if name == "ethnic_group" and value and value not in NAMES:
            raise _bad("ethnic_group", "ethnic_group: choose what the ID card says.")
        if name == "name" and not (0 < len(value) <= _NAME_MAX and value.isprintable()):
            raise _bad("name", f"name: type the name as it is on the ID card, at most {_NAME_MAX} characters.")
        if name == "region" and not _REGION.fullmatch(value):
            raise _bad("region", "region: six digits of the county that keeps the insurance.")
        if name == "insured_on" and _day(value, today) is None:
            raise _bad("insured_on", "insured_on: a day as 2013-07-01.")
        if name == "application" and value not in flow.notice.p.extended_applications:
            raise _bad("application", "application: choose one of those that the city offers.")
        if name.startswith("hands_in_") and value not in ("yes", "no"):
            raise _bad("hands_in", f"{name}: choose yes or no.")
    return chosen


def _day(text: str, today: dt.date) -> dt.date | None:
    """A day that can be: not before 1900, and at most a year ahead."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= today.year + 1 else None


def _addressed(page: Page, staff: Staff, draft: Draft, form: dict[str, str]) -> None:
    """Where the card is sent by post is taken down. `BadInput` names the field of the form."""
    address = Address(*(form.get(f"post_{name}", "") for name in Address.__struct_fields__))
    try:
        page.front.letters.say_address(staff, draft.number, address)
    except BadInput as e:
        e.field = f"post_{e.field}"
        raise


def _presented(content: Content, form: dict[str, str], today: dt.date) -> Content:
    """Who came: the holder, or an agent with name, number and relation."""
    who = form.get("presenter", "")
    if who not in ("holder", "agent"):
        raise _bad("presenter", "presenter: choose whether the holder came or an agent.")
    if who != content.presenter:
        content = without(content, Step.PRESENTER)
    if who == "holder":
        return replace(content, presenter="holder", agent=None)
    return replace(content, presenter="agent", agent=agent_of(form, today))


def agent_of(form: dict[str, str], today: dt.date) -> Agent:
    """The agent whom a form names, with number and relation. `BadInput` by the field's code."""
    name, relation = form.get("agent_name", "").strip(), form.get("agent_relation", "").strip()
    number = form.get("agent_number", "").strip().upper()
    if not (0 < len(name) <= _NAME_MAX and name.isprintable()):
        raise _bad("agent_name", "agent_name: type the agent's name as it is on their ID card.")
    if fault_of(number, today) is not None:
        raise _bad("agent_number", "agent_number: not a valid ID number; compare the 18 characters with the ID card.")
    if not (0 < len(relation) <= _WORDS_MAX and relation.isprintable()):
        raise _bad("agent_relation", "agent_relation: say how the agent is related to the holder.")
    return Agent(name, number, relation)


def _materials(page: Page, staff: Staff, draft: Draft, flow: Flow, form: dict[str, str], files: Files) -> Content:
    """What was shown; a page that is scanned was shown."""
    scans = {m: files.get(f"scan_{m}", []) if m in SCANNED else [] for m in flow.asked}
    _keep(page, staff, draft, scans)
    shows = tuple(m for m in flow.asked if scans[m] or form.get(f"shows_{m}") == "yes")
    return replace(draft.content, shows=shows, papers_seen=True)


def _keep(page: Page, staff: Staff, draft: Draft, scans: dict[Material, list[bytes]]) -> None:
    """All scans are kept, or none counts: one that cannot be read is told by its field, and the others go with it."""
    kept: list[str] = []
    for material, pages in scans.items():
        for scan in pages:
            try:
                kept.append(page.front.papers.add(staff, draft.id, material, scan, number=draft.number).id)
            except BadInput as e:
                for paper in kept:
                    page.front.papers.set_aside(staff, paper)
                e.field = f"scan_{material}"
                raise


def _photo(
    page: Page, staff: Staff, draft: Draft, form: dict[str, str], files: Files, extra: dict[str, Any]
) -> Content:
    """A photo that fits is taken; one that a crop mends, once the clerk agrees; of another the misses are told."""
    uploads = files.get("photo", [])
    if not uploads:
        raise _bad("photo_is_missing", "photo: choose a file, or take a picture.")
    room = page.front.papers
    checked = room.fit_photo(uploads[-1], page.language)
    agreed = form.get("crop") == "yes"
    if checked.final is None and not (agreed and checked.crop is not None):
        extra["photo_check"] = checked
        raise _bad("photo_does_not_fit", "photo: it misses the standard.")
    line = room.add(staff, draft.id, Material.PHOTO, uploads[-1], number=draft.number, crop=agreed)
    return replace(draft.content, photo=line.id)


def _paid(flow: Flow, form: dict[str, str]) -> Paid:
    """How the fee is paid. Cash may say what was handed over, so that the change can be told; a code has its number."""
    means, over, reference = (form.get(f, "").strip() for f in ("means", "handed_over", "reference"))
    if means == "code":
        if not 0 < len(reference) <= 64 or not _CODE.fullmatch(reference):
            raise _bad("reference", "reference: the number of the payment, as the device shows it.")
        return Paid("code", flow.fee_fen, reference=reference)
    if means != "cash":
        raise _bad("means", "means: choose cash or a scanned code.")
    if not over:
        return Paid("cash", flow.fee_fen)
    if not _YUAN.fullmatch(over):
        raise _bad("handed_over", "handed_over: an amount in yuan, such as 50 or 28.50.")
    whole, _, part = over.partition(".")
    fen = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if fen < flow.fee_fen:
        raise _bad("handed_over_too_little", "handed_over: less than the fee.")
    return Paid("cash", flow.fee_fen, handed_over_fen=fen)


def _signed(page: Page, staff: Staff, draft: Draft, form: dict[str, str]) -> Content:
    """A signature from the screen, or the word that the printed form was signed."""
    if form.get("on_paper") == "yes":
        return replace(draft.content, signature=ON_PAPER)
    strokes = form.get("strokes", "")
    if not strokes:
        raise _bad("signature_is_missing", "signature: let whoever came sign in the field.")
    line = page.front.papers.add(staff, draft.id, "signature", strokes.encode(), number=draft.number)
    return replace(draft.content, signature=line.id)
