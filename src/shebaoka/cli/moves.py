"""Moving a city over from the command line: the steps of a run, its proof, its signatures, and undoing it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.entrance import TROUBLE, json_option
from shebaoka.cli.layout import named, say, say_json
from shebaoka.cli.reporting import write_report
from shebaoka.notice.speech import yuan
from shebaoka.records import Progress, RunReport

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import Staff
    from shebaoka.importer.specs import Mapping

STEPS = ("take_in", "check", "match", "dry_run", "carry_over", "prove")
_NEXT = {
    "take_in": "The files are in. Go on with `shebaoka import run`.",
    "check": "The rows are checked. Go on with `shebaoka import run`.",
    "match": "Everybody is matched; look at the rows held back, then go on with `shebaoka import run`.",
    "dry_run": "Nothing is written yet. Go on with `shebaoka import run`.",
    "carry_over": "Everybody who is ready is carried over. Prove it with `shebaoka import run`.",
    "prove": "It is proved. Two people read `shebaoka import report` and sign with `shebaoka import sign`.",
    "sign_off": "It is signed off.",
    "undone": "It is undone. `shebaoka import run --again` carries it over once more.",
}


def add_moves(group: click.Group) -> None:
    """Put the commands of a run into the group."""
    for command in (run_, list_, show, prove, sign, undo, rehearse):
        group.add_command(command)


_mapping_option = click.option(
    "--mapping",
    "mapping_name",
    help="A mapping file, or the name of a ready mapping. Else the ready mapping that fits the folder is taken.",
)
_processes_option = click.option(
    "--processes", type=click.IntRange(0, 64), default=0, show_default="one a core", help="How many share the batches."
)
_folder_argument = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.command("run")
@_folder_argument
@_mapping_option
@click.option("--to", "last", type=click.Choice(STEPS), default="prove", help="The last step to go through.")
@click.option("--again", is_flag=True, help="Carry batches over once more that were undone.")
@_processes_option
@json_option
@click.pass_context
def run_(
    ctx: click.Context, folder: Path, mapping_name: str | None, last: str, again: bool, processes: int, as_json: bool
) -> None:
    """Move the old system's export in FOLDER over, step by step (1.2, 8.1). Needs a token of the role migration.

    The same command goes on where it was stopped. Exit code 1 if the run does not come out.
    """
    with _migrating(ctx) as (house, staff):
        report = _go(house, staff, folder, mapping_name, last, again=again, processes=processes)
        _tell(house, report, as_json=as_json)
    if report.differences:
        ctx.exit(TROUBLE)


def _go(
    house: "House",
    staff: "Staff",
    folder: Path,
    mapping_name: str | None,
    last: str,
    *,
    again: bool = False,
    processes: int = 0,
    rehearsal: bool = False,
) -> RunReport:
    """A move up to a step, with its progress on the terminal."""
    from shebaoka.moving import move_of

    meter = _Line()
    move = move_of(
        house,
        folder,
        _mapping(folder, mapping_name),
        by=staff.name,
        processes=processes,
        rehearsal=rehearsal,
        told=meter.show,
    )
    try:
        return move.to(last, again=again)
    finally:
        meter.end()


def _mapping(folder: Path, name: str | None) -> "Mapping":
    """The mapping that is named, by its file or its name; else the ready one that fits."""
    from shebaoka.importer.mapping import READY, mapping_for, read_mapping, ready_mapping

    if name is None:
        return mapping_for(folder)
    return ready_mapping(name) if name in READY else read_mapping(Path(name))


@click.command("list")
@json_option
@click.pass_obj
def list_(caller: Any, as_json: bool) -> None:
    """List the runs: id, step, when it began."""
    with caller.signed_in() as (house, _):
        runs = house.runs.all()
    if as_json:
        say_json([{"run": r.run, "state": r.state, "began_at": r.began_at, "finished_at": r.finished_at} for r in runs])
        return
    if not runs:
        say("There is no run yet.")
    for r in runs:
        began = r.began_at or r.finished_at
        said = "going on" if r.going else r.state.replace("_", " ")
        say(f"{r.run}  {began.astimezone(house.notices.zone):%Y-%m-%d %H:%M}  {said}" if began else f"{r.run}  {said}")


@click.command("show")
@click.argument("run")
@json_option
@click.pass_obj
def show(caller: Any, run: str, as_json: bool) -> None:
    """Show what became of every row of RUN by now. The beginning of its id is enough."""
    from shebaoka.importer import report_of

    with caller.signed_in() as (house, _):
        _tell(house, report_of(house.runs, run), as_json=as_json)


@click.command("prove")
@click.argument("run")
@click.option(
    "--files",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with the run's files.",
)
@_mapping_option
@json_option
@click.pass_context
def prove(ctx: click.Context, run: str, folder: Path, mapping_name: str | None, as_json: bool) -> None:
    """Prove RUN again from its files, read once more from their first byte. An auditor may; nothing is written.

    Exit code 1 if somebody is not on file as the files have them.
    """
    from shebaoka.desk import Right
    from shebaoka.importer import prove_again

    with ctx.obj.signed_in() as (house, staff):
        staff.must(Right.PROVE_A_RUN)
        report = prove_again(
            house.runs, house.url, run, folder, _mapping(folder, mapping_name), by=staff.name, at=house.clock
        )
        _tell(house, report, as_json=as_json)
    if report.proof is None or not report.proof.proved:
        ctx.exit(TROUBLE)


@click.command("sign")
@click.argument("run")
@json_option
@click.pass_context
def sign(ctx: click.Context, run: str, as_json: bool) -> None:
    """Sign RUN off. Two people sign, each with a token of the role migration; then it cannot be undone any more."""
    from shebaoka.importer import sign as sign_off
    from shebaoka.moving import tools_of

    with _migrating(ctx) as (house, staff):
        report = sign_off(tools_of(house, by=staff.name), run)
        if report.state == "sign_off":
            house.finding.announce()
        _tell(house, report, as_json=as_json)


@click.command("undo")
@click.argument("run")
@click.option("--batch", "batches", type=click.IntRange(1), multiple=True, help="Only this batch; may be repeated.")
@json_option
@click.pass_context
def undo(ctx: click.Context, run: str, batches: tuple[int, ...], as_json: bool) -> None:
    """Undo RUN, or a batch of it, until it is signed off: each account is put back, by an entry of its own."""
    from shebaoka.importer import undo as take_back
    from shebaoka.moving import tools_of

    with _migrating(ctx) as (house, staff):
        report = take_back(tools_of(house, by=staff.name), run, batches)
        _tell(house, report, as_json=as_json)


@click.command("rehearse")
@_folder_argument
@_mapping_option
@_processes_option
@click.option("--keep", is_flag=True, help="Leave the copy of the database there.")
@json_option
@click.pass_context
def rehearse(
    ctx: click.Context, folder: Path, mapping_name: str | None, processes: int, keep: bool, as_json: bool
) -> None:
    """Go through all steps with FOLDER on a copy of the database, which is dropped after: the city's stays as it is.

    Report and rows held back are left in the folder `rehearsals` of the home folder.
    """
    from shebaoka.app import open_house, rehearsal
    from shebaoka.importer.tools import STAGING_FILE
    from shebaoka.moving import REHEARSALS_FOLDER

    with _migrating(ctx) as (house, staff):
        settings = house.settings
    # The house is closed by now: its own connections would be others at work, whom a copy by the server cannot have.
    with rehearsal(settings, keep=keep) as of_copy, open_house(of_copy) as copy:
        report = _go(copy, staff, folder, mapping_name, "prove", processes=processes, rehearsal=True)
        _tell(copy, report, as_json=as_json)
        place = settings.home / REHEARSALS_FOLDER / report.run
        if not keep:
            (place / STAGING_FILE).unlink(missing_ok=True)
        if not as_json:
            write_report(copy, report, place)
    if report.differences:
        ctx.exit(TROUBLE)


@contextlib.contextmanager
def _migrating(ctx: click.Context) -> "Iterator[tuple[House, Staff]]":
    """The house, and somebody who may move a city over."""
    from shebaoka.desk import Right

    with ctx.obj.signed_in() as (house, staff):
        staff.must(Right.MOVE_A_CITY)
        yield house, staff


class _Line:
    """The progress on one line of a terminal; where there is none, a line every ten seconds, and when a step ends."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = 0
        self._step = ""
        self._ended = False
        self._told_at: Any = None

    def show(self, progress: Progress) -> None:
        """Show how far the step is."""
        share = f"{progress.done / progress.of:.0%}" if progress.of else ""
        left = "" if progress.seconds_left is None else f", {_minutes(progress.seconds_left)} left"
        done = f"{progress.done:,} of {progress.of:,} {progress.unit}"
        text = f"{progress.step.replace('_', ' ')}: {done} {share}, {progress.rate:,.0f}/s{left}"
        if self._live:
            click.echo(f"\r{text:<{self._shown}}", nl=False, err=True)
            self._shown = len(text)
        elif (
            progress.step != self._step
            or (progress.done == progress.of and not self._ended)
            or (progress.at - self._told_at).total_seconds() >= 10
        ):
            click.echo(text, err=True)
            self._step, self._told_at = progress.step, progress.at
            self._ended = progress.done == progress.of

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._shown:
            click.echo(f"\r{'':<{self._shown}}\r", nl=False, err=True)


