"""What the house puts on paper: statements of personal accounts, as JSON, CSV and PDF. Faces import from here."""

from shebaoka.paper.amounts import grouped as grouped
from shebaoka.paper.amounts import signed as signed
from shebaoka.paper.forms import FORMS as FORMS
from shebaoka.paper.forms import attachment as attachment
from shebaoka.paper.forms import statement_as as statement_as
from shebaoka.paper.labels import labels_in as labels_in
from shebaoka.paper.press import NoFont as NoFont
from shebaoka.paper.sheet import statement_csv as statement_csv
from shebaoka.paper.statement import statement_json as statement_json
from shebaoka.paper.statement import statement_pdf as statement_pdf
