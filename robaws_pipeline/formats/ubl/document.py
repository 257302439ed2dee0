"""All decisions on one document: from rows of the books to what is written, or the reason why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from robaws_pipeline.formats.ubl.amounts import CENT, ZERO, priced
from robaws_pipeline.formats.ubl.categories import Booked, Code, Meaning, TaxGroup, meaning, tax_groups
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.identifiers import payment_reference
from robaws_pipeline.formats.ubl.parties import Buyer, Party, PartyRow, Seller, buyer, seller
from robaws_pipeline.formats.ubl.text import clean, one_line
from robaws_pipeline.formats.ubl.units import PIECE, unit_code
from robaws_pipeline.settings import Company

T = TypeVar("T")

AMOUNT_LINE = "LINE"
"""The type of the lines that carry an amount; all others are for reading only."""

_CURRENCY = "EUR"
_LONGEST_NAME = 100

_SEE_DOCUMENT = {
    "nl": "Zie de betalingsvoorwaarden op het document",
    "fr": "Voir les conditions de paiement sur le document",
    "de": "Siehe die Zahlungsbedingungen auf dem Dokument",
    "en": "See the payment terms on the document",
}
"""Older rule sets want a due date or terms of whatever is to be paid, so one of them is always written."""


class Header(NamedTuple):
    """What we read of a document's rows in `documents` and `states`."""

    id: str
    type: str | None
    number: str | None
    issued: date | None
    due_date: date | None
    currency: str | None
    party_id: str | None
    client_reference: str | None
    payment_condition_id: str | None
    payment_reference: str | None
    original_id: str | None
    gross: Decimal | None
    """As Robaws shows it, in cents, signed by type (credit notes negative)."""


class SourceLine(NamedTuple):
    """What we read of a row of `lines`; its total in cents."""

    type: str | None
    description: str | None
    quantity: Decimal | None
    unit: str | None
    price: Decimal | None
    net: Decimal | None
    vat_tariff_id: str | None
    vat_tariff_name: str | None


class Line(NamedTuple):
    """One line as it is written; a tuple because there are many. Amounts are positive on credit notes too."""

    quantity: Decimal
    unit: str
    """UN/ECE code."""
    net: Decimal
    """Line total in cents."""
    price: Decimal
    """Never negative."""
    name: str
    description: str | None
    """The whole text, when the name does not hold it."""
    note: str | None
    """Texts that stand above the line."""
    code: Code
    percent: Decimal


class Original(NamedTuple):
    """The invoice that a credit note credits; its number clean and not blank."""

    number: str
    issued: date | None


class Delivery(NamedTuple):
    """When and to which country goods went (ISO code)."""

    day: date
    country: str


class Payment(NamedTuple):
    """How it is paid: UNCL4461 code, what to quote, and the account when the code needs one."""

    code: str
    due_date: date | None
    """Credit notes only: an invoice has its due date in the header."""
    reference: str | None
    iban: str | None
    bic: str | None


class Document(NamedTuple):
    """One invoice or credit note, ready to be written; amounts have two decimals and are positive on credit notes."""

    credit_note: bool
    peppol: bool
    """True: Peppol BIS Billing 3. False: plain EN 16931, because a party has no electronic address."""
    number: str
    issue_date: date
    due_date: date | None
    note: str | None
    currency: str
    buyer_reference: str
    original: Original | None
    seller: Party
    buyer: Party
    delivery: Delivery | None
    payment: Payment | None
    terms: str | None
    groups: tuple[TaxGroup, ...]
    lines: tuple[Line, ...]
    net: Decimal
    vat: Decimal
    rounding: Decimal
    """What was asked of the customer minus net and VAT: a cent now and then; 0 otherwise."""
    remarks: tuple[str, ...] = ()
    """What a person should know; not written."""

    @property
    def gross(self) -> Decimal:
        """Net and VAT."""
        return self.net + self.vat

    @property
    def payable(self) -> Decimal:
        """What the customer was asked to pay."""
        return self.gross + self.rounding


