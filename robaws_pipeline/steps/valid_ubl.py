"""Whether the UBL files that were just written are valid, and right to the cent: read back from where they lie."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from robaws_pipeline.steps.audit import Finding
from robaws_pipeline.steps.build import Exported
from robaws_pipeline.steps.workspace import Workspace
from robaws_pipeline.validation import EXTRA, missing_packages, sample
from robaws_pipeline.validation.pool import File, Pool

_PURCHASES = "ubl_purchases"
FORMATS = ("ubl", _PURCHASES)

FEW = 50
"""Documents of a run that are all checked by all rules; of more, a sample of at least so many."""
MOST = 1000
"""Documents of a run that are all read for the schema, the cents and the sample; of more, so many, evenly spread. That
is all of a night's documents, and keeps the check of a first load to a few seconds."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What the rules say of the files of some months."""

    findings: list[Finding]
    """Fatal ones, of files that we wrote."""
    of_suppliers: list[Finding]
    """Fatal ones of files that suppliers wrote and we handed over untouched: theirs to mend."""
    documents: int
    """Files there are."""
    by_cents: int
    """Of these, checked by the schema and our own rules."""
    by_all: int
    """Of these, checked by EN 16931 and Peppol too."""
    warnings: int
    seconds: float


def why_not(workspace: Workspace) -> str | None:
    """Why the files are not checked, with the remedy; None when they are, or there are none to check."""
    missing = missing_packages()
    if not _has_ubl(workspace) or not missing:
        return None
    return f"not checked, {', '.join(missing)} not installed: pip install 'robaws-pipeline[{EXTRA}]'"


def is_checked(workspace: Workspace) -> bool:
    """Whether the company has UBL files, and the rules are installed."""
    return _has_ubl(workspace) and not missing_packages()


def has_files_of_suppliers(workspace: Workspace) -> bool:
    """Whether suppliers' own UBL may be among the files: where Robaws keeps it, it is fetched and handed over."""
    return _PURCHASES in workspace.company.formats and "purchases" in workspace.company.pdfs


def _has_ubl(workspace: Workspace) -> bool:
    return not set(FORMATS).isdisjoint(workspace.company.formats)


def validate_exports(
    workspace: Workspace, exported: Mapping[str, Exported], pool: Pool, *, few: int = FEW, most: int = MOST
) -> Validated:
    """Check the UBL files of these months: all when they are few, else a sample with every kind of document in it.

    `pool` may be made before the files are written: it then reads its rules meanwhile. One process is enough for so few
    files, and leaves the other cores to the night's work.
    """
    started = time.perf_counter()
    files = {
        f"{month}/{path}": File(f"{month}/{path}", partial(_read, workspace, f"{month}/{path}"), sums["sha256"])
        for month, export in exported.items()
        for path, sums in export.manifest["files"].items()
        if path.split("/")[0] in FORMATS and path.endswith(".xml")
    }
    if len(files) <= few:
        verdicts = dict(pool.verdicts(files.values()))
        by_all = len(files)
    else:
        step = -(-len(files) // most)
        verdicts = dict(pool.verdicts(list(files.values())[::step], "quick"))
        # Sales and purchases are written differently: each has its kinds.
        kinds = {
            name: [f"{name.split('/')[1]} {trait}" for trait in verdict.traits] for name, verdict in verdicts.items()
        }
        chosen = sample.covering(kinds, few)
        verdicts |= pool.verdicts([files[name] for name in chosen])
        by_all = len(chosen)
    whose = _whose(exported)
    ours: list[Finding] = []
    theirs: list[Finding] = []
    for name, verdict in verdicts.items():
        is_theirs = verdict.fails and _is_the_suppliers(workspace, name)
        for finding in verdict.findings:
            if finding.fatal:
                told = Finding(*whose[name], f"{finding.rule} at {finding.place or 'the file'}")
                # Whoever wrote a file, it must lie there as it was written.
                (theirs if is_theirs and finding.rule not in _OF_THE_FOLDER else ours).append(told)
    return Validated(
        findings=ours,
        of_suppliers=theirs,
        documents=len(files),
        by_cents=len(verdicts),
        by_all=by_all,
        warnings=sum(not finding.fatal for verdict in verdicts.values() for finding in verdict.findings),
        seconds=time.perf_counter() - started,
    )


_OF_THE_FOLDER = {"FILE-READ", "OWN-CHANGED"}


def _is_the_suppliers(workspace: Workspace, name: str) -> bool:
    """Whether a file is a supplier's own: what we wrote of a purchase says that it is rebuilt."""
    # The whole format for one sentence: Dagster imports this module for every run, and few files fail.
    from robaws_pipeline.formats.ubl.document import REBUILT  # noqa: PLC0415

    content = workspace.exports.read(name) if name.split("/")[1] == _PURCHASES else None
    return content is not None and REBUILT.encode() not in content


def _read(workspace: Workspace, name: str) -> bytes:
    content = workspace.exports.read(name)
    if content is None:
        raise FileNotFoundError(f"{name} is in the manifest and not in the folder")
    return content


def _whose(exported: Mapping[str, Exported]) -> dict[str, tuple[str, str, str]]:
    """File → month, collection and number of its document."""
    found = {}
    for month, export in exported.items():
        for path in export.manifest["files"]:
            found[f"{month}/{path}"] = (month, "file", path)
        for row in export.manifest["documents"]:
            for path in row["files"]:
                found[f"{month}/{path}"] = (month, row["collection"], row["number"] or row["id"])
    return found
