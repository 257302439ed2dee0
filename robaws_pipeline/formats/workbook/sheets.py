"""Sheets as an accountant likes them, written row by row.

A table has its totals above its header, both frozen, so that they stay in sight: SUBTOTAL formulas, which follow the
filter. The Arrow type of a column decides what its cells are: a text is never a formula or a number, whatever it says.

Amounts: a spreadsheet's numbers are binary doubles, in the file written as decimal text. We hand xlsxwriter the
`Decimal`, which it formats without passing through a float, so the file holds the exact digits of the books; a double
shows up to 15 of them faithfully, and an amount of the books has at most 12. What a formula adds up is rounded to cents
where it is compared with zero.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.reasons import Language

MOST_ROWS = 1_048_576
"""Rows of a sheet, in the file format."""
LONGEST_TEXT = 16_000
"""Characters; a cell holds 32 767 units of UTF-16, of which a character takes one or two."""
_LONGEST_FOOTER = 200
"""Characters; page footers hold 255 in all."""
_UNFIT = r"[\x00-\x08\x0b-\x1f\x7f\x{fffe}\x{ffff}]"
"""What XML or a cell cannot have: control characters, carriage returns among them, and two that are no characters."""

_EPOCH = date(1899, 12, 30).toordinal()
_FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets disagree about days before it; such a date is a typing error and is shown as text."""

TITLE, DATES, TOTALS, HEADER, FIRST = range(5)
"""Rows of a table's sheet, from 0: its title, the period, totals, header, first row of the table."""

_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its header, its Arrow values, its width in characters, and whether it is added up."""

    title: str
    values: Any
    width: int = 12
    total: bool = False
    wrap: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Where a table, or a part of one that is longer than a sheet, stands."""

    sheet: str
    rows: int
    titles: tuple[str, ...]

    def cells(self, title: str) -> str:
        """The reference of a column's cells, for a formula; a table without rows has one empty row."""
        column = xl_col_to_name(self.titles.index(title))
        name = self.sheet.replace("'", "''")
        return f"'{name}'!${column}${FIRST + 1}:${column}${FIRST + max(self.rows, 1)}"


Table = Sequence[Part]


def over(table: Table, term: str, *titles: str) -> str:
    """A formula's term over all parts of a table: `term` with the cells of a column in the place of each brace."""
    return "+".join(term.format(*(part.cells(title) for title in titles)) for part in table)


