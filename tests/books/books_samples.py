"""Small tables to keep books of: every name invented, every default a clean document."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from robaws_pipeline import schema
from robaws_pipeline.books import Books
from robaws_pipeline.settings import Company

Row = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]


class Keep(Protocol):
    """Keeps the books of rows with the sample parties and accounts."""

    def __call__(self, documents: Rows, lines: Rows, company: Company = ...) -> Books: ...


COMPANY = Company.model_validate(
    {
        "name": "Voorbeeld Installaties BV",
        "api_key_env": "KEY",
        "api_secret_env": "SECRET",
        "start": "2026-01",
        "closed": [{"until": "2025-12", "on": "2026-01-31"}],
        "vat_number": "BE0999000129",
        "address": {"line": "Proefstraat 1", "postal_code": "9000", "city": "Gent"},
        "accounts": {
            "customers": "400000",
            "suppliers": "440000",
            "vat_due": "451000",
            "vat_deductible": "411000",
            "self_assessed_due": "451056",
            "rounding": "658000",
        },
        "vat_tariffs": {
            "9": {"treatment": "standard", "rate": Decimal(21)},
            "verlegd zonder tarief": {"treatment": "reverse_charge"},
        },
    }
)


def with_defaults(sales: str | None = None, purchases: str | None = None) -> Company:
    """The company with default accounts."""
    accounts = COMPANY.accounts.model_copy(update={"default_sales": sales, "default_purchases": purchases})
    return COMPANY.model_copy(update={"accounts": accounts})


def table(kind: schema.Table, rows: Rows) -> pa.Table:
    """Rows as an Arrow table; a key that is no column is a mistake in the test."""
    rows = list(rows)
    names = {column.name for column in kind.columns}
    unknown = {key for row in rows for key in row} - names
    assert not unknown, unknown
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows], schema=kind.schema)


PARTIES = table(
    schema.PARTIES,
    [
        {"kind": "client", "id": "1", "code": "C1", "name": "Bouw Peeters BV", "vat_number": "BE0999000129"},
        {"kind": "client", "id": "2", "code": "C2", "name": "Jan Janssens"},
        {"kind": "client", "id": "3", "code": "C3", "name": "Dakwerk Zeeland BV", "vat_number": "NL 8200.98.395.B01"},
        {"kind": "client", "id": "4", "code": "C4", "name": "Fout Nummer SARL", "vat_number": "FR 12 345 678 901"},
        {"kind": "client", "id": "5", "code": "C5", "name": "Zonder Nummer NV", "vat_number": "geen"},
        {"kind": "client", "id": "6", "code": "C6", "name": "Belfast Build Ltd", "vat_number": "XI 980 7806 84"},
        {"kind": "client", "id": "7", "code": "C7", "name": "Marketplace Ltd", "vat_number": "EU372022452"},
        {"kind": "client", "id": "8", "code": "C8", "name": "Webwinkel BV", "gl_account_id": "71"},
        {"kind": "supplier", "id": "1", "code": "S1", "name": "Groothandel Noord NV", "vat_number": "BE0999000129"},
        {"kind": "supplier", "id": "8", "code": "S8", "name": "Onderaannemer Zuid BV"},
    ],
)

GL_ACCOUNTS = table(
    schema.GL_ACCOUNTS,
    [
        {"id": "70", "code": "700000", "name": "Werken"},
        {"id": "71", "code": "701000", "name": "Goederen"},
        {"id": "60", "code": "604000", "name": "Aankoop materiaal"},
        {"id": "40", "code": "400000", "name": "Klanten"},
    ],
)


def document(
    id_: str = "1", net: str = "100.00", vat: str | None = "21.00", gross: str = "121.00", **other: Any
) -> Row:
    """A sales invoice to client 1; amounts as text."""
    row: Row = {
        "collection": "sales",
        "id": id_,
        "month": "2026-03",
        "type": "INVOICE",
        "number": f"2026-{id_}",
        "date": date(2026, 3, 10),
        "due_date": date(2026, 4, 9),
        "party_id": "1",
        "currency": "EUR",
        "payment_reference": "+++123/4567/89002+++",
        "net": Decimal(net),
        "vat": None if vat is None else Decimal(vat),
        "gross": Decimal(gross),
        "hash": f"hash-{id_}",
        "deleted": False,
        "problems": [],
    }
    return row | other


def line(net: str | None = "100.00", tariff: str | None = "21", id_: str = "1", no: int = 1, **other: Any) -> Row:
    """A line of document `id_` on account 700000; the tariff by name."""
    row: Row = {
        "collection": "sales",
        "document_id": id_,
        "month": "2026-03",
        "line_no": no,
        "type": "LINE",
        "description": f"Post {no}",
        "net": None if net is None else Decimal(net),
        "vat_tariff_name": tariff,
        "gl_account_id": "70",
        "gl_account_code": "700000",
        "gl_account_name": "Werken",
    }
    return row | other


def documents_of(rows: Rows) -> pa.Table:
    """`schema.DOCUMENTS`."""
    return table(schema.DOCUMENTS, rows)


def lines_of(rows: Rows) -> pa.Table:
    """`schema.LINES`."""
    return table(schema.LINES, rows)


def entry(books: Books, id_: str = "1", collection: str = "sales") -> list[tuple[str, str, str]]:
    """Kind, account and amount of each posting of a document, in order."""
    return [
        (row["kind"], row["account"], str(row["amount"]))
        for row in books.postings.to_pylist()
        if (row["collection"], row["document_id"]) == (collection, id_)
    ]


def state(books: Books, id_: str = "1", collection: str = "sales") -> Row:
    """A document's row in the states; it has to be there once."""
    (row,) = (row for row in books.states.to_pylist() if (row["collection"], row["document_id"]) == (collection, id_))
    return dict(row)


def reasons(books: Books, id_: str = "1", collection: str = "sales") -> dict[str, str]:
    """Code → detail of a held document."""
    return {reason["code"]: reason["detail"] for reason in state(books, id_, collection)["reasons"]}
