"""Runs whose process is gone and cannot say so.

A run started by the daemon is watched by it. One started by a command line is not: killed, it stays «started» for ever
and keeps its place in the pools. So each process that runs a job holds a lock file of its own, which the operating
system releases whatever happens, and names it in the run's tags: a run under way whose lock is free is dead.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from robaws_pipeline.lake import locks
from robaws_pipeline.lake.store import Store

PROCESS_TAG = "robaws_pipeline/process"

UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
]


def _store(instance: dg.DagsterInstance) -> Store:
    return Store.at(f"{instance.root_directory}/processes", Path())


@contextmanager
def alive(instance: dg.DagsterInstance) -> Iterator[dict[str, str]]:
    """Inside the block this process counts as alive; the tags to put on its runs."""
    store, name = _store(instance), uuid.uuid4().hex
    with locks.hold(store, name):
        yield {PROCESS_TAG: name}
    locks.forget(store, name)


def clear_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark dead runs as failed and free what they hold; their ids."""
    cleared = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or not locks.is_free(_store(instance), process):
            continue
        instance.report_run_failed(run, "The process that ran this was killed. Nothing is lost: run it again.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        locks.forget(_store(instance), process)
        cleared.append(run.run_id)
    return cleared
