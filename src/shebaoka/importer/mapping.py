"""The mapping file: what each of the old system's files is. Read, checked whole, and the ready ones that come along.

A fault is one sentence with file, key and what to do. The steps of a run and `import inspect` call it.
"""

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import msgspec
import yaml

from shebaoka.importer.files import open_source
from shebaoka.importer.specs import (
    FIELDS,
    NEEDED,
    NEEDED_OF_ACCOUNTS_ALONE,
    VALUES,
    Column,
    Mapping,
    SourceSpec,
)
from shebaoka.records import BadInput
from shebaoka.yamltexts import read_texts

READY = ("invented", "shanxi")
"""The mappings that come along, in the order in which a folder is held against them."""
_SEE = "docs/mapping.md says what can stand there."


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file; `BadInput` with every fault, one a line."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise BadInput(f"{path.name} cannot be read: {e.strerror}.") from None
    return mapping_of(raw, path.name)


def ready_mapping(name: str) -> Mapping:
    """One of the mappings that come along, by its name."""
    if name not in READY:
        raise BadInput(f"There is no ready mapping {name!r}; there are {', '.join(READY)}.")
    file = f"{name}.yaml"
    return mapping_of(resources.files(__package__).joinpath("mappings", file).read_bytes(), file)


def digest_of_mapping(mapping: Mapping) -> str:
    """SHA-256 of what a mapping says, in hexadecimal: comments and the order of keys change nothing."""
    return hashlib.sha256(msgspec.json.encode(mapping, order="deterministic")).hexdigest()


def text_of(mapping: Mapping) -> str:
    """The YAML of a mapping, as `read_mapping` reads it, without what is left out by default."""
    document = {k: v for k, v in msgspec.to_builtins(mapping).items() if v is not None}
    plain = msgspec.to_builtins(SourceSpec(kind="accounts", file=""))
    document["sources"] = [
        {k: v for k, v in source.items() if k in ("kind", "file") or v != plain[k]} for source in document["sources"]
    ]
    for source in document["sources"]:
        source["columns"] = {
            field: {k: v for k, v in column.items() if v is not None and (k, v) != ("column", "")}
            for field, column in source.get("columns", {}).items()
        }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def files_of(folder: Path, mapping: Mapping, spec: SourceSpec) -> tuple[Path, ...]:
    """The files in a folder that a source of a mapping names, by their names in order; never the control totals."""
    return tuple(
        sorted(
            p for p in folder.glob(spec.file) if p.name != mapping.control and p.is_dir() == (spec.format == "folder")
        )
    )


def mapping_for(folder: Path) -> Mapping:
    """The ready mapping whose files stand in the folder with all their columns. `BadInput` says why none does."""
    reasons = []
    for name in READY:
        mapping = ready_mapping(name)
        fault = _why_not(folder, mapping)
        if fault is None:
            return mapping
        reasons.append(f"{name}: {fault}")
    raise BadInput(
        "No ready mapping fits the folder. Let `shebaoka import inspect FILE --mapping OUT` draft one for each file, "
        f"and name it by --mapping. {' '.join(reasons)}"
    )


def _why_not(folder: Path, mapping: Mapping) -> str | None:
    """Why a mapping does not fit a folder; None if it does."""
    for spec in mapping.sources:
        files = files_of(folder, mapping, spec)
        if not files:
            return f"{spec.file} is not in the folder."
        for file in files:
            try:
                open_source(file, spec)
            except BadInput as e:
                return str(e)
    return None


def mapping_of(raw: bytes, file: str) -> Mapping:
    """The mapping in a file's bytes; `BadInput` with every fault, one a line."""
    mapping = read_texts(file, raw, Mapping, _SEE, _long_form)
    faults = [f"{file}, {fault}" for fault in _faults(mapping)]
    if faults:
        raise BadInput("\n".join(faults))
    return mapping


def _long_form(document: object) -> object:
    """The document with a column that is only named written out, so that it converts."""
    if not isinstance(document, dict):
        return document
    sources = document.get("sources")
    for source in sources if isinstance(sources, list) else ():
        columns = source.get("columns") if isinstance(source, dict) else None
        if isinstance(columns, dict):
            source["columns"] = {f: {"column": c} if isinstance(c, str) else c for f, c in columns.items()}
    return document


