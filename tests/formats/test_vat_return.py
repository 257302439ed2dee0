"""The VAT return: each grid by hand, the whole against the entries, the XML against the official schema."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree
from months import brisk
from months import months as any_months

from robaws_pipeline import schema
from robaws_pipeline.books.vat_return import GRIDS, document_grids, grid_totals
from robaws_pipeline.formats.base import Export, MonthBooks
from robaws_pipeline.formats.samples import Document, Line, build
from robaws_pipeline.formats.vat_return import VatReturnFormat

RETURN = "{http://www.minfin.fgov.be/VATConsignment}"


def totals(collection: str, type_: str, **vat: Any) -> dict[str, str]:
    """The grids of one document with one VAT row; amounts as an invoice's, turned here for a credit note."""
    sign = -1 if type_ == "CREDIT_NOTE" else 1
    amounts = {name: sign * Decimal(vat.pop(name, "0")) for name in ("base", "vat", "self_assessed_vat")}
    deductible_vat = sign * Decimal(vat.pop("deductible_vat")) if "deductible_vat" in vat else None
    row = {
        "collection": collection,
        "document_id": "1",
        "month": "2026-03",
        "rate": Decimal(vat.pop("rate", "0")),
        "self_assessed_rate": Decimal(0),
        **amounts,
        "deductible": None,
        "deductible_vat": deductible_vat,
        "nature": vat.pop("nature", None),
        "treatment": vat.pop("treatment"),
    }
    assert not vat
    state = dict.fromkeys(column.name for column in schema.STATES.columns) | {
        "collection": collection,
        "document_id": "1",
        "month": "2026-03",
        "type": type_,
        "date": date(2026, 3, 1),
        "state": "exported",
        "reasons": [],
    }
    rows = document_grids(
        schema.VAT.table({name: [row[name]] for name in schema.VAT.schema.names}),
        schema.STATES.table({name: [state[name]] for name in schema.STATES.schema.names}),
    )
    return {grid: str(amount) for grid, amount in grid_totals(rows).items()}


