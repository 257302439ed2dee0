"""From the raw log to exports: a pure function of what is held and the settings."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from steps_company import (
    MONTHS,
    PATHS,
    Loaded,
    Serve,
    ago,
    build_all,
    cents,
    company,
    content,
    in_world,
    load,
    manifests,
    originals,
    pick,
)

from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.sandbox.names import Spelling
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.schema import PARTIES
from robaws_pipeline.settings import Company
from robaws_pipeline.steps import audit, build
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history, fetch_reference

JANUARY, FEBRUARY, MARCH = MONTHS
SALES, PURCHASES = PATHS.values()


def test_every_document_of_robaws_is_in_one_manifest_with_its_cents(loaded: Loaded) -> None:
    """Complete, exact, nothing disappears: computed from Robaws's own headers, not from our tables."""
    expected = {}
    for collection, path in PATHS.items():
        for record in loaded.world.records(path):
            sign = -1 if record["type"] == "CREDIT_NOTE" else 1
            amounts = {name: cents(record[key], sign) for name, key in (("net", "totalExclVat"), ("vat", "totalVat"))}
            amounts["gross"] = cents(record["totalInclVat"], sign)
            expected[collection, record["id"]] = (record["date"][:7], record["logicId"], amounts)
    found = [
        ((row["collection"], row["id"]), (month, row["number"], {name: row[name] for name in ("net", "vat", "gross")}))
        for month, manifest in manifests(loaded.workspace).items()
        for row in manifest["documents"]
    ]
    assert len(found) == len(expected)
    assert dict(found) == expected
    states = Counter(row["state"] for manifest in manifests(loaded.workspace).values() for row in manifest["documents"])
    assert set(states) == {"exported", "held", "draft"}
    assert states["exported"] > len(found) / 2


def test_control_totals_are_those_of_robaws(loaded: Loaded) -> None:
    """The sums that an accountant compares, over all states, to the cent."""
    for month, manifest in manifests(loaded.workspace).items():
        for collection, path in PATHS.items():
            for kind, sign in (("INVOICE", 1), ("CREDIT_NOTE", -1)):
                records = [r for r in loaded.world.records(path) if r["date"][:7] == month and r["type"] == kind]
                totals = manifest["totals"][collection][kind].values()
                assert sum(state["count"] for state in totals) == len(records)
                gross = sum((Decimal(cents(record["totalInclVat"], sign)) for record in records), Decimal(0))
                assert sum(Decimal(state["gross"]) for state in totals) == gross


def test_the_audit_finds_nothing_to_say(loaded: Loaded) -> None:
    """What the asset checks ask of every month must pass on data with every trouble the sandbox knows."""
    assert audit.unbalanced(loaded.workspace, MONTHS) == []
    assert audit.totals_differ(loaded.workspace, MONTHS) == []
    assert audit.told(loaded.workspace, MONTHS)["duplicate_number"] == []
    for month, manifest in manifests(loaded.workspace).items():
        assert audit.not_listed(loaded.workspace, month, manifest) == []
    counts = audit.held_by_type(loaded.workspace, MONTHS)
    assert sum(counts.values()) == len(in_world(loaded.world))


def test_the_audit_finds_what_is_wrong(loaded: Loaded) -> None:
    """A check that cannot fail proves nothing."""
    world, workspace = loaded.world, loaded.workspace
    one, other = pick(world, "sales", JANUARY), pick(world, "sales", MARCH, type=pick(world, "sales", JANUARY)["type"])
    world.update(SALES, other["id"], {"logicId": one["logicId"]}, ago(minutes=1))
    fetch_changes(workspace)
    [finding] = audit.not_listed(workspace, MARCH, {"documents": [*manifests(workspace)[MARCH]["documents"][1:]]})
    assert finding.detail == "held, but not in the manifest"
    listed = manifests(workspace)[MARCH]["documents"]
    twice = audit.not_listed(workspace, MARCH, {"documents": [*listed, listed[0], {**listed[0], "id": "?"}]})
    assert [finding.detail for finding in twice] == ["in the manifest, but not held", "2 times in the manifest"]
    build_all(workspace, [MARCH])
    assert [finding.month for finding in audit.told(workspace, [MARCH])["duplicate_number"]] == [MARCH]


