"""All decisions on one document: from rows of the books to what is written, or the reason why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from robaws_pipeline.formats.ubl.amounts import CENT, ZERO
from robaws_pipeline.formats.ubl.categories import Booked, Code, tax_groups
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.identifiers import iban, payment_reference
from robaws_pipeline.formats.ubl.lines import build_lines
from robaws_pipeline.formats.ubl.model import (
    Delivery,
    Document,
    Header,
    Original,
    Party,
    Payment,
    References,
    SourceLine,
)
from robaws_pipeline.formats.ubl.month import Month
from robaws_pipeline.formats.ubl.text import one_line

_CURRENCY = "EUR"

_SEE_DOCUMENT = {
    "nl": "Zie de betalingsvoorwaarden op het document",
    "fr": "Voir les conditions de paiement sur le document",
    "de": "Siehe die Zahlungsbedingungen auf dem Dokument",
    "en": "See the payment terms on the document",
}
"""Older rule sets want a due date or terms of whatever is to be paid, so one of them is always written."""

REBUILT = "Herbouwd uit Robaws, geen origineel / Reconstitué depuis Robaws, pas l'original"
"""The first words of a purchase, which is not the document that the supplier sent."""


class _Sides(NamedTuple):
    """Who sells, who buys, the language between them and what was noticed."""

    seller: Party
    buyer: Party
    language: str
    iban: str | None
    """Where the seller is paid."""
    bic: str | None
    remarks: list[str]


def build(month: Month, header: Header, source: Sequence[SourceLine], booked: Mapping[str, Booked]) -> Document:
    """The document, all decisions taken; `booked` is its VAT in the books by `booked_key`, positive on credit notes.

    Raises `Held` when valid UBL cannot say it.
    """
    number, issued, credit_note = _identity(header, purchase=month.is_purchases)
    sides = _sides(month, header)
    remarks = sides.remarks
    lines, note = build_lines(month, source, sides.language, remarks)
    groups = tax_groups([(line.meaning, line.net) for line in lines], booked, sides.language)
    net, vat = sum([group.base for group in groups], ZERO), sum([group.vat for group in groups], ZERO)
    rounding = _rounding(header, credit_note=credit_note, computed=net + vat, rates=len(booked))
    codes = {group.code for group in groups}
    seller, buyer = _allowed_numbers(sides.seller, sides.buyer, codes)
    peppol = seller.endpoint is not None and buyer.endpoint is not None
    terms = month.payment_conditions.get(header.payment_condition_id or "")
    if terms is None and header.due_date is None:
        terms = _SEE_DOCUMENT[sides.language]
        remarks.append("neither due date nor payment condition")
    if not peppol:
        remarks.append("plain EN 16931, not to be sent over Peppol: a party has no electronic address")
    referred = _references(month, header, remarks)
    if month.is_purchases:
        note = REBUILT if note is None else f"{REBUILT}\n{note}"
        reference = one_line(header.number) or header.id
    else:
        reference = one_line(header.client_reference) or buyer.number or number
    return Document(
        credit_note=credit_note,
        peppol=peppol,
        number=number,
        issue_date=issued,
        due_date=None if credit_note else header.due_date,
        note=note,
        currency=_CURRENCY,
        journal=header.journal,
        buyer_reference=reference,
        originals=_originals(month, header, referred, remarks, credit_note=credit_note),
        seller=seller,
        buyer=buyer,
        references=referred,
        delivery=_delivery(referred, issued, buyer.country if "K" in codes else None),
        payment=_payment(sides, header, credit_note=credit_note),
        terms=terms,
        groups=groups,
        lines=lines,
        net=net,
        vat=vat,
        rounding=rounding,
        remarks=tuple(dict.fromkeys(remarks)) if remarks else (),
    )


def _identity(header: Header, *, purchase: bool) -> tuple[str, date, bool]:
    number = one_line(header.supplier_number if purchase else header.number)
    if header.type not in {"INVOICE", "CREDIT_NOTE"}:
        raise Held("ubl_header", f"type = {header.type}")
    if number is None:
        own = one_line(header.number) or f"id {header.id}"
        raise Held("ubl_supplier_number", own) if purchase else Held("ubl_header", "number = –")
    if header.issued is None:
        raise Held("ubl_header", "date = –")
    if (header.currency or _CURRENCY).strip().upper() != _CURRENCY:
        raise Held("ubl_currency", f"{header.currency}")
    return number, header.issued, header.type == "CREDIT_NOTE"


def _sides(month: Month, header: Header) -> _Sides:
    our, their = month.ours(), month.theirs(header.party_id)
    remarks = list(their.remarks)
    if not month.is_purchases:
        return _Sides(our.party, their.party, their.language, our.iban, our.bic, remarks)
    account, bic = one_line(header.supplier_iban) or their.iban, their.bic
    try:
        account = iban(account)
    except ValueError:
        remarks.append(f"bank account {account} of supplier {their.party.name} is no IBAN, left out")
        account = bic = None
    return _Sides(their.party, our.party, their.language, account, bic, remarks)


def _rounding(header: Header, *, credit_note: bool, computed: Decimal, rates: int) -> Decimal:
    """Robaws's total minus ours; held when either is negative or they differ by more than a cent per VAT rate."""
    asked = computed if header.gross is None else -header.gross if credit_note else header.gross
    if computed < 0 or asked < 0:
        raise Held("ubl_negative", f"{asked:f}")
    if abs(asked - computed) > CENT * max(rates, 1):
        raise Held("ubl_totals", f"{computed:f} ≠ {asked:f} (Robaws)")
    return asked - computed


