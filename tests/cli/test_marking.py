"""Marks in Robaws, as they are typed, as Dagster runs them, and by a process that is killed."""

import json
import signal
import subprocess
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from companies import Company, Place, company_toml, materializations

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.steps.mark import open_marks
from robaws_pipeline.steps.stale import contiguous, stale_months

MARK = '[companies.proef.deliveries.mark]\nfield = "Exported to accounting"\n'


def marking(company: Company) -> Place:
    company.place.write(company_toml(company.server.base_url), MARK)
    return company.place


def marked(company: Company) -> int:
    """How many documents Robaws shows as marked."""
    return sum(
        record["extraFields"].get("Exported to accounting", {}).get("booleanValue") is True
        for path in ("sales-invoices", "purchase-invoices")
        for record in company.world.records(path)
    )


def said(text: str) -> str:
    return " ".join(text.split())


def test_an_operator_delivers_and_the_night_after_finds_nothing(stocked: Company) -> None:
    """The whole story as it is typed: marked with the delivery, read again at night, and nothing follows from it."""
    place = marking(stocked)
    assert place.invoke("nightly").exit_code == 0
    done = place.invoke("deliver")
    assert done.exit_code == 0, done.output
    assert "no marks are open in Robaws" in said(done.output)
    [folder] = (place.folder / "exports/proef/deliveries").glob("[0-9]*")
    count = len(json.loads((folder / "manifest.json").read_bytes())["documents"])
    assert marked(stocked) == count
    assert set(stocked.server.stats.writes.values()) == {1}
    assert "no marks are open in Robaws" in said(place.invoke("status").output)
    before = place.exported()
    night = place.invoke("nightly")
    assert night.exit_code == 0, night.output
    assert "Months built again: none, nothing changed" in night.output
    assert "nothing to deliver" in place.invoke("deliver").output
    assert "0 new" not in place.invoke("deliver", "--dry-run").output
    assert "no documents" in place.invoke("deliver", "--dry-run").output
    assert place.invoke("verify").exit_code == 0
    assert place.exported() == before
    assert stocked.server.stats.writes.total() == count
    gone = place.invoke("deliveries", "withdraw", "1")
    assert f"{count} marks are open in Robaws" in said(gone.output)
    assert f"{count} marks are open in Robaws" in said(place.invoke("deliveries", "show", "2").output)
    assert json.loads(place.invoke("status", "--json").output)["proef"]["deliveries"]["open_marks"] == count
    cleared = place.invoke("deliveries", "mark")
    assert cleared.exit_code == 0, cleared.output
    assert "no marks are open in Robaws" in said(cleared.output)
    assert marked(stocked) == 0


def test_a_company_that_marks_nothing_is_told_how(stocked: Company) -> None:
    """The command of a setting that is off says which setting."""
    done = stocked.place.invoke("deliveries", "mark")
    assert done.exit_code == 2
    assert "[companies.X.deliveries.mark]" in said(done.output)
    assert not [name for name in stocked.server.stats.requests if name]


def test_what_cannot_be_marked_fails_no_delivery(stocked: Company) -> None:
    """The accountant has the files; that Robaws does not say so is worth a look, and no more."""
    place = marking(stocked)
    stocked.server.faults.status(403, method="PATCH", times=1000)
    done = place.invoke("deliver")
    assert done.exit_code == 0, done.output
    assert "delivery 1:" in done.output
    assert "the right to change 'sales-invoices'" in said(done.output)
    assert stocked.server.stats.statuses[403] == 2
    again = place.invoke("deliveries", "mark")
    assert again.exit_code == 1
    assert "marks are open in Robaws" in said(again.output)
    stocked.server.faults.clear()
    assert place.invoke("nightly").exit_code == 0
    assert open_marks(place.workspace()) == []


