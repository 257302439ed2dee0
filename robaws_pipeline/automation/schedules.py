"""The nightly run, which asks Robaws what changed; and deliveries, for companies that want them at fixed times."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from robaws_pipeline.assets import CompanyAssets
from robaws_pipeline.automation.jobs import CompanyJobs


def nightly_schedule(shared: CompanyAssets, jobs: CompanyJobs) -> dg.ScheduleDefinition:
    """The schedule of one company, at its own hour in its own time zone."""
    company = shared.workspace.company
    hour, minute = company.nightly_at.split(":")
    return dg.ScheduleDefinition(
        name=f"{shared.name}_nightly",
        job=jobs.changes,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=company.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night: parties, lists and documents that changed in Robaws.",
    )


_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""As cron counts them."""


def delivery_schedules(shared: CompanyAssets, jobs: CompanyJobs) -> Iterator[dg.ScheduleDefinition]:
    """The schedule of one company's deliveries, when its settings want one by the week or the month."""
    company, wanted = shared.workspace.company, shared.workspace.company.deliveries
    if wanted.schedule not in {"weekly", "monthly"}:
        return
    hour, minute = wanted.at.split(":")
    monthly = wanted.schedule == "monthly"
    days = f"{wanted.day} * *" if monthly else f"* * {_WEEKDAYS.index(wanted.weekday)}"

    def asked(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        if not monthly:
            return dg.RunRequest()
        until = last_month_s_end(context.scheduled_execution_time.astimezone(company.zone))
        step = f"{shared.name}__deliveries"
        return dg.RunRequest(run_config={"ops": {step: {"config": {"until": until}}}})

    yield dg.ScheduleDefinition(
        name=f"{shared.name}_deliver_{wanted.schedule}",
        job=jobs.deliver,
        cron_schedule=f"{int(minute)} {int(hour)} {days}",
        execution_timezone=company.timezone,
        execution_fn=asked,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Hands to the accountant what is new.",
    )


def last_month_s_end(now: datetime) -> str:
    """The last day of the month before, YYYY-MM-DD."""
    return (now.date().replace(day=1) - timedelta(days=1)).isoformat()
