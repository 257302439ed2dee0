"""Numbers that somebody has to explain: gaps in our own, and numbers that are there twice.

Robaws says so and the books are right: nothing is held. Each is told at one document, the later one, in the company's
language; what is told of a month depends on the months before it too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb
import pyarrow as pa

from robaws_pipeline.queries import query
from robaws_pipeline.reasons import Language, phrases

Kind = Literal["number_gap", "duplicate_number", "duplicate_supplier_number"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be explained, and at which document."""

    kind: Kind
    month: str
    collection: str
    document_id: str
    number: str
    """The document's number in Robaws, else its id."""
    detail: str
    """What is strange about it, with the figures and the other documents, in the company's language."""


STATES_COLUMNS = ("month", "collection", "type", "document_id", "number", "date", "state", "gross")
"""The columns of `schema.STATES` that these questions ask for."""

DOCUMENTS_COLUMNS = ("month", "collection", "id", "type", "party_id", "date", "supplier_number")
"""Those of `schema.DOCUMENTS`."""


def number_gaps(states: pa.Table, language: Language) -> list[Finding]:
    """Sales numbers that are missing in their series, told at the document after the gap.

    The tax authority wants sales numbered without gaps, so somebody has to explain each.
    """
    return _ask("number_gap", "number_gaps", language, states=states)


def duplicate_numbers(states: pa.Table, language: Language) -> list[Finding]:
    """Documents that share their number with another one of the same collection and type, of any month; both told."""
    return _ask("duplicate_number", "duplicate_numbers", language, states=states)


def duplicate_supplier_numbers(documents: pa.Table, states: pa.Table, language: Language) -> list[Finding]:
    """Purchases with the supplier's number of an earlier one: the invoice that was entered twice."""
    tables = {"documents": documents, "states": states}
    return _ask("duplicate_supplier_number", "duplicate_supplier_numbers", language, **tables)


def all_findings(documents: pa.Table, states: pa.Table, language: Language) -> dict[str, tuple[Finding, ...]]:
    """Everything that is to be explained, by month; tables with the columns above, of all months."""
    found: dict[str, list[Finding]] = {}
    for finding in (
        *number_gaps(states, language),
        *duplicate_numbers(states, language),
        *duplicate_supplier_numbers(documents, states, language),
    ):
        found.setdefault(finding.month, []).append(finding)
    return {month: tuple(findings) for month, findings in found.items()}


def _ask(kind: Kind, question: str, language: Language, **tables: pa.Table) -> list[Finding]:
    """The rows of ``sql/<question>.sql``: month, collection, document_id, number, detail."""
    says: Mapping[str, str] = phrases(language)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return [
            Finding(kind, *row) for row in connection.execute(query(__package__, question), {"says": says}).fetchall()
        ]
