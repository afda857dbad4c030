"""In which forms a statement is handed out, and what its file is called. The faces ask."""

from pathlib import Path

from shebaoka.desk.accounts import AccountStatement
from shebaoka.notice import Speech
from shebaoka.paper.sheet import statement_csv
from shebaoka.paper.statement import statement_json, statement_pdf

FORMS = {"json": "application/json", "csv": "text/csv", "pdf": "application/pdf"}
"""Form → media type."""


def statement_as(form: str, statement: AccountStatement, speech: Speech, fonts: Path | None = None) -> bytes:
    """The statement in one of `FORMS`; only a PDF needs `fonts`. `NoFont` if nothing here prints Chinese."""
    if form == "json":
        return statement_json(statement)
    return statement_csv(statement, speech) if form == "csv" else statement_pdf(statement, speech, fonts)


def attachment(form: str, statement: AccountStatement, person_id: int) -> dict[str, str]:
    """The header that makes a browser keep the statement as a file, named by the dossier and the year.

    Never by the number: what was downloaded is listed, mailed and indexed by its name.
    """
    return {"Content-Disposition": f'attachment; filename="account-{person_id}-{statement.year}.{form}"'}