class Book:
    """A workbook in the making. Rows go to scratch files of xlsxwriter, which it removes, and not to memory."""

    def __init__(self, books: MonthBooks, words: Mapping[str, str]) -> None:
        self._books, self.words = books, words
        self._sink = io.BytesIO()
        options = {
            "constant_memory": True,
            # Each cell is written by its type; these would only make a text into something else.
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self.file = xlsxwriter.Workbook(self._sink, options)
        day = books.period.last_day
        self.file.set_properties(
            {
                "title": f"{books.company.name} {books.period.name}",
                "company": books.company.name,
                # The clock would make other bytes of the same books.
                "created": datetime(day.year, day.month, day.day),  # noqa: DTZ001 - a date; the file has no zone
            }
        )
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.cut = 0
        """Texts that were longer than a cell."""

    def style(self, **properties: Any) -> Any:
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.file.add_format(dict(key))
        return self._formats[key]

    @property
    def money(self) -> str:
        """The number format of amounts."""
        return "#,##0.00"

    def period(self) -> str:
        """The first and the last day."""
        period = self._books.period
        return f"{period.first_day:{self.words['day']}} – {period.last_day:{self.words['day']}}"

    @property
    def language(self) -> Language:
        """The company's."""
        return self._books.company.language

    def sheet(self, name: str) -> Any:
        """A new sheet with its name as title, set up for printing."""
        sheet = self.file.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        left = f"{self._books.company.name} {self._books.period.name}"[:_LONGEST_FOOTER].replace("&", "&&")
        sheet.set_footer(f"&L{left} &C{name} &R{self.words['page']} &P / &N")
        # Account numbers are text on purpose.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.write_string(TITLE, 0, f"{fit(self._books.company.name)} – {name}", self.style(bold=True, font_size=14))
        sheet.write_string(DATES, 0, self.period(), self.style(italic=True))
        return sheet

    def table(self, name: str, columns: Sequence[Column], frozen: int = 0) -> Table:
        """Sheets with a table: one, or more when it is longer than a sheet. `frozen` columns stay in sight."""
        rows = len(columns[0].values)
        most = MOST_ROWS - FIRST
        parts = []
        for number, start in enumerate(range(0, max(rows, 1), most), 1):
            slices = [
                Column(column.title, column.values.slice(start, most), column.width, column.total, column.wrap)
                for column in columns
            ]
            parts.append(self._part(name if number == 1 else f"{name} {number}", slices, frozen))
        return parts

    def _part(self, name: str, columns: Sequence[Column], frozen: int) -> Part:
        sheet = self.sheet(name)
        rows = len(columns[0].values)
        part = Part(name, rows, tuple(column.title for column in columns))
        if any(column.total for column in columns):
            sheet.write_string(TOTALS, 0, self.words["total"], self.style(bold=True))
        for position, column in enumerate(columns):
            sheet.set_column(position, position, column.width)
            if column.total:
                cells = part.cells(column.title).partition("!")[2]
                style = self.style(bold=True, num_format=self.money)
                sheet.write_formula(TOTALS, position, f"=SUBTOTAL(109,{cells})", style, money_sum(column.values))
        header = self.style(bold=True, bg_color="#DDE6EE", bottom=1, text_wrap=True, valign="top")
        for position, column in enumerate(columns):
            sheet.write_string(HEADER, position, column.title, header)
        self._rows(sheet, columns)
        sheet.freeze_panes(FIRST, frozen)
        sheet.repeat_rows(TITLE, HEADER)
        sheet.autofilter(HEADER, 0, HEADER + max(rows, 1), len(columns) - 1)
        return part

    def _rows(self, sheet: Any, columns: Sequence[Column]) -> None:
        writers = [self._writer(sheet, column) for column in columns]
        rows = len(columns[0].values)
        for start in range(0, rows, _BATCH):
            lists = [self._cells(column.values.slice(start, _BATCH)) for column in columns]
            for row, values in enumerate(zip(*lists, strict=True), FIRST + start):
                for position, value in enumerate(values):
                    if value is not None:
                        write, style = writers[position]
                        write(row, position, value, style)

    def _cells(self, values: Any) -> list[Any]:
        type_ = values.type
        if pa.types.is_string(type_):
            return self._texts(values)
        if pa.types.is_date32(type_):
            return [None if day is None else serial(day) for day in values.to_pylist()]
        if pa.types.is_decimal(type_) or pa.types.is_integer(type_):
            return values.to_pylist()  # type: ignore[no-any-return]
        raise TypeError(f"a cell of type {type_} has no agreed form in a workbook: cast the column first")

    def _texts(self, values: Any) -> list[str | None]:
        # Names and descriptions repeat: each distinct text is looked at once.
        encoded = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        encoded = encoded.dictionary_encode()
        distinct = encoded.dictionary
        if pc.any(pc.match_substring_regex(distinct, _UNFIT)).as_py():
            distinct = pc.replace_substring_regex(distinct, _UNFIT, "")
        texts = [self._whole(text) for text in distinct.to_pylist()]
        return [None if index is None else texts[index] for index in encoded.indices.to_pylist()]

    def _whole(self, text: str | None) -> str | None:
        if not text:
            return None
        if len(text) > LONGEST_TEXT:
            self.cut += 1
            text = text[: LONGEST_TEXT - 1] + "…"
        return _plain(text)

    def _writer(self, sheet: Any, column: Column) -> tuple[Any, Any]:
        type_ = column.values.type
        if pa.types.is_date32(type_):
            style = self.style(num_format=self.words["date_format"], align="left", valign="top")

            def write_day(row: int, position: int, day: int | str, style: Any) -> None:
                (sheet.write_number if isinstance(day, int) else sheet.write_string)(row, position, day, style)

            return write_day, style
        if pa.types.is_decimal(type_):
            form = self.money if type_.scale == 2 else "General"
            return sheet.write_number, self.style(num_format=form, valign="top")
        if pa.types.is_integer(type_):
            return sheet.write_number, self.style(num_format="#,##0", valign="top")
        return sheet.write_string, self.style(text_wrap=column.wrap, valign="top")

    def content(self) -> bytes:
        """The finished file."""
        self.file.close()
        return self._sink.getvalue()


def fit(text: str) -> str:
    """A text that a cell can have."""
    return _plain(re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "", text))


def _plain(text: str) -> str:
    """xlsxwriter takes ``<r>…</r>`` for its own mark-up and would write it into the file as it is."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def serial(day: date) -> int | str:
    """The number of a day in spreadsheets; text for one before they count."""
    return day.toordinal() - _EPOCH if day >= _FIRST_DAY else day.isoformat()


def money_sum(values: Any) -> Decimal:
    """The sum of a column of amounts, nothing counting as 0.00."""
    return Decimal(pc.sum(values, min_count=0).as_py() or 0).quantize(Decimal("0.01"))
