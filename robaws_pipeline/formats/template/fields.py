"""The fields that expressions are written over, for each kind of row; the SQL beside this file fills them."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.template.layout import Layout, Rows
from robaws_pipeline.queries import query
from robaws_pipeline.schema import MONEY, RATE

TEXT, DATE, WHOLE = pa.string(), pa.date32(), pa.int64()

TYPE_NAMES = {TEXT: "text", DATE: "date", WHOLE: "whole number", MONEY: "euro", RATE: "percentage"}
"""What the documentation calls a field's type."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, type and meaning."""

    name: str
    type: pa.DataType
    meaning: str


COMMON_FIELDS = (
    Field("company", TEXT, "the company's key in robaws.toml"),
    Field("company_name", TEXT, "its name"),
    Field("company_vat_number", TEXT, "its VAT number"),
    Field("period", TEXT, "what the file is about: a month, `2026-03`, a quarter, `2026-Q1`, or a year, `2026`"),
)
"""The same on every row of a file."""

_PARTY = (
    Field("party_code", TEXT, "customer or supplier in the journal: C or S and the Robaws id"),
    Field("party_number", TEXT, "Robaws's own client or supplier number"),
    Field("party_name", TEXT, "name"),
    Field("party_vat_number", TEXT, "VAT number as typed in Robaws"),
    Field("party_street", TEXT, "invoice address when there is one, else the address: line 1"),
    Field("party_street_2", TEXT, "line 2"),
    Field("party_postal_code", TEXT, "postal code"),
    Field("party_city", TEXT, "city"),
    Field("party_country", TEXT, "country as typed in Robaws: an ISO code or a name"),
    Field("party_email", TEXT, "e-mail address, that for invoices first"),
    Field("party_language", TEXT, "language code"),
    Field("party_iban", TEXT, "suppliers: bank account"),
    Field("party_bic", TEXT, "suppliers: BIC"),
)

DOCUMENT_FIELDS = (
    Field("entry", TEXT, "one key a document: collection and Robaws id"),
    Field("collection", TEXT, "`sales` or `purchases`"),
    Field("document_id", TEXT, "Robaws id, unique within its collection"),
    Field("journal", TEXT, "journal code of the settings; empty when all amounts are zero"),
    Field("type", TEXT, "`INVOICE` or `CREDIT_NOTE`"),
    Field("number", TEXT, "Robaws's number"),
    Field("supplier_number", TEXT, "purchases: the number on the supplier's invoice"),
    Field("client_reference", TEXT, "sales: the customer's reference or order number"),
    Field("original_number", TEXT, "credit notes: number of the invoice credited, when Robaws links it"),
    Field("original_date", DATE, "and its date"),
    Field("month", TEXT, "accounting month, `YYYY-MM`: that of the date"),
    Field("date", DATE, "document date"),
    Field("booking_date", DATE, "the date, or the first open day when the document came after a closing"),
    Field("due_date", DATE, "due date"),
    Field("payment_reference", TEXT, "structured communication or payment reference"),
    Field("payment_condition", TEXT, "payment condition in words"),
    Field("supplier_iban", TEXT, "purchases: bank account to pay"),
    Field("currency", TEXT, "always `EUR`"),
    Field("net", MONEY, "total excluding VAT"),
    Field("vat", MONEY, "VAT"),
    Field("gross", MONEY, "total including VAT"),
    *_PARTY,
)
"""Of every row that belongs to a document."""

POSTING_FIELDS = (
    Field("posting_no", WHOLE, "position in the entry, from 1"),
    Field("account", TEXT, "general ledger account"),
    Field("account_name", TEXT, "its name, when Robaws knows it"),
    Field("description", TEXT, "text"),
    Field("amount", MONEY, "signed as `amounts` says"),
    Field("debit", MONEY, "zero or more"),
    Field("credit", MONEY, "zero or more"),
    Field("side", TEXT, "`D` or `C`"),
    Field(
        "kind",
        TEXT,
        "`party`, `line`, `vat`, `not_deductible`, `self_assessed_due`, `self_assessed_deductible`, `rounding`",
    ),
    Field("treatment", TEXT, "VAT treatment of a line or VAT posting"),
    Field("rate", RATE, "VAT rate of a line or VAT posting"),
    Field("vat_base", MONEY, "VAT postings: taxable amount"),
    Field("project_id", TEXT, "project; the cost centre"),
    Field("activity_id", TEXT, "activity; the cost unit"),
    Field("line_no", WHOLE, "line of the document that it comes from"),
)

