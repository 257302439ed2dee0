"""A month of the demo company, made anew, and what the README shows of its files."""

import csv
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from importlib import resources
from pathlib import Path
from unittest.mock import patch

from robaws_pipeline import settings
from robaws_pipeline.cli import demo
from robaws_pipeline.sandbox.server import process
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.steps import build, fetch
from robaws_pipeline.steps.workspace import Workspace

MONTH = "2026-10"
SHOWN = ("F260327", "I260271")
"""A sale at two VAT rates, and a purchase of which one line is reverse charge."""

JOURNAL_COLUMNS = ("journal", "number", "date", "account", "description", "debit", "credit", "treatment", "vat_rate")
HELD_COLUMNS = ("number", "party", "gross", "where", "reason", "what_to_do")


@contextmanager
def exported_month() -> Iterator[Path]:
    """The export folder of `MONTH` as `robaws-pipeline demo` writes it, without Dagster and without the rate limit."""
    first, last = demo.MONTHS
    with (
        tempfile.TemporaryDirectory(prefix="excerpts") as folder,
        process(first_month=first, last_month=last, switches=Switches(rate_per_second=None)) as sandbox,
        patch.dict(os.environ, {"ROBAWS_DEMO_KEY": sandbox.key, "ROBAWS_DEMO_SECRET": sandbox.secret}),
    ):
        template = resources.files("robaws_pipeline.cli").joinpath("demo.toml").read_text(encoding="utf-8")
        text = template.replace("{base_url}", sandbox.base_url).replace("../exports", "exports")
        workspace = Workspace.of(settings.parse(text, "demo.toml", Path(folder)), demo.COMPANY)
        fetched = [fetch.fetch_reference(workspace), fetch.fetch_history(workspace, [MONTH])]
        if errors := [error for one in fetched for error in one.errors]:
            raise RuntimeError("; ".join(errors))
        build.build_documents(workspace, [MONTH])
        build.build_journal(workspace, [MONTH])
        yield Path(build.build_exports(workspace, [MONTH])[MONTH].folder)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def _table(rows: Sequence[Mapping[str, str]], columns: Sequence[str], right: frozenset[str]) -> str:
    """A Markdown table of some columns, values as they are in the file."""
    header = [f"`{column}`" for column in columns]
    lines = [header, ["--:" if column in right else "---" for column in columns]]
    lines += [[row[column].replace("|", "\\|") for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def journal(folder: Path) -> str:
    """Two documents of journal.csv, some columns."""
    rows = _rows(folder / "journal" / "journal.csv")
    wanted = [row for number in SHOWN for row in rows if row["number"] == number]
    if {row["number"] for row in wanted} != set(SHOWN):
        raise RuntimeError(
            f"the demo's {MONTH} does not export {' and '.join(SHOWN)}: choose others in docs/excerpts.py"
        )
    return _table(wanted, JOURNAL_COLUMNS, frozenset({"debit", "credit", "vat_rate"}))


def held(folder: Path) -> str:
    """All of held.csv, some columns."""
    return _table(_rows(folder / "held.csv"), HELD_COLUMNS, frozenset({"gross"}))


def proof(folder: Path) -> str:
    """The sales invoices of vat_recap.csv, their sums, and what manifest.json says of the same documents."""
    rows = [
        row
        for row in _rows(folder / "journal" / "vat_recap.csv")
        if (row["collection"], row["type"]) == ("sales", "INVOICE")
    ]
    sums = {name: sum(Decimal(row[name].replace(",", ".")) for row in rows) for name in ("base", "vat")}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    total = manifest["totals"]["sales"]["INVOICE"]["exported"]
    if [f"{sums['base']:.2f}", f"{sums['vat']:.2f}"] != [total["net"], total["vat"]]:
        raise RuntimeError(f"the VAT recap of {MONTH} adds up to {sums}, and the manifest says {total}")
    shown = [{**row, "treatment": f"`{row['treatment']}`"} for row in rows]
    bold = {name: f"**{value:.2f}**".replace(".", ",") for name, value in sums.items()}
    shown.append({"treatment": "**sum of the column**", "rate": "", **bold})
    documents = f"`manifest.json`: {total['count']} exported sales invoices"
    shown.append({"treatment": documents, "rate": "", "base": total["net"], "vat": total["vat"]})
    return _table(shown, ("treatment", "rate", "base", "vat"), frozenset({"rate", "base", "vat"}))
