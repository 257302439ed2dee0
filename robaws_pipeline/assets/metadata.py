"""What a person looks at in the UI, from what the steps returned. Amounts as text; a float only where it is plotted."""

import base64
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.reasons import Language, describe
from robaws_pipeline.robaws.sweep import SweepReport
from robaws_pipeline.steps import audit
from robaws_pipeline.steps.build import Exported
from robaws_pipeline.steps.fetch import Fetched
from robaws_pipeline.steps.workspace import Workspace

Metadata = dict[str, Any]

_HELD_SHOWN = 100
_PREVIEW_ROWS = 12


def log(context: dg.AssetExecutionContext, fetched: Fetched) -> None:
    """Warnings and errors of a fetch, in the run's log."""
    for warning in fetched.warnings:
        context.log.warning(warning)
    for error in fetched.errors:
        context.log.error(error)


def stop_when_nothing_was_read(fetched: Fetched) -> None:
    """Fail the step when nothing could be read, so that nothing is made from nothing.

    When some could (a right on one module is missing, or the quota ended on the way), that goes on, and a check says
    what is missing.
    """
    errors = [outcome.error for outcome in fetched.outcomes if outcome.error]
    if errors and len(errors) == len(fetched.outcomes):
        more = f" (and {len(errors) - 1} more collections)" if len(errors) > 1 else ""
        raise dg.Failure(f"nothing could be read from Robaws: {errors[0]}{more}", allow_retries=False)


def fetched(result: Fetched) -> Metadata:
    """What was asked of the API and what came of it."""
    usage = result.usage
    received = {
        outcome.collection: sum(sweep.received for sweep in outcome.sweeps)
        for outcome in result.outcomes
        if outcome.sweeps
    }
    shown: Metadata = {
        "requests": usage.requests,
        "retries": usage.retries,
        "throttled": usage.throttled,
        "seconds": round(usage.elapsed, 2),
        "received": dg.MetadataValue.json(received),
        "months_touched": len(result.touched),
    }
    if usage.daily_remaining is not None:
        shown["daily_quota_left"] = usage.daily_remaining
    deleted = {outcome.collection: outcome.deleted for outcome in result.outcomes if outcome.deleted}
    if deleted:
        shown["deleted"] = dg.MetadataValue.json(deleted)
    if result.warnings:
        shown["warnings"] = dg.MetadataValue.md("\n".join(f"- {warning}" for warning in result.warnings))
    if result.errors:
        shown["missing"] = dg.MetadataValue.md("\n".join(f"- {error}" for error in result.errors))
    return shown


def _distinct(sweeps: Sequence[SweepReport]) -> int:
    return len(pa.chunked_array([sweep.ids for sweep in sweeps], pa.string()).unique())


def complete(
    result: Fetched, name: str, workspace: Workspace | None = None, months: Sequence[str] = ()
) -> dg.AssetCheckResult:
    """The check that nothing is missing: every sweep complete by its totals and, for whole months, everything held."""
    records = []
    short = [*result.errors]
    for outcome in result.outcomes:
        sweeps = outcome.sweeps
        listed = _distinct(sweeps if workspace is None else [sweep for sweep in sweeps if sweep.kind == "history"])
        row: dict[str, Any] = {"collection": outcome.collection, "received": listed}
        if workspace is not None:
            held = sum(
                count
                for (_, collection, _), count in audit.held_by_type(workspace, months).items()
                if collection == outcome.collection
            )
            row["held"] = held
            # Months that were read in parts end with what changed meanwhile: it may be in no part, or in two.
            late = _distinct([sweep for sweep in sweeps if sweep.kind == "changes"])
            if abs(held - listed) > late and outcome.error is None:
                short.append(f"{outcome.collection}: Robaws lists {listed} documents, we hold {held}")
        row["complete"] = outcome.error is None and all(sweep.complete for sweep in outcome.sweeps)
        records.append(dg.TableRecord(row))
    return dg.AssetCheckResult(
        check_name=name,
        passed=not short and all(record.data["complete"] for record in records),
        description="; ".join(short) or None,
        metadata={"collections": dg.MetadataValue.table(records)},
    )


def held_versions(workspace: Workspace, months: Sequence[str]) -> dict[str, Metadata]:
    """By month, how many documents of each kind and type the raw log holds."""
    shown: dict[str, Metadata] = {month: {"documents": 0} for month in months}
    for (month, collection, type_), count in audit.held_by_type(workspace, months).items():
        shown[month][f"{collection} {type_}"] = count
        shown[month]["documents"] += count
    return shown


def outside(touched: Sequence[str], known: set[str]) -> Metadata:
    """Months that documents are dated in and the books do not have."""
    strange = [month for month in touched if month not in known]
    if not strange:
        return {}
    return {
        "outside_the_books": dg.MetadataValue.md(
            f"Documents dated in {', '.join(strange)} are kept and not exported: before `start`, or too far ahead."
        )
    }


