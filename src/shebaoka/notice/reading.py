"""Reading a city's notice from its files, and every check that can be made before a day's first decision.

Each fault is one sentence with file and key; all faults of a folder are told together.
"""

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec
import yaml

from shebaoka.notice.calendar import add_term
from shebaoka.notice.hours import span_faults
from shebaoka.notice.schema import (
    LANGUAGES,
    SERVICE_NAMES,
    Materials,
    Notice,
    NoticeData,
    Parameters,
    Wording,
    Words,
)
from shebaoka.notice.speech import faults_of_words
from shebaoka.records import BadNotice, Basis, Channel, NoNotice, Refusal

T = TypeVar("T")
NOTICE_FILE = "notice.yaml"
NAMED_BY_APPLICATION = {
    "apply_for_card": "application_materials",
    "apply_for_temporary_card": "temporary_application_materials",
}


if TYPE_CHECKING:
    from yaml import SafeLoader as _Loader
else:
    # libyaml's parser reads the same ten times as fast; a PyYAML that was built without it has none.
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeys(_Loader):
    """YAML in which a key may stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be one word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """A value; one that cannot be, like 30 February, is told with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, AttributeError):
            raise yaml.constructor.ConstructorError(
                None, None, f"there is no such value as {node.value!r}", node.start_mark
            ) from None


def loaded(file: str, raw: bytes, kind: type[T]) -> T:
    """One YAML file as a frozen type."""
    try:
        return msgspec.convert(yaml.load(raw.decode("utf-8"), _UniqueKeys), kind)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as e:
        raise BadNotice(f"{file}: not UTF-8 at byte {e.start}; save the file as UTF-8.") from None
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 0
        raise BadNotice(f"{file}, line {line}: {e.problem or e}.") from None
    except yaml.YAMLError as e:
        raise BadNotice(f"{file}: {e}.") from None
    except msgspec.ValidationError as e:
        raise BadNotice(f"{file}: {_plain(str(e))}.") from None


def _plain(fault: str) -> str:
    """msgspec's message with its path turned into a key: `Expected … - at `$.a.b`` → `a.b: Expected …`."""
    said, _, where = fault.partition(" - at ")
    key = where.strip("`").removeprefix("$").removeprefix(".")
    return f"{key}: {said}" if key else said


class Notices:
    """A city's notice through time. At most one version is in force on any day."""

    def __init__(self, versions: Iterable[Notice]) -> None:
        self.versions = tuple(sorted(versions, key=lambda n: n.in_force_from))
        self.city = self.versions[0].city
        self.zone = zoneinfo.ZoneInfo(self.versions[0].timezone)
        self._by_id = {n.id: n for n in self.versions}

    def on(self, day: dt.date) -> Notice:
        """The version in force on `day`; `NoNotice` if there is none."""
        for notice in reversed(self.versions):
            if notice.in_force_from <= day:
                if notice.in_force_until is None or day <= notice.in_force_until:
                    return notice
                break
        raise NoNotice(
            f"No version of the notice of {self.city} is in force on {day}: the first one begins on "
            f"{self.versions[0].in_force_from}. Add a version to its folder, or ask for another day."
        )

    def with_cutover(self, day: dt.date) -> Notice | None:
        """The version that names the day on which the old card stops: in force on `day`, or else the next to come."""
        not_over = (n for n in self.versions if n.in_force_until is None or day <= n.in_force_until)
        return next((n for n in not_over if n.p.cutover_on is not None), None)

    def by_id(self, notice_id: str) -> Notice:
        """The version with this id, as the journal names it."""
        try:
            return self._by_id[notice_id]
        except KeyError:
            raise NoNotice(f"There is no version {notice_id!r} of the notice of {self.city}.") from None


def read_notices(files: Mapping[str, bytes]) -> Notices:
    """All versions of one city. `files` maps `VERSION/FILE` to bytes. `BadNotice` lists every fault found."""
    folders = sorted({name.rpartition("/")[0] for name in files if name.endswith("/" + NOTICE_FILE)})
    if not folders:
        raise BadNotice(f"No {NOTICE_FILE} found: a notice is a folder with one folder per version in it.")
    faults: list[str] = []
    versions: list[Notice] = []
    for folder in folders:
        try:
            notice, found = _read_version(folder, files)
            faults += found
            versions.append(notice)
        except BadNotice as e:
            faults.append(str(e))
    faults += _overlaps(versions)
    if faults:
        raise BadNotice("\n".join(faults))
    return Notices(versions)


