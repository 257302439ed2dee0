"""Documents into states, VAT and postings.

The rules are in SQL beside this file, one step a file, run in an in-memory DuckDB over the Arrow tables:

    documents, parties ─► entry ─► booked_line ─► vat_group ─► total ─► reason ─► state ─► states, vat, postings
                              lines ┘

Python only says what settings and VAT numbers mean, once per distinct tariff and number.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import get_args

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import schema
from robaws_pipeline.books.vat_numbers import intra_community_problem
from robaws_pipeline.periods import first_day, later
from robaws_pipeline.queries import query
from robaws_pipeline.reasons import REASONS, phrases
from robaws_pipeline.settings import DEFAULT_TARIFFS, SELF_ASSESSED, Accounts, Company, Purchases, Treatment

LIMIT = Decimal(10_000_000_000)
"""Euro. An amount this large is a typing error, and below it no sum of a document can outgrow `schema.MONEY`."""

_TARIFFS = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("given", pa.bool_()),
        ("treatment", pa.string()),
        ("rate", schema.RATE),
        ("self_assessed", pa.bool_()),
        ("self_assessed_rate", schema.RATE),
        ("vat_group", pa.int32()),
        ("margin_unsettled", pa.bool_()),
        ("nature", pa.string()),
        ("deductible", schema.RATE),
    ]
)
_DEFAULT_ACCOUNTS = pa.schema([("collection", pa.string()), ("treatment", pa.string()), ("account", pa.string())])
_RENUMBERED = pa.schema([("code", pa.string()), ("account", pa.string())])
_ACCOUNT_RULES = pa.schema([("prefix", pa.string()), ("nature", pa.string()), ("deductible", schema.RATE)])
_CLOSINGS = pa.schema([("first_open", pa.date32()), ("closed_on", pa.date32())])
_VERDICTS = pa.schema([("number", pa.string()), ("treatment", pa.string()), ("problem", pa.string())])


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say of a set of documents: tables of `schema.STATES`, `schema.VAT` and `schema.POSTINGS`.

    `states` has every document once; `vat` and `postings` have the exported ones only. All are sorted by month,
    collection, date, number and document id; postings by their number within the document.
    """

    states: pa.Table
    vat: pa.Table
    postings: pa.Table

    def by_month(self) -> dict[str, "Books"]:
        """The books of each month that has documents, as slices that copy nothing."""
        slices = [_month_slices(table) for table in (self.states, self.vat, self.postings)]
        empty = (schema.STATES.empty(), schema.VAT.empty(), schema.POSTINGS.empty())
        return {
            month: Books(*(found.get(month, none) for found, none in zip(slices, empty, strict=True)))
            for month in slices[0]
        }


def workspace() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB to keep books in; opening one costs as much as a month's books, so keep it for the next.

    One thread: a month is small, and the months of a range can run side by side in connections of their own.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )


def keep_books(
    documents: pa.Table,
    lines: pa.Table,
    parties: pa.Table,
    gl_accounts: pa.Table,
    company: Company,
    *,
    articles: pa.Table | None = None,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> Books:
    """The books of `documents`: the current version of each, whatever its state.

    Tables are those of `robaws_pipeline.schema`: DOCUMENTS, LINES, PARTIES, GL_ACCOUNTS and, for a company that asks
    for their accounts, ARTICLES; usually one month's, but any set of documents will do: planning the SQL costs more
    than a month's rows, so a range of months is best kept in one call and taken apart with `Books.by_month`.
    `connection` is a `workspace` to use again; each call replaces what the one before left in it. Lines of documents
    that are not there are ignored. ValueError when an id occurs twice, which would book twice.
    """
    _check_unique("documents", documents, ["collection", "id"])
    _check_unique("parties", parties, ["kind", "id"])
    _check_unique("gl_accounts", gl_accounts, ["id"])
    articles = schema.ARTICLES.empty() if articles is None else articles
    _check_unique("articles", articles, ["id"])
    inputs = {
        "documents": documents,
        "lines": lines,
        "parties": parties,
        "gl_accounts": gl_accounts,
        "articles": articles,
    }
    if connection is not None:
        return _keep(connection, inputs, company)
    with workspace() as own:
        return _keep(own, inputs, company)


@contextmanager
def _prepared(
    connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, pa.Table], company: Company
) -> Iterator[Callable[[str, pa.Table], None]]:
    """With the tables `entry` and `booked_line` made of the inputs; gives a function that registers one more table."""
    registered = []

    def register(name: str, table: pa.Table) -> None:
        connection.register(name, table)
        registered.append(name)

    try:
        for name, table in inputs.items():
            register(name, _with_day_made(table, company) if name == "documents" else table)
        register("tariffs", _tariffs(inputs["lines"], company))
        register("default_account", _default_accounts(company.accounts))
        register("renumbered", _renumbered(company.accounts))
        register("closing", _closings(company))
        register("account_rule", _account_rules(company.purchases))
        connection.execute(query(__package__, "entry"), {"limit": LIMIT})
        connection.execute(query(__package__, "booked_line"), {"limit": LIMIT, **_whose_accounts(company.accounts)})
        yield register
    finally:
        for name in registered:
            connection.unregister(name)