def _sum(column: pa.ChunkedArray) -> Decimal:
    return Decimal(pc.sum(column).as_py() or 0)


def without_texts(detail: str | None) -> str:
    """A reason's detail without what Robaws says in words, which may name people: line numbers, ids and figures stay.

    As `robaws_pipeline.reasons` puts them in any language, texts stand between quotes, or after an equals sign where
    something could not be read. From the first to the last quote, since a text may have quotes of its own.
    """
    shown = re.sub(r" = .*( is not | is geen | n’est pas )", r" …\1", detail or "", flags=re.DOTALL)
    return re.sub(r"'.*'", "…", shown, flags=re.DOTALL)


def states(rows: pa.Table, language: Language) -> Metadata:
    """Counts, totals and the held documents of a month; `language` of the reasons."""
    shown: Metadata = {"documents": rows.num_rows}
    for state in ("exported", "held", "draft", "deleted"):
        shown[state] = int(pc.sum(pc.equal(rows["state"], state)).as_py() or 0)
    exported_rows = rows.filter(pc.equal(rows["state"], "exported"))
    for collection in ("sales", "purchases"):
        part = exported_rows.filter(pc.equal(exported_rows["collection"], collection))
        for figure in ("net", "vat", "gross"):
            shown[f"{collection}_{figure}"] = str(_sum(part[figure]))
    held = rows.filter(pc.equal(rows["state"], "held"))
    records = [
        dg.TableRecord(
            {
                "kind": row["collection"],
                "number": row["number"] or row["document_id"],
                "gross": str(row["gross"]) if row["gross"] is not None else "",
                "why": "; ".join(
                    describe(reason["code"], without_texts(reason["detail"]), language) for reason in row["reasons"]
                ),
            }
        )
        for row in held.select(["collection", "number", "document_id", "gross", "reasons"])
        .slice(0, _HELD_SHOWN)
        .to_pylist()
    ]
    if records:
        shown["held_documents"] = dg.MetadataValue.table(records)
    return shown


def exported(export: Exported, workspace: Workspace, month: str) -> Metadata:
    """Where the month's folder is, what is in it, and how the journal begins."""
    files = export.manifest["files"]
    shown: Metadata = {
        "folder": dg.MetadataValue.path(export.folder),
        "files": len(files),
        "bytes": sum(entry["bytes"] for entry in files.values()),
        "inputs": export.manifest["inputs"],
    }
    for name, written in export.manifest["formats"].items():
        shown[f"{name}_documents"], shown[f"{name}_held"] = written["documents"], written["held"]
    preview = workspace.exports.read(f"{month}/journal/journal.csv")
    if preview:
        shown["journal_preview"] = _preview(preview)
    return shown


# Without the columns that name people: the UI has no login.
_PREVIEW_COLUMNS = ["journal", "number", "date", "account", "debit", "credit", "kind", "treatment", "vat_rate"]


def _preview(journal: bytes) -> dg.MetadataValue[Any]:
    """The first rows of journal.csv as a spreadsheet would show them."""
    import pandas as pd  # noqa: PLC0415 - slow to import, and only needed here

    rows = pd.read_csv(
        BytesIO(journal),
        sep=";",
        encoding="utf-8-sig",
        dtype=str,
        keep_default_na=False,
        usecols=_PREVIEW_COLUMNS,
        nrows=_PREVIEW_ROWS,
    )
    records = zip(*(rows[column] for column in _PREVIEW_COLUMNS), strict=True)
    return dg.MetadataValue.table(
        [dg.TableRecord(dict(zip(_PREVIEW_COLUMNS, record, strict=True))) for record in records],
        # An empty month has columns too.
        schema=dg.TableSchema([dg.TableColumn(column) for column in _PREVIEW_COLUMNS]),
    )


def plot(months: Mapping[str, pa.Table]) -> dg.MetadataValue[str]:
    """A bar chart of exported net sales and purchases by month."""
    import pygal  # noqa: PLC0415 - slow to import, and only needed here

    chart = pygal.Bar(
        width=460,
        height=260,
        legend_at_bottom=True,
        title="Exported, excluding VAT",
        js=[],
        disable_xml_declaration=True,
    )
    chart.x_labels = list(months)
    for collection in ("sales", "purchases"):
        bars = []
        for rows in months.values():
            mask = pc.and_(pc.equal(rows["state"], "exported"), pc.equal(rows["collection"], collection))
            bars.append(float(_sum(rows.filter(mask)["net"])))  # a plot's height, not an amount
        chart.add(collection, bars)
    encoded = base64.b64encode(chart.render().encode()).decode()
    return dg.MetadataValue.md(f"![exported by month](data:image/svg+xml;base64,{encoded})")
