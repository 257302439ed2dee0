"""The assets after the raw log: documents, journal, exports, periods, warehouse."""

from collections.abc import Sequence
from contextlib import nullcontext

import dagster as dg

from robaws_pipeline.assets import checks
from robaws_pipeline.assets import metadata as show
from robaws_pipeline.assets.shared import CompanyAssets, Result
from robaws_pipeline.steps import build, spans
from robaws_pipeline.steps.outside import FILE as OUTSIDE
from robaws_pipeline.steps.outside import outside
from robaws_pipeline.steps.valid_ubl import is_checked, why_not
from robaws_pipeline.validation.pool import Pool


def books_assets(shared: CompanyAssets) -> Sequence[dg.AssetsDefinition]:
    """`documents`, `journal`, `exports`, `periods` and `warehouse` of one company."""
    workspace = shared.workspace
    single_run = dg.BackfillPolicy.single_run()

    @dg.asset(
        key=shared.key("documents"),
        deps=[shared.key("history"), shared.key("reference")],
        kinds={"parquet"},
        description="Documents and their lines as tables: the current version of each, amounts as decimals.",
        group_name=shared.name,
        partitions_def=shared.months,
        backfill_policy=single_run,
        automation_condition=shared.follow_months,
    )
    def documents(context: dg.AssetExecutionContext) -> Result:
        months = list(context.partition_keys)
        for month, counts in build.build_documents(workspace, months).items():
            context.add_asset_metadata(counts, partition_key=month)
        return Result()

    @dg.asset(
        key=shared.key("journal"),
        deps=[shared.key("documents")],
        kinds={"parquet", "duckdb"},
        check_specs=[
            dg.AssetCheckSpec(name, asset=shared.key("journal"), description=description)
            for name, description in checks.JOURNAL.items()
        ],
        description="The state of each document, its VAT, and balanced postings of those that are exported.",
        group_name=shared.name,
        partitions_def=shared.months,
        backfill_policy=single_run,
        automation_condition=shared.follow_months,
    )
    def journal(context: dg.AssetExecutionContext) -> Result:
        months = list(context.partition_keys)
        states = build.build_journal(workspace, months)
        for month, rows in states.items():
            context.add_asset_metadata(show.states(rows, workspace.company.language), partition_key=month)
        # Once, on the last month: what the result itself carries is stored again for each of them.
        context.add_asset_metadata({"months": show.plot(states)}, partition_key=months[-1])
        return Result(check_results=checks.journal(workspace, months))

    @dg.asset(
        key=shared.key("exports"),
        deps=[shared.key("journal")],
        kinds={"csv", "xml"},
        check_specs=[
            dg.AssetCheckSpec(name, asset=shared.key("exports"), description=description)
            for name, description in checks.exports_of(workspace).items()
        ],
        description="The folder that the accountant downloads: files of each format, held.csv, manifest.json.",
        group_name=shared.name,
        partitions_def=shared.months,
        backfill_policy=single_run,
        automation_condition=shared.follow_months,
    )
    def exports(context: dg.AssetExecutionContext) -> Result:
        months = list(context.partition_keys)
        # Made before the files are: it reads its rules while they are written.
        with Pool(1) if is_checked(workspace) else nullcontext() as rules:
            exported = build.build_exports(workspace, months)
            results = checks.exports(workspace, exported, rules)
        for month, export in exported.items():
            context.add_asset_metadata(show.exported(export, workspace, month), partition_key=month)
        if reason := why_not(workspace):
            context.add_asset_metadata({checks.VALID_UBL: reason}, partition_key=months[-1])
        if strange := outside(workspace):
            told = {
                "outside_the_books": sum(strange.values()),
                "outside_csv": dg.MetadataValue.path(workspace.exports.path(OUTSIDE)),
            }
            context.add_asset_metadata(told, partition_key=months[-1])
        return Result(check_results=results)

    @dg.asset(
        key=shared.key("periods"),
        group_name=shared.name,
        deps=[shared.key("exports")],
        kinds={"csv", "xml"},
        automation_condition=shared.follow_exports,
        description="Folders of quarters and book years, for the formats that are written for those.",
    )
    def periods() -> Result:
        exported = spans.build_periods(workspace)
        if failed := {f"{p.name} {name}": str(e) for p, one in exported.items() for name, e in one.errors.items()}:
            raise dg.Failure("; ".join(f"{where}: {why}" for where, why in failed.items()), allow_retries=False)
        return Result(metadata={"built": ", ".join(period.name for period in exported) or "nothing was stale"})

    @dg.asset(
        key=shared.key("warehouse"),
        group_name=shared.name,
        deps=[shared.key("exports")],
        kinds={"duckdb"},
        automation_condition=shared.follow_exports,
        description="warehouse.duckdb: everything of the company for SQL, as views over the tables.",
    )
    def warehouse() -> Result:
        views = build.build_warehouse(workspace)
        path = workspace.lake.path("warehouse.duckdb")
        return Result(metadata={"file": dg.MetadataValue.path(path), "views": ", ".join(views)})

    return [documents, journal, exports, periods, warehouse]
