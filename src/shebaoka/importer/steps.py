"""A run in named steps, from the old system's files to a proof that people can sign.

The command line and the demonstration make a `Move` and let it go to a step. What was done before, by this process or
by one that was killed, is not done again: files are known by their digests, the staging database knows which steps it
has gone through, and each batch is on file whole or not at all.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from shebaoka.desk import Moving
from shebaoka.importer import accounting, albums, matching, proving, taking
from shebaoka.importer.carrying import as_foreseen, planned
from shebaoka.importer.control import Total, differences, in_whole_fen, missing, read_control
from shebaoka.importer.held import write_held
from shebaoka.importer.mapping import digest_of_mapping
from shebaoka.importer.reporting import accounted, with_files, with_reasons
from shebaoka.importer.specs import Mapping
from shebaoka.importer.staging import Staging
from shebaoka.importer.tools import HELD_BACK_FOLDER, STAGING_FILE, Meter, Tools
from shebaoka.records import BadInput, County, NotFound, RunReport, RunStep

STEPS = ("take_in", "check", "match", "dry_run", "carry_over", "prove")


class Move:
    """One run: an export, a mapping, and how far it is."""

    def __init__(self, folder: Path, mapping: Mapping, tools: Tools) -> None:
        self.folder = folder
        self.mapping = mapping
        self.tools = tools
        self.files = taking.found_files(folder, mapping)
        self.albums = taking.found_albums(folder, mapping, len(self.files))
        self.run = run_of([*self.files, *self.albums], mapping)
        self.place = tools.work / self.run
        self.staging = self.place / STAGING_FILE
        self._began = time.monotonic()
        self._names = {f.n: f.path.name for f in [*self.files, *self.albums]}

    def to(self, last: str, *, again: bool = False) -> RunReport:
        """Go through the steps up to `last`, those that are not done yet; the run's report.

        A run that does not come out stops with its reasons in `differences`, and its state is the step before.
        `again` lets batches that were undone be carried over once more; without it a run that is undone stays so.
        `RunIsTaken` if another process is at it.
        """
        if last not in STEPS:
            raise BadInput(f"There is no step {last!r}; choose one of {', '.join(STEPS)}.")
        with Moving(self.tools.url, self.run) as moving:
            report = self._begun()
            if report.state == "sign_off":
                removed(self.place)
            if report.state == "sign_off" or (report.state == "undone" and not again):
                return report
            try:
                for step in STEPS[: STEPS.index(last) + 1]:
                    if step == "match" and step != last and report.state == "check":
                        # They are there by the time that the dry run wants them.
                        self.tools.workers.begin()
                    report = self._gone(step, report, moving, again=again)
                    if report.differences:
                        break
            finally:
                self.tools.workers.close()
            return report

    def _begun(self) -> RunReport:
        """The report as the last process left it; a new one for a new run."""
        try:
            report = self.tools.runs.document(self.run)
        except NotFound:
            report = None
        if report is None or (report.state not in ("sign_off",) and not self.staging.exists()):
            known = report
            report = RunReport(
                run=self.run,
                city=self.tools.city,
                mapping=self.mapping.name,
                state="begun",
                rehearsal=self.tools.rehearsal,
                began_at=known.began_at if known else self.tools.clock(),
                on=known.on if known else self.tools.on,
            )
            self.tools.runs.keep_document(self.run, report)
        return replace(report, differences=())

    def _gone(self, step: str, report: RunReport, moving: Moving, *, again: bool) -> RunReport:
        """The report after a step; the step is gone through if it was not."""
        began, at = time.monotonic(), self.tools.clock()
        do: Callable[..., RunReport] = getattr(self, f"_{step}")
        after = do(report, moving, again=again) if step == "carry_over" else do(report, moving)
        if after is report:
            return report
        seconds = round(time.monotonic() - began, 3)
        if not after.differences:
            said = after.steps[-1].said if len(after.steps) > len(report.steps) else ""
            others = tuple(s for s in report.steps if s.name != step)
            after = replace(after, state=step, steps=(*others, RunStep(step, at, seconds, said)))
        after = replace(after, seconds=round(sum(s.seconds for s in after.steps), 3))
        self.tools.runs.keep_document(self.run, after)
        return after

    def _said(self, report: RunReport, sentence: str) -> RunReport:
        """The report with what the step at hand came to; `_gone` puts name and time to it."""
        return replace(report, steps=(*report.steps, RunStep("", self.tools.clock(), 0, sentence)))

    # the steps

    def _take_in(self, report: RunReport, moving: Moving) -> RunReport:  # noqa: ARG002
        """Files into the staging database, each row checked on the way; rows beside the control totals."""
        with self._staging() as staging:
            if staging.said("take_in") is not None and report.state != "begun":
                return report
            taking.prepare(staging)
            albums.prepare(staging)
            whole = sum(f.path.stat().st_size for f in self.files)
            meter = self._meter("take_in", whole, "bytes")
            for file in self.files:
                before = meter.done
                size = file.path.stat().st_size
                taking.take_in(staging, file, report.on, lambda n, to=before, of=size: meter.to(to + min(n, of)))  # type: ignore[misc]
                meter.to(before + size)
            for album in self.albums:
                albums.take_in(staging, album, self._meter("take_in", 0, "photos").to)
            stated = self._stated()
            found = [s for f in self.files for s in self._rows_differ(staging, f, stated)]
            found += missing(self.mapping.control or "", stated, set(self._names.values()))
            rows = staging.row("select coalesce(sum(rows), 0)::bigint from source")[0]
            with staging.transaction():
                staging.mark("take_in", str(rows))
            report = with_files(replace(report, differences=tuple(dict.fromkeys(found))), staging, stated)
        return self._said(report, f"{len(self.files) + len(self.albums)} files, {rows} rows")

    def _stated(self) -> dict[str, Total]:
        """What the old system states of its files."""
        control = self.mapping.control or ""
        stated = read_control(self.folder, control) if control else {}
        for name in {f.path.name for f in self.files if f.spec.unit == "fen"} & stated.keys():
            stated[name] = in_whole_fen(stated[name], name, control)
        return stated

    def _rows_differ(self, staging: Staging, file: taking.FoundFile, stated: dict[str, Total]) -> Iterable[str]:
        """Sentences about a file whose rows are not those stated, or which totals that were delivered leave out."""
        if not stated:
            return ()
        (rows,) = staging.row("select rows from source where n = ?", [file.n])
        return differences(file.path.name, Total(rows, None), stated.get(file.path.name))

    def _check(self, report: RunReport, moving: Moving) -> RunReport:  # noqa: ARG002
        """What the rows' values came to: faults, and sums beside the control totals."""
        with self._staging() as staging:
            if staging.said("check") is not None and report.state != "take_in":
                return report
            (rows,) = staging.row("select coalesce(sum(rows), 0)::bigint from source")
            with staging.transaction():
                staging.forget(("check", "match", "dry_run", "held_back"))
                staging.mark("check", "")
            stated = self._stated()
            found: list[str] = []
            for file in self.files:
                total = stated.get(file.path.name)
                if total is not None and self._is_summed(file):
                    found += differences(file.path.name, taking.totals(staging, file), total)
            bad = sum(staging.row(f"select count(*) from {t} where reason is not null")[0] for t in taking.SUMMED)
            report = with_files(replace(report, differences=tuple(found)), staging, stated)
        return self._said(report, f"{rows} rows, {bad} with a fault")

    def _is_summed(self, file: taking.FoundFile) -> bool:
        """Whether control totals state the sum of this source; of a file that is two, they state the accounts'."""
        if file.spec.kind == "records":
            return not any(f.path == file.path and f.spec.kind == "accounts" for f in self.files)
        return file.spec.kind == "accounts"

    def _match(self, report: RunReport, moving: Moving) -> RunReport:
        """Files with each other, and people with those on file."""
        with self._staging() as staging:
            if staging.said("match") is not None and report.state not in ("take_in", "check"):
                return report
            meter = self._meter("match", 0, "people")
            staging.forget(("match", "dry_run", "held_back"))
            anybody = moving.anybody()
            if anybody:
                self._read_known(staging, moving)
            matching.match(staging, report.on.year, self._names, known=anybody)
            accounting.settle_fates(staging, (), ())
            albums.settle(staging, moving)
            meter.of = staging.row("select count(*) from acc where reason is null and not there")[0]
            # Who is held back is known by now, and is written out while those who go over are put together.
            with staging.beside() as beside, ThreadPoolExecutor(1) as threads:
                writing = threads.submit(write_held, self.place / HELD_BACK_FOLDER, beside)
                for put in matching.make_ready(staging):
                    meter.to(put)
                reasons = writing.result()
            staging.mark("match", "")
            staging.mark("held_back", accounting.turned(staging))
            report = with_reasons(with_files(report, staging, self._stated()), staging, reasons)
            (people,) = staging.row("select count(*) from ready")
        return self._said(report, f"{people} people go over")

    def _read_known(self, staging: Staging, moving: Moving) -> None:
        """Everybody on file, beside the rows."""
        path = self.place / "known.csv"
        try:
            with path.open("wb") as file:
                path.chmod(0o600)
                for line in moving.known():
                    file.write(line)
            matching.read_known(staging, path)
        finally:
            path.unlink(missing_ok=True)

    def _dry_run(self, report: RunReport, moving: Moving) -> RunReport:  # noqa: ARG002
        """What the desk would answer."""
        with self._staging() as staging:
            if staging.said("dry_run") is not None and report.state not in ("take_in", "check", "match"):
                return report
            fresh, known = planned(staging)
        meter = self._meter("dry_run", sum(fresh) + sum(known), "people")
        grounds = self.tools.workers.foresee(
            self.staging, self.run, self.tools.by, list(as_foreseen(fresh, known)), meter.add
        )
        with self._staging() as staging, staging.transaction():
            staging.mark("dry_run", "")
        report = replace(report, dry_run=tuple(sorted(grounds.items())))
        return self._said(report, ", ".join(f"{n} {ground}" for ground, n in sorted(grounds.items())))

    def _carry_over(self, report: RunReport, moving: Moving, *, again: bool) -> RunReport:
        """Everybody who is ready goes over, batch by batch."""
        with self._staging() as staging:
            fresh, known = planned(staging)
        desk = self.tools.desk()
        with closing(desk.store):
            moving.plan(desk, fresh, known)
        if again:
            for batch in moving.batches():
                if batch.is_undone:
                    moving.again(batch)
        batches = moving.batches()
        left = [b for b in batches if not b.is_carried]
        told = report.batches_undone == sum(b.is_undone for b in batches)
        if not left and told and report.state in ("carry_over", "prove"):
            return report
        meter = self._meter("carry_over", sum(b.people for b in batches), "people")
        meter.to(sum(b.people for b in batches if b.is_carried))
        if left:
            self.tools.runs.keep_document(self.run, replace(report, state="dry_run", proof=None, batches=len(batches)))
            self.tools.workers.carry(self.staging, self.run, self.tools.by, left, meter.add)
            self.tools.workers.dismiss()
        if self.albums:
            self._carry_photos(moving)
        report = accounted(report, moving, self.tools)
        carried = sum(b.carried or 0 for b in moving.batches() if b.is_carried and not b.is_undone)
        return self._said(report, f"{carried} people in {len(batches)} batches")

    def _carry_photos(self, moving: Moving) -> None:
        """Photos follow their people; those that are on file already are left there."""
        with self._staging() as staging:
            accounting.settle_fates(staging, moving.batches(), ())
            albums.settle(staging, moving)
            (waiting,) = staging.row("select count(*) from photo_fate where what = 'waiting'")
            albums.carry(staging, moving, self.albums, self._meter("carry_over", waiting, "photos").to)

    def _prove(self, report: RunReport, moving: Moving) -> RunReport:
        """The old side beside the new, person by person."""
        if report.proof is not None and report.proof.proved and report.state == "prove":
            return report
        with self._staging() as staging:
            batches = [b for b in moving.batches() if b.is_carried and not b.is_undone]
            meter = self._meter("prove", sum(b.people for b in batches), "people")
            checksum = proving.compare(staging, moving, batches, accounting.refused(staging), meter.to)
            proof = proving.proof(
                staging, batches, at=self.tools.clock(), by=self.tools.by, source="taken_in", checksum=checksum
            )
            counties = tuple(County(*row) for row in proving.by_county(staging))
            proof = albums.proved(staging, moving, proof, report)
        unaccounted = [
            f"{f.name}: {f.rows} rows, and not all of them are accounted for: {f.waiting} wait."
            for f in report.files
            if f.rows != f.carried_over + f.already_there + f.held_back + f.left
        ]
        faults = list(unaccounted)
        if not proof.proved:
            faults += [f"{proof.differing} people are not on file as the files have them.", *proof.differences]
        report = replace(report, proof=proof, counties=counties, differences=tuple(faults))
        return self._said(report, f"{proof.people} people, {proof.differing} differ")

    def _meter(self, step: str, of: int, unit: str) -> "Meter":
        return Meter(self.run, step, of, unit, self.tools)

    def _staging(self) -> Staging:
        return Staging(self.staging, writing=True)


def run_of(files: Sequence[taking.FoundFile], mapping: Mapping) -> str:
    """The id of a run: the same files under the same mapping are the same run."""
    digest = hashlib.sha256(digest_of_mapping(mapping).encode())
    for file in files:
        digest.update(f"{file.path.name} {file.digest}\n".encode())
    return digest.hexdigest()[:12]


def removed(place: Path) -> None:
    """A run's staging taken away, once it is signed off; rows held back stay, for they are still to be corrected."""
    for path in place.glob("*") if place.is_dir() else ():
        if path.name == HELD_BACK_FOLDER:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
