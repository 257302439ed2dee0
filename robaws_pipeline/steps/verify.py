"""Robaws against us: the ids and versions of whole months, compared."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.robaws.client import RobawsClient, Usage
from robaws_pipeline.robaws.errors import RobawsError
from robaws_pipeline.robaws.sweep import Item, fetch_item, sweep_documents
from robaws_pipeline.steps.asking import ask
from robaws_pipeline.steps.receive import filing_month
from robaws_pipeline.steps.workspace import Workspace, first_day, last_day

_ASKED = 50
"""Documents of a month that Robaws does not list and that are asked for by id."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One month and collection: how many documents each side has, and the ids that differ."""

    month: str
    collection: str
    listed: int
    """Documents that Robaws lists."""
    held: int
    """Documents that we hold as existing."""
    missing: tuple[str, ...]
    """Robaws lists them, we do not hold them in this month."""
    extra: tuple[str, ...]
    """We hold them in this month, Robaws does not list them there."""
    changed: tuple[str, ...]
    """Robaws has a newer version than we hold."""
    unlisted: tuple[str, ...] = ()
    """We hold them as Robaws has them, and it does not list them in the month: their date cannot be read, say."""

    @property
    def equal(self) -> bool:
        """Both sides have the same documents in the same versions."""
        return not (self.missing or self.extra or self.changed)


@dataclass(frozen=True, slots=True)
class Verification:
    """The comparisons, what could not be read, and what it cost."""

    comparisons: tuple[Comparison, ...]
    errors: tuple[str, ...]
    usage: Usage

    @property
    def passed(self) -> bool:
        """Everything was compared and nothing differs."""
        return not self.errors and all(comparison.equal for comparison in self.comparisons)

    @property
    def differing_months(self) -> list[str]:
        """The months to load again."""
        return sorted({comparison.month for comparison in self.comparisons if not comparison.equal})


def verify(workspace: Workspace, months: Sequence[str]) -> Verification:
    """Compare contiguous months with Robaws: ids, and the time each document was last changed.

    Pages are read without lines, so a month costs about a request per hundred documents.
    """
    return ask(workspace, lambda: _verify(workspace, months))


async def _verify(workspace: Workspace, months: Sequence[str]) -> Verification:
    async with workspace.client() as client:
        found = await asyncio.gather(
            *(_collection(workspace, client, collection, months) for collection in fields.DOCUMENTS),
            return_exceptions=True,
        )
    comparisons: list[Comparison] = []
    errors: list[str] = []
    for collection, outcome in zip(fields.DOCUMENTS, found, strict=True):
        if isinstance(outcome, RobawsError):
            errors.append(f"{collection.name}: {outcome}")
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            comparisons += outcome
    return Verification(tuple(comparisons), tuple(errors), client.usage)


async def _collection(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection, months: Sequence[str]
) -> list[Comparison]:
    listed: dict[str, dict[str, datetime | None]] = {month: {} for month in months}

    def receive(items: list[Item]) -> None:
        for item in items:
            listed.setdefault(filing_month(item, workspace.company.start), {})[item.id] = item.updated_at

    narrow = replace(collection, with_lines=False)
    await sweep_documents(client, narrow, first_day(months[0]), last_day(months[-1]), receive)
    comparisons = []
    for month in months:
        heads = workspace.raw.heads(collection.name, month)
        live = heads.filter(pc.invert(heads["deleted"]))
        held = dict(zip(live["id"].to_pylist(), live["updated_at"].to_pylist(), strict=True))
        there = listed[month]
        extra = sorted(held.keys() - there.keys())
        # By id Robaws tells what is gone from what it only does not list; loading again would not mend the latter.
        asked = extra if len(extra) <= _ASKED else []
        unlisted = []
        for id_ in asked:
            item = await fetch_item(client, narrow, id_)
            if item and filing_month(item, workspace.company.start) == month and not _newer(item.updated_at, held[id_]):
                unlisted.append(id_)
        comparisons.append(
            Comparison(
                month,
                collection.name,
                len(there),
                len(held),
                missing=tuple(sorted(there.keys() - held.keys())),
                extra=tuple(id_ for id_ in extra if id_ not in unlisted),
                unlisted=tuple(unlisted),
                changed=tuple(sorted(id_ for id_ in there.keys() & held.keys() if _newer(there[id_], held[id_]))),
            )
        )
    return comparisons


def _newer(there: datetime | None, held: datetime | None) -> bool:
    return there is not None and (held is None or there > held)
