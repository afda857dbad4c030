"""What is to be done next with a run of moving a city over, in words and as commands. `imports` shows it."""

import msgspec

from shebaoka.desk import RunOnFile
from shebaoka.desk.runs import SIGNERS
from shebaoka.paper import RunWords
from shebaoka.records import RunReport

RUN, PROVE, SIGN, UNDO = "run FOLDER", "prove {0}", "sign {0}", "undo {0}"


class Next(msgspec.Struct, frozen=True):
    """What is to be done next: a sentence, and the commands that do it."""

    said: str
    commands: tuple[str, ...] = ()


def next_of(found: RunOnFile, labels: dict[str, str], words: RunWords) -> tuple[Next, ...]:
    """What is next with a run. While it is going on, nothing is."""
    if found.going:
        return (Next(labels["next_going"]),)
    if found.progress is not None:
        return (_next(found, labels["next_stopped"], RUN),)
    if found.document is None:
        return (_next(found, labels["next_goes_on"].format(words.state(found.state)), RUN),)
    rows = sum(f.held_back for f in found.document.files)
    held = (Next(labels["next_held"].format(f"{rows:,}")),) if rows else ()
    return (_of_report(found, found.document, labels, words), *held)


def _of_report(found: RunOnFile, report: RunReport, labels: dict[str, str], words: RunWords) -> Next:
    """What the report's state asks for."""
    signed = list(dict.fromkeys(s.by for s in report.signatures))
    if found.state == "undone":
        return _next(found, labels["next_undone"], RUN)
    if found.state == "sign_off":
        return Next(labels["next_done"])
    if report.proof is not None and not report.proof.proved:
        return _next(found, labels["next_proof_failed"], PROVE, UNDO)
    if report.differences:
        return Next(labels["next_differs"])
    if report.proof is not None and len(signed) >= SIGNERS:
        return _next(found, labels["next_signed"], RUN)
    if report.proof is not None and signed:
        return _next(found, labels["next_second_signature"].format(signed[0]), SIGN)
    if report.proof is not None:
        return _next(found, labels["next_first_signature"], SIGN)
    if found.state == "carry_over":
        return _next(found, labels["next_prove"], PROVE)
    return _next(found, labels["next_goes_on"].format(words.step(found.state)), RUN)


def _next(found: RunOnFile, said: str, *commands: str) -> Next:
    return Next(said, tuple("shebaoka import " + c.format(found.run) for c in commands))
