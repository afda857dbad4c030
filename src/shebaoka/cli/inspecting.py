"""`shebaoka import inspect`: a look at one of the old system's files, and a mapping's draft. Needs neither token nor
database: whoever may read the file may look, and no full number or name is shown."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shebaoka.cli.entrance import json_option
from shebaoka.cli.layout import say, say_json, table
from shebaoka.records import BadInput

if TYPE_CHECKING:
    from shebaoka.importer.inspection import Inspection, Seen
    from shebaoka.importer.specs import Width


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--encoding", type=click.Choice(["auto", "gb18030", "gbk", "gb2312", "utf-8"]), default="auto", show_default=True,
    help="The encoding, if you know it.",
)  # fmt: skip
@click.option("--delimiter", help="The separator, if you know it: , or ; or \\t.")
@click.option("--sheet", help="The sheet of an Excel workbook; else the first.")
@click.option("--widths", help="For fixed width, each column and its width in bytes: 姓名:20,结余:10.")
@click.option("--no-header", is_flag=True, help="The first line is a row already.")
@click.option(
    "--mapping", type=click.Path(dir_okay=False, path_type=Path), help="Write the mapping's draft into this new file."
)
@json_option
def inspect(
    file: Path,
    encoding: str,
    delimiter: str | None,
    sheet: str | None,
    widths: str | None,
    no_header: bool,
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Look at FILE: format, encoding, rows, columns, samples, doubts; and draft its mapping.

    FILE is CSV, fixed width, DBF, Excel, or a folder or zip of photos. Numbers and names are shown in part.
    """
    import msgspec

    from shebaoka.importer.inspection import Asked, draft_of, inspect_file

    asked = {
        "encoding": encoding,
        "delimiter": {"\\t": "\t"}.get(delimiter or "", delimiter),
        "sheet": sheet,
        "widths": _widths(widths),
        "header": not no_header,
    }
    seen = inspect_file(file, msgspec.convert(asked, Asked))
    draft = draft_of(seen)
    if mapping is not None:
        _write_new(mapping, draft)
    if as_json:
        say_json({"inspection": seen, "mapping": draft})
        return
    _show(seen)
    if mapping is not None:
        say(f"The mapping's draft is in {mapping}; hold it against the old system's description before a run.")
    else:
        say()
        click.echo(draft, nl=False)


def _widths(text: str | None) -> "tuple[Width, ...] | None":
    """Columns and widths as they were typed."""
    if text is None:
        return None
    from shebaoka.importer.specs import Width

    widths = []
    for part in text.split(","):
        name, _, width = part.rpartition(":")
        if not name or not width.isdecimal() or int(width) < 1:
            raise BadInput(f"--widths: {part!r} is no column with its width in bytes, such as 姓名:20.")
        widths.append(Width(name.strip(), int(width)))
    return tuple(widths)


def _write_new(path: Path, text: str) -> None:
    """Write into a file that is not there yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"--mapping: {path} is there already; name a new file.") from None


def _show(seen: "Inspection") -> None:
    """What was found, in words."""
    as_what = f"{seen.format}, {seen.encoding} ({seen.found_by})" if seen.encoding else seen.format
    say(f"{seen.file}: {as_what}, {seen.bytes} bytes, SHA-256 {seen.digest[:12]}")
    no_rows = f", and lines that are no rows: {seen.no_rows}" if seen.no_rows else ""
    of = f" Columns are judged by {seen.looked_at} of them." if seen.columns and seen.looked_at < seen.rows else ""
    say(f"{seen.rows} rows{no_rows}.{of}", first="  ")
    for odd in seen.odd:
        lines = ", ".join(map(str, odd.lines)) + (", …" if odd.rows > len(odd.lines) else "")
        say(f"{odd.rows} cannot be read: {odd.reason.replace('_', ' ')}, in line {lines}.", first="  ✗ ")
        say(f"Line {odd.lines[0]}: {odd.sentence}", first="    ")
    if seen.columns:
        say()
        table([("column", "field", "filled", "values"), *(_row(c) for c in seen.columns)])
    if seen.fits:
        say(f"The columns are those of the ready mapping {', '.join(seen.fits)}.", first="  ")
    if seen.doubts:
        say()
    for doubt in seen.doubts:
        say(doubt, first="  ! ")


def _row(column: "Seen") -> tuple[str, ...]:
    """A column's line."""
    kinds = ", ".join(kind + ("" if share == 1 else f" {_share(share)}") for kind, share in column.kinds[:4])
    values = f"{kinds}: {'; '.join(column.samples)}" if kinds else "empty"
    return column.name, column.field or "?", _share(column.filled), values


def _share(share: float) -> str:
    """A share in whole per cent; what is not all does not show as all, nor what is not nothing as nothing."""
    if 0 < share < 0.01:
        return "<1%"
    return "99%" if 0.99 < share < 1 else f"{share:.0%}"
