"""Say back to Robaws which documents were delivered: one extra field of each, set or taken away.

What should be there follows from the deliveries, what is there from the raw log: the difference is what is to do, and
there is no list of what was done. So a run that is killed, or that the day's quota ends, is gone on with by the next;
and after a run the changed documents are read again, which proves that Robaws has the marks.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields, progress
from robaws_pipeline.deliveries.entries import Key
from robaws_pipeline.deliveries.marks import Value, Wanted, wanted
from robaws_pipeline.lake.raw import content_hash
from robaws_pipeline.robaws import decode_reference
from robaws_pipeline.robaws.client import RobawsClient, Usage
from robaws_pipeline.robaws.errors import BadRequest, Forbidden, NotAnEnvelope, NotFound, RobawsError
from robaws_pipeline.robaws.items import Item
from robaws_pipeline.robaws.sweep import fetch_items
from robaws_pipeline.settings import Mark, SettingsError
from robaws_pipeline.steps import fetch
from robaws_pipeline.steps.asking import ask
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.deliver import archive_of
from robaws_pipeline.steps.receive import Receiver
from robaws_pipeline.steps.workspace import Workspace

_REFUSALS = 10
"""Documents of a collection that Robaws refuses to change, one after the other, before the others are left alone."""


_FOR_READING = 10
"""One in so many of the day's requests is left for reading, above what the settings reserve for others: what was
written must be read again, and a night must not find nothing left because of marks."""


@dataclass(frozen=True, slots=True)
class OpenMark:
    """A document of which Robaws does not say what it should."""

    collection: fields.Collection
    id: str
    month: str
    wanted: Wanted
    version: str
    """Hash of the version that is held: a person who takes a mark away makes another one."""

    @property
    def key(self) -> Key:
        """What identifies the document."""
        return self.collection.name, self.id


@dataclass(slots=True)
class Marked:
    """What a run did."""

    set: int = 0
    cleared: int = 0
    failed: list[str] = field(default_factory=list)
    """Each document that could not be marked, with the reason and what to do."""
    left: int = 0
    """Documents that were not asked about; the next run goes on with them."""
    stopped: list[str] = field(default_factory=list)
    """Why, and what could not be read again."""
    usage: Usage = field(default_factory=Usage)

    @property
    def complete(self) -> bool:
        """Nothing failed and nothing is left."""
        return not (self.failed or self.left or self.stopped)


def mark_of(workspace: Workspace) -> Mark:
    """The company's setting; SettingsError when it has none."""
    mark = workspace.company.deliveries.mark
    if mark is None:
        raise SettingsError(
            f"companies.{workspace.key}.deliveries",
            ['there is no mark: add [companies.X.deliveries.mark] field = "…", the extra field in Robaws'],
        )
    return mark


def open_marks(workspace: Workspace) -> list[OpenMark]:
    """The documents of which the version that we hold is not marked as it should be, by collection, month and id; none
    when the company marks nothing. ArchiveError when the deliveries are not those that were made."""
    mark = workspace.company.deliveries.mark
    if mark is None:
        return []
    due = wanted([link.manifest for link in archive_of(workspace).links()], mark)
    return list(_open(workspace, mark, due)) if due else []


def _open(workspace: Workspace, mark: Mark, due: dict[Key, Wanted]) -> Iterator[OpenMark]:
    for collection in workspace.company.document_collections:
        for month in workspace.raw.months(collection.name) if any(name == collection.name for name, _ in due) else ():
            for id_, (version, value) in _shown_in(workspace, mark, collection, month).items():
                should = due.get((collection.name, id_))
                # An empty field and one that Robaws does not show are one, and so is a box that is not ticked.
                if should is not None and (value or None) != (should.value or None):
                    yield OpenMark(collection, id_, month, should, version)


