"""Robaws against us: whole months compared, by collection and type.

Thoroughly (`verify`), every document of the months is listed, without its lines, and compared with the one that we
hold: its month, type, number, totals, and the time it was last changed.

By totals (`verify(…, quick=True)`), Robaws is asked only how many documents it has of each month and type, which costs
one request each however many there are; where that is not the number that we hold, they are listed. It finds what a
nightly run cannot see, a document that was deleted or never received. It cannot find what leaves the number as it is:
one missing and another too many in the same month and type, or a version that is not the newest. Where listing
everything takes no more requests than the totals would, it is done at once, and proves more.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.periods import first_day, last_day, months_between
from robaws_pipeline.robaws.client import RobawsClient, Usage
from robaws_pipeline.robaws.errors import NotAnEnvelope, RobawsError
from robaws_pipeline.robaws.listing import PAGE_SIZE
from robaws_pipeline.robaws.sweep import Item, count_documents, fetch_items, sweep_documents
from robaws_pipeline.steps.asking import ask
from robaws_pipeline.steps.receive import filing_month
from robaws_pipeline.steps.stale import contiguous
from robaws_pipeline.steps.workspace import Workspace

_ASKED = 50
"""Documents of a collection that Robaws does not list and that are asked for by id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that is not the same on both sides."""

    what: str
    """`missing`, `extra`, `changed`, `moved` or `retyped`."""
    id: str
    detail: str = ""
    """For a `moved` or `retyped` one: where it is on the other side."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One month, collection and type: how many documents each side has, and which differ."""

    month: str
    collection: str
    type: str
    listed: int
    """Documents that Robaws has."""
    held: int
    """Documents that we hold as existing."""
    by_ids: bool
    """Whether every document was compared, or only their number."""
    differences: tuple[Difference, ...] = ()
    """A document that moved or was re-typed is in the comparison of both its places."""
    unlisted: tuple[str, ...] = ()
    """We hold them as Robaws has them, and it does not list them in the month: their date cannot be read, say."""

    @property
    def equal(self) -> bool:
        """Nothing was found to differ."""
        return not self.differences

    def ids(self, what: str) -> tuple[str, ...]:
        """The documents that differ in this way."""
        return tuple(difference.id for difference in self.differences if difference.what == what)


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


@dataclass(frozen=True, slots=True)
class _Seen:
    """A document on one side."""

    month: str
    type: str
    updated_at: datetime | None
    header: "_Values"
    """Number and totals: what must be the same on both sides even when nobody noted a change."""


_Side = dict[str, _Seen]
_Values = Mapping[str, Decimal | str | None]


def verify(workspace: Workspace, months: Sequence[str], *, quick: bool = False) -> Verification:
    """Compare contiguous months with Robaws; see above for what `quick` can prove and what it costs.

    A thorough comparison costs about a request per hundred documents, and two for each collection at least.
    """
    return ask(workspace, lambda: _verify(workspace, months, quick))