def _faults(mapping: Mapping) -> Iterator[str]:
    """What a mapping that can be read still gets wrong, each with its key and what to do."""
    if not mapping.sources:
        yield "sources: there is none; name at least the file with the accounts."
    elif not any(s.kind == "accounts" for s in mapping.sources):
        yield "sources: none is of the kind accounts; name the file with the balances."
    persons = any(s.kind == "persons" for s in mapping.sources)
    by_number: dict[str, set[str]] = {}
    for n, spec in enumerate(mapping.sources):
        for fault in _faults_of(spec, persons=persons):
            yield f"sources[{n}].{fault}"
        by_number.setdefault("number" if "number" in spec.columns else "personal_id", set()).add(spec.kind)
    linked = any({"number", "personal_id"} <= set(s.columns) for s in mapping.sources)
    for kind in sorted(by_number.get("personal_id", set()) - {"photos"}):
        if not linked:
            yield (
                f"sources: {kind} is keyed by personal_id, and no source has both number and personal_id; map both in "
                f"persons or accounts."
            )


def _faults_of(spec: SourceSpec, *, persons: bool) -> Iterator[str]:
    """The faults of one source, each beginning with its key below it."""
    known = FIELDS[spec.kind]
    for field in spec.columns:
        if field not in known:
            has = f"it has {', '.join(known)}" if known else "photos have no columns"
            yield f"columns.{field}: {spec.kind} has no such field; {has}."
    needed = list(NEEDED[spec.kind])
    if spec.kind == "accounts" and not persons:
        needed += NEEDED_OF_ACCOUNTS_ALONE
    for field in needed:
        if field not in spec.columns:
            yield f"columns: {field} is missing, and {spec.kind} must have it; name its column or a constant."
    if known and not {"number", "personal_id"} & set(spec.columns):
        yield f"columns: {spec.kind} has neither number nor personal_id, so nobody knows whose row it is; name one."
    for field, column in spec.columns.items():
        yield from (f"columns.{field}: {fault}" for fault in _faults_of_column(field, column))
    yield from _faults_of_format(spec)


def _faults_of_column(field: str, column: Column) -> Iterator[str]:
    if bool(column.column) == (column.constant is not None):
        yield "give either `column` or `constant`."
    if column.first is not None and column.first < 1:
        yield "`first` is how many characters are taken, so at least 1."
    if column.as_ == "year" and field not in ("spent_on", "admitted_on", "insured_on"):
        yield "`as: year` stands only where a day is meant."
    if column.values is not None:
        unknown = sorted(set(column.values.values()) - set(VALUES.get(field, column.values.values())))
        if unknown:
            yield f"values: {', '.join(unknown)} is not a word for it; there are {', '.join(VALUES[field])}."


def _faults_of_format(spec: SourceSpec) -> Iterator[str]:
    path = Path(spec.file)
    if not spec.file or path.is_absolute() or ".." in path.parts:
        yield "file: name a file in the folder, or a glob such as 人员*.csv."
    if len(spec.delimiter) != 1 or spec.delimiter in '"\r\n\0' or not spec.delimiter.isascii():
        yield 'delimiter: give one ASCII character, such as "," or "\\t".'
    if (spec.format == "fixed") != (spec.widths is not None):
        yield "widths: the format fixed needs them, and no other has them; list {name, width} for each column."
    if spec.widths is not None and (not spec.widths or any(w.width < 1 for w in spec.widths)):
        yield "widths: each width is a number of bytes, at least 1."
    if spec.sheet is not None and spec.format not in ("auto", "excel"):
        yield "sheet: only Excel has sheets; leave it out."
    if spec.kind == "photos" and spec.format not in ("folder", "zip"):
        yield "format: photos come in a folder or a zip; write one of the two."
    if spec.kind != "photos" and spec.format in ("folder", "zip"):
        yield "format: a folder or a zip holds photos alone; write csv, fixed, excel or dbf."
