"""One listing of a collection, read page by page while the collection changes underneath.

Sorted by id, an update moves nothing and a new item
comes last; only an item that leaves shifts the ones behind it, so that one of them falls between two pages. That shows
in the counts, if no new item can make up for the one that was missed:

- The last page is read before all others, and again only when the total grew: a new item is not received unless a
  total admits it.
- A page that is empty though the listing reaches it, or that has one item twice, is asked for again at once.
- A total that shrinks, fewer distinct ids than the last total, or more new ids than the total grew by mean that
  something may be missing. The same listing is read again, at most `ROUNDS` times; then `SweepIncomplete` is raised.

One thing stays unseen: an item that leaves while another *moves into* the middle of the listing (its date changes)
between two answers. Both show in the next sweep of changes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.lib import StringBuilder

from robaws_pipeline import fields
from robaws_pipeline.robaws.client import Page, RobawsClient, request_text
from robaws_pipeline.robaws.errors import BadRequest, RobawsError, SweepIncomplete
from robaws_pipeline.robaws.items import BadItemError, Item, head_reader

ROUNDS = 3
"""Times a listing is read before it counts as incomplete."""

PAGE_SIZE = 100
"""The most that Robaws gives at once."""

_PAGE_ATTEMPTS = 3  # times a page is asked for that cannot be right
_GROWTH_STEPS = 10  # times a round follows a total that keeps growing
_CLOCKS = timedelta(minutes=1)  # by which Robaws's own clocks may differ
_SHOWN = 5  # ids that a message names

Receive = Callable[[list[Item]], None]
"""Called in the event loop with items as they come."""


@dataclass(slots=True)
class Notes:
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
class Reading:
    """What one page gave."""

    ids: list[pa.Array]
    """Ids of all items; a second chunk holds what a later reading of the page added."""
    wanted: list[pa.Array]
    """Of these, the ids of the items passed on."""
    bad: list[str]
    """What is wrong with the items that could not be identified."""


@dataclass(slots=True)
class Round:
    """One reading of a listing from front to back."""

    total: int = 0
    pages: int = 0
    """Both as the latest request was told."""
    latest: int = -1
    sent: int = 0
    shrunk: bool = False
    rows: int = 0
    readings: dict[int, Reading] = field(default_factory=dict)
    """By page."""
    notes: Notes = field(default_factory=Notes)

    def add(self, page: int, items: list[Item], wanted: list[Item], bad: list[str]) -> None:
        """Note what a page gave, for the first time or once more."""
        before = self.readings.get(page, Reading([], [], []))
        known = {id_ for chunk in before.ids for id_ in chunk.to_pylist()}
        ids = _array([item.id for item in items if item.id not in known])
        self.readings[page] = Reading(
            [*before.ids, ids], [*before.wanted, _array([item.id for item in wanted if item.id not in known])], bad
        )
        self.rows += len(ids) + len(bad)

    def ids(self) -> pa.ChunkedArray:
        """Ids of all items so far; one that two pages gave is there twice."""
        return pa.chunked_array([chunk for reading in self.readings.values() for chunk in reading.ids], pa.string())

    def distinct(self) -> int:
        """How many different ids there are so far."""
        return len(self.ids().unique())

    def wanted(self) -> list[pa.Array]:
        """Ids of the items passed on."""
        return [chunk for reading in self.readings.values() for chunk in reading.wanted]

    def bad(self) -> list[str]:
        """What is wrong with the items that could not be identified."""
        return [text for reading in self.readings.values() for text in reading.bad]


class Listing:
    """One question to one collection (one type), with what came of it."""

    def __init__(
        self,
        client: RobawsClient,
        collection: fields.Collection,
        type_: str,
        *,
        filters: Mapping[str, str],
        receive: Receive,
        wanted: Callable[[Item, Notes], bool],
    ) -> None:
        self.type = type_
        self.name = f"{collection.name} {type_}".strip()
        self.requests = 0
        self.rounds = 0
        self.started_at: datetime | None = None
        self.warnings: list[str] = []
        self.round = Round()
        self.duplicated: list[str] = []
        self._asked_again = 0
        self.on_page: Callable[[], None] = lambda: None
        self._client = client
        self._path = collection.path
        self._params = {
            **({"type": type_} if type_ else {}),
            **filters,
            **({"include": include} if (include := collection.include(client.spelling)) else {}),
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
            self.round = Round()
            await self._read_once(self.round)
            self.duplicated = _duplicated(self.round.ids())
            received = self.round.distinct() + len(self.round.bad())
            if not self.round.shrunk and received >= self.round.total:
                if self._asked_again:
                    self.warnings.append(
                        f"{self.name}: {self._asked_again} pages were asked for again, because they were empty or had"
                        " an item twice though Robaws counts otherwise"
                    )
                if self.rounds > 1:
                    self.warnings.append(
                        f"{self.name}: read {self.rounds} times, because something left the listing meanwhile or was"
                        " missing"
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

    async def _read_once(self, round_: Round) -> None:
        first = await self._first_page(round_)
        tail = round_.pages - 1
        if tail <= 0:
            self._sort_out(round_, 0, first)
            return
        try:
            last = await self._ask(round_, tail)
        except RobawsError:
            self._sort_out(round_, 0, first)  # it was received, so it is kept
            raise
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

    async def _first_page(self, round_: Round) -> Page:
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

    async def _pages(self, round_: Round, numbers: Iterable[int]) -> None:
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

    async def _ask(self, round_: Round, number: int) -> Page:
        """One page, its totals noted, its items not looked at yet.

        A page that cannot be right by its own account is asked for again at once: reading the whole listing again for
        each of them would never end where there are many pages.
        """
        for attempt in range(_PAGE_ATTEMPTS):
            page = await self._ask_once(round_, number)
            if not _implausible(page, number):
                break
            if attempt == 0:
                self._asked_again += 1
        return page

    async def _ask_once(self, round_: Round, number: int) -> Page:
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

    def _sort_out(self, round_: Round, number: int, page: Page, since: datetime | None = None) -> bool:
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
        round_.add(number, items, wanted, bad)
        if wanted:
            self._receive(wanted)
        self.on_page()
        return since is not None and any(item.updated_at is None or item.updated_at >= since for item in items)


def _implausible(page: Page, number: int) -> bool:
    """Whether a page is empty though it says that the listing reaches it, or has the same item twice."""
    if not page.items:
        return number < min(page.total_pages, page.total_items)
    return len(set(page.items)) < len(page.items)


def _array(ids: list[str]) -> pa.Array:
    # A builder and not `pa.array`: its first call imports pandas, half a second in which no request leaves.
    builder = StringBuilder()
    builder.append_values(ids)
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