@dataclass(slots=True)
class Month:
    """What the documents of one month share. Customers, tariffs and units are decided once each."""

    company: Company
    parties: Mapping[str, PartyRow]
    payment_conditions: Mapping[str, str | None]
    originals: Mapping[str, Original]
    _seller: Seller | Held | None = None
    _buyers: dict[str, Buyer | Held] = field(default_factory=dict)
    _meanings: dict[tuple[str | None, str | None], Meaning | None] = field(default_factory=dict)

    def seller(self) -> Seller:
        """Our own company; held when its data are wrong."""
        if self._seller is None:
            try:
                self._seller = seller(self.company)
            except Held as held:
                self._seller = held
        return _or_raise(self._seller)

    def buyer(self, party_id: str | None) -> Buyer:
        """A customer; held when it is not known or its data are wrong."""
        if party_id is None:
            raise Held("ubl_customer", "the document has no customer")
        if party_id not in self._buyers:
            row = self.parties.get(party_id)
            if row is None:
                raise Held("ubl_customer", f"customer {party_id} is not among the parties: load them again")
            try:
                self._buyers[party_id] = buyer(row)
            except Held as held:
                self._buyers[party_id] = held
        return _or_raise(self._buyers[party_id])

    def meaning(self, tariff_id: str | None, name: str | None) -> Meaning | None:
        """The category of a VAT tariff; None when the settings do not map it."""
        key = (tariff_id, name)
        if key not in self._meanings:
            tariff = self.company.tariff(tariff_id, name)
            self._meanings[key] = None if tariff is None else meaning(tariff)
        return self._meanings[key]


def build(month: Month, header: Header, source: Sequence[SourceLine], booked: Mapping[str, Booked]) -> Document:
    """The document, all decisions taken; `booked` is its VAT in the books by `booked_key`, positive on credit notes.

    Raises `Held` when valid UBL cannot say it.
    """
    number, issued, credit_note = _identity(header)
    our, customer = month.seller(), month.buyer(header.party_id)
    remarks = list(customer.remarks)
    lines, note, amounts = _lines(month, source, remarks)
    groups = tax_groups(amounts, booked, customer.language)
    net, vat = sum([group.base for group in groups], ZERO), sum([group.vat for group in groups], ZERO)
    rounding = _rounding(header, credit_note=credit_note, computed=net + vat, rates=len(booked))
    codes = {group.code for group in groups}
    selling, buying = _allowed_numbers(our.party, customer.party, codes)
    peppol = selling.endpoint is not None and buying.endpoint is not None
    terms = month.payment_conditions.get(header.payment_condition_id or "")
    if terms is None and header.due_date is None:
        terms = _SEE_DOCUMENT[customer.language]
        remarks.append("neither due date nor payment condition")
    if not peppol:
        remarks.append("plain EN 16931, not to be sent over Peppol: a party has no electronic address")
    original = _original(month, header, remarks) if credit_note else None
    payment = _payment(our, header, remarks, credit_note=credit_note)
    return Document(
        credit_note=credit_note,
        peppol=peppol,
        number=number,
        issue_date=issued,
        due_date=None if credit_note else header.due_date,
        note=note,
        currency=_CURRENCY,
        buyer_reference=one_line(header.client_reference) or buying.number or number,
        original=original,
        seller=selling,
        buyer=buying,
        delivery=Delivery(issued, buying.country) if "K" in codes else None,
        payment=payment,
        terms=terms,
        groups=groups,
        lines=lines,
        net=net,
        vat=vat,
        rounding=rounding,
        remarks=tuple(dict.fromkeys(remarks)) if remarks else (),
    )


def _identity(header: Header) -> tuple[str, date, bool]:
    number = one_line(header.number)
    if header.type not in {"INVOICE", "CREDIT_NOTE"}:
        raise Held("ubl_header", f"type {header.type} is neither INVOICE nor CREDIT_NOTE")
    if number is None:
        raise Held("ubl_header", "the document has no number")
    if header.issued is None:
        raise Held("ubl_header", "the document has no date")
    if (header.currency or _CURRENCY).strip().upper() != _CURRENCY:
        raise Held(
            "ubl_currency", f"currency {header.currency}: only EUR can be written, the VAT must be known in euro"
        )
    return number, header.issued, header.type == "CREDIT_NOTE"


def _lines(
    month: Month, source: Sequence[SourceLine], remarks: list[str]
) -> tuple[tuple[Line, ...], str | None, list[tuple[Meaning, Decimal]]]:
    """The lines with an amount; the document's note, of the texts before the first and after the last of them; and
    each line's tariff and net. Texts between two lines become the note of the second."""
    rows, note = _with_notes(source)
    meanings = _meanings(month, rows)
    lines = []
    amounts = []
    for (row, text, above), meant in zip(rows, meanings, strict=True):
        _, _, quantity, unit, price, net, _, _ = row
        if net is None:
            raise Held("ubl_line_amount", f"line {text or 'without text'!r} has no amount")
        quantity, price, replaced = priced(quantity, price, net)
        if replaced:
            remarks.append("quantity that cannot give the line total, written as 1 × the total")
        code = unit_code(unit)
        if code is None:
            remarks.append(f"unit {one_line(unit)!r} is not known, written as {PIECE} (piece)")
        name, description = _named(text)
        lines.append(Line(quantity, code or PIECE, net, price, name, description, above, meant.code, meant.rate))
        amounts.append((meant, net))
    return tuple(lines), note, amounts


