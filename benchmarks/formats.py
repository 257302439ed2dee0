"""How fast a month is written: 100,000 documents of 5 lines in each format that writes text, on one core.

    python benchmarks/formats.py [--documents 100000] [--formats winbooks datev] [--runs 3]

Each format runs in a process of its own over the same books, which it maps from files. Measured are the seconds from
the books to the last byte, on the clock and of the processor, and how much memory the process grew by; what is written
goes to nowhere, a file at a time, as in a month's folder. "csv module" is what a program writes first: a loop over the
postings, `csv.writer`, one file. `as_journal` and `as_documents` are layouts of the documentation that make two files
of the journal format: what a layout costs beside a format written by hand.
"""

import argparse
import csv
import io
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa

from robaws_pipeline import schema
from robaws_pipeline.books.keep import keep_books
from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Format, MonthBooks
from robaws_pipeline.formats.samples import COMPANY, MONTH
from robaws_pipeline.periods import month_period
from robaws_pipeline.settings import Company

CSV_MODULE = "csv module"
NOT_TEXT = {"ubl", "ubl_purchases", "listings", "workbook"}
"""A file a document; a list of a year; a workbook, which benchmarks/books.py measures."""

OWN: dict[str, dict[str, Any]] = {
    "datev": {
        "adviser": 29098,
        "client": 55003,
        "account_length": 6,
        "vat_codes": [
            {"collection": collection, "treatment": "standard", "rate": rate, "code": str(rate)}
            for collection in ("sales", "purchases")
            for rate in (6, 21)
        ],
    },
}
"""Settings without which a format writes nothing."""

PAGE = Path(__file__).parents[1] / "docs" / "formats" / "template.md"
LAYOUTS = ("as_journal", "as_documents")
"""Worked examples of that page."""

TABLES = ("documents", "lines", "states", "vat", "postings", "parties", "payment_conditions", "originals")

_DOCUMENTS = """
SELECT
    CASE WHEN n % 10 < 7 THEN 'sales' ELSE 'purchases' END AS collection,
    n::VARCHAR AS id,
    $month AS month,
    CASE WHEN n % 20 = 0 THEN 'CREDIT_NOTE' ELSE 'INVOICE' END AS type,
    CASE WHEN n % 10 < 7 THEN 'F26' ELSE 'A26' END || printf('%06d', n) AS number,
    CASE WHEN n % 10 >= 7 THEN '2026/' || n END AS supplier_number,
    ($month || '-01')::DATE + (n % 28)::INTEGER AS date,
    date + 30 AS due_date,
    (n % 2000)::VARCHAR AS party_id,
    'EUR' AS currency,
    '+++090/9337/55493+++' AS payment_reference
FROM range($documents) AS counted(n)
"""
_LINES = """
SELECT
    document.collection,
    document.id AS document_id,
    $month AS month,
    line::INTEGER AS line_no,
    'LINE' AS type,
    'Plaatsen van ramen en deuren, werf ' || document.id || ', deel ' || line AS description,
    (line * 1000 + document.id::INTEGER % 977)::DECIMAL(28, 10) / 100 AS net,
    CASE WHEN line = 5 THEN '6' ELSE '21' END AS vat_tariff_name,
    CASE WHEN document.collection = 'sales' THEN '70000' ELSE '60000' END || line % 3 AS gl_account_code
FROM documents AS document, range(1, 6) AS counted(line)
"""
_PARTIES = """
SELECT kind, n::VARCHAR AS id, CASE kind WHEN 'client' THEN 'C' ELSE 'S' END || n AS code,
    'Bouwbedrijf ' || n || ' & Zonen' AS name, 'BE0999000228' AS vat_number, 'nl' AS language,
    'Kerkstraat ' || n AS street, '9000' AS postal_code, 'Gent' AS city, 'BE' AS country
FROM range(2000) AS counted(n), (VALUES ('client'), ('supplier')) AS kinds(kind)
"""


def _filled(made: pa.Table, table: schema.Table) -> pa.Table:
    """All columns of the table; those that were not made are null."""
    have = set(made.schema.names)
    columns = [
        made[field.name].cast(field.type) if field.name in have else pa.nulls(len(made), field.type)
        for field in table.schema
    ]
    return pa.table(columns, schema=table.schema)


