"""The rows of a layout: from the books to cells as text, with an account of every document.

What is written or held is a unit: a document, or for `party` rows a customer or supplier with all its documents. A unit
is written whole or not at all.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.contract import DocumentKey, path_problem
from robaws_pipeline.formats.template.compiled import Compiled
from robaws_pipeline.formats.template.expressions import Expression, connect, told
from robaws_pipeline.formats.template.fields import COMMON_FIELDS, TIES, names, open_books
from robaws_pipeline.formats.template.layout import Column, Layout
from robaws_pipeline.formats.template.reasons import FAILED, NO_PARTY, NO_ROW, TOO_LONG, VALUE_MISSING

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 60
"""Characters of a field's value that a file name has; the whole name has 200 at most."""

_EXPLAINED = 50
"""Documents of which the failing value is looked up for each column; of the others the last one's is told."""


@dataclass(slots=True)
class Filled:
    """The rows and what became of every exported document of the layout's collections."""

    rows: pa.Table
    """`place` in `paths`, `label` of the document, and a text column `c<n>` for each column, in the order of the
    file."""
    paths: list[str]
    written: dict[DocumentKey, list[str]] = field(default_factory=dict)
    held: list[FormatHeld] = field(default_factory=list)
    left_out: dict[DocumentKey, str] = field(default_factory=dict)
    """Documents that `where` leaves out, and what a person calls them."""

    def of_places(self) -> Iterator[tuple[str, pa.Table]]:
        """Each path with its rows."""
        counts = {row["values"]: row["counts"] for row in pc.value_counts(self.rows["place"]).to_pylist()}
        start = 0
        for place, path in enumerate(self.paths):
            yield path, self.rows.slice(start, counts.get(place, 0))
            start += counts.get(place, 0)


def fill(books: MonthBooks, compiled: Compiled) -> Filled:
    """Work out every row of the month."""
    with connect() as connection:
        open_books(connection, books, compiled.layout)
        return _Filling(connection, compiled).run()


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


