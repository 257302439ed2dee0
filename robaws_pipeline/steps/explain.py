"""One document from its JSON to its postings and the lines of its files."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.schema import DOCUMENTS, LINES, POSTINGS, STATES, VAT, Table
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
    """The documents with this id or number (an id may be one of each collection), newest month first.

    Months that the books do not have are searched too: a document dated 2062 by mistake is in one of those.
    """
    found = []
    months = {month for collection in fields.DOCUMENTS for month in workspace.raw.months(collection.name)}
    for month in sorted(months, reverse=True):
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
        files=_file_lines(workspace, month, collection.name, id_),
    )


def _file_lines(workspace: Workspace, month: str, collection: str, id_: str) -> dict[str, list[str]]:
    """The files that the month's manifest names for the document, and the lines of them that are about its number."""
    content = workspace.exports.read(f"{month}/manifest.json")
    listed = json.loads(content)["documents"] if content else []
    shared = Counter(path for document in listed for path in document["files"])
    found = {}
    for document in listed:
        if (document["collection"], document["id"]) != (collection, id_):
            continue
        for path in document["files"]:
            alone = shared[path] == 1 and not path.endswith(".csv")
            name = f"{month}/{path}"
            found[name] = [] if alone else list(_lines_of(workspace.exports.read(name) or b"", document["number"]))
    return found


def _lines_of(content: bytes, number: str) -> Iterator[str]:
    """The records of a text file that have the number as one of their values; a quoted value may span lines."""
    lines = content.decode("utf-8-sig", errors="replace").splitlines(keepends=True)
    records = csv.reader(lines, delimiter=";")
    start = 0
    for values in records:
        if number in values:
            yield "".join(lines[start : records.line_num]).rstrip("\r\n")
        start = records.line_num
