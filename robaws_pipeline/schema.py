"""The tables of the lake: names, Arrow types and what each column means.

Every floor agrees on these. The comments end up in ``warehouse.duckdb``, so they are written for the analyst who
opens it. Amounts *received* keep ten decimals (`AMOUNT`): Robaws calculates in binary doubles, so 131.4 may arrive as
131.39999999999998, and ten decimals, half up, remove that noise without touching a real digit. Amounts *booked* have
two (`MONEY`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

AMOUNT = pa.decimal128(28, 10)
"""An amount, price or quantity as Robaws gave it."""

MONEY = pa.decimal128(18, 2)
"""An amount in the books: euro, two decimals."""

RATE = pa.decimal128(7, 4)
"""A percentage: 21 is twenty-one percent."""

INSTANT = pa.timestamp("us", tz="UTC")

REASON = pa.struct([("code", pa.string()), ("detail", pa.string())])
"""Why a document is held: a code of `robaws_pipeline.reasons`, and the figures or names that fill its sentence, in the
company's language."""

PROBLEM = pa.struct(
    [
        ("code", pa.string()),
        ("line", pa.int32()),
        ("key", pa.string()),
        ("found", pa.string()),
        ("expected", pa.string()),
    ]
)
"""What could not be read: the code of the reason it is, the line it is on (from 1, none for the header), Robaws's key
(none for the whole object), the JSON found, and what was expected: date, number, text, list or object."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Arrow type, what it means."""

    name: str
    type: pa.DataType
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake; `monthly` ones are a Parquet file a month, the others a single file."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    monthly: bool = True

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, columns in order."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    def table(self, columns: Mapping[str, Any]) -> pa.Table:
        """An Arrow table of this schema from one list or Arrow column a name."""
        arrow = (pa.Array, pa.ChunkedArray)
        values = [columns[column.name] for column in self.columns]
        return pa.table(
            [
                value if isinstance(value, arrow) else pa.array(value, column.type)
                for value, column in zip(values, self.columns, strict=True)
            ],
            schema=self.schema,
        )

    def empty(self) -> pa.Table:
        """No rows, all columns."""
        return self.schema.empty_table()

    def as_today(self, rows: pa.Table, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows that an older version of this program wrote, as this one has them (or some columns of them): columns
        that it did not know are empty, and those that we know no more are gone."""
        schema = self.schema if columns is None else pa.schema([self.schema.field(name) for name in columns])
        if rows.schema.equals(schema):
            return rows
        there = set(rows.schema.names)
        values = [
            rows[field.name].cast(field.type) if field.name in there else pa.nulls(rows.num_rows, field.type)
            for field in schema
        ]
        return pa.table(values, schema=schema)


_COLLECTION = Column("collection", pa.string(), "'sales' or 'purchases'")
_DOCUMENT_ID = Column("document_id", pa.string(), "Robaws id of the document, unique within its collection")
_MONTH = Column("month", pa.string(), "accounting month, YYYY-MM: that of the document's date")

RAW = Table(
    "raw",
    "The raw log: one row a version of an object as Robaws showed it",
    (
        Column("collection", pa.string(), "sales, purchases, clients, suppliers, vat_tariffs, gl_accounts, …"),
        Column("id", pa.string(), "Robaws id"),
        Column("month", pa.string(), "accounting month of a document; empty for parties and reference lists"),
        Column("type", pa.string(), "INVOICE or CREDIT_NOTE as received; empty for parties and reference lists"),
        Column("date", pa.string(), "document date as received"),
        Column("party_id", pa.string(), "client or supplier of a document"),
        Column("updated_at", INSTANT, "updatedAt as Robaws gave it"),
        Column("fetched_at", INSTANT, "when this version was received"),
        Column("deleted", pa.bool_(), "true: Robaws no longer lists it; json keeps the last content"),
        Column("hash", pa.string(), "BLAKE2b-128 of json, hexadecimal"),
        Column("json", pa.binary(), "the object's JSON exactly as received"),
    ),
)

REFERENCES = (
    Column("order_reference", pa.string(), "the buyer's order number; with the next six, from extra fields by setting"),
    Column("contract_reference", pa.string(), "number of the contract or tender"),
    Column("project_reference", pa.string(), "number or name of the project or site"),
    Column("delivered", pa.date32(), "day of delivery or completion"),
    Column("period_from", pa.date32(), "first day of the period that is invoiced"),
    Column("period_to", pa.date32(), "last day of the period that is invoiced"),
    Column("credited", pa.string(), "credit notes: numbers of the invoices credited, commas between them"),
)
"""What a document refers to and Robaws has no field for that we know of."""

DOCUMENTS = Table(
    "documents",
    "Current version of every invoice and credit note, sales and purchases, whatever its state",
    (
        _COLLECTION,
        Column("id", pa.string(), "Robaws id, unique within the collection"),
        _MONTH,
        Column("type", pa.string(), "INVOICE or CREDIT_NOTE; anything else is held"),
        Column("number", pa.string(), "Robaws's number (logicId); none for a draft"),
        Column("supplier_number", pa.string(), "purchases: the number on the supplier's invoice"),
        Column("client_reference", pa.string(), "sales: the customer's reference or order number"),
        Column("date", pa.date32(), "document date; none when Robaws's text is not a date"),
        Column("due_date", pa.date32(), "due date"),
        Column("status", pa.string(), "the tenant's own status text; never decides anything"),
        Column("party_id", pa.string(), "client (sales) or supplier (purchases)"),
        Column("company_id", pa.string(), "Robaws company within the tenant"),
        Column("currency", pa.string(), "ISO 4217 code, EUR when Robaws gives none"),
        Column("payment_condition_id", pa.string(), "payment condition"),
        Column("payment_reference", pa.string(), "structured communication or payment reference"),
        Column("supplier_iban", pa.string(), "purchases: bank account to pay"),
        Column("original_id", pa.string(), "credit notes: the invoice credited, when Robaws links it"),
        Column("pdf_id", pa.string(), "Robaws document id of the PDF"),
        *REFERENCES,
        Column("net", AMOUNT, "total excluding VAT as Robaws shows it, unsigned"),
        Column("vat", AMOUNT, "VAT as Robaws shows it, unsigned"),
        Column("gross", AMOUNT, "total including VAT as Robaws shows it, unsigned"),
        Column("created_at", INSTANT, "when it was made in Robaws"),
        Column("updated_at", INSTANT, "updatedAt of this version"),
        Column("hash", pa.string(), "hash of this version's JSON"),
        Column("deleted", pa.bool_(), "true: no longer in Robaws"),
        Column("problems", pa.list_(PROBLEM), "what could not be read from the JSON"),
    ),
)

LINES = Table(
    "lines",
    "Lines of the documents: adjustedLineItems of sales (discounts worked in), lineItems of purchases",
    (
        _COLLECTION,
        _DOCUMENT_ID,
        _MONTH,
        Column("line_no", pa.int32(), "position on the document, from 1"),
        Column("line_id", pa.string(), "Robaws id of the line"),
        Column("type", pa.string(), "LINE carries an amount; TEXT and others are for reading only"),
        Column("description", pa.string(), "text of the line"),
        Column("article_id", pa.string(), "article"),
        Column("project_id", pa.string(), "project; the cost centre"),
        Column("activity_id", pa.string(), "activity; the cost unit"),
        Column("quantity", AMOUNT, "quantity"),
        Column("unit", pa.string(), "unit as typed in Robaws"),
        Column("price", AMOUNT, "unit price excluding VAT"),
        Column("discount", AMOUNT, "percentage that the price is before; 0 or none when it is worked into it"),
        Column("net", AMOUNT, "line total excluding VAT, unsigned; negative for a line that takes off"),
        Column("vat_tariff_id", pa.string(), "VAT tariff"),
        Column("vat_tariff_name", pa.string(), "name of the VAT tariff"),
        Column("vat_percentage", AMOUNT, "percentage of the VAT tariff as Robaws shows it"),
        Column("gl_account_id", pa.string(), "general ledger account"),
        Column("gl_account_code", pa.string(), "code of the general ledger account"),
        Column("gl_account_name", pa.string(), "name of the general ledger account"),
    ),
)

PARTIES = Table(
    "parties",
    "Clients and suppliers as they are now",
    (
        Column("kind", pa.string(), "'client' or 'supplier'"),
        Column("id", pa.string(), "Robaws id, unique within the kind"),
        Column("code", pa.string(), "code in the journal: C or S and the Robaws id; never changes meaning"),
        Column("number", pa.string(), "Robaws's own client or supplier number, when there is one"),
        Column("name", pa.string(), "name"),
        Column("vat_number", pa.string(), "VAT number as typed in Robaws"),
        Column("email", pa.string(), "e-mail address, that for invoices first"),
        Column("phone", pa.string(), "telephone number"),
        Column("language", pa.string(), "language code"),
        Column("street", pa.string(), "invoice address when there is one, else the address: line 1"),
        Column("street_2", pa.string(), "address line 2"),
        Column("postal_code", pa.string(), "postal code"),
        Column("city", pa.string(), "city"),
        Column("country", pa.string(), "country as typed in Robaws: an ISO code or a name"),
        Column("iban", pa.string(), "suppliers: bank account"),
        Column("bic", pa.string(), "suppliers: BIC"),
        Column("payment_condition_id", pa.string(), "default payment condition"),
        Column("gl_account_id", pa.string(), "default general ledger account"),
        Column("vat_tariff_id", pa.string(), "default VAT tariff"),
    ),
    monthly=False,
)

VAT_TARIFFS = Table(
    "vat_tariffs",
    "VAT tariffs as defined in Robaws",
    (
        Column("id", pa.string(), "Robaws id"),
        Column("name", pa.string(), "name, which tells what the tariff means; several have 0 %"),
        Column("percentage", AMOUNT, "percentage"),
    ),
    monthly=False,
)

GL_ACCOUNTS = Table(
    "gl_accounts",
    "General ledger accounts as defined in Robaws",
    (
        Column("id", pa.string(), "Robaws id"),
        Column("code", pa.string(), "account number"),
        Column("name", pa.string(), "account name"),
    ),
    monthly=False,
)

PAYMENT_CONDITIONS = Table(
    "payment_conditions",
    "Payment conditions as defined in Robaws",
    (Column("id", pa.string(), "Robaws id"), Column("name", pa.string(), "text on the invoice")),
    monthly=False,
)

STATES = Table(
    "states",
    "Where every document ended: exported, held, draft or deleted; amounts signed by type (credit notes negative)",
    (
        _COLLECTION,
        _DOCUMENT_ID,
        _MONTH,
        Column("number", pa.string(), "Robaws's number"),
        Column("type", pa.string(), "INVOICE or CREDIT_NOTE"),
        Column("date", pa.date32(), "document date"),
        Column("booking_date", pa.date32(), "document date; the first open day when it came after a closing"),
        Column("party_id", pa.string(), "client or supplier"),
        Column("party_name", pa.string(), "its name"),
        Column("state", pa.string(), "'exported', 'held', 'draft' or 'deleted'"),
        Column("reasons", pa.list_(REASON), "why it is held; empty otherwise"),
        Column("net", MONEY, "excluding VAT, as Robaws shows it; none when Robaws gives none"),
        Column("vat", MONEY, "VAT; none when Robaws gives none"),
        Column("gross", MONEY, "including VAT; none when Robaws gives none"),
        Column("hash", pa.string(), "hash of the version"),
    ),
)

VAT = Table(
    "vat",
    "VAT of each exported document by treatment and rate, purchases also by what was bought and what may be deducted; "
    "amounts signed by type (credit notes negative)",
    (
        _COLLECTION,
        _DOCUMENT_ID,
        _MONTH,
        Column("treatment", pa.string(), "what the tariff means for the books, e.g. standard or reverse_charge"),
        Column("rate", RATE, "rate charged on the document"),
        Column("self_assessed_rate", RATE, "rate we owe and deduct ourselves; 0 when none"),
        Column("base", MONEY, "taxable amount"),
        Column("vat", MONEY, "VAT charged: base × rate, rounded half up"),
        Column("self_assessed_vat", MONEY, "VAT due by ourselves: base × self-assessed rate"),
        Column("nature", pa.string(), "purchases: goods, services or investment"),
        Column("deductible", RATE, "purchases: percentage of the VAT that may be deducted"),
        Column("deductible_vat", MONEY, "purchases: VAT charged and self-assessed that is deducted; the rest is cost"),
    ),
)

POSTINGS = Table(
    "postings",
    "The journal: double-entry postings of every exported document; each document balances",
    (
        _COLLECTION,
        _DOCUMENT_ID,
        _MONTH,
        Column("posting_no", pa.int32(), "position in the entry, from 1"),
        Column("journal", pa.string(), "journal code of the settings"),
        Column("type", pa.string(), "INVOICE or CREDIT_NOTE"),
        Column("number", pa.string(), "Robaws's number"),
        Column("date", pa.date32(), "document date"),
        Column("booking_date", pa.date32(), "document date; the first open day when it came after a closing"),
        Column("due_date", pa.date32(), "due date, on the party's posting"),
        Column(
            "kind",
            pa.string(),
            "party, line, vat, not_deductible, self_assessed_due, self_assessed_deductible, rounding",
        ),
        Column("account", pa.string(), "general ledger account"),
        Column("account_name", pa.string(), "its name, when Robaws knows it"),
        Column("party_code", pa.string(), "customer or supplier, on every posting of the document"),
        Column("description", pa.string(), "text"),
        Column("amount", MONEY, "debit positive, credit negative; never zero"),
        Column("treatment", pa.string(), "VAT treatment of a line or VAT posting"),
        Column("rate", RATE, "VAT rate of a line or VAT posting"),
        Column("vat_base", MONEY, "VAT postings: taxable amount, signed by type (credit notes negative)"),
        Column("project_id", pa.string(), "cost centre"),
        Column("activity_id", pa.string(), "cost unit"),
        Column("payment_reference", pa.string(), "on the party's posting"),
        Column("line_no", pa.int32(), "document line it comes from"),
    ),
)

ARTICLES = Table(
    "articles",
    "Articles as they are now, those that the settings ask for; in no export",
    (
        Column("id", pa.string(), "Robaws id"),
        Column("number", pa.string(), "article number"),
        Column("name", pa.string(), "name"),
        Column("group_name", pa.string(), "name of the article's group"),
        Column("unit", pa.string(), "unit as typed in Robaws"),
        Column("sale_price", AMOUNT, "sale price of a unit, excluding VAT"),
        Column("cost_price", AMOUNT, "cost price of a unit, excluding VAT"),
        Column("sales_gl_account_id", pa.string(), "general ledger account of sales"),
        Column("purchase_gl_account_id", pa.string(), "general ledger account of purchases"),
        Column("vat_tariff_id", pa.string(), "VAT tariff"),
        Column("updated_at", INSTANT, "updatedAt of this version"),
    ),
    monthly=False,
)

EXTRA_FIELDS = Table(
    "extra_fields",
    "Fields that the company added in Robaws: a row each field of each document, party and article as it is now",
    (
        Column("collection", pa.string(), "'sales', 'purchases', 'clients', 'suppliers' or 'articles'"),
        Column("object_id", pa.string(), "Robaws id of the object, unique within its collection"),
        Column("month", pa.string(), "accounting month of a document, YYYY-MM; none for the others"),
        Column("name", pa.string(), "name of the field"),
        Column("group_name", pa.string(), "group of the field"),
        Column("type", pa.string(), "Robaws's type: TEXT, SELECT, DATE, DECIMAL, INTEGER, CHECKBOX, …"),
        Column("text", pa.string(), "value of a text, choice or link"),
        Column("date", pa.date32(), "value of a date"),
        Column("decimal", AMOUNT, "value of a decimal"),
        Column("integer", pa.int64(), "value of an integer"),
        Column("boolean", pa.bool_(), "value of a checkbox"),
        Column("unread", pa.string(), "JSON of a value that fits none of these columns"),
    ),
)
"""Monthly for documents; the parties' and articles' are in one more part (`lake.tables.WHOLE`)."""

TABLES = (
    *(DOCUMENTS, LINES, PARTIES, VAT_TARIFFS, GL_ACCOUNTS, PAYMENT_CONDITIONS, ARTICLES),
    *(EXTRA_FIELDS, STATES, VAT, POSTINGS),
)
"""What the warehouse holds; the raw log stays in Parquet."""

VERSION_COLUMNS = (
    Column("version", pa.int32(), "1 for the oldest version that we hold, and so on"),
    Column("valid_from", INSTANT, "updatedAt of the version; when Robaws gives none, the moment it was received"),
    Column("valid_to", INSTANT, "valid_from of the next version; none for the newest"),
    Column("deleted", pa.bool_(), "true: from valid_from on Robaws no longer has it; the rest is the last it had"),
)


def history(table: Table) -> Table:
    """The table that has every version of the objects of a table that is not monthly."""
    return Table(
        f"{table.name}_history",
        f"Every version that we received. {table.comment}",
        (*table.columns, *VERSION_COLUMNS),
        monthly=False,
    )


HISTORIES = tuple(history(table) for table in (PARTIES, VAT_TARIFFS, GL_ACCOUNTS, PAYMENT_CONDITIONS, ARTICLES))
"""What the warehouse holds besides: it depends on when we looked, and so is kept apart from the tables."""