def make(folder: Path, count: int) -> None:
    """The books of a month, as Arrow files."""
    connection = duckdb.connect(config={"threads": 1})
    documents = connection.sql(_DOCUMENTS, params={"documents": count, "month": MONTH}).to_arrow_table()
    connection.register("documents", documents)
    lines = _filled(connection.sql(_LINES, params={"month": MONTH}).to_arrow_table(), schema.LINES)
    parties = _filled(connection.sql(_PARTIES).to_arrow_table(), schema.PARTIES)
    connection.register("lines", lines)
    totals = connection.sql(
        "SELECT collection, document_id AS id, sum(net) AS net, "
        "round(sum(net) FILTER (vat_tariff_name = '21') * 0.21, 2) "
        "+ round(sum(net) FILTER (vat_tariff_name = '6') * 0.06, 2) AS vat FROM lines GROUP BY ALL"
    ).to_arrow_table()
    connection.register("totals", totals)
    whole = connection.sql("SELECT *, net + vat AS gross FROM documents JOIN totals USING (collection, id)")
    documents = _filled(whole.to_arrow_table(), schema.DOCUMENTS)
    falsity = pa.array([False] * count)
    documents = documents.set_column(documents.schema.get_field_index("deleted"), "deleted", falsity)
    empty = pa.array([[]] * count, schema.DOCUMENTS.schema.field("problems").type)
    documents = documents.set_column(documents.schema.get_field_index("problems"), "problems", empty)
    books = keep_books(documents, lines, parties, schema.GL_ACCOUNTS.empty(), COMPANY)
    exported = sum(state == "exported" for state in books.states["state"].to_pylist())
    if exported != count:
        sys.exit(f"{count - exported} of {count} documents are held: {books.states['reasons'][:3]}")
    tables = {name: getattr(books, name) for name in ("states", "vat", "postings")}
    tables |= {"documents": documents, "lines": lines, "parties": parties}
    tables |= {"payment_conditions": schema.PAYMENT_CONDITIONS.empty(), "originals": schema.DOCUMENTS.empty()}
    for name in TABLES:
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_file(sink, tables[name].schema) as writer:
            writer.write_table(tables[name])


def _company() -> Company:
    layouts: dict[str, Any] = {}
    for fence in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        layouts |= tomllib.loads(fence, parse_float=Decimal)["companies"]["acme"]["templates"]
    return COMPANY.model_copy(update={"format": OWN, "templates": {name: layouts[name] for name in LAYOUTS}})


def _get(name: str) -> Format:
    (format_,) = registry.select(_company(), name)
    return format_


def read(folder: Path) -> MonthBooks:
    read = {name: pa.ipc.open_file(pa.memory_map(str(folder / name))).read_all() for name in TABLES}
    return MonthBooks(key="bench", company=_company(), period=month_period(MONTH), **read)


def _empty() -> MonthBooks:
    return replace(testing.empty(), company=_company())


def _plain(books: MonthBooks) -> int:
    """What anybody writes first: a row a posting, amounts as text, one string in memory."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    names = {row["code"]: row["name"] for row in books.parties.to_pylist()}
    writer.writerow(
        ["journal", "number", "date", "account", "party", "name", "text", "debit", "credit", "base", "rate"]
    )
    zero = Decimal("0.00")
    for row in books.postings.to_pylist():
        amount = row["amount"]
        writer.writerow(
            [
                row["journal"],
                row["number"],
                row["date"].strftime("%Y%m%d"),
                row["account"],
                row["party_code"],
                names.get(row["party_code"]),
                row["description"],
                str(max(amount, zero)).replace(".", ","),
                str(max(-amount, zero)).replace(".", ","),
                row["vat_base"],
                row["rate"],
            ]
        )
    return len(out.getvalue().encode("utf-8-sig"))


def _format(name: str) -> Callable[[MonthBooks], int]:
    format_ = _get(name)

    def write(books: MonthBooks) -> int:
        export = format_.export(books)
        written = sum(len(file.content) for file in export.files)
        if export.held or len(export.documents) == 0:
            sys.exit(f"{name} held {len(export.held)} documents: {export.held[:2]}")
        return written

    return write


def _one(folder: Path, name: str) -> None:
    """In the child: seconds, seconds of the processor, megabytes written, megabytes of growth."""
    write = _plain if name == CSV_MODULE else _format(name)
    books = read(folder)
    # What is imported at the first export of a process, pandas among it, is not what a month costs.
    for file in _get("journal" if name == CSV_MODULE else name).export(_empty()).files:
        len(file.content)
    # What the books themselves take, read once from end to end, is not the format's.
    for table in (books.postings, books.lines, books.documents, books.vat, books.states):
        table.validate(full=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, busy = time.perf_counter(), time.process_time()
    size = write(books)
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{seconds} {cpu} {size / 1e6} {grown / 1024}")


def _written() -> list[str]:
    return [name for name in registry.available() if name not in NOT_TEXT]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--formats", nargs="*", default=[*_written(), *LAYOUTS])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _one(Path(arguments.child[0]), arguments.child[1])
        return
    missing = {
        name: list(registry.get(name).missing_settings(_company())) for name in arguments.formats if name not in LAYOUTS
    }
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        make(Path(folder), arguments.documents)
        print(f"{arguments.documents} documents × 5 lines on one core, {arguments.runs} runs; medians")
        print(f"{'':16}{'seconds':>9}{'CPU s':>8}{'MB written':>12}{'MB memory':>11}")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "ARROW_IO_THREADS": "1"}
        core = {min(os.sched_getaffinity(0))}
        for name in (CSV_MODULE, *arguments.formats):
            if missing.get(name):
                print(f"{name:16}  not measured: {missing[name][0]}")
                continue
            command = [sys.executable, __file__, "--child", folder, name]
            runs = []
            for _ in range(arguments.runs):
                done = subprocess.run(
                    command,
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                    preexec_fn=lambda: os.sched_setaffinity(0, core),
                )
                runs.append([float(value) for value in done.stdout.split()])
            seconds, cpu, size, grown = (median(column) for column in zip(*runs, strict=True))
            print(f"{name:16}{seconds:9.2f}{cpu:8.2f}{size:12.1f}{grown:11.0f}", flush=True)


if __name__ == "__main__":
    main()
