"""Tables for the import wizards of programs: a sheet with a header and nothing else, as XLSX, and the same as CSV.

In a workbook the Arrow type of a column decides what its cells are, so a text stays a text, be it ``3-12``, ``007`` or
``=1+1``. A CSV says nothing of types, and a spreadsheet opens it as it likes: it has the guard of `spreadsheet`.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

import pyarrow as pa
import xlsxwriter

from robaws_pipeline.formats.base import ExportFile
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.formats.texts import over_distinct
from robaws_pipeline.formats.workbook.sheets import LONGEST_TEXT, MOST_ROWS, fit, serial

Kind = Literal["xlsx", "csv"]
"""How a table is written."""

_SLICE = 16_384


def import_files(columns: Columns, stem: str, sheet: str, kinds: Sequence[Kind], day: date) -> Iterator[ExportFile]:
    """The table in each kind of file; `day` is what a workbook says of when it was made."""
    for kind in kinds:
        content = csv_bytes(columns) if kind == "csv" else xlsx_bytes(columns, sheet, day)
        yield ExportFile(f"{stem}.{kind}", content)


def xlsx_bytes(columns: Columns, sheet: str, day: date) -> bytes:
    """A workbook with one sheet: headers in the first row, then a row an element. ValueError when they do not fit.

    Amounts are numbers of two decimals, written with the digits that they have: a double holds 15 of them, an amount of
    the books at most 12.
    """
    rows = max((len(values) for values in columns.values()), default=0)
    if rows >= MOST_ROWS:
        raise ValueError(f"{rows} rows do not fit on a sheet, which has {MOST_ROWS}: have the format write csv")
    sink = io.BytesIO()
    # Rows go to scratch files, which xlsxwriter removes, and not to memory.
    book = xlsxwriter.Workbook(sink, {"constant_memory": True})
    # The clock would make other bytes of the same books.
    book.set_properties({"created": datetime(day.year, day.month, day.day)})  # noqa: DTZ001 - the file has no zone
    page = book.add_worksheet(sheet)
    for place, header in enumerate(columns):
        page.write_string(0, place, header)
    styles = {"money": book.add_format({"num_format": "0.00"}), "date": book.add_format({"num_format": "yyyy-mm-dd"})}
    writers = [_writer(page, values.type, styles) for values in columns.values()]
    for start in range(0, rows, _SLICE):
        slices = [_values(values.slice(start, _SLICE)) for values in columns.values()]
        for row, cells in enumerate(zip(*slices, strict=True), start + 1):
            for place, cell in enumerate(cells):
                if cell is not None:
                    writers[place](row, place, cell)
    book.close()
    return sink.getvalue()


def _writer(page: Any, type_: pa.DataType, styles: dict[str, Any]) -> Callable[[int, int, Any], None]:
    """What writes a cell of a column: by its type, never by what it looks like."""
    if pa.types.is_string(type_):
        return page.write_string  # type: ignore[no-any-return]
    if pa.types.is_date32(type_):

        def write_day(row: int, place: int, day: date) -> None:
            number = serial(day)
            if isinstance(number, int):
                page.write_number(row, place, number, styles["date"])
            else:
                page.write_string(row, place, number)

        return write_day
    if pa.types.is_decimal(type_) and type_.scale == 2:
        return lambda row, place, amount: page.write_number(row, place, amount, styles["money"])
    if pa.types.is_integer(type_):
        return page.write_number  # type: ignore[no-any-return]
    raise TypeError(f"a cell of type {type_} has no agreed form in a sheet: cast the column first")


def _values(values: Any) -> list[Any]:
    array = over_distinct(values, _texts) if pa.types.is_string(values.type) else values
    cells: list[Any] = array.to_pylist()
    return cells


def _texts(distinct: pa.Array) -> pa.Array:
    """Texts that a cell can have; none instead of an empty one."""
    return pa.array([fit(text[:LONGEST_TEXT]) or None for text in distinct.to_pylist()], pa.string())
