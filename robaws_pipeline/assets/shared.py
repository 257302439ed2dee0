"""What the assets of one company share: keys, partitions, pool, automation."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from robaws_pipeline.settings import Settings
from robaws_pipeline.steps.workspace import MONTHS_AHEAD, Workspace

if TYPE_CHECKING:
    Result = dg.MaterializeResult[None]
else:
    # Dagster does not recognise the parametrised class as an annotation of an asset with checks.
    Result = dg.MaterializeResult
"""What our assets return: they write their files themselves, and Dagster learns what to show."""

_BUSY = dg.AutomationCondition.any_deps_in_progress() | dg.AutomationCondition.in_progress()


@dataclass(frozen=True)
class CompanyAssets:
    """What the assets of one company have in common."""

    settings: Settings
    name: str

    @cached_property
    def workspace(self) -> Workspace:
        """The company's lake and exports."""
        return Workspace.of(self.settings, self.name)

    def key(self, asset: str) -> dg.AssetKey:
        """The key of one of the company's assets."""
        return dg.AssetKey([self.name, asset])

    @property
    def marks(self) -> bool:
        """Whether delivered documents are marked in Robaws."""
        return self.workspace.company.deliveries.mark is not None

    @cached_property
    def months(self) -> dg.MonthlyPartitionsDefinition:
        """Accounting months, from the company's first to the one after today's."""
        company = self.workspace.company
        return dg.MonthlyPartitionsDefinition(
            start_date=company.start, fmt="%Y-%m", timezone=company.timezone, end_offset=1 + MONTHS_AHEAD
        )

    @property
    def pool(self) -> str:
        """Shows and queues what reads Robaws with the same credential. The truth is a file lock (`lake.locks`)."""
        return f"robaws_{self.workspace.company.credential_names[0].lower()}"

    @cached_property
    def follow_months(self) -> dg.AutomationCondition[Any]:
        """Materialise exactly the months whose upstream months changed, old ones too.

        Not `eager`, which looks at the latest month only. The parties and lists touch every month that names them:
        which these are is the question of `stale_months`, not of an event.
        """
        return _follow("upstream months changed", dg.AssetSelection.assets(self.key("reference")))

    @cached_property
    def follow_exports(self) -> dg.AutomationCondition[Any]:
        """Materialise when the exports of any month changed."""
        return _follow("exports changed")


def _follow(label: str, ignored: dg.AssetSelection | None = None) -> dg.AutomationCondition[Any]:
    """Upstream was updated, or is about to be, and what hangs on it was not, nor is it under way.

    Not `any_deps_updated`: of a run over a range it sees the last month only, and of a job's run nothing, so that
    everything a load or a backfill has just built would be built again. An update that comes while something is under
    way may be missed here: `stale_months` finds it.
    """
    newly = dg.AutomationCondition.newly_updated()
    changed = dg.AutomationCondition.any_deps_match(newly | dg.AutomationCondition.will_be_requested())
    if ignored is not None:
        changed = changed.ignore(ignored)
    return (changed & ~newly & ~_BUSY).with_label(label)
