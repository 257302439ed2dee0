"""The sheets that add up: the overview and the VAT return. Their formulas take from the tables, and agree with the
amounts that we worked out ourselves, which the file holds too: a spreadsheet that does not calculate shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.books.vat_return import DUE, GRIDS, NO_GRID, TO_RECOVER
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.contract import COLLECTIONS
from robaws_pipeline.formats.manifest import STATES, TYPES
from robaws_pipeline.formats.workbook.sheets import FIRST, HEADER, Book, Table, money_sum, over
from robaws_pipeline.schema import MONEY

FIGURES = {"net": "net", "vat": "vat_amount", "gross": "gross"}
"""Amount of a document → its word."""
OTHER = "other_type"
_BALANCE = ("71", "72")


def _signed(documents: pa.Table) -> pa.Table:
    """Robaws's own totals in cents, credit notes negative, as `states` have them; what is beyond `MONEY` is none."""
    credited = pc.fill_null(pc.equal(documents["type"], "CREDIT_NOTE"), False)
    columns = {"collection": documents["collection"], "type": _types(documents["type"])}
    limit = pa.scalar(Decimal(10) ** 15, documents["net"].type)
    for name in FIGURES:
        amounts = documents[name]
        amounts = pc.if_else(pc.less(pc.abs(amounts), limit), amounts, pa.scalar(None, amounts.type))
        # Half away from zero, as the books round.
        cents = pc.round(amounts, ndigits=2, round_mode="half_towards_infinity").cast(MONEY)
        columns[name] = pc.if_else(credited, pc.negate(cents), cents).cast(MONEY)
    return pa.table(columns)


def _types(types: Any) -> Any:
    known = pc.fill_null(pc.is_in(types, value_set=pa.array(TYPES)), False)
    return pc.if_else(known, types, OTHER)


def _sums(rows: pa.Table, keys: Sequence[str]) -> dict[tuple[str, ...], dict[str, Decimal]]:
    """Count and sums by key; what has no amount adds nothing."""
    aggregates = rows.group_by(list(keys)).aggregate([([], "count_all"), *((name, "sum") for name in FIGURES)])
    return {
        tuple(row[key] for key in keys): {
            "count": Decimal(row["count_all"]),
            **{name: row[f"{name}_sum"] or Decimal("0.00") for name in FIGURES},
        }
        for row in aggregates.to_pylist()
    }


@dataclass(frozen=True, slots=True)
class Tables:
    """Where the tables stand that the overview takes from."""

    documents: Table
    journal: Table
    rounding: Table
    questions: int
    """How many open questions there are."""


class _Cursor:
    """Writes the overview downwards."""

    def __init__(self, book: Book, sheet: Any) -> None:
        self.book, self.sheet, self.row = book, sheet, HEADER
        self.bold = book.style(bold=True)
        self.header = book.style(bold=True, bg_color="#DDE6EE", bottom=1, text_wrap=True, valign="top")
        self.number = {True: book.style(num_format="#,##0"), False: book.style(num_format=book.money)}

    def heading(self, text: str) -> None:
        self.sheet.write_string(self.row, 0, text, self.book.style(bold=True, font_size=12))
        self.row += 1

    def line(self, text: str, value: Decimal | int, formula: str | None = None, *, count: bool = False) -> None:
        """A label and its figure, three columns to the right."""
        self.sheet.write_string(self.row, 0, text)
        style = self.number[count]
        if formula is None:
            self.sheet.write_number(self.row, 3, value, style)
        else:
            self.sheet.write_formula(self.row, 3, f"={formula}", style, value)
        self.row += 1


def overview(book: Book, sheet: Any, books: MonthBooks, tables: Tables, grids: Mapping[str, Decimal]) -> None:
    """The reconciliation of what Robaws has with where it is, and the control totals."""
    words = book.words
    sheet.set_column(0, 2, 16)
    sheet.set_column(3, 8, 17)
    at = _Cursor(book, sheet)
    for collection in books.not_read:
        text = f"{words[collection]}: {words['text_not_read']}"
        sheet.write_string(at.row, 0, text, book.style(bold=True, font_color="#B00020"))
        at.row += 1
    at.heading(words["reconciliation"])
    _reconciliation(at, books, tables.documents)
    at.row += 1
    at.heading(words["controls"])
    amounts = books.postings["amount"]
    debit = money_sum(amounts.filter(pc.greater(amounts, pa.scalar(Decimal(0), MONEY))))
    credit = -money_sum(amounts.filter(pc.less(amounts, pa.scalar(Decimal(0), MONEY))))
    at.line(words["postings"], len(books.postings), count=True)
    at.line(words["debit"], debit, over(tables.journal, "SUM({})", words["debit"]))
    at.line(words["credit"], credit, over(tables.journal, "SUM({})", words["credit"]))
    at.line(words["difference"], debit - credit, f"ROUND(D{at.row - 1}-D{at.row},2)")
    rounded = money_sum(amounts.filter(pc.equal(books.postings["kind"], "rounding")))
    at.line(words["rounding_total"], rounded, over(tables.rounding, "SUM({})", words["amount"]))
    vat = f"'{words['vat']}'!$C$"
    for grid, word in zip(_BALANCE, ("vat_to_pay", "vat_to_recover"), strict=True):
        at.line(words[word], grids.get(grid, Decimal("0.00")), f"{vat}{_grid_row(grid) + 1}")
    at.line(words["questions_count"], tables.questions, count=True)
    red = book.style(bg_color="#F8D7DA", font_color="#B00020")
    sheet.conditional_format(HEADER, 8, at.row, 8, {"type": "cell", "criteria": "!=", "value": 0, "format": red})


