"""The two forms of a run's report: one HTML page that stands alone, and PDF. The faces hand them out.

Both are set from the same `RunPaper`, so they say the same. The same report gives the same bytes.
"""

import base64
import functools
import hashlib
from importlib import resources
from pathlib import Path

import msgspec
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from shebaoka.notice import Notices, Speech
from shebaoka.paper.press import face_for, printed
from shebaoka.paper.runs.view import RunPaper, as_paper
from shebaoka.records import NoNotice, RunReport

RUN_FORMS = {"html": "text/html", "pdf": "application/pdf"}
"""Form → media type."""


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


STYLE = "\n" + _read("report.css")
RUN_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
"""The content security policy that the page names for itself: its own style and nothing else."""


def run_report_as(form: str, report: RunReport, speech: Speech, fonts: Path | None = None) -> bytes:
    """The report in one of `RUN_FORMS`; only a PDF needs `fonts`. `NoFont` if nothing here prints Chinese."""
    return run_report_html(report, speech) if form == "html" else run_report_pdf(report, speech, fonts)


def notice_of(report: RunReport, notices: Notices) -> str:
    """The version of the notice by which a run is told: that of the day on which it carries over, else the last."""
    try:
        return notices.on(report.on).id
    except NoNotice:
        return notices.versions[-1].id


def run_report_html(report: RunReport, speech: Speech) -> bytes:
    """The report as one page that needs nothing beside it, in the language of `speech`."""
    paper = as_paper(report, speech)
    page = _template().render(p=paper, style=Markup(STYLE), policy=RUN_POLICY)  # noqa: S704 - our own file
    return page.encode()


def run_report_pdf(report: RunReport, speech: Speech, fonts: Path | None = None) -> bytes:
    """The report on A4, charts in it, in the language of `speech`. `NoFont` if nothing here prints Chinese."""
    language = speech.words.language
    family = face_for(language, fonts).family
    paper = as_paper(report, speech)
    return printed("runs/report.typ", _data(paper, family), language, paper.at, fonts)


def _data(paper: RunPaper, family: str) -> dict[str, object]:
    """What the template for paper is handed: each chart as the text of its drawing."""
    data: dict[str, object] = msgspec.to_builtins(paper)
    data["sections"] = [
        {
            **msgspec.to_builtins(section),
            "charts": [{"svg": c.svg(family), "alt": f"{c.title} {c.described}"} for c in section.charts],
        }
        for section in paper.sections
    ]
    return data


@functools.cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["drawn"] = lambda chart: Markup(chart.svg())  # noqa: S704 - escaped where it is drawn
    return environment.from_string(_read("report.html"))
