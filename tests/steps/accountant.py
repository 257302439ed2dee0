"""An accountant who knows nothing of us: imports each delivery once, in order, and keeps a ledger."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from robaws_pipeline.schema import POSTINGS, STATES
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace

Ledger = Counter[tuple[str, str]]
"""(month, account) → balance, debit positive."""


def folders(root: Path) -> list[Path]:
    """The deliveries under a company's exports, in the order of their numbers."""
    return sorted((path for path in (root / "deliveries").glob("[0-9]*")), key=lambda path: int(path.name[:4]))


def manifests(root: Path) -> list[dict[str, Any]]:
    """Their manifests."""
    return [json.loads((folder / "manifest.json").read_bytes()) for folder in folders(root)]


def _amount(row: dict[str, str]) -> Decimal:
    return Decimal(row["debit"].replace(",", ".")) - Decimal(row["credit"].replace(",", "."))


def rows_of(file: Path) -> list[dict[str, str]]:
    """A CSV file as a program reads it."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def imported(root: Path) -> Ledger:
    """The ledger after importing everything that was not withdrawn, and correcting by hand what was reported. Fails
    when an entry comes twice, or a correction starts from figures that were not delivered."""
    found = manifests(root)
    gone = {manifest["withdraws"] for manifest in found}
    entries: dict[str, Ledger] = {}
    for folder, manifest in zip(folders(root), found, strict=True):
        if manifest["kind"] == "withdrawal" or manifest["number"] in gone:
            continue
        booked: dict[str, Ledger] = {}
        for file in sorted(folder.glob("*/journal/journal.csv")):
            for row in rows_of(file):
                ledger = booked.setdefault(row["entry"], Counter())
                ledger[row["date"][:7], row["account"]] += _amount(row)  # type: ignore[assignment]
        twice = booked.keys() & entries.keys()
        assert not twice, f"booked twice: {twice}"
        entries |= booked
        if (folder / "corrections.csv").exists():
            _correct(entries, rows_of(folder / "corrections.csv"))
    total: Ledger = Counter()
    for ledger in entries.values():
        for key, amount in ledger.items():
            total[key] += amount
    return Counter({key: amount for key, amount in total.items() if amount})


def _correct(entries: dict[str, Ledger], rows: list[dict[str, str]]) -> None:
    for entry in {row["entry"] for row in rows}:
        sides: dict[str, Ledger] = {"as delivered": Counter(), "as it is now": Counter()}
        for row in rows:
            if row["entry"] == entry:
                sides[row["figures"]][row["date"][:7], row["account"]] += _amount(row)  # type: ignore[assignment]
        assert entries[entry] == sides["as delivered"], entry
        entries[entry] = sides["as it is now"]


def books(workspace: Workspace) -> Ledger:
    """What the ledger should be: the balance of the current books."""
    total: Ledger = Counter()
    for row in workspace.tables.read_months(POSTINGS, loaded_months(workspace)).to_pylist():
        total[row["month"], row["account"]] += row["amount"]
    return Counter({key: amount for key, amount in total.items() if amount})


def exported(workspace: Workspace) -> set[tuple[str, str]]:
    """The documents that the books export."""
    rows = workspace.tables.read_months(STATES, loaded_months(workspace)).to_pylist()
    return {(row["collection"], row["document_id"]) for row in rows if row["state"] == "exported"}
