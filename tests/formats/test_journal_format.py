"""The journal format: what an accountant's spreadsheet and an importing program find in it."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from months import brisk, lines, months, texts

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.journal import FILES, JournalFormat
from robaws_pipeline.formats.samples import Document, Line, Party, build
from robaws_pipeline.formats.spreadsheet import BOM, original_text

DOCS = Path(__file__).parents[2] / "docs" / "formats" / "journal.md"
Rows = list[dict[str, str]]


def written(books: MonthBooks) -> dict[str, bytes]:
    return {file.path: file.content for file in JournalFormat().export(books).files}


def rows(content: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";", strict=True))


def read(books: MonthBooks, file: str = "journal.csv") -> Rows:
    return rows(written(books)[file])


def euro(text: str) -> Decimal:
    assert re.fullmatch(r"-?\d+,\d\d", text), f"{text!r} is no amount with a decimal comma and two decimals"
    return Decimal(text.replace(",", "."))


def total(values: pa.ChunkedArray) -> Decimal:
    return sum((value for value in values.to_pylist()), Decimal(0))


def backwards(table: pa.Table) -> pa.Table:
    return table.take(pa.array(range(len(table) - 1, -1, -1), pa.int64()))


@brisk
@given(months())
def test_every_posting_is_one_row_with_its_amount_on_one_side(books: MonthBooks) -> None:
    """A posting lost, doubled or with two sides would pass unseen into somebody's books."""
    found = read(books)
    keys = [(row["collection"], row["document_id"], int(row["posting"])) for row in found]
    amounts = dict(zip(keys, [euro(row["debit"]) - euro(row["credit"]) for row in found], strict=True))
    postings = books.postings.to_pylist()
    assert len(keys) == len(postings)
    assert amounts == {(p["collection"], p["document_id"], p["posting_no"]): p["amount"] for p in postings}
    for row in found:
        assert min(euro(row["debit"]), euro(row["credit"])) == 0 < max(euro(row["debit"]), euro(row["credit"]))


@brisk
@given(months())
@example(testing.ordinary())
def test_each_entry_balances_and_its_rows_stand_together(books: MonthBooks) -> None:
    """Importers refuse an unbalanced entry, and begin a new one when the key changes."""
    balance: dict[str, Decimal] = defaultdict(Decimal)
    seen: list[str] = []
    for row in read(books):
        balance[row["entry"]] += euro(row["debit"]) - euro(row["credit"])
        if not seen or seen[-1] != row["entry"]:
            seen.append(row["entry"])
    assert not any(balance.values())
    assert len(seen) == len(set(seen)), "an entry is interrupted by another"


@brisk
@given(months(states=("exported",)))
def test_pandas_reads_the_same_sums(books: MonthBooks) -> None:
    """A second reader that we did not write must come to the same cents."""
    frame = pd.read_csv(
        io.BytesIO(written(books)["journal.csv"]), sep=";", dtype=str, encoding="utf-8-sig", keep_default_na=False
    )
    sums = {name: sum((euro(cell) for cell in frame[name]), Decimal(0)) for name in ("debit", "credit")}
    amounts = books.postings["amount"]
    assert sums["debit"] == sums["credit"] == total(amounts.filter(pc.greater(amounts, 0)))


@brisk
@given(st.sampled_from(("sales", "purchases")), st.data())
def test_a_credit_note_swaps_the_sides_of_its_invoice(collection: str, data: st.DataObject) -> None:
    """Sign errors on refunds are the commonest complaint; many programs refuse a negative debit."""
    made = data.draw(st.lists(lines(collection), min_size=1, max_size=4))

    def sides(kind: str) -> list[tuple[str, str, str]]:
        found = read(build([Document("1", collection, kind, "X1", lines=made)]))
        return [(row["account"], row["debit"], row["credit"]) for row in found]

    assert sides("CREDIT_NOTE") == [(account, credit, debit) for account, debit, credit in sides("INVOICE")]


