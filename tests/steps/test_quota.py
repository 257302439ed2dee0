"""The day's quota ends in the middle: what was read counts, and the next run goes on instead of starting over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from steps_company import Serve, ago, company, held, in_world, live

from robaws_pipeline.periods import months_between
from robaws_pipeline.robaws.errors import QuotaReserved
from robaws_pipeline.sandbox.limits import DAY
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.steps import fetch
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history
from robaws_pipeline.steps.workspace import Workspace

SALES = "sales-invoices"
FIRST, LAST = "2023-01", "2025-04"
MONTHS = months_between(FIRST, LAST)
"""Twenty-eight months, so three parts: of twelve, twelve and four."""


class Days:
    """The calendar of the sandbox."""

    def __init__(self) -> None:
        self.now = 20_000.0 * DAY

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def days() -> Days:
    return Days()


def _world() -> World:
    return build_world(first_month=FIRST, last_month="2025-03", sales_per_month=25, purchases_per_month=2, lines=1)


def _company(folder: Path, server: Running) -> Workspace:
    """A company whose books begin in 2023, one request at a time, with nothing reserved but two requests."""
    workspace = company(folder, server)
    limits = workspace.company.rate_limit.model_copy(update={"daily_reserve": 2, "concurrency": 1})
    settings = workspace.company.model_copy(update={"start": FIRST, "rate_limit": limits})
    return Workspace(workspace.key, settings, workspace.lake, workspace.exports)


def _asked_from(server: Running) -> set[str]:
    """The first days of the ranges that were asked of sales."""
    return {
        part.removeprefix("fromDate=")
        for target in server.stats.targets
        if SALES in target
        for part in target.split("&")
        if part.startswith("fromDate=")
    }


def test_a_load_that_the_quota_stops_goes_on_the_next_night(serve: Serve, tmp_path: Path, days: Days) -> None:
    """A history of years can cost more than a day allows: it must be finished some day, and nothing be read twice."""
    world = _world()
    server = serve(world, switches={"daily_limit": 16}, wall_clock=days)
    workspace = _company(tmp_path, server)
    runs, asked = 0, []
    while len(live(workspace)) < len(in_world(world)):
        runs += 1
        assert runs < 9
        server.stats.clear()
        fetched = fetch_history(workspace, MONTHS) if runs == 1 else fetch_changes(workspace)
        asked.append(_asked_from(server))
        if fetched.errors:
            assert {type(outcome.error) for outcome in fetched.outcomes} <= {QuotaReserved, type(None)}
            assert server.stats.rate_limited == 0
        days.now += DAY
    assert runs > 1
    assert fetch_changes(workspace).errors == []
    assert live(workspace) == in_world(world)
    # A part that was read whole is asked for once; only the one that was under way is asked for again.
    assert "2024-04-30" in asked[0]
    assert all("2024-04-30" not in later for later in asked[1:])
    assert workspace.coverage.uncovered("sales", MONTHS) == []


def test_the_message_says_that_it_is_kept_and_when_it_goes_on(serve: Serve, tmp_path: Path, days: Days) -> None:
    """An operator who reads "quota" at seven in the morning must know whether to do anything: nothing."""
    server = serve(_world(), switches={"daily_limit": 12}, wall_clock=days)
    fetched = fetch_history(_company(tmp_path, server), MONTHS)
    (text, *_) = fetched.errors
    for part in ("of the day's 12 requests are left", "is kept", "the next nightly run goes on", "once a day"):
        assert part in text


def test_what_changed_comes_before_months_that_were_never_read(serve: Serve, tmp_path: Path, days: Days) -> None:
    """Old history may take days; last night's invoices must not wait for it."""
    world = _world()
    server = serve(world, switches={"daily_limit": 14}, wall_clock=days)
    workspace = _company(tmp_path, server)
    assert fetch_history(workspace, MONTHS[-4:]).errors == []
    days.now += DAY
    document = next(record for record in world.records(SALES) if record["date"][:7] == "2025-02")
    world.update(SALES, document["id"], {"status": "changed"}, ago(seconds=0))
    fetched = fetch_changes(workspace)
    assert fetched.errors
    rows = workspace.raw.current("sales", "2025-02").to_pylist()
    assert [b'"changed"' in row["json"] for row in rows if row["id"] == document["id"]] == [True]


Change = Callable[[World, dict[str, Any]], None]


def _to_a_part_that_was_read(world: World, document: dict[str, Any]) -> None:
    world.update(SALES, document["id"], {"date": "2025-02-14"}, ago(seconds=0))


def _to_a_part_that_is_to_be_read(world: World, document: dict[str, Any]) -> None:
    world.update(SALES, document["id"], {"date": "2023-02-14"}, ago(seconds=0))


@pytest.mark.parametrize(
    ("change", "month"), [(_to_a_part_that_was_read, "2023-06"), (_to_a_part_that_is_to_be_read, "2025-01")]
)
def test_a_document_that_moves_between_the_parts_is_in_one_month(
    serve: Serve, tmp_path: Path, change: Change, month: str
) -> None:
    """Asked for neither where it was nor where it is, or twice: the changes since the first part began settle it."""
    world = _world()
    server = serve(world)
    workspace = _company(tmp_path, server)
    document = next(record for record in world.records(SALES) if record["date"][:7] == month)
    # The part of 2024-05 and later was read; that of 2023-05 to 2024-04 is about to be.
    server.faults.before(1, lambda: change(world, document), SALES, query="fromDate=2023-04-30")
    assert fetch_history(workspace, MONTHS).errors == []
    assert server.faults.pending == 0
    assert live(workspace) == in_world(world)
    held(workspace)  # in no two months


def test_a_move_while_the_quota_was_used_up_is_not_missed(serve: Serve, tmp_path: Path, days: Days) -> None:
    """Between two nights a document moves from months that were not read to months that were."""
    world = _world()
    server = serve(world, switches={"daily_limit": 16}, wall_clock=days)
    workspace = _company(tmp_path, server)
    assert fetch_history(workspace, MONTHS).errors
    covered = workspace.coverage.read("sales")
    assert "2025-02" in covered
    assert "2023-02" not in covered
    document = next(record for record in world.records(SALES) if record["date"][:7] == "2023-02")
    world.update(SALES, document["id"], {"date": "2025-02-14"}, ago(seconds=0))
    for _ in range(4):
        days.now += DAY
        fetch_changes(workspace)
    assert live(workspace) == in_world(world)


def test_the_parts_cost_few_requests_more_than_one_sweep(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are what we are short of: a part costs its half-filled last pages, and no more."""
    world = _world()
    server = serve(world)
    fetch_history(_company(tmp_path / "parts", server), MONTHS)
    parts = server.stats.total
    server.stats.clear()
    monkeypatch.setattr(fetch, "_MONTHS_AT_ONCE", 1000)
    fetch_history(_company(tmp_path / "whole", server), MONTHS)
    assert 0 < parts - server.stats.total <= 3 * 4
