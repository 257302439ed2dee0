"""corrections.csv: what the accountant corrects by hand, posting by posting, when corrections are reported."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.deliveries.entries import Entries
from robaws_pipeline.deliveries.kept import Kept
from robaws_pipeline.deliveries.manifest import Document
from robaws_pipeline.formats.spreadsheet import csv_bytes
from robaws_pipeline.schema import MONEY, RATE

AS_DELIVERED, AS_IT_IS = "as delivered", "as it is now"

_TEXTS = ("journal", "number", "type", "kind", "account", "account_name", "party_code", "description", "treatment")


def _postings(found: Entries) -> dict[tuple[str, str], list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found.postings.to_pylist():
        groups.setdefault((row["collection"], row["document_id"]), []).append(row)
    return groups


def _rows(documents: Sequence[Document], kept: Kept) -> Iterator[dict[str, Any]]:
    was, now = _postings(kept.was), _postings(kept.now)
    for document in documents:
        if document.was is None:
            continue
        told = {
            "collection": document.collection,
            "entry": f"{document.collection}-{document.was.entry}",
            "delivered_in": document.was.delivery,
            "what": document.action,
            "why": "; ".join(document.why),
            "party_name": document.party,
        }
        yield from ({**row, **told, "figures": AS_DELIVERED} for row in was.get(document.key, []))
        if document.action == "changed":
            yield from ({**row, **told, "figures": AS_IT_IS} for row in now.get(document.key, []))


def corrections(documents: Sequence[Document], kept: Kept) -> bytes:
    """Each corrected document: its postings as they were delivered, then as they are now (none when it was removed).

    The second less the first is what the accounts gain.
    """
    rows = list(_rows(documents, kept))

    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([row[name] for row in rows], kind)

    amount, zero = column("amount", MONEY), pa.scalar(0, MONEY)
    texts = {name: column(name, pa.string()) for name in _TEXTS}
    return csv_bytes(
        {
            "collection": column("collection", pa.string()),
            "entry": column("entry", pa.string()),
            "delivered_in": column("delivered_in", pa.int64()),
            "what": column("what", pa.string()),
            "why": column("why", pa.string()),
            "figures": column("figures", pa.string()),
            "date": column("date", pa.date32()),
            "booking_date": column("booking_date", pa.date32()),
            "party_name": column("party_name", pa.string()),
            **texts,
            "vat_rate": column("rate", RATE),
            "vat_base": column("vat_base", MONEY),
            "due_date": column("due_date", pa.date32()),
            "project": column("project_id", pa.string()),
            "activity": column("activity_id", pa.string()),
            "payment_reference": column("payment_reference", pa.string()),
            "debit": pc.max_element_wise(amount, zero),
            "credit": pc.max_element_wise(pc.cast(pc.negate(amount), MONEY), zero),
        }
    )
