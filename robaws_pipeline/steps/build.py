"""From the raw log to tables, entries and files: pure functions of it and the settings, a month at a time.

Each is kept with the fingerprint of what it was made from (`robaws_pipeline.steps.fingerprints`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import books, fields, progress
from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Format, MonthBooks
from robaws_pipeline.formats.contract import spans_of
from robaws_pipeline.formats.month import MonthExport
from robaws_pipeline.lake import warehouse
from robaws_pipeline.lake.raw import contents
from robaws_pipeline.periods import Span, month_period
from robaws_pipeline.robaws import decode, decode_reference
from robaws_pipeline.schema import (
    ARTICLES,
    DOCUMENTS,
    EXTRA_FIELDS,
    GL_ACCOUNTS,
    LINES,
    PARTIES,
    PAYMENT_CONDITIONS,
    POSTINGS,
    STATES,
    VAT,
)
from robaws_pipeline.settings import Company
from robaws_pipeline.steps import compare, fingerprints, outside, reference, stored
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.fingerprints import (
    inputs_file,
    journal_file,
    journal_inputs,
    not_read,
    recorded_inputs,
    references_of,
    settings_version,
)
from robaws_pipeline.steps.workspace import Workspace


def build_reference(workspace: Workspace) -> dict[str, int]:
    """The tables that are not monthly, from the raw log; their numbers of rows."""
    with workspace.only_builder():
        return reference.build(workspace, _made_by(workspace))


def _made_by(workspace: Workspace) -> tuple[str, str]:
    """What decides, besides the raw log, what a table says."""
    return code_version(), settings_version(workspace)


def build_documents(workspace: Workspace, months: Sequence[str]) -> dict[str, dict[str, int]]:
    """Documents and lines of each month, from the raw log; how many of each by month."""
    counts = {}
    made: dict[str, dict[str, Any]] = {}
    with workspace.only_builder():
        for collection in fields.DOCUMENTS:
            # A fetch that was killed between the two files of a moved document leaves it in two months.
            workspace.raw.settle(collection.name)
        # Everything that a fingerprint names is looked at before it is used: what another process adds in between
        # makes the month stale, and never passes unseen.
        today = fingerprints.Fingerprints(workspace)
        reference.bring_up_to_date(workspace, _made_by(workspace))
        for done, month in enumerate(months, 1):
            # Until they are there again, last of all, the month counts as stale.
            workspace.tables.store.remove(inputs_file(month))
            made[month], counts[month] = _documents(workspace, month)
            progress.report("making tables", done, len(months))
        today.look_up(inputs["references"] for inputs in made.values())
        for month, inputs in made.items():
            inputs["fingerprint"] = today.of(month, inputs.pop("contents"), inputs["references"])
            content = json.dumps(inputs, indent=1).encode()
            workspace.tables.store.write(inputs_file(month), content, durable=False)
    return counts


def _documents(workspace: Workspace, month: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Write the month's tables; what they were made from, and their numbers of rows."""
    spelling = workspace.company.fields
    current = {collection: workspace.unmarked.current(collection.name, month) for collection in fields.DOCUMENTS}
    parts = [
        decode.documents(collection, reference.with_accounting_hash(rows), spelling)
        for collection, rows in current.items()
    ]
    extra = pa.concat_tables(
        [decode_reference.extra_fields(collection, rows, spelling) for collection, rows in current.items()]
    )
    documents = decode_reference.with_references(
        pa.concat_tables([part[0] for part in parts]), extra, workspace.company.references.named
    )
    lines = pa.concat_tables([part[1] for part in parts])
    workspace.tables.write(DOCUMENTS, documents, month)
    workspace.tables.write(LINES, lines, month)
    workspace.tables.write(EXTRA_FIELDS, extra, month)
    inputs = {
        "contents": {collection.name: contents(rows) for collection, rows in current.items()},
        "references": references_of(documents, lines, workspace.company),
    }
    return inputs, {"documents": documents.num_rows, "lines": lines.num_rows}


