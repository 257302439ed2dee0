"""How fast UBL is written: invoices of 5 lines, from the tables of the books to bytes on disk, on one core.

    TMPDIR=/dev/shm python benchmarks/ubl.py [--documents 20000] [--runs 3]

Beside it, the same documents by the libraries that a developer would pick, from values that are computed and formatted
already: a tree of lxml, and a template of Jinja2 with escaping. They do less (no tables, no decisions, no arithmetic,
no disk); that theirs are the same documents is checked element by element first. Seconds are those of the processor.
"""

import argparse
import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from lxml import etree

from robaws_pipeline.formats import samples
from robaws_pipeline.formats.base import ExportFile, MonthBooks
from robaws_pipeline.formats.ubl import UblFormat
from robaws_pipeline.formats.ubl.document import build
from robaws_pipeline.formats.ubl.model import Document
from robaws_pipeline.formats.ubl.reading import documents, month_of
from robaws_pipeline.formats.ubl.render import PEPPOL, PEPPOL_PROFILE, money, number, render
from robaws_pipeline.formats.ubl.settings import UblSettings

_INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"

Values = dict[str, Any]
"""A document as texts, ready to be put between tags."""


def books(count: int) -> MonthBooks:
    """A month of invoices to 200 customers, two rates, texts with something to escape."""
    lines = tuple(
        samples.Line(Decimal(f"{100 + place}.{place}5"), rate=rate, description=f"Plaatsen & <afwerken>, deel {place}")
        for place, rate in enumerate((21, 21, 6, 21, 6), 1)
    )
    parties = [samples.Party(str(place), f"Bouwbedrijf {place} & Zonen") for place in range(200)]
    return samples.build(
        [
            samples.Document(str(place), number=f"F26{place:05}", lines=lines, party_id=str(place % 200))
            for place in range(count)
        ],
        parties,
    )


def without_zip(month: MonthBooks) -> MonthBooks:
    """The same books, files only."""
    company = month.company.model_copy(update={"format": {"ubl": {"zip": False}}})
    return type(month)(**{name: getattr(month, name) for name in type(month).__slots__} | {"company": company})


def built(month: MonthBooks) -> Iterator[Document]:
    """The documents, all decisions taken."""
    settings = UblSettings()
    shared = month_of(month, "sales", settings)
    for _, header, lines, booked in documents(month, "sales", settings.booking):
        yield build(shared, header, lines, booked)


def values(document: Document) -> Values:
    """Every text of a document that the benchmark's documents have."""
    payment, seller, buyer = document.payment, document.seller, document.buyer
    if payment is None or document.due_date is None:
        raise ValueError("the benchmark's documents have both")
    return {
        "number": document.number,
        "issued": document.issue_date.isoformat(),
        "due": document.due_date.isoformat(),
        "reference": document.buyer_reference,
        "parties": [
            {
                "role": role,
                "endpoint": party.endpoint and party.endpoint.value,
                "street": party.street,
                "city": party.city,
                "postal_code": party.postal_code,
                "country": party.country,
                "vat": party.vat,
                "name": party.name,
                "enterprise": party.enterprise,
                "email": party.email,
            }
            for role, party in (("AccountingSupplierParty", seller), ("AccountingCustomerParty", buyer))
        ],
        "payment_reference": payment.reference,
        "iban": payment.iban,
        "terms": document.terms,
        "net": money(document.net),
        "vat": money(document.vat),
        "gross": money(document.gross),
        "groups": [
            {"base": money(g.base), "vat": money(g.vat), "code": g.code, "percent": number(g.percent)}
            for g in document.groups
        ],
        "lines": [
            {
                "quantity": number(line.quantity),
                "unit": line.unit,
                "net": money(line.net),
                "name": line.name,
                "code": line.meaning.code,
                "percent": number(line.meaning.rate),
                "price": number(line.price),
            }
            for line in document.lines
        ],
    }


