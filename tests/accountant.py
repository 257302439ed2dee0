"""An accountant who knows nothing of us: imports each delivery once, in order, and keeps a ledger."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from robaws_pipeline.schema import POSTINGS, STATES
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace

Ledger = defaultdict[tuple[str, ...], Decimal]
"""What → balance, debit positive: of an account in a month, of a party, of a VAT treatment and its taxable amount, of a
cost centre."""


def folders(root: Path) -> list[Path]:
    """The deliveries under a company's exports, in the order of their numbers."""
    return sorted((path for path in (root / "deliveries").glob("[0-9]*")), key=lambda path: int(path.name[:4]))


def manifests(root: Path) -> list[dict[str, Any]]:
    """Their manifests."""
    return [json.loads((folder / "manifest.json").read_bytes()) for folder in folders(root)]


def _amount(row: dict[str, str]) -> Decimal:
    return Decimal(row["debit"].replace(",", ".")) - Decimal(row["credit"].replace(",", "."))


def _rate(text: str) -> str:
    return f"{Decimal(text.replace(',', '.')).normalize():f}" if text else ""


def _facts(row: dict[str, str], amount: Decimal) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """What one posting adds to the ledger."""
    month, account = row["date"][:7], row["account"]
    yield ("account", month, account), amount
    yield ("booked in", row["booking_date"][:7], account), amount
    if row["kind"] == "party":
        yield (f"{row['collection']} party", row["party_code"], account), amount
    if row["treatment"]:
        vat = row["collection"], row["treatment"], _rate(row["vat_rate"])
        yield ("vat", month, row["kind"], *vat), amount
        if row["vat_base"]:
            yield ("base", month, row["kind"], *vat), Decimal(row["vat_base"].replace(",", "."))
    yield ("cost centre", row["project"], row["activity"], account), amount


def _add(ledger: Ledger, row: dict[str, str]) -> None:
    for key, amount in _facts(row, _amount(row)):
        ledger[key] += amount


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
                _add(booked.setdefault(row["entry"], defaultdict(Decimal)), row)
        twice = booked.keys() & entries.keys()
        assert not twice, f"booked twice: {twice}"
        entries |= booked
        if (folder / "corrections.csv").exists():
            _correct(entries, rows_of(folder / "corrections.csv"))
    total: Ledger = defaultdict(Decimal)
    for ledger in entries.values():
        for key, amount in ledger.items():
            total[key] += amount
    return defaultdict(Decimal, {key: amount for key, amount in total.items() if amount})


def books_of(root: Path) -> Ledger:
    """What the ledger should be, from the files of the months: they always have all of the books."""
    total: Ledger = defaultdict(Decimal)
    for file in sorted(root.glob("2*/journal/journal.csv")):
        for row in rows_of(file):
            _add(total, row)
    return defaultdict(Decimal, {key: amount for key, amount in total.items() if amount})


def _correct(entries: dict[str, Ledger], rows: list[dict[str, str]]) -> None:
    for entry in {row["entry"] for row in rows}:
        sides: dict[str, Ledger] = {"as delivered": defaultdict(Decimal), "as it is now": defaultdict(Decimal)}
        for row in rows:
            if row["entry"] == entry:
                _add(sides[row["figures"]], row)
        assert entries[entry] == sides["as delivered"], entry
        entries[entry] = sides["as it is now"]


def books(workspace: Workspace) -> Ledger:
    """What the ledger should be: the balance of the current books."""
    total: Ledger = defaultdict(Decimal)
    names = {"vat_rate": "rate", "project": "project_id", "activity": "activity_id"}
    for posting in workspace.tables.read_months(POSTINGS, loaded_months(workspace)).to_pylist():
        row = {name: "" if value is None else str(value) for name, value in posting.items()}
        row |= {name: row[column] for name, column in names.items()}
        assert row["date"][:7] == posting["month"]
        for key, amount in _facts(row, posting["amount"]):
            total[key] += amount
    return defaultdict(Decimal, {key: amount for key, amount in total.items() if amount})


def exported(workspace: Workspace) -> set[tuple[str, str]]:
    """The documents that the books export."""
    rows = workspace.tables.read_months(STATES, loaded_months(workspace)).to_pylist()
    return {(row["collection"], row["document_id"]) for row in rows if row["state"] == "exported"}
