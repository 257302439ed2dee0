"""The arithmetic of EN 16931: half up, away from zero at the half, never a float."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Wide enough for the product of two of the widest amounts of the tables (28 digits each): nothing is rounded twice."""

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
ONE = Decimal(1)

_MOST_DECIMALS = 10
_ALLOWED = Decimal("0.02")
"""By how much quantity × price may miss the line total (PEPPOL-EN16931-R120)."""
_SURELY_ALLOWED = Decimal("0.015")
"""A difference before rounding that stays within `_ALLOWED` after it."""


def round2(value: Decimal) -> Decimal:
    """To the cent, half up; never a negative zero."""
    return EXACT.add(EXACT.quantize(value, CENT), ZERO)


def vat_of(base: Decimal, rate: Decimal) -> Decimal:
    """VAT in cents of a taxable amount at a percentage."""
    return round2(EXACT.divide(EXACT.multiply(base, rate), HUNDRED)) if rate else ZERO


class Priced(NamedTuple):
    """Quantity and unit price of a line as they are written; the price is never negative, the quantity has the sign."""

    quantity: Decimal
    price: Decimal
    replaced: bool
    """True: the quantity received cannot give this total; 1 or -1 stands in its place."""


def priced(quantity: Decimal | None, price: Decimal | None, net: Decimal) -> Priced:
    """Quantity and price that multiply to the line total `net`, which counts; the price received when it does so."""
    if quantity is None:
        return _single(net, replaced=False)
    if price is not None and _gives(quantity, price, net):
        return Priced(-quantity, -price, replaced=False) if price < 0 else Priced(quantity, price, replaced=False)
    if not quantity:
        return _single(net, replaced=True)
    # The sign of the quantity follows from the total, so that the price can stay positive.
    signed = quantity if net == 0 or (net > 0) == (quantity > 0) else -quantity
    exact = EXACT.divide(net, signed)
    for decimals in range(2, _MOST_DECIMALS + 1):
        shorter = EXACT.quantize(exact, ONE.scaleb(-decimals))
        if round2(EXACT.multiply(signed, shorter)) == net:
            return Priced(signed, shorter, replaced=False)
    return _single(net, replaced=True)


def _gives(quantity: Decimal, price: Decimal, net: Decimal) -> bool:
    product = EXACT.multiply(quantity, price)
    difference = abs(EXACT.subtract(product, net))
    return difference <= _SURELY_ALLOWED or abs(round2(product) - net) <= _ALLOWED


def _single(net: Decimal, *, replaced: bool) -> Priced:
    return Priced(-ONE if net < 0 else ONE, abs(net), replaced)
