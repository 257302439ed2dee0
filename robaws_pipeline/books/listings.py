"""The listings of customers that go with the VAT return: who bought here, and who bought elsewhere in the EU.

The annual customer listing names the Belgian VAT numbers that bought for more than `THRESHOLD` in a calendar year. The
intra-Community listing names the foreign VAT numbers of goods and services without VAT. Sources: the tax authority's
page on the annual listing of customers liable to VAT; royal decree no. 50 on the intra-Community listing.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.be import vat as belgian_vat
from stdnum.eu import vat as eu_vat

from robaws_pipeline.queries import query
from robaws_pipeline.schema import MONEY

CUSTOMER, GOODS, SERVICES = "customer", "L", "S"
"""Where a sale belongs: the annual listing, or the intra-Community one with its code for goods or services."""

THRESHOLD = Decimal("250.00")
"""Turnover of a year, excluding VAT, above which a customer is listed. One whose credit notes exceed the year's
invoices is listed too: they correct what an earlier listing said."""

SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("type", pa.string()),
        ("number", pa.string()),
        ("date", pa.date32()),
        ("party", pa.string()),
        ("treatment", pa.string()),
        ("country", pa.string()),
        ("vat_number", pa.string()),
        ("listing", pa.string()),
        ("base", MONEY),
        ("vat", MONEY),
    ]
)


def document_listings(vat: pa.Table, states: pa.Table, parties: pa.Table) -> pa.Table:
    """Where each exported sale belongs: rows of `SCHEMA`, one a document and treatment, by date and number.

    `listing` is null for what belongs in none.

    `vat`, `states` and `parties` are tables of `robaws_pipeline.schema`. Amounts of credit notes are negative.
    """
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.register("vat", vat)
        connection.register("states", states)
        connection.register("customers", _customers(parties))
        return connection.sql(query(__package__, "listings")).to_arrow_table().cast(SCHEMA)


def by_number(rows: pa.Table) -> pa.Table:
    """Sums of listed rows by listing, country and VAT number: `base`, `vat`, how many `documents`, and `names`.

    Several clients with one VAT number are one customer with several names.
    """
    listed = rows.filter(pc.is_valid(rows["listing"]))
    sums = listed.group_by(["listing", "country", "vat_number"], use_threads=False).aggregate(
        [("base", "sum"), ("vat", "sum"), ("document_id", "count_distinct"), ("party", "distinct")]
    )
    names = [" / ".join(sorted(filter(None, every))) for every in sums["party_distinct"].to_pylist()]
    named = sums.drop_columns("party_distinct").append_column("names", pa.array(names, pa.string()))
    renamed = named.rename_columns({"base_sum": "base", "vat_sum": "vat", "document_id_count_distinct": "documents"})
    return renamed.sort_by([(name, "ascending") for name in ("listing", "country", "vat_number")])


def _customers(parties: pa.Table) -> pa.Table:
    clients = parties.filter(pc.equal(parties["kind"], "client"))
    numbers = [_number(text) for text in clients["vat_number"].to_pylist()]
    return pa.table(
        {
            "party_id": clients["id"],
            "country": pa.array([country for country, _ in numbers], pa.string()),
            "number": pa.array([number for _, number in numbers], pa.string()),
        }
    )


@lru_cache(maxsize=65_536)
def _number(text: str | None) -> tuple[str | None, str | None]:
    """Country (as VAT numbers write it: EL for Greece) and number of a valid VAT number; a Belgian one may lack BE."""
    if text is None:
        return None, None
    if belgian_vat.is_valid(text):
        return "BE", belgian_vat.compact(text)
    if eu_vat.is_valid(text):
        compact = eu_vat.compact(text)
        return compact[:2], compact[2:]
    return None, None


def shared_numbers(parties: pa.Table) -> Iterator[tuple[str, list[str]]]:
    """VAT numbers that several parties of a kind have, with their codes: as a rule one that was entered twice."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in parties.select(["kind", "code", "vat_number"]).to_pylist():
        country, number = _number(row["vat_number"])
        if country is not None:
            found.setdefault((row["kind"], f"{country}{number}"), []).append(row["code"])
    for (_, number), codes in sorted(found.items()):
        if len(codes) > 1:
            yield number, sorted(codes)
