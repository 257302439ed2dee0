"""`verify` against a raw log that somebody damaged by hand: what a disk, a backup or a mistake can do to it."""

import re
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from companies import Company

from robaws_pipeline.lake.raw import content_hash
from robaws_pipeline.schema import RAW
from robaws_pipeline.steps import verify

JANUARY, FEBRUARY, MARCH = "2025-01", "2025-02", "2025-03"
Row = dict[str, Any]


def files(company: Company, month: str) -> list[Path]:
    """The raw log's files of a month's sales."""
    return sorted((company.place.folder / "data" / "proef" / "raw" / "sales" / month).glob("*.parquet"))


def edit(company: Company, month: str, change: Callable[[list[Row]], list[Row]]) -> None:
    """Write the rows of a month's only file again, as `change` leaves them."""
    [file] = files(company, month)
    rows = change(pq.read_table(file).to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=RAW.schema), file)


def other(row: Row, json: dict[str, Any], **columns: Any) -> Row:
    """The row with other values in its JSON and beside it."""
    text = msgspec.json.encode({**msgspec.json.decode(row["json"], type=dict[str, msgspec.Raw]), **json})
    return {**row, "json": text, "hash": content_hash(text), **columns}


def missing(company: Company, row: Row) -> None:
    """A version that is gone, and the document with it."""
    edit(company, FEBRUARY, lambda rows: [one for one in rows if one["id"] != row["id"]])


def extra(company: Company, row: Row) -> None:
    """A document that Robaws never had."""
    edit(company, FEBRUARY, lambda rows: [*rows, other(row, {"id": "77777"}, id="77777")])


def outdated(company: Company, row: Row) -> None:
    """The version of an hour before, as a backup that was put back would have it."""
    before = row["updated_at"] - timedelta(hours=1)
    edit(
        company,
        FEBRUARY,
        lambda rows: [other(one, {}, updated_at=before) if one["id"] == row["id"] else one for one in rows],
    )


def wrong_amount(company: Company, row: Row) -> None:
    """Another total under the same updatedAt."""
    total = msgspec.Raw(b"1.23")
    edit(
        company,
        FEBRUARY,
        lambda rows: [other(one, {"totalInclVat": total}) if one["id"] == row["id"] else one for one in rows],
    )


def moved(company: Company, row: Row) -> None:
    """Filed under March, with a date of March, and not under February."""
    missing(company, row)
    there = other(row, {"date": f"{MARCH}-05"}, date=f"{MARCH}-05", month=MARCH)
    edit(company, MARCH, lambda rows: [*rows, there])


def retyped(company: Company, row: Row) -> None:
    """An invoice that we hold as a credit note."""
    edit(
        company,
        FEBRUARY,
        lambda rows: [
            other(one, {"type": "CREDIT_NOTE"}, type="CREDIT_NOTE") if one["id"] == row["id"] else one for one in rows
        ],
    )


PLANTED: dict[str, tuple[Callable[[Company, Row], None], list[str], bool]] = {
    "missing": (missing, ["2025-02 sales INVOICE: in Robaws, not here: {id}"], True),
    "extra": (extra, ["2025-02 sales INVOICE: here, not in Robaws: 77777"], True),
    "outdated": (outdated, ["2025-02 sales INVOICE: other in Robaws than here: {id}"], False),
    "wrong amount": (wrong_amount, ["2025-02 sales INVOICE: other in Robaws than here: {id}"], False),
    "moved": (
        moved,
        [
            "2025-02 sales INVOICE: in another month: {id} (here 2025-03)",
            "2025-03 sales INVOICE: in another month: {id} (in Robaws 2025-02)",
        ],
        True,
    ),
    "retyped": (
        retyped,
        [
            "2025-02 sales CREDIT_NOTE: of another type: {id} (in Robaws INVOICE)",
            "2025-02 sales INVOICE: of another type: {id} (here CREDIT_NOTE)",
        ],
        True,
    ),
}
"""What is done to an invoice of February, what `verify` says, and whether numbers of documents show it."""


@pytest.mark.parametrize("case", PLANTED)
def test_damage_is_found_told_and_mended(stocked: Company, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Completeness is checked against Robaws, so it must not matter how it was lost."""
    place = stocked.place
    before, tables = place.exported(), place.tables()
    plant, expected, in_numbers = PLANTED[case]
    [file] = files(stocked, FEBRUARY)
    row = next(one for one in pq.read_table(file).to_pylist() if one["type"] == "INVOICE")
    plant(stocked, row)

    result = place.invoke("verify")
    assert result.exit_code == 1
    said = re.findall(r"^  (2025.*)", result.stdout, re.MULTILINE)
    assert said == [text.format(id=row["id"]) for text in expected]
    with monkeypatch.context() as patch:
        patch.setattr(verify, "PAGE_SIZE", 1)  # so that asking for numbers costs less than listing documents
        quick = place.invoke("verify", "--quick")
    assert "by their number alone" in quick.stdout
    assert quick.exit_code == (1 if in_numbers else 0)
    assert re.findall(r"^  (2025.*)", quick.stdout, re.MULTILINE) == (said if in_numbers else [])

    commands = re.findall(r"to mend it: robaws-pipeline (.*)", result.stdout)
    months = sorted({text[:7] for text in expected})
    assert commands == [f"load --company proef --from {month} --to {month}" for month in months]
    for command in commands:
        mended = place.invoke(*shlex.split(command))
        assert mended.exit_code == 0, mended.output
    assert place.invoke("verify").exit_code == 0
    if case == "extra":
        return  # it stays, as a document that Robaws no longer has
    assert place.tables().keys() == tables.keys()
    assert [name for name, digest in place.exported().items() if before[name] != digest] == []


def test_numbers_cost_one_request_each_and_what_they_hide_is_known(
    stocked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One missing and another too many of the same month and type: the number is right, and the books are not."""
    place, stats = stocked.place, stocked.server.stats
    monkeypatch.setattr(verify, "PAGE_SIZE", 1)
    stats.clear()
    assert place.invoke("verify", "--quick").exit_code == 0
    assert stats.total == 3 * 2 * 2
    assert all("size=1" in target for target in stats.targets)

    [file] = files(stocked, FEBRUARY)
    first, second = [one for one in pq.read_table(file).to_pylist() if one["type"] == "INVOICE"][:2]
    missing(stocked, first)
    extra(stocked, second)
    assert place.invoke("verify", "--quick").exit_code == 0
    assert place.invoke("verify").exit_code == 1


def test_quick_lists_documents_when_that_costs_no_more(stocked: Company) -> None:
    """A company with a few documents a month gets the whole proof for less than the price of the half."""
    stocked.server.stats.clear()
    result = stocked.place.invoke("verify", "--quick")
    assert result.exit_code == 0
    assert "by their number alone" not in result.stdout
    assert stocked.server.stats.total == 4
