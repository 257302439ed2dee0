"""Sweeps: every item of a collection that answers a question, completely or loudly not.

No filter of Robaws's is trusted: type, date and change time of every item are looked at again. How a listing is read so
that nothing falls between two pages is in `robaws_pipeline.robaws.listing`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import quote

import pyarrow as pa

from robaws_pipeline import fields, progress
from robaws_pipeline.robaws.client import RobawsClient, request_text
from robaws_pipeline.robaws.errors import NotAnEnvelope, SweepIncomplete
from robaws_pipeline.robaws.items import BadItemError, Item, head_reader
from robaws_pipeline.robaws.listing import Listing, Notes, Receive

__all__ = ["Item", "SweepReport", "count_documents", "fetch_item", "fetch_items", "sweep_changes", "sweep_documents"]

_BAD_SHOWN = 20  # items without an id that are described one by one

Kind = Literal["history", "changes"]


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did."""

    collection: str
    kind: Kind
    started_at: datetime
    """Robaws's clock at the first answer: changes from then on may be missing here."""
    requests: int
    """Pages read."""
    totals: dict[str, int]
    """Type ('' when not asked by type) → items that Robaws counts. For a history the range asked for, and so the
    count, is a day wider at each end than `first` to `last`."""
    received: int
    """Distinct items passed on."""
    rounds: int
    """The most times that one of the listings was read: 1 when nothing left it meanwhile."""
    warnings: tuple[str, ...]
    ids: pa.Array
    """Distinct ids passed on (strings, in no order)."""
    duplicated: tuple[str, ...]
    """Ids on two pages of one listing in its last round: a page shifted, or Robaws has the id twice."""
    complete: bool
    """False when an item could not be identified; a listing that is incomplete raises SweepIncomplete instead."""


async def sweep_documents(
    client: RobawsClient, collection: fields.Collection, first: date, last: date, receive: Receive
) -> SweepReport:
    """All documents dated `first` to `last`, both included.

    `receive` is called in the event loop with the items of each page as they come, in any order; when a listing has
    to be read again, it gets the same items again. Documents whose date cannot be read are passed on too. Whether
    Robaws includes the ends of a date range is not documented, so a day more is asked at each end and left out here.
    """
    wide_first, wide_last = _days(first, -1), _days(last, +1)
    params = {"fromDate": wide_first.isoformat(), "toDate": wide_last.isoformat()}

    def wanted(item: Item, notes: Notes) -> bool:
        day = _readable(item.date)
        if day is None or first <= day <= last:
            return True
        if not wide_first <= day <= wide_last:
            notes.note(f"dated outside {wide_first} to {wide_last}, so Robaws ignores the date filter", item.id)
        return False

    listings = [
        Listing(client, collection, type_, filters=params, receive=receive, wanted=wanted)
        for type_ in fields.DOCUMENT_TYPES
    ]
    return await _sweep(collection, "history", listings)


