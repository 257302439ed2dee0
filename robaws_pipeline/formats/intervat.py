"""What declarations to Intervat, the Belgian VAT portal, have in common: who declares, for when, how it is encoded.

Version 0.9 of its schemas.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from stdnum.be import vat as belgian_vat

from robaws_pipeline.periods import Period
from robaws_pipeline.settings import Company

COMMON = "http://www.minfin.fgov.be/InputCommon"
PREVIEW = "Preview made from invoices by robaws-pipeline: to be completed and filed by the accountant."
"""The comment in each declaration."""

_LONGEST = 200
"""Characters that the schema allows a name and a street."""


def missing_settings(company: Company) -> Iterator[str]:
    """A declaration is a Belgian company's."""
    if not belgian_vat.is_valid(company.vat_number):
        yield f"vat_number = {company.vat_number!r} is no Belgian VAT number, which a declaration needs: correct it"


def declarant(parent: ET.Element, namespace: str, company: Company) -> None:
    """Add who declares."""
    given = {
        "VATNumber": belgian_vat.compact(company.vat_number),
        "Name": company.name[:_LONGEST],
        "Street": ", ".join(part for part in (company.address.line, company.address.line_2) if part)[:_LONGEST],
        "PostCode": company.address.postal_code,
        "City": company.address.city,
        "CountryCode": company.address.country,
        "EmailAddress": company.email,
    }
    element = ET.SubElement(parent, f"{{{namespace}}}Declarant")
    for name, value in given.items():
        if value:
            ET.SubElement(element, f"{{{COMMON}}}{name}").text = value


def period(parent: ET.Element, namespace: str, of: Period) -> None:
    """Add the month or quarter that is declared."""
    element = ET.SubElement(parent, f"{{{namespace}}}Period")
    kind, number = ("Month", of.first_day.month) if of.span == "month" else ("Quarter", int(of.name[-1]))
    ET.SubElement(element, f"{{{namespace}}}{kind}").text = str(number)
    ET.SubElement(element, f"{{{namespace}}}Year").text = str(of.first_day.year)


def encoded(root: ET.Element, namespace: str) -> bytes:
    """The document as UTF-8, indented."""
    ET.register_namespace("", namespace)
    ET.register_namespace("common", COMMON)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"
