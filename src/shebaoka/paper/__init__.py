"""What the house puts on paper: statements of accounts, and the report of a run. Faces import from here."""

from shebaoka.paper.amounts import grouped as grouped
from shebaoka.paper.amounts import signed as signed
from shebaoka.paper.forms import FORMS as FORMS
from shebaoka.paper.forms import attachment as attachment
from shebaoka.paper.forms import statement_as as statement_as
from shebaoka.paper.labels import labels_in as labels_in
from shebaoka.paper.press import NoFont as NoFont
from shebaoka.paper.runs import RUN_FORMS as RUN_FORMS
from shebaoka.paper.runs import RUN_POLICY as RUN_POLICY
from shebaoka.paper.runs import RunPaper as RunPaper
from shebaoka.paper.runs import RunWords as RunWords
from shebaoka.paper.runs import as_paper as as_paper
from shebaoka.paper.runs import notice_of as notice_of
from shebaoka.paper.runs import reason_in as reason_in
from shebaoka.paper.runs import run_report_as as run_report_as
from shebaoka.paper.runs import run_words as run_words
from shebaoka.paper.runs import took as took
from shebaoka.paper.sheet import statement_csv as statement_csv
from shebaoka.paper.statement import statement_json as statement_json
from shebaoka.paper.statement import statement_pdf as statement_pdf