VAT_FIELDS = (
    Field("treatment", TEXT, "what the VAT tariff means for the books"),
    Field("rate", RATE, "rate charged"),
    Field("self_assessed_rate", RATE, "purchases: rate that the company owes and deducts itself"),
    Field("vat_base", MONEY, "taxable amount"),
    Field("vat_amount", MONEY, "VAT charged"),
    Field("self_assessed_vat", MONEY, "VAT that the company owes itself"),
    Field("nature", TEXT, "purchases: `goods`, `services` or `investment`"),
    Field("deductible", RATE, "purchases: percentage of the VAT that may be deducted"),
    Field("deductible_vat", MONEY, "purchases: VAT that is deducted"),
)

PARTY_FIELDS = (
    Field("party_kind", TEXT, "`client` or `supplier`"),
    Field("party_id", TEXT, "Robaws id, unique within its kind"),
    *_PARTY,
    Field("payment_condition", TEXT, "payment condition in words"),
)

COUNTING_FIELDS = (
    Field("row_no", WHOLE, "number of the row in its file, from 1"),
    Field("document_no", WHOLE, "number of the document (for `party` rows: of the party) in its file, from 1"),
)
"""For columns only: where and order decide which rows there are to count."""

OF_ROWS: Mapping[Rows, tuple[Field, ...]] = {
    "posting": (*COMMON_FIELDS, *DOCUMENT_FIELDS, *POSTING_FIELDS),
    "document": (*COMMON_FIELDS, *DOCUMENT_FIELDS),
    "vat": (*COMMON_FIELDS, *DOCUMENT_FIELDS, *VAT_FIELDS),
    "party": (*COMMON_FIELDS, *PARTY_FIELDS),
}
"""The fields of a kind of row."""

OF_FILE: Mapping[Rows, tuple[Field, ...]] = {
    rows: (*COMMON_FIELDS, *(PARTY_FIELDS if rows == "party" else DOCUMENT_FIELDS)) for rows in OF_ROWS
}
"""Those that are the same on all rows of a document or party, so that they may choose its file."""

TIES: Mapping[Rows, tuple[str, ...]] = {
    "posting": ("collection", "document_id", "posting_no"),
    "document": ("collection", "document_id"),
    "vat": ("collection", "document_id", "treatment", "rate", "self_assessed_rate", "nature", "deductible"),
    "party": ("party_kind", "party_id"),
}
"""What puts rows in one order after the user's own."""

ORDER: Mapping[Rows, tuple[str, ...]] = {
    "posting": ("journal", "date", "number"),
    "document": ("collection", "date", "number"),
    "vat": ("collection", "date", "number"),
    "party": ("party_kind", "party_code"),
}
"""The order when the user names none."""


def names(*groups: tuple[Field, ...]) -> dict[str, pa.DataType]:
    """Field name → type."""
    return {field.name: field.type for group in groups for field in group}


_SETTING = pa.schema(
    [(name, TEXT) for name in ("type", "company", "company_name", "company_vat_number", "period", "amounts")]
    + [("sign", pa.int32()), ("amount_sign", pa.int32()), ("collections", pa.list_(TEXT))]
)


def open_books(connection: duckdb.DuckDBPyConnection, books: MonthBooks, layout: Layout) -> None:
    """Make views `document` and `row` of the month: the exported documents, and the layout's rows, with all fields."""
    tables = ("documents", "states", "vat", "postings", "parties", "payment_conditions", "originals")
    for name in tables:
        connection.register(name, getattr(books, name))
    common = {
        "company": books.key,
        "company_name": books.company.name,
        "company_vat_number": books.company.vat_number,
        "period": books.period.name,
        "amounts": layout.amounts,
        "amount_sign": -1 if layout.amounts == "credit" else 1,
        "collections": list(layout.collections),
    }
    positive = layout.credit_notes == "positive"
    rows = [{**common, "type": "INVOICE", "sign": 1}, {**common, "type": "CREDIT_NOTE", "sign": -1 if positive else 1}]
    connection.register("setting", pa.Table.from_pylist(rows, schema=_SETTING))
    connection.execute(f"CREATE VIEW document AS {query(__package__, 'document')}")
    connection.execute(
        f"CREATE VIEW row AS {'FROM document' if layout.rows == 'document' else query(__package__, layout.rows)}"
    )
