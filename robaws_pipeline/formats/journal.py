"""The journal as spreadsheets: every accountant can read it, every program with a column mapping can import it.

``docs/formats/journal.md`` describes each column; a test holds it to what is written here.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.lookups import document_keys, in_order, keys_of_parties, lookup, parties_of, party_keys
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.schema import MONEY
from robaws_pipeline.settings import Company

CURRENCY = "EUR"
"""Documents in another currency are held by the books."""


def _constant(value: str, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), length)


def _communication(references: Any) -> Any:
    """Structured communications between asterisks, the other form that banks accept: plus signs would begin a formula,
    and the guard against those would change the reference."""
    return pc.replace_substring_regex(references, r"^\+{3}(\d{3}/\d{4}/\d{5})\+{3}$", r"***\1***")


def journal_columns(books: MonthBooks) -> Columns:
    """One row a posting: documents in the order of their journal, the postings of a document together."""
    rows = in_order(books.postings, "journal", "date", "number", "collection", "document_id", "posting_no")
    entry = document_keys(rows)
    amount, zero = rows["amount"], pa.scalar(0, MONEY)
    code, codes = rows["party_code"], books.parties["code"]
    return {
        "entry": entry,
        "collection": rows["collection"],
        "journal": rows["journal"],
        "type": rows["type"],
        "number": rows["number"],
        "supplier_number": lookup(entry, document_keys(books.documents, "id"), books.documents["supplier_number"]),
        "date": rows["date"],
        "booking_date": rows["booking_date"],
        "due_date": rows["due_date"],
        "posting": rows["posting_no"],
        "account": rows["account"],
        "account_name": rows["account_name"],
        "party_code": code,
        "party_name": pc.coalesce(
            lookup(code, codes, books.parties["name"]),
            lookup(entry, document_keys(books.states), books.states["party_name"]),
        ),
        "party_vat_number": lookup(code, codes, books.parties["vat_number"]),
        "description": rows["description"],
        "debit": pc.max_element_wise(amount, zero),
        "credit": pc.max_element_wise(pc.cast(pc.negate(amount), MONEY), zero),
        "currency": _constant(CURRENCY, len(rows)),
        "kind": rows["kind"],
        "treatment": rows["treatment"],
        "vat_rate": rows["rate"],
        "vat_base": rows["vat_base"],
        "project": rows["project_id"],
        "activity": rows["activity_id"],
        "payment_reference": _communication(rows["payment_reference"]),
        "line": rows["line_no"],
        "document_id": rows["document_id"],
    }


def documents_columns(books: MonthBooks) -> Columns:
    """One row an exported document, amounts as Robaws shows them, credit notes negative."""
    rows = in_order(books.exported, "collection", "type", "date", "number", "document_id")
    entry = document_keys(rows)
    documents, document = books.documents, document_keys(books.documents, "id")
    first = books.postings.filter(pc.equal(books.postings["posting_no"], 1))
    parties = books.parties
    party, known = party_keys(rows), keys_of_parties(parties)
    original = pc.binary_join_element_wise(rows["collection"], lookup(entry, document, documents["original_id"]), "-")
    return {
        "entry": entry,
        "collection": rows["collection"],
        "journal": lookup(entry, document_keys(first), first["journal"]),
        "type": rows["type"],
        "number": rows["number"],
        "supplier_number": lookup(entry, document, documents["supplier_number"]),
        "client_reference": lookup(entry, document, documents["client_reference"]),
        "original_number": lookup(original, document_keys(books.originals, "id"), books.originals["number"]),
        "date": rows["date"],
        "due_date": lookup(entry, document, documents["due_date"]),
        "party_code": pc.coalesce(
            lookup(party, known, parties["code"]),
            lookup(entry, document_keys(first), first["party_code"]),
        ),
        "party_name": pc.coalesce(lookup(party, known, parties["name"]), rows["party_name"]),
        "party_vat_number": lookup(party, known, parties["vat_number"]),
        "net": rows["net"],
        "vat": rows["vat"],
        "gross": rows["gross"],
        "currency": _constant(CURRENCY, len(rows)),
        "payment_reference": _communication(lookup(entry, document, documents["payment_reference"])),
        "document_id": rows["document_id"],
    }


def parties_columns(books: MonthBooks) -> Columns:
    """One row a customer or supplier of this month's exported documents."""
    rows = in_order(parties_of(books.exported, books.parties), "kind", "code")
    conditions = books.payment_conditions
    names = ("code", "kind", "number", "name", "vat_number", "street", "street_2", "postal_code", "city", "country")
    return {
        **{name: rows[name] for name in names},
        "email": rows["email"],
        "language": rows["language"],
        "iban": rows["iban"],
        "bic": rows["bic"],
        "payment_condition": lookup(rows["payment_condition_id"], conditions["id"], conditions["name"]),
        "party_id": rows["id"],
    }


def vat_recap_columns(books: MonthBooks) -> Columns:
    """One row for each collection, type, treatment and rates; amounts signed by type (credit notes negative)."""
    entry = document_keys(books.vat)
    kind = lookup(entry, document_keys(books.states), books.states["type"])
    keys = ["collection", "type", "treatment", "rate", "self_assessed_rate"]
    sums = (
        books.vat.append_column("type", kind)
        .append_column("entry", entry)
        .group_by(keys)
        .aggregate([("entry", "count_distinct"), ("base", "sum"), ("vat", "sum"), ("self_assessed_vat", "sum")])
    )
    rows = in_order(sums, *keys)
    return {
        **{name: rows[name] for name in keys},
        "documents": rows["entry_count_distinct"],
        "base": rows["base_sum"],
        "vat": rows["vat_sum"],
        "self_assessed_vat": rows["self_assessed_vat_sum"],
    }


FILES = {
    "journal.csv": journal_columns,
    "documents.csv": documents_columns,
    "parties.csv": parties_columns,
    "vat_recap.csv": vat_recap_columns,
}
"""Every file of the format and what makes its columns."""


def _notes(books: MonthBooks) -> Iterator[str]:
    used, known = set(books.postings["party_code"].unique().to_pylist()), set(books.parties["code"].to_pylist())
    for code in sorted(code for code in used - known if code):
        yield f"party {code} is not among the clients and suppliers read from Robaws: parties.csv lacks it"


class JournalFormat:
    """CSV files for spreadsheets and for programs that map columns."""

    name = "journal"
    title = "Double-entry journal, documents, parties and VAT recap as CSV, for spreadsheets and column-mapped imports"

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: it needs no settings of its own."""
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        """Four files a month, also when there is nothing to book: a missing file would leave a doubt."""
        states = books.exported
        posted = set(document_keys(books.postings).unique().to_pylist())
        both, alone = ["journal.csv", "documents.csv"], ["documents.csv"]
        keys = zip(states["collection"].to_pylist(), states["document_id"].to_pylist(), strict=True)
        # A document of nothing but zeros has no postings: an amount of zero is no posting.
        documents = {key: both if "-".join(key) in posted else alone for key in keys}
        files = (ExportFile(path, csv_bytes(columns(books))) for path, columns in FILES.items())
        return Export(files, documents=documents, notes=list(_notes(books)))
