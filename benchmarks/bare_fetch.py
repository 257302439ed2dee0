"""The floor: the same pages fetched, decoded exactly, lines written as Parquet and summed by DuckDB. Nothing of ours.

``bare_fetch.py BASE_URL``; writes into ``bare/``.
"""

import asyncio
import os
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import httpx
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

QUERIES = [
    ("sales-invoices", "adjustedLineItems", "INVOICE"),
    ("sales-invoices", "adjustedLineItems", "CREDIT_NOTE"),
    ("purchase-invoices", "lineItems", "INVOICE"),
    ("purchase-invoices", "lineItems", "CREDIT_NOTE"),
]


class Line(msgspec.Struct):
    totalExclVat: Decimal | None = None  # noqa: N815 - Robaws's key
    quantity: Decimal | None = None
    price: Decimal | None = None
    description: str | None = None


class Document(msgspec.Struct):
    id: str
    date: str
    adjustedLineItems: list[Line] = []  # noqa: N815
    lineItems: list[Line] = []  # noqa: N815


class Page(msgspec.Struct):
    items: list[Document]
    totalPages: int  # noqa: N815


async def fetch(base_url: str) -> list[Document]:
    decode = msgspec.json.Decoder(Page).decode
    found: list[Document] = []
    auth = (os.environ["ROBAWS_BENCH_KEY"], os.environ["ROBAWS_BENCH_SECRET"])
    async with httpx.AsyncClient(base_url=base_url, auth=auth, timeout=60) as client:

        async def page(path: str, lines: str, type_: str, number: int) -> int:
            include = f"{lines},{lines}.generalLedgerAccount,{lines}.vatTariff"
            params = {"type": type_, "include": include, "size": 100, "page": number, "sort": "id:asc"}
            answer = await client.get(f"/{path}", params=params)
            answer.raise_for_status()
            decoded = decode(answer.content)
            found.extend(decoded.items)
            return decoded.totalPages

        gate = asyncio.Semaphore(8)

        async def later(query: tuple[str, str, str], number: int) -> None:
            async with gate:
                await page(*query, number)

        for query in QUERIES:
            pages = await page(*query, 0)
            await asyncio.gather(*(later(query, number) for number in range(1, pages)))
    return found


def main() -> None:
    documents = asyncio.run(fetch(sys.argv[1]))
    lines = [line for document in documents for line in (document.adjustedLineItems or document.lineItems)]
    amount = pa.decimal128(28, 10)
    table = pa.table(
        {
            name: pa.array([getattr(line, name) for line in lines]).cast(amount)
            for name in ("totalExclVat", "quantity", "price")
        }
        | {"description": pa.array([line.description for line in lines], pa.string())}
    )
    Path("bare").mkdir(exist_ok=True)
    pq.write_table(table, "bare/lines.parquet")
    total = duckdb.sql("SELECT sum(totalExclVat) FROM 'bare/lines.parquet'").fetchall()
    print(len(documents), len(lines), total)


if __name__ == "__main__":
    main()