def by_lxml(v: Values) -> bytes:  # noqa: PLR0915 - one statement an element
    """The document as a tree, then as bytes."""

    def cbc(parent: Any, tag: str, text: str | None, **attributes: str) -> None:
        if text is not None:
            etree.SubElement(parent, f"{{{_CBC}}}{tag}", attributes).text = text

    def cac(parent: Any, tag: str) -> Any:
        return etree.SubElement(parent, f"{{{_CAC}}}{tag}")

    def category(parent: Any, tag: str, group: Values) -> None:
        found = cac(parent, tag)
        cbc(found, "ID", group["code"])
        cbc(found, "Percent", group["percent"])
        cbc(cac(found, "TaxScheme"), "ID", "VAT")

    root = etree.Element(f"{{{_INVOICE}}}Invoice", nsmap={None: _INVOICE, "cac": _CAC, "cbc": _CBC})
    cbc(root, "CustomizationID", PEPPOL)
    cbc(root, "ProfileID", PEPPOL_PROFILE)
    cbc(root, "ID", v["number"])
    cbc(root, "IssueDate", v["issued"])
    cbc(root, "DueDate", v["due"])
    cbc(root, "InvoiceTypeCode", "380")
    cbc(root, "DocumentCurrencyCode", "EUR")
    cbc(root, "BuyerReference", v["reference"])
    for p in v["parties"]:
        party = cac(cac(root, p["role"]), "Party")
        cbc(party, "EndpointID", p["endpoint"], schemeID="0208")
        address = cac(party, "PostalAddress")
        cbc(address, "StreetName", p["street"])
        cbc(address, "CityName", p["city"])
        cbc(address, "PostalZone", p["postal_code"])
        cbc(cac(address, "Country"), "IdentificationCode", p["country"])
        scheme = cac(party, "PartyTaxScheme")
        cbc(scheme, "CompanyID", p["vat"])
        cbc(cac(scheme, "TaxScheme"), "ID", "VAT")
        legal = cac(party, "PartyLegalEntity")
        cbc(legal, "RegistrationName", p["name"])
        cbc(legal, "CompanyID", p["enterprise"], schemeID="0208")
        if p["email"] is not None:
            cbc(cac(party, "Contact"), "ElectronicMail", p["email"])
    means = cac(root, "PaymentMeans")
    cbc(means, "PaymentMeansCode", "30")
    cbc(means, "PaymentID", v["payment_reference"])
    cbc(cac(means, "PayeeFinancialAccount"), "ID", v["iban"])
    cbc(cac(root, "PaymentTerms"), "Note", v["terms"])
    total = cac(root, "TaxTotal")
    cbc(total, "TaxAmount", v["vat"], currencyID="EUR")
    for g in v["groups"]:
        subtotal = cac(total, "TaxSubtotal")
        cbc(subtotal, "TaxableAmount", g["base"], currencyID="EUR")
        cbc(subtotal, "TaxAmount", g["vat"], currencyID="EUR")
        category(subtotal, "TaxCategory", g)
    sums = cac(root, "LegalMonetaryTotal")
    for tag, name in (
        ("LineExtensionAmount", "net"),
        ("TaxExclusiveAmount", "net"),
        ("TaxInclusiveAmount", "gross"),
        ("PayableAmount", "gross"),
    ):
        cbc(sums, tag, v[name], currencyID="EUR")
    for place, row in enumerate(v["lines"], 1):
        line = cac(root, "InvoiceLine")
        cbc(line, "ID", str(place))
        cbc(line, "InvoicedQuantity", row["quantity"], unitCode=row["unit"])
        cbc(line, "LineExtensionAmount", row["net"], currencyID="EUR")
        item = cac(line, "Item")
        cbc(item, "Name", row["name"])
        category(item, "ClassifiedTaxCategory", row)
        cbc(cac(line, "Price"), "PriceAmount", row["price"], currencyID="EUR")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


