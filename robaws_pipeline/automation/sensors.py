"""What keeps months up to date without anybody looking: events for speed, a comparison of what is with what should be
for certainty, and a broom for what killed processes left."""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from robaws_pipeline.assets import CompanyAssets
from robaws_pipeline.automation.dead_runs import clear_dead_runs
from robaws_pipeline.automation.jobs import CompanyJobs, is_of
from robaws_pipeline.automation.runs import UNDER_WAY, month_range_tags
from robaws_pipeline.steps.spans import stale_periods
from robaws_pipeline.steps.stale import contiguous, stale_months


def follow_sensor(shared: CompanyAssets) -> dg.AutomationConditionSensorDefinition:
    """Evaluates the assets' automation conditions: touched months follow within a minute or so.

    Half a minute until it looks, and as much until Dagster's daemon starts the runs.
    """
    return dg.AutomationConditionSensorDefinition(
        f"{shared.name}_follow",
        target=dg.AssetSelection.groups(shared.name),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds exactly the months whose raw data changed.",
    )


def stale_sensor(shared: CompanyAssets, jobs: CompanyJobs) -> dg.SensorDefinition:
    """Requests runs for stale months, whatever made them so: a lost event, new settings, new code, a party renamed."""

    @dg.sensor(
        name=f"{shared.name}_stale_months",
        jobs=[jobs.months, jobs.periods],
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds loaded months whose exports are not made from what is held now.",
    )
    def stale(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        busy = context.instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
        if any(is_of(run, shared.name) for run in busy):
            yield dg.SkipReason("a run is under way")
            return
        today = datetime.now(shared.workspace.company.zone).date()
        ranges = contiguous(stale_months(shared.workspace))
        for first, last in ranges:
            # A month that cannot be built is tried again tomorrow, not every five minutes.
            yield dg.RunRequest(
                run_key=f"{first} {last} {today}", job_name=jobs.months.name, tags=month_range_tags(first, last)
            )
        if ranges:
            return
        if longer := stale_periods(shared.workspace):
            yield dg.RunRequest(run_key=f"{longer[0].name} {today}", job_name=jobs.periods.name)
        else:
            yield dg.SkipReason("every loaded month, quarter and year is built from what is held")

    return stale


def deliver_sensors(shared: CompanyAssets, jobs: CompanyJobs) -> Iterator[dg.SensorDefinition]:
    """Makes a delivery after each nightly run that succeeded, when the company's settings want that."""
    if shared.workspace.company.deliveries.schedule != "nightly":
        return

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=f"{shared.name}_deliver_after_nightly",
        monitored_jobs=[jobs.changes],
        request_job=jobs.deliver,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Hands to the accountant what is new, after each nightly run.",
    )
    def deliver_after_nightly(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        # One night, one delivery, however often the daemon looks.
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    yield deliver_after_nightly


def mark_sensors(shared: CompanyAssets, jobs: CompanyJobs) -> Iterator[dg.SensorDefinition]:
    """Goes on after each nightly run with marks that are open: the quota ended, or a document could not be written."""
    if jobs.mark is None:
        return

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=f"{shared.name}_mark_after_nightly",
        monitored_jobs=[jobs.changes],
        request_job=jobs.mark,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks delivered documents in Robaws that are not marked yet, after each nightly run.",
    )
    def mark_after_nightly(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        from robaws_pipeline.steps.mark import open_marks  # noqa: PLC0415 - few companies mark

        if not open_marks(shared.workspace):
            return dg.SkipReason("every delivered document is marked")
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    yield mark_after_nightly


def dead_runs_sensor() -> dg.SensorDefinition:
    """Ends runs whose process was killed, so that nothing waits for them."""

    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs of killed command lines as failed and frees their place in the pools.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        cleared = clear_dead_runs(context.instance)
        return dg.SkipReason(f"cleared: {', '.join(cleared)}" if cleared else "none")

    return dead_runs
