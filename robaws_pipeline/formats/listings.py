"""Previews of the listings that go with the VAT return: Belgian customers of a year, customers elsewhere in the EU.

``docs/formats/listings.md`` says who is listed and who is not.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.books.listings import CUSTOMER, THRESHOLD, by_number, document_listings, shared_numbers
from robaws_pipeline.formats import intervat
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.periods import Span
from robaws_pipeline.schema import MONEY
from robaws_pipeline.settings import Company

DOCUMENTS_FILE = "documents.csv"
CUSTOMERS_FILE, CUSTOMERS_XML = "customers.csv", "customer_listing.xml"
INTRA_FILE, INTRA_XML = "intra_community.csv", "intra_community_listing.xml"

_CLIENTS = "http://www.minfin.fgov.be/ClientListingConsignment"
_INTRA = "http://www.minfin.fgov.be/IntraConsignment"


class ListingsFormat:
    """The annual listing of Belgian customers, and the intra-Community listing of each VAT period."""

    name = "listings"
    title = "Preview of the customer listing (a year) and the intra-Community listing, and XML for Intervat"
    whole_periods = True
    collections = ("sales",)

    def spans(self, company: Company) -> tuple[Span, ...]:
        """The intra-Community listing comes with each VAT return, the other once a year."""
        return (company.vat_period, "year")

    def missing_settings(self, company: Company) -> Iterator[str]:
        """The listings are a Belgian company's."""
        return intervat.missing_settings(company)

    def export(self, books: MonthBooks) -> Export:
        """Sums by VAT number, the documents behind them, and XML; no XML for a listing with nobody in it."""
        rows = document_listings(books.vat, books.states, books.parties)
        yearly = books.period.span == "year"
        rows = rows.set_column(rows.schema.get_field_index("listing"), "listing", _asked(rows["listing"], yearly))
        sums = by_number(rows)
        files = [ExportFile(DOCUMENTS_FILE, csv_bytes(_document_columns(rows)))]
        if yearly:
            files.append(ExportFile(CUSTOMERS_FILE, csv_bytes(_customer_columns(sums))))
            files.append(ExportFile(CUSTOMERS_XML, _customer_xml(books, sums.filter(_large(sums)))))
        else:
            files.append(ExportFile(INTRA_FILE, csv_bytes(_intra_columns(sums))))
            if sums.num_rows:
                files.append(ExportFile(INTRA_XML, _intra_xml(books, sums)))
        documents = {("sales", id_): [DOCUMENTS_FILE] for id_ in rows["document_id"].to_pylist()}
        return Export(files, documents=documents, notes=list(_notes(books, sums)))


def _asked(listing: pa.ChunkedArray, yearly: bool) -> pa.ChunkedArray:
    """The place in the listing of this period; null for what belongs in the other one."""
    customers = pc.equal(listing, CUSTOMER)
    return pc.if_else(customers if yearly else pc.invert(customers), listing, pa.scalar(None, pa.string()))


def _large(sums: pa.Table) -> pa.ChunkedArray:
    base = sums["base"]
    return pc.or_(pc.greater(base, pa.scalar(THRESHOLD, MONEY)), pc.less(base, pa.scalar(Decimal("0.00"), MONEY)))


def _notes(books: MonthBooks, sums: pa.Table) -> Iterator[str]:
    used = {f"{row['country']}{row['vat_number']}" for row in sums.select(["country", "vat_number"]).to_pylist()}
    for number, codes in shared_numbers(books.parties.filter(pc.equal(books.parties["kind"], "client"))):
        if number in used:
            yield f"clients {', '.join(codes)} have one VAT number, {number}: they are listed as one customer"


def _document_columns(rows: pa.Table) -> Columns:
    """One row a document and treatment: where it is listed, or nowhere."""
    names = ("listing", "country", "vat_number", "type", "number", "date", "party", "treatment", "base", "vat")
    return {name: rows[name] for name in (*names, "document_id")}


def _customer_columns(sums: pa.Table) -> Columns:
    """One row a Belgian VAT number that bought anything; `listed` is empty for those that bought too little."""
    return {
        "listed": pc.if_else(_large(sums), "x", ""),
        "vat_number": pc.binary_join_element_wise("BE", sums["vat_number"], ""),
        "names": sums["names"],
        "turnover": sums["base"],
        "vat": sums["vat"],
        "documents": sums["documents"],
    }


def _intra_columns(sums: pa.Table) -> Columns:
    """One row a foreign VAT number and code: L for goods, S for services."""
    return {
        "country": sums["country"],
        "vat_number": sums["vat_number"],
        "code": sums["listing"],
        "names": sums["names"],
        "amount": sums["base"],
        "documents": sums["documents"],
    }


def _total(amounts: pa.ChunkedArray) -> str:
    return f"{pc.sum(amounts).as_py() or Decimal(0):.2f}"


def _customer_xml(books: MonthBooks, listed: pa.Table) -> bytes:
    """``ClientListingConsignment`` with one listing; one without clients declares that there were none."""
    root = ET.Element(f"{{{_CLIENTS}}}ClientListingConsignment", {"ClientListingsNbr": "1"})
    sums = {"TurnOverSum": _total(listed["base"]), "VATAmountSum": _total(listed["vat"])}
    attributes = {"SequenceNumber": "1", "ClientsNbr": str(listed.num_rows), **sums}
    listing = ET.SubElement(root, f"{{{_CLIENTS}}}ClientListing", attributes)
    intervat.declarant(listing, _CLIENTS, books.company)
    ET.SubElement(listing, f"{{{_CLIENTS}}}Period").text = books.period.name
    for position, row in enumerate(listed.to_pylist(), 1):
        client = ET.SubElement(listing, f"{{{_CLIENTS}}}Client", {"SequenceNumber": str(position)})
        ET.SubElement(client, f"{{{_CLIENTS}}}CompanyVATNumber", {"issuedBy": "BE"}).text = row["vat_number"]
        ET.SubElement(client, f"{{{_CLIENTS}}}TurnOver").text = f"{row['base']:.2f}"
        ET.SubElement(client, f"{{{_CLIENTS}}}VATAmount").text = f"{row['vat']:.2f}"
    ET.SubElement(listing, f"{{{_CLIENTS}}}Comment").text = intervat.PREVIEW
    return intervat.encoded(root, _CLIENTS)


def _intra_xml(books: MonthBooks, sums: pa.Table) -> bytes:
    """``IntraConsignment`` with one listing; there must be somebody in it."""
    root = ET.Element(f"{{{_INTRA}}}IntraConsignment", {"IntraListingsNbr": "1"})
    attributes = {"SequenceNumber": "1", "ClientsNbr": str(sums.num_rows), "AmountSum": _total(sums["base"])}
    listing = ET.SubElement(root, f"{{{_INTRA}}}IntraListing", attributes)
    intervat.declarant(listing, _INTRA, books.company)
    intervat.period(listing, _INTRA, books.period)
    for position, row in enumerate(sums.to_pylist(), 1):
        client = ET.SubElement(listing, f"{{{_INTRA}}}IntraClient", {"SequenceNumber": str(position)})
        number = ET.SubElement(client, f"{{{_INTRA}}}CompanyVATNumber", {"issuedBy": row["country"]})
        number.text = row["vat_number"]
        ET.SubElement(client, f"{{{_INTRA}}}Code").text = row["listing"]
        ET.SubElement(client, f"{{{_INTRA}}}Amount").text = f"{row['base']:.2f}"
    ET.SubElement(listing, f"{{{_INTRA}}}Comment").text = intervat.PREVIEW
    return intervat.encoded(root, _INTRA)
