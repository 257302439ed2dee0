"""The journal for Odoo's own import of journal entries: columns are named as Odoo's fields are.

``docs/formats/odoo.md`` says what each holds and how to import it.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.held import nothing_to_book, without_postings, written
from robaws_pipeline.formats.import_sheet import Kind, import_files
from robaws_pipeline.formats.ledger import ledger, lookups
from robaws_pipeline.formats.spreadsheet import Columns
from robaws_pipeline.queries import query
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.schema import MONEY
from robaws_pipeline.settings import Company, FormatSettings

STEM = "journal_entries"


class OdooSettings(FormatSettings):
    """``[companies.<key>.format.odoo]``."""

    files: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("xlsx",)
    """Kinds of file that are written."""
    journals: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    """Code or name of the journal in Odoo, by our journal code."""
    partner: Literal["name", "code", "vat_number"] = "name"
    """What Odoo finds a partner by: its name, its reference (our code) or its VAT number."""


class OdooFormat:
    """One table of journal entries and their items."""

    name = "odoo"
    title = "Journal entries (XLSX, CSV) for the import of Odoo, with its field names"
    Settings = OdooSettings

    def reasons(self, language: Language) -> list[Reason]:
        """What it holds documents for."""
        return [nothing_to_book(language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: without settings, Odoo has the journals of the books."""
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        """The table in each kind of file that the settings ask for."""
        own = books.company.of_format(self.name, OdooSettings)
        held = without_postings(books)
        paths = [f"{STEM}.{kind}" for kind in own.files]
        return Export(_files(books, own), held, written(books, held, paths))


def _files(books: MonthBooks, own: OdooSettings) -> Iterator[ExportFile]:
    with ledger(books) as connection:
        lookups(connection, {"theirs": (("ours", "journal"), tuple(own.journals.items()))})
        rows = connection.sql(query(__package__, "import_lines")).to_arrow_table()
    yield from import_files(_columns(rows, own), STEM, "Journal Entries", own.files, books.period.last_day)


def _columns(rows: pa.Table, own: OdooSettings) -> Columns:
    """One row an item; what belongs to the entry stands on its first row only, as Odoo wants a record with several
    lines."""
    first = pc.equal(rows["posting_no"], 1)
    entry = _joined(["robaws", rows["collection"], rows["document_id"]])
    partner = {"name": "party_name", "code": "party_code", "vat_number": "party_vat_number"}[own.partner]
    zero = pa.scalar(0, MONEY)

    def once(values: Any) -> Any:
        return pc.if_else(first, values, pa.scalar(None, values.type))

    return {
        "id": once(entry),
        "journal_id": once(rows["journal"]),
        "date": once(rows["booking_date"]),
        "ref": once(rows["reference"]),
        "line_ids/id": _joined([entry, pc.cast(rows["posting_no"], pa.string())]),
        "line_ids/account_id": rows["account"],
        "line_ids/partner_id": rows[partner],
        "line_ids/name": rows["description"],
        "line_ids/debit": pc.max_element_wise(rows["amount"], zero),
        "line_ids/credit": pc.max_element_wise(pc.cast(pc.negate(rows["amount"]), MONEY), zero),
        "line_ids/date_maturity": rows["due_date"],
    }


def _joined(parts: Sequence[Any]) -> Any:
    return pc.binary_join_element_wise(*parts, "_")
