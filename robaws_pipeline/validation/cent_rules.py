"""The arithmetic of EN 16931, to the cent. The official rules forgive up to 0.99 euro in the base and in the VAT of a
rate, and do not miss a whole rate.

Rounding is half up, away from zero at the half. The arithmetic is written here again on purpose: the format has its
own, and a mistake in one must show in the other.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal

from robaws_pipeline.validation.reading import Adjustment, Amount, Document, Element, Key, Line, amount
from robaws_pipeline.validation.rule import Wrong, rule

_CENT = Decimal("0.01")
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Wide enough for any product of quantities and prices that somebody writes."""
_FORGIVEN = Decimal("0.02")
"""What Peppol allows between quantity × price and the total of a line, and for a percentage."""

_SUM_REMEDY = "Let the program that made the file add up again; if it is ours, report it."


def _cents(value: Decimal) -> Decimal:
    return _EXACT.quantize(value, _CENT)


def _shown(value: Decimal) -> str:
    return f"{value:.2f}" if value == value.quantize(_CENT) else f"{value:f}"


def _differs(expected: Decimal | None, written: Amount | None, of: str) -> Iterator[Wrong]:
    """Nothing when a part is missing: then there is nothing to compare, and the official rules ask for the part."""
    if expected is not None and written is not None and written.value != expected:
        yield Wrong(written.at, f"{of} {_shown(expected)}, the file says {_shown(written.value)}")


def _sum(amounts: Iterable[Amount | None]) -> Decimal | None:
    """None as soon as one is missing."""
    total = Decimal(0)
    for one in amounts:
        if one is None:
            return None
        total += one.value
    return total


def _total(document: Document, name: str) -> Decimal:
    """An optional total; left out, it is nothing."""
    found = document.totals.get(name)
    return Decimal(0) if found is None else found.value


def _signed(adjustments: Iterable[Adjustment]) -> Decimal | None:
    """Charges less allowances."""
    total = Decimal(0)
    for adjustment in adjustments:
        if adjustment.amount is None:
            return None
        total += adjustment.amount.value if adjustment.charge else -adjustment.amount.value
    return total


@rule(
    "OWN-LINE",
    "The total of a line is quantity × price, less allowances, plus charges",
    "Correct the price, the quantity or the total of the line; up to 0.02 is forgiven by Peppol, and only a warning.",
)
def line_total(document: Document) -> Iterator[Wrong]:
    """BT-131; the price may be per more than one (BT-149)."""
    for line in document.lines:
        expected = _line_total(line)
        if expected is not None and line.net is not None:
            off = abs(line.net.value - expected)
            for wrong in _differs(expected, line.net, "they give"):
                yield Wrong(wrong.at, wrong.detail, fatal=off > _FORGIVEN)


def _line_total(line: Line) -> Decimal | None:
    adjusted = _signed(line.adjustments)
    per = Decimal(1) if line.base_quantity is None else line.base_quantity.value
    if line.quantity is None or line.price is None or adjusted is None or not per:
        return None
    return _cents(_EXACT.divide(_EXACT.multiply(line.quantity.value, line.price.value), per)) + adjusted


@rule("OWN-PRICE", "A price after discount is the price before it less the discount", _SUM_REMEDY)
def discounted_price(document: Document) -> Iterator[Wrong]:
    """BT-146 to BT-148. Peppol asks it (R046), EN 16931 does not."""
    for line in document.lines:
        before = amount(line.at, "cac:Price/cac:AllowanceCharge/cbc:BaseAmount")
        discount = amount(line.at, "cac:Price/cac:AllowanceCharge/cbc:Amount")
        if before is not None and discount is not None:
            yield from _differs(before.value - discount.value, line.price, "that is")


@rule(
    "OWN-PERCENTAGE",
    "An allowance or charge with a percentage is that percentage of its base",
    "Correct the amount, the percentage or the base; up to 0.02 is forgiven by Peppol, and only a warning.",
)
def percentages(document: Document) -> Iterator[Wrong]:
    """BT-92 to BT-94, and those of charges and lines."""
    for one in [*document.adjustments, *(one for line in document.lines for one in line.adjustments)]:
        if one.base is not None and one.percent is not None and one.amount is not None:
            expected = _cents(_EXACT.multiply(_EXACT.multiply(one.base.value, one.percent.value), _CENT))
            for wrong in _differs(expected, one.amount, f"{one.percent.value:f} % of {one.base.value:f} is"):
                yield Wrong(wrong.at, wrong.detail, fatal=abs(one.amount.value - expected) > _FORGIVEN)


@rule("OWN-LINES", "The sum of the lines is the sum of their totals", _SUM_REMEDY)
def sum_of_lines(document: Document) -> Iterator[Wrong]:
    """BT-106."""
    expected = _sum(line.net for line in document.lines)
    yield from _differs(expected, document.totals.get("LineExtensionAmount"), "they add up to")


