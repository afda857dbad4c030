"""Where somebody's social security card is: one answer, in the same words, for window, hotline and public page.

The stage is the dossier's, its day the journal's, and the place that of the window where the card is collected, as the
public sees it (`desk/shownwindows.py`). The day by which it is expected is a reading of clause 4.2
(`card_ready_within`), from the application on; where a card is made once more, from the day that this is known. So its
holder sees a later day, and no fee, and nothing else.
"""

import datetime as dt
from collections.abc import Collection

import msgspec

from shebaoka.desk.accounts import Asked, Rows
from shebaoka.desk.screens import PersonScreen
from shebaoka.desk.shownwindows import ShownWindows
from shebaoka.desk.windows import Window
from shebaoka.notice import POSTED, Notice, Notices, Speech, add_term
from shebaoka.records import POST, Application, Basis, CardKind, Facts, Life, Making, Refusal, Standing, Step
from shebaoka.rules import card_of
from shebaoka.store import Views
from shebaoka.store import whereabouts as sql

_REMADE = "record_rejected"
_STEPS: dict[str, tuple[str, ...]] = {
    Making.IN_BATCH: ("put_in_batch",),
    Making.MADE: ("record_made",),
    Making.REJECTED: (_REMADE,),
    Making.READY: ("record_ready",),
    Making.RETURNED: ("return_uncollected_card",),
    Making.COLLECTED: ("collect_card",),
    Making.WITHDRAWN: ("withdraw_application", "cancel_card"),
}
"""Which services bring a stage about; what is not here begins with the application."""
_GROUNDS: dict[str, Basis | Refusal] = {
    "none": Refusal.THERE_IS_NO_APPLICATION,
    Making.REJECTED: Basis.CARD_IS_REMADE_FREE,
    Making.READY: Basis.MATERIALS_ARE_COMPLETE,
    Making.RETURNED: Basis.UNCOLLECTED_CARD_IS_RETURNED,
    Making.COLLECTED: Basis.ONE_CARD_IS_VALID,
    Making.WITHDRAWN: Refusal.THERE_IS_NO_APPLICATION,
}
"""What the answer rests on; all others on the card being made."""
_EXPECTED = frozenset({Making.APPLIED, Making.IN_BATCH, Making.MADE, Making.REJECTED})
_PAPERS: dict[str, str] = {"none": "apply_for_card", Making.WITHDRAWN: "apply_for_card", Making.READY: "collect_card"}
_GONE = {Standing.DEAD: Refusal.PERSON_HAS_DIED, Standing.LEFT: Refusal.PERSON_HAS_LEFT}
PARAMETER = "card_ready_within"
_READINGS: dict[str, tuple[str, ...]] = {Making.RETURNED: ("uncollected_after",)}


class Whereabouts(msgspec.Struct, frozen=True):
    """Where somebody's card is.

    `stage` is that of the latest application, or `none`. `since_on` is its first day, `expected_on` the day by which
    the card is expected, and `late` whether that has passed. `collect_at` is the window's code, and `window`
    what is known of it. `refusal` is the ground on which this person can apply for nothing; `next` are further steps.
    """

    stage: str
    since_on: dt.date | None
    expected_on: dt.date | None
    late: bool
    collect_at: str
    window: Window | None
    clause: str
    notice: str
    readings: tuple[str, ...]
    papers: tuple[str, ...]
    next: tuple[Step, ...]
    refusal: str


class WhereaboutsTold(msgspec.Struct, frozen=True):
    """The same in words. `name` is the stage in short; `readings` say why a reading that was used is as it is."""

    stage: str
    name: str
    sentence: str
    do: tuple[str, ...]
    since_on: dt.date | None
    expected_on: dt.date | None
    late: bool
    place: str
    clause: str
    clause_text: str
    notice: str
    readings: tuple[str, ...]


class WhereaboutsRoom:
    """Answers where cards are. Safe for many threads. Whoever asks has looked the person up before."""

    def __init__(self, views_: Views, notices: Notices, shown: ShownWindows) -> None:
        self._views = views_
        self._notices = notices
        self._shown = shown

    def of(self, screen: PersonScreen) -> Whereabouts:
        """Where the card of somebody is who was looked up; one trip."""
        return self.found(screen, *self._views.rows_of_all(self.asks(screen)))

    def asks(self, screen: PersonScreen) -> list[Asked]:
        """What `found` is to be told, for whoever reads it along with other things."""
        services = [service for named in _STEPS.values() for service in named]
        return [(sql.STEPS, {"person_id": screen.person_id, "services": services}), *self._shown.ASKS]

    def found(self, screen: PersonScreen, steps: Rows, windows: Rows, mark: Rows) -> Whereabouts:
        """Where the card is, from what was read."""
        notice, zone = self._notices.on(screen.on), self._notices.zone
        days = {service: at.astimezone(zone).date() for service, at in steps}
        return whereabouts_of(screen, days, self._shown.shown(windows, mark), notice)


