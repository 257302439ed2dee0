"""What a company may add to its files by settings, and what Robaws gives besides the amounts."""

from decimal import Decimal
from typing import Any

import pytest
from ubl_books import BELGIAN, COMPANY, Doc, books, line, party
from ubl_reader import code_list, export, only

from robaws_pipeline.formats import registry
from robaws_pipeline.formats.ubl import UblFormat
from robaws_pipeline.formats.ubl.amounts import discounted
from robaws_pipeline.formats.ubl.unit_codes import UNIT_CODES
from robaws_pipeline.settings import Company, SettingsError, Tariff

CONTACT = "cac:Party/cac:Contact/cbc:"


def _with(**own: Any) -> Company:
    return COMPANY.model_copy(update={"format": {"ubl": own}})


def test_contacts_of_both_sides_are_told() -> None:
    """Who has a question about an invoice, on either side, must find whom to ask."""
    company = _with(contact={"name": "An Peeters", "phone": "+32 9 000 00 00"})
    file = only(books(Doc(), company=company, parties=[party(phone="+32 3 000 00 00", email="in@klant.example")]))
    ours, theirs = "cac:AccountingSupplierParty/" + CONTACT, "cac:AccountingCustomerParty/" + CONTACT
    assert file.text(ours + "Name") == "An Peeters"
    assert file.text(ours + "Telephone") == "+32 9 000 00 00"
    assert file.text(theirs + "Telephone") == "+32 3 000 00 00"
    assert file.text(theirs + "ElectronicMail") == "in@klant.example"


@pytest.mark.parametrize("typed", ["U", " Palet Hout "])
def test_a_companys_own_units_go_before_ours(typed: str) -> None:
    """`u` is an hour in one company and a unit in another; only the company knows."""
    company = _with(units={"u": "HUR", "Palet hout": "XPX"})
    file = only(books(Doc([line(unit=typed)]), company=company))
    assert file.root.xpath("//@unitCode") == ["HUR" if typed == "U" else "XPX"]


def test_unit_codes_are_the_official_ones() -> None:
    """A code that is not listed makes every file with it invalid (BR-CL-23), so it is refused before."""
    assert code_list("BR-CL-23") == UNIT_CODES
    problems = list(registry.settings_problems(_with(units={"bak": "BAK"}).model_copy(update={"formats": ("ubl",)})))
    assert len(problems) == 1
    assert "format.ubl.units.bak = 'BAK': not a code of UN/ECE Recommendation 20 or 21" in problems[0]


@pytest.mark.parametrize(
    ("discount", "net", "type_"),
    [
        ("10", "90.00", "INVOICE"),
        ("12.5", "87.50", "CREDIT_NOTE"),
        ("100", "0.00", "INVOICE"),
        ("-5", "105.00", "INVOICE"),
    ],
)
def test_a_discount_stands_apart_from_the_price_it_is_taken_of(discount: str, net: str, type_: str) -> None:
    """The customer agreed to a price and a discount, and checks both."""
    doc = Doc([line("7.00"), line(net, quantity="8", price="12.50", discount=discount)], type=type_)
    file = only(books(doc))
    kind = "Invoice" if type_ == "INVOICE" else "CreditNote"
    reduced = f"cac:{kind}Line[2]/cac:AllowanceCharge/cbc:"
    assert file.texts("//cbc:PriceAmount")[1] == "12.5"
    assert file.text(reduced + "ChargeIndicator") == str(discount.startswith("-")).lower()
    assert file.amount(reduced + "BaseAmount") == Decimal("100.00")
    assert file.amount(reduced + "Amount") == abs(Decimal("100.00") - Decimal(net))
    assert file.text(reduced + "AllowanceChargeReason") == ("Toeslag" if discount.startswith("-") else "Korting")
    plain = only(books(doc, company=_with(show_discounts=False)))
    assert plain.text(reduced + "Amount") is None


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "net"),
    [
        ("10", "9", "10", "90.00"),  # already worked into the price
        ("10", "10", "10", "89.98"),  # does not give the total
        ("-10", "10", "10", "-90.00"),  # something given back: an allowance is never negative
        ("10", "10", "101", "-1.00"),
        ("10", "10", "0", "100.00"),
        ("0", "10", "10", "5.00"),
        (None, "10", "10", "9.00"),
    ],
)
def test_a_discount_that_explains_nothing_is_not_shown(
    quantity: str | None, price: str, discount: str, net: str
) -> None:
    """Nothing is guessed: the file then has the price that was paid."""
    numbers = [None if text is None else Decimal(text) for text in (quantity, price, discount)]
    assert discounted(numbers[0], numbers[1], numbers[2], Decimal(net)) is None


