"""From Robaws into the raw log: after any night, what we hold is what Robaws has."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import steps_company
from steps_company import (
    MONTHS,
    Loaded,
    Serve,
    ago,
    build_all,
    company,
    covered_to,
    held,
    in_world,
    live,
    load,
    manifests,
    pick,
    small_world,
)

from robaws_pipeline.lake.raw import RawLog
from robaws_pipeline.lake.store import Store
from robaws_pipeline.robaws.errors import Forbidden, Unavailable
from robaws_pipeline.robaws.sweep import Item
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.steps import fetch
from robaws_pipeline.steps.fetch import TooManyUnlistedError, fetch_changes, fetch_history, fetch_reference
from robaws_pipeline.steps.receive import Receiver, filing_month

JANUARY, FEBRUARY, MARCH = MONTHS
SALES, PURCHASES = "sales-invoices", "purchase-invoices"


def statuses(workspace: Any, collection: str = "sales") -> dict[str, bytes]:
    """Id → JSON of all current documents of a collection."""
    return {
        row["id"]: row["json"]
        for month in workspace.raw.months(collection)
        for row in workspace.raw.current(collection, month).to_pylist()
    }


def test_a_range_is_every_document_of_its_months_and_no_other(serve: Serve, tmp_path: Path) -> None:
    """Asking for February must bring February, whole, sales and purchases."""
    world = small_world()
    workspace = company(tmp_path, serve(world))
    fetched = fetch_history(workspace, [FEBRUARY])
    assert (fetched.errors, fetched.touched) == ([], [FEBRUARY])
    assert live(workspace) == in_world(world, [FEBRUARY])
    assert list(workspace.coverage.read("sales")) == list(workspace.coverage.read("purchases")) == [FEBRUARY]
    fetch_history(workspace, MONTHS)
    assert live(workspace) == in_world(world)


def test_reading_again_changes_no_file(acme: Loaded) -> None:
    """A repeated load is a repair that finds nothing."""
    raw = acme.folder / "data" / "acme" / "raw"
    before = {file: file.read_bytes() for file in raw.rglob("*.parquet")}
    for fetched in (fetch_history(acme.workspace, MONTHS), fetch_reference(acme.workspace)):
        assert (fetched.touched, fetched.warnings, fetched.errors) == ([], [], [])
    assert {file: file.read_bytes() for file in raw.rglob("*.parquet")} == before


def test_a_missing_right_costs_only_its_collection(serve: Serve, tmp_path: Path) -> None:
    """The role lacks purchases: sales are complete, and nobody may think that there are no purchases."""
    world = small_world()
    server = serve(world, accounts=[Account(forbidden=frozenset({PURCHASES}))])
    workspace = company(tmp_path, server)
    fetched = fetch_history(workspace, MONTHS)
    sales, purchases = fetched.outcomes
    assert sales.error is None
    assert isinstance(purchases.error, Forbidden)
    assert [text.startswith("purchases: ") for text in fetched.errors] == [True]
    assert live(workspace) == {key: month for key, month in in_world(world).items() if key[0] == "sales"}
    assert workspace.coverage.read("purchases") == {}
    # With the right, the next night reads what was missing.
    night = fetch_changes(company(tmp_path, serve(world)))
    assert night.errors == []
    assert live(workspace) == in_world(world)


def test_a_deleted_document_is_found_and_keeps_its_content(acme: Loaded) -> None:
    """Robaws deletes without a trace; the books must show what happened to the number."""
    gone = pick(acme.world, "sales", FEBRUARY)
    before = statuses(acme.workspace)[gone["id"]]
    acme.world.delete(SALES, gone["id"])
    fetched = fetch_history(acme.workspace, [FEBRUARY])
    assert (fetched.outcomes[0].deleted, fetched.touched) == ([gone["id"]], [FEBRUARY])
    assert held(acme.workspace)["sales", gone["id"]] == (FEBRUARY, True)
    assert statuses(acme.workspace)[gone["id"]] == before
    build_all(acme.workspace)
    [row] = [row for row in manifests(acme.workspace)[FEBRUARY]["documents"] if row["id"] == gone["id"]]
    assert (row["state"], row["number"]) == ("deleted", gone["logicId"])
    assert fetch_history(acme.workspace, MONTHS).touched == []


def test_a_document_that_comes_back_is_current_again(acme: Loaded) -> None:
    """From the bin, with the time it had; seen by the next load of its month."""
    gone = pick(acme.world, "purchases", MARCH)
    acme.world.delete(PURCHASES, gone["id"])
    fetch_history(acme.workspace, [MARCH])
    acme.world.create(PURCHASES, gone, None)
    assert fetch_history(acme.workspace, [MARCH]).touched == [MARCH]
    assert live(acme.workspace) == in_world(acme.world)


@pytest.mark.parametrize("loaded_month", [JANUARY, FEBRUARY])
def test_a_document_that_moved_is_in_one_month_whichever_is_loaded(acme: Loaded, loaded_month: str) -> None:
    """Only one of the two months is asked for, so one of them never sees the document go or come by itself."""
    moved = pick(acme.world, "sales", FEBRUARY)
    acme.world.update(SALES, moved["id"], {"date": "2025-01-20"}, ago(minutes=1))
    fetched = fetch_history(acme.workspace, [loaded_month])
    assert fetched.touched == [JANUARY, FEBRUARY]
    assert fetched.outcomes[0].deleted == []
    assert live(acme.workspace) == in_world(acme.world)


def test_a_night_brings_changes_moves_and_new_documents(acme: Loaded) -> None:
    """What the schedule does: a few requests, and every month that is touched named."""
    world = acme.world
    changed, moved = pick(world, "sales", JANUARY), pick(world, "purchases", MARCH)
    world.update(SALES, changed["id"], {"status": "Betaald"}, ago(minutes=1))
    world.update(PURCHASES, moved["id"], {"date": "2025-02-03"}, ago(minutes=1))
    new = world.create(SALES, {"date": "2025-04-02"}, ago(minutes=1), like=changed["id"])
    acme.server.stats.clear()
    fetched = fetch_changes(acme.workspace)
    assert fetched.errors == []
    assert fetched.touched == [JANUARY, FEBRUARY, MARCH, "2025-04"]
    assert live(acme.workspace) == in_world(world)
    assert live(acme.workspace)["sales", new] == "2025-04"
    # April was never read: its history, and then the changes; two collections of two types each.
    assert acme.server.stats.total == 8
    acme.server.stats.clear()
    assert fetch_changes(acme.workspace).touched == []
    assert acme.server.stats.total == 4


def test_nights_that_fail_are_skipped_or_run_twice_change_nothing(acme: Loaded) -> None:
    """Everything is taken from what the raw log holds: no cursor can be ahead of the data."""
    world, workspace = acme.world, acme.workspace
    start = datetime.now(UTC) - timedelta(days=5)
    fetch_changes(workspace)
    covered_to(workspace, start)
    ids = [pick(world, "sales", month)["id"] for month in MONTHS]
    world.update(SALES, ids[0], {"status": "night 1"}, ago(days=4))
    acme.server.faults.status(503, SALES, times=1000)
    failed = fetch_changes(workspace)
    assert isinstance(failed.outcomes[0].error, Unavailable)
    assert set(workspace.coverage.read("sales").values()) == {start}
    assert min(workspace.coverage.read("purchases").values()) > start, "the other collection went on"
    acme.server.faults.clear()
    world.update(SALES, ids[1], {"status": "night 2, skipped"}, ago(days=3))
    world.update(SALES, ids[0], {"status": "night 3"}, ago(days=2))
    assert fetch_changes(workspace).touched == [JANUARY, FEBRUARY]
    assert fetch_changes(workspace).touched == []
    world.update(SALES, ids[2], {"status": "night 4"}, ago(seconds=1))
    assert fetch_changes(workspace).touched == [MARCH]
    now = statuses(workspace)
    for id, text in zip(ids, [b"night 3", b"night 2, skipped", b"night 4"], strict=True):
        assert text in now[id]


def test_a_month_loaded_by_hand_hides_no_change_of_the_others(acme: Loaded) -> None:
    """Coverage is by month: March at noon says nothing of what January missed since last night."""
    workspace = acme.workspace
    fetch_changes(workspace)
    covered_to(workspace, datetime.now(UTC) - timedelta(days=2))
    changed = pick(acme.world, "sales", JANUARY)
    acme.world.update(SALES, changed["id"], {"status": "while nobody looked"}, ago(days=1))
    fetch_history(workspace, [MARCH])
    assert b"while nobody looked" not in statuses(workspace)[changed["id"]]
    assert fetch_changes(workspace).touched == [JANUARY]
    assert b"while nobody looked" in statuses(workspace)[changed["id"]]


def test_a_change_that_shows_late_is_in_the_overlap(acme: Loaded) -> None:
    """A long transaction in Robaws becomes visible after our sweep, with the earlier time on it."""
    fetch_changes(acme.workspace)
    changed = pick(acme.world, "sales", JANUARY)
    covered_to(acme.workspace, datetime.now(UTC))
    acme.world.update(SALES, changed["id"], {"status": "late"}, ago(minutes=9))
    assert fetch_changes(acme.workspace).touched == [JANUARY]


def test_a_new_month_is_read_whole_once(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the first of the month a month appears; documents dated ahead were changed long before it did."""
    fetch_changes(acme.workspace)
    ahead = acme.world.create(
        SALES, {"date": "2025-05-02"}, "2025-03-01T08:00:00.000Z", like=pick(acme.world, "sales", JANUARY)["id"]
    )
    assert fetch_changes(acme.workspace).touched == []
    monkeypatch.setattr(steps_company, "TODAY", date(2025, 4, 1))
    assert fetch_changes(acme.workspace).touched == ["2025-05"]
    assert live(acme.workspace)["sales", ahead] == "2025-05"
    assert fetch_changes(acme.workspace).touched == []


