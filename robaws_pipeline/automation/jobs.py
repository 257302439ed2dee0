"""The jobs of one company. Their names are what the UI and the command line show."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from robaws_pipeline.assets import VERIFIED, CompanyAssets

if TYPE_CHECKING:  # Dagster gives this type no public name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

_NAMES = ("load", "changes", "months", "periods", "verify", "deliver", "mark")


@dataclass(frozen=True)
class CompanyJobs:
    """`load` reads and builds months; `changes` reads what changed; `months` builds without reading;
    `periods` builds what is longer than a month; `verify` asks Robaws whether it has what is held; `deliver` hands over
    what the accountant does not have yet, and marks it in Robaws when the company wants that; `mark` only marks."""

    load: "UnresolvedAssetJobDefinition"
    changes: "UnresolvedAssetJobDefinition"
    months: "UnresolvedAssetJobDefinition"
    periods: "UnresolvedAssetJobDefinition"
    verify: "UnresolvedAssetJobDefinition"
    deliver: "UnresolvedAssetJobDefinition"
    mark: "UnresolvedAssetJobDefinition | None"
    """None when the company marks nothing."""


def company_jobs(shared: CompanyAssets) -> CompanyJobs:
    """The jobs of one company."""
    books = ("documents", "journal", "exports", "periods", "warehouse")

    verified = dg.AssetSelection.checks(dg.AssetCheckKey(shared.key("history"), VERIFIED))

    def selection(*assets: str) -> dg.AssetSelection:
        return dg.AssetSelection.assets(*(shared.key(asset) for asset in assets)) - verified

    def job(name: str, description: str, *assets: str) -> "UnresolvedAssetJobDefinition":
        return dg.define_asset_job(f"{shared.name}_{name}", selection=selection(*assets), description=description)

    return CompanyJobs(
        load=job("load", "Read whole months from Robaws and build their exports", "reference", "history", *books),
        changes=job("changes", "Read what changed in Robaws since", "reference", "changes"),
        months=job("months", "Build the exports of months from what is held", *books),
        periods=job("periods", "Build quarters and years that are not made from today's books", "periods"),
        deliver=job(
            "deliver", "Hand to the accountant what is new, each document once", "deliveries", *["marks"] * shared.marks
        ),
        mark=job("mark", "Say back to Robaws what was delivered", "marks") if shared.marks else None,
        verify=dg.define_asset_job(
            f"{shared.name}_verify", selection=verified, description="Ask Robaws whether it has what is held"
        ),
    )


def is_of(run: dg.DagsterRun, company: str) -> bool:
    """Whether a run works on a company: one of its jobs, or a run of its assets that people or conditions asked for."""
    if run.job_name in {f"{company}_{name}" for name in _NAMES}:
        return True
    return any(key.path[0] == company for key in run.asset_selection or ())
