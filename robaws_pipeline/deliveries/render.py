"""From what a delivery keeps to its files. Pure, so that a delivery can be made again from itself."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from robaws_pipeline.deliveries.corrections import corrections
from robaws_pipeline.deliveries.entries import Entries, Key
from robaws_pipeline.deliveries.kept import Kept, month_books
from robaws_pipeline.deliveries.manifest import Document
from robaws_pipeline.deliveries.reversal import renamed, reversed_entries
from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.lookups import first_of_each
from robaws_pipeline.formats.month import HELD, MANIFEST, MonthExport

CORRECTIONS = "corrections.csv"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of all files in the zip: the earliest that it can have, since their own would change its bytes."""

Changes = Literal["report", "reverse"]


class RenderError(Exception):
    """A format failed, so there is no delivery: which, in which month, why."""


@dataclass(slots=True)
class Rendered:
    """The files of the formats, and what became of each document."""

    files: dict[str, bytes] = field(default_factory=dict)
    written: dict[Key, list[str]] = field(default_factory=dict)
    """Document, under the id it has in the files → paths."""
    held: dict[Key, dict[str, list[dict[str, str]]]] = field(default_factory=dict)
    """Document, as above → format → reasons."""
    formats: dict[str, dict[str, Any]] = field(default_factory=dict)
    postings: list[dict[str, Any]] = field(default_factory=list)
    """`journal` and `amount` of everything booked."""


def fresh_id(document: Key, number: int, known: bool) -> str:
    """The id of an entry in the accountant's files: Robaws's, the first time; another one each time after, since a
    program that remembers ids would take it for one it has."""
    return f"{document[1]}-{number}" if known else document[1]


def suffix(number: int) -> str:
    """What the reversals of a delivery have behind ids and numbers."""
    return f"-R{number}"


def in_files(documents: Iterable[Document], changes: Changes) -> tuple[list[Document], list[Document]]:
    """The documents that are booked by the files, and those that the files take back."""
    listed = list(documents)
    booked = [
        one for one in listed if one.action in {"new", "returned"} or (one.action == "changed" and changes == "reverse")
    ]
    taken = [one for one in listed if one.was is not None and changes == "reverse"]
    return booked, taken


def render(
    kept: Kept, key: str, number: int, documents: Sequence[Document], changes: Changes, formats: Sequence[Format]
) -> Rendered:
    """The formats' files, ``<month>/<format>/…``. RenderError when a format fails on any month."""
    booked, taken = in_files(documents, changes)
    was_ids = {one.key: one.was.entry for one in taken if one.was is not None}
    delivered = renamed(kept.was.only(was_ids), was_ids)
    back = reversed_entries(delivered, kept.company.journals, suffix(number))
    comes = renamed(kept.now.only(one.key for one in booked), {one.key: one.entry for one in booked})
    found = Entries.all_of([back, comes])
    originals = first_of_each(pa.concat_tables([delivered.documents, kept.originals]), "collection", "id")
    # A reversal takes an entry back; the paper belongs to the invoice.
    ids = {(one.collection, one.entry): one.id for one in booked}
    result = Rendered()
    for format_ in formats:
        result.formats[format_.name] = {"documents": 0, "notes": {}}
    for month in found.months():
        books = month_books(kept, key, month, found, originals, ids)
        export = MonthExport(books, formats, "", "")
        files = {file.path: file.content for file in export.files() if file.path not in {HELD, MANIFEST}}
        if export.errors:
            told = "; ".join(f"{name}: {export.manifest['formats'][name]['error']}" for name in export.errors)
            raise RenderError(f"{month}: {told}")
        _note(result, month, files, export.manifest)
        rows = books.postings.select(["journal", "amount"]).to_pylist()
        result.postings.extend(rows)
    if changes == "report" and any(one.was is not None for one in documents):
        result.files[CORRECTIONS] = corrections(documents, kept)
    return result


def _note(result: Rendered, month: str, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    result.files.update((f"{month}/{path}", content) for path, content in files.items())
    for row in manifest["documents"]:
        key = (row["collection"], row["id"])
        if row["files"]:
            result.written[key] = [f"{month}/{path}" for path in row["files"]]
        if row["formats_held"]:
            result.held[key] = row["formats_held"]
    for name, made in manifest["formats"].items():
        result.formats[name]["documents"] += made["documents"]
        if made["notes"]:
            result.formats[name]["notes"][month] = made["notes"]


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of the files. Not compressed: the same files must give the same bytes with every version of zlib."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return sink.getvalue()


def missing(
    documents: Sequence[Document], changes: Changes, number: int, rendered: Rendered
) -> dict[Key, dict[str, list[dict[str, str]]]]:
    """Documents that no chosen format writes, or only half of a correction: format → reasons; none when no chosen
    format is about them."""
    booked, taken = in_files(documents, changes)
    needed = [(one.key, (one.collection, one.entry)) for one in booked]
    needed += [(one.key, (one.collection, one.was.entry + suffix(number))) for one in taken if one.was is not None]
    return {key: rendered.held.get(entry, {}) for key, entry in needed if entry not in rendered.written}


def paths(document: Document, changes: Changes, number: int, rendered: Rendered) -> list[str]:
    """The files that a document is in: reversal first."""
    booked, taken = in_files([document], changes)
    ids = [one.was.entry + suffix(number) for one in taken if one.was is not None] + [one.entry for one in booked]
    found = [path for id_ in ids for path in rendered.written.get((document.collection, id_), [])]
    return list(dict.fromkeys(found))
