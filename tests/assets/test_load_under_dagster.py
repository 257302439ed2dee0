"""What the event log says of a load: the UI shows this, and nothing else."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from companies import (
    FIRST,
    LAST,
    MONTHS,
    Company,
    Place,
    Serve,
    company_toml,
    materializations,
    partitions,
    small_world,
)

from robaws_pipeline.sandbox.world import World

ASSETS = ("reference", "history", "documents", "journal", "exports", "periods", "warehouse")
BY_MONTH = ("history", "documents", "journal", "exports")


@pytest.fixture(scope="module")
def run(loaded: Company) -> Iterator[tuple[dg.DagsterInstance, dg.DagsterRun]]:
    """The instance of the loaded company and its only run."""
    with loaded.place.dagster() as ready:
        (only,) = ready.instance.get_runs()
        yield ready.instance, only


@pytest.fixture(scope="module")
def recorded(run: tuple[dg.DagsterInstance, dg.DagsterRun]) -> dict[str, list[Mapping[str, Any]]]:
    """Asset → what the run recorded for it."""
    return {key.removeprefix("proef/"): values for key, values in materializations(run[0], run[1].run_id).items()}


def month_of(world: World, path: str, month: str) -> list[Mapping[str, Any]]:
    """The documents of a month as the sandbox has them."""
    return [record for record in world.records(path) if str(record["date"]).startswith(month)]


def test_a_range_of_months_is_one_run_of_the_job(run: tuple[dg.DagsterInstance, dg.DagsterRun]) -> None:
    """A hundred months must not be a hundred processes, and what the command line ran must be found in the UI."""
    _, only = run
    assert (only.job_name, only.status) == ("proef_load", dg.DagsterRunStatus.SUCCESS)
    assert only.tags["dagster/asset_partition_range_start"] == FIRST
    assert only.tags["dagster/asset_partition_range_end"] == LAST


def test_every_month_is_materialized_once(recorded: dict[str, list[Mapping[str, Any]]]) -> None:
    """The grid of months in the UI says which are there; a gap or a repetition there is a lie."""
    assert set(recorded) == set(ASSETS)
    for asset in BY_MONTH:
        assert partitions(recorded[asset]) == MONTHS, asset
    assert [one["partition"] for one in (*recorded["reference"], *recorded["warehouse"])] == [None, None]


def test_a_month_shows_its_own_figures(loaded: Company, recorded: dict[str, list[Mapping[str, Any]]]) -> None:
    """The figures of the whole range on each month would be worth nothing to an operator."""
    manifests = loaded.place.manifests()
    for month, history, documents, journal, exports in zip(
        MONTHS, *(recorded[asset] for asset in BY_MONTH), strict=True
    ):
        there = [*month_of(loaded.world, "sales-invoices", month), *month_of(loaded.world, "purchase-invoices", month)]
        assert history["documents"] == documents["documents"] == journal["documents"] == len(there)
        assert history["sales INVOICE"] == sum(
            record["type"] == "INVOICE" for record in month_of(loaded.world, "sales-invoices", month)
        )
        states = [document["state"] for document in manifests[month]["documents"]]
        for state in ("exported", "held", "draft", "deleted"):
            assert journal[state] == states.count(state)
        for collection in ("sales", "purchases"):
            for figure in ("net", "vat", "gross"):
                expected = sum(
                    Decimal(document[figure])
                    for document in manifests[month]["documents"]
                    if (document["collection"], document["state"]) == (collection, "exported")
                )
                assert journal[f"{collection}_{figure}"] == f"{expected:.2f}"
        assert exports["files"] == len(manifests[month]["files"])
        assert exports["folder"] == str(loaded.place.folder / "exports" / "proef" / month)
        assert len(exports["journal_preview"].records) > 1


def test_requests_are_told_with_what_was_read(loaded: Company, recorded: dict[str, list[Mapping[str, Any]]]) -> None:
    """Whether we were polite is the first question when Robaws complains."""
    history = recorded["history"][0]
    counts = {"sales": 120, "purchases": 80}
    assert history["received"] == counts
    asked = recorded["reference"][0]["requests"] + history["requests"]
    assert 0 < asked == int((loaded.place.folder / "requests.txt").read_text())
    assert history["retries"] == history["throttled"] == 0


def test_every_check_was_made_and_is_green(run: tuple[dg.DagsterInstance, dg.DagsterRun]) -> None:
    """A check that silently is not made looks the same as one that never fails."""
    instance, only = run
    records = instance.get_records_for_run(only.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    found = {}
    for record in records:
        event = record.event_log_entry.dagster_event
        assert event is not None
        check = event.asset_check_evaluation_data
        found["/".join(check.asset_key.path), check.check_name] = check.passed
    assert found == {
        ("proef/reference", "complete"): True,
        ("proef/history", "complete"): True,
        ("proef/journal", "balanced"): True,
        ("proef/journal", "totals_meet"): True,
        ("proef/journal", "unique_numbers"): True,
        ("proef/journal", "numbers_without_gaps"): True,
        ("proef/journal", "unique_supplier_numbers"): True,
        ("proef/exports", "every_document_listed"): True,
        ("proef/exports", "formats_written"): True,
        ("proef/exports", "valid_ubl"): True,
    }
    assert len(records) == len(found)


def floats(value: object, where: str) -> Iterator[str]:
    """Where a float stands in a metadata value."""
    if isinstance(value, float):
        yield where
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from floats(inner, f"{where}.{name}")
    elif isinstance(value, dg.TableMetadataValue):
        for record in value.records:
            yield from floats(record.data, where)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from floats(inner, f"{where}[{number}]")


def test_no_amount_is_a_float(recorded: dict[str, list[Mapping[str, Any]]]) -> None:
    """What Dagster stores is copied into spreadsheets: a cent lost there is a cent searched for."""
    found = {where for asset, ones in recorded.items() for one in ones for where in floats(one, asset)}
    assert found <= {"reference.seconds", "history.seconds"}


MARK = "Geheimzinnig"


def _with_marked_texts(world: World) -> World:
    """The world with a mark in every text that may name somebody, and documents held for reasons that quote texts."""
    for path in ("clients", "suppliers"):
        for record in world.records(path):
            world.update(path, record["id"], {"name": f"{MARK} D'Hondt & 'Zonen'", "email": f"{MARK}@x.example"}, None)
    for path, lines in (("sales-invoices", "adjustedLineItems"), ("purchase-invoices", "lineItems")):
        for number, record in enumerate(world.records(path)):
            trouble: list[dict[str, Any]] = [
                {},
                {"generalLedgerAccountId": None},
                {"vatTariffId": "1"},
                {"totalExclVat": None, "price": None},
                {"totalExclVat": {"tekst": MARK}},
            ]
            told = [{**line, "description": f"Keuken {MARK} 't Huis", **trouble[number % 5]} for line in record[lines]]
            world.update(path, record["id"], {lines: told}, None)
    first, second, third = (record["id"] for record in world.records("sales-invoices")[:3])
    world.update("sales-invoices", first, {"clientId": {"name": f"{MARK}, is not here"}}, None)
    world.update("sales-invoices", second, {"type": f"{MARK}'s"}, None)
    world.update("sales-invoices", third, {"date": f"{MARK} 'x'"}, None)
    for client in world.records("clients"):
        world.update("clients", client["id"], {"vatIdNumber": None}, None)
    return world


def test_names_and_texts_of_documents_stay_out_of_dagster(place: Place, serve: Serve) -> None:
    """The UI has no login: whoever reaches its port must not read who buys what."""
    server = serve(_with_marked_texts(small_world(last_month="2025-02", sales_per_month=30)))
    place.write(company_toml(server.base_url))
    result = place.invoke("load", "--from", "2025-01", "--to", "2025-02")
    held = [one for manifest in place.manifests().values() for one in manifest["documents"] if one["state"] == "held"]
    codes = {reason["code"] for one in held for reason in one["reasons"]}
    assert codes >= {"unreadable", "account_missing", "line_amount_missing", "reverse_charge_without_vat_number"}
    assert any(MARK in reason["text"] for one in held for reason in one["reasons"])
    assert held[0]["number"] in result.output
    written = {file: file.read_bytes() for file in place.home.rglob("*") if file.is_file()}
    assert any(held[0]["number"].encode() in content for content in written.values())
    assert [file for file, content in written.items() if MARK.encode() in content] == []


def _checks(place: Place) -> dict[str, dg.AssetCheckEvaluation]:
    with place.dagster() as ready:
        run_id = ready.instance.get_runs(limit=1)[0].run_id
        records = ready.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
        events = [record.event_log_entry.dagster_event for record in records]
        return {
            event.asset_check_evaluation_data.check_name: event.asset_check_evaluation_data for event in events if event
        }


def test_a_number_that_comes_twice_is_a_red_check_and_stops_no_month(company: Company) -> None:
    """Two invoices with one number are refused by every accounting program; the other months have no part in it."""
    one, other = (month_of(company.world, "sales-invoices", month)[0] for month in ("2025-01", "2025-02"))
    company.world.update("sales-invoices", other["id"], {"logicId": one["logicId"]}, None)
    result = company.place.invoke("load", "--from", "2025-01", "--to", "2025-03")
    assert result.exit_code == 1
    assert f"proef/journal is not unique_numbers: 2025-01 sales {one['logicId']}: also {other['id']} of 2025-02" in (
        result.stderr
    )
    check = _checks(company.place)["unique_numbers"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert not check.blocking
    assert sorted(company.place.manifests()) == ["2025-01", "2025-02", "2025-03"]
    assert company.place.broken() == []


def test_a_format_that_fails_is_a_red_check_and_the_other_is_written(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One format's bug must not keep the accountant from the others, nor go unseen."""
    from robaws_pipeline.formats.ubl import UblFormat  # noqa: PLC0415

    def broken(self: UblFormat, books: object) -> None:
        raise ValueError(f"no such thing: {MARK}")

    monkeypatch.setattr(UblFormat, "export", broken)
    result = company.place.invoke("load", "--from", "2025-01", "--to", "2025-01")
    assert result.exit_code == 1
    assert "formats_written: 2025-01 format ubl: ValueError" in result.stderr
    assert not _checks(company.place)["formats_written"].passed
    manifest = company.place.manifests()["2025-01"]
    assert MARK in manifest["formats"]["ubl"]["error"]
    assert {Path(name).parts[0] for name in manifest["files"]} == {"journal", "held.csv"}
    assert company.place.broken() == []


def test_the_check_of_what_is_held_asks_robaws_and_stops_nothing(stocked: Company) -> None:
    """The operator must see a deletion in the UI without typing anything; it costs a few requests and no export."""
    gone = month_of(stocked.world, "sales-invoices", "2025-02")[0]
    for wrong in (False, True):
        if wrong:
            stocked.world.delete("sales-invoices", gone["id"])
        stocked.server.stats.clear()
        with stocked.place.dagster() as ready:
            ran = ready.run("proef_verify")
        assert (ran.succeeded, ran.failures) == (True, ())
        assert stocked.server.stats.total == (4 + wrong)
        checks = _checks(stocked.place)
        assert list(checks) == ["verified"]
        assert checks["verified"].passed is not wrong
    check = checks["verified"]
    assert (check.severity, check.blocking) == (dg.AssetCheckSeverity.WARN, False)
    assert check.description == "load again: 2025-02"
    [found] = check.metadata["findings"].records  # type: ignore[union-attr]
    assert (found.data["month"], found.data["id"], found.data["what"]) == ("2025-02", gone["id"], "extra")
