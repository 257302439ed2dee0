"""``warehouse.duckdb``: everything of one company for SQL, as views over the Parquet files of the tables.

Views cost nothing to build and are never behind the files. When the lake is in an object store, to which whoever opens
the warehouse may have no key, the tables are in the file itself. The file is made beside the old one and swapped in, so
that an open reader keeps what it has and the next one sees the new.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa

from robaws_pipeline.lake import extra_fields, history
from robaws_pipeline.lake.store import Store, StoreError
from robaws_pipeline.lake.tables import Tables
from robaws_pipeline.schema import HISTORIES, TABLES, Table

FILE = "warehouse.duckdb"


def build(lake: Store, tables: Tables) -> list[str]:
    """Make the warehouse of a lake anew; returns the names of what is in it. Writes a local file or an object."""
    with tempfile.TemporaryDirectory(prefix="warehouse") as folder:
        file = Path(folder) / FILE
        with _writing(file), duckdb.connect(str(file)) as connection:
            for table in (*TABLES, *HISTORIES):
                if lake.is_local:
                    place = lake.child(history.FOLDER) if table in HISTORIES else tables.store
                    connection.execute(_view(connection, place, table))
                else:
                    parts = [history.read(lake, table)] if table in HISTORIES else _parts(tables, table)
                    _copy(connection, table, parts)
                _comment(connection, table, "VIEW" if lake.is_local else "TABLE")
            extra_fields.add_views(connection)
            analyst_views = resources.files(__package__).joinpath("warehouse.sql").read_text(encoding="utf-8")
            connection.execute(analyst_views)
            found = connection.execute(
                "SELECT view_name FROM duckdb_views() WHERE NOT internal "
                "UNION ALL SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
            ).fetchall()
        lake.write(FILE, file.read_bytes())
    return [name for (name,) in found]


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """What DuckDB says of a full disk, told as a `StoreError`."""
    try:
        yield
    except duckdb.Error as error:
        if "could not write" not in str(error).casefold():
            raise
        raise StoreError(
            f"{file} cannot be written: {str(error).rpartition(': ')[2]}. Make room on that disk, or name another for "
            "temporary files in TMPDIR, then run it again: what was there is unharmed."
        ) from error


def _view(connection: duckdb.DuckDBPyConnection, store: Store, table: Table) -> str:
    """The view of one table: its files as `Table.as_today` has them, or no rows when there are none yet."""
    connection.register("empty", table.empty())
    described = connection.sql("DESCRIBE empty").fetchall()
    connection.unregister("empty")
    typed = ", ".join(f'CAST(NULL AS {row[1]}) AS "{row[0]}"' for row in described)
    nothing = f"SELECT {typed} WHERE false"
    if not store.names(table.name):
        return f"CREATE VIEW {table.name} AS {nothing}"
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    folder = store.path(table.name).replace("'", "''")
    # Months that an older version wrote may lack columns; after a load of one month they stand beside new ones.
    files = f"SELECT * FROM read_parquet('{folder}/*.parquet', union_by_name = true)"  # noqa: S608
    return f"CREATE VIEW {table.name} AS SELECT {columns} FROM ({nothing} UNION ALL BY NAME {files})"  # noqa: S608


def _parts(tables: Tables, table: Table) -> Iterator[pa.Table]:
    for month in tables.months(table) if table.monthly else [None]:
        yield tables.read(table, month)


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, parts: Iterable[pa.Table]) -> None:
    """The table itself, a part at a time."""
    connection.register("rows", table.empty())
    connection.execute(f"CREATE TABLE {table.name} AS FROM rows")
    for rows in parts:
        connection.register("rows", rows)
        connection.execute(f"INSERT INTO {table.name} FROM rows")
    connection.unregister("rows")


def _comment(connection: duckdb.DuckDBPyConnection, table: Table, kind: str) -> None:
    def literal(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    connection.execute(f"COMMENT ON {kind} {table.name} IS {literal(table.comment)}")
    for column in table.columns:
        connection.execute(f'COMMENT ON COLUMN {table.name}."{column.name}" IS {literal(column.comment)}')
