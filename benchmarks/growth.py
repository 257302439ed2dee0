"""What grows with the history and what must not: 1×, 10× and 100× the months, each month of the same size.

    python benchmarks/growth.py [--documents-per-month 100] [--months 2]

Memory must stay flat and time grow in proportion. The plain functions are measured: Dagster's own events are the
subject of ``dagster_overhead.py``.
"""

import argparse
import sys

from harness import company, run
from load import PLAIN


def _first(last: str, months: int) -> str:
    count = int(last[:4]) * 12 + int(last[5:]) - 1 - (months - 1)
    return f"{count // 12:04}-{count % 12 + 1:02}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents-per-month", type=int, default=200)
    parser.add_argument("--months", type=int, default=2)
    arguments = parser.parse_args()
    last = "2026-10"
    print(f"{'months':>8}{'documents':>11}{'wall s':>9}{'CPU s':>8}{'peak MB':>9}")
    for factor in (1, 10, 100):
        months = (_first(last, arguments.months * factor), last)
        with company(documents_per_month=arguments.documents_per_month, months=months) as bench:
            value = run([sys.executable, str(PLAIN), "robaws.toml", *months], bench.environment, bench.folder)
        count = arguments.months * factor
        documents = count * arguments.documents_per_month
        print(f"{count:8}{documents:11}{value.wall:9.2f}{value.cpu:8.2f}{value.peak_mb:9.0f}", flush=True)


if __name__ == "__main__":
    main()
