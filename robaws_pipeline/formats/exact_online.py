"""The journal for Exact Online's import of general ledger entries from CSV or Excel, in which the user links columns.

Exact publishes no layout for it: any columns will do. Ours are named as the fields of its XML import are.
``docs/formats/exact_online.md`` says what each holds.
"""

from collections.abc import Iterator
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.held import holds, nothing_to_book, number_unfit, without, without_postings, written
from robaws_pipeline.formats.import_sheet import Kind, import_files
from robaws_pipeline.formats.ledger import ledger, lookups
from robaws_pipeline.formats.spreadsheet import Columns
from robaws_pipeline.periods import MONTHS_A_YEAR, book_year_of
from robaws_pipeline.queries import query
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company, FormatSettings

STEM = "gl_transactions"
MOST_DIGITS = 8
"""Of an entry number."""


class ExactOnlineSettings(FormatSettings):
    """``[companies.<key>.format.exact_online]``."""

    files: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("xlsx",)
    """Kinds of file that are written."""
    journals: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    """Code of the journal in Exact Online, by our journal code."""
    number_skip: Annotated[int, Field(ge=0, le=20)] = 0
    """Digits left out at the beginning of a number: an entry number has eight at most."""


class ExactOnlineFormat:
    """One table of entry lines."""

    name = "exact_online"
    title = "Entry lines (XLSX, CSV) for the import of Exact Online, in which you link the columns once"
    Settings = ExactOnlineSettings

    def reasons(self, language: Language) -> list[Reason]:
        """What it holds documents for."""
        return [nothing_to_book(language), number_unfit(self.name, language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: without settings, Exact Online has the journals of the books."""
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        """The table; documents without a number that Exact Online can have are held."""
        own = books.company.of_format(self.name, ExactOnlineSettings)
        with ledger(books) as connection:
            lookups(connection, {"theirs": (("ours", "journal"), tuple(own.journals.items()))})
            rows = connection.sql(query(__package__, "import_lines")).to_arrow_table()
        digits = pc.utf8_slice_codeunits(pc.replace_substring_regex(rows["number"], "[^0-9]", ""), own.number_skip)
        rows = rows.append_column("digits", pc.utf8_ltrim(digits, "0"))
        held = [*without_postings(books), *holds(_unfit_numbers(rows))]
        files = _files(books, own, without(rows, held))
        return Export(files, held, written(books, held, [f"{STEM}.{kind}" for kind in own.files]))


def _unfit_numbers(rows: pa.Table) -> pa.Table:
    """Documents whose number is none for Exact Online, as `held.SCHEMA`: Exact takes a number that it has already for
    an error, and lines with one number for one entry."""
    heads = rows.filter(pc.equal(rows["posting_no"], 1))
    year = pc.binary_join_element_wise(heads["journal"], pc.coalesce(heads["digits"], pa.scalar("")), "\x00")
    counts = pc.value_counts(year)
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    fits = pc.match_substring_regex(pc.coalesce(heads["digits"], pa.scalar("")), f"^[0-9]{{1,{MOST_DIGITS}}}$")
    wrong = pc.invert(fits)
    clash = pc.and_(fits, pc.is_in(year, value_set=twice))
    number = pc.coalesce(heads["number"], pa.scalar("no number"))
    detail = pc.if_else(
        wrong,
        pc.binary_join_element_wise(number, f"has not one to {MOST_DIGITS} digits", " "),
        pc.binary_join_element_wise(number, "has the digits of another document of its journal", " "),
    )
    code = pa.repeat(pa.scalar(number_unfit("exact_online").code), heads.num_rows)
    found = heads.select(["collection", "document_id"]).append_column("code", code).append_column("detail", detail)
    return found.filter(pc.or_(wrong, clash))


def _files(books: MonthBooks, own: ExactOnlineSettings, rows: pa.Table) -> Iterator[ExportFile]:
    columns = _columns(rows, books.company.book_year_begins)
    yield from import_files(columns, STEM, "GLTransactions", own.files, books.period.last_day)


def _columns(rows: pa.Table, book_year_begins: int) -> Columns:
    """One row a posting; debit is positive, and an entry adds up to nothing."""
    months = rows["month"].unique().to_pylist()
    # The name of a book year ends in the year that it ends in.
    years = pa.array([int(book_year_of(month, book_year_begins).last_month[:4]) for month in months], pa.int64())
    periods = pa.array([(int(month[5:]) - book_year_begins) % MONTHS_A_YEAR + 1 for month in months], pa.int64())
    place = pc.index_in(rows["month"], value_set=pa.array(months, pa.string()))
    place = place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place
    return {
        "Journal": rows["journal"],
        "EntryNumber": pc.cast(rows["digits"], pa.int64()),
        "FinYear": years.take(place),
        "FinPeriod": periods.take(place),
        "Date": rows["booking_date"],
        "LineNumber": pc.cast(rows["posting_no"], pa.int64()),
        "GLAccount": rows["account"],
        "Account": rows["party_code"],
        "AccountName": rows["party_name"],
        "Description": rows["description"],
        "Amount": rows["amount"],
        "Currency": pa.repeat(pa.scalar("EUR"), rows.num_rows),
        "InvoiceNumber": rows["reference"],
        "DueDate": rows["due_date"],
        "PaymentReference": rows["payment_reference"],
        "Costcenter": rows["project"],
        "Costunit": rows["activity"],
    }
