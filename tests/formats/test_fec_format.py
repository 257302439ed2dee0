"""The FEC: the rules of the law, restated in `fec_rules`, and a public reader's sums."""

import io
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from fec_parser.analyzer import FECAnalyzer
from fec_parser.parser import FECParser
from fec_rules import Row, euro, faults, rows
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kept_months import booked_on, every_month, exported, kept, posted, with_settings
from months import lines

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import ExportFile, MonthBooks
from robaws_pipeline.formats.fec import FecFormat
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.periods import book_year_of

SIREN = "732829320"
NAME = f"{SIREN}FEC20260331.txt"
some = settings(max_examples=8, deadline=None)


def files(books: MonthBooks, **own: object) -> dict[str, bytes]:
    return {
        file.path: file.content for file in FecFormat().export(with_settings(books, "fec", siren=SIREN, **own)).files
    }


def read(books: MonthBooks, **own: object) -> list[Row]:
    return rows(files(books, **own)[NAME])


def strict(file: ExportFile) -> None:
    if file.path.endswith(".txt"):
        assert not faults(rows(file.content), NAME)
    else:
        testing.read_utf8(file)


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_it_keeps_its_promises(sample: str) -> None:
    """The kit, with the rules of the law as the reader of each file."""
    testing.check(FecFormat, sample, strict)


@some
@given(every_month)
@example(kept(testing.ordinary()))
@example(kept(testing.amounts()))
def test_the_file_follows_the_law_and_has_every_posting(books: MonthBooks) -> None:
    """The French administration refuses a file for one empty column; a posting lost is worse and nobody sees it."""
    found = read(books)
    assert not faults(found, NAME)
    amounts = Counter((row["JournalCode"], row["CompteNum"], euro(row["Debit"]) - euro(row["Credit"])) for row in found)
    assert amounts == posted(books)


@some
@given(every_month)
def test_a_public_reader_finds_no_fault_and_the_same_sums(books: MonthBooks) -> None:
    """A second reader that we did not write must come to the same cents, account by account."""
    content = files(books)[NAME]
    parser = FECParser.from_bytesio(io.BytesIO(content), NAME)
    assert parser.parse() == []
    sums: Counter[tuple[str, str]] = Counter()
    for entry in parser.get_ecritures():
        sums[entry.journal_code, entry.compte_num] += entry.debit - entry.credit
    expected: Counter[tuple[str, str]] = Counter()
    for row in books.postings.to_pylist():
        expected[row["journal"], row["account"]] += row["amount"]
    assert +sums == +expected
    assert -sums == -expected


def test_the_public_analysis_comes_to_the_result_of_the_month() -> None:
    """What an analyst's tool calls the result is revenue less costs of the books."""
    analysis = FECAnalyzer()
    analysis.parse(io.BytesIO(files(testing.ordinary())[NAME]))
    result = -sum(
        row["amount"] for row in testing.ordinary().postings.to_pylist() if row["account"].startswith(("6", "7"))
    )
    assert analysis.indicateurs.compute_resultat_net() == result


@some
@given(st.sampled_from(("sales", "purchases")), st.data())
def test_a_credit_note_swaps_the_sides_of_its_invoice(collection: str, data: st.DataObject) -> None:
    """A negative debit is legal and wrong in most programs; a sign lost is a debt turned round."""
    made = data.draw(st.lists(lines(collection), min_size=1, max_size=4))

    def sides(kind: str) -> list[tuple[str, str, str]]:
        found = read(build([Document("1", collection, kind, "X1", lines=made)]))
        return [(row["CompteNum"], row["Debit"], row["Credit"]) for row in found]

    assert sides("CREDIT_NOTE") == [(account, credit, debit) for account, debit, credit in sides("INVOICE")]


def test_customers_and_suppliers_are_on_their_own_postings_only() -> None:
    """An auxiliary account on a revenue line would put revenue in the customer's ledger."""
    found = read(testing.ordinary())
    assert {(row["CompteNum"], row["CompAuxNum"], row["CompAuxLib"]) for row in found if row["CompAuxNum"]} == {
        ("400000", "C1", "Klant NV"),
        ("440000", "S1", "Leverancier BV"),
    }


def test_the_piece_is_the_suppliers_number_on_purchases() -> None:
    """An auditor looks for the paper, which bears the supplier's number and not ours."""
    pieces = {(row["JournalCode"], row["PieceRef"]) for row in read(testing.ordinary())}
    assert {("AK", "2026/118"), ("VK", "F260001")} <= pieces
    assert "901" in {row["PieceRef"] for row in read(testing.awkward_numbers())}, "without a number, Robaws's id"


def test_an_account_that_no_fec_can_have_holds_its_document_and_leaves_no_gap() -> None:
    """The account must begin with three digits; numbers must be continuous without the document that stays out."""
    numbers = ("70", "VERKOOP", "700000")
    books = build(
        [Document(str(n), number=f"F{n}", lines=(Line(Decimal(5), account=a),)) for n, a in enumerate(numbers)]
    )
    found, export = testing.read_export(FecFormat(), with_settings(books, "fec", siren=SIREN))
    assert [(item.document_id, item.code) for item in export.held] == [("0", "fec_account"), ("1", "fec_account")]
    assert "70" in export.held[0].detail
    left = rows(found[0].content)
    assert {row["EcritureNum"] for row in left} == {"2026-03-00001"}
    assert not faults(left, NAME)


