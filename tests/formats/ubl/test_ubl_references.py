"""What a document refers to, from the extra fields that the settings name."""

from datetime import date
from typing import Any

import pytest
from ubl_books import Doc, books, line, party
from ubl_reader import File, export, only

from robaws_pipeline.formats.ubl import UblPurchasesFormat

REFERRED = {
    "order_reference": " PO  4711 \n",
    "contract_reference": "Bestek 2026/3",
    "project_reference": "Werf Gent <Zuid>",
    "delivered": date(2026, 9, 30),
    "period_from": date(2026, 9, 1),
    "period_to": date(2026, 9, 30),
}
PROJECT = "cac:AdditionalDocumentReference[cbc:DocumentTypeCode='50']/cbc:ID"


def _told(file: File) -> dict[str, str | None]:
    return {
        "order": file.text("cac:OrderReference/cbc:ID"),
        "contract": file.text("cac:ContractDocumentReference/cbc:ID"),
        "project": file.text(PROJECT if file.kind == "CreditNote" else "cac:ProjectReference/cbc:ID"),
        "delivered": file.text("cac:Delivery/cbc:ActualDeliveryDate"),
        "from": file.text("cac:InvoicePeriod/cbc:StartDate"),
        "to": file.text("cac:InvoicePeriod/cbc:EndDate"),
    }


@pytest.mark.parametrize("type_", ["INVOICE", "CREDIT_NOTE"])
def test_references_stand_where_readers_look_for_them(type_: str) -> None:
    """A public buyer refuses an invoice without its order number; and each element has one place in the schema."""
    file = only(books(Doc(type=type_, other={**REFERRED, "client_reference": "7"})))
    assert _told(file) == {
        "order": "PO 4711",
        "contract": "Bestek 2026/3",
        "project": "Werf Gent <Zuid>",
        "delivered": "2026-09-30",
        "from": "2026-09-01",
        "to": "2026-09-30",
    }
    assert file.text("cbc:BuyerReference") == "7"


@pytest.mark.parametrize("alone", REFERRED)
def test_each_reference_stands_alone(alone: str) -> None:
    """Most companies name one field; what nobody filled in is no empty element. The official rules see each file."""
    told = _told(only(books(Doc(other={alone: REFERRED[alone]}))))
    assert len([value for value in told.values() if value is not None]) == 1
    assert set(_told(only(books(Doc(other={"order_reference": " "})))).values()) == {None}


def test_period_that_ends_before_it_begins_is_left_out_and_told() -> None:
    """BR-29 refuses it, and the invoice is right without it."""
    doc = Doc(other={"period_from": date(2026, 9, 2), "period_to": date(2026, 9, 1)})
    made, files = export(books(doc))
    assert files["F260001.xml"].text("cac:InvoicePeriod/cbc:StartDate") is None
    assert made.notes == ["period that ends before it begins, left out: F260001"]


def test_goods_to_another_eu_country_were_delivered_when_somebody_said_so() -> None:
    """The day of delivery decides the month of the intra-Community listing; the country is required (BR-IC-12)."""
    dutch = party(vat_number="NL123456782B12", country="NL")
    doc = Doc([line(tariff="ic goederen")], other={"delivered": date(2026, 9, 30)})
    file = only(books(doc, parties=[dutch]))
    assert file.text("cac:Delivery/cbc:ActualDeliveryDate") == "2026-09-30"
    assert file.text("cac:Delivery//cbc:IdentificationCode") == "NL"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"credited": "F250002, F250003 ;; F250002"}, [("F250002", None), ("F250003", None)]),
        ({"credited": "F250002, F250001", "original_id": "88"}, [("F250001", "2025-12-01"), ("F250002", None)]),
    ],
)
def test_credit_note_names_every_invoice_that_it_credits(
    other: dict[str, Any], expected: list[tuple[str, str | None]]
) -> None:
    """A rebate over a year credits several; a reader sets it off against each, so each is there once."""
    original = Doc(id="88", number="F250001", issued=date(2025, 12, 1))
    file = only(books(Doc(type="CREDIT_NOTE", other=other), originals=[original]))
    references = file.root.findall("cac:BillingReference/cac:InvoiceDocumentReference", file.root.nsmap)
    named = [(one.findtext("cbc:ID", None, file.root.nsmap), one.findtext("cbc:IssueDate", None, file.root.nsmap))
             for one in references]  # fmt: skip
    assert named == expected


def test_references_of_a_sale_are_not_those_of_a_purchase() -> None:
    """Ids are unique within a collection only."""
    sale = Doc(other={"order_reference": "PO 1"})
    bought = Doc(collection="purchases", other={"supplier_number": "S1", "order_reference": "PO 2"})
    both = books(sale, bought, parties=[party(), {**party(), "kind": "supplier"}])
    assert only(both).text("cac:OrderReference/cbc:ID") == "PO 1"
    assert only(both, UblPurchasesFormat()).text("cac:OrderReference/cbc:ID") == "PO 2"
