"""A `Document` as UBL 2.1, element by element in the order of the schema. No decisions are taken here.

Nothing but `text`, `number`, `money` and dates turns data into XML.
"""

import re
from base64 import b64encode
from datetime import date
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import NamedTuple

from robaws_pipeline.formats.ubl.categories import TaxGroup
from robaws_pipeline.formats.ubl.model import Delivery, Document, Line, Original, Party, Payment, Reduction, References
from robaws_pipeline.formats.ubl.text import strip_forbidden

EN_16931 = "urn:cen.eu:en16931:2017"
PEPPOL = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

_PLAIN_PROFILE = f"<cbc:CustomizationID>{EN_16931}</cbc:CustomizationID>"
_PEPPOL_PROFILE = f"<cbc:CustomizationID>{PEPPOL}</cbc:CustomizationID><cbc:ProfileID>{PEPPOL_PROFILE}</cbc:ProfileID>"
_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd"


class _Names(NamedTuple):
    """The element names in which an invoice and a credit note differ."""

    root: str
    line: str
    quantity: str


_INVOICE = _Names("Invoice", "InvoiceLine", "InvoicedQuantity")
_CREDIT_NOTE = _Names("CreditNote", "CreditNoteLine", "CreditedQuantity")


def render(document: Document, pdf: bytes | None = None) -> bytes:
    """The file: UTF-8 with a declaration, no indentation; the same document always gives the same bytes. With `pdf`
    embedded when it is given."""
    names = _CREDIT_NOTE if document.credit_note else _INVOICE
    currency = document.currency
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{names.root} xmlns="{_NAMESPACE}:{names.root}-2" xmlns:cac="{_NAMESPACE}:CommonAggregateComponents-2"'
        f' xmlns:cbc="{_NAMESPACE}:CommonBasicComponents-2">'
        f"{_PEPPOL_PROFILE if document.peppol else _PLAIN_PROFILE}"
        f"<cbc:ID>{text(document.number)}</cbc:ID>"
        f"{_date('cbc:IssueDate', document.issue_date)}"
        f"{_type(document)}"
        f"<cbc:DocumentCurrencyCode>{text(currency)}</cbc:DocumentCurrencyCode>"
        f"{optional('cbc:AccountingCost', document.journal)}"
        f"<cbc:BuyerReference>{text(document.buyer_reference)}</cbc:BuyerReference>"
        f"{'' if document.references is None else _period_and_order(document.references)}"
        f"{''.join([_billing_reference(original) for original in document.originals])}"
        f"{'' if pdf is None and document.references is None else _other_documents(document, pdf)}"
        f"<cac:AccountingSupplierParty>{_party(document.seller)}</cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty>{_party(document.buyer)}</cac:AccountingCustomerParty>"
        f"{_delivery(document.delivery)}"
        f"{_payment(document.payment)}"
        f"{_terms(document.terms)}"
        f'<cac:TaxTotal><cbc:TaxAmount currencyID="{currency}">{money(document.vat)}</cbc:TaxAmount>'
        f"{''.join([_tax_group(group, currency) for group in document.groups])}</cac:TaxTotal>"
        f"{_totals(document)}"
        f"{''.join([_line(names, position, line, currency) for position, line in enumerate(document.lines, 1)])}"
        f"</{names.root}>\n"
    ).encode()


def _type(document: Document) -> str:
    """Due date, type and note, whose order differs."""
    note = optional("cbc:Note", document.note)
    if document.credit_note:
        return f"<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>{note}"
    return f"{_date('cbc:DueDate', document.due_date)}<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>{note}"


def text(value: str) -> str:
    """Any text as XML content."""
    if not value.isprintable():
        value = strip_forbidden(value)
    return escape(value, quote=False) if "&" in value or "<" in value or ">" in value else value


