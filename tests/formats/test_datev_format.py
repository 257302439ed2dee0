"""DATEV's files, read by a reader of such batches that others wrote, and compared with the books to the cent."""

import csv
import io
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from kept_months import booked_on
from mloda.community.feature_groups.experimental.german_ledger.datev import DatevHeader, read_batch
from months import brisk, months, texts

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.datev import DatevFormat
from robaws_pipeline.formats.datev import bookings as batches
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.settings import Company

BATCH, PERSONS = "EXTF_Buchungsstapel_2026-03.csv", "EXTF_DebitorenKreditoren_2026-03.csv"

KEYS = {
    ("sales", "standard", 21): "501", ("sales", "standard", 12): "502", ("sales", "standard", 6): "503",
    ("sales", "reverse_charge", 0): "504", ("sales", "intra_community_services", 0): "505",
    ("sales", "export", 0): "506", ("sales", "exempt", 0): "507",
    ("purchases", "standard", 21): "601", ("purchases", "standard", 12): "602", ("purchases", "standard", 6): "603",
    ("purchases", "reverse_charge", 21): "604", ("purchases", "intra_community_services", 21): "605",
    ("purchases", "export", 0): "606", ("purchases", "exempt", 0): "607",
}  # fmt: skip
"""A key for everything in the generated months, each another."""


def company(**own: Any) -> Company:
    codes = [
        {"collection": collection, "treatment": treatment, "rate": rate, "code": code}
        for (collection, treatment, rate), code in KEYS.items()
    ]
    settings = {"adviser": 29098, "client": 55003, "account_length": 6, "vat_codes": codes, **own}
    return COMPANY.model_copy(update={"format": {"datev": settings}})


class Configured(DatevFormat):
    """With the settings that the format asks for."""

    def export(self, books: MonthBooks) -> Export:
        return super().export(replace(books, company=company()))


def exported(books: MonthBooks, **own: Any) -> tuple[dict[str, bytes], Export]:
    files, export = testing.read_export(DatevFormat(), replace(books, company=company(**own)))
    return {file.path: file.content for file in files}, export


def table(content: bytes, encoding: str = "cp1252") -> list[dict[str, str]]:
    """Rows by column name, from the third line on."""
    _, names, *rows = csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=";", strict=True)
    assert all(len(row) == len(names) for row in rows)
    return [dict(zip(names, row, strict=True)) for row in rows]


def bookings(books: MonthBooks, **own: Any) -> list[dict[str, str]]:
    return table(exported(books, **own)[0][BATCH])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datev")


def legs(folder: Path, content: bytes) -> tuple[DatevHeader, list[dict[str, Any]]]:
    """What the peer reads: two legs a row, debit positive."""
    path = folder / BATCH
    path.write_bytes(content)
    header, columns = read_batch(str(path))
    return header, pa.table({name: values for name, values in columns.items() if values}).to_pylist() if columns[
        "Konto"
    ] else []


def readable(file: ExportFile) -> object:
    if not file.path.startswith("EXTF_"):
        return testing.read_utf8(file)
    first, _ = file.content.decode("cp1252").split("\r\n", 1)
    assert len(next(csv.reader([first], delimiter=";"))) == 31
    return table(file.content)


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_it_keeps_the_promises_of_a_format(sample: str) -> None:
    """Formulas, no parties, numbers that are no numbers: each document is written whole or held with a reason."""
    testing.check(Configured, sample, readable)


@brisk
@given(months())
@example(testing.ordinary())
@example(testing.amounts())
def test_the_peer_reads_the_amounts_of_the_books_on_every_account(folder: Path, books: MonthBooks) -> None:
    """On the person's account what he owes, on the others net and VAT together: every cent, by another's reader."""
    files, export = exported(books)
    _, found = legs(folder, files[BATCH])
    assert all(item.code == "nothing_to_book" for item in export.held)
    persons: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    others = Decimal(0)
    for leg in found:
        if leg["Kontoart"] == "Personenkonto":
            persons["sales" if leg["Konto"][0] == "1" else "purchases", leg["Konto"]] += leg["Betrag"]
        else:
            others += leg["Betrag"]
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for posting in books.postings.to_pylist():
        if posting["kind"] == "party":
            first = 1_000_000 if posting["collection"] == "sales" else 7_000_000
            booked[posting["collection"], str(first + int(posting["party_code"][1:]))] += posting["amount"]
    assert {key: value for key, value in persons.items() if value} == {
        key: value for key, value in booked.items() if value
    }
    assert others == -sum(persons.values())


