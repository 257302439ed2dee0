"""Sweeps: every item of a collection that answers a question, completely or loudly not.

Pages are read by number while the collection changes underneath. Sorted by id, an update moves nothing and a new item
comes last; only an item that leaves shifts the ones behind it, so that one of them falls between two pages. That shows
in the counts, if no new item can make up for the one that was missed:

- The last page is read before all others, and again only when the total grew: a new item is not received unless a
  total admits it.
- A total that shrinks, fewer distinct ids than the last total, or more new ids than the total grew by mean that
  something may be missing. The same listing is read again, at most `ROUNDS` times; then `SweepIncomplete` is raised.
- No filter is trusted: type, date and change time of every item are looked at again.

One thing stays unseen: an item that leaves while another *moves into* the middle of the listing (its date changes)
between two answers. Both show in the next sweep of changes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.lib import StringBuilder

from robaws_pipeline import fields, progress
from robaws_pipeline.robaws.client import Page, RobawsClient, request_text
from robaws_pipeline.robaws.errors import BadRequest, NotAnEnvelope, RobawsError, SweepIncomplete
from robaws_pipeline.robaws.items import BadItemError, Item, head_reader

__all__ = ["Item", "SweepReport", "fetch_item", "sweep_changes", "sweep_documents"]

ROUNDS = 3
"""Times a listing is read before it counts as incomplete."""

PAGE_SIZE = 100
"""The most that Robaws gives at once."""

_GROWTH_STEPS = 10  # times a round follows a total that keeps growing
_CLOCKS = timedelta(minutes=1)  # by which Robaws's own clocks may differ
_SHOWN = 5  # ids that a warning names
_BAD_SHOWN = 20  # items without an id that are described one by one

Receive = Callable[[list[Item]], None]
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

    def wanted(item: Item, notes: "_Notes") -> bool:
        day = _readable(item.date)
        if day is None or first <= day <= last:
            return True
        if not wide_first <= day <= wide_last:
            notes.note(f"dated outside {wide_first} to {wide_last}, so Robaws ignores the date filter", item.id)
        return False

    listings = [
        _Listing(client, collection, type_, filters=params, receive=receive, wanted=wanted)
        for type_ in fields.DOCUMENT_TYPES
    ]
    return await _sweep(collection, "history", listings)


async def sweep_changes(
    client: RobawsClient, collection: fields.Collection, since: datetime | None, receive: Receive
) -> SweepReport:
    """All items of any collection changed at or after `since` (with a time zone), or all there are when it is None.

    `receive` as for `sweep_documents`. Items that are older than `since` are passed on too, with a warning.
    """
    params: dict[str, str] = {}
    if since is not None:
        since = since.astimezone(UTC).replace(microsecond=since.microsecond // 1000 * 1000)
        params["updatedFrom"] = since.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wanted(item: Item, notes: "_Notes") -> bool:
        if since is not None and item.updated_at is not None and item.updated_at < since:
            notes.note(
                f"last changed before {params['updatedFrom']}, so Robaws ignores the updatedFrom filter", item.id
            )
        return True

    types = fields.DOCUMENT_TYPES if collection.is_documents else ("",)
    listings = [_Listing(client, collection, type_, filters=params, receive=receive, wanted=wanted) for type_ in types]
    return await _sweep(collection, "changes", listings)


async def fetch_item(client: RobawsClient, collection: fields.Collection, id: str) -> Item | None:
    """One item as it is now, with the collection's include; None when Robaws does not have it."""
    path = f"{collection.path}/{quote(id, safe='')}"
    params = {"include": collection.include} if collection.include else {}
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


@dataclass(slots=True)
class _Notes:
    """Remarks about items: what is wrong → how many and which first."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, id_: str) -> None:
        self.counts[what] += 1
        if len(shown := self.examples.setdefault(what, [])) < _SHOWN:
            shown.append(id_)

    def sentences(self, prefix: str) -> list[str]:
        return [
            f"{prefix}: {count} {'item is' if count == 1 else 'items are'} {what} (id {', '.join(self.examples[what])}"
            + (", …)" if count > _SHOWN else ")")
            for what, count in self.counts.items()
        ]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one page gave: ids of all items, ids of those passed on, and what could not be identified."""

    ids: pa.Array
    wanted: pa.Array
    bad: list[str]


