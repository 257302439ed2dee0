"""The workbook as a file: it opens without a warning, prints well, and no text is anything but a text."""

import dataclasses
import re
from datetime import date
from decimal import Decimal
from typing import get_args

import pytest
from test_workbook_format import EN, LANGUAGES, in_language, read, sample
from workbook_reader import SHEET, Read

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.formats.workbook import WORDS, WorkbookFormat
from robaws_pipeline.formats.workbook.sheets import serial
from robaws_pipeline.periods import quarter_of
from robaws_pipeline.reasons import Language
from robaws_pipeline.settings import Treatment

TABLES = ("questions", "vat_documents", "documents", "journal", "rounding", "parties")
PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
CONTENT_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"


@pytest.mark.parametrize("name", ["ordinary", "empty"])
@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_set_up_for_reading_and_for_paper(name: str, table: str) -> None:
    """Headers that stay in sight, filters, and pages that fit, with their number: also when there is nothing yet."""
    sheet = sample(name)[1].sheet(EN[table])
    assert re.fullmatch(r"[A-Z]+5", str(sheet.freeze_panes))
    assert str(sheet.auto_filter.ref).startswith("A4:")
    assert sheet.print_title_rows == "$1:$4"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(None, 0), (1, 0)}
    assert "&P" in sheet.oddFooter.right.text
    assert all(sheet.column_dimensions[column].width for column in "ABCDE")
    headers = [cell.value for cell in sheet[4]]
    assert len(set(headers)) == len(headers)


def test_amounts_and_dates_are_shown_as_such() -> None:
    """#,##0.00 and a day: 45000.5 says nothing to anybody."""
    for row in sample("ordinary")[1].sheet(EN["journal"]).iter_rows(min_row=5):
        date_cell, debit, credit = row[2], row[9], row[10]
        assert date_cell.is_date
        assert {cell.number_format for cell in (debit, credit) if cell.value is not None} == {"#,##0.00"}


