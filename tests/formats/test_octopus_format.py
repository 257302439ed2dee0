"""Octopus's relations: what its manual says of each column, on the file as a spreadsheet library reads it."""

import io
import re
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from kept_months import every_month, exported, with_settings
from months import brisk

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import ExportFile, MonthBooks
from robaws_pipeline.formats.octopus import OctopusFormat
from robaws_pipeline.formats.samples import Document, Party, build

Row = dict[str, Any]


def rows(file: ExportFile) -> list[Row]:
    page = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert page is not None
    assert page.title == "Export relaties"
    head, *found = page.iter_rows(values_only=True)
    return [dict(zip((str(name) for name in head), row, strict=True)) for row in found]


def read(*parties: Party) -> list[Row]:
    documents = [
        Document(str(n), "sales" if party.kind == "client" else "purchases", number=f"F{n}", party_id=party.id)
        for n, party in enumerate(parties)
    ]
    return rows(next(iter(OctopusFormat().export(build(documents, parties)).files)))


def follows_the_manual(file: ExportFile) -> None:
    """The limits that the manual names."""
    if not file.path.endswith(".xlsx"):
        testing.read_utf8(file)
        return
    found = rows(file)
    for row in found:
        assert row["Actief"] == "A"
        assert re.fullmatch(r"\d+", row["Extern relatienummer"])
        assert 1 <= len(row["Naam"]) <= 30
        assert len(row["Straat en nummer"] or "") <= 30
        assert [row["Is klant"], row["Is leverancier"]] in (["ja", None], [None, "ja"])
        if row["BTW plichtigheid"] == "1":
            assert re.fullmatch(r"BE\d{4}\.\d{3}\.\d{3}", row["BTW nummer"])
    assert len({row["Extern relatienummer"] for row in found}) == len(found)


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_it_keeps_its_promises(sample: str) -> None:
    """The kit, with the limits of the manual as the reader, both kinds of file."""

    class Both(OctopusFormat):
        def export(self, books: MonthBooks) -> testing.Export:
            return super().export(with_settings(books, "octopus", files=["xlsx", "csv"]))

    testing.check(Both, sample, follows_the_manual)


@brisk
@given(every_month)
def test_the_parties_are_those_of_the_documents_and_the_rest_is_held(books: MonthBooks) -> None:
    """Relations of documents that are not booked would fill the accountant's file with strangers."""
    found, export = testing.read_export(OctopusFormat(), books)
    named = {
        (party["kind"], party["id"])
        for party in books.parties.to_pylist()
        if (party["name"] or "").strip("\x00 \t\r\n")
    }
    kinds = {"sales": "client", "purchases": "supplier"}
    of = {
        (row["collection"], row["document_id"]): (kinds[row["collection"]], row["party_id"])
        for row in books.states.to_pylist()
    }
    expected = {of[key] for key in exported(books)} & named
    digits = {"client": "1", "supplier": "2"}
    assert {row["Extern relatienummer"] for row in rows(found[0])} == {f"{digits[kind]}{id_}" for kind, id_ in expected}
    assert {(item.collection, item.document_id) for item in export.held} == {
        key for key in exported(books) if of[key] not in expected
    }
    assert {item.code for item in export.held} <= {"octopus_account"}


def test_a_client_and_a_supplier_of_one_id_are_two_relations() -> None:
    """Robaws counts clients and suppliers apart; one external number would merge two companies."""
    found = read(Party("7", "Klant NV"), Party("7", "Leverancier BV", "supplier"))
    assert [(row["Extern relatienummer"], row["Naam"]) for row in found] == [
        ("17", "Klant NV"),
        ("27", "Leverancier BV"),
    ]


@pytest.mark.parametrize(
    ("typed", "number", "liable"),
    [
        ("BE 0999.000.228", "BE0999.000.228", "1"),
        ("0999000228", "BE0999.000.228", "1"),
        ("NL 999999990B35", "NL999999990B35", "4"),
        ("FR40303265045", "FR40303265045", "4"),
        ("CHE-123", "CHE-123", None),
        ("BE 0999.000.229", "BE 0999.000.229", None),
        (None, None, None),
    ],
)
def test_liability_is_told_where_the_number_proves_it(
    typed: str | None, number: str | None, liable: str | None
) -> None:
    """A wrong liability puts invoices in the wrong grid; none makes Octopus ask."""
    (row,) = read(Party("1", vat_number=typed))
    assert row["BTW plichtigheid"] == liable
    assert row["BTW nummer"] == number


def test_names_longer_than_octopus_takes_are_cut_and_listed() -> None:
    """Thirty characters cut many a Belgian name; who was cut must be known."""
    party = Party("1", "Algemene Bouwonderneming Vandenbroucke", street="Burgemeester Van der Lindenstraat 12")
    found, export = testing.read_export(OctopusFormat(), build([Document("1", number="F1")], [party]))
    (row,) = rows(found[0])
    assert row["Naam"] == "Algemene Bouwonderneming Vande"
    assert export.notes == ["2 texts cut to the width of a column: changed_texts.csv lists each"]
    assert found[1].path == "changed_texts.csv"


def test_countries_are_codes() -> None:
    """Robaws has the country as somebody typed it."""
    assert [row["Land"] for row in read(Party("1", country="Nederland"), Party("2", country="Atlantis"))] == [
        "NL",
        None,
    ]
