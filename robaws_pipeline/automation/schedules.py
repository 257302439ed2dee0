"""The nightly run: ask Robaws what changed. What follows from it is the sensors' work."""

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
