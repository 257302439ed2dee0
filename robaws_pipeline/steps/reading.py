"""How each collection of reference data is read: whole or since when, which of its items are kept, what is gone."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.lake.raw import ALL
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.decode_reference import accepts
from robaws_pipeline.robaws.errors import NotAnEnvelope
from robaws_pipeline.robaws.items import Item
from robaws_pipeline.robaws.listing import PAGE_SIZE, Receive
from robaws_pipeline.robaws.sweep import SweepReport, fetch_items
from robaws_pipeline.steps.workspace import Workspace

_MANY = 20
"""Items that a list lacks are asked for one by one, up to this many. More is no deletion but a list that is broken."""


def since(workspace: Workspace, collection: fields.Collection) -> datetime | None:
    """The moment from which changes must be asked for; None when the collection is to be read whole.

    It is when it was never read, when other items or other parts of them were asked for, and when all of it fits on one
    page: the list of what changed costs as much and does not show what is gone.
    """
    if _known_question(workspace, collection) != _question(workspace, collection) or _is_short(workspace, collection):
        return None
    return workspace.coverage.since(collection.name, [ALL])


def complete_to(workspace: Workspace, collection: fields.Collection, moment: datetime) -> None:
    """Note that all that the collection is asked for is held as it was at `moment`."""
    workspace.coverage.record(collection.name, [ALL], moment)
    if _known_question(workspace, collection) != (question := _question(workspace, collection)):
        workspace.raw.store.write(_note(collection), question.encode())


class OnlyAsked:
    """Passes on the items that the narrowing of a collection asks for, and counts the others."""

    def __init__(self, workspace: Workspace, collection: fields.Collection, receive: Receive) -> None:
        self._accept = accepts(collection, workspace.company.fields)
        self._receive = receive
        self._collection = collection
        self.left_out = 0

    def __call__(self, items: list[Item]) -> None:
        """Take a page."""
        wanted = [item for item in items if self._accept(item.json)]
        self.left_out += len(items) - len(wanted)
        if wanted:
            self._receive(wanted)

    def warnings(self) -> Sequence[str]:
        """What a person should know of the filter."""
        if not self.left_out:
            return ()
        asked = " and ".join(f"{name}={value}" for name, value in self._collection.narrowing.params().items())
        return (
            f"{self._collection.name}: {self.left_out} items are not what {asked} asks for and were left out: Robaws "
            "does not follow that filter, and it costs the requests of all of them",
        )


async def mark_gone(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection, report: SweepReport
) -> tuple[list[str], list[str]]:
    """Ask for each item of a list that was read whole and lacks it, and mark those that are gone as deleted.

    Returns their ids, and warnings. Only for tariffs, accounts and payment conditions: other collections are too long
    to be read whole each time.
    """
    if collection.name not in {one.name for one in fields.LISTS} or not report.complete:
        return [], []
    heads = workspace.raw.heads(collection.name)
    unlisted = heads.filter(pc.invert(pc.or_(heads["deleted"], pc.is_in(heads["id"], report.ids))))["id"].to_pylist()
    if len(unlisted) > _MANY:
        return [], [
            f"{collection.name}: Robaws lists {report.received}, and {len(unlisted)} that we hold are not among them; "
            "that many are not marked deleted: look in Robaws whether they are gone"
        ]
    gone, warnings = [], []
    async for id_, item in fetch_items(client, collection, unlisted):
        if isinstance(item, NotAnEnvelope):
            raise item
        if item is None:
            gone.append(id_)
        else:
            warnings.append(f"{collection.path}/{id_} exists but is not in the list (archived in Robaws?): kept")
    workspace.raw.mark_deleted(collection.name, ALL, gone, datetime.now(UTC))
    return gone, warnings


def _is_short(workspace: Workspace, collection: fields.Collection) -> bool:
    if collection.name not in {one.name for one in fields.LISTS}:
        return False
    deleted = workspace.raw.heads(collection.name)["deleted"]
    return len(deleted) - (pc.sum(deleted).as_py() or 0) <= PAGE_SIZE


def _question(workspace: Workspace, collection: fields.Collection) -> str:
    """Which items, and which parts of them, are asked for."""
    return json.dumps([collection.narrowing.params(), collection.include(workspace.company.fields)])


def _known_question(workspace: Workspace, collection: fields.Collection) -> str:
    """What was asked for the last time; for what was read before anything could be chosen: all, without includes."""
    known = workspace.raw.store.read(_note(collection))
    return known.decode() if known else json.dumps([{}, ""])


def _note(collection: fields.Collection) -> str:
    return f"{collection.name}/question"
