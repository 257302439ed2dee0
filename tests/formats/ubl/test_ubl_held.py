"""What cannot be said in valid UBL is held for this format, with a reason that a bookkeeper can act on."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ubl_books import COMPANY, Doc, books, line, party, table, text
from ubl_reader import export

from robaws_pipeline import schema
from robaws_pipeline.formats.ubl import UblFormat, UblPurchasesFormat
from robaws_pipeline.settings import Company

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "ubl.md"
NOBODY: dict[str, Any] = {"vat_number": None}


@pytest.mark.parametrize(
    ("doc", "customer", "code", "says"),
    [
        (Doc(), party(vat_number="BE0999000128"), "ubl_buyer_vat", "BE0999000128"),
        (Doc(), party(vat_number="0999.000.128"), "ubl_buyer_vat", "0999.000.128"),
        (Doc([line(tariff="verlegd")]), party(**NOBODY), "ubl_buyer_vat_missing", "Klant NV"),
        (Doc([line(tariff="ic goederen")]), party(**NOBODY, country="NL"), "ubl_buyer_vat_missing", "Klant NV"),
        (Doc([line(), line(tariff="buiten btw")]), party(), "ubl_outside_scope_mixed", "S 21"),
        (Doc([line(tariff="invoer")]), party(), "ubl_tariff", "import_reverse_charge"),
        (Doc([line(tariff="mystery")]), party(), "ubl_tariff", "mystery"),
        (Doc([line("0.00", tariff=None)]), party(), "ubl_tariff", "–"),
        (Doc(), party(country=None, **NOBODY), "ubl_country", "Klant NV"),
        (Doc(), party(country="Atlantis"), "ubl_country", "Atlantis"),
        (Doc(), party(name=" \x00 "), "ubl_customer", "C7"),
        (Doc(party_id="404"), party(), "ubl_customer", "404"),
        (Doc(party_id=None), party(), "ubl_customer", ""),
        (Doc(other={"currency": "USD"}), party(), "ubl_currency", "USD"),
        (Doc(number=" "), party(), "ubl_header", "number"),
        (Doc(issued=None), party(), "ubl_header", "date"),
        (Doc(type="ADVANCE"), party(), "ubl_header", "ADVANCE"),
        (Doc([text("alleen tekst")], gross="0"), party(), "ubl_no_lines", "0"),
        (Doc([]), party(), "ubl_no_lines", "0"),
        (Doc([line(None, description="ketel")]), party(), "ubl_line_amount", "ketel"),
        (Doc([line("-1.00", quantity="-1", price="1")]), party(), "ubl_negative", "-1.21"),
        (Doc([line("-1.00")], type="CREDIT_NOTE"), party(), "ubl_negative", "-1.21"),
        (Doc(gross="120.98"), party(), "ubl_totals", "120.98"),
    ],
)
def test_document_is_held_with_a_reason(doc: Doc, customer: dict[str, Any], code: str, says: str) -> None:
    """Each of these gives a file that is wrong or refused; the sentence names what to correct."""
    sound = Doc(id="99", number="F9", party_id="8")
    made, files = export(books(doc, sound, parties=[customer, party("8")]))
    assert [(held.collection, held.document_id, held.code) for held in made.held] == [("sales", "1", code)]
    assert says in made.held[0].detail
    assert code in {reason.code for reason in UblFormat().reasons("nl")}
    assert list(files) == ["F9.xml"], "the others go on"
    assert ("sales", "1") not in made.documents
    assert made.notes == [], "nothing is said about a file that is not there"


def test_every_reason_is_on_the_page_and_nothing_else() -> None:
    """Who finds a code in held.csv must find it in the documentation."""
    section = PAGE.read_text(encoding="utf-8").split("## What is held")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(ubl_\w+)` \|", section, re.MULTILINE)
    sales, purchases = ({reason.code for reason in made().reasons("en")} for made in (UblFormat, UblPurchasesFormat))
    assert len(listed) == len(set(listed))
    assert set(listed) == sales | purchases
    both = listed[listed.index("ubl_seller") : listed.index("ubl_totals") + 1]
    assert set(both) == sales & purchases


@pytest.mark.parametrize("change", ["0.01", "-0.01", "0.99"])
@pytest.mark.parametrize("kind", ["INVOICE", "CREDIT_NOTE"])
def test_vat_that_differs_from_the_books_is_held(change: str, kind: str) -> None:
    """The official rules forgive 0.99 euro; two files of one month that disagree by a cent are one too many."""
    made, files = export(books(Doc([line(), line("10.00", "6")], type=kind), vat_change=Decimal(change)))
    assert [held.code for held in made.held] == ["ubl_totals"]
    assert files == {}


def test_booked_treatment_without_lines_is_held() -> None:
    """A whole rate missing passes the official rules too."""
    made, _ = export(_with_vat_of_two(books(Doc(gross="121.00"))))
    assert [held.code for held in made.held] == ["ubl_totals"]


def test_vat_booked_in_parts_is_one_amount() -> None:
    """Rows that differ only in what is self-assessed are one treatment and rate on a sale."""
    sound = books(Doc([line("60.00"), line("40.00")], type="CREDIT_NOTE"))
    rows = sound.vat.to_pylist()
    parts = [
        {**rows[0], "base": Decimal("-70.00"), "vat": Decimal("-14.70")},
        {**rows[0], "base": Decimal("-30.00"), "vat": Decimal("-6.30"), "self_assessed_rate": Decimal(21)},
    ]
    made, files = export(_with(sound, vat=table(schema.VAT, parts)))
    assert made.held == []
    assert len(files) == 1


def _with(sound: Any, **changes: Any) -> Any:
    return type(sound)(**{**{slot: getattr(sound, slot) for slot in type(sound).__slots__}, **changes})


def _with_vat_of_two(sound: Any) -> Any:
    more = books(Doc([line(), line("10.00", "6")])).vat
    return _with(sound, vat=more)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vat_number": "BE0999000128"}, "check digits"),
        ({"vat_number": " "}, "missing"),
        ({"iban": "BE71 0961 2345 6768"}, "IBAN"),
        ({"name": " "}, "name"),
    ],
)
def test_wrong_seller_data_are_named_before_and_hold_everything(changes: dict[str, str], says: str) -> None:
    """The set-up person is told once; should a file be asked for all the same, none is wrong."""
    company: Company = COMPANY.model_copy(update=changes)
    problems = list(UblFormat().missing_settings(company))
    assert len(problems) == 1
    assert says in problems[0]
    made, files = export(books(Doc(), Doc(id="2", number="F2"), company=company))
    assert [held.code for held in made.held] == ["ubl_seller", "ubl_seller"]
    assert says in made.held[0].detail
    assert files == {}


def test_sound_settings_lack_nothing() -> None:
    """Otherwise the format could never be written."""
    assert list(UblFormat().missing_settings(COMPANY)) == []


def test_a_cent_per_rate_is_not_held() -> None:
    """Rounding by line and rounding by rate differ that much; the books let it through, so must we."""
    made, files = export(books(Doc([line("100.00"), line("10.00", "6")], gross="131.62")))
    assert made.held == []
    assert files["F260001.xml"].text("cac:LegalMonetaryTotal/cbc:PayableRoundingAmount") == "0.02"


def test_state_without_a_document_is_a_fault_of_the_tables() -> None:
    """It can only come from a half-built month: say so, and write nothing as if it were right."""
    whole = books(Doc())
    broken = _with(whole, documents=whole.documents.slice(1))
    with pytest.raises(ValueError, match="sales document 1 is in states and not in documents"):
        export(broken)