def build_journal(workspace: Workspace, months: Sequence[str]) -> dict[str, pa.Table]:
    """States, VAT and entries of each month; the states by month."""
    states: dict[str, pa.Table] = {}
    tables = workspace.tables
    with workspace.only_builder(), books.workspace() as connection:
        parties, accounts, articles = tables.read(PARTIES), tables.read(GL_ACCOUNTS), tables.read(ARTICLES)
        for batch in _batches(workspace, months):
            inputs = {month: recorded_inputs(workspace, month) for month in batch}
            documents = pa.concat_tables([tables.read(DOCUMENTS, month) for month in batch])
            lines = pa.concat_tables([tables.read(LINES, month) for month in batch])
            kept = books.keep_books(
                documents, lines, parties, accounts, workspace.company, articles=articles, connection=connection
            )
            by_month = kept.by_month()
            for month in batch:
                found, made_from = by_month.get(month, _NO_BOOKS), inputs[month]
                tables.store.remove(journal_file(month))
                tables.write(STATES, found.states, month)
                tables.write(VAT, found.vat, month)
                tables.write(POSTINGS, found.postings, month)
                if made_from is not None:
                    fingerprint = str(made_from["fingerprint"]).encode()
                    tables.store.write(journal_file(month), fingerprint, durable=False)
                states[month] = found.states
            progress.report("keeping the books", len(states), len(months))
    return states


_NO_BOOKS = books.Books(STATES.empty(), VAT.empty(), POSTINGS.empty())
_BATCH = 5000
"""Documents that are booked in one go: planning the SQL costs more than a small month's rows."""


def _batches(workspace: Workspace, months: Sequence[str]) -> Iterator[list[str]]:
    """Months in groups of about `_BATCH` documents; at least one month each."""
    batch: list[str] = []
    size = 0
    for month in months:
        rows = workspace.tables.read(DOCUMENTS, month, ["id"]).num_rows
        if batch and size + rows > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(month)
        size += rows
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Exported:
    """A month's published folder."""

    folder: str
    manifest: Mapping[str, Any]
    errors: Mapping[str, Exception]


def formats_for(company: Company, span: Span) -> list[Format]:
    """The company's formats that are written for periods of this length."""
    return [format_ for format_ in registry.select(company) if span in spans_of(format_, company)]


def month_books(
    workspace: Workspace,
    month: str,
    parties: pa.Table,
    payment_conditions: pa.Table,
    found: compare.Findings | None = None,
) -> MonthBooks:
    """The books of a month, as formats take them; `found` by comparing months."""
    tables = workspace.tables
    documents = tables.read(DOCUMENTS, month)
    return MonthBooks(
        key=workspace.key,
        company=workspace.company,
        period=month_period(month),
        documents=documents,
        lines=tables.read(LINES, month),
        states=tables.read(STATES, month),
        vat=tables.read(VAT, month),
        postings=tables.read(POSTINGS, month),
        parties=parties,
        payment_conditions=payment_conditions,
        originals=_originals(workspace, documents),
        not_read=not_read(workspace, month),
        findings=() if found is None else found.get(month, ()),
        stored_file=stored.reader(workspace, documents, [month]),
    )


def _originals(workspace: Workspace, documents: pa.Table) -> pa.Table:
    """The invoices that the month's credit notes refer to, whatever their month, from the raw log."""
    found = [DOCUMENTS.empty()]
    for collection in fields.DOCUMENTS:
        here = documents.filter(pc.equal(documents["collection"], collection.name))
        ids = pc.unique(here["original_id"].drop_null()).to_pylist()
        if ids:
            rows = workspace.unmarked.lookup(
                collection.name, ids, ["collection", "id", "month", "updated_at", "hash", "deleted", "json"]
            )
            found.append(decode.documents(collection, rows, workspace.company.fields)[0])
    return pa.concat_tables(found)


def build_exports(workspace: Workspace, months: Sequence[str]) -> dict[str, Exported]:
    """The export folder of each month: every format's files, held.csv and manifest.json, visible as one.

    Beside them, the list of the documents that are in no month of the books.
    """
    formats = formats_for(workspace.company, "month")
    exported = {}
    with workspace.only_builder():
        found = compare.findings_told(workspace)
        shared = (workspace.tables.read(PARTIES), workspace.tables.read(PAYMENT_CONDITIONS), found)
        for done, month in enumerate(months, 1):
            inputs = recorded_inputs(workspace, month)
            # Entries that were made from other documents than these are written, and stale.
            made_from = journal_inputs(workspace, month)
            fingerprint = made_from if inputs and made_from and inputs["fingerprint"] == made_from else ""
            export = MonthExport(month_books(workspace, month, *shared), formats, fingerprint, code_version())
            files = ((file.path, file.content) for file in export.files())
            workspace.exports.publish(month, files, export.discard)
            compare.record(workspace, month, found)
            exported[month] = Exported(workspace.exports.path(month), export.manifest, export.errors)
            progress.report("writing files", done, len(months))
        outside.write_alone(workspace)
    return exported


def build_warehouse(workspace: Workspace) -> list[str]:
    """``warehouse.duckdb`` made anew; the names of its views."""
    with workspace.only_builder():
        reference.build_histories(workspace)
        return warehouse.build(workspace.lake, workspace.tables)
