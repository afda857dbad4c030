"""What a city's notice holds: clauses, parameters and readings, as frozen types.

A parameter that the notice leaves open is a *reading*: it carries where its value comes from, and every decision
that used it says so. Another city is another folder of the same shape; nothing here names Jinzhong.
"""

import datetime as dt
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from shebaoka.records import SERVICES, CardKind, Channel, Function, Material, Purpose

LANGUAGES = ("zh-Hans", "zh-Hant", "en")

Count = Annotated[int, Meta(ge=0, le=10_000)]
Positive = Annotated[int, Meta(ge=1, le=100)]
Kilobytes = Annotated[int, Meta(ge=1, le=5_120, description="Kilobytes of 1,024 bytes")]
Fee = Annotated[int, Meta(ge=0, le=100_000)]
Years = Annotated[int, Meta(ge=0, le=100)]
Months = Annotated[int, Meta(ge=0, le=1_200)]
Days = Annotated[int, Meta(ge=0, le=36_500)]


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part of a notice has in common: frozen, and no key that is not known."""


class Term(Data, frozen=True):
    """A length of time by the calendar: years and months first, then days. At most a hundred years of each."""

    years: Years = 0
    months: Months = 0
    days: Days = 0


class Materials(Data, frozen=True):
    """What to bring: `holder` always, `agent_adds` as well when an agent comes; `agent_may_act` if one may."""

    holder: tuple[Material, ...] = ()
    agent_adds: tuple[Material, ...] = ()
    agent_may_act: bool = True


class LossReport(Data, frozen=True):
    """One kind of loss report: where it is taken, how long it lasts, what happens then, whether it can be cancelled."""

    channels: tuple[Channel, ...]
    cancel_channels: tuple[Channel, ...]
    cancellable: bool
    lasts: Term | None = None
    then: Literal["lifts", "cancels_the_card"] = "lifts"


class LossReports(Data, frozen=True):
    """The kinds of loss report that a city offers; one that it does not offer is null."""

    formal: LossReport | None
    temporary: LossReport | None


class Functions(Data, frozen=True):
    """What each card carries."""

    social_security: tuple[Function, ...]
    temporary: tuple[Function, ...]


class CardData(Data, frozen=True):
    """What every card of the city says alike: 初始化机构编号 (24 hexadecimal digits), 卡类别 and 规范版本."""

    issuer: Annotated[str, Meta(pattern=r"^[0-9A-F]{24}$(?!\n)")]
    category: Annotated[str, Meta(pattern=r"^[0-9]$(?!\n)")]
    spec_version: Annotated[str, Meta(pattern=r"^[0-9]\.[0-9]{2}$(?!\n)")]


ServiceKey = Annotated[str, Meta(pattern=r"^[a-z_]+(\.[a-z_]+)?$(?!\n)")]


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
Hours = Annotated[str, Meta(pattern=rf"^{_TIME_OF_DAY}-{_TIME_OF_DAY}$(?!\n)")]


class Parameters(Data, frozen=True):
    """Everything a city may set. Fees in fen; terms by the calendar; a null says that there is none."""

    # 1 the old medical card
    cutover_on: dt.date | None
    records_carried: Literal["current_year", "all", "none"]
    # 2 one valid card
    temporary_while_replacing: bool
    damaged_card_works_until_replaced: bool
    # 3 terms and functions
    temporary_valid: Term
    temporary_from_29_february: Literal["28 February", "1 March"]
    temporary_extension: Term | None
    temporary_valid_at_most: Term | None
    temporary_replacement_term: Literal["remaining", "full"]
    functions: Functions
    card_data: CardData
    electronic_card: bool
    extended_applications: tuple[Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")], ...]
    # 4 applying
    application_materials: Materials
    temporary_application_materials: Materials
    photo_file_kb_min: Kilobytes | None
    photo_file_kb_max: Kilobytes | None
    card_ready_within: Term
    uncollected_after: Term
    card_by_post: bool
    reminded_after: Term | None
    # 5 activation
    activation_needed_for: tuple[CardKind, ...]
    financial_active_from_issue: bool
    hotline: Annotated[str, Meta(pattern=r"^[0-9-]{3,20}$(?!\n)")]
    hotline_hours: dict[Weekday, tuple[Hours, ...]]
    hotline_closed_on: tuple[dt.date, ...]
    enquiry_channels: tuple[Channel, ...]
    own_enquiry_channels: tuple[Channel, ...]
    bookings_kept: Term
    called_back_within: Term
    feedback_kept: Term
    feedback_answered_within: Term
    # 6 fees
    first_card_fee_fen: Fee
    again_fee_fen: Fee
    extension_fee_fen: Fee
    replacement_fee_fen: Fee
    made_wrongly_fee_fen: Fee
    first_temporary_fee_fen: Fee
    temporary_replacement_fee_fen: Fee
    # 7 channels and materials
    service_channels: dict[ServiceKey, tuple[Channel, ...]]
    other_channels: dict[ServiceKey, tuple[Channel, ...]]
    service_materials: dict[ServiceKey, Materials]
    other_materials: dict[ServiceKey, Materials]
    loss_reports: LossReports
    bank_told_of_loss: bool
    approval_needed_for: tuple[ServiceKey, ...]
    # 9 PIN and lock
    pin_length: Annotated[int, Meta(ge=4, le=12)]
    first_pin: Literal["set_at_installation"]
    first_pin_may: tuple[Purpose, ...]
    pin_change_at_activation: Literal["offered", "required"]
    simple_pins_refused: bool
    pin_tries_max: Positive
    unlocks_max: Count | None


class Parameter(Data, frozen=True):
    """A parameter as its file has it: the clause it belongs to, its value, and the source if it is a reading."""

    clause: str
    value: object
    reading: str = ""


class ClauseData(Data, frozen=True):
    """A clause as its file has it: the grounds that rest on it."""

    decides: tuple[str, ...]


class NoticeData(Data, frozen=True):
    """`notice.yaml`: one version of a city's notice."""

    city: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")]
    region: Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")]
    timezone: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    source: str
    clauses: dict[Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)*$(?!\n)")], ClauseData]
    parameters: dict[str, Parameter]