@dataclass(slots=True)
class _Round:
    """One reading of a listing from front to back."""

    total: int = 0
    pages: int = 0
    """Both as the latest request was told."""
    latest: int = -1
    sent: int = 0
    shrunk: bool = False
    rows: int = 0
    readings: dict[int, _Reading] = field(default_factory=dict)
    """By page; reading a page again replaces the first."""
    notes: _Notes = field(default_factory=_Notes)

    def ids(self) -> pa.ChunkedArray:
        """Ids of all items so far; some may be there twice."""
        return pa.chunked_array([reading.ids for reading in self.readings.values()], pa.string())

    def distinct(self) -> int:
        """How many different ids there are so far."""
        return len(self.ids().unique())

    def wanted(self) -> list[pa.Array]:
        """Ids of the items passed on."""
        return [reading.wanted for reading in self.readings.values()]

    def bad(self) -> list[str]:
        """What is wrong with the items that could not be identified."""
        return [text for reading in self.readings.values() for text in reading.bad]


class _Listing:
    """One question to one collection (one type), with what came of it."""

    def __init__(
        self,
        client: RobawsClient,
        collection: fields.Collection,
        type_: str,
        *,
        filters: Mapping[str, str],
        receive: Receive,
        wanted: Callable[[Item, _Notes], bool],
    ) -> None:
        self.type = type_
        self.name = f"{collection.name} {type_}".strip()
        self.requests = 0
        self.rounds = 0
        self.started_at: datetime | None = None
        self.warnings: list[str] = []
        self.round = _Round()
        self.duplicated: list[str] = []
        self.on_page: Callable[[], None] = lambda: None
        self._client = client
        self._path = collection.path
        self._params = {
            **({"type": type_} if type_ else {}),
            **filters,
            **({"include": collection.include} if collection.include else {}),
            "sort": "id:asc",
            "size": str(PAGE_SIZE),
        }
        self._receive = receive
        self._wanted = wanted
        self._read = head_reader(collection.resource, client.spelling.get(collection.resource))

    async def read(self) -> None:
        """Read until complete; SweepIncomplete after `ROUNDS` rounds."""
        while self.rounds < ROUNDS:
            self.rounds += 1
            self.round = _Round()
            await self._read_once(self.round)
            self.duplicated = _duplicated(self.round.ids())
            received = self.round.distinct() + len(self.round.bad())
            if not self.round.shrunk and received >= self.round.total:
                if self.rounds > 1:
                    self.warnings.append(
                        f"{self.name}: read {self.rounds} times, because documents left the listing meanwhile"
                    )
                return
        doubles = self.duplicated[:_SHOWN]
        raise SweepIncomplete(
            request_text(self._path, self._params),
            f"{self.name}: Robaws counts {self.round.total} and gave {received} distinct ids in the last of"
            f" {self.rounds} readings"
            + (", while the count went down" if self.round.shrunk else "")
            + (f"; more than once: id {', '.join(doubles)}" if doubles else ""),
            "What was received is kept. Run again when nobody deletes documents; if the numbers stay the same, Robaws's"
            " paging is wrong for this listing: report it with this message",
        )

    async def _read_once(self, round_: _Round) -> None:
        first = await self._first_page(round_)
        tail = round_.pages - 1
        if tail <= 0:
            self._sort_out(round_, 0, first)
            return
        last = await self._ask(round_, tail)
        if self._sort_out(round_, tail, last, since=first.server_time - _CLOCKS):
            # New items: they might make up for one that left the first page before they were counted.
            await self._pages(round_, range(tail))
        else:
            self._sort_out(round_, 0, first)
            await self._pages(round_, range(1, tail))
        for _ in range(_GROWTH_STEPS):
            if round_.shrunk or round_.total <= last.total_items:
                return
            known, end, before = round_.distinct(), max(tail, round_.pages - 1), last.total_items
            last = await self._ask(round_, end)
            self._sort_out(round_, end, last)
            await self._pages(round_, range(tail, end))
            round_.shrunk |= round_.distinct() - known > last.total_items - before
            tail = end

    async def _first_page(self, round_: _Round) -> Page:
        try:
            return await self._ask(round_, 0)
        except BadRequest as error:
            if "sort" not in self._params:
                raise await self._explained(error) from None
            sort = self._params.pop("sort")
            try:
                page = await self._ask(round_, 0)
            except BadRequest:
                raise await self._explained(error) from None
            self.warnings.append(
                f"{self.name}: Robaws refuses sort={sort}, so the order is its own: a document that changes during a"
                " sweep may move past it unseen"
            )
            return page

    async def _explained(self, error: BadRequest) -> BadRequest:
        """The same error; when the include turns out to be what is refused, it says so."""
        if "include" not in self._params:
            return error
        params = {name: value for name, value in self._params.items() if name != "include"}
        try:
            await self._client.page(self._path, {**params, "page": "0", "size": "1"})
        except RobawsError:
            return error
        return BadRequest(
            error.request,
            f"{error.happened}; the same request without include is accepted, so include={self._params['include']} is"
            " what Robaws refuses",
            "Without the lines, their accounts and VAT tariffs nothing can be booked: ask Robaws which include this"
            " tenant's API accepts",
        )

    async def _pages(self, round_: _Round, numbers: Iterable[int]) -> None:
        """Read pages, several at once.

        When one fails, those under way are finished and received, and then its error is raised.
        """
        queue = iter(numbers)
        failures: list[Exception] = []

        async def work() -> None:
            for number in queue:
                if failures or round_.shrunk:
                    return
                try:
                    self._sort_out(round_, number, await self._ask(round_, number))
                except Exception as error:  # kept for the caller, whatever it is
                    failures.append(error)

        await asyncio.gather(*(work() for _ in range(self._client.concurrency)))
        if failures:
            raise failures[0]

    def _with_page(self, number: int) -> dict[str, str]:
        return {**self._params, "page": str(number)}

    async def _ask(self, round_: _Round, number: int) -> Page:
        """One page, its totals noted, its items not looked at yet."""
        known, order = round_.total, round_.sent
        round_.sent += 1
        self.requests += 1
        page = await self._client.page(self._path, self._with_page(number))
        if self.started_at is None or page.server_time < self.started_at:
            self.started_at = page.server_time
        # `known` was told before this request left, so a lower total now is a later one: something is gone.
        round_.shrunk |= page.total_items < known
        if order > round_.latest:
            round_.latest, round_.total = order, page.total_items
            round_.pages = min(page.total_pages, page.total_items)  # no page without an item, whatever is claimed
        return page

    def _sort_out(self, round_: _Round, number: int, page: Page, since: datetime | None = None) -> bool:
        """Pass on the items that are wanted; whether one of them is, or may be, from after `since`."""
        items: list[Item] = []
        bad: list[str] = []
        for position, json in enumerate(page.items, 1):
            try:
                items.append(self._read(json))
            except BadItemError as error:
                bad.append(f"{request_text(self._path, self._with_page(number))}: item {position} left out: {error}")
        for item in items:
            if self.type and item.type != self.type and not _same_type(item.type, self.type):
                round_.notes.note(f"of type {item.type}, so Robaws ignores the type filter", item.id)
        wanted = [item for item in items if self._wanted(item, round_.notes)]
        round_.readings[number] = _Reading(_array(items), _array(wanted), bad)
        round_.rows += len(page.items)
        if wanted:
            self._receive(wanted)
        self.on_page()
        return since is not None and any(item.updated_at is None or item.updated_at >= since for item in items)


async def _sweep(collection: fields.Collection, kind: Kind, listings: list[_Listing]) -> SweepReport:
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


def _array(items: list[Item]) -> pa.Array:
    # A builder and not `pa.array`: its first call imports pandas, half a second in which no request leaves.
    builder = StringBuilder()
    builder.append_values([item.id for item in items])
    return builder.finish()


def _duplicated(ids: pa.ChunkedArray) -> list[str]:
    """Ids that are there more than once."""
    counts = ids.value_counts()
    if len(counts) == len(ids):
        return []
    return [str(id_) for id_ in counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist()]


def _same_type(found: str | None, asked: str) -> bool:
    """Robaws once wrote CREDITNOTE."""
    return found is not None and found.replace("_", "") == asked.replace("_", "")


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
