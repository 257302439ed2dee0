"""What follows when something changed: which months are built again, by whom, and when not."""

from datetime import datetime

import dagster as dg
import pytest
from companies import Company, Place, company_toml, environment

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.automation.runs import month_range_tags
from robaws_pipeline.steps.stale import stale_months

THREE = ["2025-01", "2025-02", "2025-03"]
FOLLOWING = ("documents", "journal", "exports")
NOTHING: dict[str, set[str | None]] = {asset: set() for asset in FOLLOWING}
LATER = "2099-01-01T00:00:00.000Z"
"""An `updatedAt` after every moment that was asked for."""


def in_month(stocked: Company, month: str, path: str = "sales-invoices") -> str:
    """The id of a document of the month."""
    return str(next(record["id"] for record in stocked.world.records(path) if str(record["date"]).startswith(month)))


def requested(
    defs: dg.Definitions, instance: dg.DagsterInstance, cursor: object = None
) -> tuple[dict[str, set[str | None]], object]:
    """Which months of which assets the automation conditions want built, and the cursor for the next question."""
    result = dg.evaluate_automation_conditions(defs, instance, cursor=cursor)  # type: ignore[arg-type]
    wanted = {}
    for asset in FOLLOWING:
        wanted[asset] = set(result.get_requested_partitions(dg.AssetKey(["proef", asset])))
    return wanted, result.cursor


def test_exactly_the_months_that_changed_are_built_again(stocked: Company) -> None:
    """A night with two corrected invoices must not rebuild the years before, and must not miss the older of the two."""
    with stocked.place.dagster() as ready:
        defs = definitions(stocked.place.settings())
        nothing, cursor = requested(defs, ready.instance)
        assert nothing == NOTHING
        stocked.world.update("sales-invoices", in_month(stocked, "2025-03"), {"clientReference": "PO 1"}, LATER)
        moved = in_month(stocked, "2025-01", "purchase-invoices")
        stocked.world.update("purchase-invoices", moved, {"date": "2025-02-11"}, LATER)
        assert ready.run("proef_changes").succeeded
        # One change in March; one document that left January for February.
        touched = {"2025-01", "2025-02", "2025-03"}
        wanted, cursor = requested(defs, ready.instance, cursor)
        assert wanted == dict.fromkeys(FOLLOWING, touched)
        assert set(stale_months(stocked.place.workspace(), THREE)) == touched
        wanted, _ = requested(defs, ready.instance, cursor)
        assert wanted == NOTHING, "asked for again although it was asked for"


def test_what_a_load_has_built_is_not_built_again(stocked: Company) -> None:
    """The load of years must not be followed by the same work once more, run by run, as if nobody had seen it."""
    with stocked.place.dagster() as ready:
        defs = definitions(stocked.place.settings())
        _, cursor = requested(defs, ready.instance)
        assert ready.run("proef_load", ("2025-01", "2025-03")).succeeded
        wanted, cursor = requested(defs, ready.instance, cursor)
        assert wanted == NOTHING
        assert ready.run("proef_months", ("2025-01", "2025-02")).succeeded
        wanted, _ = requested(defs, ready.instance, cursor)
        assert wanted == NOTHING


def test_a_renamed_client_is_no_event_but_makes_its_months_stale(stocked: Company) -> None:
    """A client is in the books of any month: which ones, only the comparison of inputs can say."""
    with stocked.place.dagster() as ready:
        defs = definitions(stocked.place.settings())
        _, cursor = requested(defs, ready.instance)
        document = stocked.world.get("sales-invoices", in_month(stocked, "2025-02"))
        months = {
            str(record["date"])[:7]
            for record in stocked.world.records("sales-invoices")
            if record["clientId"] == document["clientId"]
        }
        stocked.world.update("clients", document["clientId"], {"name": "Andere Naam BV"}, LATER)
        assert ready.run("proef_changes").succeeded
        wanted, _ = requested(defs, ready.instance, cursor)
        assert wanted == NOTHING
    assert set(stale_months(stocked.place.workspace(), THREE)) == months


def tick(place: Place, instance: dg.DagsterInstance, key: str = "proef") -> tuple[list[dg.RunRequest], str | None]:
    """What the sensor of stale months requests now, and why it skips."""
    repository = definitions(place.settings()).get_repository_def()
    sensor = repository.get_sensor_def(f"{key}_stale_months")
    context = dg.build_sensor_context(instance=instance, repository_def=repository)
    data = sensor.evaluate_tick(context)
    return list(data.run_requests or ()), data.skip_message


def make_stale(stocked: Company, *months: str) -> None:
    """Take the manifests of months away, as if their exports had never been finished."""
    for month in months:
        (stocked.place.folder / "exports" / "proef" / month / "manifest.json").unlink()


