"""The books of a month as Python rows, a document at a time: whole columns are converted, never cell by cell."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import islice, repeat, starmap
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl.categories import Booked
from robaws_pipeline.formats.ubl.model import Header, Original, References, SourceLine
from robaws_pipeline.formats.ubl.month import Collection, Month
from robaws_pipeline.formats.ubl.names import file_names
from robaws_pipeline.formats.ubl.parties import PartyRow
from robaws_pipeline.formats.ubl.settings import Booking, UblSettings
from robaws_pipeline.formats.ubl.text import one_line
from robaws_pipeline.schema import REFERENCES

_ROWS_AT_ONCE = 2_000
_EPOCH = date(1970, 1, 1).toordinal()
_DOCUMENT = (
    "id", "type", "number", "supplier_number", "date", "due_date", "currency", "party_id", "client_reference",
    "payment_condition_id", "payment_reference", "supplier_iban", "original_id",
)  # fmt: skip
_LINE: tuple[str, ...] = (
    "type", "description", "quantity", "unit", "price", "discount", "net", "vat_tariff_id", "vat_tariff_name",
)  # fmt: skip


SourceDocument = tuple[str, Header, list[SourceLine], dict[str, Booked]]
"""The name of a document's file, its header, its lines and its booked VAT by `booked_key`."""


def _named(exported: pa.Table) -> tuple[pa.Table, list[str]]:
    """The states of exported documents and the name of each one's file, in the order of the names.

    A document that is held for this format keeps its name, so that a later correction renames no other file.
    """
    ids = exported["document_id"].to_pylist()
    names = file_names(zip(ids, exported["number"].to_pylist(), strict=True))
    order = sorted(range(len(ids)), key=lambda position: names[ids[position]])
    return exported.take(pa.array(order, pa.int64())), [names[ids[position]] for position in order]


def month_of(books: MonthBooks, collection: Collection, settings: UblSettings) -> Month:
    """What the documents of the month share."""
    purchases = collection == "purchases"
    parties = books.parties.filter(pc.equal(books.parties["kind"], "supplier" if purchases else "client"))
    originals = books.originals.filter(pc.equal(books.originals["collection"], collection))
    number = "supplier_number" if purchases else "number"
    return Month(
        collection=collection,
        company=books.company,
        settings=settings,
        parties={row[0]: PartyRow(*row[1:]) for row in _rows(parties, ("id", *PartyRow._fields))},
        payment_conditions={
            condition: one_line(name) for condition, name in _rows(books.payment_conditions, ("id", "name"))
        },
        originals={
            document_id: Original(clean, day)
            for document_id, typed, day in _rows(originals, ("id", number, "date"))
            if (clean := one_line(typed)) is not None
        },
        references=_references(_of(books.documents, collection)),
    )


_NUMBERS = re.compile(r"[,;\n]")


def _references(documents: pa.Table) -> dict[str, References]:
    """What documents refer to, by their ids; most companies name no extra field for it."""
    names = tuple(column.name for column in REFERENCES)
    given = [documents[name].is_valid() for name in names if documents[name].null_count < len(documents)]
    if not given:
        return {}
    rows = _rows(documents.filter(reduce(pc.or_, given)), ("id", *names))
    return {
        id_: References(
            one_line(order), one_line(contract), one_line(project), delivered, first, last,
            tuple(number for part in _NUMBERS.split(credited or "") if (number := one_line(part))),
        )
        for id_, order, contract, project, delivered, first, last, credited in rows
    }  # fmt: skip


def documents(books: MonthBooks, collection: Collection, booking: Booking) -> Iterator[SourceDocument]:
    """Each exported document of a collection, in the order of the names; with how it is booked, as far as `booking`
    wants that told."""
    states, names = _named(_of(books.exported, collection))
    ids = states["document_id"].combine_chunks()
    lines, columns = _cents(books.lines), _LINE
    if booking.accounts or booking.cost_centres:
        lines, columns = _with_hints(lines, _of(books.postings, collection), booking), (*_LINE, "account", "project")
    lines_of = _by_document(lines, collection, ids, columns)
    vat_of = _by_document(_keyed(books.vat), collection, ids, ("key", "base", "vat"))
    journals = _journals(_of(books.postings, collection), ids) if booking.journal else repeat(None, len(ids))
    heads = _documents(books.documents, collection, ids)
    for name, row, gross, journal in zip(names, heads, _values(states["gross"]), journals, strict=True):
        header = Header._make((*row, gross, journal))
        sign = -1 if header.type == "CREDIT_NOTE" else 1
        yield name, header, list(starmap(SourceLine, next(lines_of))), _booked(next(vat_of), sign)


