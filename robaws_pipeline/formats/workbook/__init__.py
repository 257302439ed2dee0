"""The books of a period as one workbook that an accountant reads: ``docs/formats/workbook.md`` describes each sheet."""

from collections.abc import Iterator, Mapping

from robaws_pipeline.books.vat_return import document_grids, grid_totals
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.contract import wanted
from robaws_pipeline.formats.workbook import dutch, english, french, summaries, tables
from robaws_pipeline.formats.workbook.sheets import Book
from robaws_pipeline.periods import Span
from robaws_pipeline.reasons import Language
from robaws_pipeline.settings import Company

FILE = "books.xlsx"

WORDS: Mapping[Language, Mapping[str, str]] = {"en": english.WORDS, "nl": dutch.WORDS, "fr": french.WORDS}


class WorkbookFormat:
    """A workbook with formulas, filters and print set-up, in the company's language."""

    name = "workbook"
    title = (
        "Workbook (XLSX) for people: reconciliation, journal, VAT return with its documents, open questions, parties"
    )
    tells_findings = True

    def spans(self, company: Company) -> tuple[Span, ...]:
        """Months, and the quarters that many a return and report is about."""
        return ("month", "quarter")

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: it needs no settings of its own."""
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        """One file, also when there is nothing to book."""
        export = Export(files=(), documents={key: [FILE] for key in sorted(wanted(self, books))})
        export.files = self._files(books, export)
        return export

    def _files(self, books: MonthBooks, export: Export) -> Iterator[ExportFile]:
        words = WORDS[books.company.language]
        book = Book(books, words)
        grids = document_grids(books.vat, books.states)
        totals = grid_totals(grids)
        overview = book.sheet(words["overview"])
        questions = tables.questions(books, grids, words)
        book.table(words["questions"], questions, frozen=1)
        vat_return = book.sheet(words["vat"])
        by_document = book.table(words["vat_documents"], tables.vat_documents(books, grids, words))
        summaries.vat_return(book, vat_return, grids, totals, by_document)
        places = summaries.Tables(
            documents=book.table(words["documents"], tables.documents(books, words), frozen=3),
            journal=book.table(words["journal"], tables.journal(books, words), frozen=2),
            rounding=book.table(words["rounding"], tables.rounding(books, words)),
            questions=len(questions[0].values),
        )
        book.table(words["parties"], tables.parties(books, words), frozen=3)
        summaries.overview(book, overview, books, places, totals)
        content = book.content()
        if book.cut:
            export.notes.append(f"{book.cut} texts are longer than a cell holds and end in …")
        yield ExportFile(FILE, content)
