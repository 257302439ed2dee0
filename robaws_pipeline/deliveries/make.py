"""A delivery from a plan, and the same bytes again from what a delivery keeps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from robaws_pipeline.deliveries import cover
from robaws_pipeline.deliveries import manifest as manifests
from robaws_pipeline.deliveries.archive import sums
from robaws_pipeline.deliveries.entries import Entry, Key
from robaws_pipeline.deliveries.kept import Kept
from robaws_pipeline.deliveries.manifest import Document, LeftOut, Manifest
from robaws_pipeline.deliveries.plan import Change
from robaws_pipeline.deliveries.render import Rendered, fresh_id, missing, packed, paths, render
from robaws_pipeline.deliveries.standing import Standing
from robaws_pipeline.deliveries.words import Words
from robaws_pipeline.formats import manifest as month_manifest
from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.contract import reasons_of
from robaws_pipeline.formats.month import HELD, held_columns
from robaws_pipeline.formats.spreadsheet import csv_bytes
from robaws_pipeline.reasons import Language

IN_NO_FORMAT = "in_no_format"


def documents(
    changes: Iterable[Change], standing: Standing, number: int, words: Words, *, reverse: bool
) -> list[Document]:
    """What the manifest says of each document, before its files are known."""
    return [_document(change, standing, number, words, reverse=reverse) for change in changes]


def _document(change: Change, standing: Standing, number: int, words: Words, *, reverse: bool) -> Document:
    entry = change.now or change.was
    if entry is None:
        raise ValueError("a change is about something")
    if change.was is not None and (change.now is None or not reverse):
        entry_id = change.was.entry
    else:
        entry_id = fresh_id(change.key, number, change.key in standing.known)
    values: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    why = [difference.text(words) for difference in change.differences]
    return Document(**values, action=change.action, state=change.state, entry=entry_id, why=why, was=change.was)


def fitting(
    base: Manifest, kept: Kept, found: Sequence[Document], formats: Sequence[Format]
) -> tuple[list[Document], dict[Key, dict[str, list[dict[str, str]]]], Rendered]:
    """The documents that the formats can write, those that no format can, with each format's reasons, and the files of
    the former.

    A correction of which one half cannot be written does not go either.
    """
    left: dict[Key, dict[str, list[dict[str, str]]]] = {}
    going = list(found)
    while going:
        rendered = render(narrowed(kept, going), base.company, base.number, going, base.changes, formats)
        bad = missing(going, base.changes, base.number, rendered)
        if not bad:
            return going, left, rendered
        left.update(bad)
        going = [one for one in going if one.key not in bad]
    return [], left, Rendered()


def narrowed(kept: Kept, found: Iterable[Document]) -> Kept:
    """What these documents need."""
    listed = list(found)
    return kept.only(
        (one.key for one in listed if one.action in manifests.CURRENT),
        (one.key for one in listed if one.was is not None),
    )


_LEFT_OUT = ("collection", "id", "number", "type", "date", "state", "party", "net", "vat", "gross", "hash")


def held_rows(states: Any, month: str, language: Language) -> list[LeftOut]:
    """The documents of a month that the books hold, from `schema.STATES`."""
    return [
        LeftOut(**{name: row[name] for name in _LEFT_OUT}, month=month, reasons=row["reasons"])
        for row in month_manifest.document_rows(states, language)
        if row["state"] == "held"
    ]


def not_fitting(document: Document, by_format: Mapping[str, Sequence[dict[str, str]]], words: Words) -> LeftOut:
    """A document that stays behind because of the formats."""
    values = {name: getattr(document, name) for name in _LEFT_OUT}
    return LeftOut(**values, month=document.month, reasons=format_reasons(by_format, words))


def format_reasons(by_format: Mapping[str, Sequence[dict[str, str]]], words: Words) -> list[dict[str, str]]:
    """Why no chosen format writes a document."""
    if not by_format:
        return [{"code": IN_NO_FORMAT, "detail": "", "text": words("no format")}]
    return [
        {**reason, "text": f"{name}: {reason['text']}"} for name, reasons in by_format.items() for reason in reasons
    ]


def made_again(base: Manifest, kept: Kept, formats: Sequence[Format]) -> dict[str, bytes]:
    """The files of a delivery from what it keeps."""
    rendered = render(kept, base.company, base.number, base.documents, base.changes, formats)
    return assemble(base, kept, formats, rendered)[1]


def assemble(
    base: Manifest, kept: Kept, formats: Sequence[Format], rendered: Rendered
) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest with everything that the files decide, and the files; `rendered` are those of the formats.

    `base` may be a manifest that is complete already: what the files decide is found anew.
    """
    manifest = msgspec.structs.replace(
        base,
        documents=[_with_files(one, base, rendered) for one in base.documents],
        formats=rendered.formats,
        journal=manifests.journal_totals(rendered.postings),
    )
    files = {
        cover.FILE: cover.cover(manifest, kept.company),
        HELD: held_csv(manifest, formats, kept.company.language),
        **rendered.files,
    }
    name = f"{base.company}-{base.folder}.zip"
    files = {**files, name: packed(files), **kept.files()}
    return msgspec.structs.replace(manifest, files=sums(files)), files


def _with_files(document: Document, base: Manifest, rendered: Rendered) -> Document:
    return msgspec.structs.replace(
        document,
        files=paths(document, base.changes, base.number, rendered),
        formats_held=rendered.held.get((document.collection, document.entry), {}),
    )


def held_csv(manifest: Manifest, formats: Sequence[Format], language: Language) -> bytes:
    """held.csv: as in a month's folder, of everything that is not in this delivery or not in all its formats."""
    rows = [{**msgspec.to_builtins(one), "state": "held", "formats_held": {}} for one in manifest.left_out]
    rows += [{**msgspec.to_builtins(one), "reasons": []} for one in manifest.documents if one.formats_held]
    return csv_bytes(held_columns(rows, language, {one.name: reasons_of(one, language) for one in formats}))
