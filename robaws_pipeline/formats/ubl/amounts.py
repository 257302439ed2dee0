"""The arithmetic of EN 16931: half up, away from zero at the half, never a float.

Python's default of 28 digits is exact here: the books refuse amounts of ten billion, so a base times a rate has fewer.
"""

from decimal import ROUND_HALF_UP, Context, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
ONE = Decimal(1)

_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""For quantities and prices, which the books do not limit: wide enough for any two of 28 digits."""

_WHOLE = Decimal(100)
_MOST_DECIMALS = 10
_ALLOWED = Decimal("0.025")
"""Quantity × price, before rounding, must miss the line total by less: PEPPOL-EN16931-R120 allows 0.02 after it."""


def round2(value: Decimal) -> Decimal:
    """To the cent, half up; never a negative zero."""
    return value.quantize(CENT, ROUND_HALF_UP) + ZERO


def vat_of(base: Decimal, rate: Decimal) -> Decimal:
    """VAT in cents of a taxable amount at a percentage."""
    return round2(base * rate * CENT) if rate else ZERO


def priced(quantity: Decimal | None, price: Decimal | None, net: Decimal) -> tuple[Decimal, Decimal, bool]:
    """Quantity and price that multiply to the line total `net` (cents), which counts; and whether the quantity had to
    be given up for 1 or -1. The price is never negative: the quantity has the sign.

    The price received when it gives the total, else the shortest one of at most ten decimals that does.
    """
    if quantity is None:
        return *_single(net), False
    if price is not None and abs(quantity * price - net) < _ALLOWED:
        return (-quantity, -price, False) if price < 0 else (quantity, price, False)
    if not quantity:
        return *_single(net), True
    # The sign of the quantity follows from the total, so that the price can stay positive.
    signed = quantity if not net or (net > 0) == (quantity > 0) else -quantity
    exact = _EXACT.divide(net, signed)
    for decimals in range(2, _MOST_DECIMALS + 1):
        shorter = _EXACT.quantize(exact, ONE.scaleb(-decimals))
        if _EXACT.quantize(_EXACT.multiply(signed, shorter), CENT) == net:
            return signed, shorter, False
    return *_single(net), True


def discounted(
    quantity: Decimal | None, price: Decimal | None, percent: Decimal | None, net: Decimal
) -> tuple[Decimal, Decimal] | None:
    """What a discount (negative: a surcharge) of `percent` is taken of and what it takes off, in cents, on a line whose
    price is before it; None when there is none, or when the three do not give the line's total `net` to the cent."""
    if not percent or not quantity or not price or percent > _WHOLE:
        return None
    base = _EXACT.quantize(_EXACT.multiply(quantity, price), CENT)
    off = base - net
    if base <= 0 or price < 0 or not off or (off > 0) != (percent > 0):
        return None
    return (base, off) if abs(_EXACT.multiply(base, percent) * CENT - off) <= CENT else None


def _single(net: Decimal) -> tuple[Decimal, Decimal]:
    return -ONE if net < 0 else ONE, abs(net)
