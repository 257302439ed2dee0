"""Layouts that a user describes in ``robaws.toml``: one format for each table of ``[companies.<key>.templates]``.

robaws.toml ─► layout ─► compiled (expressions checked) ─► rows (DuckDB) ─► cells (Arrow) ─► files
"""

from collections.abc import Iterator
from functools import cached_property

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.template.cells import cells, content, texts_of
from robaws_pipeline.formats.template.compiled import Compiled, compiled
from robaws_pipeline.formats.template.layout import Layout
from robaws_pipeline.formats.template.reasons import reasons
from robaws_pipeline.formats.template.rows import Filled, fill
from robaws_pipeline.periods import Span
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company, SettingsError

_NAMED = 5
"""Documents that a note names."""


class TemplateFormat:
    """One layout of one company, as a format."""

    def __init__(self, name: str, layout: Layout) -> None:
        self.name = name
        self.layout = layout
        self.title = layout.title or f"Layout of robaws.toml: one row a {layout.rows}"
        self.collections = layout.collections

    @cached_property
    def _ready(self) -> Compiled | list[str]:
        return compiled(self.layout)

    @property
    def _compiled(self) -> Compiled:
        if isinstance(self._ready, list):
            raise SettingsError(f"templates.{self.name}", self._ready)
        return self._ready

    def spans(self, company: Company) -> tuple[Span, ...]:
        """The periods that the layout asks for."""
        return self.layout.periods

    def reasons(self, language: Language) -> list[Reason]:
        """Why a layout holds documents."""
        return reasons(language)

    def missing_settings(self, company: Company) -> Iterator[str]:
        """What is wrong with its expressions and its file name."""
        if isinstance(self._ready, list):
            yield from self._ready

    def export(self, books: MonthBooks) -> Export:
        """The files of the layout; beside them a list of texts that its encoding or widths changed."""
        export = Export(files=())
        export.files = self._files(books, export)
        return export

    def _files(self, books: MonthBooks, export: Export) -> Iterator[ExportFile]:
        filled = fill(books, self._compiled)
        export.documents.update(filled.written)
        export.held += filled.held
        export.left_out.update(filled.left_out)
        if filled.left_out:
            export.notes.append(_left_out(filled, self.layout))
        texts = texts_of(self.layout)
        for path, rows in filled.of_places():
            if rows.num_rows or not self._compiled.varies:
                yield ExportFile(path, content(rows, self._compiled, texts))
        export.notes += texts.notes()
        yield from texts.report()

    def table(self, books: MonthBooks, most: int) -> tuple[list[str], list[list[str]]]:
        """Header and the first rows, at most so many, as they stand in the files: what a person looks at."""
        rows = fill(books, self._compiled).rows.slice(0, most)
        columns = cells(rows, self._compiled, texts_of(self.layout)) if rows.num_rows else []
        shown = [[cell or "" for cell in column.to_pylist()] for column in columns]
        return [column.name for column in self.layout.columns], [list(row) for row in zip(*shown, strict=True)]


def _left_out(filled: Filled, layout: Layout) -> str:
    names = list(filled.left_out.values())
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    count = "1 document is" if len(names) == 1 else f"{len(names)} documents are"
    return f"{count} left out by where = {layout.where!r}: {', '.join(names[:_NAMED])}{more}"