@brisk
@given(texts, texts)
def test_texts_come_back_and_none_is_a_formula(name: str, description: str) -> None:
    """A customer called =HYPERLINK(…) must not run on the accountant's computer, nor lose his name."""
    document = Document(
        "1", number="F1", lines=(Line(Decimal("1.00"), description=description),), client_reference=name
    )
    files = written(build([document], [Party("1", name)]))
    printable = [re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text) for text in (name, description)]
    line = next(row for row in rows(files["journal.csv"]) if row["kind"] == "line")
    (head,) = rows(files["documents.csv"])
    cells = [line["party_name"], line["description"], head["client_reference"], head["party_name"]]
    expected = [printable[0], printable[1], printable[0], printable[0]]
    assert [original_text(cell) for cell in cells] == expected
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) for cell in cells)


def test_a_spreadsheet_library_sees_no_formula_in_the_awkward_month() -> None:
    """Openpyxl decides on its own what a formula is, and refuses what no spreadsheet can hold."""
    sheet = openpyxl.Workbook().active
    for content in written(testing.awkward_texts()).values():
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"):
            sheet.append(row)
    kinds = {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert kinds <= {"s", "n"}


def test_amounts_are_never_guarded() -> None:
    """An apostrophe before a negative amount would turn it into text, and every sum would be wrong."""
    (head,) = read(build([Document("1", type="CREDIT_NOTE", number="C1")]), "documents.csv")
    assert (head["net"], head["vat"], head["gross"]) == ("-100,00", "-21,00", "-121,00")
    (recap,) = read(build([Document("1", type="CREDIT_NOTE", number="C1")]), "vat_recap.csv")
    assert (recap["base"], recap["vat"], recap["rate"]) == ("-100,00", "-21,00", "21")


def test_the_files_are_what_a_belgian_spreadsheet_opens() -> None:
    """Without byte order mark Excel spoils é; with another separator or line end everything lands in one column."""
    for path, content in written(testing.ordinary()).items():
        assert content.startswith(BOM), path
        assert content.endswith(b"\r\n"), path
        assert content.count(b"\n") == content.count(b"\r\n"), path
    header, first, *_ = written(testing.ordinary())["journal.csv"].decode("utf-8-sig").split("\r\n")
    assert header.startswith('"entry";"collection";"journal"')
    assert ';2026-03-05;2026-04-04;1;"440000";;"S1";"Leverancier BV"' in first
    assert '"0,00";"760,99"' in first


def test_amounts_and_rates_are_numbers_to_a_reader_told_of_the_comma() -> None:
    """Quoted or not, a column of amounts must be a column of numbers."""
    content = io.BytesIO(written(testing.ordinary())["journal.csv"])
    frame = pd.read_csv(content, sep=";", decimal=",", encoding="utf-8-sig")
    assert all(pd.api.types.is_numeric_dtype(frame[name]) for name in ("debit", "credit", "vat_rate", "vat_base"))


@brisk
@given(months())
def test_documents_and_parties_are_those_exported(books: MonthBooks) -> None:
    """A held document in the list would be booked twice: by hand and by file. A party too many is a privacy matter."""
    exported = [state for state in books.states.to_pylist() if state["state"] == "exported"]
    heads = read(books, "documents.csv")
    assert sorted((head["collection"], head["document_id"]) for head in heads) == sorted(
        (state["collection"], state["document_id"]) for state in exported
    )
    kinds = {"sales": "client", "purchases": "supplier"}
    used = {(kinds[state["collection"]], state["party_id"]) for state in exported}
    known = {(party["kind"], party["id"]) for party in books.parties.to_pylist()}
    listed = [(party["kind"], party["party_id"]) for party in read(books, "parties.csv")]
    assert sorted(listed) == sorted(used & known)


@brisk
@given(months())
def test_the_vat_recap_adds_up_to_the_vat_of_the_documents(books: MonthBooks) -> None:
    """The recap is what the accountant lays beside the VAT return."""
    recap = read(books, "vat_recap.csv")
    for name in ("base", "vat", "self_assessed_vat"):
        assert sum((euro(row[name]) for row in recap), Decimal(0)) == total(books.vat[name])
    keys = [(r["collection"], r["type"], r["treatment"], r["rate"], r["self_assessed_rate"]) for r in recap]
    assert len(keys) == len(set(keys)), "a combination has two rows"


def test_the_vat_recap_counts_documents_not_rows_and_separates_what_the_return_separates() -> None:
    """Invoices and credit notes, and treatments at rate 0, go to different boxes of the return."""
    found = read(testing.ordinary(), "vat_recap.csv")
    assert [tuple(row.values()) for row in found if row["collection"] == "sales"] == [
        ("sales", "CREDIT_NOTE", "standard", "21", "0", "1", "-100,00", "-21,00", "0,00"),
        ("sales", "INVOICE", "reverse_charge", "0", "0", "1", "787,65", "0,00", "0,00"),
        ("sales", "INVOICE", "standard", "6", "0", "1", "250,50", "15,03", "0,00"),
        ("sales", "INVOICE", "standard", "21", "0", "1", "1000,00", "210,00", "0,00"),
    ]


def test_a_credit_note_names_its_invoice_of_an_earlier_month() -> None:
    """The accountant settles it against that invoice; the original lies in another month's file."""
    books = build([Document("7", type="CREDIT_NOTE", number="C1", original_id="3")])
    original = build([Document("3", number="F250099")]).documents
    (head,) = read(replace(books, originals=original), "documents.csv")
    assert head["original_number"] == "F250099"


def test_sales_and_purchases_with_the_same_id_keep_apart() -> None:
    """Robaws numbers each collection on its own, so an id alone names two documents."""
    books = build(
        [
            Document("5", number="F1", supplier_number="S-sale"),
            Document("5", "purchases", number="A1", supplier_number="S9"),
        ]
    )
    heads = {head["entry"]: head for head in read(books, "documents.csv")}
    assert {
        entry: (h["journal"], h["number"], h["supplier_number"], h["party_name"], h["party_code"])
        for entry, h in heads.items()
    } == {
        "sales-5": ("VK", "F1", "S-sale", "Klant NV", "C1"),
        "purchases-5": ("AK", "A1", "S9", "Leverancier BV", "S1"),
    }


def test_a_document_of_zeros_is_listed_without_postings() -> None:
    """It was exported, so it must be somewhere; an amount of zero is no posting."""
    books = build([Document("1", number="F1", lines=(Line(Decimal("0.00")),))])
    assert read(books) == []
    assert JournalFormat().export(books).documents == {("sales", "1"): ["documents.csv"]}
    assert [head["gross"] for head in read(books, "documents.csv")] == ["0,00"]


def test_a_party_that_robaws_did_not_give_is_noted() -> None:
    """The importing program will not find the code, so a person must know beforehand."""
    export = JournalFormat().export(build([Document("1", number="F1", party_id="404")]))
    assert export.notes == ["party C404 is not among the clients and suppliers read from Robaws: parties.csv lacks it"]


@brisk
@given(months())
def test_the_order_of_the_tables_does_not_matter(books: MonthBooks) -> None:
    """Same data, same bytes: also when another version of the engine returns rows in another order."""
    tables = ("documents", "states", "vat", "postings", "parties", "originals")
    turned = {name: backwards(getattr(books, name)) for name in tables}
    assert written(replace(books, **turned)) == written(books)


@pytest.mark.parametrize(("path", "columns"), FILES.items())
def test_the_docs_describe_every_column_in_order(path: str, columns: Callable[[MonthBooks], dict[str, object]]) -> None:
    """Who maps columns in an importing program works from that page."""
    section = DOCS.read_text(encoding="utf-8").split(f"## {path}")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(columns(testing.empty()))
