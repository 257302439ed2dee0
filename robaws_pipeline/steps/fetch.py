"""Reading Robaws into the raw log: whole months, what changed since, and the parties and lists they refer to.

Collections are read side by side behind the client's one limiter, and each stands on its own: what cannot be read (no
right on a module, say) is told, and the others finish. What was received is kept whatever happens after.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.lake.raw import ALL
from robaws_pipeline.periods import first_day, last_day
from robaws_pipeline.robaws.client import RobawsClient, Usage
from robaws_pipeline.robaws.errors import NotAnEnvelope, RobawsError
from robaws_pipeline.robaws.sweep import SweepReport, fetch_items, sweep_changes, sweep_documents
from robaws_pipeline.steps import reading
from robaws_pipeline.steps.asking import ask
from robaws_pipeline.steps.receive import Receiver
from robaws_pipeline.steps.stored import fetch_files
from robaws_pipeline.steps.workspace import Workspace

OVERLAP = timedelta(minutes=10)
"""How far a sweep of changes goes back beyond what is proved: a transaction in Robaws may become visible after a later
one, with the earlier time on it."""

_MONTHS_AT_ONCE = 12
"""Months that one sweep reads, and what at most is read again after a run that broke off. Each sweep costs up to four
requests more than reading all months at once would: half-filled last pages."""

_ASK_ONE_BY_ONE = 1000
"""Documents that we hold and Robaws no longer lists are asked for by id, up to this many a sweep. More is no
deletion but a list that is not what it should be."""


class TooManyUnlistedError(RobawsError):
    """A sweep was complete by its own account and lists far fewer documents than we hold. Nothing is marked deleted."""


@dataclass(slots=True)
class Outcome:
    """What became of one collection."""

    collection: str
    sweeps: list[SweepReport] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """Months that gained a version."""
    deleted: list[str] = field(default_factory=list)
    """Ids that Robaws no longer has."""
    parties: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    error: RobawsError | None = None


@dataclass(slots=True)
class Fetched:
    """What a fetch did."""

    outcomes: list[Outcome]
    usage: Usage

    @property
    def touched(self) -> list[str]:
        """Months of document date that gained a version, in order."""
        return sorted({month for outcome in self.outcomes for month in outcome.touched} - {ALL})

    @property
    def errors(self) -> list[str]:
        """What could not be read, and why."""
        return [f"{outcome.collection}: {outcome.error}" for outcome in self.outcomes if outcome.error]

    @property
    def warnings(self) -> list[str]:
        """What a person should look at."""
        return [
            *(warning for outcome in self.outcomes for sweep in outcome.sweeps for warning in sweep.warnings),
            *(warning for outcome in self.outcomes for warning in outcome.warnings),
        ]


_Work = Callable[[Workspace, RobawsClient, fields.Collection, Outcome], Awaitable[None]]


def fetch_history(workspace: Workspace, months: Sequence[str]) -> Fetched:
    """Read every document dated in `months` (contiguous), find what Robaws no longer lists, fetch unknown parties."""

    async def work(ws: Workspace, client: RobawsClient, collection: fields.Collection, outcome: Outcome) -> None:
        await _history(ws, client, collection, months, outcome)

    return ask(workspace, lambda: _fetch(workspace, workspace.company.document_collections, work))


def fetch_changes(workspace: Workspace) -> Fetched:
    """Read what changed since the raw log was complete; months that were never read are read whole."""
    return ask(workspace, lambda: _fetch(workspace, workspace.company.document_collections, _changes))


def fetch_reference(workspace: Workspace) -> Fetched:
    """Read the clients, suppliers, reference lists and articles that changed; everything the first time."""
    return ask(workspace, lambda: _fetch(workspace, workspace.company.reference_collections, _reference))


async def changes_with(workspace: Workspace, client: RobawsClient) -> list[Outcome]:
    """What changed in the months that were read before, with a client that is open: for whoever asks more than that."""
    return await _each(workspace, client, workspace.company.document_collections, _known_changes)


async def _each(
    workspace: Workspace, client: RobawsClient, collections: Sequence[fields.Collection], work: _Work
) -> list[Outcome]:
    """What becomes of each collection, side by side."""
    outcomes = [Outcome(collection.name) for collection in collections]

    async def one(collection: fields.Collection, outcome: Outcome) -> None:
        try:
            await work(workspace, client, collection, outcome)
        except RobawsError as error:
            outcome.error = error
            if collection.is_documents:
                outcome.touched |= workspace.raw.settle(collection.name)

    await asyncio.gather(*map(one, collections, outcomes))
    return outcomes


async def _fetch(workspace: Workspace, collections: Sequence[fields.Collection], work: _Work) -> Fetched:
    async with workspace.client() as client:
        outcomes = await _each(workspace, client, collections, work)
        await _unknown_parties(workspace, client, outcomes)
        for collection, outcome in zip(collections, outcomes, strict=True):
            if collection.is_documents and outcome.error is None:
                gained, warnings = await fetch_files(workspace, client, collection)
                outcome.touched |= gained
                outcome.warnings += warnings
        return Fetched(outcomes, client.usage)


async def _history(
    ws: Workspace, client: RobawsClient, collection: fields.Collection, months: Sequence[str], outcome: Outcome
) -> None:
    """Read months, the latest first, a part of them after the other; what is read counts at once.

    So a run that the quota ends has done part of the work, and the next one reads what is left. A document may move
    from a part that is still to be read to one that was: it shows among the changes since the first part began.
    """
    held_before = bool(ws.raw.months(collection.name))
    parts = [months[max(end - _MONTHS_AT_ONCE, 0) : end] for end in range(len(months), 0, -_MONTHS_AT_ONCE)]
    began: list[datetime] = []
    for part in parts:
        receiver = Receiver(ws.raw, collection.name, ws.company.start)
        try:
            report = await sweep_documents(client, collection, first_day(part[0]), last_day(part[-1]), receiver)
        finally:
            _received(receiver, outcome)
        outcome.sweeps.append(report)
        if held_before or report.duplicated or report.rounds > 1:
            outcome.touched |= ws.raw.settle(collection.name)
        if held_before:
            await _unlisted(ws, client, collection, part, outcome)
        ws.coverage.record(collection.name, part, report.started_at)
        began.append(report.started_at)
    if len(parts) > 1:
        await _changed_since(ws, client, collection, min(began), months, outcome)


async def _unlisted(
    ws: Workspace, client: RobawsClient, collection: fields.Collection, months: Sequence[str], outcome: Outcome
) -> None:
    """Ask for each document of the months that the sweep did not list: deleted, or moved to a month we did not ask."""
    report = outcome.sweeps[-1]
    month_of: dict[str, str] = {}
    for month in months:
        heads = ws.raw.heads(collection.name, month)
        here = heads.filter(pc.invert(pc.or_(heads["deleted"], pc.is_in(heads["id"], report.ids))))
        month_of |= dict.fromkeys(here["id"].to_pylist(), month)
    if len(month_of) > _ASK_ONE_BY_ONE:
        raise TooManyUnlistedError(
            f"{collection.path} from {months[0]} to {months[-1]}",
            f"Robaws lists {report.received} documents, and {len(month_of)} that we hold are not among them; nothing "
            "was marked deleted",
            "Look in Robaws whether they are gone; if they are, load the months a few at a time",
        )
    gone: dict[str, list[str]] = {}
    try:
        async for id_, item in fetch_items(client, collection, list(month_of)):
            if isinstance(item, NotAnEnvelope):
                raise item
            month = month_of[id_]
            if item is None:
                gone.setdefault(month, []).append(id_)
                continue
            receiver = Receiver(ws.raw, collection.name, ws.company.start)
            receiver([item])
            _received(receiver, outcome)
            if not receiver.touched:
                outcome.warnings.append(
                    f"{collection.path}/{id_} exists but is not in the list of {month} (archived in Robaws?): kept"
                )
    finally:
        for month, ids in gone.items():
            ws.raw.mark_deleted(collection.name, month, ids, datetime.now(UTC))
            outcome.deleted += ids
            outcome.touched.add(month)
    if month_of:
        outcome.touched |= ws.raw.settle(collection.name)


async def _known_changes(ws: Workspace, client: RobawsClient, collection: fields.Collection, outcome: Outcome) -> None:
    months = ws.months()
    never = ws.coverage.uncovered(collection.name, months)
    known = [month for month in months if month not in never]
    since = ws.coverage.since(collection.name, known)
    if since is not None:
        await _changed_since(ws, client, collection, since, known, outcome)


async def _changes(ws: Workspace, client: RobawsClient, collection: fields.Collection, outcome: Outcome) -> None:
    months = ws.months()
    never = ws.coverage.uncovered(collection.name, months)
    # Before the months that were never read: these may take all that is left of the day's quota.
    await _known_changes(ws, client, collection, outcome)
    if never:
        # The months between the first and the last are read with them: one sweep.
        await _history(ws, client, collection, months[months.index(never[0]) : months.index(never[-1]) + 1], outcome)


async def _changed_since(
    ws: Workspace,
    client: RobawsClient,
    collection: fields.Collection,
    since: datetime,
    months: Sequence[str],
    outcome: Outcome,
) -> None:
    """Read what changed; completes `months`, each of which must be complete up to `since` at least."""
    receiver = Receiver(ws.raw, collection.name, ws.company.start)
    try:
        report = await sweep_changes(client, collection, since - OVERLAP, receiver)
    finally:
        _received(receiver, outcome)
    outcome.sweeps.append(report)
    outcome.touched |= ws.raw.settle(collection.name)
    ws.coverage.record(collection.name, months, report.started_at)


async def _reference(ws: Workspace, client: RobawsClient, collection: fields.Collection, outcome: Outcome) -> None:
    since = reading.since(ws, collection)
    receiver = Receiver(ws.raw, collection.name, None)
    asked = reading.OnlyAsked(ws, collection, receiver)
    try:
        report = await sweep_changes(client, collection, since and since - OVERLAP, asked)
    finally:
        _received(receiver, outcome)
        outcome.warnings += asked.warnings()
    outcome.sweeps.append(report)
    if since is None:
        gone, warnings = await reading.mark_gone(ws, client, collection, report)
        outcome.deleted += gone
        outcome.warnings += warnings
    reading.complete_to(ws, collection, report.started_at)


def _received(receiver: Receiver, outcome: Outcome) -> None:
    receiver.flush()
    outcome.touched |= receiver.touched
    outcome.parties |= receiver.parties


_PARTIES_OF = {fields.SALES.name: fields.CLIENTS.name, fields.PURCHASES.name: fields.SUPPLIERS.name}


async def _unknown_parties(ws: Workspace, client: RobawsClient, outcomes: Sequence[Outcome]) -> None:
    """Fetch the clients and suppliers that documents name and we do not hold: new since the lists were read."""
    reference = {collection.name: collection for collection in ws.company.reference_collections}
    for outcome in outcomes:
        collection = reference.get(_PARTIES_OF.get(outcome.collection, ""))
        if collection is None or not outcome.parties:
            continue
        named = pa.array(sorted(outcome.parties), pa.string())
        unknown = named.filter(pc.invert(pc.is_in(named, ws.raw.heads(collection.name)["id"].combine_chunks())))
        receiver = Receiver(ws.raw, collection.name, None)
        try:
            async for id_, item in fetch_items(client, collection, unknown.to_pylist()):
                if item is None:
                    missing = "is named by a document and does not exist in Robaws"
                    outcome.warnings.append(f"{collection.path}/{id_} {missing}")
                elif isinstance(item, NotAnEnvelope):
                    outcome.warnings.append(str(item))
                else:
                    receiver([item])
        except RobawsError as error:
            # No right to read them, no quota left, no answer: the others would have met the same.
            outcome.warnings.append(str(error))
        receiver.flush()
