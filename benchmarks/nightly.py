"""What a night costs when 0, 100 or 5,000 documents changed: requests beside the least possible, and seconds.

    python benchmarks/nightly.py [--documents 12000] [--unlimited]

The least possible is a request per hundred changed documents of a collection and type, and one where nothing changed.
Seconds are those of `robaws-pipeline nightly` as a whole process, with the exports of the touched months, and those of
its reading alone. The sandbox has Robaws's rate limit (15 requests a second after the first 20), or none.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import PROGRAM, SETTINGS, run

from robaws_pipeline import fields
from robaws_pipeline.sandbox.server import running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World, build_world

MONTHS = ("2025-11", "2026-10")
NIGHTS = (0, 100, 5_000)
_REFERENCE = (fields.CLIENTS, fields.SUPPLIERS, fields.VAT_TARIFFS, fields.GL_ACCOUNTS, fields.PAYMENT_CONDITIONS)

_READING = """
import dagster as dg, json
with dg.DagsterInstance.get() as instance:
    keys = [dg.AssetKey(["bench", name]) for name in ("reference", "changes")]
    found = [instance.get_latest_materialization_event(key).asset_materialization for key in keys]
print(json.dumps([{name: one.metadata[name].value for name in ("seconds", "throttled")} for one in found]))
"""


def change(world: World, chosen: Sequence[tuple[str, str]]) -> int:
    """Change these documents (path and id) five minutes ago; the requests that it takes at least to see it."""
    moment = datetime.now(UTC) - timedelta(minutes=5)
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    changed: Counter[tuple[str, str]] = Counter()
    for path, id_ in chosen:
        record = world.update(path, id_, {"clientReference": f"PO {stamp}"}, stamp)
        changed[path, record["type"]] += 1
    kinds = [(collection.path, type_) for collection in fields.DOCUMENTS for type_ in fields.DOCUMENT_TYPES]
    return len(_REFERENCE) + sum(max(-(-changed[kind] // 100), 1) for kind in kinds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=12_000)
    parser.add_argument("--unlimited", action="store_true")
    arguments = parser.parse_args()
    half = arguments.documents // 24
    world = build_world(
        first_month=MONTHS[0], last_month=MONTHS[1], sales_per_month=half, purchases_per_month=half, lines=5
    )
    documents = [(one.path, str(record["id"])) for one in fields.DOCUMENTS for record in world.records(one.path)]
    random.Random(1).shuffle(documents)
    switches = Switches(rate_per_second=None, daily_limit=10**9) if arguments.unlimited else Switches()
    limit = {"per_second": 100_000, "burst": 100_000} if arguments.unlimited else {"per_second": 15, "burst": 20}
    with running(world, switches=switches) as server, tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        settings = SETTINGS.format(base_url=server.base_url, start=MONTHS[0], formats='"journal", "ubl"', **limit)
        (folder / "robaws.toml").write_text(settings, encoding="utf-8")
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(folder / "dagster"),
            "ROBAWS_BENCH_KEY": server.key,
            "ROBAWS_BENCH_SECRET": server.secret,
        }
        run([*PROGRAM, "nightly"], environment, folder)  # the first one reads everything
        print(f"{len(documents)} documents × 5 lines, {'no' if arguments.unlimited else 'with the'} rate limit")
        print(f"{'changed':>8}{'requests':>9}{'least':>7}{'429s':>6}{'reading s':>11}{'wall s':>8}{'CPU s':>7}")
        for count in NIGHTS:
            least = change(world, documents[:count])
            server.stats.clear()
            whole = run([*PROGRAM, "nightly"], environment, folder)
            asked, refused = server.stats.total, server.stats.rate_limited
            reading = json.loads(script_output(_READING, environment, folder))
            seconds = sum(one["seconds"] for one in reading)
            print(f"{count:8}{asked:9}{least:7}{refused:6}{seconds:11.2f}{whole.wall:8.2f}{whole.cpu:7.2f}", flush=True)


def script_output(code: str, environment: dict[str, str], folder: Path) -> str:
    """What a Python script prints in the company's environment."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
