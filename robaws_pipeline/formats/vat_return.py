"""A preview of the VAT return: the grids, the documents behind each, and the return as Intervat takes it.

``docs/formats/vat.md`` says what each grid is made of and what the return needs besides.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.books.vat_return import GRIDS, NO_GRID, document_grids, grid_totals
from robaws_pipeline.formats import intervat
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.lookups import document_keys
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.periods import Span
from robaws_pipeline.schema import MONEY
from robaws_pipeline.settings import Company

GRIDS_FILE, DOCUMENTS_FILE, RETURN_FILE = "grids.csv", "documents.csv", "return.xml"

_RETURN = "http://www.minfin.fgov.be/VATConsignment"


class VatReturnFormat:
    """The Belgian periodic VAT return of a month or quarter, as far as its invoices tell."""

    name = "vat"
    title = "Preview of the Belgian VAT return: grids, the documents behind each, and XML for Intervat"
    whole_periods = True

    def spans(self, company: Company) -> tuple[Span, ...]:
        """Who files a quarter looks at its months too, without XML for them."""
        return ("month", "quarter") if company.vat_period == "quarter" else ("month",)

    def missing_settings(self, company: Company) -> Iterator[str]:
        """The return is a Belgian company's."""
        return intervat.missing_settings(company)

    def export(self, books: MonthBooks) -> Export:
        """Grids and documents as CSV; the XML unless a grid is negative, which Intervat cannot take."""
        rows = document_grids(books.vat, books.states)
        totals = grid_totals(rows)
        files = [
            ExportFile(GRIDS_FILE, csv_bytes(_grid_columns(rows, totals))),
            ExportFile(DOCUMENTS_FILE, csv_bytes(document_columns(books, rows))),
        ]
        export = Export(files, documents=_in_files(books))
        if books.period.span != books.company.vat_period:
            return export
        negative = [f"{grid} ({amount:f})" for grid, amount in totals.items() if amount < 0]
        if negative:
            export.notes.append(
                f"no {RETURN_FILE}: grid {', '.join(negative)} is negative, which Intervat does not take; "
                "the accountant carries it over or corrects it in 61 or 62"
            )
        else:
            files.append(ExportFile(RETURN_FILE, _xml(books, totals)))
        nowhere = rows.filter(pc.equal(rows["grid"], NO_GRID))
        if nowhere.num_rows:
            export.notes.append(
                f"{pc.sum(nowhere['amount']).as_py():f} of {nowhere.num_rows} documents is in no grid: "
                f"{', '.join(sorted(set(nowhere['treatment'].to_pylist())))} ({DOCUMENTS_FILE}, without a grid)"
            )
        return export


def _in_files(books: MonthBooks) -> dict[tuple[str, str], list[str]]:
    exported = books.exported
    keys = zip(exported["collection"].to_pylist(), exported["document_id"].to_pylist(), strict=True)
    return {key: [DOCUMENTS_FILE] for key in keys}


def _grid_columns(rows: pa.Table, totals: Mapping[str, Decimal]) -> Columns:
    """One row a grid of the return, filled or not, and how many documents fill it."""
    placed = rows.filter(pc.not_equal(rows["grid"], NO_GRID))
    pairs = placed.group_by(["grid", "collection", "document_id"]).aggregate([])
    documents = {row["values"]: row["counts"] for row in pc.value_counts(pairs["grid"]).to_pylist()}
    return {
        "grid": pa.array(list(GRIDS), pa.string()),
        "omschrijving": pa.array([grid.dutch for grid in GRIDS.values()], pa.string()),
        "description": pa.array([grid.french for grid in GRIDS.values()], pa.string()),
        "amount": pa.array([totals.get(grid, Decimal(0)) for grid in GRIDS], MONEY),
        "documents": pa.array([documents.get(grid, 0) for grid in GRIDS], pa.int64()),
    }


def document_columns(books: MonthBooks, rows: pa.Table) -> Columns:
    """One row a grid and document; a document without VAT rows (its lines are all 0.00) has one without a grid."""
    states = books.exported
    keys = document_keys(states).combine_chunks()
    silent = states.filter(pc.invert(pc.is_in(keys, value_set=pc.unique(document_keys(rows)))))
    count = silent.num_rows
    extra = pa.table(
        {
            "grid": pa.repeat(pa.scalar(NO_GRID, pa.string()), count),
            "collection": silent["collection"],
            "document_id": silent["document_id"],
            "treatment": pa.nulls(count, pa.string()),
            "amount": pa.repeat(pa.scalar(Decimal("0.00"), MONEY), count),
        },
        schema=rows.schema,
    )
    every = pa.concat_tables([rows, extra])
    place = pc.index_in(document_keys(every), value_set=keys)

    def of_document(column: str) -> Any:
        return states[column].combine_chunks().take(place)

    table = every.append_column("date", of_document("date")).append_column("number", of_document("number"))
    table = table.append_column("party", of_document("party_name")).append_column("type", of_document("type"))
    table = table.sort_by([(name, "ascending") for name in ("grid", "collection", "date", "number", "document_id")])
    return {
        name: table[name]
        for name in ("grid", "collection", "type", "number", "date", "party", "treatment", "amount", "document_id")
    }


def _xml(books: MonthBooks, totals: Mapping[str, Decimal]) -> bytes:
    """``VATConsignment`` of Intervat, version 0.9 of its schema, with one declaration."""
    root = ET.Element(f"{{{_RETURN}}}VATConsignment", {"VATDeclarationsNbr": "1"})
    declaration = ET.SubElement(root, f"{{{_RETURN}}}VATDeclaration", {"SequenceNumber": "1"})
    intervat.declarant(declaration, _RETURN, books.company)
    intervat.period(declaration, _RETURN, books.period)
    data = ET.SubElement(declaration, f"{{{_RETURN}}}Data")
    for grid, amount in (totals or {"71": Decimal("0.00")}).items():
        ET.SubElement(data, f"{{{_RETURN}}}Amount", {"GridNumber": str(int(grid))}).text = f"{amount:.2f}"
    ET.SubElement(declaration, f"{{{_RETURN}}}ClientListingNihil").text = "NO"
    ET.SubElement(declaration, f"{{{_RETURN}}}Ask", {"Restitution": "NO", "Payment": "NO"})
    ET.SubElement(declaration, f"{{{_RETURN}}}Comment").text = intervat.PREVIEW
    return intervat.encoded(root, _RETURN)
