"""The workbook: every figure is the books' own, every formula gives it again, and no document is forgotten."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from months import brisk, months
from workbook_reader import FIRST, Read, Value

from robaws_pipeline.books.findings import Finding
from robaws_pipeline.books.vat_return import GRIDS, document_grids, grid_totals
from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import ExportFile, MonthBooks
from robaws_pipeline.formats.manifest import begin
from robaws_pipeline.formats.samples import Document, Line, build
from robaws_pipeline.formats.workbook import WORDS, WorkbookFormat, sheets
from robaws_pipeline.reasons import Language, describe, lookup

EN = WORDS["en"]
few = settings(brisk, max_examples=8)
"""Reading a workbook back takes half a second."""
LANGUAGES: tuple[Language, ...] = get_args(Language)


def read(books: MonthBooks) -> Read:
    """The workbook of these books."""
    (file,) = WorkbookFormat().export(books).files
    assert file.path == "books.xlsx"
    return Read(file.content)


@cache
def sample(name: str) -> tuple[MonthBooks, Read]:
    """One of the months that every format must cope with."""
    books = testing.SAMPLES[name]()
    return books, read(books)


def in_language(books: MonthBooks, language: Language) -> MonthBooks:
    return dataclasses.replace(books, company=books.company.model_copy(update={"language": language}))


def opened(file: ExportFile) -> object:
    return Read(file.content)


@pytest.mark.parametrize("name", testing.SAMPLES)
def test_it_keeps_the_promises_of_a_format(name: str) -> None:
    """Same bytes each time, every document accounted for, and a spreadsheet library opens it."""
    testing.check(WorkbookFormat, name, read=opened)


def side(row: Mapping[str, Value]) -> Decimal:
    """A posting's amount, debit positive."""
    debit, credit = row[EN["debit"]], row[EN["credit"]]
    assert (debit is None) != (credit is None)
    return debit if isinstance(debit, Decimal) else -Decimal(str(credit))


@pytest.mark.parametrize("name", ["ordinary", "credit_notes", "amounts", "sparse"])
def test_every_amount_is_that_of_the_books_to_the_cent(name: str) -> None:
    """An accountant books from this sheet: the largest amount must arrive as exactly as the smallest."""
    books, book = sample(name)
    postings = Counter(
        (row["collection"], row["document_id"], row["account"], row["amount"], row["vat_base"])
        for row in books.postings.to_pylist()
    )
    kinds = {EN["sales"]: "sales", EN["purchases"]: "purchases"}
    assert postings == Counter(
        (kinds[str(row[EN["collection"]])], row[EN["id"]], row[EN["account"]], side(row), row[EN["base"]])
        for row in book.table(EN["journal"])
    )
    documents = {
        (row["collection"], row["document_id"]): (row["net"], row["vat"], row["gross"], EN[row["state"]], row["date"])
        for row in books.states.to_pylist()
    }
    names = ("net", "vat_amount", "gross", "state", "date")
    assert documents == {
        (kinds[str(row[EN["collection"]])], row[EN["id"]]): tuple(row[EN[name]] for name in names)
        for row in book.table(EN["documents"])
    }
    grids = Counter(
        (row["grid"] or EN["no_grid"], row["document_id"], row["amount"])
        for row in document_grids(books.vat, books.states).to_pylist()
    )
    found = Counter((row[EN["grid"]], row[EN["id"]], row[EN["amount"]]) for row in book.table(EN["vat_documents"]))
    assert grids <= found
    assert {amount for _, _, amount in found - grids} <= {Decimal(0)}


@few
@given(months())
def test_formulas_calculated_anew_give_what_the_file_says_they_give(books: MonthBooks) -> None:
    """A program that shows the stored values and one that calculates must show one figure."""
    book = read(books)
    formulas = list(book.with_formula())
    assert len(formulas) > 100
    for sheet, cell, formula in formulas:
        assert book.calculate(sheet, cell) == book.cached(sheet, cell), (sheet, cell, formula)


