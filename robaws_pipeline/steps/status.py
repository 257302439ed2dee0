"""Where a company stands: its months, what is held and why, how current it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from robaws_pipeline import fields
from robaws_pipeline.reasons import describe
from robaws_pipeline.schema import STATES
from robaws_pipeline.steps import outside
from robaws_pipeline.steps.stale import loaded_months, stale_months
from robaws_pipeline.steps.workspace import Workspace

STATE_NAMES = ("exported", "held", "draft", "deleted")


@dataclass(frozen=True, slots=True)
class Row:
    """The documents of one month, collection and type: how many in each state; totals of the exported ones."""

    month: str
    collection: str
    type: str
    counts: dict[str, int]
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A held document with its reasons: code, and sentence."""

    month: str
    collection: str
    id: str
    number: str | None
    gross: Decimal | None
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Status:
    """One company. `complete_to`: the moment, by Robaws's clock, up to which what we hold is complete."""

    company: str
    loaded: tuple[str, ...]
    stale: tuple[str, ...]
    complete_to: dict[str, datetime | None]
    rows: tuple[Row, ...]
    held: tuple[HeldDocument, ...]
    outside: dict[str, int]
    """Months that the books do not have (before `start`, or too far ahead: perhaps a typing error) → documents that
    we hold in them. They are in ``outside.csv`` and in no other export."""

    def as_json(self) -> dict[str, Any]:
        """Plain values; amounts as text with two decimals."""
        return {
            "loaded": list(self.loaded),
            "stale": list(self.stale),
            "complete_to": {name: moment and moment.isoformat() for name, moment in self.complete_to.items()},
            "months": [
                {
                    "month": row.month,
                    "collection": row.collection,
                    "type": row.type,
                    **row.counts,
                    "net": f"{row.net:.2f}",
                    "vat": f"{row.vat:.2f}",
                    "gross": f"{row.gross:.2f}",
                }
                for row in self.rows
            ],
            "held": [
                {
                    "month": document.month,
                    "collection": document.collection,
                    "id": document.id,
                    "number": document.number,
                    "gross": None if document.gross is None else f"{document.gross:.2f}",
                    "reasons": [{"code": code, "text": text} for code, text in document.reasons],
                }
                for document in self.held
            ],
            "outside": dict(self.outside),
        }


def status(workspace: Workspace, months: Sequence[str] | None = None) -> Status:
    """Read where a company stands; `months` limits which documents are shown, not what counts as loaded or stale."""
    loaded = loaded_months(workspace)
    documents = [row for month in loaded if months is None or month in months for row in _states(workspace, month)]
    return Status(
        company=workspace.key,
        loaded=tuple(loaded),
        stale=tuple(stale_months(workspace, loaded)),
        complete_to={
            collection.name: workspace.coverage.since(collection.name, loaded) if loaded else None
            for collection in fields.DOCUMENTS
        },
        rows=tuple(_rows(documents)),
        held=tuple(
            HeldDocument(
                document["month"],
                document["collection"],
                document["document_id"],
                document["number"],
                document["gross"],
                tuple(
                    (reason["code"], describe(reason["code"], reason["detail"], workspace.company.language))
                    for reason in document["reasons"]
                ),
            )
            for document in documents
            if document["state"] == "held"
        ),
        outside=outside.outside(workspace),
    )


def _states(workspace: Workspace, month: str) -> list[dict[str, Any]]:
    columns = ["month", "collection", "type", "document_id", "number", "state", "reasons", "net", "vat", "gross"]
    found: list[dict[str, Any]] = workspace.tables.read(STATES, month, columns).to_pylist()
    return found


def _rows(documents: Iterable[dict[str, Any]]) -> Iterable[Row]:
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for document in documents:
        key = (document["month"], document["collection"], document["type"] or "?")
        groups.setdefault(key, []).append(document)
    # Sales before purchases, invoices before credit notes.
    order = {name: position for position, name in enumerate([*fields.DOCUMENT_TYPES, "sales", "purchases"])}
    for key in sorted(groups, key=lambda key: (key[0], order.get(key[1], 9), order.get(key[2], 9), key[2])):
        group = groups[key]
        exported = [document for document in group if document["state"] == "exported"]
        yield Row(
            *key,
            counts={name: sum(document["state"] == name for document in group) for name in STATE_NAMES},
            net=sum((document["net"] for document in exported), Decimal(0)),
            vat=sum((document["vat"] or Decimal(0) for document in exported), Decimal(0)),
            gross=sum((document["gross"] for document in exported), Decimal(0)),
        )
