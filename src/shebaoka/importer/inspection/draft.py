"""A mapping's draft from what a look at a file found: what is sure as YAML, what is open as comments beside it."""

from collections.abc import Iterator

import yaml

from shebaoka.importer.inspection.look import Inspection, Seen
from shebaoka.importer.specs import FIELDS, NEEDED, NEEDED_OF_ACCOUNTS_ALONE, Kind


def draft_of(seen: Inspection) -> str:
    """The draft as YAML. It can be read once what its comments ask for is filled in."""
    lines = [
        f"# Drafted from {seen.file}; hold each line against the old system's description before a run.",
        "name: " + _scalar(seen.file.rpartition(".")[0] or seen.file),
        "# control: control_totals.csv",
        "sources:",
    ]
    for kind in seen.kinds:
        lines += _source(seen, kind)
    return "\n".join(lines) + "\n"


def _source(seen: Inspection, kind: Kind) -> Iterator[str]:
    """One source's lines."""
    yield f"  - kind: {kind}"
    yield f"    file: {_scalar(seen.file)}"
    yield f"    format: {seen.format}"
    if kind == "photos":
        return
    spec = seen.spec
    if seen.format in ("csv", "fixed"):
        yield f"    encoding: {seen.encoding}"
    if seen.format == "csv" and spec.delimiter != ",":
        yield f"    delimiter: {_double(spec.delimiter)}"
    if spec.sheet:
        yield f"    sheet: {_scalar(spec.sheet)}"
    if spec.widths:
        yield "    widths:"
        yield from (f"      - {{name: {_scalar(w.name)}, width: {w.width}}}" for w in spec.widths)
    if not spec.header:
        yield "    header: false"
    yield "    unit: yuan  # or fen: the file does not say"
    yield f"    dates: {seen.dates}"
    yield "    columns:"
    yield from _columns(seen, kind)


def _columns(seen: Inspection, kind: Kind) -> Iterator[str]:
    """A line for each field, and for what is missing or left."""
    column_of = {c.field: c for c in seen.columns if c.field}
    year = column_of.get("year") if len(seen.kinds) > 1 and kind == "records" else None
    there = set()
    for field in FIELDS[kind]:
        if field in column_of:
            there.add(field)
            yield f"      {field}: {_column(column_of[field])}"
        elif field == "spent_on" and year is not None:
            there |= {"spent_on", "institution"}
            yield f"      spent_on: {{column: {_scalar(year.name)}, as: year}}"
            yield "      institution: {constant: 全年合计}"
    needed = NEEDED[kind] + (NEEDED_OF_ACCOUNTS_ALONE if kind == "accounts" else ())
    for field in needed:
        if field not in there:
            yield f"      # {field}: not found, and needed. Name its column, or write {{constant: …}}."
    left = [c.name for c in seen.columns if c.field not in there]
    if left:
        yield f"      # Not used: {', '.join(left)}."


def _column(seen: Seen) -> str:
    """A field's column, with what its values mean where that is known."""
    if not seen.words:
        return _scalar(seen.name)
    words = ", ".join(f"{_scalar(value)}: {word}" for value, word in seen.words.items())
    return f"{{column: {_scalar(seen.name)}, values: {{{words}}}}}"


def _scalar(text: str) -> str:
    """A text as YAML writes it in one line."""
    return yaml.safe_dump(text, allow_unicode=True, default_flow_style=True, width=10_000).removesuffix("...\n").strip()


def _double(text: str) -> str:
    """A text in double quotes, so that a tab shows."""
    return yaml.safe_dump(text, default_style='"').strip()
