"""What a service at the window needs, and its steps: two tables, which the window, its papers and the tests all read.

A row of `WINDOW` is a row of the rules' service table that people ask for at a window: what must be chosen, whose PIN
is entered, whether somebody signs. A row of `STEPS` is a step: when a draft needs it, when it is done, what must be
done before it, and what of the draft goes when it is undone. What comes next is the first that is needed and not done.
Clauses 4.2, 7.1, 7.2, 9.1.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from shebaoka.notice import Materials, Notice
from shebaoka.records import Agent, Material


class Step(StrEnum):
    """The steps of a service, in the order in which they come."""

    CHOICES = "choices"
    PRESENTER = "presenter"
    MATERIALS = "materials"
    PHOTO = "photo"
    FEE = "fee"
    PIN = "pin"
    SIGNATURE = "signature"
    APPROVAL = "approval"
    CONFIRM = "confirm"


class Paid(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the fee is paid: in cash, with what was handed over in fen, or by a scanned code with its reference."""

    means: Literal["cash", "code"]
    amount_fen: int
    handed_over_fen: int = 0
    reference: str = ""


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a draft holds so far. PINs are never among it.

    `chosen` are the request's own fields, as texts; `papers_seen` is set when the clerk has gone through the materials.
    `photo` and `signature` name papers. `pin_waived` is set where a new PIN is offered and the holder keeps theirs.
    """

    chosen: dict[str, str] | None = None
    presenter: Literal["", "holder", "agent"] = ""
    agent: Agent | None = None
    shows: tuple[Material, ...] = ()
    papers_seen: bool = False
    photo: str = ""
    signature: str = ""
    paid: Paid | None = None
    pin_waived: bool = False


class PinNeed(StrEnum):
    """Which PINs the holder enters: none, a new one, a new one if they like, the present one and a new one."""

    NONE = "none"
    NEW = "new"
    OFFERED = "offered"
    CHANGED = "changed"


class ServiceRow(msgspec.Struct, frozen=True):
    """A service at the window: its own fields to choose, its PINs, and whether whoever came signs for it."""

    fields: tuple[str, ...] = ()
    pin: PinNeed = PinNeed.NONE
    signed: bool = False


_PLAIN, _SIGNED = ServiceRow(), ServiceRow(signed=True)
WINDOW: Mapping[str, ServiceRow] = {
    "register_person": ServiceRow(("name", "region", "insured_on"), signed=True),
    "apply_for_card": ServiceRow(("collect_at", "ethnic_group"), signed=True),
    "apply_for_temporary_card": ServiceRow(("hands_in_damaged_card",), PinNeed.NEW, signed=True),
    "collect_card": ServiceRow(("hands_in_temporary_card",), signed=True),
    "activate_card": ServiceRow(pin=PinNeed.OFFERED),
    "change_pin": ServiceRow(pin=PinNeed.CHANGED),
    "reset_pin": ServiceRow(pin=PinNeed.NEW, signed=True),
    "unlock_card": _PLAIN,
    "report_loss.formal": _SIGNED,
    "report_loss.temporary": _PLAIN,
    "cancel_loss_report": _SIGNED,
    "replace_card.loss": ServiceRow(("collect_at", "ethnic_group"), PinNeed.NEW, signed=True),
    "replace_card.damage": ServiceRow(("collect_at", "ethnic_group"), PinNeed.NEW, signed=True),
    "replace_card.made_wrongly": ServiceRow(("collect_at", "ethnic_group"), PinNeed.NEW, signed=True),
    "replace_card.unlocks_used_up": ServiceRow(("collect_at", "ethnic_group"), PinNeed.NEW, signed=True),
    "hand_in_card": _SIGNED,
    "extend_card": _SIGNED,
    "amend_application": ServiceRow(("collect_at", "ethnic_group")),
    "withdraw_application": _SIGNED,
    "add_extended_application": ServiceRow(("application",)),
    "remove_extended_application": ServiceRow(("application",)),
    "cancel_card.request": _SIGNED,
    "cancel_card.leaving": _SIGNED,
    "cancel_card.death": _SIGNED,
}
_AT_ONCE = frozenset(key for key in WINDOW if key.startswith("replace_card"))
"""Made anew for the social security card, where no PIN is chosen; replaced at once for the temporary card."""


def made_at_once(key: str, card: str) -> bool:
    """Whether a service makes a card then and there, from the window's stock where it keeps one."""
    return key == "apply_for_temporary_card" or (key in _AT_ONCE and card == "temporary")


def pin_need(key: str, card: str, notice: Notice) -> PinNeed:
    """Which PINs a service for a kind of card asks the holder for, by the notice (9.1, 9.2)."""
    need = WINDOW[key].pin
    if key in _AT_ONCE and card != "temporary":
        return PinNeed.NONE
    if need is PinNeed.OFFERED and notice.p.pin_change_at_activation == "required":
        return PinNeed.NEW
    return need


def fields_of(key: str, card: str) -> tuple[str, ...]:
    """The request's own fields that are chosen; a temporary card is replaced at once, and collected nowhere."""
    return () if key in _AT_ONCE and card == "temporary" else WINDOW[key].fields


