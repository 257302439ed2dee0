"""An entry that was taken back, in the file of each format: its reader must be left with nothing.

`readers` has a reader of amounts for each format; those here read VAT, parties and references as well.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import test_xaf_format as xaf
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch
from readers import JUDGES, datev_settings
from test_every_vat_case import case, combinations, with_settings
from test_template_format import layout, lines
from ubl.ubl_reader import export as read_ubl

from robaws_pipeline.deliveries.entries import TABLES, Entries
from robaws_pipeline.deliveries.reversal import reversed_entries
from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import Format, MonthBooks
from robaws_pipeline.formats.datev import DatevFormat
from robaws_pipeline.formats.exact_online import ExactOnlineFormat
from robaws_pipeline.formats.journal import JournalFormat
from robaws_pipeline.formats.lookups import first_of_each
from robaws_pipeline.formats.ubl import UblFormat, UblPurchasesFormat
from robaws_pipeline.formats.winbooks import WinbooksFormat

Amounts = Iterator[tuple[tuple[str, ...], Decimal]]
"""What → euro: one amount of the file."""


def taken_back(books: MonthBooks, *, alone: bool = False) -> MonthBooks:
    """The month with each of its documents and its reversal, as the second delivery makes it; or the reversals alone,
    as they are in that delivery's files."""
    all_of = Entries(*(getattr(books, name) for name in TABLES))
    gone = all_of.only((row["collection"], row["document_id"]) for row in books.exported.to_pylist())
    back = reversed_entries(gone, books.company.journals, "-R2")
    both = Entries.all_of([back] if alone else [gone, back])
    originals = first_of_each(pa.concat_tables([gone.documents, books.originals]), "collection", "id")
    return replace(books, **{name: getattr(both, name) for name in TABLES}, originals=originals)


def _file(format_: Format, books: MonthBooks, name: str) -> bytes:
    files, _ = testing.read_export(format_, books)
    [content] = [file.content for file in files if file.path == name]
    return content


def _journal(books: MonthBooks, _: Path) -> Amounts:
    text = _file(JournalFormat(), books, "journal.csv").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";"):
        amount = Decimal(row["debit"].replace(",", ".")) - Decimal(row["credit"].replace(",", "."))
        yield ("account", row["account"]), amount
        yield ("party", row["party_code"], row["kind"]), amount
        yield ("base", row["treatment"], row["vat_rate"]), Decimal((row["vat_base"] or "0").replace(",", "."))


def _recap(books: MonthBooks, _: Path) -> Amounts:
    text = _file(JournalFormat(), books, "vat_recap.csv").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";"):
        for name in ("base", "vat", "self_assessed_vat"):
            key = name, row["collection"], row["treatment"], row["rate"], row["self_assessed_rate"]
            yield key, Decimal(row[name].replace(",", "."))


def _xaf(books: MonthBooks, _: Path) -> Amounts:
    for line in xaf.read(books):
        yield ("account", str(line.account_id)), line.signed_amount or Decimal(0)
        for vat in line.vat:
            yield ("VAT", str(vat.code)), vat.signed_amount or Decimal(0)


def _winbooks(books: MonthBooks, _: Path) -> Amounts:
    codes = [{**row, "code": f"{100000 + place}"} for place, row in enumerate(sorted(combinations(books), key=str))]
    content = _file(WinbooksFormat(), with_settings(books, "winbooks", vat_codes=codes), "act.txt")
    for row in csv.reader(io.StringIO(content.decode("cp1252"), newline="")):
        yield ("account", row[6]), Decimal(row[16])
        if row[4] == "VAT":
            yield ("base", row[18]), Decimal(row[17]) * (-1 if row[2] in "13" else 1)


def _datev(books: MonthBooks, folder: Path) -> Amounts:
    path = folder / "EXTF_Buchungsstapel_2026-03.csv"
    own = with_settings(books, "datev", **datev_settings(books))
    path.write_bytes(_file(DatevFormat(), own, path.name))
    _, columns = read_batch(str(path))
    for leg in pa.table(dict(columns)).to_pylist():
        yield (leg["Kontoart"], leg["Konto"]), leg["Betrag"]


def _template(books: MonthBooks, _: Path) -> Amounts:
    columns = {"name": "a", "value": "account"}, {"name": "b", "value": "amount"}
    for line in lines(layout(*columns, decimal="."), books):
        account, amount = line.split(";")
        yield (account,), Decimal(amount)
    names = ("vat_base", "vat_amount", "self_assessed_vat", "deductible_vat")
    amounts = ({"name": name, "value": name} for name in names)
    for line in lines(layout({"name": "t", "value": "treatment"}, *amounts, rows="vat", decimal="."), books):
        treatment, *found = line.split(";")
        yield from (((name, treatment), Decimal(amount or 0)) for name, amount in zip(names, found, strict=True))


