"""Which months must be built again: a comparison of what is with what should be, not a memory of events.

Events get lost when a process is killed between writing a version and reporting it. So nothing depends on them: a month
is stale when the inputs that its manifest names are not those of today.
"""

import json
from collections.abc import Sequence

from robaws_pipeline import fields
from robaws_pipeline.steps.build import Fingerprints, recorded_inputs
from robaws_pipeline.steps.workspace import Workspace


def loaded_months(workspace: Workspace) -> list[str]:
    """The months of the books that Robaws was read for, sales or purchases."""
    covered = {month for collection in fields.DOCUMENTS for month in workspace.coverage.read(collection.name)}
    return [month for month in workspace.months() if month in covered]


def manifest_inputs(workspace: Workspace, month: str) -> str | None:
    """The inputs that the month's published manifest names; None when there is no manifest."""
    content = workspace.exports.read(f"{month}/manifest.json")
    return None if content is None else str(json.loads(content)["inputs"])


def stale_months(workspace: Workspace, months: Sequence[str] | None = None) -> list[str]:
    """Of `months` (or all loaded ones), those whose exports are missing or not made from what is held now."""
    months = loaded_months(workspace) if months is None else months
    fingerprints = Fingerprints(workspace)
    stale = []
    for month in months:
        inputs = recorded_inputs(workspace, month)
        if inputs is None or manifest_inputs(workspace, month) != fingerprints.of(month, inputs["references"]):
            stale.append(month)
    return stale


def contiguous(months: Sequence[str]) -> list[tuple[str, str]]:
    """Months in order as ranges of first and last, for one run each."""
    ranges: list[tuple[str, str]] = []
    for month in sorted(months):
        if ranges and _next(ranges[-1][1]) == month:
            ranges[-1] = (ranges[-1][0], month)
        else:
            ranges.append((month, month))
    return ranges


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"
