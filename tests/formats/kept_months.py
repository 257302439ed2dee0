"""Months whose states, VAT and postings our own books made, and what every ledger file is compared with."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from months import months

from robaws_pipeline import schema
from robaws_pipeline.books.keep import keep_books
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.settings import Purchases

CARS = Purchases(deductible={"700": Decimal(50)})
"""The accounts of the samples as if half of their VAT were cost."""


def kept(books: MonthBooks) -> MonthBooks:
    """The month with the books that `keep_books` keeps of its documents, VAT half deductible."""
    company = books.company.model_copy(update={"purchases": CARS})
    made = keep_books(books.documents, books.lines, books.parties, schema.GL_ACCOUNTS.empty(), company)
    return replace(books, company=company, states=made.states, vat=made.vat, postings=made.postings)


every_month = months() | months(states=("exported",)).map(kept)
"""Generated months, as the samples book them and as the books do."""


def with_settings(books: MonthBooks, name: str, **settings: Any) -> MonthBooks:
    """The month of a company that has these settings for a format."""
    return replace(books, company=books.company.model_copy(update={"format": {name: settings}}))


def booked_on(books: MonthBooks, document_id: str, day: date) -> MonthBooks:
    """The month with one document that came late, and is booked on this day."""

    def late(table: pa.Table) -> pa.Table:
        rows = [row | ({"booking_date": day} if row["document_id"] == document_id else {}) for row in table.to_pylist()]
        return pa.Table.from_pylist(rows, schema=table.schema)

    return replace(books, states=late(books.states), postings=late(books.postings))


def exported(books: MonthBooks) -> set[tuple[str, str]]:
    """Collection and id of what the books export."""
    rows = books.states.to_pylist()
    return {(row["collection"], row["document_id"]) for row in rows if row["state"] == "exported"}


def posted(books: MonthBooks) -> Counter[tuple[str, str, Decimal]]:
    """Journal, account and amount of each posting."""
    return Counter((row["journal"], row["account"], row["amount"]) for row in books.postings.to_pylist())


def charged(books: MonthBooks) -> dict[tuple[str, str, Decimal], tuple[Decimal, Decimal]]:
    """Base and VAT by collection, treatment and rate, credit notes negative; what comes to nothing left out."""
    sums: dict[tuple[str, str, Decimal], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in books.vat.to_pylist():
        total = sums[row["collection"], row["treatment"], row["rate"].normalize()]
        total[0] += row["base"]
        total[1] += row["vat"]
    return {key: (base, vat) for key, (base, vat) in sums.items() if base or vat}
