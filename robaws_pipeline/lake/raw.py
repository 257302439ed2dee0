"""The raw log: a grow-only set of versions, the only thing that cannot be made again from something else.

A file holds versions of one collection and one month of document date (`ALL` for parties and reference lists), one row
a version (`schema.RAW`). Files are never changed, only merged into one that holds the same rows, so a kill at any
moment leaves complete files only, and fetching the same thing twice adds nothing. The current version of an object in a
folder is its newest row there. When a document's date moves to another month, its new version is written to both
folders: the old month's newest row then says that it lives elsewhere; a month is read without looking at the others.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
_FAN_OUT = 8
"""Files of one tier that are merged into one of the next. A tier has files of up to so many times as many rows as the
tier below, so that in ten years of nights a row is written again once a tier, and a folder has fewer than `_FAN_OUT`
files a tier."""
_LISTINGS = 5
"""Times a folder is listed again when a file of it is merged away while it is read."""


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


def contents(current: pa.Table) -> str:
    """Identifies what current versions say (`RawLog.current` or `heads`): which objects, their content, which are gone.

    It does not depend on when, in which order or how often they were received.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in ("id", "hash", "deleted"):
        digest.update("\n".join(map(str, current[name].to_pylist())).encode() + b"\0")
    return digest.hexdigest()


_ORDER = [(name, "descending") for name in ("standing", "age", "fetched_at", "deleted", "hash")]
"""Newest first. `standing`: see `_standings`. `age`: updatedAt; an object without one is as new as the moment it was
received."""
_BEFORE_DELETION, _DELETION, _AFTER_DELETION = range(3)


def _standings(table: pa.Table, by: Sequence[str]) -> pa.Array:
    """Where each row stands to the last deletion among the rows of the same `by`.

    What is received after it is newer, whatever its updatedAt: an object that Robaws gives back from a backup may show
    an earlier one than the version that was deleted.
    """
    deletions = table.filter(table["deleted"])
    standings = [_BEFORE_DELETION] * table.num_rows
    if deletions.num_rows:
        places = pc.indices_nonzero(pc.is_in(table["id"], deletions["id"].combine_chunks()))
        rows = table.take(places)
        keys = list(zip(*(rows[name].to_pylist() for name in by), strict=True))
        received = rows["fetched_at"].to_pylist()
        last: dict[tuple[str, ...], datetime] = {}
        for key, moment, deleted in zip(keys, received, rows["deleted"].to_pylist(), strict=True):
            if deleted:
                last[key] = max(moment, last.get(key, moment))
        for place, key, moment in zip(places.to_pylist(), keys, received, strict=True):
            if key in last and moment >= last[key]:
                standings[place] = _DELETION if moment == last[key] else _AFTER_DELETION
    return pa.array(standings, pa.int8())


def newest_first(table: pa.Table, by: Sequence[str] = ("id",), tie: Sequence[str] = ()) -> pa.Array:
    """The positions of the rows by `by`, and within each combination the newest first; among equals the one with the
    greatest `tie`."""
    columns = [*by, *tie, "fetched_at", "deleted", "hash"]
    keyed = table.select(list(dict.fromkeys(["id", *columns])))
    keyed = keyed.append_column("age", pc.coalesce(table["updated_at"], table["fetched_at"]))
    keyed = keyed.append_column("standing", _standings(table, by))
    keys = [*((name, "ascending") for name in by), *_ORDER, *((name, "descending") for name in tie)]
    return pc.sort_indices(keyed, sort_keys=keys)


def _first(table: pa.Table, by: Sequence[str], tie: Sequence[str] = ()) -> pa.Table:
    """The newest row of each combination of `by`; among equals the one with the greatest `tie`."""
    order = newest_first(table, by, tie)
    groups = table.select(list(by)).take(order)
    differs = pa.array([False] * max(len(order) - 1, 0), pa.bool_())
    for name in by:
        values = groups[name]
        differs = pc.or_(differs, pc.not_equal(values[1:], values[:-1]).combine_chunks())
    kept = pa.concat_arrays([order[:1], order[1:].filter(differs)])
    return table.take(kept.take(pc.sort_indices(kept)))


def _newest(table: pa.Table) -> pa.Table:
    """The newest row of each id."""
    if pc.count_distinct(table["id"]).as_py() == table.num_rows:
        return table
    return _first(table, ["id"])


