"""Every version of the objects of a collection that has no months, and from when to when each of them held."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa

from robaws_pipeline.lake.raw import RawLog
from robaws_pipeline.lake.store import Store
from robaws_pipeline.lake.tables import WHOLE
from robaws_pipeline.schema import VERSION_COLUMNS, Table

_Row = tuple[datetime | None, datetime, bool, str, int]
"""updated_at, fetched_at, deleted, hash, position in the table."""

FOLDER = "history"
"""Beside the tables and not among them: histories depend on when Robaws was looked at."""


def write(lake: Store, table: Table, rows: pa.Table) -> None:
    """Replace one of `schema.HISTORIES` by `rows`, which have its schema."""
    if rows.schema != table.schema:
        raise ValueError(f"rows for {table.name} do not have its schema:\n{rows.schema}\ninstead of\n{table.schema}")
    lake.child(FOLDER).write_table(f"{table.name}/{WHOLE}.parquet", rows, durable=False)


def read(lake: Store, table: Table) -> pa.Table:
    """One of `schema.HISTORIES`; no rows when it was never written."""
    try:
        return lake.child(FOLDER).read_table(f"{table.name}/{WHOLE}.parquet")
    except FileNotFoundError:
        return table.empty()


def versions(raw: RawLog, collection: str) -> pa.Table:
    """The raw versions (`schema.RAW`) of parties or of a reference list, by id and from old to new, each followed by
    `schema.VERSION_COLUMNS` (without `deleted`, which it has).

    The version before ends where the next begins, so no moment has two. The last one of each id is its current one.
    """
    table = raw.every(collection)
    by_id: defaultdict[str, set[_Row]] = defaultdict(set)
    columns = (table[name].to_pylist() for name in ("id", "updated_at", "fetched_at", "deleted", "hash"))
    known: set[tuple[object, ...]] = set()
    for position, (id_, *row) in enumerate(zip(*columns, strict=True)):
        # A kill in the middle of a merge leaves a row in two files.
        if (id_, *row) not in known:
            known.add((id_, *row))
            by_id[id_].add((*row, position))
    taken: list[int] = []
    numbers: list[int] = []
    begins: list[datetime] = []
    ends: list[datetime | None] = []
    for id_ in sorted(by_id):
        found = list(_periods(by_id[id_]))
        taken += [position for position, _ in found]
        numbers += range(1, len(found) + 1)
        begins += [begin for _, begin in found]
        ends += [*(begin for _, begin in found[1:]), None]
    table = table.take(pa.array(taken, pa.int64()))
    for column, values in zip(VERSION_COLUMNS, (numbers, begins, ends), strict=False):
        table = table.append_column(pa.field(column.name, column.type), pa.array(values, column.type))
    return table


def _periods(rows: set[_Row]) -> Iterator[tuple[int, datetime]]:
    """The versions of one object from old to new: position, and the moment from which it held.

    That is `updatedAt`. A deletion has none of its own, and what comes back after one may show an earlier one than what
    was deleted: they count from when they were received.
    """
    if len(rows) == 1:
        for updated_at, fetched_at, deleted, _, position in rows:
            yield position, fetched_at if deleted or updated_at is None else updated_at
        return
    deletions = sorted(fetched_at for _, fetched_at, deleted, _, _ in rows if deleted)

    def life(row: _Row) -> int:
        return sum(moment < row[1] for moment in deletions)

    def age(row: _Row) -> datetime:
        return row[0] or row[1]

    begin: datetime | None = None
    after_deletion = False
    for row in sorted(rows, key=lambda row: (life(row), row[2], age(row), row[1], row[3])):
        _, fetched_at, deleted, _, position = row
        since = fetched_at if deleted or (after_deletion and begin and age(row) <= begin) else age(row)
        begin = since if begin is None else max(since, begin)
        after_deletion = deleted
        yield position, begin
