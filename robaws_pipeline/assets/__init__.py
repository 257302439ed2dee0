"""Dagster assets and checks of one company: thin, each calls a step and says in metadata what a person wants to see.

`company_assets` makes them from the settings. Asset keys start with the company's key. Metadata is read in a UI without
a login: it has counts, amounts and document numbers, never names of parties.
"""

from collections.abc import Sequence

import dagster as dg

from robaws_pipeline.assets.books import books_assets
from robaws_pipeline.assets.checks import VERIFIED, verified_check
from robaws_pipeline.assets.deliveries import deliveries_asset
from robaws_pipeline.assets.marks import marks_asset
from robaws_pipeline.assets.robaws import robaws_assets
from robaws_pipeline.assets.shared import CompanyAssets

__all__ = ["VERIFIED", "CompanyAssets", "company_assets", "verified_check"]


def company_assets(shared: CompanyAssets) -> Sequence[dg.AssetsDefinition]:
    """All assets of one company, with their checks."""
    marks = [marks_asset(shared)] if shared.marks else []
    return [*robaws_assets(shared), *books_assets(shared), deliveries_asset(shared), *marks]
