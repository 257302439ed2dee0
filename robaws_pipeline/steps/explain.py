"""One document from its JSON to its postings and the lines of its files."""

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.schema import DOCUMENTS, LINES, POSTINGS, STATES, VAT, Table
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything known of one document, from left to right."""

    collection: str
    id: str
    month: str
    json: bytes
    document: dict[str, Any] | None
    lines: list[dict[str, Any]]
    state: dict[str, Any] | None
    vat: list[dict[str, Any]]
    postings: list[dict[str, Any]]
    files: dict[str, list[str]]
    """Path in the exports → the lines of that file which name the document; none for a file that is all its own."""


def explain(workspace: Workspace, wanted: str) -> list[Explanation]:
    """The documents with this id or number (an id may be one of each collection), newest month first."""
    found = []
    for month in reversed(loaded_months(workspace)):
        for collection in fields.DOCUMENTS:
            heads = workspace.raw.heads(collection.name, month)["id"].to_pylist()
            documents = workspace.tables.read(DOCUMENTS, month, ["collection", "id", "number", "supplier_number"])
            ids = {
                row["id"]
                for row in documents.to_pylist()
                if row["collection"] == collection.name and wanted in (row["number"], row["supplier_number"])
            }
            if wanted in heads:
                ids.add(wanted)
            found += [_explain(workspace, collection, month, id_) for id_ in sorted(ids)]
    return found


def _explain(workspace: Workspace, collection: fields.Collection, month: str, id_: str) -> Explanation:
    def rows(table: Table, key: str) -> list[dict[str, Any]]:
        all_rows = workspace.tables.read(table, month)
        here = pc.and_(pc.equal(all_rows["collection"], collection.name), pc.equal(all_rows[key], id_))
        found: list[dict[str, Any]] = all_rows.filter(here).to_pylist()
        return found

    document = next(iter(rows(DOCUMENTS, "id")), None)
    return Explanation(
        collection=collection.name,
        id=id_,
        month=month,
        json=workspace.raw.lookup(collection.name, [id_], ["json"])["json"][0].as_py(),
        document=document,
        lines=rows(LINES, "document_id"),
        state=next(iter(rows(STATES, "document_id")), None),
        vat=rows(VAT, "document_id"),
        postings=rows(POSTINGS, "document_id"),
        files=_file_lines(workspace, month, document["number"] if document else None),
    )


def _file_lines(workspace: Workspace, month: str, number: str | None) -> dict[str, list[str]]:
    """The text lines that name the document's number, in every file of the month."""
    found: dict[str, list[str]] = {}
    if not number:
        return found
    for folder in workspace.exports.names(month):
        for name in workspace.exports.names(f"{month}/{folder}"):
            path = f"{month}/{folder}/{name}"
            if name.endswith(".xml"):
                if name.removesuffix(".xml") == number:
                    found[path] = []
                continue
            text = (workspace.exports.read(path) or b"").decode("utf-8", errors="replace")
            lines = [line for line in text.splitlines() if number in line.replace('"', "").split(";")]
            if lines:
                found[path] = lines
    return found