@rule("OWN-ALLOWANCES", "The total of allowances is the sum of those of the document", _SUM_REMEDY)
def sum_of_allowances(document: Document) -> Iterator[Wrong]:
    """BT-107."""
    yield from _adjustment_total(document, "AllowanceTotalAmount", charge=False)


@rule("OWN-CHARGES", "The total of charges is the sum of those of the document", _SUM_REMEDY)
def sum_of_charges(document: Document) -> Iterator[Wrong]:
    """BT-108."""
    yield from _adjustment_total(document, "ChargeTotalAmount", charge=True)


def _adjustment_total(document: Document, name: str, *, charge: bool) -> Iterator[Wrong]:
    expected = _sum(one.amount for one in document.adjustments if one.charge == charge)
    written = document.totals.get(name)
    if written is None and expected:
        where = document.totals.get("LineExtensionAmount")
        yield Wrong(document.root if where is None else where.at, f"they add up to {expected:f}, and no total is given")
    yield from _differs(expected, written, "they add up to")


@rule("OWN-NET", "The total without VAT is the sum of the lines, less allowances, plus charges", _SUM_REMEDY)
def total_without_vat(document: Document) -> Iterator[Wrong]:
    """BT-109."""
    lines = document.totals.get("LineExtensionAmount")
    if lines is not None:
        expected = lines.value - _total(document, "AllowanceTotalAmount") + _total(document, "ChargeTotalAmount")
        yield from _differs(expected, document.totals.get("TaxExclusiveAmount"), "that is")


@rule(
    "OWN-VAT-GROUPS",
    "The VAT breakdown has each category and rate of the document once",
    "Give each category and rate that a line, allowance or charge has one row in the VAT breakdown.",
)
def groups_complete(document: Document) -> Iterator[Wrong]:
    """BG-23: EN 16931 only asks for one row of each category, whatever its rate."""
    rows: dict[Key, Element] = {}
    for group in document.groups:
        if group.key is not None:
            if group.key in rows:
                yield Wrong(group.at, f"{_named(group.key)} is there twice")
            rows[group.key] = group.at
    where = next((group.at for group in document.groups), document.root)
    for key in _bases(document):
        if key not in rows:
            yield Wrong(where, f"{_named(key)} is not in it")


@rule("OWN-VAT-BASE", "The base of a VAT rate is the sum of its lines, less allowances, plus charges", _SUM_REMEDY)
def group_base(document: Document) -> Iterator[Wrong]:
    """BT-116."""
    bases = _bases(document)
    for group in document.groups:
        if group.key is not None:
            expected = bases.get(group.key, Decimal(0))
            yield from _differs(expected, group.base, f"those of {_named(group.key)} add up to")


def _bases(document: Document) -> dict[Key, Decimal | None]:
    """What each category and rate adds up to; None when an amount of it is missing."""
    bases: dict[Key, Decimal | None] = {}

    def add(key: Key | None, amount: Amount | None, sign: int = 1) -> None:
        if key is not None:
            before = bases.get(key, Decimal(0))
            bases[key] = None if before is None or amount is None else before + sign * amount.value

    for line in document.lines:
        add(line.key, line.net)
    for one in document.adjustments:
        add(one.key, one.amount, 1 if one.charge else -1)
    return bases


def _named(key: Key) -> str:
    code, rate = key
    return f"{code} {rate.normalize():f} %"


@rule("OWN-VAT", "The VAT of a rate is its base × the rate, to the cent", _SUM_REMEDY)
def group_vat(document: Document) -> Iterator[Wrong]:
    """BT-117."""
    for group in document.groups:
        if group.key is not None and group.base is not None:
            expected = _cents(_EXACT.multiply(_EXACT.multiply(group.base.value, group.key[1]), _CENT))
            yield from _differs(expected, group.vat, f"{group.key[1].normalize():f} % of {group.base.value:f} is")


@rule("OWN-VAT-TOTAL", "The VAT is the sum of that of the rates", _SUM_REMEDY)
def total_vat(document: Document) -> Iterator[Wrong]:
    """BT-110."""
    if document.groups:
        yield from _differs(_sum(group.vat for group in document.groups), document.vat, "they add up to")


@rule("OWN-GROSS", "The total with VAT is the total without VAT plus the VAT", _SUM_REMEDY)
def total_with_vat(document: Document) -> Iterator[Wrong]:
    """BT-112."""
    expected = _sum([document.totals.get("TaxExclusiveAmount"), document.vat])
    yield from _differs(expected, document.totals.get("TaxInclusiveAmount"), "that is")


@rule("OWN-PAYABLE", "What is to be paid is the total with VAT, less what was paid, plus the rounding", _SUM_REMEDY)
def payable(document: Document) -> Iterator[Wrong]:
    """BT-115."""
    gross = document.totals.get("TaxInclusiveAmount")
    if gross is not None:
        expected = gross.value - _total(document, "PrepaidAmount") + _total(document, "PayableRoundingAmount")
        yield from _differs(expected, document.totals.get("PayableAmount"), "that is")