def _after_deletions(table: pa.Table, held: pa.Table) -> pa.Table:
    """The same rows; what was received of a deleted object counts as received after its deletion, whatever our clock
    did meanwhile."""
    deletions = held.filter(held["deleted"])
    if not deletions.num_rows:
        return table
    last = deletions.group_by(["id"]).aggregate([("fetched_at", "max")])
    at = last["fetched_at_max"].take(pc.index_in(table["id"], last["id"].combine_chunks()))
    just_after = pc.add(at, pa.scalar(timedelta(microseconds=1)))
    place = table.schema.get_field_index("fetched_at")
    too_early = pc.fill_null(pc.less(table["fetched_at"], just_after), False)
    received = pc.if_else(too_early, just_after, table["fetched_at"])
    return table.set_column(place, table.schema.field(place), received)


def _rows(table: pa.Table) -> list[tuple[str, datetime | None, str, bool]]:
    """What makes one version differ from another: id, updated_at, hash, deleted."""
    return list(zip(*(table[name].to_pylist() for name in ("id", "updated_at", "hash", "deleted")), strict=True))


def _keys(table: pa.Table) -> list[tuple[object, ...]]:
    """What identifies each row among all files, or is the same row twice."""
    return list(zip(*(table[name].to_pylist() for name in (*_KEY, "month")), strict=True))


def _distinct(table: pa.Table) -> pa.Table:
    """Every row once: a kill may have left the files that a merged one holds too."""
    keys = _keys(table)
    if len(set(keys)) == len(keys):
        return table
    first = dict(zip(reversed(keys), reversed(range(len(keys))), strict=True))
    return table.take(pa.array(sorted(first.values()), pa.int64()))


def _tier(rows: int) -> int:
    tier = 0
    while rows >= _FAN_OUT:
        rows //= _FAN_OUT
        tier += 1
    return tier


