"""Tables a month at a time, the warehouse over them, and the moments that are covered."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from robaws_pipeline.lake import warehouse
from robaws_pipeline.lake.coverage import Coverage
from robaws_pipeline.lake.store import Store
from robaws_pipeline.lake.tables import Tables
from robaws_pipeline.schema import PARTIES, POSTINGS, TABLES, Table


@pytest.fixture
def lake(tmp_path: Path) -> Store:
    """A lake on the local disk, in a folder whose name has a quote in it."""
    return Store.at(str(tmp_path / "it's a lake"), Path())


def postings(month: str, *amounts: str) -> pa.Table:
    """Postings of a month that say little but their amounts."""
    values: dict[str, list[Any]] = {column.name: [None] * len(amounts) for column in POSTINGS.columns}
    values |= {"month": [month] * len(amounts), "amount": [Decimal(amount) for amount in amounts]}
    values |= {"date": [date(2025, 1, 1)] * len(amounts), "account": ["700000"] * len(amounts)}
    return POSTINGS.table(values)


def test_decimals_survive_to_the_last_digit(lake: Store) -> None:
    """A total that is a cent off after being stored is a total that is wrong."""
    amounts = ["9999999999999999.99", "-0.01", "131.40", "0.00"]
    tables = Tables(lake)
    tables.write(POSTINGS, postings("2025-01", *amounts), "2025-01")
    found = tables.read(POSTINGS, "2025-01")
    assert found.schema == POSTINGS.schema
    assert [str(value) for value in found["amount"].to_pylist()] == amounts


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.set_column(
            rows.schema.get_field_index("amount"), "amount", rows["amount"].cast(pa.float64())
        ),
        lambda rows: rows.drop_columns(["account"]),
        lambda rows: rows.append_column("more", rows["account"]),
    ],
)
def test_rows_of_another_schema_are_refused(lake: Store, change: Any) -> None:
    """A float or a lost column is found where it is written, not months later."""
    tables = Tables(lake)
    with pytest.raises(ValueError, match="postings do not have its schema"):
        tables.write(POSTINGS, change(postings("2025-01", "1.00")), "2025-01")
    assert tables.months(POSTINGS) == []


def test_a_month_is_written_as_a_whole_and_on_its_own(lake: Store) -> None:
    """Building March again must leave no row of the old March and not touch April."""
    tables = Tables(lake)
    tables.write(POSTINGS, postings("2025-03", "1.00", "2.00"), "2025-03")
    tables.write(POSTINGS, postings("2025-04", "4.00"), "2025-04")
    tables.write(POSTINGS, postings("2025-03", "3.00"), "2025-03")
    assert tables.read_months(POSTINGS, ["2025-03", "2025-04"])["amount"].to_pylist() == [Decimal(3), Decimal(4)]
    assert tables.months(POSTINGS) == ["2025-03", "2025-04"]


def test_a_month_without_rows_or_never_written_has_all_columns(lake: Store) -> None:
    """Months without purchases are normal, and nobody downstream asks whether a file exists."""
    tables = Tables(lake)
    tables.write(POSTINGS, POSTINGS.empty(), "2025-01")
    for month in ("2025-01", "2025-02"):
        assert tables.read(POSTINGS, month) == POSTINGS.empty()
        assert tables.read(POSTINGS, month, ["amount"]).schema == POSTINGS.empty().select(["amount"]).schema
    assert tables.read_months(POSTINGS, []) == POSTINGS.empty()


def test_a_month_is_named_exactly_for_monthly_tables(lake: Store) -> None:
    """A month forgotten would overwrite all months by one."""
    tables = Tables(lake)
    for table, month in ((POSTINGS, None), (PARTIES, "2025-01")):
        with pytest.raises(ValueError, match=table.name):
            tables.write(table, table.empty(), month)
        with pytest.raises(ValueError, match=table.name):
            tables.read(table, month)


def _query(file: str, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_warehouse_has_every_table_explained_even_when_empty(lake: Store) -> None:
    """An analyst opens it before the first load, and finds what each column means."""
    names = warehouse.build(lake, Tables(lake))
    assert {table.name for table in TABLES} <= set(names)
    file = lake.path(warehouse.FILE)
    counts = " UNION ALL ".join(f"SELECT count(*) FROM {name}" for name in names)  # noqa: S608 - our own names
    assert set(_query(file, counts)) == {(0,)}
    comments = dict(_query(file, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"))
    assert all(comments[name] for name in names)
    explained = {
        (view, column): comment
        for view, column, comment in _query(
            file, "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        )
    }
    assert all(explained[table.name, column.name] == column.comment for table in TABLES for column in table.columns)


def test_the_warehouse_shows_decimals_and_is_swapped_under_an_open_reader(lake: Store) -> None:
    """A report that is open while the night runs keeps what it has; the next one sees the new."""
    tables = Tables(lake)
    tables.write(POSTINGS, postings("2025-01", "0.10", "0.20"), "2025-01")
    warehouse.build(lake, tables)
    file = lake.path(warehouse.FILE)
    assert _query(file, "SELECT sum(amount), typeof(any_value(amount)) FROM postings") == [
        (Decimal("0.30"), "DECIMAL(18,2)")
    ]
    with duckdb.connect(file, read_only=True) as reader:
        tables.write(POSTINGS, postings("2025-02", "1.00"), "2025-02")
        warehouse.build(lake, tables)
        assert reader.execute("SELECT count(*) FROM postings").fetchone() is not None
    assert _query(file, "SELECT month, balance FROM trial_balance") == [
        ("2025-01", Decimal("0.30")),
        ("2025-02", Decimal("1.00")),
    ]


def moment(hour: int) -> datetime:
    return datetime(2025, 3, 1, hour, tzinfo=UTC)


def test_changes_start_from_the_month_that_is_furthest_behind(lake: Store) -> None:
    """A month loaded by hand at noon must not hide what changed in the others since the night."""
    coverage = Coverage(lake)
    months = ["2025-01", "2025-02"]
    assert coverage.since("sales", months) is None
    assert coverage.uncovered("sales", months) == months
    coverage.record("sales", months, moment(2))
    coverage.record("sales", ["2025-02"], moment(12))
    assert coverage.since("sales", months) == moment(2)
    coverage.record("sales", months, moment(5))
    assert coverage.read("sales") == {"2025-01": moment(5), "2025-02": moment(12)}, "never moved back"
    assert coverage.since("sales", [*months, "2025-03"]) is None
    assert coverage.uncovered("sales", [*months, "2025-03"]) == ["2025-03"]
    assert coverage.since("purchases", months) is None


def test_every_table_can_be_stored_and_read(lake: Store) -> None:
    """A column type that Parquet changes would be refused at the next write."""
    tables = Tables(lake)
    for table in TABLES:
        month = "2025-01" if table.monthly else None
        tables.write(table, _one_row(table), month)
        assert tables.read(table, month).schema == table.schema


def _one_row(table: Table) -> pa.Table:
    return table.table({column.name: [None] for column in table.columns})


def test_months_that_an_older_version_wrote_stand_beside_those_of_today(lake: Store) -> None:
    """After an upgrade one month is loaded again, and the others must still be read: with the columns that came since
    empty, without those that went."""
    tables = Tables(lake)
    old = postings("2025-01", "1.00").drop_columns(["activity_id"])
    old = old.append_column("gone", old["account"])
    lake.child("tables").write_table("postings/2025-01.parquet", old)
    assert tables.read(POSTINGS, "2025-01").schema == POSTINGS.schema
    assert tables.read(POSTINGS, "2025-01", ["amount", "activity_id"]).to_pylist() == [
        {"amount": Decimal("1.00"), "activity_id": None}
    ]
    query = "SELECT month, amount, activity_id FROM postings ORDER BY month"
    warehouse.build(lake, tables)
    assert _query(lake.path(warehouse.FILE), query) == [("2025-01", Decimal("1.00"), None)]
    tables.write(POSTINGS, postings("2025-02", "2.00"), "2025-02")
    assert tables.read_months(POSTINGS, ["2025-01", "2025-02"]).num_rows == 2
    warehouse.build(lake, tables)
    assert _query(lake.path(warehouse.FILE), query) == [
        ("2025-01", Decimal("1.00"), None),
        ("2025-02", Decimal("2.00"), None),
    ]
