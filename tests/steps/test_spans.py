"""The folders of quarters and years: made from the books of their months, when these changed."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from steps_company import MONTHS, Serve, ago, build_all, company, content, load, pick, small_world

from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.journal import JournalFormat
from robaws_pipeline.settings import Company
from robaws_pipeline.steps.fetch import fetch_changes
from robaws_pipeline.steps.spans import build_periods, periods, stale_periods
from robaws_pipeline.steps.workspace import Workspace

JANUARY, FEBRUARY, MARCH = MONTHS
QUARTERLY = 'formats = ["journal", "vat"]\nvat_period = "quarter"'
GRID = "{http://www.minfin.fgov.be/VATConsignment}Amount"


class Yearly(JournalFormat):
    """A format of ours, for years only."""

    def spans(self, company: Company) -> tuple[str, ...]:
        return ("book_year",)


def manifest(workspace: Workspace, period: str) -> dict[str, Any]:
    """The manifest of a period."""
    found = workspace.exports.read(f"{period}/manifest.json")
    assert found is not None
    read: dict[str, Any] = json.loads(found)
    return read


def names(workspace: Workspace) -> list[str]:
    """What is stale."""
    return [period.name for period in stale_periods(workspace)]


@pytest.fixture
def quarterly(serve: Serve, tmp_path: Path) -> Workspace:
    """A company that files its VAT return a quarter at a time, loaded."""
    workspace = company(tmp_path, serve(small_world()), QUARTERLY)
    load(workspace)
    return workspace


def test_who_files_a_quarter_gets_one_return_for_it(quarterly: Workspace) -> None:
    """Its grids are the sums of the months', and the months have no return that somebody could file by mistake."""
    assert names(quarterly) == ["2025-Q1"]
    build_periods(quarterly)
    sums: Counter[str] = Counter()
    for month in MONTHS:
        assert quarterly.exports.read(f"{month}/vat/return.xml") is None
        grids = quarterly.exports.read(f"{month}/vat/grids.csv")
        assert grids is not None
        for row in csv.DictReader(io.StringIO(grids.decode("utf-8-sig")), delimiter=";"):
            if row["grid"] not in {"71", "72"}:
                sums[row["grid"].lstrip("0") or "0"] += Decimal(row["amount"].replace(",", "."))  # type: ignore[assignment]
    content = quarterly.exports.read("2025-Q1/vat/return.xml")
    assert content is not None
    found = {one.get("GridNumber"): Decimal(str(one.text)) for one in etree.fromstring(content).iter(GRID)}
    assert {grid: amount for grid, amount in found.items() if grid not in {"71", "72"}} == {
        grid: amount for grid, amount in sums.items() if amount
    }
    assert etree.fromstring(content).findtext(".//{*}Quarter") == "1"


def test_a_period_lists_every_document_of_its_months(quarterly: Workspace) -> None:
    """What its files are made of must be as traceable as a month's."""
    build_periods(quarterly)
    quarter = manifest(quarterly, "2025-Q1")
    assert quarter["period"] == "2025-Q1"
    assert list(quarter["formats"]) == ["vat"]
    months = [row["id"] for month in MONTHS for row in manifest(quarterly, month)["documents"]]
    assert sorted(row["id"] for row in quarter["documents"]) == sorted(months)
    for collection, types in quarter["totals"].items():
        for kind, states in types.items():
            for state, total in states.items():
                parts = [manifest(quarterly, month)["totals"][collection][kind].get(state) for month in MONTHS]
                assert Decimal(total["gross"]) == sum(Decimal(part["gross"]) for part in parts if part)


def test_a_period_is_stale_when_one_of_its_months_was_built_anew(quarterly: Workspace, serve: Serve) -> None:
    """And only then: neither every night, nor when the month itself has still to be built."""
    build_periods(quarterly)
    assert names(quarterly) == []
    before = content(Path(quarterly.exports.path("2025-Q1")))
    build_all(quarterly)
    assert names(quarterly) == []
    assert build_periods(quarterly) == {}
    fetch_changes(quarterly)
    build_all(quarterly, [FEBRUARY])
    assert content(Path(quarterly.exports.path("2025-Q1"))) == before


def test_a_change_reaches_the_quarter(serve: Serve, tmp_path: Path) -> None:
    """An invoice corrected in Robaws must not live on in the return."""
    server = serve(small_world())
    workspace = company(tmp_path, server, QUARTERLY)
    load(workspace)
    build_periods(workspace)
    document = pick(server.world, "sales", FEBRUARY)
    server.world.update("sales-invoices", document["id"], {"logicId": None}, ago(minutes=1))
    fetch_changes(workspace)
    build_all(workspace, [FEBRUARY])
    assert "2025-Q1" in names(workspace)
    build_periods(workspace)
    [row] = [row for row in manifest(workspace, "2025-Q1")["documents"] if row["id"] == document["id"]]
    assert row["state"] == "draft"
    assert names(workspace) == []


def test_nothing_longer_than_a_month_is_made_when_no_format_wants_it(serve: Serve, tmp_path: Path) -> None:
    """Folders that nobody asked for are a nuisance."""
    workspace = company(tmp_path, serve(small_world()), 'formats = ["journal", "vat"]')
    load(workspace)
    assert list(periods(workspace)) == []
    assert build_periods(workspace) == {}


def test_book_years_are_the_company_s_own(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three months of two book years are two folders, each with its own months' documents."""
    monkeypatch.setattr(registry, "select", lambda names, where="": [Yearly()])
    workspace = company(tmp_path, serve(small_world()), "book_year_begins = 2")
    load(workspace)
    assert set(build_periods(workspace)) == set(periods(workspace))
    assert [period.name for period in periods(workspace)] == ["2024-2025", "2025-2026"]
    assert {row["date"][:7] for row in manifest(workspace, "2024-2025")["documents"]} == {JANUARY}
    assert {row["date"][:7] for row in manifest(workspace, "2025-2026")["documents"]} == {FEBRUARY, MARCH}
    assert list(manifest(workspace, JANUARY)["formats"]) == []
    assert workspace.exports.read("2025-2026/journal/journal.csv")


def test_a_format_that_fails_for_a_period_is_told(quarterly: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a month: its files do not stay, the others' do."""

    class Broken(Yearly):
        def export(self, books: MonthBooks) -> Export:
            def files() -> Any:
                yield ExportFile("half.csv", b"half")
                raise ValueError("out of ink")

            return Export(files())

    monkeypatch.setattr(registry, "select", lambda names, where="": [Broken()])
    [exported] = build_periods(quarterly).values()
    assert exported.manifest["formats"]["journal"]["error"] == "ValueError: out of ink"
    assert quarterly.exports.read("2025/journal/half.csv") is None
