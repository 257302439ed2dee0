"""The views of the warehouse that show extra fields side by side: a column a field, of the type of its values."""

import re
import unicodedata
from collections.abc import Iterable

import duckdb

_COLLECTIONS = ("sales", "purchases", "clients", "suppliers", "articles")
_KINDS = ("text", "date", "decimal", "integer", "boolean")
_KEYS = ("object_id", "month")


def add_views(connection: duckdb.DuckDBPyConnection) -> None:
    """For each collection of `extra_fields` that has any, the view ``<collection>_extra_fields``: a row an object."""
    used = ", ".join(f"count({kind})" for kind in _KINDS)
    found = connection.execute(
        f"SELECT collection, name, {used} FROM extra_fields GROUP BY ALL ORDER BY ALL"  # noqa: S608 - our own names
    ).fetchall()
    for collection in _COLLECTIONS:
        names = {name: counts for owner, name, *counts in found if owner == collection}
        if names:
            _add_view(connection, collection, names)


def _add_view(connection: duckdb.DuckDBPyConnection, collection: str, names: dict[str, list[int]]) -> None:
    view = f"{collection}_extra_fields"
    columns = column_names(names)
    # The earlier version of a document that moved is in no table: an object has one row.
    picked = ",\n    ".join(
        f'max({_value(counts)}) FILTER (name = {_literal(name)}) AS "{columns[name]}"' for name, counts in names.items()
    )
    month = "month, " if collection in {"sales", "purchases"} else ""
    connection.execute(
        f"CREATE VIEW {view} AS SELECT object_id, {month}{picked}\n"
        f"FROM extra_fields WHERE collection = '{collection}' GROUP BY object_id, month"
    )
    connection.execute(f"COMMENT ON VIEW {view} IS 'Extra fields of {collection}, a column a field, a row an object'")
    connection.execute(f"COMMENT ON COLUMN {view}.object_id IS 'Robaws id of the object'")
    if month:
        connection.execute(f"COMMENT ON COLUMN {view}.month IS 'accounting month, YYYY-MM'")
    for name, column in columns.items():
        connection.execute(f'COMMENT ON COLUMN {view}."{column}" IS {_literal(name)}')


def _value(counts: list[int]) -> str:
    """The SQL of a field's value: the column that its values are in; text when they are in several kinds."""
    kinds = [kind for kind, count in zip(_KINDS, counts, strict=True) if count]
    if set(kinds) == {"decimal", "integer"}:
        return "coalesce(decimal, integer::DECIMAL(28, 10))"
    if len(kinds) > 1:
        return f"coalesce({', '.join(f'{kind}::VARCHAR' for kind in kinds)})"
    return kinds[0] if kinds else "text"


def column_names(names: Iterable[str]) -> dict[str, str]:
    """A column name for each field: small letters, digits and underscores; the same names get _2, _3, … in order."""
    taken: set[str] = set(_KEYS)
    columns: dict[str, str] = {}
    for name in sorted(names):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
        base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
        base = base if base[:1].isalpha() else f"field_{base}".rstrip("_")
        column, number = base, 1
        while column in taken:
            number += 1
            column = f"{base}_{number}"
        taken.add(column)
        columns[name] = column
    return columns


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
