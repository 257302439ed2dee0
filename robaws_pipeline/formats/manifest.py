"""The manifest of a month: every document, what became of it, and the files with their sums.

``docs/formats/manifest.md`` describes each key. The same books and files give the same bytes.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.contract import COLLECTIONS
from robaws_pipeline.reasons import Language, describe
from robaws_pipeline.reasons import Reason as Explained

Manifest = dict[str, Any]
Reason = dict[str, str]
"""`code`, `detail` and the sentence they make, `text`."""

STATES = ("exported", "held", "draft", "deleted")
TYPES = ("INVOICE", "CREDIT_NOTE")
_ORDER = {name: position for position, name in enumerate(COLLECTIONS)}


def reason(code: str, detail: str, language: Language, own: Iterable[Explained] = ()) -> Reason:
    """A reason with its sentence; `own` are those of the format that gives it."""
    return {"code": code, "detail": detail, "text": describe(code, detail, language, own)}


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    texts: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return texts


def _reasons(column: pa.ChunkedArray, language: Language) -> list[list[Reason]]:
    """A list of its own for each document; only the few that have reasons are looked into."""
    rows: list[list[Reason]] = [[] for _ in range(len(column))]
    some = pc.indices_nonzero(pc.fill_null(pc.list_value_length(column), 0))
    for index, items in zip(some.to_pylist(), column.take(some).to_pylist(), strict=True):
        rows[index] = [reason(item["code"], item["detail"] or "", language) for item in items]
    return rows


def document_rows(states: pa.Table, language: Language) -> list[dict[str, Any]]:
    """A dictionary for every document of the month, in every state: sales first, then by date, number and id.

    The sentences of their reasons are in `language`.
    """
    columns = {
        "collection": states["collection"].to_pylist(),
        "id": states["document_id"].to_pylist(),
        "number": states["number"].to_pylist(),
        "type": states["type"].to_pylist(),
        "date": _texts(states["date"]),
        "party": states["party_name"].to_pylist(),
        "state": states["state"].to_pylist(),
        "reasons": _reasons(states["reasons"], language),
        "hash": states["hash"].to_pylist(),
        "net": _texts(states["net"]),
        "vat": _texts(states["vat"]),
        "gross": _texts(states["gross"]),
    }
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    rows.sort(key=lambda row: (_ORDER[row["collection"]], row["date"] or "", row["number"] or "", row["id"]))
    return rows


def _sum(amounts: Iterator[str | None]) -> str:
    return f"{sum((Decimal(amount) for amount in amounts if amount is not None), Decimal('0.00')):.2f}"


def totals(rows: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Count and sums per collection, type and state. Documents without an amount count and add nothing.

    Both types and all states are always there, so a zero can be told from something forgotten; a type that Robaws
    made up comes beside them.
    """
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {
        (collection, kind, state): [] for collection in COLLECTIONS for kind in TYPES for state in STATES
    }
    for row in rows:
        groups.setdefault((row["collection"], row["type"] or "", row["state"]), []).append(row)
    result: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for (collection, kind, state), members in groups.items():
        result.setdefault(collection, {}).setdefault(kind, {})[state] = {
            "count": len(members),
            **{name: _sum(row[name] for row in members) for name in ("net", "vat", "gross")},
        }
    return result


def journal_totals(postings: pa.Table) -> dict[str, Any]:
    """Control totals of the journal: number of postings, sum of debits and of credits, both without sign."""
    amounts = postings["amount"]

    def total(side: Any) -> str:
        return f"{abs(pc.sum(amounts.filter(side), min_count=0).as_py()):.2f}"

    return {
        "postings": len(postings),
        "debit": total(pc.greater(amounts, pa.scalar(0, amounts.type))),
        "credit": total(pc.less(amounts, pa.scalar(0, amounts.type))),
    }


def begin(books: MonthBooks, inputs: str, code: str) -> Manifest:
    """The manifest before any format has written: the month, its documents and totals; keys in their final order."""
    rows = document_rows(books.states, books.company.language)
    for row in rows:
        row.update(files=[], formats_held={})
    return {
        "company": books.key,
        "name": books.company.name,
        "month" if books.period.span == "month" else "period": books.period.name,
        "currency": "EUR",
        "inputs": inputs,
        "code": code,
        "not_read": list(books.not_read),
        "documents": rows,
        "totals": totals(rows),
        "journal": journal_totals(books.postings),
        "formats": {},
        "files": {},
    }


def _written(value: Any, indent: str = "") -> str:
    """JSON with one line for each object that holds a plain value: a document, a file, a total."""
    if not value or not isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    members = value.values() if isinstance(value, dict) else value
    if indent and not all(isinstance(member, dict | list) for member in members):
        return msgspec.json.encode(value).decode()
    inner = indent + "  "
    lines = [_written(member, inner) for member in members]
    opening, closing = "[", "]"
    if isinstance(value, dict):
        opening, closing = "{", "}"
        lines = [f"{msgspec.json.encode(key).decode()}: {line}" for key, line in zip(value, lines, strict=True)]
    return opening + "\n" + inner + f",\n{inner}".join(lines) + "\n" + indent + closing


def encode(manifest: Manifest) -> bytes:
    """The manifest as UTF-8 JSON, one document and one file a line, so that a comparison shows what changed."""
    return f"{_written(manifest)}\n".encode()
