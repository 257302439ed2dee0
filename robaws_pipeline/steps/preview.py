"""What a format makes of the books that are held, in memory: nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import get_args

from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Export, ExportFile, Format, MonthBooks
from robaws_pipeline.formats.contract import (
    account_problems,
    path_problems,
    reason_problems,
    reasons_of,
    spans_of,
    wanted,
)
from robaws_pipeline.formats.template import TemplateFormat
from robaws_pipeline.periods import Period, Span, period_of
from robaws_pipeline.reasons import describe
from robaws_pipeline.schema import PARTIES, PAYMENT_CONDITIONS
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.steps import compare
from robaws_pipeline.steps.spans import period_books
from robaws_pipeline.steps.workspace import Workspace

_SPANS: tuple[Span, ...] = get_args(Span)
"""From short to long."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first lines of a file; none of a file that is not text."""

    path: str
    bytes: int
    lines: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a format's files for one period."""

    format: Format
    period: Period
    export: Export
    files: Sequence[Beginning]
    """Every file, in order; lines of the first few only."""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    """Of a layout of the settings: its first rows, as they stand in the file."""
    held: Sequence[tuple[str, str]] = ()
    """What a person calls a document that the format holds, and why, in the company's language."""
    problems: Sequence[str] = ()
    """How the format breaks its promises: it would lose its files in a real export."""


def preview(workspace: Workspace, name: str, month: str, rows: int, files: int) -> Preview:
    """What the format of this name makes of the month (or, when it has no months, of the period that it is in).

    At most so many `rows` (lines) of each of so many `files`. SettingsError when there is no such format or the
    settings are not right for it; whatever the format raises passes.
    """
    company = workspace.company
    if wrong := list(registry.format_problems(name, company)):
        raise SettingsError(f"companies.{workspace.key}", wrong)
    (format_,) = registry.select(company, name)
    spans = spans_of(format_, company)
    period = period_of(month, next(span for span in _SPANS if span in spans), company.book_year_begins)
    found = compare.findings_told(workspace, name)
    shared = (workspace.tables.read(PARTIES), workspace.tables.read(PAYMENT_CONDITIONS), found)
    books = period_books(workspace, period, *shared)
    export = format_.export(books)
    begun: list[Beginning] = []
    for file in export.files:
        lines = _lines(file, rows) if len(begun) < files else None
        begun.append(Beginning(file.path, len(file.content), lines))
    paths = [file.path for file in begun]
    header, first = format_.table(books, rows) if isinstance(format_, TemplateFormat) else ([], [])
    return Preview(
        format=format_,
        period=period,
        export=export,
        files=begun,
        header=header,
        rows=first,
        held=list(_held(format_, export, books)),
        problems=[
            *path_problems(paths),
            *account_problems(wanted(format_, books), export, set(paths)),
            *reason_problems(format_, export),
        ],
    )


def _held(format_: Format, export: Export, books: MonthBooks) -> Iterator[tuple[str, str]]:
    language, names = books.company.language, _names(books)
    own = reasons_of(format_, language)
    for item in export.held:
        yield names[item.collection, item.document_id], describe(item.code, item.detail, language, own)


def _names(books: MonthBooks) -> dict[tuple[str, str], str]:
    columns = books.states.select(["collection", "document_id", "number"]).to_pydict()
    return {
        (collection, document): f"{collection} {number or f'id {document}'}"
        for collection, document, number in zip(*columns.values(), strict=True)
    }


_ENCODINGS = ("utf-8-sig", "cp1252")
"""Those that our formats write and that can be told apart: bytes that are not UTF-8 are Windows's."""


def _lines(file: ExportFile, most: int) -> list[str] | None:
    """The first lines of a text; None when it is none."""
    if file.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return list(islice(file.content.decode("utf-16", "replace").splitlines(), most))
    if b"\0" in file.content:
        return None
    # A line end may stand inside a quoted cell: a line more or less is no matter here.
    start = b"\n".join(file.content.split(b"\n", most)[:most])
    for encoding in _ENCODINGS:
        try:
            return start.decode(encoding).splitlines()
        except UnicodeDecodeError:
            continue
    return start.decode("latin-1").splitlines()
