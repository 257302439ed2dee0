"""The PDF of a document inside its file, and a supplier's own UBL in place of ours."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from ubl_books import COMPANY, Doc, books, supplier
from ubl_reader import NAMES, File, export, only

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl import UblFormat, UblPurchasesFormat
from robaws_pipeline.formats.ubl.document import REBUILT
from robaws_pipeline.formats.ubl.stored import is_original, is_pdf

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40
EMBEDDED = "cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"


def _with_files(month: MonthBooks, **files: bytes) -> MonthBooks:
    """The books with the files of documents, by id as ``_1``."""
    return replace(month, stored_file=lambda collection, id_: files.get(f"_{id_}"))


@pytest.mark.parametrize("type_", ["INVOICE", "CREDIT_NOTE"])
def test_the_pdf_is_inside_byte_for_byte_and_the_file_is_valid(type_: str) -> None:
    """Programs take it out and show it; a reader must find the same bytes."""
    doc = Doc(type=type_, number="F 26/1", other={"original_id": "9"} if type_ == "CREDIT_NOTE" else {})
    file = only(_with_files(books(doc, originals=[Doc(id="9", number="F9")]), _1=PDF))
    embedded = file.root.find(EMBEDDED, NAMES)
    assert embedded is not None
    assert base64.b64decode(str(embedded.text)) == PDF
    assert dict(embedded.attrib) == {"mimeCode": "application/pdf", "filename": "F-26-1.pdf"}
    assert file.text("cac:AdditionalDocumentReference/cbc:ID") == "F 26/1"


def test_everything_else_is_the_same_with_and_without_it() -> None:
    """A PDF that comes later must not change an amount or a reference."""
    bare, full = only(books(Doc())), only(_with_files(books(Doc()), _1=PDF))
    full.root.remove(full.root.find("cac:AdditionalDocumentReference", NAMES))
    tags = [[(element.tag, element.text) for element in file.root.iter()] for file in (bare, full)]
    assert tags[0] == tags[1]


def test_what_is_no_pdf_is_left_out_and_told() -> None:
    """Robaws may answer with a page to log in; half of it in every invoice helps nobody."""
    made, files = export(_with_files(books(Doc(), Doc(id="2", number="F2")), _1=b"<html>", _2=PDF))
    assert files["F260001.xml"].text(EMBEDDED) is None
    assert files["F2.xml"].text(EMBEDDED) is not None
    assert made.notes == ["what Robaws keeps with it is no PDF, left out: F260001"]


def test_a_setting_leaves_it_out() -> None:
    """Some upload pages refuse large files."""
    company = COMPANY.model_copy(update={"format": {"ubl": {"pdf": False}}})
    assert only(_with_files(books(Doc(), company=company), _1=PDF)).text(EMBEDDED) is None


def _theirs(number: str = "2026/7", kind: str = "Invoice") -> bytes:
    """A supplier's own file: one of ours, under its number."""
    sale = Doc(number=number, type="INVOICE" if kind == "Invoice" else "CREDIT_NOTE")
    return next(iter(UblFormat().export(books(sale)).files)).content


def _purchase(**columns: Any) -> Doc:
    return Doc(collection="purchases", number="A1", other={"supplier_number": "2026/7", **columns})


def test_a_suppliers_own_ubl_goes_through_untouched_even_where_ours_would_be_held() -> None:
    """It is the legal document, whatever Robaws knows of the supplier."""
    month = books(_purchase(), parties=[supplier(name=None)])
    made, files = export(_with_files(month, _1=_theirs()), UblPurchasesFormat())
    assert files["A1.xml"].content == _theirs()
    assert made.held == []
    assert made.notes == ["the supplier's own UBL, handed over untouched: 2026/7"]


@pytest.mark.parametrize(
    "content",
    [
        _theirs("2026/8"),
        _theirs(kind="CreditNote"),
        b"<Invoice><ID>2026/7</ID></Invoice>",
        _theirs()[:500],
        _theirs().replace(b"?>\n", b'?>\n<!DOCTYPE a [<!ENTITY b "c">]>', 1),
        _theirs().replace(b"?>\n", b"?>\n<!--" + b" " * 2000 + b'--><!DOCTYPE a [<!ENTITY b "c">]>', 1),
        b'<?xml version="1.0" encoding="klingon"?>\n' + _theirs().split(b"\n", 1)[1],
        b"%PDF-1.4 <Invoice",
        b"",
    ],
    ids=[
        "another number",
        "another type",
        "no UBL",
        "cut",
        "with a document type",
        "with one further down",
        "unknown encoding",
        "a PDF",
        "empty",
    ],
)
def test_only_the_suppliers_own_document_goes_through(content: bytes) -> None:
    """Another invoice in its place would be booked in its place."""
    assert not is_original(content, "2026/7", credit_note=False)
    file: File = only(_with_files(books(_purchase(), parties=[supplier()]), _1=content), UblPurchasesFormat())
    assert (file.text("cbc:Note") or "").startswith(REBUILT)


@pytest.mark.parametrize(
    "content",
    [
        _theirs().replace(b"?>\n", b"?>\n<!-- made by a program --><?xml-stylesheet href='a.xsl'?>\n", 1),
        b"\xef\xbb\xbf" + _theirs(),
        _theirs().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        _theirs().decode().replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        _theirs().replace(b"<cbc:ID>2026/7</cbc:ID>", b"<cbc:ID>\n 2026&#47;7 </cbc:ID>", 1),
        _theirs().replace(b"cbc:", b"b:").replace(b"xmlns:cbc", b"xmlns:b"),
    ],
    ids=["comment first", "byte order mark", "UTF-16", "Latin 1", "references and spaces", "other prefix"],
)
def test_a_suppliers_file_is_known_however_its_program_writes(content: bytes) -> None:
    """Programs put their name in a comment, choose encodings and prefixes; it is the legal document all the same."""
    assert is_original(content, "2026/7", credit_note=False)


def test_a_number_of_another_element_is_not_the_documents() -> None:
    """The order, the parties and the lines have an ID too."""
    content = _theirs("X").replace(b"<cbc:ID>1</cbc:ID>", b"<cbc:ID>2026/7</cbc:ID>", 1)
    assert b"2026/7" in content
    assert not is_original(content, "2026/7", credit_note=False)


def test_a_pdf_is_known_by_how_it_begins() -> None:
    """Readers allow something before it."""
    assert is_pdf(PDF)
    assert is_pdf(b"\n\n" + PDF)
    assert not is_pdf(b"<html>%PDF" + b" " * 2000 + b"%PDF-")