def test_dagster_marks_after_the_delivery_and_builds_nothing_for_it(stocked: Company) -> None:
    """The same under Dagster: counts in the metadata, and no month that the night's events would build again."""
    place = marking(stocked)
    with place.dagster() as runner:
        assert runner.run("proef_changes").succeeded
        for months in contiguous(stale_months(place.workspace())):
            assert runner.run("proef_months", months).succeeded
        ran = runner.run("proef_deliver")
        assert ran.succeeded
        made = materializations(runner.instance, ran.run_id)
        assert list(made) == ["proef/deliveries", "proef/marks"]
        [shown] = made["proef/marks"]
        [delivery] = made["proef/deliveries"]
        assert (shown["set"], shown["cleared"], shown["failed"], shown["left"]) == (delivery["new"], 0, 0, 0)
        assert shown["requests"] >= shown["set"]
        night = runner.run("proef_changes")
        assert night.succeeded
        made = materializations(runner.instance, night.run_id)
        assert "proef/history" not in made
        assert made["proef/changes"][0]["months"] == "none"
        assert stale_months(place.workspace()) == []
        one = next(record for record in stocked.world.records("sales-invoices") if record["status"] != "Betaald")
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stocked.world.update("sales-invoices", one["id"], {"status": "Betaald"}, now)
        seen = materializations(runner.instance, runner.run("proef_changes").run_id)
        assert [found["partition"] for found in seen["proef/history"]] == [one["date"][:7]]


def test_marks_have_a_job_and_a_sensor_only_where_they_are_wanted(stocked: Company) -> None:
    """A company that marks nothing sees nothing of it in the UI; one that does goes on after each night, once."""
    plain = definitions(stocked.place.settings()).get_repository_def()
    assert not plain.has_job("proef_mark")
    assert dg.AssetKey(["proef", "marks"]) not in plain.asset_graph.get_all_asset_keys()
    place = marking(stocked)
    repository = definitions(place.settings()).get_repository_def()
    assert repository.has_job("proef_mark")
    asset = repository.asset_graph.get(dg.AssetKey(["proef", "marks"]))
    assert asset.pools == {"robaws_proef_key"}
    assert asset.automation_condition is None
    sensor = repository.get_sensor_def("proef_mark_after_nightly")
    assert isinstance(sensor, dg.RunStatusSensorDefinition)
    with place.dagster() as runner:
        stocked.server.faults.status(403, method="PATCH", times=1000)
        runner.run("proef_deliver")
        stocked.server.faults.clear()

        def tick() -> Any:
            night = runner.run("proef_changes")
            run = runner.instance.get_run_by_id(night.run_id)
            event = next(
                entry.dagster_event
                for entry in runner.instance.all_logs(night.run_id)
                if entry.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS
            )
            context = dg.build_run_status_sensor_context("proef_mark_after_nightly", event, runner.instance, run)
            return night, sensor(context)

        night, asked = tick()
        assert (type(asked), asked.run_key) == (dg.RunRequest, night.run_id)
        assert runner.run("proef_mark").remarks == ()
        assert isinstance(tick()[1], dg.SkipReason)


@pytest.mark.parametrize("number", [1, 12])
def test_a_killed_process_leaves_marks_that_the_next_one_goes_on_with(stocked: Company, number: int) -> None:
    """SIGKILL while a write is on its way: the next command writes the others, and none of them twice."""
    place = marking(stocked)
    running: list[subprocess.Popen[str]] = []
    stocked.server.faults.before(number, lambda: [process.kill() for process in running], method="PATCH")
    running.append(place.start("deliver"))
    running[0].communicate(timeout=120)
    assert running[0].returncode == -signal.SIGKILL
    left = len(open_marks(place.workspace()))
    assert left > 0
    done = place.invoke("deliveries", "mark")
    assert done.exit_code == 0, done.output
    assert marked(stocked) == left
    assert set(stocked.server.stats.writes.values()) == {1}
    assert open_marks(place.workspace()) == []
