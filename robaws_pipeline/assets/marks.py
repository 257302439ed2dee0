"""The asset that says back to Robaws what was delivered. A mark that fails is told, and no delivery fails with it."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from robaws_pipeline.assets.shared import CompanyAssets, Result

if TYPE_CHECKING:
    from robaws_pipeline.steps.mark import Marked

MARKED = "marked"
_SHOWN = 20


def marks_asset(shared: CompanyAssets) -> dg.AssetsDefinition:
    """`marks` of one company."""
    workspace = shared.workspace

    # No retry policy: the client has tried for two minutes, and the next run goes on with what is left.
    @dg.asset(
        key=shared.key("marks"),
        deps=[shared.key("deliveries")],
        pool=shared.pool,
        group_name=shared.name,
        check_specs=[
            dg.AssetCheckSpec(MARKED, asset=shared.key("marks"), description="Robaws shows what was delivered")
        ],
        description="An extra field of each delivered document in Robaws, which says that the accountant has it.",
    )
    def marks(context: dg.AssetExecutionContext) -> Result:
        from robaws_pipeline.deliveries.archive import ArchiveError  # noqa: PLC0415 - few runs mark
        from robaws_pipeline.settings import SettingsError  # noqa: PLC0415
        from robaws_pipeline.steps.mark import Marked, mark_delivered  # noqa: PLC0415

        try:
            done = mark_delivered(workspace)
        except (ArchiveError, SettingsError) as error:
            done = Marked(stopped=[str(error)])
        for text in (*done.failed, *done.stopped):
            context.log.warning(text)
        return Result(metadata=_shown(done), check_results=[_check(done)])

    return marks


def _shown(done: "Marked") -> dict[str, Any]:
    shown: dict[str, Any] = {
        "set": done.set,
        "cleared": done.cleared,
        "failed": len(done.failed),
        "left": done.left,
        "requests": done.usage.requests,
        "retries": done.usage.retries,
        "throttled": done.usage.throttled,
        "seconds": round(done.usage.elapsed, 2),
    }
    if done.usage.daily_remaining is not None:
        shown["daily_quota_left"] = done.usage.daily_remaining
    if told := [*done.stopped, *done.failed[:_SHOWN]]:
        shown["not_marked"] = dg.MetadataValue.md("\n".join(f"- {text}" for text in told))
    return shown


def _check(done: "Marked") -> dg.AssetCheckResult:
    told = [*done.stopped, *done.failed[:_SHOWN]]
    if len(done.failed) > _SHOWN:
        told.append(f"and {len(done.failed) - _SHOWN} more")
    if done.left:
        told.append(f"{done.left} are left; the next run goes on with them")
    return dg.AssetCheckResult(
        check_name=MARKED,
        passed=done.complete,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or None,
    )
