"""How close a load comes to what the rate limit allows: ``python benchmarks/rate_limit.py [--documents 20000]``.

The ideal for n requests is (n − burst) / rate seconds: 15 a second after the first 20.
"""

import argparse
import json

from harness import company

MONTHS = ("2025-11", "2026-10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'requests':>9}{'refused':>9}{'reading s':>11}{'ideal s':>9}{'ratio':>7}")
    for _ in range(arguments.runs):
        with company(documents_per_month=arguments.documents // 12, months=MONTHS, rate_limited=True) as bench:
            bench.program("load", "--from", MONTHS[0], "--to", MONTHS[1])
            script = (
                "import dagster as dg, json\n"
                "with dg.DagsterInstance.get() as instance:\n"
                "    keys = [dg.AssetKey(['bench', name]) for name in ('reference', 'history')]\n"
                "    found = [instance.get_latest_materialization_event(key).asset_materialization for key in keys]\n"
                "print(json.dumps([{k: v.value for k, v in m.metadata.items() if k in "
                "('requests', 'throttled', 'seconds')} for m in found]))\n"
            )
            reading = json.loads(bench.script(script))
        history = reading[1]
        ideal = (history["requests"] - 20) / 15
        row = (history["requests"], history["throttled"], history["seconds"], ideal, history["seconds"] / ideal)
        print("{:9}{:9}{:11.2f}{:9.2f}{:7.3f}".format(*row), flush=True)


if __name__ == "__main__":
    main()