def _of(table: pa.Table, collection: Collection) -> pa.Table:
    return table.filter(pc.equal(table["collection"], collection))


def _documents(documents: pa.Table, collection: Collection, ids: pa.Array) -> Iterator[tuple[Any, ...]]:
    """The documents of these ids, in their order."""
    documents = _of(documents.select(("collection", *_DOCUMENT)), collection)
    places = pc.index_in(ids, value_set=documents["id"].combine_chunks())
    if places.null_count:
        missing = ids.filter(pc.is_null(places))[0]
        raise ValueError(f"{collection} document {missing} is in states and not in documents: build the month again")
    return _rows_at(places, documents, _DOCUMENT)


def _journals(postings: pa.Table, ids: pa.Array) -> list[str | None]:
    """The journal that each document is booked in; none for a document of nothing but zeros."""
    places = pc.index_in(ids, value_set=postings["document_id"].combine_chunks())
    journals: list[str | None] = postings["journal"].combine_chunks().take(places).to_pylist()
    return journals


def _with_hints(lines: pa.Table, postings: pa.Table, booking: Booking) -> pa.Table:
    """The lines with the account and the project that they are booked on; a line of zero is not booked."""

    def keys(rows: pa.Table) -> pa.ChunkedArray:
        return pc.binary_join_element_wise(rows["document_id"], rows["line_no"].cast(pa.string()), "-")

    booked = postings.filter(pc.equal(postings["kind"], "line"))
    places = pc.index_in(keys(lines), value_set=keys(booked).combine_chunks())
    nothing = pa.nulls(len(lines), pa.string())
    for name, column, wanted in (
        ("account", "account", booking.accounts),
        ("project", "project_id", booking.cost_centres),
    ):
        lines = lines.append_column(name, booked[column].combine_chunks().take(places) if wanted else nothing)
    return lines


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
    # Rows that differ in what is self-assessed, bought or deducted: on the document that makes no difference.
    return {
        key: (sum(base for same, base, _ in rows if same == key), sum(vat for same, _, vat in rows if same == key))
        for key in sums
    }


def _by_document(
    table: pa.Table, collection: Collection, ids: pa.Array, names: tuple[str, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    """For each id in turn the rows of that document, in the order of `line_no` where there is one."""
    # Places are sorted, not rows: a sorted copy of the table would take as much memory again.
    mine = pc.equal(table["collection"], collection)
    place = pc.if_else(mine, pc.index_in(table["document_id"], value_set=ids), pa.scalar(None, pa.int32()))
    placed = table.append_column("place", place)
    keys = [(key, "ascending") for key in ("place", "line_no") if key in placed.column_names]
    order = pc.sort_indices(placed, keys)
    counts = dict(zip(*(part.to_pylist() for part in pc.value_counts(place.drop_null()).flatten()), strict=True))
    rows = _rows_at(order[: len(place) - place.null_count], table, names)  # those of other documents come last
    for position in range(len(ids)):
        yield list(islice(rows, counts.get(position, 0)))


def _rows_at(places: pa.Array, table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows at these places, in their order; few of them are in memory at a time."""
    wanted = table.select(names)
    for start in range(0, len(places), _ROWS_AT_ONCE):
        yield from _rows(wanted.take(places[start : start + _ROWS_AT_ONCE]), names)


def _rows(table: pa.Table, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*map(_values, table.select(names).columns), strict=True)


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Python values of a column. Decimals go by way of text and dates of day numbers, which is exact and a multiple of
    the speed of cell by cell."""
    if pa.types.is_decimal(column.type):
        texts = column.cast(pa.string()).to_pylist()
        return [text and Decimal(text) for text in texts] if column.null_count else list(map(Decimal, texts))
    if pa.types.is_date32(column.type):
        days = column.cast(pa.int32()).to_pylist()
        return [None if day is None else date.fromordinal(_EPOCH + day) for day in days]
    values: list[Any] = column.to_pylist()
    return values
