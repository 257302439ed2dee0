"""The graph of some settings as text that a review can read. Run it to write `automation/graph.txt` anew::

python tests/dagster_graph.py
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.settings import Settings, parse

WRITTEN = Path(__file__).parent / "automation" / "graph.txt"

SETTINGS = """
[companies.acme]
name = "Acme Installaties BV"
api_key_env = "ROBAWS_ACME_KEY"
api_secret_env = "ROBAWS_ACME_SECRET"
start = "2025-01"
vat_number = "BE0999000129"
address = { line = "Proefstraat 1", postal_code = "9000", city = "Gent", country = "BE" }
"""


def example() -> Settings:
    """The settings of the written graph."""
    return parse(SETTINGS, "robaws.toml", Path("/nowhere"))


def describe(defs: dg.Definitions) -> str:
    """Assets, checks, jobs, schedules and sensors, a line a fact."""
    return "\n".join(_lines(defs)) + "\n"


def _lines(defs: dg.Definitions) -> Iterator[str]:
    graph = defs.resolve_asset_graph()
    checks = sorted(graph.asset_check_keys, key=lambda key: key.to_user_string())
    for key in graph.toposorted_asset_keys:
        node = graph.get(key)
        yield f"asset {key.to_user_string()}"
        yield f"  group        {node.group_name}"
        yield f"  partitions   {_partitions(node.partitions_def)}"
        yield f"  one run for  {_range(node)}"
        yield f"  after        {', '.join(sorted(dep.to_user_string() for dep in node.parent_keys)) or 'nothing'}"
        yield f"  pool         {', '.join(sorted(node.pools or ())) or 'none'}"
        yield f"  automation   {_condition(node.automation_condition)}"
        yield f"  kinds        {', '.join(sorted(node.kinds or ()))}"
        for check in checks:
            if check.asset_key == key:
                yield f"  check        {check.name}{' (blocking)' if graph.get(check).blocking else ''}"
    repository = defs.get_repository_def()
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        if job.name.startswith("__"):
            continue
        yield f"job {job.name}"
        selected = sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
        yield f"  assets       {', '.join(selected) or 'none, checks only'}"
        yield f"  partitions   {_partitions(job.partitions_def)}"
        yield f"  executor     {job.executor_def.name}"
    for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name):
        yield f"schedule {schedule.name}"
        yield f"  runs         {schedule.job_name} at {schedule.cron_schedule} {schedule.execution_timezone}"
        yield f"  at first     {schedule.default_status.value}"
    for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name):
        yield f"sensor {sensor.name}"
        yield f"  every        {sensor.minimum_interval_seconds} s"
        yield f"  at first     {sensor.default_status.value}"


def _partitions(partitions: dg.PartitionsDefinition[str] | None) -> str:
    if partitions is None:
        return "none"
    assert isinstance(partitions, dg.TimeWindowPartitionsDefinition)
    first = partitions.start.strftime("%Y-%m")
    ahead = partitions.end_offset
    return f"months from {first}, {partitions.timezone}, up to {ahead - 1} after the current one"


def _range(node: object) -> str:
    policy = getattr(node, "backfill_policy", None)
    return "any range" if policy is not None and policy.max_partitions_per_run is None else "one partition"


def _condition(condition: dg.AutomationCondition[dg.AssetKey] | None) -> str:
    if condition is None:
        return "none"
    return (
        condition.get_label()
        or condition.name
        or " and ".join(child.get_label() or child.name or "?" for child in condition.children)
    )


if __name__ == "__main__":
    WRITTEN.write_text(describe(definitions(example())), encoding="utf-8")