def _with_notes(source: Sequence[SourceLine]) -> tuple[list[tuple[SourceLine, str | None, str | None]], str | None]:
    """The amount lines, each with its own text and the texts above it; and the document's note."""
    rows: list[tuple[SourceLine, str | None, str | None]] = []
    opening: list[str] = []
    texts: list[str] = []
    for row in source:
        text = clean(row.description)
        # As the books see it: a line of another type counts when it has an amount after all.
        if row.type != AMOUNT_LINE and not row.net and (row.type or AMOUNT_LINE).upper() != AMOUNT_LINE:
            if text is not None:
                texts.append(text)
            continue
        if not rows:
            opening, texts = texts, []
        rows.append((row, text, "\n".join(texts) or None if texts else None))
        texts = []
    if not rows:
        raise Held("ubl_no_lines", "the document has no line with an amount")
    return rows, "\n".join(opening + texts) or None


def _meanings(month: Month, rows: Sequence[tuple[SourceLine, str | None, str | None]]) -> list[Meaning]:
    """The tariff of each line. The books ask none of a line of 0.00; it then follows the first line that has one, as it
    does when its own would put a line outside the scope of VAT beside lines within it."""
    found = [month.meaning(row.vat_tariff_id, row.vat_tariff_name) for row, _, _ in rows]
    ordinary = [meant for meant in found if meant is not None and meant.code != "O"]
    if len(ordinary) == len(found):
        return ordinary
    nets = [row.net for row, _, _ in rows]
    mapped = [(net, meant) for net, meant in zip(nets, found, strict=True) if meant is not None]
    lead = next((meant for net, meant in mapped if net), mapped[0][1] if mapped else None)
    meanings = []
    for (row, _, _), meant in zip(rows, found, strict=True):
        if lead is None or (meant is None and row.net):
            raise Held("ubl_tariff", f"VAT tariff {row.vat_tariff_name or row.vat_tariff_id} is not mapped")
        follows = meant is None or (not row.net and (meant.code == "O") != (lead.code == "O"))
        meanings.append(lead if follows or meant is None else meant)
    return meanings


def _named(text: str | None) -> tuple[str, str | None]:
    """Name and description of an item: the first line as far as it is short, and the whole when it says more."""
    if text is None:
        return "-", None
    if len(text) <= _LONGEST_NAME and "\n" not in text:
        return text, None
    return text.split("\n", 1)[0][:_LONGEST_NAME].rstrip(), text


def _rounding(header: Header, *, credit_note: bool, computed: Decimal, rates: int) -> Decimal:
    """Robaws's total minus ours; held when either is negative or they differ by more than a cent per VAT rate."""
    asked = computed if header.gross is None else -header.gross if credit_note else header.gross
    if computed < 0 or asked < 0:
        raise Held(
            "ubl_negative",
            f"a {'credit note' if credit_note else 'invoice'} with the total {asked:f}: "
            "programs that read UBL would book it the wrong way round",
        )
    if abs(asked - computed) > CENT * max(rates, 1):
        raise Held("ubl_totals", f"Robaws asks {asked:f}, the lines and their VAT give {computed:f}")
    return asked - computed


def _allowed_numbers(our: Party, customer: Party, codes: set[Code]) -> tuple[Party, Party]:
    """Both parties with the VAT numbers that the categories want, and without those that they forbid."""
    if codes & {"AE", "K"} and customer.vat is None:
        raise Held(
            "ubl_buyer_vat_missing",
            f"no VAT is charged because customer {customer.name} accounts for it, but it has no VAT number in Robaws",
        )
    if "O" in codes:
        return replace(our, vat=None), replace(customer, vat=None)
    return our, customer


def _original(month: Month, header: Header, remarks: list[str]) -> Original | None:
    found = month.originals.get(header.original_id) if header.original_id else None
    if found is None:
        remarks.append("credit note without a reference to its invoice")
    return found


def _payment(our: Seller, header: Header, remarks: list[str], *, credit_note: bool) -> Payment | None:
    text, valid = payment_reference(header.payment_reference)
    if not valid:
        remarks.append(f"structured communication {text} has wrong check digits, written as it is")
    due_date = header.due_date if credit_note else None
    if our.iban is not None:
        return Payment("30", due_date, text, our.iban, our.bic)
    # A credit transfer must name an account (BR-61); 1 leaves the way of paying open.
    return Payment("1", due_date, text, None, None) if due_date or text else None


def _or_raise(verdict: T | Held) -> T:
    if isinstance(verdict, Held):
        raise Held(verdict.code, verdict.detail)  # a new one: raising the kept one again would grow its traceback
    return verdict
