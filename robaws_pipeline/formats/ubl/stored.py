"""The file that Robaws keeps with a document: a PDF to embed, or a supplier's own UBL to hand over as it is."""

from xml.parsers import expat

_LOOKED_AT = 1024
_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"
_ID = f"{_SCHEMA}:CommonBasicComponents-2 ID"


def is_pdf(content: bytes) -> bool:
    """Whether it begins as a PDF; readers allow something before it, and Robaws may answer with a page in its place."""
    return b"%PDF-" in content[:_LOOKED_AT]


def is_original(content: bytes, number: str | None, *, credit_note: bool) -> bool:
    """Whether it is the UBL invoice or credit note with this number, whole and without a document type."""
    if number is None or b"<" not in content[:_LOOKED_AT]:
        return False
    found = _Looked()
    try:
        found.parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):  # no XML, or in an encoding that nobody knows
        return False
    kind = "CreditNote" if credit_note else "Invoice"
    return found.root == f"{_SCHEMA}:{kind}-2 {kind}" and found.number.strip() == number


class _Looked:
    """Root and number of a document. No tree is made: there may be megabytes of PDF inside."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.number = ""
        self._depth = 0
        self._in_number = False
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._document_type
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _document_type(self, *_: object) -> None:
        raise ValueError("a document type may define entities, and UBL has none")

    def _start(self, name: str, _attributes: object) -> None:
        if self.root is None:
            self.root = name
        self._depth += 1
        self._in_number = self._depth == 2 and name == _ID and not self.number

    def _end(self, _name: str) -> None:
        self._depth -= 1
        self._in_number = False

    def _text(self, text: str) -> None:
        if self._in_number:
            self.number += text