@brisk
@given(months())
@example(testing.ordinary())
def test_what_stands_under_a_key_is_its_base_and_its_vat(folder: Path, books: MonthBooks) -> None:
    """DATEV works the VAT out of the amount by the key: base and VAT under another one are another return."""
    files, export = exported(books)
    _, found = legs(folder, files[BATCH])
    by_key: dict[str, Decimal] = defaultdict(Decimal)
    for leg in found:
        if leg["Leg"] == "K":
            by_key[leg["BU-Schlüssel"]] += leg["Betrag"]
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in books.vat.to_pylist():
        if (row["collection"], row["document_id"]) in export.documents:
            key = KEYS[row["collection"], row["treatment"], int(row["rate"] or row["self_assessed_rate"])]
            expected[key] += (row["base"] + row["vat"]) * (1 if row["collection"] == "sales" else -1)
    assert {key: value for key, value in by_key.items() if value} == {
        key: value for key, value in expected.items() if value
    }


@brisk
@given(months())
def test_amounts_are_positive_and_a_document_has_a_row_for_each_rate_and_account(books: MonthBooks) -> None:
    """DATEV refuses a negative amount and one of zero; two rows where one does are two open items."""
    rows = bookings(books)
    assert all(re.fullmatch(r"\d{1,10},\d\d", row["Umsatz (ohne Soll/Haben-Kz)"]) for row in rows)
    assert all(Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", ".")) > 0 for row in rows)
    keys = [(row["Beleginfo - Inhalt 1"], row["BU-Schlüssel"], row["Gegenkonto (ohne BU-Schlüssel)"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_a_credit_note_turns_the_side_and_never_the_sign() -> None:
    """The commonest fault of such exports: a refund booked as a second invoice."""
    lines = (Line(Decimal("1000.00")), Line(Decimal("250.50"), rate=6), Line(Decimal("-20.00"), account="700900"))
    names = ("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel")
    invoice, note = (
        [
            tuple(row[name] for name in names)
            for row in bookings(build([Document("1", type=kind, number="1", lines=lines)]))
        ]
        for kind in ("INVOICE", "CREDIT_NOTE")
    )
    assert invoice == [
        ("265,53", "S", "700000", "503"),
        ("1210,00", "S", "700000", "501"),
        ("24,20", "H", "700900", "501"),
    ]
    assert [(amount, {"S": "H", "H": "S"}[side], *rest) for amount, side, *rest in note] == invoice


def test_vat_is_rounded_once_a_rate_and_shared_by_the_accounts() -> None:
    """Rounded on each account the rows would miss the invoice by a cent, and the open item would never close."""
    lines = tuple(Line(Decimal("0.10"), account=f"70000{number}") for number in range(5))
    rows = bookings(build([Document("1", number="1", lines=lines)]))
    amounts = [Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", ".")) for row in rows]
    assert sum(amounts) == Decimal("0.61")  # 0.50 and 21 %, half up; five times 0.02 would be 0.60
    assert set(amounts) == {Decimal("0.12"), Decimal("0.13")}


def test_a_rounding_difference_of_robaws_has_a_row_of_its_own_without_a_key() -> None:
    """What the customer was asked for must be what he owes, to the cent."""
    books = build([Document("1", number="1")])
    rows = books.postings.to_pylist()
    rows[0]["amount"] += Decimal("0.01")
    rounding = {**rows[0], "kind": "rounding", "account": "658000", "amount": Decimal("-0.01"), "posting_no": 4}
    cent = replace(books, postings=pa.Table.from_pylist([*rows, rounding], books.postings.schema))
    found = [
        (row["Umsatz (ohne Soll/Haben-Kz)"], row["Gegenkonto (ohne BU-Schlüssel)"], row["BU-Schlüssel"])
        for row in bookings(cent)
    ]
    assert sorted(found) == [("0,01", "658000", ""), ("121,00", "700000", "501")]
    wrong = replace(books, postings=pa.Table.from_pylist(rows, books.postings.schema))
    _, export = exported(wrong)
    assert [(item.code, item.detail) for item in export.held] == [("datev_totals", "its rows differ by -0.01")]


def test_header_and_columns_are_those_of_version_13(folder: Path) -> None:
    """A field too few in the header and the whole file is refused."""
    books = testing.ordinary()
    files, _ = exported(books, chart="03", initials="AB", finalised=True)
    header, _ = legs(folder, files[BATCH])
    assert (header.berater, header.mandant, header.sachkontenlaenge, header.skr) == ("29098", "55003", 6, "03")
    assert (str(header.datum_von), str(header.datum_bis), header.festschreibung) == ("2026-03-01", "2026-03-31", True)
    first, names, *rows = files[BATCH].decode("cp1252").split("\r\n")
    assert first == (
        '"EXTF";700;21;"Buchungsstapel";13;20260331000000000;;"RB";"";"";29098;55003;20260101;6;20260301;20260331;'
        '"Robaws 2026-03";"AB";1;0;1;"EUR";;"";;;"03";;;"";""'
    )
    columns = names.split(";")
    assert len(columns) == 125
    assert [columns[place - 1] for place in (1, 20, 37, 40, 114, 117, 119, 125)] == [
        "Umsatz (ohne Soll/Haben-Kz)", "Beleglink", "KOST1 - Kostenstelle", "EU-Land u. UStID (Bestimmung)",
        "Festschreibung", "Fälligkeit", "Steuersatz", "Abw. Skontokonto",
    ]  # fmt: skip
    assert rows[-1] == ""
    master, names, *_ = files[PERSONS].decode("cp1252").split("\r\n")
    assert master.startswith('"EXTF";700;16;"Debitoren/Kreditoren";5;')
    assert len(next(csv.reader([master], delimiter=";"))) == 31
    assert len(names.split(";")) == 254


def test_texts_are_quoted_also_when_empty_and_numbers_never() -> None:
    """DATEV takes an unquoted text for a number and refuses the row."""
    (row,) = exported(build([Document("1", number="F1")]))[0][BATCH].decode("cp1252").split("\r\n")[2:-1]
    fields = row.split(";")
    assert fields[:16] == [
        "121,00", '"S"', '"EUR"', "", "", '""', "1000001", "700000", '"501"', "0503", '"F1"', '"040426"', "",
        '"Klant NV"', "", '""',
    ]  # fmt: skip
    assert (fields[113], fields[116], fields[117]) == ("0", "04042026", '""')


def test_the_book_year_of_the_company_is_the_one_of_the_header() -> None:
    """A batch in another book year is refused."""
    books = replace(testing.ordinary(), company=company().model_copy(update={"book_year_begins": 7}))
    files, _ = testing.read_export(DatevFormat(), books)
    assert all(file.content.decode("cp1252").split(";")[12] == "20250701" for file in files)


def test_customers_and_suppliers_are_those_of_the_batch_with_accounts_one_digit_longer() -> None:
    """Somebody else's address in the file is a privacy matter; a person account of the wrong length is refused."""
    parties = [Party("1", "Müller GmbH", vat_number="DE136695976", country="DE"), Party("2", "Niet in deze maand"),
               Party("1", "Leverancier BV", "supplier")]  # fmt: skip
    documents = [Document("1", number="1"), Document("1", "purchases", number="A1", supplier_number="2026/118")]
    files, _ = exported(build(documents, parties))
    names = ("Konto", "Name (Adressatentyp Unternehmen)", "EU-Land", "EU-USt-IdNr.", "Land", "Nummer Fremdsystem")
    assert [tuple(row[name] for name in names) for row in table(files[PERSONS])] == [
        ("1000001", "Müller GmbH", "DE", "136695976", "DE", "C1"),
        ("7000001", "Leverancier BV", "BE", "0999000228", "BE", "S1"),
    ]
    assert {row["Konto"]: row["Belegfeld 1"] for row in table(files[BATCH])} == {"1000001": "1", "7000001": "2026/118"}


def test_whoever_has_held_documents_only_is_not_in_the_file() -> None:
    """The accountant must not find customers without a booking, nor their addresses."""
    documents = [Document("1", number="1"), Document("2", number="2", party_id="2", lines=(Line(Decimal(1), rate=0),))]
    files, export = exported(build(documents, [Party("1"), Party("2")]))
    assert [item.document_id for item in export.held] == ["2"]
    assert [row["Konto"] for row in table(files[PERSONS])] == ["1000001"]


def test_accounts_outside_their_range_hold_and_ranges_can_be_set() -> None:
    """A customer on a supplier's account would be found by nobody."""
    books = build([Document("1", number="1", party_id="60001")], [Party("60001", "Klant")])
    _, export = exported(books, account_length=4)
    assert [item.detail for item in export.held if item.code == "datev_account"] == [
        "700000 is not one to 4 digits", "Klant would be 70001, outside 10000 to 69999",
    ]  # fmt: skip
    assert {row["Konto"] for row in bookings(books, customers_from=2_000_000)} == {"2060001"}
    numbered = books.parties.set_column(books.parties.schema.get_field_index("number"), "number", pa.array(["1000555"]))
    assert {row["Konto"] for row in bookings(replace(books, parties=numbered), person_accounts="number")} == {"1000555"}
    _, export = exported(books, person_accounts="number")
    assert [item.detail for item in export.held] == ["Klant has no number that is an account"]


def test_an_unmapped_key_holds_the_document_here_only_until_the_settings_have_it() -> None:
    """Belgian VAT has no key of DATEV's own; the adviser sets one up for the client."""
    books = build([Document("1", number="1"), Document("2", number="2", lines=(Line(Decimal(100), rate=19),))])
    _, export = exported(books, vat_codes=[])
    assert [(item.document_id, item.code, item.detail) for item in export.held] == [
        ("1", "datev_vat_code", "sales, standard, 21 % (invoice)")
    ]
    (row,) = bookings(books, vat_codes=[])
    assert (row["BU-Schlüssel"], row["Umsatz (ohne Soll/Haben-Kz)"]) == ("3", "119,00")
    assert {row["BU-Schlüssel"] for row in bookings(books)} == {"501", "3"}


def test_an_automatic_account_has_no_key_and_needs_none() -> None:
    """A key on top of the account's own function is refused."""
    books = build([Document("1", number="1")])
    (row,) = bookings(books, vat_codes=[], automatic_accounts=["700000"])
    assert (row["BU-Schlüssel"], row["Umsatz (ohne Soll/Haben-Kz)"]) == ("", "121,00")


def test_a_key_that_depends_on_what_was_bought_holds_a_document_with_both() -> None:
    """A line does not say which of the two it is; the wrong key would be a wrong return."""
    books = build([Document("1", "purchases", number="A1", lines=(Line(Decimal(10)), Line(Decimal(20))))])
    (row,) = books.vat.to_pylist()
    halves = [
        {**row, "base": Decimal(15), "vat": Decimal("3.15"), "nature": nature} for nature in ("goods", "services")
    ]
    mixed = replace(books, vat=pa.Table.from_pylist(halves, books.vat.schema))
    common = {"collection": "purchases", "treatment": "standard", "rate": 21}
    _, export = exported(
        mixed, vat_codes=[{**common, "nature": "goods", "code": "1"}, {**common, "nature": "services", "code": "2"}]
    )
    assert [item.detail for item in export.held] == [
        "purchases, standard, 21 %, goods (invoice); purchases, standard, 21 %, services (invoice)"
    ]
    assert {row["BU-Schlüssel"] for row in bookings(mixed)} == {"601"}


def test_a_batch_of_too_many_rows_is_split_between_documents(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Half of a document in another file is half an open item."""
    monkeypatch.setattr(batches, "MOST_ROWS", 5)
    lines = (Line(Decimal(10)), Line(Decimal(20), rate=6))
    books = build([Document(str(number), number=f"F{number}", lines=lines) for number in range(1, 8)])
    files, export = exported(books)
    names = [path for path in files if "Buchungsstapel" in path]
    assert names == [BATCH, *(f"EXTF_Buchungsstapel_2026-03_{part}.csv" for part in (2, 3, 4))]
    seen: dict[str, set[str]] = defaultdict(set)
    for name in names:
        legs(folder, files[name])
        rows = table(files[name])
        assert len(rows) <= 5
        for row in rows:
            seen[row["Beleginfo - Inhalt 1"]].add(name)
    assert seen == {f"sales {document}": set(paths) for (_, document), paths in export.documents.items()}
    assert all(len(paths) == 1 for paths in seen.values())


@brisk
@given(texts, texts)
def test_texts_come_back_in_characters_that_datev_takes(name: str, number: str) -> None:
    """A quote in a name must not end the field; a number with a space is refused."""
    books = build([Document("1", number=f"F{number}")], [Party("1", name)])
    files, _ = exported(books)
    (row,) = table(files[BATCH])
    assert re.fullmatch(r"[A-Za-z0-9$%&*+/-]{1,36}", row["Belegfeld 1"])
    (person,) = table(files[PERSONS])
    assert person["Name (Adressatentyp Unternehmen)"] == row["Buchungstext"]
    if name.isascii() and name.isprintable():
        assert row["Buchungstext"] == name


def test_the_vat_number_stands_on_sales_to_the_union_only_and_projects_when_asked() -> None:
    """The recapitulative statement is made of these numbers."""
    lines = (Line(Decimal(10), "intra_community_services", 0), Line(Decimal(20)))
    books = build([Document("1", number="1", lines=lines)], [Party("1", vat_number="DE136695976", country="DE")])
    found = {row["BU-Schlüssel"]: row["EU-Land u. UStID (Bestimmung)"] for row in bookings(books)}
    assert found == {"505": "DE136695976", "501": ""}
    position = books.postings.schema.get_field_index("project_id")
    projects = books.postings.set_column(position, "project_id", pa.array(["P7"] * len(books.postings)))
    assert {row["KOST1 - Kostenstelle"] for row in bookings(replace(books, postings=projects))} == {""}
    assert {row["KOST1 - Kostenstelle"] for row in bookings(replace(books, postings=projects), cost_centres=True)} == {
        "P7"
    }


@brisk
@given(months())
def test_the_order_of_the_tables_does_not_matter(books: MonthBooks) -> None:
    """Same data, same bytes: also when another version of the engine returns rows in another order."""
    tables = ("documents", "states", "vat", "postings", "parties")

    def backwards(rows: pa.Table) -> pa.Table:
        return rows.take(pa.array(range(len(rows) - 1, -1, -1), pa.int64()))

    turned = replace(books, **{name: backwards(getattr(books, name)) for name in tables})
    assert exported(turned)[0] == exported(books)[0]


def test_what_the_settings_lack_is_said_before_anything_runs() -> None:
    """Without the adviser's number no file is accepted; nobody can guess it."""
    bare = COMPANY.model_copy(update={"formats": ("datev",)})
    assert list(registry.settings_problems(bare)) == [
        "format datev: format.datev.adviser (Beraternummer) is missing: ask the tax adviser for it",
        "format datev: format.datev.client (Mandantennummer) is missing: ask the tax adviser for it",
        "format datev: accounts.rounding = '658000': DATEV takes up to 4 digits (format.datev.account_length): "
        "write the account of the adviser's chart",
    ]
    assert list(DatevFormat().missing_settings(company(customers_from=10_000))) == [
        "format.datev.customers_from = 10000: with accounts of 6 digits, those of customers and suppliers are "
        "1000000 to 9999999"
    ]
    wrong = company(adviser=5, vat_codes=[{"collection": "sales", "treatment": "export", "code": "A1"}])
    problems = list(registry.settings_problems(wrong.model_copy(update={"formats": ("datev",)})))
    assert [problem.split(" = ")[0] for problem in problems] == [
        "format.datev.adviser",
        "format.datev.vat_codes.0.code",
    ]


def test_a_document_that_came_late_is_booked_on_the_open_day_or_held_when_that_is_in_another_year() -> None:
    """Booked on its own date it would be in a closed period; the batch is of one book year, and refuses other days."""
    both = build([Document("1", number="F1"), Document("2", number="F2")])
    books = booked_on(both, "1", date(2026, 4, 2))
    assert {row["Belegfeld 1"]: row["Belegdatum"] for row in bookings(books)} == {"F1": "0204", "F2": "0503"}
    head = exported(books)[0][BATCH].decode("cp1252").split("\r\n")[0].split(";")
    assert head[14:16] == ["20260301", "20260402"]
    files, export = exported(booked_on(both, "1", date(2027, 1, 2)))
    assert [(item.document_id, item.code) for item in export.held] == [("1", "datev_year")]
    assert [row["Belegfeld 1"] for row in table(files[BATCH])] == ["F2"]
    assert files[BATCH].decode("cp1252").split(";")[15] == "20260331"
