"""The command deliveries with show, verify, redo, withdraw and mark, and how a delivery is shown."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from robaws_pipeline.cli.output import err, out, say
from robaws_pipeline.cli.work import chosen, company_option, dagster_runner, settings_of, workspaces
from robaws_pipeline.deliveries.archive import ArchiveError
from robaws_pipeline.deliveries.manifest import Document, LeftOut, Manifest
from robaws_pipeline.deliveries.render import RenderError
from robaws_pipeline.settings import Settings
from robaws_pipeline.steps import deliver as delivering
from robaws_pipeline.steps import deliveries as asking
from robaws_pipeline.steps import mark as marking
from robaws_pipeline.steps.deliver import DeliveryError
from robaws_pipeline.steps.workspace import Workspace

_SHOWN = 40


@contextmanager
def told() -> Iterator[None]:
    """What cannot be delivered is told in a sentence; exit code 1."""
    try:
        yield
    except (ArchiveError, DeliveryError, RenderError) as error:
        raise click.ClickException(str(error)) from None


def counted(manifest: Manifest) -> str:
    """What it has: 41 new, 2 changed."""
    actions = [one.action for one in manifest.documents]
    counts = {action: actions.count(action) for action in dict.fromkeys(actions)}
    return ", ".join(f"{count} {action}" for action, count in counts.items()) or "no documents"


def show_documents(documents: Sequence[Document]) -> None:
    """A table of the documents of a delivery, as many as a screen has."""
    if not documents:
        return
    table = Table(title=f"Documents: {len(documents)}", title_justify="left")
    for name in ("what", "document", "month"):
        table.add_column(name, no_wrap=True)
    table.add_column("was", justify="right", no_wrap=True)
    table.add_column("gross", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    # Corrections first: they are few, and what somebody looks for.
    for one in sorted(documents, key=lambda one: one.was is None)[:_SHOWN]:
        was = "" if one.was is None else one.was.gross
        gross = "" if one.action == "removed" else one.gross
        table.add_row(one.action, f"{one.collection} {one.number}", one.month, was, gross, "; ".join(one.why))
    if len(documents) > _SHOWN:
        table.caption = f"… and {len(documents) - _SHOWN} more"
    out.print(table)


def show_left_out(left: Sequence[LeftOut]) -> None:
    """A table of what is held."""
    if not left:
        return
    table = Table("document", "month", "why", title=f"Held: {len(left)}", title_justify="left")
    for one in left[:_SHOWN]:
        why = " ".join(reason["text"] for reason in one.reasons)
        table.add_row(f"{one.collection} {one.number or f'id {one.id}'}", one.month, why)
    if len(left) > _SHOWN:
        table.caption = f"… and {len(left) - _SHOWN} more"
    out.print(table)


@click.group(invoke_without_command=True)
@company_option
@click.pass_context
def deliveries(context: click.Context, company: str | None) -> None:
    """The deliveries that were made: list them, show one, verify, make one again, withdraw the last, mark in Robaws.

    \b
        robaws-pipeline deliveries                    the list
        robaws-pipeline deliveries show 3
        robaws-pipeline deliveries verify             nothing missing, nothing altered; exit 1 when not
        robaws-pipeline deliveries redo 3             put back what was lost, byte by byte
        robaws-pipeline deliveries withdraw 3         the accountant did not import it
        robaws-pipeline deliveries mark               say it back to Robaws, when the settings want that
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(context.parent or context)
    for key in chosen(settings, company):
        with told():
            found = asking.listed(Workspace.of(settings, key))
        if not found:
            out.print(f"{key}: no deliveries yet. robaws-pipeline deliver --dry-run says what would go.")
            continue
        table = Table(title=f"Deliveries of {key}", title_justify="left")
        for name in ("no", "date", "what"):
            table.add_column(name, no_wrap=True)
        for name in ("sales", "purchases"):
            table.add_column(f"{name}, gross", justify="right", no_wrap=True)
        table.add_column("")
        for one in found:
            effect = [one.manifest.effect.get(name, {}).get("gross", "") for name in ("sales", "purchases")]
            note = "withdrawn" if one.withdrawn else ""
            table.add_row(str(one.manifest.number), one.manifest.date, _what(one.manifest), *effect, note)
        out.print(table)


def _what(manifest: Manifest) -> str:
    return f"withdraws {manifest.withdraws}" if manifest.kind == "withdrawal" else counted(manifest)


def _given(context: click.Context, company: str | None) -> str | None:
    """--company, before or behind the name of the sub-command."""
    above: str | None = None if context.parent is None else context.parent.params.get("company")
    return company or above


def _only(context: click.Context, company: str | None) -> Workspace:
    """The one company that a command is about: numbers are a company's own."""
    settings: Settings = settings_of(context.find_root())
    keys = chosen(settings, _given(context, company))
    if len(keys) > 1:
        raise click.UsageError(f"say which company: --company {' or '.join(keys)}")
    return Workspace.of(settings, keys[0])


