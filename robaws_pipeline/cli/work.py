"""The commands that do the work: load, nightly, verify."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
import dagster as dg

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.automation.instance import prepare_home
from robaws_pipeline.automation.runs import UNDER_WAY, Ran, Runner, runner
from robaws_pipeline.cli.output import err, held_table, months_table, out, say, showing_progress, tell_retries
from robaws_pipeline.periods import months_between
from robaws_pipeline.settings import Settings, SettingsError
from robaws_pipeline.settings import load as load_settings
from robaws_pipeline.steps.stale import contiguous, loaded_months, stale_months
from robaws_pipeline.steps.status import status as read_status
from robaws_pipeline.steps.verify import Verification
from robaws_pipeline.steps.verify import verify as verify_months
from robaws_pipeline.steps.workspace import Workspace

company_option = click.option("--company", metavar="NAME", help="One company of the settings; all of them without it.")


class _Month(click.DateTime):
    """A month, shown in the help as people write it."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "YYYY-MM"


month_type = _Month(formats=["%Y-%m"])


def settings_of(context: click.Context) -> Settings:
    """The settings, formats checked too: what is wrong is told before anything is done."""
    from robaws_pipeline.formats import registry  # noqa: PLC0415 - loads the formats

    settings = load_settings(context.obj)
    problems = list(registry.problems())
    for key, company in settings.companies.items():
        problems += [f"companies.{key}: {problem}" for problem in registry.settings_problems(company)]
    if problems:
        raise SettingsError(str(context.obj or "robaws.toml"), problems)
    return settings


def chosen(settings: Settings, company: str | None) -> list[str]:
    """The companies to work on; SettingsError when there is no such company."""
    if company is None:
        return list(settings.companies)
    if company not in settings.companies:
        raise SettingsError("--company", [f"no company {company!r} in the settings: {', '.join(settings.companies)}"])
    return [company]


def workspaces(settings: Settings, company: str | None) -> list[Workspace]:
    """The workspaces to work on, their credentials known to be in the environment."""
    found = [Workspace.of(settings, key) for key in chosen(settings, company)]
    missing = []
    for workspace in found:
        try:
            workspace.company.credentials()
        except SettingsError as error:
            missing += error.problems
    if missing:
        raise SettingsError("credentials", list(dict.fromkeys(missing)))
    tell_retries()
    return found


@contextmanager
def dagster_runner(settings: Settings) -> Iterator[Runner]:
    """A runner on the instance that the UI shows; Dagster's own log stays there."""
    prepare_home(settings.base)
    # `backfill_policy` and the like: our versions are locked, and nobody at the terminal can do anything about it.
    warnings.simplefilter("ignore", dg.BetaWarning)
    with runner(definitions(settings)) as ready, showing_progress():
        others = sorted({run.job_name for run in ready.instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))})
        if others:
            err.print(f"Under way already, so this may have to wait: {', '.join(others)}")
        try:
            yield ready
        except KeyboardInterrupt:
            err.print("Stopped. What was received is kept: run it again.")
            raise


def finish(ran: Sequence[Ran], found: Sequence[Workspace], months: Sequence[str] | None = None) -> None:
    """Say how it went; exit 1 when something failed."""
    statuses = [read_status(workspace, months) for workspace in found]
    if any(status.rows for status in statuses):
        out.print(months_table(statuses))
    if any(status.held for status in statuses):
        out.print(held_table(statuses, limit=20))
    for workspace in found:
        out.print(f"Files: {workspace.exports.path()}")
    for remark in dict.fromkeys(remark for one in ran for remark in one.remarks):
        say(err, "Look at", remark, "yellow")
    failures = [failure for one in ran for failure in one.failures]
    for failure in failures:
        say(err, "Problem", failure, "bold red")
    if failures or not all(one.succeeded for one in ran):
        sys.exit(1)


def month_range(workspace: Workspace, first: str | None, last: str | None) -> tuple[str, str]:
    """The months that were asked for; SettingsError when the company's books do not have them."""
    months = workspace.months()
    first, last = first or months[0], last or months[-1]
    problems = [
        f"{option} {month}: the books of {workspace.key} go from {months[0]} (start) to {months[-1]}"
        for option, month in (("--from", first), ("--to", last))
        if month not in months
    ]
    if not problems and first > last:
        problems.append(f"--from {first} is after --to {last}")
    if problems:
        raise SettingsError("months", problems)
    return first, last


def check_month(workspace: Workspace, month: str) -> None:
    """SettingsError when the company's books do not have the month of ``--month``."""
    months = workspace.months()
    if month not in months:
        said = f"--month {month}: the books of {workspace.key} go from {months[0]} (start) to {months[-1]}"
        raise SettingsError("months", [said])


