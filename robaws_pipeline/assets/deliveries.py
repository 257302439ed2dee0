"""The asset that hands over. It has no automation condition, and must never have one: building two years of months
again must not make twenty-four deliveries."""

from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from robaws_pipeline.assets.shared import CompanyAssets, Result

if TYPE_CHECKING:
    from robaws_pipeline.steps.deliver import Delivered

# What makes a delivery is imported when one is made: Dagster imports this module for every run, and few deliver.


class DeliveryRequest(dg.Config):
    """What a run delivers: everything, unless one of these says less."""

    month: str | None = None
    """YYYY-MM: documents of this month only."""
    until: str | None = None
    """YYYY-MM-DD: documents dated up to this day only."""
    formats: list[str] = []  # noqa: RUF012 - Dagster copies it
    """Formats; those of the settings when none is named."""
    allow_corrections: int | None = None
    """How many delivered documents may be corrected; `most_corrections` of the settings when it is not said."""


def deliveries_asset(shared: CompanyAssets) -> dg.AssetsDefinition:
    """`deliveries` of one company."""
    workspace = shared.workspace

    @dg.asset(
        key=shared.key("deliveries"),
        deps=[shared.key("exports")],
        kinds={"csv", "xml"},
        group_name=shared.name,
        description="What the accountant gets: numbered, each document once, what changed since. Made when asked.",
    )
    def deliveries(context: dg.AssetExecutionContext, config: DeliveryRequest) -> Result:
        from robaws_pipeline.deliveries.archive import ArchiveError  # noqa: PLC0415
        from robaws_pipeline.deliveries.plan import Scope  # noqa: PLC0415
        from robaws_pipeline.deliveries.render import RenderError  # noqa: PLC0415
        from robaws_pipeline.steps.deliver import DeliveryError, deliver  # noqa: PLC0415
        from robaws_pipeline.steps.notify import notify  # noqa: PLC0415

        scope = Scope(config.month, None if config.until is None else date.fromisoformat(config.until))
        try:
            done = deliver(workspace, scope, config.formats or None, allow_corrections=config.allow_corrections)
        except (ArchiveError, DeliveryError, RenderError) as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        failures = notify(workspace, done)
        for failure in failures:
            context.log.warning(failure)
        told = {"not_told": dg.MetadataValue.md("\n".join(f"- {failure}" for failure in failures))} if failures else {}
        return Result(metadata={**_shown(done), **told})

    return deliveries


def _shown(done: "Delivered") -> dict[str, Any]:
    """Counts, amounts and numbers; never names of parties."""
    metadata: dict[str, Any] = {"held": len(done.left_out)}
    if done.link is None:
        metadata["delivered"] = "nothing: the accountant has everything"
        return metadata
    manifest = done.link.manifest
    actions = [document.action for document in manifest.documents]
    metadata |= {"number": manifest.number, "folder": dg.MetadataValue.path(done.folder)}
    metadata |= {action: actions.count(action) for action in ("new", "returned", "changed", "removed")}
    corrected = [
        dg.TableRecord(
            {
                "kind": document.collection,
                "number": document.number or "",
                "what": "; ".join(document.why),
                "delivered in": document.was.delivery,
                "was": document.was.gross,
                "is": document.gross if document.action == "changed" else "taken out",
            }
        )
        for document in manifest.documents
        if document.was is not None
    ]
    if corrected:
        metadata["corrections"] = dg.MetadataValue.table(corrected[:100])
    metadata["effect"] = dg.MetadataValue.json(manifest.effect)
    return metadata
