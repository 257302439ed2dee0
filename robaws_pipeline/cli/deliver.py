"""The command deliver."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

import click
from rich.table import Table

from robaws_pipeline.automation.runs import Ran, Runner
from robaws_pipeline.cli.deliveries import counted, left_open, show_documents, show_left_out, told
from robaws_pipeline.cli.output import err, out, say
from robaws_pipeline.cli.work import as_month, chosen, company_option, dagster_runner, month_type, settings_of
from robaws_pipeline.deliveries.manifest import Manifest
from robaws_pipeline.deliveries.plan import Scope
from robaws_pipeline.steps import deliver as delivering
from robaws_pipeline.steps import deliveries as asking
from robaws_pipeline.steps.workspace import Workspace


def _as_date(context: click.Context, parameter: click.Parameter, value: Any) -> date | None:
    return None if value is None else value.date()


@click.command()
@click.option("--month", type=month_type, callback=as_month, help="Only documents of this month.")
@click.option(
    "--until",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    callback=_as_date,
    help="Only documents dated up to this day.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="NAME",
    help="A format; several times for several. Else the settings'.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and deliver nothing.")
@click.option(
    "--allow-corrections",
    type=click.IntRange(min=0),
    metavar="N",
    help="Correct up to so many delivered documents; else the settings' most_corrections.",
)
@company_option
@click.pass_context
def deliver(
    context: click.Context,
    month: str | None,
    until: date | None,
    formats: tuple[str, ...],
    dry_run: bool,
    allow_corrections: int | None,
    company: str | None,
) -> None:
    """Hand to the accountant what is new, each document once, and what changed since it was delivered.

    A delivery is a numbered folder that never changes again. When there is nothing new, none is made.
    """
    settings = settings_of(context)
    scope = Scope(month, until)
    found = [Workspace.of(settings, key) for key in chosen(settings, company)]
    for workspace in found:
        delivering.deliverable(workspace, formats or None)
    if dry_run:
        with told():
            for workspace in found:
                _tell_preview(delivering.preview(workspace, scope, formats or None))
        return
    asked = {"month": month, "until": until and until.isoformat(), "formats": list(formats)}
    failures: list[str] = []
    remarks: list[str] = []
    with told(), dagster_runner(settings) as ready:
        for workspace in found:
            before = len(asking.listed(workspace))
            given: dict[str, Any] = {key: value for key, value in asked.items() if value}
            if allow_corrections is not None:
                given["allow_corrections"] = allow_corrections
            ran = _run(ready, workspace, given)
            if not ran.succeeded and allow_corrections is None and (count := _confirmed(workspace, scope, formats)):
                ran = _run(ready, workspace, {**given, "allow_corrections": count})
            failures += ran.failures
            remarks += ran.remarks
            if ran.succeeded:
                _tell_delivered(workspace, asking.listed(workspace)[before:])
    for remark in remarks:
        say(err, "Look at", remark, "yellow")
    for failure in failures:
        say(err, "Problem", failure, "bold red")
    if failures:
        sys.exit(1)


def _run(ready: Runner, workspace: Workspace, asked: dict[str, Any]) -> Ran:
    return ready.run(f"{workspace.key}_deliver", config={f"{workspace.key}__deliveries": asked})


def _confirmed(workspace: Workspace, scope: Scope, formats: Sequence[str]) -> int:
    """How many corrections somebody at the terminal allows, when a delivery was refused because of them; else none."""
    if not sys.stdin.isatty():
        return 0
    preview = delivering.preview(workspace, scope, formats or None)
    count = delivering.corrections(preview.manifest)
    if count <= preview.most_corrections:
        return 0
    _tell_groups(preview)
    return count if click.confirm(f"Correct {count} documents that were delivered?", err=True) else 0


def _tell_delivered(workspace: Workspace, made: Sequence[asking.Listed]) -> None:
    if not made:
        out.print(f"{workspace.key}: nothing to deliver: the accountant has everything that is in order")
    for one in made:
        out.print(f"{workspace.key}: delivery {one.manifest.number}: {counted(one.manifest)}", soft_wrap=True)
        _tell_left_out(one.manifest)
        say(out, "Folder:", one.folder, "")
    if made and workspace.company.deliveries.mark is not None:
        out.print(left_open(workspace))


def _tell_left_out(manifest: Manifest) -> None:
    if manifest.left_out:
        out.print(f"{len(manifest.left_out)} held, with the reason on the cover sheet and in held.csv")


def _tell_preview(preview: delivering.Preview) -> None:
    manifest = preview.manifest
    last = f"number {preview.last.number} of {preview.last.date}" if preview.last else "none yet"
    out.print(f"{manifest.company}: would be delivery {manifest.number}: {counted(manifest)}. Last delivery: {last}.")
    show_documents(manifest.documents)
    _tell_groups(preview)
    show_left_out(manifest.left_out)
    if preview.stale:
        say(err, "Look at", f"a delivery makes {', '.join(preview.stale)} anew first, so it may have more", "yellow")


def _tell_groups(preview: delivering.Preview) -> None:
    """What the corrections have in common, when there are too many to look at one by one."""
    count = delivering.corrections(preview.manifest)
    if not count:
        return
    table = Table("documents", "what changed", title=f"Corrections: {count}", title_justify="left")
    for group in preview.groups:
        table.add_row(str(group.documents), group.text)
    out.print(table)
    if count > preview.most_corrections:
        told = f"a delivery is refused unless --allow-corrections {count} is given: {preview.most_corrections} at most"
        say(err, "Look at", told, "yellow")
