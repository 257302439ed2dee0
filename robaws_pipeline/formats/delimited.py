"""Files of lines and cells, for programs: written a slice of rows at a time, in any encoding.

Unlike `spreadsheet`, nothing here guards against formulas or decides how a cell looks: the format says so, cell by
cell, because the program that reads the file counts on it.
"""

import codecs
import io
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.texts import Encoding, over_distinct

_SLICE = 65_536
"""Rows that are text at once: what bounds the memory, whatever the size of the month."""

Cells = Sequence[Any]
"""Arrays of strings, one a column, or a string for a column that is the same on every row; null is an empty cell."""


def amount(values: Any, *, point: str = ".") -> pa.Array:
    """Amounts with all their decimals, as text."""
    texts = pc.cast(_array(values), pa.string())
    return texts if point == "." else pc.replace_substring(texts, ".", point)


def day(values: Any, pattern: str) -> pa.Array:
    """Dates as text; `pattern` as for strftime: ``%Y%m%d``."""
    return over_distinct(values, lambda dates: pc.strftime(dates, pattern))


def quoted(values: Any, *, mark: str = '"') -> pa.Array:
    """Texts between quotes, quotes inside doubled; what is null is two quotes."""
    texts = pc.coalesce(pc.replace_substring(_array(values), mark, mark * 2), pa.scalar(""))
    return pc.binary_join_element_wise(mark, texts, mark, "")


def delimited(
    rows: pa.Table,
    cells: Callable[[pa.Table], Cells],
    *,
    separator: str,
    encoding: Encoding,
    line_end: str = "\r\n",
    head: str = "",
    frame: str = "",
) -> bytes:
    """A file with one line a row of `rows`.

    `cells` makes the cells of a slice of rows. `head` comes first, as it is; `frame` stands before the first and after
    the last cell of each line. What the encoding lacks is an error here: `texts.Texts` sees to it before.
    """
    encoder = codecs.getincrementalencoder(encoding)()
    content = io.BytesIO()
    content.write(encoder.encode(head))
    for start in range(0, rows.num_rows, _SLICE):
        columns = _merged(cells(rows.slice(start, _SLICE)), separator)
        lines = pc.binary_join_element_wise(*columns, separator, null_handling="replace", null_replacement="")
        if frame:
            lines = pc.binary_join_element_wise(frame, lines, frame + line_end, "")
        else:
            lines = pc.binary_join_element_wise(lines, line_end, "")
        content.write(encoder.encode(_joined(lines)))
    return content.getvalue()


def _merged(columns: Cells, separator: str) -> list[Any]:
    """Neighbours that are the same on every row, as one: DATEV has a hundred empty columns."""
    merged: list[Any] = []
    for column in columns:
        if merged and isinstance(column, str) and isinstance(merged[-1], str):
            merged[-1] += separator + column
        else:
            merged.append(column)
    return merged


def _array(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _joined(lines: Any) -> str:
    """All lines one after the other: Arrow joins them as one list of strings."""
    array = _array(lines)
    whole = pa.ListArray.from_arrays(pa.array([0, len(array)], pa.int32()), array)
    text: str = pc.binary_join(whole, "")[0].as_py()
    return text
