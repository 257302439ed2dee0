"""Questions that must have an empty answer: what the asset checks ask of months that were just built.

They read what was written, not what the code that wrote it believed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.books import findings
from robaws_pipeline.queries import query
from robaws_pipeline.schema import POSTINGS, STATES, VAT
from robaws_pipeline.steps.compare import all_documents, all_states
from robaws_pipeline.steps.workspace import Workspace

_KEY = ("month", "collection", "document_id")


@dataclass(frozen=True, slots=True)
class Finding:
    """A document that does not meet a question's condition."""

    month: str
    collection: str
    number: str
    """Its number in Robaws, else its id."""
    detail: str


def _ask(question: str, **tables: pa.Table) -> list[Finding]:
    """The rows of ``sql/<question>.sql``: month, collection, number, detail."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return [Finding(*row) for row in connection.execute(query(__package__, question)).fetchall()]


def unbalanced(workspace: Workspace, months: Sequence[str]) -> list[Finding]:
    """Exported documents whose postings do not add up to zero, or that have none though their total is not zero."""
    read = workspace.tables.read_months
    return _ask(
        "unbalanced",
        states=read(STATES, months, [*_KEY, "number", "state", "gross"]),
        postings=read(POSTINGS, months, [*_KEY, "amount"]),
    )


def totals_differ(workspace: Workspace, months: Sequence[str]) -> list[Finding]:
    """Exported documents whose VAT recap, rounding and party posting do not meet the total that Robaws shows."""
    read = workspace.tables.read_months
    return _ask(
        "totals_differ",
        states=read(STATES, months, [*_KEY, "type", "number", "state", "gross"]),
        vat=read(VAT, months, [*_KEY, "base", "vat"]),
        postings=read(POSTINGS, months, [*_KEY, "kind", "amount"]),
    )


def told(workspace: Workspace, months: Sequence[str]) -> dict[findings.Kind, list[Finding]]:
    """What somebody has to explain about the numbers of `months`, compared with those of all months."""
    found: dict[findings.Kind, list[Finding]] = {kind: [] for kind in get_args(findings.Kind)}
    everything = findings.all_findings(all_documents(workspace), all_states(workspace), workspace.company.language)
    for month in months:
        for one in everything.get(month, ()):
            found[one.kind].append(Finding(one.month, one.collection, one.number, one.detail))
    return found


def not_listed(workspace: Workspace, month: str, manifest: Mapping[str, Any]) -> list[Finding]:
    """Documents that the raw log holds for the month and the manifest does not list exactly once, and the reverse."""
    listed: dict[tuple[str, str], int] = {}
    for document in manifest["documents"]:
        key = (document["collection"], document["id"])
        listed[key] = listed.get(key, 0) + 1
    held = {
        (collection.name, id_)
        for collection in fields.DOCUMENTS
        for id_ in workspace.raw.heads(collection.name, month)["id"].to_pylist()
    }
    missing = [Finding(month, *key, "held, but not in the manifest") for key in sorted(held - listed.keys())]
    extra = [Finding(month, *key, "in the manifest, but not held") for key in sorted(listed.keys() - held)]
    twice = [
        Finding(month, *key, f"{count} times in the manifest") for key, count in sorted(listed.items()) if count > 1
    ]
    return [*missing, *extra, *twice]


def held_by_type(workspace: Workspace, months: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """How many documents that Robaws has we hold: (month, collection, type) → count."""
    counts: dict[tuple[str, str, str], int] = {}
    for month in months:
        for collection in fields.DOCUMENTS:
            heads = workspace.raw.heads(collection.name, month)
            live = heads.filter(pc.invert(heads["deleted"]))
            for row in live.group_by("type").aggregate([([], "count_all")]).to_pylist():
                counts[month, collection.name, row["type"] or "?"] = row["count_all"]
    return counts
