"""Everything in the folder of one month: the files of each format, the list of what was left out, the manifest."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from robaws_pipeline.formats import manifest as manifests
from robaws_pipeline.formats.base import Export, ExportFile, Format, MonthBooks
from robaws_pipeline.formats.contract import account_problems, path_problem, path_problems, reasons_of, wanted
from robaws_pipeline.formats.left_out import left_out_columns, left_out_words
from robaws_pipeline.formats.spreadsheet import Columns, csv_bytes
from robaws_pipeline.reasons import Language, Reason, lookup

MANIFEST = "manifest.json"
HELD = "held.csv"


class FormatError(Exception):
    """A format broke its contract: the text says how, for which documents or files."""


Sums = dict[str, dict[str, Any]]
"""Path → `sha256` and `bytes`."""


def _sums(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _add(sums: Sums, file: ExportFile) -> None:
    """Note a file's sums; FormatError when its path cannot be written, before anybody tries."""
    problem = path_problem(file.path) if file.path not in sums else f"file {file.path!r} comes twice"
    if problem is not None:
        raise FormatError(problem)
    sums[file.path] = _sums(file.content)


@dataclass(slots=True)
class MonthExport:
    """The folder ``exports/<company>/<month>/``, made one file at a time.

    Write each file that `files` gives to a folder of your own; when it ends, remove those in `discard`, and only then
    put your folder in the place of the month's. A format that fails does not stop the others: its files are in
    `discard`, its exception in `errors`, its message in the manifest.
    """

    books: MonthBooks
    formats: Sequence[Format]
    inputs: str
    """Fingerprint of what the month was made from."""
    code: str
    """Version of the code that made it."""
    manifest: manifests.Manifest = field(default_factory=dict)
    """The content of manifest.json; complete when `files` ends."""
    errors: dict[str, Exception] = field(default_factory=dict)
    """By format name, why it failed; complete when `files` ends."""
    discard: list[str] = field(default_factory=list)
    """Paths already given that must not stay; complete when `files` ends."""

    def files(self) -> Iterator[ExportFile]:
        """Every file, its path relative to the month's folder; held.csv and manifest.json come last. Call it once."""
        names = [format_.name for format_ in self.formats]
        if len(set(names)) != len(names):
            raise ValueError(f"each format once: {', '.join(names)}")
        self.manifest.update(manifests.begin(self.books, self.inputs, self.code))
        for format_ in self.formats:
            yield from self._format(format_)
        language = self.books.company.language
        own = {format_.name: reasons_of(format_, language) for format_ in self.formats}
        held = csv_bytes(held_columns(self.manifest["documents"], language, own))
        self.manifest["files"][HELD] = _sums(held)
        yield ExportFile(HELD, held)
        yield ExportFile(MANIFEST, manifests.encode(self.manifest))

    def _format(self, format_: Format) -> Iterator[ExportFile]:
        """The files of one format under its name; what it made is noted only when all of it is good."""
        sums: Sums = {}
        try:
            export = format_.export(self.books)
            files = iter(export.files)
        except Exception as error:  # a format may be a third party's: whatever it raises is its own failure
            self._fail(format_, error, sums)
            return
        while True:
            # Only the format's own work stands inside `try`: an error of whoever writes the file is not the format's.
            try:
                file = next(files, None)
                if file is None:
                    self._check(format_, export, sums)
                    break
                _add(sums, file)
            except Exception as error:
                self._fail(format_, error, sums)
                return
            yield ExportFile(f"{format_.name}/{file.path}", file.content)
        self._note(format_, export, sums)

    def _check(self, format_: Format, export: Export, sums: Sums) -> None:
        problems = [*path_problems(sums), *account_problems(wanted(format_, self.books), export, set(sums))]
        if problems:
            raise FormatError("; ".join(problems))

    def _fail(self, format_: Format, error: Exception, sums: Sums) -> None:
        self.errors[format_.name] = error
        self.discard.extend(f"{format_.name}/{path}" for path in sums)
        self.manifest["formats"][format_.name] = {
            "files": 0,
            "documents": 0,
            "held": 0,
            "left_out": 0,
            "notes": [],
            "error": str(error) if isinstance(error, FormatError) else f"{type(error).__name__}: {error}",
        }

    def _note(self, format_: Format, export: Export, sums: Sums) -> None:
        name, language = format_.name, self.books.company.language
        own = reasons_of(format_, language)
        rows = {(row["collection"], row["id"]): row for row in self.manifest["documents"]}
        for key, paths in export.documents.items():
            rows[key]["files"].extend(f"{name}/{path}" for path in paths)
        for item in sorted(export.held, key=lambda item: (item.code, item.detail)):
            row = rows[item.collection, item.document_id]
            told = manifests.reason(item.code, item.detail, language, own)
            row["formats_held"].setdefault(name, []).append(told)
        self.manifest["files"].update((f"{name}/{path}", value) for path, value in sums.items())
        self.manifest["formats"][name] = {
            "files": len(sums),
            "documents": len(export.documents),
            "held": len({(item.collection, item.document_id) for item in export.held}),
            "left_out": len(export.left_out),
            "notes": list(export.notes),
            "error": None,
        }


def _left_out(rows: list[dict[str, Any]], everywhere: str) -> Iterator[tuple[dict[str, Any], str, manifests.Reason]]:
    """Document, where it is missing, why: one for each reason, and one when no reason is given."""
    unexplained = {"code": "", "detail": "", "text": ""}
    for row in rows:
        if row["state"] == "held":
            yield from ((row, everywhere, item) for item in row["reasons"] or [unexplained])
        for name, items in row["formats_held"].items():
            yield from ((row, name, item) for item in items)


def held_columns(rows: list[dict[str, Any]], language: Language, own: Mapping[str, Sequence[Reason]]) -> Columns:
    """held.csv: the documents that an accountant does not get, and what to do about each; `rows` of the manifest, and
    by format name the reasons that are its `own`."""
    left_out = list(_left_out(rows, left_out_words(language)["everywhere"]))
    return left_out_columns(
        [row for row, _, _ in left_out],
        [where for _, where, _ in left_out],
        [
            (item["text"], lookup(item["code"], language, own.get(where, ())).remedy, item["code"])
            for _, where, item in left_out
        ],
        language,
    )