_TEMPLATE = (
    f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="{_INVOICE}" xmlns:cac="{_CAC}" xmlns:cbc="{_CBC}">
<cbc:CustomizationID>{PEPPOL}</cbc:CustomizationID><cbc:ProfileID>{PEPPOL_PROFILE}</cbc:ProfileID>
"""
    """
<cbc:ID>{{ number }}</cbc:ID><cbc:IssueDate>{{ issued }}</cbc:IssueDate><cbc:DueDate>{{ due }}</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cbc:BuyerReference>{{ reference }}</cbc:BuyerReference>
{% for p in parties %}<cac:{{ p.role }}><cac:Party>
<cbc:EndpointID schemeID="0208">{{ p.endpoint }}</cbc:EndpointID>
<cac:PostalAddress><cbc:StreetName>{{ p.street }}</cbc:StreetName><cbc:CityName>{{ p.city }}</cbc:CityName>
<cbc:PostalZone>{{ p.postal_code }}</cbc:PostalZone>
<cac:Country><cbc:IdentificationCode>{{ p.country }}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
<cac:PartyTaxScheme><cbc:CompanyID>{{ p.vat }}</cbc:CompanyID>
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:RegistrationName>{{ p.name }}</cbc:RegistrationName>
<cbc:CompanyID schemeID="0208">{{ p.enterprise }}</cbc:CompanyID></cac:PartyLegalEntity>
{% if p.email %}<cac:Contact><cbc:ElectronicMail>{{ p.email }}</cbc:ElectronicMail></cac:Contact>{% endif %}
</cac:Party></cac:{{ p.role }}>{% endfor %}
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentID>{{ payment_reference }}</cbc:PaymentID>
<cac:PayeeFinancialAccount><cbc:ID>{{ iban }}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
<cac:PaymentTerms><cbc:Note>{{ terms }}</cbc:Note></cac:PaymentTerms>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{{ vat }}</cbc:TaxAmount>
{% for g in groups %}<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">{{ g.base }}</cbc:TaxableAmount>
<cbc:TaxAmount currencyID="EUR">{{ g.vat }}</cbc:TaxAmount><cac:TaxCategory><cbc:ID>{{ g.code }}</cbc:ID>
<cbc:Percent>{{ g.percent }}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>
</cac:TaxSubtotal>{% endfor %}</cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">{{ net }}</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">{{ net }}</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">{{ gross }}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">{{ gross }}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{% for l in lines %}<cac:InvoiceLine><cbc:ID>{{ loop.index }}</cbc:ID>
<cbc:InvoicedQuantity unitCode="{{ l.unit }}">{{ l.quantity }}</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">{{ l.net }}</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>{{ l.name }}</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>{{ l.code }}</cbc:ID>
<cbc:Percent>{{ l.percent }}</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:ClassifiedTaxCategory></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="EUR">{{ l.price }}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>
{% endfor %}</Invoice>
"""
)
_JINJA = jinja2.Environment(autoescape=True).from_string(_TEMPLATE)


def by_jinja(v: Values) -> bytes:
    """The document by a template."""
    return _JINJA.render(v).encode()


def same(first: bytes, second: bytes) -> bool:
    """Whether two files are one document: white space between elements aside."""
    parser = etree.XMLParser(remove_blank_text=True)
    one, other = (etree.tostring(etree.fromstring(file, parser), method="c14n") for file in (first, second))
    return bool(one == other)


def write(files: Iterator[ExportFile], folder: Path) -> int:
    """Put the files on disk; how many documents."""
    written = 0
    for file in files:
        with open(f"{folder}/{file.path}", "wb") as stream:
            stream.write(file.content)
        written += file.path.endswith(".xml")
    return written


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median seconds of the processor."""
    taken = []
    for _ in range(runs):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=int, default=20_000)
    options.add_argument("--runs", type=int, default=3)
    asked = options.parse_args()
    month, count = books(asked.documents), asked.documents
    plain = without_zip(month)
    ready = list(built(plain))
    texts = [values(document) for document in ready]
    gc.freeze()  # what only the benchmark keeps must not be searched for garbage again and again
    for document, v in zip(ready[:3], texts, strict=False):
        if not same(render(document), by_lxml(v)) or not same(render(document), by_jinja(v)):
            raise SystemExit("the three do not write the same document")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if write(iter(UblFormat().export(plain).files), place) != count:
            raise SystemExit("some documents were held")
        works: dict[str, Callable[[], object]] = {
            "ours, from tables to files": lambda: write(iter(UblFormat().export(plain).files), place),
            "ours, with the zip": lambda: write(iter(UblFormat().export(month).files), place),
            "ours, from decisions to bytes": lambda: [len(render(document)) for document in ready],
            "Jinja2, from texts to bytes": lambda: [len(by_jinja(v)) for v in texts],
            "lxml, from texts to bytes": lambda: [len(by_lxml(v)) for v in texts],
        }
        for name, work in works.items():
            print(f"{name:32}{count / seconds(work, asked.runs):10,.0f} documents/s")
    # Not the export's: the tables, and the values of every document that the libraries are given.
    print(f"peak with all that is compared {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
