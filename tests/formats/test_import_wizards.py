"""The tables for the import wizards of Odoo and Exact Online, read back as each would."""

import csv
import io
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kept_months import booked_on, every_month, exported, kept, posted, with_settings
from months import lines

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import ExportFile, Format, MonthBooks
from robaws_pipeline.formats.exact_online import ExactOnlineFormat
from robaws_pipeline.formats.odoo import OdooFormat
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.periods import month_period

Row = dict[str, Any]
FORMATS = {"odoo": OdooFormat, "exact_online": ExactOnlineFormat}
some = settings(max_examples=7, deadline=None)
CENT = Decimal("0.01")


def rows(file: ExportFile) -> list[Row]:
    """The rows of a workbook, amounts as decimals."""
    page = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert page is not None
    head, *found = page.iter_rows(values_only=True)
    return [dict(zip((str(name) for name in head), row, strict=True)) for row in found]


def read(format_: Format, books: MonthBooks, **own: object) -> list[Row]:
    (file,) = format_.export(with_settings(books, format_.name, **own)).files
    return rows(file)


def euro(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(CENT)


def opened(file: ExportFile) -> object:
    return rows(file) if file.path.endswith(".xlsx") else testing.read_utf8(file)


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize("name", FORMATS)
def test_they_keep_their_promises(name: str, sample: str) -> None:
    """The kit, both kinds of file, each by its own reader."""

    class Both(FORMATS[name]):  # type: ignore[misc]
        def export(self, books: MonthBooks) -> testing.Export:
            return super().export(with_settings(books, name, files=["xlsx", "csv"]))

    testing.check(Both, sample, opened)


@some
@given(every_month)
@example(kept(testing.ordinary()))
def test_odoo_gets_every_posting_in_entries_that_balance(books: MonthBooks) -> None:
    """Odoo begins an entry where its columns are filled, and refuses one that does not balance."""
    entries: dict[str, list[Row]] = defaultdict(list)
    entry, journal = "", ""
    for row in read(OdooFormat(), books):
        if row["id"] is not None:
            entry, journal = row["id"], row["journal_id"]
            assert entry not in entries
            assert row["date"] is not None
        else:
            assert (row["journal_id"], row["date"], row["ref"]) == (None, None, None)
        entries[entry].append(row | {"journal_id": journal})
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for name, items in entries.items():
        assert [row["line_ids/id"] for row in items] == [f"{name}_{n}" for n in range(1, len(items) + 1)]
        amounts = [euro(row["line_ids/debit"]) - euro(row["line_ids/credit"]) for row in items]
        assert sum(amounts) == 0
        assert all(min(row["line_ids/debit"], row["line_ids/credit"]) == 0 for row in items)
        found.update((row["journal_id"], row["line_ids/account_id"], a) for row, a in zip(items, amounts, strict=True))
    assert found == posted(books)


@some
@given(every_month)
@example(kept(testing.ordinary()))
def test_exact_online_gets_every_posting_in_entries_that_balance(books: MonthBooks) -> None:
    """Lines with one journal and number are one entry; debit is positive."""
    entries: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for row in read(ExactOnlineFormat(), books):
        amount = euro(row["Amount"])
        entries[row["Journal"], row["EntryNumber"]] += amount
        found[row["Journal"], row["GLAccount"], amount] += 1
        assert (row["FinYear"], row["FinPeriod"], row["Currency"]) == (2026, 3, "EUR")
    assert not any(entries.values())
    assert found == posted(books)
    assert len(entries) == len({(p["collection"], p["document_id"]) for p in books.postings.to_pylist()})


@some
@given(st.sampled_from(("sales", "purchases")), st.data())
def test_a_credit_note_swaps_the_sides_of_its_invoice(collection: str, data: st.DataObject) -> None:
    """Sign errors on refunds are the commonest complaint of all."""
    made = data.draw(st.lists(lines(collection), min_size=1, max_size=3))

    def both(type_: str) -> MonthBooks:
        return build([Document("1", collection, type_, "X1", lines=made)])

    invoice, credit = (read(ExactOnlineFormat(), both(type_)) for type_ in ("INVOICE", "CREDIT_NOTE"))
    assert [(row["GLAccount"], -euro(row["Amount"])) for row in credit] == [
        (row["GLAccount"], euro(row["Amount"])) for row in invoice
    ]
    invoice, credit = (read(OdooFormat(), both(type_)) for type_ in ("INVOICE", "CREDIT_NOTE"))
    assert [(row["line_ids/credit"], row["line_ids/debit"]) for row in credit] == [
        (row["line_ids/debit"], row["line_ids/credit"]) for row in invoice
    ]


def test_numbers_that_exact_online_cannot_have_are_held_with_why() -> None:
    """Two documents under one number would become one entry, or an error at import."""
    numbers = ["F260001", "F26-0001", "F260002", "FACTUUR", "F1234-56789", None, "0260003", "F260003"]
    books = build([Document(str(position), number=number) for position, number in enumerate(numbers)])
    found, export = testing.read_export(ExactOnlineFormat(), books)
    assert {(item.document_id, item.code) for item in export.held} == {
        (number, "exact_online_number") for number in ("0", "1", "3", "4", "5", "6", "7")
    }
    details = {item.document_id: item.detail for item in export.held}
    assert details["0"] == "F260001 has the digits of another document of its journal"
    assert details["4"] == "F1234-56789 has not one to 8 digits"
    assert details["5"] == "no number has not one to 8 digits"
    assert {row["EntryNumber"] for row in rows(found[0])} == {260002}
    assert set(export.documents) == {("sales", "2")}


def test_digits_can_be_left_out_so_that_long_numbers_fit() -> None:
    """2026-00123456 is nine digits and more; the year is in the date already."""
    books = build([Document("1", number="2026-00123456")])
    assert {row["EntryNumber"] for row in read(ExactOnlineFormat(), books, number_skip=4)} == {123456}


def test_periods_count_from_the_month_that_the_book_year_begins_with() -> None:
    """An unknown financial year is what Exact refuses most."""
    company = COMPANY.model_copy(update={"book_year_begins": 7})
    books = replace(testing.ordinary(), company=company, period=month_period("2026-03"))
    assert {(row["FinYear"], row["FinPeriod"]) for row in read(ExactOnlineFormat(), books)} == {(2026, 9)}


def test_a_document_that_came_late_has_the_date_that_it_is_booked_on() -> None:
    """A program refuses an entry in a closed period."""
    books = booked_on(build([Document("1", number="F1")]), "1", date(2027, 1, 2))
    found = {(row["Date"].date(), row["FinYear"], row["FinPeriod"]) for row in read(ExactOnlineFormat(), books)}
    assert found == {(date(2027, 1, 2), 2027, 1)}
    assert read(OdooFormat(), books)[0]["date"].date() == date(2027, 1, 2)


@pytest.mark.parametrize("name", FORMATS)
def test_the_programs_own_journals_take_the_place_of_ours(name: str) -> None:
    """Accountants call their sales journal 70; renaming Robaws's would change every other file."""
    books = testing.ordinary()
    found = read(FORMATS[name](), books, journals={"VK": "70", "AK": "60"})
    column = {"odoo": "journal_id", "exact_online": "Journal"}[name]
    assert {row[column] for row in found} - {None} == {"70", "60", "VKC", "AKC"}


@pytest.mark.parametrize(("partner", "seen"), [("name", "Klant NV"), ("code", "C1"), ("vat_number", "BE0999000228")])
def test_odoo_finds_partners_by_what_the_settings_say(partner: str, seen: str) -> None:
    """Two customers of one name would be one partner; a reference or a VAT number tells them apart."""
    books = build([Document("1", number="F1")], [Party("1")])
    assert {row["line_ids/partner_id"] for row in read(OdooFormat(), books, partner=partner)} == {seen}


@pytest.mark.parametrize("name", FORMATS)
def test_a_document_of_nothing_but_zeros_is_held(name: str) -> None:
    """There is no line to write for it, and silence would look like a lost document."""
    books = build([Document("1", number="F1", lines=(Line(Decimal("0.00")),)), Document("2", number="F2")])
    _, export = testing.read_export(FORMATS[name](), books)
    assert [(item.document_id, item.code) for item in export.held] == [("1", "nothing_to_book")]
    assert set(export.documents) == exported(books) - {("sales", "1")}


@pytest.mark.parametrize("name", FORMATS)
def test_csv_is_the_same_table(name: str) -> None:
    """Who prefers CSV must import the same entries."""
    books = testing.ordinary()
    (file,) = FORMATS[name]().export(with_settings(books, name, files=["csv"])).files
    found = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    workbook = read(FORMATS[name](), books)
    assert [list(row) for row in found] == [list(row) for row in workbook]
    amount = {"odoo": "line_ids/debit", "exact_online": "Amount"}[name]
    assert [Decimal(row[amount].replace(",", ".")) for row in found] == [euro(row[amount]) for row in workbook]


@pytest.mark.parametrize(("name", "own"), [("odoo", {"partner": "iban"}), ("exact_online", {"files": ["pdf"]})])
def test_settings_that_cannot_be_used_are_told_before_anything_runs(name: str, own: dict[str, object]) -> None:
    """A wrong key must not wait for the night to be found."""
    company = COMPANY.model_copy(update={"formats": (name,), "format": {name: own}})
    problems = list(registry.settings_problems(company))
    assert problems
    assert all(f"format.{name}.{next(iter(own))}" in problem for problem in problems)
