"""The report of a run of moving a city over, as HTML and PDF, for the people who must sign it. Office and cli ask."""

from shebaoka.paper.runs.charts import Chart as Chart
from shebaoka.paper.runs.forms import RUN_FORMS as RUN_FORMS
from shebaoka.paper.runs.forms import RUN_POLICY as RUN_POLICY
from shebaoka.paper.runs.forms import run_report_as as run_report_as
from shebaoka.paper.runs.forms import run_report_html as run_report_html
from shebaoka.paper.runs.forms import run_report_pdf as run_report_pdf
from shebaoka.paper.runs.pictures import by_county as by_county
from shebaoka.paper.runs.pictures import by_reason as by_reason
from shebaoka.paper.runs.pictures import what_became as what_became
from shebaoka.paper.runs.words import RunWords as RunWords
from shebaoka.paper.runs.words import reason_in as reason_in
from shebaoka.paper.runs.words import run_words as run_words
