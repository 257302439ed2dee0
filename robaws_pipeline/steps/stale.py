"""Which months must be built again: a comparison of what is with what should be, not a memory of events.

Events get lost when a process is killed between writing a version and reporting it. So nothing depends on them: a month
is stale when the inputs that its documents, its journal or its manifest name are not those of today.
"""

from collections.abc import Sequence

import msgspec

from robaws_pipeline import fields
from robaws_pipeline.periods import later
from robaws_pipeline.steps import compare
from robaws_pipeline.steps.fingerprints import Fingerprints, journal_inputs, recorded_inputs
from robaws_pipeline.steps.workspace import Workspace


def loaded_months(workspace: Workspace) -> list[str]:
    """The months of the books that Robaws was read for, sales or purchases."""
    covered = {month for collection in fields.DOCUMENTS for month in workspace.coverage.read(collection.name)}
    return [month for month in workspace.months() if month in covered]


class _Head(msgspec.Struct):
    inputs: str


# Manifests grow with the month, and are read for every month every time: the rest is skipped, not decoded.
_decode_head = msgspec.json.Decoder(_Head).decode


def manifest_inputs(workspace: Workspace, month: str) -> str | None:
    """The inputs that the month's published manifest names; None when there is no manifest that names any."""
    content = workspace.exports.read(f"{month}/manifest.json")
    try:
        return None if content is None else _decode_head(content).inputs
    except msgspec.DecodeError:
        return None


def stale_months(workspace: Workspace, months: Sequence[str] | None = None) -> list[str]:
    """Of `months` (or all loaded ones), those whose exports are missing or not made from what is held now."""
    for collection in fields.DOCUMENTS:
        # A fetch that was killed between the two files of a moved document hides that its old month changed.
        workspace.raw.settle(collection.name)
    recorded = {
        month: recorded_inputs(workspace, month) for month in (loaded_months(workspace) if months is None else months)
    }
    made = {month: inputs for month, inputs in recorded.items() if inputs is not None}
    fingerprints = Fingerprints(workspace, (inputs["references"] for inputs in made.values()))

    found = compare.findings_told(workspace)

    def current(month: str) -> bool:
        inputs = made.get(month)
        if inputs is None:
            return False
        contents = {
            collection.name: workspace.unmarked.fingerprint(collection.name, month) for collection in fields.DOCUMENTS
        }
        now = fingerprints.of(month, contents, inputs["references"])
        made_from = {inputs["fingerprint"], journal_inputs(workspace, month), manifest_inputs(workspace, month)}
        return made_from == {now} and compare.recorded(workspace, month) == compare.digest(found, month)

    return [month for month in recorded if not current(month)]


def contiguous(months: Sequence[str]) -> list[tuple[str, str]]:
    """Months in order as ranges of first and last, for one run each."""
    ranges: list[tuple[str, str]] = []
    for month in sorted(months):
        if ranges and later(ranges[-1][1]) == month:
            ranges[-1] = (ranges[-1][0], month)
        else:
            ranges.append((month, month))
    return ranges