def test_stale_months_are_requested_as_contiguous_ranges(stocked: Company) -> None:
    """Whatever made them stale, each range is one run; and when nothing is stale, it says so."""
    with stocked.place.dagster() as ready:
        assert tick(stocked.place, ready.instance) == (
            [],
            "every loaded month, quarter and year is built from what is held",
        )
        make_stale(stocked, "2025-01", "2025-03")
        apart, _ = tick(stocked.place, ready.instance)
        make_stale(stocked, "2025-02")
        together, _ = tick(stocked.place, ready.instance)

    def ranges(requests: list[dg.RunRequest]) -> list[tuple[str, ...]]:
        names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
        return [tuple(request.tags[name] for name in names) for request in requests]

    assert ranges(apart) == [("2025-01", "2025-01"), ("2025-03", "2025-03")]
    assert ranges(together) == [("2025-01", "2025-03")]
    assert {request.job_name for request in apart} <= {None, "proef_months"}


def test_a_month_that_cannot_be_built_is_tried_again_the_next_day(
    stocked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster never repeats a run key, also when its run failed: without the day in it, a bad night would last."""
    make_stale(stocked, "2025-02")

    class Clock(datetime):
        day = 1

        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return cls(2099, 1, cls.day, 12, tzinfo=tz)

    monkeypatch.setattr("robaws_pipeline.automation.sensors.datetime", Clock)
    with stocked.place.dagster() as ready:
        keys = []
        for day in (1, 1, 2):
            Clock.day = day
            keys += [request.run_key for request in tick(stocked.place, ready.instance)[0]]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]


def under_way(instance: dg.DagsterInstance, defs: dg.Definitions, job: str) -> dg.DagsterRun:
    """A run of a job that was started and has not ended."""
    return instance.create_run_for_job(defs.resolve_job_def(job), status=dg.DagsterRunStatus.STARTED)


@pytest.mark.parametrize(
    ("job", "asks"),
    [("proef_changes", False), ("proef_load", False), ("proef_noord_load", True)],
)
def test_the_stale_sensor_waits_for_runs_of_its_own_company_only(stocked: Company, job: str, asks: bool) -> None:
    """In the middle of a load every month is stale: a second run would do the first one's work again."""
    place = stocked.place
    place.write(place.config.read_text(encoding="utf-8"), company_toml(stocked.server.base_url, "proef_noord"))
    make_stale(stocked, "2025-02")
    with place.dagster() as ready:
        under_way(ready.instance, definitions(place.settings()), job)
        requests, skipped = tick(place, ready.instance)
    assert bool(requests) is asks
    assert asks or skipped == "a run is under way"


def test_the_stale_sensor_s_request_runs_and_settles_the_month(stocked: Company) -> None:
    """A request that the job cannot run, or that leaves the month stale, would come back every day."""
    make_stale(stocked, "2025-01", "2025-02")
    with stocked.place.dagster() as ready:
        ((request,), _) = tick(stocked.place, ready.instance)
        assert request.tags == {**request.tags, **month_range_tags("2025-01", "2025-02")}
        assert ready.run("proef_months", ("2025-01", "2025-02")).succeeded
        assert tick(stocked.place, ready.instance)[0] == []


def test_a_quarter_that_is_not_made_from_today_s_months_is_requested_once_these_are(stocked: Company) -> None:
    """New settings make months and quarters stale at once: first the months, then what is made from them."""
    place = stocked.place
    quarterly = 'vat_period = "quarter"\nformats = ["journal", "vat"]\nvat_number'
    place.write(place.config.read_text(encoding="utf-8").replace("vat_number", quarterly, 1))
    with place.dagster() as ready:
        (months, *_), _ = tick(place, ready.instance)
        assert months.job_name == "proef_months"
        assert ready.run("proef_months", ("2025-01", "2025-03")).succeeded
        assert tick(place, ready.instance)[0] == []
        (place.folder / "exports" / "proef" / "2025-Q1" / "manifest.json").unlink()
        ((request,), _) = tick(place, ready.instance)
        assert request.job_name == "proef_periods"
        assert ready.run("proef_periods").succeeded
        assert tick(place, ready.instance)[0] == []


def test_a_command_clears_what_a_killed_one_left_and_leaves_the_living_alone(stocked: Company) -> None:
    """A killed process keeps its pool slot for ever otherwise; one that lives must not lose its own."""
    from robaws_pipeline.automation.dead_runs import alive, clear_dead_runs  # noqa: PLC0415

    # Not through a runner, which looks for dead runs by itself.
    with environment(stocked.place.variables), dg.DagsterInstance.get() as instance:
        job = definitions(stocked.place.settings()).resolve_job_def("proef_load")

        def start(tags: dict[str, str]) -> str:
            return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id

        with alive(instance) as tags:
            living = start(tags)
            dead = start(dict.fromkeys(tags, "0" * 32))
            by_the_daemon = start({})
            pool = "robaws_proef_key"
            storage = instance.event_log_storage
            storage.initialize_concurrency_limit_to_default(pool)
            assert storage.claim_concurrency_slot(pool, dead, "proef__history").is_claimed
            assert clear_dead_runs(instance) == [dead]
            assert storage.get_concurrency_info(pool).claimed_slots == []
        statuses = {run.run_id: run.status for run in instance.get_runs()}
    assert statuses[dead] is dg.DagsterRunStatus.FAILURE
    assert statuses[living] is statuses[by_the_daemon] is dg.DagsterRunStatus.STARTED
