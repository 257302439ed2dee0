"""The postings of a period in an in-memory DuckDB, for formats that write a line or an element for each.

``sql/entry.sql`` makes the table `entry` that they share: one row a document that has postings, in the order of its
journal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO

import duckdb
import pyarrow as pa

from robaws_pipeline.books.keep import workspace
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.queries import query

TABLES = ("documents", "states", "vat", "postings", "parties")
"""Tables of `MonthBooks` that the SQL of a format can name."""


@contextmanager
def with_tables(tables: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has these tables under their names."""
    with workspace() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        yield connection


@contextmanager
def ledger(books: MonthBooks) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the `TABLES` of the books, the table `entry` and the macros of ``sql/entry.sql``."""
    with with_tables({name: getattr(books, name) for name in TABLES}) as connection:
        connection.execute(query(__package__, "entry"))
        yield connection


def lookups(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, tuple[Sequence[str], Iterable[Sequence[str | None]]]]
) -> None:
    """Small tables of texts for the SQL: name → columns and rows."""
    for name, (columns, rows) in tables.items():
        schema = pa.schema([(column, pa.string()) for column in columns])
        connection.register(name, pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema))


def write_texts(connection: duckdb.DuckDBPyConnection, sql: str, out: BytesIO, **parameters: object) -> int:
    """The texts of the only column of a query, one after the other, as UTF-8; how many there were.

    A batch at a time: besides the file no text is ever in memory as a Python object.
    """
    reader = connection.sql(sql, params=parameters or None).to_arrow_reader(100_000)
    rows = 0
    for batch in reader:
        column = batch.column(0).cast(pa.string())
        _, offsets, data = column.buffers()
        ends = memoryview(offsets).cast("i")
        out.write(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])
        rows += len(column)
    return rows