def test_building_again_gives_the_same_bytes(loaded: Loaded) -> None:
    """Re-runnable: a rerun after a kill, or by mistake, changes no file of the accountant's."""
    before = content(loaded.folder)
    build.build_reference(loaded.workspace)
    build_all(company(loaded.folder, loaded.server))
    assert content(loaded.folder) == before
    assert len(before) > 50


def test_the_way_documents_came_does_not_show_in_any_byte(loaded: Loaded, serve: Serve, tmp_path: Path) -> None:
    """One load, month by month backwards, or a load and nights of changes and moves: the same tables and files."""
    world = loaded.world
    nightly = loaded.workspace
    changed, moved = pick(world, "sales", JANUARY), pick(world, "purchases", MARCH)
    client = pick(world, "sales", FEBRUARY)["clientId"]
    for night in range(3):
        world.update(SALES, changed["id"], {"status": f"night {night}"}, ago(minutes=3 - night))
        world.update(PURCHASES, moved["id"], {"date": f"2025-0{night + 1}-17"}, ago(minutes=3 - night))
        world.update("clients", client, {"name": f"Bouwwerken {night}"}, ago(minutes=3 - night))
        fetch_reference(nightly)
        fetch_changes(nightly)
        if night != 1:
            build_all(nightly)
    at_once = company(tmp_path / "once", loaded.server)
    load(at_once)
    backwards = company(tmp_path / "backwards", loaded.server)
    for month in reversed(MONTHS):
        load(backwards, [month])
    build_all(backwards)
    # Each of them was told of all purchases, by a load or by the nights.
    expected = content(tmp_path / "once")
    assert content(tmp_path / "backwards") == expected
    assert content(loaded.folder) == expected


def test_originals_of_credit_notes_are_found_in_other_months(loaded: Loaded) -> None:
    """A credit note must name the invoice it credits, whatever the month of that."""
    elsewhere = 0
    for collection, path in PATHS.items():
        for record in loaded.world.records(path):
            original = record.get("originalInvoiceId")
            if original is None:
                continue
            found = originals(loaded.workspace, record["date"][:7])
            there = loaded.world.get(path, original)
            assert found[collection, original] == (there["date"][:7], there["logicId"])
            elsewhere += there["date"][:7] != record["date"][:7]
    assert elsewhere > 0


class _Broken:
    """A third party's format that gives a file and then fails."""

    name = "broken"
    title = "fails halfway"

    def missing_settings(self, company: Company) -> Iterator[str]:
        yield from ()

    def export(self, books: MonthBooks) -> Export:
        def files() -> Iterator[ExportFile]:
            yield ExportFile("half.txt", b"half")
            raise RuntimeError("no such column")

        return Export(files())