def test_an_exemption_has_its_code_when_all_exempt_lines_share_it() -> None:
    """Programs read the code; one row cannot say two."""
    tariffs = {
        "zorg": Tariff(treatment="exempt", exemption_reason="Art. 44 § 1", exemption_code="VATEX-EU-132-1C"),
        "les": Tariff(treatment="exempt", exemption_reason="Art. 44 § 2", exemption_code="VATEX-EU-132-1I"),
        "marge": Tariff(treatment="margin_scheme", exemption_code="VATEX-EU-F"),
    }
    company = COMPANY.model_copy(update={"vat_tariffs": {**COMPANY.vat_tariffs, **tariffs}})
    code = "//cac:TaxSubtotal/cac:TaxCategory/cbc:TaxExemptionReasonCode"
    reason = code.removesuffix("Code")
    one = only(books(Doc([line(tariff="zorg"), line(tariff="zorg")]), company=company))
    assert (one.text(code), one.text(reason)) == ("VATEX-EU-132-1C", "Art. 44 § 1")
    two = only(books(Doc([line(tariff="zorg"), line(tariff="les")]), company=company))
    assert (two.text(code), two.text(reason)) == (None, "Art. 44 § 1 / Art. 44 § 2")
    margin = only(books(Doc([line(tariff="marge")]), company=company))
    assert (margin.text(code), margin.text(reason)) == ("VATEX-EU-F", "Bijzondere winstmargeregeling")


def test_the_code_of_a_treatment_cannot_be_replaced() -> None:
    """P0104 to P0111: a code that is not its category's makes the file invalid."""
    with pytest.raises(ValueError, match="the code of treatment reverse_charge is fixed"):
        Tariff(treatment="reverse_charge", exemption_code="VATEX-EU-G")


BOOKED = [
    line(gl_account_code="700100", project_id="302"),
    line("0.00", gl_account_code="700100"),
    line("50.00", "6", gl_account_code="704000"),
]
ACCOUNTS, JOURNAL = "cac:InvoiceLine/cbc:AccountingCost", "cbc:AccountingCost"
PROJECTS = "cac:InvoiceLine/cac:Item/cac:AdditionalItemProperty[cbc:Name='Kostenplaats']/cbc:Value"


@pytest.mark.parametrize(
    ("booking", "accounts", "journal", "projects"),
    [
        ({}, [], None, []),
        ({"accounts": True}, ["700100", "704000"], None, []),
        ({"journal": True}, [], "VK", []),
        ({"cost_centres": True}, [], None, ["302"]),
        ({"accounts": True, "journal": True, "cost_centres": True}, ["700100", "704000"], "VK", ["302"]),
    ],
    ids=str,
)
def test_booking_hints_are_told_only_when_they_are_wanted(
    booking: dict[str, bool], accounts: list[str], journal: str | None, projects: list[str]
) -> None:
    """In the standard these places are the buyer's; a program that reads them needs what was booked."""
    # A purchase with the same id is booked otherwise.
    other = Doc([line(gl_account_code="600000", project_id="9")], collection="purchases")
    file = only(books(other, Doc(BOOKED), company=_with(booking=booking)))
    assert file.texts(ACCOUNTS) == accounts
    assert file.text(JOURNAL) == journal
    assert file.texts(PROJECTS) == projects


def test_settings_that_do_not_exist_are_refused() -> None:
    """A misspelled setting would silently do nothing."""
    with pytest.raises(SettingsError, match=r"format\.ubl\.booking\.account is not a setting"):
        list(UblFormat().export(books(Doc(), company=_with(booking={"account": True}))).files)


def test_vat_numbers_of_others_are_not_asked_of_a_seller_who_has_one() -> None:
    """A customer without a number, charged VAT, is the most ordinary one."""
    made, files = export(books(Doc(), parties=[party(vat_number=None)]))
    assert made.held == []
    assert files["F260001.xml"].text("//cac:AccountingCustomerParty//cac:PartyTaxScheme/cbc:CompanyID") is None
    assert BELGIAN not in files["F260001.xml"].content.decode()
