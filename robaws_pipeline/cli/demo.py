"""`demo` and `dev`: a company that exists only here, served by the sandbox."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import resources
from pathlib import Path

import click

from robaws_pipeline.automation.instance import HOME_VARIABLE, prepare_home
from robaws_pipeline.automation.runs import Ran
from robaws_pipeline.cli.output import err, held_table, months_table, out, say
from robaws_pipeline.cli.work import dagster_runner
from robaws_pipeline.sandbox.server import Process, process
from robaws_pipeline.settings import CONFIG_VARIABLE, RateLimit, config_path, load
from robaws_pipeline.steps.status import status as read_status
from robaws_pipeline.steps.workspace import Workspace

COMPANY = "demo"
FOLDER = Path(".demo")
MONTHS = ("2025-11", "2026-10")


@contextmanager
def _demo_company() -> Iterator[tuple[Process, Path]]:
    """The sandbox in a process of its own, and settings and environment that point at it."""
    with process(first_month=MONTHS[0], last_month=MONTHS[1]) as sandbox:
        template = resources.files(__package__).joinpath("demo.toml").read_text(encoding="utf-8")
        FOLDER.mkdir(exist_ok=True)
        config = FOLDER / "robaws.toml"
        config.write_text(template.replace("{base_url}", sandbox.base_url), encoding="utf-8")
        os.environ["ROBAWS_DEMO_KEY"], os.environ["ROBAWS_DEMO_SECRET"] = sandbox.key, sandbox.secret
        os.environ[CONFIG_VARIABLE] = str(config.resolve())
        os.environ[HOME_VARIABLE] = str((FOLDER / "dagster").resolve())
        yield sandbox, config


@click.command()
def demo() -> None:
    """A year of an invented builder, from a sandbox Robaws to export files, in half a minute.

    Everything it makes is in .demo and exports/demo; it starts afresh each time.
    """
    started = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(Path("exports") / COMPANY, ignore_errors=True)
    err.print("Starting a sandbox Robaws …")
    with _demo_company() as (sandbox, config):
        err.print(f"Reading {MONTHS[0]} to {MONTHS[1]} from {sandbox.base_url}")
        settings = load(config)
        with dagster_runner(settings) as ready:
            ran = ready.run(f"{COMPANY}_load", MONTHS)
        workspace = Workspace.of(settings, COMPANY)
        status = read_status(workspace)
    out.print(months_table([status]))
    out.print(held_table([status]))
    _tell_requests(ran, workspace.company.rate_limit)
    _tell_next(workspace, time.monotonic() - started)
    for failure in ran.failures:
        say(err, "Problem", failure, "bold red")
    if not ran.succeeded or ran.failures:
        sys.exit(1)


def _tell_requests(ran: Ran, limit: RateLimit) -> None:
    ideal = max(0.0, (ran.requests - limit.burst) / limit.per_second)
    say(
        out,
        "\nAsked of the API",
        f" {ran.requests} requests in {ran.reading_seconds:.1f} s, {ran.throttled} refused (429), {ran.retries} "
        f"repeated. Its rate limit ({limit.per_second:g}/s, burst {limit.burst}) allows them in {ideal:.1f} s at best.",
    )


def _tell_next(workspace: Workspace, seconds: float) -> None:
    folder = Path(workspace.exports.path())
    shown = os.path.relpath(folder)
    warehouse = os.path.relpath(workspace.lake.path("warehouse.duckdb"))
    say(out, "Files", f" {shown}/<month>/: journal/*.csv, ubl/*.xml, vat/*, held.csv, manifest.json")
    say(out, "Tables", f" {warehouse} (SQL, views with comments)")
    out.print(f"Done in {seconds:.0f} s. The sandbox is stopped.\n")
    say(out, "Next", "")
    bin_ = os.path.relpath(Path(sys.argv[0]))
    program = bin_ if "/" in bin_ else "robaws-pipeline"
    for command, purpose in (
        ("make dev", "the same in the Dagster UI"),
        (f"{program} --config {FOLDER}/robaws.toml explain F260001", "one invoice, from JSON to postings"),
        ("cp robaws.example.toml robaws.toml", "your own company; then: robaws-pipeline doctor"),
    ):
        out.print(f"  {command:<72} {purpose}")


_NOISE = ("ignore:Function `dev_command` is superseded", "ignore:Parameter `backfill_policy`")
"""Warnings that our locked versions make moot."""


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the UI, on this machine only.")
@click.pass_context
def dev(context: click.Context, port: int) -> None:
    """The Dagster UI on the configured companies, or on the sandbox when there are none yet."""
    configured = context.obj or os.environ.get(CONFIG_VARIABLE) or config_path().exists()
    with nullcontext() if configured else _demo_company():
        if configured:
            os.environ[CONFIG_VARIABLE] = str(config_path(context.obj).resolve())
        settings = load()
        home = prepare_home(settings.base)
        environment = {**os.environ, "PYTHONWARNINGS": ",".join(_NOISE)}
        out.print(f"Dagster UI: http://127.0.0.1:{port}  (companies: {', '.join(settings.companies)}; Ctrl+C stops it)")
        if not configured:
            out.print(
                "No robaws.toml: this is the demo company, on a sandbox Robaws. Open Assets, choose demo/history, "
                "Materialize all."
            )
        command = [sys.executable, "-m", "dagster", "dev", "-m", "robaws_pipeline.definitions"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
        # A terminal interrupts both of us; Dagster then stops its webserver and daemon, and we wait for it. With a
        # handler set before it starts, it does not inherit an interrupt that a shell told us to ignore.
        signal.signal(signal.SIGINT, lambda *_: None)
        # Elsewhere, Dagster would warn of the dagster.yaml that it does not use.
        with subprocess.Popen(command, cwd=home, env=environment) as dagster:  # noqa: S603
            signal.signal(signal.SIGTERM, lambda *_: dagster.send_signal(signal.SIGINT))
            code = dagster.wait()
    sys.exit(max(code, 0))
