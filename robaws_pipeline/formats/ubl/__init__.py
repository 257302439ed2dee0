"""UBL 2.1 invoices and credit notes: Peppol BIS Billing 3, or plain EN 16931 where an electronic address lacks.

``reading`` (rows of the books) → ``document`` (all decisions) → ``render`` (XML, no decisions). What valid UBL cannot
say is held with the reason; ``docs/formats/ubl.md`` has the rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from robaws_pipeline.formats.archive import with_zips
from robaws_pipeline.formats.base import Export, ExportFile, FormatHeld, MonthBooks
from robaws_pipeline.formats.ubl.categories import Booked
from robaws_pipeline.formats.ubl.document import build
from robaws_pipeline.formats.ubl.findings import Held, Notes
from robaws_pipeline.formats.ubl.model import Document, Header, SourceLine
from robaws_pipeline.formats.ubl.month import Collection, Month
from robaws_pipeline.formats.ubl.parties import our_problems
from robaws_pipeline.formats.ubl.reading import SourceDocument, documents, month_of
from robaws_pipeline.formats.ubl.reasons import reasons
from robaws_pipeline.formats.ubl.render import render
from robaws_pipeline.formats.ubl.settings import UblSettings
from robaws_pipeline.formats.ubl.stored import is_original, is_pdf
from robaws_pipeline.formats.ubl.text import one_line
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company

__all__ = ["UblFormat", "UblPurchasesFormat"]

_AT_ONCE = 64
"""Documents that are decided together; more would only take more memory."""


class UblFormat:
    """One XML file a sales document."""

    name = "ubl"
    title = "UBL 2.1 (Peppol BIS Billing 3): one XML file a sales invoice or credit note, for programs that import UBL"
    collections: tuple[Collection, ...] = ("sales",)
    Settings = UblSettings

    def reasons(self, language: Language) -> list[Reason]:
        """Why this format holds documents, in a language."""
        return reasons(language, purchases="purchases" in self.collections)

    def missing_settings(self, company: Company) -> Iterator[str]:
        """What is wrong with our own name, VAT number, country or IBAN."""
        return our_problems(company)

    def export(self, books: MonthBooks) -> Export:
        """A file for every exported document that valid UBL can say; the others are held."""
        export = Export(files=())
        export.files = _files(books, self.name, self.collections[0], export)
        return export


class UblPurchasesFormat(UblFormat):
    """One XML file a purchase document, rebuilt and marked as such.

    A format of its own and no setting of `ubl`: it is written only when it is named, its folder can be watched by a
    program that takes everything in it for purchases, and what it holds says nothing about the sales.
    """

    name = "ubl_purchases"
    title = "UBL 2.1 of purchases, rebuilt from Robaws and marked so: for programs that take purchases only as UBL"
    collections = ("purchases",)


def _files(books: MonthBooks, format_name: str, collection: Collection, export: Export) -> Iterator[ExportFile]:
    """The documents' files and, when it is wanted, the zips that they are in too."""
    settings = books.company.of_format(format_name, UblSettings)
    files = _documents(books, collection, settings, export)
    if not settings.zip:
        yield from files
        return
    owners: dict[str, list[str]] = {}
    for file, inside in with_zips(files, f"{books.key}-{books.period.name}-{format_name}"):
        for path in inside:
            owners.pop(path).append(file.path)
        if not inside:
            owners[file.path] = next(reversed(export.documents.values()))
        yield file


def _documents(
    books: MonthBooks, collection: Collection, settings: UblSettings, export: Export
) -> Iterator[ExportFile]:
    month, notes = month_of(books, collection, settings), Notes()
    for path, header, verdict in _decided(month, documents(books, collection, settings.booking)):
        file = books.stored_file(collection, header.id)
        if file is not None and month.is_purchases and _is_original(file, header):
            notes.add("the supplier's own UBL, handed over untouched", header.supplier_number or path)
            export.documents[collection, header.id] = [path]
            yield ExportFile(path, file)
            continue
        if file is not None and not is_pdf(file):
            notes.add("what Robaws keeps with it is no PDF, left out", header.number or header.id)
            file = None
        if isinstance(verdict, Held):
            export.held.append(FormatHeld(collection, header.id, verdict.code, verdict.detail))
            continue
        for remark in verdict.remarks:
            notes.add(remark, verdict.number)
        export.documents[collection, header.id] = [path]
        yield ExportFile(path, render(verdict, file if settings.pdf else None))
    export.notes.extend(notes.sentences())


def _decided(month: Month, rows: Iterator[SourceDocument]) -> Iterator[tuple[str, Header, Document | Held]]:
    """Each document's path, header and what becomes of it. Some are decided before the first is given, and so written
    one after the other: a processor that stays with one kind of work takes a sixth less time for both."""
    while some := list(islice(rows, _AT_ONCE)):
        yield from [(path, header, _verdict(month, header, lines, booked)) for path, header, lines, booked in some]


def _verdict(
    month: Month, header: Header, lines: Sequence[SourceLine], booked: Mapping[str, Booked]
) -> Document | Held:
    try:
        return build(month, header, lines, booked)
    except Held as held:
        return held


def _is_original(file: bytes, header: Header) -> bool:
    return is_original(file, one_line(header.supplier_number), credit_note=header.type == "CREDIT_NOTE")