@few
@given(months())
def test_the_reconciliation_is_the_manifests_totals_and_leaves_nothing(books: MonthBooks) -> None:
    """Robaws total − exported − held − draft − deleted = 0.00, for number, net, VAT and gross."""
    book = read(books)
    totals = begin(books, "", "")["totals"]
    rows = reconciliation(book)
    assert len(rows) == 16
    for (collection, kind, figure), row in rows.items():
        states = totals[collection][kind]
        assert row["difference"] == 0
        assert row["robaws"] == sum(Decimal(states[state][figure]) for state in states)
        for state, sums in states.items():
            assert row[state] == Decimal(sums[figure]), (collection, kind, figure, state)


def reconciliation(book: Read) -> dict[tuple[str, str, str], dict[str, Decimal]]:
    """The rows of the overview's reconciliation, calculated, in codes."""
    sheet = book.sheet(EN["overview"])
    codes = {EN[key]: key for key in ("sales", "purchases", "INVOICE", "CREDIT_NOTE", "other_type")}
    figures = {EN["count"]: "count", EN["net"]: "net", EN["vat_amount"]: "vat", EN["gross"]: "gross"}
    found = {}
    for number in range(1, sheet.max_row + 1):
        collection, kind, figure = (sheet.cell(number, column).value for column in (1, 2, 3))
        if collection in codes and figure in figures:
            cells = dict(zip(("robaws", "exported", "held", "draft", "deleted", "difference"), "DEFGHI", strict=True))
            found[codes[collection], codes[kind], figures[figure]] = {
                name: Decimal(str(book.calculate(EN["overview"], f"{column}{number}")))
                for name, column in cells.items()
            }
    return found


def test_a_document_that_the_books_lost_or_changed_shows_as_a_difference() -> None:
    """A reconciliation of figures with themselves is always right; this one adds up what Robaws says, apart."""
    books = testing.ordinary()
    lost = books.states.filter(pc.not_equal(books.states["document_id"], "13"))
    row = reconciliation(read(dataclasses.replace(books, states=lost)))["sales", "CREDIT_NOTE", "gross"]
    assert (row["robaws"], row["exported"], row["difference"]) == (Decimal(-121), 0, Decimal(-121))
    twice = pa.concat_tables([books.states, books.states.slice(0, 1)])
    row = reconciliation(read(dataclasses.replace(books, states=twice)))["sales", "INVOICE", "count"]
    assert row["difference"] == -1


def test_a_type_that_robaws_made_up_and_an_amount_beyond_sense_are_in_the_reconciliation() -> None:
    """The worst documents are the ones that must not be forgotten."""
    documents = [
        Document("1", type="PROFORMA*", state="held", reasons=[("unknown_type", "x")]),
        Document("2", state="held", lines=(Line(None),), reasons=[("total_missing", "x")]),
    ]
    rows = reconciliation(read(build(documents)))
    assert rows["sales", "other_type", "gross"]["held"] == Decimal(121)
    assert rows["sales", "INVOICE", "count"]["held"] == 1
    assert {row["difference"] for row in rows.values()} == {Decimal(0)}


@pytest.mark.parametrize("name", ["ordinary", "credit_notes", "amounts"])
def test_the_vat_return_is_the_sum_of_its_documents(name: str) -> None:
    """Each grid by formula from the documents behind it, the balance by formula from the grids."""
    books, book = sample(name)
    totals = grid_totals(document_grids(books.vat, books.states))
    found = {row[EN["grid"]]: row for row in book.table(EN["vat"]) if row[EN["grid"]] in GRIDS}
    assert list(found) == list(GRIDS)
    for place, grid in enumerate(GRIDS):
        assert book.calculate(EN["vat"], f"C{FIRST + place}") == totals.get(grid, Decimal(0)), grid