@deliveries.command()
@click.argument("number", type=click.IntRange(min=1))
@company_option
@click.pass_context
def show(context: click.Context, number: int, company: str | None) -> None:
    """One delivery: its documents, what it corrects, what was held."""
    workspace = _only(context, company)
    with told():
        one = asking.find(workspace, number)
    manifest = one.manifest
    note = ", withdrawn" if one.withdrawn else ""
    out.print(f"{workspace.key}: number {number} of {manifest.date}: {_what(manifest)}{note}", soft_wrap=True)
    if manifest.reason:
        out.print(f"Why: {manifest.reason}")
    for code, sums in manifest.journal.items():
        out.print(f"  journal {code}: {sums['postings']} postings, debit {sums['debit']}, credit {sums['credit']}")
    show_documents(manifest.documents)
    show_left_out(manifest.left_out)
    say(out, "Folder:", one.folder, "")
    _tell_open_marks(workspace, number)


@deliveries.command()
@company_option
@click.pass_context
def verify(context: click.Context, company: str | None) -> None:
    """Compare every file with the hash it was delivered with, and each delivery with the one before; exit 1 when
    something is missing or was altered."""
    settings = settings_of(context.find_root())
    wrong = False
    for key in chosen(settings, _given(context, company)):
        workspace = Workspace.of(settings, key)
        problems = asking.verify_deliveries(workspace)
        for problem in problems:
            say(err, f"{key}:", problem, "bold red")
        wrong |= bool(problems)
        if not problems:
            out.print(f"{key}: {len(asking.listed(workspace))} deliveries, all as they were made")
    if wrong:
        sys.exit(1)


@deliveries.command()
@click.argument("number", type=click.IntRange(min=1))
@click.option("--to", type=click.Path(path_type=Path), help="Write it to this new folder, and leave its own alone.")
@company_option
@click.pass_context
def redo(context: click.Context, number: int, to: Path | None, company: str | None) -> None:
    """Make a delivery again with the same bytes: put back what is missing or was altered in its folder."""
    workspace = _only(context, company)
    with told():
        done = asking.redo(workspace, number, to)
    for name in done.mended:
        out.print(f"put back: {name}")
    if to is None and not done.mended:
        out.print(f"delivery {number} is as it was made")
    say(out, "Folder:", done.folder, "")


@deliveries.command()
@click.argument("number", type=click.IntRange(min=1))
@click.option("--reason", help="Why, for the cover sheet.")
@company_option
@click.pass_context
def withdraw(context: click.Context, number: int, reason: str | None, company: str | None) -> None:
    """Take back the last delivery, which the accountant did not import.

    It stays where it is. The withdrawal is recorded under the next number, with a cover sheet that says not to import
    it; what it had goes into the next delivery.
    """
    workspace = _only(context, company)
    with told():
        link = delivering.withdraw(workspace, number, reason)
    out.print(f"{workspace.key}: delivery {number} is withdrawn, recorded as number {link.manifest.number}")
    say(out, "Folder:", workspace.exports.path(f"deliveries/{link.folder}"), "")
    _tell_open_marks(workspace)


def left_open(workspace: Workspace) -> str:
    """How many documents Robaws does not mark as it should, as a sentence."""
    return f"{workspace.key}: {len(marking.open_marks(workspace)) or 'no'} marks are open in Robaws"


def _tell_open_marks(workspace: Workspace, number: int | None = None) -> None:
    """How many documents Robaws does not mark as it should; of one delivery when it is given."""
    count = len([one for one in marking.open_marks(workspace) if number in {None, one.wanted.link}])
    if count:
        told = f"{count} marks are open in Robaws: robaws-pipeline deliveries mark --company {workspace.key}"
        say(out, f"{workspace.key}:", told, "")


@deliveries.command()
@company_option
@click.pass_context
def mark(context: click.Context, company: str | None) -> None:
    """Mark in Robaws what was delivered, and take away the marks of what was taken back.

    `deliver` and `nightly` do it by themselves when the settings have deliveries.mark. This goes on with what they
    left; when nothing is open, Robaws is asked nothing. Exit code 1 when a document could not be marked.
    """
    settings = settings_of(context.find_root())
    given = _given(context, company)
    found = [one for one in workspaces(settings, given) if given or one.company.deliveries.mark is not None]
    for workspace in found or [Workspace.of(settings, key) for key in settings.companies]:
        marking.mark_of(workspace)
    complete = True
    with told(), dagster_runner(settings) as ready:
        for workspace in found:
            ran = ready.run(f"{workspace.key}_mark")
            for text in (*ran.failures, *ran.remarks):
                say(err, "Look at", text, "yellow")
            complete &= ran.succeeded and not ran.remarks
            out.print(f"{left_open(workspace)} ({ran.requests} requests)")
    if not complete:
        sys.exit(1)
