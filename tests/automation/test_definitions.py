import dagster as dg
import pytest
from companies import Place, company_toml, environment
from dagster_graph import WRITTEN, describe, example

from robaws_pipeline.automation.code_location import definitions


def test_the_graph_is_the_one_that_was_reviewed() -> None:
    """What a change does to assets, checks, jobs and sensors must be seen by whoever reviews it."""
    assert describe(definitions(example())) == WRITTEN.read_text(encoding="utf-8"), (
        "the graph changed: run `python tests/dagster_graph.py` and look at what differs in graph.txt"
    )


def test_definitions_load_the_way_dagster_finds_them(place: Place) -> None:
    """`dagster dev` and every tool of Dagster begin here; nothing may be asked of Robaws or the environment for it."""
    place.write(company_toml("http://127.0.0.1:9/api/v2"))
    with environment({"ROBAWS_PIPELINE_CONFIG": str(place.config)}):
        namespace: dict[str, object] = {}
        exec("from robaws_pipeline.definitions import defs", namespace)  # noqa: S102
    defs = namespace["defs"]
    assert isinstance(defs, dg.Definitions)
    dg.Definitions.validate_loadable(defs)
    assert {key.path[0] for key in defs.resolve_all_asset_keys()} == {"proef"}


def two_companies(place: Place, *, second_key: str) -> dg.Definitions:
    """Companies `proef` and `proef_noord`, the second with a credential of this name."""
    second = company_toml("http://127.0.0.1:9/api/v2", "proef_noord", start="2025-06").replace("PROEF_KEY", second_key)
    place.write(company_toml("http://127.0.0.1:9/api/v2"), second)
    return definitions(place.settings())


def test_each_company_has_assets_months_and_a_schedule_of_its_own(place: Place) -> None:
    """One company's start, settings and trouble must stay its own."""
    defs = two_companies(place, second_key="NOORD_KEY")
    graph = defs.resolve_asset_graph()
    first, second = (graph.get(dg.AssetKey([name, "history"])) for name in ("proef", "proef_noord"))
    assert first.partitions_def.get_first_partition_key() == "2025-01"  # type: ignore[union-attr]
    assert second.partitions_def.get_first_partition_key() == "2025-06"  # type: ignore[union-attr]
    assert first.pools != second.pools
    for key in graph.get_all_asset_keys():
        assert {parent.path[0] for parent in graph.get(key).parent_keys} <= {key.path[0]}
    names = {schedule.name for schedule in defs.get_repository_def().schedule_defs}
    assert names == {"proef_nightly", "proef_noord_nightly"}


def test_companies_with_one_credential_share_a_pool(place: Place) -> None:
    """They share Robaws's bucket, so the UI must show one queue for both."""
    graph = two_companies(place, second_key="PROEF_KEY").resolve_asset_graph()
    reading = ("reference", "history", "changes")
    pools = [graph.get(dg.AssetKey([name, asset])).pools for name in ("proef", "proef_noord") for asset in reading]
    assert len(pools[0] or ()) == 1
    assert all(pool == pools[0] for pool in pools)
    assert not graph.get(dg.AssetKey(["proef", "journal"])).pools


@pytest.mark.parametrize(
    ("zone", "hour", "cron"), [("America/New_York", "23:05", "5 23 * * *"), (None, None, "0 2 * * *")]
)
def test_the_nightly_schedule_keeps_the_company_s_own_time(
    place: Place, zone: str | None, hour: str | None, cron: str
) -> None:
    """A night in Brussels is not one in UTC: an hour off, the run would miss the last changes of a month."""
    text = company_toml("http://127.0.0.1:9/api/v2")
    if zone and hour:
        text += f'timezone = "{zone}"\nnightly_at = "{hour}"\n'
    place.write(text)
    (schedule,) = definitions(place.settings()).get_repository_def().schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == (cron, zone or "Europe/Brussels")
    assert schedule.job_name == "proef_changes"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
