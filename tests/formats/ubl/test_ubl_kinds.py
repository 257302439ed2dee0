"""The kinds of sales documents, each valid against the official schema, with what makes it that kind."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from ubl_books import BELGIAN, COMPANY, Doc, books, line, party, text
from ubl_reader import File, export, only

from robaws_pipeline.formats.ubl import UblFormat

PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
CATEGORY = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/"
TOTAL = "cac:LegalMonetaryTotal/cbc:"
SWISS = party(country="Zwitserland", vat_number=None)
DUTCH = party(vat_number="NL123456782B12", country="NL", city="Breda", postal_code="4811 AA")


def test_invoice_at_one_rate_is_peppol_bis_billing() -> None:
    """The everyday invoice: both parties have a Belgian enterprise number, so it can go over Peppol."""
    file = only(books(Doc()))
    assert file.kind == "Invoice"
    assert file.text("cbc:CustomizationID") == PEPPOL
    assert file.text("cbc:ProfileID") == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    assert file.text("cbc:ID") == "F260001"
    assert file.text("cbc:IssueDate") == "2026-10-05"
    assert file.text("cbc:DueDate") == "2026-11-04"
    assert file.text("cbc:InvoiceTypeCode") == "380"
    assert file.texts(CATEGORY + "cbc:ID") == ["S"]
    assert file.texts(CATEGORY + "cbc:Percent") == ["21"]
    assert file.text(TOTAL + "PayableAmount") == "121.00"
    assert file.text("//cac:AccountingSupplierParty//cbc:EndpointID[@schemeID='0208']") == "0999000129"
    assert file.text("//cac:AccountingCustomerParty//cbc:EndpointID[@schemeID='0208']") == BELGIAN[2:]


@pytest.mark.parametrize(
    ("tariffs", "vat"),
    [(["6"], "6.00"), (["12"], "12.00"), (["21", "6"], "27.00"), (["21", "12", "6", "verlegd"], "39.00")],
)
def test_rates_stand_apart_in_the_breakdown(tariffs: list[str], vat: str) -> None:
    """Money is computed per rate on the document, so each rate is one row of the breakdown."""
    file = only(books(Doc([line("100.00", tariff) for tariff in tariffs])))
    assert len(file.texts(CATEGORY + "cbc:ID")) == len(tariffs)
    assert file.text("cac:TaxTotal/cbc:TaxAmount") == vat


@pytest.mark.parametrize(
    ("tariff", "customer", "code", "reason_code", "reason"),
    [
        ("verlegd", party(), "AE", "VATEX-EU-AE", "Btw verlegd"),
        ("verlegd", party(language="fr-BE"), "AE", "VATEX-EU-AE", "Autoliquidation"),
        ("ic diensten", DUTCH, "AE", "VATEX-EU-AE", "Btw verlegd"),
        ("ic goederen", DUTCH, "K", "VATEX-EU-IC", "Vrijgestelde intracommunautaire levering, art. 39bis WBTW"),
        ("export", SWISS, "G", "VATEX-EU-G", "Vrijgestelde uitvoer, art. 39 WBTW"),
        ("vrijgesteld", party(), "E", None, "Vrijgesteld van btw"),
        ("art44", party(), "E", None, "Vrijgesteld, art. 44 WBTW"),
        ("nul", party(), "Z", None, None),
        ("buiten btw", party(), "O", "VATEX-EU-O", "Niet onderworpen aan btw"),
    ],
)  # fmt: skip
def test_treatment_decides_category_and_reason(
    tariff: str, customer: dict[str, object], code: str, reason_code: str | None, reason: str | None
) -> None:
    """Many tariffs are 0 %: what they mean, and why no VAT is charged, must be said and must be right."""
    file = only(books(Doc([line("100.00", tariff)]), parties=[customer]))
    assert file.texts(CATEGORY + "cbc:ID") == [code]
    assert file.texts(CATEGORY + "cbc:Percent") == ([] if code == "O" else ["0"])
    assert file.text(CATEGORY + "cbc:TaxExemptionReasonCode") == reason_code
    assert file.text(CATEGORY + "cbc:TaxExemptionReason") == reason
    assert file.text(TOTAL + "PayableAmount") == "100.00"


def test_intra_community_goods_say_when_and_where_they_went() -> None:
    """BR-IC-11 and BR-IC-12 want a delivery date and country."""
    file = only(books(Doc([line("100.00", "ic goederen")]), parties=[DUTCH]))
    assert file.text("cac:Delivery/cbc:ActualDeliveryDate") == "2026-10-05"
    assert file.text("cac:Delivery//cbc:IdentificationCode") == "NL"
    assert only(books(Doc())).text("cac:Delivery/cbc:ActualDeliveryDate") is None


def test_outside_scope_names_no_vat_number() -> None:
    """BR-O-02 forbids them; the enterprise numbers still say who the parties are."""
    file = only(books(Doc([line("100.00", "buiten btw")])))
    assert file.texts("//cac:PartyTaxScheme/cbc:CompanyID") == []
    assert file.texts("//cac:PartyLegalEntity/cbc:CompanyID") == ["0999000129", BELGIAN[2:]]


def test_two_exemptions_share_one_group_and_both_reasons() -> None:
    """EN 16931 allows one group of category E, so its text must carry both articles."""
    file = only(books(Doc([line("10.00", "art44"), line("5.00", "art56"), line("1.00", "art44")])))
    assert file.texts(CATEGORY + "cbc:TaxExemptionReason") == [
        "Vrijgesteld, art. 44 WBTW / Kleine onderneming, art. 56bis WBTW"
    ]
    assert file.texts("//cac:TaxSubtotal/cbc:TaxableAmount") == ["16.00"]


def test_works_and_services_under_reverse_charge_share_one_group() -> None:
    """Two treatments of the books are one category here, and BR-AE-01 wants exactly one group."""
    file = only(books(Doc([line("10.00", "verlegd"), line("5.00", "ic diensten")]), parties=[DUTCH]))
    assert file.texts("//cac:TaxSubtotal/cbc:TaxableAmount") == ["15.00"]


def test_credit_note_is_positive_and_names_its_invoice() -> None:
    """The sign comes from the type: a credit note with negative totals would be booked as a debit."""
    original = Doc(id="88", number="F250911", issued=date(2025, 12, 1))
    note = Doc(
        [text("Retour"), line("50.00"), line("-10.00", quantity="1", price="-10")],
        number="CN1", type="CREDIT_NOTE", other={"original_id": "88"},
    )  # fmt: skip
    file = only(books(note, originals=[original]))
    assert file.kind == "CreditNote"
    assert file.text("cbc:CreditNoteTypeCode") == "381"
    assert file.text("cbc:Note") == "Retour"
    reference = "cac:BillingReference/cac:InvoiceDocumentReference/cbc:"
    assert (file.text(reference + "ID"), file.text(reference + "IssueDate")) == ("F250911", "2025-12-01")
    assert file.text("cac:PaymentMeans/cbc:PaymentDueDate") == "2026-11-04"
    assert file.text(TOTAL + "PayableAmount") == "48.40"
    assert file.texts("//cbc:CreditedQuantity") == ["1", "-1"]


def test_credit_note_without_original_is_written_and_reported() -> None:
    """Credit notes made by hand have none; it is valid, but a person should know."""
    made, files = export(books(Doc(number="CN1", type="CREDIT_NOTE", other={"original_id": "404"})))
    assert files["CN1.xml"].text("cac:BillingReference//cbc:ID") is None
    assert "credit note without a reference to its invoice: CN1" in made.notes


def test_negative_line_has_the_sign_on_its_quantity() -> None:
    """BR-27: a price is never negative."""
    file = only(
        books(Doc([line("100.00"), line("-30.00", quantity="2", price="-15"), line("-5.00", quantity="-1", price="5")]))
    )
    assert file.texts("//cbc:InvoicedQuantity") == ["1", "-2", "-1"]
    assert file.texts("//cbc:PriceAmount") == ["100", "15", "5"]


def test_discount_worked_into_the_total_gives_the_price_that_was_paid() -> None:
    """The price without the discount would fail R120."""
    file = only(books(Doc([line("540.00", quantity="12.5", price="48.00"), line("10.00", quantity="3", price="4")])))
    assert file.texts("//cbc:PriceAmount") == ["43.2", "3.333"]


def test_cent_asked_more_or_less_is_the_rounding() -> None:
    """Formulas stay exact and the customer is asked what Robaws asked; the journal has the same cent."""
    file = only(books(Doc(gross="120.99")))
    assert file.text(TOTAL + "PayableRoundingAmount") == "-0.01"
    assert file.text(TOTAL + "PayableAmount") == "120.99"
    assert file.text(TOTAL + "TaxInclusiveAmount") == "121.00"
    assert only(books(Doc())).text(TOTAL + "PayableRoundingAmount") is None


def test_text_lines_become_notes_where_they_belong() -> None:
    """A line without an amount would become a booking line in the reader."""
    file = only(
        books(
            Doc(
                [
                    text("Werf Gent"),
                    text("  "),
                    line(),
                    text("Meerwerk:"),
                    text("zie bon 7"),
                    line("1.00"),
                    text("Dank u"),
                ]
            )
        )
    )
    assert file.text("cbc:Note") == "Werf Gent\nDank u"
    assert file.texts("cac:InvoiceLine/cbc:Note") == ["Meerwerk:\nzie bon 7"]
    assert file.texts("cac:InvoiceLine[2]/cbc:Note") == ["Meerwerk:\nzie bon 7"]


def test_text_line_with_an_amount_is_a_line() -> None:
    """The books count it, so leaving it out would lose money."""
    file = only(books(Doc([line(), line("20.00", type="TEXT")])))
    assert file.text(TOTAL + "LineExtensionAmount") == "120.00"


def test_private_customer_is_plain_en_16931() -> None:
    """No electronic address is ever invented: the file imports, but cannot go over Peppol, and the notes say which."""
    made, files = export(books(Doc(), parties=[party(vat_number=None)]))
    file = files["F260001.xml"]
    assert file.text("cbc:CustomizationID") == "urn:cen.eu:en16931:2017"
    assert file.text("cbc:ProfileID") is None
    assert file.text("//cac:AccountingCustomerParty//cbc:EndpointID") is None
    assert made.notes == ["plain EN 16931, not to be sent over Peppol: a party has no electronic address: F260001"]


def test_zero_amount_document_is_written() -> None:
    """A free delivery, or 100 % discount, still is an invoice with a number."""
    file = only(books(Doc([line("0.00", quantity="3", price="12.50")])))
    assert file.text(TOTAL + "PayableAmount") == "0.00"
    assert file.texts("//cbc:InvoicedQuantity") == ["3"]
    assert file.texts("//cbc:PriceAmount") == ["0"]


@pytest.mark.parametrize(("tariff", "expected"), [("21", "S"), ("buiten btw", "O")])
def test_zero_line_without_tariff_follows_the_document(tariff: str, expected: str) -> None:
    """The books ask no tariff of a line of 0.00, so this format must not hold its document."""
    zero = [line("0.00", None), line("0.00", "buiten btw"), line("0.00", "21")]
    file = only(books(Doc([*zero, line("10.00", tariff)])))
    assert set(file.texts("//cac:ClassifiedTaxCategory/cbc:ID")) == {expected}


def test_payment_tells_account_reference_and_terms() -> None:
    """The customer's bank and the importer's matching need them as they were told."""
    doc = Doc(other={"payment_reference": "000260014762", "payment_condition_id": "3", "client_reference": " PO 12 \n"})
    file = only(books(doc, conditions={"3": "30 dagen einde maand"}))
    means = "cac:PaymentMeans/"
    assert file.text(means + "cbc:PaymentMeansCode") == "30"
    assert file.text(means + "cbc:PaymentID") == "+++000/2600/14762+++"
    assert file.text(means + "cac:PayeeFinancialAccount/cbc:ID") == "BE71096123456769"
    assert file.text(means + "cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID") == "GKCCBEBB"
    assert file.text("cac:PaymentTerms/cbc:Note") == "30 dagen einde maand"
    assert file.text("cbc:BuyerReference") == "PO 12"


def test_without_iban_the_means_of_payment_stays_open() -> None:
    """BR-61: a credit transfer must name an account."""
    company = COMPANY.model_copy(update={"iban": None})
    reference = {"payment_reference": "+++000/2600/14763+++"}
    made, files = export(books(Doc(other=reference), company=company))
    assert files["F260001.xml"].text("cac:PaymentMeans/cbc:PaymentMeansCode") == "1"
    assert files["F260001.xml"].text("cac:PaymentMeans/cbc:PaymentID") == "+++000/2600/14763+++"
    assert made.notes == [
        "structured communication +++000/2600/14763+++ has wrong check digits, written as it is: F260001"
    ]
    assert only(books(Doc(), company=company)).text("cac:PaymentMeans/cbc:PaymentMeansCode") is None


def test_buyer_reference_falls_back_to_what_there_is() -> None:
    """R003: Peppol wants one; the customer's number, else the invoice's own, harms nobody."""
    assert only(books(Doc())).text("cbc:BuyerReference") == "K0007"
    assert only(books(Doc(), parties=[party(number=" ")])).text("cbc:BuyerReference") == "F260001"


def test_neither_due_date_nor_condition_is_said_and_reported() -> None:
    """Rule sets before 2026 refuse an amount due with neither."""
    made, files = export(books(Doc(due_date=None)))
    assert files["F260001.xml"].text("cac:PaymentTerms/cbc:Note") == "Zie de betalingsvoorwaarden op het document"
    assert made.notes == ["neither due date nor payment condition: F260001"]


def test_unknown_unit_is_a_piece_and_reported_once() -> None:
    """BR-CL-23 refuses free text; the quantity stays right and a person can add the unit."""
    docs = [Doc([line(unit="vierkante el"), line(unit="vierkante el")], id=str(n), number=f"F{n}") for n in (1, 2)]
    made, files = export(books(*docs))
    assert files["F1.xml"].root.xpath("//@unitCode") == ["C62", "C62"]
    assert made.notes == ["unit 'vierkante el' is not known, written as C62 (piece): F1, F2"]


def test_quantity_zero_with_an_amount_is_written_once_and_reported() -> None:
    """0 × any price is 0, and the amount counts."""
    made, files = export(books(Doc([line("25.00", quantity="0", price="25")])))
    assert files["F260001.xml"].texts("//cbc:InvoicedQuantity") == ["1"]
    assert made.notes == ["quantity that cannot give the line total, written as 1 × the total: F260001"]


def test_line_totals_are_rounded_as_the_books_round_them() -> None:
    """Half a cent goes up, away from zero: 0.105 is 0.11, and a double rounding would make it 0.10."""
    file = only(books(Doc([line("0.105"), line("10.004999999"), line("-0.105", quantity="-1", price="0.105")])))
    assert file.texts("cac:InvoiceLine/cbc:LineExtensionAmount") == ["0.11", "10.00", "-0.11"]


def test_only_exported_sales_documents_get_a_file() -> None:
    """Drafts, deleted and held documents must never reach the accountant."""
    docs = [
        Doc(id=str(n), number=f"F{n}", state=state) for n, state in enumerate(["held", "draft", "deleted", "exported"])
    ]
    made, files = export(books(*docs))
    assert list(files) == ["F3.xml"]
    assert made.documents == {("sales", "3"): ["F3.xml", "acme-2026-10-ubl.zip"]}
    assert made.held == []


def test_same_books_give_the_same_bytes_whatever_the_order_of_the_rows() -> None:
    """Re-running must change nothing, or a delivery would look changed."""
    docs = [Doc([line(), text("a"), line("7.00", "6")], id=str(n), number=f"F{n}") for n in range(5)]
    first = {file.path: file.content for file in UblFormat().export(books(*docs)).files}
    shuffled = books(*docs)
    shuffled = type(shuffled)(
        **{
            name: (value[::-1] if hasattr(value, "num_rows") else value)
            for name, value in ((slot, getattr(shuffled, slot)) for slot in type(shuffled).__slots__)
        }
    )
    assert {file.path: file.content for file in UblFormat().export(shuffled).files} == first
    assert list(first) == ["F0.xml", "F1.xml", "F2.xml", "F3.xml", "F4.xml", "acme-2026-10-ubl.zip"]


def test_files_are_made_one_at_a_time() -> None:
    """A month's files need not be in memory together; what is held is complete when the last one is out."""
    made = UblFormat().export(books(Doc(), Doc(id="2", number="F3", party_id="404")))
    files = iter(made.files)
    assert next(files).path == "F260001.xml"
    assert made.documents == {("sales", "1"): ["F260001.xml"]}
    assert made.held == []
    assert [file.path for file in files] == ["acme-2026-10-ubl.zip"]
    assert [held.code for held in made.held] == ["ubl_customer"]


