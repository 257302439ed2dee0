"""The files that Robaws keeps with invoices, fetched once each: PDFs mostly, after the documents themselves were read.

They share the client of the sweep, so its rate limit and quota too. Whatever goes wrong with one is a warning: an
invoice does not depend on its PDF. A run that breaks off goes on in the next one where it stopped.
"""

import asyncio
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields, progress
from robaws_pipeline.robaws import decode
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.errors import RobawsError
from robaws_pipeline.steps.workspace import Workspace

_AT_ONCE = 8
"""Files that are in memory together; after each lot it is noted which there are."""

_NAMED = 5


async def fetch_files(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection
) -> tuple[set[str], list[str]]:
    """Fetch what is wanted and not held, the latest months first: the months that gained a file, and warnings."""
    gained: set[str] = set()
    warnings: list[str] = []
    if collection.name not in workspace.company.pdfs:
        return gained, warnings
    held = set(workspace.raw.months(collection.name))
    months = [month for month in reversed(workspace.months()) if month in held]
    try:
        for month in months:
            came, missing = await _month(workspace, client, collection, month)
            if came:
                gained.add(month)
            if missing:
                more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
                warnings.append(
                    f"{collection.name} {month}: Robaws does not have the file of {', '.join(missing[:_NAMED])}{more}"
                )
    except RobawsError as error:
        # No quota left, no right to read them, no answer: the next one would meet the same.
        warnings.append(f"{collection.name}: the next run asks for the other files: {error}")
    return gained, warnings


async def _month(
    workspace: Workspace, client: RobawsClient, collection: fields.Collection, month: str
) -> tuple[bool, list[str]]:
    """Whether a file came, and the documents of which Robaws has none."""
    contents = workspace.unmarked.fingerprint(collection.name, month)
    index = workspace.files.index(collection.name, month)
    if index.complete_for == contents:
        return False, []
    wanted = _wanted(workspace, collection, month)
    asked = [id_ for id_ in wanted if index.files.get(id_) is None]
    came = False
    for start in range(0, len(asked), _AT_ONCE):
        lot = asked[start : start + _AT_ONCE]
        answers = await asyncio.gather(*map(client.stored_file, lot), return_exceptions=True)
        for id_, answer in zip(lot, answers, strict=True):
            if not isinstance(answer, BaseException):
                index.files[id_] = None if answer is None else workspace.files.put(answer)
                came = came or answer is not None
        workspace.files.record(collection.name, month, index)
        progress.report(f"files of {collection.name} {month}", min(start + _AT_ONCE, len(asked)), len(asked))
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
    index.complete_for = contents
    workspace.files.record(collection.name, month, index)
    return came, [wanted[id_] for id_ in asked if index.files[id_] is None]


def _wanted(workspace: Workspace, collection: fields.Collection, month: str) -> dict[str, str]:
    """The files of the month's documents that are no drafts and not deleted: id → number of the document."""
    rows = workspace.raw.current(collection.name, month)
    documents, _ = decode.documents(collection, rows, workspace.company.fields)
    named = pc.and_(pc.is_valid(documents["number"]), pc.is_valid(documents["pdf_id"]))
    found = documents.filter(pc.and_(named, pc.invert(documents["deleted"])))
    return dict(zip(found["pdf_id"].to_pylist(), found["number"].to_pylist(), strict=True))


def reader(workspace: Workspace, documents: pa.Table, months: Sequence[str]) -> Callable[[str, str], bytes | None]:
    """Reads the file of a document (collection and id) of these months when it is asked for."""
    held = {
        (collection, month): workspace.files.index(collection, month).files
        for collection in workspace.company.pdfs
        for month in months
    }
    columns = (documents[name].to_pylist() for name in ("collection", "id", "month", "pdf_id"))
    hashes = {
        (collection, id_): digest
        for collection, id_, month, file in zip(*columns, strict=True)
        if (digest := held.get((collection, month), {}).get(file)) is not None
    }

    def read(collection: str, id_: str) -> bytes | None:
        digest = hashes.get((collection, id_))
        return None if digest is None else workspace.files.get(digest)

    return read