async def sweep_changes(
    client: RobawsClient, collection: fields.Collection, since: datetime | None, receive: Receive
) -> SweepReport:
    """All items of any collection changed at or after `since` (with a time zone), or all there are when it is None.

    `receive` as for `sweep_documents`. Items that are older than `since` are passed on too, with a warning.
    """
    params = collection.narrowing.params()
    if since is not None:
        since = since.astimezone(UTC).replace(microsecond=since.microsecond // 1000 * 1000)
        params["updatedFrom"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wanted(item: Item, notes: Notes) -> bool:
        if since is not None and item.updated_at is not None and item.updated_at < since:
            notes.note(
                f"last changed before {params['updatedFrom']}, so Robaws ignores the updatedFrom filter", item.id
            )
        return True

    types = fields.DOCUMENT_TYPES if collection.is_documents else ("",)
    listings = [Listing(client, collection, type_, filters=params, receive=receive, wanted=wanted) for type_ in types]
    return await _sweep(collection, "changes", listings)


async def count_documents(
    client: RobawsClient, collection: fields.Collection, type_: str, first: date, last: date
) -> int:
    """How many documents of a type, dated `first` to `last`, Robaws says that it has: one request.

    Whether it counts those of the last day is not documented, and no filter is trusted: a number that is not the
    expected one is a reason to look (`sweep_documents`), and no finding yet.
    """
    params = {"type": type_, "fromDate": first.isoformat(), "toDate": last.isoformat(), "page": "0", "size": "1"}
    return (await client.page(collection.path, params)).total_items


async def fetch_item(client: RobawsClient, collection: fields.Collection, id: str) -> Item | None:
    """One item as it is now, with the collection's include; None when Robaws does not have it."""
    path = f"{collection.path}/{quote(id, safe='')}"
    include = collection.include(client.spelling)
    params = {"include": include} if include else {}
    json = await client.item(path, params)
    if json is None:
        return None
    try:
        item = head_reader(collection.resource, client.spelling.get(collection.resource))(json)
        problem = "" if item.id == id else f"its id is {item.id}"
    except BadItemError as error:
        problem = str(error)
    if problem:
        raise NotAnEnvelope(
            request_text(path, params),
            f"the answer is not the object that was asked for: {problem}",
            "Check base_url and the field names of this company in robaws.toml",
        )
    return item


async def fetch_items(
    client: RobawsClient, collection: fields.Collection, ids: Sequence[str]
) -> AsyncIterator[tuple[str, Item | NotAnEnvelope | None]]:
    """Each id with its item as `fetch_item` finds it, in the order of `ids`, but asked for side by side.

    An answer that cannot be used stands in its item's place. Any other error is raised, after what came beside it was
    passed on, and nothing more is asked: the next ones would meet the same. The first item goes alone, so that a
    missing right costs one request.
    """
    for start in (0, *range(1, len(ids), client.concurrency)):
        batch = ids[start : start + client.concurrency if start else 1]
        found = await asyncio.gather(*(fetch_item(client, collection, id_) for id_ in batch), return_exceptions=True)
        errors = []
        for id_, item in zip(batch, found, strict=True):
            if isinstance(item, BaseException) and not isinstance(item, NotAnEnvelope):
                errors.append(item)
            else:
                yield id_, item
        if errors:
            raise errors[0]


async def _sweep(collection: fields.Collection, kind: Kind, listings: list[Listing]) -> SweepReport:
    def report_progress() -> None:
        known = all(listing.round.sent and listing.round.latest >= 0 for listing in listings)
        progress.report(
            f"reading {collection.name}",
            sum(listing.round.rows for listing in listings),
            sum(listing.round.total for listing in listings) if known else None,
        )

    for listing in listings:
        listing.on_page = report_progress
    outcomes = await asyncio.gather(*(listing.read() for listing in listings), return_exceptions=True)
    failures = [outcome for outcome in outcomes if outcome is not None]
    if failures:
        # An incomplete listing is the lesser news beside a wrong key or an empty quota.
        raise min(failures, key=lambda failure: isinstance(failure, SweepIncomplete))
    bad = [text for listing in listings for text in listing.round.bad()]
    warnings = [
        *(text for listing in listings for text in listing.warnings),
        *(text for listing in listings for text in listing.round.notes.sentences(listing.name)),
        *bad[:_BAD_SHOWN],
        *([f"{collection.name}: {len(bad) - _BAD_SHOWN} more items left out"] if len(bad) > _BAD_SHOWN else []),
    ]
    ids = pa.chunked_array([chunk for listing in listings for chunk in listing.round.wanted()], pa.string()).unique()
    return SweepReport(
        collection=collection.name,
        kind=kind,
        started_at=min(listing.started_at for listing in listings if listing.started_at is not None),
        requests=sum(listing.requests for listing in listings),
        totals={listing.type: listing.round.total for listing in listings},
        received=len(ids),
        rounds=max(listing.rounds for listing in listings),
        warnings=tuple(warnings),
        ids=ids,
        duplicated=tuple(id_ for listing in listings for id_ in listing.duplicated),
        complete=not bad,
    )


def _readable(text: str | None) -> date | None:
    """A date written YYYY-MM-DD; None for anything else."""
    if text is None or len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(day: date, count: int) -> date:
    try:
        return day + timedelta(days=count)
    except OverflowError:
        return day
