"""Asset checks: a question of `steps.audit` each, failing visibly and without stopping the months that are in order."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from robaws_pipeline import fields
from robaws_pipeline.assets.shared import CompanyAssets
from robaws_pipeline.periods import months_between
from robaws_pipeline.steps import audit, valid_ubl
from robaws_pipeline.steps.audit import Finding
from robaws_pipeline.steps.build import Exported
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.verify import Verification, verify
from robaws_pipeline.steps.workspace import Workspace
from robaws_pipeline.validation.pool import Pool

JOURNAL = {
    "balanced": "the postings of every exported document add up to zero",
    "totals_meet": "VAT recap, rounding and party posting of every exported document meet the total in Robaws",
    "unique_numbers": "no two documents of one kind and type have the same number",
    "numbers_without_gaps": "no number is missing in a series of sales numbers",
    "unique_supplier_numbers": "no supplier's invoice was entered twice",
}
"""Checks of the journal and what they say when they pass."""

_FOR_A_PERSON = {"numbers_without_gaps", "unique_supplier_numbers", "valid_suppliers_ubl"}
"""Checks that find what Robaws or a supplier says and no mistake of ours: somebody has to look, nothing has failed."""

EXPORTS = {
    "every_document_listed": "the manifest lists every document that is held for the month, once",
    "formats_written": "every format could be written",
}
"""Checks of the exports and what they say when they pass."""

VALID_UBL = "valid_ubl"
"""The check of the exports that is there when the company has UBL files and the official rules are installed."""

_VALID_UBL = (
    "the UBL files are valid by the XSD, EN 16931 and Peppol, and right to the cent: all when they are few, else a "
    "sample with every kind of document in it"
)

VALID_SUPPLIERS_UBL = "valid_suppliers_ubl"
"""Beside it, when suppliers' own files may be handed over."""

_VALID_SUPPLIERS_UBL = (
    "the UBL files of suppliers that are handed over untouched are valid and right to the cent; what is wrong with one "
    "is its supplier's to mend, and it is handed over all the same"
)

VERIFIED = "verified"
"""The check of the raw data that asks Robaws. It has a job of its own: a load has just compared."""

_SHOWN = 50


def _result(
    name: str, findings: Sequence[Finding], asked: int, counts: Mapping[str, Any] | None = None
) -> dg.AssetCheckResult:
    records = [
        dg.TableRecord({"month": found.month, "kind": found.collection, "number": found.number, "what": found.detail})
        for found in findings[:_SHOWN]
    ]
    metadata: dict[str, Any] = {"months": dg.MetadataValue.int(asked), **(counts or {})}
    if records:
        metadata["findings"] = dg.MetadataValue.table(records)
    return dg.AssetCheckResult(
        passed=not findings,
        check_name=name,
        severity=dg.AssetCheckSeverity.WARN if name in _FOR_A_PERSON else dg.AssetCheckSeverity.ERROR,
        description=_summary(findings),
        metadata=metadata,
    )


def _summary(findings: Sequence[Finding]) -> str | None:
    if not findings:
        return None
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{first.month} {first.collection} {first.number}: {first.detail}{more}"


def journal(workspace: Workspace, months: Sequence[str]) -> list[dg.AssetCheckResult]:
    """The checks of the journal over these months."""
    told = audit.told(workspace, months)
    return [
        _result("balanced", audit.unbalanced(workspace, months), len(months)),
        _result("totals_meet", audit.totals_differ(workspace, months), len(months)),
        _result("unique_numbers", told["duplicate_number"], len(months)),
        _result("numbers_without_gaps", told["number_gap"], len(months)),
        _result("unique_supplier_numbers", told["duplicate_supplier_number"], len(months)),
    ]


def exports_of(workspace: Workspace) -> Mapping[str, str]:
    """The checks of a company's exports and what they say when they pass."""
    if not valid_ubl.is_checked(workspace):
        return EXPORTS
    of_suppliers = {VALID_SUPPLIERS_UBL: _VALID_SUPPLIERS_UBL} if valid_ubl.has_files_of_suppliers(workspace) else {}
    return {**EXPORTS, VALID_UBL: _VALID_UBL, **of_suppliers}


def exports(
    workspace: Workspace, exported: Mapping[str, Exported], rules: Pool | None = None
) -> list[dg.AssetCheckResult]:
    """The checks of the exports of these months; `rules` check the UBL files, when that is to be done."""
    lost = [
        finding for month, export in exported.items() for finding in audit.not_listed(workspace, month, export.manifest)
    ]
    failed = [
        # What it says may quote a document: that is for the folder, not for a UI without a login.
        Finding(month, "format", name, f"{type(error).__name__}; manifest.json has the message")
        for month, export in exported.items()
        for name, error in export.errors.items()
    ]
    results = [
        _result("every_document_listed", lost, len(exported)),
        _result("formats_written", failed, len(exported)),
    ]
    if rules is not None:
        validated = valid_ubl.validate_exports(workspace, exported, rules)
        counts = {
            "files": validated.documents,
            "checked_by_all_rules": validated.by_all,
            "checked_by_schema_and_cents": validated.by_cents,
            "warnings": validated.warnings,
            "seconds": round(validated.seconds, 2),
        }
        results.append(_result(VALID_UBL, validated.findings, len(exported), counts))
        if valid_ubl.has_files_of_suppliers(workspace):
            results.append(_result(VALID_SUPPLIERS_UBL, validated.of_suppliers, len(exported)))
    return results


def verified_check(shared: CompanyAssets) -> dg.AssetChecksDefinition:
    """Whether Robaws has what is held, by numbers first: a few requests, so it can be asked as often as one likes."""

    @dg.asset_check(
        asset=shared.key("history"),
        name=VERIFIED,
        pool=shared.pool,
        blocking=False,
        description=(
            "Robaws has as many documents of each loaded month and type as are held; where not, which. What a nightly "
            "run cannot see: deletions, and documents that never arrived. `robaws-pipeline verify` compares them all."
        ),
    )
    def verified() -> dg.AssetCheckResult:
        loaded = loaded_months(shared.workspace)
        if not loaded:
            return dg.AssetCheckResult(passed=True, description="nothing is loaded yet")
        return _verified(verify(shared.workspace, months_between(loaded[0], loaded[-1]), quick=True))

    return verified


def _verified(verification: Verification) -> dg.AssetCheckResult:
    """What a person must see of a comparison: which documents, and which months to load again."""
    records = [
        dg.TableRecord(
            {
                "month": one.month,
                "kind": one.collection,
                "type": one.type if one.type in fields.DOCUMENT_TYPES else "?",
                "id": found.id,
                "what": found.what,
            }
        )
        for one in verification.comparisons
        for found in one.differences
    ]
    months = verification.differing_months
    said = [*verification.errors, *([f"load again: {', '.join(months)}"] if months else [])]
    metadata: dict[str, Any] = {
        "requests": verification.usage.requests,
        "listed": sum(one.listed for one in verification.comparisons),
        "held": sum(one.held for one in verification.comparisons),
        "compared_by_number": sum(not one.by_ids for one in verification.comparisons),
        "compared_by_document": sum(one.by_ids for one in verification.comparisons),
    }
    if records:
        metadata["findings"] = dg.MetadataValue.table(records[:_SHOWN])
    return dg.AssetCheckResult(
        passed=verification.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(said) or None,
        metadata=metadata,
    )
