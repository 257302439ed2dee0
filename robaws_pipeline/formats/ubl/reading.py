"""The books of a month as Python rows, a document at a time: whole columns are converted, never cell by cell."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl.categories import Booked
from robaws_pipeline.formats.ubl.document import Header, Month, Original, SourceLine
from robaws_pipeline.formats.ubl.parties import PartyRow
from robaws_pipeline.formats.ubl.text import one_line

COLLECTION = "sales"

_ROWS_AT_ONCE = 10_000
_EPOCH = date(1970, 1, 1).toordinal()
_DOCUMENT = (
    "id", "type", "number", "date", "due_date", "currency", "party_id", "client_reference", "payment_condition_id",
    "payment_reference", "original_id",
)  # fmt: skip


def exported(books: MonthBooks) -> pa.Table:
    """The states of the sales documents that the books export, in the books' order."""
    sales = pc.equal(books.states["collection"], COLLECTION)
    return books.states.filter(pc.and_(sales, pc.equal(books.states["state"], "exported")))


def month_of(books: MonthBooks) -> Month:
    """What the documents of the month share."""
    parties = books.parties.filter(pc.equal(books.parties["kind"], "client"))
    originals = books.originals.filter(pc.equal(books.originals["collection"], COLLECTION))
    return Month(
        company=books.company,
        parties={row[0]: PartyRow(*row[1:]) for row in _rows(parties, ("id", *PartyRow._fields))},
        payment_conditions={
            condition: one_line(name) for condition, name in _rows(books.payment_conditions, ("id", "name"))
        },
        originals={
            document_id: Original(number, day)
            for document_id, typed, day in _rows(originals, ("id", "number", "date"))
            if (number := one_line(typed)) is not None
        },
    )


def documents(books: MonthBooks) -> Iterator[tuple[Header, list[SourceLine], dict[str, Booked]]]:
    """Each exported sales document with its lines and its booked VAT, in the books' order."""
    states = exported(books)
    ids = states["document_id"].combine_chunks()
    lines = _by_document(_cents(books.lines), ids, SourceLine._fields)
    vat = _by_document(_keyed(books.vat), ids, ("key", "base", "vat"))
    for row, gross in zip(_rows(_documents(books, ids), _DOCUMENT), _values(states["gross"]), strict=True):
        header = Header._make((*row, gross))
        sign = -1 if header.type == "CREDIT_NOTE" else 1
        yield header, list(map(SourceLine._make, next(lines))), _booked(next(vat), sign)


def _documents(books: MonthBooks, ids: pa.Array) -> pa.Table:
    """The documents of these ids, in their order."""
    sales = books.documents.filter(pc.equal(books.documents["collection"], COLLECTION))
    places = pc.index_in(ids, value_set=sales["id"].combine_chunks())
    if places.null_count:
        missing = ids.filter(pc.is_null(places))[0]
        raise ValueError(f"sales document {missing} is in states and not in documents: build the month again")
    return sales.take(places)


def _cents(lines: pa.Table) -> pa.Table:
    """The lines with their totals in cents, half up, as the books round them."""
    net = pc.round(lines["net"], 2, round_mode="half_towards_infinity").cast(pa.decimal128(28, 2))
    return lines.set_column(lines.schema.get_field_index("net"), "net", net)


def _keyed(vat: pa.Table) -> pa.Table:
    """The VAT rows with treatment and rate as `booked_key` writes them."""
    return vat.append_column("key", pc.binary_join_element_wise(vat["treatment"], vat["rate"].cast(pa.string()), " "))


def _booked(rows: list[tuple[Any, ...]], sign: int) -> dict[str, Booked]:
    if sign < 0:
        rows = [(key, -base, -vat) for key, base, vat in rows]
    sums = {key: (base, vat) for key, base, vat in rows}
    if len(sums) == len(rows):
        return sums
    # Rows that differ in what is self-assessed only: on a sales document that makes no difference.
    return {
        key: (sum(base for same, base, _ in rows if same == key), sum(vat for same, _, vat in rows if same == key))
        for key in sums
    }


def _by_document(table: pa.Table, ids: pa.Array, names: tuple[str, ...]) -> Iterator[list[tuple[Any, ...]]]:
    """For each id in turn the rows of that sales document, in the order of `line_no` where there is one."""
    place = pc.index_in(table["document_id"], value_set=ids)
    mine = table.append_column("place", place).filter(
        pc.and_(pc.equal(table["collection"], COLLECTION), pc.is_valid(place))
    )
    order = [(key, "ascending") for key in ("place", "line_no") if key in mine.column_names]
    mine = mine.sort_by(order)
    counts = dict(zip(*(part.to_pylist() for part in pc.value_counts(mine["place"]).flatten()), strict=True))
    rows = _rows(mine, names)
    for position in range(len(ids)):
        yield list(islice(rows, counts.get(position, 0)))


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    for batch in table.select(names).to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from zip(*(_values(column) for column in batch.columns), strict=True)


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Python values of a column. Decimals go by way of text and dates of day numbers, which is exact and a multiple of
    the speed of cell by cell."""
    if pa.types.is_decimal(column.type):
        return [None if digits is None else Decimal(digits) for digits in column.cast(pa.string()).to_pylist()]
    if pa.types.is_date32(column.type):
        days = column.cast(pa.int32()).to_pylist()
        return [None if day is None else date.fromordinal(_EPOCH + day) for day in days]
    values: list[Any] = column.to_pylist()
    return values
