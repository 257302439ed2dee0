"""A UBL document as the own rules see it: amounts as decimals, each with the element it stands in.

What is not there, or is no number, is None: the official layers report that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lxml import etree

Element = etree._Element

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
NAMESPACES = {
    "cac": f"{_SCHEMA}:CommonAggregateComponents-2",
    "cbc": f"{_SCHEMA}:CommonBasicComponents-2",
    "ext": f"{_SCHEMA}:CommonExtensionComponents-2",
}
KINDS = {f"{{{_SCHEMA}:{kind}-2}}{kind}": kind for kind in ("Invoice", "CreditNote")}
"""Tag of the root → its short name."""

Key = tuple[str, Decimal]
"""VAT category and rate; a category without a rate has 0."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and where it stands."""

    value: Decimal
    at: Element


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An allowance or a charge, of a line or of the document."""

    at: Element
    charge: bool
    amount: Amount | None
    base: Amount | None
    percent: Amount | None
    key: Key | None
    """Of the document's own; a line's follow the line."""


@dataclass(frozen=True, slots=True)
class Line:
    """An invoice or credit note line."""

    at: Element
    id: str | None
    quantity: Amount | None
    net: Amount | None
    price: Amount | None
    base_quantity: Amount | None
    adjustments: tuple[Adjustment, ...]
    key: Key | None


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the VAT breakdown."""

    at: Element
    key: Key | None
    base: Amount | None
    vat: Amount | None


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note."""

    root: Element
    kind: str
    currency: str | None
    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...]
    groups: tuple[Group, ...]
    vat: Amount | None
    """Of the tax total in the document's currency."""
    totals: dict[str, Amount]
    """The amounts of LegalMonetaryTotal by local name."""

    @property
    def credit_note(self) -> bool:
        """Whether it is a credit note."""
        return self.kind == "CreditNote"


def kind_of(root: Element) -> str | None:
    """Invoice or CreditNote of UBL 2; None for any other XML."""
    return KINDS.get(root.tag)


def text(at: Element, path: str) -> str | None:
    """The text of the first element on a path, trimmed; None when there is none."""
    found = at.findtext(path, namespaces=NAMESPACES)
    return (found or "").strip() or None


def elements(at: Element, path: str) -> list[Element]:
    """All elements on a path."""
    return at.findall(path, NAMESPACES)


def amount(at: Element, path: str) -> Amount | None:
    """The number at a path."""
    found = at.find(path, NAMESPACES)
    return None if found is None else _number(found)


def read(root: Element, kind: str) -> Document:
    """The document; its root's `kind` is known."""
    totals = {
        etree.QName(child).localname: number
        for total in elements(root, "cac:LegalMonetaryTotal")[:1]
        for child in total.iterchildren("*")
        if (number := _number(child)) is not None
    }
    currency = text(root, "cbc:DocumentCurrencyCode")
    tax = _tax_total(root, currency)
    groups = () if tax is None else tuple(_group(at) for at in elements(tax, "cac:TaxSubtotal"))
    return Document(
        root=root,
        kind=kind,
        currency=currency,
        lines=tuple(_lines(root, kind)),
        adjustments=tuple(_adjustments(root)),
        groups=groups,
        vat=None if tax is None else amount(tax, "cbc:TaxAmount"),
        totals=totals,
    )


def _number(at: Element) -> Amount | None:
    try:
        value = Decimal((at.text or "").strip())
    except InvalidOperation:
        return None
    return Amount(value, at) if value.is_finite() else None


def _tax_total(root: Element, currency: str | None) -> Element | None:
    """The tax total with the breakdown; a second one, in the currency of the books, has none."""
    found = elements(root, "cac:TaxTotal")
    for total in found:
        first = total.find("cbc:TaxAmount", NAMESPACES)
        if first is not None and first.get("currencyID") == currency:
            return total
    return found[0] if found else None


def _key(at: Element | None) -> Key | None:
    if at is None or (code := text(at, "cbc:ID")) is None:
        return None
    rate = amount(at, "cbc:Percent")
    return code, Decimal(0) if rate is None else rate.value


def _group(at: Element) -> Group:
    category = at.find("cac:TaxCategory", NAMESPACES)
    return Group(at, _key(category), amount(at, "cbc:TaxableAmount"), amount(at, "cbc:TaxAmount"))


def _lines(root: Element, kind: str) -> Iterator[Line]:
    quantity = "cbc:InvoicedQuantity" if kind == "Invoice" else "cbc:CreditedQuantity"
    for at in elements(root, f"cac:{kind}Line"):
        yield Line(
            at=at,
            id=text(at, "cbc:ID"),
            quantity=amount(at, quantity),
            net=amount(at, "cbc:LineExtensionAmount"),
            price=amount(at, "cac:Price/cbc:PriceAmount"),
            base_quantity=amount(at, "cac:Price/cbc:BaseQuantity"),
            adjustments=tuple(_adjustments(at)),
            key=_key(at.find("cac:Item/cac:ClassifiedTaxCategory", NAMESPACES)),
        )


def _adjustments(at: Element) -> Iterator[Adjustment]:
    for found in elements(at, "cac:AllowanceCharge"):
        yield Adjustment(
            at=found,
            charge=text(found, "cbc:ChargeIndicator") in {"true", "1"},
            amount=amount(found, "cbc:Amount"),
            base=amount(found, "cbc:BaseAmount"),
            percent=amount(found, "cbc:MultiplierFactorNumeric"),
            key=_key(found.find("cac:TaxCategory", NAMESPACES)),
        )