@pytest.mark.parametrize(
    ("text", "month"),
    [("31/01/2025", FEBRUARY), ("2025-03-99", MARCH), (None, FEBRUARY)],
)
def test_a_document_without_a_readable_date_is_held_in_exactly_one_month(
    acme: Loaded, text: str | None, month: str
) -> None:
    """It must not fall between the months: it is listed where it was last changed, and held."""
    workspace, world = acme.workspace, acme.world
    fetch_changes(workspace)
    odd = pick(world, "sales", JANUARY)
    covered_to(workspace, datetime(2025, 2, 10, tzinfo=UTC))
    world.update(SALES, odd["id"], {"date": text}, "2025-02-10T09:00:00.000Z")
    assert fetch_changes(workspace).errors == []
    assert held(workspace)["sales", odd["id"]] == (month, False)
    build_all(workspace, sorted({JANUARY, month}))
    listed = {
        found: [row["state"] for row in manifest["documents"] if (row["collection"], row["id"]) == ("sales", odd["id"])]
        for found, manifest in manifests(workspace).items()
    }
    assert listed == {name: ["held"] if name == month else [] for name in MONTHS}
    # Robaws may not list it in any month, and has it: a load must not take it for deleted.
    fetched = fetch_history(workspace, MONTHS)
    assert fetched.outcomes[0].deleted == []
    assert held(workspace)["sales", odd["id"]] == (month, False)


