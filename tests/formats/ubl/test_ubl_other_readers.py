"""What is in a file besides its amounts: programs that others wrote find it where the standard has it."""

import base64
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from eu_einvoice.parse import parse_bytes
from facturx import parse_ubl_cii_xml
from foreign_ubl import READERS
from ubl_books import COMPANY, Doc, books, line
from ubl_reader import export

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.settings import Company

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 8
REFERRED = {
    "order_reference": "PO 4711", "contract_reference": "Bestek 3", "project_reference": "Werf Gent",
    "delivered": date(2026, 9, 30), "period_from": date(2026, 9, 1), "period_to": date(2026, 9, 30),
    "credited": "F250001, F250002",
}  # fmt: skip
TYPES = ("INVOICE", "CREDIT_NOTE")


def _month(type_: str, *, full: bool) -> MonthBooks:
    """The same document, with everything that settings can add or with nothing of it."""
    company: Company = COMPANY
    if full:
        own = {"booking": {"accounts": True, "journal": True, "cost_centres": True},
               "contact": {"name": "An Peeters", "phone": "+32 9 000 00 00"}}  # fmt: skip
        company = COMPANY.model_copy(update={"format": {"ubl": own}})
    rows = [line(gl_account_code="700100", project_id="302"), line("50.00", "6", gl_account_code="704000")]
    month = books(Doc(rows, type=type_, other=REFERRED if full else {}), company=company)
    return replace(month, stored_file=lambda _collection, _id: PDF) if full else month


def _content(type_: str, *, full: bool) -> bytes:
    _, files = export(_month(type_, full=full))
    (file,) = files.values()
    return file.content


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("reader", READERS)
def test_what_settings_add_changes_no_amount_and_no_party(reader: str, type_: str) -> None:
    """Who turns a hint on must not find other bookings for it."""
    assert READERS[reader](_content(type_, full=True)) == READERS[reader](_content(type_, full=False))


@pytest.mark.parametrize("type_", TYPES)
def test_a_program_finds_hints_references_and_pdf(type_: str) -> None:
    """eu-einvoice has them by name; where it does not look, no other will."""
    found, remarks = parse_bytes(_content(type_, full=True))
    assert remarks == []
    assert {name: found[f"{name}_reference"] for name in ("accounting", "order", "contract", "project")} == {
        "accounting": "VK", "order": "PO 4711", "contract": "Bestek 3", "project": "Werf Gent",
    }  # fmt: skip
    assert found["delivery"] == {"date": "2026-09-30"}
    assert found["period"] == {"start": "2026-09-01", "end": "2026-09-30"}
    assert [row["accounting_reference"] for row in found["lines"]] == ["700100", "704000"]
    assert found["lines"][0]["attributes"] == [{"name": "Kostenplaats", "value": "302"}]
    assert found["seller"]["contact"]["name"] == "An Peeters"
    (attached,) = found["attachments"]
    assert base64.b64decode(attached["content_b64"]) == PDF
    assert (attached["mime"], attached["filename"]) == ("application/pdf", "F260001.pdf")
    credited = [one["number"] for one in found.get("preceding_invoices", [])]
    assert credited == (["F250001", "F250002"] if type_ == "CREDIT_NOTE" else [])


@pytest.mark.parametrize("type_", TYPES)
def test_another_finds_them_by_the_terms_of_the_standard(type_: str) -> None:
    """factur-x knows the terms of EN 16931 and no names of ours."""
    found: dict[str, Any] = parse_ubl_cii_xml(_content(type_, full=True), check_xsd=False)
    terms = {"BT-19": "VK", "BT-13": "PO 4711", "BT-12": "Bestek 3", "BT-11": "Werf Gent", "BT-72": date(2026, 9, 30),
             "BT-73": date(2026, 9, 1), "BT-74": date(2026, 9, 30)}  # fmt: skip
    assert {term: found[term] for term in terms} == terms
    assert [row["BT-133"] for row in found["BG-25"]] == ["700100", "704000"]
    assert PDF in [row.get("BT-125") for row in found["BG-24"]]
