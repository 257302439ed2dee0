"""Entries that take back what was delivered, and entries that come in its place.

A reversal is the delivered document with its type turned round: a program that imports it sees an ordinary credit note
for an invoice (or the other way round), dated as the original, that refers to it. So no format needs to know of
reversals, and each applies its own rule for signs.
"""

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.deliveries.entries import Entries, with_column
from robaws_pipeline.settings import Journals

_AMOUNTS = {
    "states": ("net", "vat", "gross"),
    "vat": ("base", "vat", "self_assessed_vat", "deductible_vat"),
    "postings": ("amount", "vat_base"),
}
"""Columns that are signed by the type of the document. Those of documents and lines are as on paper."""


def _turned(types: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(types, "INVOICE"), "CREDIT_NOTE", "INVOICE")


def _journal(rows: pa.Table, journals: Journals) -> pa.ChunkedArray:
    """The journal of each posting's collection and type."""
    sales, invoice = pc.equal(rows["collection"], "sales"), pc.equal(rows["type"], "INVOICE")
    return pc.if_else(
        sales,
        pc.if_else(invoice, journals.sales, journals.sales_credit_notes),
        pc.if_else(invoice, journals.purchases, journals.purchase_credit_notes),
    )


def renamed(found: Entries, entry_ids: dict[tuple[str, str], str]) -> Entries:
    """The same documents under other ids, by (collection, id)."""

    def rename(name: str, rows: pa.Table) -> pa.Table:
        column = "id" if name == "documents" else "document_id"
        keys = zip(rows["collection"].to_pylist(), rows[column].to_pylist(), strict=True)
        return with_column(rows, column, pa.array([entry_ids.get(key, key[1]) for key in keys], pa.string()))

    return found.each(rename)


def reversed_entries(found: Entries, journals: Journals, suffix: str) -> Entries:
    """What takes the documents back: ids, numbers and suppliers' numbers end in `suffix`, and `original_id` is the
    document."""

    def turn(name: str, rows: pa.Table) -> pa.Table:
        if name == "documents":
            rows = with_column(rows, "original_id", rows["id"])
        for column in ("id", "document_id", "number", "supplier_number"):
            # A line has no number, and its `document_id` is what `id` is on a document.
            if column in rows.schema.names:
                rows = with_column(rows, column, pc.binary_join_element_wise(rows[column], suffix, ""))
        if name != "lines" and "type" in rows.schema.names:
            rows = with_column(rows, "type", _turned(rows["type"]))
        if name == "postings":
            rows = with_column(rows, "journal", _journal(rows, journals))
        for column in _AMOUNTS.get(name, ()):
            rows = with_column(rows, column, pc.negate(rows[column]))
        return rows

    return found.each(turn)
