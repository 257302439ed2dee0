"""What Dagster adds to the plain functions: ``python benchmarks/dagster_overhead.py [--runs 5]``.

A small company (20 documents a month), so that the work itself is short; one month and 12 months, both ways.
"""

import argparse
import shutil
import sys

from harness import Measured, company, middle, run
from load import PLAIN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{'':34}{'wall s':>9}{'CPU s':>8}")
    with company(documents_per_month=20, months=("2025-11", "2026-10")) as bench:
        for months, label in ((("2026-10", "2026-10"), "one month"), (("2025-11", "2026-10"), "12 months")):
            for name in ("plain functions", "robaws-pipeline load", "again, the home is there"):
                measured: list[Measured] = []
                for count in range(arguments.runs + 1):
                    for folder in ("data", "exports", *(() if name.startswith("again") else ("dagster",))):
                        shutil.rmtree(bench.folder / folder, ignore_errors=True)
                    if name == "plain functions":
                        one = run([sys.executable, str(PLAIN), "robaws.toml", *months], bench.environment, bench.folder)
                    else:
                        one = bench.program("load", "--from", months[0], "--to", months[1])
                    if count:
                        measured.append(one)
                value = middle(measured)
                print(f"{label + ', ' + name:34}{value.wall:9.2f}{value.cpu:8.2f}", flush=True)


if __name__ == "__main__":
    main()
