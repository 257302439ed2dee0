"""Which moments the raw log is complete up to: written after the data it speaks of, so never ahead of it.

A history sweep that started at T and covered a month proves that we hold that month as it was at T. A sweep of changes
since S proves the same for every month that was proved up to S or later. The next sweep of changes starts from the
earliest moment that any month is proved up to: a night that failed or was skipped changes nothing, and a month that
was loaded again by hand does not hide what changed in the others.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from robaws_pipeline.lake.store import Store


class Coverage:
    """``raw/<collection>/coverage.json``: month (or `ALL`) → the moment it is complete up to, by Robaws's clock."""

    def __init__(self, store: Store) -> None:
        self._store = store.child("raw")

    def read(self, collection: str) -> dict[str, datetime]:
        """The moment up to which each month that was ever covered is complete."""
        content = self._store.read(f"{collection}/coverage.json")
        stored: Mapping[str, str] = json.loads(content) if content else {}
        return {month: datetime.fromisoformat(moment) for month, moment in stored.items()}

    def since(self, collection: str, months: Iterable[str]) -> datetime | None:
        """Where a sweep of changes must start to complete these months; None when one was never covered."""
        covered = self.read(collection)
        moments = [covered.get(month) for month in months]
        known = [moment for moment in moments if moment is not None]
        return min(known) if known and len(known) == len(moments) else None

    def uncovered(self, collection: str, months: Iterable[str]) -> list[str]:
        """The months that no sweep has covered yet."""
        covered = self.read(collection)
        return [month for month in months if month not in covered]

    def record(self, collection: str, months: Iterable[str], moment: datetime) -> None:
        """Say that these months are complete up to `moment`. Never moves a month back."""
        covered = self.read(collection)
        for month in months:
            covered[month] = max(moment, covered.get(month, moment))
        content = json.dumps({month: covered[month].isoformat() for month in sorted(covered)}, indent=1)
        self._store.write(f"{collection}/coverage.json", content.encode())
