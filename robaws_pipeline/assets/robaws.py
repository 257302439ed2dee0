"""The assets that read Robaws: parties and lists, whole months, changes."""

from collections.abc import Sequence

import dagster as dg

from robaws_pipeline.assets import metadata as show
from robaws_pipeline.assets.shared import CompanyAssets, Result
from robaws_pipeline.steps import build, fetch, outside
from robaws_pipeline.steps.stale import stale_months

COMPLETE = "complete"


def robaws_assets(shared: CompanyAssets) -> Sequence[dg.AssetsDefinition]:
    """`reference`, `history` and `changes` of one company."""
    workspace = shared.workspace

    @dg.asset(
        key=shared.key("reference"),
        group_name=shared.name,
        pool=shared.pool,
        kinds={"parquet"},
        check_specs=[
            dg.AssetCheckSpec(COMPLETE, asset=shared.key("reference"), description="every list could be read")
        ],
        description=(
            "Clients, suppliers, VAT tariffs, GL accounts, payment conditions, and articles when the settings ask for "
            "them; only what changed is asked for."
        ),
    )
    def reference(context: dg.AssetExecutionContext) -> Result:
        fetched = fetch.fetch_reference(workspace)
        show.log(context, fetched)
        show.stop_when_nothing_was_read(fetched)
        counts = build.build_reference(workspace)
        return Result(metadata={**show.fetched(fetched), **counts}, check_results=[show.complete(fetched, COMPLETE)])

    @dg.asset(
        key=shared.key("history"),
        group_name=shared.name,
        pool=shared.pool,
        kinds={"parquet"},
        partitions_def=shared.months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        deps=[shared.key("reference")],
        check_specs=[
            dg.AssetCheckSpec(
                COMPLETE,
                asset=shared.key("history"),
                description="we hold as many documents as Robaws reports, by kind and type",
            )
        ],
        description="Every sales and purchase document dated in the month, as Robaws shows it. The raw log.",
    )
    def history(context: dg.AssetExecutionContext) -> Result:
        months = list(context.partition_keys)
        fetched = fetch.fetch_history(workspace, months)
        show.log(context, fetched)
        show.stop_when_nothing_was_read(fetched)
        for month, counts in show.held_versions(workspace, months).items():
            context.add_asset_metadata(counts, partition_key=month)
        return Result(
            metadata=show.fetched(fetched), check_results=[show.complete(fetched, COMPLETE, workspace, months)]
        )

    @dg.asset(
        key=shared.key("changes"),
        group_name=shared.name,
        pool=shared.pool,
        kinds={"parquet"},
        deps=[shared.key("reference")],
        check_specs=[
            dg.AssetCheckSpec(COMPLETE, asset=shared.key("changes"), description="everything that changed was received")
        ],
        description=(
            "What changed in Robaws since the raw log was complete, into the months it belongs to. It has no "
            "partitions: Robaws shows only today's updatedAt, so a past day cannot be run again, and need not be."
        ),
    )
    def changes(context: dg.AssetExecutionContext) -> Result:
        fetched = fetch.fetch_changes(workspace)
        show.log(context, fetched)
        known = set(shared.months.get_partition_keys())
        touched = [month for month in fetched.touched if month in known]
        if shared.marks:
            # A month that gained nothing but our own marks says what it said: nothing follows from it.
            touched = stale_months(workspace, touched)
        for month, counts in show.held_versions(workspace, touched).items():
            context.log_event(dg.AssetMaterialization(shared.key("history"), partition=month, metadata=counts))
        show.stop_when_nothing_was_read(fetched)
        # No month follows from these, so nothing after this asset would list them.
        listed = outside.write(workspace) if set(fetched.touched) - known else 0
        return Result(
            metadata={
                **show.fetched(fetched),
                "months": ", ".join(touched) or "none",
                **show.outside(fetched.touched, known),
                **({"outside_csv": dg.MetadataValue.path(workspace.exports.path(outside.FILE))} if listed else {}),
            },
            check_results=[show.complete(fetched, COMPLETE)],
        )

    return [reference, history, changes]
