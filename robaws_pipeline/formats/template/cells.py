"""The cells of a layout as they stand in its file: encoded, cut, filled up, quoted."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.delimited import delimited, quoted
from robaws_pipeline.formats.spreadsheet import guarded
from robaws_pipeline.formats.template.compiled import Compiled
from robaws_pipeline.formats.template.expressions import Expression
from robaws_pipeline.formats.template.layout import LINE_ENDS, Column, Layout, Quoting
from robaws_pipeline.formats.texts import Texts, over_distinct


def texts_of(layout: Layout) -> Texts:
    """What fits the texts of this layout's files, and notes what it had to change."""
    instead = dict.fromkeys(layout.separator, " ") if layout.quoting == "never" else {}
    return Texts(layout.encoding, instead)


def content(rows: pa.Table, compiled: Compiled, texts: Texts) -> bytes:
    """One file: its header and a line for each of the rows, which are `Filled.rows` of one place."""
    layout = compiled.layout
    return delimited(
        rows,
        lambda some: cells(some, compiled, texts),
        separator=layout.separator,
        encoding=layout.encoding,
        line_end=LINE_ENDS[layout.line_end],
        head=_header(compiled, texts) if layout.header else "",
    )


def cells(rows: pa.Table, compiled: Compiled, texts: Texts) -> list[pa.Array]:
    """The cells of rows, an array a column."""
    layout, made = compiled.layout, []
    for position, (column, expression) in enumerate(compiled.columns):
        values, quoting = rows[f"c{position}"], column.quoting or layout.quoting
        if expression.kind == "text":
            values = _fitted(values, layout, column, texts, rows["label"])
        if quoting == "texts":
            quoting = "values" if expression.kind == "text" else "needed"
        values = _padded(values, column)
        made.append(values if _harmless(expression, column, layout, quoting) else _quoted(values, quoting, layout))
    return made


def _harmless(expression: Expression, column: Column, layout: Layout, quoting: Quoting) -> bool:
    """Whether no cell of the column can need quotes: numbers and dates, and a separator that none of them has."""
    own = {"number": layout.decimal, "date": column.date or layout.date}.get(expression.kind)
    if quoting != "needed" or own is None or column.pad is not None:
        return False
    return layout.separator in (";", "\t", "|") and layout.separator not in own and layout.quote not in own


def _fitted(values: Any, layout: Layout, column: Column, texts: Texts, labels: Any) -> Any:
    if layout.spreadsheet:
        return over_distinct(values, guarded)
    return texts.fit(values, field=column.name, of=labels, width=column.width)


def _padded(values: Any, column: Column) -> Any:
    if column.pad is None or column.width is None:
        return values
    pad: Callable[..., Any] = pc.utf8_lpad if column.pad == "left" else pc.utf8_rpad
    return pad(pc.coalesce(values, pa.scalar("")), column.width, column.fill)


def _quoted(values: Any, quoting: Quoting, layout: Layout) -> Any:
    """The values between quotes where the layout wants them; null is an empty cell."""
    if quoting == "never":
        return values
    if quoting == "needed":
        return over_distinct(values, lambda distinct: _quoted_where_needed(distinct, layout))
    # Names and codes repeat: each is quoted once.
    marked = over_distinct(values, lambda distinct: quoted(distinct, mark=layout.quote))
    return pc.coalesce(marked, pa.scalar(layout.quote * 2)) if quoting == "all" else marked


def _quoted_where_needed(values: pa.Array, layout: Layout) -> Any:
    risky = pc.match_substring(values, layout.separator)
    for character in (layout.quote, "\r", "\n"):
        risky = pc.or_(risky, pc.match_substring(values, character))
    return pc.if_else(risky, quoted(values, mark=layout.quote), values)


def _header(compiled: Compiled, texts: Texts) -> str:
    """The line of names, quoted as the layout quotes texts."""
    layout = compiled.layout
    quoting: Quoting = "values" if layout.quoting == "texts" else layout.quoting
    names = []
    for column, _ in compiled.columns:
        value = _fitted(pa.array([column.name]), layout, column, texts, pa.array(["header"]))
        names.append(_quoted(_padded(value, column), quoting, layout)[0].as_py())
    return layout.separator.join(names) + LINE_ENDS[layout.line_end]