def _allowed_numbers(seller: Party, buyer: Party, codes: set[Code]) -> tuple[Party, Party]:
    """Both parties with the VAT numbers that the categories want, and without those that they forbid."""
    if codes & {"AE", "K"} and buyer.vat is None:
        raise Held("ubl_buyer_vat_missing", buyer.name)
    if "O" in codes:
        return replace(seller, vat=None), replace(buyer, vat=None)
    if seller.vat is None:
        raise Held("ubl_supplier_vat_missing", seller.name)
    return seller, buyer


def _references(month: Month, header: Header, remarks: list[str]) -> References | None:
    referred = month.references.get(header.id)
    if referred is None or referred.period_from is None or referred.period_to is None:
        return referred
    if referred.period_from <= referred.period_to:
        return referred
    # BR-29 refuses it.
    remarks.append("period that ends before it begins, left out")
    return referred._replace(period_from=None, period_to=None)


def _delivery(referred: References | None, issued: date, country: str | None) -> Delivery | None:
    """With a `country` where the rules want to know when and to which goods went (K)."""
    delivered = None if referred is None else referred.delivered
    return None if delivered is None and country is None else Delivery(delivered or issued, country)


def _originals(
    month: Month, header: Header, referred: References | None, remarks: list[str], *, credit_note: bool
) -> tuple[Original, ...]:
    """The invoice that Robaws links, and those that the settings have named by number; of an invoice that takes back a
    credit note, that one."""
    linked = month.originals.get(header.original_id) if header.original_id else None
    if not credit_note:
        return () if linked is None else (linked,)
    found = {} if linked is None else {linked.number: linked}
    for number in () if referred is None else referred.credited:
        found.setdefault(number, Original(number, None))
    if not found:
        remarks.append("credit note without a reference to its invoice")
    return tuple(found.values())


def _payment(sides: _Sides, header: Header, *, credit_note: bool) -> Payment | None:
    text, valid = payment_reference(header.payment_reference)
    if not valid:
        sides.remarks.append(f"structured communication {text} has wrong check digits, written as it is")
    due_date = header.due_date if credit_note else None
    if sides.iban is not None:
        return Payment("30", due_date, text, sides.iban, sides.bic)
    # A credit transfer must name an account (BR-61); 1 leaves the way of paying open.
    return Payment("1", due_date, text, None, None) if due_date or text else None
