"""What makes sense in Belgium and is no sum: numbers with check digits, references, signs, what is embedded."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from functools import lru_cache

from stdnum import iban
from stdnum.be import ogm_vcs
from stdnum.be import vat as belgian
from stdnum.eu import vat as european

from robaws_pipeline.validation.reading import Document, Element, elements, text
from robaws_pipeline.validation.rule import Wrong, rule

PEPPOL = "urn:fdc:peppol.eu:2017:poacc:billing:3.0"
"""In the CustomizationID of every Peppol BIS Billing 3 document."""
EN_16931 = "urn:cen.eu:en16931:2017"

_PARTIES = ("cac:AccountingSupplierParty/cac:Party", "cac:AccountingCustomerParty/cac:Party")
_ENTERPRISE, _BELGIAN_VAT = "0208", "9925"
_MARKED_REFERENCE = re.compile(r"(\+\+\+|\*\*\*)[\d/ ]+\1$")
_PDF_HEAD = 1024
"""Bytes in which `%PDF-` must come."""


@rule(
    "OWN-PROFILE",
    "A document says that it follows Peppol BIS Billing 3 or EN 16931",
    "Write the CustomizationID of Peppol BIS Billing 3, or of plain EN 16931; the rules of neither were skipped by it.",
    fatal=False,
)
def profile(document: Document) -> Iterator[Wrong]:
    """BT-24. Whoever misspells it escapes the rules of Peppol."""
    customization = text(document.root, "cbc:CustomizationID") or ""
    if customization != EN_16931 and PEPPOL not in customization:
        yield Wrong(document.root, f"CustomizationID is {customization!r}")


@rule(
    "OWN-CURRENCY",
    "All amounts are in the currency of the document",
    "Write the document's currency as currencyID of each amount.",
)
def one_currency(document: Document) -> Iterator[Wrong]:
    """Peppol asks it (R051), EN 16931 does not. The VAT in the currency of the books is the exception."""
    books = text(document.root, "cbc:TaxCurrencyCode")
    for at in document.root.iter("*"):
        currency = at.get("currencyID")
        if currency is not None and currency not in {document.currency, books}:
            yield Wrong(at, f"{currency} stands beside {document.currency}")


@rule(
    "OWN-LINE-IDS",
    "Each line has an id of its own",
    "Number the lines; a program that finds an id twice may book one of the two.",
)
def line_ids(document: Document) -> Iterator[Wrong]:
    """BT-126."""
    seen = set()
    for line in document.lines:
        if line.id is not None and line.id in seen:
            yield Wrong(line.at, f"line {line.id} is there twice")
        seen.add(line.id)


@rule(
    "OWN-SIGN",
    "The amounts of a document are positive: its type says which way they go",
    "Make it a credit note with positive amounts, or an invoice; programs book a negative one the wrong way round.",
)
def sign(document: Document) -> Iterator[Wrong]:
    """A negative invoice is allowed by EN 16931, so that is a warning; a negative credit note is a mistake."""
    for name in ("TaxExclusiveAmount", "TaxInclusiveAmount"):
        total = document.totals.get(name)
        if total is not None and total.value < 0:
            yield Wrong(total.at, f"the total of this {document.kind} is {total.value:f}", fatal=document.credit_note)
            return


@rule(
    "OWN-CREDITED",
    "A credit note names the invoice that it credits",
    "Say in Robaws which invoice is credited; without it nobody can set one off against the other.",
    fatal=False,
)
def credited(document: Document) -> Iterator[Wrong]:
    """BG-3."""
    reference = "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"
    if document.credit_note and text(document.root, reference) is None:
        yield Wrong(document.root, "it has no BillingReference")


@rule(
    "OWN-TERMS",
    "A document that asks for money says until when, or under which terms",
    "Write a due date or payment terms: programs with the rules from before 2026 refuse the file otherwise (BR-CO-25).",
)
def terms(document: Document) -> Iterator[Wrong]:
    """BT-9 or BT-20."""
    due = text(document.root, "cbc:DueDate") or text(document.root, "cac:PaymentMeans/cbc:PaymentDueDate")
    payable = document.totals.get("PayableAmount")
    if payable is not None and payable.value > 0 and due is None and text(document.root, _TERMS) is None:
        yield Wrong(document.root, "it has neither")


_TERMS = "cac:PaymentTerms/cbc:Note"


@rule(
    "OWN-VAT-NUMBER",
    "VAT and enterprise numbers have the right check digits",
    "Correct the number; ours is in the settings, those of others are in Robaws.",
)
def vat_numbers(document: Document) -> Iterator[Wrong]:
    """Belgian ones for certain; those of other countries are a warning, their rules change without our knowing."""
    for party in (at for path in _PARTIES for at in elements(document.root, path)):
        for at in elements(party, "cac:PartyTaxScheme/cbc:CompanyID"):
            number = (at.text or "").strip()
            if number.upper().startswith("BE"):
                yield from _unless(_belgian(number), at, number)
            elif number[:2].casefold() in _MEMBER_STATES and not _european(number):
                yield Wrong(at, f"{number} has not", fatal=False)
        for path in ("cbc:EndpointID", "cac:PartyLegalEntity/cbc:CompanyID"):
            for at in elements(party, path):
                if at.get("schemeID") in {_ENTERPRISE, _BELGIAN_VAT}:
                    number = (at.text or "").strip()
                    yield from _unless(_belgian(number), at, number)


# A month's documents share a few hundred parties.
_belgian, _european, _iban = (lru_cache(4096)(of.is_valid) for of in (belgian, european, iban))
_MEMBER_STATES = {"el" if state == "gr" else state for state in european.MEMBER_STATES}


def _unless(valid: bool, at: Element, number: str) -> Iterator[Wrong]:
    if not valid:
        yield Wrong(at, f"{number} has not")


@rule(
    "OWN-IBAN",
    "An IBAN has the right check digits",
    "Correct the account: ours is in the settings; nobody can pay to this one.",
)
def ibans(document: Document) -> Iterator[Wrong]:
    """BT-84; an account that does not look like an IBAN is another country's affair."""
    for at in elements(document.root, "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"):
        account = (at.text or "").strip()
        if re.match("[A-Z]{2}[0-9]{2}", account) and not _iban(account):
            yield Wrong(at, f"{account} has not")