def number(value: Decimal) -> str:
    """A quantity, price or percentage: no exponent, no trailing zeros."""
    digits = str(value)
    if "E" in digits:
        digits = format(value, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def money(value: Decimal) -> str:
    """An amount with all its digits, without exponent."""
    digits = str(value)  # four times as fast as format, which only an exponent needs
    return format(value, "f") if "E" in digits else digits


def optional(tag: str, value: str | None) -> str:
    """An element with a text, or nothing: an empty element is an error in Peppol."""
    return "" if value is None else f"<{tag}>{text(value)}</{tag}>"


def _date(tag: str, value: date | None) -> str:
    return "" if value is None else f"<{tag}>{value.isoformat()}</{tag}>"


def _period_and_order(references: References) -> str:
    days = _date("cbc:StartDate", references.period_from) + _date("cbc:EndDate", references.period_to)
    period = f"<cac:InvoicePeriod>{days}</cac:InvoicePeriod>" if days else ""
    return period + _reference("cac:OrderReference", references.order)


def _other_documents(document: Document, pdf: bytes | None) -> str:
    """Contract, PDF and project. A credit note has no element for the last: 50 says what it is."""
    embedded = "" if pdf is None else _embedded(document.number, pdf)
    if document.references is None:
        return embedded
    contract = _reference("cac:ContractDocumentReference", document.references.contract)
    if document.credit_note:
        project = _reference("cac:AdditionalDocumentReference", document.references.project, "50")
    else:
        project = _reference("cac:ProjectReference", document.references.project)
    return contract + embedded + project


def _reference(tag: str, number: str | None, type_code: str | None = None) -> str:
    if number is None:
        return ""
    return f"<{tag}><cbc:ID>{text(number)}</cbc:ID>{optional('cbc:DocumentTypeCode', type_code)}</{tag}>"


def _billing_reference(original: Original) -> str:
    return (
        "<cac:BillingReference><cac:InvoiceDocumentReference>"
        f"<cbc:ID>{text(original.number)}</cbc:ID>"
        f"{_date('cbc:IssueDate', original.issued)}"
        "</cac:InvoiceDocumentReference></cac:BillingReference>"
    )


def _embedded(number: str, pdf: bytes) -> str:
    # A name that is safe in every file system; readers put the PDF beside the file under it.
    name = re.sub(r"[^A-Za-z0-9._-]", "-", number)
    return (
        f"<cac:AdditionalDocumentReference><cbc:ID>{text(number)}</cbc:ID><cac:Attachment>"
        f'<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="{name}.pdf">'
        f"{b64encode(pdf).decode()}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
        "</cac:AdditionalDocumentReference>"
    )


@lru_cache(maxsize=4096)
def _party(party: Party) -> str:
    """A party is on many documents of a month, and always written the same."""
    endpoint = party.endpoint
    address = (
        endpoint and f'<cbc:EndpointID schemeID="{endpoint.scheme}">{text(endpoint.value)}</cbc:EndpointID>'
    ) or ""
    identification = (
        f"<cac:PartyIdentification><cbc:ID>{text(party.number)}</cbc:ID></cac:PartyIdentification>"
        if party.number
        else ""
    )
    tax_scheme = (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{text(party.vat)}</cbc:CompanyID>{_TAX_SCHEME}</cac:PartyTaxScheme>"
        if party.vat
        else ""
    )
    legal_id = f'<cbc:CompanyID schemeID="0208">{text(party.enterprise)}</cbc:CompanyID>' if party.enterprise else ""
    asked = (
        optional("cbc:Name", party.contact)
        + optional("cbc:Telephone", party.phone)
        + optional("cbc:ElectronicMail", party.email)
    )
    contact = f"<cac:Contact>{asked}</cac:Contact>" if asked else ""
    return (
        f"<cac:Party>{address}{identification}"
        "<cac:PostalAddress>"
        f"{optional('cbc:StreetName', party.street)}"
        f"{optional('cbc:AdditionalStreetName', party.street_2)}"
        f"{optional('cbc:CityName', party.city)}"
        f"{optional('cbc:PostalZone', party.postal_code)}"
        f"{_country(party.country)}"
        "</cac:PostalAddress>"
        f"{tax_scheme}"
        f"<cac:PartyLegalEntity><cbc:RegistrationName>{text(party.name)}</cbc:RegistrationName>{legal_id}"
        "</cac:PartyLegalEntity>"
        f"{contact}</cac:Party>"
    )


def _country(code: str) -> str:
    return f"<cac:Country><cbc:IdentificationCode>{text(code)}</cbc:IdentificationCode></cac:Country>"


def _delivery(delivery: Delivery | None) -> str:
    if delivery is None:
        return ""
    return (
        f"<cac:Delivery>{_date('cbc:ActualDeliveryDate', delivery.day)}"
        f"{'' if delivery.country is None else _location(delivery.country)}</cac:Delivery>"
    )


def _location(country: str) -> str:
    return f"<cac:DeliveryLocation><cac:Address>{_country(country)}</cac:Address></cac:DeliveryLocation>"


def _payment(payment: Payment | None) -> str:
    if payment is None:
        return ""
    branch = (
        f"<cac:FinancialInstitutionBranch><cbc:ID>{text(payment.bic)}</cbc:ID></cac:FinancialInstitutionBranch>"
        if payment.bic
        else ""
    )
    account = (
        f"<cac:PayeeFinancialAccount><cbc:ID>{text(payment.iban)}</cbc:ID>{branch}</cac:PayeeFinancialAccount>"
        if payment.iban
        else ""
    )
    return (
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>{payment.code}</cbc:PaymentMeansCode>"
        f"{_date('cbc:PaymentDueDate', payment.due_date)}"
        f"{optional('cbc:PaymentID', payment.reference)}"
        f"{account}</cac:PaymentMeans>"
    )


def _terms(terms: str | None) -> str:
    return "" if terms is None else f"<cac:PaymentTerms>{optional('cbc:Note', terms)}</cac:PaymentTerms>"


_TAX_SCHEME = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


@lru_cache(maxsize=64)
def _category(code: str, percent: Decimal) -> str:
    """Start of a tax category; outside the scope of VAT there is no percentage."""
    rate = "" if code == "O" else f"<cbc:Percent>{number(percent)}</cbc:Percent>"
    return f"<cbc:ID>{code}</cbc:ID>{rate}"


def _tax_group(group: TaxGroup, currency: str) -> str:
    return (
        f'<cac:TaxSubtotal><cbc:TaxableAmount currencyID="{currency}">{money(group.base)}</cbc:TaxableAmount>'
        f'<cbc:TaxAmount currencyID="{currency}">{money(group.vat)}</cbc:TaxAmount>'
        f"<cac:TaxCategory>{_category(group.code, group.percent)}"
        f"{optional('cbc:TaxExemptionReasonCode', group.reason_code)}"
        f"{optional('cbc:TaxExemptionReason', group.reason)}"
        f"{_TAX_SCHEME}</cac:TaxCategory></cac:TaxSubtotal>"
    )


def _totals(document: Document) -> str:
    currency, net = document.currency, money(document.net)
    rounding = (
        f'<cbc:PayableRoundingAmount currencyID="{currency}">{money(document.rounding)}</cbc:PayableRoundingAmount>'
        if document.rounding
        else ""
    )
    return (
        "<cac:LegalMonetaryTotal>"
        f'<cbc:LineExtensionAmount currencyID="{currency}">{net}</cbc:LineExtensionAmount>'
        f'<cbc:TaxExclusiveAmount currencyID="{currency}">{net}</cbc:TaxExclusiveAmount>'
        f'<cbc:TaxInclusiveAmount currencyID="{currency}">{money(document.gross)}</cbc:TaxInclusiveAmount>'
        f"{rounding}"
        f'<cbc:PayableAmount currencyID="{currency}">{money(document.payable)}</cbc:PayableAmount>'
        "</cac:LegalMonetaryTotal>"
    )


def _line(names: _Names, position: int, line: Line, currency: str) -> str:
    quantity, unit, net, price, name, description, note, meaning, reduction, account, cost_centre = line
    return (
        f"<cac:{names.line}><cbc:ID>{position}</cbc:ID>"
        f"{'' if note is None else optional('cbc:Note', note)}"
        f'<cbc:{names.quantity} unitCode="{unit}">{number(quantity)}</cbc:{names.quantity}>'
        f'<cbc:LineExtensionAmount currencyID="{currency}">{money(net)}</cbc:LineExtensionAmount>'
        f"{'' if account is None else optional('cbc:AccountingCost', account)}"
        f"{'' if reduction is None else _reduction(reduction, currency)}"
        f"<cac:Item>{'' if description is None else optional('cbc:Description', description)}"
        f"<cbc:Name>{text(name)}</cbc:Name>"
        f"<cac:ClassifiedTaxCategory>{_category(meaning.code, meaning.rate)}{_TAX_SCHEME}</cac:ClassifiedTaxCategory>"
        f"{'' if cost_centre is None else _property('Kostenplaats', cost_centre)}</cac:Item>"
        f'<cac:Price><cbc:PriceAmount currencyID="{currency}">{number(price)}</cbc:PriceAmount></cac:Price>'
        f"</cac:{names.line}>"
    )


def _reduction(reduction: Reduction, currency: str) -> str:
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{'true' if reduction.charge else 'false'}</cbc:ChargeIndicator>"
        f"<cbc:AllowanceChargeReasonCode>{reduction.code}</cbc:AllowanceChargeReasonCode>"
        f"<cbc:AllowanceChargeReason>{text(reduction.reason)}</cbc:AllowanceChargeReason>"
        f"<cbc:MultiplierFactorNumeric>{number(reduction.percent)}</cbc:MultiplierFactorNumeric>"
        f'<cbc:Amount currencyID="{currency}">{money(reduction.amount)}</cbc:Amount>'
        f'<cbc:BaseAmount currencyID="{currency}">{money(reduction.base)}</cbc:BaseAmount></cac:AllowanceCharge>'
    )


def _property(name: str, value: str) -> str:
    return (
        f"<cac:AdditionalItemProperty><cbc:Name>{text(name)}</cbc:Name>"
        f"<cbc:Value>{text(value)}</cbc:Value></cac:AdditionalItemProperty>"
    )