def _shown_in(
    workspace: Workspace, mark: Mark, collection: fields.Collection, month: str
) -> dict[str, tuple[str, Value]]:
    """Of each document that lives in the month and is not deleted, the hash of its version and what the field says.

    It is noted beside the month's files: whoever asks for open marks looks at every month, and few change.
    """
    raw = workspace.raw

    def read() -> str:
        rows = raw.current(collection.name, month)
        rows = rows.filter(pc.invert(rows["deleted"]))
        shown = _shown(workspace, mark, rows)
        versions = zip(rows["id"].to_pylist(), rows["hash"].to_pylist(), strict=True)
        return msgspec.json.encode({id_: (version, shown.get(id_)) for id_, version in versions}).decode()

    asked = f"{code_version()} {mark.field} {mark.kind} {workspace.company.fields.get('extra_field')}"
    made_from = f"{content_hash(asked.encode())}-{raw.listing(collection.name, [month])}"
    return _decode_shown(raw.noted(collection.name, month, ".marks", made_from, read))


_decode_shown = msgspec.json.Decoder(dict[str, tuple[str, Value]]).decode


def _shown(workspace: Workspace, mark: Mark, rows: pa.Table) -> dict[str, Value]:
    """What the field says in these versions, by document."""
    kind = fields.VALUE_OF_MARK[mark.kind]
    return decode_reference.extra_field_values(rows, mark.field, kind, workspace.company.fields)


def mark_delivered(workspace: Workspace) -> Marked:
    """Set and clear every mark that is open. A document that cannot be marked is told, and the others are.

    Nothing is asked when nothing is open. SettingsError when the company marks nothing.
    """
    mark = mark_of(workspace)
    if not open_marks(workspace):
        return Marked()
    return ask(workspace, lambda: _mark(workspace, mark))


async def _mark(workspace: Workspace, mark: Mark) -> Marked:
    done = Marked()
    async with workspace.client() as client:
        done.usage = client.usage
        # A run that was killed has set marks that are not received yet.
        unread = await _read_changes(workspace, client, done)
        todo = open_marks(workspace)
        writing = _Writing(workspace, mark, client, done, len(todo))
        for collection in workspace.company.document_collections:
            here = [one for one in todo if one.collection.name == collection.name]
            if here and collection.name not in unread:
                await writing.all_of(here)
        done.left = len(todo) - len(writing.written) - len(done.failed)
        if writing.written:
            await _read_back(workspace, client, writing.written, done)
    return done


async def _read_changes(workspace: Workspace, client: RobawsClient, done: Marked) -> set[str]:
    """Receive what changed; the collections that could not be read."""
    outcomes = await fetch.changes_with(workspace, client)
    failed = {outcome.collection: str(outcome.error) for outcome in outcomes if outcome.error is not None}
    done.stopped += [text for text in failed.values() if text not in done.stopped]
    return set(failed)


async def _read_back(workspace: Workspace, client: RobawsClient, written: Sequence[OpenMark], done: Marked) -> None:
    """Receive the documents that were written, and count those that show their mark."""
    await _read_changes(workspace, client, done)
    unseen = _still_open(workspace, written)
    try:
        # Writing what was there already may move no time of change: then only the document itself says so.
        for collection in workspace.company.document_collections:
            ids = [one.id for one in unseen if one.collection.name == collection.name]
            receiver = Receiver(workspace.raw, collection.name, workspace.company.start)
            async for _, item in fetch_items(client, collection, ids):
                if isinstance(item, Item):
                    receiver([item])
            receiver.flush()
    except RobawsError as error:
        done.stopped += [str(error)] if not done.stopped else []
    # Where reading ended before its end, nothing is proved: the next run reads first, and sees.
    missed = {} if done.stopped else {one.key: one for one in _still_open(workspace, unseen)}
    seen = Counter(one.wanted.sets for one in written if one.key not in missed)
    done.set, done.cleared = seen[True], seen[False]
    done.failed += map(_not_shown, missed.values())


def _still_open(workspace: Workspace, marks: Sequence[OpenMark]) -> list[OpenMark]:
    keys = {one.key for one in open_marks(workspace)} if marks else set()
    return [one for one in marks if one.key in keys]


def _not_shown(one: OpenMark) -> str:
    return (
        f"{one.collection.path}/{one.id}: Robaws took the mark and does not show it. Look whether the extra field is "
        "calculated or locked there, or whether somebody changes it at the same time"
    )