def _keep(connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, pa.Table], company: Company) -> Books:
    with _prepared(connection, inputs, company) as register:
        connection.execute(query(__package__, "vat_group"))
        connection.execute(query(__package__, "total"))
        register("vat_number_verdict", _verdicts(connection, company))
        settled = {"says": phrases(company.language), "hold_late": company.late_documents == "hold"}
        connection.execute(query(__package__, "reason"), {"limit": LIMIT, **settled})
        connection.execute(query(__package__, "state"), {"codes": list(REASONS)})
        postings = connection.sql(query(__package__, "postings"), params=_posting_settings(company)).to_arrow_table()
        return Books(
            states=_result(connection, "states", schema.STATES),
            vat=_result(connection, "vat", schema.VAT),
            postings=_numbered(postings),
        )


UNMAPPED = pa.schema(
    [
        ("code", pa.string()),
        ("collection", pa.string()),
        ("tariff_id", pa.string()),
        ("tariff_name", pa.string()),
        ("percentage", schema.AMOUNT),
        ("treatment", pa.string()),
        ("documents", pa.int64()),
        ("gross", schema.MONEY),
    ]
)


def unmapped(
    documents: pa.Table,
    lines: pa.Table,
    parties: pa.Table,
    gl_accounts: pa.Table,
    company: Company,
    *,
    articles: pa.Table | None = None,
) -> pa.Table:
    """What the settings lack for these documents, and how many of them, of how much, wait for it: rows of `UNMAPPED`.

    `code` is a reason of `robaws_pipeline.reasons`. A document that waits for two things counts for each.
    """
    inputs = {
        "documents": documents,
        "lines": lines,
        "parties": parties,
        "gl_accounts": gl_accounts,
        "articles": schema.ARTICLES.empty() if articles is None else articles,
    }
    with workspace() as connection, _prepared(connection, inputs, company):
        return connection.sql(query(__package__, "unmapped")).to_arrow_table().cast(UNMAPPED)


def _posting_settings(company: Company) -> dict[str, str]:
    accounts, journals = company.accounts, company.journals
    return {
        "customers": accounts.customers,
        "suppliers": accounts.suppliers,
        "vat_due": accounts.vat_due,
        "vat_deductible": accounts.vat_deductible,
        "self_assessed_due": accounts.self_assessed_due,
        "rounding": accounts.rounding,
        "journal_sales": journals.sales,
        "journal_sales_credit_notes": journals.sales_credit_notes,
        "journal_purchases": journals.purchases,
        "journal_purchase_credit_notes": journals.purchase_credit_notes,
    }


