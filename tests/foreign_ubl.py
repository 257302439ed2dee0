"""UBL as programs of others read it: Akretion's factur-x, and eu-einvoice, which adds everything up again as well."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from eu_einvoice.model import prepare
from eu_einvoice.parse import parse_bytes
from facturx import parse_ubl_cii_xml

Rate = tuple[str, Decimal]
"""VAT category and percentage; a category without one has 0."""


class Party(NamedTuple):
    """A seller or buyer."""

    name: str
    country: str
    vat: str | None


@dataclass(frozen=True)
class Read:
    """What a reader makes of a file; amounts as they stand in it, positive on credit notes too."""

    type: str
    """380 or 381."""
    number: str
    date: str
    seller: Party
    buyer: Party
    lines: list[tuple[Rate, Decimal]]
    """VAT and total of each line."""
    groups: dict[Rate, tuple[Decimal, Decimal]]
    """Base and VAT of each row of the breakdown."""
    net: Decimal
    vat: Decimal
    payable: Decimal


def _rate(row: dict[str, Any], category: str, percent: str) -> Rate:
    return row[category], Decimal(row.get(percent) or 0)


def by_facturx(content: bytes) -> Read:
    """By the terms of EN 16931, as factur-x names them."""
    found: dict[str, Any] = parse_ubl_cii_xml(content, check_xsd=False)

    def party(term: str) -> Party:
        one = found[term]
        return Party(one["name"], one["country_code"], one.get("vat_identifier"))

    return Read(
        type=found["BT-3"],
        number=found["BT-1"],
        date=found["BT-2"].isoformat(),
        seller=party("BG-4"),
        buyer=party("BG-7"),
        lines=[(_rate(row, "BT-151", "BT-152"), Decimal(row["BT-131"])) for row in found["BG-25"]],
        groups={
            _rate(row, "BT-118", "BT-119"): (Decimal(row["BT-116"]), Decimal(row["BT-117"])) for row in found["BG-23"]
        },
        net=Decimal(found["BT-109"]),
        vat=Decimal(found["BT-110"]),
        payable=Decimal(found["BT-115"]),
    )


def by_eu_einvoice(content: bytes) -> Read:
    """As eu-einvoice reads it, once what it computes from the lines is what the file says."""
    found, remarks = parse_bytes(content)
    assert remarks == []
    computed, issues = prepare(found, trust_amounts=True)
    assert issues.errors == []
    # Quantity × price may miss a line's total by as much as Peppol allows.
    assert all("quantity x price" in issue["msg"] or "base_amount" in issue["msg"] for issue in issues), issues
    written, totals = found["totals"], computed["totals"]
    assert {name: Decimal(amount) for name, amount in written.items()} == {name: totals[name] for name in written}

    def party(side: str) -> Party:
        one = found[side]
        return Party(one["name"], one["address"]["country"], one.get("vat_id"))

    return Read(
        type=found["type"],
        number=found["number"],
        date=found["issue_date"],
        seller=party("seller"),
        buyer=party("buyer"),
        lines=[(_rate(row, "vat_category", "vat_rate"), Decimal(row["net_amount"])) for row in found["lines"]],
        groups={
            _rate(row, "category", "rate"): (Decimal(row["taxable"]), Decimal(row["tax"]))
            for row in found["vat_breakdown"]
        },
        net=Decimal(written["tax_exclusive"]),
        vat=Decimal(written["tax_total"]),
        payable=Decimal(written["payable"]),
    )


READERS: dict[str, Callable[[bytes], Read]] = {"factur-x": by_facturx, "eu-einvoice": by_eu_einvoice}