@dataclass(slots=True)
class _Writing:
    """The writes of one run."""

    workspace: Workspace
    mark: Mark
    client: RobawsClient
    done: Marked
    count: int
    written: list[OpenMark] = field(default_factory=list)
    _over: bool = False
    """Nothing more is sent, of whatever collection."""

    async def all_of(self, marks: Sequence[OpenMark]) -> None:
        """Write these marks of one collection side by side. The first goes alone, so that a missing right, or a field
        that is called otherwise, costs one request."""
        refused = 0

        async def worker(queue: Iterable[OpenMark]) -> None:
            nonlocal refused
            for one in queue:
                error = await self._write(one)
                refused = 0 if error is None else refused + isinstance(error, Forbidden | BadRequest)
                if self._over or refused >= _REFUSALS:
                    return

        first, *others = marks
        if self._over or isinstance(await self._write(first), Forbidden | BadRequest) or self._over:
            return
        if not await self._shows(first):
            return
        queue = iter(others)
        await asyncio.gather(*(worker(queue) for _ in range(self.client.concurrency)))

    async def _write(self, one: OpenMark) -> RobawsError | None:
        if self._over or self._quota_is_for_reading():
            return None
        path = f"{one.collection.path}/{quote(one.id, safe='')}"
        change = patch_of(self.mark, one.wanted.value, self.workspace.company.fields)
        try:
            await self.client.patch(path, change, key_of(self.workspace.key, one, change))
        except (Forbidden, BadRequest) as error:
            self.done.failed.append(str(error))
            return error
        except NotFound as error:
            self.done.failed.append(
                f"{error}. When it was deleted, robaws-pipeline load --from {one.month} --to {one.month} finds that out"
            )
            return error
        except RobawsError as error:
            # No quota left, no answer, no access: the others would meet the same.
            if not self._over:
                self.done.stopped.append(str(error))
            self._over = True
            return error
        self.written.append(one)
        progress.report("marking in Robaws", len(self.written), self.count)
        return None

    def _quota_is_for_reading(self) -> bool:
        usage, reserve = self.client.usage, self.workspace.company.rate_limit.daily_reserve
        if usage.daily_limit is None or usage.daily_remaining is None:
            return False
        if usage.daily_remaining >= reserve + usage.daily_limit // _FOR_READING:
            return False
        self.done.stopped.append(
            f"{usage.daily_remaining} of the day's {usage.daily_limit} requests are left, and they are for reading: "
            "the next run goes on with the marks that are open"
        )
        self._over = True
        return True

    async def _shows(self, one: OpenMark) -> bool:
        """Whether Robaws shows a mark that it took: when not, the others are not tried."""
        if one not in self.written:
            return True
        try:
            async for _, item in fetch_items(self.client, one.collection, [one.id]):
                if isinstance(item, NotAnEnvelope) or item is None:
                    return False
                rows = pa.table({"id": [one.id], "json": pa.array([item.json], pa.binary())})
                shown = _shown(self.workspace, self.mark, rows)
                return (shown.get(one.id) or None) == (one.wanted.value or None)
        except RobawsError as error:
            self.done.stopped.append(str(error))
            self._over = True
        return False


def patch_of(mark: Mark, value: Value, spelling: fields.Spelling) -> bytes:
    """The merge patch that gives the field this value; the same bytes for the same value."""
    member = fields.keys("extra_field", spelling.get("extra_field"))[fields.VALUE_OF_MARK[mark.kind]]
    return msgspec.json.encode({fields.EXTRA_FIELDS: {mark.field: {member: value}}})


def key_of(company: str, one: OpenMark, change: bytes) -> str:
    """The Idempotency-Key of a mark: of company, link, document, what is written, and the version it is written to.

    The version is in it because a success is answered from memory when its key comes again: a mark that a person took
    away since would never be set anew.
    """
    parts = [company, str(one.wanted.link), one.collection.path, one.id, one.version]
    return f"delivery-{one.wanted.link:04}-{content_hash(chr(0).join(parts).encode() + change)}"
