"""What is computed from the raw log: one Parquet file a table and month, overwritten whole."""

from collections.abc import Iterable

import pyarrow as pa

from robaws_pipeline.lake.store import Store
from robaws_pipeline.schema import Table

WHOLE = "all"
"""File name of a table that is not split by month."""


class Tables:
    """The tables of one company: ``tables/<table>/<YYYY-MM>.parquet``."""

    def __init__(self, store: Store) -> None:
        self.store = store.child("tables")

    @staticmethod
    def _file(table: Table, month: str | None) -> str:
        if table.monthly != (month is not None):
            raise ValueError(f"table {table.name} is {'written a month at a time' if table.monthly else 'not monthly'}")
        return f"{table.name}/{month or WHOLE}.parquet"

    def write(self, table: Table, rows: pa.Table, month: str | None = None) -> None:
        """Replace a month of a table (or a table that is not monthly) by `rows`, which have its schema."""
        if rows.schema != table.schema:
            raise ValueError(
                f"rows for {table.name} do not have its schema:\n{rows.schema}\ninstead of\n{table.schema}"
            )
        self.store.write_table(self._file(table, month), rows, durable=False)

    def read(self, table: Table, month: str | None = None, columns: list[str] | None = None) -> pa.Table:
        """A month of a table; no rows when it was never written."""
        try:
            found = self.store.read_table(self._file(table, month), columns)
        except FileNotFoundError:
            return table.empty() if columns is None else table.empty().select(columns)
        return table.as_today(found, columns)

    def read_months(self, table: Table, months: Iterable[str], columns: list[str] | None = None) -> pa.Table:
        """Several months of a table, one after the other."""
        none = table.empty() if columns is None else table.empty().select(columns)
        return pa.concat_tables([none, *(self.read(table, month, columns) for month in months)])

    def months(self, table: Table) -> list[str]:
        """The months that have been written, in order."""
        return [name.removesuffix(".parquet") for name in self.store.names(table.name) if name.endswith(".parquet")]