def test_a_large_month_gives_each_document_its_own_lines_and_holds_the_right_ones() -> None:
    """Documents and rows are worked on some at a time; none may fall between two lots, or into its neighbour's file."""
    docs = [
        Doc(
            [line(f"{n}.{place:02}", description=f"{n}/{place}") for place in range(1, 16)],
            id=str(n),
            number=f"F{n}",
            party_id="404" if n % 50 == 0 else "7",
        )
        for n in range(100, 300)
    ]
    month = books(*docs)
    made = UblFormat().export(replace(month, lines=month.lines[::-1]))
    files = {file.path: file.content for file in made.files if file.path.endswith(".xml")}
    assert [item.document_id for item in made.held] == ["100", "150", "200", "250"]
    assert list(files) == [f"F{n}.xml" for n in range(100, 300) if n % 50]
    for path, content in files.items():
        n = path[1:4]
        assert File(content).texts("//cbc:Name[parent::cac:Item]") == [f"{n}/{place}" for place in range(1, 16)]
        assert File(content).texts("//cac:InvoiceLine/cbc:LineExtensionAmount")[-1] == f"{n}.15"


def test_no_documents_no_files() -> None:
    """A month without sales is a month all the same."""
    made, files = export(books())
    assert (files, made.held, made.documents, made.notes) == ({}, [], {}, [])


def test_purchases_are_left_alone() -> None:
    """A purchase with the id of a sales document must not lend it its lines, VAT or state."""
    mine = books(Doc())
    other = books(Doc([line("999.00", "6")]))
    mixed = {
        name: _with_purchases(getattr(mine, name), getattr(other, name))
        for name in ("documents", "lines", "states", "vat")
    }
    made, files = export(type(mine)(**{slot: mixed.get(slot, getattr(mine, slot)) for slot in type(mine).__slots__}))
    assert list(made.documents) == [("sales", "1")]
    assert files["F260001.xml"].amount(TOTAL + "PayableAmount") == Decimal("121.00")


def _with_purchases(sales: pa.Table, other: pa.Table) -> pa.Table:
    purchases = other.set_column(0, "collection", pa.array(["purchases"] * other.num_rows))
    return pa.concat_tables([purchases, sales])
