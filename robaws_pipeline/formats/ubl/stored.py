"""The file that Robaws keeps with a document: a PDF to embed, or a supplier's own UBL to hand over as it is."""

from xml.etree import ElementTree

_LOOKED_AT = 1024
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_ROOTS = {
    f"{{urn:oasis:names:specification:ubl:schema:xsd:{kind}-2}}{kind}": kind for kind in ("Invoice", "CreditNote")
}


def is_pdf(content: bytes) -> bool:
    """Whether it begins as a PDF; readers allow something before it, and Robaws may answer with a page in its place."""
    return b"%PDF-" in content[:_LOOKED_AT]


def is_original(content: bytes, number: str | None, *, credit_note: bool) -> bool:
    """Whether it is the UBL invoice or credit note with this number."""
    if number is None or b"<" not in content[:_LOOKED_AT] or b"<!" in content[:_LOOKED_AT]:
        return False  # a document type may define entities, and UBL has none
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - without a document type there is nothing to expand
    except ElementTree.ParseError:
        return False
    kind = _ROOTS.get(root.tag)
    return kind == ("CreditNote" if credit_note else "Invoice") and (root.findtext(f"{_CBC}ID") or "").strip() == number