def test_open_questions_are_told_in_words_with_what_to_do() -> None:
    """The list that somebody works through: nothing that is known may stay in a log."""
    finding = Finding("number_gap", "2026-03", "sales", "11", "F260001", "F259999 ontbreekt, na F259998")
    books = build(
        [
            Document("11", number="F260001", party_id="404"),
            Document("12", number="F260002", state="held", reasons=[("net_differs", "9"), ("vat_differs", "8")]),
            Document("13", number="F260003", lines=(Line(Decimal("5.00"), "outside_scope", 0),)),
            Document("14", number="F260004", state="held"),
        ]
    )
    books = dataclasses.replace(in_language(books, "nl"), findings=(finding,), not_read=("purchases",))
    words = WORDS["nl"]
    table = read(books).table(words["questions"])
    told = {(row[words["code"]], row[words["number"]]): row for row in table}
    assert list(told) == [
        ("not_read", None),
        ("net_differs", "F260002"),
        ("vat_differs", "F260002"),
        (None, "F260004"),
        ("number_gap", "F260001"),
        ("no_grid", "F260003"),
        ("no_party", "F260001"),
    ]
    held = told["net_differs", "F260002"]
    assert held[words["description"]] == describe("net_differs", "9", "nl")
    assert held[words["remedy"]] == lookup("net_differs", "nl").remedy
    assert (held[words["question"]], held[words["gross"]]) == ("Aangehouden: niet geboekt", Decimal(121))
    assert told["number_gap", "F260001"][words["description"]] == finding.detail
    assert told["no_grid", "F260003"][words["description"]].startswith("5,00 (buiten toepassing van btw)")  # type: ignore[union-attr]
    assert "aankoop" in str(told["not_read", None][words["collection"]]).lower()


def test_rounding_differences_that_were_booked_are_listed_and_added_up() -> None:
    """A cent on every document is a setting that is wrong; somebody has to see them together."""
    books = build([Document("1", number="F1"), Document("2", number="F2")])
    rounded = [
        {**books.postings.slice(0, 1).to_pylist()[0], "document_id": id_, "number": f"F{id_}", "posting_no": 9}
        | {"kind": "rounding", "account": "658000", "amount": Decimal(amount)}
        for id_, amount in (("1", "0.01"), ("2", "-0.02"))
    ]
    postings = pa.concat_tables([books.postings, pa.Table.from_pylist(rounded, books.postings.schema)])
    book = read(dataclasses.replace(books, postings=postings))
    rows = [(row[EN["number"]], row[EN["account"]], row[EN["amount"]]) for row in book.table(EN["rounding"])]
    assert rows == [("F1", "658000", Decimal("0.01")), ("F2", "658000", Decimal("-0.02"))]
    assert book.calculate(EN["rounding"], "F3") == Decimal("-0.01")
    assert [row[EN["number"]] for row in book.table(EN["questions"])] == ["F1", "F2"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_all_in_the_language_of_the_company(language: Language) -> None:
    """Half a translation is worse than none: no word of another language, no code where a word belongs."""
    words = WORDS[language]
    book = read(in_language(testing.ordinary(), language))
    shown = {
        str(cell)
        for name in book.names
        for row in book.sheet(name).iter_rows(values_only=True)
        for cell in row
        if isinstance(cell, str)
    }
    sheet_words = ("overview", "questions", "vat", "vat_documents", "documents", "journal", "rounding", "parties")
    assert book.names == [words[key] for key in sheet_words]
    others = {text for other in LANGUAGES if other != language for text in WORDS[other].values()}
    assert shown & (others - set(words.values())) == set()
    assert shown & {"sales", "purchases", "INVOICE", "CREDIT_NOTE", "exported", "held", "reverse_charge"} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: Language) -> None:
    """A word that is missing would stop the workbook on the day that it is needed."""
    words, english = WORDS[language], WORDS["en"]
    assert list(words) == list(english)
    assert all(words.values())
    for key, text in words.items():
        assert text.count("{}") == english[key].count("{}"), key


def test_a_table_longer_than_a_sheet_goes_on_on_the_next_and_adds_up_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of a large company has more postings than a sheet has rows; none may fall off the end."""
    books, whole = sample("ordinary")
    monkeypatch.setattr(sheets, "MOST_ROWS", sheets.FIRST + 4)
    book = read(books)
    parts = [name for name in book.names if name.startswith(EN["journal"])]
    assert parts == ["Journal", *(f"Journal {number}" for number in range(2, len(parts) + 1))]
    assert [row for name in parts for row in book.table(name)] == whole.table(EN["journal"])
    for sheet, cell, _ in book.with_formula():
        assert book.calculate(sheet, cell) == book.cached(sheet, cell), (sheet, cell)
    assert reconciliation(book) == reconciliation(whole)
