"""Sheets for import wizards: what a cell is, by a reader that we did not write."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from months import brisk, texts
from openpyxl.worksheet.worksheet import Worksheet

from robaws_pipeline.formats.import_sheet import import_files, xlsx_bytes
from robaws_pipeline.formats.workbook.sheets import MOST_ROWS
from robaws_pipeline.schema import MONEY, RATE

DAY = date(2026, 3, 31)


def sheet(content: bytes) -> Worksheet:
    found = openpyxl.load_workbook(io.BytesIO(content)).active
    assert isinstance(found, Worksheet)
    return found


@pytest.mark.parametrize("text", ["3-12", "007", "1/2", "=1+1", "1e5", "TRUE", "http://x.example", "12,50", "<r>a</r>"])
def test_a_text_stays_a_text_whatever_it_looks_like(text: str) -> None:
    """A spreadsheet that makes a date of document 3-12 has lost the number for good."""
    cell = sheet(xlsx_bytes({"a": pa.array([text])}, "S", DAY))["A2"]
    assert (cell.data_type, str(cell.value).rstrip()) == ("s", text)


@brisk
@given(st.lists(texts, min_size=1, max_size=5))
@example(["x" * 40_000])
def test_any_text_can_be_read_back(values: list[str]) -> None:
    """One control character makes a workbook that no program opens."""
    page = sheet(xlsx_bytes({"a": pa.array(values), "n": pa.array(range(len(values)))}, "S", DAY))
    assert [row[1] for row in page.iter_rows(min_row=2, values_only=True)] == list(range(len(values)))


@brisk
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_amounts_come_back_to_the_cent(cents: list[int]) -> None:
    """A workbook's numbers are doubles: the digits in the file must be those of the books."""
    amounts = [Decimal(value).scaleb(-2) for value in cents]
    content = xlsx_bytes({"a": pa.array(amounts, MONEY)}, "S", DAY)
    found = [
        Decimal(repr(row[0])).quantize(Decimal("0.01")) for row in sheet(content).iter_rows(min_row=2, values_only=True)
    ]
    assert found == amounts


def test_dates_are_dates_and_nothing_is_an_empty_cell() -> None:
    """An importer that finds text for a date asks for its pattern, and one that finds "None" imports it."""
    columns = {
        "d": pa.array([date(2026, 2, 28), None]),
        "t": pa.array(["", None]),
        "m": pa.array([None, Decimal(1)], MONEY),
    }
    rows = list(sheet(xlsx_bytes(columns, "S", DAY)).iter_rows(values_only=True))
    assert rows == [("d", "t", "m"), (datetime(2026, 2, 28), None, None), (None, None, 1)]  # noqa: DTZ001 - a date


def test_the_same_table_is_the_same_bytes_on_another_day() -> None:
    """Bytes that follow the clock make every night's delivery look new."""
    content = xlsx_bytes({"a": pa.array(["x"])}, "S", DAY)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {item.date_time[0] for item in archive.infolist()} == {1980}
        assert b"2026-03-31T00:00:00Z</dcterms:created>" in archive.read("docProps/core.xml")
    assert content == xlsx_bytes({"a": pa.array(["x"])}, "S", DAY)


def test_what_does_not_fit_on_a_sheet_is_refused_with_a_remedy() -> None:
    """xlsxwriter drops the rows beyond the last without a word."""
    with pytest.raises(ValueError, match="have the format write csv"):
        xlsx_bytes({"a": pa.nulls(MOST_ROWS, pa.string())}, "S", DAY)
    with pytest.raises(TypeError, match="no agreed form"):
        xlsx_bytes({"a": pa.array([Decimal(21)], RATE)}, "S", DAY)


def test_csv_has_the_same_cells_with_the_guard_of_spreadsheets() -> None:
    """Who opens the CSV by double click must not run what a customer is called."""
    columns = {"a": pa.array(["=1+1"]), "m": pa.array([Decimal("-1.50")], MONEY)}
    workbook, text = import_files(columns, "t", "S", ("xlsx", "csv"), DAY)
    assert (workbook.path, text.path) == ("t.xlsx", "t.csv")
    assert text.content.decode("utf-8-sig") == '"a";"m"\r\n"\'=1+1";"-1,50"\r\n'