def _overlaps(versions: Iterable[Notice]) -> list[str]:
    """Sentences about versions that are in force on one day, or end before they begin."""
    ordered = sorted(versions, key=lambda n: n.in_force_from)
    faults = [
        f"{n.in_force_from}/{NOTICE_FILE}: in_force_until: {n.in_force_until} is before in_force_from."
        for n in ordered
        if n.in_force_until and n.in_force_until < n.in_force_from
    ]
    for a, b in itertools.pairwise(ordered):
        if a.in_force_until is None or a.in_force_until >= b.in_force_from:
            last = b.in_force_from - dt.timedelta(days=1)
            faults += [
                f"{a.in_force_from}/{NOTICE_FILE}: in_force_until: two versions are in force on {b.in_force_from}, "
                f"this one and that of {b.in_force_from}; end this one on {last}."
            ]
    if len({n.timezone for n in ordered}) > 1 or len({n.city for n in ordered}) > 1:
        faults.append(f"{ordered[-1].in_force_from}/{NOTICE_FILE}: city, timezone: all versions of a city must agree.")
    return faults


def _read_version(folder: str, files: Mapping[str, bytes]) -> tuple[Notice, list[str]]:
    """One version, with the faults that do not keep it from being read."""
    file = f"{folder}/{NOTICE_FILE}"
    data = loaded(file, files[file], NoticeData)
    faults: list[str] = []
    unknown = sorted(set(data.parameters) - set(Parameters.__struct_fields__))
    missing = sorted(set(Parameters.__struct_fields__) - set(data.parameters))
    faults += [f"{file}: parameters.{k}: no such parameter." for k in unknown]
    faults += [f"{file}: parameters.{k}: is missing; a city must say it, or say it by a reading." for k in missing]
    if unknown or missing:
        raise BadNotice("\n".join(faults))
    try:
        p = msgspec.convert({k: v.value for k, v in data.parameters.items()}, Parameters)
    except msgspec.ValidationError as e:
        raise BadNotice(f"{file}: parameters.{_plain(str(e))}.") from None
    clause_of, found = _grounds(file, data)
    faults += found + _parameter_faults(file, data, p)
    if folder != str(data.in_force_from):
        faults.append(f"{file}: in_force_from: is {data.in_force_from}; name the folder after this day.")
    try:
        zoneinfo.ZoneInfo(data.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(f"{file}: timezone: there is no time zone {data.timezone!r}.")
    readings = {k: v.reading for k, v in data.parameters.items() if v.reading}
    wording: dict[str, Wording] = {}
    for language in LANGUAGES:
        name = f"{folder}/{language}.yaml"
        if name not in files:
            faults.append(f"{name}: the file is missing; every clause needs its wording in {', '.join(LANGUAGES)}.")
            continue
        try:
            wording[language] = loaded(name, files[name], Wording)
        except BadNotice as e:
            faults.append(str(e))
            continue
        faults += _differences(name, "clauses", set(wording[language].clauses), set(data.clauses))
        faults += _differences(name, "readings", set(wording[language].readings), set(readings))
    if faults:
        raise BadNotice("\n".join(faults))
    return _assemble(data, p, clause_of, readings, wording), faults


def _assemble(
    data: NoticeData,
    p: Parameters,
    clause_of: dict[str, str],
    readings: dict[str, str],
    wording: dict[str, Wording],
) -> Notice:
    """The parts of a version that were found sound, as one notice."""
    channels: dict[str, tuple[Channel, ...]] = {**p.service_channels, **p.other_channels}
    materials: dict[str, Materials] = {**p.service_materials, **p.other_materials}
    for service, parameter in NAMED_BY_APPLICATION.items():
        materials[service] = getattr(p, parameter)
    return Notice(
        id=f"{data.city}-{data.in_force_from}",
        city=data.city,
        region=data.region,
        timezone=data.timezone,
        in_force_from=data.in_force_from,
        in_force_until=data.in_force_until,
        source=data.source,
        p=p,
        clauses=tuple(sorted(data.clauses, key=lambda c: tuple(map(int, c.split("."))))),
        clause_of=clause_of,
        clause_of_parameter={k: v.clause for k, v in data.parameters.items()},
        readings=readings,
        channels=channels,
        materials=materials,
        wording=wording,
    )


def _differences(file: str, key: str, has: set[str], needs: set[str]) -> list[str]:
    """Sentences for what a mapping lacks and what it has too much."""
    return [f"{file}: {key}.{k}: is missing." for k in sorted(needs - has)] + [
        f"{file}: {key}.{k}: there is no such entry in {NOTICE_FILE}." for k in sorted(has - needs)
    ]


def _grounds(file: str, data: NoticeData) -> tuple[dict[str, str], list[str]]:
    """Ground → clause, with sentences for grounds that are unknown, missing or claimed twice."""
    known = {str(g) for g in (*Basis, *Refusal)}
    clause_of: dict[str, str] = {}
    faults = []
    for clause, entry in data.clauses.items():
        for ground in entry.decides:
            if ground not in known:
                faults.append(f"{file}: clauses.{clause}.decides: no decision has the ground {ground!r}.")
            elif ground in clause_of:
                faults.append(
                    f"{file}: clauses.{clause}.decides: {ground!r} rests on clause {clause_of[ground]} already."
                )
            clause_of[ground] = clause
    faults += [f"{file}: clauses: no clause decides {g!r}." for g in sorted(known - set(clause_of))]
    return clause_of, faults


def _parameter_faults(file: str, data: NoticeData, p: Parameters) -> list[str]:
    """Values that have the right type and still cannot be."""
    faults = [
        f"{file}: parameters.{k}.clause: there is no clause {v.clause}."
        for k, v in data.parameters.items()
        if v.clause not in data.clauses
    ]
    for name in (
        "temporary_valid",
        "temporary_extension",
        "temporary_valid_at_most",
        "card_ready_within",
        "uncollected_after",
        "reminded_after",
        "bookings_kept",
        "called_back_within",
        "feedback_kept",
        "feedback_answered_within",
    ):
        term = getattr(p, name)
        if term is not None and not (term.years or term.months or term.days):
            faults.append(f"{file}: parameters.{name}.value: a term must be longer than nothing.")
    faults += _service_key_faults(file, p)
    faults += [f"{file}: {fault}" for fault in span_faults(p)]
    if add_term(data.in_force_from, p.called_back_within) >= add_term(data.in_force_from, p.bookings_kept):
        faults.append(f"{file}: parameters.bookings_kept.value: a booking is kept longer than until it is answered.")
    if p.card_by_post and Channel.PRODUCTION not in p.other_channels.get("collect_card", ()):
        faults.append(f"{file}: parameters.card_by_post.value: collect_card needs the channel production for it.")
    if p.temporary_extension and not p.temporary_valid_at_most:
        faults.append(f"{file}: parameters.temporary_valid_at_most.value: an extension needs a limit.")
    if (p.photo_file_kb_min or 0) > (p.photo_file_kb_max or 5_120):
        faults.append(f"{file}: parameters.photo_file_kb_max.value: is less than photo_file_kb_min.")
    for name, kind in (("formal", p.loss_reports.formal), ("temporary", p.loss_reports.temporary)):
        if kind and kind.cancellable and not kind.cancel_channels:
            faults.append(f"{file}: parameters.loss_reports.value.{name}.cancel_channels: say where it is cancelled.")
    if p.loss_reports.temporary and p.loss_reports.temporary.lasts is None:
        faults.append(f"{file}: parameters.loss_reports.value.temporary.lasts: a temporary report needs an end.")
    return faults


def _service_key_faults(file: str, p: Parameters) -> list[str]:
    """Channels must be said for every service once; materials only for services that there are."""
    faults = []
    for parameter in ("service_channels", "other_channels", "service_materials", "other_materials"):
        faults += [
            f"{file}: parameters.{parameter}.value.{key}: there is no service {key.partition('.')[0]!r}."
            for key in getattr(p, parameter)
            if key.partition(".")[0] not in SERVICE_NAMES
        ]
    faults += [
        f"{file}: parameters.approval_needed_for.value: there is no service {key.partition('.')[0]!r}."
        for key in p.approval_needed_for
        if key.partition(".")[0] not in SERVICE_NAMES
    ]
    said = [*p.service_channels, *p.other_channels]
    needed = SERVICE_NAMES - {"report_loss", "cancel_loss_report", "look_up_person"}
    faults += [
        f"{file}: parameters.other_channels.value.{s}: no channel is said for this service."
        for s in sorted(needed - set(said))
    ]
    faults += [
        f"{file}: parameters.other_channels.value.{s}: is said in service_channels too."
        for s in sorted(set(p.service_channels) & set(p.other_channels))
    ]
    return faults


def read_words(files: Mapping[str, bytes]) -> dict[str, Words]:
    """The house's words by language. `files` maps `LANGUAGE.yaml` to bytes. `BadNotice` lists every fault found."""
    faults: list[str] = []
    words: dict[str, Words] = {}
    for language in LANGUAGES:
        name = f"{language}.yaml"
        if name not in files:
            faults.append(f"{name}: the file is missing.")
            continue
        try:
            words[language] = loaded(name, files[name], Words)
        except BadNotice as e:
            faults.append(str(e))
            continue
        if words[language].language != language:
            faults.append(f"{name}: language: is {words[language].language!r}; the file is for {language!r}.")
        faults += [f"{name}: {fault}" for fault in faults_of_words(words[language])]
    if faults:
        raise BadNotice("\n".join(faults))
    return words
