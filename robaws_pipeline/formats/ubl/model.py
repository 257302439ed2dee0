"""A document on its way: what is read of it, and what is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from robaws_pipeline.formats.ubl.categories import Meaning, TaxGroup
from robaws_pipeline.formats.ubl.identifiers import Endpoint


class Header(NamedTuple):
    """What we read of a document's rows in `documents`, `states` and `postings`."""

    id: str
    type: str | None
    number: str | None
    """Robaws's number."""
    supplier_number: str | None
    issued: date | None
    due_date: date | None
    currency: str | None
    party_id: str | None
    client_reference: str | None
    payment_condition_id: str | None
    payment_reference: str | None
    supplier_iban: str | None
    original_id: str | None
    gross: Decimal | None
    """As Robaws shows it, in cents, signed by type (credit notes negative)."""
    journal: str | None = None
    """Code of the journal that it is booked in, when it is to be told."""


class SourceLine(NamedTuple):
    """What we read of a row of `lines`; its total in cents."""

    type: str | None
    description: str | None
    quantity: Decimal | None
    unit: str | None
    price: Decimal | None
    discount: Decimal | None
    """Percentage that the price is before; a line whose price it is worked into already has none."""
    net: Decimal | None
    vat_tariff_id: str | None
    vat_tariff_name: str | None
    account: str | None = None
    """General ledger account that it is booked on, when it is to be told."""
    project: str | None = None
    """Project that it is booked on, when it is to be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Party:
    """A seller or buyer as it is written; every text clean and not blank, or None.

    Compared by identity: it is made once a month and written once, and comparing its texts on each document costs more
    than the rest of the header.
    """

    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    endpoint: Endpoint | None = None
    number: str | None = None
    """The other party's customer or supplier number for it."""
    street: str | None = None
    street_2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    vat: str | None = None
    """VAT number with country prefix."""
    enterprise: str | None = None
    """Belgian enterprise number, ten digits."""
    contact: str | None = None
    """Name of whom to ask."""
    phone: str | None = None
    email: str | None = None


class Reduction(NamedTuple):
    """What is taken off a line (`charge` False) or put on it, in cents: `percent` of `base`, all positive."""

    charge: bool
    code: str
    """UNCL5189 when it is taken off, UNCL7161 when it is put on."""
    reason: str
    percent: Decimal
    amount: Decimal
    base: Decimal


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
    meaning: Meaning
    """Its VAT category and rate."""
    reduction: Reduction | None
    account: str | None
    cost_centre: str | None


class Original(NamedTuple):
    """An invoice that a credit note credits; its number clean and not blank."""

    number: str
    issued: date | None


class References(NamedTuple):
    """What a document refers to, from the extra fields that the settings name; every text clean and not blank."""

    order: str | None = None
    contract: str | None = None
    project: str | None = None
    delivered: date | None = None
    period_from: date | None = None
    period_to: date | None = None
    credited: tuple[str, ...] = ()
    """Numbers of the invoices that a credit note credits."""


class Delivery(NamedTuple):
    """When and to which country goods went (ISO code), as far as it is known."""

    day: date
    country: str | None


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
    journal: str | None
    buyer_reference: str
    originals: tuple[Original, ...]
    seller: Party
    buyer: Party
    references: References | None
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
