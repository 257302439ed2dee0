"""The books of a month as Python rows, a document at a time: whole columns are converted, never cell by cell."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl.categories import Booked, booked_key
from robaws_pipeline.formats.ubl.document import Header, Month, Original, SourceLine
from robaws_pipeline.formats.ubl.parties import PartyRow

COLLECTION = "sales"

_ROWS_AT_ONCE = 10_000
_DOCUMENT = (
    "id", "type", "number", "date", "due_date", "currency", "party_id", "client_reference", "payment_condition_id",
    "payment_reference", "original_id",
)  # fmt: skip


def exported(books: MonthBooks) -> pa.Table:
    """The states of the sales documents that the books export, ordered by id."""
    mine = pc.and_(pc.equal(books.states["collection"], COLLECTION), pc.equal(books.states["state"], "exported"))
    return books.states.filter(mine).sort_by("document_id")


def month_of(books: MonthBooks) -> Month:
    """What the documents of the month share."""
    parties = books.parties.filter(pc.equal(books.parties["kind"], "client"))
    originals = books.originals.filter(pc.equal(books.originals["collection"], COLLECTION))
    return Month(
        company=books.company,
        parties={row[0]: PartyRow(*row[1:]) for row in _rows(parties, ("id", *PartyRow._fields))},
        payment_conditions=dict(_rows(books.payment_conditions, ("id", "name"))),
        originals={
            document_id: Original(number, day)
            for document_id, number, day in _rows(originals, ("id", "number", "date"))
            if number is not None
        },
    )


def documents(books: MonthBooks) -> Iterator[tuple[Header, list[SourceLine], dict[str, Booked]]]:
    """Each exported sales document with its lines and its booked VAT, ordered by id."""
    states = exported(books)
    ids = states["document_id"]
    headers = _rows(_of(books.documents, "id", ids).sort_by("id"), _DOCUMENT)
    lines = _by_document(
        _of(books.lines, "document_id", ids).sort_by([("document_id", "ascending"), ("line_no", "ascending")]),
        SourceLine._fields,
    )
    vat = _by_document(_of(books.vat, "document_id", ids).sort_by("document_id"), ("treatment", "rate", "base", "vat"))
    for (document_id, gross), row in zip(_rows(states, ("document_id", "gross")), headers, strict=True):
        header = Header._make((*row, gross))
        if header.id != document_id:
            raise ValueError(
                f"sales document {document_id} is in states and not once in documents: build the month again"
            )
        sign = -1 if header.type == "CREDIT_NOTE" else 1
        yield header, [SourceLine(*line) for line in lines(document_id)], _booked(vat(document_id), sign)


def _booked(rows: list[tuple[Any, ...]], sign: int) -> dict[str, Booked]:
    sums: dict[str, Booked] = {}
    for treatment, rate, base, vat in rows:
        key = booked_key(treatment, rate)
        before = sums.get(key)
        mine = Booked(sign * base, sign * vat)
        sums[key] = mine if before is None else Booked(before.base + mine.base, before.vat + mine.vat)
    return sums


def _of(table: pa.Table, column: str, ids: pa.ChunkedArray) -> pa.Table:
    return table.filter(pc.and_(pc.equal(table["collection"], COLLECTION), pc.is_in(table[column], value_set=ids)))


def _by_document(table: pa.Table, names: tuple[str, ...]) -> Callable[[str], list[tuple[Any, ...]]]:
    """A function that gives the rows of one document; to be asked in the order of ids, each once."""
    groups = groupby(_rows(table, ("document_id", *names)), key=itemgetter(0))
    waiting: list[tuple[str, list[tuple[Any, ...]]]] = []

    def take(document_id: str) -> list[tuple[Any, ...]]:
        if not waiting:
            for found, rows in groups:
                waiting.append((found, [row[1:] for row in rows]))
                break
        return waiting.pop()[1] if waiting and waiting[0][0] == document_id else []

    return take


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    for batch in table.select(names).to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from zip(*(_values(column) for column in batch.columns), strict=True)


def _values(column: pa.Array) -> list[Any]:
    """Python values of a column; decimals go by way of text, which is exact and twice as fast as cell by cell."""
    if not pa.types.is_decimal(column.type):
        values: list[Any] = column.to_pylist()
        return values
    return [None if digits is None else Decimal(digits) for digits in column.cast(pa.string()).to_pylist()]