def _tariffs(lines: pa.Table, company: Company) -> pa.Table:
    """What each tariff on the lines means; tariffs without meaning have no treatment and a `vat_group` of their own.

    `vat_group` numbers the (treatment, rate) pairs: the tolerance is a cent for each on a document.
    """
    keys = lines.select(["vat_tariff_id", "vat_tariff_name"]).group_by(["vat_tariff_id", "vat_tariff_name"])
    groups: dict[object, int] = {}
    rows = []
    for row in keys.aggregate([]).to_pylist():
        tariff_id, name = row["vat_tariff_id"], row["vat_tariff_name"]
        given = bool((tariff_id or "").strip() or (name or "").strip())
        tariff = company.tariff(tariff_id, name) if given else None
        group = (tariff.treatment, tariff.rate) if tariff else (tariff_id, name, "unmapped")
        rows.append(
            {
                "id": tariff_id,
                "name": name,
                "given": given,
                "treatment": tariff.treatment if tariff else None,
                "rate": tariff.rate if tariff else None,
                "self_assessed": tariff is not None and tariff.treatment in SELF_ASSESSED,
                "self_assessed_rate": tariff.self_assessed_rate if tariff else None,
                "vat_group": groups.setdefault(group, len(groups)),
                # Our own default says that it is one, not what becomes of it.
                "margin_unsettled": tariff is not None
                and tariff is DEFAULT_TARIFFS.get((name or "").casefold().strip())
                and tariff.treatment == "margin_scheme",
                "nature": tariff.nature if tariff else None,
                "deductible": tariff.deductible if tariff else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=_TARIFFS)


def _whose_accounts(accounts: Accounts) -> dict[str, bool]:
    return {"of_articles": accounts.of_articles, "of_parties": accounts.of_parties}


def _default_accounts(accounts: Accounts) -> pa.Table:
    """The account of lines without one, for each collection and treatment; '' is a tariff without meaning."""
    rows = [
        {"collection": collection, "treatment": treatment, "account": by_treatment.get(treatment, otherwise)}
        for collection, by_treatment, otherwise in (
            ("sales", accounts.sales, accounts.default_sales),
            ("purchases", accounts.purchases, accounts.default_purchases),
        )
        for treatment in ("", *get_args(Treatment))
    ]
    return pa.Table.from_pylist(rows, schema=_DEFAULT_ACCOUNTS)


def _renumbered(accounts: Accounts) -> pa.Table:
    rows = [{"code": code, "account": account} for code, account in accounts.renumber.items()]
    return pa.Table.from_pylist(rows, schema=_RENUMBERED)


def _account_rules(purchases: Purchases) -> pa.Table:
    rows: list[dict[str, object]] = [
        {"prefix": prefix, "nature": nature} for prefix, nature in purchases.nature.items()
    ]
    rows += [{"prefix": prefix, "deductible": percentage} for prefix, percentage in purchases.deductible.items()]
    return pa.Table.from_pylist(rows, schema=_ACCOUNT_RULES)


def _closings(company: Company) -> pa.Table:
    """From which day on which day is the first open one; a period once closed stays closed."""
    rows: list[dict[str, object]] = []
    first_open = date.min
    for closing in sorted(company.closed, key=lambda closing: closing.on):
        first_open = max(first_open, first_day(later(closing.until)))
        rows.append({"first_open": first_open, "closed_on": closing.on})
    return pa.Table.from_pylist(rows, schema=_CLOSINGS)


def _with_day_made(documents: pa.Table, company: Company) -> pa.Table:
    """The documents with `created_on`, the day in the company's time zone. DuckDB would take the machine's."""
    local = documents["created_at"].cast(pa.timestamp("us", tz=company.timezone))
    return documents.append_column("created_on", pc.local_timestamp(local).cast(pa.date32()))


def _verdicts(connection: duckdb.DuckDBPyConnection, company: Company) -> pa.Table:
    """The customers' VAT numbers that cannot carry the intra-Community sales made on them."""
    pairs = connection.execute(query(__package__, "intra_community")).fetchall()
    says = phrases(company.language)
    rows = [
        {"number": number, "treatment": treatment, "problem": says[problem].format(number)}
        for number, treatment in pairs
        if (problem := intra_community_problem(number, treatment, company.address.country))
    ]
    return pa.Table.from_pylist(rows, schema=_VERDICTS)


def _check_unique(name: str, table: pa.Table, keys: list[str]) -> None:
    counts = table.select(keys).group_by(keys).aggregate([([], "count_all")])
    if counts.num_rows != table.num_rows:
        twice = next(row for row in counts.to_pylist() if row["count_all"] > 1)
        found = ", ".join(f"{key} {twice[key]}" for key in keys)
        raise ValueError(f"{name}: {found} occurs {twice['count_all']} times; give the current version of each only")


def _result(connection: duckdb.DuckDBPyConnection, name: str, table: schema.Table) -> pa.Table:
    # The cast only renames the inner fields of lists: the SQL gives the types of the schema.
    return connection.sql(query(__package__, name)).to_arrow_table().cast(table.schema)


def _numbered(postings: pa.Table) -> pa.Table:
    """Postings sorted by `entry_no` with `posting_no`, from 1 in each entry, in its place."""
    entry_no = postings["entry_no"]
    place, start = (pc.rank(entry_no, tiebreaker=tiebreaker) for tiebreaker in ("first", "min"))
    posting_no = pc.add(pc.subtract(place, start), pa.scalar(1, pa.uint64())).cast(pa.int32())
    return (
        postings.append_column("posting_no", posting_no)
        .select(schema.POSTINGS.schema.names)
        .cast(schema.POSTINGS.schema)
    )


def _month_slices(table: pa.Table) -> dict[str, pa.Table]:
    """The rows of each month; the table is sorted by month."""
    counts = pc.value_counts(table["month"].combine_chunks())
    slices, start = {}, 0
    for count in counts.to_pylist():
        slices[count["values"]] = table.slice(start, count["counts"])
        start += count["counts"]
    return slices