@rule(
    "OWN-REFERENCE",
    "A structured communication has the right check digits",
    "Correct it in Robaws. It is written as the customer was told, and banks refuse it.",
    fatal=False,
)
def payment_references(document: Document) -> Iterator[Wrong]:
    """BT-83 when it is marked as one (+++ or ***), or is twelve digits."""
    for at in elements(document.root, "cac:PaymentMeans/cbc:PaymentID"):
        reference = (at.text or "").strip()
        marked = _MARKED_REFERENCE.match(reference) or re.fullmatch("[0-9]{12}", reference)
        if marked and not ogm_vcs.is_valid(reference.strip("*")):
            yield Wrong(at, f"{reference} has not")


@rule(
    "OWN-BUYER-VAT",
    "When the customer accounts for the VAT, its VAT number is there",
    "Fill in the customer's VAT number in Robaws, or charge VAT.",
)
def buyer_vat(document: Document) -> Iterator[Wrong]:
    """Reverse charge (AE) and intra-Community supply (K); EN 16931 is content with a registration number for AE."""
    for group in document.groups:
        if group.key is not None and group.key[0] in {"AE", "K"}:
            party = next(iter(elements(document.root, _PARTIES[1])), None)
            if party is not None and text(party, "cac:PartyTaxScheme/cbc:CompanyID") is None:
                yield Wrong(party, f"the VAT category is {group.key[0]}, and the customer has no VAT number")
                return


@rule(
    "OWN-PDF",
    "What is embedded as a PDF is one",
    "Take the attachment out, or fetch the PDF again: this one cannot be opened.",
)
def pdfs(document: Document) -> Iterator[Wrong]:
    """BG-24. A server may answer with a page of HTML where it was asked for a PDF."""
    path = "cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"
    for at in elements(document.root, path):
        if at.get("mimeCode") == "application/pdf" and b"%PDF-" not in _head(at.text or ""):
            yield Wrong(at, f"{at.get('filename') or 'it'} does not begin as one")


def _head(base64: str) -> bytes:
    """The first kilobyte of an embedded file; nothing when it is no base64, which the XSD reports."""
    digits = "".join(base64[: 2 * _PDF_HEAD].split())
    try:
        return b64decode(digits[: len(digits) // 4 * 4])[:_PDF_HEAD]
    except (Base64Error, ValueError):
        return b""
