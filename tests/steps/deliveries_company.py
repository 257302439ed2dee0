"""What the tests of deliveries do to a company between two of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from accountant import exported
from steps_company import JOURNAL_ONLY, MONTHS, PATHS, Loaded, ago, company

from robaws_pipeline.steps.fetch import fetch_changes, fetch_history
from robaws_pipeline.steps.workspace import Workspace


def delivering(acme: Loaded, changes: str = "report", more: str = "", formats: str = JOURNAL_ONLY) -> Workspace:
    """The company with this way of treating changes."""
    return company(acme.folder, acme.server, f'{formats}\n[companies.acme.deliveries]\nchanges = "{changes}"\n{more}')


def exports(acme: Loaded) -> Path:
    """Its exports."""
    return acme.folder / "exports" / "acme"


def read_again(workspace: Workspace) -> None:
    """A night, and a look at what was deleted."""
    fetch_changes(workspace)
    fetch_history(workspace, MONTHS)


def files(folder: Path) -> dict[str, bytes]:
    """Path → bytes of everything under it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def edit(acme: Loaded, record: dict[str, Any], collection: str = "sales", **changes: Any) -> None:
    """Somebody saves a document in Robaws."""
    acme.world.update(PATHS[collection], record["id"], changes, ago(seconds=30))


def invoices(acme: Loaded) -> list[dict[str, Any]]:
    """Sales invoices that were delivered, January's first."""
    known = {id_ for collection, id_ in exported(acme.workspace) if collection == "sales"}
    return [one for one in acme.world.records("sales-invoices") if one["id"] in known and one["type"] == "INVOICE"]


def one_line(record: dict[str, Any], net: str, vat: str, gross: str) -> dict[str, Any]:
    """The fields of a sales document with one line at 21 %."""
    [line, *_] = record["adjustedLineItems"]
    lines = [{**line, "totalExclVat": net, "price": net, "quantity": "1", "vatTariffId": "2"}]
    totals = {"totalExclVat": net, "totalVat": vat, "totalInclVat": gross}
    return {"lineItems": lines, "adjustedLineItems": lines, **totals}


Happening = Callable[[Loaded, dict[str, Any]], None]


def _amount(acme: Loaded, record: dict[str, Any]) -> None:
    edit(acme, record, **one_line(record, "100.00", "21.00", "121.00"))


def _account(acme: Loaded, record: dict[str, Any]) -> None:
    [line, *others] = record["adjustedLineItems"]
    other = "1108" if line["generalLedgerAccountId"] != "1108" else "1107"
    edit(acme, record, adjustedLineItems=[{**line, "generalLedgerAccountId": other}, *others])


def _activity(acme: Loaded, record: dict[str, Any]) -> None:
    [line, *others] = record["adjustedLineItems"]
    edit(acme, record, adjustedLineItems=[{**line, "activityId": "399"}, *others])


def _delete(acme: Loaded, record: dict[str, Any]) -> None:
    acme.world.delete(PATHS["sales"], record["id"])


HAPPENINGS: dict[str, tuple[Happening, str, str]] = {
    "another amount": (_amount, "changed", "→ 100.00"),
    "another account": (_account, "changed", "account 70"),
    "another cost unit": (_activity, "changed", ", 399"),
    "another day": (lambda acme, one: edit(acme, one, date="2025-01-30"), "changed", "date"),
    "another month": (
        lambda acme, one: edit(acme, one, date="2025-02-20"),
        "changed",
        "from January 2025 to February 2025",
    ),
    "another due day": (lambda acme, one: edit(acme, one, dueDate="2025-06-30"), "changed", "→ 2025-06-30"),
    "another customer": (lambda acme, one: edit(acme, one, clientId="601"), "changed", "party"),
    "a credit note": (lambda acme, one: edit(acme, one, type="CREDIT_NOTE"), "changed", "was invoice, is credit note"),
    "held": (lambda acme, one: edit(acme, one, currency="USD"), "removed", "held since: The document is in USD"),
    "a draft": (lambda acme, one: edit(acme, one, logicId=None), "removed", "a draft again"),
    "deleted": (_delete, "removed", "deleted in Robaws"),
    "out of the books": (lambda acme, one: edit(acme, one, date="2024-12-30"), "removed", "no month"),
}
"""What can happen to a delivered document in Robaws → the deed, what the next delivery calls it, and what it says."""

UNSEEN: dict[str, dict[str, Any]] = {
    "paid": {"status": "Betaald", "paidTotal": "1.00"},
    "marked": {"extraFields": {"Naar boekhouder": {"type": "CHECKBOX", "booleanValue": True}}},
    "saved again": {},
}
"""What makes a new version and no other entry."""