def as_month(context: click.Context, parameter: click.Parameter, value: object) -> str | None:
    """YYYY-MM of a parsed option."""
    return None if value is None else f"{value:%Y-%m}"


@click.command()
@click.option("--from", "first", type=month_type, callback=as_month, help="First month; else the company's first.")
@click.option("--to", "last", type=month_type, callback=as_month, help="Last month; else the current one and the next.")
@company_option
@click.pass_context
def load(context: click.Context, first: str | None, last: str | None, company: str | None) -> None:
    """Read whole months from Robaws and write their exports.

    For the first load, and to repair a month: it also finds what was deleted in Robaws. Running it again changes
    nothing that is right already.

    \b
        robaws-pipeline load --from 2026-01 --to 2026-10
    """
    settings = settings_of(context)
    found = workspaces(settings, company)
    ranges = {workspace.key: month_range(workspace, first, last) for workspace in found}
    with dagster_runner(settings) as ready:
        ran = [ready.run(f"{workspace.key}_load", ranges[workspace.key]) for workspace in found]
    finish(ran, found, sorted({month for months in ranges.values() for month in months_between(*months)}))


@click.command()
@company_option
@click.pass_context
def nightly(context: click.Context, company: str | None) -> None:
    """Ask Robaws what changed and bring the exports up to it: what the schedule does every night.

    The first time it reads everything from the company's first month.
    """
    settings = settings_of(context)
    found = workspaces(settings, company)
    ran: list[Ran] = []
    built: set[str] = set()
    with dagster_runner(settings) as ready:
        for workspace in found:
            ran.append(ready.run(f"{workspace.key}_changes"))
            for months in contiguous(stale_months(workspace)):
                ran.append(ready.run(f"{workspace.key}_months", months))
                built.update(months_between(*months))
            if workspace.company.deliveries.mark is not None:
                ran.append(ready.run(f"{workspace.key}_mark"))
    out.print(f"Months built again: {', '.join(sorted(built)) or 'none, nothing changed'}")
    finish(ran, found, sorted(built))


@click.command()
@click.option("--month", type=month_type, callback=as_month, help="One month; else all that are loaded.")
@click.option("--quick", is_flag=True, help="Compare numbers of documents first, and documents where they differ.")
@company_option
@click.pass_context
def verify(context: click.Context, month: str | None, quick: bool, company: str | None) -> None:
    """Compare what Robaws lists with what we hold, document by document; exit 1 when they differ.

    With --quick, Robaws is asked how many documents it has of each month and type, and lists them only where we hold
    another number. That finds what was deleted in Robaws and what never arrived; it does not find one document
    missing beside another too many, nor an old version.
    """
    settings = settings_of(context)
    passed = True
    for workspace in workspaces(settings, company):
        loaded = loaded_months(workspace)
        if month is not None:
            check_month(workspace, month)
        if not loaded or (month is not None and month not in loaded):
            err.print(
                f"{workspace.key}: nothing loaded yet; run robaws-pipeline load --from {month or workspace.months()[0]}"
            )
            passed = False
            continue
        months = [month] if month else months_between(loaded[0], loaded[-1])
        with showing_progress():
            verification = verify_months(workspace, months, quick=quick)
        passed &= verification.passed
        _tell(workspace.key, verification)
    if not passed:
        sys.exit(1)


_DIFFERS = {
    "missing": "in Robaws, not here",
    "extra": "here, not in Robaws",
    "changed": "other in Robaws than here",
    "moved": "in another month",
    "retyped": "of another type",
}


def _tell(company: str, verification: Verification) -> None:
    listed = sum(comparison.listed for comparison in verification.comparisons)
    held = sum(comparison.held for comparison in verification.comparisons)
    by_number = sum(not comparison.by_ids for comparison in verification.comparisons)
    how = f"; by their number alone: {by_number} of {len(verification.comparisons)} months and types" * bool(by_number)
    out.print(
        f"{company}: Robaws lists {listed} documents, we hold {held} ({verification.usage.requests} requests{how})",
        soft_wrap=True,
    )
    for error in verification.errors:
        say(err, "Not compared", error, "bold red")
    for comparison in verification.comparisons:
        where = f"{comparison.month} {comparison.collection} {comparison.type}"
        for what, said in _DIFFERS.items():
            found = [one for one in comparison.differences if one.what == what]
            if found:
                shown = ", ".join(f"{one.id} ({one.detail})" if one.detail else one.id for one in found[:10])
                more = f" … ({len(found)})" if len(found) > 10 else ""
                out.print(f"  {where}: {said}: {shown}{more}", soft_wrap=True)
    for month in verification.differing_months:
        out.print(f"  to mend it: robaws-pipeline load --company {company} --from {month} --to {month}", soft_wrap=True)