class ClauseWords(Data, frozen=True):
    """Our own wording of a clause."""

    title: Annotated[str, Meta(min_length=1)]
    text: Annotated[str, Meta(min_length=1)]


class Wording(Data, frozen=True):
    """One version of a notice in one language: city, title, clauses, and why each reading is as it is.

    `source` is where the notice comes from, in this language; if it is left out, as `notice.yaml` says it.
    """

    city: Annotated[str, Meta(min_length=1)]
    title: Annotated[str, Meta(min_length=1)]
    clauses: dict[str, ClauseWords]
    readings: dict[str, Annotated[str, Meta(min_length=1)]]
    source: str = ""


class Saying(Data, frozen=True):
    """How a refusal is said, and what to bring or do instead."""

    says: Annotated[str, Meta(min_length=1)]
    do: Annotated[str, Meta(min_length=1)]


Label = Annotated[str, Meta(min_length=1)]


class GuideWords(Data, frozen=True):
    """What the guide asks and tells: matters, questions, answers as `question.option`, steps, remarks on them, and the
    three cards beside each other.
    """

    matters: dict[str, ClauseWords]
    questions: dict[str, Label]
    answers: dict[str, Label]
    steps: dict[str, Label]
    notes: dict[str, Label]
    beside: dict[str, Label]
    cells: dict[str, Label]


class Words(Data, frozen=True):
    """The house's words in one language, the same for every city; by code."""

    language: str
    date: Label
    list_separator: str
    refusals: dict[str, Saying]
    bases: dict[str, Label]
    steps: dict[str, Label]
    done: dict[str, Label]
    brief: dict[str, Label]
    services: dict[str, Label]
    materials: dict[str, Label]
    channels: dict[str, Label]
    cards: dict[str, Label]
    states: dict[str, Label]
    makings: dict[str, Label]
    place: Label
    windows: dict[str, Label]
    whereabouts: dict[str, Saying]
    calls: dict[str, Saying]
    notifications: dict[str, Label]
    functions: dict[str, Label]
    applications: dict[str, Label]
    whys: dict[str, Label]
    parameters: dict[str, Label]
    batch_faults: dict[str, Saying]
    result_faults: dict[str, Saying]
    guide: GuideWords


class Notice(msgspec.Struct, frozen=True):
    """One version of a city's notice, ready to decide with.

    `clause_of` maps a ground to the clause it rests on; `readings` names the parameters that are readings, each with
    its source. `channels` and `materials` are the parameters of clauses 4 and 7 drawn together, by service.
    """

    id: str
    city: str
    region: str
    timezone: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    source: str
    p: Parameters
    clauses: tuple[str, ...]
    clause_of: dict[str, str]
    clause_of_parameter: dict[str, str]
    readings: dict[str, str]
    channels: dict[str, tuple[Channel, ...]]
    materials: dict[str, Materials]
    wording: dict[str, Wording]

    def source_in(self, language: str) -> str:
        """Where this version comes from, in a language if there are words for it."""
        return self.wording[language].source or self.source

    def channels_of(self, service: str) -> tuple[Channel, ...]:
        """Every channel through which a service may come, whatever its variant."""
        kinds = [k for k in (self.p.loss_reports.formal, self.p.loss_reports.temporary) if k is not None]
        if service == "report_loss":
            return tuple(dict.fromkeys(c for kind in kinds for c in kind.channels))
        if service == "cancel_loss_report":
            return tuple(dict.fromkeys(c for kind in kinds for c in kind.cancel_channels))
        return self.p.enquiry_channels if service == "look_up_person" else self.channels[service]


SERVICE_NAMES = frozenset(SERVICES)
