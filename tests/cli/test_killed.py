"""Processes that die without a word, and two that work at once: real ones, killed with SIGKILL."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from companies import Company, Place, Serve, company_toml, environment

from robaws_pipeline.automation.dead_runs import UNDER_WAY
from robaws_pipeline.lake import locks
from robaws_pipeline.lake.store import Store
from robaws_pipeline.sandbox.switches import Switches

LOAD = ("load", "--from", "2025-01", "--to", "2025-03")
PATIENCE = 100
"""Seconds that a process may take on a busy machine."""

Process = subprocess.Popen[str]
Moment = Callable[[Company, Process], None]
"""Waits for a moment in the life of a load."""


def _requests(path: str, number: int) -> Moment:
    """The moment when Robaws is asked for this path for the `number`-th time; the process is killed by the server."""

    def arrange(company: Company, process: Process) -> None:
        company.server.faults.before(number, lambda: os.kill(process.pid, signal.SIGKILL), path)
        process.wait(PATIENCE)

    return arrange


def _says(text: str) -> Moment:
    """The moment when the process says this."""

    def wait(company: Company, process: Process) -> None:
        assert process.stderr is not None
        assert any(line.startswith(text) for line in process.stderr), f"never said: {text}"

    return wait


def _files(number: int) -> Moment:
    """The moment when the process has made this many files."""

    def wait(company: Company, process: Process) -> None:
        known = set(_all_files(company.place.folder))
        while process.poll() is None and len(set(_all_files(company.place.folder)) - known) < number:
            time.sleep(0.002)

    return wait


def _all_files(folder: Path) -> list[str]:
    return [
        os.path.join(root, name)
        for top in ("data", "exports")
        for root, _, names in os.walk(folder / top)
        for name in names
        if not name.startswith(".")
    ]


def _kill_at(company: Company, moment: Moment) -> None:
    process = company.place.start(*LOAD)
    try:
        moment(company, process)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL, "it ended before the moment came"


def runs(place: Place) -> list[dg.DagsterRun]:
    """All runs of the place's instance, and that no pool has a slot taken."""
    with environment(place.variables), dg.DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        for pool in storage.get_concurrency_keys():
            assert storage.get_concurrency_info(pool).claimed_slots == []
        return list(instance.get_runs())


def test_a_load_killed_anywhere_is_made_good_by_the_next(company: Company, loaded_once: Path) -> None:
    """Power cuts and restarts come at any moment: nothing half done is ever seen, and running it again is enough."""
    dice = random.Random(3)
    moments = [
        _requests("sales-invoices", 2),
        _says("making tables: 3"),
        _files(dice.randrange(3, 15)),
        _files(dice.randrange(1, 12)),
    ]
    for moment in moments:
        _kill_at(company, moment)
        assert company.place.broken() == []
        for file in _all_files(company.place.folder):
            if file.endswith(".parquet"):
                pq.read_metadata(file)
    done = company.place.run(*LOAD)
    assert done.returncode == 0, done.stderr
    undisturbed = Place(loaded_once)
    assert company.place.exported() == undisturbed.exported()
    assert company.place.tables() == undisturbed.tables()
    last, *killed = runs(company.place)
    assert last.status is dg.DagsterRunStatus.SUCCESS
    assert {run.status for run in killed} == {dg.DagsterRunStatus.FAILURE}
    assert len(killed) == len(moments)


def test_two_loads_at_once_take_turns_at_the_bucket(tmp_path: Path, serve: Serve, loaded_once: Path) -> None:
    """The operator types it while the schedule runs, on a machine where nothing was opened yet: no 429, no lost row."""
    server = serve(switches=Switches())
    place = Place(tmp_path)
    place.write(company_toml(server.base_url, limited=True))
    held: list[bool] = []

    def look() -> None:
        (lock,) = (tmp_path / "data" / ".locks").glob("robaws-*.lock")
        held.append(not locks.is_free(Store.at("data", tmp_path), lock.stem))

    for number in range(1, 20):
        server.faults.before(number, look)
    both = [place.start(*LOAD) for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert server.stats.rate_limited == 0
    assert held == [True] * 19, "a request that no lock keeps others from"
    undisturbed = Place(loaded_once)
    assert place.exported() == undisturbed.exported()
    assert place.tables() == undisturbed.tables()
    assert [run.status for run in runs(place)] == [dg.DagsterRunStatus.SUCCESS] * 2


def test_who_waits_for_a_process_that_dies_goes_on(company: Company) -> None:
    """The one that waits has looked for dead runs already: it must notice the death of the one it waits for."""
    company.server.faults.slow(10 * PATIENCE, "purchase-invoices")
    stuck = company.place.start(*LOAD)
    waiting = None
    try:
        _says("reading sales")(company, stuck)
        waiting = company.place.start(*LOAD)
        with environment(company.place.variables), dg.DagsterInstance.get() as instance:
            while len(instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))) < 2:
                assert waiting.poll() is None, waiting.communicate()
                time.sleep(0.1)
        stuck.kill()
        _, err = waiting.communicate(timeout=PATIENCE)
        assert waiting.returncode == 0, err
        assert "Under way already, so this may have to wait: proef_load" in err
    finally:
        for process in filter(None, (stuck, waiting)):
            process.kill()
            process.communicate()
    statuses = sorted(run.status.value for run in runs(company.place))
    assert statuses == ["FAILURE", "SUCCESS"]
    assert company.place.broken() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_an_interrupted_load_ends_its_run(company: Company, how: signal.Signals) -> None:
    """Ctrl+C and a container that is stopped: the run ends as failed at once, and the pool is free."""
    company.server.faults.slow(10 * PATIENCE, "purchase-invoices")
    process = company.place.start(*LOAD)
    try:
        _says("reading sales")(company, process)
        process.send_signal(how)
        # Sooner than a request's own patience, after which it would go on as if nothing had happened.
        out, err = process.communicate(timeout=40)
        assert process.returncode == 1
        assert "Stopped. What was received is kept: run it again." in err
        assert "Traceback" not in err + out
    finally:
        process.kill()
        process.communicate()
    (run,) = runs(company.place)
    assert run.status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
