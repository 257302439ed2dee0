"""Purchases as UBL: carriers of data that name what they are, valid as sales are."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ubl_books import COMPANY, SECOND_BELGIAN, Doc, books, line, supplier, text
from ubl_reader import File, export, only

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl import UblFormat, UblPurchasesFormat
from robaws_pipeline.formats.ubl.document import REBUILT

SELLER, BUYER = "cac:AccountingSupplierParty/cac:Party/", "cac:AccountingCustomerParty/cac:Party/"
CATEGORY = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/"
DUTCH: dict[str, Any] = {"vat_number": "NL123456782B12", "country": "NL"}
AMERICAN: dict[str, Any] = {"vat_number": None, "country": "US", "number": None}


def purchase(*lines: dict[str, Any], **other: Any) -> Doc:
    """A purchase; `supplier_number` and the like may be given in `other`."""
    columns = {"supplier_number": "2026/004518", **other.pop("columns", {})}
    return Doc(lines or [line()], collection="purchases", number="A260012", other=columns, **other)


def month(*docs: Doc, **other: Any) -> MonthBooks:
    return books(*docs, **{"parties": [supplier()], **other})


def one(*docs: Doc, **other: Any) -> File:
    return only(month(*docs, **other), UblPurchasesFormat())


def test_a_purchase_has_the_suppliers_number_and_says_that_it_is_no_original() -> None:
    """Who takes it for the supplier's own document would deduct VAT on it."""
    made, files = export(month(purchase(text("Werf 12"), line())), UblPurchasesFormat())
    assert list(files) == ["A260012.xml"]
    assert made.documents == {("purchases", "1"): ["A260012.xml", "acme-2026-10-ubl_purchases.zip"]}
    file = files["A260012.xml"]
    assert file.text("cbc:ID") == "2026/004518"
    assert file.text("cbc:BuyerReference") == "A260012"
    assert file.text("cbc:Note") == f"{REBUILT}\nWerf 12"
    assert file.text("cbc:InvoiceTypeCode") == "380", "P0100 refuses self-billing"
    assert file.text(SELLER + "cac:PartyLegalEntity/cbc:RegistrationName") == "Staal & Schroef NV"
    assert file.text(BUYER + "cac:PartyLegalEntity/cbc:RegistrationName") == COMPANY.name
    assert file.text(BUYER + "cac:PartyTaxScheme/cbc:CompanyID") == "BE0999000129"


@pytest.mark.parametrize(
    ("tariff", "their", "code", "reason_code"),
    [
        ("21", {}, "S", None),
        ("nul", {}, "Z", None),
        ("verlegd", {}, "AE", "VATEX-EU-AE"),
        ("ic goederen", DUTCH, "K", "VATEX-EU-IC"),
        ("ic diensten", DUTCH, "AE", "VATEX-EU-AE"),
        ("art44", {}, "E", None),
        ("marge", {}, "E", None),
        ("buiten btw", AMERICAN, "O", "VATEX-EU-O"),
        ("invoer", AMERICAN, "O", "VATEX-EU-O"),
    ],
)
def test_vat_is_as_the_supplier_invoiced_it(
    tariff: str, their: dict[str, Any], code: str, reason_code: str | None
) -> None:
    """What we assess ourselves is not on the supplier's document, and the file is that document."""
    file = one(purchase(line(tariff=tariff)), parties=[supplier(**their)])
    assert file.text(CATEGORY + "cbc:ID") == code
    assert file.text(CATEGORY + "cbc:TaxExemptionReasonCode") == reason_code


def test_the_supplier_is_paid_on_the_account_of_the_document_before_its_own() -> None:
    """A supplier that factors its invoices has another account on each."""
    account = "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"
    assert one(purchase()).text(account) == "BE41099000567810"
    assert one(purchase(columns={"supplier_iban": "BE95 9999 9999 1258"})).text(account) == "BE95999999991258"


def test_an_account_that_is_no_iban_is_left_out_and_told() -> None:
    """A payment to a mistyped account is worse than none."""
    made, files = export(month(purchase(columns={"supplier_iban": "BE41099000567811"})), UblPurchasesFormat())
    assert files["A260012.xml"].text("//cac:PayeeFinancialAccount/cbc:ID") is None
    assert made.notes == [
        "bank account BE41099000567811 of supplier Staal & Schroef NV is no IBAN, left out: 2026/004518"
    ]


@pytest.mark.parametrize(
    ("doc", "their", "code"),
    [
        (purchase(columns={"supplier_number": " "}), {}, "ubl_supplier_number"),
        (purchase(party_id=None), {}, "ubl_supplier"),
        (purchase(party_id="404"), {}, "ubl_supplier"),
        (purchase(), {"name": None}, "ubl_supplier"),
        (purchase(), {"vat_number": "BE0999000128"}, "ubl_supplier_vat"),
        (purchase(), {"vat_number": None}, "ubl_supplier_vat_missing"),
        (purchase(), {"country": None, "vat_number": None}, "ubl_country"),
        (purchase(line("-5.00")), {}, "ubl_negative"),
    ],
)
def test_what_cannot_be_valid_is_held_before_it_is_written(doc: Doc, their: dict[str, Any], code: str) -> None:
    """A number that is made up, or a supplier that nobody knows, would be booked."""
    sound = purchase(id="2", party_id="8", columns={"supplier_number": "S2"})
    made, files = export(month(doc, sound, parties=[supplier(**their), supplier("8")]), UblPurchasesFormat())
    assert [(held.collection, held.document_id, held.code) for held in made.held] == [("purchases", "1", code)]
    assert [file.text("cbc:ID") for file in files.values()] == ["S2"]
    assert code in {reason.code for reason in UblPurchasesFormat().reasons("fr")}


def test_a_credit_note_names_the_suppliers_number_of_its_invoice() -> None:
    """Our own number says nothing to whoever has the supplier's documents."""
    original = purchase(id="5", issued=date(2026, 9, 8))
    credit = purchase(type="CREDIT_NOTE", columns={"supplier_number": "CN 9", "original_id": "5"}, gross="121.00")
    sale = Doc(id="5", number="F1")
    file = one(credit, originals=[sale, original])
    assert file.text("//cac:InvoiceDocumentReference/cbc:ID") == "2026/004518"
    assert file.amount("cac:LegalMonetaryTotal/cbc:PayableAmount") == Decimal("121.00")


def test_sales_and_purchases_of_one_id_keep_apart() -> None:
    """Ids are unique within a collection only."""
    both = books(
        Doc([line("10.00")], number="F1"),
        purchase(line("20.00", "6")),
        parties=[supplier(), {**supplier(), "kind": "client", "name": "Klant NV", "vat_number": SECOND_BELGIAN}],
    )
    sale, bought = only(both, UblFormat()), only(both, UblPurchasesFormat())
    assert sale.amount("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount") == Decimal("10.00")
    assert bought.amount("cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount") == Decimal("20.00")
    assert sale.text(BUYER + "cac:PartyLegalEntity/cbc:RegistrationName") == "Klant NV"


def test_a_supplier_without_any_number_is_known_by_its_code() -> None:
    """BR-CO-26: a seller without an identifier makes the file invalid."""
    file = one(purchase(line(tariff="buiten btw")), parties=[supplier(**AMERICAN)])
    assert file.text(SELLER + "cac:PartyIdentification/cbc:ID") == "S7"
