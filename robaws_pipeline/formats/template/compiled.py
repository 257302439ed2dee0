"""A layout made ready: its expressions checked, its file name taken apart; or in words everything that is wrong."""

import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from robaws_pipeline.formats.contract import path_problem
from robaws_pipeline.formats.template.expressions import Checker, Expression, ExpressionError
from robaws_pipeline.formats.template.fields import COMMON_FIELDS, COUNTING_FIELDS, OF_FILE, OF_ROWS, ORDER, TIES, names
from robaws_pipeline.formats.template.layout import Column, Layout
from robaws_pipeline.formats.texts import REPORT


@dataclass(frozen=True, slots=True)
class Compiled:
    """A layout whose expressions can be run."""

    layout: Layout
    columns: tuple[tuple[Column, Expression], ...]
    where: Expression | None
    order: tuple[tuple[str, bool], ...]
    """Field and whether it goes from high to low."""
    path: tuple[tuple[str, str | None], ...]
    """Text and the field that follows it."""

    @property
    def counts(self) -> bool:
        """Whether a column counts rows or documents."""
        return any(expression.fields & names(COUNTING_FIELDS).keys() for _, expression in self.columns)

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The fields that choose the file, each once."""
        return tuple(dict.fromkeys(name for _, name in self.path if name is not None))

    @property
    def varies(self) -> bool:
        """Whether documents choose the file, so that a month without any has none."""
        return not set(self.placeholders) <= names(COMMON_FIELDS).keys()

    @property
    def fields(self) -> list[str]:
        """The fields of rows that are needed, each once."""
        used = {name for _, expression in self.columns for name in expression.fields} - names(COUNTING_FIELDS).keys()
        if self.where is not None:
            used |= self.where.fields
        return sorted(used | {name for name, _ in self.order} | set(TIES[self.layout.rows]))


@dataclass(slots=True)
class _Problems:
    """Collects what is wrong; `of` tells where."""

    found: list[str] = field(default_factory=list)

    def check(self, checker: Checker, text: str, where: str) -> Expression | None:
        try:
            return checker.check(text)
        except ExpressionError as error:
            self.found.append(f"{where} = {text!r}: {error}")
            return None


def compiled(layout: Layout) -> Compiled | list[str]:
    """The layout ready to run, or every problem in it: which column, and why."""
    fields = names(OF_ROWS[layout.rows])
    checker = Checker(fields | names(COUNTING_FIELDS))
    problems = _Problems()
    where = None if layout.where is None else problems.check(checker, layout.where, "where")
    if where is not None and where.kind != "truth":
        problems.found.append(f"where = {layout.where!r}: gives a {where.kind}, not true or false")
    if where is not None and (early := sorted(where.fields & names(COUNTING_FIELDS).keys())):
        problems.found.append(f"where = {layout.where!r}: rows are counted after it, so there is no {early[0]} yet")
    columns = []
    for position, column in enumerate(layout.columns, 1):
        name = f"column {position} ({column.name})"
        expression = problems.check(checker, column.value, f"{name}: value")
        if expression is not None:
            problems.found += (f"{name}: {text}" for text in _misfits(layout, column, expression, checker))
            columns.append((column, expression))
    problems.found += (f"date = {layout.date!r}: {text}" for text in _date_problems(layout.date, checker))
    order = tuple((name.removeprefix("-"), name.startswith("-")) for name in layout.order or ORDER[layout.rows])
    problems.found += (
        f"order: there is no field {name!r} for {layout.rows} rows" for name, _ in order if name not in fields
    )
    path = _path(layout, problems.found)
    return problems.found or Compiled(layout, tuple(columns), where, order, path)


def _date_problems(pattern: str, checker: Checker) -> Iterator[str]:
    if "%" not in pattern:
        yield "has no %: write a date as %d/%m/%Y"
    try:
        checker.date_pattern(pattern)
    except ExpressionError as error:
        yield str(error)


def _misfits(layout: Layout, column: Column, expression: Expression, checker: Checker) -> Iterator[str]:
    """What a column asks for that its values cannot have."""
    if expression.kind == "truth":
        yield "gives true or false: write what the file must say, CASE WHEN … THEN 'J' ELSE 'N' END"
    if column.decimals is not None and expression.kind != "number":
        yield f"decimals has no meaning for a {expression.kind}: leave it out"
    if column.date is not None and expression.kind != "date":
        yield f"date has no meaning for a {expression.kind}: leave it out"
    if column.date is not None:
        yield from (f"date = {column.date!r}: {text}" for text in _date_problems(column.date, checker))
    if not layout.header:
        return
    if layout.separator and layout.quoting == "never" and layout.separator in column.name:
        yield "the header has the separator in it, and quoting is never: change the name"
    if column.pad is not None and column.width is not None and len(column.name) > column.width:
        yield f"the header is wider than width = {column.width}: shorten the name, or set header = false"


def _path(layout: Layout, problems: list[str]) -> tuple[tuple[str, str | None], ...]:
    """The parts of the file's path; what is wrong with it goes to `problems`."""
    known = names(OF_FILE[layout.rows])
    try:
        parsed = list(string.Formatter().parse(layout.file))
    except ValueError as error:
        problems.append(f"file = {layout.file!r}: {error}; a field stands between braces, {{month}}")
        return ()
    for _, name, specification, conversion in parsed:
        if specification or conversion:
            problems.append(f"file = {layout.file!r}: only the name of a field stands between braces")
        elif name is not None and name not in known:
            problems.append(f"file = {layout.file!r}: {name!r} cannot choose a file; there are {', '.join(known)}")
    example = "".join(text + ("" if name is None else "x") for text, name, _, _ in parsed)
    if (problem := path_problem(example)) is not None:
        problems.append(f"file = {layout.file!r}: {problem}")
    if example.casefold() == REPORT:
        problems.append(f"file = {layout.file!r} is the name of the list of changed texts: choose another")
    return tuple((text, name) for text, name, _, _ in parsed)
