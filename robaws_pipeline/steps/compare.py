"""What is found by comparing the months of a company: numbers missing or twice, for the formats that tell it.

A month's findings change when another month does. So what was told is recorded beside the month's inputs, and a month
whose findings are others today is stale, as far as the company has a format that tells them.
"""

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from robaws_pipeline.books.findings import DOCUMENTS_COLUMNS, STATES_COLUMNS, Finding, all_findings
from robaws_pipeline.formats import registry
from robaws_pipeline.schema import DOCUMENTS, STATES
from robaws_pipeline.steps.workspace import Workspace

Findings = Mapping[str, tuple[Finding, ...]]
"""By month; months without findings are left out."""


def all_states(workspace: Workspace) -> pa.Table:
    """The states of every month, as far as `books.findings` asks for them."""
    return workspace.tables.read_months(STATES, workspace.tables.months(STATES), list(STATES_COLUMNS))


def all_documents(workspace: Workspace) -> pa.Table:
    """The documents of every month that has states, as far as `books.findings` asks for them."""
    return workspace.tables.read_months(DOCUMENTS, workspace.tables.months(STATES), list(DOCUMENTS_COLUMNS))


def findings_told(workspace: Workspace, *names: str) -> Findings | None:
    """What is to be explained today; None when no format tells it, since asking costs a second.

    Asked are the formats of these names, else those of the company.
    """
    company = workspace.company
    if not any(getattr(format_, "tells_findings", False) for format_ in registry.select(company, *names)):
        return None
    return all_findings(all_documents(workspace), all_states(workspace), company.language)


def digest(found: Findings | None, month: str) -> str:
    """What stands for the findings of a month; the same when nobody asks for them as when there are none."""
    rows = [] if found is None else [repr(finding) for finding in found.get(month, ())]
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=8).hexdigest() if rows else ""


def recorded(workspace: Workspace, month: str) -> str:
    """The digest of what the month's files told."""
    return (workspace.tables.store.read(_file(month)) or b"").decode()


def record(workspace: Workspace, month: str, found: Findings | None) -> None:
    """Note what the month's files tell, after they are published."""
    said = digest(found, month)
    if said != recorded(workspace, month):
        workspace.tables.store.write(_file(month), said.encode(), durable=False)


def _file(month: str) -> str:
    return f"inputs/{month}.findings"
