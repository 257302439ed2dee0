"""How close a load comes to what the rate limit allows, on the same machine and over the network.

    python benchmarks/rate_limit.py [--documents 20000] [--runs 3]

Three servers: one that answers at once, one at 50 to 200 ms (drawn for each request, part of it before the request is
counted), and a jittery one: 20 to 320 ms, and a second more for one in fifty. The least possible is a request per
hundred documents of a collection and type. The ideal for n requests is (n − burst) / rate seconds, 15 a second after
the first 20: the bucket alone, with no time for the last answer to come back and be written. Reading is measured as
`robaws-pipeline load` reports it, raw log included.
"""

import argparse
import json

import httpx
from harness import Bench, company

from robaws_pipeline import fields

MONTHS = ("2025-11", "2026-10")
SERVERS = {
    "no latency": {},
    "50 to 200 ms": {"latency_ms": 50, "jitter_ms": 150},
    "jittery": {"latency_ms": 20, "jitter_ms": 300, "stall_percent": 2, "stall_ms": 1000},
}

_HISTORY = """
import dagster as dg, json
with dg.DagsterInstance.get() as instance:
    event = instance.get_latest_materialization_event(dg.AssetKey(["bench", "history"]))
found = event.asset_materialization.metadata
print(json.dumps({name: found[name].value for name in ("requests", "throttled", "seconds")}))
"""


def least(bench: Bench) -> int:
    """The requests that reading every document takes at least."""
    count = 0
    sandbox = bench.sandbox
    with httpx.Client(base_url=sandbox.base_url, auth=(sandbox.key, sandbox.secret), timeout=60) as http:
        for collection in fields.DOCUMENTS:
            for type_ in fields.DOCUMENT_TYPES:
                answer = http.get(f"/{collection.path}", params={"type": type_, "size": 1}).raise_for_status()
                count += max(-(-answer.json()["totalItems"] // 100), 1)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'':14}{'requests':>9}{'least':>7}{'429s':>6}{'reading s':>11}{'ideal s':>9}{'ratio':>7}")
    for name, latency in SERVERS.items():
        for _ in range(arguments.runs):
            with company(
                documents_per_month=arguments.documents // 12, months=MONTHS, rate_limited=True, latency=latency
            ) as bench:
                bench.program("load", "--from", MONTHS[0], "--to", MONTHS[1])
                history = json.loads(bench.script(_HISTORY))
                possible = least(bench)
            requests, seconds = history["requests"], history["seconds"]
            ideal = (requests - 20) / 15
            print(
                f"{name:14}{requests:9}{possible:7}{history['throttled']:6}"
                f"{seconds:11.2f}{ideal:9.2f}{seconds / ideal:7.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
