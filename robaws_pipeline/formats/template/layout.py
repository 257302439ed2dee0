"""What a user can say of a layout: the tables under ``[companies.<key>.templates.<name>]``.

``docs/formats/template.md`` explains each key. Here is only what can be told wrong without looking at an expression;
`expressions` does the rest.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from robaws_pipeline.formats.texts import Encoding
from robaws_pipeline.periods import Span
from robaws_pipeline.settings import FormatSettings

Rows = Literal["posting", "document", "vat", "party"]
"""What a line of the file is."""

Quoting = Literal["needed", "texts", "values", "all", "never"]
"""Which cells stand between quotes: those that would be misread otherwise, texts, all but empty ones, all, none."""

Character = Annotated[str, Field(min_length=1, max_length=1)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]

LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}


class Column(FormatSettings):
    """One column: its header, the expression that fills it, how its values are written."""

    name: str
    """The header."""
    value: Text
    """An expression over the fields."""
    required: bool = False
    """Whether a document with an empty cell here is held."""
    quoting: Quoting | None = None
    date: str | None = None
    decimals: Annotated[int, Field(ge=0, le=10)] | None = None
    """Decimals of a number; when left out, two for euro and those that are not zero for others."""
    width: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most characters; with `pad`, exactly this many."""
    too_long: Literal["cut", "hold"] = "cut"
    """What becomes of a text that is wider. A number or a date is never cut."""
    pad: Literal["left", "right"] | None = None
    """The side on which `fill` makes up the width."""
    fill: Character = " "

    @model_validator(mode="after")
    def _padded_to_a_width(self) -> "Column":
        if self.pad is not None and self.width is None:
            raise ValueError("pad has no meaning without width: add width, or leave pad out")
        return self


class Layout(FormatSettings):
    """One file layout."""

    title: Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]*$")] | None = None
    rows: Rows
    collections: Annotated[tuple[Literal["sales", "purchases"], ...], Field(min_length=1)] = ("sales", "purchases")
    where: Text | None = None
    """A condition over the fields: the rows that are written. Documents without any are left out, and counted."""
    order: tuple[str, ...] | None = None
    """Fields; one with a minus sign in front goes from high to low."""
    periods: Annotated[tuple[Span, ...], Field(min_length=1)] = ("month",)
    """What a file is about."""
    file: Text = "{period}.csv"
    """Path of the file; ``{field}`` stands for a field that is the same on all rows of a document."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    header: bool = True
    separator: Annotated[str, Field(max_length=3)] = ";"
    """Between cells; empty for columns of a fixed width."""
    quote: Character = '"'
    quoting: Quoting = "needed"
    decimal: Literal[",", "."] = ","
    minus: Literal["before", "after"] = "before"
    date: str = "%Y-%m-%d"
    encoding: Encoding = "utf-8"
    line_end: Literal["crlf", "lf"] = "crlf"
    amounts: Literal["debit", "credit", "absolute"] = "debit"
    """Which side of `amount` is positive, or that it has no sign."""
    credit_notes: Literal["negative", "positive"] = "negative"
    """Sign of a credit note's totals, VAT and taxable amounts."""
    spreadsheet: bool = False
    """Whether texts are written for people's spreadsheets: line ends inside stay, and none is taken for a formula."""

    @model_validator(mode="after")
    def _can_be_read_again(self) -> "Layout":
        problems = list(self._unreadable())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unreadable(self) -> Iterator[str]:
        """What would make a file that no program can take apart."""
        quotings = {column.quoting or self.quoting for column in self.columns}
        if self.separator == "":
            loose = [column.name for column in self.columns if column.pad is None]
            if loose:
                yield f"without a separator every column needs width and pad: {', '.join(loose)}"
            if quotings != {"never"}:
                yield 'without a separator there are no quotes: set quoting = "never"'
        elif self.separator in (self.decimal, "-", self.quote) and "never" in quotings:
            yield f"separator {self.separator!r} is a part of numbers or dates too, and quoting is never: change one"
        if any(character in self.separator for character in "\r\n" + self.quote):
            yield f"separator {self.separator!r} has a line end or the quote in it"
        if self.spreadsheet:
            if not self.encoding.startswith("utf"):
                yield 'spreadsheet = true needs every character: set encoding = "utf-8-sig"'
            if "never" in quotings:
                yield "spreadsheet = true keeps line ends inside texts, which need quotes: choose another quoting"
            if any(column.width is not None for column in self.columns):
                yield "spreadsheet = true has no widths: leave width out"
