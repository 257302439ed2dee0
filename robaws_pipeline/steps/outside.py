"""Documents dated where the books have no month: before `start`, or too far ahead.

They are in no manifest, so they have a list of their own, ``exports/<company>/outside.csv``, beside the months. There
is no such file when there are no such documents.
"""

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import books, fields
from robaws_pipeline.formats import manifest as manifests
from robaws_pipeline.formats.left_out import left_out_columns, left_out_words
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.reasons import Language, outside_the_books
from robaws_pipeline.robaws import decode
from robaws_pipeline.schema import GL_ACCOUNTS, PARTIES
from robaws_pipeline.steps.workspace import Workspace

FILE = "outside.csv"
CODE = "outside_the_books"


def outside(workspace: Workspace) -> dict[str, int]:
    """Months that the books do not have → documents that we hold in them and Robaws has."""
    known = set(workspace.months())
    counts: dict[str, int] = {}
    for collection in fields.DOCUMENTS:
        for month in workspace.raw.months(collection.name):
            if month not in known:
                deleted = workspace.raw.heads(collection.name, month)["deleted"]
                live = len(deleted) - (pc.sum(deleted).as_py() or 0)
                counts[month] = counts.get(month, 0) + live
    return {month: count for month, count in sorted(counts.items()) if count}


def write(workspace: Workspace) -> int:
    """Make the list say what is held now; the number of documents on it."""
    with workspace.only_builder():
        return write_alone(workspace)


def write_alone(workspace: Workspace) -> int:
    """As `write`, for who is the only builder already."""
    months = list(outside(workspace))
    if not months:
        workspace.exports.remove(FILE)
        return 0
    columns = _columns(workspace, months)
    content = csv_bytes(columns)
    if workspace.exports.read(FILE) != content:
        workspace.exports.write(FILE, content)
    return len(next(iter(columns.values())))


def _columns(workspace: Workspace, months: list[str]) -> Columns:
    """held.csv's columns, a row a document."""
    language = workspace.company.language
    states = manifests.document_rows(_states(workspace, months), language)
    rows = [row for row in states if row["state"] != "deleted"]
    first, last = workspace.company.start, workspace.months()[-1]
    told = [(*_told(row["date"], first, last, language), CODE) for row in rows]
    return left_out_columns(rows, [left_out_words(language)["everywhere"]] * len(rows), told, language)


def _states(workspace: Workspace, months: list[str]) -> pa.Table:
    """What the books would say of them: amounts with their sign, and who the party is."""
    spelling, tables = workspace.company.fields, workspace.tables
    parts = [
        decode.documents(collection, workspace.raw.current(collection.name, month), spelling)
        for collection in fields.DOCUMENTS
        for month in months
    ]
    documents, lines = (pa.concat_tables([part[number] for part in parts]) for number in (0, 1))
    parties, accounts = tables.read(PARTIES), tables.read(GL_ACCOUNTS)
    return books.keep_books(documents, lines, parties, accounts, workspace.company).states


def _told(day: str | None, first: str, last: str, language: Language) -> tuple[str, str]:
    """Why a document is in no month of the books, and what to do about it."""
    if day is None:
        reason, remedy = outside_the_books("no_date", language)
    else:
        reason, remedy = outside_the_books("before" if day[:7] < first else "after", language)
    known = {"day": day, "month": (day or "")[:7], "first": first, "last": last}
    return reason.format(**known), remedy.format(**known)
