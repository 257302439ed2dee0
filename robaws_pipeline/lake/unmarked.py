"""The raw log as the books read it: what we wrote to Robaws ourselves is no change of a document.

A mark makes a new version in Robaws, which is received and kept like any other. Between two versions that differ in
nothing but what a mark changes, the books take the older one: so a marked document has the content, the time of change
and the hash that it had before, and no month follows from marks. A version that differs in anything else is the one
that counts, mark and all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.lake.raw import RawLog, contents, newest_first

_COMPARED = ["id", "month", "deleted", "json"]


@dataclass(frozen=True, slots=True)
class Neutral:
    """What of a document does not count."""

    key: str
    """Another one whenever `strip` is another function."""
    strip: Callable[[str, bytes], bytes]
    """A collection and the JSON of a version → the JSON without it: the same bytes for versions that say the same."""


@dataclass(frozen=True)
class Unmarked:
    """Documents in the raw log; without `neutral` every version counts, and all is as the log has it."""

    raw: RawLog
    neutral: Neutral | None

    def fingerprint(self, collection: str, month: str) -> str:
        """Changes exactly when what `current` says of the month does."""
        if self.neutral is None:
            return self.raw.fingerprint(collection, month)
        made_from = f"{self.neutral.key}-{self.raw.listing(collection, [month])}"
        return self.raw.noted(
            collection, month, ".unmarked", made_from, lambda: contents(self.current(collection, month))
        )

    def current(self, collection: str, month: str) -> pa.Table:
        """As `RawLog.current`, each document in the version that counts."""
        if self.neutral is None:
            return self.raw.current(collection, month)
        found = _counting(self.raw.every(collection, month), partial(self.neutral.strip, collection))
        return found.filter(pc.equal(found["month"], month))

    def lookup(self, collection: str, ids: Iterable[str], columns: Sequence[str] = ("id", "hash")) -> pa.Table:
        """As `RawLog.lookup`, each document in the version that counts."""
        if self.neutral is None:
            return self.raw.lookup(collection, ids, columns)
        versions = self.raw.versions(collection, ids, [*columns, *_COMPARED])
        return _counting(versions, partial(self.neutral.strip, collection)).select(list(columns))


def _counting(versions: pa.Table, strip: Callable[[bytes], bytes]) -> pa.Table:
    """Of each id the version that counts, ordered by id."""
    ordered = versions.take(newest_first(versions))
    return ordered.take(pa.array(_places(ordered, strip), pa.int64()))


def _places(ordered: pa.Table, strip: Callable[[bytes], bytes]) -> Iterator[int]:
    """Of versions with the newest of each id first, the positions of those that count."""
    ids, months, deleted = (ordered[name].to_pylist() for name in ("id", "month", "deleted"))
    json = ordered["json"]
    begin = 0
    while begin < len(ids):
        end = begin + 1
        while end < len(ids) and ids[end] == ids[begin]:
            end += 1
        counts = begin
        if end > begin + 1 and not deleted[begin]:
            said = strip(json[begin].as_py())
            for older in range(begin + 1, end):
                if deleted[older] or months[older] != months[begin] or strip(json[older].as_py()) != said:
                    break
                counts = older
        yield counts
        begin = end