class Flow(msgspec.Struct, frozen=True):
    """A draft with what its steps ask about it: papers and fee by the notice, PINs that wait, and the approval."""

    key: str
    card: str
    content: Content
    notice: Notice
    materials: Materials | None
    fee_fen: int
    pin_given: bool = False
    new_pin_given: bool = False
    approved: bool = False

    @property
    def pin_need(self) -> PinNeed:
        """Which PINs the holder enters."""
        return pin_need(self.key, self.card, self.notice)

    @property
    def asked(self) -> tuple[Material, ...]:
        """Everything that the notice asks to be shown by whoever came."""
        if self.materials is None:
            return ()
        adds = self.materials.agent_adds if self.content.presenter == "agent" else ()
        return (*self.materials.holder, *adds)

    @property
    def missing(self) -> tuple[Material, ...]:
        """What is asked for and was not shown; the photo has a step of its own."""
        return tuple(m for m in self.asked if m not in self.shows)

    @property
    def shows(self) -> tuple[Material, ...]:
        """What was shown, the photo with it where one is on file."""
        photo = (Material.PHOTO,) if self.content.photo else ()
        return tuple(m for m in self.asked if m in (*self.content.shows, *photo))


def _pin_done(flow: Flow) -> bool:
    need = flow.pin_need
    if need is PinNeed.OFFERED and flow.content.pin_waived:
        return True
    return flow.new_pin_given and (flow.pin_given or need is not PinNeed.CHANGED)


class StepRow(msgspec.Struct, frozen=True):
    """A step: whether a draft needs it, whether it is done, what comes before it, and the draft without it."""

    step: Step
    needed: Callable[[Flow], bool]
    done: Callable[[Flow], bool]
    after: tuple[Step, ...]
    undo: Callable[[Content], Content]


STEPS: tuple[StepRow, ...] = (
    StepRow(
        Step.CHOICES,
        needed=lambda f: bool(fields_of(f.key, f.card)),
        done=lambda f: f.content.chosen is not None,
        after=(),
        undo=lambda c: replace(c, chosen=None),
    ),
    StepRow(
        Step.PRESENTER,
        needed=lambda _: True,
        done=lambda f: (
            f.content.presenter == "holder" or (f.content.presenter == "agent" and f.content.agent is not None)
        ),
        after=(),
        undo=lambda c: replace(c, presenter="", agent=None, papers_seen=False, shows=(), signature=""),
    ),
    StepRow(
        Step.MATERIALS,
        needed=lambda f: any(m is not Material.PHOTO for m in f.asked),
        done=lambda f: f.content.papers_seen,
        after=(Step.PRESENTER,),
        undo=lambda c: replace(c, papers_seen=False, shows=()),
    ),
    StepRow(
        Step.PHOTO,
        needed=lambda f: Material.PHOTO in f.asked,
        done=lambda f: bool(f.content.photo),
        after=(Step.PRESENTER,),
        undo=lambda c: replace(c, photo=""),
    ),
    StepRow(
        Step.FEE,
        needed=lambda f: f.fee_fen > 0,
        done=lambda f: f.content.paid is not None and f.content.paid.amount_fen == f.fee_fen,
        after=(Step.MATERIALS,),
        undo=lambda c: replace(c, paid=None),
    ),
    StepRow(
        Step.PIN,
        needed=lambda f: f.pin_need is not PinNeed.NONE,
        done=_pin_done,
        after=(Step.MATERIALS,),
        undo=lambda c: replace(c, pin_waived=False),
    ),
    StepRow(
        Step.SIGNATURE,
        needed=lambda f: WINDOW[f.key].signed,
        done=lambda f: bool(f.content.signature),
        after=(Step.CHOICES, Step.PRESENTER, Step.MATERIALS, Step.FEE),
        undo=lambda c: replace(c, signature=""),
    ),
    StepRow(
        Step.APPROVAL,
        needed=lambda f: f.key in f.notice.p.approval_needed_for,
        done=lambda f: f.approved,
        after=(Step.CHOICES, Step.PRESENTER, Step.MATERIALS, Step.PHOTO, Step.FEE, Step.SIGNATURE),
        undo=lambda c: c,
    ),
    StepRow(
        Step.CONFIRM,
        needed=lambda _: True,
        done=lambda _: False,
        after=tuple(s for s in Step if s is not Step.CONFIRM),
        undo=lambda c: c,
    ),
)
ROW_OF: Mapping[Step, StepRow] = {row.step: row for row in STEPS}


class StepState(msgspec.Struct, frozen=True):
    """A step of a draft as it stands: done, open to be done now, or still waiting for another."""

    step: Step
    done: bool
    open: bool


def steps_of(flow: Flow) -> list[StepState]:
    """The steps that a draft needs, in order, each as it stands."""
    needed = [row for row in STEPS if row.needed(flow)]
    done = {row.step for row in needed if row.done(flow)}
    awaited = {row.step for row in needed} - done
    return [StepState(row.step, row.step in done, not awaited.intersection(row.after)) for row in needed]


def next_step(flow: Flow) -> Step:
    """The first step that is needed, not done, and open."""
    return next(state.step for state in steps_of(flow) if state.open and not state.done)


def without(content: Content, step: Step) -> Content:
    """The content with a step undone, and with it every step that was done after it on its ground."""
    undone = ROW_OF[step].undo(content)
    for row in STEPS:
        if step in row.after and row.step is not Step.CONFIRM:
            undone = row.undo(undone)
    return undone
