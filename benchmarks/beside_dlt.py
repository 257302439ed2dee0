"""Our load beside dlt's rest_api source on the same documents, from a sandbox without rate limit.

    python benchmarks/beside_dlt.py [--documents 5000] [--runs 3]

dlt loads documents and lines into DuckDB and does no more; ours also keeps the raw log, books, and writes journals and
UBL files. Both are measured as whole processes, and the sums of the headers in their tables are compared with the
sandbox's. dlt gets an environment of its own, made once in a temporary folder: it is no dependency of ours.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import venv
from decimal import Decimal
from pathlib import Path

import duckdb
from harness import Bench, Measured, company, middle, run
from load import MONTHS, PLAIN, _fresh

from robaws_pipeline.sandbox.world import build_world

DLT_LOAD = Path(__file__).with_name("dlt_load.py")
FILE = "dlt.duckdb"


def _environment(folder: str) -> str:
    """Python of a new environment with dlt."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder, "bin", "python"))
    subprocess.run([python, "-m", "pip", "install", "-q", "dlt[duckdb]"], check=True)
    return python


def _true_sum(documents: int) -> Decimal:
    """Of the headers, excluding VAT, from the same world as the sandbox's."""
    half = documents // 12 // 2
    world = build_world(
        first_month=MONTHS[0],
        last_month=MONTHS[1],
        sales_per_month=half,
        purchases_per_month=documents // 12 - half,
        lines=5,
    )
    records = [record for path in ("sales-invoices", "purchase-invoices") for record in world.records(path)]
    return sum((record["totalExclVat"] for record in records), Decimal(0))


def _sums(bench: Bench) -> tuple[str, str]:
    """The same sum in dlt's tables and in ours, with the type of the column."""
    with duckdb.connect(str(bench.folder / FILE), read_only=True) as theirs:
        (found,) = theirs.execute(
            "SELECT any_value(typeof(net)), sum(net) FROM (SELECT total_excl_vat AS net FROM robaws.sales_invoices"
            " UNION ALL SELECT total_excl_vat FROM robaws.purchase_invoices)"
        ).fetchall()
    ours = bench.folder / "data" / "bench" / "tables" / "documents"
    with duckdb.connect() as connection:
        (own,) = connection.execute(
            "SELECT any_value(typeof(net)), sum(net) FROM read_parquet(?)", [f"{ours}/**/*.parquet"]
        ).fetchall()
    return f"{found[0]} {found[1]!r}", f"{own[0]} {own[1]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    documents = arguments.documents // 12 * 12
    with (
        tempfile.TemporaryDirectory(prefix="dlt") as folder,
        company(documents_per_month=documents // 12, months=MONTHS) as bench,
    ):
        dlt = [_environment(folder), str(DLT_LOAD), bench.sandbox.base_url, FILE]
        commands = {"dlt": dlt, "plain functions": [sys.executable, str(PLAIN), "robaws.toml", *MONTHS]}
        print(f"{documents} documents × 5 lines, medians of {arguments.runs} runs")
        print(f"{'':18}{'CPU s':>8}{'ms a document':>15}{'peak MB':>9}")
        for name, command in commands.items():
            measured: list[Measured] = []
            for _ in range(arguments.runs):
                _fresh(bench)
                if name == "dlt":
                    shutil.rmtree(bench.folder / "pipelines", ignore_errors=True)
                    (bench.folder / FILE).unlink(missing_ok=True)
                measured.append(run(command, bench.environment, bench.folder))
            value = middle(measured)
            print(f"{name:18}{value.cpu:8.2f}{value.cpu / documents * 1000:15.2f}{value.peak_mb:9.0f}", flush=True)
        theirs, ours = _sums(bench)
        print(f"sum excluding VAT: sandbox {_true_sum(documents):.2f}, dlt {theirs}, ours {ours}")


if __name__ == "__main__":
    main()
