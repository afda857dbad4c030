"""The report of a run of moving a city over, as HTML and PDF, for the people who must sign it. Office and cli ask."""

from shebaoka.paper.runs.forms import RUN_FORMS as RUN_FORMS
from shebaoka.paper.runs.forms import RUN_POLICY as RUN_POLICY
from shebaoka.paper.runs.forms import notice_of as notice_of
from shebaoka.paper.runs.forms import run_report_as as run_report_as
from shebaoka.paper.runs.parts import took as took
from shebaoka.paper.runs.view import RunPaper as RunPaper
from shebaoka.paper.runs.view import as_paper as as_paper
from shebaoka.paper.runs.words import RunWords as RunWords
from shebaoka.paper.runs.words import reason_in as reason_in
from shebaoka.paper.runs.words import run_words as run_words
