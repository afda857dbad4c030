"""What is done with a run that was carried over: undoing it, proving it again from the files, signing it off."""

import tempfile
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from shebaoka.desk import SIGNERS, Moving, Runs
from shebaoka.importer import accounting, albums, matching, proving, taking
from shebaoka.importer.carrying import sender_of
from shebaoka.importer.reporting import accounted
from shebaoka.importer.specs import Mapping
from shebaoka.importer.staging import Staging
from shebaoka.importer.steps import removed, run_of
from shebaoka.importer.tools import STAGING_FILE, Tools
from shebaoka.records import BadInput, County, NotFound, NotReconciled, Proof, RunReport


def report_of(runs: Runs, run: str) -> RunReport:
    """A run's report; `NotFound` if there is no such run. The beginning of its id is enough if no other begins so."""
    found = [r.run for r in runs.all() if r.run.startswith(run)] if run else []
    if len(found) > 1:
        raise NotFound(f"{len(found)} runs begin with {run!r}; give more of the id.")
    if not found:
        raise NotFound(f"There is no run {run!r}; `shebaoka import list` names them.")
    return runs.document(found[0])


def undo(tools: Tools, run: str, batches: Collection[int] = ()) -> RunReport:
    """Take a run back, or some batches of it, until it is signed off; its report.

    Batches are undone one after another, each whole or not at all; `NotUndone` says which one could not be, and why.
    """
    with Moving(tools.url, report_of(tools.runs, run).run) as moving:
        report = tools.runs.document(moving.run)
        if report.state == "sign_off":
            raise BadInput(f"Run {report.run} is signed off; an account is put right one by one, by a correction.")
        known = moving.batches()
        if not any(b.is_carried for b in known):
            raise BadInput(f"Run {report.run} has carried nothing over that could be undone.")
        unknown = sorted(set(batches) - {b.n for b in known})
        if unknown:
            raise BadInput(f"Run {report.run} has no batch {unknown[0]}; it has 1 to {len(known)}.")
        # What was proved and signed counts no more from here on, whatever becomes of this.
        report = replace(report, state="carry_over", proof=None, signatures=())
        tools.runs.keep_document(report.run, report)
        desk = tools.desk()
        try:
            with closing(desk.store):
                for batch in known:
                    if batch.is_carried and not batch.is_undone and (not batches or batch.n in batches):
                        moving.undo(desk, batch, sender_of(report.run, tools.by), tools.clock())
        finally:
            # Of several batches the first may be undone where a later one cannot be.
            left = any(not b.is_carried or not b.is_undone for b in moving.batches())
            if not left:
                moving.undo_photos(tools.clock())
            report = accounted(report, moving, tools)
            report = replace(report, state="carry_over" if left else "undone")
            tools.runs.keep_document(report.run, report)
    return report


def prove_again(
    runs: Runs, url: str, run: str, folder: Path, mapping: Mapping, *, by: str, at: Callable[[], object]
) -> RunReport:
    """Prove a run from its files, read again from the first byte on. Nothing is written; the report with that proof.

    `BadInput` if the files, or the mapping, are not those of the run.
    """
    report = report_of(runs, run)
    files = taking.found_files(folder, mapping)
    found_albums = taking.found_albums(folder, mapping, len(files))
    if run_of([*files, *found_albums], mapping) != report.run:
        raise BadInput(
            f"The files in {folder.name} are not those of run {report.run}: a file or the mapping has changed since. "
            "The report names each file's SHA-256."
        )
    names = {f.n: f.path.name for f in files}
    with (
        tempfile.TemporaryDirectory(prefix="shebaoka-") as place,
        Moving(url, report.run, alone=False) as moving,
        Staging(Path(place) / STAGING_FILE, writing=True) as staging,
    ):
        taking.prepare(staging)
        albums.prepare(staging)
        for file in files:
            taking.take_in(staging, file, report.on, lambda _: None)
        for album in found_albums:
            albums.take_in(staging, album, lambda _: None)
        matching.match(staging, report.on.year, names)
        for _ in matching.make_ready(staging):
            pass
        batches = [b for b in moving.batches() if b.is_carried and not b.is_undone]
        checksum = proving.compare(staging, moving, batches, (), lambda _: None, by_number=True)
        proof = proving.proof(staging, batches, at=at(), by=by, source="files", checksum=checksum)  # type: ignore[arg-type]
        (ready,) = staging.row("select count(*) from ready")
        counties = tuple(County(*row) for row in proving.by_county(staging))
        proof = _nobody_is_missing(albums.proved(staging, moving, proof, report), report, ready)
    return replace(report, proof=proof, counties=counties)


def _nobody_is_missing(proof: Proof, report: RunReport, ready: int) -> Proof:
    """The proof, which fails if more people are sound in the files than are on file, there before, or held back."""
    accounts = [f for f in report.files if f.kind == "accounts"]
    names = {f.name for f in accounts}
    by_desk = sum(r.rows for r in report.reasons if r.file in names and accounting.by_what_is_on_file(r.reason))
    elsewhere = sum(f.already_there for f in accounts) + by_desk
    missing = ready - proof.people - elsewhere
    if not missing:
        return proof
    said = f"{ready} people are sound in the files, and {proof.people + elsewhere} are on file or accounted for"
    return replace(
        proof, proved=False, differing=proof.differing + abs(missing), differences=(said, *proof.differences)
    )


def sign(tools: Tools, run: str) -> RunReport:
    """Sign a run that is proved; with the second person's signature it is signed off, and its staging is removed."""
    with Moving(tools.url, report_of(tools.runs, run).run) as moving:
        return _signed(tools, tools.runs.document(moving.run))


def _signed(tools: Tools, report: RunReport) -> RunReport:
    """The report with one signature more."""
    if report.state == "sign_off":
        raise BadInput(f"Run {report.run} is signed off already.")
    if report.state != "prove" or report.proof is None or not report.proof.proved or report.differences:
        raise NotReconciled(
            f"Run {report.run} is not proved; go through its steps by `shebaoka import run`, then sign it.",
            code="run_is_not_proved",
        )
    if not report.accounted_for:
        raise NotReconciled(
            f"Run {report.run} has rows that are not accounted for; look at `shebaoka import show`.",
            code="run_is_not_proved",
        )
    signers = {s.by for s in report.signatures}
    if tools.by in signers and len(signers) < SIGNERS:
        raise BadInput(f"{tools.by} has signed run {report.run} already; another person signs it off.")
    tools.runs.sign(report.run, tools.by, report.proof.checksum)
    report = tools.runs.document(report.run)
    if len({s.by for s in report.signatures}) >= SIGNERS:
        report = replace(report, state="sign_off")
        tools.runs.keep_document(report.run, report)
    if report.state == "sign_off":
        removed(tools.work / report.run)
    return report
