"""The listings that go with the VAT return: who is in them, what they add up to, XML against the official schemas."""

import csv
import io
from dataclasses import replace
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

from robaws_pipeline.books.listings import document_listings, shared_numbers
from robaws_pipeline.books.vat_return import document_grids, grid_totals
from robaws_pipeline.formats.base import Export, MonthBooks
from robaws_pipeline.formats.listings import ListingsFormat
from robaws_pipeline.formats.samples import Document, Line, Party, build
from robaws_pipeline.periods import book_year_of, quarter_of

BELGIAN, OTHER_BELGIAN, GREEK, DUTCH = "BE 0999.000.228", "0999000327", "EL094259216", "NL820098395B01"
CLIENTS = (
    Party("1", "Klant NV", vat_number=BELGIAN),
    Party("2", "Klant NV (werf Aalst)", vat_number="BE0999000228"),
    Party("3", "Bakker BV", vat_number=OTHER_BELGIAN),
    Party("4", "Πελάτης AE", vat_number=GREEK, country="GR"),
    Party("5", "Klant BV", vat_number=DUTCH, country="NL"),
    Party("6", "Particulier", vat_number=None),
    Party("7", "Tikfout NV", vat_number="BE0999000229"),
)


def sale(number: int, party: str, net: str, treatment: str = "standard", rate: int = 21, **more: Any) -> Document:
    """An invoice of one line."""
    lines = (Line(Decimal(net), treatment, rate if treatment == "standard" else 0),)
    return Document(str(number), number=f"F26{number:04}", party_id=party, lines=lines, **more)


def credit(number: int, party: str, net: str, treatment: str = "standard", rate: int = 21) -> Document:
    """A credit note of one line."""
    return sale(number, party, net, treatment, rate, type="CREDIT_NOTE")


def year(*documents: Document) -> MonthBooks:
    """A calendar year with these documents."""
    return replace(build(documents, CLIENTS), period=book_year_of("2026-03"))


def read(export: Export) -> dict[str, bytes]:
    """The files by name."""
    return {file.path: file.content for file in export.files}


def cells(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


@cache
def official(name: str) -> etree.XMLSchema:
    """A schema of Intervat."""
    found = [file for file in files("lino-xl") or [] if file.name == name]
    return etree.XMLSchema(etree.parse(str(Path(str(found[0].locate())))))


def customers(*documents: Document) -> list[tuple[str, str, str]]:
    """VAT number, turnover and VAT of each customer in the XML of a year, which is valid and has the right sums."""
    root = etree.fromstring(read(ListingsFormat().export(year(*documents)))["customer_listing.xml"])
    official("NewLK-in_v0_9.xsd").assertValid(root)
    rows = [
        tuple(str(client.findtext(f"{{*}}{name}")) for name in ("CompanyVATNumber", "TurnOver", "VATAmount"))
        for client in root.iter("{*}Client")
    ]
    listing = root.find("{*}ClientListing")
    assert listing is not None
    assert listing.get("ClientsNbr") == str(len(rows))
    assert Decimal(str(listing.get("TurnOverSum"))) == sum(Decimal(row[1]) for row in rows)
    assert Decimal(str(listing.get("VATAmountSum"))) == sum(Decimal(row[2]) for row in rows)
    return rows  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("documents", "listed"),
    [
        ([sale(1, "1", "250.00")], []),
        ([sale(1, "1", "250.01")], [("0999000228", "250.01", "52.50")]),
        ([sale(1, "1", "200.00"), sale(2, "2", "100.00", rate=6)], [("0999000228", "300.00", "48.00")]),
        ([sale(1, "1", "300.00"), credit(2, "1", "50.00")], []),
        ([credit(1, "1", "0.50")], [("0999000228", "-0.50", "-0.11")]),
        ([sale(1, "1", "900.00", "reverse_charge")], [("0999000228", "900.00", "0.00")]),
        ([sale(1, "1", "900.00", "exempt"), sale(2, "1", "900.00", "outside_scope")], []),
        (
            [sale(1, "3", "900.00"), sale(2, "1", "300.00")],
            [("0999000228", "300.00", "63.00"), ("0999000327", "900.00", "189.00")],
        ),
        ([sale(1, "4", "900.00"), sale(2, "6", "900.00"), sale(3, "7", "900.00")], []),
        ([sale(1, "1", "900.00", state="held"), sale(2, "1", "900.00", state="draft")], []),
    ],
    ids=[
        "250 is not more than 250",
        "a cent more is",
        "two clients with one number are one customer",
        "a credit note takes off",
        "more credited than invoiced corrects an earlier year",
        "reverse charge counts without VAT",
        "exempt and outside the scope do not count",
        "several, by number",
        "foreign, private and mistyped numbers are not Belgian customers",
        "what is not exported is not listed",
    ],
)  # fmt: skip
def test_who_is_in_the_annual_listing(documents: list[Document], listed: list[tuple[str, str, str]]) -> None:
    """Each row is a rule that the tax authority checks against the customer's own return."""
    assert customers(*documents) == listed


