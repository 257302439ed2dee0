"""From the items of a sweep to the raw log, with memory bounded by a buffer and not by the sweep."""

from collections import defaultdict
from datetime import UTC, date, datetime

from robaws_pipeline.lake.raw import ALL, RawLog, Version, rows
from robaws_pipeline.robaws.decode import parse_date
from robaws_pipeline.robaws.sweep import Item

_BUFFER_BYTES = 12 * 1024 * 1024
"""JSON held before it is written: some 4,000 documents."""


def filing_month(item: Item, start: str) -> str:
    """The month a document is filed under: that of its date.

    A document whose date cannot be read must not disappear: it is held, and filed under the month that its date seems
    to mean, else the month it was last changed in, else the first of the books.
    """
    day = parse_date(item.date)
    if day is not None:
        return _month(day)
    guess = parse_date(f"{(item.date or '')[:7]}-01")
    if guess is not None:
        return _month(guess)
    return _month(item.updated_at) if item.updated_at else start


def _month(day: date) -> str:
    # Not strftime: it writes the year 26 as "26".
    return f"{day.year:04}-{day.month:02}"


class Receiver:
    """Takes the items of one collection as they arrive; `touched` and `parties` are complete after `flush`."""

    def __init__(self, raw: RawLog, collection: str, start: str | None) -> None:
        self._raw = raw
        self._collection = collection
        self._start = start
        self._waiting: dict[str, list[Version]] = defaultdict(list)
        self._ids: set[str] = set()
        self._bytes = 0
        self.touched: set[str] = set()
        """Months that gained a version."""
        self.parties: set[str] = set()
        """Clients or suppliers that the documents name."""

    def __call__(self, items: list[Item]) -> None:
        """Take a page."""
        if not self._ids.isdisjoint(item.id for item in items):
            # Versions that are written together count as received together, and an object's second is newer.
            self.flush()
        for item in items:
            self._ids.add(item.id)
            month = ALL if self._start is None else filing_month(item, self._start)
            version = Version(item.id, month, item.type, item.date, item.party_id, item.updated_at, item.json)
            self._waiting[month].append(version)
            self._bytes += len(item.json)
            # What is no id but an object or a list is told by the books; in a URL, and so in a log, it has no place.
            if item.party_id and item.party_id[0] not in "{[":
                self.parties.add(item.party_id)
        if self._bytes > _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        now = datetime.now(UTC)
        for versions in self._waiting.values():
            self.touched |= self._raw.add(rows(self._collection, versions, now))
        self._waiting.clear()
        self._ids.clear()
        self._bytes = 0
