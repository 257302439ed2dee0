"""The raw log: a grow-only set of versions, the only thing that cannot be made again from something else.

A file holds versions of one collection and one month of document date (`ALL` for parties and reference lists), one row
a version (`schema.RAW`). Files are never changed, so a kill at any moment leaves complete files only, and fetching
the same thing twice adds nothing. The current version of an object in a folder is its newest row there. When a
document's date moves to another month, its new version is written to both folders: the old month's newest row then
says that it lives elsewhere, and a month is read without looking at the others.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.lake.store import Store
from robaws_pipeline.schema import RAW

ALL = "all"
"""The folder of collections that have no months."""

_KEY = ["id", "updated_at", "fetched_at", "deleted", "hash"]
_NARROW = [*_KEY, "month", "type", "date"]
"""What tells versions apart: everything but the JSON."""
_NARROW_ROWS_KEPT = 250_000
_FILES_BEFORE_COMPACTION = 12


@dataclass(frozen=True, slots=True)
class Version:
    """One object as received. `month` is where it is filed; `ALL` for parties and reference lists."""

    id: str
    month: str
    type: str | None
    date: str | None
    party_id: str | None
    updated_at: datetime | None
    json: bytes


def content_hash(json: bytes) -> str:
    """Identifies the content of a version: BLAKE2b-128, hexadecimal."""
    return hashlib.blake2b(json, digest_size=16).hexdigest()


def rows(collection: str, versions: Sequence[Version], fetched_at: datetime) -> pa.Table:
    """`schema.RAW` rows for versions that were received at `fetched_at`."""
    count = len(versions)
    return RAW.table(
        {
            "collection": [collection] * count,
            "id": [version.id for version in versions],
            "month": [version.month for version in versions],
            "type": [version.type for version in versions],
            "date": [version.date for version in versions],
            "party_id": [version.party_id for version in versions],
            "updated_at": [version.updated_at for version in versions],
            "fetched_at": [fetched_at] * count,
            "deleted": [False] * count,
            "hash": [content_hash(version.json) for version in versions],
            "json": [version.json for version in versions],
        }
    )


# Newest first. An object without updatedAt is as new as the moment it was received.
_NEWEST = "coalesce(updated_at, fetched_at) DESC, fetched_at DESC, deleted DESC, hash DESC"


def _newest(table: pa.Table) -> pa.Table:
    """The newest row of each id."""
    if pc.count_distinct(table["id"]).as_py() == table.num_rows:
        return table
    numbered = table.select(_KEY).append_column("row_no", pa.array(range(table.num_rows), pa.int64()))
    with duckdb.connect() as connection:
        connection.register("numbered", numbered)
        keep = connection.sql(
            f"SELECT row_no FROM numbered QUALIFY row_number() OVER (PARTITION BY id ORDER BY {_NEWEST}) = 1 "  # noqa: S608
            "ORDER BY row_no"
        ).to_arrow_table()
    return table.take(keep["row_no"])


def _rows(table: pa.Table) -> list[tuple[str, datetime | None, str, bool]]:
    """What makes one version differ from another: id, updated_at, hash, deleted."""
    return list(zip(*(table[name].to_pylist() for name in ("id", "updated_at", "hash", "deleted")), strict=True))


class RawLog:
    """The versions of one company: ``raw/<collection>/<month>/*.parquet``."""

    def __init__(self, store: Store) -> None:
        self.store = store.child("raw")
        # Files never change, so what was read of one stays true.
        self._narrow: dict[str, pa.Table] = {}
        self._narrow_rows = 0

    def months(self, collection: str) -> list[str]:
        """The months (or `ALL`) of which anything is held."""
        return [name for name in self.store.names(collection) if name == ALL or name[:1].isdigit()]

    def _files(self, collection: str, month: str) -> list[str]:
        folder = f"{collection}/{month}"
        return [f"{folder}/{name}" for name in self.store.names(folder) if name.endswith(".parquet")]

    def _read(self, collection: str, month: str) -> pa.Table:
        parts = [self.store.read_table(name) for name in self._files(collection, month)]
        return pa.concat_tables(parts) if parts else RAW.empty()

    def _read_narrow(self, collection: str, month: str) -> pa.Table:
        parts = [self._narrow_of(name) for name in self._files(collection, month)]
        return pa.concat_tables(parts) if parts else RAW.empty().select(_NARROW)

    def _narrow_of(self, name: str) -> pa.Table:
        found = self._narrow.get(name)
        if found is None:
            found = self.store.read_table(name, _NARROW)
            self._narrow_rows += found.num_rows
            if self._narrow_rows > _NARROW_ROWS_KEPT:
                self._narrow.clear()
                self._narrow_rows = found.num_rows
            self._narrow[name] = found
        return found

    def fingerprint(self, collection: str, month: str) -> str:
        """Changes exactly when the files of the month do: their names come from their content."""
        return content_hash("\n".join(self._files(collection, month)).encode())

    def current(self, collection: str, month: str = ALL) -> pa.Table:
        """The current version of every object that lives in the month, deleted ones included; ordered by id."""
        newest = _newest(self._read(collection, month))
        return newest.filter(pc.equal(newest["month"], month)).sort_by("id")

    def heads(self, collection: str, month: str = ALL) -> pa.Table:
        """As `current`, without the JSON: id, type, updated_at, deleted, hash."""
        newest = _newest(self._read_narrow(collection, month))
        here = newest.filter(pc.equal(newest["month"], month))
        return here.select(["id", "type", "date", "updated_at", "fetched_at", "deleted", "hash"]).sort_by("id")

    def lookup(self, collection: str, ids: Iterable[str], columns: Sequence[str] = ("id", "hash")) -> pa.Table:
        """Current versions of these ids wherever they live; ids that are not held are left out."""
        wanted = pa.array(sorted(set(ids)), pa.string())
        read = list(dict.fromkeys([*_KEY, "month", *columns]))
        parts = []
        for month in self.months(collection) if len(wanted) else ():
            for name in self._files(collection, month):
                part = self._narrow_of(name)
                if not pc.any(pc.is_in(part["id"], wanted)).as_py():
                    continue
                if not set(read) <= set(_NARROW):
                    part = self.store.read_table(name, read)
                parts.append(part.select(read).filter(pc.is_in(part["id"], wanted)))
        found = pa.concat_tables(parts) if parts else RAW.empty().select(read)
        return _newest(found).select(list(columns)).sort_by("id")

    def add(self, table: pa.Table) -> set[str]:
        """Set union with rows of one collection; returns the months whose folder gained a row.

        A row is new when its folder's newest version of that id differs in updatedAt, content or deletion: so a
        document that was deleted and is listed again is current again.
        """
        touched = set()
        for month in pc.unique(table["month"]).to_pylist():
            if self._add(table.filter(pc.equal(table["month"], month)), month):
                touched.add(month)
        return touched

    def _add(self, table: pa.Table, folder: str) -> bool:
        collection = table["collection"][0].as_py()
        held = self._read_narrow(collection, folder)
        if held.num_rows or pc.count_distinct(table["id"]).as_py() < table.num_rows:
            table = self._unknown(table, held)
        if not table.num_rows:
            return False
        if len(self._files(collection, folder)) >= _FILES_BEFORE_COMPACTION:
            self._compact(collection, folder, table)
        else:
            self._write(collection, folder, table)
        return True

    @staticmethod
    def _unknown(table: pa.Table, held: pa.Table) -> pa.Table:
        """The rows that say something new: not the newest version again, nor an older one that is held already."""
        newest = _newest(held)
        head = {row[0]: row[1:] for row in _rows(newest)}
        known = set(_rows(held))
        keep = []
        for row in _rows(table):
            id_, updated_at, *_ = row
            current = head.get(id_)
            outdated = current is not None and updated_at and current[0] and updated_at < current[0]
            keep.append(current != row[1:] and not (outdated and row in known))
            if not outdated:
                head[id_] = row[1:]
            known.add(row)
        return table.filter(pa.array(keep, pa.bool_()))

    def _write(self, collection: str, folder: str, table: pa.Table) -> str:
        table = table.sort_by([("id", "ascending"), ("fetched_at", "ascending"), ("hash", "ascending")])
        digest = hashlib.blake2b(digest_size=12)
        for name in ("id", "fetched_at", "deleted", "hash"):
            digest.update("\n".join(map(str, table[name].to_pylist())).encode())
        name = f"{collection}/{folder}/{digest.hexdigest()}.parquet"
        self.store.write_table(name, table)
        return name

    def _compact(self, collection: str, folder: str, table: pa.Table) -> None:
        """One file instead of many. A kill in between leaves rows twice, which a set union does not mind."""
        files = self._files(collection, folder)
        merged = self._write(collection, folder, pa.concat_tables([self._read(collection, folder), table]))
        for name in files:
            if name != merged:
                self.store.remove(name)

    def settle(self, collection: str) -> set[str]:
        """Make every folder that holds a version of a document know the document's newest one.

        What a date that moved to another month needs, and what a kill between two files may have left undone.
        Returns the months whose folder gained a row.
        """
        parts = []
        for month in self.months(collection):
            part = self._read_narrow(collection, month)
            parts.append(part.append_column("folder", pa.repeat(pa.scalar(month, pa.string()), part.num_rows)))
        if len(parts) < 2:
            return set()
        with duckdb.connect() as connection:
            connection.register("versions", pa.concat_tables(parts))
            behind = connection.sql(
                f"""
                WITH newest AS (
                    SELECT * FROM versions
                    QUALIFY row_number() OVER (PARTITION BY id ORDER BY {_NEWEST}, folder = month DESC) = 1
                ), in_folder AS (
                    SELECT * FROM versions
                    QUALIFY row_number() OVER (PARTITION BY id, folder ORDER BY {_NEWEST}) = 1
                )
                SELECT id, in_folder.folder AS folder, newest.folder AS source, newest.hash AS hash,
                    newest.fetched_at AS fetched_at, newest.deleted AS deleted
                FROM in_folder JOIN newest USING (id)
                WHERE (in_folder.updated_at, in_folder.fetched_at, in_folder.hash, in_folder.deleted, in_folder.month)
                    IS DISTINCT FROM
                    (newest.updated_at, newest.fetched_at, newest.hash, newest.deleted, newest.month)
                ORDER BY folder, id
                """  # noqa: S608
            ).to_arrow_table()
        touched = set()
        for folder in pc.unique(behind["folder"]).to_pylist():
            rows_here = behind.filter(pc.equal(behind["folder"], folder))
            for source in pc.unique(rows_here["source"]).to_pylist():
                ids = rows_here.filter(pc.equal(rows_here["source"], source))["id"]
                found = _newest(self._read(collection, source))
                missing = found.filter(pc.is_in(found["id"], ids.combine_chunks()))
                self._write(collection, folder, missing)
                touched.add(folder)
        return touched

    def mark_deleted(self, collection: str, month: str, ids: Iterable[str], at: datetime) -> bool:
        """Record that Robaws no longer lists these documents of the month; their last content stays."""
        wanted = pa.array(sorted(set(ids)), pa.string())
        now = self.current(collection, month)
        gone = now.filter(pc.and_(pc.is_in(now["id"], wanted), pc.invert(now["deleted"])))
        if not gone.num_rows:
            return False
        for name, value in (("deleted", True), ("fetched_at", at)):
            field = RAW.schema.field(name)
            column = pa.repeat(pa.scalar(value, field.type), gone.num_rows)
            gone = gone.set_column(RAW.schema.get_field_index(name), field, column)
        self._write(collection, month, gone)
        return True