@pytest.mark.parametrize(
    ("text", "updated", "month"),
    [
        ("2025-01-31", 6, "2025-01"),
        ("0025-01-31", 6, "0025-01"),
        ("2025-02-30", 6, "2025-02"),
        ("2025-02-03T00:00:00Z", 6, "2025-02"),
        ("2025-13-01", 6, "2025-06"),
        ("", 6, "2025-06"),
        (None, None, "2024-12"),
    ],
)
def test_every_document_has_a_month(text: str | None, updated: int | None, month: str) -> None:
    """That of its date; else what the date seems to mean, when it was changed, or the first one of the books."""
    changed = None if updated is None else datetime(2025, updated, 1, tzinfo=UTC)
    assert filing_month(Item("1", "INVOICE", text, None, changed, b"{}"), "2024-12") == month


@pytest.mark.parametrize("texts", [("A", "B"), ("B", "A")])
def test_of_two_answers_in_one_sweep_the_second_counts(tmp_path: Path, texts: tuple[str, str]) -> None:
    """A list without times is read while somebody renames: what was received last is what Robaws shows."""
    raw = RawLog(Store.at(str(tmp_path), Path()))
    receiver = Receiver(raw, "gl_accounts", None)
    for text in texts:
        receiver([Item("1", None, None, None, None, f'{{"id":"1","name":"{text}"}}'.encode())])
    receiver.flush()
    assert raw.current("gl_accounts")["json"].to_pylist() == [f'{{"id":"1","name":"{texts[1]}"}}'.encode()]


