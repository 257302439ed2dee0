"""Each official layer is there, speaks, and says where: one broken rule of each kind."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from ubl_files import CREDIT_NOTE, INVOICE, PDF, PEPPOL, changed, without

from robaws_pipeline.validation import Verdict

Check = Callable[[bytes], Verdict]
PLAIN = changed(INVOICE, PEPPOL, "urn:cen.eu:en16931:2017")
INVOICE_2 = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_SUPPLIER = "/Invoice/cac:AccountingSupplierParty/cac:Party"
_TOTAL = "/Invoice/cac:LegalMonetaryTotal"

BROKEN = [
    ("xsd", "XSD-ELEMENT_CONTENT", "/Invoice/cbc:IssueDate", without(INVOICE, "<cbc:ID>F260147</cbc:ID>")),
    ("xsd", "XSD-DATATYPE_VALID_1_2_1", "/Invoice/cbc:IssueDate", changed(INVOICE, "2026-10-05", "5/10/2026")),
    ("xsd", "XSD-DATATYPE_VALID_1_2_1",
     "/Invoice/cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject",
     changed(INVOICE, PDF, PDF[:-1])),
    ("en16931", "BR-CO-15", "/Invoice", changed(INVOICE, ">323.84<", ">323.85<")),
    ("en16931", "BR-CO-16", _TOTAL, changed(INVOICE, ">223.80<", ">223.81<")),
    ("en16931", "BR-27", "/Invoice/cac:InvoiceLine[3]", changed(INVOICE, ">10.00</cbc:Price", ">-10.00</cbc:Price")),
    ("en16931", "BR-CL-23", "/Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity", changed(INVOICE, "C62", "m2")),
    ("en16931", "BR-CL-14", f"{_SUPPLIER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode",
     changed(INVOICE, ">BE</cbc:Ident", ">België</cbc:Ident")),
    ("en16931", "BR-61", "/Invoice/cac:PaymentMeans", without(INVOICE, "<cac:PayeeFin.*?</cac:PayeeFinancialAccount>")),
    ("en16931", "BR-CO-09", f"{_SUPPLIER}/cac:PartyTaxScheme", changed(INVOICE, ">BE0999000129<", ">0999000129<")),
    ("en16931", "BR-DEC-12", _TOTAL, changed(INVOICE, ">284.00<", ">284.000<")),
    ("en16931", "BR-S-05", "/Invoice/cac:InvoiceLine[1]/cac:Item/cac:ClassifiedTaxCategory",
     changed(INVOICE, ">21</cbc:Percent>\n<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:Classified",
             ">0</cbc:Percent>\n<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:Classified")),
    ("peppol", "PEPPOL-EN16931-R003", "/Invoice", without(INVOICE, "<cbc:BuyerReference>.*?</cbc:BuyerReference>")),
    ("peppol", "PEPPOL-EN16931-R008", "/Invoice/cbc:BuyerReference", changed(INVOICE, ">PO 7<", "> <")),
    ("peppol", "PEPPOL-EN16931-R010", "/Invoice/cac:AccountingCustomerParty/cac:Party",
     without(INVOICE, '<cbc:EndpointID schemeID="0208">0999000327</cbc:EndpointID>')),
    ("peppol", "PEPPOL-EN16931-R120", "/Invoice/cac:InvoiceLine[2]", changed(INVOICE, ">12.3456<", ">12.35<")),
    ("peppol", "PEPPOL-EN16931-R130", "/Invoice/cac:InvoiceLine[2]/cac:Price/cbc:BaseQuantity",
     changed(INVOICE, '<cbc:BaseQuantity unitCode="C62"', '<cbc:BaseQuantity unitCode="HUR"')),
    ("peppol", "PEPPOL-COMMON-R043", f"{_SUPPLIER}/cbc:EndpointID", changed(INVOICE, '"0208">0999', '"0208">0998')),
    ("peppol", "PEPPOL-EN16931-CL008", f"{_SUPPLIER}/cbc:EndpointID",
     changed(INVOICE, 'schemeID="0208">0999000129</cbc:End', 'schemeID="EM">a@b.example</cbc:End')),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "rule", "place", "content"), BROKEN, ids=[case[1] for case in BROKEN])
def test_broken_rule_is_told_with_its_place(check: Check, layer: str, rule: str, place: str, content: bytes) -> None:
    """Whoever must mend it needs the rule to look up, the element, and words; a layer that is silent proves nothing."""
    found = [finding for finding in check(content).findings if finding.rule == rule]
    assert [(finding.layer, finding.fatal, finding.place) for finding in found][:1] == [(layer, True, place)]
    for finding in found:
        assert finding.remedy.endswith(".")
        assert finding.sentence
        assert "urn:" not in finding.sentence + finding.place


def test_plain_en_16931_is_not_held_to_the_rules_of_peppol(check: Check) -> None:
    """It would break them by being plain; private customers have no electronic address."""
    content = without(PLAIN, "<cbc:EndpointID.*?</cbc:EndpointID>")
    verdict = check(without(content, "<cbc:EndpointID.*?</cbc:EndpointID>"))
    assert verdict.findings == ()
    assert verdict.layers == ("file", "xsd", "own", "en16931")


@pytest.mark.parametrize("content", [INVOICE, CREDIT_NOTE])
def test_number_that_is_none_stops_the_rules_and_is_no_pass(check: Check, content: bytes) -> None:
    """The rules end with an error then; silence would look like a valid file."""
    verdict = check(changed(content, ">284.00<", ">284,00<"))
    rules = [finding.rule for finding in verdict.findings]
    assert rules[0].startswith("XSD-DATATYPE")
    assert "EN16931-STOPPED" in rules
    assert verdict.fails


@pytest.mark.parametrize(
    ("content", "rule", "place"),
    [
        (INVOICE[:-12], "FILE-XML", "line "),
        (b"", "FILE-XML", "line "),
        (b"\x00\x01", "FILE-XML", "line "),
        (changed(INVOICE, "<Invoice ", '<!DOCTYPE Invoice [<!ENTITY x "y">]><Invoice '), "FILE-DOCTYPE", "line 1"),
    ],
    ids=["cut", "empty", "binary", "doctype"],
)
def test_file_that_cannot_be_read_fails(check: Check, content: bytes, rule: str, place: str) -> None:
    """A forgotten escape or a cut download must never count as checked."""
    (finding,) = check(content).findings
    assert finding.rule == rule
    assert finding.place.startswith(place)
    assert finding.fatal


def test_document_cannot_make_the_parser_read_files(check: Check) -> None:
    """A file from outside must not be able to show us, or somebody else, what lies on this disk."""
    hostile = changed(INVOICE, "<Invoice ", '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]><Invoice ')
    (finding,) = check(changed(hostile, "PO 7", "&x;")).findings
    assert finding.rule in {"FILE-DOCTYPE", "FILE-XML"}


def _bomb(padding: int = 0) -> bytes:
    """A thousand million characters in a few lines."""
    names = "abcdefghij"
    entities = f'<!ENTITY a "{"x" * 10}">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    declared = f"<!DOCTYPE Invoice [{entities}]>"
    return f'{declared}<Invoice xmlns="{INVOICE_2}" a="&j;">&j;{"x" * padding}</Invoice>'.encode()


@pytest.mark.parametrize("padding", [0, 9_000_000], ids=["small", "so large that long texts are allowed"])
def test_entities_are_not_expanded(check: Check, padding: int) -> None:
    """One file of a supplier must not take the memory of the night."""
    (finding,) = check(_bomb(padding)).findings
    assert finding.rule in {"FILE-DOCTYPE", "FILE-XML"}


def test_document_cannot_make_us_ask_the_network(check: Check) -> None:
    """Whoever wrote it would learn who opens it, and from where; each way that XML knows is tried."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked = []

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, caller = listening.accept()
                    asked.append(caller)
                    connection.close()

        threading.Thread(target=listen, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        here = "http://www.w3.org/2001"
        for before, after in (
            ("<Invoice ", f'<!DOCTYPE Invoice SYSTEM "{url}"><Invoice '),
            ("<Invoice ", f'<!DOCTYPE Invoice [<!ENTITY % x SYSTEM "{url}"> %x;]><Invoice '),
            ("<Invoice ", f'<?xml-stylesheet href="{url}"?><Invoice '),
            ("<Invoice ", f'<Invoice xmlns:i="{here}/XMLSchema-instance" i:schemaLocation="{INVOICE_2} {url}" '),
            ("<cbc:ID>F260147", f'<x:include xmlns:x="{here}/XInclude" href="{url}"/><cbc:ID>F260147'),
        ):
            check(changed(INVOICE, before, after))
        assert asked == []
        listening.shutdown(socket.SHUT_RDWR)


def test_other_xml_is_neither_valid_nor_wrong(check: Check) -> None:
    """The folder of a month has XML for the tax office too."""
    verdict = check(b"<IntervatReturn/>")
    assert (verdict.kind, verdict.findings) == (None, ())


def test_prefixes_and_encodings_are_the_writer_s_own_choice(check: Check) -> None:
    """Suppliers' files have other prefixes and encodings; a place is said with the usual ones all the same."""
    text = changed(INVOICE, ">323.84<", ">323.85<").decode().replace("cbc:", "b:").replace("xmlns:cbc", "xmlns:b")
    found = {finding.rule: finding.place for finding in check(text.encode()).findings}
    assert found["OWN-GROSS"] == "/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"
    latin = changed(INVOICE, "UTF-8", "ISO-8859-1").decode().replace("Gyproc", "Gyprocplaat ënkel").encode("latin-1")
    assert check(latin).findings == ()


def test_embedded_megabytes_are_no_hindrance(check: Check) -> None:
    """A scan of ten megabytes is an ordinary attachment; the parser's own limit is below that."""
    pdf = PDF + "QUFB" * 3_000_000
    assert check(changed(INVOICE, PDF, pdf)).findings == ()
