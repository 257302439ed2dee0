"""What a night may ask of Robaws: the day's quota is shared with every other integration of the company."""

from pathlib import Path

from steps_company import MONTHS, PATHS, Serve, ago, company, in_world, live

from robaws_pipeline.sandbox.world import build_world
from robaws_pipeline.steps.fetch import fetch_changes, fetch_reference

MARCH = MONTHS[-1]
REFERENCE = ("clients", "suppliers", "vat-tariffs", "general-ledger-accounts", "payment-conditions")


def test_a_night_costs_a_request_per_hundred_changed_documents(serve: Serve, tmp_path: Path) -> None:
    """Nothing, a hundred, and hundreds of changes: the least that pages of a hundred allow, and never the history."""
    world = build_world(first_month=MARCH, last_month=MARCH, sales_per_month=420, purchases_per_month=420, lines=1)
    server = serve(world)
    workspace = company(tmp_path, server)
    fetch_reference(workspace)
    fetch_changes(workspace)
    assert live(workspace) == in_world(world)
    invoices = {
        path: [record["id"] for record in world.records(path) if record["type"] == "INVOICE"] for path in PATHS.values()
    }
    changed = dict.fromkeys(invoices, 0)
    for more in ({}, {"sales-invoices": 100}, {"sales-invoices": 350, "purchase-invoices": 101}):
        changed |= more
        for path, count in changed.items():
            for id_ in invoices[path][:count]:
                world.update(path, id_, {"clientReference": f"PO {count}"}, ago(minutes=5))
        server.stats.clear()
        assert fetch_reference(workspace).errors == []
        assert fetch_changes(workspace).errors == []
        assert {path: server.stats.requests[path] for path in REFERENCE} == dict.fromkeys(REFERENCE, 1)
        # A type in which nothing changed costs the question.
        least = {path: max(-(-count // 100), 1) + 1 for path, count in changed.items()}
        assert {path: server.stats.requests[path] for path in least} == least
        assert server.stats.total == len(REFERENCE) + sum(least.values())


def test_changes_of_the_last_minute_cost_one_more_request(serve: Serve, tmp_path: Path) -> None:
    """The first page is read again when the last one is newer than it: what left it meanwhile must not go unseen."""
    world = build_world(first_month=MARCH, last_month=MARCH, sales_per_month=240, purchases_per_month=1, lines=1)
    server = serve(world)
    workspace = company(tmp_path, server)
    fetch_changes(workspace)
    invoices = [record["id"] for record in world.records("sales-invoices") if record["type"] == "INVOICE"]
    for id_ in invoices[:201]:
        world.update("sales-invoices", id_, {"clientReference": "PO"}, ago(seconds=0))
    server.stats.clear()
    assert fetch_changes(workspace).errors == []
    assert server.stats.total == 3 + 1 + 3
