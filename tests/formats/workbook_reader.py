"""Reads a workbook as a spreadsheet program would, and calculates its formulas anew.

Only the functions that our workbooks use are known: a formula with another one fails the test that meets it.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
from openpyxl.utils import range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST = 5
"""The first row of a table."""
Value = str | Decimal | date | None
_REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'!)?(\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?)")


def plain(value: Any) -> Value:
    """A cell's value: numbers as the decimals that their text says."""
    if isinstance(value, bool):
        raise TypeError("a cell is a boolean")
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.date()
    # The file format escapes what looks like an escape; openpyxl leaves that to its user.
    return unescape(value) if isinstance(value, str) else None


class Read:
    """A workbook that was opened twice: with its formulas, and with the values that the file holds for them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.formulas = openpyxl.load_workbook(io.BytesIO(content))
        self.values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    @property
    def names(self) -> list[str]:
        """The sheets, in order."""
        return list(self.values.sheetnames)

    def sheet(self, name: str) -> Worksheet:
        """A sheet with values."""
        return self.values[name]  # type: ignore[no-any-return]

    def table(self, name: str) -> list[dict[str, Value]]:
        """The rows of a table by header."""
        rows = [
            [plain(cell) for cell in row] for row in self.sheet(name).iter_rows(min_row=FIRST - 1, values_only=True)
        ]
        return [dict(zip([str(title) for title in rows[0]], row, strict=True)) for row in rows[1:]]

    def with_formula(self) -> Iterator[tuple[str, str, str]]:
        """Sheet, cell and formula of every formula."""
        for sheet in self.formulas:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        yield sheet.title, cell.coordinate, str(cell.value)

    def cached(self, sheet: str, cell: str) -> Decimal:
        """What the file says that a formula gives."""
        value = plain(self.values[sheet][cell].value)
        assert isinstance(value, Decimal), (sheet, cell, value)
        return value

    def calculate(self, sheet: str, cell: str) -> Value:
        """The value of a cell, its formula calculated here from the cells that it names."""
        value = self.formulas[sheet][cell].value
        if not (isinstance(value, str) and self.formulas[sheet][cell].data_type == "f"):
            return plain(value)
        taken: dict[str, Any] = {}

        def take(match: re.Match[str]) -> str:
            name = f"taken_{len(taken)}"
            taken[name] = self._range((match[1] or sheet).replace("''", "'"), match[2].replace("$", ""))
            return name

        expression = _REFERENCE.sub(take, value.removeprefix("="))
        result = eval(expression, {"__builtins__": {}, **_FUNCTIONS}, taken)  # noqa: S307 - our own file's formulas
        return result if isinstance(result, Decimal) else Decimal(result)

    def _range(self, sheet: str, reference: str) -> Any:
        if ":" not in reference:
            value = self.calculate(sheet, reference)
            return Decimal(0) if value is None else value
        left, top, right, bottom = range_boundaries(reference)
        assert left == right, f"{reference}: one column"
        cells = self.formulas[sheet].iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=left)
        return [self.calculate(sheet, cell.coordinate) for (cell,) in cells]

    def parts(self) -> dict[str, ET.Element]:
        """The XML parts of the file by name."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            names = archive.namelist()
            assert len(names) == len({name.casefold() for name in names}), "two parts of one name"
            return {name: ET.fromstring(archive.read(name)) for name in names if name.endswith((".xml", ".rels"))}  # noqa: S314


def _numbers(values: list[Value]) -> list[Decimal]:
    return [value for value in values if isinstance(value, Decimal)]


def _sum(values: list[Value]) -> Decimal:
    return sum(_numbers(values), Decimal(0))


def _matching(length: int, criteria: tuple[Any, ...]) -> list[int]:
    pairs = list(zip(criteria[::2], criteria[1::2], strict=True))
    assert all(isinstance(wanted, str) and not re.search(r"[*?~<>=]", wanted) for _, wanted in pairs)
    return [place for place in range(length) if all(cells[place] == wanted for cells, wanted in pairs)]


def _sumifs(values: list[Value], *criteria: Any) -> Decimal:
    return _sum([values[place] for place in _matching(len(values), criteria)])


def _countifs(*criteria: Any) -> Decimal:
    return Decimal(len(_matching(len(criteria[0]), criteria)))


def _subtotal(kind: int, values: list[Value]) -> Decimal:
    assert kind == 109, "a sum of what the filter shows"
    return _sum(values)


def _round(value: Decimal, digits: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


_FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "SUM": _sum,
    "SUMIFS": _sumifs,
    "COUNTIFS": _countifs,
    "SUBTOTAL": _subtotal,
    "ROUND": _round,
    "MAX": lambda *values: max(Decimal(value) for value in values),
}
