"""Files of which one amount is a cent off."""

import re
from collections.abc import Iterator
from decimal import Decimal

AMOUNT = re.compile(rb'<cbc:(\w+) currencyID="EUR">(-?[0-9.]+)<')


def planted(content: bytes) -> Iterator[tuple[str, bytes]]:
    """A UBL file with each of its amounts a cent too high and too low in turn, with what was changed."""
    for found in AMOUNT.finditer(content):
        for cent in ("0.01", "-0.01"):
            wrong = f"{Decimal(found[2].decode()) + Decimal(cent):f}"
            what = f"{found[1].decode()} {found[2].decode()} -> {wrong}"
            yield what, content[: found.start(2)] + wrong.encode() + content[found.end(2) :]
