"""The one test that starts what `make dev` starts: webserver, daemon and code server, and works through them."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import dagster as dg
from companies import (
    FIRST,
    LAST,
    MONTHS,
    Place,
    Serve,
    company_toml,
    environment,
    materializations,
    partitions,
    small_world,
)

from robaws_pipeline.assets.checks import EXPORTS, JOURNAL, VALID_UBL, VERIFIED

BY_MONTH = ("history", "documents", "journal", "exports")

LAUNCH_RUN = """
mutation ($job: String!) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "robaws_pipeline.definitions", repositoryName: "__repository__", jobName: $job},
    runConfigData: {}
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}
"""

LAUNCH_BACKFILL = """
mutation ($assets: [AssetKeyInput!]!, $months: [String!]!) {
  launchPartitionBackfill(backfillParams: {assetSelection: $assets, partitionNames: $months}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""


class Ui:
    """The webserver of a `robaws-pipeline dev`."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            with urlopen(f"{self._root}/server_info", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def ask(self, query: str, **variables: object) -> Any:
        """A GraphQL answer, errors raised."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self._root}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            found = json.load(answer)
        assert not found.get("errors"), found
        return found["data"]


def wait_for(what: str, condition: Callable[[], Any], log: Path, seconds: float = 150) -> Any:
    """Ask again until the answer is true; with what the daemon said when it never is."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s\n{log.read_text()[-6000:]}"
        time.sleep(0.3)
    return found


@contextmanager
def dev(place: Place, log: Path) -> Iterator[Ui]:
    """`robaws-pipeline dev` in a process group of its own, which is gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            place.command("dev", "--port", str(port)),
            env={**os.environ, **place.variables},
            cwd=place.folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            ui = Ui(port)
            wait_for("the webserver's first answer", lambda: ui.is_up() or process.poll() is not None, log)
            assert process.poll() is None, log.read_text()
            yield ui
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


def done(instance: dg.DagsterInstance, **tags: str) -> list[dg.DagsterRun]:
    """The runs with these tags, oldest first, once there are some and all of them have ended."""
    runs = list(instance.get_runs(dg.RunsFilter(tags=tags)))
    return [] if any(not run.is_finished for run in runs) else runs[::-1]


def built(
    instance: dg.DagsterInstance, runs: list[dg.DagsterRun], asset: str = "exports", company: str = "proef"
) -> list[str]:
    """The months that these runs materialized of an asset."""
    found = (materializations(instance, run.run_id).get(f"{company}/{asset}", []) for run in runs)
    return sorted(month for ones in found for month in partitions(ones))


def test_the_daemon_builds_what_is_stale_what_changed_and_what_the_ui_asks_for(
    place: Place, serve: Serve, tmp_path: Path
) -> None:
    """The operator's way: nobody types a command, and each month is built once, in as few runs as there are ranges.

    Company `proef` is loaded and changes; company `noord` gets its first load from the UI meanwhile.
    """
    server = serve(small_world(last_month=LAST, sales_per_month=3, purchases_per_month=2))
    place.write(company_toml(server.base_url), company_toml(server.base_url, "noord"))
    loaded = place.invoke("load", "--company", "proef", "--from", FIRST, "--to", LAST)
    assert loaded.exit_code == 0, loaded.output
    exports = place.folder / "exports" / "proef"
    for month in ("2025-02", "2025-03", "2025-07"):
        (exports / month / "manifest.json").unlink()
    log = tmp_path / "dev.log"
    with dev(place, log) as ui, environment(place.variables), dg.DagsterInstance.get() as instance:
        # Stale months: the comparison of what is with what should be, at the sensor's first tick.
        wanted = {"dagster/sensor_name": "proef_stale_months"}
        runs = wait_for("building stale months", lambda: len(found := done(instance, **wanted)) == 2 and found, log)
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
        assert sorted(built(instance, [run]) for run in runs) == [["2025-02", "2025-03"], ["2025-07"]]
        assert place.broken() == []

        # The UI's «Materialize all» for ten months of a company that was never read.
        assets = [{"path": ["noord", asset]} for asset in BY_MONTH]
        launched = ui.ask(LAUNCH_BACKFILL, assets=assets, months=MONTHS)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        backfill = {"dagster/backfill": launched["backfillId"]}

        # What changed in Robaws: two months, not next to each other, and nothing else.
        changed = ["2025-04", "2025-09"]
        for month in changed:
            id_ = next(r["id"] for r in server.world.records("sales-invoices") if str(r["date"]).startswith(month))
            server.world.update("sales-invoices", id_, {"clientReference": "PO 7"}, "2099-01-01T00:00:00.000Z")
        launched = ui.ask(LAUNCH_RUN, job="proef_changes")["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched

        followed = {"dagster/sensor_name": "proef_follow"}
        runs = wait_for("following a change", lambda: bool(built(instance, f := done(instance, **followed))) and f, log)
        for asset in ("documents", "journal", "exports"):
            assert built(instance, runs, asset) == changed
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}

        (run,) = wait_for("the backfill", lambda: done(instance, **backfill), log)
        assert run.status is dg.DagsterRunStatus.SUCCESS
        for asset in BY_MONTH:
            assert built(instance, [run], asset, "noord") == MONTHS
        checks = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
        events = [record.event_log_entry.dagster_event for record in checks]
        outcomes = {check.check_name: check.passed for e in events if e for check in [e.asset_check_evaluation_data]}
        assert set(outcomes) == {"complete", VERIFIED, *JOURNAL, *EXPORTS, VALID_UBL}
        assert all(outcomes.values())
        assert sorted(place.manifests("noord")) == MONTHS
        assert place.broken("noord") == []
