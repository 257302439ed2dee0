"""Sample files, written by hand: every amount that EN 16931 knows stands in one of them, and every sum is right."""

import re
from base64 import b64encode

PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PDF = b64encode(b"%PDF-1.4\n% a page\n").decode()


def _party(name: str, number: str, vat: str) -> str:
    return f"""<cac:Party><cbc:EndpointID schemeID="0208">{number}</cbc:EndpointID>
<cac:PostalAddress><cbc:StreetName>Proefstraat 1</cbc:StreetName><cbc:CityName>Gent</cbc:CityName>
<cbc:PostalZone>9000</cbc:PostalZone>
<cac:Country><cbc:IdentificationCode>BE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
<cac:PartyTaxScheme><cbc:CompanyID>{vat}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName>
<cbc:CompanyID schemeID="0208">{number}</cbc:CompanyID></cac:PartyLegalEntity></cac:Party>"""


def _adjustment(charge: bool, code: str, amount: str, more: str = "", category: str = "") -> str:
    return f"""<cac:AllowanceCharge><cbc:ChargeIndicator>{str(charge).lower()}</cbc:ChargeIndicator>
<cbc:AllowanceChargeReasonCode>{code}</cbc:AllowanceChargeReasonCode>{more.partition("|")[0]}
<cbc:Amount currencyID="EUR">{amount}</cbc:Amount>{more.partition("|")[2]}{category}</cac:AllowanceCharge>"""


def _category(tag: str, rate: str) -> str:
    return f"""<cac:{tag}><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{tag}>"""


def _percent(percent: str, base: str) -> str:
    return (
        f"<cbc:MultiplierFactorNumeric>{percent}</cbc:MultiplierFactorNumeric>|"
        f'<cbc:BaseAmount currencyID="EUR">{base}</cbc:BaseAmount>'
    )


def _line(number: int, quantity: str, net: str, adjusted: str, rate: str, price: str) -> str:
    return f"""<cac:InvoiceLine><cbc:ID>{number}</cbc:ID>
<cbc:InvoicedQuantity unitCode="C62">{quantity}</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">{net}</cbc:LineExtensionAmount>{adjusted}
<cac:Item><cbc:Name>Gyproc</cbc:Name>{_category("ClassifiedTaxCategory", rate)}</cac:Item>
<cac:Price>{price}</cac:Price></cac:InvoiceLine>"""


def _money(tag: str, value: str) -> str:
    return f'<cbc:{tag} currencyID="EUR">{value}</cbc:{tag}>'


def _group(base: str, vat: str, rate: str) -> str:
    return f"""<cac:TaxSubtotal>{_money("TaxableAmount", base)}{_money("TaxAmount", vat)}
{_category("TaxCategory", rate)}</cac:TaxSubtotal>"""


_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
INVOICE = f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="{_UBL}:Invoice-2" xmlns:cac="{_UBL}:CommonAggregateComponents-2"
 xmlns:cbc="{_UBL}:CommonBasicComponents-2">
<cbc:CustomizationID>{PEPPOL}</cbc:CustomizationID>
<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
<cbc:ID>F260147</cbc:ID><cbc:IssueDate>2026-10-05</cbc:IssueDate><cbc:DueDate>2026-11-04</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cbc:BuyerReference>PO 7</cbc:BuyerReference>
<cac:AdditionalDocumentReference><cbc:ID>F260147</cbc:ID><cac:Attachment>
<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="F260147.pdf">{
    PDF
}</cbc:EmbeddedDocumentBinaryObject>
</cac:Attachment></cac:AdditionalDocumentReference>
<cac:AccountingSupplierParty>{_party("Proef BV", "0999000129", "BE0999000129")}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>{_party("Klant NV", "0999000327", "BE0999000327")}</cac:AccountingCustomerParty>
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cbc:PaymentID>+++000/2600/14762+++</cbc:PaymentID>
<cac:PayeeFinancialAccount><cbc:ID>BE71096123456769</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
{_adjustment(False, "95", "8.00", _percent("5", "160.00"), _category("TaxCategory", "21"))}
{_adjustment(True, "FC", "3.54", "", _category("TaxCategory", "6"))}
<cac:TaxTotal>{_money("TaxAmount", "39.84")}{_group("152.00", "31.92", "21")}{
    _group("132.00", "7.92", "6.00")
}</cac:TaxTotal>
<cac:LegalMonetaryTotal>{_money("LineExtensionAmount", "288.46")}{_money("TaxExclusiveAmount", "284.00")}
{_money("TaxInclusiveAmount", "323.84")}{_money("AllowanceTotalAmount", "8.00")}{_money("ChargeTotalAmount", "3.54")}
{_money("PrepaidAmount", "100.00")}{_money("PayableRoundingAmount", "-0.04")}{_money("PayableAmount", "223.80")}
</cac:LegalMonetaryTotal>
{
    _line(
        1,
        "10",
        "180.00",
        _adjustment(False, "95", "20.00", _percent("10", "200.00")),
        "21",
        _money("PriceAmount", "20.00"),
    )
}
{
    _line(
        2,
        "1000",
        "128.46",
        _adjustment(True, "FC", "5.00"),
        "6",
        _money("PriceAmount", "12.3456") + '<cbc:BaseQuantity unitCode="C62">100</cbc:BaseQuantity>',
    )
}
{
    _line(
        3,
        "-2",
        "-20.00",
        "",
        "21.0",
        _money("PriceAmount", "10.00")
        + "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        + f"{_money('Amount', '2.00')}{_money('BaseAmount', '12.00')}</cac:AllowanceCharge>",
    )
}
</Invoice>
""".encode()
"""Two rates, discounts and charges of each kind, a price per hundred, a negative line, prepaid, a rounding, a PDF."""


def _as_credit_note(invoice: bytes) -> bytes:
    text = invoice.decode()
    text = text.replace("InvoiceLine", "CreditNoteLine").replace("InvoicedQuantity", "CreditedQuantity")
    text = text.replace("<cbc:DueDate>2026-11-04</cbc:DueDate>", "").replace(":Invoice-2", ":CreditNote-2")
    text = text.replace("<Invoice ", "<CreditNote ").replace("</Invoice>", "</CreditNote>")
    text = text.replace(
        "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>"
    )
    text = text.replace(
        "<cbc:PaymentID>", "<cbc:PaymentDueDate>2026-11-04</cbc:PaymentDueDate><cbc:PaymentID>"
    ).replace(
        "<cac:AdditionalDocumentReference>",
        "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>F260001</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference><cac:AdditionalDocumentReference>",
    )
    return text.encode()


CREDIT_NOTE = _as_credit_note(INVOICE)


def changed(content: bytes, old: str, new: str, count: int = 1) -> bytes:
    """The file with one place (or `count`) changed; the place must be there."""
    text = content.decode()
    assert text.count(old) >= count, f"{old} is not there {count} times"
    return text.replace(old, new, count).encode()


def without(content: bytes, pattern: str) -> bytes:
    """The file without what a pattern finds first."""
    text, count = re.subn(pattern, "", content.decode(), count=1, flags=re.DOTALL)
    assert count, f"{pattern} finds nothing"
    return text.encode()
