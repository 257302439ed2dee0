"""The documents by dlt's rest_api source into DuckDB, as its documentation shows it: ``dlt_load.py BASE_URL FILE``.

Runs in an environment of its own that has dlt and nothing of ours (`beside_dlt.py` makes it).
"""

import os
import sys
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

LINES = {"sales-invoices": "adjustedLineItems", "purchase-invoices": "lineItems"}


def _resource(path: str, lines: str, type_: str) -> dict[str, Any]:
    params = {"type": type_, "include": f"{lines},{lines}.generalLedgerAccount,{lines}.vatTariff", "size": 100}
    return {
        "name": f"{path}_{type_}".lower().replace("-", "_"),
        "table_name": path.replace("-", "_"),
        "endpoint": {"path": path, "data_selector": "items", "params": {**params, "sort": "id:asc"}},
    }


def main() -> None:
    base_url, file = sys.argv[1:]
    auth = {
        "type": "http_basic",
        "username": os.environ["ROBAWS_BENCH_KEY"],
        "password": os.environ["ROBAWS_BENCH_SECRET"],
    }
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{base_url}/",
                "auth": auth,
                "paginator": {"type": "page_number", "base_page": 0, "total_path": "totalPages"},
            },
            "resources": [
                _resource(path, lines, type_) for path, lines in LINES.items() for type_ in ("INVOICE", "CREDIT_NOTE")
            ],
        }
    )
    destination = dlt.destinations.duckdb(file)
    dlt.pipeline("bench", destination=destination, dataset_name="robaws", pipelines_dir="pipelines").run(source)


if __name__ == "__main__":
    main()
