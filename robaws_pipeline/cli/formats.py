"""The commands about formats: which there are, and what one makes of a month."""

import sys
from collections.abc import Mapping, Sequence

import click
from rich.table import Table
from rich.text import Text

from robaws_pipeline.cli.output import CLOSE, err, out, say
from robaws_pipeline.cli.work import as_month, check_month, chosen, company_option, month_type, settings_of
from robaws_pipeline.formats import registry
from robaws_pipeline.settings import Company, SettingsError, config_path
from robaws_pipeline.settings import load as load_settings
from robaws_pipeline.steps.fingerprints import journal_inputs
from robaws_pipeline.steps.preview import Preview
from robaws_pipeline.steps.preview import preview as preview_format
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace

_FILES = 5
"""Files of which a preview shows lines."""

_HELD = 20
"""Reasons that a preview names."""


@click.command()
@click.pass_context
def formats(context: click.Context) -> None:
    """List the formats: installed ones and the layouts of robaws.toml, who uses each, and what is wrong with them."""
    companies = _companies(context.obj)
    table = Table(**CLOSE)
    for name in ("name", "package", "used by"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it is", overflow="fold")
    problems = []
    for one in registry.installed():
        users = [key for key, company in companies.items() if one.name in company.formats]
        table.add_row(one.name, one.origin, ", ".join(users), one.title or Text("cannot be used", "red"))
        problems += [one.problem] if one.problem else []
    for key, company in companies.items():
        for name in company.templates:
            users = [key] if name in company.formats else []
            table.add_row(name, f"layout of {key}", ", ".join(users), _title(name, company))
        problems += [f"companies.{key}: {problem}" for problem in registry.settings_problems(company)]
    out.print(table)
    for problem in problems:
        say(err, "Problem", problem, "bold red")
    if problems:
        sys.exit(1)


def _companies(config: str | None) -> Mapping[str, Company]:
    """The companies of the settings; none when there are no settings yet, and nobody named a file."""
    if config is None and not config_path().exists():
        err.print(f"No {config_path()}: only installed formats are listed.")
        return {}
    return load_settings(config).companies


def _title(name: str, company: Company) -> str | Text:
    try:
        (format_,) = registry.select(company, name)
    except SettingsError:
        return Text("cannot be used", "red")
    return format_.title


@click.command()
@click.option("--format", "name", metavar="NAME", required=True, help="A format, or a layout of robaws.toml.")
@click.option("--month", type=month_type, callback=as_month, required=True, help="A month that is loaded.")
@click.option("--rows", type=click.IntRange(1, 1000), default=10, show_default=True, help="Rows, or lines of a file.")
@company_option
@click.pass_context
def preview(context: click.Context, name: str, month: str, rows: int, company: str | None) -> None:
    """Show the first rows that a format makes of a month, from what is held; writes nothing.

    For trying a layout before anybody gets it: the format need not be among those that the company uses. A format of
    quarters or book years is shown for the one that the month is in.

    \b
        robaws-pipeline preview --format journal --month 2026-10
    """
    settings = settings_of(context)
    keys = chosen(settings, company)
    # A layout belongs to a company: without --company, it is that company's.
    owners = [key for key in keys if name in settings.companies[key].templates]
    sound = True
    for key in owners or keys:
        workspace = Workspace.of(settings, key)
        check_month(workspace, month)
        if month not in loaded_months(workspace):
            err.print(f"{key}: {month} is not loaded; run robaws-pipeline load --from {month} --to {month}")
            sound = False
            continue
        shown = preview_format(workspace, name, month, rows, _FILES)
        _tell(key, shown)
        if journal_inputs(workspace, month) is None:
            say(err, "Look at", f"{month} is read and not booked yet; robaws-pipeline nightly does that", "yellow")
        sound &= not shown.problems
    if not sound:
        sys.exit(1)


def _tell(company: str, shown: Preview) -> None:
    out.rule(f"{company}: {shown.format.name}, {shown.period.name}")
    if shown.header:
        _tell_rows(shown.header, shown.rows)
    else:
        _tell_files(shown)
    export = shown.export
    held = {(item.collection, item.document_id) for item in export.held}
    counts = f"{len(export.documents)} documents in {len(shown.files)} files, {len(held)} held"
    left_out = f", {len(export.left_out)} left out" if export.left_out else ""
    say(out, "Altogether", f"{counts}{left_out}; nothing was written")
    for document, why in shown.held[:_HELD]:
        say(out, "Held", f"{document}: {why}", "yellow")
    if len(shown.held) > _HELD:
        out.print(f"… and {len(shown.held) - _HELD} more reasons")
    for note in export.notes:
        say(out, "Note", note)
    for problem in shown.problems:
        say(err, "Problem", problem, "bold red")


def _tell_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table when it fits the terminal, else a block for each row."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    if sum(widths) + 3 * len(widths) <= out.width:
        table = Table(**CLOSE)
        for name in header:
            table.add_column(name, no_wrap=True)
        for row in rows:
            table.add_row(*row)
        out.print(table)
        return
    longest = max(map(len, header))
    for number, row in enumerate(rows, 1):
        say(out, f"Row {number}", "")
        for name, cell in zip(header, row, strict=True):
            out.print(f"  {name.ljust(longest)}  {cell}", soft_wrap=True)


def _tell_files(shown: Preview) -> None:
    for file in shown.files[:_FILES]:
        say(out, file.path, f"{file.bytes:,} bytes")
        for line in file.lines or ():
            out.print(f"  {line}", soft_wrap=True)
        if file.lines is None:
            out.print("  not a text file")
    if len(shown.files) > _FILES:
        out.print(f"… and {len(shown.files) - _FILES} more files")
