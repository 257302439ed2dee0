"""Documents with their books, taken apart and put together: what a delivery is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import books, schema
from robaws_pipeline.formats.lookups import document_keys
from robaws_pipeline.queries import query

Key = tuple[str, str]
"""(collection, Robaws id of a document)."""

TABLES: Mapping[str, schema.Table] = {
    "documents": schema.DOCUMENTS,
    "lines": schema.LINES,
    "states": schema.STATES,
    "vat": schema.VAT,
    "postings": schema.POSTINGS,
}
"""The tables that have rows of a document."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exported document as the books have it, or as it was delivered. Amounts have two decimals and are negative
    for credit notes."""

    collection: str
    id: str
    number: str | None
    type: str
    date: str
    month: str
    party: str | None
    hash: str
    """Of the version: another one means that something changed in Robaws."""
    booked: str
    """Of what it does in the accounts: another one means that the accounts differ (see booked.sql)."""
    net: str
    vat: str
    gross: str

    @property
    def key(self) -> Key:
        """What identifies the document."""
        return self.collection, self.id


@dataclass(frozen=True, slots=True)
class Entries:
    """The rows of some documents in each of `TABLES`."""

    documents: pa.Table
    lines: pa.Table
    states: pa.Table
    vat: pa.Table
    postings: pa.Table

    @classmethod
    def none(cls) -> "Entries":
        """Of no document."""
        return cls(**{name: table.empty() for name, table in TABLES.items()})

    @classmethod
    def all_of(cls, parts: Iterable["Entries"]) -> "Entries":
        """Of all documents of the parts, in their order."""
        several = [cls.none(), *parts]
        return cls(**{name: pa.concat_tables([getattr(part, name) for part in several]) for name in TABLES})

    def each(self, change: Callable[[str, pa.Table], pa.Table]) -> "Entries":
        """The same with `change` (name of the table, rows) made to each table."""
        return Entries(**{field.name: change(field.name, getattr(self, field.name)) for field in fields(self)})

    def only(self, keys: Iterable[Key]) -> "Entries":
        """The rows of these documents."""
        wanted = pa.array(sorted("-".join(key) for key in keys), pa.string())
        return self.each(lambda name, rows: rows.filter(pc.is_in(joined_keys(name, rows), value_set=wanted)))

    def of_month(self, month: str) -> "Entries":
        """The rows of the documents of one month."""
        return self.each(lambda _, rows: rows.filter(pc.equal(rows["month"], month)))

    def months(self) -> list[str]:
        """The months that have a document, in order."""
        return sorted(pc.unique(self.documents["month"]).to_pylist())


def joined_keys(name: str, rows: pa.Table) -> Any:
    """`sales-123` for each row of one of `TABLES`: ids are unique within a collection only."""
    return document_keys(rows, "id" if name == "documents" else "document_id")


def entries(parts: Iterable[Entries]) -> list[Entry]:
    """The exported documents of all parts: sales first, by date, number and id. `lines` are not looked at.

    A part is in memory while it is digested, and what is left of it is an `Entry` a document.
    """
    found: list[Entry] = []
    with books.workspace() as connection:
        connection.execute("CREATE TEMP MACRO told(x) AS coalesce(x::VARCHAR, chr(30))")
        for part in parts:
            for name in ("documents", "states", "vat", "postings"):
                connection.register(name, getattr(part, name))
            rows = connection.sql(query(__package__, "booked")).to_arrow_table()
            found += [Entry(**row) for row in rows.to_pylist()]
    return sorted(found, key=lambda one: (one.collection != "sales", one.date, one.number or "", one.id))


def with_column(rows: pa.Table, name: str, values: Any) -> pa.Table:
    """The same rows with other values in one column."""
    position = rows.schema.get_field_index(name)
    return rows.set_column(position, rows.schema.field(position), pc.cast(values, rows.schema.field(position).type))