SALE_21 = {"treatment": "standard", "rate": "21", "base": "100", "vat": "21"}
SELF = {"base": "100", "self_assessed_vat": "21", "deductible_vat": "21"}
CASES: list[tuple[str, str, str, dict[str, Any], dict[str, str]]] = [
    ("sale at 21 %", "sales", "INVOICE", SALE_21, {"03": "100.00", "54": "21.00", "71": "21.00"}),
    (
        "sale at 12 %",
        "sales",
        "INVOICE",
        {"treatment": "standard", "rate": "12", "base": "100", "vat": "12"},
        {"02": "100.00", "54": "12.00", "71": "12.00"},
    ),
    (
        "sale at 6 %",
        "sales",
        "INVOICE",
        {"treatment": "standard", "rate": "6", "base": "100", "vat": "6"},
        {"01": "100.00", "54": "6.00", "71": "6.00"},
    ),
    ("sale at 0 %", "sales", "INVOICE", {"treatment": "standard", "base": "100"}, {"00": "100.00"}),
    ("verlegd sale", "sales", "INVOICE", {"treatment": "reverse_charge", "base": "100"}, {"45": "100.00"}),
    (
        "EU services sold",
        "sales",
        "INVOICE",
        {"treatment": "intra_community_services", "base": "100"},
        {"44": "100.00"},
    ),
    ("EU goods sold", "sales", "INVOICE", {"treatment": "intra_community_goods", "base": "100"}, {"46": "100.00"}),
    ("export", "sales", "INVOICE", {"treatment": "export", "base": "100"}, {"47": "100.00"}),
    ("exempt sale", "sales", "INVOICE", {"treatment": "exempt", "base": "100"}, {"47": "100.00"}),
    ("margin sale", "sales", "INVOICE", {"treatment": "margin_scheme", "base": "100"}, {"00": "100.00"}),
    ("outside the scope", "sales", "INVOICE", {"treatment": "outside_scope", "base": "100"}, {}),
    ("credit note at 21 %", "sales", "CREDIT_NOTE", SALE_21, {"49": "100.00", "64": "21.00", "72": "21.00"}),
    ("verlegd credit note", "sales", "CREDIT_NOTE", {"treatment": "reverse_charge", "base": "100"}, {"49": "100.00"}),
    (
        "EU goods credited",
        "sales",
        "CREDIT_NOTE",
        {"treatment": "intra_community_goods", "base": "100"},
        {"48": "100.00"},
    ),
    (
        "goods bought",
        "purchases",
        "INVOICE",
        {**SALE_21, "nature": "goods", "deductible_vat": "21"},
        {"59": "21.00", "72": "21.00", "81": "100.00"},
    ),
    (
        "a car's costs, half deducted",
        "purchases",
        "INVOICE",
        {**SALE_21, "nature": "services", "deductible_vat": "10.50"},
        {"59": "10.50", "72": "10.50", "82": "110.50"},
    ),
    (
        "a machine bought",
        "purchases",
        "INVOICE",
        {**SALE_21, "nature": "investment", "deductible_vat": "21"},
        {"59": "21.00", "72": "21.00", "83": "100.00"},
    ),
    (
        "a subcontractor, verlegd",
        "purchases",
        "INVOICE",
        {**SELF, "treatment": "reverse_charge", "nature": "goods"},
        {"56": "21.00", "59": "21.00", "81": "100.00", "87": "100.00"},
    ),
    (
        "goods from the EU",
        "purchases",
        "INVOICE",
        {**SELF, "treatment": "intra_community_goods", "nature": "goods"},
        {"55": "21.00", "59": "21.00", "81": "100.00", "86": "100.00"},
    ),
    (
        "services from the EU",
        "purchases",
        "INVOICE",
        {**SELF, "treatment": "intra_community_services", "nature": "services"},
        {"55": "21.00", "59": "21.00", "82": "100.00", "88": "100.00"},
    ),
    (
        "import, VAT in the return",
        "purchases",
        "INVOICE",
        {**SELF, "treatment": "import_reverse_charge", "nature": "goods"},
        {"57": "21.00", "59": "21.00", "81": "100.00", "87": "100.00"},
    ),
    (
        "outside the scope bought",
        "purchases",
        "INVOICE",
        {"treatment": "outside_scope", "nature": "services", "base": "100", "deductible_vat": "0"},
        {},
    ),
    (
        "credit note received",
        "purchases",
        "CREDIT_NOTE",
        {**SALE_21, "nature": "services", "deductible_vat": "10.50"},
        {"63": "10.50", "71": "10.50", "82": "-110.50", "85": "110.50"},
    ),
    (
        "EU credit note received",
        "purchases",
        "CREDIT_NOTE",
        {**SELF, "treatment": "intra_community_goods", "nature": "goods"},
        {"62": "21.00", "63": "21.00", "81": "-100.00", "84": "100.00"},
    ),
    (
        "verlegd credit note received",
        "purchases",
        "CREDIT_NOTE",
        {**SELF, "treatment": "reverse_charge", "nature": "goods"},
        {"62": "21.00", "63": "21.00", "81": "-100.00", "85": "100.00"},
    ),
]


