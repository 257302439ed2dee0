"""Everything that Dagster shows of the companies of some settings: assets, jobs, schedules, sensors."""

from typing import Any

import dagster as dg

from robaws_pipeline.assets import CompanyAssets, company_assets, verified_check
from robaws_pipeline.automation.jobs import company_jobs
from robaws_pipeline.automation.schedules import delivery_schedules, nightly_schedule
from robaws_pipeline.automation.sensors import (
    dead_runs_sensor,
    deliver_sensors,
    follow_sensor,
    mark_sensors,
    stale_sensor,
)
from robaws_pipeline.settings import Settings


def definitions(settings: Settings) -> dg.Definitions:
    """Everything of all companies of the settings."""
    assets: list[dg.AssetsDefinition] = []
    checks: list[dg.AssetChecksDefinition] = []
    jobs: list[Any] = []
    schedules: list[dg.ScheduleDefinition] = []
    sensors: list[dg.SensorDefinition] = [dead_runs_sensor()]
    for name in settings.companies:
        shared = CompanyAssets(settings, name)
        own = company_jobs(shared)
        assets += company_assets(shared)
        checks.append(verified_check(shared))
        jobs += [own.load, own.changes, own.months, own.verify, own.deliver, *filter(None, [own.mark])]
        schedules += [nightly_schedule(shared, own), *delivery_schedules(shared, own)]
        sensors += [follow_sensor(shared), stale_sensor(shared, own)]
        sensors += [*deliver_sensors(shared, own), *mark_sensors(shared, own)]
    # The steps of a company wait for the same bucket, and books take milliseconds: a process a step only costs.
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=jobs,
        schedules=schedules,
        sensors=sensors,
        executor=dg.in_process_executor,
    )
