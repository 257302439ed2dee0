"""How fast a month is booked: 100,000 documents of 5 lines, from documents and lines to states, VAT and entries.

    python benchmarks/books.py [--documents 100000] [--runs 3] [--workbook]

In a process of its own: `steps.build.build_journal` of one month, from Parquet to Parquet, and within it what
`books.keep_books` takes. Seconds on the clock and of the processor, and the largest resident memory of the process.
With `--workbook` also books.xlsx of the same month, which is streamed and takes minutes: most is XML, a cell at a time.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from formats import TABLES, make, read

from robaws_pipeline import books, settings
from robaws_pipeline.books import Books
from robaws_pipeline.formats.samples import MONTH
from robaws_pipeline.formats.workbook import WorkbookFormat
from robaws_pipeline.schema import DOCUMENTS, GL_ACCOUNTS, LINES, PARTIES
from robaws_pipeline.steps import build
from robaws_pipeline.steps.workspace import Workspace

_SETTINGS = """
[companies.bench]
name = "Bouwbedrijf Voorbeeld BV"
api_key_env = "KEY"
api_secret_env = "SECRET"
start = "2026-01"
vat_number = "BE0999000129"
address = { line = "Proefstraat 1", postal_code = "9000", city = "Gent" }
"""


def _workspace(folder: Path) -> Workspace:
    return Workspace.of(settings.parse(_SETTINGS, "robaws.toml", folder), "bench")


def _prepare(folder: Path) -> None:
    """The lake's tables, as building the documents leaves them."""
    month = read(folder)
    tables = _workspace(folder).tables
    tables.write(DOCUMENTS, month.documents, MONTH)
    tables.write(LINES, month.lines, MONTH)
    tables.write(PARTIES, month.parties)
    tables.write(GL_ACCOUNTS, GL_ACCOUNTS.empty())


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _book(folder: Path) -> list[float]:
    """In the child: seconds and processor seconds of the whole and of the books alone, and the peak in MB."""
    inner: list[float] = []
    keep = books.keep_books

    def measured(*arguments: Any, **named: Any) -> Books:
        started, busy = time.perf_counter(), time.process_time()
        kept = keep(*arguments, **named)
        inner.extend((time.perf_counter() - started, time.process_time() - busy))
        return kept

    books.keep_books = measured  # type: ignore[assignment]
    workspace = _workspace(folder)
    started, busy = time.perf_counter(), time.process_time()
    states = build.build_journal(workspace, [MONTH])[MONTH]
    whole = [time.perf_counter() - started, time.process_time() - busy]
    exported = sum(state == "exported" for state in states["state"].to_pylist())
    if exported != states.num_rows:
        sys.exit(f"{states.num_rows - exported} documents are held")
    return [*whole, *inner, _memory()]


def _workbook(folder: Path) -> list[float]:
    """In the child: seconds and processor seconds of the workbook, and the peak in MB."""
    month = read(folder)
    started, busy = time.perf_counter(), time.process_time()
    for file in WorkbookFormat().export(month).files:
        size = len(file.content)
    return [time.perf_counter() - started, time.process_time() - busy, _memory(), size / 1e6]


def _measure(work: str, folder: str, runs: int) -> list[float]:
    command = [sys.executable, __file__, "--child", work, folder]
    found = []
    for _ in range(runs):
        done = subprocess.run(command, env={**os.environ}, check=True, capture_output=True, text=True)
        found.append([float(value) for value in done.stdout.split()])
    return [median(column) for column in zip(*found, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workbook", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        work, folder = arguments.child
        print(*(_book if work == "books" else _workbook)(Path(folder)))
        return
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        make(Path(folder), arguments.documents)
        _prepare(Path(folder))
        print(f"{arguments.documents} documents × 5 lines, {len(TABLES)} tables, {arguments.runs} runs; medians")
        wall, cpu, books_wall, books_cpu, peak = _measure("books", folder, arguments.runs)
        print(f"journal asset   {wall:7.2f} s  {cpu:7.2f} CPU s  {peak:6.0f} MB peak")
        print(f"  its books     {books_wall:7.2f} s  {books_cpu:7.2f} CPU s")
        if arguments.workbook:
            wall, cpu, peak, size = _measure("workbook", folder, 1)
            print(f"workbook        {wall:7.2f} s  {cpu:7.2f} CPU s  {peak:6.0f} MB peak, {size:.0f} MB written")


if __name__ == "__main__":
    main()
