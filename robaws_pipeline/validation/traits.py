"""What kind of document a file is: type × category × rate × peculiarity, so that a sample can have every kind."""

from collections.abc import Iterator

from robaws_pipeline.validation.own_rules import PEPPOL
from robaws_pipeline.validation.reading import Document, elements, text

ORDINARY = "ordinary"


def traits(document: Document) -> tuple[str, ...]:
    """One trait for each category and rate with each peculiarity of the document, sorted."""
    groups = {f"{code} {rate.normalize():f}" for code, rate in (g.key for g in document.groups if g.key)} or {"no VAT"}
    peculiar = list(_peculiarities(document)) or [ORDINARY]
    return tuple(sorted(f"{document.kind} {group} {what}" for group in groups for what in peculiar))


def _peculiarities(document: Document) -> Iterator[str]:
    root, lines = document.root, document.lines
    asked = {
        "several rates": len(document.groups) > 1,
        "several lines": document.credit_note and len(lines) > 1,
        "discount": any(not one.charge for one in document.adjustments),
        "charge": any(one.charge for one in document.adjustments),
        "line discount": any(line.adjustments for line in lines),
        "negative line": any(line.net is not None and line.net.value < 0 for line in lines),
        "zero amount": any(total.value == 0 for name, total in document.totals.items() if name == "PayableAmount"),
        "rounding": "PayableRoundingAmount" in document.totals,
        "plain EN 16931": PEPPOL not in (text(root, "cbc:CustomizationID") or ""),
        "note": text(root, "cbc:Note") is not None,
        "line note": any(text(line.at, "cbc:Note") for line in lines),
        "reference": bool(elements(root, "cac:BillingReference")),
        "several references": len(elements(root, "cac:BillingReference")) > 1,
        "delivery": bool(elements(root, "cac:Delivery")),
        "period": bool(elements(root, "cac:InvoicePeriod")),
        "attachment": bool(elements(root, "cac:AdditionalDocumentReference/cac:Attachment")),
        "no account": not elements(root, "cac:PaymentMeans/cac:PayeeFinancialAccount"),
    }
    yield from (name for name, there in asked.items() if there)