def test_customers_csv_shows_those_below_the_threshold_too() -> None:
    """An accountant wants to see who is just missing."""
    made = read(ListingsFormat().export(year(sale(1, "1", "250.00"), sale(2, "3", "900.00"))))
    rows = cells(made["customers.csv"])
    assert [(row["vat_number"], row["listed"], row["turnover"], row["names"]) for row in rows] == [
        ("BE0999000228", "", "250,00", "Klant NV"),
        ("BE0999000327", "x", "900,00", "Bakker BV"),
    ]


def test_one_customer_entered_twice_is_named() -> None:
    """The listing joins them; somebody should join them in Robaws."""
    export = ListingsFormat().export(year(sale(1, "1", "300.00")))
    assert export.notes == ["clients C1, C2 have one VAT number, BE0999000228: they are listed as one customer"]
    assert list(shared_numbers(build([], CLIENTS).parties)) == [("BE0999000228", ["C1", "C2"])]


def test_the_intra_community_listing_tells_goods_from_services() -> None:
    """Valid against the official schema; a customer with both has two rows; credit notes take off."""
    books = build(
        [
            sale(1, "5", "100.00", "intra_community_goods"),
            sale(2, "5", "30.00", "intra_community_services"),
            sale(3, "4", "50.00", "intra_community_services"),
            credit(4, "4", "70.00", "intra_community_services"),
            sale(5, "1", "900.00"),
        ],
        CLIENTS,
    )
    made = read(ListingsFormat().export(books))
    root = etree.fromstring(made["intra_community_listing.xml"])
    official("NewICO-in_v0_9.xsd").assertValid(root)
    rows = [
        (number.get("issuedBy"), number.text, client.findtext("{*}Code"), client.findtext("{*}Amount"))
        for client in root.iter("{*}IntraClient")
        for number in client.iter("{*}CompanyVATNumber")
    ]
    assert rows == [
        ("NL", "820098395B01", "L", "100.00"),
        ("EL", "094259216", "S", "-20.00"),
        ("NL", "820098395B01", "S", "30.00"),
    ]
    assert root.find("{*}IntraListing").get("AmountSum") == "110.00"  # type: ignore[union-attr]
    assert (root.findtext(".//{*}Month"), root.findtext(".//{*}Year")) == ("3", "2026")
    nowhere = [row["number"] for row in cells(made["documents.csv"]) if not row["listing"]]
    assert nowhere == ["F260005"]


def test_nobody_in_the_intra_community_listing_is_no_listing() -> None:
    """Intervat takes none without customers, and nothing has to be filed then."""
    made = read(ListingsFormat().export(build([sale(1, "1", "900.00")], CLIENTS)))
    assert set(made) == {"documents.csv", "intra_community.csv"}
    assert cells(made["intra_community.csv"]) == []


def test_who_files_quarters_gets_a_listing_a_quarter() -> None:
    """With the quarter in the XML, and none for its months."""
    books = build([sale(1, "5", "100.00", "intra_community_goods")], CLIENTS)
    assert ListingsFormat().spans(books.company.model_copy(update={"vat_period": "quarter"})) == ("quarter", "year")
    root = etree.fromstring(
        read(ListingsFormat().export(replace(books, period=quarter_of("2026-03"))))["intra_community_listing.xml"]
    )
    official("NewICO-in_v0_9.xsd").assertValid(root)
    assert (root.findtext(".//{*}Quarter"), root.findtext(".//{*}Year")) == ("1", "2026")


@brisk
@given(books=any_months())
def test_listings_add_up_to_the_return(books: MonthBooks) -> None:
    """Grids 44 and 46 less 48 are the intra-Community listing and what has no number for it; no sale is left out."""
    grids = grid_totals(document_grids(books.vat, books.states))
    rows = document_listings(books.vat, books.states, books.parties).to_pylist()
    abroad = [row for row in rows if row["treatment"] in {"intra_community_goods", "intra_community_services"}]
    zero = Decimal(0)
    assert sum((row["base"] for row in abroad), zero) == (
        grids.get("44", zero) + grids.get("46", zero) - grids.get("48", zero)
    )
    sums: dict[str, Decimal] = {}
    for row in books.vat.to_pylist():
        if row["collection"] == "sales":
            sums[row["document_id"]] = sums.get(row["document_id"], zero) + row["base"]
    for row in rows:
        sums[row["document_id"]] = sums.get(row["document_id"], zero) - row["base"]
    assert not any(sums.values())
    states = books.states.to_pylist()
    exported = {r["document_id"] for r in states if (r["collection"], r["state"]) == ("sales", "exported")}
    assert {row["document_id"] for row in rows} == exported
    assert all(row["listing"] in {"L", "S"} for row in abroad if row["country"] not in {None, "BE"})