def whereabouts_of(
    screen: PersonScreen, days: dict[str, dt.date], windows: Collection[Window], notice: Notice
) -> Whereabouts:
    """Where the card is, given the last day of each step."""
    application = screen.dossier.applications[-1] if screen.dossier.applications else None
    stage = "none" if application is None else application.making.value
    expected_on = _expected_on(application, days, notice) if application and application.making in _EXPECTED else None
    collect_at = application.collect_at if application else ""
    materials = notice.materials.get(_PAPERS.get(stage, ""))
    temporary = card_of(screen.dossier, CardKind.TEMPORARY)
    standing = screen.dossier.person.standing if screen.dossier.person else Standing.INSURED
    applies = stage in ("none", Making.WITHDRAWN)
    return Whereabouts(
        stage=stage,
        since_on=_since_on(application, days) if application else None,
        expected_on=expected_on,
        late=expected_on is not None and expected_on < screen.on,
        collect_at=collect_at,
        window=next((w for w in windows if w.code == collect_at), None),
        clause=notice.clause_of[_GROUNDS.get(stage, Basis.CARD_IS_BEING_MADE)],
        notice=notice.id,
        readings=(PARAMETER,) if expected_on is not None else _READINGS.get(stage, ()),
        papers=tuple(materials.holder) if materials else (),
        next=(Step.HAND_IN_THE_TEMPORARY_CARD,)
        if stage == Making.READY and temporary and temporary.life is not Life.ENDED
        else (),
        refusal=_GONE.get(standing, "") if applies else "",
    )


def _since_on(application: Application, days: dict[str, dt.date]) -> dt.date:
    """The first day of the stage; that of the application where the journal has none, as for a card moved over."""
    found = [days[service] for service in _STEPS.get(application.making, ()) if service in days]
    return max([*found, application.applied_on])


def _expected_on(application: Application, days: dict[str, dt.date], notice: Notice) -> dt.date:
    """By when the card can be collected: so long after the application, or after it was found that it is remade."""
    remade = application.remakes > 0 or application.making is Making.REJECTED
    begins_on = days.get(_REMADE, application.applied_on) if remade else application.applied_on
    return add_term(max(begins_on, application.applied_on), notice.p.card_ready_within)


def facts_of(found: Whereabouts, speech: Speech) -> Facts:
    """What sentences about where a card is may speak of."""
    facts: Facts = {"papers": ",".join(found.papers)} if found.papers else {}
    if found.window is not None:
        facts["place"] = _place(found.window, speech)
    for name, day in (("since_on", found.since_on), ("expected_on", found.expected_on)):
        if day is not None:
            facts[name] = day.isoformat()
    return facts


def _place(window: Window, speech: Speech) -> str:
    return speech.place(window.site, window.name, window.address, window.hours)


def spoken_stage(found: Whereabouts) -> str:
    """The stage as it is spoken of: a card that is ready and sent by post is not waiting at a window."""
    return POSTED if found.stage == Making.READY and found.collect_at == POST else found.stage


def _name(spoken: str, speech: Speech) -> str:
    """A stage in short, for its holder: a card that did not come out well is to them still being made."""
    if spoken == "none":
        return speech.words.states["none"]
    return speech.words.makings[Making.IN_BATCH if spoken == Making.REJECTED else spoken]


def told(found: Whereabouts, speech: Speech) -> WhereaboutsTold:
    """Where the card is, in the words and the language of a speech."""
    spoken = spoken_stage(found)
    sentence, do = speech.where(spoken, facts_of(found, speech), late=found.late, refusal=found.refusal)
    return WhereaboutsTold(
        stage=found.stage,
        name=_name(spoken, speech),
        sentence=sentence,
        do=(do, *(speech.words.steps[step] for step in found.next)),
        since_on=found.since_on,
        expected_on=found.expected_on,
        late=found.late,
        place=_place(found.window, speech) if found.window else "",
        clause=found.clause,
        clause_text=speech.clause(found.clause),
        notice=found.notice,
        readings=tuple(speech.readings_of(found.readings)),
    )