@pytest.mark.parametrize(
    ("collection", "type_", "vat", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_kind_of_document_fills_its_grids(
    collection: str, type_: str, vat: dict[str, Any], expected: dict[str, str]
) -> None:
    """The table that an accountant can check line by line."""
    assert totals(collection, type_, **vat) == expected


def read(export: Export) -> dict[str, bytes]:
    """The files by name."""
    return {file.path: file.content for file in export.files}


def cells(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file, amounts with a decimal point."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    return [{**row, "amount": row["amount"].replace(",", ".")} for row in rows]


@brisk
@given(books=any_months())
def test_grids_add_up_to_the_entries(books: MonthBooks) -> None:
    """An independent way to the same return: from the postings, which never saw a grid."""
    made = read(VatReturnFormat().export(books))
    grids = {row["grid"]: Decimal(row["amount"]) for row in cells(made["grids.csv"])}
    assert list(grids) == list(GRIDS)
    vat: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in books.postings.to_pylist():
        if row["kind"] in {"vat", "self_assessed_due", "self_assessed_deductible"}:
            vat[row["collection"], row["kind"]] += row["amount"]
    deducted = vat["purchases", "vat"] + vat["purchases", "self_assessed_deductible"]
    assert grids["54"] - grids["64"] == -vat["sales", "vat"]
    assert grids["59"] - grids["63"] == deducted
    assert grids["55"] + grids["56"] + grids["57"] - grids["62"] == -vat["purchases", "self_assessed_due"]
    assert grids["71"] - grids["72"] == -sum(vat.values())

    documents = cells(made["documents.csv"])
    exported = {
        (row["collection"], row["document_id"]) for row in books.states.to_pylist() if row["state"] == "exported"
    }
    assert {(row["collection"], row["document_id"]) for row in documents} == exported
    for grid, amount in grids.items():
        if grid not in {"71", "72"}:
            assert sum((Decimal(row["amount"]) for row in documents if row["grid"] == grid), Decimal()) == amount


@cache
def official() -> etree.XMLSchema:
    """The schema of Intervat."""
    found = [file for file in files("lino-xl") or [] if file.name == "NewTVA-in_v0_9.xsd"]
    return etree.XMLSchema(etree.parse(str(Path(str(found[0].locate())))))


def month(*documents: Document) -> MonthBooks:
    """A month of these documents."""
    return build(list(documents))


def test_the_return_is_what_intervat_takes() -> None:
    """Valid against the official schema, with every grid of the table that is not zero."""
    books = month(
        Document("1", number="F1", lines=(Line(Decimal("1000.00"), "standard", 21, 0),)),
        Document("2", "purchases", number="A1", lines=(Line(Decimal("400.10"), "reverse_charge", 0, 21),)),
    )
    made = read(VatReturnFormat().export(books))
    root = etree.fromstring(made["return.xml"])
    official().assertValid(root)
    amounts = {item.get("GridNumber"): item.text for item in root.iter(f"{RETURN}Amount")}
    assert amounts == {
        "3": "1000.00",
        "54": "210.00",
        "56": "84.02",
        "59": "84.02",
        "71": "210.00",
        "82": "400.10",
        "87": "400.10",
    }
    assert "Preview" in (root.findtext(f".//{RETURN}Comment") or "")


def test_a_month_without_documents_is_a_valid_return() -> None:
    """A nil return has to be filed too."""
    root = etree.fromstring(read(VatReturnFormat().export(month()))["return.xml"])
    official().assertValid(root)
    assert [(item.get("GridNumber"), item.text) for item in root.iter(f"{RETURN}Amount")] == [("71", "0.00")]


def test_a_negative_grid_is_told_instead_of_filed() -> None:
    """Intervat knows no negative amounts: leaving the grid out, or its sign, would be a wrong return."""
    note = Document("1", "purchases", "CREDIT_NOTE", number="A1", lines=(Line(Decimal("50.00"), "standard", 21, 0),))
    export = VatReturnFormat().export(month(note))
    assert set(read(export)) == {"grids.csv", "documents.csv"}
    assert any("82 (-50.00)" in text for text in export.notes)


def test_what_no_grid_asks_for_is_listed_and_told() -> None:
    """Nothing disappears: a document outside the scope is there, without a grid."""
    export = VatReturnFormat().export(
        month(Document("1", number="F1", lines=(Line(Decimal("50.00"), "outside_scope", 0, 0),)))
    )
    (row,) = cells(read(export)["documents.csv"])
    assert (row["grid"], row["amount"], row["treatment"]) == ("", "50.00", "outside_scope")
    assert any("outside_scope" in text for text in export.notes)


def test_a_foreign_company_is_told_that_the_return_is_belgian() -> None:
    """Before anything is written, with what to correct."""
    company = month().company.model_copy(update={"vat_number": "NL820098395B01"})
    (problem,) = VatReturnFormat().missing_settings(company)
    assert "NL820098395B01" in problem