def _minutes(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _tell(house: "House", report: RunReport, *, as_json: bool) -> None:
    """The report in words, or as JSON. It names nobody."""
    if as_json:
        say_json(named({f: getattr(report, f) for f in report.__struct_fields__}))
        return
    state = "✗" if report.differences else "✓"
    title = f"{state} run {report.run}, mapping {report.mapping}, {report.state.replace('_', ' ')}"
    say(f"{title} (REHEARSAL on a copy)" if report.rehearsal else title)
    for file in report.files:
        say(f"{file.name} ({file.kind}): {file.rows:,} rows, {yuan(file.sum_fen)} yuan", first="  ")
        for what in ("carried_over", "already_there", "held_back", "left", "waiting"):
            rows = getattr(file, what)
            if rows:
                say(f"{what.replace('_', ' ')}: {rows:,}, {yuan(getattr(file, what + '_fen'))} yuan", first="    ")
    for reason in report.reasons:
        say(f"held back, {reason.file}: {reason.rows:,} {reason.reason.replace('_', ' ')}", first="  ")
    for warning, count in report.warnings:
        say(f"{warning} ({count:,})", first="  ! ")
    for sentence in _on_the_way(report):
        say(sentence, first="  ")
    if report.proof is not None:
        p = report.proof
        say(
            f"{'proved' if p.proved else 'NOT PROVED'}: {p.people:,} people, {yuan(p.new_opening_fen)} yuan of "
            f"{yuan(p.old_opening_fen)}, {p.new_records:,} records of {p.old_records:,}; {p.differing:,} differ; "
            f"checksum {p.checksum[:12]}",
            first="  ",
        )
        for difference in p.differences:
            say(difference, first="    ✗ ")
    for signature in report.signatures:
        say(f"signed by {signature.by}, {signature.at.astimezone(house.notices.zone):%Y-%m-%d %H:%M}", first="  ")
    for difference in report.differences:
        say(difference, first="  ✗ ")
    say(_next(report))


def _on_the_way(report: RunReport) -> "Iterator[str]":
    """What the desk would answer, and what was undone."""
    for ground, people in report.dry_run if report.state == "dry_run" else ():
        yield f"the desk would answer: {people:,} {ground.replace('_', ' ')}"
    if report.batches_undone:
        yield f"undone: {report.batches_undone:,} of {report.batches:,} batches"


def _next(report: RunReport) -> str:
    """What is to be done now."""
    if report.differences:
        return "The run stopped; it goes on once that is mended."
    if report.rehearsal:
        return "That was a rehearsal; nothing of it is in the city's database."
    if report.batches_undone and report.state != "undone":
        return f"{_NEXT.get(report.state, '')} `shebaoka import run --again` carries over what was undone."
    return _NEXT.get(report.state, "")