TEXTS = (
    "=1+1",
    "+32 9 000 00 00",
    "00123",
    "1e5",
    "12,50",
    "2026-03-01",
    "TRUE",
    "http://example.org",
    "<r>x</r>",
    "<r><t>5</t></r>",
    "a & b < c > d",
    "_x0041_",
    "x_x000D_y",
    " leading and trailing ",
    "two\nlines",
    "Łódź 🏗️",
    "'apostrophe",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_that_text_and_nothing_else(text: str) -> None:
    """A number with a zero in front, or a name with an equals sign, is what Robaws's user typed."""
    parties = [Party("1", text, street=text)]
    book = read(build([Document("1", number=text, lines=(Line(Decimal("1.00"), description=text),))], parties))
    for table, columns in (("journal", ("number", "party")), ("parties", ("name", "street"))):
        row = book.table(EN[table])[-1 if table == "journal" else 0]
        for column in columns:
            # xlsxwriter reads its own mark-up in texts of the form <r>…</r>; a space at the end keeps them texts.
            assert str(row[EN[column]]).removesuffix(" ") == text.removesuffix(" "), column
    typed = [cell for row in book.formulas[EN["journal"]].iter_rows(min_row=5) for cell in row[:2]]
    assert {cell.data_type for cell in typed} <= {"s", "inlineStr"}


def test_a_text_longer_than_a_cell_is_cut_and_told() -> None:
    """A spreadsheet repairs, and so changes, a file with a cell that is too long."""
    books = build([Document("1", number="F1", lines=(Line(Decimal("1.00"), description="🏗" * 40_000),))])
    export = WorkbookFormat().export(books)
    (file,) = export.files
    cells = [row[EN["description"]] for row in Read(file.content).table(EN["journal"])]
    assert max(len(str(cell).encode("utf-16-le")) // 2 for cell in cells) < 32_767
    assert export.notes == ["1 texts are longer than a cell holds and end in …"]


def test_a_date_that_spreadsheets_do_not_count_is_a_text() -> None:
    """Excel has no day before 1900, and one that it does not have in 1900."""
    assert serial(date(2026, 3, 5)) == 46086
    assert serial(date(1900, 3, 1)) == 61
    assert serial(date(202, 6, 3)) == "0202-06-03"
    books = build([Document("1", number="F1", due_days=-650_000)])
    assert read(books).table(EN["documents"])[0][EN["due_date"]] == "0246-07-15"


@pytest.mark.parametrize("name", testing.SAMPLES)
def test_the_parts_of_the_file_are_complete_and_well_formed(name: str) -> None:
    """What makes a spreadsheet program offer to repair a file: a part missing, unknown, or there twice."""
    parts = sample(name)[1].parts()
    declared = {part.get("PartName", "")[1:] for part in parts["[Content_Types].xml"].iter(f"{CONTENT_TYPES}Override")}
    assert declared == {part for part in parts if not part.endswith(".rels") and part != "[Content_Types].xml"}
    for rels in (part for part in parts if part.endswith(".rels")):
        folder = rels.replace("_rels/", "").rpartition("/")[0]
        for relation in parts[rels].iter(f"{PACKAGE}Relationship"):
            assert f"{folder}/{relation.get('Target')}".lstrip("/") in parts
    workbook = parts["xl/workbook.xml"]
    names = [sheet.get("name", "") for sheet in workbook.iter(f"{SHEET}sheet")]
    assert len({text.casefold() for text in names}) == len(names)
    defined = [(item.get("name"), item.get("localSheetId")) for item in workbook.iter(f"{SHEET}definedName")]
    assert len(set(defined)) == len(defined)
    styles = len(parts["xl/styles.xml"].find(f"{SHEET}cellXfs") or [])
    for part, root in parts.items():
        if part.startswith("xl/worksheets/sheet"):
            rows = [int(row.get("r", "0")) for row in root.iter(f"{SHEET}row")]
            assert rows == sorted(set(rows))
            cells = [cell.get("r") for cell in root.iter(f"{SHEET}c")]
            assert len(set(cells)) == len(cells)
            assert all(int(cell.get("s", "0")) < styles for cell in root.iter(f"{SHEET}c"))


def test_the_largest_amount_is_in_the_file_digit_by_digit() -> None:
    """Numbers are decimal text in the file; a float on the way would show in the last digit."""
    parts = sample("amounts")[1].parts()
    texts = {value.text for root in parts.values() for value in root.iter(f"{SHEET}v")}
    assert "8000000000.01" in texts
    assert "9680000000.01" in texts
    assert not [text for text in texts if re.search(r"\.\d{5,}", str(text))]


def test_the_date_of_the_file_is_that_of_the_books() -> None:
    """Written tomorrow, the same books must give the same bytes: the clock is in no part."""
    stamps = {
        element.text for root in sample("ordinary")[1].parts().values() for element in root if "terms/" in element.tag
    }
    assert stamps == {"2026-03-31T00:00:00Z"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_sheets_are_allowed(language: Language) -> None:
    """31 characters, none of []:*?/\\ and no apostrophe at an end; a number may follow."""
    words = WORDS[language]
    for key in (*TABLES, "overview", "vat"):
        assert re.fullmatch(r"[^\[\]:*?/\\']{1,27}", words[key]), key
    assert set(get_args(Treatment)) <= set(words)


def test_the_name_of_the_company_is_no_code_in_the_footer() -> None:
    """`&P` in a footer is the page's number: a company may be called R&P Bouw."""
    company = COMPANY.model_copy(update={"name": "R&P Bouw & Zonen"})
    footer = read(build([], company=company)).sheet(EN["journal"]).oddFooter
    assert footer.left.text.strip() == "R&&P Bouw && Zonen 2026-03"


def test_a_quarter_says_its_first_and_last_day() -> None:
    """Two workbooks of one company must not be taken for each other."""
    books = dataclasses.replace(testing.ordinary(), period=quarter_of("2026-03"))
    assert read(in_language(books, "fr")).sheet("Aperçu")["A2"].value == "01/01/2026 – 31/03/2026"
