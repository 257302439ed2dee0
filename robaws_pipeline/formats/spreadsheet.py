"""CSV that a Belgian spreadsheet opens by double click, and that a program reads without guessing.

UTF-8 with a byte order mark, `;` between cells, CRLF between rows, decimal comma, ISO dates, an empty cell for "none".
The Arrow type of a column decides how it is written, so an amount is never taken for text or the other way round.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

BOM = b"\xef\xbb\xbf"
"""Without it Excel reads UTF-8 as Windows-1252."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_FORMULA = "^('*[=+\\-@\t\r\n＝＋－＠])"
"""A cell that starts like this is a formula to some spreadsheet. Apostrophes are looked through, so that taking one
away from a cell that matches gives back the text of every cell: the guard loses nothing."""

_OPTIONS = pcsv.WriteOptions(delimiter=";", eol="\r\n", batch_size=16_384)

Columns = Mapping[str, Any]
"""Header → Arrow array; all of the same length. String, decimal, date32 and integer types."""


def guarded(values: pa.Array) -> pa.Array:
    """Text without control characters, and with an apostrophe before what a spreadsheet would calculate."""
    # Names and descriptions repeat, and hardly any needs a change: look at each distinct text once.
    distinct = values.unique()
    control, formula = pc.match_substring_regex(distinct, _CONTROL), pc.match_substring_regex(distinct, _FORMULA)
    if pc.any(control).as_py():
        values = pc.replace_substring_regex(values, _CONTROL, "")
        formula = pc.match_substring_regex(values.unique(), _FORMULA)
    if pc.any(formula).as_py():
        values = pc.replace_substring_regex(values, _FORMULA, r"'\1")
    return values


def _number(values: pa.Array) -> pa.Array:
    """Decimals with a comma: money with its two decimals, rates without trailing zeros."""
    texts = pc.cast(values, pa.string())
    if values.type.scale != 2:
        texts = pc.replace_substring_regex(texts, r"\.?0+$", "")
    return pc.replace_substring(texts, ".", ",")


def _cells(values: Any) -> pa.Array:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_string(array.type):
        return guarded(array)
    if pa.types.is_decimal(array.type):
        return _number(array)
    if pa.types.is_date32(array.type) or pa.types.is_integer(array.type):
        return array
    raise TypeError(f"a cell of type {array.type} has no agreed form in a spreadsheet: cast the column first")


def csv_bytes(columns: Columns) -> bytes:
    """The whole file: header and one row an element. No text reaches a spreadsheet as a formula."""
    table = pa.table({name: _cells(values) for name, values in columns.items()})
    sink = pa.BufferOutputStream()
    sink.write(BOM)
    pcsv.write_csv(table, sink, _OPTIONS)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def original_text(cell: str) -> str:
    """The text of a guarded cell, for programs that read these files: the apostrophe of the guard taken away."""
    guarded = cell.startswith("'") and pc.match_substring_regex(pa.scalar(cell), _FORMULA).as_py()
    return cell[1:] if guarded else cell