def test_a_document_of_nothing_but_zeros_is_held() -> None:
    """There is no line to write for it, and silence would look like a lost document."""
    books = build([Document("1", number="F1", lines=(Line(Decimal("0.00")),)), Document("2", number="F2")])
    _, export = testing.read_export(FecFormat(), books)
    assert [(item.document_id, item.code) for item in export.held] == [("1", "nothing_to_book")]
    assert set(export.documents) == exported(books) - {("sales", "1")}


def test_a_document_that_came_late_has_the_date_that_it_is_booked_on() -> None:
    """The entry is of April, the paper of March; one of another year is no entry of this file."""
    books = build([Document(str(number), number=f"F{number}", day=number) for number in (1, 2, 3)])
    late = booked_on(booked_on(books, "1", date(2026, 4, 1)), "2", date(2027, 1, 1))
    year = replace(with_settings(late, "fec", siren=SIREN), period=book_year_of("2026-03"))
    found, export = testing.read_export(FecFormat(), year)
    assert [(item.document_id, item.code) for item in export.held] == [("2", "fec_year")]
    entries = rows(found[0].content)
    assert not faults(entries, found[0].path)
    assert {(row["PieceRef"], row["PieceDate"], row["EcritureDate"], row["EcritureNum"]) for row in entries} == {
        ("F3", "20260303", "20260303", "2026-03-00001"),
        ("F1", "20260301", "20260401", "2026-03-00002"),
    }


def moved(books: MonthBooks, month: str, suffix: str) -> MonthBooks:
    """The same documents a month on, under other ids."""

    def table(name: str, id_column: str) -> pa.Table:
        found = []
        for row in getattr(books, name).to_pylist():
            day = {name: row[name].replace(month=int(month[5:])) for name in ("date", "booking_date") if row.get(name)}
            found.append(row | day | {"month": month, id_column: f"{row[id_column]}{suffix}"})
        return pa.Table.from_pylist(found, schema=getattr(books, name).schema)

    tables = {name: table(name, "document_id") for name in ("states", "vat", "postings", "lines")}
    return replace(books, documents=table("documents", "id"), **tables)


def test_a_book_year_is_one_file_in_which_entries_keep_their_numbers() -> None:
    """Who has the month's file and the year's must find an entry under one number."""
    march, april = testing.ordinary(), moved(testing.ordinary(), "2026-04", "a")
    names = ("documents", "states", "vat", "postings", "lines")
    both = {name: pa.concat_tables([getattr(march, name), getattr(april, name)]) for name in names}
    year = files(replace(march, period=book_year_of("2026-03"), **both))
    (path,) = year
    assert path == f"{SIREN}FEC20261231.txt"
    found = rows(year[path])
    assert not faults(found, path)
    assert [row for row in found if row["EcritureDate"].startswith("202603")] == read(march)
    assert {row["EcritureNum"][:7] for row in found} == {"2026-03", "2026-04"}


@pytest.mark.parametrize(
    ("vat_number", "own", "name", "told"),
    [
        ("FR40303265045", {}, "303265045FEC20260331.txt", False),
        ("FR40303265045", {"siren": "732 829 320"}, NAME, False),
        ("BE0999000129", {}, "BE0999000129FEC20260331.txt", True),
    ],
)
def test_the_file_is_named_after_the_siren(vat_number: str, own: dict[str, str], name: str, told: bool) -> None:
    """A checker reads number and closing date from the name; a company without SIREN is told that it has none."""
    company = COMPANY.model_copy(update={"vat_number": vat_number, "format": {"fec": own}})
    found, export = testing.read_export(FecFormat(), replace(testing.ordinary(), company=company))
    assert [file.path for file in found] == [name]
    assert any("SIREN" in note for note in export.notes) == told


def test_pipes_between_columns_are_never_pipes_in_them() -> None:
    """The file has no quotes: a separator in a text would shift every column after it."""
    books = build([Document("1", number="F1", lines=(Line(Decimal(5), description="a|b\tc"),))])
    texts = {row["EcritureLib"] for row in rows(files(books, separator="pipe")[NAME], separator="|")}
    assert "a/b c" in texts
    assert "a|b c" in {row["EcritureLib"] for row in read(books)}


def test_the_old_encoding_reports_what_it_lacks_and_leaves_no_column_empty() -> None:
    """ISO 8859-15 has no Ł and no accent without a letter: the text changes, and somebody must know."""
    books = build(
        [Document("1", number="F1", lines=(Line(Decimal(5), description="\u0301"),))], [Party("1", "Łódź é €")]
    )
    found, export = testing.read_export(FecFormat(), with_settings(books, "fec", siren=SIREN, encoding="iso-8859-15"))
    written = rows(found[0].content, "iso-8859-15")
    assert {row["CompAuxLib"] for row in written} == {"", "Lódz é €"}
    assert not faults(written, NAME)
    assert found[1].path == "changed_texts.csv"
    assert any("replaced" in note for note in export.notes)


def test_settings_that_cannot_be_used_are_told_before_anything_runs() -> None:
    """A mistyped SIREN would name the file after somebody else."""
    company = COMPANY.model_copy(update={"formats": ("fec",), "format": {"fec": {"siren": "732829321"}}})
    (problem,) = registry.settings_problems(company)
    assert "format.fec.siren" in problem
    assert "check digit" in problem
    assert FecFormat().spans(COMPANY) == ("month", "year")