async def _verify(workspace: Workspace, months: Sequence[str], quick: bool) -> Verification:
    async with workspace.client() as client:
        found = await asyncio.gather(
            *(_collection(workspace, client, collection, months, quick) for collection in fields.DOCUMENTS),
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
    comparisons.sort(key=lambda one: one.month)
    return Verification(tuple(comparisons), tuple(errors), client.usage)


async def _collection(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection, months: Sequence[str], quick: bool
) -> list[Comparison]:
    narrow = replace(collection, with_lines=False)
    held = {month: _counts(workspace, collection, month) for month in months}
    if not quick or _requests(held.values()) <= len(months) * len(fields.DOCUMENT_TYPES):
        return await _by_ids(workspace, client, narrow, months)
    totals = await _totals(client, narrow, months)
    suspects = {month for (month, type_), there in totals.items() if there != held[month][type_]} | {
        month for month in months if set(held[month]) - set(fields.DOCUMENT_TYPES)
    }
    found = [
        Comparison(month, collection.name, type_, there, held[month][type_], by_ids=False)
        for (month, type_), there in totals.items()
        if month not in suspects
    ]
    for first, last in contiguous(sorted(suspects)):
        found += await _by_ids(workspace, client, narrow, months_between(first, last))
    return found


def _type(text: str | None) -> str:
    """A type as we name it; Robaws once wrote CREDITNOTE."""
    plain = (text or "?").replace("_", "")
    return next((known for known in fields.DOCUMENT_TYPES if known.replace("_", "") == plain), text or "?")


def _counts(workspace: Workspace, collection: fields.Collection, month: str) -> Counter[str]:
    """How many documents we hold of each type."""
    heads = workspace.raw.heads(collection.name, month)
    return Counter(_type(text) for text in heads.filter(pc.invert(heads["deleted"]))["type"].to_pylist())


def _requests(held: Iterable[Counter[str]]) -> int:
    """What it takes to list as many documents as we hold."""
    counts: Counter[str] = sum(held, Counter())
    return sum(max(-(-counts[type_] // PAGE_SIZE), 1) for type_ in fields.DOCUMENT_TYPES)


async def _totals(
    client: RobawsClient, collection: fields.Collection, months: Sequence[str]
) -> dict[tuple[str, str], int]:
    """(month, type) → how many documents Robaws says that it has."""
    places = [(month, type_) for month in months for type_ in fields.DOCUMENT_TYPES]
    counts = await asyncio.gather(
        *(count_documents(client, collection, type_, first_day(month), last_day(month)) for month, type_ in places)
    )
    return dict(zip(places, counts, strict=True))


async def _by_ids(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection, months: Sequence[str]
) -> list[Comparison]:
    """Every document of contiguous months on both sides."""
    start, header = workspace.company.start, _header_reader(collection, workspace)
    there: _Side = {}

    def receive(items: list[Item]) -> None:
        there.update((item.id, _seen(item, start, header)) for item in items)

    await sweep_documents(client, collection, first_day(months[0]), last_day(months[-1]), receive)
    # The list has documents whose date cannot be read, too: they have a month with us, which may not be one of these.
    elsewhere = {id_ for id_, seen in there.items() if seen.month not in months}
    here: _Side = {}
    for month in months:
        here |= _held(workspace.raw.current(collection.name, month), header)
    here |= _held_elsewhere(workspace, collection, (there.keys() - here.keys()) - elsewhere, header)
    unlisted: set[str] = set()
    # By id Robaws tells what is gone from what it only does not list; loading again would not mend the latter.
    async for id_, item in fetch_items(client, collection, sorted(here.keys() - there.keys())[:_ASKED]):
        if isinstance(item, NotAnEnvelope):
            raise item
        if item is not None:
            there[id_] = _seen(item, start, header)
            unlisted.add(id_)
    return _compare(collection.name, months, there, here, unlisted)


def _compare(collection: str, months: Sequence[str], there: _Side, here: _Side, unlisted: set[str]) -> list[Comparison]:
    places: dict[tuple[str, str], list[Difference]] = {
        (month, type_): [] for month in months for type_ in fields.DOCUMENT_TYPES
    }
    for side in (there, here):
        places |= {(seen.month, seen.type): [] for seen in side.values() if seen.month in months}
    for id_ in sorted(there.keys() | here.keys()):
        for place, difference in _differences(id_, there.get(id_), here.get(id_)):
            if place in places:
                places[place].append(difference)
    listed = Counter((seen.month, seen.type) for seen in there.values())
    held = Counter((seen.month, seen.type) for seen in here.values())
    not_listed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id_ in sorted(unlisted):
        not_listed[here[id_].month, here[id_].type].append(id_)
    return [
        Comparison(
            *(place[0], collection, place[1]),
            listed=listed[place],
            held=held[place],
            by_ids=True,
            differences=tuple(differences),
            unlisted=tuple(
                id_ for id_ in not_listed[place] if id_ not in {difference.id for difference in differences}
            ),
        )
        for place, differences in sorted(places.items())
    ]


def _differences(id_: str, there: _Seen | None, here: _Seen | None) -> list[tuple[tuple[str, str], Difference]]:
    """What is to be said of a document, and in which month and type."""
    if here is None:
        return [((there.month, there.type), Difference("missing", id_))] if there else []
    ours = here.month, here.type
    if there is None:
        return [(ours, Difference("extra", id_))]
    theirs = there.month, there.type
    if theirs != ours:
        what, position = ("moved", 0) if theirs[0] != ours[0] else ("retyped", 1)
        return [
            (ours, Difference(what, id_, f"in Robaws {theirs[position]}")),
            (theirs, Difference(what, id_, f"here {ours[position]}")),
        ]
    if _newer(there.updated_at, here.updated_at) or not _same(there.header, here.header):
        return [(ours, Difference("changed", id_))]
    return []


def _newer(there: datetime | None, held: datetime | None) -> bool:
    return there is not None and (held is None or there > held)


def _same(there: _Values, here: _Values) -> bool:
    """Whether we hold what Robaws shows. What its list leaves out (it is asked for without lines) is no difference."""
    return all(here.get(name) == value for name, value in there.items())


_Header = Callable[[bytes], _Values]


def _seen(item: Item, start: str, header: _Header) -> _Seen:
    return _Seen(filing_month(item, start), _type(item.type), item.updated_at, header(item.json))


def _held(rows: pa.Table, header: _Header) -> _Side:
    """What we hold, of the rows of documents that exist."""
    live = rows.filter(pc.invert(rows["deleted"]))
    columns = [live[name].to_pylist() for name in ("id", "month", "type", "updated_at", "json")]
    return {
        id_: _Seen(month, _type(type_), updated_at, header(json))
        for id_, month, type_, updated_at, json in zip(*columns, strict=True)
    }


def _held_elsewhere(workspace: Workspace, collection: fields.Collection, ids: Iterable[str], header: _Header) -> _Side:
    """Of documents that are not in these months with us, those that are in another."""
    columns = ["id", "month", "type", "updated_at", "deleted", "json"]
    return _held(workspace.raw.lookup(collection.name, ids, columns), header)


def _header_reader(collection: fields.Collection, workspace: Workspace) -> _Header:
    """Number and totals of a document's JSON, with a company's own keys. Amounts are compared as numbers; what is none
    as the text that stands there."""
    keys = fields.keys(collection.resource, workspace.company.fields.get(collection.resource))
    names = [keys[name] for name in ("number", "net", "gross")]
    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

    def read(json: bytes) -> _Values:
        try:
            members = decode(json)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}  # held as unreadable: its updatedAt is what there is to compare
        return {name: _value(members[name]) for name in names if name in members}

    return read


def _value(raw: msgspec.Raw) -> Decimal | str | None:
    text = bytes(raw).strip().decode(errors="replace")
    if text == "null":
        return None
    try:
        return msgspec.json.decode(text.strip('"'), type=Decimal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text
