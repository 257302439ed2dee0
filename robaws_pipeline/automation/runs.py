"""Runs of our jobs in this process: what the command line starts is what the UI shows."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import dagster as dg

from robaws_pipeline.automation.dead_runs import UNDER_WAY, alive, clear_dead_runs
from robaws_pipeline.lake.store import StoreError

__all__ = ["UNDER_WAY", "Ran", "Runner", "month_range_tags", "runner"]


def month_range_tags(first: str, last: str) -> dict[str, str]:
    """The tags that make one run of a range of months."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


# What Dagster logs is in the UI; on the terminal our own words are enough.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended."""

    run_id: str
    succeeded: bool
    failures: tuple[str, ...]
    """Messages of steps that failed and of checks that did not pass."""
    remarks: tuple[str, ...]
    """What checks found that somebody should look at, though nothing failed."""
    requests: int
    """Asked of Robaws, repeated ones too."""
    retries: int
    throttled: int
    """Answers with status 429."""
    reading_seconds: float


@dataclass(frozen=True)
class Runner:
    """Runs jobs of `definitions` on `instance`, one after the other."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    tags: Mapping[str, str]

    def run(
        self, job: str, months: tuple[str, str] | None = None, config: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Ran:
        """Run a job, over a range of months when it has partitions; `config` by step. Failures are told, not raised;
        KeyboardInterrupt when somebody stopped it, once the run has ended as failed."""
        tags = {**self.tags, **(month_range_tags(*months) if months else {})}
        result = self.definitions.resolve_job_def(job).execute_in_process(
            run_config={**_QUIET, "ops": {step: {"config": dict(asked)} for step, asked in (config or {}).items()}},
            instance=self.instance,
            tags=tags,
            raise_on_error=False,
        )
        failures: list[str] = []
        remarks: list[str] = []
        reading: dict[str, dict[str, Any]] = {}
        for event in result.all_events:
            if event.is_step_failure:
                if _interrupted(event):
                    raise KeyboardInterrupt
                failures.append(f"{event.step_key}: {_why(event)}")
            elif event.event_type_value == "ASSET_CHECK_EVALUATION":
                check = event.asset_check_evaluation_data
                where = "/".join(check.asset_key.path)
                told = f"{where} is not {check.check_name}: {check.description or ''}".rstrip(": ")
                if not check.passed:
                    (failures if check.severity == dg.AssetCheckSeverity.ERROR else remarks).append(told)
            elif event.is_step_materialization:
                # A step's own metadata is repeated on each of its months.
                values = {name: value.value for name, value in event.materialization.metadata.items()}
                if "requests" in values:
                    reading[event.step_key or ""] = values
        return Ran(
            result.run_id,
            result.success,
            tuple(failures),
            tuple(remarks),
            requests=sum(values["requests"] for values in reading.values()),
            retries=sum(values["retries"] for values in reading.values()),
            throttled=sum(values["throttled"] for values in reading.values()),
            reading_seconds=sum(values["seconds"] for values in reading.values()),
        )


def _interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a step failed because of SIGINT or SIGTERM."""
    error = event.step_failure_data.error
    while error is not None:
        if error.cls_name in {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}:
            return True
        error = error.cause
    return False


def _why(event: dg.DagsterEvent) -> str:
    """What made a step fail, without Dagster's words around it."""
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    cause = error.cause if error and error.cause else error
    message = cause.message.strip() if cause else "failed"
    # Its text is for people; which class it is says nothing to them.
    return message.partition(": ")[2] if cause and cause.cls_name == StoreError.__name__ else message


_LOOK_EVERY = 5.0
"""Seconds between two looks for dead runs."""


@contextmanager
def _clearing() -> Iterator[None]:
    """Inside the block, clear what dies meanwhile too: a step may be waiting for the place of a process that is killed
    after we looked."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY):
            # What fails this time (a database that is busy, say) is tried again.
            with suppress(Exception), dg.DagsterInstance.get() as instance:
                clear_dead_runs(instance)

    thread = threading.Thread(target=look, name="clear-dead-runs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def runner(definitions: dg.Definitions) -> Iterator[Runner]:
    """A runner on the instance of DAGSTER_HOME, after clearing what killed processes left there."""
    with dg.DagsterInstance.get() as instance, alive(instance) as tags:
        clear_dead_runs(instance)
        with _clearing():
            yield Runner(definitions, instance, tags)