def _reconciliation(at: _Cursor, books: MonthBooks, documents: Table) -> None:
    """A row for each collection, type and figure: Robaws's total, each state's part of it, and what is left: nothing.

    Robaws's total is added up from what it says itself, apart from the states; these are formulas over the documents.
    """
    words = at.book.words
    headers = ("collection", "type", "figure", "robaws", *STATES, "difference")
    for position, key in enumerate(headers):
        at.sheet.write_string(at.row, position, words[key], at.header)
    top = at.row
    at.row += 1
    said = _sums(_signed(books.documents), ("collection", "type"))
    rows = books.states.set_column(books.states.schema.get_field_index("type"), "type", _types(books.states["type"]))
    placed = _sums(rows, ("collection", "type", "state"))
    for collection, kind in _groups(said, placed):
        for name in ("count", *FIGURES):
            at.sheet.write_string(at.row, 0, words[collection])
            at.sheet.write_string(at.row, 1, words[kind])
            at.sheet.write_string(at.row, 2, words[FIGURES.get(name, name)])
            style = at.number[name == "count"]
            total = said.get((collection, kind), {}).get(name, Decimal(0))
            at.sheet.write_number(at.row, 3, total, style)
            left = total
            for position, state in enumerate(STATES, 4):
                value = placed.get((collection, kind, state), {}).get(name, Decimal(0))
                left -= value
                formula = _placed(documents, words, name, at.row + 1, f"{'ABCDEFGH'[position]}${top + 1}")
                at.sheet.write_formula(at.row, position, f"={formula}", style, value)
            row = at.row + 1
            difference = f"=ROUND(D{row}-E{row}-F{row}-G{row}-H{row},2)"
            at.sheet.write_formula(at.row, 8, difference, at.book.style(bold=True, num_format=style.num_format), left)
            at.row += 1


def _groups(*sums: Mapping[tuple[str, ...], object]) -> Iterator[tuple[str, str]]:
    """Both types of both collections always; another type where there is one."""
    found = {key[:2] for one in sums for key in one}
    for collection in COLLECTIONS:
        yield from ((collection, kind) for kind in TYPES)
        if (collection, OTHER) in found:
            yield collection, OTHER


def _placed(documents: Table, words: Mapping[str, str], name: str, row: int, state: str) -> str:
    criteria = f"{{}},$A{row},{{}},$B{row},{{}},{state}"
    where = (words["collection"], words["type"], words["state"])
    if name == "count":
        return over(documents, f"COUNTIFS({criteria})", *where)
    return over(documents, f"SUMIFS({{}},{criteria})", words[FIGURES[name]], *where)


def _grid_row(grid: str) -> int:
    return FIRST + list(GRIDS).index(grid)


def vat_return(book: Book, sheet: Any, rows: pa.Table, totals: Mapping[str, Decimal], table: Table) -> None:
    """A row a grid, filled or not: what the documents put in it, and how many they are."""
    words, language = book.words, book.language
    for position, (width, key) in enumerate(((8, "grid"), (52, "description"), (18, "amount"), (14, "count"))):
        sheet.set_column(position, position, width)
        header = book.style(bold=True, bg_color="#DDE6EE", bottom=1, text_wrap=True, valign="top")
        sheet.write_string(HEADER, position, words[key], header)
    counts = _document_counts(rows)
    money, count = book.style(num_format=book.money), book.style(num_format="#,##0")
    for grid in GRIDS.values():
        row = _grid_row(grid.number)
        text = {"nl": grid.dutch, "fr": grid.french, "en": grid.english}[language]
        sheet.write_string(row, 0, grid.number)
        sheet.write_string(row, 1, text)
        formula = (
            _balance(grid.number)
            if grid.number in _BALANCE
            else over(table, f"SUMIFS({{}},{{}},$A{row + 1})", words["amount"], words["grid"])
        )
        sheet.write_formula(row, 2, f"={formula}", money, totals.get(grid.number, Decimal("0.00")))
        if grid.number not in _BALANCE:
            sheet.write_number(row, 3, counts.get(grid.number, 0), count)
    sheet.write_string(FIRST + len(GRIDS) + 1, 0, words["preview"], book.style(italic=True))
    sheet.freeze_panes(FIRST, 0)
    sheet.repeat_rows(0, HEADER)
    sheet.autofilter(HEADER, 0, HEADER + len(GRIDS), 3)


def _document_counts(rows: pa.Table) -> dict[str, int]:
    """Grid → documents; one with two treatments in a grid counts once."""
    placed = rows.filter(pc.not_equal(rows["grid"], NO_GRID))
    pairs = placed.group_by(["grid", "collection", "document_id"]).aggregate([])
    return {row["values"]: row["counts"] for row in pc.value_counts(pairs["grid"].combine_chunks()).to_pylist()}


def _balance(grid: str) -> str:
    """The grid to pay, or the one to get back: the other is empty."""
    due = "+".join(f"C{_grid_row(number) + 1}" for number in DUE)
    back = "-".join(f"C{_grid_row(number) + 1}" for number in TO_RECOVER)
    owed = f"ROUND({due}-{back},2)"
    return f"MAX(0,{owed})" if grid == "71" else f"MAX(0,-{owed})"
