"""How fast a load is: 20,000 documents of 5 lines over a year, from a sandbox without rate limit.

    python benchmarks/load.py [--documents 20000] [--runs 5]

Three processes are measured, each as a whole: a bare fetch of the same pages (pages decoded, Parquet written, DuckDB
asked for a sum: nothing of ours), our plain functions, and `robaws-pipeline load`, which is the same under Dagster.
"""

import argparse
import shutil
import sys
from pathlib import Path

from harness import Bench, Measured, company, middle, run

MONTHS = ("2025-11", "2026-10")

BARE = Path(__file__).with_name("bare_fetch.py")
PLAIN = Path(__file__).with_name("plain_steps.py")


def _fresh(bench: Bench) -> None:
    for name in ("data", "exports", "dagster", "bare"):
        shutil.rmtree(bench.folder / name, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with company(documents_per_month=arguments.documents // 12, months=MONTHS) as bench:
        commands = {
            "bare fetch": [sys.executable, str(BARE), bench.sandbox.base_url],
            "plain functions": [sys.executable, str(PLAIN), "robaws.toml", *MONTHS],
            "robaws-pipeline load": None,
        }
        print(f"{arguments.documents} documents × 5 lines, {arguments.runs} runs after a warm-up; medians")
        print(f"{'':24}{'documents/s':>12}{'wall s':>9}{'CPU s':>8}{'peak MB':>9}")
        for name, command in commands.items():
            measured: list[Measured] = []
            for count in range(arguments.runs + 1):
                _fresh(bench)
                one = (
                    run(command, bench.environment, bench.folder)
                    if command
                    else bench.program("load", "--from", MONTHS[0], "--to", MONTHS[1])
                )
                if count:
                    measured.append(one)
            value = middle(measured)
            rate = arguments.documents / value.wall
            print(f"{name:24}{rate:12,.0f}{value.wall:9.2f}{value.cpu:8.2f}{value.peak_mb:9.0f}", flush=True)


if __name__ == "__main__":
    main()