def _due(rows: Mapping[str, int]) -> list[str]:
    """Of files with so many rows, those that become one: the tiers that are full, from the lowest up; what comes out
    of one may fill the next."""
    tiers: defaultdict[int, list[str]] = defaultdict(list)
    for name, count in rows.items():
        tiers[_tier(count)].append(name)
    due: list[str] = []
    for tier in sorted(tiers):
        carried = bool(due) and _tier(sum(rows[name] for name in due)) == tier
        if len(tiers[tier]) + carried >= _FAN_OUT:
            due += tiers[tier]
    return due


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

    def _each(self, collection: str, month: str, read: Callable[[str], pa.Table]) -> list[pa.Table]:
        """What `read` makes of each file of a folder."""
        for attempt in range(1, _LISTINGS + 1):
            try:
                return [read(name) for name in self._files(collection, month)]
            except FileNotFoundError:
                # Another process merged files between the listing and the reading: their rows are in a newer one.
                if attempt == _LISTINGS:
                    raise
        raise AssertionError("unreachable")

    def every(self, collection: str, month: str = ALL) -> pa.Table:
        """Every version in the month's folder, in no order; some of them twice after a kill during a merge."""
        return pa.concat_tables([RAW.empty(), *self._each(collection, month, self.store.read_table)])

    def _read_narrow(self, collection: str, month: str) -> pa.Table:
        return pa.concat_tables([RAW.empty().select(_NARROW), *self._each(collection, month, self._narrow_of)])

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

    def listing(self, collection: str, months: Iterable[str]) -> str:
        """Changes when the files of the months do, or what counts as newest: file names come from their content."""
        names = [name for month in months for name in self._files(collection, month)]
        return content_hash("\n".join([str(_ORDER), *names]).encode())

    def fingerprint(self, collection: str, month: str = ALL) -> str:
        """Changes exactly when what `current` says of the month does; see `contents`.

        It is noted beside the files, in ``.contents``, and not computed again while they are the same.
        """
        listing = self.listing(collection, [month])
        return self.noted(collection, month, ".contents", listing, lambda: contents(self.heads(collection, month)))

    def noted(self, collection: str, month: str, note: str, made_from: str, make: Callable[[], str]) -> str:
        """What `make` gives, noted beside the month's files and read from there while `made_from` is the same."""
        name = f"{collection}/{month}/{note}"
        known, _, found = (self.store.read(name) or b"").decode().partition(" ")
        if known != made_from:
            found = make()
            if self._files(collection, month):
                self.store.write(name, f"{made_from} {found}".encode(), durable=False)
        return found

    def current(self, collection: str, month: str = ALL) -> pa.Table:
        """The current version of every object that lives in the month, deleted ones included; ordered by id."""
        newest = _newest(self.every(collection, month))
        return newest.filter(pc.equal(newest["month"], month)).sort_by("id")

    def heads(self, collection: str, month: str = ALL) -> pa.Table:
        """As `current`, without the JSON: id, type, date, updated_at, fetched_at, deleted, hash."""
        newest = _newest(self._read_narrow(collection, month))
        here = newest.filter(pc.equal(newest["month"], month))
        return here.select(["id", "type", "date", "updated_at", "fetched_at", "deleted", "hash"]).sort_by("id")

    def lookup(self, collection: str, ids: Iterable[str], columns: Sequence[str] = ("id", "hash")) -> pa.Table:
        """Current versions of these ids wherever they live; ids that are not held are left out."""
        return _newest(self.versions(collection, ids, columns)).sort_by("id").select(list(columns))

    def versions(self, collection: str, ids: Iterable[str], columns: Sequence[str]) -> pa.Table:
        """Every version of these ids in every month's folder, in no order, with these columns and those that tell
        versions apart; a version of a document that moved is in two."""
        wanted = pa.array(sorted(set(ids)), pa.string())
        read = list(dict.fromkeys([*_KEY, "month", *columns]))
        nothing = RAW.empty().select(read)

        def part(name: str) -> pa.Table:
            narrow = self._narrow_of(name)
            positions = pc.indices_nonzero(pc.is_in(narrow["id"], wanted)).to_pylist()
            if not positions:
                return nothing
            if set(read) <= set(_NARROW):
                return narrow.take(positions).select(read)
            return self.store.read_rows(name, positions, read)

        months = self.months(collection) if len(wanted) else []
        parts = [found for month in months for found in self._each(collection, month, part)]
        return pa.concat_tables([nothing, *parts])

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
        held = held.filter(pc.is_in(held["id"], pc.unique(table["id"])))
        if held.num_rows or pc.count_distinct(table["id"]).as_py() < table.num_rows:
            table = self._unknown(_after_deletions(table, held), held)
        if not table.num_rows:
            return False
        self._append(collection, folder, table)
        return True

    def _append(self, collection: str, folder: str, table: pa.Table) -> None:
        self._write(collection, folder, table)
        self._merge(collection, folder)

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
            back = current is not None and current[2] and not row[3]
            outdated = not back and current is not None and updated_at and current[0] and updated_at < current[0]
            # The content that is current, once received without its updatedAt, says nothing new a third time.
            same = current is not None and current[1:] == row[2:]
            keep.append(current != row[1:] and not ((outdated or same) and row in known))
            if not outdated:
                head[id_] = row[1:]
            known.add(row)
        return table.filter(pa.array(keep, pa.bool_()))

    def _write(self, collection: str, folder: str, table: pa.Table) -> str:
        table = table.sort_by([("id", "ascending"), ("fetched_at", "ascending"), ("hash", "ascending")])
        digest = hashlib.blake2b(digest_size=12)
        # Of all that tells rows apart: files of one name have the same rows, and one that is merged is never lost.
        for name in (*_KEY, "month"):
            digest.update("\n".join(map(str, table[name].to_pylist())).encode() + b"\0")
        name = f"{collection}/{folder}/{digest.hexdigest()}.parquet"
        self.store.write_table(name, table)
        return name

    def _merge(self, collection: str, folder: str) -> None:
        """One file instead of those of every tier that is full.

        The merged file is complete before the first of the others goes, so a kill in between leaves rows twice, which
        a set union does not mind, and two processes may merge the same files.
        """
        try:
            names = _due({name: self._narrow_of(name).num_rows for name in self._files(collection, folder)})
            parts = [self.store.read_table(name) for name in names]
        except FileNotFoundError:
            return  # another process has just merged them
        if parts:
            merged = self._write(collection, folder, _distinct(pa.concat_tables(parts)))
            for name in names:
                if name != merged:
                    self.store.remove(name)
                    self._forget(name)

    def _forget(self, name: str) -> None:
        found = self._narrow.pop(name, None)
        if found is not None:
            self._narrow_rows -= found.num_rows

    def settle(self, collection: str) -> set[str]:
        """Make every folder that holds a version of a document know the document's newest one.

        What a date that moved to another month needs, and what a kill between two files may have left undone.
        Returns the months whose folder gained a row. It notes in ``raw/<collection>/settled`` which files it found in
        order, and reads nothing while these are all there is.
        """
        months = self.months(collection)
        if len(months) < 2:
            return set()
        note, listing = f"{collection}/settled", self.listing(collection, months).encode()
        if self.store.read(note) == listing:
            return set()
        parts = []
        for month in months:
            part = self._read_narrow(collection, month)
            parts.append(part.append_column("folder", pa.repeat(pa.scalar(month, pa.string()), part.num_rows)))
        versions = pa.concat_tables(parts)
        counts = versions["id"].value_counts()
        several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        versions = versions.filter(pc.is_in(versions["id"], several))
        versions = versions.append_column("at_home", pc.equal(versions["folder"], versions["month"]))
        newest = _first(versions, ["id"], ["at_home"])
        in_folder = _first(versions, ["folder", "id"])
        here = newest.take(pc.index_in(in_folder["id"], newest["id"].combine_chunks()))
        differs = pa.array([False] * in_folder.num_rows, pa.bool_())
        for name in ("fetched_at", "deleted", "hash", "month"):
            differs = pc.or_(differs, pc.not_equal(in_folder[name], here[name]).combine_chunks())
        behind = in_folder.filter(differs)
        if not behind.num_rows:
            self.store.write(note, listing, durable=False)
            return set()
        # The last deletion comes along: what was received after it is the newest because of it.
        telling = pa.concat_tables([newest, _first(versions.filter(versions["deleted"]), ["id"])])
        touched = set(pc.unique(behind["folder"]).to_pylist())
        for folder in touched:
            ids = behind.filter(pc.equal(behind["folder"], folder))["id"].combine_chunks()
            self._append(collection, folder, self._whole(collection, telling.filter(pc.is_in(telling["id"], ids))))
        return touched

    def _whole(self, collection: str, narrow: pa.Table) -> pa.Table:
        """The same versions with their JSON, from the `folder` that each was found in."""
        found = []
        for source in pc.unique(narrow["folder"]).to_pylist():
            wanted = set(_keys(narrow.filter(pc.equal(narrow["folder"], source))))
            rows = self.every(collection, source)
            found.append(rows.filter(pa.array([key in wanted for key in _keys(rows)], pa.bool_())))
        return _distinct(pa.concat_tables(found))

    def mark_deleted(self, collection: str, month: str, ids: Iterable[str], at: datetime) -> bool:
        """Record that Robaws no longer has these documents of the month; their last content stays.

        `at` is when that was found, by the clock that `fetched_at` follows. A deletion is always newer than every
        version that is held of the object, whatever the clock did.
        """
        wanted = pa.array(sorted(set(ids)), pa.string())
        now = self.current(collection, month)
        gone = now.filter(pc.and_(pc.is_in(now["id"], wanted), pc.invert(now["deleted"])))
        if not gone.num_rows:
            return False
        last = self._last_received(collection, gone["id"].combine_chunks())
        found = [max(at, last[id_] + timedelta(microseconds=1)) for id_ in gone["id"].to_pylist()]
        for name, values in (("deleted", [True] * len(found)), ("fetched_at", found)):
            field = RAW.schema.field(name)
            gone = gone.set_column(RAW.schema.get_field_index(name), field, pa.array(values, field.type))
        self._append(collection, month, gone)
        return True

    def _last_received(self, collection: str, ids: pa.Array) -> dict[str, datetime]:
        """When the last version of each of these objects was received, in whatever month it is held."""
        versions = [self._read_narrow(collection, month) for month in self.months(collection)]
        held = pa.concat_tables([part.filter(pc.is_in(part["id"], ids)) for part in versions])
        last = held.group_by("id").aggregate([("fetched_at", "max")])
        return dict(zip(last["id"].to_pylist(), last["fetched_at_max"].to_pylist(), strict=True))
