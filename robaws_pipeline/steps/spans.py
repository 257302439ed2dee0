"""The folders of quarters, years and book years, for the formats that are written for those.

A period is made of the books of its months, as they are: `inputs` of its manifest is a fingerprint of what their
entries were made from, so that a period is stale when one of its months was built from something else since.
"""

import hashlib

import pyarrow as pa

from robaws_pipeline import progress
from robaws_pipeline.formats.base import Format, MonthBooks
from robaws_pipeline.formats.lookups import first_of_each
from robaws_pipeline.formats.month import MonthExport
from robaws_pipeline.periods import Period, Span, period_of
from robaws_pipeline.schema import PARTIES, PAYMENT_CONDITIONS
from robaws_pipeline.settings import Company
from robaws_pipeline.steps import compare, stored
from robaws_pipeline.steps.build import Exported, formats_for, month_books
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.fingerprints import journal_inputs
from robaws_pipeline.steps.stale import loaded_months, manifest_inputs
from robaws_pipeline.steps.workspace import Workspace

LONGER: tuple[Span, ...] = ("quarter", "year", "book_year")


def periods(workspace: Workspace) -> list[Period]:
    """The quarters and years that some format is written for and some month was loaded of, also unfinished ones."""
    company, months = workspace.company, loaded_months(workspace)
    wanted = (
        period_of(month, span, company.book_year_begins)
        for span in LONGER
        if formats_for(company, span)
        for month in months
    )
    return list(dict.fromkeys(wanted))


def _formats(company: Company, period: Period) -> list[Format]:
    """The formats that are written for a period: a book year may be a calendar year too."""
    spans = [span for span in LONGER if period_of(period.first_month, span, company.book_year_begins) == period]
    return list({format_.name: format_ for span in spans for format_ in formats_for(company, span)}.values())


def _inputs(workspace: Workspace, period: Period) -> str:
    """What the period is made from; the fingerprints of its months hold settings, formats and code too."""
    parts = [
        f"{month} {journal_inputs(workspace, month)} {compare.recorded(workspace, month)}" for month in period.months
    ]
    return hashlib.blake2b("\n".join([period.name, *parts]).encode(), digest_size=16).hexdigest()


def stale_periods(workspace: Workspace) -> list[Period]:
    """The quarters and years whose folders are missing or not made from the entries of today."""
    return [
        period for period in periods(workspace) if manifest_inputs(workspace, period.name) != _inputs(workspace, period)
    ]


def build_periods(workspace: Workspace) -> dict[Period, Exported]:
    """Make the folders of all stale periods: every format's files, held.csv and manifest.json.

    A period is in memory as a whole while it is written.
    """
    exported: dict[Period, Exported] = {}
    with workspace.only_builder():
        chosen = stale_periods(workspace)
        found = compare.findings_told(workspace)
        shared = (workspace.tables.read(PARTIES), workspace.tables.read(PAYMENT_CONDITIONS), found)
        for done, period in enumerate(chosen, 1):
            inputs = _inputs(workspace, period)
            books = period_books(workspace, period, *shared)
            export = MonthExport(books, _formats(workspace.company, period), inputs, code_version())
            files = ((file.path, file.content) for file in export.files())
            workspace.exports.publish(period.name, files, export.discard)
            exported[period] = Exported(workspace.exports.path(period.name), export.manifest, export.errors)
            progress.report("writing quarters and years", done, len(chosen))
    return exported


def period_books(
    workspace: Workspace,
    period: Period,
    parties: pa.Table,
    payment_conditions: pa.Table,
    found: compare.Findings | None,
) -> MonthBooks:
    """The books of the period's months, one after the other."""
    months = [month_books(workspace, month, parties, payment_conditions, found) for month in period.months]

    def joined(name: str) -> pa.Table:
        return pa.concat_tables([getattr(month, name) for month in months])

    documents = joined("documents")
    return MonthBooks(
        key=workspace.key,
        company=workspace.company,
        period=period,
        documents=documents,
        lines=joined("lines"),
        states=joined("states"),
        vat=joined("vat"),
        postings=joined("postings"),
        parties=parties,
        payment_conditions=payment_conditions,
        # Credit notes of several months may refer to one invoice.
        originals=first_of_each(joined("originals"), "collection", "id"),
        not_read=tuple(sorted({name for month in months for name in month.not_read})),
        findings=tuple(finding for month in months for finding in month.findings),
        stored_file=stored.reader(workspace, documents, period.months),
    )