def test_a_new_customer_is_fetched_with_the_invoice_that_names_it(acme: Loaded) -> None:
    """It was made after the list of clients was read this night; one request, and the invoice is not held for it."""
    world, workspace = acme.world, acme.workspace
    invoice = pick(world, "sales", MARCH)
    client = world.create("clients", {"name": "Nieuw"}, ago(minutes=1), like=invoice["clientId"])
    world.update(SALES, invoice["id"], {"clientId": client}, ago(minutes=1))
    acme.server.stats.clear()
    fetched = fetch_changes(workspace)
    assert fetched.warnings == []
    assert acme.server.stats.requests[f"clients/{client}"] == 1
    assert client in workspace.raw.heads("clients")["id"].to_pylist()
    assert "clients" not in acme.server.stats.requests


def test_a_customer_that_is_gone_is_told(acme: Loaded) -> None:
    """The invoice is held with a reason, the run goes on, and the warning names the client."""
    world, workspace = acme.world, acme.workspace
    invoice = pick(world, "sales", MARCH)
    world.update(SALES, invoice["id"], {"clientId": "424242"}, ago(minutes=1))
    fetched = fetch_changes(workspace)
    assert fetched.errors == []
    assert fetched.warnings == ["clients/424242 is named by a document and does not exist in Robaws"]
    build_all(workspace)
    [row] = [row for row in manifests(workspace)[MARCH]["documents"] if row["id"] == invoice["id"]]
    assert [reason["code"] for reason in row["reasons"]] == ["party_missing"]


def test_parties_that_cannot_be_read_are_asked_for_once(serve: Serve, tmp_path: Path) -> None:
    """Without the right to read clients, hundreds of questions would get hundreds of times the same no."""
    server = serve(small_world(), accounts=[Account(forbidden=frozenset({"clients"}))])
    fetched = fetch_history(company(tmp_path, server), MONTHS)
    assert fetched.errors == []
    assert len([text for text in fetched.warnings if "clients" in text]) == 1
    assert sum(count for path, count in server.stats.requests.items() if path.startswith("clients/")) == 1