def _ubl(format_: Format) -> Callable[[MonthBooks, Path], Amounts]:
    def read(books: MonthBooks, _: Path) -> Amounts:
        for file in read_ubl(books, format_)[1].values():
            sign = -1 if file.kind == "CreditNote" else 1
            yield ("payable",), sign * file.amount("cac:LegalMonetaryTotal/cbc:PayableAmount")
            for category in file.root.iterfind("{*}TaxTotal/{*}TaxSubtotal"):
                code = category.findtext("{*}TaxCategory/{*}ID"), category.findtext("{*}TaxCategory/{*}Percent")
                for name in ("TaxableAmount", "TaxAmount"):
                    yield (name, *map(str, code)), sign * Decimal(str(category.findtext(f"{{*}}{name}")))

    return read


READERS: dict[str, Callable[[MonthBooks, Path], Amounts]] = {
    "journal": _journal,
    "vat_recap": _recap,
    "xaf": _xaf,
    "winbooks": _winbooks,
    "datev": _datev,
    "template": _template,
    "ubl": _ubl(UblFormat()),
    "ubl_purchases": _ubl(UblPurchasesFormat()),
}


def _sums(found: Amounts) -> dict[tuple[str, ...], Decimal]:
    sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for key, amount in found:
        sums[key] += amount
    return {key: amount for key, amount in sums.items() if amount}


def _of_type(books: MonthBooks, type_: str) -> MonthBooks:
    """Only these: in a month of both, invoices and credit notes of the sample would hide each other."""
    rows = books.exported.to_pylist()
    keys = [(row["collection"], row["document_id"]) for row in rows if row["type"] == type_]
    some = Entries(*(getattr(books, name) for name in TABLES)).only(keys)
    return replace(books, **{name: getattr(some, name) for name in TABLES})


@pytest.mark.parametrize("name", JUDGES)
def test_every_format_says_of_reversals_what_the_books_say(name: str) -> None:
    """No format knows of reversals: each must take one for a document like any other."""
    assert JUDGES[name].problems(name, taken_back(case(), alone=True)) == []


def test_a_reversal_has_each_posting_of_its_original_on_the_other_side() -> None:
    """What formats write of it is held against these."""
    back = taken_back(case(), alone=True).postings.to_pylist()
    assert back
    assert Counter((row["document_id"], row["account"], row["amount"]) for row in case().postings.to_pylist()) == (
        Counter((row["document_id"].removesuffix("-R2"), row["account"], -row["amount"]) for row in back)
    )


@pytest.mark.parametrize("type_", ["INVOICE", "CREDIT_NOTE"])
@pytest.mark.parametrize("name", READERS)
def test_an_entry_and_its_reversal_leave_nothing(name: str, type_: str, tmp_path: Path) -> None:
    """By account, party and VAT code, to the cent, in every VAT case: what is left over is wrong for ever."""
    books = _of_type(_supplied() if name == "ubl_purchases" else case(), type_)
    read = READERS[name]
    first = _sums(read(books, tmp_path))
    assert first
    assert _sums(read(taken_back(books), tmp_path)) == {}
    # In two files, as they are delivered.
    assert _sums(read(taken_back(books, alone=True), tmp_path)) == {key: -amount for key, amount in first.items()}


def _supplied() -> MonthBooks:
    """Every case, with the suppliers' numbers that UBL asks for."""
    books = case()
    number = books.documents["number"]
    place = books.documents.schema.get_field_index("supplier_number")
    return replace(books, documents=books.documents.set_column(place, "supplier_number", number))


def test_a_reversal_in_ubl_is_a_credit_note_that_names_its_invoice() -> None:
    """Whoever gets it must know what it takes back; and of a credit note it is an invoice."""
    books = testing.ordinary()
    _, files = read_ubl(taken_back(books, alone=True), UblFormat())
    kinds = dict(zip(books.documents["number"].to_pylist(), books.documents["type"].to_pylist(), strict=True))
    assert files
    for file in files.values():
        number = str(file.text("cbc:ID"))
        original = number.removesuffix("-R2")
        assert file.kind == ("CreditNote" if kinds[original] == "INVOICE" else "Invoice")
        assert original in file.texts("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")


def _numbered(books: MonthBooks, number: str) -> MonthBooks:
    """The first document alone, with this number."""
    first = books.exported.to_pylist()[0]
    one = Entries(*(getattr(books, name) for name in TABLES)).only([(first["collection"], first["document_id"])])

    def rename(_: str, rows: pa.Table) -> pa.Table:
        if "number" not in rows.schema.names:
            return rows
        return rows.set_column(rows.schema.get_field_index("number"), "number", pa.array([number] * len(rows)))

    numbered = one.each(rename)
    return replace(books, **{name: getattr(numbered, name) for name in TABLES})


@pytest.mark.parametrize("format_", [WinbooksFormat(), ExactOnlineFormat()])
def test_a_number_without_room_for_that_of_the_delivery_is_held_and_told(format_: Format) -> None:
    """Eight digits are all that these programs take, and a number that is cut would be another document's."""
    for number, room in (("F2025001", True), ("F20250001", False)):
        books = taken_back(_numbered(testing.credit_notes(), number), alone=True)
        _, export = testing.read_export(format_, books)
        assert bool(export.documents) == room
        assert {held.code for held in export.held} == (set() if room else {f"{format_.name}_number"})
