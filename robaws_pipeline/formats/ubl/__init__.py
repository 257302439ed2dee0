"""UBL 2.1 sales invoices and credit notes: Peppol BIS Billing 3, or plain EN 16931 where an electronic address lacks.

``reading`` (rows of the books) → ``document`` (all decisions) → ``render`` (XML, no decisions). What valid UBL cannot
say is held with the reason; ``docs/formats/ubl.md`` has the rules.
"""

from collections.abc import Iterator

from robaws_pipeline.formats.base import Export, ExportFile, FormatHeld, MonthBooks
from robaws_pipeline.formats.ubl.document import build
from robaws_pipeline.formats.ubl.findings import Held, Notes
from robaws_pipeline.formats.ubl.names import file_names
from robaws_pipeline.formats.ubl.parties import seller_problems
from robaws_pipeline.formats.ubl.reading import COLLECTION, documents, exported, month_of
from robaws_pipeline.formats.ubl.reasons import REASONS
from robaws_pipeline.formats.ubl.render import render
from robaws_pipeline.settings import Company

__all__ = ["UblFormat"]


class UblFormat:
    """One XML file a sales document."""

    name = "ubl"
    title = "UBL 2.1 (Peppol BIS Billing 3): one XML file a sales invoice or credit note, for programs that import UBL"
    collections = (COLLECTION,)
    reasons = REASONS

    def missing_settings(self, company: Company) -> Iterator[str]:
        """What is wrong with our own name, VAT number, country or IBAN."""
        return seller_problems(company)

    def export(self, books: MonthBooks) -> Export:
        """A file for every exported sales document that valid UBL can say; the others are held."""
        export = Export(files=())
        export.files = _files(books, export)
        return export


def _files(books: MonthBooks, export: Export) -> Iterator[ExportFile]:
    states = exported(books)
    # Held documents keep their name, so that a later correction renames no other file.
    names = file_names(zip(states["document_id"].to_pylist(), states["number"].to_pylist(), strict=True))
    month, notes = month_of(books), Notes()
    for header, lines, booked in documents(books):
        try:
            document = build(month, header, lines, booked)
        except Held as held:
            export.held.append(FormatHeld(COLLECTION, header.id, held.code, held.detail))
            continue
        path = names[header.id]
        export.documents[COLLECTION, header.id] = [path]
        for remark in document.remarks:
            notes.add(remark, document.number)
        yield ExportFile(path, render(document))
    export.notes.extend(notes.sentences())