def test_an_answer_that_lists_far_too_little_deletes_nothing(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that goes wrong at Robaws must not wipe out the books."""
    monkeypatch.setattr(fetch, "_ASK_ONE_BY_ONE", 3)
    before, covered = held(acme.workspace), acme.workspace.coverage.read("sales")
    gone = [pick(acme.world, "sales", month, position=number) for month in (JANUARY, MARCH) for number in range(2)]
    for document in gone:
        acme.world.delete(SALES, document["id"])
    fetched = fetch_history(acme.workspace, MONTHS)
    assert isinstance(fetched.outcomes[0].error, TooManyUnlistedError)
    assert "4 that we hold" in fetched.errors[0]
    assert held(acme.workspace) == before
    assert acme.workspace.coverage.read("sales") == covered
    # A few months at a time, as the message says.
    for month in MONTHS:
        assert fetch_history(acme.workspace, [month]).errors == []
    assert live(acme.workspace) == in_world(acme.world)


def many(sales: int) -> World:
    """One month with more sales invoices than a page holds."""
    return build_world(first_month=MARCH, last_month=MARCH, sales_per_month=sales, purchases_per_month=2, lines=1)


def interrupted(server: Any) -> None:
    """Every second page of invoices fails for good."""
    server.faults.status(500, SALES, page=1, times=1000)


def test_a_sweep_that_breaks_off_keeps_what_it_got_and_claims_nothing(serve: Serve, tmp_path: Path) -> None:
    """What was received need not be asked for again, and what was not must not look covered or deleted."""
    world = many(240)
    server = serve(world)
    workspace = company(tmp_path, server)
    interrupted(server)
    fetched = fetch_history(workspace, [MARCH])
    assert isinstance(fetched.outcomes[0].error, Unavailable)
    kept = live(workspace)
    assert 0 < len(kept) < len(in_world(world))
    assert workspace.coverage.read("sales") == {}
    assert list(workspace.coverage.read("purchases")) == [MARCH]
    assert not any(deleted for _, deleted in held(workspace).values())
    server.faults.clear()
    assert fetch_history(workspace, [MARCH]).errors == []
    assert live(workspace) == in_world(world)


def test_a_move_received_before_a_break_leaves_the_old_month(serve: Serve, tmp_path: Path) -> None:
    """The new version is kept though the sweep failed: the document may not show in both months meanwhile."""
    world = many(240)
    server = serve(world)
    workspace = company(tmp_path, server)
    fetch_history(workspace, [MARCH])
    moved = pick(world, "sales", MARCH)
    world.update(SALES, moved["id"], {"date": "2025-02-01"}, ago(minutes=1))
    interrupted(server)
    fetched = fetch_history(workspace, [FEBRUARY, MARCH])
    assert isinstance(fetched.outcomes[0].error, Unavailable)
    assert fetched.touched == [FEBRUARY, MARCH]
    assert live(workspace)["sales", moved["id"]] == FEBRUARY


Drift = Callable[[World, dict[str, Any]], None]


def _move(world: World, document: dict[str, Any]) -> None:
    world.update(SALES, document["id"], {"date": "2025-02-14"}, ago(seconds=0))


def _delete(world: World, document: dict[str, Any]) -> None:
    world.delete(SALES, document["id"])


def _retype(world: World, document: dict[str, Any]) -> None:
    world.update(SALES, document["id"], {"type": "CREDIT_NOTE"}, ago(seconds=0))


@pytest.mark.parametrize("drift", [_move, _delete, _retype])
@pytest.mark.parametrize("request_no", [1, 3])
def test_what_happens_during_the_sweep_is_right_after_the_next_night(
    serve: Serve, tmp_path: Path, drift: Drift, request_no: int
) -> None:
    """Documents move, vanish and change type between two pages, in the first load too."""
    world = many(125)
    server = serve(world)
    workspace = company(tmp_path, server)
    document = pick(world, "sales", MARCH, type="INVOICE")
    server.faults.before(request_no, lambda: drift(world, document), SALES)
    assert fetch_history(workspace, [FEBRUARY, MARCH]).errors == []
    held(workspace)  # in no two months
    fetch_changes(workspace)
    fetch_history(workspace, [FEBRUARY, MARCH])
    assert live(workspace) == in_world(world)


def test_deletions_found_before_a_break_are_kept(acme: Loaded) -> None:
    """Asking one by one may take long; what was learned is not forgotten when Robaws goes away in the middle."""
    gone = [pick(acme.world, "sales", JANUARY, position=number) for number in range(2)]
    for document in gone:
        acme.world.delete(SALES, document["id"])
    acme.server.faults.status(500, f"{SALES}/{gone[1]['id']}", times=1000)
    fetched = fetch_history(acme.workspace, MONTHS)
    assert isinstance(fetched.outcomes[0].error, Unavailable)
    assert fetched.outcomes[0].deleted == [gone[0]["id"]]
    assert fetched.touched == [JANUARY]
    assert [held(acme.workspace)["sales", document["id"]][1] for document in gone] == [True, False]


@pytest.mark.parametrize(
    "switches",
    [
        {"null_style": "omitted", "id_style": "numbers"},
        {"date_range": "to_exclusive", "envelope_size": "requested"},
        {"unknown_param": "reject", "bad_sort": "ignore"},
        {"text_lines_in_adjusted": "zero", "list_unfiltered": "invoices"},
    ],
)
def test_other_readings_of_the_contract_give_the_same_documents(
    serve: Serve, tmp_path: Path, switches: dict[str, str]
) -> None:
    """What is not known for certain about Robaws must not decide whether a document is there."""
    world = small_world()
    workspace = company(tmp_path, serve(world, switches=switches))
    load(workspace)
    assert live(workspace) == in_world(world)
    states = {row["id"]: row["state"] for manifest in manifests(workspace).values() for row in manifest["documents"]}
    assert set(states.values()) == {"exported", "held", "draft"}
