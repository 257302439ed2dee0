"""When deliveries are made by themselves, and who is told."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from companies import Company, Place, company_toml, materializations

from robaws_pipeline.automation.code_location import definitions

NIGHTLY = "proef_nightly"


def _settings(place: Place, more: str, base_url: str = "http://127.0.0.1:9/api/v2") -> dg.RepositoryDefinition:
    place.write(company_toml(base_url), f"[companies.proef.deliveries]\n{more}\n")
    return definitions(place.settings()).get_repository_def()


@pytest.mark.parametrize(
    ("more", "schedules", "sensor"),
    [
        ("", {NIGHTLY: "0 2 * * *"}, False),
        ('schedule = "nightly"', {NIGHTLY: "0 2 * * *"}, True),
        (
            'schedule = "weekly"\nweekday = "friday"\nat = "17:30"',
            {NIGHTLY: "0 2 * * *", "proef_deliver_weekly": "30 17 * * 5"},
            False,
        ),
        (
            'schedule = "monthly"\nday = 8',
            {NIGHTLY: "0 2 * * *", "proef_deliver_monthly": "0 6 8 * *"},
            False,
        ),
    ],
)
def test_deliveries_are_made_by_themselves_only_when_the_company_asks(
    place: Place, more: str, schedules: dict[str, str], sensor: bool
) -> None:
    """An accountant who was not told must not get numbered deliveries."""
    repository = _settings(place, more)
    assert {one.name: one.cron_schedule for one in repository.schedule_defs} == schedules
    assert repository.has_sensor_def("proef_deliver_after_nightly") == sensor
    for one in repository.schedule_defs:
        assert one.default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_monthly_delivery_is_of_documents_up_to_the_end_of_the_month_before(place: Place) -> None:
    """On the fifth, this month's first invoices are there already: they are for next month."""
    schedule = _settings(place, 'schedule = "monthly"').get_schedule_def("proef_deliver_monthly")
    moment = datetime(2026, 1, 5, 6, 0, tzinfo=ZoneInfo("Europe/Brussels"))
    with dg.DagsterInstance.ephemeral() as instance:
        tick = schedule.evaluate_tick(dg.build_schedule_context(instance, scheduled_execution_time=moment))
    [request] = tick.run_requests or ()
    assert request.run_config == {"ops": {"proef__deliveries": {"config": {"until": "2025-12-31"}}}}


def test_no_automation_condition_ever_delivers(place: Place) -> None:
    """Building two years of months again must not make twenty-four deliveries."""
    graph = _settings(place, 'schedule = "nightly"').asset_graph
    assert graph.get(dg.AssetKey(["proef", "deliveries"])).automation_condition is None
    assert not graph.get(dg.AssetKey(["proef", "deliveries"])).child_keys


@contextmanager
def _hook(status: int) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Not on the terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", got
        finally:
            server.shutdown()
            thread.join()


def _told(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_program_and_an_address_are_told_of_a_delivery_and_of_held_documents_once(stocked: Company) -> None:
    """Nobody looks at a folder every morning; and nobody reads what comes every morning."""
    file = stocked.place.folder / "told"
    script = f"import sys; open({str(file)!r}, 'a').write(sys.stdin.read() + chr(10))"
    command = json.dumps([sys.executable, "-c", script])
    with _hook(204) as (url, got):
        _settings(stocked.place, f'notify_url = "{url}"\nnotify_command = {command}', stocked.server.base_url)
        with stocked.place.dagster() as runner:
            ran = runner.run("proef_deliver")
            assert ran.succeeded
            [shown] = materializations(runner.instance, ran.run_id)["proef/deliveries"]
            assert runner.run("proef_deliver").succeeded
    [event] = got
    assert _told(file) == got
    assert (event["event"], event["number"]) == ("delivery", 1)
    assert event["new"] == shown["new"] > 0
    assert Path(event["folder"]).joinpath("manifest.json").exists()
    assert event["held"]
    names = {client["name"] for client in stocked.world.records("clients")}
    assert not any(name in json.dumps(event, ensure_ascii=False) for name in names)


def test_when_telling_fails_the_delivery_stands_and_the_run_says_so(stocked: Company) -> None:
    """A chat program that is down must not keep the accountant waiting, nor pass unseen; its address is a secret."""
    with _hook(503) as (url, got):
        more = f'notify_url = "{url}?secret=s3cr3t"\nnotify_command = ["/nonexistent/tell"]'
        _settings(stocked.place, more, stocked.server.base_url)
        with stocked.place.dagster() as runner:
            ran = runner.run("proef_deliver")
            [shown] = materializations(runner.instance, ran.run_id)["proef/deliveries"]
    assert ran.succeeded
    assert got
    assert "notify_url answered with status 503" in shown["not_told"]
    assert "/nonexistent/tell could not be run" in shown["not_told"]
    assert "s3cr3t" not in shown["not_told"]
    assert not [
        file for file in stocked.place.folder.glob("exports/**/*") if file.is_file() and b"s3cr3t" in file.read_bytes()
    ]
    assert "proef: 1 deliveries" in stocked.place.invoke("deliveries", "verify").output
