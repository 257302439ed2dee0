"""`validate`: UBL files, ours or anybody's, against the official rules and our own."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from robaws_pipeline.cli.output import err, out, say, showing_progress
from robaws_pipeline.validation import EXTRA, LAYERS, Finding, Verdict, missing_packages
from robaws_pipeline.validation.pool import cores
from robaws_pipeline.validation.sources import NothingThereError, files
from robaws_pipeline.validation.work import Work

_SHOWN = 200
"""Findings that are printed in full; the counts by rule are of all."""

_NOT_UBL = Finding(
    "file", "FILE-NOT-UBL", True, "", "It is XML, but no invoice or credit note of UBL 2",
    "Name the UBL file itself; other kinds of XML have rules of their own.",
)  # fmt: skip


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that share the work; else one a core.")
def validate(paths: tuple[Path, ...], as_json: bool, jobs: int | None) -> None:
    """Check UBL invoices and credit notes: XSD, EN 16931, Peppol BIS 3 and our own rules; exit 1 when one fails.

    PATH is a file, a folder (every .xml below it) or a zip. Each finding has the rule, the place, what is wrong and
    what to do. Our own rules are for what the official ones let through, wrong cents above all; in a folder that this
    program wrote, files are compared with its manifest too. Warnings are told and do not fail.

    \b
        robaws-pipeline validate exports/acme/2026-10
    """
    if missing := missing_packages():
        raise click.UsageError(
            f"the official rules are not installed ({', '.join(missing)}): pip install 'robaws-pipeline[{EXTRA}]'"
        )
    try:
        work = Work(files(paths), jobs or cores())
    except NothingThereError as error:
        raise click.UsageError(str(error)) from None
    named = {str(path) for path in paths}
    if as_json:
        _as_json(work, named)
    else:
        _as_text(work, named)
    if not work.documents and not work.invalid:
        raise click.UsageError(f"none of these {work.other} files is an invoice or credit note of UBL 2")
    if work.invalid:
        sys.exit(1)


def _found(work: Work, named: set[str]) -> Iterator[tuple[str, Finding]]:
    """Every finding with its file."""
    for name, verdict in work.verdicts():
        if verdict.kind is None and not verdict.findings and name in named:
            # Somebody meant this file; in a folder, other XML may lie beside.
            work.other -= 1
            work.invalid += 1
            work.rules[_NOT_UBL.rule] += 1
            verdict = Verdict(None, (_NOT_UBL,))  # noqa: PLW2901
        for finding in verdict.findings:
            yield name, finding


def _severity(finding: Finding) -> str:
    return "error" if finding.fatal else "warning"


def _as_json(work: Work, named: set[str]) -> None:
    """Findings as they come, so that memory does not grow with them."""
    click.echo('{"findings": [', nl=False)
    separator = "\n "
    for name, found in _found(work, named):
        row = {"file": name, "severity": _severity(found), "layer": found.layer, "rule": found.rule}
        row |= {"place": found.place, "sentence": found.sentence, "remedy": found.remedy}
        click.echo(separator + json.dumps(row, ensure_ascii=False), nl=False)
        separator = ",\n "
    totals: dict[str, Any] = {
        "files": len(work.files), "documents": work.documents, "invalid": work.invalid, "warned": work.warned,
        "other_xml": work.other, "layers": dict(work.layers), "rules": dict(sorted(work.rules.items())),
        "seconds": round(work.seconds, 3), "processes": work.processes,
    }  # fmt: skip
    click.echo(f"],\n{json.dumps(totals)[1:]}")


def _as_text(work: Work, named: set[str]) -> None:
    shown: list[tuple[str, Finding]] = []
    with showing_progress():
        for row in _found(work, named):
            if len(shown) < _SHOWN:
                shown.append(row)
    before = ""
    for name, finding in shown:
        if name != before:
            say(out, name, "")
            before = name
        style = "bold red" if finding.fatal else "bold yellow"
        say(out, f"  {_severity(finding)} {finding.rule}", finding.place, style)
        out.print(f"    {finding.sentence}", soft_wrap=True)
        out.print(f"    {finding.remedy}", soft_wrap=True, style="dim")
    if sum(work.rules.values()) > len(shown):
        counts = ", ".join(f"{rule} ({count})" for rule, count in work.rules.most_common())
        say(out, f"… of {sum(work.rules.values())} findings the first {_SHOWN}; all by rule:", counts)
    _summary(work)


def _summary(work: Work) -> None:
    applied = ", ".join(f"{title} {work.layers[layer]}" for layer, title in LAYERS.items() if layer != "file")
    say(out, _several(work.documents, "document"), f"checked by: {applied}")
    if work.other:
        out.print(f"{_several(work.other, 'other XML file')} passed over: no invoice or credit note of UBL 2")
    verdict = f"{work.invalid} not valid" if work.invalid else "all valid"
    say(out, verdict, f"({work.warned} with warnings)" if work.warned else "", "bold red" if work.invalid else "green")
    shared = f"{work.processes} processes" if work.processes > 1 else "1 process"
    err.print(f"{work.seconds:.1f} s, {work.rate:,.0f} files a second in {shared}")


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