class _Filling:
    """One month's rows under way, in tables `used` (a row each, its fields) and `cell` (the same as text)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> None:
        self._connection = connection
        self._compiled = compiled
        self._layout = compiled.layout
        self._held: dict[str, list[tuple[str, str]]] = {}

    def run(self) -> Filled:
        paths = self._place()
        kind = "party" if self._layout.rows == "party" else "document"
        label = {
            "party": "party_kind || ' ' || party_code",
            "document": "collection || ' ' || coalesce(number, 'id ' || document_id)",
        }
        self._connection.execute(
            f"CREATE TEMP TABLE used AS SELECT unit, {label[kind]} AS label, {_names(self._compiled.fields)} FROM row"
        )
        there = self._units("SELECT DISTINCT unit FROM used")
        self._filter()
        kept = self._units("SELECT DISTINCT unit FROM used")
        self._cells()
        filled = Filled(self._connection.sql("FROM cell").to_arrow_table(), paths)
        self._account(filled, there, kept)
        return filled

    def _units(self, query: str) -> set[str]:
        return {unit for (unit,) in self._connection.execute(query).fetchall()}

    def _place(self) -> list[str]:
        """Table `place`: in which of the paths a unit goes. A path without fields of rows is there without rows too."""
        layout, chosen = self._layout, self._compiled.placeholders
        source = "row" if layout.rows == "party" else "document"
        same = {name: self._same(name) for name in chosen if name in names(COMMON_FIELDS)}
        varying = [name for name in chosen if name not in same]
        texts = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in varying)
        found = self._connection.execute(f"SELECT unit{', ' if texts else ''}{texts} FROM {source}").fetchall()
        combinations = sorted({row[1:] for row in found}, key=lambda row: tuple(value or "" for value in row))
        if not varying:
            combinations = [()]
        values = [{**same, **dict(zip(varying, combination, strict=True))} for combination in combinations]
        number = {combination: index for index, combination in enumerate(combinations)}
        table = {
            "unit": pa.array([row[0] for row in found], pa.string()),
            "place": pa.array([number[row[1:]] for row in found], pa.int32()),
        }
        self._connection.register("place", pa.table(table))
        return _paths(self._compiled, values)

    def _same(self, name: str) -> str:
        ((value,),) = self._connection.execute(f"SELECT DISTINCT {name} FROM setting").fetchall()
        return str(value)

    def _hold(self, units: Iterable[str], code: str, detail: str) -> None:
        for unit in units:
            self._held.setdefault(unit, []).append((code, detail))

    def _drop_held(self) -> None:
        self._connection.register("held", pa.table({"unit": pa.array(list(self._held), pa.string())}))
        self._connection.execute("DELETE FROM used WHERE unit IN (FROM held)")

    def _filter(self) -> None:
        """Keep the rows that `where` wants; hold the documents for which it cannot be worked out."""
        where = self._compiled.where
        if where is None:
            return
        delete = f"DELETE FROM used WHERE NOT coalesce({where.sql}, false)"
        try:
            self._connection.execute(delete)
        except duckdb.Error:
            if not self._hold_failing(where, "where", "used"):
                raise
            self._drop_held()
            self._connection.execute(delete)

    def _cells(self) -> None:
        """Table `cell`, once all documents that cannot be written are out of it."""
        while True:
            known = sum(map(len, self._held.values()))
            try:
                self._connection.execute(f"CREATE OR REPLACE TEMP TABLE cell AS {self._query()}")
            except duckdb.Error:
                for column, expression in self._compiled.columns:
                    self._hold_failing(expression, column.name, f"({self._numbered()})")
                if sum(map(len, self._held.values())) == known:
                    raise
            else:
                self._hold_unfit()
            if sum(map(len, self._held.values())) == known:
                return
            # Without them the others may get other numbers: all is worked out again.
            self._drop_held()

    def _numbered(self) -> str:
        """Query of the rows with their place, and their numbers when a column counts."""
        order = self._order()
        if not self._compiled.counts:
            return "SELECT used.*, place.place FROM used JOIN place USING (unit)"
        return f"""
            SELECT *,
                row_number() OVER (PARTITION BY place ORDER BY {order}) AS row_no,
                dense_rank() OVER (PARTITION BY place ORDER BY first_row) AS document_no
            FROM (
                SELECT *, min(sequence) OVER (PARTITION BY place, unit) AS first_row
                FROM (
                    SELECT used.*, place.place, row_number() OVER (ORDER BY {order}) AS sequence
                    FROM used JOIN place USING (unit)
                )
            )"""

    def _order(self) -> str:
        wanted = [f'"{name}" {"DESC" if down else "ASC"} NULLS LAST' for name, down in self._compiled.order]
        return ", ".join([*wanted, *(f'"{name}" ASC NULLS LAST' for name in TIES[self._layout.rows])])

    def _query(self) -> str:
        cells = [
            f"{_text(self._layout, column, expression)} AS c{position}"
            for position, (column, expression) in enumerate(self._compiled.columns)
        ]
        return (
            f"SELECT place, unit, label, {', '.join(cells)} FROM ({self._numbered()}) ORDER BY place, {self._order()}"
        )

    def _hold_failing(self, expression: Expression, where: str, source: str) -> bool:
        """Hold the units on whose rows the expression cannot be worked out; whether there are any."""
        # TRY gives null for an error, and this CASE none for a null: what is null has failed.
        failed = f"TRY(CASE WHEN {expression.sql} IS NULL THEN 0 ELSE 1 END) IS NULL"
        units = sorted(self._units(f"SELECT DISTINCT unit FROM {source} WHERE {failed}"))
        why = ""
        for place, unit in enumerate(units):
            if place < _EXPLAINED:
                query = f"SELECT {expression.sql} FROM (SELECT * FROM {source} WHERE unit = $1) AS one"
                try:
                    self._connection.execute(query, [unit]).fetchall()
                except duckdb.Error as error:
                    why = told(error)
            self._hold([unit], FAILED, f"{where}: {why}")
        return bool(units)

    def _hold_unfit(self) -> None:
        """Hold the units that lack what a column requires, or have what it cannot hold."""
        for position, (column, expression) in enumerate(self._compiled.columns):
            cell = f"c{position}"
            if column.required:
                empty = self._units(f"SELECT DISTINCT unit FROM cell WHERE {cell} IS NULL OR trim({cell}) = ''")
                self._hold(sorted(empty), VALUE_MISSING, f"{column.name}: {', '.join(sorted(expression.fields))}")
            if column.width is not None and (expression.kind != "text" or column.too_long == "hold"):
                query = f"SELECT unit, min({cell}) FROM cell WHERE length({cell}) > {column.width} GROUP BY unit"
                for unit, value in sorted(self._connection.execute(query).fetchall()):
                    self._hold([unit], TOO_LONG, f"{column.name}: {value!r} > {column.width}")

    def _account(self, filled: Filled, there: set[str], kept: set[str]) -> None:
        """Say of every document whether it is written, held or left out."""
        unit = "party" if self._layout.rows == "party" else "unit"
        places = dict(self._connection.execute("SELECT unit, place FROM place").fetchall())
        query = f"SELECT collection, document_id, number, {unit} FROM document ORDER BY collection, document_id"
        for collection, document, number, of in self._connection.execute(query).fetchall():
            key = (collection, document)
            reasons = self._held.get(of, [])
            if of not in there:
                number_or_id = number or f"id {document}"
                reasons = [(NO_PARTY if self._layout.rows == "party" else NO_ROW, number_or_id)]
            if reasons:
                filled.held += (FormatHeld(collection, document, code, detail) for code, detail in reasons)
            elif of not in kept:
                filled.left_out[key] = f"{collection} {number or f'id {document}'}"
            else:
                filled.written[key] = [filled.paths[places[of]]]


def _text(layout: Layout, column: Column, expression: Expression) -> str:
    """SQL of the cell as text."""
    value = expression.sql
    if expression.kind == "date":
        pattern = (column.date or layout.date).replace("'", "''")
        return f"strftime({value}, '{pattern}')"
    if expression.kind != "number":
        return f"CAST({value} AS VARCHAR)"
    if column.decimals is not None:
        # DuckDB rounds half away from zero, as the books do.
        value = f"CAST({value} AS DECIMAL(38, {column.decimals}))"
    digits = f"CAST({value} AS VARCHAR)"
    if layout.minus == "after":
        digits = f"CASE WHEN {value} < 0 THEN CAST(-{value} AS VARCHAR) || '-' ELSE {digits} END"
    scale = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", expression.type)
    if column.decimals is None and scale is not None and scale[1] not in ("0", "2"):
        digits = rf"regexp_replace({digits}, '\.?0+(-?)$', '\1')"
    return digits if layout.decimal == "." else f"replace({digits}, '.', '{layout.decimal}')"


def _paths(compiled: Compiled, values: Sequence[Mapping[str, str | None]]) -> list[str]:
    """A path for each combination of values; those that meet, also when only case differs, get a number."""
    taken: set[str] = set()
    paths = []
    for combination in values:
        whole = "".join(
            text + ("" if name is None else _UNSAFE.sub("-", combination[name] or "none")[:_LONGEST])
            for text, name in compiled.path
        )
        folder, slash, name = whole.rpartition("/")
        stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
        if path_problem(whole) is not None:  # a name that Windows keeps for itself, or a hidden file's
            stem = f"-{stem}"
        path, count = f"{folder}{slash}{stem}{dot}{ending}", 1
        while path.casefold() in taken:
            count += 1
            path = f"{folder}{slash}{stem}-{count}{dot}{ending}"
        taken.add(path.casefold())
        paths.append(path)
    return paths