def test_a_broken_format_stops_no_other(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The accountant still gets the journal, and the manifest says what failed; no file of the format is left."""
    plain = registry._resolve
    monkeypatch.setattr(registry, "_resolve", lambda name, found: _Broken() if name == "broken" else plain(name, found))
    workspace = company(loaded.folder, loaded.server, 'formats = ["broken", "journal"]')
    exported = build_all(workspace, [JANUARY])[JANUARY]
    assert [str(error) for error in exported.errors.values()] == ["no such column"]
    manifest = manifests(workspace)[JANUARY]
    assert manifest["formats"]["broken"]["error"] == "RuntimeError: no such column"
    assert manifest["formats"]["journal"]["error"] is None
    assert workspace.exports.names(JANUARY) == ["held.csv", "journal", "manifest.json"]


def test_a_month_without_documents_is_exported_empty(loaded: Loaded) -> None:
    """No purchases in August is something to say, not something to leave out."""
    build_all(loaded.workspace, ["2025-04"])
    manifest = manifests(loaded.workspace)["2025-04"]
    assert manifest["documents"] == []
    assert manifest["not_read"] == ["sales", "purchases"]
    fetch_history(loaded.workspace, ["2025-04"])
    build_all(loaded.workspace, ["2025-04"])
    assert manifests(loaded.workspace)["2025-04"]["not_read"] == []


def test_a_document_that_cannot_be_read_is_held_beside_the_others(loaded: Loaded) -> None:
    """One odd document in a month of good ones: it is listed and held, with the key and the value that are wrong."""
    workspace, world = loaded.workspace, loaded.world
    states = {row["id"]: row["state"] for row in manifests(workspace)[MARCH]["documents"]}
    id = next(id for id in states if states[id] == "exported" and world.find(SALES, id))
    world.update(SALES, id, {"totalExclVat": "honderd", "dueDate": "morgen"}, ago(minutes=1))
    fetch_changes(workspace)
    build_all(workspace, [MARCH])
    after = {(row["collection"], row["id"]): row for row in manifests(workspace)[MARCH]["documents"]}
    row = after.pop(("sales", id))
    assert row["state"] == "held"
    details = {reason["detail"] for reason in row["reasons"]}
    assert {'totalExclVat = "honderd" is not a number', 'dueDate = "morgen" is not a date (YYYY-MM-DD)'} <= details
    assert {key[1]: other["state"] for key, other in after.items()} == {k: v for k, v in states.items() if k != id}


def test_a_spelling_of_the_company_reaches_every_table(serve: Serve, tmp_path: Path) -> None:
    """The same tenant with other keys gives the same books."""
    spelling = {"sales_invoice": {"net": "netto", "due_date": "expireDate"}, "line": {"net": "bedrag"}}

    def world(spelling: Spelling | None = None) -> World:
        return build_world(1, JANUARY, JANUARY, sales_per_month=8, purchases_per_month=6, spelling=spelling)

    own = company(
        tmp_path / "own",
        serve(world(spelling)),
        'fields = { sales_invoice = { net = "netto", due_date = "expireDate" }, line = { net = "bedrag" } }',
    )
    usual = company(tmp_path / "usual", serve(world()))
    for workspace in (own, usual):
        load(workspace, [JANUARY])
    without = [
        [{key: value for key, value in row.items() if key != "hash"} for row in manifests(one)[JANUARY]["documents"]]
        for one in (own, usual)
    ]
    assert without[0] == without[1]
    journal = f"{JANUARY}/journal/journal.csv"
    assert own.exports.read(journal) == usual.exports.read(journal)


def test_a_spelling_corrected_later_reaches_the_parties(loaded: Loaded) -> None:
    """A setting made after `doctor` must change the clients too, though Robaws sent nothing new."""
    own = company(loaded.folder, loaded.server, 'fields = { client = { name = "naam" } }')
    assert {row["name"] is None for row in own.tables.read(PARTIES).to_pylist()} == {False}
    build_all(own, [JANUARY])
    nameless = {(row["kind"], row["name"] is None) for row in own.tables.read(PARTIES).to_pylist()}
    assert nameless == {("client", True), ("supplier", False)}


def test_the_warehouse_has_the_books_of_all_months(loaded: Loaded) -> None:
    """Everything, for SQL: sums equal those of the manifests."""
    build.build_warehouse(loaded.workspace)
    with duckdb.connect(loaded.workspace.lake.path("warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT month, sum(gross) FROM states GROUP BY month ORDER BY month").fetchall()
        assert connection.execute("SELECT sum(balance) FROM trial_balance").fetchall() == [(Decimal(0),)]
        assert connection.execute("SELECT count(*) FROM sales").fetchall() == [(len(loaded.world.records(SALES)),)]
    expected = [
        (month, sum((Decimal(row["gross"]) for row in manifest["documents"]), Decimal(0)))
        for month, manifest in manifests(loaded.workspace).items()
    ]
    assert rows == expected
